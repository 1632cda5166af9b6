"""How sure a match is: a logistic regression on what is seen of it.

Learned on titles coded by hand. It is a score, not a promise, on another list until some 200 of that list's
titles are confirmed: then `recalibrated` moves it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from occurisk.occupations.titles.classifier import TitleModel
from occurisk.occupations.titles.softmax import probabilities
from occurisk.occupations.titles.text.tokens import head_word

Array = np.ndarray
FEATURES = (
    "p_first",
    "p_gap",
    "log_p",
    "score",
    "score_gap",
    "group_mass",
    "group_gap",
    "known_share",
    "unknown_words",
    "exact_share",
    "head_share",
    "head_group_share",
    "head_known",
    "n_words",
)


def seen_of(model: TitleModel, titles: Sequence[str], scores: Array) -> tuple[Array, Array]:
    """Return what the confidence looks at.

    Parameters
    ----------
    model : TitleModel
    titles : sequence of str
        Normalised.
    scores : array, shape (n_titles, n_codes)

    Returns
    -------
    X : float32 array, shape (n_titles, len(FEATURES))
    order : int array, shape (n_titles, 5)
        The five best classes, best first.
    """
    n, five = len(titles), min(5, scores.shape[1])
    order = np.argpartition(scores, -five, axis=1)[:, -five:]
    rows = np.arange(n)[:, None]
    order = order[rows, np.argsort(-scores[rows, order], axis=1, kind="stable")]
    p = probabilities(scores)
    names, group_of = model.groups
    mass = _summed(p, group_of, len(names))
    first, second = order[:, 0], order[:, 1]
    line = np.arange(n)
    top_mass = mass[line, group_of[first]]
    mass[line, group_of[first]] = 0
    X = np.zeros((n, len(FEATURES)), np.float32)
    X[:, 0] = p[line, first]
    X[:, 1] = p[line, first] - p[line, second]
    X[:, 2] = np.log(np.maximum(p[line, first], 1e-6))
    X[:, 3] = scores[line, first] / 10
    X[:, 4] = (scores[line, first] - scores[line, second]) / 10
    X[:, 5] = top_mass
    X[:, 6] = top_mass - mass.max(axis=1)
    for place, title in enumerate(titles):
        X[place, 7:] = _of_words(model, title, int(first[place]), group_of)
    return X, order


def _summed(p: Array, group_of: Array, n_groups: int) -> Array:
    from scipy import sparse

    n = len(group_of)
    members = sparse.csr_matrix((np.ones(n, np.float32), (np.arange(n), group_of)), shape=(n, n_groups))
    return np.asarray(p @ members)


def _of_words(model: TitleModel, title: str, first: int, group_of: Array) -> list[float]:
    words = title.split()
    known = sum(word in model.known_words for word in words)
    exact = model.exact.get(title, ())
    head = model.heads.get(head_word(words))
    total = head.total() if head else 0
    group = sum(count for code, count in head.items() if group_of[code] == group_of[first]) if head else 0
    return [
        known / max(len(words), 1),
        min(len(words) - known, 5) / 5,
        (1 / len(exact) if first in exact else -0.5) if exact else 0.0,
        head[first] / total if head else 0.0,
        group / total if head else 0.0,
        float(np.log1p(total)) / 5,
        min(len(words), 10) / 10,
    ]


def fit_logistic(X: Array, right: Array, shrink: float = 1.0) -> list[float]:
    """Fit intercept and coefficients by Newton's method, with a ridge on the coefficients.

    Parameters
    ----------
    X : array, shape (n, k)
    right : bool array, shape (n,)

    Returns
    -------
    list of float, length k + 1
        Rounded to six decimals, so that the file is the same on every machine.
    """
    A = np.hstack([np.ones((len(X), 1)), X]).astype(float)
    ridge = np.diag([1e-6] + [shrink] * X.shape[1])
    w = np.zeros(A.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-A @ w))
        gradient = A.T @ (right - p) - ridge @ w
        hessian = (A * (p * (1 - p))[:, None]).T @ A + ridge
        move = np.linalg.solve(hessian, gradient)
        w += move
        if np.abs(move).max() < 1e-8:
            break
    return [round(float(value), 6) for value in w]


def confidence(coefficients: Sequence[float], X: Array) -> Array:
    """Return the confidence of each match, in (0, 1)."""
    w = np.asarray(coefficients)
    return 1 / (1 + np.exp(-(w[0] + X @ w[1:])))


def recalibrated(stated: Array, right: Array) -> list[float]:
    """Fit how confidence stated becomes confidence earned on confirmed titles (Platt, in log-odds).

    Returns
    -------
    list of float
        Intercept and slope for `confidence` on the log-odds of what was stated.
    """
    return fit_logistic(log_odds(stated)[:, None], right)


def log_odds(p: Array) -> Array:
    """Return the log-odds of probabilities, kept finite."""
    p = np.clip(p, 1e-4, 1 - 1e-4)
    return np.log(p / (1 - p))
