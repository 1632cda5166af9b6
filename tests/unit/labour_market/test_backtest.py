"""Back-tests: code breaks, benchmarks, and a verdict that says what the data say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from helpers.trained import default_bundle
from occurisk.errors import RegistryError
from occurisk.labour_market.history.backtest import backtest, verdict
from occurisk.labour_market.history.growth import growth_table, link
from occurisk.labour_market.history.official_statistics import ilostat_statistic, ilostat_table, read_oes
from occurisk.labour_market.history.routine_intensity import routine_intensity
from occurisk.occupations.coding_systems import SOC2010, SOC2018


def world(n=400, effect=0.0, seed=0):
    """Occupations whose growth depends on routine intensity, and on p with a given effect beside it."""
    rng = np.random.default_rng(seed)
    routine, wage, own = rng.normal(size=(3, n))
    p = 1 / (1 + np.exp(-(routine + own)))
    growth = -0.1 * routine - effect * own + 0.1 * rng.normal(size=n)
    before = rng.gamma(2, 1000, n)
    return pd.DataFrame(
        {
            "p": p,
            "routine": routine,
            "wage": wage,
            "jobs_before": before,
            "jobs_after": before * np.exp(growth),
        }
    )


def test_the_same_codes_link_one_to_one():
    before = pd.Series({"43-9021": 10.0, "29-1125": 5.0})
    got = link(before, before * 2, SOC2010, SOC2010)
    assert got.groups["kind"].tolist() == ["same code"] * 2
    assert got.report["share_of_jobs_joined"] == 0


def test_a_hybrid_links_with_its_members():
    before = pd.Series({"29-1111": 100.0, "43-9021": 10.0})
    after = pd.Series({"29-1141": 90.0, "29-1151": 5.0, "29-1161": 1.0, "29-1171": 9.0, "43-9021": 8.0})
    got = link(before, after, SOC2010, SOC2010)
    nurses = got.groups.loc["29-1111"]
    assert nurses["kind"] == "joined"
    assert nurses["after"] == "29-1141 29-1151 29-1161 29-1171"
    assert nurses["jobs_after"] == 105
    assert got.report["joined"] == 1


def test_a_code_without_a_counterpart_is_reported_not_dropped():
    before = pd.Series({"43-9021": 10.0, "29-1125": 30.0})
    after = pd.Series({"43-9021": 12.0, "25-1011": 8.0})
    got = link(before, after, SOC2010, SOC2010)
    assert got.groups.index.tolist() == ["43-9021"]
    assert got.report["share_of_jobs_only_before"] == pytest.approx(0.75)
    assert got.report["share_of_jobs_only_after"] == pytest.approx(0.4)


def test_editions_link_by_their_content():
    # SOC 2010 15-1132 and 15-1133 became 15-1252 in SOC 2018.
    before = pd.Series({"15-1132": 60.0, "15-1133": 40.0})
    after = pd.Series({"15-1252": 150.0})
    got = link(before, after, SOC2010, SOC2018)
    assert got.groups["before"].tolist() == ["15-1132 15-1133"]
    assert got.groups["jobs_after"].tolist() == [150.0]


def test_an_effect_beyond_the_benchmarks_is_found_and_one_within_them_is_not():
    with_effect = backtest(world(effect=0.08), draws=200)
    without = backtest(world(effect=0.0), draws=200)
    assert with_effect.partial["upper"] < 0
    assert "adds something" in with_effect.verdict
    assert without.partial["lower"] < 0 < without.partial["upper"]
    assert "adds nothing detectable" in without.verdict
    # Both are correlated with growth by themselves: routine intensity alone does it.
    assert without.correlations.loc[("p", "weighted"), "upper"] < 0


def test_intervals_hold_their_figure_and_bands_add_up():
    got = backtest(world(effect=0.05), draws=200)
    for table, name in ((got.bands, "growth"), (got.correlations, "rho")):
        assert ((table["lower"] <= table[name]) & (table[name] <= table["upper"])).all()
    assert got.bands["occupations"].sum() == len(got.occupations)
    assert got.r2.loc["routine + wage + p", "r2"] >= got.r2.loc["routine + wage", "r2"]
    assert got.gain["r2"] == pytest.approx(
        got.r2.loc["routine + wage + p", "r2"] - got.r2.loc["routine + wage", "r2"]
    )


def test_r2_and_partial_correlation_are_those_of_a_regression():
    from occurisk.labour_market.gradients import weighted_ranks

    table = world(n=60, effect=0.05)
    got = backtest(table, draws=100)
    weight = table["jobs_before"].to_numpy()
    growth = np.log(table["jobs_after"] / table["jobs_before"]).to_numpy()
    rank = {n: weighted_ranks(table[n].to_numpy(), weight) for n in ("p", "routine", "wage")}
    y, root = weighted_ranks(growth, weight), np.sqrt(weight)

    def rest(target, names):
        design = np.column_stack([np.ones(len(y)), *(rank[n] for n in names)])
        beta = np.linalg.lstsq(design * root[:, None], target * root, rcond=None)[0]
        return target - design @ beta

    left = rest(y, ["p", "routine", "wage"])
    centred = y - weight @ y / weight.sum()
    assert got.r2.loc["routine + wage + p", "r2"] == pytest.approx(
        1 - (weight * left) @ left / ((weight * centred) @ centred)
    )
    a, b = rest(rank["p"], ["routine", "wage"]), rest(y, ["routine", "wage"])
    want = (weight * a) @ b / np.sqrt(((weight * a) @ a) * ((weight * b) @ b))
    assert got.partial["rho"] == pytest.approx(want)


def test_rows_with_gaps_are_left_out():
    table = world(n=100)
    table.loc[:9, "wage"] = np.nan
    table.loc[10, "jobs_after"] = 0
    assert len(backtest(table, draws=100).occupations) == 89


def test_the_verdict_follows_the_figures():
    rho = pd.Series({"rho": -0.3, "lower": -0.4, "upper": -0.2})
    gain = {"r2": 0.02, "chance": 0.01}
    assert "modest negative" in verdict(rho, {"rho": -0.1, "lower": -0.2, "upper": -0.01}, gain)
    none = pd.Series({"rho": 0.0, "lower": -0.1, "upper": 0.1})
    assert "from none" in verdict(none, {"rho": 0.0, "lower": -0.1, "upper": 0.1}, gain)
    assert "not the expected one" in verdict(rho, {"rho": 0.2, "lower": 0.1, "upper": 0.3}, gain)


def test_routine_intensity_ranks_as_the_literature_does():
    model = default_bundle()
    routine = routine_intensity(model.attributes, model.catalogue)
    assert routine["51-9041"] > routine["43-9021"] > routine["29-1141"] > routine["11-1011"]
    assert routine.mean() == pytest.approx(0, abs=1e-9)


@pytest.mark.originals
def test_oes_files_are_read_to_the_last_detailed_job(originals):
    folder = originals / "employment"
    for name in (
        "oews_national_M2011_dl.xls",
        "oews_national_M2015_dl.xlsx",
        "oews_national_may2021_full.csv",
    ):
        got = read_oes(folder / name)
        assert got.table["weight"].sum() == pytest.approx(got.total, rel=1e-4), name
        assert got.table["code"].is_unique
    assert read_oes(folder / "oews_national_may2021_full.csv").system is SOC2018
    table = read_oes(folder / "oes_national_2001_2015.parquet", 2010)
    assert table.table["weight"].sum() == pytest.approx(table.total, rel=1e-3)


@pytest.mark.originals
def test_growth_2011_to_2015_joins_the_hybrids_of_2011(originals):
    folder = originals / "employment"
    model = default_bundle()
    old = read_oes(folder / "oews_national_M2011_dl.xls")
    new = read_oes(folder / "oews_national_M2015_dl.xlsx")
    routine = routine_intensity(model.attributes, model.catalogue)
    got = growth_table(old, new, model.reference, routine)
    assert got.report["joined"] == 19
    assert got.report["share_of_jobs_used"] > 0.99
    # Teachers, all other: without OES's own split of 25-3099 they would seem to fall by 95%.
    teachers = got.table.loc["25-3999"]
    assert 0.8 < teachers["jobs_after"] / teachers["jobs_before"] < 1.4


@pytest.mark.originals
def test_ilostat_countries_have_their_own_system(originals):
    table = ilostat_table(originals / "employment" / "ilostat-2020-04-10.csv.zip")
    assert ilostat_statistic(table, "DEU", 2014).system.name == "isco08"
    assert ilostat_statistic(table, "RUS", 2014).system.name == "isco88"
    germany = ilostat_statistic(table, "DEU", 2014)
    assert germany.table["weight"].sum() == pytest.approx(germany.total, rel=1e-3)
    assert germany.total == pytest.approx(39.87e6, rel=1e-3)
    with pytest.raises(RegistryError, match="Countries"):
        ilostat_statistic(table, "XXX")


def test_a_file_that_is_no_oes_file_is_refused(tmp_path):
    path = tmp_path / "national_M2020.csv"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(RegistryError, match="OCC_CODE"):
        read_oes(path)
    path = tmp_path / "national.csv"
    path.write_text("OCC_CODE,TOT_EMP\n43-9021,2\n", encoding="utf-8")
    with pytest.raises(RegistryError, match="which year"):
        read_oes(path)
