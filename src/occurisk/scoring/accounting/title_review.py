"""What people are asked about titles that were left open: the largest first, with candidates and reasons.

A sheet, and a queue of questions, both made of the same rows. Nothing here writes or asks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from occurisk.errors import RegistryError
from occurisk.occupations.concordances import load_tables
from occurisk.occupations.names import occupation_name
from occurisk.occupations.titles.cascade import Answer, TitleMatcher
from occurisk.occupations.titles.own_titles import reason_of
from occurisk.occupations.titles.text.normalise import normalise
from occurisk.occupations.titles.text.parts import parts_of
from occurisk.registry.columns.sample import texts
from occurisk.registry.numbers import NumberStyle, read_numbers
from occurisk.registry.opening import open_registry
from occurisk.scoring.accounting.account import Understood
from occurisk.scoring.outcomes import UNDECIDED

# What Markdown or HTML would take for more than a letter.
_MARKS = re.compile(r"[<>\[\]`*_#|]")
NONE_FITS = "none"
# Of a title, in a question: MLflow shows a thousand characters of the whole.
_SHOWN_CHARACTERS = 160
SHOWN = 5
MOST_GAINS = 20
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
    if understood.title_column is None:
        raise RegistryError(
            f"No title was matched in {folder}.",
            rule="Titles stand in where a row has no code.",
            fix="Score with --title-column NAME, or --titles only.",
        )
    parts = [_weighed(_read(folder, "unscored"), understood, "reason", UNDECIDED)]
    parts.append(_weighed(_read(folder, "scored"), understood, "title_match", "group"))
    together = pd.concat(parts).groupby("title", sort=False)["weight"].sum()
    together = together.sort_values(ascending=False, kind="stable")
    return [OpenTitle(str(title), float(jobs)) for title, jobs in together.items()]


def _read(folder: Path, stem: str) -> pa.Table | None:
    """Read a written list, whatever its separator, encoding and decimal mark: those of the user."""
    for suffix in (".parquet", ".csv", ".xlsx"):
        path = folder / f"{stem}{suffix}"
        if path.exists():
            return pa.Table.from_batches(open_registry(path).batches())
    return None


def _weighed(rows: pa.Table | None, understood: Understood, what: str, value: str) -> pd.DataFrame:
    column, weight = understood.title_column, understood.weight_column
    names = [] if rows is None else rows.column_names
    name = next((c for c in names if c.endswith(what)), None)
    if rows is None or name is None or column not in names:
        return pd.DataFrame({"title": pd.Series(dtype=str), "weight": pd.Series(dtype=float)})
    open_ones = rows.filter(pc.equal(texts(rows[name].combine_chunks()), value))
    jobs = np.ones(len(open_ones))
    if weight in names:
        numbers = read_numbers(open_ones[weight].combine_chunks(), NumberStyle(understood.decimal))
        jobs = numbers.value
    return pd.DataFrame({"title": texts(open_ones[column].combine_chunks()).to_pylist(), "weight": jobs})


def unanswered(titles: list[OpenTitle], matcher: TitleMatcher) -> list[OpenTitle]:
    """Return the titles that nobody has decided yet, be it that nothing fits, or a group only."""
    known = matcher.confirmed.keys()
    firsts = (parts_of(one.title, matcher.head)[:1] for one in titles)
    return [
        one
        for one, first in zip(titles, firsts, strict=True)
        if known.isdisjoint([normalise(one.title), *(form for part in first for form in part.forms)])
    ]


def sheet(titles: list[OpenTitle], matcher: TitleMatcher, most: int, language: str) -> list[dict[str, Any]]:
    """Return the rows of the sheet: what each title weighs, and what it may be."""
    total = sum(one.weight for one in titles) or 1.0
    chosen = titles[:most]
    rows, running = [], 0.0
    for one, answer in zip(chosen, matcher.answers([one.title for one in chosen]), strict=True):
        running += one.weight
        row = dict.fromkeys(COLUMNS, "") | {
            "title": one.title, "jobs": f"{one.weight:.15g}", "share": f"{one.weight / total:.1%}",
            "running_share": f"{running / total:.1%}", "why": reason_of(matcher, one.title, answer, language),
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


def gains(answers: list[tuple[str, str]], waiting: list[OpenTitle], counted: float) -> list[str]:
    """Say of each answer what it decides, largest first, and what all of them do.

    Parameters
    ----------
    answers : list of (title, code)
        An empty code says that nothing fits.
    waiting : list of OpenTitle
        What was left open before them.
    counted : float
        Jobs of the whole list.
    """
    weight = {one.title: one.weight for one in waiting}
    decided = sorted(
        ((weight[title], title, code) for title, code in answers if code and title in weight),
        key=lambda one: (-one[0], one[1]),
    )
    total = sum(weight.values()) or 1.0
    lines, running = [], 0.0
    for jobs, title, code in decided[:MOST_GAINS]:
        running += jobs
        share = jobs / (counted or 1.0)
        lines.append(
            f"  {title} → {code}: {jobs:,.15g} jobs, {share:.1%} of the list; "
            f"so far {running / total:.1%} of what was open."
        )
    gained = sum(jobs for jobs, *_ in decided)
    return [*lines, f"They decide {gained:,.15g} jobs, {gained / total:.1%} of what was left open."]


@dataclass(frozen=True)
class TitleQuestion:
    """A title as a question for a review queue.

    Attributes
    ----------
    title : str
        As the list has it.
    shown : str
        The same without marks of Markdown and HTML, and not too long to read.
    text : str
        The question in Markdown: what the title weighs, why it is open, what it may be.
    options : tuple of str
        Candidates, code first, and `none`; an answer is one of them, or any other code.
    """

    title: str
    shown: str
    text: str
    options: tuple[str, ...]


def questions(
    rows: list[dict[str, Any]], words: Mapping[str, str], *, decimal: str = "."
) -> list[TitleQuestion]:
    """Return the rows of a sheet as questions for a review queue, in their order.

    Parameters
    ----------
    rows : list of dict
        See `sheet`.
    words : mapping of str to str
        `title_jobs`, `title_open`, `title_candidates`, `title_no_candidates` in the reader's language.
    decimal : str
        Of the reader's language.
    """
    asked = []
    for row in rows:
        options = [row[f"candidate_{n}"] for n in range(1, SHOWN + 1) if row[f"candidate_{n}"]]
        lines = [
            f"## {_short(row['title'])}",
            words["title_jobs"].format(
                **{key: row[key].replace(".", decimal) for key in ("jobs", "share", "running_share")}
            ),
            words["title_open"].format(why=_plain(row["why"])),
            words["title_candidates" if options else "title_no_candidates"],
            "\n".join(f"{n}. {option}" for n, option in enumerate(options, 1)),
        ]
        asked.append(
            TitleQuestion(
                row["title"], _short(row["title"]), "\n\n".join(filter(None, lines)), (*options, NONE_FITS)
            )
        )
    return asked


def _short(title: str) -> str:
    text = _plain(title)
    return text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 1] + "…"


def _plain(text: str) -> str:
    """Take the marks of Markdown and HTML out of a text from a list, and its line breaks."""
    return " ".join(_MARKS.sub(" ", text).split())
