"""Scores of titles, and which of their words made them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from occurisk.occupations.titles.text.tokens import HEAD_MARK, PAIR_MARK

Array = np.ndarray
# Characters of a word in a reason.
LONGEST_SHOWN = 40


@dataclass(frozen=True)
class Scored:
    """Scores of titles, and the tokens that they are the sum of.

    Attributes
    ----------
    logits : array, shape (n_titles, n_codes)
    tokens : list of str
    made : csr_matrix, shape (n_titles, n_tokens)
    per_token : array, shape (n_tokens, n_codes + n_groups)
    group : int array, shape (n_codes,)
        Group of each class.
    """

    logits: Array
    tokens: list[str]
    made: sparse.csr_matrix
    per_token: Array
    group: Array

    def words(self, places: Array, most: int = 3) -> list[list[str]]:
        """Return the words of each title that speak for a class of its own, strongest first.

        Parameters
        ----------
        places : int array, shape (n_titles,)
        most : int
        """
        starts = self.made.indptr
        row = np.repeat(np.arange(len(places)), np.diff(starts))
        place, of_group = places[row], len(self.group) + self.group[places[row]]
        both = self.per_token[self.made.indices, place] + self.per_token[self.made.indices, of_group]
        added = both.tolist()
        names = [self.tokens[token] for token in self.made.indices.tolist()]
        return [
            _strongest(names[start:end], added[start:end], most)
            for start, end in itertools.pairwise(starts.tolist())
        ]


def _strongest(names: list[str], added: list[float], most: int) -> list[str]:
    logits: dict[str, float] = {}
    for name, score in zip(names, added, strict=True):
        for word in (name[1:],) if name[0] == HEAD_MARK else name.split(PAIR_MARK):
            logits[word] = logits.get(word, 0.0) + score
    strongest = sorted(logits.items(), key=lambda item: -item[1])[:most]
    return [word[:LONGEST_SHOWN] for word, score in strongest if score > 0 and len(word) > 1]
