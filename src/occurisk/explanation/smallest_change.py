"""What would change it: the smallest change of at most two attributes that crosses the nearest band limit.

The search is exact. Between split points the ensemble does not move, so the only values worth trying are
those just past a split. A change of one attribute adds its own effect; a change of two adds both effects
and what the leaves that know both attributes contribute together. Pairs that provably cannot reach the
limit, or not at less cost than the best change found so far, are left out.

It is a statement about the model, not advice: attributes of real work rarely change one at a time.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from occurisk.bands import Bands
from occurisk.explanation.tree_boxes import Boxes
from occurisk.training_data.catalogue import Catalogue

COLUMNS = [
    "limit", "direction", "found", "distance", "probability",
    "attribute_1", "from_1", "to_1", "attribute_2", "from_2", "to_2",
]  # fmt: skip


def nearest_limit(probability: float, bands: Bands) -> tuple[float, int]:
    """Return the band limit nearest in log-odds (as a probability) and the way to it: -1 down, +1 up."""
    if probability >= bands.high:
        return bands.high, -1
    if probability < bands.low:
        return bands.low, +1
    to_high = _logit(bands.high) - _logit(probability)
    to_low = _logit(probability) - _logit(bands.low)
    return (bands.high, +1) if to_high < to_low else (bands.low, -1)


def find_changes(
    boxes: Boxes, X: pd.DataFrame, reference: pd.DataFrame, catalogue: Catalogue, bands: Bands | None = None
) -> pd.DataFrame:
    """Find for each occupation the smallest change that would move it over the nearest band limit.

    Parameters
    ----------
    boxes : Boxes
        The ensemble.
    X : DataFrame, shape (n_occupations, n_attributes)
        Occupations to search for; attributes on [0, 1].
    reference : DataFrame, shape (n_reference, n_attributes)
        Sets the unit (standard deviations) and the range (lowest and highest value) of each attribute.
    catalogue : Catalogue
        Signs: an attribute that theory says raises the susceptibility may only fall when the limit lies
        below, and only rise when it lies above; attributes without a sign may move both ways.
    bands : Bands, optional

    Returns
    -------
    DataFrame, index of X
        `limit` (probability), `direction` (-1 down, +1 up), `found`, `distance` (sum of absolute changes in
        standard deviations), `probability` (after the change), and for up to two attributes `attribute_i`,
        `from_i`, `to_i` (on [0, 1]; the name is empty where there is none). A missing
        attribute is never changed.
    """
    search = _Search(boxes, reference, catalogue)
    bands = bands or Bands()
    rows = [search.run(x, bands) for x in X[boxes.names].to_numpy(dtype=float)]
    return pd.DataFrame(rows, columns=COLUMNS, index=X.index)


class _Search:
    """What the search needs of an ensemble, laid out once for all occupations."""

    def __init__(self, boxes: Boxes, reference: pd.DataFrame, catalogue: Catalogue) -> None:
        self.boxes = boxes
        reference = reference[boxes.names]
        self.sd = reference.std(ddof=0).to_numpy()
        self.low, self.high = reference.min().to_numpy(), reference.max().to_numpy()
        self.signs = np.array([catalogue[name].sign for name in boxes.names])
        constrained = boxes.constrained
        # Effects of one attribute: a row per (leaf, attribute) that the leaf bounds.
        self.leaf, self.attribute = np.nonzero(constrained)
        sizes = np.array([len(splits) + 2 for splits in boxes.splits])
        self.offset = np.concatenate([[0], np.cumsum(sizes)])
        at = self.offset[self.attribute]
        self.first = at + boxes.start[self.leaf, self.attribute]
        self.last = at + boxes.stop[self.leaf, self.attribute]
        # Effects of two: a row per (leaf, attribute, attribute).
        j, k = np.triu_indices(len(boxes.names), k=1)
        both = constrained[:, j] & constrained[:, k]
        self.pairs = np.column_stack([j, k])
        pair_of, self.pair_leaf = np.nonzero(both.T)
        self.pair_row = pair_of
        self.pair_start = np.searchsorted(pair_of, np.arange(len(j) + 1))

    def run(self, x: np.ndarray, bands: Bands) -> list[object]:
        boxes = self.boxes
        cells = boxes.cells(x)
        outside = ~boxes.inside(cells)
        missed = outside.sum(axis=1)
        score = float(boxes.values[missed == 0].sum())
        goal, direction = nearest_limit(1 / (1 + np.exp(-score)), bands)
        # From above, the limit itself still belongs to the upper band: p must fall below it.
        need = direction * (_logit(goal) - score)

        effects = self._effects(outside, missed, cells)
        moves = [self._moves(j, x[j], cells[j], direction, effects) for j in range(len(x))]
        best: tuple[float, float, list[tuple[int, float]]] | None = None
        for j, (values, costs, gains, _) in enumerate(moves):
            for i in np.flatnonzero(self._reaches(gains, need, direction)):
                if best is None or costs[i] < best[0]:
                    best = (costs[i], score + direction * gains[i], [(j, values[i])])
        best = self._best_pair(best, moves, score, need, direction, cells, outside, missed)
        if best is None:
            return [goal, direction, False, np.nan, np.nan, "", np.nan, np.nan, "", np.nan, np.nan]
        cost, after, changed = best
        row: list[object] = [goal, direction, True, cost, 1 / (1 + np.exp(-after))]
        for j, value in changed:
            row += [boxes.names[j], x[j], value]
        return row + ["", np.nan, np.nan] * (2 - len(changed))

    def _effects(self, outside: np.ndarray, missed: np.ndarray, cells: np.ndarray) -> np.ndarray:
        """Score change of moving one attribute to each of its cells, all attributes in one array."""
        alone = missed[self.leaf] == outside[self.leaf, self.attribute]
        weights = np.where(alone, self.boxes.values[self.leaf], 0.0)
        size = self.offset[-1]
        steps = np.bincount(self.first, weights, size) - np.bincount(self.last, weights, size)
        level = np.cumsum(steps)
        here = level[self.offset[:-1] + np.maximum(cells, 0)]
        return level - np.repeat(here, np.diff(self.offset))

    def _moves(
        self, j: int, value: float, cell: int, direction: int, effects: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Values worth trying for one attribute: values, costs, gains towards the limit, cells."""
        splits = self.boxes.splits[j]
        nothing = np.empty(0)
        if cell < 0 or not len(splits) or self.sd[j] == 0:
            return nothing, nothing, nothing, nothing.astype(int)
        sign = self.signs[j] * direction
        up = np.arange(cell + 1, len(splits) + 1) if sign >= 0 else np.empty(0, dtype=int)
        down = np.arange(cell) if sign <= 0 else np.empty(0, dtype=int)
        # Just past the split below when rising, at the split above when falling.
        values = np.concatenate([np.nextafter(splits[up - 1], np.inf), splits[down]])
        to = np.concatenate([up, down])
        allowed = (values >= self.low[j]) & (values <= self.high[j])
        values, to = values[allowed], to[allowed]
        return values, np.abs(values - value) / self.sd[j], direction * effects[self.offset[j] + to], to

    def _best_pair(
        self,
        best: tuple[float, float, list[tuple[int, float]]] | None,
        moves: list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]],
        score: float,
        need: float,
        direction: int,
        cells: np.ndarray,
        outside: np.ndarray,
        missed: np.ndarray,
    ) -> tuple[float, float, list[tuple[int, float]]] | None:
        boxes = self.boxes
        j, k = self.pairs.T
        leaf = self.pair_leaf
        oj, ok = outside[leaf, j[self.pair_row]], outside[leaf, k[self.pair_row]]
        joint = np.where(missed[leaf] == oj.astype(int) + ok, boxes.values[leaf], 0.0)
        slack = np.bincount(self.pair_row, np.abs(joint), len(j))
        gain = np.array([gains.max(initial=-np.inf) for _, _, gains, _ in moves])
        cheapest = np.array([costs.min(initial=np.inf) for _, costs, _, _ in moves])
        hope = gain[j] + gain[k] + slack
        open_ = np.flatnonzero((hope >= need) & np.isfinite(hope))
        for pair in open_[np.argsort(-hope[open_], kind="stable")]:
            a, b = j[pair], k[pair]
            if best is not None and cheapest[a] + cheapest[b] >= best[0]:
                continue
            va, ca, ga, ta = moves[a]
            vb, cb, gb, tb = moves[b]
            if best is not None:
                keep_a, keep_b = ca < best[0] - cheapest[b], cb < best[0] - cheapest[a]
                va, ca, ga, ta = va[keep_a], ca[keep_a], ga[keep_a], ta[keep_a]
                vb, cb, gb, tb = vb[keep_b], cb[keep_b], gb[keep_b], tb[keep_b]
            rows = slice(self.pair_start[pair], self.pair_start[pair + 1])
            rows_leaf, weight = leaf[rows], joint[rows]
            live = weight != 0
            rows_leaf, weight = rows_leaf[live], weight[live]
            in_a = self._inside(rows_leaf, a, ta) - ~oj[rows][live][:, None]
            in_b = self._inside(rows_leaf, b, tb) - ~ok[rows][live][:, None]
            together = direction * (in_a.T * weight) @ in_b
            gains = ga[:, None] + gb[None, :] + together
            costs = np.where(self._reaches(gains, need, direction), ca[:, None] + cb[None, :], np.inf)
            if not costs.size:
                continue
            at = np.unravel_index(np.argmin(costs), costs.shape)
            if np.isfinite(costs[at]) and (best is None or costs[at] < best[0]):
                after = score + direction * gains[at]
                best = (float(costs[at]), float(after), [(a, va[at[0]]), (b, vb[at[1]])])
        return best

    def _inside(self, leaf: np.ndarray, j: int, cells: np.ndarray) -> np.ndarray:
        start, stop = self.boxes.start[leaf, j], self.boxes.stop[leaf, j]
        return ((start[:, None] <= cells) & (cells < stop[:, None])).astype(float)

    @staticmethod
    def _reaches(gains: np.ndarray, need: float, direction: int) -> np.ndarray:
        return gains >= need if direction > 0 else gains > need


def _logit(p: float) -> float:
    return float(np.log(p / (1 - p)))
