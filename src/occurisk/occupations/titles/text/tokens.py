"""A title as numbers: which words it has, and which pieces of words, hashed to columns.

Pieces never cross a word, so that the score of a title is the sum of what its words, its pairs of
neighbouring words and its head word add: each distinct token is scored once, and the sum explains itself.
"""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np
from scipy import sparse

COLUMNS = 1 << 16
SHORTEST, LONGEST = 3, 5  # characters of a piece; the edges of a word count as one each
# What a column is worth, by kind of token. Tuned on the development halves.
WORD, PIECE, PAIR, HEAD = 1.5, 0.6, 1.0, 1.5
PAIR_MARK, HEAD_MARK = " ", "^"
FIRST, LAST = "first", "last"
# A title is about what stands before these words: "manager of sales", "engineer in a mine".
_AFTER_HEAD = frozenset("of for in at with to and on from the a an by".split())  # noqa: SIM905


def head_word(words: Sequence[str], head: str = LAST) -> str:
    """Return the word that names the kind of work.

    Parameters
    ----------
    words : sequence of str
    head : {"last", "first"}
        Where it stands in the language: in English last, or last before `of` or `for`.
    """
    if not words:
        return ""
    if head == FIRST or not words[0].isascii():
        return words[0]
    for place, word in enumerate(words):
        if word in _AFTER_HEAD and place:
            return words[place - 1]
    return words[-1]


def head_of_language(titles: Sequence[str]) -> str:
    """Tell where the head word stands in the titles of a list: where fewer different words do."""
    several = [words for title in titles if len(words := title.split()) > 1]
    first, last = len({words[0] for words in several}), len({words[-1] for words in several})
    return FIRST if first < last else LAST


def tokens_of(title: str, head: str = LAST) -> list[str]:
    """Return the tokens of a normalised title: words, pairs of neighbours, the head word (marked)."""
    words = title.split()
    pairs = [f"{one}{PAIR_MARK}{other}" for one, other in itertools.pairwise(words)]
    return [*words, *pairs, HEAD_MARK + head_word(words, head)] if words else []


@lru_cache(maxsize=6_000)
def columns_of(token: str) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Return the columns of a token and their values."""
    if token.startswith(HEAD_MARK):
        return (_hash("h" + token),), (HEAD,)
    if PAIR_MARK in token:
        return (_hash("p" + token),), (PAIR,)
    edged = f" {token} "
    pieces = [
        edged[start : start + length]
        for length in range(SHORTEST, LONGEST + 1)
        for start in range(len(edged) - length + 1)
    ]
    if len(edged) < LONGEST + 1:
        pieces.append(edged)
    columns = [_hash("w" + token), *(_hash("c" + piece) for piece in pieces)]
    return tuple(columns), (WORD, *[PIECE] * len(pieces))


def _hash(text: str) -> int:
    return zlib.crc32(text.encode()) % COLUMNS


def token_matrix(tokens: Iterable[str]) -> sparse.csr_matrix:
    """Return the columns of tokens, shape (n_tokens, COLUMNS)."""
    indices: list[int] = []
    values: list[float] = []
    starts = [0]
    for token in tokens:
        columns, weights = columns_of(token)
        indices += columns
        values += weights
        starts.append(len(indices))
    shape = (len(starts) - 1, COLUMNS)
    matrix = sparse.csr_matrix((np.array(values, np.float32), indices, starts), shape=shape)
    matrix.sum_duplicates()
    return matrix


def tokenised(titles: Sequence[str], head: str = LAST) -> tuple[list[str], sparse.csr_matrix]:
    """Return the distinct tokens of titles, and how each title is made of them.

    Parameters
    ----------
    titles : sequence of str
        Normalised.
    head : {"last", "first"}
        See `head_word`.

    Returns
    -------
    list of str
        Tokens, in order of first appearance.
    csr_matrix, shape (n_titles, n_tokens)
        Each row is divided by the length of the title's vector, so that long titles weigh no more.
    """
    places: dict[str, int] = {}
    indices: list[int] = []
    values: list[float] = []
    starts = [0]
    for title in titles:
        tokens = tokens_of(title, head)
        length = sum(_square(token) for token in tokens) ** -0.5 if tokens else 0.0
        indices += [places.setdefault(token, len(places)) for token in tokens]
        values += [length] * len(tokens)
        starts.append(len(indices))
    shape = (len(titles), len(places))
    made = sparse.csr_matrix((np.array(values, np.float32), indices, starts), shape=shape)
    return list(places), made


@lru_cache(maxsize=30_000)
def _square(token: str) -> float:
    return sum(value * value for value in columns_of(token)[1])
