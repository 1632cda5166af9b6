"""Employment projections of BLS: one file with two years, the base year and the projected one."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from occurisk.errors import RegistryError
from occurisk.labour_market.history.official_statistics import Statistic, read_oes
from occurisk.occupations.coding_systems import SOC2010, SOC2018

# The table of BLS's workbook that has both years and wages, and what it calls a detailed occupation.
_SHEET, _DETAILED = "Table 1.7", "line item"
_CODE = re.compile(r"(?!00)\d{2}-\d{4}")  # 00-0000 is the total
_YEAR = re.compile(r"\b(20\d{2})\b")
# From this base year on, the matrix is coded in SOC 2018.
_SOC2018_SINCE = 2019


def read_two_years(
    before: Path, after: Path, before_year: int | None = None, after_year: int | None = None
) -> tuple[Statistic, Statistic]:
    """Read two files of employment, or the two years of one file of projections.

    Parameters
    ----------
    before, after : Path
        Two files as `read_oes` takes them; one and the same for BLS's projections.
    before_year, after_year : int, optional
        See `read_oes`.

    Raises
    ------
    RegistryError
        If a file is neither.
    """
    if Path(before) == Path(after) and before_year is None and after_year is None:
        return read_projections(before)
    return read_oes(before, before_year), read_oes(after, after_year)


def read_projections(path: Path) -> tuple[Statistic, Statistic]:
    """Read BLS's projections by occupation.

    Parameters
    ----------
    path : Path
        The workbook `occupation.xlsx` with its Table 1.7, or the table as CSV: the columns Occupation Code,
        Employment YEAR twice, and Median Annual Wage YEAR.

    Returns
    -------
    Statistic, Statistic
        The base year and the projected year: detailed occupations, jobs (BLS prints thousands), wages.

    Raises
    ------
    RegistryError
        If it is no such file.
    """
    try:
        rows, years = _from_csv(path) if path.suffix.lower() == ".csv" else _from_workbook(path)
    except (OSError, ValueError, KeyError, StopIteration) as problem:
        raise RegistryError(
            f"Cannot read {path} as BLS's employment projections: {str(problem) or type(problem).__name__}.",
            rule="One file for both years is a file of projections: the workbook with Table 1.7, or its CSV.",
            fix="Give it as both files, or two files of two years: https://www.bls.gov/emp/tables.htm",
        ) from problem
    rows = rows[rows["code"].str.fullmatch(_CODE) & ~rows["code"].duplicated()]
    system = SOC2018 if years[0] >= _SOC2018_SINCE else SOC2010
    both = []
    for name, year in zip(("base", "projected"), years, strict=True):
        table = rows[["code", "title", "wage"]].assign(weight=1000 * rows[name], year=year)
        known = table.dropna(subset=["weight"]).reset_index(drop=True)
        both.append(Statistic(known, system, float("nan")))
    return both[0], both[1]


def _from_csv(path: Path) -> tuple[pd.DataFrame, tuple[int, int]]:
    raw = pd.read_csv(path, dtype=str, keep_default_na=False)
    names = {re.sub(r"[^a-z0-9]+", " ", name.lower()).strip(): name for name in raw}
    jobs = sorted(name for name in names if re.fullmatch(r"employment 20\d{2}( thousands)?", name))
    if len(jobs) != 2:
        raise ValueError("two columns Employment YEAR are expected")
    code, wage, title = (
        raw[names[next(name for name in names if re.search(pattern, name))]]
        for pattern in (r"\bcode$", r"^median annual wage", r"title$")
    )
    rows = pd.DataFrame(
        {
            "code": code.str.extract(f"({_CODE.pattern})")[0].fillna(""),
            "title": title.str.split(r"\s{2,}|\s\*", regex=True).str[0],
            "base": _numbers(raw[names[jobs[0]]]),
            "projected": _numbers(raw[names[jobs[1]]]),
            "wage": _numbers(wage),
        }
    )
    years = [int(_YEAR.findall(name)[0]) for name in jobs]
    return rows, (years[0], years[1])


def _from_workbook(path: Path) -> tuple[pd.DataFrame, tuple[int, int]]:
    raw = pd.read_excel(path, sheet_name=_SHEET, header=None, dtype=str, engine="calamine").fillna("")
    title = str(raw.iloc[0, 0])
    base = int(_YEAR.findall(title)[0])
    # `2016-26` or `2022–32`: the projected year has the century of the base year.
    projected = base // 100 * 100 + int(re.findall(rf"{base}\D(\d{{2}})\b", title)[0])
    detailed = raw.apply(lambda column: column.str.strip().str.lower().eq(_DETAILED))
    kind = int(detailed.sum().to_numpy().argmax())
    heads = raw.iloc[: int(detailed.iloc[:, kind].to_numpy().argmax())]
    wage = next(i for i in raw if heads[i].str.startswith("Median annual wage").any())
    rows = raw[detailed.iloc[:, kind]]
    table = pd.DataFrame(
        {
            "code": rows[kind - 1].str.strip(),
            "title": rows[0].str.strip(),
            "base": _numbers(rows[kind + 1]),
            "projected": _numbers(rows[kind + 2]),
            "wage": _numbers(rows[wage]),
        }
    )
    return table, (base, projected)


def _numbers(column: pd.Series) -> pd.Series:
    """Read figures with thousands separators; what is not printed (a dash, `>=208,000`) is NaN."""
    return pd.to_numeric(column.str.replace(",", "").str.strip(), errors="coerce")
