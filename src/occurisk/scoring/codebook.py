"""The distinct codes of a registry, each scored once: what every row is then joined with."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa

from occurisk.occupations.crosswalk import KINDS
from occurisk.registry.formats.base import KeyedColumn
from occurisk.registry.group_rows import level_word
from occurisk.registry.understanding import Understanding
from occurisk.scoring.code_scores import Scores, score_occupations
from occurisk.scoring.options import PREFIX
from occurisk.scoring.outcomes import OUTCOMES, REPEATS, TOTAL_ROW, UNKNOWN

# Between a code and its row's level word, in registries with a level column.
SEPARATOR = "\x1f"
SCORE_COLUMNS = (
    "code", "title", "match", "probability", "lower", "upper", "band", "stability", "mixed",
    "reason_1", "reason_2", "reason_3",
)  # fmt: skip
_TEXTS = ("code", "title", "match", "band", "stability", "reason_1", "reason_2", "reason_3")
_FLOATS = ("probability", "lower", "upper")
# More distinct unknown codes than this are told apart no longer, so that memory stays bounded.
MOST_UNKNOWN = 200_000
MANY_UNKNOWN = "(further unknown codes)"


@dataclass
class CodeBook:
    """Every distinct key met so far, with its score and outcome, growing as batches arrive.

    A key is a cell of the code column, or cell and level word. Position in `keys` is the key's number.
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
    _number: dict[str, int] = field(default_factory=dict)
    _unknown: int = 0

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
        table, lineage = score_occupations(cells, self.understanding, self.scores)
        rows = table.set_index("code").reindex(cells).reset_index()
        rows.insert(0, "key", keys)
        words = [level_word(k.partition(SEPARATOR)[2]) if SEPARATOR in k else None for k in keys]
        rows["outcome"] = [
            self._outcome(key, kind, word) for key, kind, word in zip(keys, rows["kind"], words, strict=True)
        ]
        unknown = (rows["outcome"] == UNKNOWN).to_numpy()
        overflow: dict[str, int] = {}
        room = max(0, MOST_UNKNOWN - self._unknown)
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
        self._unknown += int((rows["outcome"] == UNKNOWN).sum())
        if len(rows):
            self._append(rows, words)
        self.members.append(lineage.members)
        return overflow

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
        )  # fmt: skip
        start = 0
        for table in self.tables:
            words = self.words[start : start + len(table)]
            outcome = [
                book._outcome(key, kind, word)
                for key, kind, word in zip(table["key"], table["kind"], words, strict=True)
            ]
            book.tables.append(table.assign(outcome=outcome))
            book.outcome += outcome
            start += len(table)
        book._number_outcomes()
        return book

    def _number_outcomes(self) -> None:
        self.scored = np.isin(np.array(self.outcome, dtype=object), KINDS)
        self.outcome_number = np.array([OUTCOMES.index(o) for o in self.outcome], dtype=np.int32)
        self.version += 1

    def _outcome(self, key: str, kind: str, word: str | None) -> str:
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
        texts = dict.fromkeys(_TEXTS, pa.dictionary(pa.int32(), pa.string()))
        kinds = texts | dict.fromkeys(_FLOATS, pa.float64())
        # The published list has no intervals.
        gaps = set() if "lower" in self.book.scores.table else {"lower", "upper"}
        return [pa.field(self.prefix + n, kinds.get(n, pa.bool_()), nullable=n in gaps) for n in self.wanted]

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
            **{name: table[source.get(name, name)].fillna("").astype(str) for name in _TEXTS},
            mixed=table["mixed"].fillna(False).astype(bool),
        )
        # Keys without a score are never looked up; they stand where the first does.
        scored = table[self.book.scored]
        number = {name: _numbered(scored[name]) for name in _TEXTS if name in self.wanted}
        figures = _numbered(pd.MultiIndex.from_frame(scored[["code", "title", *_FLOATS]]))
        # Columns with the same numbers share them: a code and all that there is one of per code.
        shared: list[np.ndarray] = []
        columns = []
        for name in self.wanted:
            if name == "mixed":
                columns.append(KeyedColumn(pa.array([False, True]), table[name].to_numpy(dtype=np.uint8)))
                continue
            found, first = number.get(name, figures)
            index = np.zeros(len(table), _narrow(len(first)))
            index[self.book.scored] = found
            index = next((s for s in shared if np.array_equal(s, index)), index)
            shared.append(index)
            values = scored[name].to_numpy()[first]
            texts = pa.string() if name in _TEXTS else pa.float64()
            columns.append(KeyedColumn(pa.array(values, texts, from_pandas=True), index))
        return columns


def _numbered(values: pd.Series | pd.MultiIndex) -> tuple[np.ndarray, np.ndarray]:
    """Return the number of each value, in order of appearance, and where each value appears first."""
    number, _ = pd.factorize(values)
    return number, np.unique(number, return_index=True)[1]


def _narrow(values: int) -> type[np.unsignedinteger]:
    """Return the smallest type that can number so many values."""
    return np.uint8 if values <= 1 << 8 else np.uint16 if values <= 1 << 16 else np.uint32
