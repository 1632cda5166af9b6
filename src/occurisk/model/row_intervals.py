"""How sure a score is where the replicas are too slow to ask: a standard deviation, by formula.

A replica's student follows its teacher, which is linear in the teacher's features f. So the variance of the
replicas' log-odds is close to a quadratic form f' C f, with C the covariance of the replicas' coefficients.
What a gap hides is a second one, g' H g, with g marking the gaps. `occurisk study rows` measures both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from occurisk.model.label_error import NO_ERRORS, PanelLink
from occurisk.model.teacher import FeatureMap, with_intercept
from occurisk.probabilities import Bands, logit

# Rows are taken this many at a time, so that what is between stays in the cache.
_SLICE = 1 << 13
# Rates of error that stand for all of them where a band's share is asked for: it is held against 90%.
_RATES = 25


@dataclass(frozen=True)
class RowUncertainty:
    """Standard deviation of the log-odds of any row of attributes.

    Attributes
    ----------
    features : FeatureMap
        The teacher's.
    covariance : ndarray, shape (1 + k, 1 + k)
        Of the replicas' coefficients, intercept first.
    residual : float
        Mean variance of the replicas' log-odds that the coefficients leave over.
    hidden : ndarray, shape (p, p)
        Mean product of the changes of log-odds when attributes j and k are hidden.
    """

    features: FeatureMap
    covariance: np.ndarray
    residual: float
    hidden: np.ndarray

    @classmethod
    def learn(
        cls,
        features: FeatureMap,
        X: np.ndarray,
        replicas: np.ndarray,
        log_odds: Callable[[np.ndarray], np.ndarray],
        fill: np.ndarray,
    ) -> RowUncertainty:
        """Learn both forms from the reference occupations.

        Parameters
        ----------
        features : FeatureMap
        X : ndarray, shape (n, p)
            Attributes of the reference occupations, on [0, 1].
        replicas : ndarray, shape (n, B)
            Their log-odds in each replica.
        log_odds : callable
            The model: X to log-odds, shape (n,).
        fill : ndarray, shape (p,)
            What stands in for a gap.
        """
        A = with_intercept(features(X))
        coefficients = np.linalg.lstsq(A, replicas, rcond=None)[0]
        left = replicas - A @ coefficients
        whole = log_odds(X)
        changes = np.empty_like(X)
        for j in range(X.shape[1]):
            without = X.copy()
            without[:, j] = fill[j]
            changes[:, j] = whole - log_odds(without)
        return cls(
            features,
            np.cov(coefficients),
            float(left.var(axis=1, ddof=1).mean()),
            changes.T @ changes / len(X),
        )

    def sd(self, X: np.ndarray, missing: np.ndarray | None = None) -> np.ndarray:
        """Return the standard deviation of each row's log-odds.

        Parameters
        ----------
        X : ndarray, shape (n, p)
            Gaps filled.
        missing : ndarray of bool, shape (n, p), optional
            Which figures are fillings; by default none.

        Returns
        -------
        ndarray, shape (n,)
        """
        variance = np.full(len(X), self.residual)
        for start in range(0, len(X), _SLICE):
            rows = slice(start, start + _SLICE)
            variance[rows] += _form(with_intercept(self.features(X[rows])), self.covariance)
            if missing is not None and missing[rows].any():
                variance[rows] += _form(missing[rows].astype(float), self.hidden)
        return np.sqrt(variance)

    def draws(self, X: np.ndarray, missing: np.ndarray, count: int, seed: int) -> np.ndarray:
        """Draw what the log-odds of rows might have been, less what they are.

        Parameters
        ----------
        X : ndarray, shape (n, p)
            Gaps filled.
        missing : ndarray of bool, shape (n, p)
            Which figures are fillings.
        count, seed : int

        Returns
        -------
        ndarray, shape (n, count)
            In each draw the coefficients move together for all rows; the residual and what gaps hide are
            each row's own. The variance of a row is that of `sd`.
        """
        rng = np.random.default_rng(seed)
        values, vectors = np.linalg.eigh(self.covariance)
        root = vectors * np.sqrt(np.clip(values, 0, None))
        shared = with_intercept(self.features(X)) @ (root @ rng.standard_normal((len(values), count)))
        own = self.residual + _form(missing.astype(float), self.hidden)
        return np.asarray(shared + np.sqrt(own)[:, None] * rng.standard_normal((len(X), count)))


def share_in_band(
    log_odds: np.ndarray, sd: np.ndarray, band: np.ndarray, bands: Bands, link: PanelLink = NO_ERRORS
) -> np.ndarray:
    """Return the share of replicas, their log-odds taken as normal, that stand in a row's band.

    Parameters
    ----------
    log_odds, sd : ndarray, shape (n,)
    band : ndarray of int, shape (n,)
        0 low, 1 medium, 2 high.
    bands : Bands
    link : PanelLink
        Its rates say where the limits lie in log-odds.

    Returns
    -------
    ndarray, shape (n,)
    """
    rates = link.even_rates(min(len(link.rates), _RATES))
    p = (np.array([[bands.low], [bands.high]]) - rates) / (1 - 2 * rates)
    ends = np.full((1, len(rates)), np.inf)
    limits = np.concatenate([-ends, logit(p), ends])
    upper, lower = ((limits[band + side] - log_odds[:, None]) / sd[:, None] for side in (1, 0))
    return np.asarray((ndtr(upper) - ndtr(lower)).mean(axis=1))


def _form(rows: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Return the quadratic form of each row."""
    value: np.ndarray = np.einsum("ij,ij->i", rows @ matrix, rows)
    return np.maximum(value, 0)
