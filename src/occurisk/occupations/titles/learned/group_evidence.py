"""What words say for groups of codes: naive Bayes, beside the softmax."""

from __future__ import annotations

import numpy as np
from scipy import sparse

Array = np.ndarray
# Titles that chance gives each column, shared among groups: few real ones say little. Any of 2 to 15 does.
BY_CHANCE = 5.0


def group_evidence(
    made: sparse.csr_matrix, columns: sparse.csr_matrix, group: Array, weight: Array, n_groups: int
) -> sparse.csr_matrix:
    """Return what each column says for each group of codes: naive Bayes, beside the softmax.

    How often a column stands in titles of a group is cruder than what a softmax learns, and errs less where a
    title is of words that few listed titles share. What a column says against all groups alike is left out.

    Parameters
    ----------
    made : csr_matrix, shape (n_titles, n_tokens)
        How titles are made of tokens.
    columns : csr_matrix, shape (n_tokens, n_columns)
    group : int array, shape (n_titles,)
        Group of each title.
    weight : float array, shape (n_titles,)
        What each title counts.
    n_groups : int

    Returns
    -------
    csr_matrix, shape (n_columns, n_groups), float32
        Logarithm of the titles with the column, over those that chance gives; 0 without any.
    """
    titles = sparse.csr_matrix((weight, group, np.arange(len(group) + 1)), (len(group), n_groups))
    share = np.asarray(titles.sum(axis=0)).ravel()
    share = (share + 0.5) / (share + 0.5).sum()
    held = ((made != 0).astype(np.float32) @ columns).tocsr()
    held.data[:] = 1
    found = (held.T.tocsr() @ titles).tocsr()
    found.sort_indices()
    found.data = np.log1p(found.data / (BY_CHANCE * share[found.indices]))
    return found.astype(np.float32)
