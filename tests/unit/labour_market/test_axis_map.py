"""The map of two axes: quadrants hold all jobs, thresholds move them, small cells are not shown."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from occurisk.labour_market.comparison.axis_map import GRID, QUADRANTS, axis_map, map_of_jobs
from occurisk.labour_market.market import Market
from occurisk.model.axes.declaration import load_axes
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


def scored(values, axis, high, sd=0.0):
    """A model of an axis, as far as a map needs it."""
    drawn = pd.DataFrame({f"r{i}": pd.Series(values) + sd * (-1) ** i for i in range(20)})
    reference = frame(values).assign(title=pd.Series({"41-2011": "Cashiers"}))
    return SimpleNamespace(axis=axis, bands=Bands(high=high, low=0.05), reference=reference, replicas=drawn)


def mapped(market, high=0.5, sd=0.0, by=(("sex",),)):
    one, two = load_axes()[:2]
    return axis_map(market, scored(P, one, 0.7), scored(EXPOSURE, two, high, sd), by, 10)


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
    one, two = load_axes()[:2]
    found = axis_map(market, scored(P, one, 0.7), scored(without, two, 0.5))
    assert found.quadrants["share"].sum() == pytest.approx(1)
    assert "41-2011" not in found.occupations.index


def test_occupations_and_margins(market):
    found = mapped(market)
    assert list(found.occupations.index) == sorted(JOBS, key=JOBS.get, reverse=True)
    assert set(found.occupations["quadrant"]) == set(QUADRANTS)
    assert found.marginal("first").sum() == pytest.approx(1)
    assert np.isclose(found.marginal("second").loc[0.6], 30 / 103)
    document = found.to_json()
    assert document["occupations"][0]["title"] == "Cashiers"
    assert set(document["caveats"]) == {"en", "ru", "kk"}


@pytest.mark.parametrize(("first", "second"), [(0.7, 0.5), (0.15, 0.65), (0.9, 0.3)])
def test_the_grid_of_thresholds_says_what_each_threshold_would(market, first, second):
    """A reader moves the thresholds in a report; the figures are those of a map made with them."""
    one, two = load_axes()[:2]
    models = scored(P, one, 0.7, 0.1), scored(EXPOSURE, two, 0.5, 0.1)
    grid = axis_map(market, *models).grid
    i, j = (int(np.flatnonzero(np.isclose(GRID, limit))[0]) for limit in (first, second))
    alone = axis_map(market, *models, thresholds=(first, second)).quadrants
    assert grid[i, j] == pytest.approx(alone[["share", "lower", "upper"]].to_numpy())


def test_a_map_of_jobs_by_occupation_is_that_of_the_market(market):
    one, two = load_axes()[:2]
    models = scored(P, one, 0.7), scored(EXPOSURE, two, 0.5, 0.1)
    jobs = pd.Series(market.cells().jobs[0], market.socs)
    pd.testing.assert_frame_equal(map_of_jobs(jobs, *models).quadrants, axis_map(market, *models).quadrants)
