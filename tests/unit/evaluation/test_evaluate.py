"""The protocol: same halves for all, no peeking, figures that can be checked by hand."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from occurisk.errors import SettingsError
from occurisk.evaluation.baselines import BASELINES, FREY_OSBORNE_NINE, TITLES, Contest
from occurisk.evaluation.calibration import reliability
from occurisk.evaluation.protocol import METRICS, Evaluation, evaluate
from occurisk.model.training import load_data
from occurisk.training_data.catalogue import PAPER_CATALOGUE, load_catalogue

pytestmark = pytest.mark.slow  # each fits the models on a dozen halves
DATA = load_data()


def protocol(**changes):
    changed = DATA.settings.evaluation.model_copy(update=changes)
    return DATA.settings.model_copy(update={"evaluation": changed})


@pytest.fixture(scope="module")
def found() -> Evaluation:
    settings = protocol(splits=12, baselines=("gp_rbf_9", "logistic"))
    return evaluate(DATA.X, DATA.labels, settings)


def test_halves_are_stratified_and_shared(found):
    for _, rows in found.predictions.groupby("split"):
        assert len(rows) == 35
        assert rows["y"].sum() in (18, 19)  # half of 37
        assert not rows["soc"].duplicated().any()
    assert set(found.scores["model"]) == {"lightgbm", "labels_as_true", "teacher", "gp_rbf_9", "logistic"}
    assert (found.scores.groupby("model").size() == 12).all()


def test_scores_are_the_metrics_of_the_predictions(found):
    rows = found.predictions[found.predictions["split"] == 3]
    line = found.scores.query("split == 3 and model == 'lightgbm'").iloc[0]
    y, p = rows["y"], rows["lightgbm"]
    expected = roc_auc_score(y, p), log_loss(y, p), brier_score_loss(y, p)
    assert tuple(line[list(METRICS)]) == pytest.approx(expected)


def test_the_default_model_reaches_its_floor_and_beats_the_paper(found):
    """Issue 3's floor on 100 halves; twelve halves of the same protocol vary by about 0.004 in AUC."""
    ours, paper = found.summary().loc["lightgbm"], found.summary().loc["gp_rbf_9"]
    assert ours["auc"] > 0.97
    assert ours["log_loss"] < 0.225
    assert ours["brier"] < 0.067
    # What it costs to reckon with experts who err: issue 16 allows 0.21 where one label is held out.
    alone = found.pooled(found.leave_one_out)["log_loss"]
    assert alone["labels_as_true"] < alone["lightgbm"] < 0.21
    assert found.summary().loc["labels_as_true", "log_loss"] < 0.2
    assert 0.88 < paper["auc"] < 0.94  # Frey & Osborne 2017: 0.894; measured.md: 0.913 on importance
    assert found.paired("gp_rbf_9").loc["log_loss", "upper"] < 0


def test_other_labels_of_the_test_half_change_no_prediction():
    """Flip every test label: what was predicted for it must not move."""
    settings = protocol(splits=2, baselines=("logistic",))
    before = evaluate(DATA.X, DATA.labels, settings)
    y = DATA.labels.y.copy()
    test = before.predictions.query("split == 0")["soc"]
    flipped = replace(DATA.labels, y=y.where(~y.index.isin(test), 1 - y))
    values, weight = (s.to_numpy() for s in flipped.on(DATA.X.index))
    contest = Contest(DATA.X, values, weight, DATA.classifier(), ("logistic",))
    rows = DATA.X.index.get_indexer(y.index)
    out = y.index.isin(test)
    order = DATA.X.index.get_indexer(test)
    again = contest.predict(rows[~out], order)
    for name in ("lightgbm", "teacher", "logistic"):
        first = before.predictions.query("split == 0")[name].to_numpy()
        assert again[name] == pytest.approx(first, abs=1e-12)


def test_the_number_of_processes_changes_no_figure():
    settings = protocol(splits=4, baselines=())
    labels = replace(DATA.labels, y=DATA.labels.y[::4])
    one, two = (evaluate(DATA.X, labels, settings, jobs=n) for n in (1, 2))
    pd.testing.assert_frame_equal(one.predictions, two.predictions)


def test_paired_differences_by_hand():
    scores = pd.DataFrame(
        [(split, model, 0.9, loss, 0.1) for split, pair in enumerate([(0.2, 0.4), (0.3, 0.4), (0.2, 0.5)])
         for model, loss in zip(("lightgbm", "other"), pair, strict=True)],
        columns=["split", "model", *METRICS],
    )  # fmt: skip
    empty = pd.DataFrame()
    found = Evaluation(scores, empty, empty, empty, None).paired("other").loc["log_loss"]
    delta = np.array([-0.2, -0.1, -0.3])
    reach = 4.302652729696142 * delta.std(ddof=1)  # t quantile 0.975, 2 degrees of freedom
    assert found["difference"] == pytest.approx(-0.2)
    assert found["naive_upper"] == pytest.approx(-0.2 + reach / np.sqrt(3))
    # Nadeau & Bengio: 1/J + n_test/n_train, with equal halves
    assert found["upper"] == pytest.approx(-0.2 + reach * np.sqrt(1 / 3 + 1))


def test_held_out_groups_are_whole_major_groups(found):
    out = found.leave_group_out
    assert len(out) == len(found.leave_one_out) == 70
    assert (out["group"] == out.index.str[:2]).all()
    assert found.pooled(out).loc["lightgbm", "auc"] > 0.9


def test_json_is_the_agreed_form(found):
    document = json.loads(json.dumps(found.to_json()))
    assert document["splits"] == 12
    assert {"auc", "log_loss", "brier", "auc_sd"} <= set(document["models"]["lightgbm"])
    assert {"gp_rbf_9", "logistic"} <= set(document["models"])


def test_baselines_are_known_and_titled():
    assert set(BASELINES) <= set(TITLES)
    with pytest.raises(SettingsError, match="1 of 2 baselines are unknown"):
        evaluate(DATA.X, DATA.labels, protocol(splits=2, baselines=("logistic", "oracle")))


def test_the_nine_variables_are_the_papers():
    assert set(FREY_OSBORNE_NINE) == set(load_catalogue(PAPER_CATALOGUE).names)


def test_reliability_by_hand():
    p = np.array([0.05, 0.05, 0.95, 0.95])
    y = np.array([0, 1, 1, 1])
    found = reliability(p, y, cluster=np.arange(4))
    assert found.curve["predicted"].tolist() == pytest.approx([0.05, 0.95])
    assert found.curve["observed"].tolist() == [0.5, 1.0]
    assert found.error == pytest.approx((2 * 0.45 + 2 * 0.05) / 4)
    assert found.error_lower <= found.error <= found.error_upper


def test_reliability_of_a_calibrated_forecast_is_small():
    rng = np.random.default_rng(0)
    p = rng.random(4000)
    y = (rng.random(4000) < p).astype(int)
    assert reliability(p, y, np.arange(4000)).error < 0.03
    assert reliability(p, 1 - y, np.arange(4000)).error > 0.3
