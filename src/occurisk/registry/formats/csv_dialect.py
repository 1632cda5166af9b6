"""Find out how a text table is written: encoding, delimiter, where its header stands."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

from occurisk.registry.formats.base import TextStyle
from occurisk.registry.numbers import number_style

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_LINES = 200
_LONGEST_LINE = 1 << 20
_NO_TEXTS = {"punycode", "idna", "unicode_escape", "raw_unicode_escape", "undefined"}
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))

_POINT = re.compile(r"[+-]?\d*\.\d+")


@dataclass(frozen=True)
class Dialect:
    """How a text table is written.

    Attributes
    ----------
    encoding : str
        Python's name of it.
    delimiter : str
        One character.
    header : tuple of str
    skip : int
        Records above the header.
    start : int
        Characters above the header.
    decimal : str
        Decimal mark of its numbers: the one that more of the first lines' numbers have; a comma where
        semicolons separate columns and no number has a point.
    """

    encoding: str
    delimiter: str
    header: tuple[str, ...]
    skip: int = 0
    start: int = 0
    decimal: str = "."

    @property
    def style(self) -> TextStyle:
        """How text is written from such a table; what was not UTF-8 gets a BOM, to open as it did."""
        return TextStyle(self.delimiter, self.decimal, self.encoding not in {"utf-8", "ascii"})

    @property
    def delimiter_name(self) -> str:
        """The delimiter in words."""
        return DELIMITERS.get(self.delimiter, repr(self.delimiter))


def sniff(head: bytes, *, whole: bool, encoding: str | None = None, delimiter: str | None = None) -> Dialect:
    """Tell the dialect from the beginning of a file.

    Parameters
    ----------
    head : bytes
    whole : bool
        Whether that is all of the file.
    encoding, delimiter : str, optional
        What is known already.

    Returns
    -------
    Dialect

    Raises
    ------
    ValueError
        If the bytes are no text, or a line does not end.
    LookupError
        If the encoding does not exist.
    """
    encoding = _known(encoding) if encoding else _encoding(head, whole)
    if encoding in {"utf-8", "ascii"} and head.startswith(codecs.BOM_UTF8):
        encoding = "utf-8-sig"
    text = codecs.getincrementaldecoder(encoding)(errors="replace").decode(
        head[: 8 * _LONGEST_LINE], final=False
    )
    if (
        max((len(line) for line in text[: 4 * _LONGEST_LINE].split("\n")[:_LINES]), default=0)
        >= _LONGEST_LINE - 8
    ):
        raise ValueError("one of its first lines is longer than 1 MB")
    lines = lines_of(text)[:_LINES]
    if not whole and len(lines) > 1:
        lines = lines[:-1]  # may be cut
    try:
        delimiter = delimiter or _delimiter(lines)
        reader = csv.reader(lines, delimiter=delimiter)
        records, ends = [], []
        for record in reader:
            records.append(record)
            ends.append(reader.line_num)
    except csv.Error as problem:
        raise ValueError(f"its first lines are no CSV ({problem})") from problem
    skip, header = _header(records)
    start = sum(len(line) for line in lines[: ends[skip - 1]]) if skip else 0
    return Dialect(encoding, delimiter, tuple(header), skip, start, _decimal(records, delimiter))


def _decimal(records: list[list[str]], delimiter: str) -> str:
    cells = [cell for record in records for cell in record]
    if number_style(cells).decimal == ",":
        return ","
    points = any(_POINT.fullmatch(cell.strip()) for cell in cells)
    return "," if delimiter == ";" and not points else "."


def lines_of(text: str) -> list[str]:
    """Cut a text at line feeds, returns, or both, and nowhere else; every line keeps its end."""
    return io.StringIO(text, newline="").readlines()


def _known(encoding: str) -> str:
    """Return Python's name of an encoding of texts; its other codecs turn bytes into something else."""
    codec = codecs.lookup(encoding)
    if not getattr(codec, "_is_text_encoding", True) or codec.name.replace("-", "_") in _NO_TEXTS:
        raise LookupError(encoding)
    return codec.name


def _encoding(head: bytes, whole: bool) -> str:
    for bom, name in _BOMS:
        if head.startswith(bom):
            return name
    sample = head[: 1 << 16]
    if b"\x00" in sample:
        even, odd = sample[0::2].count(0), sample[1::2].count(0)
        half = len(sample) // 2
        if odd > 0.3 * half and even < 0.1 * half:
            return "utf-16-le"
        if even > 0.3 * half and odd < 0.1 * half:
            return "utf-16-be"
    control = sum(sample.count(bytes([c])) for c in (*range(9), *range(14, 27), *range(28, 32)))
    if control > 0.02 * len(sample):
        raise ValueError("it holds binary data")
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head, final=whole)
        return "utf-8"
    except UnicodeDecodeError:
        if _looks_cyrillic(head):
            return "cp1251"
        return "cp1254" if _looks_turkish(head) else "cp1252"


def _looks_cyrillic(head: bytes) -> bool:
    """Cyrillic words are runs of high bytes; Western accents stand alone among ASCII letters."""
    high = [byte >= 0xC0 for byte in head[: 1 << 18]]
    pairs = sum(a and b for a, b in pairwise(high))
    return pairs > 0.5 * max(1, sum(high))


def _looks_turkish(head: bytes) -> bool:
    """Tell by letters; Icelandic, and Czech in its own encoding, have others beside them."""
    sample = head[: 1 << 18]
    return any(c in sample for c in "ğışİŞĞ".encode("cp1254")) and not any(
        c in sample for c in "áíóúæÁÍÓÚÆ".encode("cp1252")
    )


def _delimiter(lines: list[str]) -> str:
    """Choose the delimiter that cuts most lines into the same number, above one, of fields."""
    best, best_score = ",", 0.0
    for candidate in DELIMITERS:
        counts = Counter(len(r) for r in csv.reader(lines, delimiter=candidate) if r)
        if not counts:
            continue
        width, times = counts.most_common(1)[0]
        if width > 1 and times / counts.total() + width / 1000 > best_score:
            best, best_score = candidate, times / counts.total() + width / 1000
    return best


def _header(records: list[list[str]]) -> tuple[int, list[str]]:
    """Find the header: the first record as wide as most are; what stands above it is a preamble."""
    filled = [(i, r) for i, r in enumerate(records) if any(cell.strip() for cell in r)]
    if not filled:
        return 0, []
    width = Counter(len(r) for _, r in filled).most_common(1)[0][0]
    index, header = filled[0]
    # A preamble is one cell of prose above a table; anything else is a header with ragged rows below it.
    if len(header) == 1 and width > 1 and len(filled) > 2:
        index, header = next(((i, r) for i, r in filled if len(r) == width), filled[0])
    if len(header) < width and sum(len(r) == width for _, r in filled) > len(filled) / 2:
        header = [*header, *[""] * (width - len(header))]  # rows end in a delimiter, the header does not
    return index, header
