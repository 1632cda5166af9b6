"""Calibrators of the chosen design, learnt inside the training half from cross-fitted scores."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import minimize, minimize_scalar
from sklearn.isotonic import IsotonicRegression
from sklearn.model_selection import StratifiedKFold

from designs.task import Design, Task, log_odds, probability

# A calibrator learns from held-out scores and labels and maps new scores; all scores are log-odds.
Calibrator = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
FOLDS = 5


def calibrators(task: Task) -> dict[str, Design]:
    """The chosen design as it is, and behind each calibrator."""
    fits = CrossFits(task.product())
    found: dict[str, Design] = {"chosen: as it is": fits.raw}
    for name, calibrate in {
        "Platt: slope and intercept": platt(soften=False),
        "Platt, softened targets": platt(soften=True),
        "slope alone (temperature)": slope(soften=False),
        "slope alone, softened targets": slope(soften=True),
        "beta calibration": beta(soften=False),
        "beta calibration, softened targets": beta(soften=True),
        "isotonic": isotonic,
        "Venn-Abers on the pooled cross-fitted scores": venn_abers,
    }.items():
        found[name] = fits.behind(calibrate)
    found["Venn-Abers, inductive: half of the half calibrates"] = inductive_venn_abers(task.product())
    found[f"Venn-Abers, cross: {FOLDS} folds"] = fits.cross_venn_abers
    return found


class CrossFits:
    """A design fitted on a training half and on that half without each fold; fitted once per half."""

    def __init__(self, design: Design) -> None:
        self.design = design
        self._half: bytes = b""

    def __call__(self, rows: np.ndarray, y: np.ndarray) -> None:
        """Fit, unless this half was the last one."""
        if self._half == rows.tobytes():
            return
        folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(rows, y)
        self.full = self.design(rows, y)
        self.folds = [(rest, self.design(rows[fit], y[fit])) for fit, rest in folds]
        self._half = rows.tobytes()

    def raw(self, rows: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Scores of the design itself."""
        self(rows, y)
        return self.full

    def behind(self, calibrate: Calibrator) -> Design:
        """Scores of the design, calibrated on the cross-fitted scores of all folds together."""

        def design(rows: np.ndarray, y: np.ndarray) -> np.ndarray:
            self(rows, y)
            held_out = np.empty(len(rows))
            for rest, scores in self.folds:
                held_out[rest] = scores[rows[rest]]
            return calibrate(held_out, y, self.full)

        return design

    def cross_venn_abers(self, rows: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Cross Venn-Abers: each fold calibrates its own fit, the folds are merged by geometric mean.

        Vovk, Petej & Fedorova (2015), Large-scale probabilistic predictors, section 4.
        """
        self(rows, y)
        pairs = [venn_abers_pair(scores[rows[rest]], y[rest], scores) for rest, scores in self.folds]
        low = np.mean([np.log(1 - np.clip(p0, 0, 1 - 1e-6)) for p0, _ in pairs], axis=0)
        high = np.mean([np.log(np.clip(p1, 1e-6, 1)) for _, p1 in pairs], axis=0)
        return high - low


def platt(soften: bool) -> Calibrator:
    """Log-odds linear in the score (Platt 1999, whose targets are softened)."""

    def calibrate(s: np.ndarray, y: np.ndarray, new: np.ndarray) -> np.ndarray:
        target = _softened(y) if soften else y
        intercept, slope = minimize(lambda t: _loss(t[0] + t[1] * s, target), [0.0, 1.0]).x
        return intercept + slope * new

    return calibrate


def slope(soften: bool) -> Calibrator:
    """Log-odds proportional to the score: temperature scaling (Guo et al. 2017)."""

    def calibrate(s: np.ndarray, y: np.ndarray, new: np.ndarray) -> np.ndarray:
        target = _softened(y) if soften else y
        found = minimize_scalar(lambda b: _loss(b * s, target), bounds=(0.1, 4), method="bounded")
        return found.x * new

    return calibrate


def beta(soften: bool) -> Calibrator:
    """Log-odds c + a log p - b log(1 - p), a, b >= 0 (Kull, Silva Filho & Flach 2017)."""

    def features(scores: np.ndarray) -> np.ndarray:
        p = probability(scores)
        return np.column_stack([np.ones(len(p)), np.log(p), -np.log1p(-p)])

    def calibrate(s: np.ndarray, y: np.ndarray, new: np.ndarray) -> np.ndarray:
        A, target = features(s), _softened(y) if soften else y
        free, positive = (None, None), (0, None)
        found = minimize(lambda t: _loss(A @ t, target), [0.0, 1.0, 1.0], bounds=[free, positive, positive])
        return features(new) @ found.x

    return calibrate


def isotonic(s: np.ndarray, y: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Monotone steps (Zadrozny & Elkan 2002), kept off 0 and 1 by Laplace's rule of succession."""
    edge = 1 / (len(y) + 2)
    model = IsotonicRegression(y_min=edge, y_max=1 - edge, out_of_bounds="clip").fit(s, y)
    return log_odds(model.predict(new))


def venn_abers(s: np.ndarray, y: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Venn-Abers with the minimax merge p1 / (1 - p0 + p1) (Vovk & Petej 2014, section 4)."""
    p0, p1 = venn_abers_pair(s, y, new)
    return log_odds(p1 / (1 - p0 + p1))


def inductive_venn_abers(design: Design) -> Design:
    """Fit on half of the training half, calibrate on the other half."""

    def calibrated(rows: np.ndarray, y: np.ndarray) -> np.ndarray:
        fit, rest = next(StratifiedKFold(2, shuffle=True, random_state=0).split(rows, y))
        scores = design(rows[fit], y[fit])
        return venn_abers(scores[rows[rest]], y[rest], scores)

    return calibrated


def venn_abers_pair(s: np.ndarray, y: np.ndarray, new: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Isotonic regression at each new score, which itself is labelled 0, then 1.

    Between two neighbouring calibration scores the answer does not change: one fit per gap does.

    Returns
    -------
    tuple of two ndarrays, shape (n_new,)
    """
    known = np.unique(s)
    # Gap k lies between known[k - 1] and known[k]; a new score that equals a known one counts with it.
    gap = np.searchsorted(known, new)
    equal = np.isin(new, known)
    stand_in = np.concatenate([[known[0] - 1], (known[1:] + known[:-1]) / 2, [known[-1] + 1]])
    at = np.where(equal, new, stand_in[gap])
    points, back = np.unique(at, return_inverse=True)
    pairs = np.array([[_isotonic_at(s, y, point, label) for label in (0, 1)] for point in points])
    return pairs[back, 0], pairs[back, 1]


def _isotonic_at(s: np.ndarray, y: np.ndarray, point: float, label: int) -> float:
    model = IsotonicRegression().fit(np.append(s, point), np.append(y, label))
    return float(model.predict([point])[0])


def _softened(y: np.ndarray) -> np.ndarray:
    """Platt's targets: (n1 + 1) / (n1 + 2) for 1, 1 / (n0 + 2) for 0."""
    ones = y.sum()
    return np.where(y == 1, (ones + 1) / (ones + 2), 1 / (len(y) - ones + 2))


def _loss(f: np.ndarray, y: np.ndarray) -> float:
    return float(np.logaddexp(0, f).sum() - y @ f)
