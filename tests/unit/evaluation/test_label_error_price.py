"""The price of reckoning with experts who err, on a small model of few labels."""

from dataclasses import replace

import pandas as pd
import pytest

from helpers.commands import run
from helpers.contracts import kept
from occurisk.evaluation.label_error_price import LabelErrorPrice, label_error_price
from occurisk.model.label_error import learn_label_error
from occurisk.model.training import load_data


@pytest.fixture(scope="module")
def found():
    data = load_data()
    student = data.settings.model.student.model_copy(update={"rounds": 30})
    model = data.settings.model.model_copy(update={"student": student})
    few = data.labels.y.groupby(data.labels.y).head(6).index
    labels = replace(data.labels, y=data.labels.y[few], weight=data.labels.weight[few])
    small = replace(data, settings=data.settings.model_copy(update={"model": model}), labels=labels)
    return label_error_price(small)


def test_ranks_stay_and_nothing_is_surer_than_the_rate(found):
    reference = found.reference
    assert (reference["before"].rank() == reference["after"].rank()).all()
    assert reference["after"].min() > found.error.mean
    assert reference["after"].max() < 1 - found.error.mean
    assert list(found.held_out.index) == list(found.held_out["label"].index) and len(found.held_out) == 12


def test_the_file_of_the_command_keeps_its_contract(found, monkeypatch, tmp_path):
    monkeypatch.setattr("occurisk.evaluation.label_error_price.label_error_price", lambda *_: found)
    printed = run("study", "label-error", "--json", tmp_path / "e.json")
    written = kept("study_label_error", tmp_path / "e.json")
    assert written["reference_occupations"] == len(found.reference)
    assert f"{written['rate']['mean']:.1%} (posterior mean)" in printed


def test_each_held_out_label_meets_a_rate_learned_without_it(found):
    """One rate for all would make the differences one line; twelve rates make twelve."""
    p, q = found.held_out["before"], found.held_out["after"]
    rates = (q - p) / (1 - 2 * p)
    assert rates.nunique() > 6


def test_the_figures_of_the_command():
    held_out = pd.DataFrame({"before": [0.001, 0.995, 0.2], "after": [0.02, 0.98, 0.21], "label": [0, 0, 1]})
    reference = pd.DataFrame({"before": [0.001, 0.5], "after": [0.02, 0.5]})
    error = learn_label_error(held_out["label"].to_numpy(), held_out["before"].to_numpy())
    price = LabelErrorPrice(error, held_out, reference, moved=0)
    assert price.sure() == (2, 1)
    document = price.to_json()["beyond_1_percent"]
    assert document["upper_bound_95"] is None  # the rule holds only where none was wrong
    assert (document["reference_before"], document["reference_after"]) == (1, 0)
    assert price.quality().loc["after", "log_loss"] < price.quality().loc["before", "log_loss"]
