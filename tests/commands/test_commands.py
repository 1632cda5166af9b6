"""The command line as a user meets it: processes, exit codes, one clear error, nothing left behind."""

import json
import os
import subprocess
import sys
import tempfile

import pandas as pd
import pytest
import yaml

from helpers.contracts import COLUMNS, kept
from helpers.stores import new_store
from occurisk.cli import main
from occurisk.paths import CONFIGS
from occurisk.training_data.labels import DEFAULT_LABELS


def occurisk(*arguments, cwd, written=(), **environment):
    """Run a command; files that must be there as its first word arrives, so that no closed pipe loses any."""
    env = {k: v for k, v in os.environ.items() if k != "MLFLOW_TRACKING_URI"} | environment
    with (
        tempfile.TemporaryFile() as errors,
        subprocess.Popen(
            [sys.executable, "-m", "occurisk", *map(str, arguments)],
            cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=errors,
        ) as running,
    ):  # fmt: skip
        first = running.stdout.read(1)
        late = [name for name in written if not (cwd / name).exists()]
        output = first + running.stdout.read()
        running.wait(timeout=600)
        errors.seek(0)
        said = errors.read().decode()
    assert not late, f"printed before written: {late}; {said}"
    return subprocess.CompletedProcess(arguments, running.returncode, output.decode(), said)


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    """The default configuration with half the labels, few halves, replicas, trees: the same path, faster."""
    folder = tmp_path_factory.mktemp("config")
    labels = pd.read_csv(DEFAULT_LABELS, dtype=str, keep_default_na=False)
    kept = labels["label"].eq("") | (labels["label"].ne("").cumsum() % 2 == 0)
    labels[kept].to_csv(folder / "labels.csv", index=False)
    config = yaml.safe_load((CONFIGS / "train.yaml").read_text())
    features = {key: str(CONFIGS / config[key]) for key in ("catalogue", "attributes")}
    config |= {**features, "labels": "labels.csv"}
    config["model"]["replicas"] = 20
    config["model"]["student"]["rounds"] = 100
    config["evaluation"] |= {"splits": 3, "baselines": ["gp_rbf_9", "logistic"]}
    (folder / "quick.yaml").write_text(yaml.safe_dump(config))
    return folder / "quick.yaml"


def test_train_tells_where_everything_is(quick, tmp_path):
    done = occurisk(
        "train", "--config", quick, "--models-dir", "models", "--json", "figures.json",
        cwd=tmp_path, written=["figures.json", "models/CURRENT"], MLFLOW_TRACKING_URI=new_store(tmp_path),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    folder = next((tmp_path / "models").glob("default-*"))
    scores = pd.read_csv(folder / "scores.csv", dtype={"code": str})
    assert len(scores) == 827
    for text in (
        str(folder / "scores.csv"),
        "Spearman correlation",
        "GP RBF",
        "?workflowType=machine_learning",
    ):
        assert text in done.stdout, text
    assert "Warning" not in done.stderr
    assert json.loads((tmp_path / "figures.json").read_text())["splits"] == 3
    # A command that needs a model now finds it, and needs no store.
    words = ("labels", "audit", "--config", quick, "--out", "a.csv", "--no-track", "--json", "a.json")
    audit = occurisk(*words, cwd=tmp_path, written=["a.csv", "a.json"])
    assert audit.returncode == 0, audit.stderr
    table = pd.read_csv(tmp_path / "a.csv")
    assert len(kept("label_audit", tmp_path / "a.json")) == 35
    assert len(table) == 35 and list(table) == COLUMNS["label_audit.csv"]
    assert table["surprise"].is_monotonic_decreasing
    assert table["title"].head(12).str.contains("Maids").any()


def test_evaluate_writes_the_agreed_json(tmp_path):
    done = occurisk(
        "evaluate",
        "--config",
        CONFIGS / "frey_osborne_2013.yaml",
        "--splits",
        "2",
        "--json",
        "e.json",
        cwd=tmp_path,
        written=["e.json"],
    )
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "e.json").read_text())
    assert found["splits"] == 2
    assert {"lightgbm", "gp_rbf_9", "gp_linear_9", "logistic", "lightgbm_labels_only"} <= set(found["models"])
    assert 0.8 < found["models"]["gp_rbf_9"]["auc"] < 0.97
    assert os.listdir(tmp_path) == ["e.json"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["train", "--labels", "bad.csv"], 6, "1 of 9 labelled codes"),
        (["train", "--labels", "absent.csv"], 6, "Cannot read the label file"),
        (["train", "--config", "typo.yaml"], 3, "sede: Extra inputs are not permitted"),
        (["train", "--config", "absent.yaml"], 3, "Cannot read absent.yaml"),
        (["train", "--attributes", "bad.csv"], 5, "25 of 26 columns are missing"),
        (["train", "--no-evaluation", "--no-track", "--models-dir", "bad.csv/m"], 8, "Cannot write"),
        (["evaluate", "--json", "bad.csv/x.json", "--splits", "2"], 8, "Cannot write"),
        (["frobnicate"], 2, "There is no command 'frobnicate'"),
    ],
)
def test_bad_input_is_one_clear_error(arguments, code, message, tmp_path, monkeypatch, capsys):
    codes = [
        "11-1011",
        "11-1021",
        "11-2011",
        "11-2021",
        "43-3011",
        "43-3021",
        "43-3031",
        "43-3051",
        "99-9999",
    ]
    rows = [f"{c},{int(c > '4')}" for c in codes]
    (tmp_path / "bad.csv").write_text("code,label\n" + "\n".join(rows) + "\n")
    (tmp_path / "typo.yaml").write_text((CONFIGS / "train.yaml").read_text() + "sede: 1\n")
    before = sorted(os.listdir(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/nowhere/mlflow.db")
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == code
    said = capsys.readouterr().err
    assert message in said and said.count("Error: ") == 1
    assert sorted(os.listdir(tmp_path)) == before


def test_an_altered_bundle_stops_the_command(quick, tmp_path):
    first = occurisk(
        "train", "--config", quick, "--no-evaluation", "--no-track", "--models-dir", "m", cwd=tmp_path
    )
    assert first.returncode == 0, first.stderr
    model = next((tmp_path / "m").glob("*/model.txt"))
    model.write_text(model.read_text()[:1000])
    done = occurisk("explain", "43-9021", "--models-dir", "m", cwd=tmp_path)
    assert done.returncode == 7, done.stderr
    assert "model.txt is not the file that was written" in done.stderr


def test_a_missing_openmp_runtime_is_one_line(tmp_path):
    """As on a machine without libgomp: LightGBM's import fails."""
    (tmp_path / "lightgbm.py").write_text(
        "raise OSError('libgomp.so.1: cannot open shared object file: No such file or directory')\n"
    )
    done = occurisk(
        "train", "--no-evaluation", "--no-track", "--models-dir", "m", cwd=tmp_path, PYTHONPATH=str(tmp_path)
    )
    assert done.returncode == 9, done.stderr
    assert "libgomp1" in done.stderr
    assert "Traceback" not in done.stderr


def test_every_command_has_help(tmp_path):
    from occurisk.cli import COMMANDS

    for name in COMMANDS:
        done = occurisk(name, "--help", cwd=tmp_path)
        assert done.returncode == 0, f"{name}: {done.stderr}"
        assert "Usage: occurisk" in done.stdout
