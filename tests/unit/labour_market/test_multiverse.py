"""The multiverse: what the literature's own numbers say of threshold, level and repair."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from helpers.markets import P, market, scores, spread_market
from occurisk.labour_market.multiverse import (
    AS_CODED,
    EXPECTED,
    OCCUPATION,
    SHARE,
    Choice,
    Universe,
    aggregate,
    multiverse,
    one_at_a_time,
    universes_of,
)

ONE = market(["43-9021", "29-1125", "25-1011"], [50.0, 30.0, 20.0])


def row(table, **choices):
    """The one row with these choices."""
    mask = np.logical_and.reduce([table[name] == value for name, value in choices.items()])
    assert mask.sum() == 1
    return table[mask].iloc[0]


def test_thresholds_only_lower_the_share_and_the_mean_has_none():
    table = multiverse([Universe(ONE, "model", "on", "20.3")], Choice())
    line = table[(table["statistic"] == SHARE) & (table["aggregation"] == OCCUPATION)]
    assert line.sort_values("threshold")["value"].is_monotonic_decreasing
    assert row(table, threshold=0.5, aggregation=OCCUPATION, statistic=SHARE)["value"] == pytest.approx(0.7)
    mean = row(table, statistic=EXPECTED, aggregation=OCCUPATION)
    assert np.isnan(mean["threshold"])
    assert mean["value"] == pytest.approx(0.58)


def test_the_choice_is_marked_once_and_the_rest_say_how_they_differ():
    table = multiverse([Universe(ONE, "model", "on", "20.3")], Choice(threshold=0.65))
    chosen = table[table["chosen"]]
    assert len(chosen) == 1
    assert chosen.iloc[0]["threshold"] == 0.65
    moved = one_at_a_time(table)
    assert set(moved["moved"]) == {"", "threshold", "statistic", "aggregation"}
    assert not moved["differs"].str.contains("threshold, ").any()


def test_averaging_before_the_threshold_hides_both_ends():
    spread = aggregate(spread_market(), OCCUPATION, "weighted")
    averaged = aggregate(spread_market(), AS_CODED, "weighted")
    assert sorted(spread[1]) == pytest.approx([0.1, 0.9])
    assert averaged[1] == pytest.approx([0.5])
    assert averaged[0] == pytest.approx([1.0])


def test_unweighted_means_count_members_once():
    p = {"29-1141": 0.9, "29-1125": 0.1}  # both ISCO-08 major group 2
    one = market(list(p), [90.0, 10.0], p=p)
    assert aggregate(one, "ISCO-1", "unweighted")[1] == pytest.approx([0.5])
    weighted = aggregate(one, "ISCO-1", "weighted")[1]
    assert weighted == pytest.approx([0.82])


def test_the_mean_is_the_same_at_every_weighted_level():
    table = multiverse([Universe(ONE, "model", "on", "20.3")], Choice())
    means = table[(table["statistic"] == EXPECTED) & (table["weighting"] == "weighted")]
    np.testing.assert_allclose(means["value"], 0.58)


def test_universes_that_score_nothing_are_left_out():
    groups = market(["11-0000"], [10.0])
    found = universes_of(groups, (scores(), None), pd.Series(P), pd.Series(P))
    assert {u.repair for u in found} <= {"on"}
