"""Time of training and evaluation beside scikit-learn's Gaussian process, on the same halves, in one process.

Run: .venv/bin/python benchmarks/training.py [--splits 40]
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np

from occurisk.evaluation.baselines import BASELINES, Contest
from occurisk.evaluation.protocol import evaluate_data
from occurisk.model.training import load_data


def timed(work, repeats: int = 3) -> float:
    """Return the best of some wall times, in seconds: what the machine can do when it is let."""
    took = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        took.append(time.perf_counter() - start)
    return min(took)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--splits", type=int, default=40)
    arguments = parser.parse_args()
    data = load_data()
    y, weight = (series.to_numpy() for series in data.labels.on(data.X.index))
    rows = data.X.index.get_indexer(data.labels.y.index)
    nothing = Contest(data.X, y, weight, data.classifier(), ())
    rng = np.random.default_rng(0)
    pairs = [np.split(rng.permutation(rows), 2) for _ in range(arguments.splits)]

    def run(contest: Contest) -> None:
        for train, test in pairs:
            contest.predict(train, test)

    ours = timed(lambda: run(nothing))
    print(f"{arguments.splits} halves, one process; ratios are against LightGBM with its teacher\n")
    print("| model | s per fit and prediction | ratio |")
    print("|---|---|---|")
    print(f"| occurisk: teacher and LightGBM | {ours / arguments.splits:.3f} | 1.0 |")
    for name in ("gp_rbf_9", "gp_rbf", "gp_linear", "logistic", "lightgbm_labels_only", "extra_trees"):
        both = timed(lambda name=name: run(Contest(data.X, y, weight, data.classifier(), (name,))), repeats=2)
        alone = max(both - ours, 0.0)
        print(f"| {BASELINES[name][0]} | {alone / arguments.splits:.3f} | {alone / ours:.1f} |")

    full = timed(lambda: data.classifier().fit(data.X, y, weight), repeats=2)
    print(f"\nTraining with {data.settings.model.replicas} replicas: {full:.1f} s")
    for jobs in (1, 2):
        took = timed(lambda jobs=jobs: evaluate_data(data, jobs=jobs), repeats=1)
        halves = data.settings.evaluation.splits
        print(f"Evaluation, {halves} halves, all baselines, {jobs} process(es): {took:.1f} s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"Peak memory of this process: {peak:.0f} MiB")


if __name__ == "__main__":
    main()
