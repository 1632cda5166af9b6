"""A linear softmax over the columns of titles, trained in one pass after another with AdaGrad."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import sparse

Array = np.ndarray
# Tuned on the development halves: batches of 512 or ten passes change figures by less than 0.3 points.
PASSES, STEP = 6, 0.08
# Titles a step: large batches are faster, but a short list must not have too few steps.
LARGEST_BATCH, STEPS_A_PASS = 2048, 30
# What a cosine is worth in the softmax: with vectors of length one, logits of 1 would tell nothing apart.
SHARPNESS = 8.0
# Of lists whose head word stands first: softer, since neighbours have more to say there. Tuned as above.
SOFTER = 5.0


def train_softmax(
    made: sparse.csr_matrix,
    columns: sparse.csr_matrix,
    y: Array,
    weight: Array,
    n_classes: int,
    seed: int = 0,
    passes: int = PASSES,
    sharpness: float = SHARPNESS,
    say: Callable[[str], None] = lambda text: None,
) -> tuple[Array, Array]:
    """Fit the weights of a softmax.

    What a token adds is computed once a batch, however many titles hold it: three times faster than title by
    title. Every step is done in one thread and in a fixed order, so that the same titles give the same bytes.

    Parameters
    ----------
    made : csr_matrix, shape (n_titles, n_tokens)
        How titles are made of tokens.
    columns : csr_matrix, shape (n_tokens, n_columns)
    y : int array, shape (n_titles,)
        Class of each title.
    weight : float array, shape (n_titles,)
        What each title counts.
    n_classes : int
    seed : int
        Of the order in which titles are seen: the result is the same for the same seed.
    passes : int
        How often each title is seen.
    sharpness : float
        What a cosine is worth.
    say : callable
        Told of each pass.

    Returns
    -------
    W : float32 array, shape (n_columns, n_classes)
    b : float32 array, shape (n_classes,)
    """
    random = np.random.default_rng(seed)
    W = np.zeros((columns.shape[1], n_classes), np.float32)
    squares = np.full(W.shape, 1e-3, np.float32)
    counts = np.bincount(y, weights=weight, minlength=n_classes) + 0.5
    b = np.log(counts / counts.sum()).astype(np.float32)
    size = min(LARGEST_BATCH, made.shape[0] // STEPS_A_PASS + 1)
    for number in range(passes):
        step = STEP * (1 - number / passes)
        order = random.permutation(made.shape[0])
        for start in range(0, len(order), size):
            rows = order[start : start + size]
            batch, tokens = _narrowed(made[rows])
            part, used = _narrowed(columns[tokens])
            p = probabilities(sharpness * (batch @ (part @ W[used])) + b)
            p[np.arange(len(rows)), y[rows]] -= 1.0
            p *= weight[rows][:, None]
            gradient = sharpness * (part.T.tocsr() @ (batch.T.tocsr() @ p)).astype(np.float32)
            seen = squares[used] + gradient * gradient
            squares[used] = seen
            W[used] -= step * gradient / np.sqrt(seen)
        say(f"pass {number + 1} of {passes}")
    return sharpness * W, b


def _narrowed(table: sparse.csr_matrix) -> tuple[sparse.csr_matrix, Array]:
    """Return a table without its empty columns, and which columns those left are."""
    used = np.unique(table.indices)
    return table[:, used], used


def probabilities(logits: Array) -> Array:
    """Return the softmax of logits, row by row."""
    logits = logits - logits.max(axis=1, keepdims=True)
    np.exp(logits, out=logits)
    logits /= logits.sum(axis=1, keepdims=True)
    return logits
