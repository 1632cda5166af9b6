"""What would change it: the smallest change of at most two attributes that crosses the nearest band limit.

A change is one that a rater could notice and a reader could repeat: ratings with one decimal on O*NET's
scale, at least `STEP` and at most `REACH` away from today's. Attributes that the design of work can change
are tried first; the others only where those do not suffice. The search over these ratings is exact. A change
of one attribute adds its own effect; a change of two adds both effects and what the leaves that know both
attributes contribute together. Pairs that provably cannot reach the limit, or not at less cost than the best
change found so far, are left out.

It is a statement about the model, not advice: attributes of real work rarely change one at a time.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from occurisk.documents import load_yaml
from occurisk.errors import CatalogueError
from occurisk.explanation.tree_leaves import Leaves
from occurisk.model.label_error import NO_ERRORS, PanelLink
from occurisk.paths import FEATURES
from occurisk.probabilities import Bands
from occurisk.training_data.catalogue import Catalogue

WORK_DESIGN = FEATURES / "work_design.yaml"
# On a five-point scale: the least difference that a rater could notice (the embedded means of O*NET 20.3 come
# without standard errors), and the largest change that still leaves the work what it is.
STEP, REACH = 0.25, 1.0
# Points of O*NET's importance scale, from lowest to highest; other scales are held against it.
_SPAN = 4.0
# Ratings are printed with one decimal.
_TENTHS = 10
COLUMNS = [
    "limit", "direction", "found", "distance", "probability",
    "attribute_1", "from_1", "to_1", "attribute_2", "from_2", "to_2",
]  # fmt: skip


@cache
def load_actionable() -> frozenset[str]:
    """Return the attributes that the design of work can change, of `features/work_design.yaml`."""
    return frozenset(load_yaml(WORK_DESIGN, CatalogueError)["actionable"])


def nearest_limit(log_odds: float, bands: Bands, link: PanelLink = NO_ERRORS) -> tuple[float, int]:
    """Return the band limit nearest in log-odds (as a probability) and the way to it: -1 down, +1 up."""
    low, high = link.log_odds([bands.low, bands.high])
    if log_odds >= high:
        return bands.high, -1
    if log_odds < low:
        return bands.low, +1
    return (bands.high, +1) if high - log_odds < log_odds - low else (bands.low, -1)


def smallest_changes(
    leaves: Leaves,
    X: pd.DataFrame,
    reference: pd.DataFrame,
    catalogue: Catalogue,
    bands: Bands | None = None,
    actionable: Collection[str] | None = None,
    link: PanelLink = NO_ERRORS,
) -> pd.DataFrame:
    """Find for each occupation the smallest change that would move it over the nearest band limit.

    Parameters
    ----------
    leaves : Leaves
        The ensemble.
    X : DataFrame, shape (n_occupations, n_attributes)
        Occupations to search for; attributes on [0, 1].
    reference : DataFrame, shape (n_reference, n_attributes)
        Sets the unit (standard deviations) and the range (lowest and highest value) of each attribute.
    catalogue : Catalogue
        Scales, and signs: an attribute that theory says raises the susceptibility may only fall when the
        limit lies below, and only rise when it lies above; attributes without a sign may move both ways.
    bands : Bands, optional
    actionable : collection of str, optional
        Attributes that are tried before all others; `load_actionable()` by default.
    link : PanelLink
        From log-odds to probabilities.

    Returns
    -------
    DataFrame, index of X
        `limit` (probability), `direction` (-1 down, +1 up), `found`, `distance` (sum of absolute changes in
        standard deviations), `probability` (after the change), and for up to two attributes `attribute_i`,
        `from_i`, `to_i` (on [0, 1]; the name is empty where there is none). `to_i` is a rating with one
        decimal on O*NET's scale. A missing attribute is never changed.
    """
    first = load_actionable() if actionable is None else actionable
    search = _Search(leaves, reference, catalogue, frozenset(first))
    bands = bands or Bands()
    rows = [search.run(x, bands, link) for x in X[leaves.names].to_numpy(dtype=float)]
    return pd.DataFrame(rows, columns=COLUMNS, index=X.index)


@dataclass(frozen=True)
class Point:
    """One occupation in the space of the leaves.

    Attributes
    ----------
    x : ndarray, shape (n_attributes,)
    cells : ndarray of int, shape (n_attributes,)
        See `Leaves.cells`.
    outside : ndarray of bool, shape (n_leaves, n_attributes)
        Which attribute keeps it out of which leaf.
    missed : ndarray of int, shape (n_leaves,)
        How many attributes keep it out.
    score : float
        Log-odds.
    """

    x: np.ndarray
    cells: np.ndarray
    outside: np.ndarray
    missed: np.ndarray
    score: float

    @classmethod
    def of(cls, x: np.ndarray, leaves: Leaves) -> Point:
        """Place attributes on [0, 1], shape (n_attributes,), among the leaves."""
        cells = leaves.cells(x)
        outside = ~leaves.inside(cells)
        missed = outside.sum(axis=1)
        return cls(x, cells, outside, missed, float(leaves.values[missed == 0].sum()))


@dataclass(frozen=True)
class Moves:
    """Ratings worth trying for one attribute.

    Attributes
    ----------
    values, costs, gains : ndarray, shape (n,)
        On [0, 1]; in standard deviations; in log-odds towards the limit, this attribute alone.
    cells : ndarray of int, shape (n,)
    """

    values: np.ndarray
    costs: np.ndarray
    gains: np.ndarray
    cells: np.ndarray

    def where(self, mask: np.ndarray) -> Moves:
        """Keep some of them."""
        return Moves(self.values[mask], self.costs[mask], self.gains[mask], self.cells[mask])

    @property
    def cheapest(self) -> float:
        """Least cost; infinite if there is no move."""
        return float(self.costs.min(initial=np.inf))

    @property
    def best(self) -> float:
        """Largest gain; minus infinity if there is no move."""
        return float(self.gains.max(initial=-np.inf))


@dataclass(frozen=True)
class _Found:
    """A change that reaches the limit: cost, gain, and the new value by attribute number."""

    cost: float
    gain: float
    to: dict[int, float]


class _Search:
    """What the search needs of an ensemble, laid out once for all occupations."""

    def __init__(
        self, leaves: Leaves, reference: pd.DataFrame, catalogue: Catalogue, actionable: frozenset[str]
    ) -> None:
        self.leaves = leaves
        reference = reference[leaves.names]
        self.sd = reference.std(ddof=0).to_numpy()
        self.low, self.high = reference.min().to_numpy(), reference.max().to_numpy()
        attributes = [catalogue[name] for name in leaves.names]
        self.signs = np.array([a.sign for a in attributes])
        self.grids = [_ratings(*a.range) for a in attributes]
        self.actionable = np.array([a.name in actionable for a in attributes])
        constrained = leaves.constrained
        # Effects of one attribute: a row per (leaf, attribute) that the leaf bounds.
        self.leaf, self.attribute = np.nonzero(constrained)
        sizes = np.array([len(splits) + 2 for splits in leaves.splits])
        self.offset = np.concatenate([[0], np.cumsum(sizes)])
        at = self.offset[self.attribute]
        self.first = at + leaves.start[self.leaf, self.attribute]
        self.last = at + leaves.stop[self.leaf, self.attribute]
        # Effects of two: a row per (leaf, attribute, attribute).
        j, k = np.triu_indices(len(leaves.names), k=1)
        both = constrained[:, j] & constrained[:, k]
        self.pairs = np.column_stack([j, k])
        self.pair_row, self.pair_leaf = np.nonzero(both.T)
        self.pair_start = np.searchsorted(self.pair_row, np.arange(len(j) + 1))

    def run(self, x: np.ndarray, bands: Bands, link: PanelLink) -> list[object]:
        point = Point.of(x, self.leaves)
        goal, direction = nearest_limit(point.score, bands, link)
        # From above, the limit itself still belongs to the upper band: p must fall below it.
        need = direction * (float(link.log_odds(goal)) - point.score)
        effects = self._effects(point)
        moves = [self._moves(j, point, direction, effects) for j in range(len(x))]
        nothing = moves[0].where(np.zeros(len(moves[0].values), dtype=bool))
        joint = self._joint(point)
        best = None
        for allowed in (self.actionable, np.ones(len(x), dtype=bool)):
            part = [m if a else nothing for m, a in zip(moves, allowed, strict=True)]
            single = self._best_single(part, need, direction)
            best = self._best_pair(single, part, point, joint, need, direction)
            if best is not None:
                break
        if best is None:
            return [goal, direction, False, np.nan, np.nan, *["", np.nan, np.nan] * 2]
        reached = link.probability(point.score + direction * best.gain)
        row: list[object] = [goal, direction, True, best.cost, float(reached)]
        for j, value in best.to.items():
            row += [self.leaves.names[j], x[j], value]
        return row + ["", np.nan, np.nan] * (2 - len(best.to))

    def _effects(self, point: Point) -> np.ndarray:
        """Score change of moving one attribute to each of its cells, all attributes in one array."""
        alone = point.missed[self.leaf] == point.outside[self.leaf, self.attribute]
        worth = np.where(alone, self.leaves.values[self.leaf], 0.0)
        size = self.offset[-1]
        steps = np.bincount(self.first, worth, size) - np.bincount(self.last, worth, size)
        level = np.cumsum(steps)
        here = level[self.offset[:-1] + np.maximum(point.cells, 0)]
        return level - np.repeat(here, np.diff(self.offset))

    def _moves(self, j: int, point: Point, direction: int, effects: np.ndarray) -> Moves:
        """Ratings of one attribute that are far enough to notice, near enough to reach, and allowed."""
        grid, value = self.grids[j], point.x[j]
        away = grid - value
        size, sign = np.abs(away) * _SPAN, self.signs[j] * direction
        allowed = (
            (size >= STEP) & (size <= REACH) & (away * sign >= 0)
            & (grid >= self.low[j]) & (grid <= self.high[j]) & (self.sd[j] > 0)
        )  # fmt: skip
        values = grid[allowed]
        cells = np.searchsorted(self.leaves.splits[j], values, side="left")
        costs = np.abs(values - value) / self.sd[j] if self.sd[j] > 0 else np.zeros(0)
        return Moves(values, costs, direction * effects[self.offset[j] + cells], cells)

    def _best_single(self, moves: list[Moves], need: float, direction: int) -> _Found | None:
        best: _Found | None = None
        for j, move in enumerate(moves):
            there = move.where(_reaches(move.gains, need, direction))
            if len(there.costs) and (best is None or there.cheapest < best.cost):
                i = int(np.argmin(there.costs))
                best = _Found(float(there.costs[i]), float(there.gains[i]), {j: float(there.values[i])})
        return best

    def _best_pair(
        self,
        best: _Found | None,
        moves: list[Moves],
        point: Point,
        joint: np.ndarray,
        need: float,
        direction: int,
    ) -> _Found | None:
        """Return the cheapest change of two attributes, or `best` if none costs less."""
        j, k = self.pairs.T
        slack = np.bincount(self.pair_row, np.abs(joint), len(j))
        gain = np.array([move.best for move in moves])
        cheapest = np.array([move.cheapest for move in moves])
        hope = gain[j] + gain[k] + slack
        promising = np.flatnonzero((hope >= need) & np.isfinite(hope))
        for pair in promising[np.argsort(-hope[promising], kind="stable")]:
            a, b = int(j[pair]), int(k[pair])
            one, other = moves[a], moves[b]
            if best is not None:
                one = one.where(one.costs < best.cost - other.cheapest)
                other = other.where(other.costs < best.cost - cheapest[a])
            if not len(one.costs) or not len(other.costs):
                continue
            gains = one.gains[:, None] + other.gains[None, :]
            gains = gains + direction * self._together(pair, joint, point, one, other)
            costs = one.costs[:, None] + other.costs[None, :]
            costs = np.where(_reaches(gains, need, direction), costs, np.inf)
            at = np.unravel_index(np.argmin(costs), costs.shape)
            if np.isfinite(costs[at]) and (best is None or costs[at] < best.cost):
                to = {a: float(one.values[at[0]]), b: float(other.values[at[1]])}
                best = _Found(float(costs[at]), float(gains[at]), to)
        return best

    def _joint(self, point: Point) -> np.ndarray:
        """Values of the leaves that only a pair keeps the point out of; a row per pair and leaf."""
        j, k = self.pairs[self.pair_row].T
        own = point.outside[self.pair_leaf, j].astype(int) + point.outside[self.pair_leaf, k]
        return np.where(point.missed[self.pair_leaf] == own, self.leaves.values[self.pair_leaf], 0.0)

    def _together(self, pair: int, joint: np.ndarray, point: Point, one: Moves, other: Moves) -> np.ndarray:
        """Score change beyond the sum of both moves; shape (n moves of one, n moves of the other)."""
        rows = slice(self.pair_start[pair], self.pair_start[pair + 1])
        live = joint[rows] != 0
        leaf, value = self.pair_leaf[rows][live], joint[rows][live]
        a, b = self.pairs[pair]
        entered = [
            self._inside(leaf, n, move.cells) - ~point.outside[leaf, n][:, None]
            for n, move in ((a, one), (b, other))
        ]
        return (entered[0].T * value) @ entered[1]

    def _inside(self, leaf: np.ndarray, j: int, cells: np.ndarray) -> np.ndarray:
        start, stop = self.leaves.start[leaf, j], self.leaves.stop[leaf, j]
        return ((start[:, None] <= cells) & (cells < stop[:, None])).astype(float)


def _ratings(low: float, high: float) -> np.ndarray:
    """Return every rating with one decimal of a scale, on [0, 1]."""
    tenths = np.arange(round(low * _TENTHS), round(high * _TENTHS) + 1)
    return (tenths / _TENTHS - low) / (high - low)


def _reaches(gains: np.ndarray, need: float, direction: int) -> np.ndarray:
    return gains >= need if direction > 0 else gains > need
