"""Bundles: what is written is what is read, and nothing altered is ever loaded."""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from occurisk.errors import BundleError, OutputError
from occurisk.model.bundle import CURRENT, MANIFEST, find_bundle, load_bundle, set_current, version_name
from occurisk.model.contributions import explain
from occurisk.model.training import load_data, train_default


@pytest.fixture
def copy(model, tmp_path):
    return shutil.copytree(model.path, tmp_path / model.version)


def test_a_loaded_model_predicts_what_the_trained_one_did(model):
    bundle = load_bundle(model.path)
    p = bundle.model.predict_proba(bundle.attributes)[:, 1]
    assert p == pytest.approx(bundle.reference["probability"].reindex(bundle.attributes.index), abs=1e-6)
    ends = bundle.model.predict_interval(bundle.attributes)
    stored = bundle.reference.loc[bundle.attributes.index, ["lower", "upper"]]
    assert ends == pytest.approx(stored.to_numpy(), abs=1e-5)
    assert bundle.model.predict_replicas(bundle.attributes) == pytest.approx(bundle.replicas.to_numpy())
    teacher = bundle.model.teacher_.log_odds(bundle.attributes.to_numpy())
    # The student follows its teacher: both rank the occupations nearly alike.
    assert pd.Series(expit(teacher)).corr(pd.Series(p), method="spearman") > 0.98


def test_reference_scores_are_complete_and_consistent(model):
    scores = model.reference
    assert len(scores) == 827
    assert (scores["title"] != "").all()
    assert scores["probability"].between(scores["lower"], scores["upper"]).all()
    assert (scores["lower"] > 0).all() and (scores["upper"] < 1).all()
    assert scores["rank"].tolist() == list(range(1, 828))
    assert (scores["rank_lower"] <= scores["rank_upper"]).all()
    bands = model.bands
    assert (bands.of(scores["probability"]) == scores["band"]).all()
    agreed = (bands.of(model.replicas.loc[scores.index]) == scores[["band"]].to_numpy()).mean(axis=1)
    assert ((agreed >= 0.9) == (scores["stability"] != "model-dependent")).all()
    assert scores["published_probability"].notna().sum() == 779
    assert scores["label"].notna().sum() == 70


@pytest.mark.slow
def test_reasons_are_the_largest_contributions(model):
    soc = "43-3031"  # bookkeeping clerks
    explanation = explain(model.model, model.attributes)
    steps = explanation.contributions.loc[soc].sort_values(key=np.abs, ascending=False)
    row = model.reference.loc[soc]
    assert row["reason_1"] == f"{steps.index[0]} {steps.iloc[0]:+.2f}"
    highest = explanation.contributions.loc[soc].nlargest(3)
    assert row["raises"].split("; ")[0] == f"{highest.index[0]} {highest.iloc[0]:+.2f}"


@pytest.mark.slow
def test_two_trainings_write_the_same_bytes(model, tmp_path):
    again = train_default(tmp_path)
    assert again.version == model.version
    ours, theirs = (json.loads((b.path / MANIFEST).read_text()) for b in (model, again))
    assert ours["sha256"] == theirs["sha256"]
    assert (tmp_path / CURRENT).read_text().strip() == again.version


@pytest.mark.parametrize(
    "name",
    ["model.txt", "replicas.txt.gz", "teacher.json", "attributes.csv", "scores.csv", "replicas.parquet"],
)
@pytest.mark.parametrize("damage", ["truncate", "alter", "remove"])
def test_a_damaged_bundle_is_refused_before_lightgbm_sees_it(copy, name, damage):
    path = copy / name
    content = path.read_bytes()
    if damage == "remove":
        path.unlink()
    else:
        path.write_bytes(content[: len(content) // 2] if damage == "truncate" else content[:-1] + b"?")
    with pytest.raises(BundleError, match=f"1 of .* files.*\n.*{name} is") as caught:
        load_bundle(copy)
    assert "occurisk train" in str(caught.value)


def test_a_manifest_cannot_point_outside_its_folder(copy):
    manifest = json.loads((copy / MANIFEST).read_text())
    manifest["sha256"]["../../etc/passwd"] = "0" * 64
    (copy / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(BundleError, match="missing"):
        load_bundle(copy)


def test_a_manifest_must_list_the_model(copy):
    manifest = json.loads((copy / MANIFEST).read_text())
    del manifest["sha256"]["model.txt"]
    (copy / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(BundleError, match=r"model.txt is not listed"):
        load_bundle(copy)


def test_what_is_no_bundle_is_refused(tmp_path):
    with pytest.raises(BundleError, match="is not a model bundle"):
        load_bundle(tmp_path)
    with pytest.raises(BundleError, match="There is no model in"):
        find_bundle(tmp_path)
    (tmp_path / CURRENT).write_text("../elsewhere\n")
    with pytest.raises(BundleError, match=r"There is no model '\.\./elsewhere'"):
        find_bundle(tmp_path)


@pytest.mark.slow
def test_a_place_that_cannot_be_written_leaves_nothing(tmp_path):
    (tmp_path / "models").write_text("a file in the way")
    with pytest.raises(OutputError, match="Cannot write"):
        train_default(tmp_path / "models")
    assert os.listdir(tmp_path) == ["models"]


def test_a_command_that_needs_a_model_trains_one(model, tmp_path):
    def train(folder):
        shutil.copytree(model.path, folder / model.version)
        set_current(folder, model.version)
        return load_bundle(folder / model.version)

    bundle = find_bundle(tmp_path / "models", train=train)
    assert find_bundle(tmp_path / "models").version == bundle.version
    assert find_bundle(tmp_path / "models", bundle.version).version == bundle.version


def test_reading_scores_needs_no_lightgbm(model):
    probe = (
        "import sys\n"
        "from pathlib import Path\n"
        "from occurisk.model.bundle import load_bundle\n"
        f"bundle = load_bundle(Path({str(model.path)!r}))\n"
        "assert len(bundle.reference) == len(bundle.replicas) == 827\n"
        "print(sorted({'lightgbm', 'sklearn', 'shap', 'mlflow'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_version_tells_data_and_choices_apart():
    data = load_data()
    name = version_name(data.settings, data.digests)
    other = data.settings.model_copy(update={"seed": 1})
    assert version_name(other, data.digests) != name
    changed = data.digests | {"sha256": data.digests["sha256"] | {"labels": "0" * 64}}
    assert version_name(data.settings, changed) != name
    assert name.startswith("default-")


def test_the_card_says_what_the_model_is_not_for(model):
    card = (model.path / "MODEL_CARD.md").read_text()
    for text in ("individual people", "vintage: 2013", "Not evaluated in this run", "susceptibility"):
        assert text in card
