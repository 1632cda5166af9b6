"""Comparisons in MLflow, through the command and a real store: numbers, figures, words, drawing."""

import json
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from helpers.stores import new_store
from helpers.trained import default_bundle, exposure_bundle
from occurisk.cli import occurisk
from occurisk.paths import FEATURES
from occurisk.tracking import store as tracking
from occurisk.tracking.store import SCORING

COLUMNS = ("--code-column", "code", "--taxonomy", "soc2010")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    default_bundle(), exposure_bundle()
    folder = tmp_path_factory.mktemp("store")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", new_store(folder))
        patch.chdir(folder)
        for name, jobs in (("old", (100, 50, 50)), ("new", (60, 50, 90))):
            listed = zip(("41-2011", "43-9021", "11-1011"), jobs, strict=True)
            rows = [f"{code},{n},{sex}" for code, n in listed for sex in ("f", "m")]
            Path(f"{name}.csv").write_text("code,jobs,sex\n" + "\n".join(rows) + "\n", encoding="utf-8")
            run("score", f"{name}.csv", "--out", name, "--no-track", *COLUMNS)
        yield folder


def run(*arguments):
    result = CliRunner().invoke(occurisk, [str(a) for a in arguments], env={"COLUMNS": "140"})
    if result.exception:
        raise result.exception
    return result.output


def latest(folder):
    """The newest run, and what it keeps."""
    client = tracking.open_store().MlflowClient()
    experiment = client.get_experiment_by_name(SCORING)
    found = client.search_runs([experiment.experiment_id], order_by=["attributes.start_time DESC"])[0]
    local = client.download_artifacts(found.info.run_id, "", str(folder))
    return found, Path(local)


LABELS = FEATURES / "labels" / "eloundou_2023.csv"
ASKED = {
    "lists": ("lists", "old", "new", "--statistic", "expected"),
    "axes": ("axes", "old", "--by", "sex"),
    "labels": ("labels", LABELS, LABELS),
    "indexes": ("indexes",),
}


@pytest.mark.parametrize("kind", ASKED)
def test_a_comparison_is_a_run(store, tmp_path, kind):
    path = tmp_path / "x.json"
    text = run("compare", *ASKED[kind], "--json", path)
    found, folder = latest(tmp_path)
    assert "Tracked" in text and found.info.run_id in text
    assert found.info.status == "FINISHED" and found.info.run_name.startswith(f"compare: {kind}")
    assert found.data.tags["occurisk.stage"] == "compare"
    document = json.loads(path.read_text(encoding="utf-8"))
    assert json.loads((folder / f"compare_{kind}.json").read_text(encoding="utf-8")) == document
    assert set(document["in_words"]) == {"en", "ru", "kk"}
    assert (folder / "figures" / f"compare_{kind}.png").read_bytes()[:4] == b"\x89PNG"
    numbers = {key: value for key, value in document.items() if isinstance(value, int | float)}
    numbers |= {f"factor.{key}": value for key, value in document.get("factors", {}).items()}
    assert found.data.metrics == pytest.approx(numbers)
    if kind == "lists":
        parts = [value for key, value in found.data.metrics.items() if key.startswith("factor.")]
        assert sum(parts) == pytest.approx(found.data.metrics["change"], abs=1e-12)


def test_a_comparison_that_is_not_to_be_tracked_leaves_no_run(store, tmp_path):
    before = latest(tmp_path)[0].info.run_id
    run("compare", "lists", "old", "new", "--no-track")
    assert latest(tmp_path)[0].info.run_id == before


def test_the_report_maps_the_jobs_by_columns_of_the_list(store, tmp_path):
    """Shares of each cell follow the thresholds; a small one is not shown."""
    rows = ["41-2011,100,f", "43-9021,50,f", "11-1011,50,m", "43-9021,60,m", "41-2011,3,x", "11-1011,4,y"]
    (tmp_path / "list.csv").write_text("code,jobs,sex\n" + "\n".join(rows) + "\n", encoding="utf-8")
    run(
        "score", tmp_path / "list.csv", "--out", tmp_path / "out", "--axis", "all", "--queue", "0",
        "--by", "sex", "--by", "major_group", "--lang", "ru", *COLUMNS,
    )  # fmt: skip
    _, folder = latest(tmp_path)
    page = (folder / "explanations" / "report.html").read_text(encoding="utf-8")
    start = page.index('"by":[{"name":"sex"')
    by = json.JSONDecoder().raw_decode(page[start + 5 :])[0]
    assert [column["name"] for column in by] == ["sex", "укрупнённая группа"]
    cells = {cell["label"]: cell["shares"] for cell in by[0]["cells"]}
    assert cells["x"] is None and cells["y"] is None
    assert {cell["label"][:2] for cell in by[1]["cells"]} == {"11", "41", "43"}
    assert "43 Офисная" in by[1]["cells"][2]["label"]
    one, two = (b.reference["probability"] for b in (default_bundle(), exposure_bundle()))
    jobs = pd.Series({"11-1011": 50.0, "43-9021": 60.0})
    for i, j in ((13, 9), (3, 15)):
        high = (one[jobs.index] >= (i + 1) / 20, two[jobs.index] >= (j + 1) / 20)
        expected = [(jobs * part).sum() / 110 for part in (high[0] & high[1], high[0] & ~high[1])]
        assert cells["m"][i][j][:2] == pytest.approx(expected, abs=6e-4)
        assert sum(cells["m"][i][j]) == pytest.approx(1, abs=2e-3)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--axis", "all", "--by", "region"), "'region'"),
        (("--axis", "all", "--by", "wage_decile"), "without a column of wages"),
        (("--by", "sex"), "add --axis all"),
        (("--axis", "all", "--by", "sex", "--no-track"), "add --axis all"),
    ],
)
def test_a_column_that_is_not_there_is_said_before_anything_is_written(store, tmp_path, options, said):
    result = CliRunner().invoke(
        occurisk, ["score", "old.csv", "--out", str(tmp_path / "out"), *COLUMNS, *options]
    )
    assert result.exit_code != 0 and said in f"{result.output}{result.exception}"
    assert not (tmp_path / "out").exists()
