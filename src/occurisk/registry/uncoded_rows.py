"""Rows without a code: sums of other rows, told by a word in any column, and rows that name no jobs."""

from __future__ import annotations

import csv
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from occurisk.occupations.uncoded import TOTAL_STEMS, is_total_words
from occurisk.registry.columns.header_words import read_header
from occurisk.registry.columns.sample import texts
from occurisk.registry.formats.base import Rows
from occurisk.registry.numbers import Numbers
from occurisk.registry.understanding import Understanding

# The key of rows that have neither a code nor a weight: headings, lines left blank.
NEITHER = "\x1d"


def sums(rows: Rows, missing: np.ndarray, known: Understanding) -> dict[int, str]:
    """Find rows of sums among those without a code.

    Parameters
    ----------
    rows : Rows
    missing : ndarray of int
        Positions of the rows without a code.
    known : Understanding
        A row that names an occupation by its title is no sum, whatever its other columns say.

    Returns
    -------
    dict
        Position -> the words that say so, such as `Всего по филиалу`.
    """
    named = _titled(rows.batch, missing, known)
    reasons: dict[int, str] = {}
    for place, cells in _suspects(rows, missing):
        if place in named:
            continue
        for i, cell in enumerate(cells):
            apart = i in known.totals_beside_codes or is_firm(known.names[i], cell)
            if not apart and is_total_words(cell):
                reasons.setdefault(place, cell)
    return reasons


def without_jobs(rows: Rows, missing: np.ndarray, weight: Numbers | None) -> np.ndarray:
    """Return the positions of rows without a code that have no weight, or nothing at all.

    Parameters
    ----------
    rows, missing
        As in `sums`.
    weight : Numbers or None
        None if every row counts as one: then only a row that is empty names no jobs.
    """
    if weight is not None:
        return missing[weight.missing[missing]]
    if rows.lines is not None:
        lines = rows.lines.take(pa.array(missing))
        blank = pc.match_substring_regex(lines, r'^[\s,"]*$').to_numpy(zero_copy_only=False)
    else:
        blank = np.ones(len(missing), bool)
        for column in rows.batch.columns:
            cells = pc.utf8_trim_whitespace(texts(column.take(pa.array(missing))).fill_null(""))
            blank &= pc.equal(cells, "").to_numpy(zero_copy_only=False)
    return missing[blank]


def _titled(batch: pa.RecordBatch, missing: np.ndarray, known: Understanding) -> set[int]:
    """Return the rows whose title names an occupation."""
    if known.title is None:
        return set()
    titles = texts(batch.column(known.title).take(pa.array(missing))).fill_null("").to_pylist()
    return {
        int(place) for place, title in zip(missing, titles, strict=True)
        if title.strip() and not is_total_words(title)
    }  # fmt: skip


def _suspects(rows: Rows, missing: np.ndarray) -> Iterator[tuple[int, list[str]]]:
    """Yield rows in which some cell holds a word of sums, with their cells."""
    at = pa.array(missing)
    if rows.lines is not None:
        lines = rows.lines.take(at)
        hits = pc.match_substring_regex(lines, TOTAL_STEMS, ignore_case=True)
        for place, line in zip(at.filter(hits).to_pylist(), lines.filter(hits).to_pylist(), strict=True):
            yield place, next(csv.reader([line.removeprefix("\n")]), [])
        return
    columns = [texts(column.take(at)).fill_null("") for column in rows.batch.columns]
    some = np.zeros(len(missing), bool)
    for column in columns:
        hits = pc.match_substring_regex(column, TOTAL_STEMS, ignore_case=True)
        some |= hits.to_numpy(zero_copy_only=False)
    for i in np.flatnonzero(some):
        yield int(missing[i]), [column[i].as_py() for column in columns]


def is_firm(name: str, cell: str) -> bool:
    """Tell whether this may be a company that is called Total.

    Parameters
    ----------
    name : str
        Of the column.
    cell : str
    """
    return cell.strip().casefold() == "total" and read_header(name).other == "industries"
