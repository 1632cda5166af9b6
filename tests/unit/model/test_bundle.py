"""Bundles: what is written is what is read, and nothing altered is ever loaded."""

import json
import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click import Context
from click.testing import CliRunner
from scipy.special import expit

from helpers.checkout import PROJECT, SCRIPTS
from occurisk.cli import occurisk
from occurisk.errors import BundleError, OutputError
from occurisk.files import sha256
from occurisk.model.bundles.bundle import load_bundle
from occurisk.model.bundles.current import find_bundle, set_current
from occurisk.model.bundles.manifest import MANIFEST, read_manifest, version_of
from occurisk.model.bundles.models_folder import CURRENT, put_in_place, staging
from occurisk.model.contributions import explain
from occurisk.model.training import load_data, train, train_default
from occurisk.probabilities import ends


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
    assert 0.015 < bundle.link.rate < 0.025 and len(set(bundle.link.rates)) == bundle.replicas.shape[1]
    assert bundle.reference["probability"].between(bundle.link.rate, 1 - bundle.link.rate).all()
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


def test_reasons_are_the_largest_contributions(model):
    soc = "43-3031"  # bookkeeping clerks
    explanation = explain(model.model, model.attributes.loc[[soc]])
    steps = explanation.contributions.loc[soc].sort_values(key=np.abs, ascending=False)
    row = model.reference.loc[soc]
    assert row["reason_1"] == f"{steps.index[0]} {steps.iloc[0]:+.2f}"
    highest = explanation.contributions.loc[soc].nlargest(3)
    assert row["raises"].split("; ")[0] == f"{highest.index[0]} {highest.iloc[0]:+.2f}"


@pytest.mark.slow
def test_two_trainings_write_the_same_bytes(model, tmp_path):
    again = train_default(tmp_path)
    assert (again.version, again.digest) == (model.version, model.digest)
    assert (again.path / MANIFEST).read_bytes() == (model.path / MANIFEST).read_bytes()
    assert (tmp_path / CURRENT).read_text().split() == [again.version, again.digest]
    assert sorted(p.name for p in tmp_path.iterdir()) == [".occurisk.lock", CURRENT, model.version]


@pytest.mark.parametrize(
    "name",
    [
        "model.txt",
        "replicas.txt.gz",
        "teacher.json",
        "attributes.csv",
        "attributes.parquet",
        "labels.csv",
        "scores.csv",
        "replicas.parquet",
    ],
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


def edited(folder, change, rename=True):
    """Change the manifest of a bundle; return its folder, which takes the name that fits if `rename`."""
    manifest = json.loads((folder / MANIFEST).read_text())
    change(manifest)
    (folder / MANIFEST).write_text(json.dumps(manifest))
    if not rename:
        return folder
    return folder.rename(folder.with_name(version_of("default", sha256(folder / MANIFEST))))


def swap_names(m):
    names = m["model"]["names"]
    names[0], names[5] = names[5], names[0]


EDITS = {
    "names": swap_names,
    "bands": lambda m: m["settings"]["bands"].update(high=0.31),
    "range": lambda m: m["catalogue"][0].update(range=[1.0, 50.0]),
    "nominal": lambda m: m["model"]["parameters"].update(nominal=0.01),
    "reach": lambda m: m.update(interval_reach=0.1),
    "rate": lambda m: m["model"].update(error_rate=0.0),
    "figure": lambda m: m.update(metrics={"auc": 1.0}),
}


@pytest.mark.parametrize("change", EDITS.values(), ids=EDITS.keys())
def test_an_edited_manifest_is_refused(copy, change):
    folder = edited(copy, change, rename=False)
    with pytest.raises(BundleError, match=f"not the one that was written.\n.*{copy.name}"):
        load_bundle(folder)


def test_a_forged_version_is_not_the_current_one_nor_the_required_one(copy, model):
    """Whoever renames the folder too is found out by CURRENT, and by those who pinned the digest."""
    set_current(copy.parent, copy.name)
    folder = edited(copy, EDITS["bands"])
    (copy.parent / CURRENT).write_text((copy.parent / CURRENT).read_text().replace(copy.name, folder.name))
    with pytest.raises(BundleError, match="is not the version that was made current"):
        find_bundle(copy.parent)
    with pytest.raises(BundleError, match="is not the model that was asked for"):
        load_bundle(folder, model.digest)
    assert load_bundle(model.path, model.digest.upper()).digest == model.digest


def use_former_name(m):
    m["model"]["parameters"]["coverage"] = m["model"]["parameters"].pop("nominal")


def test_a_manifest_with_the_former_name_of_the_nominal_level_is_read(copy):
    bundle = load_bundle(edited(copy, use_former_name))
    assert bundle.nominal == bundle.model.nominal == 0.9


def take_every_label_as_true(m):
    m["format"] = 2
    for name in ("error_rate", "replica_error_rates"):
        del m["model"][name]
    for name in ("label_error", "prior_df"):
        del m["model"]["parameters"][name]


def test_a_bundle_of_before_experts_could_err_is_read_with_a_rate_of_zero(copy):
    """Format 2: its probabilities are those of the log-odds, in a loaded model as everywhere."""
    bundle = load_bundle(edited(copy, take_every_label_as_true))
    X = bundle.attributes
    p = expit(bundle.log_odds(X[bundle.names].to_numpy()))
    assert bundle.link.rate == 0 and not bundle.link.rates.any()
    np.testing.assert_allclose(bundle.model.predict_proba(X)[:, 1], p)
    sd = np.log(1 / bundle.model.predict_replicas(X) - 1).std(axis=1, ddof=1)
    np.testing.assert_allclose(bundle.model.predict_interval(X), ends(p, sd, 0.9), rtol=1e-6)
    assert explain(bundle.model, X, replicas=0).probability.to_numpy() == pytest.approx(p)
    assert bundle.model.get_params()["label_error"] == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda m: m["model"].pop("error_rate"), r"model\.error_rate is missing"),
        (lambda m: m["model"]["replica_error_rates"].pop(), "one a replica"),
        (lambda m: m["model"].update(error_rate=0.7), "from 0 to 0.5"),
    ],
)
def test_a_bundle_without_its_rates_is_refused(copy, change, said):
    with pytest.raises(BundleError, match=said):
        load_bundle(edited(copy, change))


