"""Experts err: how often, as far as their labels tell, and what a probability is worth then.

A label is the right one with probability 1 - e. So the chance that a panel labels an occupation automatable
is q = e + (1 - 2e) p, and nothing is surer than e or 1 - e. Held-out labels say how large e can be.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from occurisk.model.teacher import posterior_mode

# The prior of the rate is flat from nothing to this: a panel that errs more often is no panel of experts.
GREATEST_RATE = 0.3
_STEPS = 3000


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
        """Return rates drawn from the posterior, shape (count,)."""
        return np.random.default_rng([seed, 3]).choice(self.rates, size=count, p=self.mass)


def learn_label_error(y: np.ndarray, p: np.ndarray, greatest: float = GREATEST_RATE) -> LabelError:
    """Learn the rate from labels and their held-out probabilities, on a grid.

    Parameters
    ----------
    y : ndarray, shape (n,)
        Labels, 0 or 1.
    p : ndarray, shape (n,)
        Probability of each label being 1 from a model that did not see it.
    greatest : float
        The prior is flat from 0 to this rate, at most 0.5.

    Returns
    -------
    LabelError
    """
    rates = (np.arange(_STEPS) + 0.5) * greatest / _STEPS
    q = panel_probability(p, rates[:, None])
    # A rate of nothing and a p of exactly 0 or 1 that the label contradicts: impossible, not an error.
    with np.errstate(divide="ignore"):
        log_likelihood = np.log(np.where(y > 0.5, q, 1 - q)).sum(axis=1)
    mass = np.exp(log_likelihood - log_likelihood.max())
    return LabelError(rates, mass / mass.sum())


def panel_probability(p: np.ndarray, rate: float | np.ndarray) -> np.ndarray:
    """Return the chance that a panel labels an occupation automatable: rate + (1 - 2 rate) p."""
    return np.asarray(rate + (1 - 2 * rate) * p)


def held_out_by_teacher(A: np.ndarray, y: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return each label's probability from a teacher that saw all the others.

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
    return np.array(
        [
            expit(A[i] @ posterior_mode(*(np.delete(part, i, axis=0) for part in (A, y, weight))))
            for i in range(len(y))
        ]
    )


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
