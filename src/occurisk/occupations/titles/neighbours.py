"""Listed titles that share words with a title, and what they say of its code.

The softmax knows words; listed titles know which words make one title. A rare word that is shared counts
more. Only words are compared, not their pieces: a hundred times faster, and as good beside the softmax.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

Array = np.ndarray
# A word in more listed titles tells no neighbours; it keeps its part of a title's length.
TOO_COMMON = 3000
# How much nearer a neighbour must be to be heard. Tuned, as the next two, on the development halves.
NEARNESS = 4
# What the logarithm of votes adds to a score, and the votes that a code has anyway.
VOTES, LEAST_VOTES = 0.75, 0.05


@dataclass(frozen=True)
class Neighbours:
    """Listed titles, found by their words.

    Attributes
    ----------
    places : mapping
        Word -> its row.
    rarity : array, shape (n_words + 1,)
        Logarithm of all listed titles over those with the word; last, that of a word in none.
    listed : csr_matrix, shape (n_words, n_listed)
        Rarity of the words of each listed title, whose vector has length one; common words are left out.
    owners : csr_matrix, shape (n_listed, n_codes)
        The code of each.
    """

    places: Mapping[str, int]
    rarity: Array
    listed: sparse.csr_matrix
    owners: sparse.csr_matrix

    @classmethod
    def of(
        cls, titles: Sequence[str], codes: Array, n_codes: int, too_common: int = TOO_COMMON
    ) -> Neighbours:
        """Index listed titles.

        Parameters
        ----------
        titles : sequence of str
            Normalised.
        codes : int array
            Class of each title.
        n_codes : int
        too_common : int
            A word in more titles than this finds no neighbours.
        """
        places: dict[str, int] = {}
        columns = [[places.setdefault(word, len(places)) for word in set(t.split())] for t in titles]
        made = _rows(columns, len(places))
        counts = np.asarray(made.sum(axis=0)).ravel()
        rarity = np.log(len(titles) / np.append(np.maximum(counts, 1), 1)).astype(np.float32)
        kept = np.where(counts <= too_common, rarity[:-1], 0)
        length = np.sqrt(made @ rarity[:-1] ** 2)
        near = sparse.diags(1 / np.maximum(length, 1e-9)) @ made @ sparse.diags(kept)
        near = near.T.tocsr().astype(np.float32)
        near.eliminate_zeros()
        ones = np.ones(len(titles), np.float32)
        owners = sparse.csr_matrix((ones, codes, np.arange(len(titles) + 1)), (len(titles), n_codes))
        return cls(places, rarity, near, owners)

    def votes(self, titles: Sequence[str]) -> Array:
        """Return what listed titles say: nearness to the power of `NEARNESS`, summed by code.

        Parameters
        ----------
        titles : sequence of str
            Normalised.

        Returns
        -------
        array, shape (n_titles, n_codes), float32
        """
        unknown = len(self.places)
        columns = [sorted({self.places.get(w, unknown) for w in t.split()}) for t in titles]
        made = _rows(columns, unknown + 1)
        length = np.sqrt(made @ self.rarity**2)
        asked = sparse.diags(1 / np.maximum(length, 1e-9)) @ made[:, :-1] @ sparse.diags(self.rarity[:-1])
        near = asked.tocsr().astype(np.float32) @ self.listed
        near.data **= NEARNESS
        votes: Array = (near @ self.owners).toarray()
        return votes


def said_by(votes: Array) -> Array:
    """Return what votes add to scores: nothing where there is none."""
    return VOTES * np.log(1 + votes / LEAST_VOTES)


def _rows(columns: Sequence[Sequence[int]], n_columns: int) -> sparse.csr_matrix:
    """Return a matrix of ones at these columns of each row."""
    starts = np.cumsum([0, *map(len, columns)])
    flat = np.fromiter((place for row in columns for place in row), np.int64, starts[-1])
    ones = np.ones(len(flat), np.float32)
    return sparse.csr_matrix((ones, flat, starts), shape=(len(columns), n_columns))