def test_swapped_names_do_not_fit_the_trees(copy):
    """Where digests cannot help (a bundle made anew by a careless hand), the model's own names do."""
    bundle = load_bundle(edited(copy, swap_names))
    with pytest.raises(BundleError, match=r"booster .* cannot be used: it was trained on other attributes"):
        bundle.log_odds(np.zeros((1, 25)))


def places(document, path=()):
    """Every place of a manifest, as the keys that lead to it; of a list, the first entry."""
    yield path
    inside = ()
    if isinstance(document, dict | list):
        inside = document.items() if isinstance(document, dict) else enumerate(document[:1])
    for key, value in inside:
        yield from places(value, (*path, key))


def test_wrong_types_in_a_manifest_are_one_clear_error(copy):
    """Every value in turn becomes of another type, or goes: the bundle is used as a whole, or refused."""
    text = (copy / MANIFEST).read_text()
    refused = 0
    for *parents, key in [p for p in places(json.loads(text)) if p and p[0] not in ("metrics", "packages")]:
        for wrong in (None, [], {}, "text", -7, True, [["x"]]):
            manifest = json.loads(text)
            inner = manifest
            for parent in parents:
                inner = inner[parent]
            inner[key] = wrong
            (copy / MANIFEST).write_text(json.dumps(manifest))
            folder = copy.with_name(version_of("default", sha256(copy / MANIFEST)))
            copy.rename(folder)
            try:
                read_manifest(folder)
            except BundleError as problem:
                refused += 1
                assert "occurisk train" in str(problem)
            folder.rename(copy)
    assert refused > 300


def test_what_passes_the_check_may_still_be_wrong_and_is_one_clear_error(copy):
    for change in (
        lambda m: m["model"]["parameters"].update(rounds="many", unknown=1),
        lambda m: m["catalogue"][0].update(scale="XX"),
    ):
        bundle = load_bundle(edited(copy, change))
        with pytest.raises(BundleError, match="cannot be used"):
            print(bundle.catalogue, bundle.model)
        bundle.path.rename(copy)


def test_a_manifest_cannot_point_outside_its_folder(copy):
    folder = edited(copy, lambda m: m["sha256"].update({"../../etc/passwd": "0" * 64}))
    with pytest.raises(BundleError, match="missing"):
        load_bundle(folder)


def test_a_manifest_must_list_the_model(copy):
    with pytest.raises(BundleError, match=r"model.txt is not listed"):
        load_bundle(edited(copy, lambda m: m["sha256"].pop("model.txt")))


def test_a_manifest_names_no_place_of_the_machine(copy):
    text = (copy / MANIFEST).read_text()
    assert str(PROJECT) not in text
    assert str(Path.home()) not in text or Path.home() == Path("/")
    assert json.loads(text)["settings"]["labels"] == "features/labels/frey_osborne_2017.csv"


