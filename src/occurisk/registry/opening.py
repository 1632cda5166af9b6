"""Open any registry file: the format is told by content, not by name."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pyarrow as pa

from occurisk.errors import RegistryError
from occurisk.registry.formats.base import RegistryFile, no_table, unreadable
from occurisk.registry.formats.csv_reader import open_csv
from occurisk.registry.formats.excel import open_excel
from occurisk.registry.formats.parquet_reader import open_parquet

_MAGIC = {
    b"PAR1": "parquet",
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",
    b"\xd0\xcf\x11\xe0": "excel",
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bz2",
}
_OTHERS = {b"\x7fELF": "a program", b"%PDF": "a PDF", b"\x89PNG": "a picture", b"\xff\xd8\xff": "a picture"}


def open_registry(
    path: Path,
    *,
    name: str | None = None,
    sheet: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
) -> RegistryFile:
    """Look at a file and prepare to read it.

    Parameters
    ----------
    path : Path
        Parquet, CSV/TSV (plain, gz, zst, bz2 or the one table in a zip), xlsx, xls, xlsb or ods. The
        format is told by content, not by name.
    name : str, optional
        How to call it in messages.
    sheet : str, optional
        Excel sheet; the first by default.
    encoding, delimiter : str, optional
        Of a text file; found out by default.

    Returns
    -------
    RegistryFile

    Raises
    ------
    RegistryError
        If it is empty, binary, or unreadable.
    """
    path, name = Path(path), name or str(path)
    try:
        with open(path, "rb") as stream:
            start = stream.read(8)
    except OSError as problem:
        raise RegistryError(
            f"Cannot read the registry {name}: {problem.strerror}.", fix="Check the path and its permissions."
        ) from problem
    if not start:
        raise RegistryError(
            f"The registry {name} is empty.", rule="A registry has a header and at least one row."
        )
    kind = next((kind for magic, kind in _MAGIC.items() if start.startswith(magic)), "text")
    other = next((what for magic, what in _OTHERS.items() if start.startswith(magic)), None)
    if other:
        raise no_table(name, f"it is {other}")
    if kind == "zip" and _holds_workbook(path, name):
        kind = "excel"
    try:
        if kind == "parquet":
            return open_parquet(path, name)
        if kind == "excel":
            return open_excel(path, name, sheet)
        return open_csv(path, name, kind, encoding, delimiter)
    except (pa.ArrowException, EOFError, OSError, UnicodeError, zipfile.BadZipFile) as problem:
        raise unreadable(name, problem) from problem


def _holds_workbook(path: Path, name: str) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return any(n in {"[Content_Types].xml", "mimetype"} for n in archive.namelist())
    except zipfile.BadZipFile as problem:
        raise unreadable(name, problem) from problem
