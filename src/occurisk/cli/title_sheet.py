"""The sheet on which people decide titles: the largest first, with candidates and reasons."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from occurisk.errors import RegistryError
from occurisk.occupations.concordances import load_tables
from occurisk.occupations.names import occupation_name
from occurisk.occupations.titles.cascade import Answer, TitleMatcher
from occurisk.scoring.accounting.account import Understood
from occurisk.scoring.outcomes import UNDECIDED
from occurisk.spreadsheets import disarm

NONE_FITS = "none"
SHOWN = 5
COLUMNS = ["title", "jobs", "share", "running_share", "answer", "why",
           *(f"candidate_{n}" for n in range(1, SHOWN + 1))]  # fmt: skip


@dataclass(frozen=True)
class OpenTitle:
    """A title that is undecided, or of which only the group is known."""

    title: str
    weight: float


def open_titles(folder: Path, understood: Understood) -> list[OpenTitle]:
    """Return the titles of a scored folder that people should decide, heaviest first.

    Parameters
    ----------
    folder : Path
        That `occurisk score` wrote.
    understood : Understood
        Of its account.
    """
    column, weight = understood.title_column, understood.weight_column
    if column is None:
        raise RegistryError(
            f"No title was matched in {folder}.",
            rule="Titles stand in where a row has no code.",
            fix="Score with --title-column NAME, or --titles only.",
        )
    parts = [_weighed(_read(folder, "unscored"), column, weight, "reason", UNDECIDED)]
    parts.append(_weighed(_read(folder, "scored"), column, weight, "title_match", "group"))
    together = pd.concat(parts).groupby("title", sort=False)["weight"].sum()
    together = together.sort_values(ascending=False, kind="stable")
    return [OpenTitle(str(title), float(jobs)) for title, jobs in together.items()]


def _read(folder: Path, stem: str) -> pd.DataFrame:
    for suffix in (".parquet", ".csv", ".xlsx"):
        path = folder / f"{stem}{suffix}"
        if path.is_file():
            if suffix == ".parquet":
                return pd.read_parquet(path)
            if suffix == ".csv":
                return pd.read_csv(path, dtype=str, keep_default_na=False)
            return pd.read_excel(path, dtype=str, engine="calamine", keep_default_na=False)
    return pd.DataFrame()


def _weighed(rows: pd.DataFrame, column: str, weight: str | None, what: str, value: str) -> pd.DataFrame:
    name = next((c for c in rows.columns if str(c).endswith(what)), None)
    if name is None or column not in rows:
        return pd.DataFrame({"title": pd.Series(dtype=str), "weight": pd.Series(dtype=float)})
    rows = rows[rows[name].astype(str) == value]
    jobs = pd.to_numeric(rows[weight], errors="coerce").fillna(0.0) if weight in rows else 1.0
    return pd.DataFrame({"title": rows[column].astype(str), "weight": jobs})


def sheet(titles: list[OpenTitle], matcher: TitleMatcher, most: int, language: str) -> list[dict[str, Any]]:
    """Return the rows of the sheet: what each title weighs, and what it may be."""
    total = sum(one.weight for one in titles) or 1.0
    chosen = titles[:most]
    rows, running = [], 0.0
    for one, answer in zip(chosen, matcher.answers([one.title for one in chosen]), strict=True):
        running += one.weight
        row = dict.fromkeys(COLUMNS, "") | {
            "title": one.title, "jobs": f"{one.weight:.15g}", "share": f"{one.weight / total:.1%}",
            "running_share": f"{running / total:.1%}", "why": answer.reason,
        }  # fmt: skip
        row |= {f"candidate_{n}": text for n, text in enumerate(_named(answer, matcher.system, language), 1)}
        rows.append(row)
    return rows


def _named(answer: Answer, system: str, language: str) -> list[str]:
    known = load_tables().titles[system]
    return [
        f"{code} {occupation_name(code, language, known.get(code, ''))}"
        for code, _ in answer.candidates[:SHOWN]
    ]


def write_sheet(path: Path, rows: list[dict[str, Any]]) -> None:
    """Write the sheet as CSV, or as Excel with a list of candidates to choose from in each row."""
    if path.suffix.lower() != ".xlsx":
        with open(path, "w", encoding="utf-8-sig", newline="") as stream:
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
    book.save(path)


def read_answers(path: Path, system: str) -> list[tuple[str, str]]:
    """Read the answers of a sheet: title and code; an empty code says that nothing fits.

    Raises
    ------
    RegistryError
        If an answer is no code of the system; nothing is taken over then.
    """
    if path.suffix.lower() == ".xlsx":
        table = pd.read_excel(path, dtype=str, engine="calamine", keep_default_na=False)
    else:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    missing = [name for name in ("title", "answer") if name not in table]
    if missing:
        raise RegistryError(
            f"{path.name} is no sheet of titles: it has no column {missing[0]!r}.",
            fix="Make one with: occurisk titles review SCORED --sheet titles.xlsx",
        )
    answered = table[table["answer"].str.strip() != ""]
    known = load_tables().titles[system]
    answers, wrong = [], []
    for number, row in answered.iterrows():
        code = row["answer"].split()[0]
        if code.lower() == NONE_FITS:
            code = ""
        elif code not in known:
            wrong.append((int(number) + 2, row["answer"]))
        title = row["title"]
        answers.append((title[1:] if title[:2] in ("'=", "'+", "'@") else title, code))
    if wrong:
        raise RegistryError(
            f"{len(wrong)} of {len(answered)} answers in {path.name} are no codes of {system}.",
            first=f"line {wrong[0][0]}: {wrong[0][1]!r}",
            rule=f"An answer begins with a code, or is {NONE_FITS!r}.",
            fix="Mend the answers; nothing was taken over.",
        )
    return answers
