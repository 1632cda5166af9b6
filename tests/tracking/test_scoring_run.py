"""A scored registry in MLflow: counts, national figures with intervals, explanations, lineage."""

import json
import math
import os
from pathlib import Path

import pytest

from helpers.stores import new_store
from occurisk.model.bundles.bundle import Bundle
from occurisk.registry.columns.sample import IntakeOptions
from occurisk.scoring.accounting.account_report import read_back
from occurisk.scoring.by_attributes import MOST_EXPLAINED
from occurisk.scoring.lookup.dialects import Register
from occurisk.scoring.lookup.lookup_table import ValueColumns, make_lookup
from occurisk.scoring.score import score_registry
from occurisk.tracking import store as tracking
from occurisk.tracking.scoring_run import TrackOptions, track_scoring
from occurisk.tracking.store import SCORING


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", new_store(folder))
        patch.chdir(folder)
        yield folder


def write(folder: Path, text: str) -> Path:
    path = folder / "jobs.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_scoring_run_accounts_for_everything(store, model, tmp_path):
    rows = ["isco,jobs,name", "2411,100,accountants", "4110,50,clerks", "5223,30,<script>alert(1)</script>"]
    rows += ["0110,5,officers", "7777,1,nobody"]
    scored = score_registry(model, write(tmp_path, "\n".join(rows) + "\n"), tmp_path / "out")
    run = track_scoring(scored, model)
    client = tracking.open_store().MlflowClient()
    found = client.get_run(run.run_id)
    metrics, tags = found.data.metrics, found.data.tags
    facts = json.loads(Path(client.download_artifacts(run.run_id, "facts.json", str(tmp_path))).read_text())
    totals, outcomes = facts["totals"], {o["outcome"]: o for o in facts["outcomes"]}
    assert totals["rows_in"] == totals["rows_scored"] + totals["rows_unscored"] == 5
    assert totals["weight_in"] == totals["weight_scored"] + totals["weight_unscored"] == 186
    assert outcomes["military"]["rows"] == outcomes["unknown code"]["rows"] == 1
    assert metrics["share_high_lower"] <= metrics["share_high"] <= metrics["share_high_upper"]
    national = scored.account.national
    assert national.expected == pytest.approx(metrics["mean_susceptibility"], abs=1e-4)
    assert national.share_high == pytest.approx(metrics["share_high"], abs=1e-4)
    assert len(metrics) == 10 and metrics["jobs"] == 186
    assert found.info.run_name.startswith("jobs.csv · 20")
    assert tags["headline"].startswith(f"{100 * metrics['share_high']:.0f}% (")
    assert tags["reviewed"] == "0 of 3"
    described = client.get_experiment(run.experiment_id).tags
    assert "review queues" in described["mlflow.note.content"]
    assert "tags.`headline`" in json.loads(described["mlflow.sharedViewState.occurisk"])["selectedColumns"]
    assert tags["occurisk.model_version"] == model.version
    assert len(tags["input.sha256"]) == 64
    assert "Five things to look at" in tags["mlflow.note.content"]
    assert client.get_experiment(run.experiment_id).name == SCORING
    for path in (
        "intake.md", "by_occupation.csv", "by_occupation.json", "lineage.csv",
        "explanations/report.html", "explanations/table.json",
    ):  # fmt: skip
        assert os.path.getsize(client.download_artifacts(run.run_id, path, str(tmp_path))) > 50, path
    local = client.download_artifacts(run.run_id, "explanations/table.json", str(tmp_path))
    assert len(json.loads(Path(local).read_text())["data"]) == 3


def test_what_was_scored_is_not_read_again(store, model, tmp_path):
    """The figures of a run come from memory: rows that were altered on disk since do not reach it."""
    path = write(tmp_path, "isco08,jobs\n2411,100\n4110,50\n0110,5\n")
    scored = score_registry(model, path, tmp_path / "out")
    for name in ("scored.csv", "unscored.csv"):
        (scored.out / name).write_bytes(b"\xff of another list")
    metrics = tracking.open_store().MlflowClient().get_run(track_scoring(scored, model).run_id).data.metrics
    assert metrics["jobs"] == 155
    assert metrics["mean_susceptibility"] == pytest.approx(scored.account.national.expected, abs=1e-4)


