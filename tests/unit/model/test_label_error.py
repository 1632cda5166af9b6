"""Experts who err: what the labels say of the rate, and what a probability can claim then."""

import numpy as np
import pytest
from scipy.special import expit

from occurisk.model.label_error import (
    held_out_by_teacher,
    learn_label_error,
    most_errors,
    panel_probability,
)
from occurisk.model.teacher import posterior_mode
from occurisk.model.training import load_data

SURE = np.array([0.0, 1.0] * 35)


def test_labels_that_are_all_foreseen_leave_a_small_rate():
    """The likelihood is (1 - e)^70: the posterior is Beta(1, 71), all but untouched by the limit."""
    found = learn_label_error(SURE, SURE)
    assert found.mean == pytest.approx(1 / 72, rel=1e-3)
    assert found.quantile(0.9) == pytest.approx(1 - 0.1 ** (1 / 71), abs=1e-3)
    assert found.mass.sum() == pytest.approx(1)


def test_labels_that_contradict_sure_probabilities_raise_the_rate():
    wrong = SURE.copy()
    wrong[:7] = 1 - wrong[:7]
    assert learn_label_error(wrong, SURE).mean == pytest.approx(8 / 72, rel=0.01)


def test_a_coin_says_nothing_of_the_rate():
    found = learn_label_error(SURE, np.full(70, 0.5))
    np.testing.assert_allclose(found.mass, found.mass[0])
    assert found.mean == pytest.approx(0.15)


def test_draws_follow_the_posterior_and_the_seed():
    found = learn_label_error(SURE, SURE)
    draws = found.draws(20_000, seed=1)
    assert draws.mean() == pytest.approx(found.mean, rel=0.03)
    assert (draws == found.draws(20_000, seed=1)).all() and (draws != found.draws(20_000, seed=2)).any()


def test_no_probability_is_surer_than_the_rate():
    p = np.array([0.0, 1e-6, 0.5, 1.0])
    np.testing.assert_allclose(panel_probability(p, 0.02), [0.02, 0.02 + 0.96e-6, 0.5, 0.98])
    assert (panel_probability(p, 0.0) == p).all()


def test_each_label_is_held_out():
    rng = np.random.default_rng(5)
    A = np.column_stack([np.ones(12), rng.standard_normal((12, 2))])
    y, weight = (rng.random(12) < 0.5).astype(float), np.linspace(0.3, 1, 12)
    found = held_out_by_teacher(A, y, weight)
    others = np.arange(12) != 4
    assert found[4] == pytest.approx(expit(A[4] @ posterior_mode(A[others], y[others], weight[others])))


def test_the_bound_when_none_of_n_was_wrong():
    assert most_errors(24) == pytest.approx(0.117, abs=5e-4)
    assert most_errors(1000) == pytest.approx(3 / 1000, rel=0.01)
    assert most_errors(0) == 1


@pytest.fixture(scope="module")
def fitted():
    data = load_data()
    y, weight = data.labels.on(data.X.index)
    small = {"rounds": 60, "replicas": 12}
    plain = data.classifier(**small).fit(data.X, y, weight)
    wary = data.classifier(**small, label_error=0.3).fit(data.X, y, weight)
    wide = data.classifier(**small, prior_df=3.0).fit(data.X, y, weight)
    return data.X, plain, wary, wide


def test_a_model_that_reckons_with_errors_keeps_ranks_and_claims_less(fitted):
    X, plain, wary, _ = fitted
    assert (plain.decision_function(X) == wary.decision_function(X)).all()
    p, q = plain.predict_proba(X)[:, 1], wary.predict_proba(X)[:, 1]
    np.testing.assert_allclose(q, panel_probability(p, wary.error_rate_))
    assert 0.015 < wary.error_rate_ < 0.025
    assert q.min() >= wary.error_rate_ and q.max() <= 1 - wary.error_rate_
    assert len(set(wary.replica_error_rates_)) > 6
    lower, upper = wary.predict_interval(X).T
    assert (lower <= q).all() and (q <= upper).all()


def test_a_prior_of_unsure_width_moves_replicas_alone(fitted):
    X, plain, _, wide = fitted
    assert (plain.predict_proba(X) == wide.predict_proba(X)).all()
    assert not np.allclose(plain.predict_replicas(X), wide.predict_replicas(X))
