"""Titles that were left open: asked in MLflow, answered by two, taken into the user's own list."""

import pytest
from click.testing import CliRunner

from helpers.commands import run
from helpers.stores import new_store
from helpers.trained import default_bundle
from occurisk.cli import occurisk
from occurisk.explanation.words import load_phrases
from occurisk.occupations.titles import own_titles
from occurisk.scoring.score import score_registry
from occurisk.tracking import store
from occurisk.tracking.reviewing.title_queue import CODES_TAG, TITLE_TAG

pytestmark = pytest.mark.filterwarnings("ignore")
BROAD = "Специалист широкого профиля"
STAFF = f"Должность,Численность\nМенеджер,40\nСпециалист,9\nУчитель математики,100\nИнспектор,7\n{BROAD},3\n"


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    folder = tmp_path_factory.mktemp("titles")
    (folder / "staff.csv").write_text(STAFF, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_TRACKING_URI", new_store(folder))
        patch.setattr(own_titles, "own_names_folder", lambda: folder / "own")
        own_titles.matcher_for.cache_clear()
        score_registry(default_bundle(), folder / "staff.csv", folder / "out")
        yield folder
        own_titles.matcher_for.cache_clear()


def answer(mlflow, info, who, value, reason=None):
    question = load_phrases(info.tags["occurisk.language"]).queue["title"]
    source = mlflow.entities.AssessmentSource("HUMAN", who)
    mlflow.log_feedback(trace_id=info.trace_id, name=question, value=value, rationale=reason, source=source)


def items(mlflow):
    experiment = mlflow.get_experiment_by_name(store.SCORING).experiment_id
    found = mlflow.search_traces(locations=[experiment], return_type="list")
    return {(t.info.tags["occurisk.reviewer"], t.info.tags[TITLE_TAG]): t for t in found}


def test_the_largest_title_is_asked_first(desk):
    run("titles", "review", desk / "out", "--queue", "--reviewers", "cem")
    traces = {title: t for (who, title), t in items(store.open_store()).items() if who == "cem"}
    # The browser sorts by this time, the youngest first.
    shown = sorted(traces, key=lambda title: -traces[title].info.request_time)
    assert shown == ["Менеджер", "Специалист", "Инспектор", BROAD]


def test_answers_of_the_browser_decide_titles(desk):
    said = run("titles", "review", desk / "out", "--queue", "--reviewers", "ann,bob", "--lang", "ru")
    assert "titles, one for each of ann, bob" in said and "--collect" in said
    mlflow = store.open_store()
    asked = items(mlflow)
    assert {title for _, title in asked} == {"Менеджер", "Специалист", "Инспектор", BROAD}
    text = asked["ann", BROAD].data.spans[0].outputs["choices"][0]["message"]["content"]
    codes = asked["ann", BROAD].info.tags[CODES_TAG].split()
    assert (
        "Рабочих мест: 3, это 5,1% от" in text
        and f"1. {codes[0]} " in text
        and "не определено: по словам" in text
    )
    words = load_phrases("ru").queue
    none, other = words["title_none"], words["title_other"]
    # Nothing can be said of a manager, but patterns of managers tell what there is to choose from.
    assert words["title_candidates"] in str(asked["ann", "Менеджер"].data.spans[0].outputs)

    for who in ("ann", "bob"):  # they agree; the page of a server without login says `default`
        answer(mlflow, asked[who, BROAD].info, "default", "1")
    answer(mlflow, asked["ann", "Специалист"].info, "ann", other, "2411")
    answer(mlflow, asked["bob", "Специалист"].info, "bob", none)
    answer(mlflow, asked["ann", "Инспектор"].info, "ann", other, "3351, таможня")
    answer(mlflow, asked["bob", "Инспектор"].info, "bob", other, "99999")
    said = run("titles", "review", desk / "out", "--collect")
    assert "Answered by ann, bob." in said
    assert "'Специалист': ann says 2411, bob says none" in said
    assert "'99999' is no code of isco08" in said
    taken = own_titles.read_confirmed("isco08")
    assert taken == {"специалист широкого профиля": codes[0], "инспектор": "3351"}
    again = score_registry(default_bundle(), desk / "staff.csv", desk / "again").rows.set_index("Должность")
    assert again.loc[BROAD, "occurisk_title_reason"] == "confirmed by you"
    # Collected twice, nothing is new.
    assert "0 of them new" in run("titles", "review", desk / "out", "--collect")


@pytest.mark.parametrize("language", ["en", "kk"])
def test_the_queue_speaks_the_readers_language(desk, language):
    said = run(
        "titles", "review", desk / "out", "--queue", "--top", 1, "--lang", language, "--reviewers", language
    )
    assert "Review queue of 1 titles" in said
    words = load_phrases(language).queue
    (trace,) = [trace for (who, _), trace in items(store.open_store()).items() if who == language]
    root = trace.data.spans[0]
    assert root.inputs["messages"][0]["content"] == words["title_question"].format(
        title=trace.info.tags[TITLE_TAG]
    )
    assert words["title_candidates"] in root.outputs["choices"][0]["message"]["content"]


def test_reviewers_without_a_queue_are_a_mistake(desk):
    done = CliRunner().invoke(occurisk, ["titles", "review", str(desk / "out"), "--reviewers", "ann"])
    assert done.exit_code == 2 and "--reviewers goes with --queue" in done.output
