"""What every design is given: the occupations, and nothing of the labels but those it is handed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.special import expit, logit
from sklearn.base import clone

from occurisk.model.classifier import AutomationClassifier
from occurisk.model.teacher import FeatureMap, posterior_mode, with_intercept
from occurisk.model.training import TrainingData, load_data

# A design learns from labelled rows of X and returns the log-odds of every row, shape (n,).
Design = Callable[[np.ndarray, np.ndarray], np.ndarray]
# Nobody is surer than one in a million; keeps log-loss finite where a design says 0 or 1.
SUREST = 1e-6


@dataclass(frozen=True)
class Task:
    """The occupations of the default configuration, their labels, and the chosen classifier.

    Attributes
    ----------
    data : TrainingData
    X, Z : ndarray, shape (n, p)
        Attributes on [0, 1], NaN where O*NET has a gap; standardised on all occupations, gaps at the mean.
    rows, y : ndarray, shape (70,)
        Rows of X that carry a label, and the label.
    """

    data: TrainingData
    X: np.ndarray
    Z: np.ndarray
    rows: np.ndarray
    y: np.ndarray

    @classmethod
    def load(cls) -> Task:
        """Read configs/train.yaml and what it names."""
        data = load_data()
        X, y = data.X.to_numpy(dtype=float), data.labels.y
        return cls(data, X, standardise(X), data.X.index.get_indexer(y.index), y.to_numpy(dtype=float))

    @cached_property
    def names(self) -> list[str]:
        """Attribute names in column order."""
        return list(self.data.X.columns)

    @cached_property
    def classifier(self) -> AutomationClassifier:
        """The product's classifier, unfitted, without replicas; like every design it takes labels as true."""
        return self.data.classifier(replicas=0, label_error=0.0)

    @cached_property
    def groups(self) -> list[str]:
        """Task group of each attribute, as the chosen teacher has them."""
        return [self.classifier.groups[name] for name in self.names]

    @cached_property
    def blocks(self) -> list[list[int]]:
        """Columns of each bottleneck, as the chosen teacher has them."""
        return [self.columns(block) for block in self.classifier.bottlenecks]

    @cached_property
    def signs(self) -> np.ndarray:
        """Sign that theory expects of each attribute: -1, 0 or 1."""
        return np.array([self.classifier.signs.get(name, 0) for name in self.names])

    def columns(self, names: Any) -> list[int]:
        """Return the columns of the named attributes."""
        return [self.names.index(name) for name in names]

    def product(self, **changes: Any) -> Design:
        """Return the product's LightGBM, with changed parameters of `AutomationClassifier`."""

        def design(rows: np.ndarray, y: np.ndarray) -> np.ndarray:
            labels = np.full(len(self.X), np.nan)
            labels[rows] = y
            model = clone(self.classifier).set_params(**changes).fit(self.data.X, labels)
            return model.decision_function(self.data.X)

        return design

    def features(
        self,
        X: np.ndarray | None = None,
        groups: list[str] | None = None,
        blocks: Any = None,
        prior_variance: float = 1.0,
    ) -> np.ndarray:
        """Return the teacher's features, intercept first; the chosen ones unless changed.

        Columns beyond the attributes do not raise the prior variance of the log-odds, as more columns would.
        """
        X = self.X if X is None else X
        per_column = prior_variance * len(self.names) / X.shape[1]
        learnt = FeatureMap.learn(
            X, groups or self.groups, self.blocks if blocks is None else blocks, per_column
        )
        return with_intercept(learnt(X))


def linear(A: np.ndarray, prior_mean: np.ndarray | None = None) -> Design:
    """Logistic regression with a unit Gaussian prior on the coefficients of the features A."""
    return lambda rows, y: A @ posterior_mode(A[rows], y, prior_mean=prior_mean)


def average(*designs: Design) -> Design:
    """Mean log-odds of several designs."""
    return lambda rows, y: np.mean([design(rows, y) for design in designs], axis=0)


def remembered(design: Design) -> Design:
    """Keep a design's last answer, for designs that share it."""
    last: dict[bytes, np.ndarray] = {}

    def answer(rows: np.ndarray, y: np.ndarray) -> np.ndarray:
        if (key := rows.tobytes()) not in last:
            last.clear()
            last[key] = design(rows, y)
        return last[key]

    return answer


def standardise(X: np.ndarray) -> np.ndarray:
    """Mean 0, variance 1 over all occupations; gaps at the mean."""
    return np.nan_to_num((X - np.nanmean(X, axis=0)) / np.nanstd(X, axis=0))


def log_odds(p: np.ndarray) -> np.ndarray:
    """Log-odds of probabilities that may be 0 or 1."""
    return logit(np.clip(p, SUREST, 1 - SUREST))


def probability(f: np.ndarray) -> np.ndarray:
    """Inverse of `log_odds`."""
    return np.clip(expit(f), SUREST, 1 - SUREST)
