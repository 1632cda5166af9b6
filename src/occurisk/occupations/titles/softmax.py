"""A linear softmax over the columns of titles, trained in one pass after another with AdaGrad."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from scipy import sparse

Array = np.ndarray
# Tuned on the development halves: batches of 512 or ten passes change figures by less than 0.3 points.
PASSES, STEP = 6, 0.08
# Titles a step: large batches are faster, but a short list must not have too few steps.
LARGEST_BATCH, STEPS_A_PASS = 2048, 30
# What a cosine is worth in the softmax: with vectors of length one, logits of 1 would tell nothing apart.
SHARPNESS = 8.0
# How far a list moves the scores of codes, and how many titles as the matcher expects them count beside its
# own. Tuned on the development halves, by their titles; their codes told only what came of it.
OF_LIST, AS_EXPECTED = 0.6, 400.0


def train_softmax(
    made: sparse.csr_matrix,
    columns: sparse.csr_matrix,
    y: Array,
    weight: Array,
    n_classes: int,
    seed: int = 0,
    passes: int = PASSES,
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
            p = probabilities(SHARPNESS * (batch @ (part @ W[used])) + b)
            p[np.arange(len(rows)), y[rows]] -= 1.0
            p *= weight[rows][:, None]
            gradient = SHARPNESS * (part.T.tocsr() @ (batch.T.tocsr() @ p)).astype(np.float32)
            seen = squares[used] + gradient * gradient
            squares[used] = seen
            W[used] -= step * gradient / np.sqrt(seen)
        say(f"pass {number + 1} of {passes}")
    return SHARPNESS * W, b


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


def list_shift(logits: Iterable[Array], b: Array) -> Array:
    """Return what a list adds to the score of each code: more where more titles point to it than expected.

    A list of farm workers and one of builders mean different work by *laborer*. What the titles of a list say
    on average is held against what the matcher expects; a part of the logarithm of the ratio is added.

    Parameters
    ----------
    logits : iterable of array, shape (n_titles, n_codes)
        Of the distinct titles of the list, some at a time.
    b : array, shape (n_codes,)
        Scores of the codes before any word is known.

    Returns
    -------
    array, shape (n_codes,), float32

    Source: one step of Saerens, Latinne & Decaestecker (2002), Neural Computation 14(1), 21-41,
    doi:10.1162/089976602753284446.
    """
    expected = probabilities(b[None].astype(float))[0]
    seen, n = np.zeros(len(b)), 0
    for part in logits:
        seen += probabilities(part.astype(float)).sum(axis=0)
        n += len(part)
    share = (seen + AS_EXPECTED * expected) / (n + AS_EXPECTED)
    return (OF_LIST * np.log(share / expected)).astype(np.float32)


def quantised(W: Array, b: Array, keep: int) -> tuple[sparse.csr_matrix, Array]:
    """Return weights as int8, without the smallest: the `keep` largest stay.

    Returns
    -------
    csr_matrix of int8, scale per column of shape (n_codes,), float32
    """
    # A softmax does not change if all logits of a title move together: what a column gives to most codes
    # alike is taken off, so that only what tells codes apart is kept.
    W = W - np.median(W, axis=1, keepdims=True)
    size = np.abs(W)
    least = np.partition(size.ravel(), -keep)[-keep] if keep < size.size else 0.0
    scale = np.maximum(size.max(axis=0), 1e-9) / 127
    whole = np.where(size >= max(least, 1e-9), np.rint(W / scale), 0).astype(np.int8)
    return sparse.csr_matrix(whole), scale.astype(np.float32)
