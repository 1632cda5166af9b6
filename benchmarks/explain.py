"""What explanations cost: `python benchmarks/explain.py [--json PATH]`, one thread.

The goals: all reference occupations with their bootstrap spread under 10 s; a registry pays per distinct
code; the report of 1,000 occupations under 5 s and 10 MB.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pandas as pd

from occurisk.explanation.explained_list import explain_list
from occurisk.explanation.interactions import interactions
from occurisk.explanation.reference import explain_reference
from occurisk.explanation.smallest_change import smallest_changes
from occurisk.explanation.tree_leaves import read_leaves
from occurisk.model.contributions import explain
from occurisk.model.training import train_default
from occurisk.report.explanation_charts import figure_set
from occurisk.report.explanation_page import render
from occurisk.report.explanation_payload import About
from occurisk.report.explanation_tables import full_table, table


def main() -> None:
    """Measure each part, best of three; print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    bundle = train_default(Path(tempfile.mkdtemp()))
    X, model = bundle.attributes, bundle.model
    leaves = read_leaves(model.booster_)
    reference = explain_reference(bundle)
    explained = explain_list(bundle.reference, reference)
    thousand = pd.DataFrame(
        {
            "code": [f"{i:04d}" for i in range(1000)],
            "soc": bundle.reference.index[np.arange(1000) % len(X)],
            "weight": 1.0,
        }
    )
    rows = bundle.reference.loc[thousand["soc"]].set_axis(thousand["code"])
    long = explain_list(rows, reference, thousand)
    about = About("benchmark", bundle.version, "now")

    def fresh_page() -> str:
        long._words.clear()
        return render(long, about)

    parts = {
        f"contributions, {len(X)} occupations": lambda: explain(model, X, replicas=0),
        "the same with 60 replicas": lambda: explain(model, X),
        "smallest changes, all": lambda: smallest_changes(leaves, X, X, bundle.catalogue, bundle.bands),
        "everything for all reference occupations": lambda: explain_reference(bundle),
        "everything for 50 occupations": lambda: explain_reference(bundle, X.index[:50]),
        "interactions of all pairs (shap)": lambda: interactions(model, X),
        "words and page of 1,000 occupations": fresh_page,
        "page again, words known": lambda: render(long, about),
        "table": lambda: table(explained),
        "full table": lambda: full_table(explained),
        "ten pictures drawn": lambda: figure_set(explained),
    }
    seconds = {}
    for name, part in parts.items():
        walls, cpus = [], []
        for _ in range(3):
            wall, cpu = time.perf_counter(), time.process_time()
            part()
            walls.append(time.perf_counter() - wall)
            cpus.append(time.process_time() - cpu)
        seconds[name] = {"wall": round(min(walls), 2), "cpu": round(min(cpus), 2)}
        print(f"{min(walls):8.2f} s wall {min(cpus):8.2f} s CPU  {name}")
    size = len(fresh_page().encode()) / 1e6
    print(f"{size:8.2f} MB page of 1,000 occupations")
    changes = smallest_changes(leaves, X, X, bundle.catalogue, bundle.bands, link=bundle.link)
    print(f"{1 - changes['found'].mean():8.0%} of the occupations have no change within reach")
    if arguments.json:
        arguments.json.write_text(json.dumps({"seconds": seconds, "page_mb": round(size, 2)}, indent=1))


if __name__ == "__main__":
    main()
