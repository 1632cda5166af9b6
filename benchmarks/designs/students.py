"""Designs of the student: how LightGBM learns from the teacher."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import expit, logit

from designs.plain import logistic
from designs.task import Design, Task, average, linear, remembered
from designs.teachers import cross_fitted, kernel
from occurisk.model.student import LOG_ODDS_LIMIT, lightgbm
from occurisk.model.teacher import FeatureMap, posterior_mode, with_intercept

# What the prototype of July had: cross-entropy on soft labels, hand labels smoothed and weighted.
PROTOTYPE = {
    "objective": "cross_entropy",
    "num_leaves": 7,
    "learning_rate": 0.05,
    "rounds": 200,
    "min_data_in_leaf": 10,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "monotone_constraints": None,
}
SMOOTHING = 0.02
SHALLOW = {"rounds": 25, "learning_rate": 0.05, "objective": "binary", "feature_fraction": 0.5}


def students(task: Task) -> dict[str, Design]:
    """Targets, weights and rows of the student."""
    teach, chosen = linear(task.features()), remembered(task.product())
    soft = {"objective": "cross_entropy"}
    return {
        "chosen student": chosen,
        "no student: the teacher alone": teach,
        "mean log-odds of teacher and student": average(teach, chosen),
        "cross-entropy on the teacher's probabilities": Student(task, teach, **soft),
        "cross-entropy, hand labels (smoothed .02) counted 5 times": Student(task, teach, hand=5, **soft),
        "the prototype: cross-entropy, 7 leaves, bagging, hand labels x 5": Student(
            task, teach, hand=5, **PROTOTYPE
        ),
        "the prototype on plain logistic regression, C=1": Student(task, logistic(task), hand=5, **PROTOTYPE),
        "hand labels (smoothed .02) as targets, counted once": Student(task, teach, hand=1),
        "hand labels (smoothed .02) as targets, counted 5 times": Student(task, teach, hand=5),
        "occupations weighted by the teacher's p(1-p)": Student(task, teach, doubt=True),
        "800 mixed occupations (mixup) added": mixed(task, 800),
        "3,000 mixed occupations (mixup) added": mixed(task, 3000),
        "test occupations hidden from the student (inductive)": Student(task, teach, hide=True),
        "teacher as init_score, 25 small trees on the labels": boosted(task, teach, fresh=False),
        "the same, teacher's log-odds of the labels cross-fitted": boosted(task, teach, fresh=True),
    }


def settings(task: Task) -> dict[str, Design]:
    """LightGBM's parameters, one changed at a time."""
    teach = linear(task.features())
    changes: dict[str, dict[str, Any]] = {
        "no monotone constraints": {"signs": None},
        "feature_fraction 0.3": {"feature_fraction": 0.3},
        "feature_fraction 0.5": {"feature_fraction": 0.5},
        "feature_fraction 1": {"feature_fraction": 1.0},
        "200 rounds": {"rounds": 200},
        "400 rounds": {"rounds": 400},
        "1,000 rounds": {"rounds": 1000},
        "learning rate 0.05, 1,200 rounds": {"learning_rate": 0.05, "rounds": 1200},
        "learning rate 0.2, 300 rounds": {"learning_rate": 0.2, "rounds": 300},
        "7 leaves, 300 rounds": {"num_leaves": 7, "rounds": 300},
        "15 leaves, 150 rounds": {"num_leaves": 15, "rounds": 150},
        "min_data_in_leaf 20": {"min_data_in_leaf": 20},
        "lambda_l2 0": {"lambda_l2": 0.0},
        "lambda_l2 10": {"lambda_l2": 10.0},
    }
    found = {"chosen settings": task.product()}
    found |= {name: task.product(**change) for name, change in changes.items()}
    found["monotone constraints, advanced method"] = Student(
        task, teach, monotone_constraints_method="advanced"
    )
    found["extremely randomised splits"] = Student(task, teach, extra_trees=True)
    return found


def ablations(task: Task) -> dict[str, Design]:
    """The whole recipe with one part of the teacher taken out."""
    F = task.features()[:, 1:]
    bump = np.exp(-((F[:, None, :] - F[None]) ** 2).sum(axis=2) / len(task.names))
    return {
        "whole recipe": task.product(),
        "no bottleneck": task.product(bottlenecks=()),
        "every attribute a group of its own": task.product(groups=None),
        "neither bottleneck nor groups": task.product(bottlenecks=(), groups=None),
        "no monotone signs": task.product(signs=None),
        "neither bottleneck nor groups nor signs": task.product(bottlenecks=(), groups=None, signs=None),
        "prior variance 0.5": task.product(prior_variance=0.5),
        "prior variance 2": task.product(prior_variance=2.0),
        "linear and 10 x RBF teacher": Student(task, kernel(1 + F @ F.T + 10 * bump)),
    }


