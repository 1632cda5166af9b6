"""A list of titles with codes, as a matcher learns from it."""

from __future__ import annotations

from pathlib import Path

from occurisk.errors import RegistryError
from occurisk.occupations.coding_systems import SYSTEMS
from occurisk.occupations.concordances import load_tables
from occurisk.occupations.crosswalk import find
from occurisk.occupations.titles.build import Entry
from occurisk.registry.columns.sample import IntakeOptions, distinct, is_prose, position_of, sample, texts
from occurisk.registry.columns.title_column import titles_of
from occurisk.registry.opening import open_registry


def read_title_list(
    path: Path, system: str, title_column: str | None = None, code_column: str | None = None
) -> tuple[list[Entry], int]:
    """Read titles with codes from CSV, Excel or Parquet.

    Parameters
    ----------
    path : Path
    system : str
        Name of the coding system. National codes that begin with an ISCO unit group are cut to it.
    title_column, code_column : str, optional
        Found by their values by default.

    Returns
    -------
    list of Entry
    int
        Rows whose code does not exist.
    """
    file = open_registry(path)
    table = sample(file, ())
    names = [str(name) for name in file.schema.names]
    columns = [distinct(table.column(place)) for place in range(table.num_columns)]
    prose = [place for place, values in enumerate(columns) if is_prose(values)]
    title = titles_of(names, columns, IntakeOptions(title_column=title_column))
    title = title if title is not None else prose[0] if prose else None
    code = position_of(names, code_column, "--code-column") if code_column else _code_column(columns, system)
    if title is None or code is None:
        raise RegistryError(
            f"{path.name} has no column of {'titles' if title is None else system + ' codes'}.",
            rule=f"Its columns: {', '.join(names[:40])}.",
            fix="Name the columns with --title-column and --code-column.",
        )
    entries, left_out = [], 0
    for batch in file.batches():
        cells = zip(
            texts(batch.column(title)).to_pylist(), texts(batch.column(code)).to_pylist(), strict=True
        )
        for text, cell in cells:
            known_code = _code(cell or "", system)
            if known_code and text:
                entries.append(Entry(text, known_code))
            else:
                left_out += 1
    return entries, left_out


def _code(cell: str, system: str) -> str | None:
    known = load_tables().titles[system]
    code = find(cell, SYSTEMS[system], known).code
    if code in known and len(code or "") >= 4:
        return code
    unit = "".join(mark for mark in cell if mark.isdigit())[:4]
    return unit if system == "isco08" and len(cell) > 4 and unit in known else None


def _code_column(columns: list[list[str]], system: str) -> int | None:
    shares = [
        sum(_code(value, system) is not None for value in values[:500]) / max(len(values[:500]), 1)
        for values in columns
    ]
    best = max(range(len(shares)), key=shares.__getitem__, default=None)
    return best if best is not None and shares[best] > 0.5 else None
