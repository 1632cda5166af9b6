"""The distinct codes of a registry, each scored once: what every row is then joined with."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa

from occurisk.occupations.crosswalk import KINDS
from occurisk.occupations.uncoded import is_missing
from occurisk.registry.formats.base import KeyedColumn
from occurisk.registry.group_rows import level_word
from occurisk.registry.uncoded_rows import NEITHER
from occurisk.registry.understanding import Understanding
from occurisk.scoring.code_scores import AXIS_COLUMNS, Scores, score_occupations
from occurisk.scoring.options import MOST_UNKNOWN, PREFIX
from occurisk.scoring.outcomes import NO_JOBS, OUTCOMES, REPEATS, SCORED, TITLE, TOTAL_ROW, UNDECIDED, UNKNOWN

if TYPE_CHECKING:
    from occurisk.occupations.titles.cascade import Answer, TitleMatcher

# Between a code and its row's level word, in registries with a level column.
SEPARATOR = "\x1f"
# Before a title that is a key of its own, since its row has no code.
TITLE_MARK = "\x1e"
SCORE_COLUMNS = (
    "code", "title", "match", "probability", "lower", "upper", "band", "stability", "mixed",
    "reason_1", "reason_2", "reason_3",
)  # fmt: skip
# Added where titles stand in: how sure the match is, why, and what else it may be.
TITLE_COLUMNS = ("title_match", "title_confidence", "title_reason", "title_candidates")
_TITLE_TEXTS = ("title_match", "title_reason", "title_candidates")
_TEXTS = ("code", "title", "match", "band", "stability", "reason_1", "reason_2", "reason_3")
_FLOATS = ("probability", "lower", "upper")
_AXIS_TEXTS = tuple(name for name in AXIS_COLUMNS if name in _TEXTS)
# What the unknown codes are called that are told apart no longer.
MANY_UNKNOWN = "(further unknown codes)"


@dataclass
class CodeBook:
    """Every distinct key met so far, with its score and outcome, growing as batches arrive.

    A key is a cell of the code column, or cell and level word, or a title that stands in for a code.
    Position in `keys` is the key's number. Of more than `most_unknown` distinct unknown codes the further
    ones share a key.
    """

    understanding: Understanding
    scores: Scores
    repeats: frozenset[str] = frozenset()
    keys: list[str] = field(default_factory=list)
    outcome: list[str] = field(default_factory=list)
    matched: list[str] = field(default_factory=list)
    words: list[str | None] = field(default_factory=list)
    version: int = 0
    scored: np.ndarray = field(default_factory=lambda: np.zeros(0, bool))
    outcome_number: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int32))
    tables: list[pd.DataFrame] = field(default_factory=list)
    members: list[pd.DataFrame] = field(default_factory=list)
    answers: dict[str, Answer] = field(default_factory=dict)
    most_unknown: int = MOST_UNKNOWN
    _number: dict[str, int] = field(default_factory=dict)
    _unknown: int = 0

    @cached_property
    def matcher(self) -> TitleMatcher:
        """What titles are matched with; read when the first title is met."""
        from occurisk.occupations.titles.own_titles import attuned, matcher_for

        return attuned(matcher_for(self.understanding.system.name), self.understanding.list_titles)

    def numbers(self, keys: list[str | None]) -> np.ndarray:
        """Return the number of each key; new keys are scored and added first."""
        new = [k for k in dict.fromkeys("" if k is None else k for k in keys) if k not in self._number]
        overflow: dict[str, int] = {}
        if new:
            overflow = self._add(new)
        both = self._number if not overflow else {**self._number, **overflow}
        return np.array([both["" if k is None else k] for k in keys], dtype=np.intp)

    def _add(self, keys: list[str]) -> dict[str, int]:
        cells = [k.partition(SEPARATOR)[0] for k in keys]
        titles = [k[1:] if k.startswith(TITLE_MARK) else None for k in keys]
        titled = any(title is not None for title in titles)
        if titled:
            cells = self._matched_titles(titles, cells)
        table, lineage = score_occupations(cells, self.understanding, self.scores)
        rows = table.set_index("code").reindex(cells).reset_index()
        rows.insert(0, "key", keys)
        words = [level_word(k.partition(SEPARATOR)[2]) if SEPARATOR in k else None for k in keys]
        rows["outcome"] = [
            self._outcome(key, kind, word) for key, kind, word in zip(keys, rows["kind"], words, strict=True)
        ]
        if titled or self.answers:
            rows = self._with_titles(rows, titles)
        unknown = rows["outcome"].isin((UNKNOWN, UNDECIDED)).to_numpy()
        overflow: dict[str, int] = {}
        room = max(0, self.most_unknown - self._unknown)
        if unknown.sum() > room:
            over = unknown & (unknown.cumsum() > room)
            other = self._number.get(MANY_UNKNOWN)
            if other is None:
                other = self._append(
                    rows[over].iloc[:1].assign(key=MANY_UNKNOWN, code=MANY_UNKNOWN, matched="", repairs=""),
                    [None],
                )
            overflow = dict.fromkeys(rows.loc[over, "key"], other)
            words = [w for w, o in zip(words, over, strict=True) if not o]
            rows = rows[~over]
        self._unknown += int(rows["outcome"].isin((UNKNOWN, UNDECIDED)).sum())
        if len(rows):
            self._append(rows, words)
        self.members.append(lineage.members)
        return overflow

    def _matched_titles(self, titles: list[str | None], cells: list[str]) -> list[str]:
        """Put the matched code in the place of each title; an undecided title has none."""
        new = [title for title in titles if title is not None]
        # Of a title that is left open nothing is asked again: a long list has many.
        answered = zip(new, self.matcher.answers(new), strict=True)
        self.answers |= {title: answer for title, answer in answered if answer.code}
        return [
            cell if title is None else self.answers[title].code if title in self.answers else ""
            for title, cell in zip(titles, cells, strict=True)
        ]

    def _with_titles(self, rows: pd.DataFrame, titles: list[str | None]) -> pd.DataFrame:
        """Say of each title how it was matched; the outcome is `title`, or that it is undecided."""
        answers = [None if title is None else self.answers.get(title) for title in titles]
        outcome = []
        for title, answer, kind in zip(titles, answers, rows["outcome"], strict=True):
            if title is None or (answer and kind not in KINDS):
                outcome.append(kind)
            else:
                outcome.append(TITLE if answer else "missing" if is_missing(title) else UNDECIDED)
        return rows.assign(
            outcome=outcome,
            title_match=[answer.sureness if answer else "" for answer in answers],
            title_confidence=[round(answer.confidence, 3) if answer else np.nan for answer in answers],
            title_reason=[
                self._reason(str(title), answer) if answer else ""
                for title, answer in zip(titles, answers, strict=True)
            ],
            title_candidates=[
                "; ".join(f"{code} {weight:.2f}" for code, weight in answer.candidates) if answer else ""
                for answer in answers
            ],
        )

    def _reason(self, title: str, answer: Answer) -> str:
        from occurisk.occupations.titles.cascade import LEXICON
        from occurisk.occupations.titles.own_titles import reason_of

        # What words say is shown beside a listed title; a pattern of the lexicon is shown itself.
        return answer.reason if answer.stage == LEXICON else reason_of(self.matcher, title, answer)

    def _append(self, rows: pd.DataFrame, words: list[str | None]) -> int:
        start = len(self.keys)
        for i, key in enumerate(rows["key"], start=start):
            self._number[key] = i
        self.keys += rows["key"].tolist()
        self.outcome += rows["outcome"].tolist()
        self.matched += rows["matched"].tolist()
        self.words += words
        self.tables.append(rows)
        self._number_outcomes()
        return start

    def with_repeats(self, repeats: frozenset[str]) -> CodeBook:
        """Return a book in which these keys add up listed detail; this one stays as it is.

        The numbers of its keys are those of this book; it may grow on its own.
        """
        book = CodeBook(
            self.understanding, self.scores, repeats, list(self.keys), [], list(self.matched),
            list(self.words), _number=dict(self._number), _unknown=self._unknown, members=list(self.members),
            answers=dict(self.answers), most_unknown=self.most_unknown,
        )  # fmt: skip
        start = 0
        for table in self.tables:
            words = self.words[start : start + len(table)]
            outcome = [
                old if key.startswith(TITLE_MARK) else book._outcome(key, kind, word)
                for key, kind, word, old in zip(
                    table["key"], table["kind"], words, table["outcome"], strict=True
                )
            ]
            book.tables.append(table.assign(outcome=outcome))
            book.outcome += outcome
            start += len(table)
        book._number_outcomes()
        return book

    def _number_outcomes(self) -> None:
        self.scored = np.isin(np.array(self.outcome, dtype=object), list(SCORED))
        self.outcome_number = np.array([OUTCOMES.index(o) for o in self.outcome], dtype=np.int32)
        self.version += 1

    def _outcome(self, key: str, kind: str, word: str | None) -> str:
        if key == NEITHER:
            return NO_JOBS
        if key in self.repeats:
            return REPEATS
        return TOTAL_ROW if word == "total" and kind in KINDS else kind

    def table(self) -> pd.DataFrame:
        """Return every key with its score: one row per number."""
        return pd.concat(self.tables, ignore_index=True) if self.tables else pd.DataFrame()


@dataclass
class ScoreColumns:
    """The columns that are added to a row, looked up by key number."""

    book: CodeBook
    prefix: str = PREFIX
    wanted: tuple[str, ...] = SCORE_COLUMNS
    version: int = -1
    known: list[KeyedColumn] = field(default_factory=list)

    @property
    def fields(self) -> list[pa.Field]:
        """Names and types of the added columns; what can never be empty says so, and is written faster."""
        texts = dict.fromkeys((*self._texts, *_TITLE_TEXTS), pa.dictionary(pa.int32(), pa.string()))
        kinds = texts | dict.fromkeys((*self._floats, "title_confidence"), pa.float64())
        # The published list has no intervals, and another axis may lack an occupation.
        gaps = {"title_confidence", *self.book.scores.axis_columns}
        gaps |= set() if "lower" in self.book.scores.table else {"lower", "upper"}
        return [pa.field(self.prefix + n, kinds.get(n, pa.bool_()), nullable=n in gaps) for n in self._names]

    @property
    def _texts(self) -> tuple[str, ...]:
        return (*_TEXTS, *(p + name for p, _ in self.book.scores.others for name in _AXIS_TEXTS))

    @property
    def _floats(self) -> tuple[str, ...]:
        return (*_FLOATS, *(p + name for p, _ in self.book.scores.others for name in _FLOATS))

    @property
    def _names(self) -> tuple[str, ...]:
        return (*self.wanted, *(() if self.book.understanding.title is None else TITLE_COLUMNS))

    def columns(self) -> list[KeyedColumn]:
        """Return the added columns; the same list until keys are added to the book."""
        if self.version != self.book.version:
            self.known = self._columns()
            self.version = self.book.version
        return self.known

    def _columns(self) -> list[KeyedColumn]:
        table = self.book.table().rename(columns={"matched": "matched_code"})
        source = {"code": "matched_code", "match": "outcome"}
        table = table.assign(
            **{name: table[source.get(name, name)].fillna("").astype(str) for name in self._texts},
            mixed=table["mixed"].fillna(False).astype(bool),
        )
        if self.book.understanding.title is not None:
            table["title_confidence"] = table.get("title_confidence", np.nan)
            for name in _TITLE_TEXTS:
                table[name] = table[name].fillna("").astype(str) if name in table else ""
        # Keys without a score are never looked up; they stand where the first does.
        scored = table[self.book.scored]
        apart = [name for name in (*self._texts, *TITLE_COLUMNS) if name in self._names]
        number = {name: _numbered(scored[name]) for name in apart}
        figures = _numbered(pd.MultiIndex.from_frame(scored[["code", "title", *self._floats]]))
        # Columns with the same numbers share them: a code and all that there is one of per code.
        shared: list[np.ndarray] = []
        columns = []
        for name in self._names:
            if name == "mixed":
                columns.append(KeyedColumn(pa.array([False, True]), table[name].to_numpy(dtype=np.uint8)))
                continue
            places, first = number.get(name, figures)
            index = np.zeros(len(table), _narrow(len(first)))
            index[self.book.scored] = places
            index = next((s for s in shared if np.array_equal(s, index)), index)
            shared.append(index)
            values = scored[name].to_numpy()[first]
            texts = pa.string() if name in (*self._texts, *_TITLE_TEXTS) else pa.float64()
            columns.append(KeyedColumn(pa.array(values, texts, from_pandas=True), index))
        return columns


def _numbered(values: pd.Series | pd.MultiIndex) -> tuple[np.ndarray, np.ndarray]:
    """Return the number of each value, in order of appearance, and where each value appears first."""
    number, _ = pd.factorize(values, use_na_sentinel=False)
    return number, np.unique(number, return_index=True)[1]


def _narrow(values: int) -> type[np.unsignedinteger]:
    """Return the smallest type that can number so many values."""
    return np.uint8 if values <= 1 << 8 else np.uint16 if values <= 1 << 16 else np.uint32
