"""The teacher: logistic regression with theory in its prior, from the labelled occupations to all of them.

Two things set it apart from plain L2 logistic regression. Every task group has the same prior variance, so
that a group does not count for more because O*NET asks about it more often. And the strongest bottleneck
of an occupation is an attribute of its own (Frey & Osborne 2017, section 3: one bottleneck is enough to
keep a job from being automated).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit, log_expit

FloatArray = np.ndarray
_TOLERANCE = 1e-9
_SMALLEST_STEP = 1e-6
_MOST_NEWTON_STEPS = 100
_NODES = 20  # of the quadrature over a normal distribution


@dataclass(frozen=True)
class FeatureMap:
    """Standardise on all occupations (no label is used), add the bottleneck, balance the groups.

    Attributes
    ----------
    mean, sd : ndarray, shape (p,)
        Of each attribute over all occupations.
    blocks : tuple of tuple of int
        Columns of each bottleneck; empty for none.
    block_sd : ndarray, shape (n_blocks,)
        Standard deviation of each block's mean.
    bottleneck_mean, bottleneck_sd : float
        Of the strongest bottleneck over all occupations.
    scale : ndarray, shape (p,) or (p + 1,)
        Prior standard deviation of each standardised attribute's coefficient, bottleneck last.
    """

    mean: FloatArray
    sd: FloatArray
    blocks: tuple[tuple[int, ...], ...]
    block_sd: FloatArray
    bottleneck_mean: float
    bottleneck_sd: float
    scale: FloatArray

    @classmethod
    def learn(
        cls,
        X: FloatArray,
        groups: Sequence[str],
        blocks: Sequence[Sequence[int]],
        prior_variance: float,
    ) -> FeatureMap:
        """Learn the map from all occupations.

        Parameters
        ----------
        X : ndarray, shape (n, p)
            NaN allowed.
        groups : sequence of str, length p
            Task group of each attribute; the bottleneck is a group of its own. Each group gets the same
            share of the prior variance, divided among its members.
        blocks : sequence of sequences of int
            Columns of each bottleneck.
        prior_variance : float
            Of the log-odds, per attribute; 1 is what logistic regression with C=1 on standardised attributes
            has.
        """
        counted = np.maximum((~np.isnan(X)).sum(axis=0), 1)
        mean = np.nansum(X, axis=0) / counted
        sd = np.sqrt(np.nansum((X - mean) ** 2, axis=0) / counted)
        sd = np.where(sd > 0, sd, 1.0)
        Z = _standardise(X, mean, sd)
        fixed = tuple(tuple(block) for block in blocks)
        block_sd = np.array([_positive(Z[:, list(block)].mean(axis=1).std()) for block in fixed])
        top_mean, top_sd = 0.0, 1.0
        names = list(groups)
        if fixed:
            strongest = _strongest(Z, fixed, block_sd)
            top_mean, top_sd = float(strongest.mean()), _positive(strongest.std())
            names.append("bottleneck")
        size = np.array([names.count(name) for name in names], dtype=float)
        scale = np.sqrt(prior_variance * X.shape[1] / len(set(names)) / size)
        return cls(mean, sd, fixed, block_sd, top_mean, top_sd, scale)

    def __call__(self, X: FloatArray) -> FloatArray:
        """Return the features, shape (n, p) or (n, p + 1); a gap takes the attribute's mean."""
        Z = _standardise(X, self.mean, self.sd)
        if self.blocks:
            strongest = _strongest(Z, self.blocks, self.block_sd)
            Z = np.column_stack([Z, (strongest - self.bottleneck_mean) / self.bottleneck_sd])
        return Z * self.scale

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers and lists, ready for JSON."""
        return {
            key: value.tolist() if isinstance(value, np.ndarray) else value
            for key, value in vars(self).items()
        }

    @classmethod
    def from_dict(cls, document: dict[str, Any]) -> FeatureMap:
        """Inverse of `to_dict`."""
        found = dict(document)
        blocks = tuple(tuple(block) for block in found.pop("blocks"))
        arrays: dict[str, Any] = {k: np.array(v) if isinstance(v, list) else v for k, v in found.items()}
        return cls(blocks=blocks, **arrays)


@dataclass(frozen=True)
class Teacher:
    """A fitted teacher: log-odds(x) = coefficients[0] + features(x) @ coefficients[1:].

    Attributes
    ----------
    features : FeatureMap
    coefficients : ndarray, shape (1 + p,) or (2 + p,)
        Intercept first, bottleneck last.
    """

    features: FeatureMap
    coefficients: FloatArray

    def log_odds(self, X: FloatArray) -> FloatArray:
        """Return the log-odds of being automatable, shape (n,)."""
        odds: FloatArray = with_intercept(self.features(X)) @ self.coefficients
        return odds

    def to_dict(self) -> dict[str, Any]:
        """Return plain numbers and lists, ready for JSON."""
        return {"features": self.features.to_dict(), "coefficients": self.coefficients.tolist()}

    @classmethod
    def from_dict(cls, document: dict[str, Any]) -> Teacher:
        """Inverse of `to_dict`."""
        return cls(FeatureMap.from_dict(document["features"]), np.array(document["coefficients"]))


def with_intercept(features: FloatArray) -> FloatArray:
    """Put a column of ones before the features."""
    return np.column_stack([np.ones(len(features)), features])


def posterior_mode(
    A: FloatArray,
    y: FloatArray,
    weight: FloatArray | None = None,
    prior_mean: FloatArray | None = None,
    start: FloatArray | None = None,
) -> FloatArray:
    """Fit logistic regression with a Gaussian prior on the coefficients, by damped Newton steps.

    Maximises sum_i w_i log p(y_i | A theta) - |theta - prior_mean|^2 / 2 (Bishop 2006, section 4.5). The
    objective is strictly concave and a step is halved until it does not fall: one answer, whatever the
    start. scikit-learn's LogisticRegression is the same for prior_mean = 0 and an unpenalised intercept.

    Parameters
    ----------
    A : ndarray, shape (n, k)
        Features of the labelled occupations, intercept included.
    y : ndarray, shape (n,)
        Labels, 0 or 1.
    weight : ndarray, shape (n,), optional
        Case weights: confidence, or how often the bootstrap drew the label; zero is allowed.
    prior_mean : ndarray, shape (k,), optional
        Zero by default; a draw from the prior in a replica.
    start : ndarray, shape (k,), optional
        Where to begin, if an answer nearby is known.

    Returns
    -------
    ndarray, shape (k,)
    """
    w = np.ones(len(y)) if weight is None else np.asarray(weight, dtype=float)
    m = np.zeros(A.shape[1]) if prior_mean is None else prior_mean
    sign = np.where(y > 0.5, 1.0, -1.0)

    def objective(theta: FloatArray) -> float:
        return float(w @ log_expit(sign * (A @ theta)) - 0.5 * (theta - m) @ (theta - m))

    theta = m.copy() if start is None else start.copy()
    best = objective(theta)
    for _ in range(_MOST_NEWTON_STEPS):
        p = expit(A @ theta)
        gradient = A.T @ (w * (y - p)) - (theta - m)
        curvature = (A.T * (w * p * (1 - p))) @ A + np.eye(len(theta))
        direction = np.linalg.solve(curvature, gradient)
        step = 1.0
        while (value := objective(theta + step * direction)) < best and step > _SMALLEST_STEP:
            step /= 2
        moved = step * np.abs(direction).max()
        theta, best = theta + step * direction, max(value, best)
        if moved < _TOLERANCE:
            break
    return theta


def held_out(A: FloatArray, y: FloatArray, weight: FloatArray) -> FloatArray:
    """Return each label's probability from a teacher that saw all the others, averaged over its doubt.

    The coefficients are taken as normal around the posterior mode, with the curvature there (Bishop 2006,
    section 4.5). Who takes the mode alone is surer than the other labels allow.

    Parameters
    ----------
    A : ndarray, shape (n, k)
        Features of the labelled occupations, intercept included.
    y, weight : ndarray, shape (n,)
        Labels, 0 or 1, and the confidence in each.

    Returns
    -------
    ndarray, shape (n,)
    """
    nodes, share = np.polynomial.hermite_e.hermegauss(_NODES)
    found, whole = np.empty(len(y)), posterior_mode(A, y, weight)
    for i in range(len(y)):
        others, labels, w = (np.delete(part, i, axis=0) for part in (A, y, weight))
        theta = posterior_mode(others, labels, w, start=whole)
        p = expit(others @ theta)
        curvature = (others.T * (w * p * (1 - p))) @ others + np.eye(A.shape[1])
        sd = np.sqrt(A[i] @ np.linalg.solve(curvature, A[i]))
        found[i] = share @ expit(A[i] @ theta + sd * nodes) / share.sum()
    return found


def _standardise(X: FloatArray, mean: FloatArray, sd: FloatArray) -> FloatArray:
    return np.nan_to_num((X - mean) / sd)


def _strongest(Z: FloatArray, blocks: tuple[tuple[int, ...], ...], block_sd: FloatArray) -> FloatArray:
    means = [Z[:, list(block)].mean(axis=1) / sd for block, sd in zip(blocks, block_sd, strict=True)]
    strongest: FloatArray = np.maximum.reduce(means)
    return strongest


def _positive(value: float) -> float:
    return float(value) if value > 0 else 1.0
