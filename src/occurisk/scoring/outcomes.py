"""Count rows and weight by key number while the rows pass."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from occurisk.registry.formats.base import Ragged
from occurisk.registry.numbers import Numbers

_PIECE = 1 << 15


@dataclass
class Tally:
    """Rows and weight by key number, counted while the rows pass.

    Attributes
    ----------
    rows, weight : ndarray, shape (n_keys,)
        Rows with a usable or missing weight, and the sum of the usable ones.
    unusable : ndarray, shape (n_keys,)
        Rows whose weight cannot be used.
    total_rows : int
        Counted on its own, for the check.
    """

    rows: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    weight: np.ndarray = field(default_factory=lambda: np.zeros(0))
    unusable: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    missing_weight: int = 0
    total_rows: int = 0
    filtered: int = 0
    totals: list[float] = field(default_factory=list)
    ragged: list[Ragged] = field(default_factory=list)
    altered: int = 0

    def add(self, number: np.ndarray, weights: Numbers | None, n_keys: int) -> None:
        """Count a batch."""
        if n_keys > len(self.rows):
            grow = (0, n_keys - len(self.rows))
            self.rows, self.weight, self.unusable = (
                np.pad(a, grow) for a in (self.rows, self.weight, self.unusable)
            )
        self.total_rows += len(number)
        if weights is None:
            counts = np.bincount(number, minlength=n_keys)
            self.rows += counts
            self.weight += counts
            self.totals.append(float(len(number)))
            return
        self.totals.append(float(weights.value.sum()))
        self.missing_weight += int(np.count_nonzero(weights.missing))
        # NumPy copies weights that belong to Arrow: piece by piece, so that the copy stays in the cache.
        piece = max(_PIECE, 8 * n_keys)
        for start in range(0, len(number), piece):
            part = slice(start, start + piece)
            self.weight += np.bincount(number[part], weights=weights.value[part], minlength=n_keys)
        if weights.unusable.any():
            self.unusable += np.bincount(number[weights.unusable], minlength=n_keys)
            number = number[~weights.unusable]
        self.rows += np.bincount(number, minlength=n_keys)

    @property
    def total_weight(self) -> float:
        """All usable weight."""
        return math.fsum(self.totals)
