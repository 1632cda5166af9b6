"""National figures: both statistics, intervals, bounds, breakdowns, suppression, concentration, gradients."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.markets import P, market, replicas, spread_market
from helpers.trained import default_bundle
from occurisk.errors import RegistryError
from occurisk.labour_market.breakdowns import breakdown, concentration, largest_holders, suppress, wage_groups
from occurisk.labour_market.gradients import gradient, polarisation, weighted_ranks, weighted_spearman
from occurisk.labour_market.market import Market, figures_by_cell
from occurisk.occupations.coding_systems import ISCO08, SOC2010
from occurisk.occupations.crosswalk import to_soc2010
from occurisk.occupations.facts import (
    EDUCATION,
    NOT_KNOWN,
    isco_groups,
    job_zones,
    skill_level,
    skill_levels_by_soc,
)
from occurisk.probabilities import Bands, share_interval, weighted_shares
from occurisk.probabilities import interval as model_interval

CODES, JOBS = ["43-9021", "29-1125", "25-1011", "55-1011"], [50.0, 30.0, 20.0, 25.0]


def test_both_statistics_coverage_and_bounds():
    got = market(CODES, JOBS).figures().iloc[0]
    assert got["share_high"] == pytest.approx(0.5)
    assert (got["share_medium"], got["share_low"]) == (pytest.approx(0.2), pytest.approx(0.3))
    assert got["expected"] == pytest.approx((50 * 0.9 + 30 * 0.1 + 20 * 0.5) / 100)
    assert got["coverage"] == pytest.approx(100 / 125)
    # 25 of 125 jobs have no score: all low, or all high.
    assert got["share_high_least"] == pytest.approx(50 / 125)
    assert got["share_high_most"] == pytest.approx(75 / 125)
    assert got["expected_least"] == pytest.approx(58 / 125)
    assert got["expected_most"] == pytest.approx(83 / 125)


@given(
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1e6)), min_size=1, max_size=8),
    st.floats(0, 1e6),
)
def test_headline_agrees_with_national_and_shares_add_up(pairs, unscored):
    p, jobs = (np.array(values) for values in zip(*pairs, strict=True))
    got = figures_by_cell(jobs[None, :], np.array([unscored]), p).iloc[0]
    want = weighted_shares(p, jobs, total=jobs.sum() + unscored)
    if jobs.sum() == 0:
        assert np.isnan(got["share_high"])
        return
    for name in ("share_high", "share_medium", "share_low", "expected", "coverage"):
        assert got[name] == pytest.approx(want[name], abs=1e-9)
    assert got["share_high"] + got["share_medium"] + got["share_low"] == pytest.approx(1)
    assert got["expected_least"] <= got["expected_most"] + 1e-12


def test_the_interval_of_the_mean_is_the_rule_of_the_model():
    one = market(CODES, JOBS)
    got = one.figures().iloc[0]
    weight = np.array([50, 30, 20]) / 100
    order = [list(P).index(soc) for soc in one.socs]
    p = np.array([P[soc] for soc in one.socs])
    weight = np.array([dict(zip(CODES, JOBS, strict=True))[soc] for soc in one.socs]) / 100
    spread = weight @ replicas().to_numpy()[order]
    want = model_interval(np.array([weight @ p]), spread[None, :], 0.9)[0]
    assert (got["expected_lower"], got["expected_upper"]) == pytest.approx(tuple(want))


def test_a_share_of_nought_has_an_interval_from_quantiles_that_holds_it():
    ends = share_interval(np.array([0.0]), np.array([[0.0] * 50 + [0.2] * 50]), 0.9)[0]
    assert ends[0] == 0
    assert ends[1] == pytest.approx(0.2)


def test_without_replicas_there_is_no_interval():
    got = market(CODES, JOBS, with_replicas=False).figures().iloc[0]
    assert np.isnan(got["share_high_lower"])
    assert got["share_high"] == pytest.approx(0.5)


def test_jobs_of_a_code_are_spread_over_its_occupations():
    got = spread_market().figures().iloc[0]
    assert (got["share_high"], got["share_low"]) == (pytest.approx(0.5), pytest.approx(0.5))
    # One band for the whole code would have been medium.
    assert Bands().of(spread_market().code_p)[0] == "medium"


def test_cells_add_up_to_the_market_and_gaps_are_a_cell():
    one = market([*CODES, "43-9021"], [*JOBS, 5.0], sex=["f", "m", "f", "m", None])
    by_sex = breakdown(one, ["sex"], 0)
    assert by_sex.loc["f", "share_high"] == pytest.approx(50 / 70)
    assert by_sex.index.tolist() == ["f", "m", NOT_KNOWN]
    assert by_sex["jobs"].sum() == pytest.approx(130)
    assert by_sex.loc["m", "coverage"] == pytest.approx(30 / 55)


def test_a_column_that_is_not_there_is_named():
    with pytest.raises(RegistryError, match="'age'"):
        breakdown(market(CODES, JOBS), ["age"])


def test_two_way_breakdowns_cross_columns_and_built_in_ones():
    one = market(CODES[:3], JOBS[:3], sex=["f", "m", "f"])
    got = breakdown(one, ["sex", "major_group"], 0)
    assert got.index.names == ["sex", "major_group"]
    assert got.loc[("f", "43 Office and Administrative Support"), "share_high"] == 1
    turned = breakdown(one, ["education", "sex"], 0)
    assert turned.index.names == ["education", "sex"]
    assert turned["jobs"].sum() == pytest.approx(100)
    with pytest.raises(RegistryError, match="crossed"):
        breakdown(one, ["education", "skill_level"])


def test_a_suppressed_cell_cannot_be_had_by_subtraction():
    table = pd.DataFrame(
        {"jobs": [3.0, 40.0, 100.0], "share_high": 0.5}, index=pd.Index(["a", "b", "c"], name="group")
    )
    got = suppress(table, 10)
    assert got["suppressed"].tolist() == [True, True, False]
    assert got.loc[["a", "b"], ["jobs", "share_high"]].isna().all(axis=None)
    assert not suppress(table, 0)["suppressed"].any()


def test_two_way_suppression_leaves_no_line_with_a_single_blank():
    index = pd.MultiIndex.from_product([list("abc"), list("xyz")], names=["one", "two"])
    table = pd.DataFrame({"jobs": [2.0, 50, 60, 70, 80, 90, 100, 110, 120]}, index=index)
    hidden = suppress(table, 10)["suppressed"].unstack()
    assert hidden.loc["a", "x"]
    for axis in (0, 1):
        assert not (hidden.sum(axis=axis) == 1).any()


def test_wage_groups_hold_equal_jobs_and_keep_equal_wages_together():
    wage = pd.Series([10.0, 20, 20, 30, np.nan])
    got = wage_groups(wage, pd.Series([10.0, 5, 5, 10, 7]), 3)
    assert got.tolist()[:4] == [1, 2, 2, 3]
    assert pd.isna(got.iloc[4])


@given(
    st.lists(st.tuples(st.floats(1, 1e5), st.floats(0.1, 1e4)), min_size=1, max_size=30), st.integers(1, 20)
)
def test_wage_groups_rise_with_the_wage(pairs, groups):
    wage, weight = (pd.Series(values) for values in zip(*pairs, strict=True))
    got = wage_groups(wage, weight, groups)
    assert got.between(1, groups).all()
    assert got.iloc[wage.argsort()].is_monotonic_increasing


def test_concentration_says_who_holds_more_of_the_risk_than_of_the_work():
    one = market(CODES[:3], [50.0, 30.0, 20.0], sex=["f", "m", "f"])
    got = concentration(one, ["sex"], 0)
    assert got["share_of_high"].tolist() == [1, 0]
    assert got.loc["f", "representation"] == pytest.approx(1 / 0.7)
    assert got["share_of_expected"].sum() == pytest.approx(1)
    assert got.loc["f", "representation_lower"] <= got.loc["f", "representation"]


def test_the_largest_holders_come_first_and_cumulate():
    got = largest_holders(market(CODES[:3], JOBS[:3], p={**P, "25-1011": 0.8}))
    assert got.index.tolist() == ["43-9021", "25-1011"]
    assert got["cumulated"].tolist() == pytest.approx([50 / 70, 1])


def test_weighted_ranks_are_plain_ranks_for_equal_weights():
    values = np.array([3.0, 1.0, 2.0, 2.0])
    want = (pd.Series(values).rank() - 0.5) / 4
    np.testing.assert_allclose(weighted_ranks(values, np.ones(4)), want)
    a, b = np.array([1.0, 5, 2, 8, 3]), np.array([2.0, 1, 7, 9, 4])
    assert weighted_spearman(a, b, np.ones(5)) == pytest.approx(pd.Series(a).corr(pd.Series(b), "spearman"))


def test_gradient_and_polarisation_follow_wages():
    one = market(CODES[:3], [40.0, 30.0, 30.0], wage=[10.0, 50.0, 30.0])
    got = gradient(one, "wage")
    assert got.spearman == pytest.approx(-1)
    assert got.codes == 3
    assert got.binned.loc[10, "mean"] == 10  # p = 0.9: the last tenth
    curve = polarisation(one, groups=2)
    assert curve["share_high"].iloc[0] > curve["share_high"].iloc[-1]


def test_skill_levels_and_job_zones_are_the_official_ones():
    assert [skill_level(c) for c in ("9112", "4110", "3111", "2411", "1120", "0110")] == [
        "1 elementary", "2 medium", "3 technicians", "4 professionals", "3+4 managers", "armed forces",
    ]  # fmt: skip
    np.testing.assert_allclose(skill_levels_by_soc().sum(axis=1), 1)
    zones = job_zones().set_index("soc")
    assert zones.loc["29-1125", "job_zone"] == 4  # Recreational therapists: considerable preparation
    np.testing.assert_allclose(zones[[f"zone_{n}" for n in EDUCATION]].sum(axis=1), 1, atol=1e-3)


def test_isco_groups_place_every_reference_occupation():
    socs = default_bundle().reference.index
    shares = isco_groups(socs, 2)
    placed = shares.sum(axis=1)
    assert (np.isclose(placed, 1) | np.isclose(placed, 0)).all()
    assert np.isclose(placed, 1).mean() > 0.95


def test_isco_registries_have_their_skill_level_from_the_code_itself():
    table = pd.DataFrame({"code": ["91", "24", "01"], "weight": [60.0, 30.0, 10.0]})
    model = default_bundle()
    one = Market(table, to_soc2010(table["code"], ISCO08), model.reference, model.replicas, model.bands)
    got = breakdown(one, ["skill_level"], 0)
    expected = {"1 elementary": 60, "4 professionals": 30, "armed forces": 10}
    assert got["jobs"].to_dict() == pytest.approx(expected)
    assert got.loc["armed forces", "coverage"] == 0


def test_siblings_that_stand_in_are_counted():
    table = pd.DataFrame({"code": ["11-1031", "11-1011"], "weight": [30.0, 70.0]})
    model = default_bundle()
    one = Market(table, to_soc2010(table["code"], SOC2010), model.reference, None, model.bands)
    assert one.standing_in() == pytest.approx(0.3)


def test_replica_intervals_of_a_thousand_cells_hold_their_figure():
    """How quick: benchmarks/national.py."""
    model = default_bundle()
    rng = np.random.default_rng(0)
    jobs = rng.gamma(1, 100, (1000, len(model.reference)))
    spread = model.replicas.reindex(model.reference.index).to_numpy()
    got = figures_by_cell(
        jobs, np.zeros(1000), model.reference["probability"].to_numpy(), model.bands, spread
    )
    assert got[["share_high_lower", "share_high_upper"]].notna().all(axis=None)
    assert (got["share_high_lower"] < got["share_high"]).all()
