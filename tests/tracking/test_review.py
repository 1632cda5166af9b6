"""Verdicts: checked, merged, exported as labels that training accepts, stored under a run."""

import pandas as pd
import pytest
from click.testing import CliRunner

from helpers.commands import Watching
from helpers.contracts import kept
from helpers.explained import own_bundle, small_explained
from helpers.stores import new_store
from helpers.trained import default_bundle, models_dir
from occurisk.cli import occurisk
from occurisk.errors import BundleError, OccuriskError
from occurisk.explanation.verdicts import (
    check_verdicts,
    empty_verdicts,
    label_file,
    merge_verdicts,
    read_verdicts,
    to_labels,
    write_csv,
)
from occurisk.paths import FEATURES
from occurisk.report.explanation_page import render
from occurisk.report.explanation_payload import About
from occurisk.report.explanation_tables import full_table
from occurisk.tracking import store as tracking
from occurisk.tracking.explanations import log_explanations
from occurisk.tracking.reviewing.labels import labels_with_reviews
from occurisk.tracking.reviewing.reviews import earlier_verdicts, read_review, store_review, with_verdicts
from occurisk.training_data.labels import DEFAULT_LABELS, load_labels

# MLflow and SQLAlchemy deprecate things of each other.
QUIET = pytest.mark.filterwarnings("ignore")
KNOWN = pd.Index(["43-9021", "35-3031", "4131", "11-1011"])


def verdicts(*rows, time="2026-01-01 10:00", reviewer="ann"):
    table = pd.DataFrame([row.split("|") for row in rows], columns=["code", "verdict"])
    return check_verdicts(table, KNOWN, reviewer=reviewer, time=time)


def test_verdicts_are_checked():
    with pytest.raises(OccuriskError, match=r"1 of 2 verdicts are none of the five(.|\n)*'maybe'"):
        verdicts("43-9021|agree", "35-3031|maybe")
    with pytest.raises(OccuriskError, match=r"not on this list(.|\n)*99-9999"):
        verdicts("99-9999|agree")
    with pytest.raises(OccuriskError, match="First: verdict"):
        check_verdicts(pd.DataFrame({"code": ["43-9021"]}), KNOWN, reviewer="ann", time="")


def test_a_reviewers_last_word_stands_beside_other_reviewers():
    merged = merge_verdicts(verdicts("43-9021|agree"), verdicts("43-9021|disagree", time="2026-01-02 10:00"))
    merged = merge_verdicts(merged, verdicts("43-9021|unsure", reviewer="bob"))
    assert set(merged[["reviewer", "verdict"]].itertuples(index=False, name=None)) == {
        ("ann", "disagree"),
        ("bob", "unsure"),
    }


def test_labels_follow_from_verdict_and_band():
    scored = pd.DataFrame(
        {
            "probability": [0.9, 0.1, 0.9, 0.5],
            "members": ["43-9021:1.0", "35-3031:1.0", "43-9022:0.7 43-9021:0.3", "11-1011:1.0"],
        },
        index=KNOWN,
    )
    labels, left_out = to_labels(
        pd.concat(
            [
                verdicts("43-9021|agree", "35-3031|agree", "4131|agree", "11-1011|disagree"),
                verdicts("43-9021|disagree", "35-3031|unsure", reviewer="bob"),
            ],
            ignore_index=True,
        ),
        scored,
    )
    assert labels[["code", "label", "rater"]].to_numpy().tolist() == [
        ["43-9021", 1, "ann"],
        ["35-3031", 0, "ann"],
        ["43-9021", 0, "bob"],
    ]
    assert left_out["reason"].value_counts().to_dict() == {
        "medium band": 1,
        "several occupations": 1,
        "unsure": 1,
    }
    assert (labels["weight"] == 0.5).all()


def test_a_verdict_on_a_row_of_a_survey_is_no_label():
    scored = pd.DataFrame(
        {"probability": [0.9, 0.9], "members": [None, "43-9021:1.0000"]}, index=["row 5", "43-9021"]
    )
    said = pd.DataFrame({"code": ["row 5", "43-9021"], "verdict": ["disagree", "agree"]})
    said = check_verdicts(said, scored.index, reviewer="ann", time="2026-01-01 10:00")
    labels, left_out = to_labels(said, scored)
    assert labels["code"].tolist() == ["43-9021"]
    assert left_out["reason"].tolist() == ["a row, no occupation"]


