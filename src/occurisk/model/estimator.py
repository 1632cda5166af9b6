"""What both estimators share: attributes checked by name, one student, and a student for each replica."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted, validate_data

from occurisk.model.label_error import NO_ERRORS, PanelLink
from occurisk.model.student import StudentFitter

_PLAIN_NAME = re.compile(r"\w+")
STUDENT = ("rounds", "num_leaves", "learning_rate", "min_data_in_leaf", "lambda_l2", "feature_fraction")


class StudentEstimator(BaseEstimator):  # type: ignore[misc]
    """A teacher that knows the labels, a LightGBM student that scores; the student's raw score is log-odds.

    Attributes
    ----------
    booster_ : lightgbm.Booster
    replica_boosters_ : list of lightgbm.Booster
    names_ : list of str
        The attributes, in the order of the columns of X.
    n_labelled_ : int
    error_rate_ : float
        Rate at which experts err; 0 where every label is taken as true.
    replica_error_rates_ : ndarray, shape (replicas,)
        The same for each replica.
    """

    # Of a bundle's manifest: who does not know the estimator refuses the format.
    bundle_format: int
    soft_labels: bool  # whether a label is a share from 0 to 1
    teacher_class: Any
    signs: Mapping[str, int] | None
    nominal: float
    random_state: int
    num_threads: int
    error_rate_: float
    replica_error_rates_: np.ndarray

    @classmethod
    def restore(
        cls,
        parameters: Mapping[str, Any],
        *,
        classes: Sequence[Any],
        names: Sequence[str],
        labelled: int,
        teacher: Any,
        booster: Any,
        replica_boosters: Sequence[Any],
        error_rate: float = 0.0,
        replica_error_rates: Sequence[float] = (),
    ) -> Any:
        """Put a fitted estimator together again from its parts, as a bundle keeps them.

        Parameters
        ----------
        parameters : mapping
            As `get_params` returned them.
        classes : sequence of length 2
        names : sequence of str
            The attributes, in the order of the columns of X.
        labelled : int
            How many labels it was fitted on.
        teacher : Teacher
        booster : lightgbm.Booster
        replica_boosters : sequence of lightgbm.Booster
        error_rate, replica_error_rates : float, sequence of float
            At which experts err, in the score and in each replica.
        """
        model = cls(**parameters)
        model.classes_ = np.array(classes)
        model.names_ = list(names)
        model.feature_names_in_ = np.array(model.names_, dtype=object)
        model.n_features_in_ = len(model.names_)
        model.n_labelled_ = labelled
        model.teacher_, model.booster_ = teacher, booster
        model.replica_boosters_ = list(replica_boosters)
        model.error_rate_, model.replica_error_rates_ = error_rate, np.array(replica_error_rates, dtype=float)
        return model

    @property
    def link(self) -> PanelLink:
        """From log-odds to the score: every label is taken as true."""
        return NO_ERRORS

    def decision_function(self, X: Any) -> np.ndarray:
        """Return the log-odds of the score, shape (n,)."""
        X = self._checked(X)
        return self._raw(self.booster_, X)

    def _fitter(self, X: np.ndarray) -> StudentFitter:
        return StudentFitter(
            X,
            self.names_,
            {name: getattr(self, name) for name in STUDENT},
            self._sign_of_each(),
            self.random_state,
            self.num_threads,
        )

    def _replicas_raw(self, X: np.ndarray) -> np.ndarray:
        """Log-odds in every replica, shape (n, replicas)."""
        if not self.replica_boosters_:
            raise ValueError("replicas must be > 0 when fitting to predict intervals, got 0.")
        return np.column_stack([self._raw(booster, X) for booster in self.replica_boosters_])

    def _checked(self, X: Any) -> np.ndarray:
        check_is_fitted(self, "booster_")
        return validate_data(self, X, reset=False, ensure_all_finite="allow-nan", dtype=np.float64)

    @staticmethod
    def _raw(booster: Any, X: np.ndarray) -> np.ndarray:
        return booster.predict(X, raw_score=True)

    def _column_names(self, n: int) -> list[str]:
        """The attributes' names, or x0, x1, … where LightGBM could not store them."""
        names = getattr(self, "feature_names_in_", None)
        if names is not None and all(_PLAIN_NAME.fullmatch(name) for name in names):
            return list(names)
        return [f"x{i}" for i in range(n)]

    def _sign_of_each(self) -> list[int] | None:
        return [self.signs.get(name, 0) for name in self.names_] if self.signs else None
