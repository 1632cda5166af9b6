"""Column chunks of Parquet from dictionary numbers, at the speed of copying.

Arrow encodes each column value by value. A column that is looked up by key needs none of that: its values
are the dictionary page, its numbers are packed into bits once, and columns with the same numbers share those
bytes.
Format: https://github.com/apache/parquet-format (Encodings.md, README.md, parquet.thrift).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from occurisk.registry.formats.thrift_compact import BINARY, I32, I64, LIST, STRUCT, Struct, encode, varint

# More values than this do not fit the two bytes that numbers are packed from.
MOST_VALUES = 1 << 16
_DATA_PAGE, _DICTIONARY_PAGE = 0, 2
_PLAIN, _RLE, _RLE_DICTIONARY = 0, 3, 8
_SNAPPY = 1
_BOOLEAN, _DOUBLE, _BYTE_ARRAY = 0, 5, 6
# Fields of ColumnChunk and ColumnMetaData that hold positions in the file.
_OFFSETS_OF_DATA = (9, 10, 11)


@dataclass(frozen=True)
class Chunk:
    """A column chunk that can be put anywhere in a file.

    Attributes
    ----------
    pages : tuple of bytes-like
    column : Struct
        Its `ColumnMetaData`, positions counted from the chunk's first byte.
    """

    pages: tuple[bytes | memoryview, ...]
    column: Struct

    def at(self, offset: int) -> Struct:
        """Return the `ColumnChunk` of a chunk that begins at this byte of the file."""
        moved = {n: (I64, self.column[n][1] + offset) for n in _OFFSETS_OF_DATA if n in self.column}
        return {2: (I64, 0), 3: (STRUCT, {**self.column, **moved})}

    @property
    def plain_size(self) -> int:
        """Bytes without compression."""
        size: int = self.column[6][1]
        return size


def copied(file: memoryview, column: Struct) -> Chunk:
    """Take a chunk out of a Parquet file.

    Parameters
    ----------
    file : memoryview of bytes
    column : Struct
        A `ColumnChunk` of its footer, without page index and Bloom filter.
    """
    meta = column[3][1]
    start = min(meta[n][1] for n in _OFFSETS_OF_DATA if n in meta)
    moved = {n: (I64, meta[n][1] - start) for n in _OFFSETS_OF_DATA if n in meta}
    return Chunk((file[start : start + meta[7][1]],), {**meta, **moved})


@dataclass(frozen=True)
class Page:
    """A page with its header, the size that it unpacks to (header included), and how many values it holds."""

    data: bytes
    plain_size: int
    values: int


def number_page(numbers: np.ndarray, values: int, nullable: bool = False) -> Page:
    """Pack dictionary numbers into a data page.

    Parameters
    ----------
    numbers : ndarray of int, shape (n,)
        All below `values`.
    values : int
        In the dictionary, at most `MOST_VALUES`.
    nullable : bool
        Whether the column is declared as one that may have gaps; these rows have none.
    """
    width = max(1, (values - 1).bit_length())
    width += width % 2 if width > 8 else 0  # four fields of an odd width would end within a byte
    levels = b""
    if nullable:  # one run of "there is a value"
        run = varint(len(numbers) << 1) + b"\x01"
        levels = len(run).to_bytes(4, "little") + run
    # One run of bit-packed groups of eight.
    head = levels + bytes([width]) + varint(-(-len(numbers) // 8) << 1 | 1)
    return _data_page(head, numbers, width, _RLE_DICTIONARY)


def bit_page(truth: np.ndarray) -> Page:
    """Pack truth values, 0 or 1, into a data page of a Boolean column without gaps."""
    return _data_page(b"", truth, 1, _PLAIN)


def dictionary_chunk(name: str, values: pa.Array, page: Page) -> Chunk:
    """Put values and their packed numbers together.

    Parameters
    ----------
    name : str
    values : pyarrow.Array of string, large_string or float64
        Without gaps.
    page : Page
        From `number_page`.
    """
    text = not pa.types.is_floating(values.type)
    head = {1: (I32, len(values)), 2: (I32, _PLAIN)}
    dictionary = _page(_plain(values), _DICTIONARY_PAGE, 7, head, len(values))
    return _chunk(name, _BYTE_ARRAY if text else _DOUBLE, (dictionary, page))


def bit_chunk(name: str, page: Page) -> Chunk:
    """Put the truth values of a column into a chunk."""
    return _chunk(name, _BOOLEAN, (page,))


def pack_bits(values: np.ndarray, width: int) -> np.ndarray:
    """Pack numbers into `width` bits each, the lowest bit first, as Parquet orders them.

    Parameters
    ----------
    values : ndarray of uint8 or uint16, shape (n,)
        All below 2 ** width. Zeros are added until eight divide n.
    width : int
        1 to 8 for uint8; 10, 12, 14 or 16 for uint16.

    Returns
    -------
    ndarray of uint8, shape (width * ceil(n / 8),)
    """
    values = np.pad(values, (0, -len(values) % 8))
    lane, field = 8 * values.itemsize, width
    while lane < 64 and lane > field:
        # Two neighbours become one lane twice as wide: the upper moves down to the lower's last bit.
        pairs = values.view(f"<u{lane // 4}")
        kind = pairs.dtype.type
        low = kind((1 << field) - 1)
        values = pairs & low
        values |= (pairs >> kind(lane - field)) & kind(int(low) << field)
        lane, field = 2 * lane, 2 * field
    return np.ascontiguousarray(values.view(np.uint8).reshape(-1, lane // 8)[:, : field // 8]).reshape(-1)


def _plain(values: pa.Array) -> bytes:
    if pa.types.is_floating(values.type):
        return values.to_numpy().astype("<f8").tobytes()
    raw = values.cast(pa.binary())
    lengths = pc.binary_length(raw).to_numpy().astype("<i4")
    sizes = pa.FixedSizeBinaryArray.from_buffers(pa.binary(4), len(raw), [None, pa.py_buffer(lengths)])
    texts = pc.binary_join_element_wise(sizes.cast(pa.binary()), raw, b"")
    plain: bytes = texts.buffers()[2].to_pybytes()
    return plain[: int(pc.sum(pc.binary_length(texts)).as_py())]


def _page(body: bytes, kind: int, number: int, head: Struct, values: int) -> Page:
    packed = pa.compress(body, "snappy", asbytes=True)
    header = encode({1: (I32, kind), 2: (I32, len(body)), 3: (I32, len(packed)), number: (STRUCT, head)})
    return Page(header + packed, len(header) + len(body), values)


def _data_page(head: bytes, numbers: np.ndarray, width: int, encoding: int) -> Page:
    packed = pack_bits(numbers.astype(np.uint8 if width <= 8 else np.uint16, copy=False), width)
    rows = len(numbers)
    page = {1: (I32, rows), 2: (I32, encoding), 3: (I32, _RLE), 4: (I32, _RLE)}
    return _page(head + packed.tobytes(), _DATA_PAGE, 5, page, rows)


def _chunk(name: str, kind: int, pages: tuple[Page, ...]) -> Chunk:
    *dictionary, data = pages
    encodings = [_PLAIN, _RLE, _RLE_DICTIONARY] if dictionary else [_PLAIN, _RLE]
    column: Struct = {
        1: (I32, kind),
        2: (LIST, (I32, encodings)),
        3: (LIST, (BINARY, [name.encode()])),
        4: (I32, _SNAPPY),
        5: (I64, data.values),
        6: (I64, sum(page.plain_size for page in pages)),
        7: (I64, sum(len(page.data) for page in pages)),
        9: (I64, sum(len(page.data) for page in dictionary)),
    }
    if dictionary:
        column[11] = (I64, 0)
    return Chunk(tuple(page.data for page in pages), column)
