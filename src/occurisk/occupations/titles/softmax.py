"""A linear softmax over the columns of titles, and naive Bayes for groups of codes: learned, and packed.

The softmax is trained in one pass after another with AdaGrad.
"""

from __future__ import annotations

import io
import itertools
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import sparse

from occurisk.occupations.titles.text.tokens import HEAD_MARK, PAIR_MARK

Array = np.ndarray
# Tuned on the development halves: batches of 512 or ten passes change figures by less than 0.3 points.
PASSES, STEP = 6, 0.08
# Titles a step: large batches are faster, but a short list must not have too few steps.
LARGEST_BATCH, STEPS_A_PASS = 2048, 30
# What a cosine is worth in the softmax: with vectors of length one, logits of 1 would tell nothing apart.
SHARPNESS = 8.0
# Of lists whose head word stands first: softer, since neighbours have more to say there. Tuned as above.
SOFTER = 5.0
# How far a list moves the scores of codes, and how many titles as the matcher expects them count beside its
# own. Tuned on the development halves, by their titles; their codes told only what came of it.
OF_LIST, AS_EXPECTED = 0.6, 400.0
# Titles that chance gives each column, shared among groups: few real ones say little. Any of 2 to 15 does.
BY_CHANCE = 5.0
# A weight that is kept is one of so many sizes: as good as 127 steps, at two thirds of the bytes.
SIZES = 16
# Characters of a word in a reason.
LONGEST_SHOWN = 40


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


def largest(W: Array, keep: int) -> sparse.csr_matrix:
    """Return the `keep` largest weights."""
    # A softmax does not change if all logits of a title move together: what a column gives to most codes
    # alike is taken off, so that only what tells codes apart is kept.
    W = W - np.median(W, axis=1, keepdims=True)
    size = np.abs(W)
    least = np.partition(size.ravel(), -keep)[-keep] if keep < size.size else 0.0
    W[size < max(least, 1e-9)] = 0
    return sparse.csr_matrix(W)


def in_sizes(weights: Array) -> tuple[Array, Array]:
    """Return weights as one of `SIZES` sizes, each so many times the one before, with a sign.

    Returns
    -------
    places : int8 array
        Number of the size of each weight, from 1; negative for a negative weight.
    sizes : float32 array, shape (SIZES,)
        The mean weight of each size.
    """
    size = np.abs(weights).astype(float)
    if not len(size):
        return np.zeros(0, np.int8), np.zeros(SIZES, np.float32)
    steps = np.log(size / size.min()) / max(np.log(size.max() / size.min()), 1e-9) * SIZES
    place = np.minimum(steps.astype(int), SIZES - 1)
    mean = np.bincount(place, size, SIZES) / np.maximum(np.bincount(place, minlength=SIZES), 1)
    return ((place + 1) * np.sign(weights)).astype(np.int8), mean.astype(np.float32)


def from_sizes(places: Array, sizes: Array) -> Array:
    """Return the weights that `in_sizes` took."""
    return np.concatenate([-sizes[::-1], [np.float32(0)], sizes])[places.astype(np.intp) + SIZES]


def packed(table: sparse.csr_matrix, name: str) -> dict[str, Array]:
    """Return a sparse table as arrays that compress well; `unpacked` takes them back."""
    table.sort_indices()
    starts = table.indptr[:-1][np.diff(table.indptr) > 0]
    steps = np.diff(table.indices, prepend=0)
    steps[starts] = table.indices[starts]
    places, sizes = in_sizes(table.data)
    return {
        f"{name}_counts": np.diff(table.indptr).astype(np.uint16),
        # The upper bytes are nearly all 0.
        f"{name}_steps": (steps & 255).astype(np.uint8),
        f"{name}_more": (steps >> 8).astype(np.uint8),
        f"{name}_places": places,
        f"{name}_sizes": sizes,
    }


def unpacked(arrays: Mapping[str, Array], name: str, n_columns: int) -> sparse.csr_matrix:
    """Return the table that `packed` took, with its weights in sizes, float32."""
    indptr = np.concatenate([[0], np.cumsum(arrays[f"{name}_counts"], dtype=np.int64)])
    steps = arrays[f"{name}_steps"].astype(np.int32) + 256 * arrays[f"{name}_more"].astype(np.int32)
    along = np.cumsum(steps, dtype=np.int64)
    before = np.concatenate([[0], along])[indptr[:-1]]
    indices = (along - np.repeat(before, np.diff(indptr))).astype(np.int32)
    values = from_sizes(arrays[f"{name}_places"], arrays[f"{name}_sizes"])
    return sparse.csr_matrix((values, indices, indptr), shape=(len(indptr) - 1, n_columns))


def write_arrays(path: Path, arrays: dict[str, Array]) -> None:
    """Write an `.npz` that is a sixth smaller than NumPy's own."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        for name, array in arrays.items():
            stream = io.BytesIO()
            np.lib.format.write_array(stream, array, allow_pickle=False)
            # Without a time of its own an entry has that of 1980: the same bytes whenever it is written.
            entry = zipfile.ZipInfo(f"{name}.npy")
            entry.compress_type = zipfile.ZIP_LZMA
            archive.writestr(entry, stream.getvalue())


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
