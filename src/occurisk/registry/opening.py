"""Open any registry file, to read or to write; the format of what is read is told by content, not by name."""

from __future__ import annotations

import shutil
import stat
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import IO

import pyarrow as pa

from occurisk.errors import OutputError, RegistryError
from occurisk.registry.formats.arrow_file import ArrowOut, open_arrow
from occurisk.registry.formats.base import RegistryFile, Writer, no_table, reading
from occurisk.registry.formats.csv_reader import open_csv
from occurisk.registry.formats.csv_writer import CsvOut
from occurisk.registry.formats.excel import ExcelOut, open_excel
from occurisk.registry.formats.parquet import ParquetOut, open_parquet
from occurisk.registry.formats.statistics import KINDS as STATISTICS
from occurisk.registry.formats.statistics import StatisticsOut, open_statistics
from occurisk.registry.sources.addresses import is_address, is_duckdb

SUFFIX = {
    "parquet": ".parquet",
    "csv": ".csv",
    "excel": ".xlsx",
    "arrow": ".arrow",
    "stata": ".dta",
    "spss": ".sav",
}
# What a list is written as, where its own format can only be read.
WRITTEN = {"sas": "parquet"}

_MAGIC = {
    b"PAR1": "parquet",
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",
    b"\xd0\xcf\x11\xe0": "excel",
    b"\x1f\x8b": "gzip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bz2",
    b"ARROW1": "arrow",
    b"$FL2": "spss",
    b"$FL3": "spss",
    b"<stata_dta>": "stata",
    bytes(12) + b"\xc2\xea\x81\x60": "sas",
    # Stata 8 to 12: version, byte order, a data file.
    **{bytes([version, order, 1]): "stata" for version in (113, 114, 115) for order in (1, 2)},
}
_OTHERS = {
    b"\x7fELF": "a program",
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"HEADER RECORD***": "a transport file of SAS (.xpt)",
}
# Stands behind forty bytes of another character set.
_PORTABLE = b"ASCII SPSS PORT FILE"


@contextmanager
def on_disk(registry: Path | str, query: str | None = None) -> Iterator[tuple[Path, str]]:
    """Yield a file that can be read twice, and its name; what flows is copied to a temporary one.

    Parameters
    ----------
    registry : Path or str
        A file, a pipe, `-` for standard input, a DuckDB file, or `postgresql://HOST/DATABASE`.
    query : str, optional
        Of a database: the SELECT whose rows are the registry.

    Raises
    ------
    OutputError
        If there is no room for the copy.
    RegistryError
        If the pipe cannot be read.
    """
    path, name = Path(registry), str(registry)
    if query or is_address(registry) or is_duckdb(path):
        from occurisk.registry.sources.snapshot import snapshot

        with snapshot(registry, query) as found:
            yield found
        return
    flows = name == "-" or (path.exists() and not stat.S_ISREG(path.stat().st_mode) and not path.is_dir())
    if not flows:
        yield path, name
        return
    try:
        folder = tempfile.mkdtemp(prefix="occurisk-")
    except OSError as problem:
        raise _no_room(problem) from problem
    try:
        _copy(path, name, Path(folder) / "copy")
        yield Path(folder) / "copy", "standard input" if name == "-" else name
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _copy(path: Path, name: str, to: Path) -> None:
    try:
        source: IO[bytes] = sys.stdin.buffer if name == "-" else open(path, "rb")  # noqa: SIM115
    except OSError as problem:
        raise RegistryError(
            f"Cannot read the registry {name}: {problem.strerror}.", fix="Check the path and its permissions."
        ) from problem
    with source if name != "-" else nullcontext():
        try:
            with open(to, "wb") as copy:
                shutil.copyfileobj(source, copy, 1 << 20)
        except OSError as problem:
            raise _no_room(problem) from problem


def _no_room(problem: OSError) -> OutputError:
    return OutputError(
        f"Cannot keep a copy of the registry in {tempfile.gettempdir()}: {problem.strerror or problem}.",
        rule="What comes through a pipe is read twice, so it is copied to the folder of temporary files.",
        fix="Make room there, name another folder with TMPDIR, or save the registry as a file.",
    )


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
        Parquet, CSV/TSV (plain, gz, zst, bz2 or the one table in a zip), xlsx, xls, xlsb or ods, Arrow, dta,
        sav or sas7bdat. The format is told by content, not by name.
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
            start = stream.read(64)
    except (OSError, ValueError) as problem:
        raise RegistryError(
            f"Cannot read the registry {name}: {getattr(problem, 'strerror', problem)}.",
            fix="Check the path and its permissions.",
        ) from problem
    if not start:
        raise RegistryError(
            f"The registry {name} is empty.", rule="A registry has a header and at least one row."
        )
    kind = next((kind for magic, kind in _MAGIC.items() if start.startswith(magic)), "text")
    other = next((what for magic, what in _OTHERS.items() if start.startswith(magic)), None)
    if _PORTABLE in start:
        other = "a portable file of SPSS (.por)"
    if other:
        raise no_table(name, f"it is {other}")
    with reading(name):
        if kind == "zip" and _holds_workbook(path):
            kind = "excel"
        if kind == "parquet":
            return open_parquet(path, name)
        if kind == "excel":
            return open_excel(path, name, sheet)
        if kind == "arrow":
            return open_arrow(path, name)
        if kind in STATISTICS:
            return open_statistics(path, name, kind)
        return open_csv(path, name, kind, encoding, delimiter)


def open_writer(kind: str, path: Path, user: pa.Schema, added: list[pa.Field], file: RegistryFile) -> Writer:
    """Open an output file.

    Parameters
    ----------
    kind : {"parquet", "csv", "excel", "arrow", "stata", "spss"}
    path : Path
    user : pyarrow.Schema
        The registry's own columns, which keep name, order and type.
    added : list of pyarrow.Field
    file : RegistryFile
        What the rows come from: Parquet keeps its dictionaries, text how it was written.
    """
    compact = file.compact if file.kind == "parquet" else None
    if kind == "parquet":
        return ParquetOut(path, user, added, compact)
    if kind == "arrow":
        return ArrowOut(path, user, added)
    if kind in STATISTICS:
        return StatisticsOut(path, kind, user, added, file.about if file.kind == kind else None)
    return CsvOut(path, user, added, file.style) if kind == "csv" else ExcelOut(path, user, added)


def _holds_workbook(path: Path) -> bool:
    with zipfile.ZipFile(path) as archive:
        return any(n in {"[Content_Types].xml", "mimetype"} for n in archive.namelist())
