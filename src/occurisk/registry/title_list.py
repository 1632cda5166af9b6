"""A list of titles with codes, as a matcher learns from it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from occurisk.errors import RegistryError
from occurisk.occupations.coding_systems import SYSTEMS
from occurisk.occupations.concordances import load_tables
from occurisk.occupations.crosswalk import find
from occurisk.occupations.titles.build import Entry
from occurisk.registry.columns.sample import IntakeOptions, distinct, is_prose, position_of, sample, texts
from occurisk.registry.columns.title_column import titles_of
from occurisk.registry.opening import open_registry

# Columns of titles in the files that ESCO gives away; the second has several in a cell, one a line.
ESCO = ("preferredLabel", "altLabels")


def read_title_list(
    path: Path,
    system: str,
    title_columns: Sequence[str] = (),
    code_column: str | None = None,
    apart: str | None = None,
) -> tuple[list[Entry], int]:
    """Read titles with codes from CSV, Excel or Parquet.

    Parameters
    ----------
    path : Path
    system : str
        Name of the coding system. National codes that begin with an ISCO unit group are cut to it.
    title_columns : sequence of str
        One or several. By default those of ESCO's own files, else one that is found by its values.
    code_column : str, optional
        Found by its values by default.
    apart : str, optional
        The mark between several titles in a cell, such as `|`. Lines are always titles of their own.

    Returns
    -------
    list of Entry
    int
        Rows that have no title, or whose code does not exist.
    """
    file = open_registry(path)
    table = sample(file, ())
    names = [str(name) for name in file.schema.names]
    columns = [distinct(table.column(place)) for place in range(table.num_columns)]
    titles = _title_columns(names, columns, title_columns)
    code = position_of(names, code_column, "--code-column") if code_column else _code_column(columns, system)
    if not titles or code is None:
        raise RegistryError(
            f"{path.name} has no column of {system + ' codes' if titles else 'titles'}.",
            rule=f"Its columns: {', '.join(names[:40])}.",
            fix="Name the columns with --title-column and --code-column.",
        )
    entries, left_out, number = [], 0, 0
    for batch in file.batches():
        cells = [texts(batch.column(place)).to_pylist() for place in (code, *titles)]
        for cell, *several in zip(*cells, strict=True):
            number += 1
            known_code = _code(cell or "", system)
            found = [title for some in several for title in _apart(some or "", apart)] if known_code else []
            # What stands under one code of more digits, as `251401`, is one row, too.
            row = cell if len(cell or "") > len(known_code or "") else str(number)
            entries += [Entry(title, known_code or "", row=row or "") for title in found]
            left_out += not found
    return entries, left_out


def _title_columns(names: list[str], columns: list[list[str]], wanted: Sequence[str]) -> list[int]:
    if wanted:
        return [position_of(names, name, "--title-column") for name in dict.fromkeys(wanted)]
    if ESCO[0] in names:
        return [names.index(name) for name in ESCO if name in names]
    prose = [place for place, values in enumerate(columns) if is_prose(values)]
    found = titles_of(names, columns, IntakeOptions())
    return [found] if found is not None else prose[:1]


def _apart(cell: str, mark: str | None) -> list[str]:
    """Return the titles of a cell: its lines, and what the mark parts."""
    lines = cell.splitlines()
    parts = [part for line in lines for part in line.split(mark)] if mark else lines
    return [title for part in parts if (title := part.strip())]


def _code(cell: str, system: str) -> str | None:
    known = load_tables().titles[system]
    code = find(cell, SYSTEMS[system], known).code
    if code in known and len(code or "") >= 4:
        return code
    unit = "".join(mark for mark in cell if mark.isdigit())[:4]
    return unit if system == "isco08" and len(cell) > 4 and len(unit) == 4 and unit in known else None


def _code_column(columns: list[list[str]], system: str) -> int | None:
    shares = [
        sum(_code(value, system) is not None for value in values[:500]) / max(len(values[:500]), 1)
        for values in columns
    ]
    best = max(range(len(shares)), key=shares.__getitem__, default=None)
    return best if best is not None and shares[best] > 0.5 else None
