"""A title becomes a code, a group, or nothing, stage by stage, each with its reason.

1. The user's confirmed titles.
2. The lexicon of the language, which people wrote.
3. The official title of a code; else a linear softmax over pieces of words, learned from lists of titles. A
   title that stands under one code only is called exact.
4. Where the code is not sure enough, its group.
5. Else nothing: *cannot say* is an answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from occurisk.occupations.titles.candidates import MOST, Candidates, beside, by_logits, group_of, level_of
from occurisk.occupations.titles.classifier import TitleModel, load_model
from occurisk.occupations.titles.confidence import confidence, earned, seen_of
from occurisk.occupations.titles.in_parallel import pieces_mapped, processors
from occurisk.occupations.titles.learned.scored import LONGEST_SHOWN
from occurisk.occupations.titles.lexicons.lexicon import Lexicon, Match, native_of, said_of, shipped_lexicon
from occurisk.occupations.titles.text import parts as of_title
from occurisk.occupations.titles.text.normalise import normalise
from occurisk.occupations.titles.text.parts import Part, all_spoken, is_generic, parts_of, says_nothing
from occurisk.occupations.titles.text.reasons import Clause, in_words
from occurisk.occupations.titles.text.tokens import LAST
from occurisk.paths import FEATURES

Array = np.ndarray
CONFIRMED, LEXICON, EXACT, SOFTMAX, NOTHING = "confirmed", "lexicon", "exact", "words", "none"
CHUNK = 1_000
# From so many titles on, a second process is worth its start.
MANY, MOST_WORKERS = 50_000, 2
# How many words of a title that no pattern knows make less sure.
MOST_UNKNOWN = 3
# What is left of the confidence in the known words of a title, if it has others; in a code less, the more of
# them: an unknown word may name another occupation, seldom another group.
KNOWN_PART, UNKNOWN_PART = 0.95, 0.3
SURE, LEAST_SHOWN, NOT_MOVED = 0.9, 0.3, (0.0, 1.0)


@dataclass(frozen=True)
class Answer:
    """What is known of a title.

    Attributes
    ----------
    code : str
        A code, or the code of a group; empty if nothing can be said.
    level : str
        `code`, `group` or empty.
    stage : str
        Which stage answered.
    confidence : float
        That the code (or group) is right.
    because : tuple of (key, what it is said of)
        Why; see `reasons`.
    candidates : tuple of (code, weight)
        Codes that it may be; weights sum to 1; empty without any idea.
    """

    code: str
    level: str
    stage: str
    confidence: float
    because: tuple[Clause, ...]
    candidates: Candidates = ()

    @property
    def reason(self) -> str:
        """Why, in English words."""
        return in_words(self.because)

    @property
    def sureness(self) -> str:
        """The class of the confidence: `sure`, `likely`, `group` or `none`."""
        if self.level != "code":
            return self.level or "none"
        return "sure" if self.confidence >= SURE else "likely"


OFFICIAL: tuple[Clause, ...] = (("official", ""),)
NO_WORDS = Answer("", "", NOTHING, 0.0, (("empty", ""),))


@dataclass(frozen=True)
class TitleMatcher:
    """The stages for one coding system, ready to answer.

    Attributes
    ----------
    system : str
    model_path : Path
        Of the softmax, without suffix.
    languages : tuple of str
        Lexicons to ask, if the system is ISCO-08.
    confirmed : mapping
        Normalised title -> code; an empty code means that the user says nothing fits.
    moved : tuple of float
        Intercept and slope that turn stated confidence into that earned on the user's confirmed titles.
    shift : array, shape (n_codes,), or 0
        What the list adds to the score of each code; see `own_titles.attuned`.
    """

    system: str
    model_path: Path
    languages: tuple[str, ...] = ("ru", "kk")
    confirmed: Mapping[str, str] = field(default_factory=dict)
    moved: tuple[float, float] = NOT_MOVED
    shift: Array | float = field(default=0.0, compare=False, repr=False)

    @classmethod
    def shipped(cls, system: str = "isco08") -> TitleMatcher:
        """Return the matcher that occurisk ships for `isco08` or `soc2010`."""
        return cls(system, FEATURES / "titles" / system, ("ru", "kk") if system == "isco08" else ())

    @cached_property
    def model(self) -> TitleModel:
        """The softmax, read when it is first needed."""
        return load_model(self.model_path)

    @cached_property
    def head(self) -> str:
        """Where the head word stands in the titles of the lists; those that are shipped are English."""
        return self.model.head if self._built else LAST

    @cached_property
    def _built(self) -> bool:  # from a list of the user's: it knows the list's language and codes
        return self.model_path.parent != FEATURES / "titles"

    @cached_property
    def lexicons(self) -> dict[str, Lexicon]:
        """Lexicons by language."""
        return {language: shipped_lexicon(language) for language in self.languages}

    def answer(self, title: str) -> Answer:
        """Answer one title."""
        return next(self.answers([title]))

    def nearest(self, title: str, code: str) -> str:
        """Return the title of the learned lists, under a code, that shares most words; empty if none does."""
        parts = parts_of(title, self.head)
        if not parts or code not in self.model.codes:
            return ""
        return self.model.nearest(all_spoken(parts, self.head), self.model.codes.index(code))

    def answers(self, titles: Sequence[str]) -> Iterator[Answer]:
        """Answer titles in their order, a chunk at a time; many of them in two processes."""
        workers = min(MOST_WORKERS, processors()) if len(titles) >= MANY else 1
        if workers > 1:
            self.answer("x")  # what is read lazily is read before processes are split off, and shared
        return pieces_mapped(self._chunk, titles, CHUNK, workers)

    def _chunk(self, titles: Sequence[str]) -> list[Answer]:
        parts = [parts_of(title, self.head) for title in titles]
        answers = self._of_jobs(parts)
        several = {row: jobs for row, jobs in enumerate(map(self._jobs, titles, parts, answers)) if jobs}
        # The words of the others may help to tell the first job, or stand in its way.
        alone = self._of_jobs([jobs[:1] for jobs in several.values()])
        others = iter(self._of_jobs([[job] for jobs in several.values() for job in jobs[1:]]))
        for (row, jobs), one in zip(several.items(), alone, strict=True):
            # Where heads stand last, the whole title is answered by its last job.
            head_last = native_of(self.lexicons, parts[row][0].whole) and one.level == "code"
            best = one if head_last else max(answers[row], one, key=_told)
            told = [best, *(next(others) for _ in jobs[1:])]
            # `Стажёр / помощник риелтора`: where the first says nothing, the next that does counts.
            told.sort(key=lambda one: not _tells_more(one, best))
            answers[row] = _less_sure(told[0], told[1:])
        # What was decided of a title as it stands counts more than what is known of its parts.
        decided = (self._decided(normalise(title)) if self.confirmed else None for title in titles)
        return [whole or answer for whole, answer in zip(decided, answers, strict=True)]

    def _jobs(self, title: str, parts: list[Part], answer: Answer) -> list[Part]:
        """Return the jobs of a title, if it names several: of `cook, driver` only if no list has it whole."""
        if len(parts) != 1 or answer.stage in (CONFIRMED, EXACT):
            return parts[: of_title.MOST_JOBS] if len(parts) != 1 else []
        jobs = of_title.may_be_several(title, self.head)
        return jobs[: of_title.MOST_JOBS] if all(map(self._names_a_job, jobs)) else []

    def _names_a_job(self, part: Part) -> bool:
        if is_generic(part.bare):
            return False
        if (self._built or part.whole.isascii()) and part.spoken in self.model.exact:
            return True
        return any(matches for _, matches in said_of(self.lexicons, part.whole, part.bare))

    def _of_jobs(self, several: Sequence[list[Part]]) -> list[Answer]:
        answers = [self._before_softmax(jobs[0]) if jobs else NO_WORDS for jobs in several]
        open_ones = [jobs for jobs, answer in zip(several, answers, strict=True) if answer is None]
        words = iter(self._by_words([all_spoken(jobs, self.head) for jobs in open_ones]) if open_ones else ())
        return [
            self._reviewed(next(words), jobs[0]) if answer is None else answer
            for jobs, answer in zip(several, answers, strict=True)
        ]

    def _before_softmax(self, first: Part) -> Answer | None:
        decided = next(filter(None, map(self._decided, first.forms)), None)
        if decided or first.whole.isascii() or (self._built and self.model.speaks(first.spoken)):
            return decided
        return _too_general(first) if is_generic(first.bare) else self._by_lexicon(first)

    def _decided(self, title: str) -> Answer | None:
        if (code := self.confirmed.get(title)) is None:
            return None
        candidates = ((code, 1.0),) if level_of(code) == "code" else ()
        return Answer(code, level_of(code), CONFIRMED, 1.0, (("confirmed", ""),), candidates)

    def _by_lexicon(self, part: Part, fewest_words: int = 1) -> Answer | None:
        for lexicon, matches in said_of(self.lexicons, part.whole, part.bare):
            if matches and matches[0].code and matches[0].n_words >= fewest_words:
                return self._from_match(lexicon, matches, part.whole)
            if (matches and not matches[0].code) or lexicon.is_generic(part.bare):
                return _too_general(part, lexicon.may_be(part.bare))
        return None

    def _from_match(self, lexicon: Lexicon, matches: list[Match], title: str) -> Answer:
        best, how = matches[0], lexicon.confidence
        stated = how["several_words" if best.n_words > 1 else "one_word"]
        stated -= how["unknown_word"] * min(lexicon.unknown(title), MOST_UNKNOWN)
        p = stated if self.moved == NOT_MOVED else float(self._earned(np.array([stated]))[0])
        level = "code" if best.code in self._units else "group"
        others = [one.code for one in matches[1:] if one.code != best.code and one.code in self._units]
        # If nothing else matched, the doubt goes to the codes beside it.
        others = list(dict.fromkeys(others))[: MOST - 1] or list(beside(best.code, self._units, MOST - 1))
        weights = [p, *[(1 - p) / len(others)] * len(others)] if others else [1.0]
        because = (("words", f"{best.pattern} ({best.why}; {lexicon.name})"),)
        codes = tuple(zip([best.code, *others], weights, strict=True))
        candidates = codes if level == "code" else lexicon.may_be(title, best.code)
        return Answer(best.code, level, LEXICON, p, because, candidates)

    @cached_property
    def _units(self) -> frozenset[str]:
        from occurisk.occupations.concordances import load_tables

        return frozenset(load_tables().pairs["isco08"])

    def _earned(self, stated: Array) -> Array:
        return earned(stated, *self.moved)

    def _by_words(self, titles: list[str]) -> list[Answer]:
        model = self.model
        scored = model.scored(titles)
        logits = scored.logits + self.shift
        X, order = seen_of(model, titles, logits)
        p_code, p_group = self._sure(titles, X, order[:, 0])
        bags = by_logits(model.codes, order, np.take_along_axis(logits, order, axis=1), p_code)
        first, words = order[:, 0].tolist(), scored.words(order[:, 0])
        facts = zip(titles, first, words, bags, p_code.tolist(), p_group.tolist(), strict=True)
        answers = [self._answer(*one) for one in facts]
        for row in np.flatnonzero(scored.logits.argmax(axis=1) != order[:, 0]).tolist():
            answers[row] = replace(answers[row], because=(*answers[row].because, ("common_here", "")))
        return answers

    def _sure(self, titles: list[str], X: Array, first: Array) -> tuple[Array, Array]:
        """Return the confidence in code and group; words that nobody knows never make it larger."""
        p = {kind: self._earned(confidence(how, X, first)) for kind, how in self.model.confidence.items()}
        known = [" ".join(filter(self.model.word_counts.__contains__, title.split())) for title in titles]
        rows = [row for row, title in enumerate(known) if title and title != titles[row]]
        if rows:
            known, some = [known[row] for row in rows], [titles[row] for row in rows]
            without, order = seen_of(self.model, known, self.model.logits(known) + self.shift)
            # `chief happiness officer` says no more than `chief officer`, and this nothing.
            told = np.array([not says_nothing(words) for words in known])
            unknown = np.array(
                [1 - len(k.split()) / len(t.split()) for k, t in zip(known, some, strict=True)]
            )
            for kind, how in self.model.confidence.items():
                left = KNOWN_PART - UNKNOWN_PART * unknown if kind == "code" else KNOWN_PART
                most = told * left * self._earned(confidence(how, without, order[:, 0]))
                p[kind][rows] = np.minimum(p[kind][rows], most)
        # Nor does it name a job that nobody does: `kitchen`, `police station`.
        left = of_title.rules().no_person[self.system] if self.head == LAST else 1.0
        nobody = [self.model.of_no_person.issuperset(title.split()) for title in titles]
        factor = np.where(nobody, left, 1.0)
        return factor * p["code"], factor * p["group"]

    def _answer(
        self,
        title: str,
        first: int,
        words: list[str],
        candidates: Candidates,
        p_code: float,
        p_group: float,
    ) -> Answer:
        if not words:
            return Answer("", "", NOTHING, p_code, (("unknown", ""),))
        code, least = candidates[0][0], self.model.about["least"]
        stage = EXACT if self.model.exact.get(title) == (first,) else SOFTMAX
        if self.model.official.get(title) == first:
            return Answer(code, "code", EXACT, max(p_code, least["code"]), OFFICIAL, candidates)
        because = ("words", ", ".join(words))
        if p_code >= least["code"]:
            why = ("listed", title) if stage == EXACT else because
            return Answer(code, "code", stage, p_code, (why,), candidates)
        if p_group >= least["group"]:
            return Answer(group_of(code), "group", stage, p_group, (because, ("group_only", "")), candidates)
        if p_code < LEAST_SHOWN and self.model.word_counts.keys().isdisjoint(title.split()):
            return Answer("", "", NOTHING, p_code, (("unknown", ""),))
        return Answer("", "", NOTHING, p_code, (because, ("not_sure", "")), candidates)

    def _reviewed(self, answer: Answer, part: Part) -> Answer:
        """Say nothing of generic words; let a lexicon speak of Latin words that it knows, such as `HR`."""
        if answer.because == OFFICIAL:
            return answer
        if not (part.whole.isascii() or self._built) and answer.stage in (SOFTMAX, NOTHING):
            # Of other scripts the lists know names only. Heads that people wrote say more of what it may be.
            may_be = next(filter(None, (one.may_be(part.bare) for one in self.lexicons.values())), ())
            because = (("words", part.bare[:LONGEST_SHOWN]), ("not_sure", "")) if may_be else answer.because
            return Answer("", "", NOTHING, answer.confidence, because, may_be or answer.candidates)
        if is_generic(part.bare):
            return _too_general(part, answer.candidates)
        if answer.level != "code" and self.lexicons and part.whole.isascii() and not self._built:
            # One Latin word of a longer English title, such as `developer`, is no reason to answer.
            told = self._by_lexicon(part, fewest_words=2 if " " in part.whole else 1)
            return told if told is not None and told.level == "code" else answer
        return answer


def _too_general(part: Part, candidates: Candidates = ()) -> Answer:
    return Answer("", "", NOTHING, 0.0, (("general", part.bare[:LONGEST_SHOWN]),), candidates)


def _told(answer: Answer) -> tuple[bool, bool, float]:
    return answer.level == "code", bool(answer.code), answer.confidence


def _tells_more(one: Answer, than: Answer) -> bool:
    open_one = than.level != "code" and than.stage != CONFIRMED
    return open_one and one.level == "code" and group_of(than.code) in ("", group_of(one.code))


def _less_sure(answer: Answer, others: list[Answer]) -> Answer:
    """Trust the first of several jobs less, if another is of another group; that job is a candidate, too."""
    apart = [one for one in others if one.code and group_of(one.code) != group_of(answer.code)]
    if not answer.code or not apart:
        return answer
    left = of_title.rules().less_sure
    weights = {one.candidates[0][0]: (1 - left) / len(apart) for one in apart if one.candidates}
    for code, weight in answer.candidates:
        weights[code] = weights.get(code, 0.0) + left * weight
    order = sorted(weights.items(), key=lambda one: (one[0] != answer.code, -one[1]))[:MOST]
    candidates = tuple((code, weight / sum(w for _, w in order)) for code, weight in order)
    p, because = left * answer.confidence, (*answer.because, ("several", ""))
    return replace(answer, confidence=p, because=because, candidates=candidates)
