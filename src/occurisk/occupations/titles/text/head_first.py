"""Titles whose head word stands first, as in German, French or Polish, in one form by `head_first.yaml`.

Lists of such languages give titles for both genders, in many ways: `Altenpfleger/in`, `Kaufmann/-frau`,
`Chargé / Chargée de clientèle`. Where one list says `Ingenieur für Energietechnik`, another says
`Ingenieur/in - Energietechnik`.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from occurisk.occupations.titles.text.normalise import normalise
from occurisk.occupations.titles.text.rule_files import RULES, either, read_rules

# `Beamt(er/in)` is `Beamter`, `Papiertechnologe/-technologin` is `Papiertechnologe`.
_BOTH_ENDINGS = re.compile(r"(?<=[^\W\d_])\(([^\W\d_]{1,3})/-?[^\W\d_]+\)")
_OTHER_WORD = re.compile(r"(?<=[^\W\d_])\s?/\s?-\s?[^\W\d_]+")
# Letters that two words share at least, if they differ in gender alone.
SHORTEST_STEM = 3


@dataclass(frozen=True)
class HeadFirst:
    """The rules, compiled."""

    initials: re.Pattern[str]
    endings: re.Pattern[str]
    capitals: re.Pattern[str]
    elided: re.Pattern[str]
    genders: frozenset[tuple[str, ...]]
    joining: frozenset[str]


@lru_cache(maxsize=1)
def head_first_rules() -> HeadFirst:
    """Read `features/titles/head_first.yaml`."""
    content = read_rules(RULES / "head_first.yaml")
    pairs = [pair.split("/") for some in content["genders"].values() for pair in some]
    letter = either(content["initials"])
    return HeadFirst(
        initials=re.compile(rf"(?<!\w)(?:{letter})(?:\s?[/|*]\s?(?:{letter}))+(?!\w)", re.IGNORECASE),
        endings=re.compile(
            rf"(?<=[^\W\d_]{{3}})(?:[/*:_·•.]-?|[(\[]-?)(?:{either(content['endings'])})(?!\w)[)\]]?",
            re.IGNORECASE,
        ),
        capitals=re.compile(rf"(?<=[a-zß-ÿ]{{3}})(?:{either(content['capitals'])})(?!\w)"),
        elided=re.compile(rf"(?<!\w)(?:{either(content['elided'])})['’](?=\w)", re.IGNORECASE),
        genders=frozenset(tuple(map(normalise, pair)) for pair in pairs),
        joining=frozenset(normalise(str(word)) for some in content["joining"].values() for word in some),
    )


def without_endings(title: str) -> str:
    """Return a title as written, without endings of the other gender and without elided words."""
    rules = head_first_rules()
    title = rules.initials.sub(" ", title)
    title = _OTHER_WORD.sub("", _BOTH_ENDINGS.sub(r"\1", rules.elided.sub(" ", title)))
    return rules.capitals.sub("", rules.endings.sub("", title))


def without_joining(words: str) -> str:
    """Return a normalised title without the words that only join others; as it is, if it has no other."""
    return " ".join(word for word in words.split() if word not in head_first_rules().joining) or words


def one_for_both(jobs: Sequence[str]) -> list[str]:
    """Return the jobs of a title, normalised; two that differ in gender alone are one.

    `chargé` and `chargée de clientèle` are `charge de clientele`; `kucharz` and `kelner` stay two.
    """
    found: list[list[str]] = []
    for job in jobs:
        words = normalise(job).split()
        same = _same(found[-1], words) if found else []
        if same:
            found[-1] = same
        elif words:
            found.append(words)
    return [" ".join(words) for words in found]


def _same(one: list[str], other: list[str]) -> list[str]:
    """Return the words of two jobs that differ in gender alone, of each pair the first; else none."""
    both = [_of_both(*pair) for pair in zip(one, other, strict=False)]
    if not both or not all(both):
        return []
    return [*both, *one[len(both) :], *other[len(both) :]]


def _of_both(one: str, other: str) -> str:
    """Return the first gender of a word, if two words are the same but for that; else nothing."""
    if one == other:
        return one
    stem = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
    if stem < SHORTEST_STEM:
        return ""
    ends = one[stem:], other[stem:]
    genders = head_first_rules().genders
    return one if ends in genders else other if ends[::-1] in genders else ""
