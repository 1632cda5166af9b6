"""Axes: declared in files, none known by name; the regressor of soft labels; models side by side."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit
from sklearn.base import clone

from helpers.trained import default_bundle, exposure_bundle
from occurisk.errors import BundleError, LabelError, SettingsError
from occurisk.model.axes.declaration import FOLDER, axis_of, chosen_axes, load_axes
from occurisk.model.axes.regressor import LEAST, ExposureRegressor
from occurisk.model.bundles.bundle import load_bundle
from occurisk.model.bundles.current import find_bundle
from occurisk.model.bundles.manifest import read_manifest
from occurisk.model.settings import load_settings
from occurisk.training_data.labels import load_labels

FIRST, SECOND = "susceptibility_2013", "language_models_2023"


def test_every_axis_is_declared_in_three_languages_with_what_it_is_not():
    axes = load_axes()
    assert [axis.name for axis in axes[:2]] == [FIRST, SECOND]
    for axis in axes:
        assert set(axis.phrases) == {"en", "ru", "kk"}
        assert len({len(words.caveats) for words in axis.phrases.values()}) == 1
        assert load_settings(axis.training).labels.is_file()
    # The first axis keeps the names that lists and folders had before there were axes.
    assert (axes[0].pointer, axes[0].column_prefix) == ("CURRENT", "")
    assert (axes[1].pointer, axes[1].column_prefix) == (f"CURRENT.{SECOND}", f"{SECOND}_")


def test_no_code_knows_an_axis_by_name():
    source = FOLDER.parents[1] / "src" / "occurisk"
    for path in source.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        # Named in a help text or the fix of an error, compared with nowhere.
        assert f'== "{FIRST}"' not in text and f'== "{SECOND}"' not in text, path


def test_an_unknown_axis_names_the_known_ones():
    with pytest.raises(SettingsError, match="Axes: susceptibility_2013, language_models_2023"):
        chosen_axes("robots")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("year: 2023\n", "year: Field required"),
        ("order: 2\n", "order"),
        ("technology:", "technologie"),
    ],
)
def test_a_wrong_declaration_is_refused(tmp_path, change, said):
    for name in (FIRST, SECOND):
        shutil.copy(FOLDER / f"{name}.yaml", tmp_path)
    path = tmp_path / f"{SECOND}.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace(change, said if ":" not in said else ""))
    with pytest.raises(SettingsError):
        load_axes(tmp_path)


def test_two_axes_cannot_have_one_place(tmp_path):
    for name in (FIRST, SECOND):
        text = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
        (tmp_path / f"{name}.yaml").write_text(text.replace("order: 2", "order: 1"), encoding="utf-8")
    with pytest.raises(SettingsError, match="language_models_2023 1, susceptibility_2013 1"):
        load_axes(tmp_path)


def test_a_model_of_other_labels_belongs_to_the_first_axis():
    assert axis_of("own").name == axis_of("default").name == FIRST
    assert axis_of(SECOND).name == SECOND


def small(**choices):
    rng = np.random.default_rng(0)
    X = pd.DataFrame(rng.random((120, 3)), columns=["a", "b", "c"])
    y = pd.Series(expit(3 * X["a"] - 2 * X["b"] - 0.5))
    y[80:] = np.nan
    model = ExposureRegressor(rounds=100, num_leaves=4, min_data_in_leaf=3, **choices)
    return model, X, y


def test_the_regressor_learns_a_share_and_scores_what_has_no_label():
    model, X, y = small()
    truth = expit(3 * X["a"] - 2 * X["b"] - 0.5)
    p = model.fit(X, y).predict(X)
    assert p.shape == (120,)
    assert np.corrcoef(p[80:], truth[80:])[0, 1] > 0.97
    assert model.n_labelled_ == 80
    assert ((p > 0) & (p < 1)).all()


def test_the_label_of_a_held_out_occupation_changes_nothing():
    model, X, y = small()
    texts = []
    for value in (0.0, 1.0):
        hidden = y.copy()
        hidden[:10] = value
        hidden[:10] = np.nan
        texts.append(clone(model).fit(X, hidden).booster_.model_to_string())
    assert texts[0] == texts[1]


def test_its_intervals_hold_the_score_and_may_reach_the_ends():
    model, X, y = small(replicas=20)
    model.fit(X, (y > 0.6).astype(float).where(y.notna()))
    p, ends = model.predict(X), model.predict_interval(X)
    assert (ends[:, 0] <= p + LEAST).all() and (p <= ends[:, 1] + LEAST).all()
    assert ends.min() >= 0 and ends.max() <= 1
    drawn = model.predict_replicas(X)
    assert drawn.shape == (120, 20)
    assert np.array_equal(
        drawn, clone(model).fit(X, (y > 0.6).astype(float).where(y.notna())).predict_replicas(X)
    )


def test_intervals_are_stretched_where_the_labels_of_a_major_group_scatter():
    model, X, y = small(replicas=20)
    codes = [f"{group}-{i:04d}" for i, group in enumerate(np.repeat(["11", "53"], 60))]
    order = np.random.default_rng(3).permutation(120)
    X, y = X.iloc[order].set_axis(codes), y.iloc[order].set_axis(codes)
    rng = np.random.default_rng(4)
    noise = np.where(X.index.str.startswith("53"), 0.25, 0.02) * rng.standard_normal(120)
    model.fit(X, (y + noise).clip(0, 1))
    stretch = model.teacher_.stretch
    assert stretch["53"] > 1 > stretch["11"]
    ends = model.predict_interval(X)
    plain = model.predict_interval(X.reset_index(drop=True))  # no codes, no groups
    wider = (ends[:, 1] - ends[:, 0]) / (plain[:, 1] - plain[:, 0])
    assert wider[X.index.str.startswith("53")].min() > 1 > wider[X.index.str.startswith("11")].max()
    # The replicas are stretched alike: their spread is that of the interval.
    spread = model.predict_replicas(X).std(axis=1) / model.predict_replicas(X.reset_index(drop=True)).std(
        axis=1
    )
    assert spread[X.index.str.startswith("53")].mean() > 1 > spread[X.index.str.startswith("11")].mean()


def test_labels_outside_zero_and_one_are_refused():
    model, X, y = small()
    with pytest.raises(ValueError, match="from 0 to 1"):
        model.fit(X, y * 2)


def test_soft_labels_are_the_mean_of_their_raters(tmp_path):
    path = tmp_path / "soft.csv"
    rows = [f"{i:02d}-1011,{i / 40:g},a,1" for i in range(20)] + ["00-1011,0.5,b,0.25"]
    path.write_text("code,label,rater,weight\n" + "\n".join(rows) + "\n", encoding="utf-8")
    labels = load_labels(path, soft=True)
    assert labels.y["00-1011"] == pytest.approx(0.1)  # (0 + 0.25 * 0.5) / 1.25
    assert labels.y["10-1011"] == 0.25
    path.write_text("code,label\n11-1011,1.5\n", encoding="utf-8")
    with pytest.raises(LabelError, match="no shares from 0 to 1"):
        load_labels(path, soft=True)
    with pytest.raises(LabelError, match="neither 0 nor 1"):
        load_labels(path)


@pytest.mark.slow
def test_each_axis_has_a_current_model_and_the_first_is_found_as_ever():
    first, second = default_bundle(), exposure_bundle()
    folder = first.path.parent
    assert find_bundle(folder).version == first.version
    assert find_bundle(folder, pointer=second.axis.pointer).version == second.version
    assert (first.manifest["format"], second.manifest["format"]) == (4, 3)
    assert (first.axis.name, second.axis.name) == (FIRST, SECOND)
    assert second.label_name == "eloundou_2023"
    y, _ = second.labels
    assert len(y) == 764 and y.between(0, 1).all()


@pytest.mark.slow
def test_a_bundle_of_soft_labels_predicts_as_it_did():
    bundle = exposure_bundle()
    again = load_bundle(bundle.path)
    assert again.model.predict(again.attributes) == pytest.approx(
        again.reference.loc[again.attributes.index, "probability"].to_numpy(), rel=1e-5
    )
    assert isinstance(again.model, ExposureRegressor)
    assert again.teacher.noise == pytest.approx(bundle.teacher.noise)
    assert np.allclose(again.model.predict_replicas(again.attributes), again.replicas.to_numpy())


@pytest.mark.slow
def test_its_card_says_whose_labels_they_are_and_what_they_are_not():
    card = (exposure_bundle().path / "MODEL_CARD.md").read_text(encoding="utf-8")
    for said in (
        "Eloundou",
        "Gaussian process",
        "Displacement",
        "one rubric",
        "older than the tasks",
        "2023",
    ):
        assert said in card
    assert "Oxford" not in card


@pytest.mark.slow
def test_a_reader_of_formats_1_and_2_refuses_it_in_words():
    with pytest.raises(BundleError, match="bundle of format 3"):
        read_manifest(exposure_bundle().path, readable=(1, 2))


@pytest.mark.slow
def test_the_two_axes_rank_occupations_differently():
    """They are two questions: an average of both would answer neither."""
    first, second = default_bundle().reference, exposure_bundle().reference
    both = first["probability"].to_frame("p").join(second["probability"].rename("exposure"))
    assert both["p"].corr(both["exposure"], method="spearman") < -0.15


@pytest.mark.slow
def test_the_manifest_is_plain_json():
    document = json.loads((exposure_bundle().path / "manifest.json").read_text(encoding="utf-8"))
    assert document["settings"]["model"]["teacher"] == {"offset": 0.05, "group_prior": 10.0}
    assert replace(exposure_bundle(), version="x").nominal == 0.9
