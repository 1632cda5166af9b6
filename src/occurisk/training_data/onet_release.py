"""Find and read the files of an official O*NET release: a zip or a folder, text or Excel.

Nothing is ever unpacked to disk: the members of a zip are read into memory, under a limit.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import zipfile
import zlib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pandas as pd
from python_calamine import CalamineError, CalamineWorkbook

from occurisk.errors import ReleaseError

# The largest table of any release so far, Work Context with its categories, is 40 MB of text and 0.3 GB
# of XML inside its workbook. Beyond the limit it is no release but a zip bomb.
MAX_TABLE_BYTES = 1 << 30
# In order of preference where a folder holds a table twice: text reads ten times faster than Excel.
SUFFIXES = (".txt", ".xlsx")
# The official zips hold one folder, and unpacking programs like to put another around it.
MAX_DEPTH = 2
_RELEASE_NUMBER = re.compile(r"O\*NET\D{0,3}\s*(\d{1,2}\.\d)\s+Database", re.IGNORECASE)
_NUMBER_IN_NAME = re.compile(r"(?:^|[\W_])(?:db|onet)[_ -]?(\d{1,2})[_.](\d)(?!\d)", re.IGNORECASE)


@dataclass(frozen=True)
class Release:
    """Where the tables of a release are.

    Attributes
    ----------
    path : Path
        The zip or folder that the user named.
    tables : dict of str to str
        Path of each table below `path`, by its plain name (see `plain`), such as `workcontext`.
    """

    path: Path
    tables: dict[str, str]

    def has(self, table: str) -> bool:
        """Tell whether the release holds this table, such as `Work Context`."""
        return plain(table) in self.tables

    def file_name(self, table: str) -> str:
        """Return the name of a table's file, such as `Work Context.xlsx`."""
        return _posix(self.tables[plain(table)]).name

    def read(self, table: str, columns: dict[str, str], required: Collection[str]) -> pd.DataFrame:
        """Read the wanted columns of a table, whatever their order.

        Parameters
        ----------
        table : str
            `Work Context`, say.
        columns : dict of str to str
            Our name of each wanted column by O*NET's, which is matched by letters and digits alone.
        required : collection of str
            Our names of the columns that must be there.

        Returns
        -------
        DataFrame
            Text as it stands in the file, stripped; numbers from Excel are numbers; an empty text where a
            cell is empty or a short line lacks it.

        Raises
        ------
        ReleaseError
            If the file is damaged, or lacks a required column.
        """
        name = self.file_name(table)
        content = self._bytes(self.tables[plain(table)])
        wanted = {plain(theirs): ours for theirs, ours in columns.items()}
        reader = _read_workbook if name.lower().endswith(".xlsx") else _read_text
        frame = reader(content, name, wanted)
        missing = [theirs for theirs, ours in columns.items() if ours in required and ours not in frame]
        if missing:
            raise ReleaseError(
                f"{len(missing)} of {len(required)} columns are missing from {name} of {self.path}.",
                first=missing[0],
                rule=f"It has the columns {', '.join(t for t, ours in columns.items() if ours in required)}.",
                fix="Take the file from https://www.onetcenter.org/database.html as it is.",
            )
        return frame

    def number(self) -> str | None:
        """Return the release number, such as `18.1`: from Read Me, else from the names on the way to it."""
        if self.has("Read Me") and self.tables["readme"].lower().endswith(".txt"):
            match = _RELEASE_NUMBER.search(decode(self._bytes(self.tables["readme"])))
            if match:
                return match[1]
        folders = dict.fromkeys(_posix(member).parent.name for member in self.tables.values())
        for name in (*folders, self.path.resolve().name):
            match = _NUMBER_IN_NAME.search(name)
            if match:
                return f"{match[1]}.{match[2]}"
        return None

    def _bytes(self, member: str) -> bytes:
        if self.path.is_dir():
            return _under_limit(self.path / member)
        # A damaged zip shows in many ways, down to NotImplementedError for a garbled compression method.
        try:
            with zipfile.ZipFile(self.path) as archive:
                _check_size(archive.getinfo(member).file_size, member)
                return archive.read(member)
        except (OSError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as problem:
            raise _damaged(f"{member} in {self.path}", problem) from problem


def plain(name: str) -> str:
    """Reduce a file's or column's name to its letters and digits: `O*NET-SOC Code` is `onetsoccode`."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def open_release(path: Path, tables: Collection[str]) -> Release:
    """Find the tables of a release.

    Parameters
    ----------
    path : Path
        An official zip, or a folder; the tables may lie up to two folders below.
    tables : collection of str
        Names that make a folder a release: `Abilities`, `Skills`…

    Returns
    -------
    Release

    Raises
    ------
    ReleaseError
        If the path is missing, unreadable, or holds no release, or more than one.
    """
    path = Path(path)
    members = _list_folder(path) if path.is_dir() else _list_zip(path)
    known = {plain(table) for table in tables}
    folders: dict[PurePosixPath, dict[str, str]] = {}
    for suffix in SUFFIXES:
        for member in members:
            file = _posix(member)
            if file.suffix.lower() == suffix and not file.name.startswith((".", "~")):
                folders.setdefault(file.parent, {}).setdefault(plain(file.stem), member)
    holding = [folder for folder, files in folders.items() if known & files.keys()]
    if not holding:
        raise _no_release(path, members, tables)
    top = min(len(folder.parts) for folder in holding)
    shallowest = sorted(folder for folder in holding if len(folder.parts) == top)
    if len(shallowest) > 1:
        raise ReleaseError(
            f"{path} holds {len(shallowest)} O*NET releases.",
            first=f"{shallowest[0]} and {shallowest[1]}",
            rule="One release at a time.",
            fix="Name the folder of the one you mean.",
        )
    # Read Me may lie beside the release's folder as well as in it.
    beside = folders.get(shallowest[0].parent, {})
    return Release(path, {**folders[shallowest[0]], **{k: v for k, v in beside.items() if k == "readme"}})


def decode(content: bytes) -> str:
    """Return text from UTF-8 (with or without a mark), UTF-16 with a mark, else Windows' Latin-1."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def _read_text(content: bytes, name: str, wanted: dict[str, str]) -> pd.DataFrame:
    try:
        frame = pd.read_csv(
            io.StringIO(decode(content)),
            sep="\t",
            dtype=str,
            keep_default_na=False,
            quoting=csv.QUOTE_NONE,
            usecols=lambda column: plain(column) in wanted,
        )
    except ValueError as problem:
        raise _damaged(name, problem) from problem
    frame = frame.rename(columns={column: wanted[plain(column)] for column in frame.columns})
    return frame.apply(lambda column: column.str.strip())


def _read_workbook(content: bytes, name: str, wanted: dict[str, str]) -> pd.DataFrame:
    # pandas' read_excel gives the same from the same library, in three times the time.
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            _check_size(sum(part.file_size for part in parts.infolist()), name)
        rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).iter_rows()
        header = [plain(str(cell)) for cell in next(rows, [])]
        places = {wanted[cell]: place for place, cell in enumerate(header) if cell in wanted}
        picked = ([row[place] for place in places.values()] for row in rows)
        cells = [row for row in picked if any(row)]  # workbooks may end in blank rows
    except (CalamineError, zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError) as problem:
        raise _damaged(name, problem) from problem
    frame = pd.DataFrame(cells, columns=list(places), dtype=object)
    return frame.apply(_strip)


