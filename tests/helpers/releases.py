"""Small O*NET releases in the official layouts, for the tests to read.

A release is a dict of table name to rows; a row is `code element scale value`, then optional flags:
`S` Recommend Suppress, `R` Not Relevant, a digit Category, `e0.30` Standard Error.
"""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from openpyxl import Workbook

RATINGS = {
    "Abilities": """
        29-1141.00 1.A.1.b.2 IM 3.00
        29-1141.00 1.A.1.b.2 LV 3.50
        29-1141.01 1.A.1.b.2 IM 4.00
        29-1141.01 1.A.1.b.2 LV 4.50
        15-1132.00 1.A.1.b.2 IM 5.00
        15-1132.00 1.A.1.b.2 LV 6.00
    """,
    "Skills": """
        29-1141.00 2.B.1.a IM 4.00
        29-1141.01 2.B.1.a IM 4.00
        15-1132.00 2.B.1.a IM 2.50
    """,
    "Knowledge": """
        29-1141.00 2.C.7.c IM 1.20
        29-1141.00 2.C.7.c LV 0.30 R
        15-1132.00 2.C.7.c IM 1.40 S
        15-1132.00 2.C.7.c LV 2.00 S
    """,
    "Work Context": """
        29-1141.00 4.C.2.b.1.e CX 2.00
        29-1141.00 4.C.2.b.1.e CXP 60.00 1
        29-1141.00 4.C.2.b.1.e CXP 40.00 2
        15-1132.00 4.C.2.b.1.e CX n/a
    """,
    "Scales Reference": "IM 1 5; LV 0 7; CX 1 5; CXP 0 100",
}
HEAD = ["O*NET-SOC Code", "Element ID", "Element Name", "Scale ID", "Category", "Data Value"]
TAIL = ["N", "Standard Error", "Lower CI Bound", "Upper CI Bound", "Recommend Suppress", "Not Relevant"]
LAST = ["Date", "Domain Source"]
TEXT_HEAD = [*HEAD, *TAIL, *LAST]
EXCEL_HEAD = ["O*NET-SOC Code", "Title", *HEAD[1:4], "Scale Name", *HEAD[4:], *TAIL, *LAST]
SCALES_HEAD = ["Scale ID", "Scale Name", "Minimum", "Maximum"]


def records(table: str, rows: str) -> list[dict[str, str]]:
    """Spell out the rows of a table as O*NET does."""
    if table == "Scales Reference":
        triples = [triple.split() for triple in rows.split(";")]
        return [dict(zip(SCALES_HEAD, [s, f"Scale {s}", low, high], strict=True)) for s, low, high in triples]
    spelt = []
    for line in rows.strip().splitlines():
        code, element, scale, value, *flags = line.split()
        category = next((flag for flag in flags if flag.isdigit()), "n/a")
        relevant = ("Y" if "R" in flags else "N") if scale == "LV" else "n/a"
        suppress = "Y" if "S" in flags else "N"
        error = next((flag[1:] for flag in flags if flag.startswith("e")), "n/a")
        spelt.append(
            dict.fromkeys(EXCEL_HEAD, "n/a")
            | dict(zip(HEAD, [code, element, "Café", scale, category, value], strict=True))
            | {"Title": "Someone", "Scale Name": f"Scale {scale}", "N": "20"}
            | {
                "Standard Error": error,
                "Recommend Suppress": suppress,
                "Not Relevant": relevant,
                "Date": "04/2016",
            }
        )
    return spelt


def text_table(table: str, rows: str, head: list[str] | None = None) -> str:
    """Write a table as tab-separated text with CRLF line ends, as the official text releases have."""
    columns = head or (SCALES_HEAD if table == "Scales Reference" else TEXT_HEAD)
    lines = [columns] + [[record[column] for column in columns] for record in records(table, rows)]
    return "".join("\t".join(line) + "\r\n" for line in lines)


def excel_table(table: str, rows: str) -> bytes:
    """Write a table as a workbook, with titles, scale names and numbers as numbers."""
    columns = SCALES_HEAD if table == "Scales Reference" else EXCEL_HEAD
    book = Workbook()
    book.active.append(columns)
    for record in records(table, rows):
        cells = [None if record[c] == "n/a" else record[c] for c in columns]
        book.active.append([_number(cell) for cell in cells])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def write_text_release(folder: Path, tables: dict[str, str] = RATINGS, encoding: str = "utf-8") -> Path:
    """Write a text release into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for table, rows in tables.items():
        (folder / f"{table}.txt").write_bytes(text_table(table, rows).encode(encoding))
    return folder


def write_excel_release(folder: Path, tables: dict[str, str] = RATINGS) -> Path:
    """Write an Excel release into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for table, rows in tables.items():
        (folder / f"{table}.xlsx").write_bytes(excel_table(table, rows))
    return folder


def zip_release(path: Path, folder: Path, inside: str) -> Path:
    """Pack a release's folder into a zip, below `inside/`."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, f"{inside}/{file.name}")
    return path


def _number(cell: str | None) -> str | float | None:
    try:
        return None if cell is None else float(cell)
    except ValueError:
        return cell
