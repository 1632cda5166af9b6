"""The MLflow store: what a reviewer finds in it, and that the registered model serves."""

import getpass
import json
import os
import socket
import sqlite3
import time
from dataclasses import replace
from functools import partial
from importlib import import_module
from threading import Thread
from urllib.request import Request, urlopen

import pandas as pd
import pytest

from helpers.browsers import model_server
from helpers.checkout import PROJECT
from helpers.trained import exposure_bundle
from occurisk.errors import TrackingError
from occurisk.evaluation.in_words import held_out
from occurisk.evaluation.protocol import evaluate_data
from occurisk.evaluation.soft_protocol import SoftEvaluation
from occurisk.explanation.reference import explain_reference
from occurisk.model.training import Training, load_data, train
from occurisk.tracking import store as tracking
from occurisk.tracking.interface import ui_command
from occurisk.tracking.serving.answers import answer
from occurisk.tracking.store import TRAINING, tracking_uri
from occurisk.tracking.training_run import track_training


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A store of its own, by the variable that users set."""
    folder = tmp_path_factory.mktemp("store")
    before = os.environ.get("MLFLOW_TRACKING_URI")
    os.environ["MLFLOW_TRACKING_URI"] = f"sqlite:///{folder}/mlflow.db"
    here = os.getcwd()
    os.chdir(folder)  # SQLite stores without an artifact root put `mlruns` under the working directory
    yield folder
    os.chdir(here)
    if before is None:
        del os.environ["MLFLOW_TRACKING_URI"]
    else:
        os.environ["MLFLOW_TRACKING_URI"] = before


@pytest.fixture(scope="module")
def tracked(store):
    data = load_data()
    protocol = data.settings.evaluation.model_copy(update={"splits": 3, "baselines": ("logistic",)})
    student = data.settings.model.student.model_copy(update={"rounds": 100})
    few = data.settings.model.model_copy(update={"replicas": 20, "student": student})
    settings = data.settings.model_copy(update={"evaluation": protocol, "model": few})
    data = replace(data, settings=settings)
    evaluation = evaluate_data(data)
    training = train(data, store / "models", held_out(evaluation))
    return training, track_training(training, evaluation)


@pytest.fixture(scope="module")
def client(tracked):
    return tracking.open_store().MlflowClient()


def test_the_run_holds_what_a_referee_asks_for(tracked, client):
    training, run = tracked
    found = client.get_run(run.run_id)
    data = found.data
    assert data.params["model.student.num_leaves"] == "4"
    assert data.params["seed"] == "2013"
    for name in ("lightgbm.auc", "lightgbm.log_loss_sd", "logistic.brier", "calibration_error"):
        assert 0 <= data.metrics[name] <= 1
    assert data.tags["occurisk.model_version"] == training.bundle.version
    assert data.tags["sha256.labels"] == training.data.labels.digest
    assert data.tags["sha256.manifest"] == training.bundle.digest
    assert data.params["labels"] == "features/labels/frey_osborne_2017.csv"
    assert not [value for value in data.params.values() if str(PROJECT) in value]
    assert {d.dataset.name for d in found.inputs.dataset_inputs} == {"task_attributes", "labels"}
    assert found.info.status == "FINISHED"


def test_the_artifacts_are_there_and_not_empty(tracked, client, tmp_path):
    training, run = tracked
    for path in (
        "config.yaml", "MODEL_CARD.md", "scores.csv", "manifest.json", "evaluation.json",
        "figures/reliability.png", "figures/scores.png", "figures/held_out_quality.png",
        "explanations/report.html", "explanations/table.json", "explanations/explanations.parquet",
    ):  # fmt: skip
        local = client.download_artifacts(run.run_id, path, str(tmp_path))
        assert os.path.getsize(local) > 200, path
    table = pd.read_json(
        client.download_artifacts(run.run_id, "explanations/table.json", str(tmp_path)), orient="split"
    )
    ends = training.bundle.reference[["lower", "upper"]]
    assert table["lower"].min() == pytest.approx(ends["lower"].min(), rel=1e-6) and table["lower"].min() > 0
    assert table["upper"].max() == pytest.approx(ends["upper"].max(), rel=1e-12) and table["upper"].max() < 1
    picture = client.download_artifacts(run.run_id, "figures/reliability.png", str(tmp_path))
    with open(picture, "rb") as stream:
        assert stream.read(8) == b"\x89PNG\r\n\x1a\n"


QUESTIONS = pd.DataFrame({"code": ["4110", "43-9021", "0110", ""], "title": ["", "", "", "accountant"]})


def test_the_champion_answers_as_python_does(tracked, store):
    training, _ = tracked
    served = tracking.open_store().pyfunc.load_model("models:/occurisk@champion")
    expected = answer(training.bundle, QUESTIONS)
    found = served.predict(QUESTIONS)
    pd.testing.assert_frame_equal(found.astype(expected.dtypes), expected)
    assert found.loc[2, ["probability", "problem"]].tolist() == [None, "military"]
    X = training.bundle.attributes.head(3).reset_index(drop=True)
    assert served.predict(X)["probability"].tolist() == answer(training.bundle, X)["probability"].tolist()


@pytest.mark.slow
def test_the_champion_answers_over_http(tracked, store):
    training, _ = tracked
    with model_server(store) as address:
        found = asked_of(address, QUESTIONS)
    assert found == as_records(answer(training.bundle, QUESTIONS))


def asked_of(address, table):
    """Ask a server of a model about a table."""
    asked = json.dumps({"dataframe_records": as_records(table)}).encode()
    request = Request(f"{address}/invocations", asked, {"Content-Type": "application/json"})  # noqa: S310
    with urlopen(request) as reply:  # noqa: S310
        return json.load(reply)["predictions"]


def as_records(table):
    return table.astype(object).where(table.notna(), None).to_dict("records")


def test_the_page_of_the_registered_model_tells_its_figures(tracked, client):
    _, run = tracked
    page = client.get_registered_model("occurisk")
    assert "# Model card: occurisk" in page.description and len(page.description) <= 5000
    version = client.get_model_version("occurisk", run.model_version)
    assert (
        f"this model: log-loss {client.get_run(run.run_id).data.metrics['lightgbm.log_loss']:.3f}"
        in version.description
    )


@pytest.fixture(scope="module")
def exposure(store, tracked):
    """The model of the second axis, tracked beside the first; judged on its own training labels."""
    bundle = exposure_bundle()
    known = bundle.reference.dropna(subset="label")
    y = known["label"].rename("y")
    folds = pd.concat([y, known[["lower", "upper"]]], axis=1).rename_axis("soc").reset_index()
    folds = folds.assign(
        cut=0,
        fold=[str(place % 2) for place in range(len(known))],
        group=folds["soc"].str[:2],
        lightgbm=known["probability"].to_numpy(),
        ridge=y.rank(pct=True).to_numpy(),
    )
    evaluation = SoftEvaluation(folds, folds.iloc[:0], pd.Series(dtype=float))
    measured = replace(bundle, manifest={**bundle.manifest, "metrics": held_out(evaluation).metrics})
    data = load_data(bundle.axis.training)
    # Of 218 attributes, pairs and smallest changes take their time: twenty occupations stand for all.
    few = bundle.reference.head(20)
    measured = replace(measured, reference=few)
    training = Training(measured, replace(data, X=data.X.loc[few.index]), explanation=None)
    with pytest.MonkeyPatch.context() as patch:
        explained = partial(explain_reference, only=few.index)
        patch.setattr("occurisk.tracking.training_run.kept_reference", explained)
        return bundle, track_training(training, evaluation)


def test_a_further_axis_is_registered_under_a_name_of_its_own(exposure, client, tmp_path):
    bundle, run = exposure
    assert run.model_name == "occurisk-language_models_2023"
    page = client.get_registered_model(run.model_name).description
    assert "Exposure is not displacement" in page and f"models:/{run.model_name}@champion" in page
    version = client.get_model_version_by_alias(run.model_name, "champion")
    assert (
        version.tags["occurisk.axis"] == "language_models_2023" and "ridge regression" in version.description
    )
    # The first axis is left alone.
    first = client.get_model_version_by_alias("occurisk", "champion")
    assert first.tags["occurisk.axis"] == "susceptibility_2013"
    note = client.get_run(run.run_id).data.tags["mlflow.note.content"]
    assert all(caveat in note for caveat in bundle.axis.words("en").caveats)
    assert "held_out_quality" not in note and "2013" not in note
    report = client.download_artifacts(run.run_id, "explanations/report.html", str(tmp_path))
    with open(report, encoding="utf-8") as stream:
        assert "<h1>Exposure to language models" in stream.read()


def test_a_served_axis_says_what_it_speaks_of_and_takes_its_own_attributes(exposure):
    bundle, run = exposure
    served = tracking.open_store().pyfunc.load_model(f"models:/{run.model_name}@champion")
    found = served.predict(QUESTIONS)
    assert set(found["axis"]) == {"language_models_2023"}
    assert found.loc[1, "probability"] == pytest.approx(
        bundle.reference.at["43-9021", "probability"], abs=1e-6
    )
    X = bundle.attributes.head(3).reset_index(drop=True)
    by_row = served.predict(X)
    assert by_row["probability"].astype(float).to_numpy() == pytest.approx(
        bundle.reference.loc[bundle.attributes.index[:3], "probability"].to_numpy(), abs=1e-6
    )
    assert set(served.metadata.get_input_schema().input_names()) >= set(bundle.names)


def test_a_further_axis_answers_over_http(exposure):
    """MLflow's own application, in a thread: another process would only import all of it once more."""
    bundle, run = exposure
    application, server = import_module("mlflow.pyfunc.scoring_server"), import_module("uvicorn")
    loaded = tracking.open_store().pyfunc.load_model(f"models:/{run.model_name}@champion")
    config = server.Config(application.init(loaded), host="127.0.0.1", port=0, log_level="critical")
    serving = server.Server(config)
    thread = Thread(target=serving.run, daemon=True)
    thread.start()
    try:
        while not serving.started:
            assert thread.is_alive()
            time.sleep(0.02)
        port = serving.servers[0].sockets[0].getsockname()[1]
        by_code = asked_of(f"http://127.0.0.1:{port}", QUESTIONS)
        X = bundle.attributes.head(2).reset_index(drop=True)
        by_row = asked_of(f"http://127.0.0.1:{port}", X)
    finally:
        serving.should_exit = True
        thread.join(30)
    assert by_code == as_records(answer(bundle, QUESTIONS))
    assert {row["axis"] for row in by_code} == {"language_models_2023"}
    assert [row["probability"] for row in by_row] == answer(bundle, X)["probability"].tolist()