def _strip(column: pd.Series) -> pd.Series:
    # Once per distinct cell: there are hundreds of thousands of cells, few of them different.
    stripped = {cell: cell.strip() if isinstance(cell, str) else cell for cell in column.unique()}
    return column.map(stripped)


def _list_folder(path: Path) -> list[str]:
    pattern = ["*", *("/".join(["*"] * (depth + 1)) for depth in range(1, MAX_DEPTH + 1))]
    try:
        files = [file for glob in pattern for file in sorted(path.glob(glob)) if file.is_file()]
    except OSError as problem:
        raise _damaged(str(path), problem) from problem
    return [file.relative_to(path).as_posix() for file in files]


def _list_zip(path: Path) -> list[str]:
    try:
        with open(path, "rb") as stream:
            looks_zipped = stream.read(2) == b"PK" or path.suffix.lower() == ".zip"
        if not looks_zipped:
            raise ReleaseError(
                f"{path} is neither a zip nor a folder.",
                rule="An O*NET release is a zip as downloaded, or the folder unpacked from it.",
                fix="Name the zip, or the folder that the file lies in.",
            )
        with zipfile.ZipFile(path) as archive:
            names = [entry.filename for entry in archive.infolist() if not entry.is_dir()]
    except (OSError, zipfile.BadZipFile) as problem:
        raise _damaged(str(path), problem) from problem
    return [name for name in names if len(_posix(name).parts) <= MAX_DEPTH + 1]


def _posix(member: str) -> PurePosixPath:
    # Zips made on Windows may carry backslashes.
    return PurePosixPath(member.replace("\\", "/"))


def _under_limit(path: Path) -> bytes:
    try:
        _check_size(path.stat().st_size, str(path))
        return path.read_bytes()
    except OSError as problem:
        raise _damaged(str(path), problem) from problem


def _check_size(size: int, name: str) -> None:
    if size > MAX_TABLE_BYTES:
        raise ReleaseError(
            f"{name} unpacks to {size / 1e9:.1f} GB.",
            rule=f"No table of an O*NET release exceeds {MAX_TABLE_BYTES / 1e9:.1f} GB.",
            fix="Download the release again from https://www.onetcenter.org/database.html.",
        )


def _damaged(name: str, problem: Exception) -> ReleaseError:
    return ReleaseError(
        f"Cannot read {name}: {problem}.",
        rule="A release is a zip as downloaded, or the folder unpacked from it, complete and not encrypted.",
        fix="Check the path; if it is right, download the release again: the file is truncated or damaged.",
    )


def _no_release(path: Path, members: list[str], tables: Collection[str]) -> ReleaseError:
    zips = [member for member in members if member.lower().endswith(".zip")]
    return ReleaseError(
        f"{path} is not an O*NET release: none of its {len(members)} files is a table of ratings.",
        first=members[0] if members else None,
        rule=f"A release holds {', '.join(sorted(tables))} as .txt or .xlsx, at most two folders down.",
        fix=f"Name the zip itself: {path / zips[0]}"
        if zips
        else "Name a zip from https://www.onetcenter.org/database.html, or the folder unpacked from it.",
    )
