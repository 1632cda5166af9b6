"""Plain designs: Frey & Osborne's Gaussian processes and today's simple choices."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from designs.task import Design, Task, log_odds
from occurisk.evaluation.baselines import BASELINES, FREY_OSBORNE_NINE


def plain(task: Task) -> dict[str, Design]:
    """The baselines of `occurisk evaluate`, and logistic regression of other strengths."""
    nine, every = task.columns(FREY_OSBORNE_NINE), list(range(len(task.names)))
    found: dict[str, Design] = {}
    for name, (title, make, few) in BASELINES.items():
        if name != "logistic":
            columns = nine if few else every
            found[title if few else f"{title}, {len(columns)}"] = sklearn_design(task, make, columns)
    for columns in (nine, every):
        for C in (0.3, 1.0, 3.0):
            found[f"logistic regression C={C:g}, {len(columns)}"] = logistic(task, C, columns)
    return found


def logistic(task: Task, C: float = 1.0, columns: list[int] | None = None) -> Design:
    """scikit-learn's logistic regression on standardised attributes."""
    return sklearn_design(
        task, lambda: LogisticRegression(C=C, max_iter=1000), columns or range(len(task.names))
    )


def sklearn_design(task: Task, make: Callable[[], Any], columns: Any) -> Design:
    """Wrap an estimator that sees the labelled occupations alone."""
    Z = task.Z[:, list(columns)]

    def design(rows: np.ndarray, y: np.ndarray) -> np.ndarray:
        with warnings.catch_warnings():
            # A kernel's length scale at its bound is a finding about the kernel.
            warnings.simplefilter("ignore", ConvergenceWarning)
            return log_odds(make().fit(Z[rows], y).predict_proba(Z)[:, 1])

    return design
