"""What can become of a row, counted while the rows pass, and the rows that are set aside."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np
import pyarrow as pa

from occurisk.errors import RegistryError
from occurisk.occupations.crosswalk import KINDS, REASONS
from occurisk.registry.formats.base import Ragged, RegistryFile, Writer
from occurisk.registry.numbers import Numbers
from occurisk.scoring.accounting.account import Outcome

TOTAL_ROW = "total row"
UNKNOWN = "unknown code"
REPEATS = "aggregate of listed detail"
UNUSABLE_WEIGHT = "unusable weight"
RAGGED = "ragged row"
TITLE_ONLY = "title only"
# A title that stands in for a code: matched, or with nothing that can be said.
TITLE, UNDECIDED = "title", "undecided title"
# A heading or a blank line: it names neither an occupation nor jobs.
NO_JOBS = "no code, no weight"
# Of a registry that is scored by its codes; the first few are kinds of match, and scored.
OUTCOMES = (*KINDS, *REASONS, REPEATS, UNUSABLE_WEIGHT, RAGGED, TITLE_ONLY, TITLE, UNDECIDED, NO_JOBS)
# Of a registry whose rows are scored by their own attributes; the first is scored.
OWN = "own attributes"
NOTHING = "no attributes"
OUTSIDE = "attribute outside its scale"
ROW_OUTCOMES = (OWN, NOTHING, OUTSIDE, UNUSABLE_WEIGHT, RAGGED)
SCORED = frozenset((*KINDS, TITLE, OWN))
# Rows that only add up other rows, or name no jobs: in the file, not in the labour market.
NOT_COUNTED = (TOTAL_ROW, REPEATS, NO_JOBS)
_PIECE = 1 << 15
# More distinct pairs of code and title than this are not held against each other.
MOST_BESIDE = 200_000
# Multiples of this part of a job add up without any rounding.
_PARTS = float(1 << 20)
# Ragged rows are kept one by one; with this many, the delimiter is wrong or the file is no table.
_MOST_RAGGED = 100_000


@dataclass
class Tally:
    """Rows and weight by key number, counted while the rows pass.

    Attributes
    ----------
    rows, weight : ndarray, shape (n_keys,)
        Rows with a usable or missing weight, and the sum of the usable ones: `coarse` and `fine`, which are
        added up apart, so that the sum of decimals is right to its last digit, in whatever order they come.
    unusable : ndarray, shape (n_keys,)
        Rows whose weight cannot be used.
    total_rows : int
        Counted on its own, for the check.
    beside : dict
        (key number, title beside it in the row) -> rows and weight; at most `MOST_BESIDE` pairs.
    """

    rows: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    coarse: np.ndarray = field(default_factory=lambda: np.zeros(0))
    unusable: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    missing_weight: int = 0
    total_rows: int = 0
    filtered: int = 0
    totals: list[float] = field(default_factory=list)
    ragged: list[Ragged] = field(default_factory=list)
    altered: int = 0
    beside: dict[tuple[int, str], tuple[int, float]] = field(default_factory=dict)
    fine: np.ndarray = field(default_factory=lambda: np.zeros(0))

    @property
    def weight(self) -> np.ndarray:
        """Sum of the usable weights, shape (n_keys,)."""
        return self.coarse + np.pad(self.fine, (0, len(self.coarse) - len(self.fine)))

    def add(self, number: np.ndarray, weight: Numbers | None, n_keys: int) -> None:
        """Count a batch."""
        if n_keys > len(self.rows):
            grow = (0, n_keys - len(self.rows))
            self.rows, self.coarse, self.unusable = (
                np.pad(a, grow) for a in (self.rows, self.coarse, self.unusable)
            )
            self.fine = np.pad(self.fine, (0, n_keys - len(self.fine)))
        self.total_rows += len(number)
        if weight is None:
            counts = np.bincount(number, minlength=n_keys)
            self.rows += counts
            self.coarse += counts
            self.totals.append(float(len(number)))
            return
        self.missing_weight += int(np.count_nonzero(weight.missing))
        # NumPy copies weights that belong to Arrow: piece by piece, so that the copy stays in the cache.
        piece = max(_PIECE, 8 * n_keys)
        for start in range(0, len(number), piece):
            part = slice(start, start + piece)
            value = weight.value[part]
            coarse = np.floor(value * _PARTS) / _PARTS
            self.coarse += np.bincount(number[part], weights=coarse, minlength=n_keys)
            self.totals.append(float(coarse.sum()))
            fine = value - coarse
            if fine.any():
                self.fine += np.bincount(number[part], weights=fine, minlength=n_keys)
                self.totals.append(float(fine.sum()))
        if weight.unusable.any():
            self.unusable += np.bincount(number[weight.unusable], minlength=n_keys)
            number = number[~weight.unusable]
        self.rows += np.bincount(number, minlength=n_keys)

    def add_titles(self, number: np.ndarray, titles: pa.Array, weight: Numbers | None) -> None:
        """Count which title stands beside which key."""
        column = titles.fill_null("").dictionary_encode()
        pair = number.astype(np.int64) * max(len(column.dictionary), 1) + column.indices.to_numpy()
        pairs, first, place = np.unique(pair, return_index=True, return_inverse=True)
        rows = np.bincount(place, minlength=len(pairs))
        sums = rows if weight is None else np.bincount(place, weight.value, len(pairs))
        texts = column.take(pa.array(first)).to_pylist()
        for key, text, n, jobs in zip(number[first].tolist(), texts, rows, sums, strict=True):
            if (key, text) in self.beside or len(self.beside) < MOST_BESIDE:
                before = self.beside.get((key, text), (0, 0.0))
                self.beside[key, text] = (before[0] + int(n), before[1] + float(jobs))

    @property
    def total_weight(self) -> float:
        """All usable weight."""
        return math.fsum(self.totals)


def exact_sums(number: np.ndarray, weight: Iterable[Decimal], keys: int) -> np.ndarray:
    """Add up decimals by key number; nothing is rounded before the end. Shape (n_keys,)."""
    exact = [Decimal(0)] * keys
    for key, one in zip(number.tolist(), weight, strict=True):
        exact[key] += one
    return np.array([float(total) for total in exact])


def account_of(sums: Mapping[str, tuple[int, float]], order: Iterable[str]) -> tuple[Outcome, ...]:
    """Put rows and weight by outcome in order; leave out what no row has.

    Parameters
    ----------
    sums : Mapping
        Outcome -> (rows, weight).
    order : iterable of str
        OUTCOMES or ROW_OUTCOMES.
    """
    return tuple(
        Outcome(name, int(sums[name][0]), float(sums[name][1]), name in SCORED, name not in NOT_COUNTED)
        for name in order
        if name in sums and sums[name][0] > 0
    )


def write_ragged(tally: Tally, file: RegistryFile, unscored: Writer, outcomes: tuple[str, ...]) -> None:
    """Keep rows that do not have the header's number of fields, as the lines that they are."""
    rows = tally.ragged
    if not rows:
        return
    n = len(rows)
    reason = np.full(n, outcomes.index(RAGGED), np.int32)
    added = [
        pa.array([r[0] for r in rows], pa.int64()),
        pa.DictionaryArray.from_arrays(pa.array(reason), pa.array(outcomes)),
        pa.array([text.rstrip("\r\n") for *_, text in rows], pa.string()),
    ]
    unscored.write([pa.nulls(n, f.type) for f in file.schema], added)