def test_nothing_in_the_store_names_a_folder_of_the_user(tracked, store):
    """Only the store's own address, which MLflow needs; no path to occurisk, no file of the user."""
    models = list(store.glob("artifacts/*/models/*/artifacts"))
    assert models
    for folder in models:
        assert not {"uv.lock", "pyproject.toml"} & {path.name for path in folder.iterdir()}
        said = (folder / "MLmodel").read_text()
        assert str(PROJECT) not in said and "model_code_path: /" in said
    with sqlite3.connect(store / "mlflow.db") as database:
        dump = "\n".join(database.iterdump())
    places = database.execute("select artifact_location from experiments").fetchall()
    assert all(place.startswith(f"{store.as_uri()}/artifacts/") for (place,) in places)
    assert str(PROJECT) not in dump and socket.gethostname() not in dump
    assert f"/home/{getpass.getuser()}" not in dump


def test_no_pickle_reaches_the_store(tracked, store):
    names = [name for _, _, files in os.walk(store) for name in files]
    assert names
    assert not [name for name in names if name.endswith((".pkl", ".pickle", ".joblib", ".cloudpickle"))]


def test_training_again_moves_the_alias(tracked, client):
    training, run = tracked
    again = track_training(training, None)
    assert int(again.model_version) == int(run.model_version) + 1
    champion = client.get_model_version_by_alias("occurisk", "champion")
    assert str(champion.version) == again.model_version
    own = f"tags.`occurisk.axis` = '{training.bundle.axis.name}'"  # a further axis has runs of its own there
    assert len(client.search_runs([run.experiment_id], own)) == 2
    assert client.get_experiment(run.experiment_id).name == TRAINING


def test_the_link_opens_the_classic_view(tracked):
    _, run = tracked
    path = f"/#/experiments/{run.experiment_id}/runs/{run.run_id}"
    assert run.link.endswith(f"{path}?workflowType=machine_learning")


def test_the_default_store_does_not_depend_on_the_working_directory(monkeypatch, tmp_path):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    before = tracking_uri()
    monkeypatch.chdir(tmp_path)
    assert tracking_uri() == before
    assert before.startswith("sqlite:////")
    arguments, environment = ui_command(5001)
    assert before in arguments
    assert "5001" in arguments
    assert environment["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] == "false"


def test_a_store_that_cannot_be_opened_is_one_clear_error(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path}/file/mlflow.db")
    with pytest.raises(TrackingError, match="Cannot open the tracking store"), tracking.run("x", "y"):
        pytest.fail("the block must not run")
