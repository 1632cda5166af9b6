"""Designs of the axis of language models beside the chosen one; docs/experiments.md holds the table.

    python benchmarks/soft_designs.py     some 2 minutes on one core

All labels are predicted once, in five folds of the configuration's seed. The choice was made on such figures:
they are no held-out test of it.
"""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
from scipy.stats import spearmanr
from sklearn.metrics import r2_score
from sklearn.model_selection import KFold
from threadpoolctl import threadpool_limits

from occurisk.model.axes.declaration import chosen_axes
from occurisk.model.training import TrainingData, load_data

DESIGNS: dict[str, dict[str, float]] = {
    "218 attributes, as chosen": {},
    "offset 0.02": {"offset": 0.02},
    "offset 0.1": {"offset": 0.1},
    "400 rounds, 0.3 of the attributes a tree": {"rounds": 400, "feature_fraction": 0.3},
    "0.05 of the attributes a tree": {"feature_fraction": 0.05},
}


def main() -> None:
    """Print a line for each design and model."""
    wide = load_data(chosen_axes("language_models_2023")[0].training)
    theory = load_data()
    few = replace(wide, X=theory.X.reindex(wide.X.index), catalogue=theory.catalogue)
    print("| design | model | R² | ρ | seconds a fit |\n|---|---|---|---|---|")
    with threadpool_limits(1):
        for name, changed in DESIGNS.items():
            measure(name, wide, changed)
        measure("the 25 attributes of theory", few, {})


def measure(name: str, data: TrainingData, changed: dict[str, float]) -> None:
    """Print how well a design predicts held-out labels: its Gaussian process, and LightGBM behind it."""
    y = data.labels.on(data.X.index)[0].to_numpy()
    rows = np.flatnonzero(~np.isnan(y))
    protocol = data.settings.evaluation
    folds = KFold(protocol.splits, shuffle=True, random_state=protocol.seed)
    predicted = np.full((2, len(y)), np.nan)
    started = time.process_time()
    for train, test in folds.split(rows):
        seen = np.full(len(y), np.nan)
        seen[rows[train]] = y[rows[train]]
        model = data.estimator(replicas=0, **changed).fit(data.X, seen)
        at_test = data.X.iloc[rows[test]]
        predicted[:, rows[test]] = model.teacher_scores(at_test), model.predict(at_test)
    seconds = (time.process_time() - started) / protocol.splits
    for kind, p in zip(("Gaussian process", "LightGBM behind it"), predicted, strict=True):
        r2, rho = r2_score(y[rows], p[rows]), spearmanr(y[rows], p[rows]).statistic
        print(f"| {name} | {kind} | {r2:.3f} | {rho:.3f} | {seconds:.1f} |", flush=True)


if __name__ == "__main__":
    main()
