"""A title taken apart by `features/titles/rules.yaml`: several jobs, seniority, contract words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from occurisk.occupations.titles.text.head_first import one_for_both, without_endings, without_joining
from occurisk.occupations.titles.text.normalise import LONGEST, normalise, without_markup
from occurisk.occupations.titles.text.rule_files import RULES, either, read_rules
from occurisk.occupations.titles.text.tokens import FIRST, LAST

_BRACKETS = re.compile(r"\(([^()]*)\)?|\[([^\[\]]*)\]?")
_INVERTED = re.compile(r"[,:]")
MOST_JOBS = 3
# With more commas than this, a title is a text.
MOST_LISTED = 6

# In English such jobs often share a word: `farm/ranch worker`. They are read as one.
_SHARED = re.compile(r"(?<=\w)/(?=\w)")


@dataclass(frozen=True)
class Rules:
    """The rules, compiled."""

    drop: re.Pattern[str]
    endings: re.Pattern[str]
    split: re.Pattern[str]
    may_split: re.Pattern[str]
    plural: tuple[str, ...]
    generic: frozenset[str]
    tell_group: frozenset[str]
    less_sure: float
    no_person: dict[str, float]
    spell: tuple[tuple[str, re.Pattern[str], str], ...]


@lru_cache(maxsize=1)
def rules() -> Rules:
    """Read `features/titles/rules.yaml`."""
    content = read_rules(RULES / "rules.yaml")
    said = {normalise(str(one)) for group in content["drop"].values() for one in group} - {""}
    ends = "|".join(re.escape(one) for end in content["endings"] for one in (end, end.upper()))
    return Rules(
        drop=re.compile(rf"(?<!\S)(?:{either(said)})(?!\S)"),
        endings=re.compile(rf"(?<=[^\W\d_]{{3}})(?:[/*:_]-?|\(-?)(?:{ends})(?!\w)\)?"),
        split=_any_of(content["split"]),
        may_split=_any_of(content["may_split"]),
        plural=tuple(content["plural"]),
        generic=frozenset(normalise(str(word)) for word in content["generic"]),
        tell_group=frozenset(content["tell_group"]),
        less_sure=float(content["less_sure"]),
        no_person=content["no_person"],
        spell=tuple((needed, re.compile(written), said) for needed, written, said in content["spell"]),
    )


def _any_of(marks: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, marks)), re.IGNORECASE)


@dataclass(frozen=True)
class Part:
    """One job of a title, normalised.

    Attributes
    ----------
    whole : str
        Every word; what stood in brackets at the end.
    bare : str
        Without brackets, seniority and contract words.
    spoken : str
        As one would say it, with the head word last: `Operator, machine: milling (wood)` is a
        `wood milling machine operator`. In other scripts than plain Latin the same as `bare`; where the head
        stands first in the language, what stood in brackets comes after it, and words that only join others
        go.
    """

    whole: str
    bare: str
    spoken: str

    @property
    def forms(self) -> tuple[str, str]:
        """The forms under which it is looked for among the titles that a user decided."""
        return self.whole, self.bare

    @property
    def context(self) -> str:
        """What stood in brackets."""
        return self.whole[len(self.bare) :].strip()


def parts_of(title: str, head: str = LAST) -> list[Part]:
    """Return the jobs that a title names, in its order; none if it has no word.

    Parameters
    ----------
    title : str
    head : {"last", "first"}
        Where the head word stands in the language: only where it stands last, titles are turned round.
    """
    title = without_markup(title[: 4 * LONGEST])
    title = rules().endings.sub("", without_endings(title) if head == FIRST else title)
    if not title.isascii():
        letters = title.lower()
        for needed, written, said in rules().spell:
            if needed in letters:
                title = written.sub(said, title)
    inside = ""
    if "(" in title or "[" in title:
        inside = " ".join(one or other for one, other in _BRACKETS.findall(title))
        outside = _BRACKETS.sub(" ", title)
        if normalise(outside):
            title = outside
        else:
            title, inside = inside, ""
    english = head == LAST and title.isascii()
    if english:
        title = _SHARED.sub(" ", title)
    context = _without_extras(normalise(inside)) if inside else ""
    parts: list[Part] = []
    jobs = rules().split.split(title)
    for one in jobs if head == LAST else one_for_both(jobs):
        words = normalise(one)
        if words:
            bare = _without_extras(words) or words
            if context and bare == words and not _without_extras(words):
                bare, context = context, ""  # `вакансия (повар)`
            whole = f"{bare} {context}".strip()
            spoken = f"{context} {_turned(one, bare)}".strip() if english else bare
            if head == FIRST:
                spoken = without_joining(bare if parts else whole)
            parts.append(Part(whole, bare, spoken))
    return parts


def may_be_several(title: str, head: str = LAST) -> list[Part]:
    """Return what stands between the commas and ands of a title: jobs, if each names one; else empty."""
    pieces = rules().may_split.split(title[: 4 * LONGEST])
    if not 2 <= len(pieces) <= MOST_LISTED:
        return []
    parts = [parts_of(piece, head) for piece in pieces]
    first = [part[0] for part in parts if part]
    if len(first) < len(pieces):
        return []
    plural = [part.bare.split()[0].endswith(rules().plural) for part in first]
    return first if plural[0] or not any(plural) else []


def spoken_form(title: str, head: str = LAST) -> str:
    """Return the form in which a title of a list is learned and found again; empty without words."""
    return all_spoken(parts_of(title, head), head)


def all_spoken(parts: Sequence[Part], head: str = LAST) -> str:
    """Return the words of all jobs of a title, the head of the first where one looks for the head.

    The words of the other jobs help to tell the first: `młodsza księgowa / młodszy księgowy`.
    """
    if len(parts) == 1:
        return parts[0].spoken
    spoken = [part.spoken for part in parts[:MOST_JOBS]]
    turned = head == LAST and all(one.isascii() for one in spoken)
    return " ".join(reversed(spoken) if turned else spoken)


def _turned(title: str, bare: str) -> str:
    """Turn an inverted title round: `accountant, tax` is a tax accountant."""
    if "," not in title and ":" not in title:
        return bare
    words = normalise(" ".join(reversed(_INVERTED.split(title))))
    return _without_extras(words) or words


def _without_extras(words: str) -> str:
    return " ".join(rules().drop.sub(" ", words).split())


def is_generic(title: str) -> bool:
    """Return whether every word of a normalised title names no occupation."""
    return all(word in rules().generic for word in title.split())


def says_nothing(known: str) -> bool:
    """Return whether the known words of a title, beside others, do not even tell a group."""
    return is_generic(known) and rules().tell_group.isdisjoint(known.split())
