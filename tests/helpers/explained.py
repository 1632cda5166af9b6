"""Explained lists of the default model, made once per test process, and a model of other labels."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.trained import default_bundle
from occurisk.explanation.explained_list import ExplainedList, explain_list
from occurisk.explanation.reference import Reference, kept_reference
from occurisk.model.bundles.bundle import Bundle
from occurisk.model.training import load_data, train
from occurisk.training_data.labels import DEFAULT_LABELS


def own_bundle(folder: Path) -> Bundle:
    """A model of other labels (in `folder`, unequal confidence), another prior, fewer replicas and trees."""
    labels = pd.read_csv(DEFAULT_LABELS, dtype=str)[["code", "label"]].dropna()[::2]
    labels["weight"] = np.where(labels["code"] < "35", 0.3, 1.0)
    labels.to_csv(folder / "own.csv", index=False)
    data = load_data(labels=folder / "own.csv")
    teacher = data.settings.model.teacher.model_copy(update={"prior_variance": 0.3})
    student = data.settings.model.student.model_copy(update={"rounds": 100})
    model = data.settings.model.model_copy(update={"teacher": teacher, "student": student, "replicas": 20})
    settings = data.settings.model_copy(update={"name": "own", "model": model})
    return train(replace(data, settings=settings), folder / "models").bundle


@cache
def reference() -> Reference:
    """What explains the default model, worked out once a test run."""
    return kept_reference(default_bundle())


@cache
def reference_explained() -> ExplainedList:
    """All reference occupations, with made-up weights that are the same every time."""
    bundle = default_bundle()
    weight = np.random.default_rng(1).lognormal(9, 1.2, len(bundle.reference)).round()
    return explain_list(bundle.reference.assign(weight=weight), reference())


def small_explained(**titles: str) -> ExplainedList:
    """Data entry keyers, waiters and an ISCO code of two members; other titles by code, dashes as _."""
    bundle = default_bundle()
    codes = ["43-9021", "35-3031"]
    own = bundle.reference.loc[codes, ["title", "probability", "lower", "upper", "band", "stability"]]
    mixed = pd.DataFrame(
        {
            "title": "Typists and word processing operators",
            "probability": 0.9,
            "lower": 0.8,
            "upper": 0.95,
            "band": "high",
            "stability": "robustly high",
        },
        index=["4131"],
    )
    rows = pd.concat([own, mixed])
    rows["weight"] = [100.0, 300.0, 50.0]
    for code, title in titles.items():
        rows.loc[code.strip("_").replace("_", "-"), "title"] = title
    members = pd.DataFrame(
        {
            "code": ["43-9021", "35-3031", "4131", "4131"],
            "soc": ["43-9021", "35-3031", "43-9022", "43-9021"],
            "weight": [1, 1, 3, 1],
        }
    )
    return explain_list(rows, reference(), members)
