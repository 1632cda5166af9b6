"""An official O*NET release, any from 15 to 30, as long ratings: the column contract and the flags.

O*NET Data Dictionary 30.1, appendices 1 and 2 (https://www.onetcenter.org/dictionary/30.1/text/):

- *Recommend Suppress* = Y: the estimate has low precision (for incumbents n < 10, no variance with n < 15,
  or a relative standard error above 0.5; for analysts a standard error above 0.51). We drop it.
- *Not Relevant* = Y, on level ratings alone: more than 75% of the incumbents rated the *importance* of the
  element "not important" (or fewer than three of eight analysts rated it above that), so the level speaks of
  the few who did not. We take it as the lowest level, 0. To drop it would leave Fine Arts empty for 677 of
  the 894 occupations of release 30.1, and raise the mean of whoever remains. The flag goes before *Recommend
  Suppress*: it rests on the importance, not on the imprecise level.
- Percent-of-respondents rows (CXP, CTP and the like, one per *Category*) are no ratings; we leave them out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pandas as pd

from occurisk.errors import ReleaseError
from occurisk.occupations.coding_systems import ONET_SOC
from occurisk.training_data.catalogue import Catalogue
from occurisk.training_data.onet_release import Release, open_release

# Which table holds which branch of the content model (Content Model Reference of every release; Work Styles
# moved from 1.C to 1.D with release 30.1). The longest match counts.
TABLES = {
    "1.A": "Abilities",
    "1.B": "Interests",
    "1.B.2": "Work Values",
    "1.C": "Work Styles",
    "1.D": "Work Styles",
    "2.A": "Skills",
    "2.B": "Skills",
    "2.C": "Knowledge",
    "4.A": "Work Activities",
    "4.C": "Work Context",
}
COLUMNS = {
    "O*NET-SOC Code": "code",
    "Element ID": "element_id",
    "Scale ID": "scale",
    "Data Value": "value",
    "N": "raters",
    "Standard Error": "standard_error",
    "Category": "category",
    "Recommend Suppress": "suppress",
    "Not Relevant": "not_relevant",
}
REQUIRED = ("code", "element_id", "scale", "value")
PRECISION = ("code", "element_id", "scale", "raters", "standard_error", "suppressed")
SCALE_COLUMNS = {"Scale ID": "scale", "Minimum": "low", "Maximum": "high"}
LEVEL = "LV"
LOWEST_LEVEL = 0.0  # Scales Reference of every release since 5.0: LV runs from 0 to 7.
BLANKS = ("", "n/a", "NULL")

NotRelevant = Literal["lowest", "drop"]


@dataclass(frozen=True)
class FileTally:
    """What became of the rows of one file of a release.

    Attributes
    ----------
    name : str
        `Abilities.txt`.
    rows : int
        All rows of the file.
    wanted : int
        Rows of an element and scale that was asked for; each of them is one of the following.
    kept : int
        Usable ratings, those set to the lowest level among them.
    suppressed : int
        Dropped: *Recommend Suppress*.
    not_relevant : int
        *Not Relevant*: set to the lowest level, or dropped.
    blank : int
        Dropped: no figure.
    categories : int
        Dropped: percent of respondents in one category.
    """

    name: str
    rows: int
    wanted: int
    kept: int
    suppressed: int
    not_relevant: int
    blank: int
    categories: int


@dataclass(frozen=True)
class Reading:
    """A release as read.

    Attributes
    ----------
    path : Path
        The zip or folder.
    number : str or None
        Release number, such as `18.1`.
    ratings : DataFrame
        `code` (NN-NNNN.NN), `element_id`, `scale`, `value`; usable ratings only.
    precision : DataFrame
        `code`, `element_id`, `scale`, `raters` (N), `standard_error`, `suppressed`, of every rating with a
        figure, those dropped as suppressed too; NaN where the release does not say.
    files : tuple of FileTally
        The files read.
    absent_tables : tuple of str
        Tables that the catalogue needs and the release lacks.
    missing : dict of str to str
        Why there is no rating at all, by attribute; empty without a catalogue.
    """

    path: Path
    number: str | None
    ratings: pd.DataFrame
    precision: pd.DataFrame
    files: tuple[FileTally, ...]
    absent_tables: tuple[str, ...]
    missing: dict[str, str]


def read_onet(release: Path, catalogue: Catalogue | None = None) -> pd.DataFrame:
    """Read the usable ratings of an official O*NET release.

    Parameters
    ----------
    release : Path
        Zip or folder, text or Excel.
    catalogue : Catalogue, optional
        Read only the tables and keep only the elements and scales that it names; else everything.

    Returns
    -------
    DataFrame, one row per rating
        `code` (NN-NNNN.NN), `element_id`, `scale`, `value` (float, on O*NET's own scale).

    Raises
    ------
    ReleaseError
        If it is no release, is damaged, or holds a figure off its scale.
    """
    return read_release(release, catalogue).ratings


def read_release(
    release: Path,
    catalogue: Catalogue | None = None,
    *,
    not_relevant: NotRelevant = "lowest",
    on_file: Callable[[str, int, int], None] | None = None,
) -> Reading:
    """Read a release and keep account of every row.

    Parameters
    ----------
    release : Path
        Zip or folder, text or Excel.
    catalogue : Catalogue, optional
        What to read; everything by default.
    not_relevant : {'lowest', 'drop'}
        What becomes of a level rating that O*NET flags *Not Relevant* (see the head of this module).
    on_file : callable, optional
        Told the name of each file before it is read, its number from 0 and how many there are.

    Returns
    -------
    Reading

    Raises
    ------
    ReleaseError
        If it is no release, is damaged, holds a malformed or double rating or a figure off its scale,
        or if the catalogue's ranges are not those of its Scales Reference.
    """
    source = open_release(release, set(TABLES.values()))
    scales = _read_scales(source)
    if catalogue is not None:
        _check_ranges(catalogue, scales, source)
    needed = set(TABLES.values()) if catalogue is None else {table_of(a.element_id) for a in catalogue}
    present = sorted(table for table in needed if table and source.has(table))
    ratings, precision, tallies, seen = [], [], [], set()
    for place, table in enumerate(present):
        if on_file is not None:
            on_file(source.file_name(table), place, len(present))
        rows = source.read(table, COLUMNS, REQUIRED)
        _check_rows(rows, source.file_name(table))
        wanted = _wanted(rows, catalogue)
        seen |= set(wanted[["element_id", "scale"]].drop_duplicates().itertuples(index=False, name=None))
        kept, sure, tally = _usable(wanted, source.file_name(table), len(rows), scales, not_relevant)
        ratings.append(kept)
        precision.append(sure)
        tallies.append(tally)
    empty = pd.DataFrame({"code": [], "element_id": [], "scale": [], "value": []}).astype({"value": float})
    together = pd.concat(ratings, ignore_index=True) if ratings else empty
    return Reading(
        path=Path(release),
        number=source.number(),
        ratings=together,
        precision=pd.concat(precision, ignore_index=True) if precision else pd.DataFrame(columns=PRECISION),
        files=tuple(tallies),
        absent_tables=tuple(sorted(table for table in needed if table and not source.has(table))),
        missing=_missing(catalogue, source, together, seen),
    )


def need_ratings(reading: Reading, catalogue: Catalogue) -> None:
    """Raise unless at least one attribute of a catalogue has a rating.

    Raises
    ------
    ReleaseError
    """
    if reading.ratings.empty:
        first = next(iter(reading.missing.items()), ("", "no rating"))
        raise ReleaseError(
            f"None of the {len(catalogue)} attributes of the catalogue has a rating in {reading.path}.",
            first=f"{first[0]}: {first[1]}",
            rule="At least one attribute must have figures.",
            fix="Check element_id and scale in the catalogue, and that the release is complete.",
        )


def table_of(element_id: str) -> str | None:
    """Return the table that holds an element: `Abilities` for `1.A.1.b.2`; None if no table does."""
    parts = element_id.split(".")
    for length in (3, 2):
        table = TABLES.get(".".join(parts[:length]))
        if table is not None:
            return table
    return None


def check_scales(ratings: pd.DataFrame, low: pd.Series, high: pd.Series, source: str) -> None:
    """Raise unless every rating lies on its scale; ratings and bounds of NaN pass.

    Parameters
    ----------
    ratings : DataFrame
        Long ratings.
    low, high : Series
        Ends of each rating's scale, on the same index.
    source : str
        Where the ends of the scale come from, for the message.

    Raises
    ------
    ReleaseError
        How many, which first, the rule, the fix.
    """
    off = (ratings["value"] < low) | (ratings["value"] > high)
    if off.any():
        first = off.idxmax()
        row = ratings.loc[first]
        raise ReleaseError(
            f"{off.sum():,} of {len(ratings):,} ratings lie outside their O*NET scale.",
            first=f"{row['code']} {row['element_id']} {row['scale']} = {row['value']:g}",
            rule=f"Scale {row['scale']} runs from {low[first]:g} to {high[first]:g} ({source}).",
            fix="Check 'Scales Reference' of this release against the ranges in the catalogue.",
        )


def _wanted(rows: pd.DataFrame, catalogue: Catalogue | None) -> pd.DataFrame:
    if catalogue is None:
        return rows
    # First by element alone: that leaves a twentieth of the rows for the slower match of pairs.
    some = rows[rows["element_id"].isin({a.element_id for a in catalogue})]
    pairs = pd.MultiIndex.from_frame(some[["element_id", "scale"]])
    return some[pairs.isin([(a.element_id, a.scale) for a in catalogue])]


def _usable(
    wanted: pd.DataFrame, name: str, rows: int, scales: pd.DataFrame, not_relevant: NotRelevant
) -> tuple[pd.DataFrame, pd.DataFrame, FileTally]:
    """Check the wanted rows of one file and keep the usable ones, and how precise they are."""
    category = ~_blank(wanted["category"]) if "category" in wanted else _no(wanted)
    rated = wanted[~category].assign(value=lambda r: _figures(r, name))
    ends = scales.reindex(rated["scale"]).set_index(rated.index)
    check_scales(rated, ends["low"], ends["high"], f"Scales Reference, for {name}")

    flagged = _yes(rated, "not_relevant")
    blank = rated["value"].isna() & ~flagged
    suppressed = _yes(rated, "suppress") & ~flagged & ~blank
    # The dictionary gives the flag a meaning for levels alone; on another scale it can only mean "leave out".
    floored = flagged & (rated["scale"] == LEVEL) if not_relevant == "lowest" else _no(rated)
    kept = rated[floored | ~(flagged | blank | suppressed)]
    kept = kept.assign(value=kept["value"].mask(floored.reindex(kept.index), LOWEST_LEVEL))
    _check_once(kept, name)
    tally = FileTally(
        name=name,
        rows=rows,
        wanted=len(wanted),
        kept=len(kept),
        suppressed=int(suppressed.sum()),
        not_relevant=int(flagged.sum()),
        blank=int(blank.sum()),
        categories=int(category.sum()),
    )
    names = {"code": str, "element_id": str, "scale": str}
    sure = rated[~blank].assign(suppressed=suppressed)
    for column in ("raters", "standard_error"):
        sure[column] = pd.to_numeric(sure[column], errors="coerce") if column in sure else float("nan")
    return kept[list(REQUIRED)].astype(names), sure[list(PRECISION)].astype(names), tally


def _missing(
    catalogue: Catalogue | None, source: Release, ratings: pd.DataFrame, seen: set[tuple[str, str]]
) -> dict[str, str]:
    """Say why an attribute has no rating at all."""
    rated = set(ratings[["element_id", "scale"]].drop_duplicates().itertuples(index=False, name=None))
    missing = {}
    for a in catalogue or ():
        table = table_of(a.element_id)
        if (a.element_id, a.scale) in rated:
            continue
        if table is None:
            missing[a.name] = f"no table of a release holds ratings of {a.element_id}"
        elif not source.has(table):
            missing[a.name] = f"the release has no {table}"
        elif (a.element_id, a.scale) not in seen:
            missing[a.name] = f"{source.file_name(table)} has no {a.element_id} on scale {a.scale}"
        else:
            missing[a.name] = f"{source.file_name(table)} has no usable rating of {a.element_id}"
    return missing


def _read_scales(source: Release) -> pd.DataFrame:
    """Ends of every scale by its id, from Scales Reference; empty if the release has none."""
    if not source.has("Scales Reference"):
        return pd.DataFrame({"low": [], "high": []}, dtype=float)
    scales = source.read("Scales Reference", SCALE_COLUMNS, SCALE_COLUMNS.values())
    ends = scales.drop_duplicates("scale").set_index("scale")
    return ends.apply(pd.to_numeric, errors="coerce").astype(float)


def _check_ranges(catalogue: Catalogue, scales: pd.DataFrame, source: Release) -> None:
    known = [a for a in catalogue if a.scale in scales.index]
    wrong = [a for a in known if a.range != tuple(scales.loc[a.scale, ["low", "high"]])]
    if wrong:
        low, high = scales.loc[wrong[0].scale, ["low", "high"]]
        raise ReleaseError(
            f"{len(wrong)} of {len(known)} attributes have another range than the release.",
            first=f"{wrong[0].name}: {wrong[0].range[0]:g} to {wrong[0].range[1]:g}",
            rule=f"Scale {wrong[0].scale} runs from {low:g} to {high:g} (Scales Reference of {source.path}).",
            fix="Mend `range` in the catalogue.",
        )


def _check_rows(rows: pd.DataFrame, name: str) -> None:
    cut = rows[["code", "element_id", "scale"]].isin(["", None]).any(axis=1)
    if cut.any():
        raise ReleaseError(
            f"{cut.sum():,} of {len(rows):,} rows of {name} are cut short.",
            first=f"data row {cut.idxmax() + 1}",
            rule="Every row has a code, an element and a scale.",
            fix="Download the release again.",
        )
    codes = rows["code"].drop_duplicates()
    bad = codes[[not ONET_SOC.is_code(code) for code in codes]]
    if len(bad):
        raise ReleaseError(
            f"{len(bad):,} of {len(codes):,} occupation codes in {name} are malformed.",
            first=repr(bad.iloc[0]),
            rule=f"An O*NET-SOC code reads NN-NNNN.NN, as in {ONET_SOC.example}.",
            fix="Download the release again; it may be cut short, or changed by a spreadsheet.",
        )


def _check_once(kept: pd.DataFrame, name: str) -> None:
    twice = kept[kept.duplicated(["code", "element_id", "scale"])]
    if len(twice):
        first = twice.iloc[0]
        raise ReleaseError(
            f"{len(twice):,} of {len(kept):,} ratings stand more than once in {name}.",
            first=f"{first['code']} {first['element_id']} {first['scale']}",
            rule="One rating per occupation, element and scale.",
            fix="Download the release again; two releases may have been joined.",
        )


def _figures(ratings: pd.DataFrame, name: str) -> pd.Series:
    values = ratings["value"].mask(_blank(ratings["value"]))
    figures = pd.to_numeric(values, errors="coerce").astype(float)
    words = ratings[values.notna() & figures.isna()]
    if len(words):
        first = words.iloc[0]
        raise ReleaseError(
            f"{len(words):,} of {len(ratings):,} ratings in {name} are no numbers.",
            first=f"{first['code']} {first['element_id']} {first['scale']} = {first['value']!r}",
            rule="Data Value is a number with a decimal point, or blank, or n/a.",
            fix="Download the release again; a spreadsheet may have changed the figures.",
        )
    return figures


def _blank(column: pd.Series) -> pd.Series:
    return column.isna() | column.isin(BLANKS)


def _yes(ratings: pd.DataFrame, flag: str) -> pd.Series:
    return ratings[flag].isin(("Y", "y")) if flag in ratings else _no(ratings)


def _no(ratings: pd.DataFrame) -> pd.Series:
    return pd.Series(False, index=ratings.index)
