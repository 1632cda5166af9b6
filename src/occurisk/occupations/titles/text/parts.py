"""A title taken apart by `features/titles/rules.yaml`: several jobs, seniority, contract words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from occurisk.occupations.titles.text.normalise import LONGEST, normalise, without_markup
from occurisk.paths import FEATURES

_BRACKETS = re.compile(r"\(([^()]*)\)?|\[([^\[\]]*)\]?")

# In English such jobs often share a word: `farm/ranch worker`. They are read as one.
_SHARED = re.compile(r"(?<=\w)/(?=\w)")


@dataclass(frozen=True)
class Rules:
    """The rules, compiled."""

    drop: re.Pattern[str]
    split: re.Pattern[str]
    generic: frozenset[str]
    less_sure: float


@lru_cache(maxsize=1)
def rules() -> Rules:
    """Read `features/titles/rules.yaml`."""
    import yaml

    with open(FEATURES / "titles" / "rules.yaml", encoding="utf-8") as stream:
        content = yaml.load(stream, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    said = {normalise(str(one)) for group in content["drop"].values() for one in group} - {""}
    phrases = sorted(said, key=lambda phrase: (-len(phrase), phrase))
    return Rules(
        drop=re.compile(r"(?<!\S)(?:" + "|".join(map(re.escape, phrases)) + r")(?!\S)"),
        split=re.compile("|".join(re.escape(mark) for mark in content["split"]), re.IGNORECASE),
        generic=frozenset(normalise(str(word)) for word in content["generic"]),
        less_sure=float(content["less_sure"]),
    )


@dataclass(frozen=True)
class Part:
    """One job of a title, normalised.

    Attributes
    ----------
    whole : str
        Every word; what stood in brackets at the end.
    bare : str
        Without brackets, seniority and contract words.
    """

    whole: str
    bare: str


def parts_of(title: str) -> list[Part]:
    """Return the jobs that a title names, in its order; none if it has no word."""
    title = without_markup(title[: 4 * LONGEST])
    inside = ""
    if "(" in title or "[" in title:
        inside = " ".join(one or other for one, other in _BRACKETS.findall(title))
        outside = _BRACKETS.sub(" ", title)
        if normalise(outside):
            title = outside
        else:
            title, inside = inside, ""
    if title.isascii():
        title = _SHARED.sub(" ", title)
    parts = []
    for one in rules().split.split(title):
        words = normalise(one)
        if words:
            bare = " ".join(rules().drop.sub(" ", words).split()) or words
            whole = f"{bare} {normalise(inside)}".strip() if inside else bare
            parts.append(Part(whole, bare))
    return parts


def is_generic(title: str) -> bool:
    """Return whether every word of a normalised title names no occupation."""
    return all(word in rules().generic for word in title.split())