def test_the_exported_file_is_one_that_training_reads(tmp_path):
    base = pd.read_csv(FEATURES / "labels" / "frey_osborne_2017.csv", dtype=str, keep_default_na=False)
    labels = pd.DataFrame(
        {"code": ["35-3031", "11-1011"], "label": [1, 0], "weight": 0.5, "rater": "ann", "note": ["", "=1+1"]}
    )
    path = tmp_path / "labels.csv"
    path.write_text(write_csv(label_file(labels, base, "Frey & Osborne 2017")), encoding="utf-8")
    found = load_labels(path, known=default_bundle().attributes.index)
    before = load_labels()
    assert len(found.y) == len(before.y) + (0 if "11-1011" in before.y.index else 1)
    assert found.weight["35-3031"] < 1  # a reviewer spoke against the hand label 0
    assert len(found.published) == 702


def test_notes_that_a_spreadsheet_would_run_are_guarded(tmp_path):
    noted = verdicts("43-9021|agree").assign(note="=HYPERLINK(1)")
    text = write_csv(noted)
    assert ",'=HYPERLINK(1)," in text
    path = tmp_path / "verdicts.csv"
    path.write_text(text, encoding="utf-8")
    assert read_verdicts(path)["note"].tolist() == ["=HYPERLINK(1)"]


def test_a_report_takes_verdicts_without_any_other_change():
    page = render(small_explained(), About("list", "m", "now"))
    said = verdicts("43-9021|disagree").assign(note="</script><b>no")
    once = with_verdicts(page, said)
    assert "</script><b>no" not in once and "\\u003c/script\\u003e\\u003cb\\u003eno" in once
    assert with_verdicts(once, empty_verdicts()) == page


