"""Measure every design that was weighed for the classifier; docs/experiments.md holds the tables.

    python benchmarks/experiments.py                      print all tables, some 6 minutes on one core
    python benchmarks/experiments.py --only calibration   one table

`docs/outputs.py` keeps what is printed, and renews the tables of the document.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import f as f_distribution
from scipy.stats import t as t_distribution
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, StratifiedShuffleSplit
from threadpoolctl import threadpool_limits

from designs.calibrators import calibrators
from designs.erring import erring
from designs.plain import logistic, plain
from designs.students import PROTOTYPE, Student, ablations, seeds, settings, students
from designs.task import Design, Task, linear, probability
from designs.teachers import attribute_sets, bottlenecks, kernels, priors

PROJECT = Path(__file__).resolve().parents[1]
ORIGINALS = Path(os.environ.get("OCCURISK_ORIGINALS", PROJECT.parent / "shared" / "data"))
HAVE_ORIGINALS = (ORIGINALS / "onet_20" / "soc2010_means.parquet").is_file()
DEVELOPMENT_SEED = 1000
METRICS = ["auc", "log_loss", "brier"]
Split = tuple[np.ndarray, np.ndarray]


def main() -> None:
    """Measure and print what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--splits", type=int, default=100, help="random halves of the labels (100)")
    parser.add_argument("--seed", type=int, default=DEVELOPMENT_SEED, help="of the development halves (1000)")
    parser.add_argument("--only", choices=BLOCKS, nargs="+", help="some of the tables")
    asked = parser.parse_args()
    started = time.perf_counter()
    task = Task.load()
    with threadpool_limits(1):
        for name in asked.only or BLOCKS:
            print(f"\n### {name}\n\n{BLOCKS[name](task, asked.splits, asked.seed)}", flush=True)
    print(f"\n{time.perf_counter() - started:.0f} s in all.", file=sys.stderr)


def measure(task: Task, designs: dict[str, Design], splits: Iterable[Split]) -> pd.DataFrame:
    """Return the held-out metrics: index (design, split), columns auc, log_loss, brier.

    Each design sees the labels of the training half; all designs the same halves, in the same order.
    """
    rows = []
    for split, (train, test) in enumerate(splits):
        for name, design in designs.items():
            f = design(task.rows[train], task.y[train])
            rows.append((name, split, *held_out(task.y[test], f[task.rows[test]])))
        if sys.stderr.isatty():
            print(f"\r{len(designs)} designs, half {split + 1}\033[K\r", end="", file=sys.stderr, flush=True)
    return pd.DataFrame(rows, columns=["design", "split", *METRICS]).set_index(["design", "split"])


def held_out(y: np.ndarray, f: np.ndarray) -> tuple[float, float, float]:
    """AUC, log-loss and Brier score of log-odds."""
    p = probability(f)
    loss = -np.mean(np.where(y == 1, np.log(p), np.log1p(-p)))
    return float(roc_auc_score(y, f)), float(loss), float(np.mean((y - p) ** 2))


def halves(task: Task, count: int, seed: int) -> list[Split]:
    """Stratified random halves of the labels, as `occurisk evaluate` draws them."""
    splitter = StratifiedShuffleSplit(count, test_size=0.5, random_state=seed)
    return list(splitter.split(np.zeros((len(task.y), 1)), task.y))


def compared(scores: pd.DataFrame) -> str:
    """Table of means; and log-loss against the first design, split by split.

    The 95% interval is widened for overlapping halves (Nadeau & Bengio 2003, doi:10.1023/A:1024068626366).
    """
    wide = scores["log_loss"].unstack("split")
    first, *_ = names = list(dict.fromkeys(scores.index.get_level_values("design")))
    count = wide.shape[1]
    quantile = t_distribution.ppf(0.975, count - 1)
    lines = [
        f"| design ({count} halves) | AUC | log-loss | Brier | log-loss against the first (95%) |",
        "|---|---|---|---|---|",
    ]
    for name in names:
        means = scores.loc[name].mean()
        delta = wide.loc[name] - wide.loc[first]
        reach = quantile * delta.std() * np.sqrt(1 / count + 1)
        mean = delta.mean()
        against = "" if name == first else f"{mean:+.3f} ({mean - reach:+.3f} to {mean + reach:+.3f})"
        lines.append(f"| {name} | {' | '.join(f'{means[m]:.3f}' for m in METRICS)} | {against} |")
    return "\n".join(lines) + "\n"


