"""A cluster of two workers on the loopback address, one of which dies at its work."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from itertools import cycle, islice
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

pyspark = pytest.importorskip("pyspark", reason="needs PySpark: make test-spark")
if not shutil.which("java"):
    pytest.skip("needs Java 17", allow_module_level=True)
pytestmark = pytest.mark.slow
FILES, ROWS = 24, 50_000
CODES = ["2411", "4110", "8322", "9112", "5223", "2512", "9999x", "0110", "2221", "3313", ""]
LONGEST = 180


class Cluster:
    """A master and two workers of one core, as processes of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {**os.environ, "SPARK_LOCAL_IP": "127.0.0.1", "PYSPARK_PYTHON": sys.executable}
        self.environment |= {"SPARK_WORKER_DIR": str(folder / "work"), "SPARK_HOME": pyspark.__path__[0]}
        self.processes = [self._start("master.Master", "--port", "0", "--webui-port", "0")]
        self.url = self._said("master.Master", r"Starting Spark master at (spark://[\d.:]+)")
        more = ("--cores", "1", "--memory", "1g", "--webui-port", "0", self.url)
        self.processes += [self._start("worker.Worker", *more, name=f"worker{i}") for i in (1, 2)]
        for i in (1, 2):
            self._said(f"worker{i}", "Successfully registered with master")

    def _start(self, kind: str, *arguments: str, name: str = "") -> subprocess.Popen:
        command = [Path(pyspark.__path__[0]) / "bin" / "spark-class", f"org.apache.spark.deploy.{kind}"]
        with (self.folder / f"{name or kind}.log").open("w") as log:
            return subprocess.Popen(
                [*command, "--host", "127.0.0.1", *arguments],
                env=self.environment, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def _said(self, name: str, pattern: str) -> str:
        log, end = self.folder / f"{name}.log", time.monotonic() + LONGEST
        while time.monotonic() < end:
            if found := re.search(pattern, log.read_text()):
                return found[found.lastindex or 0]
            time.sleep(0.1)
        raise AssertionError(f"{name} never said {pattern}:\n{log.read_text()[-2000:]}")

    def kill_a_worker(self) -> None:
        """Kill the second worker and its executor, as a machine that loses its power."""
        self._end(self.processes.pop())

    def stop(self) -> None:
        for process in self.processes:
            self._end(process)

    @staticmethod
    def _end(process: subprocess.Popen) -> None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    made = Cluster(tmp_path_factory.mktemp("cluster"))
    yield made
    made.stop()


@pytest.fixture(scope="module")
def register(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("register") / "jobs"
    folder.mkdir()
    codes = list(islice(cycle(CODES), ROWS))
    for i in range(FILES):
        table = pd.DataFrame({"person": range(i * ROWS, (i + 1) * ROWS), "code": codes, "jobs": 0.1})
        table.to_parquet(folder / f"{i:02d}.parquet", index=False)
    return folder


def score(cluster, register, out, *arguments) -> subprocess.Popen:
    command = [sys.executable, "-m", "occurisk", "score", "--engine", "spark", "--master", cluster.url]
    command += [register, "--out", out, "--no-track", *arguments]
    return subprocess.Popen(
        list(map(str, command)),
        env=cluster.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def check_nothing_lost(out: Path) -> None:
    scored, aside = (
        pq.read_table(out / f"{name}.parquet", columns=["person"])["person"].to_pylist()
        for name in ("scored", "unscored")
    )
    assert sorted(scored + aside) == list(range(FILES * ROWS))
    totals = json.loads((out / "intake.json").read_text())["totals"]
    assert totals["rows_in"] == FILES * ROWS == totals["rows_scored"] + totals["rows_unscored"]
    assert (totals["rows_scored"], totals["rows_unscored"]) == (len(scored), len(aside))
    assert totals["weight_in"] == FILES * ROWS / 10  # to the last digit, a tenth of a job at a time


def test_a_worker_that_is_killed_at_its_work_loses_nothing(model, cluster, register, tmp_path):
    out = tmp_path / "scored"
    run = score(cluster, register, out, "--models-dir", model.path.parent)
    end = time.monotonic() + LONGEST
    while not list(tmp_path.rglob("part-*.parquet")):  # some tasks have written, others have not
        assert run.poll() is None and time.monotonic() < end, run.communicate()
        time.sleep(0.02)
    written = len(list(tmp_path.rglob("part-*.parquet")))
    cluster.kill_a_worker()
    _, complaints = run.communicate(timeout=LONGEST)
    assert run.returncode == 0, complaints
    assert written < FILES  # else it died too late to prove anything
    check_nothing_lost(out)
