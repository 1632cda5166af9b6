"""The field's headline figures, computed again from official employment statistics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from occurisk.labour_market.breakdowns import breakdown
from occurisk.labour_market.history.official_statistics import Statistic, ilostat_statistic, read_oes
from occurisk.labour_market.market import Market
from occurisk.labour_market.scenarios import Scenario, apply, by_qualification
from occurisk.occupations.crosswalk import to_soc2010
from occurisk.paths import FEATURES
from occurisk.probabilities import Bands, weighted_shares
from occurisk.training_data.labels import load_labels

OES_TABLE = "oes_national_2001_2015.parquet"
OEWS_FILES = {
    2021: "oews_national_may2021_full.csv",
    2022: "oews_national_M2022_dl.xlsx",
    2023: "oews_national_M2023_dl.xlsx",
    2024: "oews_national_M2024_dl.xlsx",
}
ILOSTAT = "ilostat-2020-04-10.csv.zip"
# Where each file comes from, for who has none of them.
_BLS = "BLS, www.bls.gov/oes/tables.htm"
ORIGINS = {
    OES_TABLE: f"{_BLS}: national, May 2001 to 2015 in one table (occ_code, tot_emp, wages, year)",
    OEWS_FILES[2021]: f"{_BLS}: May 2021, national, saved as CSV",
    **{OEWS_FILES[year]: f"{_BLS}: May {year}, national" for year in (2022, 2023, 2024)},
    ILOSTAT: "ILOSTAT, ilostat.ilo.org: EMP_TEMP_SEX_OC2_NB, employment by sex and occupation, two digits, "
    "with codes and labels, as CSV in a zip",
}
EXPOSURE_LABELS = FEATURES / "labels" / "eloundou_2023.csv"
EXPOSURE_SOC2018 = FEATURES / "reference" / "exposure_soc2018.csv"
EXPOSURE_RATERS = {"people": "label", "GPT-4": "gpt4"}
EXPOSED = Bands(high=0.5, low=0.1)
# Two that the literature argues about, neighbours in the CIS, and a spread of incomes.
COUNTRIES = (
    "DEU", "SWE", "GBR", "FRA", "ITA", "ESP", "POL", "RUS", "KGZ", "MNG", "TUR", "MEX", "BRA",
    "EGY", "THA",
)  # fmt: skip


@dataclass(frozen=True)
class Sources:
    """Both score sources.

    Attributes
    ----------
    model, replicas : DataFrame
        Scores and replicas of a model, index `soc`.
    published : DataFrame
        Frey & Osborne's, index `soc`, the 17 hybrids resolved.
    bands : Bands
    version : str
        Of the model.
    """

    model: pd.DataFrame
    replicas: pd.DataFrame | None
    published: pd.DataFrame
    bands: Bands
    version: str


def sources(model: pd.DataFrame, replicas: pd.DataFrame | None, bands: Bands, version: str) -> Sources:
    """Put a model's scores beside the published ones."""
    published = load_labels().published_by_soc2010().to_frame("probability")
    return Sources(model, replicas, published, bands, version)


def market_of(statistic: Statistic, source: Sources, *, published: bool) -> Market:
    """Tie an official statistic to one of the two score sources."""
    scores = source.published if published else source.model
    lineage = to_soc2010(
        statistic.table["code"], statistic.system, scored=scores.index, siblings=not published
    )
    replicas = None if published else source.replicas
    name = "published" if published else source.version
    return Market(statistic.table, lineage, scores, replicas, source.bands, name)


def both(statistic: Statistic, source: Sources) -> pd.Series:
    """Return the national figures of a statistic under both score sources.

    Returns
    -------
    Series
        As `figures_by_cell` for the published scores, and for the model's with the prefix `model_`;
        `code_high`: each code in one band; `high_of_total`: high-risk jobs (published) over the total
        that the office prints.
    """
    market = market_of(statistic, source, published=True)
    figures = market.figures().iloc[0]
    ours = market_of(statistic, source, published=False).figures().iloc[0].add_prefix("model_")
    jobs = market.table.groupby("code")["weight"].sum().reindex(market.codes)
    banded = weighted_shares(market.code_p.to_numpy(), jobs.to_numpy(), market.bands)
    high = banded["share_high"] * banded["scored_weight"]
    extra = pd.Series({"code_high": banded["share_high"], "high_of_total": high / statistic.total})
    return pd.concat([figures, ours, extra])


def us_years(folder: Path, source: Sources) -> pd.DataFrame:
    """Return the United States from May 2010 to 2015 and 2021 to 2024.

    Parameters
    ----------
    folder : Path
        Holds BLS's files, such as `../shared/data/employment`.
    source : Sources

    Returns
    -------
    DataFrame, index `year`
        See `both`.
    """
    rows = {year: both(read_oes(folder / OES_TABLE, year), source) for year in range(2010, 2016)}
    rows |= {year: both(read_oes(folder / name), source) for year, name in OEWS_FILES.items()}
    return pd.DataFrame(rows).T.rename_axis("year")