def test_a_bundle_of_format_1_is_still_read(copy, model):
    """As 0.1.0 wrote it: a version of its own choice, attributes as CSV only, absolute paths, no labels."""
    manifest = json.loads((copy / MANIFEST).read_text())
    for name in ("attributes.parquet", "labels.csv"):
        (copy / name).unlink()
        del manifest["sha256"][name]
    take_every_label_as_true(manifest)
    manifest |= {"format": 1, "version": "default-be9a07b7"}
    (copy / MANIFEST).write_text(json.dumps(manifest))
    folder = copy.rename(copy.with_name("default-be9a07b7"))
    (folder.parent / CURRENT).write_text("default-be9a07b7\n")
    bundle = find_bundle(folder.parent)
    assert bundle.version == "default-be9a07b7"
    p = expit(bundle.log_odds(bundle.attributes[bundle.names].to_numpy()))
    printed = bundle.reference["probability"].reindex(bundle.attributes.index)
    assert pd.Series(p).corr(pd.Series(printed.to_numpy()), method="spearman") > 0.999
    assert bundle.link.rate == 0 and not bundle.keeps_labels
    y, weight = bundle.labels
    assert y.to_dict() == model.labels[0].to_dict() and (weight == 1).all()


def killed_at(step, work):
    """Do something in a process of its own that dies at a rename; return whether it died."""
    child = os.fork()
    if not child:
        left, real = [step], os.replace

        def dying(*arguments):
            left[0] -= 1
            if not left[0]:
                os.kill(os.getpid(), signal.SIGKILL)
            real(*arguments)

        os.replace = dying
        work()
        os._exit(0)
    return os.waitpid(child, 0)[1] != 0


def test_a_killed_training_leaves_the_old_or_the_new_and_nothing_that_the_next_does_not_remove(copy, model):
    """The version stands already, damaged: the longest way, with one rename a file."""
    models_dir = copy.parent
    other = models_dir / "other-12345678"
    other.mkdir()
    set_current(models_dir, model.version)

    def save():
        with staging(models_dir) as folder:
            shutil.copytree(model.path, folder, dirs_exist_ok=True)
            put_in_place(folder, models_dir / model.version)
        set_current(models_dir, model.version)

    step = 1
    (copy / "model.txt").write_text("damaged")
    while killed_at(step, save):
        step += 1
        assert (models_dir / CURRENT).read_text().split()[0] == model.version
    assert step > 10
    assert find_bundle(models_dir).digest == model.digest
    shutil.rmtree(copy)
    (models_dir / CURRENT).unlink()
    assert killed_at(1, save) and not copy.exists()
    assert list(models_dir.glob(".occurisk-model-*"))
    assert killed_at(2, save) and load_bundle(copy).digest == model.digest  # whole, not yet current
    assert list(models_dir.glob(f".{CURRENT}.*")) and not list(models_dir.glob(".occurisk-model-*"))
    assert not killed_at(99, save)
    found = sorted(p.name for p in models_dir.iterdir())
    assert found == [".occurisk.lock", CURRENT, model.version, other.name]


def test_what_is_no_bundle_is_refused(tmp_path):
    with pytest.raises(BundleError, match="is not a model bundle"):
        load_bundle(tmp_path)
    with pytest.raises(BundleError, match="There is no model in"):
        find_bundle(tmp_path)
    (tmp_path / CURRENT).write_text("../elsewhere\n")
    with pytest.raises(BundleError, match=r"There is no model '\.\./elsewhere'"):
        find_bundle(tmp_path)


def test_a_place_that_cannot_be_written_leaves_nothing(tmp_path):
    (tmp_path / "models").write_text("a file in the way")
    data = load_data()
    few = data.settings.model.model_copy(update={"replicas": 2})
    data = replace(data, settings=data.settings.model_copy(update={"model": few}))
    with pytest.raises(OutputError, match="Cannot write"):
        train(data, tmp_path / "models")
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
    done = subprocess.run(
        [sys.executable, SCRIPTS / "read_scores.py", model.path], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_the_card_says_what_the_model_is_not_for(model):
    card = (model.path / "MODEL_CARD.md").read_text()
    for text in ("individual people", "vintage: 2013", "Not evaluated in this run", "susceptibility"):
        assert text in card
    assert f"no probability is below {model.link.rate:.1%} or above {1 - model.link.rate:.1%}" in card
    assert "310 of 827 occupations would lie beyond 1% or 99%" in card


def test_commands_refuse_a_model_of_another_digest(model):
    """`--require-digest` stands at every command that loads a model, and need_model heeds it."""
    for name in ("score", "explain", "national", "review", "backtest", "reproduce", "lookup"):
        command = occurisk.get_command(Context(occurisk), name)
        for part, one in getattr(command, "commands", {name: command}).items():
            if (name, part) != ("reproduce", "exposure"):  # of published ratings: no model
                assert "--require-digest" in {o for p in one.params for o in p.opts}, name
    explained = ["explain", "43-9021", "--models-dir", str(model.path.parent), "--require-digest"]
    wrong = CliRunner().invoke(occurisk, [*explained, "0" * 64])
    assert isinstance(wrong.exception, BundleError) and "not the model that was asked for" in str(
        wrong.exception
    )
    assert CliRunner().invoke(occurisk, [*explained, model.digest]).exit_code == 0
    assert CliRunner().invoke(occurisk, [*explained, "abc"]).exit_code == 2
