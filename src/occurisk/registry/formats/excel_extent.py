"""How far a sheet of a workbook reaches: looked at before anybody makes room for all of its cells."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from xml.etree import ElementTree  # expat itself bounds what entities may grow to

from occurisk.errors import RegistryError

# A sheet of a million rows and sixty columns; the reader makes room for every cell of the rectangle.
MOST_CELLS = 1 << 26
_CELL = re.compile(rb"""\br=["']([A-Z]{1,3})(\d{1,7})["']""")
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_PIECE = 1 << 22
# What a process may ask for that only tries whether the sheet can be read.
_MOST_MEMORY = 6 << 30
_TRY = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[3]),) * 2)
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
from python_calamine import CalamineWorkbook
CalamineWorkbook.from_path(sys.argv[1]).get_sheet_by_name(sys.argv[2])
"""


def is_protected(path: Path) -> bool:
    """Tell whether a workbook is encrypted: then its zip lies within an OLE container, under this name."""
    with open(path, "rb") as stream:
        if stream.read(4) != b"\xd0\xcf\x11\xe0":
            return False
        while piece := stream.read(_PIECE):
            if _ENCRYPTED in piece:
                return True
    return False


def refuse_wide_sheet(path: Path, name: str, sheet: str) -> None:
    """Refuse a sheet with a stray cell so far away that no memory holds what lies between.

    Raises
    ------
    RegistryError
    """
    extent = _xlsx_extent(path, sheet)
    if extent is None:
        if not _can_be_read(path, sheet):
            raise _too_wide(name, sheet, "a cell far away from the others")
    elif extent[0] * extent[1] > MOST_CELLS:
        raise _too_wide(name, sheet, f"{extent[0]:,} rows by {extent[1]:,} columns")


def _too_wide(name: str, sheet: str, extent: str) -> RegistryError:
    return RegistryError(
        f"The sheet {sheet!r} of {name} reaches too far to be read.",
        first=extent,
        rule=f"From A1 to its last row and column a sheet holds at most {MOST_CELLS:,} cells.",
        fix="In Excel, press Ctrl+End, delete the rows and columns behind the list, save; or save it as CSV.",
    )


def _xlsx_extent(path: Path, sheet: str) -> tuple[int, int] | None:
    """Return rows and columns of a sheet of an xlsx; None if it is none, or not as Excel writes it."""
    try:
        with zipfile.ZipFile(path) as archive:
            part = _part(archive, sheet)
            if part is None:
                return None
            with archive.open(part) as stream:
                return _reach(stream)
    except (zipfile.BadZipFile, KeyError, ElementTree.ParseError):
        return None


def _part(archive: zipfile.ZipFile, sheet: str) -> str | None:
    """Return the part of the archive that holds a sheet."""
    if "xl/_rels/workbook.xml.rels" not in archive.namelist():
        return None
    rels = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314
    targets = {e.get("Id"): e.get("Target", "") for e in rels}
    book = ElementTree.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314
    for element in book.iter():
        if element.tag.endswith("}sheet") and element.get("name") == sheet:
            key = next((v for k, v in element.attrib.items() if k.endswith("}id")), None)
            target = targets.get(key, "")
            part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            return part if part.endswith(".xml") and part in archive.namelist() else None
    return None


def _reach(stream: IO[bytes]) -> tuple[int, int] | None:
    last, columns = 0, {b"A"}
    for number, piece in enumerate(_pieces(stream)):
        if number == 0 and not piece.lstrip(b"\xef\xbb\xbf \r\n\t").startswith(b"<"):
            return None  # another encoding
        cells = _CELL.findall(piece)
        if cells:
            last = max(last, *(int(row) for _, row in cells))
            columns |= {column for column, _ in cells}
    return last, max(map(_column_number, columns))


def _pieces(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield pieces that overlap by more than a cell's name is long."""
    tail = b""
    while read := stream.read(_PIECE):
        yield tail + read
        tail = read[-32:]


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + letter - 64
    return number


def _can_be_read(path: Path, sheet: str) -> bool:
    """Try in a process of its own: where memory fails, the reader ends its process."""
    if sys.platform == "win32":
        return True
    command = [sys.executable, "-c", _TRY, str(path), sheet, str(_MOST_MEMORY)]
    return subprocess.run(command, capture_output=True, check=False).returncode >= 0  # noqa: S603
