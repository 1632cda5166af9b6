"""The largest weights, each as one of a few sizes, packed into a small file without pickle."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from scipy import sparse

Array = np.ndarray
# A weight that is kept is one of so many sizes: as good as 127 steps, at two thirds of the bytes.
SIZES = 16


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
