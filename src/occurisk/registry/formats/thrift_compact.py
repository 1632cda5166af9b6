"""Footers and page headers of Parquet: Thrift's compact protocol, read and written without a schema.

Arrow offers no way to put a Parquet file together from chunks that are encoded already. That takes the
footer, whose protocol is small: https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
"""

from __future__ import annotations

import struct
from typing import Any

TRUE, FALSE, BYTE, I16, I32, I64, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = range(1, 13)
_INTEGERS = (I16, I32, I64)
MAGIC = b"PAR1"
# Field number -> (kind, value). A list's value is (kind of its items, items).
Struct = dict[int, tuple[int, Any]]


def footer(file: memoryview) -> Struct:
    """Return the footer (`FileMetaData`) of a whole Parquet file.

    Parameters
    ----------
    file : memoryview of bytes
        As Arrow writes it: not encrypted.
    """
    length = int.from_bytes(file[-8:-4], "little")
    return _Reader(bytes(file[-8 - length : -8])).struct()


def encode(values: Struct) -> bytes:
    """Return a struct in the compact protocol."""
    out = bytearray()
    _write_struct(out, values)
    return bytes(out)


def varint(value: int) -> bytes:
    """Return an unsigned integer, seven bits a byte, the lowest first."""
    out = bytearray()
    _write_varint(out, value)
    return bytes(out)


class _Reader:
    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def byte(self) -> int:
        self.at += 1
        return self.data[self.at - 1]

    def varint(self) -> int:
        value = shift = 0
        while (byte := self.byte()) & 0x80:
            value |= (byte & 0x7F) << shift
            shift += 7
        return value | byte << shift

    def zigzag(self) -> int:
        value = self.varint()
        return (value >> 1) ^ -(value & 1)

    def struct(self) -> Struct:
        found: Struct = {}
        number = 0
        while head := self.byte():
            number = number + (head >> 4) if head >> 4 else self.zigzag()
            kind = head & 0x0F
            # The value of a truth field is its kind.
            found[number] = (kind, kind == TRUE if kind in (TRUE, FALSE) else self.value(kind))
        return found

    def value(self, kind: int) -> Any:
        if kind in (TRUE, FALSE, BYTE):
            return self.byte()
        if kind in _INTEGERS:
            return self.zigzag()
        if kind == STRUCT:
            return self.struct()
        if kind in (LIST, SET):
            head = self.byte()
            size = head >> 4 if head >> 4 < 15 else self.varint()
            return head & 0x0F, [self.value(head & 0x0F) for _ in range(size)]
        if kind not in (BINARY, DOUBLE):
            raise NotImplementedError(f"Thrift type {kind}: Parquet's footers have none.")
        size = 8 if kind == DOUBLE else self.varint()
        self.at += size
        raw = self.data[self.at - size : self.at]
        return struct.unpack("<d", raw)[0] if kind == DOUBLE else raw


def _write_struct(out: bytearray, values: Struct) -> None:
    last = 0
    for number in sorted(values):
        kind, value = values[number]
        if 0 < number - last < 16:
            out.append((number - last) << 4 | kind)
        else:
            out.append(kind)
            _write_varint(out, number << 1)
        if kind not in (TRUE, FALSE):
            _write(out, kind, value)
        last = number
    out.append(0)


def _write(out: bytearray, kind: int, value: Any) -> None:
    if kind in (TRUE, FALSE, BYTE):
        out.append(value)
    elif kind in _INTEGERS:
        _write_varint(out, value << 1 if value >= 0 else (-value << 1) - 1)
    elif kind == STRUCT:
        _write_struct(out, value)
    elif kind == DOUBLE:
        out += struct.pack("<d", value)
    elif kind == BINARY:
        _write_varint(out, len(value))
        out += value
    else:
        of, items = value
        out.append(min(len(items), 15) << 4 | of)
        if len(items) >= 15:
            _write_varint(out, len(items))
        for item in items:
            _write(out, of, item)


def _write_varint(out: bytearray, value: int) -> None:
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
