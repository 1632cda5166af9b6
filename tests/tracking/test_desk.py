"""A reviewer's desk: items found by band, code, weight and run; verdicts that train; a store that is shut."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from helpers.stores import new_store
from helpers.trained import default_bundle, models_dir
from occurisk.cli import occurisk
from occurisk.errors import ReviewError
from occurisk.explanation.verdicts import check_verdicts
from occurisk.model.bundles.current import find_bundle
from occurisk.paths import CONFIGS
from occurisk.scoring.score import score_registry
from occurisk.tracking import store
from occurisk.tracking.reviewing.reviews import read_review, store_review
from occurisk.tracking.scoring_run import TrackOptions, track_scoring

pytestmark = pytest.mark.filterwarnings("ignore")
LIST = "soc,jobs\n43-9021,1200\n35-3031,90\n29-1141,300\n41-2011,50\n53-3032,7\n"


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    folder = tmp_path_factory.mktemp("desk")
    (folder / "jobs.csv").write_text(LIST, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", new_store(folder))
        scored = score_registry(default_bundle(), folder / "jobs.csv", folder / "out")
        yield folder, scored, track_scoring(scored, default_bundle(), TrackOptions(queue=5))


def found(run, text, order=None):
    mlflow = store.open_store()
    traces = mlflow.search_traces(
        locations=[run.experiment_id], filter_string=text, order_by=order, return_type="list"
    )
    return [trace.info.tags["occurisk.code"] for trace in traces]


def test_items_are_found_by_band_code_run_and_weight(desk):
    _, scored, run = desk
    band = scored.by_occupation.set_index("code")["band"]
    for name in ("high", "medium", "low"):
        assert set(found(run, f"tags.`occurisk.band` = '{name}'")) == set(band[band == name].index)
    assert found(run, "tags.`occurisk.code` = '35-3031'") == ["35-3031"]
    assert len(found(run, f"tags.`occurisk.run` = '{run.run_id}'")) == 5
    assert found(run, "tags.`occurisk.run` = 'another'") == []
    by_weight = found(run, f"tags.`occurisk.run` = '{run.run_id}'", ["tags.`occurisk.jobs` DESC"])
    assert by_weight == ["43-9021", "29-1141", "35-3031", "41-2011", "53-3032"]


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """The default configuration with few replicas."""
    document = yaml.safe_load((CONFIGS / "train.yaml").read_text(encoding="utf-8"))
    for key, value in document.items():
        if isinstance(value, str) and (CONFIGS / value).exists():
            document[key] = str((CONFIGS / value).resolve())
    document["model"]["replicas"] = 20
    path = tmp_path_factory.mktemp("config") / "small.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return path


def train(small, folder, run):
    arguments = ["train", "--reviews", run, "--config", str(small), "--no-evaluation", "--no-track"]
    return CliRunner().invoke(occurisk, [*arguments, "--models-dir", str(folder)])


def test_verdicts_of_a_run_change_the_labels_that_are_trained_on(desk, small, tmp_path):
    _, scored, _ = desk
    run = track_scoring(scored, default_bundle(), TrackOptions(queue=0))
    reviewed = read_review(run.run_id)

    def say(code, verdict, minute):
        given = check_verdicts(
            reviewed.scored.reset_index().query("code == @code")[["code"]].assign(verdict=verdict),
            reviewed.scored.index,
            reviewer="ann",
            time=f"2026-01-01 10:0{minute}:00",
        )
        store_review(reviewed, given)

    refused = train(small, tmp_path / "refused", run.run_id)
    assert isinstance(refused.exception, ReviewError)
    assert "nobody has judged anything" in str(refused.exception)
    say("43-9021", "unsure", 1)
    refused = train(small, tmp_path / "refused", run.run_id)
    assert "First: 1 unsure" in str(refused.exception)
    assert not (tmp_path / "refused").exists()

    say("43-9021", "too high", 2)
    done = train(small, tmp_path / "models", run.run_id)
    assert done.exit_code == 0, done.output
    assert "1 labels of reviewers behind those of frey_osborne_2017.csv" in done.output
    bundle = find_bundle(tmp_path / "models")
    labels = bundle.label_rows
    assert labels.query("code == '43-9021' and rater == 'ann'")["label"].tolist() == ["0"]
    # The experts say 1 of it with weight 1, Ann 0 with weight 1/2: both are in what was trained on.
    before, after = default_bundle().labels[0], bundle.labels[0]
    assert before["43-9021"] == 1 and len(after) == len(before)
    assert (
        bundle.reference.at["43-9021", "probability"]
        < default_bundle().reference.at["43-9021", "probability"]
    )


def test_a_store_that_may_only_be_read_leaves_the_scored_files_complete(desk, tmp_path):
    folder, _, _ = desk
    shut = tmp_path / "store"
    shut.mkdir()
    shutil.copy(folder / "mlflow.db", shut)
    (shut / "mlflow.db").chmod(0o444)
    shut.chmod(0o555)
    # Permissions bind the superuser only without this capability.
    bound = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"] if os.getuid() == 0 else []
    if bound and not shutil.which("setpriv"):
        pytest.skip("needs setpriv, or another user than root")
    command = ["score", str(folder / "jobs.csv"), "--out", str(tmp_path / "out")]
    done = subprocess.run(
        [*bound, sys.executable, "-m", "occurisk", *command, "--models-dir", str(models_dir())],
        env={**os.environ, "MLFLOW_TRACKING_URI": f"sqlite:///{shut}/mlflow.db"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 14, done.stderr
    assert done.stderr.count("Error:") == 1 and "Traceback" not in done.stderr
    assert "readonly database" in done.stderr and "occurisk track" in done.stderr
    assert {"scored.csv", "unscored.csv", "by_occupation.csv", "intake.json"} <= {
        path.name for path in Path(tmp_path / "out").iterdir()
    }