def test_a_registry_without_a_score_is_tracked_too(store, model, tmp_path):
    path = write(tmp_path, "occupation,jobs\nWizard of the north,10\nDragon rider,20\nUnicorn whisperer,5\n")
    scored = score_registry(model, path, tmp_path / "out")
    run = track_scoring(scored, model)
    found = tracking.open_store().MlflowClient().get_run(run.run_id).data
    assert found.metrics["coverage"] == 0
    assert found.tags["headline"] == "nothing scored"


def test_a_lookup_is_tracked_and_asked_about_like_any_list(store, model, tmp_path):
    (tmp_path / "values.csv").write_text(
        "value,rows,weight\n2411,4,100\n4110,2,50\n0110,1,5\n", encoding="utf-8"
    )
    where = Register("jobs", "isco", "persons")
    make_lookup(
        model, tmp_path / "values.csv", tmp_path / "o", where, columns=ValueColumns(weight="weight"),
        options=IntakeOptions(taxonomy="isco08"),
    )  # fmt: skip
    tracked = track_scoring(read_back(tmp_path / "o"), model, options=TrackOptions(queue=2))
    found = tracking.open_store().MlflowClient().get_run(tracked.run_id).data
    assert found.metrics["jobs"] == 155
    assert found.metrics["coverage"] == pytest.approx(150 / 155, abs=1e-4)
    assert tracked.queue


def own_rows(model: Bundle, count: int, folder: Path) -> Path:
    known = model.attributes.dropna()
    table = known.iloc[[i % len(known) for i in range(count)]].reset_index(drop=True).astype(object)
    table.insert(0, "job title", [f"<b>job {i}</b>" for i in range(count)])
    table.loc[0, "persuasion"] = ""
    table.loc[1, "persuasion"] = 7
    table.to_csv(folder / "own.csv", index=False)
    return folder / "own.csv"


def test_rows_with_their_own_attributes_are_explained_one_by_one(store, model, tmp_path):
    path = own_rows(model, 30, tmp_path)
    scored = score_registry(model, path, tmp_path / "out", attributes="all", attribute_scale="unit")
    run = track_scoring(scored, model, options=TrackOptions(rows=True))
    mlflow = tracking.open_store()
    page = Path(mlflow.artifacts.download_artifacts(f"runs:/{run.run_id}/explanations/report.html"))
    text = page.read_text(encoding="utf-8")
    assert "<b>job" not in text
    data = json.loads(text.split('id="data">')[1].split("</script>")[0])
    assert {row["code"] for row in data["rows"]} == {f"row {i}" for i in range(1, 31) if i != 2}
    by_code = {row["code"]: row for row in data["rows"]}
    rows = scored.rows.set_index("job title")
    for number in (1, 3, 30):
        shown = by_code[f"row {number}"]
        assert shown["title"] == f"<b>job {number - 1}</b>"
        assert shown["major"] == ""
        assert shown["p"] == pytest.approx(float(rows["occurisk_probability"][shown["title"]]), abs=1e-3)
        # Bars add up to the score, a filled gap's own bar included; the gap itself is shown as one.
        log_odds = data["base"] + sum(shown["k"])
        panel = data["rate"] + (1 - 2 * data["rate"]) / (1 + math.exp(-log_odds))
        assert panel == pytest.approx(shown["p"], abs=1e-3)
    place = scored.own.X.columns.get_loc("persuasion")
    assert by_code["row 1"]["values"][place] is None
    assert by_code["row 3"]["values"][place] is not None


def test_more_rows_than_anybody_reads_are_tracked_without_explanations(store, model, tmp_path):
    count = MOST_EXPLAINED + 10
    path = own_rows(model, count, tmp_path)
    scored = score_registry(model, path, tmp_path / "out", attributes="all", attribute_scale="unit")
    run = track_scoring(scored, model, options=TrackOptions(rows=True))
    client = tracking.open_store().MlflowClient()
    found = client.get_run(run.run_id)
    assert "--reasons" in found.data.tags["mlflow.note.content"]
    assert found.data.metrics["jobs"] == count
    assert not client.list_artifacts(run.run_id, "explanations")
