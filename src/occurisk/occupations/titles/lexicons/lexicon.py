"""Patterns of titles that people wrote and can mend: the head word first, its qualifiers after it.

`features/titles/ru.yaml` and `kk.yaml` state at their heads how a pattern is read. A title is matched by the
pattern whose head word stands first (last in Kazakh, where the head closes the phrase); of those, by the one
with most words. A generic word such as `менеджер` before every head, without a pattern of its own, is a
reason to say nothing.

Kazakh words carry chains of endings, and are often typed without the letters that a Russian keyboard lacks.
What is folded, and which endings follow each other, is data of the lexicon.
"""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from occurisk.errors import TitlesError
from occurisk.occupations.titles.candidates import UNIT, Candidates, by_number
from occurisk.occupations.titles.lexicons.marks import Marks
from occurisk.occupations.titles.lexicons.persons import Persons
from occurisk.occupations.titles.lexicons.stems import Endings
from occurisk.occupations.titles.text.normalise import normalise
from occurisk.occupations.titles.text.rule_files import RULES, read_rules

_PREPOSITIONS = frozenset(
    "в во на по с со для из к при от без за до у и in for of at with and to".split()  # noqa: SIM905
)
_STEM = re.compile(r"=?[^\W\d_]+[+#]*\*?")
# How often a pattern is right: of one word, of several; and what each word costs that no pattern knows. A
# lexicon states its own.
CONFIDENCE = {"one_word": 0.86, "several_words": 0.92, "unknown_word": 0.04}


@dataclass(frozen=True)
class Match:
    """What a lexicon says of a title: the code, the pattern that matched as written, and why that group."""

    code: str  # empty where the pattern refuses an answer
    pattern: str
    why: str
    n_words: int
    order: tuple[float, ...]


@dataclass(frozen=True)
class _Pattern:
    others: frozenset[int]
    code: str
    text: str


