"""`AutomationClassifier`: a teacher that knows the labels, a LightGBM student that scores, and replicas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    _check_sample_weight,
    check_consistent_length,
    check_is_fitted,
    column_or_1d,
    validate_data,
)

from occurisk.errors import SettingsError
from occurisk.model.estimator import StudentEstimator
from occurisk.model.label_error import PanelLink, learn_label_error
from occurisk.model.replicas import prior_means, prior_widths, stratified_bootstrap
from occurisk.model.settings import Settings, TeacherSettings, load_settings
from occurisk.model.teacher import FeatureMap, Teacher, held_out, posterior_mode, with_intercept
from occurisk.training_data.catalogue import Catalogue, load_catalogue


class AutomationClassifier(ClassifierMixin, StudentEstimator):  # type: ignore[misc]
    """Semi-supervised classifier of occupations: automatable or not.

    A logistic regression with theory in its prior (the teacher) is fitted on the labelled occupations; a
    LightGBM ensemble with monotone signs (the student) is fitted on the teacher's log-odds of *all*
    occupations and does the scoring, so that exact tree SHAP values explain it. Replicas of both, on
    bootstrap samples of the labels, give intervals.

    Parameters
    ----------
    groups : mapping of str to str, optional
        Attribute name to task group; each group has the same prior variance. By default each attribute is a
        group of its own.
    bottlenecks : sequence of sequences of str
        Attribute names of each bottleneck; empty for none.
    signs : mapping of str to int, optional
        +1 or -1 by attribute name: monotone constraint of the student.
    prior_variance : float
        Of the teacher's log-odds, per attribute; 1 is logistic regression with C=1 on standardised
        attributes.
    rounds, num_leaves, learning_rate, min_data_in_leaf, lambda_l2, feature_fraction
        LightGBM's parameters of the same names.
    replicas : int
        Number of bootstrap replicas behind the intervals; 0 for none.
    prior_share : float
        Each replica's prior is centred on this share of a random draw from the prior itself.
    prior_df : float, optional
        Degrees of freedom of the prior: each replica draws its own prior variance, so that over the replicas
        the prior is Student's t (Gelman et al. 2008, doi:10.1214/08-AOAS191). None keeps it normal.
    label_error : float
        The greatest rate at which experts may err, at most 0.5. The rate is learned from the labels, and no
        probability is surer than it allows (`model/label_error.py`). 0 takes every label as true.
    nominal : float
        Nominal level of the intervals.
    random_state : int
        Seed of the bootstrap and of LightGBM.
    num_threads : int
        LightGBM's threads; more than one is slower on a thousand occupations.

    Attributes
    ----------
    classes_ : ndarray, shape (2,)
    teacher_ : Teacher
    booster_ : lightgbm.Booster
        Raw score: log-odds of `classes_[1]`.
    replica_boosters_ : list of lightgbm.Booster
    n_labelled_ : int
    error_rate_ : float
        Posterior mean of the rate at which experts err; 0 without `label_error`.
    replica_error_rates_ : ndarray, shape (replicas,)
        A draw of that rate for each replica.

    Notes
    -----
    `y` may hold NaN: an occupation without a label. It informs the standardisation and the student,
    never the teacher.
    """

    bundle_format = 4
    soft_labels = False
    teacher_class = Teacher

    def __init__(
        self,
        *,
        groups: Mapping[str, str] | None = None,
        bottlenecks: Sequence[Sequence[str]] = (),
        signs: Mapping[str, int] | None = None,
        prior_variance: float = 1.0,
        rounds: int = 600,
        num_leaves: int = 4,
        learning_rate: float = 0.1,
        min_data_in_leaf: int = 5,
        lambda_l2: float = 1.0,
        feature_fraction: float = 0.15,
        replicas: int = 0,
        prior_share: float = 0.8,
        prior_df: float | None = None,
        label_error: float = 0.0,
        nominal: float = 0.9,
        random_state: int = 0,
        num_threads: int = 1,
    ) -> None:
        self.groups = groups
        self.bottlenecks = bottlenecks
        self.signs = signs
        self.prior_variance = prior_variance
        self.rounds = rounds
        self.num_leaves = num_leaves
        self.learning_rate = learning_rate
        self.min_data_in_leaf = min_data_in_leaf
        self.lambda_l2 = lambda_l2
        self.feature_fraction = feature_fraction
        self.replicas = replicas
        self.prior_share = prior_share
        self.prior_df = prior_df
        self.label_error = label_error
        self.nominal = nominal
        self.random_state = random_state
        self.num_threads = num_threads

    @classmethod
    def from_settings(
        cls, settings: Settings | None = None, catalogue: Catalogue | None = None, **overrides: Any
    ) -> AutomationClassifier:
        """Build the unfitted classifier that a configuration describes: without arguments, the default model.

        Parameters
        ----------
        settings : Settings, optional
            `configs/train.yaml` by default: the model that `occurisk train` makes.
        catalogue : Catalogue, optional
            Groups and signs of the attributes; the settings' own by default.
        **overrides
            Parameters of the class that take precedence.
        """
        settings = settings or load_settings()
        catalogue = catalogue or load_catalogue(settings.catalogue)
        teacher, student = settings.model.teacher, settings.model.student
        if not isinstance(teacher, TeacherSettings):
            raise SettingsError(
                f"The teacher of {settings.name} is no logistic regression.", rule="It has `prior_variance`."
            )
        groups: dict[str, str] = {a.name: a.group for a in catalogue}
        groups |= {name: name for name in teacher.own_group if name in groups}
        members = catalogue.groups
        params: dict[str, Any] = {
            "groups": groups,
            "bottlenecks": [members.get(name, [name]) for name in teacher.bottlenecks],
            "signs": catalogue.signs if student.monotone else None,
            "prior_variance": teacher.prior_variance,
            **student.model_dump(exclude={"monotone"}),
            "replicas": settings.model.replicas,
            "prior_share": settings.model.prior_share,
            "prior_df": settings.model.prior_df,
            "label_error": settings.model.label_error,
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
            Two classes; NaN where there is no label.
        sample_weight : array-like, shape (n_occupations,), optional
            Confidence of each label; ignored where there is none.
        """
        X = validate_data(self, X, ensure_all_finite="allow-nan", dtype=np.float64)
        y, labelled = _split_labels(y)
        check_consistent_length(X, labelled)
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) != 2:
            raise ValueError(
                "Only binary classification is supported. The labels must hold 2 classes, "
                f"got {len(self.classes_)} class(es)."
            )
        weight = _check_sample_weight(sample_weight, X)[labelled]
        self.names_ = self._column_names(X.shape[1])
        self.n_labelled_ = len(y)

        features = FeatureMap.learn(X, self._group_of_each(), self._blocks(), self.prior_variance)
        everywhere = with_intercept(features(X))
        A = everywhere[labelled]
        self.teacher_ = Teacher(features, posterior_mode(A, codes, weight))

        fitter = self._fitter(X)
        self.booster_ = fitter.fit(everywhere @ self.teacher_.coefficients)
        self.replica_boosters_ = []
        if self.replicas:
            # Each replica starts from its own beliefs: without that, replicas agree wherever the labels
            # are silent, and the intervals are far too short (docs/method.md, coverage).
            means = prior_means(self.prior_share, (self.replicas, A.shape[1]), self.random_state)
            counts = stratified_bootstrap(codes, self.replicas, self.random_state)
            widths = prior_widths(self.prior_df, self.replicas, self.random_state)
            for mean, drawn, width in zip(means, counts, widths, strict=True):
                # A prior that is wider by a factor is the same prior on features that are larger by it.
                coefficients = width * posterior_mode(width * A, codes, weight * drawn, mean)
                self.replica_boosters_.append(fitter.fit(everywhere @ coefficients))
        self._learn_label_error(A, codes, weight)
        return self

    def _learn_label_error(self, A: np.ndarray, codes: np.ndarray, weight: np.ndarray) -> None:
        self.error_rate_, self.replica_error_rates_ = 0.0, np.zeros(self.replicas)
        if self.label_error:
            unseen = held_out(A, codes, weight)
            error = self.label_error_ = learn_label_error(codes, unseen, self.label_error, weight)
            self.error_rate_ = error.mean
            self.replica_error_rates_ = error.draws(self.replicas, self.random_state)

    @property
    def link(self) -> PanelLink:
        """From log-odds to the chance that a panel of experts would say `classes_[1]`."""
        check_is_fitted(self, "booster_")
        return PanelLink.of(self.error_rate_, self.replica_error_rates_)

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the chance that a panel of experts names each class, shape (n, 2)."""
        q = self.link.probability(self.decision_function(X))
        return np.column_stack([1 - q, q])

    def predict(self, X: Any) -> np.ndarray:
        """Return the more probable class, shape (n,)."""
        above = (self.decision_function(X) > 0).astype(int)
        return self.classes_[above]

    def predict_replicas(self, X: Any) -> np.ndarray:
        """Return the chance of `classes_[1]` in every replica, shape (n, replicas)."""
        return self.link.in_replicas(self._replicas_raw(self._checked(X)))

    def predict_interval(self, X: Any) -> np.ndarray:
        """Return lower and upper end of the interval of the chance of `classes_[1]`, shape (n, 2)."""
        X = self._checked(X)
        sd = self._replicas_raw(X).std(axis=1, ddof=1)
        return self.link.interval(self._raw(self.booster_, X), sd, self.nominal)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.classifier_tags.multi_class = False
        return tags

    def _group_of_each(self) -> list[str]:
        return [(self.groups or {}).get(name, name) for name in self.names_]

    def _blocks(self) -> list[list[int]]:
        place = {name: i for i, name in enumerate(self.names_)}
        blocks = [[place[name] for name in block if name in place] for block in self.bottlenecks]
        return [block for block in blocks if block]


def _split_labels(y: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return the labels there are, and where they are; NaN means none."""
    if y is None:
        raise ValueError("AutomationClassifier requires y to be passed, but the target y is None.")
    y = column_or_1d(y, warn=True)
    labelled = np.ones(len(y), dtype=bool)
    if y.dtype.kind == "f":
        if np.isinf(y).any():
            raise ValueError("Input y contains infinity or a value too large for dtype('float64').")
        labelled = ~np.isnan(y)
    if not labelled.any():
        raise ValueError("Input y contains NaN only: no occupation is labelled.")
    check_classification_targets(y[labelled])
    return y[labelled], labelled
