"""Listed titles that share words with a title, and what they say of its code.

The softmax knows words; listed titles know which words make one title. A rare word that is shared counts
more. In English only words are compared, not their pieces: a hundred times faster, and as good beside the
softmax. Where words are compounds or have many endings, as in German or Polish, pieces count, too.
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
# The same where pieces of words count, and their letters; the edges of a word count as one each.
VOTES_OF_PIECES, LEAST_VOTES_OF_PIECES, PIECE = 1.2, 0.02, 4


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
    pieces : bool
        Whether pieces of words are compared beside words.
    """

    places: Mapping[str, int]
    rarity: Array
    listed: sparse.csr_matrix
    owners: sparse.csr_matrix
    pieces: bool = False

    @classmethod
    def of(
        cls,
        titles: Sequence[str],
        codes: Array,
        n_codes: int,
        too_common: int = TOO_COMMON,
        pieces: bool = False,
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
        pieces : bool
            Whether pieces of words are compared beside words.
        """
        places: dict[str, int] = {}
        columns = [[places.setdefault(one, len(places)) for one in _compared(t, pieces)] for t in titles]
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
        return cls(places, rarity, near, owners, pieces)

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
        columns = [
            sorted({self.places.get(one, unknown) for one in _compared(t, self.pieces)}) for t in titles
        ]
        made = _rows(columns, unknown + 1)
        length = np.sqrt(made @ self.rarity**2)
        asked = sparse.diags(1 / np.maximum(length, 1e-9)) @ made[:, :-1] @ sparse.diags(self.rarity[:-1])
        near = asked.tocsr().astype(np.float32) @ self.listed
        near.data **= NEARNESS
        votes: Array = (near @ self.owners).toarray()
        return votes


def said_by(votes: Array, pieces: bool = False) -> Array:
    """Return what votes add to scores: nothing where there is none."""
    worth, least = (VOTES_OF_PIECES, LEAST_VOTES_OF_PIECES) if pieces else (VOTES, LEAST_VOTES)
    return worth * np.log(1 + votes / least)


def _compared(title: str, pieces: bool) -> dict[str, None]:
    """Return the words of a title, and pieces of them, each once."""
    words = title.split()
    if not pieces:
        return dict.fromkeys(words)
    edged = [f" {word} " for word in words]
    starts = ((word, range(max(len(word) - PIECE + 1, 1))) for word in edged)
    return dict.fromkeys([*words, *(f"#{word[i : i + PIECE]}" for word, places in starts for i in places)])


def _rows(columns: Sequence[Sequence[int]], n_columns: int) -> sparse.csr_matrix:
    """Return a matrix of ones at these columns of each row."""
    starts = np.cumsum([0, *map(len, columns)])
    flat = np.fromiter((place for row in columns for place in row), np.int64, starts[-1])
    ones = np.ones(len(flat), np.float32)
    return sparse.csr_matrix((ones, flat, starts), shape=(len(columns), n_columns))
