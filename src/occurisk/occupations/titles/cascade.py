"""A title becomes a code, a group, or nothing, stage by stage, each with its reason.

1. The user's confirmed titles.
2. The lexicon of the language, which people wrote.
3. A linear softmax over pieces of words, learned from lists of titles; a title that stands under one code
   only is called exact.
4. Where the code is not sure enough, its group.
5. Else nothing: *cannot say* is an answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from occurisk.occupations.titles.classifier import TitleModel, load_model
from occurisk.occupations.titles.confidence import confidence, log_odds, seen_of
from occurisk.occupations.titles.lexicon import Lexicon, Match, shipped_lexicon
from occurisk.occupations.titles.softmax import probabilities
from occurisk.occupations.titles.text.parts import Part, is_generic, parts_of, rules
from occurisk.paths import FEATURES

Array = np.ndarray
CONFIRMED, LEXICON, EXACT, SOFTMAX, NOTHING = "confirmed", "lexicon", "exact", "words", "none"
CHUNK = 20_000
# How often a pattern of the lexicon is right: one word, several words. Measured on 150 Russian and English
# vacancies (143 of 145), and kept below what was found, since the lexicon was mended on them.
ONE_WORD, SEVERAL_WORDS = 0.86, 0.92
SURE = 0.9


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
    reason : str
        In words, English.
    candidates : tuple of (code, weight)
        Codes that it may be; weights sum to 1; empty without any idea.
    """

    code: str
    level: str
    stage: str
    confidence: float
    reason: str
    candidates: tuple[tuple[str, float], ...] = ()

    @property
    def sureness(self) -> str:
        """The class of the confidence: `sure`, `likely`, `group` or `none`."""
        if not self.code:
            return "none"
        if self.level == "group":
            return "group"
        return "sure" if self.confidence >= SURE else "likely"


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
    """

    system: str
    model_path: Path
    languages: tuple[str, ...] = ("ru", "kk")
    confirmed: Mapping[str, str] = field(default_factory=dict)
    moved: tuple[float, float] = (0.0, 1.0)

    @classmethod
    def shipped(cls, system: str = "isco08") -> TitleMatcher:
        """Return the matcher that occurisk ships for `isco08` or `soc2010`."""
        return cls(system, FEATURES / "titles" / system, ("ru", "kk") if system == "isco08" else ())

    @cached_property
    def model(self) -> TitleModel:
        """The softmax, read when it is first needed."""
        return load_model(self.model_path)

    @cached_property
    def lexicons(self) -> dict[str, Lexicon]:
        """Lexicons by language."""
        return {language: shipped_lexicon(language) for language in self.languages}

    def answer(self, title: str) -> Answer:
        """Answer one title."""
        return next(self.answers([title]))

    def answers(self, titles: Sequence[str]) -> Iterator[Answer]:
        """Answer titles in their order, a chunk at a time."""
        for start in range(0, len(titles), CHUNK):
            yield from self._chunk(titles[start : start + CHUNK])

    def _chunk(self, titles: Sequence[str]) -> list[Answer]:
        parts = [parts_of(title) for title in titles]
        answers: list[Answer | None] = [self._before_softmax(jobs) for jobs in parts]
        open_rows = [row for row, answer in enumerate(answers) if answer is None]
        if open_rows:
            answered = self._by_words([parts[row][0].bare for row in open_rows])
            for row, answer in zip(open_rows, answered, strict=True):
                answers[row] = self._with_lexicon(answer, parts[row][0])
        return [
            self._several(answer, jobs) if len(jobs) > 1 else answer
            for answer, jobs in zip(answers, parts, strict=True)
            if answer is not None
        ]

    def _before_softmax(self, jobs: list[Part]) -> Answer | None:
        if not jobs:
            return Answer("", "", NOTHING, 0.0, "no words in the title")
        first = jobs[0]
        for title in (first.whole, first.bare):
            if title in self.confirmed:
                code = self.confirmed[title]
                candidates = ((code, 1.0),) if code else ()
                return Answer(code, "code" if code else "", CONFIRMED, 1.0, "confirmed by you", candidates)
        if is_generic(first.bare):
            return Answer("", "", NOTHING, 0.0, f"too general a title: {first.bare}")
        if self.lexicons and not first.whole.isascii():
            return self._by_lexicon(first)
        return None

    def _by_lexicon(self, part: Part) -> Answer | None:
        for lexicon in self._in_order(part.whole):
            matches = lexicon.match(part.whole)
            if matches:
                return self._from_match(lexicon, matches)
            if lexicon.is_generic(part.bare):
                return Answer("", "", NOTHING, 0.0, f"too general a title: {part.bare}")
        return None

    def _in_order(self, title: str) -> list[Lexicon]:
        kazakh_first = any(letter in "әғқңөұүһі" for letter in title)
        return [self.lexicons[key] for key in sorted(self.lexicons, reverse=not kazakh_first)]

    def _from_match(self, lexicon: Lexicon, matches: list[Match]) -> Answer:
        best = matches[0]
        p = float(self._earned(np.array([SEVERAL_WORDS if best.n_words > 1 else ONE_WORD]))[0])
        level = "code" if best.code in self._units else "group"
        others = list(dict.fromkeys(one.code for one in matches[1:] if one.code in self._units))[:4]
        others = [code for code in others if code != best.code]
        weights = [p if others else 1.0, *[(1 - p) / len(others)] * len(others)] if others else [1.0]
        reason = f"because of: {best.pattern} ({best.why}; {lexicon.name})"
        candidates = tuple(zip([best.code, *others], weights, strict=True)) if level == "code" else ()
        return Answer(best.code, level, LEXICON, p, reason, candidates)

    @cached_property
    def _units(self) -> frozenset[str]:
        from occurisk.occupations.concordances import load_tables

        return frozenset(load_tables().pairs["isco08"])

    def _earned(self, stated: Array) -> Array:
        low, slope = self.moved
        return 1 / (1 + np.exp(-(low + slope * log_odds(stated))))

    def _by_words(self, titles: list[str]) -> list[Answer]:
        model = self.model
        scored = model.scored(titles)
        X, order = seen_of(model, titles, scored.scores)
        stated = confidence(model.confidence["code"], X)
        p_code, p_group = self._earned(stated), self._earned(confidence(model.confidence["group"], X))
        least = model.about["least"]
        five = probabilities(np.take_along_axis(scored.scores, order, axis=1))
        answers = []
        for row, title in enumerate(titles):
            codes = [model.codes[place] for place in order[row]]
            share = five[row] / five[row].sum()
            rest = 1 - share[0]
            weights = [float(p_code[row]), *(share[1:] / max(rest, 1e-9) * (1 - p_code[row])).tolist()]
            candidates = tuple(zip(codes, weights, strict=True))
            words = scored.words(row, int(order[row, 0]))
            because = f"because of: {', '.join(words)}" if words else "no known word"
            exact = model.exact.get(title, ())
            stage = EXACT if exact == (int(order[row, 0]),) else SOFTMAX
            if p_code[row] >= least["code"] and words:
                reason = f"listed title: {title}" if stage == EXACT else because
                answers.append(Answer(codes[0], "code", stage, float(p_code[row]), reason, candidates))
            elif p_group[row] >= least["group"] and words:
                group = self._group(codes[0])
                reason = f"{because}; only the group is sure enough"
                answers.append(Answer(group, "group", stage, float(p_group[row]), reason, candidates))
            else:
                reason = f"{because}; nothing is sure enough" if words else because
                answers.append(
                    Answer("", "", NOTHING, float(p_code[row]), reason, candidates if words else ())
                )
        return answers

    def _group(self, code: str) -> str:
        digits = self.model.group_digits
        return code[:digits] + ("000" if "-" in code else "")

    def _with_lexicon(self, answer: Answer, part: Part) -> Answer:
        """Latin words of a Russian list, such as `HR` or `frontend`, may stand in its lexicon."""
        if answer.level != "code" and self.lexicons and part.whole.isascii():
            by_lexicon = self._by_lexicon(part)
            if by_lexicon is not None and by_lexicon.level == "code":
                return by_lexicon
        return answer

    def _several(self, answer: Answer, jobs: list[Part]) -> Answer:
        other = next(self.answers([jobs[1].whole]))
        if not answer.code or answer.code == other.code:
            return answer
        p = answer.confidence * rules().less_sure
        return replace(answer, confidence=p, reason=f"{answer.reason}; several jobs, the first counts")
