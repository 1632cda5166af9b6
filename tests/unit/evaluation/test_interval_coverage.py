"""Recovery: labels drawn from a known truth; the intervals must hold that truth nine times in ten."""

import numpy as np
import pandas as pd
import pytest

from helpers.explained import own_bundle
from occurisk.evaluation.interval_coverage import coverage_study, truths
from occurisk.evaluation.label_audit import label_audit
from occurisk.evaluation.onet_vintage import compare_vintages, refit_bundle
from occurisk.model.bundles.bundle import load_bundle
from occurisk.model.training import load_data
from occurisk.probabilities import Bands
from occurisk.training_data.attribute_table import REFERENCE_TABLE

DATA = load_data()


@pytest.mark.slow
def test_intervals_cover_known_truths():
    """One panel per truth; `occurisk study coverage` runs ten and prints the table of docs/method.md."""
    found = coverage_study(DATA.X, DATA.labels.y, DATA.classifier(replicas=40), panels=1, seed=1)
    assert len(found.trials) == 10
    assert 0.85 <= found.overall <= 0.95
    assert found.trials["covered"].min() > 0.6
    assert 0.2 < found.trials["width"].mean() < 0.6  # wide intervals would cover anything


@pytest.mark.slow
def test_intervals_without_the_randomised_prior_are_too_short():
    """The plain bootstrap: what the randomised prior is there to mend."""
    plain = DATA.classifier(replicas=20, prior_share=0.0)
    found = coverage_study(DATA.X, DATA.labels.y, plain, panels=1, seed=1)
    assert found.overall < 0.85


def test_truths_are_spread_and_differ():
    found = truths(DATA.X, DATA.labels.y)
    assert len(found) == 5
    for p in found.values():
        assert p.shape == (len(DATA.X),)
        assert set(Bands().of(p)) == {"low", "medium", "high"}
    values = np.array(list(found.values()))
    assert np.corrcoef(values)[np.triu_indices(5, 1)].max() < 0.999


@pytest.mark.slow
def test_the_audit_finds_the_labels_that_everybody_doubts():
    found = label_audit(DATA)
    assert len(found) == 70
    assert found["surprise"].is_monotonic_decreasing
    # facts.md: waiters, maids and judicial law clerks disagree with the published probabilities, too.
    assert {"35-3031", "37-2012", "23-1012"} <= set(found.index[:12])
    given = np.where(found["label"] == 1, found["held_out"], 1 - found["held_out"])
    assert found["surprise"].to_numpy() == pytest.approx(-np.log2(given))
    # Flipping a label to 1 cannot lower the mean susceptibility much, nor the other way round.
    assert (found.loc[found["label"] == 0, "expected_change"] > -0.01).all()
    assert (found.loc[found["label"] == 1, "expected_change"] < 0.01).all()


@pytest.mark.slow
def test_a_bundle_is_refitted_with_what_it_was_fitted_with(tmp_path):
    bundle = own_bundle(tmp_path)
    scores, replicas = refit_bundle(bundle, REFERENCE_TABLE)
    p = bundle.reference["probability"]
    np.testing.assert_allclose(scores["probability"].reindex(p.index), p, rtol=1e-5)
    np.testing.assert_allclose(replicas, bundle.replicas.reindex(replicas.index))
    (tmp_path / "own.csv").unlink()  # the bundle keeps its labels, and their confidence
    y, weight = load_bundle(bundle.path).labels
    assert y.to_dict() == bundle.reference["label"].dropna().to_dict() and set(weight) == {0.3, 1.0}
    assert len(y) == bundle.manifest["data"]["labelled"] == 35


def test_vintages_by_hand():
    before = pd.Series({"a": 0.1, "b": 0.5, "c": 0.9, "gone": 0.5})
    after = pd.Series({"a": 0.2, "b": 0.8, "c": 0.1, "new": 0.5})
    found = compare_vintages(before, after, pd.Series({"b": "B"}), Bands())
    assert found.common == 3
    assert found.moved.index.tolist() == ["c", "b"]  # largest change first
    assert found.moved.loc["c", ["band_before", "band_after"]].tolist() == ["high", "low"]
    assert found.mean_difference == pytest.approx((0.1 + 0.3 + 0.8) / 3)
    assert found.spearman == pytest.approx(-0.5)
