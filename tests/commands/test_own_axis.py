"""An axis of one's own: a declaration, a configuration and labels, from training to the national page."""

import json
import re
import shutil

import pandas as pd
import pytest
from click.testing import CliRunner

from helpers.checkout import PROJECT
from helpers.trained import default_bundle, exposure_bundle, models_dir
from occurisk.cli import occurisk
from occurisk.errors import LabelError, OccuriskError, SettingsError
from occurisk.model.axes.declaration import load_axes
from occurisk.model.bundles.current import find_bundle
from occurisk.paths import CONFIGS, FEATURES

NAME = "robots_2020"
DOCUMENT = PROJECT / "docs" / "axes.md"


def documented():
    """The declaration and the configuration that docs/axes.md shows, with a small catalogue and few trees."""
    declaration, training = re.findall(r"```yaml\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    small = {
        "catalogue_wide": "catalogue",
        "task_attributes_wide": "task_attributes",
        "rounds: 250": "rounds: 40",
    }
    for old, new in {**small, "replicas: 100": "replicas: 20"}.items():
        assert old in training, old
        training = training.replace(old, new)
    return declaration, training


def declared(folder, declaration=None, training=None, labels=None):
    """Write an axis into a folder of models; return the folder."""
    own = documented()
    (folder / "axes" / NAME).mkdir(parents=True)
    (folder / "axes" / f"{NAME}.yaml").write_text(declaration or own[0], encoding="utf-8")
    (folder / "axes" / NAME / "train.yaml").write_text(training or own[1], encoding="utf-8")
    ratings = pd.read_csv(FEATURES / "labels" / "eloundou_2023.csv", dtype=str)[::8]
    text = labels or ratings.assign(label=1 - ratings["label"].astype(float))[["code", "label"]].to_csv(
        index=False
    )
    (folder / "axes" / NAME / "labels.csv").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def own_models(tmp_path_factory):
    """A folder of models with both shipped axes and a third, declared there."""
    default_bundle(), exposure_bundle()
    folder = tmp_path_factory.mktemp("own") / "models"
    shutil.copytree(models_dir(), folder)
    return declared(folder)


def run(folder, *arguments):
    result = CliRunner().invoke(
        occurisk, [str(a) for a in arguments], env={"COLUMNS": "160", "OCCURISK_MODELS_DIR": str(folder)}
    )
    if result.exception:
        raise result.exception
    return result.output


@pytest.fixture(scope="module")
def trained(own_models):
    return run(own_models, "train", "--axis", NAME, "--no-evaluation", "--no-track")


def test_it_is_trained_scored_explained_and_mapped_like_the_shipped_ones(own_models, trained, tmp_path):
    assert f"Axis {NAME}: Exposure to robots (2020)." in trained
    assert (own_models / f"CURRENT.{NAME}").is_file()
    jobs = tmp_path / "jobs.csv"
    jobs.write_text("code,jobs\n43-9021,100\n51-4041,50\n11-1011,20\n99-9999,5\n", encoding="utf-8")
    columns = ("--code-column", "code", "--taxonomy", "soc2010", "--no-track")
    said = run(own_models, "score", jobs, "--out", tmp_path / "out", "--axis", "all", *columns)
    assert "Exposure to robots (2020): high from 0.8, low below 0.2." in said
    scored = pd.read_csv(tmp_path / "out" / "scored.csv")
    for axis in ("", "language_models_2023_", f"{NAME}_"):
        ends = scored[[f"occurisk_{axis}{name}" for name in ("lower", "probability", "upper")]]
        assert (ends.diff(axis=1).iloc[:, 1:] >= 0).all().all()
    path = tmp_path / "x.json"
    for language, words in (("en", "the exposure"), ("ru", "влияние"), ("kk", "the exposure")):
        text = run(own_models, "explain", "51-4041", "--axis", NAME, "--lang", language, "--json", path)
        assert words in text
    (record,) = json.loads(path.read_text(encoding="utf-8"))
    contributions = [value for key, value in record.items() if key.startswith("contribution_")]
    assert record["base"] + sum(contributions) == pytest.approx(record["log_odds"], abs=1e-9)
    run(
        own_models, "national", tmp_path / "out", "--axis", "all", "--no-track", "--min-cell", "0",
        "--out", tmp_path / "national", "--json", path,
    )  # fmt: skip
    maps = json.loads(path.read_text(encoding="utf-8"))["axis_maps"]
    assert [found["axes"][1] for found in maps] == ["language_models_2023", NAME]
    page = (tmp_path / "national" / "national.html").read_text(encoding="utf-8")
    assert "Patents say what was invented" in page
    text = run(own_models, "compare", "axes", tmp_path / "out", "--second", NAME, "--no-track")
    assert "Exposure to robots (2020)" in text


