"""`occurisk ui --auth`: six people with accounts judge a list at once; all of it comes home with names."""

import os
import re
import sqlite3
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
import requests
from click.testing import CliRunner
from werkzeug.security import generate_password_hash

from helpers.browsers import chromium, serving
from helpers.journey import choose, give_reason, go, press, text_of, wait
from helpers.stores import new_store
from helpers.trained import default_bundle, models_dir
from occurisk.cli import occurisk
from occurisk.errors import TrackingError
from occurisk.scoring.score import score_registry
from occurisk.tracking.accounts import add_reviewer, auth_folder, has_accounts
from occurisk.tracking.interface import ui_command
from occurisk.tracking.reviewing.queue import VERDICTS
from occurisk.tracking.reviewing.reviews import collect, read_review
from occurisk.tracking.scoring_run import TrackOptions, track_scoring

# Third-party tools warn at import and at shutdown.
pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
SIX = ("aigerim", "bolat", "chen", "dana", "erlan", "farida")


@pytest.fixture
def desk(tmp_path, monkeypatch):
    """A list with a queue for each of six, and the server where they log in: its address, run, passwords."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", new_store(tmp_path))
    monkeypatch.setenv("MLFLOW_AUTH_ADMIN_PASSWORD", "a long password")
    (tmp_path / "jobs.csv").write_text("isco,jobs\n2411,100\n4110,50\n5223,30\n", encoding="utf-8")
    bundle = default_bundle()
    scored = score_registry(bundle, tmp_path / "jobs.csv", tmp_path / "out")
    run = track_scoring(scored, bundle, TrackOptions(queue=3, reviewers=SIX))
    arguments, environment = ui_command(1, auth=True)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert not has_accounts("http://127.0.0.1:1")
    # `serving` puts the port, which is free, at the end.
    at = arguments.index("--port")
    command = [sys.executable, *arguments[:at], *arguments[at + 2 :], "--port"]
    with serving(tmp_path, command, environment, "health") as address:
        assert has_accounts(address)
        passwords = {name: add_reviewer(address, name) for name in SIX}
        assert all(passwords.values()) and add_reviewer(address, SIX[0]) == ""
        _hash_quickly(passwords)
        yield address, run, passwords


def _hash_quickly(passwords):
    """MLflow hashes the password of every request, which takes a tenth of a second: here a quicker hash."""
    with closing(sqlite3.connect(auth_folder() / "auth.db")) as database, database:
        for name, password in passwords.items():
            quick = generate_password_hash(password, method="pbkdf2:sha256:1000")
            changed = database.execute("update users set password_hash = ? where username = ?", (quick, name))
            assert changed.rowcount == 1


class Reviewer:
    """Somebody with an account, who asks and answers as MLflow's page does."""

    def __init__(self, address, run, name, password):
        self.name, self.run, self.page = name, run, f"{address}/ajax-api/3.0/mlflow"
        self.session = requests.Session()
        self.session.auth = (name, password)

    def queues(self):
        found = self.get("review-queues/list", experiment_id=self.run.experiment_id)["review_queues"]
        return {queue["users"][0]: queue["queue_id"] for queue in found}

    def get(self, path, **asked):
        reply = self.session.get(f"{self.page}/{path}", params=asked)
        reply.raise_for_status()
        return reply.json()

    def post(self, path, body):
        self.session.post(f"{self.page}/{path}", json=body).raise_for_status()

    def judge(self, verdict):
        """Answer every question of this person's queue, with a reason that names them."""
        queue = self.queues()[self.name]
        for item in self.get("review-queues/items/list", queue_id=queue)["items"]:
            source = {"source_type": "HUMAN", "source_id": self.name}
            said = {"feedback": {"value": verdict}, "rationale": f"{self.name} says so"}
            answer = {"assessment_name": "verdict", "source": source, **said}
            self.post(f"traces/{item['item_id']}/assessments", {"assessment": answer})
            done = {"queue_id": queue, "item_id": item["item_id"], "status": "COMPLETE"}
            self.post("review-queues/items/set-status", done)


def test_six_people_with_accounts_judge_at_once_and_nothing_is_lost(desk, monkeypatch):
    run_store = os.environ["MLFLOW_TRACKING_URI"]
    address, run, passwords = desk
    assert requests.get(f"{address}/ajax-api/2.0/mlflow/users/current", timeout=9).status_code == 401
    people = [Reviewer(address, run, name, passwords[name]) for name in SIX]
    first, *others = people
    # Nobody reads, or answers in, the queue of another.
    with pytest.raises(requests.HTTPError, match="403"):
        first.get("review-queues/get", queue_id=first.queues()["bolat"])

    with ThreadPoolExecutor(5) as pool:
        said = [list(VERDICTS)[place % 3].replace("_", " ") for place in range(5)]
        working = [pool.submit(one.judge, verdict) for one, verdict in zip(others, said, strict=True)]
        # The sixth does it in a browser, meanwhile.
        with chromium(1500, 900) as driver:
            driver.get(address.replace("//", f"//{first.name}:{passwords[first.name]}@"))
            queue = first.queues()[first.name]
            page = f"{address}/#/experiments/{run.experiment_id}/review-queue?selectedQueueId={queue}"
            go(driver, page, "Start review")
            press(driver, "Start review")
            choose(driver, "verdict", "too low")
            give_reason(driver, "aigerim says so")
            press(driver, "Submit")
            wait(lambda: "1 of 3 reviewed" in text_of(driver))
        for one in working:
            one.result(60)

    home = CliRunner().invoke(
        occurisk, ["review", run.run_id, "--collect", "--models-dir", str(models_dir())]
    )
    assert home.exit_code == 0, home.output
    assert "16 new verdicts came from the review queue" in home.output
    verdicts = read_review(run.run_id).verdicts
    assert verdicts["reviewer"].value_counts().to_dict() == {**dict.fromkeys(SIX, 3), "aigerim": 1}
    assert all(row.note == f"{row.reviewer} says so" for row in verdicts.itertuples())
    assert verdicts["time"].str.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d").all()
    for name, verdict in zip(SIX[1:], said, strict=True):
        assert set(verdicts.loc[verdicts["reviewer"] == name, "verdict"]) == {verdict}
    assert "Krippendorff's alpha" in home.output

    # A seventh comes later: asked about the same occupations, with an account made while the server runs.
    command = ["review", run.run_id, "--reviewers", "gulnara", "--models-dir", str(models_dir())]
    added = CliRunner().invoke(occurisk, command)
    assert "Review queue of 3 occupations, one for each of gulnara" in added.output, added.output
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    added = CliRunner().invoke(occurisk, ["ui", "--auth", "--reviewers", "gulnara,bolat"])
    assert added.exit_code == 0 and "bolat has an account, and may judge." in added.output, added.output
    later = Reviewer(address, run, "gulnara", re.search(r"gulnara  password (\S+)", added.output)[1])
    later.judge("agree")
    monkeypatch.setenv("MLFLOW_AUTH_ADMIN_PASSWORD", "not the password")
    refused = CliRunner().invoke(occurisk, ["ui", "--auth", "--reviewers", "hanna"])
    assert isinstance(refused.exception, TrackingError) and "not the password" not in str(refused.exception)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", run_store)
    verdicts = collect(run.run_id)[0].verdicts
    assert (verdicts["reviewer"] == "gulnara").sum() == 3
    assert set(verdicts.loc[verdicts["reviewer"] == "gulnara", "code"]) == {"2411", "4110", "5223"}
