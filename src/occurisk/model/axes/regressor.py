"""`ExposureRegressor`: soft labels from 0 to 1, a Gaussian process that knows them, a student that scores."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Self

import numpy as np
import pandas as pd
from scipy.special import expit, logit
from scipy.stats import norm
from sklearn.base import RegressorMixin
from sklearn.utils.validation import (
    _check_sample_weight,
    check_consistent_length,
    column_or_1d,
    validate_data,
)

from occurisk.errors import SettingsError
from occurisk.model.axes.gaussian_teacher import (
    GaussianTeacher,
    fitted_process,
    group_stretch,
    kernel_figures,
)
from occurisk.model.estimator import StudentEstimator
from occurisk.model.settings import GaussianProcessSettings, Settings
from occurisk.model.teacher import FeatureMap
from occurisk.training_data.catalogue import Catalogue

# No score is nearer to 0 or 1 than this, so that log-odds stay within what twenty-odd tasks can tell.
LEAST = 0.005
# An occupation of SOC; its first two digits are its major group.
_SOC = re.compile(r"\d{2}-\d{4}")
# Added to the diagonal of the draws' covariance, as a share of it: Cholesky needs it positive definite.
_JITTER = 1e-8


class ExposureRegressor(RegressorMixin, StudentEstimator):  # type: ignore[misc]
    """Semi-supervised regression of shares, such as the share of an occupation's work that is exposed.

    A Gaussian process with an RBF and a linear kernel (the teacher; Rasmussen & Williams 2006, chapter 2)
    is fitted to logit(offset + (1 - 2 offset) y). A LightGBM ensemble (the student) is fitted to the log-odds
    of its mean at *all* occupations and does the scoring. Replicas follow draws from the posterior.

    Parameters
    ----------
    offset : float
        Keeps labels of 0 and 1 finite: an occupation has some twenty rated tasks.
    group_prior : float
        For how many occupations the process's own expectation of scatter counts beside those of a group.
    signs : mapping of str to int, optional
        +1 or -1 by attribute name: monotone constraint of the student.
    rounds, num_leaves, learning_rate, min_data_in_leaf, lambda_l2, feature_fraction
        LightGBM's parameters of the same names.
    replicas : int
        Number of posterior draws behind the intervals; 0 for none.
    nominal : float
        Nominal level of the intervals.
    random_state : int
        Seed of the draws and of LightGBM.
    num_threads : int

    Attributes
    ----------
    teacher_ : GaussianTeacher
    process_ : GaussianProcessRegressor
        Only after `fit`; a bundle does not keep it.
    booster_, replica_boosters_
        See `StudentEstimator`.

    Notes
    -----
    `y` may hold NaN: an occupation without a label informs the standardisation and the student alone.

    Raters agree more on some major groups than on others. Where X is a DataFrame with SOC codes as its index,
    intervals are stretched by what the training labels of the group show (`GaussianTeacher.stretch`).
    """

    bundle_format = 3
    soft_labels = True
    teacher_class = GaussianTeacher

    def __init__(
        self,
        *,
        offset: float = 0.05,
        group_prior: float = 10.0,
        signs: Mapping[str, int] | None = None,
        rounds: int = 600,
        num_leaves: int = 4,
        learning_rate: float = 0.1,
        min_data_in_leaf: int = 5,
        lambda_l2: float = 1.0,
        feature_fraction: float = 0.15,
        replicas: int = 0,
        nominal: float = 0.9,
        random_state: int = 0,
        num_threads: int = 1,
    ) -> None:
        self.offset = offset
        self.group_prior = group_prior
        self.signs = signs
        self.rounds = rounds
        self.num_leaves = num_leaves
        self.learning_rate = learning_rate
        self.min_data_in_leaf = min_data_in_leaf
        self.lambda_l2 = lambda_l2
        self.feature_fraction = feature_fraction
        self.replicas = replicas
        self.nominal = nominal
        self.random_state = random_state
        self.num_threads = num_threads

    @classmethod
    def from_settings(cls, settings: Settings, catalogue: Catalogue, **overrides: Any) -> ExposureRegressor:
        """Build the unfitted regressor that a configuration describes.

        Parameters
        ----------
        settings : Settings
        catalogue : Catalogue
            For the signs of the attributes, if the student is monotone.
        **overrides
            Parameters of the class that take precedence.

        Raises
        ------
        SettingsError
            If the configuration's teacher is another one.
        """
        teacher, student = settings.model.teacher, settings.model.student
        if not isinstance(teacher, GaussianProcessSettings):
            raise SettingsError(
                f"The teacher of {settings.name} is no Gaussian process.", rule="It has `offset`."
            )
        params: dict[str, Any] = {
            "offset": teacher.offset,
            "group_prior": teacher.group_prior,
            "signs": catalogue.signs if student.monotone else None,
            **student.model_dump(exclude={"monotone"}),
            "replicas": settings.model.replicas,
            "nominal": settings.model.nominal,
            "random_state": settings.seed,
        }
        return cls(**(params | overrides))

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit teacher, student and replicas.

        Parameters
        ----------
        X : array-like or DataFrame, shape (n_occupations, n_attributes)
            NaN allowed.
        y : array-like, shape (n_occupations,)
            From 0 to 1; NaN where there is no label.
        sample_weight : array-like, optional
            Checked, and not used: a mean over raters comes without one.
        """
        groups = major_groups(X)
        X = validate_data(self, X, ensure_all_finite="allow-nan", dtype=np.float64)
        y = column_or_1d(y, warn=True).astype(float)
        check_consistent_length(X, y)
        _check_sample_weight(sample_weight, X)
        if np.isinf(y).any():
            raise ValueError("Input y contains infinity or a value too large for dtype('float64').")
        labelled = ~np.isnan(y)
        if labelled.sum() < 2 or ((y[labelled] < 0) | (y[labelled] > 1)).any():
            raise ValueError(
                f"Labels run from 0 to 1, and there are at least two; got n_samples={labelled.sum()}, "
                f"outside: {int(((y[labelled] < 0) | (y[labelled] > 1)).sum())}."
            )
        self.names_ = self._column_names(X.shape[1])
        self.n_labelled_, self.classes_ = int(labelled.sum()), np.array([0, 1])
        self.error_rate_, self.replica_error_rates_ = 0.0, np.zeros(self.replicas)

        features = FeatureMap.learn(X, self.names_, (), 1.0)
        Z = features(X)
        self.process_ = fitted_process(Z[labelled], self._to_teacher(y[labelled]), self.random_state)
        known = np.full(len(y), "") if groups is None else groups
        stretch = group_stretch(self.process_, known[labelled], self.group_prior, self.nominal)
        self.teacher_ = GaussianTeacher(features, kernel_figures(self.process_), stretch)
        mean, covariance = self.process_.predict(Z, return_cov=True)
        fitter = self._fitter(X)
        self.booster_ = fitter.fit(logit(self._to_score(mean)))
        draws = self._function_draws(mean, covariance)
        self.replica_boosters_ = [fitter.fit(logit(self._to_score(drawn))) for drawn in draws]
        if self.replica_boosters_:
            of_process = np.diag(covariance) - self.teacher_.noise**2
            widening = float(np.sqrt(of_process.mean() / self._replica_variance(X).mean()))
            self.teacher_ = replace(self.teacher_, widening=max(widening, 1.0))
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Return the score, a share from 0 to 1, shape (n,)."""
        return np.asarray(expit(self.decision_function(X)))

    def teacher_scores(self, X: Any) -> np.ndarray:
        """Return the Gaussian process's own scores, shape (n,); of a model that was fitted here."""
        Z = self.teacher_.features(self._checked(X))
        return np.clip(self._unshrunk(self.process_.predict(Z)), 0.0, 1.0)

    def predict_replicas(self, X: Any) -> np.ndarray:
        """Return what as many other panels might have said, shape (n, replicas).

        Each replica holds its draw of what the attributes say, and of each occupation's own part.
        """
        groups, X = major_groups(X), self._checked(X)
        centre = self._to_teacher(expit(self._raw(self.booster_, X)))[:, None]
        drawn = self._to_teacher(expit(self._replicas_raw(X)))
        own = np.random.default_rng([self.random_state, 3]).standard_normal(drawn.shape)
        stretch = self.teacher_.stretch_of(groups, len(X))
        away = self.teacher_.widening * (drawn - centre) + self.teacher_.noise * own
        return self._to_score(centre + stretch * away)

    def predict_interval(self, X: Any) -> np.ndarray:
        """Return lower and upper end of what a panel would say, shape (n, 2); 0 and 1 are possible."""
        groups, X = major_groups(X), self._checked(X)
        centre = self._to_teacher(expit(self._raw(self.booster_, X)))
        variance = self.teacher_.widening**2 * self._replica_variance(X)
        half = norm.ppf(0.5 + self.nominal / 2) * np.sqrt(variance + self.teacher_.noise**2)
        half = half * self.teacher_.stretch_of(groups, len(X))[:, 0]
        return np.clip(self._unshrunk(np.column_stack([centre - half, centre + half])), 0.0, 1.0)

    def _replica_variance(self, X: np.ndarray) -> np.ndarray:
        """Variance of the students of the draws on the teacher's scale, shape (n,)."""
        variance: np.ndarray = self._to_teacher(expit(self._replicas_raw(X))).var(axis=1, ddof=1)
        return variance

    def _function_draws(self, mean: np.ndarray, covariance: np.ndarray) -> np.ndarray:
        """Draw from the posterior of what the attributes say, shape (replicas, n)."""
        without_noise = covariance - self.teacher_.noise**2 * np.eye(len(mean))
        root = np.linalg.cholesky(without_noise + _JITTER * np.trace(covariance) * np.eye(len(mean)))
        rng = np.random.default_rng([self.random_state, 1])
        return mean + rng.standard_normal((self.replicas, len(mean))) @ root.T

    def _to_teacher(self, score: np.ndarray) -> np.ndarray:
        return np.asarray(logit(self.offset + (1 - 2 * self.offset) * score))

    def _unshrunk(self, teacher: np.ndarray) -> np.ndarray:
        return np.asarray((expit(teacher) - self.offset) / (1 - 2 * self.offset))

    def _to_score(self, teacher: np.ndarray) -> np.ndarray:
        return np.clip(self._unshrunk(teacher), LEAST, 1 - LEAST)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def major_groups(X: Any) -> np.ndarray | None:
    """Return the SOC major group of each row, shape (n,); None where the index of X holds no SOC codes."""
    if not isinstance(X, pd.DataFrame) or not X.index.map(lambda code: bool(_SOC.match(str(code)))).all():
        return None
    return X.index.astype(str).str[:2].to_numpy()
