"""Which letters titles are written in, and to which coding system such titles are matched."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

_CYRILLIC = re.compile("[\u0400-\u052f]")
_BEYOND_PLAIN = re.compile(r"[^\W\d_a-z]", re.IGNORECASE)
# From so many Cyrillic titles on, or such a share of them, a list is matched to the system that answers them.
FEW, SHARE = 5, 0.02
# A list is not in English if such a share of its titles has letters as é or ł: 31% of German titles have,
# 54% of Polish ones, 2% of Italian ones, and none of 3,294 US ones.
ACCENTED = 0.1


def is_cyrillic(title: str) -> bool:
    """Tell whether a title has a Cyrillic letter."""
    return _CYRILLIC.search(title) is not None


def system_of(titles: Iterable[str], built: Collection[str] = ()) -> tuple[str, str]:
    """Choose the coding system to which a list of titles is matched as a whole, and say why.

    Russian and Kazakh titles have codes of ISCO-08 only; English ones have either. One list has one system,
    so that its figures can be added up.

    Parameters
    ----------
    titles : iterable of str
        Distinct.
    built : collection of str
        Systems of which the user built a matcher.

    Returns
    -------
    str
        `isco08` or `soc2010`.
    str
        Why, in words.
    """
    all_of_them = list(titles)
    cyrillic = sum(map(is_cyrillic, all_of_them))
    if cyrillic and (cyrillic >= FEW or cyrillic >= SHARE * len(all_of_them)):
        return "isco08", f"{cyrillic:,} of {len(all_of_them):,} titles have Cyrillic letters"
    if len(built) == 1:
        return next(iter(built)), "you built a matcher of it"
    accented = sum(_BEYOND_PLAIN.search(title) is not None for title in all_of_them)
    if accented > ACCENTED * len(all_of_them):
        return "isco08", f"{accented:,} of {len(all_of_them):,} titles have letters that English has not"
    return "soc2010", "they are in English letters"


def left_unread(titles: Sequence[str], system: str) -> str:
    """Say how many titles a system cannot answer, for their letters; empty if none."""
    cyrillic = sum(map(is_cyrillic, titles)) if system == "soc2010" else 0
    if not cyrillic:
        return ""
    return (
        f"{cyrillic:,} of {len(titles):,} titles have Cyrillic letters and stay undecided; "
        "with --taxonomy isco08 they are matched"
    )