@pytest.fixture
def store(tmp_path, monkeypatch):
    """A run with explanations in a store of its own."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", new_store(tmp_path))
    monkeypatch.chdir(tmp_path)
    about = About("jobs.csv", default_bundle().version, "now", rows=4, unscored=1)
    with tracking.run(tracking.SCORING, "jobs.csv") as mlflow:
        mlflow.log_params({"model_version": about.model, "registry": "jobs.csv"})
        log_explanations(mlflow, small_explained(), about)
        return mlflow.active_run().info.run_id


@QUIET
def test_six_reviewers_who_began_before_any_had_ended_are_all_kept(store):
    """Six `review` at once, all of which read the verdicts before one was written."""
    begun = [(name, read_review(store)) for name in ("ann", "bob", "cem", "dina", "eva", "fay")]
    for name, reviewed in begun:
        store_review(reviewed, verdicts("35-3031|disagree", reviewer=name))
    assert set(read_review(store).verdicts["reviewer"]) == {name for name, _ in begun}


@QUIET
def test_a_review_is_stored_shown_and_exported(store, tmp_path):
    run = CliRunner().invoke(
        occurisk,
        [
            *("review", store, "--occupation", "35-3031", "--verdict", "disagree", "--note", "kiosks"),
            *("--reviewer", "ann", "--export", str(tmp_path / "labels.csv")),
            *("--models-dir", str(models_dir())),
            *("--json", str(tmp_path / "said.json")),
        ],
    )
    assert run.exit_code == 0, run.output
    assert "Waiters" in run.output and "Verdicts on run" in run.output
    assert len(kept("verdicts", tmp_path / "said.json")) == 1
    reviewed = read_review("latest")
    assert reviewed.run_id == store
    assert reviewed.verdicts[["code", "verdict", "note"]].to_numpy().tolist() == [
        ["35-3031", "disagree", "kiosks"]
    ]
    client = __import__("mlflow").MlflowClient()
    tags = client.get_run(store).data.tags
    assert tags["occurisk.review.disagree"] == "1" and tags["occurisk.review.by"] == "ann"
    page = client.download_artifacts(store, "explanations/report.html", str(tmp_path))
    with open(page, encoding="utf-8") as stream:
        assert '["disagree","kiosks","ann",' in stream.read()
    exported = pd.read_csv(tmp_path / "labels.csv", dtype=str)
    assert set(exported["rater"]) == {"frey_osborne_2017", "ann"}
    added = exported.query("rater == 'ann'")
    assert added[["code", "label"]].to_numpy().tolist() == [["35-3031", "1"]]
    assert earlier_verdicts("jobs.csv")["code"].tolist() == ["35-3031"]
    assert earlier_verdicts("other.csv").empty

    # The same labels, without a file between: for train --reviews.
    behind = labels_with_reviews([store], DEFAULT_LABELS)
    assert behind.added == 1 and behind.left_out.empty
    assert behind.text.splitlines()[-1].startswith("35-3031,1,0.5,ann,kiosks")

    many = tmp_path / "many.csv"
    many.write_text("code,verdict\n43-9021,agree\n4131,Unsure\n", encoding="utf-8")
    run = CliRunner().invoke(occurisk, ["review", "latest", "--csv", str(many), "--reviewer", "bob"])
    assert run.exit_code == 0, run.output
    assert len(read_review(store).verdicts) == 3
    with pytest.raises(OccuriskError, match="no run 'nonesuch'"):
        read_review("nonesuch")


@QUIET
def test_the_labels_of_the_reviewed_model_come_first(store, tmp_path):
    own = own_bundle(tmp_path)
    with tracking.run(tracking.SCORING, "own", {"occurisk.model_version": own.version}) as mlflow:
        log_explanations(mlflow, small_explained(), About("jobs.csv", own.version, "now"), describe=False)
    path = tmp_path / "labels.csv"
    arguments = [
        *("review", "latest", "--occupation", "35-3031", "--verdict", "agree", "--reviewer", "ann"),
        *("--export", str(path), "--models-dir"),
    ]
    run = CliRunner().invoke(occurisk, [*arguments, str(own.path.parent)])
    assert run.exit_code == 0, run.output
    assert f"the labels of 35 occupations that {own.version} was trained on" in run.output
    exported = pd.read_csv(path, dtype={"code": str})
    before = pd.read_csv(tmp_path / "own.csv", dtype={"code": str})
    kept = exported.query("rater == 'own'")
    pd.testing.assert_frame_equal(kept[list(before.columns)], before)
    assert exported["rater"].tolist() == ["own"] * 35 + ["ann"]

    (tmp_path / "own.csv").unlink()
    run = CliRunner().invoke(occurisk, [*arguments, str(own.path.parent)])
    assert run.exit_code == 0 and "labels of its scores" not in run.output
    found = load_labels(path, known=own.attributes.index)
    assert found.y.drop("35-3031").to_dict() == before.set_index("code")["label"].to_dict()
    assert len(found.published) == own.reference["published_probability"].notna().sum()

    run = CliRunner().invoke(occurisk, [*arguments, str(models_dir())])
    assert isinstance(run.exception, BundleError) and own.version in str(run.exception)


@QUIET
def test_a_review_is_stored_and_exported_before_a_word_is_said(store, tmp_path, monkeypatch):
    own = own_bundle(tmp_path)
    with tracking.run(tracking.SCORING, "own", {"occurisk.model_version": own.version}) as mlflow:
        log_explanations(mlflow, small_explained(), About("jobs.csv", own.version, "now"), describe=False)
    given = read_review("own").verdicts
    files = [tmp_path / "figures.json", tmp_path / "exported.csv"]
    stream = Watching(files)
    monkeypatch.setattr("sys.stdout", stream)
    words = ("review", "own", "--occupation", "35-3031", "--verdict", "agree", "--reviewer", "ann")
    places = ("--json", files[0], "--export", files[1], "--models-dir", own.path.parent)
    occurisk.main([*words, *map(str, places)], standalone_mode=False)
    assert stream.there == [True, True]
    assert len(read_review("own").verdicts) == len(given) + 1


@QUIET
def test_the_run_holds_everything_a_reviewer_needs(store):
    mlflow = __import__("mlflow")
    client = mlflow.MlflowClient()
    names = {Path.path for Path in client.list_artifacts(store, "explanations")}
    for wanted in (
        "report.html",
        "table.json",
        "explanations.parquet",
        "beeswarm.png",
        "waterfall_35-3031.png",
    ):
        assert f"explanations/{wanted}" in names
    run = client.get_run(store)
    note = run.data.tags["mlflow.note.content"]
    assert f"/runs/{store}/artifacts/explanations/report.html" in note
    shown = mlflow.load_table("explanations/table.json", run_ids=[store])
    assert shown["code"].tolist() == ["35-3031", "43-9021", "4131"]
    assert list(full_table(small_explained()).columns[:3]) == ["code", "title", "probability"]
