"""What a list tells of the work that is common in it."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from occurisk.occupations.titles.learned.softmax import probabilities

Array = np.ndarray
# How far a list moves the scores of codes, and how many titles as the matcher expects them count beside its
# own. Tuned on the development halves, by their titles; their codes told only what came of it.
OF_LIST, AS_EXPECTED = 0.6, 400.0


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
