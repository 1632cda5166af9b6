"""The multiverse: what the literature's own numbers say of threshold, level and repair."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from helpers.markets import P, market, scores, spread_market
from helpers.trained import default_bundle
from occurisk.labour_market.history.official_statistics import read_oes
from occurisk.labour_market.history.reproductions import market_of, sources
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
from occurisk.training_data.labels import load_labels

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


@pytest.mark.originals
def test_known_sensitivities_of_the_published_list_on_oews_2021(originals):
    """Our facts, measured independently of this code: a plain join of the printed list, US May 2021."""
    model = default_bundle()
    both = sources(model.reference, model.replicas, model.bands, model.version)
    statistic = read_oes(originals / "employment" / "oews_national_may2021_full.csv")
    labels = load_labels()
    universes = universes_of(
        market_of(statistic, both, published=False),
        (model.reference, model.replicas),
        labels.published_by_soc2010(),
        labels.published,
    )
    table = multiverse(universes, Choice())
    plain = table[
        (table["source"] == "published") & (table["repair"] == "off") & (table["statistic"] == SHARE)
    ]
    occupations = plain[plain["aggregation"] == OCCUPATION].set_index("threshold")["value"]
    for threshold, want in {0.6: 0.599, 0.65: 0.541, 0.7: 0.487, 0.75: 0.464, 0.8: 0.428}.items():
        assert occupations[threshold] == pytest.approx(want, abs=0.002)
    at = plain[plain["threshold"] == 0.7].set_index(["aggregation", "weighting"])["value"]
    wanted = {
        ("ISCO-4", "weighted"): 0.495, ("ISCO-3", "unweighted"): 0.368, ("ISCO-3", "weighted"): 0.483,
        ("ISCO-2", "weighted"): 0.475, ("ISCO-1", "weighted"): 0.509,
    }  # fmt: skip
    for key, want in wanted.items():
        assert at[key] == pytest.approx(want, abs=0.006)
