"""Small readers of the official employment statistics behind our reproductions and back-tests.

Registries of users go through `intake`; these know one publisher's layout each.
"""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from occurisk.errors import RegistryError
from occurisk.occupations.coding_systems import ISCO08, ISCO88, SOC2010, SOC2018, CodingSystem

# BLS: * not released, ** not available, # at or above the top code, ~ below what is shown.
_SUPPRESSED = ("*", "**", "#", "~", "")
_NOT_DETAILED = {"total", "major", "minor", "broad"}


@dataclass(frozen=True)
class Statistic:
    """One year of one country.

    Attributes
    ----------
    table : DataFrame
        `code`, `title`, `weight` (jobs), `wage` (median annual; NaN where unknown), `year`.
    system : CodingSystem
    total : float
        All jobs as published, suppressed ones among them; NaN where the file has no total.
    """

    table: pd.DataFrame
    system: CodingSystem
    total: float


def read_oes(path: Path, year: int | None = None) -> Statistic:
    """Read a national OES or OEWS file of BLS, or one year of the table 2001-2015.

    Parameters
    ----------
    path : Path
        `.xls`, `.xlsx`, `.csv`, `.parquet`.
    year : int, optional
        Of the table of many years; otherwise read from the file's name.

    Returns
    -------
    Statistic
        Detailed occupations only, in SOC 2018 from May 2019 on.

    Raises
    ------
    RegistryError
        If the file is not one.
    """
    path = Path(path)
    try:
        raw = _read(path)
    except (OSError, ValueError) as problem:
        raise RegistryError(
            f"Cannot read {path}: {problem}.", fix="Give a national OES or OEWS file of BLS."
        ) from problem
    raw.columns = raw.columns.str.strip().str.lower()
    if "occ_code" not in raw or "tot_emp" not in raw:
        raise RegistryError(
            f"{path} is no national OES or OEWS file.",
            first=f"columns: {', '.join(raw.columns[:8])}",
            rule="It has OCC_CODE and TOT_EMP.",
            fix="Take the file `national` of https://www.bls.gov/oes/tables.htm",
        )
    if "year" in raw:
        year = year or int(raw["year"].astype(float).max())
        raw = raw[raw["year"].astype(float) == year]
    year = year or _year_of(path)
    if raw.empty:
        raise RegistryError(f"{path} has no rows for {year}.", fix="Name a year that it holds.")
    code = raw["occ_code"].astype(str).str.strip()
    jobs = _numbers(raw["tot_emp"])
    total = jobs[code == "00-0000"]
    wage = raw.get("a_median", raw.get("annual_wages_median"))
    table = pd.DataFrame(
        {
            "code": code,
            "title": raw["occ_title"].astype(str).str.rstrip("* ") if "occ_title" in raw else "",
            "weight": jobs,
            "wage": _numbers(wage) if wage is not None else float("nan"),
            "year": year,
        }
    )[_detailed(raw, code)]
    table = table.dropna(subset=["weight"]).drop_duplicates("code").reset_index(drop=True)
    system = SOC2018 if year >= 2019 else SOC2010
    return Statistic(table, system, float(total.iloc[0]) if len(total) else float("nan"))


def ilostat_table(path: Path) -> pd.DataFrame:
    """Read ILOSTAT's bulk download: `country`, `name`, `year`, `system`, `code`, `jobs`."""
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive, archive.open(archive.namelist()[0]) as stream:
                raw = pd.read_csv(stream, dtype=str)
        else:
            raw = pd.read_csv(path, dtype=str)
        parts = raw["classif1"].str.extract(r"OC2_(?P<system>ISCO\d\d)_(?P<code>\w+)")
        return pd.DataFrame(
            {
                "country": raw["ref_area"],
                "name": raw["ref_area.label"],
                "year": raw["time"].astype(int),
                "system": parts["system"],
                "code": parts["code"],
                "jobs": raw["obs_value"].astype(float) * 1000,
            }
        ).dropna(subset=["jobs", "code"])
    except (OSError, ValueError, KeyError) as problem:
        raise RegistryError(
            f"Cannot read {path} as ILOSTAT data: {problem!r}.",
            rule="It has ref_area, time, classif1 (OC2_ISCO08_…) and obs_value.",
            fix="Take indicator EMP_TEMP_SEX_OC2_NB from https://ilostat.ilo.org",
        ) from problem


def ilostat_statistic(table: pd.DataFrame, country: str, year: int | None = None) -> Statistic:
    """Pick one country and year of `ilostat_table`."""
    rows = table[table["country"] == country]
    rows = rows[rows["year"] == (year or rows["year"].max())]
    if rows.empty:
        raise RegistryError(
            f"No rows for {country}, {year or 'any year'}.",
            rule="Countries go by their ISO code.",
            fix=f"Countries: {', '.join(sorted(table['country'].unique()))}.",
        )
    system = "ISCO08" if (rows["system"] == "ISCO08").any() else "ISCO88"
    rows = rows[rows["system"] == system]
    total = rows.loc[rows["code"] == "TOTAL", "jobs"]
    detail = rows[rows["code"] != "TOTAL"]
    result = pd.DataFrame(
        {
            "code": detail["code"],
            "title": "",
            "weight": detail["jobs"],
            "wage": float("nan"),
            "year": detail["year"],
        }
    )
    return Statistic(
        result.reset_index(drop=True),
        ISCO08 if system == "ISCO08" else ISCO88,
        float(total.iloc[0]) if len(total) else float("nan"),
    )


def _read(path: Path) -> pd.DataFrame:
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    if path.suffix == ".csv":
        return pd.read_csv(path, dtype=str, keep_default_na=False)
    return pd.read_excel(path, dtype=str, engine="calamine", keep_default_na=False)


def _numbers(column: pd.Series) -> pd.Series:
    text = column.astype(str).str.strip().str.replace(",", "")
    return pd.to_numeric(text.where(~text.isin(_SUPPRESSED)), errors="coerce")


def _detailed(raw: pd.DataFrame, code: pd.Series) -> pd.Series:
    """Tell detailed rows: by the level that the file states, else by what no other row is part of."""
    for name in ("o_group", "occ_group", "group"):
        if name in raw and raw[name].astype(str).str.lower().isin(_NOT_DETAILED).any():
            return ~raw[name].astype(str).str.strip().str.lower().isin(_NOT_DETAILED)
    # No levels stated: a code ending in 0 is a sum if codes below it are there, too, else a hybrid.
    stems = {c[:n] for c in code if not c.endswith("0") for n in (6, 5, 4, 3)}
    whole = code.str.endswith("0000")
    return ~whole & code.map(lambda c: not c.endswith("0") or _stem(c) not in stems)


def _stem(code: str) -> str:
    return code[:3] + code[3:].rstrip("0")


def _year_of(path: Path) -> int:
    digits = "".join(c if c.isdigit() else " " for c in path.stem).split()
    years = [int(d) for d in digits if len(d) == 4 and 1988 <= int(d) <= 2100]
    if not years:
        raise RegistryError(
            f"The name of {path} does not say which year it is.",
            rule="OES and OEWS files go by names such as oews_national_M2024_dl.xlsx.",
            fix="Name the year with --before-year or --after-year.",
        )
    return years[0]
