"""The model card: what a model is for and not for, on what it stands, how good it is, how sure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from occurisk.evaluation.baselines import LIGHTGBM, TITLES
from occurisk.evaluation.protocol import METRICS, Evaluation
from occurisk.settings import Settings


def model_card(
    version: str,
    settings: Settings,
    data: Mapping[str, Any],
    scores: pd.DataFrame,
    evaluation: Evaluation | None,
) -> str:
    """Return the model card in Markdown.

    Parameters
    ----------
    version : str
    settings : Settings
    data : mapping
        Counts and digests of the training data.
    scores : DataFrame
        Reference scores, as `reference_scores` returns them.
    evaluation : Evaluation, optional
        Held-out figures; the card says so if there are none.
    """
    width = (scores["upper"] - scores["lower"]).median()
    robust = (scores["stability"] != "model-dependent").mean()
    parts = [
        f"# Model card: occurisk {version}",
        "## What it is for",
        "Ranking **occupations** by their *susceptibility* to automation with the technology that the labels "
        "speak of, for labour-market research, planning and public debate; with an interval and reasons for "
        "every occupation.",
        "## What it is not for",
        "- Decisions about **individual people**: tasks differ more within an occupation than the score tells.\n"
        "- Forecasts of how many jobs will disappear. The probability is relative; Frey & Osborne made no such "
        "estimate either.\n"
        "- Generative AI. The labels speak of the machine learning and mobile robotics of 2013; the ranks of "
        "exposure to language models run the other way.",
        "## Data",
        f"- {data['occupations']} occupations (SOC 2010) with {data['attributes']} task attributes from O*NET; "
        f"{data['gaps']} gap(s). Source: `{settings.attributes.name}`, sha256 `{data['sha256']['attributes'][:16]}…`.\n"
        f"- {data['labelled']} hand labels, {data['labelled_automatable']} of them automatable: "
        f"`{settings.labels.name}`, sha256 `{data['sha256']['labels'][:16]}…`. The default file holds the labels "
        "of Frey & Osborne (2013/2017), made by experts at one workshop in Oxford, from task descriptions.\n"
        "- Technology vintage: 2013.",
        "## Model",
        "A logistic regression with theory in its prior (the teacher) is fitted on the labelled occupations; "
        "LightGBM with monotone signs (the student) is fitted on the teacher's log-odds of all occupations and "
        "does the scoring. Steps, formulas and sources: `docs/method.md`.",
        "## Held-out quality",
        _quality(evaluation),
        "## Calibration",
        _calibration(evaluation),
        "## Intervals",
        f"{settings.model.coverage:.0%} intervals from {settings.model.replicas} replicas of the labels, teacher and "
        f"student refitted. Median width {width:.2f}; the band of {robust:.0%} of the occupations stands in at least "
        "90% of the replicas. The intervals carry the doubt of seventy labels, not that of the labels' own "
        "truth, nor of technology to come.",
        "## Licence and citation",
        "Code: MIT. Task attributes: O*NET 20.3, US Department of Labor/ETA, CC BY 4.0. Labels and published "
        "probabilities: Frey & Osborne (2017), doi:10.1016/j.techfore.2016.08.019.",
    ]
    return "\n\n".join(parts) + "\n"


def _quality(evaluation: Evaluation | None) -> str:
    if evaluation is None:
        return "Not evaluated in this run: `occurisk evaluate` does it, `occurisk train` too."
    summary = evaluation.summary()
    lines = [
        f"Mean and standard deviation over {evaluation.splits} stratified random halves of the labels; a test "
        "half's labels are never seen.",
        "",
        "| model | AUC | log-loss | Brier |",
        "|---|---|---|---|",
    ]
    for name, row in summary.iterrows():
        cells = " | ".join(f"{row[m]:.3f} ± {row[m + '_sd']:.3f}" for m in METRICS)
        lines.append(f"| {TITLES.get(str(name), name)} | {cells} |")
    return "\n".join([*lines, "", verdict(evaluation)])


def verdict(evaluation: Evaluation) -> str:
    """Say in a sentence each whom LightGBM beats, and whom it does not."""
    sentences = []
    for name in evaluation.summary().index.drop(LIGHTGBM):
        row = evaluation.paired(str(name)).loc["log_loss"]
        if row["upper"] < 0:
            outcome = "LightGBM is better"
        elif row["difference"] < 0:
            outcome = "LightGBM is ahead, within the noise of seventy labels"
        else:
            outcome = "**LightGBM does not win**"
        sentences.append(
            f"- against {TITLES.get(str(name), name)}: {outcome} "
            f"(log-loss {row['difference']:+.3f}, 95% interval {row['lower']:+.3f} to {row['upper']:+.3f}, "
            "corrected for overlapping halves)."
        )
    return "\n".join(sentences)


def _calibration(evaluation: Evaluation | None) -> str:
    if evaluation is None:
        return "Not evaluated in this run."
    found = evaluation.reliability
    rows = [
        f"| {row.predicted:.2f} | {row.observed:.2f} | {row.lower:.2f} – {row.upper:.2f} | {row.n} |"
        for row in found.curve.itertuples()
    ]
    curve = ["", "| predicted | observed | 90% bootstrap band | predictions |", "|---|---|---|---|", *rows]
    return (
        f"Expected calibration error of pooled held-out predictions: {found.error:.3f} "
        f"({found.error_lower:.3f} to {found.error_upper:.3f}, bootstrap over occupations). "
        "No calibrator is fitted: see `docs/method.md`.\n" + "\n".join(curve)
    )