def exposure_shares(folder: Path, files: Mapping[int, str] = OEWS_FILES) -> pd.DataFrame:
    """Return the shares of US jobs in occupations with so much exposed work, by the raters themselves.

    Parameters
    ----------
    folder : Path
        Holds BLS's files.
    files : mapping of int to str
        Their names by year; those of May 2021 to 2024 by default.

    Returns
    -------
    DataFrame, index (`year`, `rater`, `ratings`)
        `coverage` (jobs whose code has a rating of its own), `mean` (β), `from_10`, `from_50`: shares of jobs
        in occupations where at least 10% and 50% of the tasks are exposed (Eloundou et al. 2023, section 4).
        `ratings` says of which codes: `SOC 2018` is what jobs and tasks are coded in, `SOC 2010` what the
        axis learns from.
    """
    ratings = load_labels(EXPOSURE_LABELS, soft=True).table
    by_2018 = pd.read_csv(EXPOSURE_SOC2018, dtype={"code": str}).set_index("code")
    rows = {}
    for year, name in files.items():
        statistic = read_oes(folder / name)
        for rater, column in EXPOSURE_RATERS.items():
            rows[(year, rater, "SOC 2018")] = _direct_shares(statistic.table, by_2018[column])
            scores = ratings[column].astype(float).rename("probability").rename_axis("soc").to_frame()
            lineage = to_soc2010(statistic.table["code"], statistic.system, scored=scores.index)
            market = Market(statistic.table, lineage, scores, None, EXPOSED, rater)
            found = market.figures().iloc[0]
            rows[(year, rater, "SOC 2010")] = {
                "coverage": found["coverage"],
                "mean": found["expected"],
                "from_10": 1 - found["share_low"],
                "from_50": found["share_high"],
            }
    return pd.DataFrame(rows).T.rename_axis(["year", "rater", "ratings"])


def _direct_shares(jobs: pd.DataFrame, ratings: pd.Series) -> dict[str, float]:
    """Return the shares where jobs and ratings share their codes; without a rating the group's stands in."""
    weight = jobs.groupby("code", observed=True)["weight"].sum()
    codes = weight.index.astype(str)
    own = np.asarray(codes.isin(ratings.index))
    # 31-1120 joins 31-1121 and 31-1122: the broad group; then the minor, then the major group.
    means = [ratings.groupby(ratings.index.str[:digits]).mean() for digits in (6, 5, 4, 2)]
    score = pd.Series(codes.map(ratings), codes)
    for mean in means:
        score = score.fillna(pd.Series(codes.str[: len(mean.index[0])].map(mean), codes))
    share = weight.to_numpy(dtype=float) / weight.sum()
    score = score.round(10)  # a mean of halves is a half
    return {
        "coverage": float(share @ own),
        "mean": float(share @ score),
        "from_10": float(share @ (score >= EXPOSED.low)),
        "from_50": float(share @ (score >= EXPOSED.high)),
    }


def countries(
    table: pd.DataFrame, source: Sources, codes: Sequence[str] = COUNTRIES, year: int | None = None
) -> pd.DataFrame:
    """Return many countries side by side.

    Parameters
    ----------
    table : DataFrame
        `official_files.ilostat_table`.
    source : Sources
    codes : sequence of str
        ISO codes; those that are not there are left out.
    year : int, optional
        The earliest of each country by default, 2014 for most: nearest to the literature.

    Returns
    -------
    DataFrame, index: country
        `year`, `system`, `groups` (codes), and the figures of `both`.
    """
    rows = {}
    for code in codes:
        part = table[table["country"] == code]
        if part.empty:
            continue
        statistic = ilostat_statistic(table, code, year or int(part["year"].min()))
        head = pd.Series(
            {
                "year": int(statistic.table["year"].iloc[0]),
                "system": statistic.system.title,
                "groups": len(statistic.table),
            }
        )
        rows[str(part["name"].iloc[0])] = pd.concat([head, both(statistic, source)])
    return pd.DataFrame(rows).T.rename_axis("country").infer_objects()


def stand_in_scenario(
    table: pd.DataFrame, source: Sources, scenario: Scenario, countries: Sequence[str]
) -> dict[str, pd.DataFrame]:
    """Apply a scenario with the risk structure of other countries, for want of one's own.

    Returns
    -------
    dict
        Country -> `scenarios.apply`.
    """
    tables = {}
    for code in countries:
        market = market_of(ilostat_statistic(table, code), source, published=False)
        tables[code] = apply(scenario, by_qualification(breakdown(market, ["skill_level"], 0)))
    return tables