def seeds(task: Task) -> dict[str, Design]:
    """The chosen recipe and a neighbour of it, nothing changed but LightGBM's seed."""
    found: dict[str, Design] = {f"seed {task.classifier.random_state} (the configuration's)": task.product()}
    for share in (task.classifier.feature_fraction, 0.3):
        where = f"feature_fraction {share:g}"
        some = [remembered(task.product(random_state=seed, feature_fraction=share)) for seed in range(1, 6)]
        found |= {f"{where}, seed {seed}": design for seed, design in enumerate(some, start=1)}
        found[f"{where}, mean log-odds of the five"] = average(*some)
    return found


class Student:
    """LightGBM on a teacher's log-odds of all occupations.

    Parameters
    ----------
    task : Task
    teach : Design
    hand : int
        How often each hand label, smoothed, counts in place of the teacher's word; 0 for never.
    doubt : bool
        Weigh each occupation by p(1 - p).
    hide : bool
        Keep labelled occupations outside the training half from the student, too.
    params
        LightGBM's, and `rounds`; instead of the chosen ones.
    """

    def __init__(
        self,
        task: Task,
        teach: Design,
        hand: int = 0,
        doubt: bool = False,
        hide: bool = False,
        **params: Any,
    ) -> None:
        self.task, self.teach, self.params = task, teach, params
        self.hand, self.doubt, self.hide = hand, doubt, hide

    def __call__(self, rows: np.ndarray, y: np.ndarray) -> np.ndarray:
        target = np.clip(self.teach(rows, y), -LOG_ODDS_LIMIT, LOG_ODDS_LIMIT)
        p = expit(target)
        weight = p * (1 - p) if self.doubt else np.ones(len(target))
        if self.hand:
            target[rows] = logit(np.where(y == 1, 1 - SMOOTHING, SMOOTHING))
            weight[rows] = self.hand
        seen = np.ones(len(target), dtype=bool)
        seen[np.setdiff1d(self.task.rows, rows)] = not self.hide
        if self.params.get("objective") == "cross_entropy":
            target = expit(target)
        booster = grow(self.task, self.task.X[seen], target[seen], weight[seen], **self.params)
        return booster.predict(self.task.X, raw_score=True)


def grow(
    task: Task,
    X: np.ndarray,
    target: np.ndarray,
    weight: np.ndarray | None = None,
    init_score: np.ndarray | None = None,
    **changes: Any,
) -> Any:
    """Fit LightGBM with the chosen settings, or some of them changed."""
    params = {
        "objective": "regression",
        "verbosity": -1,
        "deterministic": True,
        "force_row_wise": True,
        "max_bin": 63,
        "monotone_constraints": task.signs.tolist(),
        **task.data.settings.model.student.model_dump(exclude={"monotone"}),
        "seed": task.classifier.random_state,
        "num_threads": 1,
        **changes,
    }
    rounds = params.pop("rounds")
    data = lightgbm().Dataset(X, target, weight=weight, init_score=init_score, params=params)
    return lightgbm().train(params, data, rounds)


def mixed(task: Task, count: int) -> Design:
    """Add occupations between two others, judged by the teacher (after Zhang et al. 2018, mixup)."""
    rng = np.random.default_rng(0)
    one, other = rng.integers(0, len(task.X), (2, count))
    share = rng.random((count, 1))
    between = share * task.X[one] + (1 - share) * task.X[other]
    learnt = FeatureMap.learn(task.X, task.groups, task.blocks, 1.0)
    X = np.vstack([task.X, between])
    A = with_intercept(learnt(X))

    def design(rows: np.ndarray, y: np.ndarray) -> np.ndarray:
        target = np.clip(A @ posterior_mode(A[rows], y), -LOG_ODDS_LIMIT, LOG_ODDS_LIMIT)
        return grow(task, X, target).predict(task.X, raw_score=True)

    return design


def boosted(task: Task, teach: Design, fresh: bool) -> Design:
    """Start from the teacher's log-odds and boost on the labels; `fresh` cross-fits the start."""

    def design(rows: np.ndarray, y: np.ndarray) -> np.ndarray:
        everywhere = teach(rows, y)
        start = cross_fitted(teach, rows, y) if fresh else everywhere[rows]
        booster = grow(task, task.X[rows], y, init_score=start, **SHALLOW)
        return everywhere + booster.predict(task.X, raw_score=True)

    return design
