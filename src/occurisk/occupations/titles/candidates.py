"""What a title may be: codes with weights that sum to 1, the likeliest first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

Candidates = tuple[tuple[str, float], ...]
MOST = 5
UNIT = 4  # digits


def by_number(codes: Iterable[str], group: str = "") -> Candidates:
    """Return the codes that are named most often, by how often.

    Parameters
    ----------
    codes : iterable of str
        Those of whole groups are left out.
    group : str
        Only codes that begin so.
    """
    found = Counter(code for code in codes if len(code) == UNIT and code.startswith(group)).most_common(MOST)
    total = sum(number for _, number in found)
    return tuple((code, number / total) for code, number in found)


def level_of(code: str) -> str:
    """Return whether a code is that of a unit (`code`) or of a `group`; empty if there is none."""
    if not code:
        return ""
    return "group" if len(code) < UNIT or ("-" in code and code.endswith("0")) else "code"


def group_of(code: str) -> str:
    """Return the group of a code: the sub-major one of ISCO-08, the minor one of SOC."""
    return code[:4] + "000" if "-" in code else code[:2]
