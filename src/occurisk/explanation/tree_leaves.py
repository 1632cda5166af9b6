"""A tree ensemble as what it is: boxes in attribute space, each adding its value to the log-odds.

Every leaf of every tree is a box: lower < x <= upper for each attribute on its path. The score of an
occupation is the sum over the boxes that it lies in, so the ensemble is constant between split points and
a search over its cells is exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Leaves:
    """All leaves of an ensemble, with split points counted per attribute.

    Attributes
    ----------
    names : list of str
        Attributes, in the order of the columns below.
    values : ndarray, shape (n_leaves,)
        Log-odds that the leaf adds.
    splits : list of ndarray
        Per attribute its distinct split points, ascending. Cell i of an attribute is what lies between
        split i - 1 (excluded) and split i (included).
    start, stop : ndarray of int, shape (n_leaves, n_attributes)
        Cells inside the box: start <= cell < stop.
    missing : ndarray of bool, shape (n_leaves, n_attributes)
        Whether a missing value lies inside.
    """

    names: list[str]
    values: np.ndarray
    splits: list[np.ndarray]
    start: np.ndarray
    stop: np.ndarray
    missing: np.ndarray

    @property
    def constrained(self) -> np.ndarray:
        """Which attributes bound which leaves: bool, shape (n_leaves, n_attributes)."""
        n_cells = np.array([len(splits) + 1 for splits in self.splits])
        return (self.start > 0) | (self.stop < n_cells) | ~self.missing

    def cells(self, x: np.ndarray) -> np.ndarray:
        """Return the cell of each attribute value, int, shape (n_attributes,); -1 where missing."""
        return np.array(
            [
                -1 if np.isnan(value) else int(np.searchsorted(splits, value, side="left"))
                for value, splits in zip(x, self.splits, strict=True)
            ]
        )

    def inside(self, cells: np.ndarray) -> np.ndarray:
        """Tell by leaf and attribute whether a point's cell lies in the box; (n_leaves, n_attributes)."""
        known = (self.start <= cells) & (cells < self.stop)
        return np.where(cells < 0, self.missing, known)

    def score(self, x: np.ndarray) -> float:
        """Return the ensemble's score of one point, in log-odds."""
        return float(self.values[self.inside(self.cells(x)).all(axis=1)].sum())


def read_leaves(booster: Any) -> Leaves:
    """Take a LightGBM booster apart.

    Parameters
    ----------
    booster : lightgbm.Booster
        Numerical splits only, no linear leaves.

    Returns
    -------
    Leaves

    Raises
    ------
    ValueError
        On a categorical split or on zeros treated as missing, which boxes cannot express.
    """
    dump = booster.dump_model()
    names = list(dump["feature_names"])
    # (value, {attribute: (lower, upper)}, {attribute: whether missing goes along})
    leaves: list[tuple[float, dict[int, tuple[float, float]], dict[int, bool]]] = []

    def walk(node: dict[str, Any], box: dict[int, tuple[float, float]], gaps: dict[int, bool]) -> None:
        if "split_feature" not in node:
            leaves.append((float(node["leaf_value"]), box, gaps))
            return
        if node["decision_type"] != "<=" or node["missing_type"] == "Zero":
            raise ValueError(
                f"A split must read x <= threshold, got {node['decision_type']!r} "
                f"with missing type {node['missing_type']!r}."
            )
        j, split = int(node["split_feature"]), float(node["threshold"])
        lower, upper = box.get(j, (-np.inf, np.inf))
        # Trained without gaps, LightGBM reads a missing value as zero.
        gap_left = bool(node["default_left"]) if node["missing_type"] == "NaN" else split >= 0
        along = gaps.get(j, True)
        walk(node["left_child"], {**box, j: (lower, min(upper, split))}, {**gaps, j: along and gap_left})
        walk(node["right_child"], {**box, j: (max(lower, split), upper)}, {**gaps, j: along and not gap_left})

    for tree in dump["tree_info"]:
        walk(tree["tree_structure"], {}, {})

    splits = [
        np.unique([b for _, box, _ in leaves for b in box.get(j, ()) if np.isfinite(b)])
        for j in range(len(names))
    ]
    shape = (len(leaves), len(names))
    start = np.zeros(shape, dtype=int)
    stop = np.tile([len(s) + 1 for s in splits], (len(leaves), 1)).astype(int)
    missing = np.ones(shape, dtype=bool)
    for i, (_, box, gaps) in enumerate(leaves):
        for j, (lower, upper) in box.items():
            if np.isfinite(lower):
                start[i, j] = np.searchsorted(splits[j], lower) + 1
            if np.isfinite(upper):
                stop[i, j] = np.searchsorted(splits[j], upper) + 1
            missing[i, j] = gaps[j]
    return Leaves(names, np.array([value for value, _, _ in leaves]), splits, start, stop, missing)