def check_ragged(tally: Tally, file: RegistryFile) -> None:
    """Stop where so many rows are ragged that the file was misread."""
    if len(tally.ragged) > _MOST_RAGGED:
        number, expected, width, _ = tally.ragged[0]
        raise RegistryError(
            f"More than {_MOST_RAGGED:,} rows of {file.name} do not have the header's number of fields.",
            first=f"row {number}: {width} fields instead of {expected}",
            fix="Check the delimiter (--delimiter) and the quotation marks of the file.",
        )


def aside_fields(file: RegistryFile, prefix: str) -> list[pa.Field]:
    """Name the columns that rows without a score get: row number, reason and, of ragged rows, the line."""
    fields = [
        pa.field(f"{prefix}row", pa.int64()),
        pa.field(f"{prefix}reason", pa.dictionary(pa.int32(), pa.string())),
    ]
    return [*fields, pa.field(f"{prefix}line", pa.string())] if file.kind == "csv" else fields


def aside_columns(
    file: RegistryFile, position: np.ndarray, reason: np.ndarray, outcomes: tuple[str, ...], tally: Tally
) -> list[pa.Array]:
    """Return those columns for rows at these positions (from 0, among sound rows)."""
    added = [
        pa.array(record_numbers(position, tally.ragged)),
        pa.DictionaryArray.from_arrays(pa.array(reason.astype(np.int32)), pa.array(outcomes)),
    ]
    return [*added, pa.nulls(len(position), pa.string())] if file.kind == "csv" else added


def record_numbers(position: np.ndarray, ragged: list[Ragged]) -> np.ndarray:
    """Turn positions among sound rows (from 0) into row numbers of the file (from 1), ragged rows counted."""
    if not ragged:
        return position + 1
    record = np.array([r[0] for r in ragged])
    sound_before = record - 1 - np.arange(len(record))  # sound rows before each ragged one
    return position + 1 + np.searchsorted(sound_before, position, side="right")
