"""Ways to reckon with experts who err, on the chosen teacher: how the rate is learned, and what it does."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import expit, log_expit, logit

from designs.task import Design, Task, linear, log_odds, remembered
from occurisk.model.label_error import GREATEST_RATE, LabelError, learn_label_error
from occurisk.model.teacher import held_out, posterior_mode

# Draws of the coefficients, and points of the rate, for the joint posterior.
_DRAWS, _RATES, _STEPS = 2000, 300, 60


def erring(task: Task) -> dict[str, Design]:
    """The teacher that takes labels as true, ours, and other ways to the same question."""
    A = task.features()
    true = remembered(linear(A))
    everything = _learned(A, task.rows, task.y).mean

    def with_rate(rate: Callable[[LabelError], float]) -> Design:
        return lambda rows, y: _told(true(rows, y), rate(_learned(A, rows, y)))

    return {
        "labels taken as true": true,
        "**ours**: posterior mean of the rate, the mode of p": with_rate(lambda error: error.mean),
        "posterior median of the rate": with_rate(lambda error: error.quantile(0.5)),
        "rate from the joint posterior of rate and coefficients": lambda rows, y: _told(
            true(rows, y), _joint(A, rows, y)[0]
        ),
        "labels fitted under the same rate": lambda rows, y: _fitted(A, rows, y),
        "p averaged over its doubt, labels taken as true": lambda rows, y: _averaged(A, rows, y, 0.0),
        "p averaged over its doubt, ours": lambda rows, y: _averaged(A, rows, y, _learned(A, rows, y).mean),
        "q averaged over the joint posterior": lambda rows, y: log_odds(_joint(A, rows, y)[1]),
        "the rate of all 70 labels (it has seen the test half)": lambda rows, y: _told(
            true(rows, y), everything
        ),
    }


def _learned(A: np.ndarray, rows: np.ndarray, y: np.ndarray) -> LabelError:
    weight = np.ones(len(y))
    return learn_label_error(y, held_out(A[rows], y, weight), GREATEST_RATE)


def _told(f: np.ndarray, rate: float) -> np.ndarray:
    return log_odds(rate + (1 - 2 * rate) * expit(f))


def _curvature(A: np.ndarray, p: np.ndarray) -> np.ndarray:
    return (A.T * (p * (1 - p))) @ A + np.eye(A.shape[1])


def _averaged(A: np.ndarray, rows: np.ndarray, y: np.ndarray, rate: float) -> np.ndarray:
    """Average p over the normal approximation of the coefficients' posterior (Bishop 2006, section 4.5)."""
    theta = posterior_mode(A[rows], y)
    covariance = np.linalg.inv(_curvature(A[rows], expit(A[rows] @ theta)))
    sd = np.sqrt(np.einsum("ij,jk,ik->i", A, covariance, A))
    nodes, share = np.polynomial.hermite_e.hermegauss(21)
    p = expit((A @ theta)[:, None] + sd[:, None] * nodes) @ share / share.sum()
    return _told(logit(p), rate)


def _fitted(A: np.ndarray, rows: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Fit the coefficients under p(y) = e + (1 - 2e) p as well, e the posterior mean."""
    rate, a, sign = _learned(A, rows, y).mean, A[rows], np.where(y > 0.5, 1.0, -1.0)
    theta = posterior_mode(a, y)
    for _ in range(_STEPS):
        right = expit(sign * (a @ theta))
        slope = (1 - 2 * rate) * right * (1 - right) / (rate + (1 - 2 * rate) * right)
        step = np.linalg.solve(_curvature(a, right), a.T @ (sign * slope) - theta)
        theta = theta + step
        if np.abs(step).max() < 1e-8:
            break
    return _told(A @ theta, rate)


def _joint(A: np.ndarray, rows: np.ndarray, y: np.ndarray) -> tuple[float, np.ndarray]:
    """Posterior mean of the rate, and of q at every row: importance sampling around the plain mode."""
    a, sign = A[rows], np.where(y > 0.5, 1.0, -1.0)
    theta = posterior_mode(a, y)
    root = np.linalg.cholesky(np.linalg.inv(_curvature(a, expit(a @ theta))))
    z = np.random.default_rng(0).standard_normal((_DRAWS, len(theta)))
    drawn = theta + 1.1 * z @ root.T
    right = np.exp(log_expit(sign * (drawn @ a.T)))
    rates = (np.arange(_RATES) + 0.5) * GREATEST_RATE / _RATES
    prior = -0.5 * (drawn**2).sum(axis=1) + 0.5 * (z**2).sum(axis=1)
    log_weight = prior[:, None] + np.stack(
        [np.log(rate + (1 - 2 * rate) * right).sum(axis=1) for rate in rates], axis=1
    )
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    p = expit(drawn @ A.T)
    q = (weight @ rates) @ (1 - 2 * p) + weight.sum(axis=1) @ p
    return float(weight.sum(axis=0) @ rates), q