def block(designs: Callable[[Task], dict[str, Design]]) -> Callable[[Task, int, int], str]:
    """Make a block of the development halves from a list of designs."""
    return lambda task, count, seed: compared(measure(task, designs(task), halves(task, count, seed)))


def finalists(task: Task, count: int, _: int) -> str:
    """The chosen recipe, what it nearly was, and every baseline, on the halves of `occurisk evaluate`."""
    without = {"bottlenecks": ()}
    designs = {
        "**occurisk (LightGBM)**": task.product(),
        "its teacher alone": linear(task.features()),
        "test occupations hidden from the student (inductive)": Student(
            task, linear(task.features()), hide=True
        ),
        "without the bottleneck": task.product(**without),
        "teacher without the bottleneck": linear(task.features(blocks=())),
        "student of the linear and RBF teacher": ablations(task)["linear and 10 x RBF teacher"],
        "the prototype": Student(task, logistic(task), hand=5, **PROTOTYPE),
        **plain(task),
    }
    protocol = task.data.settings.evaluation
    return compared(measure(task, designs, halves(task, min(count, protocol.splits), protocol.seed)))


def experts_who_err(task: Task, count: int, _: int) -> str:
    """What it costs to reckon with experts who err, by ways to it, on the halves of `occurisk evaluate`."""
    protocol = task.data.settings.evaluation
    return compared(measure(task, erring(task), halves(task, min(count, protocol.splits), protocol.seed)))


def five_by_two(task: Task, _: int, seed: int) -> str:
    """Five repetitions of 2-fold cross-validation: the combined F test of Alpaydin (1999).

    doi:10.1162/089976699300016007; it holds its level where the resampled t test does not (Dietterich 1998,
    doi:10.1162/089976698300017197). F = sum of the ten squared differences / (2 x sum of the five
    variances), with 10 and 5 degrees of freedom.
    """
    known = plain(task)
    others = {
        "its teacher alone": linear(task.features()),
        **{
            name: known[name]
            for name in known
            if name.startswith("GP RBF") or name == "logistic regression C=1, 25"
        },
    }
    splits = [
        fold
        for repeat in range(5)
        for fold in StratifiedKFold(2, shuffle=True, random_state=seed + repeat).split(task.y, task.y)
    ]
    scores = measure(task, {"occurisk": task.product(), **others}, splits)
    lines = [
        "| occurisk minus | AUC | log-loss | Brier | folds with the lower log-loss |",
        "|---|---|---|---|---|",
    ]
    for name in others:
        delta = (scores.loc["occurisk"] - scores.loc[name])[METRICS]
        cells = [f"{delta[m].mean():+.3f} (p = {combined_f(delta[m].to_numpy()):.3f})" for m in METRICS]
        lines.append(f"| {name} | {' | '.join(cells)} | {(delta['log_loss'] < 0).sum()} of {len(delta)} |")
    return "\n".join(lines) + "\n"


def combined_f(delta: np.ndarray) -> float:
    """Return the p-value of ten differences, the two folds of a repetition side by side."""
    pairs = delta.reshape(5, 2)
    variance = ((pairs - pairs.mean(axis=1, keepdims=True)) ** 2).sum()
    return float(f_distribution.sf((delta**2).sum() / (2 * variance), 10, 5))


BLOCKS: dict[str, Callable[[Task, int, int], str]] = {
    "priors": block(priors),
    "bottlenecks": block(bottlenecks),
    "attributes": block(lambda task: attribute_sets(task, ORIGINALS if HAVE_ORIGINALS else None)),
    "kernels": block(kernels),
    "students": block(students),
    "settings": block(settings),
    "ablations": block(ablations),
    "seeds": block(seeds),
    "calibration": block(calibrators),
    "finalists": finalists,
    "five_by_two": five_by_two,
    "experts_who_err": experts_who_err,
}


if __name__ == "__main__":
    main()
