"""Experts who err: what the labels say of the rate, and what a probability can claim then."""

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import expit, logit
from scipy.stats import norm

from occurisk.model.label_error import NO_ERRORS, PanelLink, learn_label_error, most_errors
from occurisk.model.teacher import held_out, posterior_mode
from occurisk.model.training import load_data
from occurisk.probabilities import ends

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


def test_a_label_of_little_confidence_says_little_of_the_rate():
    wrong = SURE.copy()
    wrong[:7] = 1 - wrong[:7]
    doubted = np.where(wrong == SURE, 1.0, 0.01)
    assert learn_label_error(wrong, SURE, weight=doubted).mean < learn_label_error(wrong, SURE).mean / 4


LINK = PanelLink.of(0.02, learn_label_error(SURE, SURE).draws(100, seed=7))


def test_no_probability_is_surer_than_the_rate_and_the_link_leads_back():
    log_odds = np.array([-40.0, -14.0, 0.0, 40.0])
    q = LINK.probability(log_odds)
    np.testing.assert_allclose(q, [0.02, 0.02 + 0.96 * expit(-14), 0.5, 0.98])
    assert LINK.log_odds(q[1:3]) == pytest.approx(log_odds[1:3], abs=1e-6)
    assert (NO_ERRORS.probability(log_odds) == 1 / (1 + np.exp(-log_odds))).all()
    drawn = np.tile(log_odds[1:3, None], 100) + np.linspace(-1, 1, 100)
    assert LINK.replica_log_odds(LINK.in_replicas(drawn)) == pytest.approx(drawn, abs=1e-5)


def test_each_replica_has_a_rate_of_its_own_and_it_is_the_same_for_every_occupation():
    q = LINK.in_replicas(np.full((3, 100), -40.0))
    np.testing.assert_allclose(q, np.tile(LINK.rates, (3, 1)), atol=1e-15)
    assert len(set(LINK.rates)) == 100


def test_the_interval_holds_the_share_it_promises_and_none_is_shorter():
    """Held against a million draws of log-odds and rate."""
    rng = np.random.default_rng(0)
    f, sd = np.array([-8.0, -3.0, 0.5, 3.0, 8.0]), np.array([1.0, 1.5, 0.7, 1.2, 2.0])
    found = LINK.interval(f, sd, 0.9)
    rate = rng.choice(LINK.rates, 1_000_000)
    for one, spread, (lower, upper) in zip(f, sd, found, strict=True):
        q = np.sort(rate + (1 - 2 * rate) * expit(one + spread * rng.standard_normal(len(rate))))
        assert np.diff(np.searchsorted(q, [lower, upper])) / len(q) == pytest.approx(0.9, abs=0.012)
        windows = q[900_000:] - q[:100_000]
        assert upper - lower < 1.03 * windows.min()
    central = np.quantile(LINK.rates, [0.05, 0.95])
    assert found[0, 0] < central[0] and found[0, 1] < central[1]  # the smallest rates are the likeliest
    assert found[::4] == pytest.approx(1 - found[::-4, ::-1], abs=3e-3)  # no side is favoured


def test_without_errors_the_interval_is_that_of_log_odds():
    f, sd = np.array([-2.0, 0.0, 5.0]), np.array([0.5, 2.0, 1.0])
    np.testing.assert_allclose(NO_ERRORS.interval(f, sd, 0.9), ends(expit(f), sd, 0.9))


def test_the_interval_of_a_mean_of_one_is_its_own():
    f, sd = np.array([-5.0, 1.0]), np.array([1.0, 0.6])
    levels = norm.ppf((np.random.default_rng(1).permutation(100) + 0.5) / 100)
    drawn = f[:, None] + sd[:, None] * levels / levels.std(ddof=1)
    of_mean = LINK.mean_interval(LINK.probability(f), LINK.in_replicas(drawn), 0.9)
    np.testing.assert_allclose(of_mean, LINK.interval(f, sd, 0.9), atol=1e-9)


