"""Experts err: how often, as far as their labels tell, and what a probability is worth then.

A label is the right one with probability 1 - e. So the chance that a panel labels an occupation automatable
is q = e + (1 - 2e) p, and nothing is surer than e or 1 - e. Held-out labels say how large e can be.
No scikit-learn and no SciPy here: scoring a short list starts quickly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from occurisk.probabilities import ends, expit, interval, logit

# The prior of the rate is flat from nothing to this: a panel that errs more often is no panel of experts.
GREATEST_RATE = 0.3
# Beyond this on either side a probability claims to be all but sure.
SURE = 0.01
_STEPS = 3000
# What a probability might be is laid out on so many points, and rows go through this many at a time.
_POINTS, _SLICE = 400, 1 << 12
# Fractions of multiples of the golden ratio spread evenly, however many are taken.
_GOLDEN = (5**0.5 - 1) / 2


@dataclass(frozen=True)
class LabelError:
    """What the labels say of the rate at which experts err.

    Attributes
    ----------
    rates : ndarray, shape (n,)
        Possible rates, ascending.
    mass : ndarray, shape (n,)
        Posterior probability of each; the sum is 1.
    """

    rates: np.ndarray
    mass: np.ndarray

    @property
    def mean(self) -> float:
        """Posterior mean of the rate."""
        return float(self.rates @ self.mass)

    def quantile(self, level: float) -> float:
        """Return the rate that lies above this share of the posterior."""
        return float(self.rates[np.searchsorted(self.mass.cumsum(), level)])

    def draws(self, count: int, seed: int) -> np.ndarray:
        """Draw rates from the posterior, one from each of `count` equal parts of it, in random order."""
        rng = np.random.default_rng([seed, 3])
        shares = (rng.permutation(count) + rng.random(count)) / max(count, 1)
        # Each possible rate stands for a cell of the grid, from 0 on; within a cell nothing is preferred.
        ends = np.concatenate([[0.0], self.rates + self.rates[0]])
        return np.interp(shares, np.concatenate([[0.0], self.mass.cumsum()]), ends)


@dataclass(frozen=True)
class PanelLink:
    """From log-odds to the chance that a panel of experts labels an occupation automatable, and back.

    Attributes
    ----------
    rate : float
        At which experts err, for the score itself.
    rates : ndarray, shape (B,) or (1,)
        The rate in each replica, or in all of them. Zeros: every label is taken as true.
    """

    rate: float
    rates: np.ndarray

    @classmethod
    def of(cls, rate: float, rates: Sequence[float] | np.ndarray) -> PanelLink:
        """Build it from what a model or a bundle keeps; no rates at all are rates of zero."""
        return cls(float(rate), np.asarray(rates, dtype=float) if len(rates) else np.zeros(1))

    def probability(self, log_odds: Any) -> Any:
        """Return the chance; arrays, Series and numbers alike."""
        return self.rate + (1 - 2 * self.rate) * expit(log_odds)

    def log_odds(self, probability: Any) -> np.ndarray:
        """Return the log-odds that a chance, such as a limit between bands, stands for."""
        return logit((np.asarray(probability, dtype=float) - self.rate) / (1 - 2 * self.rate))

    def in_replicas(self, log_odds: np.ndarray) -> np.ndarray:
        """Return the chance in every replica, shape (n, B), each with a rate of its own."""
        return np.asarray(self.rates + (1 - 2 * self.rates) * expit(log_odds))

    def replica_log_odds(self, probability: np.ndarray) -> np.ndarray:
        """Return the log-odds behind the chances of replicas, shape (n, B).

        The link is linear in p: of a weighted mean of chances it returns the log-odds of the mean p.
        """
        return logit((probability - self.rates) / (1 - 2 * self.rates))

    def even_rates(self, count: int) -> np.ndarray:
        """Return so many of the rates, evenly from all of them, in an order that goes with no other."""
        place = (np.arange(count) + 0.5) * _GOLDEN % 1 * len(self.rates)
        return np.asarray(np.sort(self.rates)[place.astype(int)])

    def interval(self, log_odds: np.ndarray, sd: np.ndarray, nominal: float) -> np.ndarray:
        """Return the shortest interval that holds a share of what the chance might be.

        Log-odds are normal, the rate follows the replicas, and neither knows the other. Far out, where
        the rate is all that matters, equal tails would shut out the smallest rates, which are the
        likeliest. Coverage in simulation: docs/method.md.

        Parameters
        ----------
        log_odds, sd : ndarray, shape (n,)
            Of the score, and the standard deviation of its log-odds.
        nominal : float

        Returns
        -------
        ndarray, shape (n, 2)
            It holds the chance itself. If experts never err: logit p -+ z sd, as for any probability.
        """
        score = self.probability(log_odds)
        if not self.rates.any():
            return ends(score, sd, nominal)
        both = np.empty((len(score), 2))
        normal = NormalDist()
        z = np.array([normal.inv_cdf((k + 0.5) / _POINTS) for k in range(_POINTS)])
        rate = self.even_rates(_POINTS)
        apart = round(nominal * _POINTS)
        for start in range(0, len(score), _SLICE):
            rows = slice(start, start + _SLICE)
            might = expit(log_odds[rows, None] + sd[rows, None] * z)
            might *= 1 - 2 * rate
            might += rate
            might.sort(axis=1)
            first = (might[:, apart:] - might[:, : _POINTS - apart]).argmin(axis=1)
            row = np.arange(len(might))
            both[rows, 0] = np.minimum(might[row, first], score[rows])
            both[rows, 1] = np.maximum(might[row, first + apart], score[rows])
        return both

    def mean_interval(self, probability: np.ndarray, replicas: np.ndarray, nominal: float) -> np.ndarray:
        """Return the interval of weighted means of chances, shape (n, 2).

        Parameters
        ----------
        probability : ndarray, shape (n,)
        replicas : ndarray, shape (n, B)
            The same means in every replica.
        nominal : float
        """
        if not self.rates.any():
            return interval(probability, replicas, nominal)
        sd = self.replica_log_odds(replicas).std(axis=1, ddof=1)
        return self.interval(self.log_odds(probability), sd, nominal)


# Of a model that takes every label as true.
NO_ERRORS = PanelLink(0.0, np.zeros(1))


def learn_label_error(
    y: np.ndarray, p: np.ndarray, greatest: float = GREATEST_RATE, weight: np.ndarray | None = None
) -> LabelError:
    """Learn the rate from labels and their held-out probabilities, on a grid.

    Parameters
    ----------
    y : ndarray, shape (n,)
        Labels, 0 or 1.
    p : ndarray, shape (n,)
        Probability of each label being 1 from a model that did not see it, averaged over the model's
        doubt: else the rate is blamed for what the model does not know.
    greatest : float
        The prior is flat from 0 to this rate, at most 0.5.
    weight : ndarray, shape (n,), optional
        Confidence in each label.

    Returns
    -------
    LabelError
    """
    rates = (np.arange(_STEPS) + 0.5) * greatest / _STEPS
    q = rates[:, None] + (1 - 2 * rates[:, None]) * p
    w = np.ones(len(y)) if weight is None else weight
    # A rate of nothing and a p of exactly 0 or 1 that the label contradicts: impossible, not an error.
    with np.errstate(divide="ignore"):
        log_likelihood = np.log(np.where(y > 0.5, q, 1 - q)) @ w
    mass = np.exp(log_likelihood - log_likelihood.max())
    return LabelError(rates, mass / mass.sum())


def most_errors(n: int, level: float = 0.95) -> float:
    """Return the upper bound of a rate after n cases without one: 1 - (1 - level)^(1/n), about 3/n.

    Parameters
    ----------
    n : int
        Cases, of which none was wrong; without any the bound is 1.
    level : float
        Of the one-sided bound (Hanley & Lippman-Hand 1983, doi:10.1001/jama.1983.03330370053031).
    """
    return 1 - (1 - level) ** (1 / n) if n else 1.0
