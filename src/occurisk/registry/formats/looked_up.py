"""Columns that follow from a key: a handful of values, known once, for any number of rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa


@dataclass(frozen=True)
class LookedUp:
    """A column whose row i holds `values[index[number[i]]]`, `number` being the rows' keys.

    Attributes
    ----------
    values : pyarrow.Array, shape (n_values,)
        Of text, each value once.
    index : ndarray of unsigned integers, shape (n_keys,)
        Columns that may share their encoded rows share this array.
    """

    values: pa.Array
    index: np.ndarray

    def rows(self, number: np.ndarray) -> pa.Array:
        """Return the column for rows with these keys; text stays in its dictionary."""
        index = pa.array(self.index[number])
        if pa.types.is_string(self.values.type):
            return pa.DictionaryArray.from_arrays(index, self.values, safe=False)
        return self.values.take(index)