def test_a_workshops_labels_of_0_and_1_are_an_axis_too(own_models, tmp_path):
    """With the logistic teacher of configs/train.yaml, and experts who err."""
    training = (CONFIGS / "train.yaml").read_text(encoding="utf-8").replace("../features/", "")
    few = {"name: default": f"name: {NAME}", "rounds: 600": "rounds: 60", "replicas: 100": "replicas: 20"}
    for old, new in few.items():
        assert old in training, old
        training = training.replace(old, new)
    training = re.sub("^labels: .*$", "labels: labels.csv", training, flags=re.MULTILINE)
    given = pd.read_csv(FEATURES / "labels" / "frey_osborne_2017.csv", dtype=str)
    labels = given.loc[given["label"].notna(), ["code", "label"]].to_csv(index=False)
    folder = tmp_path / "models"
    shutil.copytree(own_models, folder, ignore=shutil.ignore_patterns("axes", f"*{NAME}*"))
    declared(folder, training=training, labels=labels)
    jobs = tmp_path / "jobs.csv"
    jobs.write_text("code,jobs\n43-9021,100\n11-1011,20\n", encoding="utf-8")
    columns = ("--code-column", "code", "--taxonomy", "soc2010", "--no-track")
    run(folder, "score", jobs, "--out", tmp_path / "out", "--axis", NAME, *columns)  # trains it first
    p = pd.read_csv(tmp_path / "out" / "scored.csv").set_index("code")[f"occurisk_{NAME}_probability"]
    rate = find_bundle(folder, pointer=f"CURRENT.{NAME}").link.rate
    assert 0 < rate < p["11-1011"] < 0.1 and 0.9 < p["43-9021"] < 1 - rate
    assert f"Second axis: {NAME} (from 0.7)" in run(
        folder, "compare", "axes", tmp_path / "out", "--second", NAME, "--no-track"
    )


def test_its_model_is_refused_where_its_axis_is_not_declared(own_models, trained, tmp_path):
    """Else it would go by the name of the first axis."""
    version = (own_models / f"CURRENT.{NAME}").read_text().split()[0]
    shutil.copytree(own_models / version, tmp_path / version)
    with pytest.raises(SettingsError, match=f"'{NAME}' has soft labels, and no axis of that name"):
        _ = find_bundle(tmp_path, version).axis


DECLARATION, TRAINING = documented()
HOSTILE = {
    "a list": ("- a\n- b\n", "valid dictionary"),
    "no YAML": ("name: [robots\n", "not valid YAML"),
    "code in YAML": ("name: !!python/object/apply:os.system ['true']\n", "not valid YAML"),
    "a key too many": (DECLARATION + "colour: red\n", "Extra inputs"),
    "a key missing": (DECLARATION.replace("raters:", "# "), "raters"),
    "no English": (DECLARATION.replace("\n  en:\n", "\n  de:\n"), "no English phrases"),
    "its name is all": (DECLARATION.replace(f"name: {NAME}", "name: all"), "but 'all'"),
    "a path for a name": (DECLARATION.replace(f"name: {NAME}", "name: ../evil"), "name: String should match"),
    "a taken name": (DECLARATION.replace(f"name: {NAME}", "name: susceptibility_2013"), "name of its own"),
    "a taken place": (DECLARATION.replace("order: 3", "order: 2"), "without a gap"),
    "a gap": (DECLARATION.replace("order: 3", "order: 9"), "without a gap"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_declaration_is_one_error(tmp_path, kind):
    text, said = HOSTILE[kind]
    folder = declared(tmp_path / "models", declaration=text)
    with pytest.raises(SettingsError, match=said) as refused:
        run(folder, "train", "--axis", NAME, "--no-track")
    assert "\n  Fix: " in str(refused.value) or "\n  Rule: " in str(refused.value)
    assert not list(folder.glob("*-*"))  # no model of it


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Raises the exposure: {reasons}.", "Raises {reasons.__class__}."),
        ("Raises the exposure: {reasons}.", "Raises {nobody}."),
        ("Raises the exposure: {reasons}.", "Raises {"),
        ("raises:", "rises:"),
    ],
)
def test_phrases_that_cannot_be_said_are_refused(own_models, trained, tmp_path, old, new):
    assert old in DECLARATION
    folder = tmp_path / "models"
    shutil.copytree(own_models, folder)
    (folder / "axes" / f"{NAME}.yaml").write_text(DECLARATION.replace(old, new), encoding="utf-8")
    with pytest.raises(SettingsError, match="of an axis cannot be said"):
        run(folder, "explain", "43-9021", "--axis", NAME)


