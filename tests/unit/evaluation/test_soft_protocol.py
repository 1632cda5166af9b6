"""The protocol for soft labels: nothing held out is seen, the figures are what they are called."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from occurisk.errors import SettingsError
from occurisk.evaluation.in_words import held_out, labels_held
from occurisk.evaluation.soft_protocol import LIGHTGBM, SoftEvaluation, evaluate_soft, mean_of_raters
from occurisk.model.axes.declaration import chosen_axes
from occurisk.model.training import load_data


@pytest.fixture(scope="module")
def data():
    """A quarter of the labels and small trees: seconds."""
    whole = load_data(chosen_axes("language_models_2023")[0].training)
    student = whole.settings.model.student.model_copy(update={"rounds": 60, "learning_rate": 0.2})
    model = whole.settings.model.model_copy(update={"student": student})
    protocol = whole.settings.evaluation.model_copy(update={"splits": 2})
    settings = whole.settings.model_copy(update={"model": model, "evaluation": protocol})
    labels = replace(whole.labels, y=whole.labels.y[::4], weight=whole.labels.weight[::4])
    return replace(whole, settings=settings, labels=labels)


@pytest.fixture(scope="module")
def evaluation(data):
    return evaluate_soft(data, cuts=1, groups=False)


def test_every_label_is_predicted_once_and_better_than_by_their_mean(data, evaluation):
    table = evaluation.first_cut
    assert sorted(table["soc"]) == sorted(data.labels.y.index)
    assert evaluation.summary().loc[LIGHTGBM, "r2"] > 0.5
    assert 0.8 < evaluation.labels_held()["all"] <= 1.0
    assert set(evaluation.models) == {"lightgbm", "teacher", "ridge", "lightgbm_direct"}


def test_a_held_out_label_is_never_seen(data, evaluation):
    """Wrong labels in one fold change no prediction of that fold."""
    first = evaluation.first_cut
    fold = first[first["fold"] == "0"]
    y = data.labels.y.copy()
    y[fold["soc"]] = 1 - y[fold["soc"]]
    other = evaluate_soft(replace(data, labels=replace(data.labels, y=y)), cuts=1, groups=False).first_cut
    again = other[other["fold"] == "0"]
    assert again[LIGHTGBM].to_numpy() == pytest.approx(fold[LIGHTGBM].to_numpy(), abs=1e-9)
    assert again["ridge"].to_numpy() == pytest.approx(fold["ridge"].to_numpy(), abs=1e-9)


def test_the_mean_of_both_raters_is_held_out_where_the_axis_declares_a_second(data):
    both = mean_of_raters(data)
    second = data.labels.table["gpt4"].astype(float).reindex(both.labels.y.index)
    assert both.labels.y.to_numpy() == pytest.approx(((data.labels.y + second) / 2).to_numpy())
    with pytest.raises(SettingsError, match="have one rater"):
        mean_of_raters(load_data())


def made(noise: float) -> SoftEvaluation:
    rng = np.random.default_rng(1)
    y = np.tile(np.linspace(0, 1, 40), 2)
    table = pd.DataFrame({"cut": 0, "fold": np.repeat(["0", "1"], 40), "soc": [f"{i}" for i in range(80)]})
    table = table.assign(
        group=np.repeat(["11", "53"], 40), y=y, lightgbm=y, ridge=y + rng.normal(0, noise, 80)
    )
    table = table.assign(lower=np.where(table["group"] == "11", 0.0, 2.0), upper=3.0)
    return SoftEvaluation(table, table.iloc[:0], pd.Series(dtype=float))


def test_figures_on_a_table_with_known_answers():
    evaluation = made(0.1)
    row = evaluation.summary().loc["lightgbm"]
    assert row.to_dict() == pytest.approx({"r2": 1.0, "rho": 1.0, "rho_within": 1.0})
    assert evaluation.labels_held().to_dict() == {"all": 0.5, "11": 1.0, "53": 0.0}
    paired = evaluation.paired("ridge")
    assert paired["difference"] > 0
    assert paired["lower"] < paired["difference"] < paired["upper"]
    assert evaluation.ceiling() == {}
    assert "50.0%" in labels_held(evaluation)
    assert held_out(evaluation).metrics["labels"] == 80
