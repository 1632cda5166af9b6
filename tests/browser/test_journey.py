"""The reviewer's way through MLflow, in a real browser: list, headline, queue, verdict, next; then home."""

import re

import pytest
from click.testing import CliRunner

from helpers.browsers import chromium, mlflow_server
from helpers.journey import choose, filter_by_tag, give_reason, go, press, text_of, wait
from helpers.trained import default_bundle, models_dir
from occurisk.cli import occurisk
from occurisk.scoring.score import score_registry
from occurisk.tracking.interface import start_page
from occurisk.tracking.reviewing.reviews import read_review
from occurisk.tracking.scoring_run import TrackOptions, track_scoring
from occurisk.tracking.store import UI_ADDRESS

# Third-party tools warn at import and at shutdown.
pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.covered_elsewhere,
    pytest.mark.filterwarnings("ignore"),
]
LIST = "isco,jobs\n2411,100\n4110,50\n5223,30\n9112,20\n4131,25\n7231,40\n"


def test_a_reviewer_finds_the_list_and_judges_it_in_russian(tmp_path, monkeypatch):
    (tmp_path / "jobs.csv").write_text(LIST, encoding="utf-8")
    bundle = default_bundle()
    scored = score_registry(bundle, tmp_path / "jobs.csv", tmp_path / "out")
    with mlflow_server(tmp_path) as address, chromium(2400, 1000) as driver:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
        run = track_scoring(scored, bundle, TrackOptions("ru", queue=4))

        go(driver, start_page(5000).replace(UI_ADDRESS, address), "0 of 4")
        headline = scored.account.national
        assert f"{100 * headline.share_high:.0f}% (" in text_of(driver)

        go(driver, run.queue, "jobs.csv")
        press(driver, "Start review")
        wait(lambda: "0 of 4 reviewed" in text_of(driver))
        # Under its Russian name.
        code = wait(lambda: re.search(r"[а-я].*\b(\d{4})\b", text_of(driver)))[1]
        choose(driver, "вердикт", "завышено")
        give_reason(driver, "Сверка счетов уже идёт без людей")
        press(driver, "Submit")
        wait(lambda: "1 of 4 reviewed" in text_of(driver))
        press(driver, "Next unreviewed")
        wait(lambda: code not in text_of(driver) and "1 of 4 reviewed" in text_of(driver))

        said = CliRunner().invoke(
            occurisk, ["review", run.run_id, "--collect", "--models-dir", str(models_dir())]
        )
        assert said.exit_code == 0, said.output
        assert "1 new verdicts came from the review queue" in said.output
        row = read_review(run.run_id).verdicts.iloc[0]
        assert row[["code", "verdict", "reviewer"]].tolist() == [code, "too high", "default"]
        assert row["note"] == "Сверка счетов уже идёт без людей"
        go(driver, start_page(5000).replace(UI_ADDRESS, address), "1 of 4")

        # The list of traces filters by the tags of the items.
        driver.get(f"{address}/#/experiments/{run.experiment_id}/traces")
        in_list = re.compile(r"\((\d{4})\)\?")
        listed = set(wait(lambda: len(found := in_list.findall(text_of(driver))) == 4 and found, 60))
        band = read_review(run.run_id).scored["band"]
        high = {code for code in listed if band[code] == "high"}
        assert high and high != listed
        filter_by_tag(driver, "occurisk.band", "high")
        wait(lambda: set(in_list.findall(text_of(driver))) == high)
