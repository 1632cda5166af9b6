"""The sheet on which people decide titles, as a file: written, and read back with their answers."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pyarrow as pa

from occurisk.errors import RegistryError
from occurisk.files import whole_file
from occurisk.occupations.concordances import load_tables
from occurisk.occupations.titles.text.normalise import normalise
from occurisk.registry.columns.sample import texts
from occurisk.registry.opening import open_registry
from occurisk.scoring.accounting.title_review import COLUMNS, NONE_FITS, SHOWN
from occurisk.spreadsheets import disarm, rearm


def write_sheet(path: Path, rows: list[dict[str, Any]]) -> None:
    """Write the sheet as CSV, or as Excel with a list of candidates to choose from in each row."""
    if path.suffix.lower() != ".xlsx":
        with whole_file(path) as place, open(place, "w", encoding="utf-8-sig", newline="") as stream:
            writer = csv.DictWriter(stream, COLUMNS)
            writer.writeheader()
            writer.writerows({key: disarm(value) for key, value in row.items()} for row in rows)
        return
    from openpyxl import Workbook  # type: ignore[import-untyped]
    from openpyxl.worksheet.datavalidation import DataValidation  # type: ignore[import-untyped]

    book = Workbook()
    page = book.active
    page.title = "titles"
    page.append(COLUMNS)
    answer = COLUMNS.index("answer") + 1
    first, last = (
        page.cell(1, COLUMNS.index(name) + 1).column_letter for name in ("candidate_1", f"candidate_{SHOWN}")
    )
    for number, row in enumerate(rows, 2):
        page.append([disarm(row[name]) for name in COLUMNS])
        choice = DataValidation(
            type="list", formula1=f"=${first}${number}:${last}${number}", allow_blank=True
        )
        choice.showErrorMessage = False  # any other code may be typed
        page.add_data_validation(choice)
        choice.add(page.cell(number, answer))
    page.freeze_panes = "B2"
    for name, width in (("A", 40), ("E", 40), ("F", 40)):
        page.column_dimensions[name].width = width
    with whole_file(path) as place:
        book.save(place)


def read_answers(path: Path, system: str) -> list[tuple[str, str]]:
    """Read the answers of a sheet: title and code; an empty code says that nothing fits.

    Parameters
    ----------
    path : Path
        CSV, with whatever separator and encoding it was saved, or Excel.
    system : str
        Of the codes.

    Raises
    ------
    RegistryError
        If an answer is no code of the system, stands beside no title, or a title has two answers; nothing is
        taken over then.
    """
    table = pa.Table.from_batches(open_registry(path).batches())
    missing = [name for name in ("title", "answer") if name not in table.column_names]
    if missing:
        raise RegistryError(
            f"{path.name} is no sheet of titles: it has no column {missing[0]!r}.",
            fix="Make one with: occurisk titles review SCORED --sheet titles.xlsx",
        )
    titles, said = (
        texts(table[name].combine_chunks()).fill_null("").to_pylist() for name in ("title", "answer")
    )
    known = load_tables().titles[system]
    answers: dict[str, str] = {}
    wrong = []
    for line, (title, answer) in enumerate(zip(map(rearm, titles), said, strict=True), 2):
        if not answer.strip():
            continue
        code = answer.split()[0]
        code = "" if code.lower() == NONE_FITS else code
        if code and code not in known:
            wrong.append(f"line {line}: {answer!r} is no code of {system}")
        elif not normalise(title):
            wrong.append(f"line {line}: there is no word in the title {title[:40]!r}")
        elif answers.setdefault(title, code) != code:
            wrong.append(f"line {line}: {title!r} has another answer above")
    if wrong:
        raise RegistryError(
            f"{len(wrong)} of {sum(map(bool, map(str.strip, said)))} answers in {path.name} cannot be used.",
            first=wrong[0],
            rule=f"An answer begins with a code, or is {NONE_FITS!r}; each title has one.",
            fix="Mend the answers; nothing was taken over.",
        )
    return list(answers.items())