class Lexicon:
    """A lexicon, ready to match.

    Parameters
    ----------
    content : mapping
        As read from YAML. Every key stands in the shipped files, with a remark on what it does.
    name : str
        Where it comes from, for messages.
    """

    def __init__(self, content: dict[str, Any], name: str) -> None:
        self.name, self.system = name, str(content.get("system", "isco08"))
        self.head_last = content.get("head") == "last"
        self.confidence = {**CONFIDENCE, **content.get("confidence", {})}
        self._fold = str.maketrans(content.get("fold", {}))
        self._endings = Endings.of(content, self._plain)
        self._modifiers, self._closing = (
            tuple(map(self._plain, content.get(key, []))) or ("\0",) for key in ("modifiers", "closing")
        )
        self._things = set(map(self._plain, content.get("things", [])))
        self._fillers = _PREPOSITIONS | set(map(self._plain, content.get("fillers", [])))
        self._marks = Marks.of(content, self._plain)
        self._persons = Persons.of(content, self._plain)
        self.why = {str(code): str(group.get("why", "")) for code, group in content["groups"].items()}
        self._stems: dict[str, int] = {}
        self._aliases = {k: tuple(v) for k, v in content.get("aliases", {}).items()}
        self._by_head: dict[int, list[_Pattern]] = defaultdict(list)
        self._stems_of: dict[str, set[str]] = defaultdict(set)
        self.n_patterns = 0
        for code, group in content["groups"].items():
            for text in str(group["patterns"]).split(","):
                self._add(text.strip(), str(code))
        for text in filter(None, str(content.get("refused", "")).split(",")):
            self._add(text.strip(), "")
        for patterns in self._by_head.values():
            patterns.sort(key=lambda pattern: -len(pattern.others))
        self._generic, self._yielding, self._alone, self._neutral, self._weak, self._nearest = (
            frozenset(self._id(self._plain(word)) for word in content.get(key, []))
            for key in ("generic", "yielding", "alone", "neutral", "weak", "nearest")
        )
        self._by_start: dict[str, list[tuple[str, int]]] = defaultdict(list)
        for stem, number in self._stems.items():
            self._by_start[stem.lstrip("=")[:2]].append((stem, number))
        self._stem_of = list(self._stems)
        self._of_word = lru_cache(maxsize=100_000)(self._matching)
        self.unknown = lru_cache(maxsize=1_000)(self._unknown)

    def _add(self, text: str, code: str) -> None:
        head, *others = text.split()
        for word in (head, *others):
            # A digit would be lost, and what is left of `1с` would be a preposition.
            if word[0] != "$" and (any(map(str.isdigit, word)) or not _STEM.fullmatch(self._plain(word))):
                raise TitlesError(
                    f"A pattern of {self.name} has a word that no title can hold.",
                    first=f"'{text}' of group {code}",
                    rule="words are letters; '=' before a whole one, '*' after an open one, '$' for an alias",
                    fix="mend the pattern",
                )
        heads = self._aliases[head[1:]] if head.startswith("$") else (head,)
        # An alias among the qualifiers is any of its words: one pattern each.
        choices: list[list[str]] = [[]]
        for word in others:
            words = self._aliases[word[1:]] if word.startswith("$") else (word,)
            choices = [[*chosen, one] for chosen in choices for one in words]
        self.n_patterns += 1
        self._stems_of[code].update(map(self._plain, [*heads, *(one for words in choices for one in words)]))
        for one in heads:
            for chosen in choices:
                ids = frozenset(self._id(self._plain(word)) for word in chosen)
                self._by_head[self._id(self._plain(one))].append(_Pattern(ids, code, text))

    def _plain(self, stem: str) -> str:
        letters = normalise(stem.strip("=*")).translate(self._fold)
        return ("=" if stem.startswith("=") else "") + letters + ("*" if stem.endswith("*") else "")

    def _id(self, stem: str) -> int:
        return self._stems.setdefault(stem, len(self._stems))

    def _matching(self, word: str) -> frozenset[int]:
        if word in _PREPOSITIONS:
            return frozenset()
        hits = [
            number
            for start in {word[:1], word[:2]}
            for stem, number in self._by_start.get(start, ())
            if self._endings.match(stem, word)
        ]
        if not hits and self._endings.typos_from <= len(word):
            # A slip is seldom in the first letter.
            near = (stems for start, stems in self._by_start.items() if start[:1] == word[0])
            stems = itertools.chain.from_iterable(near)
            hits = [number for stem, number in stems if self._endings.nearly_match(stem, word)]
        return frozenset(hits)

    def match(self, title: str, context: str = "", last: bool = False) -> list[Match]:
        """Return what the lexicon says of a normalised title, best first; empty if nothing or too little.

        Parameters
        ----------
        title : str
            As `normalise` gives it.
        context : str
            What stood in brackets, normalised: it may qualify, and holds the head only if the title does not.
        last : bool
            Whether the head closes the phrase even though the lexicon has it first: a Russian word at the end
            of a Kazakh title. Then no other word is looked at for a head.
        """
        words = self._words(title)
        outside = len(words)
        words += self._words(context)
        places = [self._of_word(word) for word in words]
        said = frozenset().union(*places)
        order = self._places_of_heads(words, places, last)
        generic_seen: set[int] = set()
        matches: list[Match] = []
        narrowed = len(words)
        where = {number: place for place in reversed(range(len(words))) for number in places[place]}
        for rank, place in enumerate(order):
            # What is after a preposition, or in brackets after a generic head, is no head.
            later = rank > 0 and not self.head_last
            if later and (words[place] in _PREPOSITIONS or (rank >= outside and generic_seen)):
                break
            if words[place] in _PREPOSITIONS:
                continue
            for head in places[place]:
                if not last and not self._persons.may_be(self._stem_of[head], words, place):
                    continue
                for pattern in self._by_head.get(head, ()):
                    if not pattern.others <= said:
                        continue
                    # A generic word alone says a group at most, and hides the heads behind it.
                    one_word = not pattern.others and len(pattern.code) == UNIT
                    if one_word and (head in self._generic or place > narrowed + 1):
                        continue
                    # Nor does a word that must stand alone; the next may still be a second head.
                    if one_word and head in self._alone and self._more(words[:outside], places, place):
                        narrowed = min(narrowed, place)
                        continue
                    if generic_seen <= pattern.others and self._beside(pattern, places, place):
                        matches.append(self._found(pattern, head, rank, where, rank >= outside))
            generic_seen |= places[place] & self._generic
        matches.sort(key=lambda one: one.order)
        return matches

    @staticmethod
    def _beside(pattern: _Pattern, places: list[frozenset[int]], place: int) -> bool:
        """Tell whether the qualifiers of a pattern stand in other words than its head."""
        both = pattern.others & places[place]
        return not both or both <= frozenset().union(*places[:place], *places[place + 1 :])

    def _more(self, words: list[str], places: list[frozenset[int]], head: int) -> bool:
        """Tell whether a title says more than its head: what no pattern knows or, in Russian, any other word.

        Names in Latin letters and words of seniority are no more.
        """
        if not self._neutral:
            return any(not places[place] and word not in self._fillers for place, word in enumerate(words))
        return any(
            place != head
            and not word.isascii()
            and word not in self._fillers
            and places[place].isdisjoint(self._neutral)
            for place, word in enumerate(words)
        )

    def _places_of_heads(self, words: list[str], places: list[frozenset[int]], last: bool) -> list[int]:
        """Return where a head may stand, the likeliest first."""
        if not (self.head_last or last):
            return list(range(len(words)))
        order = [at for at in reversed(range(len(words))) if words[at] not in self._fillers - self._things]
        if last:
            return order[:1]
        # What an unknown word closes is about something else, and so is what the name of a thing does: `аспаз
        # цехы`. A word in the genitive is of another one, unless it is the last.
        known = list(
            itertools.takewhile(lambda at: places[at] and not self._is_thing(words[at], places[at]), order)
        )
        return [at for at in known if at == order[0] or not words[at].endswith(self._modifiers)]

    def _is_thing(self, word: str, numbers: frozenset[int]) -> bool:
        """Tell whether a word is a thing: so said, or no head, ending as what belongs to another does."""
        if word in self._things or not word.endswith(self._closing):
            return word in self._things
        return not any(number in self._by_head or self._stem_of[number] == word for number in numbers)

    def _found(self, pattern: _Pattern, head: int, rank: int, where: dict[int, int], aside: bool) -> Match:
        n_words, toward = len(pattern.others) + 1, -1 if head in self._nearest else 1
        # What decides: a full code; a head outside brackets; one that does not give way; its place; how many
        # words, weak ones by half; the qualifiers' places; a group not "not elsewhere classified".
        order = (
            0 < len(pattern.code) < UNIT,
            aside,
            head in self._yielding and n_words == 1,
            rank,
            len(pattern.others & self._weak) / 2 - n_words,
            toward * sum(where[number] for number in pattern.others),
            pattern.code.endswith("9"),
            -len(pattern.text),
        )
        return Match(pattern.code, pattern.text, self.why.get(pattern.code, ""), n_words, order)

    def stems(self, code: str) -> set[str]:
        """Return the stems of all patterns of a code; one that stands for itself alone begins with `=`."""
        return {stem.rstrip("*") for stem in self._stems_of.get(code, ())}

    def _words(self, title: str) -> list[str]:
        return (title.translate(self._fold) if self._fold else title).split()

    def _unknown(self, title: str) -> int:
        """Return how many words of a normalised title stand in no pattern, prepositions aside."""
        return sum(word not in self._fillers and not self._of_word(word) for word in self._words(title))

    def speaks(self, title: str) -> bool:
        """Return whether a normalised title has letters or words that only this language has."""
        return self._marks.are_in(title, title.translate(self._fold))

    def closes(self, title: str) -> bool:
        """Return whether a title of known words ends as only this language does: `кадр инспекторы`."""
        words = title.translate(self._fold).split()
        if len(words) == 1 or self.unknown(title) or not words[-1].endswith(self._closing):
            return False
        stems = [self._stem_of[number] for number in self._of_word(words[-1]) if number in self._by_head]
        return bool(stems) and words[-1] not in stems

    def knows_head(self, title: str) -> bool:
        """Return whether a pattern has the last word of a title as its head."""
        return any(number in self._by_head for number in self._of_word(self._words(title)[-1]))

    def may_be(self, title: str, group: str = "") -> Candidates:
        """Return the codes to which patterns lead whose head a title has, the most patterns first."""
        numbers = [number for word in self._words(title) for number in self._of_word(word)]
        return by_number((one.code for n in numbers for one in self._by_head.get(n, ())), group)

    def is_generic(self, title: str) -> bool:
        """Return whether every word of a normalised title is generic: such a title has no answer."""
        words = [word for word in self._words(title) if word not in self._fillers]
        return bool(words) and all(self._of_word(word) & self._generic for word in words)


