"""The column of titles: found by its name and its words, and needed only where a row has no code."""

from __future__ import annotations

import re

import pyarrow as pa

from occurisk.errors import RegistryError
from occurisk.occupations.coding_systems import SYSTEMS
from occurisk.occupations.uncoded import is_missing
from occurisk.registry.columns.choice import Choice
from occurisk.registry.columns.header_words import read_header
from occurisk.registry.columns.sample import IntakeOptions, is_prose, position_of, speaks_of_titles, texts
from occurisk.registry.formats.base import RegistryFile

# Titles are matched to these systems; НК РК codes are ISCO-08's units.
MATCHED = {"soc2010": "soc2010", "isco08": "isco08", "nkrk": "isco08"}
# What many a column is called that names other things.
_ANY_NAME = re.compile(r"name|label", re.I)


def titles_of(
    names: list[str], columns: list[list[str]], options: IntakeOptions, code: int | None = None
) -> int | None:
    """Return the position of the titles: as the user says, else the first column of such name and words.

    Names that speak of occupations come first. Beside codes, of several that only say `label` or `name` it
    is that whose name begins like the codes' (`classif1`, `classif1.label`).
    """
    if options.title_column is not None:
        return position_of(names, options.title_column, "--title-column")
    places = [i for i, name in enumerate(names) if speaks_of_titles(name) and is_prose(columns[i])]
    if strong := [i for i in places if not _ANY_NAME.search(names[i]) or read_header(names[i]).worth]:
        return strong[0]
    if code is not None and len(places) > 1:
        places = [i for i in places if names[i].startswith(names[code])]
    return places[0] if places else None


def titles_where_needed(
    names: list[str], table: pa.Table, columns: list[list[str]], code: int | None, options: IntakeOptions
) -> int | None:
    """Return the titles if some row lacks a code; None if none does, or the user wants none."""
    if options.titles == "off":
        return None
    if code is not None and options.title_column is None:
        cells = texts(table.column(code)).unique().to_pylist()
        if not any(cell is None or is_missing(cell) for cell in cells):
            return None
    return titles_of(names, columns, options, code)


def system_for_titles(titles: list[str], taxonomy: str) -> tuple[str, str]:
    """Return the system that titles without codes are matched to, and why; empty if the user says so."""
    if taxonomy != "auto":
        return taxonomy, ""
    from occurisk.occupations.titles.own_titles import built_systems  # only lists of titles need the matcher
    from occurisk.occupations.titles.text.scripts import system_of

    return system_of(titles, built_systems())


def notes_on_titles(column: str, titles: list[str], taxonomy: str, why: str, alone: bool) -> list[str]:
    """Say what the titles are used for, of which system their codes are and why, and which stay unread."""
    if taxonomy not in MATCHED:
        return [f"titles stand in for codes of SOC 2010 and ISCO-08 only, not of {taxonomy}"]
    from occurisk.occupations.titles.text.scripts import left_unread

    system = MATCHED[taxonomy]
    use = f"is matched to codes of {SYSTEMS[system].title}" if alone else "stands in where a row has no code"
    notes = [f"titles: column {column!r} {use}" + (f", since {why}" if why else "")]
    unread = left_unread(titles, system)
    return [*notes, unread] if unread else notes


def only_titles(
    file: RegistryFile, names: list[str], columns: list[list[str]], options: IntakeOptions
) -> Choice | None:
    """Return the choice of no code column, where the user wants titles only; else None.

    Raises
    ------
    RegistryError
        If no column holds titles.
    """
    if options.titles != "only":
        return None
    if titles_of(names, columns, options) is None:
        raise RegistryError(
            f"No column of {file.name} looks like titles.",
            rule="Titles are words, in a column with a name such as title, occupation or должность.",
            fix="Name the column with --title-column.",
        )
    return Choice(None, "soc2010" if options.taxonomy == "auto" else options.taxonomy)