def test_each_label_is_held_out_and_its_probability_averaged_over_the_doubt():
    rng = np.random.default_rng(5)
    A = np.column_stack([np.ones(12), rng.standard_normal((12, 2))])
    y, weight = (rng.random(12) < 0.5).astype(float), np.linspace(0.3, 1, 12)
    found = held_out(A, y, weight)
    others = np.arange(12) != 4
    theta = posterior_mode(A[others], y[others], weight[others])
    p = expit(A[others] @ theta)
    curvature = (A[others].T * (weight[others] * p * (1 - p))) @ A[others] + np.eye(3)
    normal = norm(A[4] @ theta, np.sqrt(A[4] @ np.linalg.inv(curvature) @ A[4]))
    expected = quad(lambda f: expit(f) * normal.pdf(f), *normal.interval(1 - 1e-12))[0]
    assert found[4] == pytest.approx(expected, abs=1e-6)
    assert abs(logit(found[4])) < abs(normal.mean())


def test_what_the_model_does_not_know_is_not_blamed_on_the_experts():
    """Labels drawn without any error from a vague truth: who takes the mode alone finds errors."""
    data = load_data()
    model = data.classifier(rounds=1, replicas=0, label_error=0.3)
    rng = np.random.default_rng(3)
    y, weight = data.labels.on(data.X.index)
    fitted = model.fit(data.X, y, weight)
    vague = expit(0.5 * fitted.teacher_.log_odds(data.X.to_numpy()))
    rates = {"averaged": [], "mode": []}
    A = np.column_stack([np.ones(len(data.X)), fitted.teacher_.features(data.X.to_numpy())])
    for _ in range(6):
        rows = rng.choice(len(A), 70, replace=False)
        drawn, one = (rng.random(70) < vague[rows]).astype(float), np.ones(70)
        mode = [
            expit(A[rows[i]] @ posterior_mode(np.delete(A[rows], i, axis=0), np.delete(drawn, i), one[1:]))
            for i in range(70)
        ]
        rates["averaged"].append(learn_label_error(drawn, held_out(A[rows], drawn, one)).mean)
        rates["mode"].append(learn_label_error(drawn, np.array(mode)).mean)
    assert np.mean(rates["averaged"]) < 0.75 * np.mean(rates["mode"])


def test_the_bound_when_none_of_n_was_wrong():
    assert most_errors(24) == pytest.approx(0.117, abs=5e-4)
    assert most_errors(1000) == pytest.approx(3 / 1000, rel=0.01)
    assert most_errors(0) == 1


@pytest.fixture(scope="module")
def fitted():
    data = load_data()
    y, weight = data.labels.on(data.X.index)
    small = {"rounds": 60, "replicas": 12, "label_error": 0.0, "prior_df": None}
    plain = data.classifier(**small).fit(data.X, y, weight)
    wary = data.classifier(**small | {"label_error": 0.3}).fit(data.X, y, weight)
    wide = data.classifier(**small | {"prior_df": 3.0}).fit(data.X, y, weight)
    return data.X, plain, wary, wide


def test_a_model_that_reckons_with_errors_keeps_ranks_and_claims_less(fitted):
    X, plain, wary, _ = fitted
    assert (plain.decision_function(X) == wary.decision_function(X)).all()
    p, q = plain.predict_proba(X)[:, 1], wary.predict_proba(X)[:, 1]
    np.testing.assert_allclose(q, wary.error_rate_ + (1 - 2 * wary.error_rate_) * p)
    assert 0.015 < wary.error_rate_ < 0.025
    assert q.min() >= wary.error_rate_ and q.max() <= 1 - wary.error_rate_
    assert len(set(wary.replica_error_rates_)) == 12
    lower, upper = wary.predict_interval(X).T
    assert (lower <= q).all() and (q <= upper).all()


def test_a_prior_of_unsure_width_moves_replicas_alone(fitted):
    X, plain, _, wide = fitted
    assert (plain.predict_proba(X) == wide.predict_proba(X)).all()
    assert not np.allclose(plain.predict_replicas(X), wide.predict_replicas(X))