@lru_cache(maxsize=4)
def load_lexicon(path: Path) -> Lexicon:
    """Read a lexicon from YAML."""
    return Lexicon(read_rules(path), path.name)


def shipped_lexicon(language: str) -> Lexicon:
    """Return the lexicon of a language that occurisk ships: `ru` or `kk`."""
    return load_lexicon(RULES / f"{language}.yaml")


def said_of(lexicons: Mapping[str, Lexicon], whole: str, bare: str) -> Iterator[tuple[Lexicon, list[Match]]]:
    """Yield each lexicon with what it says of a title, that of the title's language first.

    Parameters
    ----------
    lexicons : mapping
        By language.
    whole, bare : str
        The normalised title with what stood in brackets at its end, and without it.
    """
    # Where the head stands last, what stood in brackets goes before it.
    turned = f"{whole.removeprefix(bare)} {bare}".strip()
    native = native_of(lexicons, whole)
    foreign = any(one.speaks(whole) for one in native)
    for one in sorted(lexicons.values(), key=lambda one: one not in native):
        if one.head_last:
            # A Russian title that the Russian lexicon refuses is not read as Kazakh for one word of it.
            if one in native or one.closes(whole):
                yield one, one.match(turned)
        elif not foreign:
            yield one, one.match(bare, whole.removeprefix(bare))
        elif not any(other.knows_head(turned) for other in native):
            yield one, one.match(turned, last=True)


def native_of(lexicons: Mapping[str, Lexicon], title: str) -> list[Lexicon]:
    """Return the lexicons with the head last that know a normalised title best: is it in Kazakh?"""
    first = [one.unknown(title) for one in lexicons.values() if not one.head_last]
    fewest = min(first, default=len(title))
    # Letters and words that only one language has decide a draw.
    later = [one for one in lexicons.values() if one.head_last]
    return [one for one in later if one.unknown(title) < fewest + one.speaks(title)]
