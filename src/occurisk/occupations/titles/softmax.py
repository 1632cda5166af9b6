"""A linear softmax over the columns of titles, trained in one pass after another with AdaGrad."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import sparse

Array = np.ndarray
BATCH, PASSES, STEP = 512, 5, 0.05


def train_softmax(
    X: sparse.csr_matrix,
    y: Array,
    weight: Array,
    n_classes: int,
    seed: int = 0,
    passes: int = PASSES,
    say: Callable[[str], None] = lambda text: None,
) -> tuple[Array, Array]:
    """Fit the weights of a softmax.

    Parameters
    ----------
    X : csr_matrix, shape (n_titles, n_columns)
    y : int array, shape (n_titles,)
        Class of each title.
    weight : float array, shape (n_titles,)
        What each title counts.
    n_classes : int
    seed : int
        Of the order in which titles are seen: the result is the same for the same seed.
    passes : int
        How often each title is seen.
    say : callable
        Told of each pass.

    Returns
    -------
    W : float32 array, shape (n_columns, n_classes)
    b : float32 array, shape (n_classes,)
    """
    random = np.random.default_rng(seed)
    W = np.zeros((X.shape[1], n_classes), np.float32)
    squares = np.full((X.shape[1], n_classes), 1e-3, np.float32)
    counts = np.bincount(y, weights=weight, minlength=n_classes) + 0.5
    b = np.log(counts / counts.sum()).astype(np.float32)
    for number in range(passes):
        step = STEP * (1 - number / passes)
        order = random.permutation(X.shape[0])
        for start in range(0, len(order), BATCH):
            rows = order[start : start + BATCH]
            part = X[rows]
            used = np.unique(part.indices)
            narrow = part[:, used]
            scores = 8.0 * (narrow @ W[used]) + b
            p = probabilities(scores)
            p[np.arange(len(rows)), y[rows]] -= 1.0
            p *= weight[rows][:, None]
            gradient = 8.0 * (narrow.T @ p).astype(np.float32)
            squares[used] += gradient * gradient
            W[used] -= step * gradient / np.sqrt(squares[used])
        say(f"pass {number + 1} of {passes}")
    return 8.0 * W, b


def probabilities(scores: Array) -> Array:
    """Return the softmax of scores, row by row."""
    scores = scores - scores.max(axis=1, keepdims=True)
    np.exp(scores, out=scores)
    scores /= scores.sum(axis=1, keepdims=True)
    return scores