def test_a_configuration_of_another_name_or_bad_labels_are_refused(tmp_path):
    folder = declared(tmp_path / "one", training=TRAINING.replace(f"name: {NAME}", "name: robots"))
    with pytest.raises(SettingsError, match=f"The configuration of the axis {NAME} is called 'robots'"):
        run(folder, "train", "--axis", NAME, "--no-track")
    folder = declared(tmp_path / "two", labels="code,label\n43-9021,0.5\n")
    with pytest.raises(LabelError, match="1 occupations are labelled"):
        run(folder, "explain", "43-9021", "--axis", NAME)  # trains it first: no fault of ours
    folder = declared(tmp_path / "three", labels="code,label\n43-9021,7\n")
    with pytest.raises(LabelError, match="no shares from 0 to 1"):
        run(folder, "train", "--axis", NAME, "--no-track")


def test_soft_labels_without_an_axis_are_refused(tmp_path):
    folder = declared(tmp_path / "models")
    path = tmp_path / "train.yaml"
    path.write_text(TRAINING.replace(f"name: {NAME}", "name: mine"), encoding="utf-8")
    shutil.copy(folder / "axes" / NAME / "labels.csv", tmp_path)
    with pytest.raises(SettingsError, match="no axis of that name is declared"):
        run(folder, "train", "--config", path, "--no-track")


@pytest.mark.parametrize("command", ["score", "national", "explain", "evaluate", "train"])
def test_an_unknown_axis_is_said_before_any_work(tmp_path, command):
    """Not after a model was trained, or a list was scored, for nothing."""
    jobs = tmp_path / "jobs.csv"
    jobs.write_text("code,jobs\n43-9021,100\n", encoding="utf-8")
    arguments = {"score": [jobs, "--out", tmp_path / "out"], "national": [jobs], "explain": ["43-9021"]}
    with pytest.raises(SettingsError, match="no axis 'robots'") as refused:
        run(tmp_path / "models", command, *arguments.get(command, []), "--axis", "robots")
    assert str(tmp_path / "models" / "axes") in str(refused.value)  # where to declare one
    assert not (tmp_path / "models").exists() and not (tmp_path / "out").exists()


@pytest.mark.parametrize("command", ["explain", "evaluate"])
def test_what_speaks_of_one_axis_refuses_all(tmp_path, command):
    arguments = ["43-9021"] if command == "explain" else []
    with pytest.raises(SettingsError, match="one axis at a time"):
        run(tmp_path / "models", command, *arguments, "--axis", "all")


def test_labels_are_made_of_an_index_of_ones_own(tmp_path):
    codes = pd.read_csv(FEATURES / "labels" / "eloundou_2023.csv", dtype=str)["code"][:40]
    index = tmp_path / "index.csv"
    pd.DataFrame({"soc": codes, "score": range(-20, 20)}).to_csv(index, index=False)
    out = tmp_path / "labels.csv"
    assert "40 labels" in run(tmp_path, "labels", "from-index", index, "--out", out)
    made = pd.read_csv(out, dtype={"code": str}).set_index("code")["label"]
    assert made.loc[codes].is_monotonic_increasing and made.between(0, 1).all()
    assert made.mean() == pytest.approx(0.5)
    with pytest.raises(OccuriskError, match="to be read and to be written"):
        run(tmp_path, "labels", "from-index", index, "--out", index)
    pd.DataFrame({"soc": codes, "score": 1}).to_csv(index, index=False)
    with pytest.raises(LabelError, match="1 different figures"):
        run(tmp_path, "labels", "from-index", index, "--out", tmp_path / "none.csv")
    assert not (tmp_path / "none.csv").exists()


@pytest.mark.originals
def test_webbs_robots_from_a_users_own_copy(originals, tmp_path):
    """No licence lets us hold his figures; who has the file makes labels of it."""
    path = originals / "indexes" / "webb2020_final_df_out.dta"
    run(tmp_path, "labels", "from-index", f"{path}:robot_score:onetsoccode", "--out", tmp_path / "robots.csv")
    made = pd.read_csv(tmp_path / "robots.csv", dtype={"code": str}).set_index("code")["label"]
    assert len(made) > 700
    assert made["51-4121"] > 0.8 and made["11-1011"] < 0.3  # welders, chief executives


def test_a_folder_without_axes_of_ones_own_has_the_shipped_ones():
    assert [axis.order for axis in load_axes()] == [1, 2]
