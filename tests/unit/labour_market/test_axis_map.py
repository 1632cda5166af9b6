"""The map of two axes: quadrants hold all jobs, thresholds move them, small cells are not shown."""

import numpy as np
import pandas as pd
import pytest

from occurisk.labour_market.comparison.axis_map import QUADRANTS, Scores, axis_map
from occurisk.labour_market.market import Market
from occurisk.occupations.coding_systems import SOC2010
from occurisk.occupations.crosswalk import to_soc2010
from occurisk.probabilities import Bands

P = {"41-2011": 0.9, "43-9021": 0.8, "11-1011": 0.1, "29-1141": 0.2}
EXPOSURE = {"41-2011": 0.2, "43-9021": 0.6, "11-1011": 0.7, "29-1141": 0.3}
JOBS = {"41-2011": 40, "43-9021": 30, "11-1011": 20, "29-1141": 10}


def frame(values):
    return pd.Series(values, name="probability").to_frame()


@pytest.fixture
def market():
    rows = [(code, jobs / 2, sex) for code, jobs in JOBS.items() for sex in ("f", "m")]
    table = pd.DataFrame([*rows, ("41-2011", 3, "x")], columns=["code", "weight", "sex"])
    reference = frame(P)
    lineage = to_soc2010(list(JOBS), SOC2010, scored=reference.index)
    return Market(table, lineage, reference, None, Bands())


def scores(market, values, high, sd=0.0):
    drawn = pd.DataFrame({f"r{i}": pd.Series(values) + sd * (-1) ** i for i in range(20)})
    return Scores.of(market, frame(values), drawn, high)


def mapped(market, high=0.5, sd=0.0, by=("sex",)):
    first, second = scores(market, P, 0.7), scores(market, EXPOSURE, high, sd)
    return axis_map(market, first, second, ("p", "exposure"), pd.Series({"41-2011": "Cashiers"}), by, 10)


def test_quadrants_hold_all_jobs(market):
    found = mapped(market)
    share = found.quadrants["share"]
    assert share.to_dict() == pytest.approx(
        {"both": 30 / 103, "first only": 43 / 103, "second only": 20 / 103, "neither": 10 / 103}
    )
    assert share.sum() == pytest.approx(1)
    # Replicas that agree leave no doubt.
    assert found.quadrants["lower"].to_numpy() == pytest.approx(share.to_numpy())


def test_a_threshold_moves_jobs_and_doubt_widens_the_interval(market):
    assert mapped(market, high=0.65).quadrants.loc["both", "share"] == 0
    row = mapped(market, sd=0.15).quadrants.loc["both"]
    assert row["lower"] < row["share"] <= row["upper"]


def test_a_small_cell_is_not_shown_nor_to_be_had_by_subtraction(market):
    cells = mapped(market).by["sex"]
    assert cells.loc["x", "suppressed"]
    assert cells["suppressed"].sum() == 2
    shown = cells[~cells["suppressed"]]
    assert shown[[c for c in cells if c.startswith("share_")]].sum(axis=1).to_numpy() == pytest.approx(1)


def test_what_one_axis_lacks_is_left_out(market):
    without = {code: value for code, value in EXPOSURE.items() if code != "41-2011"}
    first, second = scores(market, P, 0.7), scores(market, without, 0.5)
    found = axis_map(market, first, second, ("p", "exposure"), pd.Series(dtype=str))
    assert found.quadrants["share"].sum() == pytest.approx(1)
    assert "41-2011" not in found.occupations.index


def test_occupations_and_margins(market):
    found = mapped(market)
    assert list(found.occupations.index) == sorted(JOBS, key=JOBS.get, reverse=True)
    assert set(found.occupations["quadrant"]) == set(QUADRANTS)
    assert found.marginal("first").sum() == pytest.approx(1)
    assert np.isclose(found.marginal("second").loc[0.6], 30 / 103)
    assert found.to_json()["occupations"][0]["title"] == "Cashiers"
