"""Recovery: labels drawn from a known truth; the intervals must hold that truth nine times in ten."""

import re

import numpy as np
import pandas as pd
import pytest

from helpers.commands import run
from helpers.contracts import kept
from helpers.explained import own_bundle
from occurisk.evaluation.interval_coverage import KINDS, Coverage, coverage_study, truths
from occurisk.evaluation.label_audit import label_audit
from occurisk.evaluation.onet_vintage import compare_vintages, refit_bundle
from occurisk.model.bundles.bundle import load_bundle
from occurisk.model.training import load_data
from occurisk.probabilities import Bands
from occurisk.training_data.attribute_table import REFERENCE_TABLE

DATA = load_data()


@pytest.fixture(scope="module")
def studied():
    """One panel per truth; `occurisk study coverage` runs six and prints the table of docs/method.md."""
    # A third of the trees: the student still follows its teacher, in a third of the time.
    classifier = DATA.classifier(replicas=30, rounds=200)
    return coverage_study(DATA.X, DATA.labels.y, classifier, panels=1, seed=1)


@pytest.mark.slow
def test_intervals_cover_known_truths_in_every_bin(studied):
    assert len(studied.trials) == 26
    assert 0.87 <= studied.overall <= 0.96
    assert studied.trials["covered"].min() > 0.4  # the labels of one panel may mislead
    assert 0.2 < studied.trials["width"].mean() < 0.6  # wide intervals would cover anything
    assert studied.by_bin()["covered"].between(0.8, 0.99).all()


@pytest.mark.slow
def test_the_command_prints_and_writes_what_was_studied(studied, monkeypatch, tmp_path):
    monkeypatch.setattr("occurisk.evaluation.interval_coverage.coverage_study", lambda *_: studied)
    printed = run("study", "coverage", "--json", tmp_path / "c.json", "--figure", tmp_path / "c.svg")
    written = kept("study_coverage", tmp_path / "c.json")
    assert (written["overall"], len(written["truths"])) == (studied.overall, 26)
    assert f"{studied.overall:.1%} of the true probabilities lie in their interval" in printed
    assert b"<svg" in (tmp_path / "c.svg").read_bytes()


@pytest.mark.slow
def test_who_takes_labels_as_true_misses_the_tails(studied):
    erring = Coverage(studied.trials[studied.trials["kind"] == "label errors"]).by_bin()
    tails = erring.loc[["<0.01", ">0.99"]]
    assert (tails["as_true"] < tails["covered"]).all() and tails["as_true"].mean() < 0.87
    assert (tails["covered"] > 0.75).all()


@pytest.mark.slow
def test_intervals_without_the_randomised_prior_are_too_short():
    """The plain bootstrap: what the randomised prior is there to mend."""
    plain = DATA.classifier(replicas=20, rounds=200, prior_share=0.0, prior_df=None)
    found = coverage_study(DATA.X, DATA.labels.y, plain, panels=1, seed=1, kinds=KINDS[:1])
    middle = found.by_bin().loc[["0.05–0.3", "0.3–0.7", "0.7–0.95"], "covered"]
    assert middle.mean() < 0.8


def test_truths_are_spread_and_differ():
    found = truths(DATA.X, DATA.labels.y)
    assert [truth.error for truth in found].count(0.02) == [truth.error for truth in found].count(0.05) == 3
    assert {truth.kind for truth in found} == set(KINDS) and len({truth.name for truth in found}) == 13
    for truth in found:
        assert truth.p.shape == (len(DATA.X),)
        assert set(Bands().of(truth.p)) == {"low", "medium", "high"}
        assert (truth.q >= truth.error).all() and (truth.q <= 1 - truth.error).all()
    values = np.array([truth.p for truth in found if truth.kind == KINDS[0]])
    assert np.corrcoef(values)[np.triu_indices(5, 1)].max() < 0.999
    heavy = next(truth.p for truth in found if truth.kind == KINDS[2])
    assert heavy.min() > 0.01  # tails so heavy that nothing is all but sure
    assert truths(DATA.X, DATA.labels.y, KINDS[2:])[0].name.endswith("heavy tails")


@pytest.mark.slow
def test_the_audit_finds_the_labels_that_everybody_doubts():
    found = label_audit(DATA)
    assert len(found) == 70
    assert found["surprise"].is_monotonic_decreasing
    # facts.md: waiters, maids and judicial law clerks disagree with the published probabilities, too.
    assert {"35-3031", "37-2012", "23-1012"} <= set(found.index[:12])
    given = np.where(found["label"] == 1, found["held_out"], 1 - found["held_out"])
    assert found["surprise"].to_numpy() == pytest.approx(-np.log2(given))
    # Flipping a label to 1 cannot lower the mean susceptibility much, nor the other way round: by a label
    # that all others contradict the rate of error grows, and every chance draws nearer to a half.
    assert (found.loc[found["label"] == 0, "expected_change"] > -0.03).all()
    assert (found.loc[found["label"] == 1, "expected_change"] < 0.03).all()


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


def test_vintages_by_hand(monkeypatch, tmp_path):
    a, b, c = "11-1011", "35-3031", "43-9021"
    before = pd.DataFrame({"probability": {a: 0.1, b: 0.5, c: 0.9, "gone": 0.5}})
    before["lower"], before["upper"] = before["probability"] - 0.1, before["probability"] + 0.1
    after = pd.DataFrame({"probability": {a: 0.15, b: 0.8, c: 0.1, "new": 0.5}})
    wider = before.assign(lower=before["probability"] - 0.3, upper=before["probability"] + 0.3)
    found = compare_vintages(before, after, wider, pd.Series({b: "B"}), Bands())
    assert found.common == 3
    assert (found.within, found.within_with_error) == pytest.approx((1 / 3, 2 / 3))
    assert (found.outside, found.outside_moved) == (2, 2)
    assert found.leaps == 1  # 43-9021 alone; from medium to high is a step
    assert found.moved.index.tolist() == [c, b]  # largest change first
    assert found.moved.loc[c, ["band_before", "band_after"]].tolist() == ["high", "low"]
    assert found.mean_difference == pytest.approx((0.05 + 0.3 + 0.8) / 3)
    assert found.spearman == pytest.approx(-0.5)
    monkeypatch.setattr("occurisk.evaluation.onet_vintage.vintage_study", lambda *_: found)
    printed = run("study", "vintage", "--attributes", REFERENCE_TABLE, "--json", tmp_path / "v.json")
    assert [row["soc"] for row in kept("study_vintage", tmp_path / "v.json")["moved"]] == [c, b]
    assert "1 occupations move between low and high" in " ".join(printed.split())


@pytest.mark.originals
@pytest.mark.slow
def test_scores_of_an_older_release_lie_within_the_intervals(originals, tmp_path):
    """O*NET 18.1 of March 2014 against the embedded 20.3 of April 2016."""
    table = tmp_path / "onet_18_1.csv"
    run("features", "build", "--onet", originals / "onet_18_1", "--out", table)
    printed = " ".join(run("study", "vintage", "--attributes", table, "--json", tmp_path / "v.json").split())
    within = re.search(r"([\d.]+)% of the other scores lie within", printed)
    assert within and float(within[1]) >= 95
    written = kept("study_vintage", tmp_path / "v.json")
    assert written["within_intervals_with_rating_error"] >= 0.97  # measurement error of O*NET itself
    assert written["within_intervals_with_rating_error"] > written["within_intervals"] >= 0.95
