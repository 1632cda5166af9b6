"""What LightGBM is measured against: Frey & Osborne's Gaussian processes and today's plain choices.

Every baseline sees the standardised attributes of the training labels alone (the standardisation itself
uses all occupations, but no label). Each is set beforehand; none is tuned on a test half.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from occurisk.errors import SettingsError
from occurisk.model.classifier import AutomationClassifier
from occurisk.probabilities import expit

# Frey & Osborne (2017, Table 1), by their names in the catalogue.
FREY_OSBORNE_NINE = (
    "finger_dexterity",
    "manual_dexterity",
    "cramped_work_space",
    "originality",
    "fine_arts",
    "social_perceptiveness",
    "negotiation",
    "persuasion",
    "assisting_caring",
)


def _gp(kernel: str) -> Any:
    # GaussianProcessClassifier: Laplace approximation, hyperparameters by marginal likelihood
    # (Rasmussen & Williams 2006, chapter 5), as in Frey & Osborne 2017, section 4.2.
    from sklearn.gaussian_process import GaussianProcessClassifier, kernels

    shape = {
        "rbf": lambda: kernels.RBF(3.0),
        "rational_quadratic": lambda: kernels.RationalQuadratic(3.0, 1.0),
        "linear": lambda: kernels.DotProduct(1.0),
    }[kernel]()
    return GaussianProcessClassifier(kernels.ConstantKernel(1.0) * shape, random_state=0)


def _logistic() -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=1.0, max_iter=1000)


def _lightgbm_labels_only() -> Any:
    # LightGBM's defaults cannot split fewer than 40 rows; these are its smallest workable settings.
    from occurisk.model.student import lightgbm

    return lightgbm().LGBMClassifier(
        n_estimators=100,
        num_leaves=4,
        learning_rate=0.05,
        min_child_samples=5,
        reg_lambda=1.0,
        colsample_bytree=0.5,
        random_state=0,
        n_jobs=1,
        verbosity=-1,
        deterministic=True,
        force_row_wise=True,
    )


def _extra_trees() -> Any:
    from sklearn.ensemble import ExtraTreesClassifier

    return ExtraTreesClassifier(n_estimators=100, min_samples_leaf=2, random_state=0)


BASELINES: dict[str, tuple[str, Callable[[], Any], bool]] = {
    # name: (what it is, how to make it, the nine variables alone?)
    "gp_rbf_9": ("GP RBF, 9 (Frey & Osborne)", lambda: _gp("rbf"), True),
    "gp_rational_quadratic_9": (
        "GP rational quadratic, 9",
        lambda: _gp("rational_quadratic"),
        True,
    ),
    "gp_linear_9": ("GP linear, 9", lambda: _gp("linear"), True),
    "gp_rbf": ("GP RBF", lambda: _gp("rbf"), False),
    "gp_linear": ("GP linear", lambda: _gp("linear"), False),
    "logistic": ("logistic regression, C=1", _logistic, False),
    "lightgbm_labels_only": ("LightGBM, labels alone", _lightgbm_labels_only, False),
    "extra_trees": ("extremely randomised trees", _extra_trees, False),
}
LIGHTGBM = "lightgbm"
TEACHER = "teacher"
AS_TRUE = "labels_as_true"
TITLES = {
    LIGHTGBM: "occurisk (LightGBM)",
    AS_TRUE: "it, labels taken as true",
    TEACHER: "its teacher alone",
    **{name: title for name, (title, _, _) in BASELINES.items()},
}


def check_names(names: tuple[str, ...]) -> None:
    """Raise SettingsError if a baseline is unknown."""
    unknown = [name for name in names if name not in BASELINES]
    if unknown:
        raise SettingsError(
            f"{len(unknown)} of {len(names)} baselines are unknown.",
            first=unknown[0],
            rule=f"Known: {', '.join(BASELINES)}.",
            fix="Correct evaluation.baselines in the configuration.",
        )


class Contest:
    """All models on the same occupations, fitted on the same labels.

    Parameters
    ----------
    X : DataFrame, shape (n, p)
        All occupations, attributes on [0, 1].
    y, weight : ndarray, shape (n,)
        Labels, NaN where there is none; confidence.
    classifier : AutomationClassifier
        Unfitted; cloned for every fit.
    baselines : tuple of str
        Names from `BASELINES`.
    """

    def __init__(
        self,
        X: Any,
        y: np.ndarray,
        weight: np.ndarray,
        classifier: AutomationClassifier,
        baselines: tuple[str, ...],
    ) -> None:
        check_names(baselines)
        self.X, self.y, self.weight = X, y, weight
        self.classifier, self.names = classifier, baselines
        filled = X.fillna(X.mean())
        scale = filled.std(ddof=0)
        self._Z = ((filled - filled.mean()) / scale.where(scale > 0, 1.0)).to_numpy()
        self._nine = [i for i, name in enumerate(X.columns) if name in FREY_OSBORNE_NINE]

    def predict(
        self, train: np.ndarray, test: np.ndarray, names: tuple[str, ...] | None = None
    ) -> dict[str, np.ndarray]:
        """Fit on the labels of `train`, return the probabilities at `test`, by model.

        Parameters
        ----------
        train, test : ndarray of int
            Rows of X. No other label is used: the rest count as unlabelled.
        names : tuple of str, optional
            Baselines to fit beside LightGBM; all by default.
        """
        from sklearn.base import clone
        from sklearn.exceptions import ConvergenceWarning

        y = np.full(len(self.y), np.nan)
        y[train] = self.y[train]
        model = clone(self.classifier).set_params(replicas=0).fit(self.X, y, self.weight)
        at_test = self.X.iloc[test]
        teacher = model.teacher_.log_odds(at_test.to_numpy(dtype=float))
        predictions = {
            LIGHTGBM: model.predict_proba(at_test)[:, 1],
            TEACHER: model.link.probability(teacher),
        }
        if model.link.rate:
            predictions[AS_TRUE] = expit(model.decision_function(at_test))
        for name in self.names if names is None else names:
            _, make, nine = BASELINES[name]
            Z = self._Z[:, self._nine] if nine else self._Z
            baseline = make()
            fit = {} if name.startswith("gp_") else {"sample_weight": self.weight[train]}
            with warnings.catch_warnings():
                # A length scale or alpha at its bound (a rational quadratic that wants to be an RBF) is a
                # finding about the kernel, not a failure of the fit.
                warnings.simplefilter("ignore", ConvergenceWarning)
                baseline.fit(Z[train], self.y[train], **fit)
            predictions[name] = baseline.predict_proba(Z[test])[:, 1]
        return predictions
