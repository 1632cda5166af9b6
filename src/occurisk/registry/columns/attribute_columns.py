"""Attribute columns of a registry: which they are, and how a batch of rows becomes X."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from occurisk.errors import RegistryError
from occurisk.registry.columns.sample import position_of
from occurisk.registry.numbers import NumberStyle, read_numbers

if TYPE_CHECKING:
    from occurisk.training_data.catalogue import Catalogue


@dataclass(frozen=True)
class RowAttributes:
    """Which columns hold attributes, and how their figures become X.

    Attributes
    ----------
    position : list of int or None
        By attribute, in the model's order; None where the registry has no such column.
    low, high : ndarray, shape (p,)
        Range of each column's scale.
    fill : ndarray, shape (p,)
        What stands in for a gap: the median of the reference occupations, on [0, 1].
    """

    names: list[str]
    position: list[int | None]
    low: np.ndarray
    high: np.ndarray
    fill: np.ndarray


def find_attributes(
    catalogue: Catalogue, known: list[str], fill: np.ndarray, names: list[str], wanted: str, scale: str
) -> RowAttributes:
    """Find a registry's attribute columns by the catalogue's names.

    Parameters
    ----------
    catalogue : Catalogue
    known : list of str
        The attributes in the model's order.
    fill : ndarray, shape (p,)
        What stands in for a gap.
    names : list of str
        Columns of the registry.
    wanted : str
        `all`, or names separated by commas.
    scale : {"onet", "unit"}

    Raises
    ------
    RegistryError
        If a name is not the catalogue's, or a column is missing.
    """
    asked = [n.strip() for n in wanted.split(",") if n.strip()]
    if wanted == "all":
        asked = [n for n in known if n in names]
    foreign = [n for n in asked if n not in known]
    if foreign or not asked:
        raise RegistryError(
            f"{len(foreign)} of {len(asked)} attributes are not the model's."
            if asked
            else "The registry has no column named like an attribute of the model.",
            first=foreign[0] if foreign else None,
            rule=f"The model knows: {', '.join(known)}.",
            fix="Rename your columns, or name those to use: --attributes NAME,NAME",
        )
    low, high = (np.array([float(catalogue[n].range[i]) for n in known]) for i in (0, 1))
    if scale == "unit":
        low, high = np.zeros_like(low), np.ones_like(high)
    return RowAttributes(
        known,
        [position_of(names, n, "--attributes") if n in asked else None for n in known],
        low,
        high,
        fill,
    )


def row_matrix(
    batch: pa.RecordBatch, columns: RowAttributes, styles: list[NumberStyle]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Read X from a batch.

    Parameters
    ----------
    batch : pyarrow.RecordBatch
    columns : RowAttributes
    styles : list of NumberStyle
        How numbers are written in each attribute's column.

    Returns
    -------
    X : ndarray, shape (n, p)
        On [0, 1]; gaps filled with the reference median.
    missing : ndarray of bool, shape (n, p)
        Which figures were filled.
    outside : ndarray of bool, shape (n,)
        Whether a figure is off its scale or no number.
    """
    n = batch.num_rows
    X = np.empty((n, len(columns.names)), order="F")  # written column by column
    missing = np.zeros(X.shape, dtype=bool, order="F")
    outside = np.zeros(n, dtype=bool)
    for j, position in enumerate(columns.position):
        if position is None:
            X[:, j] = columns.fill[j]
            missing[:, j] = True
            continue
        figures = read_numbers(batch.column(position), styles[j])
        value = (figures.value - columns.low[j]) / (columns.high[j] - columns.low[j])
        if figures.unusable.any() or value.min(initial=0) < 0 or value.max(initial=1) > 1:
            outside |= figures.unusable | (~figures.missing & ((value < 0) | (value > 1)))
        if figures.missing.any():
            missing[:, j] = figures.missing
            value = np.where(figures.missing, columns.fill[j], value)
        X[:, j] = value
    return X, missing, outside
