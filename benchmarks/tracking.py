"""What tracking costs: `python benchmarks/tracking.py [--models-dir DIR] [--json PATH]`, on a new store.

The goals: a tracked score of 1,000 codes takes at most 4 s longer than one that is not tracked, and a review
queue of 40 at most 3 s more. The peer is bare MLflow that logs as many figures and the same files.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from occurisk.model.bundles.current import find_bundle
from occurisk.model.training import train_default
from occurisk.occupations.coding_systems import ONET_SOC
from occurisk.occupations.concordances import load_tables

CODES = 1000
PEER = """
import sys, mlflow
mlflow.set_tracking_uri(sys.argv[1])
mlflow.set_experiment(experiment_id=sys.argv[2])
with mlflow.start_run(run_name="bare"):
    mlflow.log_params({"a": 1, "b": 2, "c": 3})
    mlflow.log_metrics({f"m{i}": i / 10 for i in range(10)})
    mlflow.set_tags({f"t{i}": "x" for i in range(10)})
    mlflow.log_artifacts(sys.argv[3])
"""


def main() -> None:
    """Measure each command in a process of its own, best of three; print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--models-dir", type=Path, help="A trained model.  [default: train one]")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="occurisk-bench-") as scratch:
        folder = Path(scratch)
        models = arguments.models_dir or folder / "models"
        find_bundle(models, train=train_default)
        found = measure(folder, models)
    bare = found["score, not tracked"]["seconds"]
    print(f"{'':34} {'seconds':>8} {'more':>6} {'CPU':>6}")
    for name, row in found.items():
        more = "" if name.startswith(("bare", "score, not")) else f"{row['seconds'] - bare:.1f}"
        print(f"{name:34} {row['seconds']:8.1f} {more:>6} {row['cpu']:6.1f}")
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=1))


def measure(folder: Path, models: Path) -> dict[str, dict[str, float]]:
    """Return wall and CPU seconds of each command, on a store that exists."""
    path = folder / "jobs.csv"
    codes = sorted(load_tables().known(ONET_SOC))[:CODES]
    jobs = np.random.default_rng(1).lognormal(8, 1, len(codes)).round()
    pd.DataFrame({"onetsoc": codes, "jobs": jobs}).to_csv(path, index=False)
    uri = f"sqlite:///{folder}/mlflow.db"
    os.environ["MLFLOW_TRACKING_URI"] = uri
    score = [
        *(sys.executable, "-m", "occurisk", "score", str(path), "--out", str(folder / "out"), "--force"),
        *("--models-dir", str(models)),
    ]
    subprocess.run([*score, "--queue", "0"], check=True, stdout=subprocess.DEVNULL)
    files = next(folder.glob("artifacts/occurisk-scoring/*/artifacts"))
    commands = {
        "score, not tracked": [*score, "--no-track"],
        "score, tracked": [*score, "--queue", "0"],
        "score, tracked, a queue of 40": [*score, "--queue", "40"],
        "bare MLflow, the same files": [sys.executable, "-c", PEER, uri, "1", str(files)],
    }
    return {
        name: min((once(c) for _ in range(3)), key=lambda r: r["seconds"]) for name, c in commands.items()
    }


def once(command: list[str]) -> dict[str, float]:
    """Run a command; return wall and CPU seconds."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    seconds, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"seconds": seconds, "cpu": cpu}


if __name__ == "__main__":
    main()
