"""Intervals of rows with attributes of their own."""

import numpy as np
import pytest
from scipy.special import expit, logit

from helpers.commands import run
from helpers.contracts import kept
from helpers.trained import default_bundle
from occurisk.evaluation import row_interval_check as row_study
from occurisk.model.row_intervals import RowUncertainty, share_in_band
from occurisk.model.teacher import FeatureMap, with_intercept
from occurisk.probabilities import Bands, ends


def linear(rng, n=400, p=4, replicas=300):
    """A model that is what the formula assumes: replicas are linear in the features."""
    X = rng.random((n, p))
    features = FeatureMap.learn(X, [f"g{j}" for j in range(p)], [], 1.0)
    A = with_intercept(features(X))
    centre = np.array([0.3, 1.0, -0.5, 0.2, 0.0])
    draws = centre + 0.4 * rng.standard_normal((replicas, p + 1))
    log_odds = lambda rows: with_intercept(features(rows)) @ centre  # noqa: E731
    return X, features, A @ draws.T, log_odds


def test_replicas_that_are_linear_are_met_exactly():
    X, features, replicas, log_odds = linear(np.random.default_rng(0))
    uncertainty = RowUncertainty.learn(features, X, replicas, log_odds, np.median(X, axis=0))
    np.testing.assert_allclose(uncertainty.sd(X), replicas.std(axis=1, ddof=1), rtol=1e-6)
    assert uncertainty.residual == pytest.approx(0, abs=1e-12)


def test_a_gap_adds_what_it_hides_and_nothing_else():
    X, features, replicas, log_odds = linear(np.random.default_rng(1))
    fill = np.median(X, axis=0)
    uncertainty = RowUncertainty.learn(features, X, replicas, log_odds, fill)
    for j, slope in enumerate((1.0, -0.5, 0.2, 0.0)):
        missing = np.zeros(X.shape, dtype=bool)
        missing[:, j] = True
        filled = np.where(missing, fill, X)
        added = uncertainty.sd(filled, missing) ** 2 - uncertainty.sd(filled) ** 2
        change = slope * features.scale[j] * (X[:, j] - fill[j]) / features.sd[j]
        np.testing.assert_allclose(added, (change**2).mean(), atol=1e-9)
    nothing = np.zeros(X.shape, dtype=bool)
    np.testing.assert_array_equal(uncertainty.sd(X, nothing), uncertainty.sd(X))


def test_the_share_of_replicas_in_a_band_is_that_of_normal_draws():
    rng, bands = np.random.default_rng(2), Bands()
    log_odds, sd = np.array([-3.0, -0.9, 0.2, 1.1, 4.0]), np.array([0.5, 0.6, 0.4, 1.5, 1.0])
    band = np.digitize(expit(log_odds), [bands.low, bands.high])
    draws = log_odds[:, None] + sd[:, None] * rng.standard_normal((5, 100_000))
    drawn = np.digitize(expit(draws), [bands.low, bands.high])
    shares = (drawn == band[:, None]).mean(axis=1)
    np.testing.assert_allclose(share_in_band(log_odds, sd, band, bands), shares, atol=0.01)


def test_ends_lie_z_deviations_from_the_log_odds_and_within_0_and_1():
    lower, upper = ends(np.array([0.5, 1 - 1e-9]), np.array([1.0, 40.0]), 0.9).T
    assert logit(upper[0]) == pytest.approx(1.6449, abs=1e-4)
    assert lower[0] == pytest.approx(1 - upper[0])
    assert 0 < lower[1] < upper[1] < 1


@pytest.fixture(scope="module")
def formula():
    return row_study.compare_intervals(default_bundle(), noises=(0.0,))


@pytest.fixture(scope="module")
def gaps():
    return row_study.hide_attributes(default_bundle(), halves=5)


@pytest.mark.slow
def test_the_formula_agrees_with_the_replicas_on_occupations_it_has_not_seen(formula):
    row = formula.loc[0.0]
    assert 0.9 < row["ratio"] < 1.1
    assert row["ratio_low"] > 0.8 and row["ratio_high"] < 1.3
    assert row["apart"] < 0.01


def test_gaps_widen_intervals_by_as_much_as_they_hide(gaps):
    table = gaps
    assert table["covered"].between(0.85, 0.95).all()
    np.testing.assert_allclose(table["sd"], table["change"], rtol=0.15)


@pytest.mark.slow
def test_the_file_of_the_command_keeps_its_contract(formula, gaps, monkeypatch, tmp_path):
    monkeypatch.setattr(row_study, "compare_intervals", lambda *_: formula)
    monkeypatch.setattr(row_study, "hide_attributes", lambda *_: gaps)
    folder = default_bundle().path.parent
    printed = run("study", "rows", "--models-dir", folder, "--json", tmp_path / "r.json")
    written = kept("study_rows", tmp_path / "r.json")
    assert [row["hidden"] for row in written["gaps"]] == list(row_study.HIDDEN)
    assert f"{written['gaps'][0]['covered']:.1%}" in printed
