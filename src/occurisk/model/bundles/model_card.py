"""The model card: what a model is for and not for, on what it stands, how good it is, how sure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from occurisk.files import sha256
from occurisk.model.axes.declaration import Axis, load_axes
from occurisk.model.label_error import NO_ERRORS, SURE, PanelLink
from occurisk.model.settings import GaussianProcessSettings, Settings, TeacherSettings, load_settings
from occurisk.paths import FEATURES
from occurisk.probabilities import logit

NOT_EVALUATED = "Not evaluated in this run: `occurisk evaluate` does it, `occurisk train` too."

_ONET = "O*NET 20.3, US Department of Labor/ETA, CC BY 4.0"
# What the embedded tables are; a table of other bytes is the user's own, and nothing is claimed of it.
_ATTRIBUTE_TABLES = {
    FEATURES / "reference" / "task_attributes.csv": _ONET,
    FEATURES / "reference" / "task_attributes_frey_osborne.csv": _ONET,
}
# By the teacher that a configuration describes: what the labels are called, the model, its replicas.
_WORDS = {
    TeacherSettings: (
        "{labelled} hand labels, {labelled_automatable} of them automatable",
        "A logistic regression with theory in its prior (the teacher) is fitted on the labelled occupations; "
        "LightGBM{signs} (the student) is fitted on the teacher's log-odds of all occupations and does the scoring. "
        "Steps, formulas and sources: `docs/method.md`.",
        "replicas of the labels, teacher and student refitted, prior and rate of error drawn anew",
    ),
    GaussianProcessSettings: (
        "{labelled} labels from 0 to 1, {labelled_automatable} of them in the high band",
        "A Gaussian process with an RBF and a linear kernel (the teacher) is fitted on the labelled occupations; "
        "LightGBM{signs} (the student) is fitted on the log-odds of its mean at all occupations and does the "
        "scoring. Steps, formulas and sources: `docs/axes.md`.",
        "draws from the teacher's posterior, a student fitted to each, and each occupation's own part",
    ),
}


@dataclass(frozen=True)
class HeldOut:
    """What a model version says of its quality; by default, that nobody measured it.

    Attributes
    ----------
    metrics : mapping
        Figures for the manifest, ready for JSON.
    quality, calibration : str
        The same for people, Markdown.
    price : str
        What it costs to reckon with experts who err, and what the labels can carry.
    """

    metrics: Mapping[str, Any] = field(default_factory=dict)
    quality: str = NOT_EVALUATED
    calibration: str = NOT_EVALUATED
    price: str = NOT_EVALUATED


def model_card(
    settings: Settings,
    data: Mapping[str, Any],
    scores: pd.DataFrame,
    held_out: HeldOut | None = None,
    link: PanelLink = NO_ERRORS,
) -> str:
    """Return the model card in Markdown. What it claims of labels and attributes comes from `data`.

    Parameters
    ----------
    settings : Settings
    data : mapping
        Counts and digests of the training data; see `load_data`.
    scores : DataFrame
        Reference scores, as `reference_scores` returns them.
    held_out : HeldOut, optional
        Held-out quality; the card says so if there is none.
    link : PanelLink
        Of the model: how often experts err.
    """
    held_out = held_out or HeldOut()
    table, axis = _attribute_source(data["sha256"]["attributes"]), _axis_of_labels(data["sha256"]["labels"])
    labels = f"{axis.source}, {axis.raters}" if axis else ""
    counted, model, _ = _WORDS[type(settings.model.teacher)]
    parts = [
        f"# Model card: occurisk, configuration `{settings.name}`",
        "## What it is for",
        "Ranking **occupations** by their *susceptibility* to automation with the technology that the labels "
        "speak of, for labour-market research, planning and public debate; with an interval and reasons for "
        "every occupation.",
        "## What it is not for",
        "- Decisions about **individual people**: tasks differ more within an occupation than the score tells.\n"
        "- Forecasts of how many jobs will disappear. The probability is relative; Frey & Osborne made no such "
        "estimate either.\n" + _technology(axis),
        "## Data",
        f"- {data['occupations']} occupations with {data['attributes']} task attributes; {data['gaps']} gap(s). "
        f"File: `{settings.attributes.name}`, {table or 'your own table'}; {_digest(data, 'attributes')}.\n"
        f"- {counted.format(**data)}. "
        f"File: `{settings.labels.name}`, {labels or 'your own labels'}; {_digest(data, 'labels')}.\n"
        f"- Attributes and their expected signs: `{settings.catalogue.name}`; {_digest(data, 'catalogue')}.\n"
        f"- Technology vintage: {axis.year if axis else 'what the raters of these labels had in mind'}.",
        "## Model",
        model.format(signs=" with monotone signs" if settings.model.student.monotone else ""),
        "## Held-out quality",
        held_out.quality,
        "## Calibration",
        held_out.calibration,
        *(["## Experts who err", _errors(scores, held_out, link)] if link.rate else []),
        "## Intervals",
        _intervals(settings, data, scores, link),
        "## Licence and citation",
        _licences(table, labels),
    ]
    return "\n\n".join(parts) + "\n"


def _errors(scores: pd.DataFrame, held_out: HeldOut, link: PanelLink) -> str:
    sure = link.log_odds(scores["probability"])
    beyond = int((abs(sure) > logit(1 - SURE)).sum())
    return (
        "The printed probability is *the chance that a panel of experts would label the occupation automatable*. "
        f"Experts err at a rate that the labels tell: {link.rate:.1%} (posterior mean), below "
        f"{np.quantile(link.rates, 0.9):.1%} with 90% probability. So no probability is below {link.rate:.1%} or "
        f"above {1 - link.rate:.1%}. If every label were taken as true, {beyond} of {len(scores)} occupations "
        f"would lie beyond {SURE:.0%} or {1 - SURE:.0%}.\n\n{held_out.price}"
    )


def _intervals(settings: Settings, data: Mapping[str, Any], scores: pd.DataFrame, link: PanelLink) -> str:
    width = (scores["upper"] - scores["lower"]).median()
    robust = (scores["stability"] != "model-dependent").mean()
    carried = f"the doubt of {data['labelled']} labels" + (", and that experts err" if link.rate else "")
    left = (
        "that of technology to come"
        if link.rate
        else ("the doubt whether the labels are true, nor that of technology to come")
    )
    return (
        f"{settings.model.nominal:.0%} intervals from {settings.model.replicas} "
        f"{_WORDS[type(settings.model.teacher)][2]}. "
        f"Median width {width:.2f}; the band of {robust:.0%} of the occupations stands in "
        f"at least 90% of the replicas. The intervals carry {carried}. They do not carry {left}."
    )


def _technology(axis: Axis | None) -> str:
    if axis:
        return "\n".join(f"- {text}" for text in axis.not_for)
    return "- Any other technology than the one that the raters of these labels had in mind."


def _licences(table: str, labels: str) -> str:
    lines = ["Code: MIT.", f"Task attributes: {table or 'as the owner of your table says'}."]
    lines.append(f"Labels and published probabilities: {labels or 'as the owner of your labels says'}.")
    return " ".join(lines)


def _digest(data: Mapping[str, Any], name: str) -> str:
    return f"sha256 `{data['sha256'][name][:16]}…`"


def _attribute_source(digest: str) -> str:
    """Return whose figures an attribute table holds; empty if it is none of ours."""
    return next((source for path, source in _ATTRIBUTE_TABLES.items() if _is(path, digest)), "")


def _axis_of_labels(digest: str) -> Axis | None:
    """Return the axis that a label file belongs to; None if it is none of ours."""
    return next((a for a in load_axes() if _is(load_settings(a.training).labels, digest)), None)


def _is(path: Path, digest: str) -> bool:
    return path.is_file() and sha256(path) == digest
