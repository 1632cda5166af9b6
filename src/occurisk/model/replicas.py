"""What sets one replica apart from the next: the labels that it sees, and the prior that it starts from."""

from __future__ import annotations

import numpy as np


def stratified_bootstrap(codes: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Draw labels with replacement within each class.

    Parameters
    ----------
    codes : ndarray, shape (n,)
        The class of each label.
    count, seed : int
        Replicas, and the seed of the draw.

    Returns
    -------
    ndarray, shape (count, n)
        How often each replica drew each label.
    """
    rng = np.random.default_rng([seed, 2])
    counts = np.zeros((count, len(codes)))
    for value in np.unique(codes):
        members = np.flatnonzero(codes == value)
        counts[:, members] = rng.multinomial(
            len(members), np.full(len(members), 1 / len(members)), size=count
        )
    return counts


def prior_means(share: float, shape: tuple[int, int], seed: int) -> np.ndarray:
    """Return the centre of each replica's prior: this share of a draw from the prior, shape as asked for."""
    return share * np.random.default_rng([seed, 1]).standard_normal(shape)


def prior_widths(df: float | None, count: int, seed: int) -> np.ndarray:
    """Draw how wide each replica's prior is, as a factor of its standard deviation.

    Over the replicas the prior is then Student's t with `df` degrees of freedom. Without `df` it is 1.

    Parameters
    ----------
    df : float or None
        Positive.
    count, seed : int

    Returns
    -------
    ndarray, shape (count,)
    """
    if df is None:
        return np.ones(count)
    return np.sqrt(df / np.random.default_rng([seed, 4]).chisquare(df, count))
