"""How sure a match is: a logistic regression on what is seen of it, and on the class that it names.

Learned on titles coded by hand. Some classes are named rightly more often than others of the same look: each
has an intercept of its own, drawn towards that of its group, and this towards none. It is a score, not a
promise, on another list until some 200 of that list's titles are confirmed: then `recalibrated` moves it.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping, Sequence

import numpy as np

from occurisk.occupations.titles.classifier import TitleModel
from occurisk.occupations.titles.learned.softmax import probabilities
from occurisk.occupations.titles.text.tokens import head_word

Array = np.ndarray
# What is seen of a match, with mean and standard deviation over titles of the development halves, rounded.
FEATURES = {
    "p_first": (0.83, 0.23),
    "p_gap": (0.74, 0.33),
    "log_p": (-0.26, 0.43),
    "score": (1.7, 0.58),
    "score_gap": (0.46, 0.38),
    "group_mass": (0.88, 0.19),
    "group_gap": (0.81, 0.3),
    "known_share": (0.92, 0.2),
    "unknown_words": (0.04, 0.09),
    "exact_share": (0.25, 0.42),
    "head_share": (0.19, 0.3),
    "head_group_share": (0.32, 0.35),
    "head_known": (0.85, 0.51),
    "n_words": (0.28, 0.12),
    "rarest_word": (0.83, 0.16),
    "residual": (0.05, 0.21),
    "class_titles": (0.89, 0.2),
    "group_classes": (0.76, 0.24),
    "official": (0.04, 0.2),
}
# Each is a line that may bend at so many standard deviations from its mean.
BENDS = (-1.0, -0.5, 0.0, 0.5, 1.0)
SHRINK = 60.0  # of the lines and bends; tuned on the development halves
# Of their coefficients: more would differ with the number of threads, and with it the file's bytes.
DECIMALS = 4
# Log-odds beyond these are certain: their exponentials would not be numbers.
SUREST = 500.0
_BY_TITLE, _BY_CLASS, _OFFICIAL = slice(7, 15), slice(15, 18), 18
# How far classes, groups and first digits may differ, beside what is seen. Tuned as `SHRINK`.
CLASS_SCALE = 4.0
# A match is held against what was learned on the other parts of the titles.
PARTS = 3
# Confirmed titles must speak as loudly as so many to change the slope; no slope turns the order round.
SLOPE_SHRINK, LEAST_SLOPE = 10.0, 0.1


def seen_of(model: TitleModel, titles: Sequence[str], logits: Array) -> tuple[Array, Array]:
    """Return what the confidence looks at.

    Parameters
    ----------
    model : TitleModel
    titles : sequence of str
        Normalised.
    logits : array, shape (n_titles, n_codes)

    Returns
    -------
    X : float32 array, shape (n_titles, len(FEATURES) * (1 + len(BENDS)))
        Features about their mean, in standard deviations, then what lies above each bend.
    order : int array, shape (n_titles, 5)
        The five best classes, best first.
    """
    n = len(titles)
    order = _best(logits, min(5, logits.shape[1]))
    p = probabilities(logits)
    _, group_of = model.groups
    # Codes are sorted, so that those of a group stand side by side.
    mass = np.add.reduceat(p, np.unique(group_of, return_index=True)[1], axis=1)
    first, second = order[:, 0], order[:, 1]
    line = np.arange(n)
    top_mass = mass[line, group_of[first]]
    mass[line, group_of[first]] = 0
    X = np.zeros((n, len(FEATURES)), np.float32)
    X[:, 0] = p[line, first]
    X[:, 1] = p[line, first] - p[line, second]
    X[:, 2] = np.log(np.maximum(p[line, first], 1e-6))
    X[:, 3] = logits[line, first] / 10
    X[:, 4] = (logits[line, first] - logits[line, second]) / 10
    X[:, 5] = top_mass
    X[:, 6] = top_mass - mass.max(axis=1)
    X[:, _BY_CLASS] = model.class_facts[first]
    for row, (title, place) in enumerate(zip(titles, first.tolist(), strict=True)):
        X[row, _BY_TITLE] = _of_words(model, title, place, group_of)
        X[row, _OFFICIAL] = model.official.get(title) == place
    return _bent(X), order


def _bent(X: Array) -> Array:
    mean, deviation = np.array(list(FEATURES.values()), np.float32).T
    X = (X - mean) / deviation
    return np.hstack([X, *(np.maximum(X - np.float32(bend), 0) for bend in BENDS)])


def _best(logits: Array, most: int) -> Array:
    """Return the best classes of each row, best first: a few passes are faster than sorting."""
    left, rows = logits.copy(), np.arange(len(logits))
    order = np.empty((len(logits), most), np.intp)
    for place in range(most):
        order[:, place] = left.argmax(axis=1)
        left[rows, order[:, place]] = -np.inf
    return order


def _of_words(model: TitleModel, title: str, first: int, group_of: Array) -> list[float]:
    words = title.split()
    counts = [model.word_counts.get(word, 0) for word in words]
    known = len(counts) - counts.count(0)
    exact = model.exact.get(title, ())
    head = model.heads.get(head_word(words, model.head))
    total = head.total() if head else 0
    group = sum(count for code, count in head.items() if group_of[code] == group_of[first]) if head else 0
    return [
        known / max(len(words), 1),
        min(len(words) - known, 5) / 5,
        (1 / len(exact) if first in exact else -0.5) if exact else 0.0,
        head[first] / total if head else 0.0,
        group / total if head else 0.0,
        math.log1p(total) / 5,
        min(len(words), 10) / 10,
        math.log(len(model.listed) / (1 + min(counts, default=0))) / 10,
    ]


def fit_logistic(
    X: Array, right: Array, shrink: float = 1.0, offset: float | Array = 0.0, decimals: int = 6
) -> list[float]:
    """Fit intercept and coefficients by Newton's method, with a ridge on the coefficients.

    Parameters
    ----------
    X : array, shape (n, k)
    right : bool array, shape (n,)
    shrink : float
        Weight of the ridge.
    offset : float or array, shape (n,)
        Log-odds that the fit is added to.
    decimals : int
        To which the coefficients are rounded, so that the file is the same on every machine.

    Returns
    -------
    list of float, length k + 1
    """
    A = np.hstack([np.ones((len(X), 1)), X]).astype(float)
    ridge = np.diag([1e-6] + [shrink] * X.shape[1])
    w = np.zeros(A.shape[1])
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(A @ w + offset, -SUREST, SUREST)))
        gradient = A.T @ (right - p) - ridge @ w
        hessian = (A * (p * (1 - p))[:, None]).T @ A + ridge
        move = np.linalg.solve(hessian, gradient)
        w += move
        if np.abs(move).max() < 1e-6:
            break
    return [round(float(value), decimals) for value in w]


def learned(model: TitleModel, X: Array, first: Array, right: Array) -> dict[str, list[float]]:
    """Learn a confidence from matches of which it is known whether they are right.

    Parameters
    ----------
    model : TitleModel
    X : array
        See `seen_of`.
    first : int array, shape (n,)
        Class of each match.
    right : bool array, shape (n,)

    Returns
    -------
    dict
        `seen`: intercept and coefficients of X; `of_class`: what each class adds.
    """
    members = _memberships(model)
    named = np.flatnonzero(members[np.unique(first)].any(axis=0))
    members = members[:, named]
    w = fit_logistic(np.hstack([X, members[first]]), right, SHRINK, decimals=DECIMALS)
    ends = 1 + X.shape[1]
    of_class = members @ np.array(w[ends:])
    return {"seen": w[:ends], "of_class": [round(float(value), DECIMALS) for value in of_class]}


def held_out(model: TitleModel, titles: Sequence[str], X: Array, first: Array, right: Array) -> Array:
    """Return the confidence of each match, learned on the others: a title is in one part, however often.

    Parameters as those of `learned`.
    """
    part = np.array([zlib.crc32(title.encode()) % PARTS for title in titles])
    stated = np.zeros(len(titles))
    for number in range(PARTS):
        here = part == number
        how = learned(model, X[~here], first[~here], right[~here])
        stated[here] = confidence(how, X[here], first[here])
    return stated


def _memberships(model: TitleModel) -> Array:
    """Return which class, group and first digits each class is of, shape (n_codes, n_classes_and_groups)."""
    digits = model.group_digits
    columns = []
    for length in (None, digits, digits // 2):
        names = [code[:length] for code in model.codes]
        places = {name: place for place, name in enumerate(dict.fromkeys(names))}
        columns.append(np.eye(len(places), dtype=np.float32)[[places[name] for name in names]])
    return CLASS_SCALE * np.hstack(columns)


def confidence(how: Mapping[str, Sequence[float]], X: Array, first: Array) -> Array:
    """Return the confidence of each match, in (0, 1).

    Parameters
    ----------
    how : mapping
        See `learned`.
    X : array
        See `seen_of`.
    first : int array, shape (n,)
        Class of each match.
    """
    w = np.asarray(how["seen"])
    return 1 / (1 + np.exp(-(w[0] + X @ w[1:] + np.asarray(how["of_class"])[first])))


def recalibrated(stated: Array, right: Array) -> tuple[float, float]:
    """Fit how confidence stated becomes confidence earned on confirmed titles (Platt, in log-odds).

    The slope is drawn towards 1: with few titles only the level is learned.

    Returns
    -------
    tuple of float
        Intercept and slope on the log-odds of what was stated.
    """
    x = log_odds(stated)
    low, more = fit_logistic(x[:, None], right, SLOPE_SHRINK, offset=x)
    return low, max(1 + more, LEAST_SLOPE)


def earned(stated: Array, low: float, slope: float) -> Array:
    """Return confidence after its log-odds were multiplied with a slope and raised; see `recalibrated`."""
    p: Array = 1 / (1 + np.exp(-(low + slope * log_odds(stated))))
    return p


def moved(how: Mapping[str, Sequence[float]], low: float, slope: float) -> dict[str, list[float]]:
    """Return a confidence: the log-odds of another times a slope, and an intercept; see `recalibrated`."""
    seen, of_class = ([round(slope * value, DECIMALS) for value in how[key]] for key in ("seen", "of_class"))
    return {"seen": [round(seen[0] + low, DECIMALS), *seen[1:]], "of_class": of_class}


def log_odds(p: Array) -> Array:
    """Return the log-odds of probabilities, kept finite."""
    p = np.clip(p, 1e-4, 1 - 1e-4)
    return np.log(p / (1 - p))
