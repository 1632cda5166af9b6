"""An evaluation, and the scores of a model as a whole, in words and Markdown tables."""

from __future__ import annotations

import math

import pandas as pd

from occurisk.background import Progress
from occurisk.evaluation import soft_protocol
from occurisk.evaluation.baselines import AS_TRUE, LIGHTGBM, TITLES
from occurisk.evaluation.label_error_price import count_sure
from occurisk.evaluation.protocol import METRICS, Evaluation, evaluate_data
from occurisk.evaluation.soft_protocol import CUTS, SoftEvaluation, evaluate_soft
from occurisk.model.bundles.model_card import HeldOut
from occurisk.model.label_error import most_errors
from occurisk.model.training import TrainingData, estimator_class, spearman_published
from occurisk.probabilities import MODEL_DEPENDENT


def measure(
    data: TrainingData, progress: Progress | None = None, jobs: int = 1, quick: bool = False
) -> Evaluation | SoftEvaluation:
    """Run the protocol that fits the labels.

    Parameters
    ----------
    data : TrainingData
    progress : callable, optional
        Called with (done, total).
    jobs : int
        Processes; the figures do not depend on it.
    quick : bool
        Of soft labels: one cut into folds, no group held out.
    """
    if not estimator_class(data.settings).soft_labels:
        return evaluate_data(data, progress, jobs)
    return evaluate_soft(data, progress, jobs, cuts=1 if quick else CUTS, groups=not quick)


def held_out(evaluation: Evaluation | SoftEvaluation) -> HeldOut:
    """Return what a model version keeps of an evaluation."""
    if isinstance(evaluation, SoftEvaluation):
        return HeldOut(evaluation.to_json(), soft_quality(evaluation), labels_held(evaluation))
    return HeldOut(evaluation.to_json(), quality(evaluation), calibration(evaluation), price(evaluation))


def soft_quality(evaluation: SoftEvaluation) -> str:
    """Return the table of held-out metrics of soft labels and what follows from it, Markdown."""
    table = evaluation.summary()
    lines = [
        f"Each of the {len(evaluation.first_cut)} labels predicted once, its fold never seen.",
        "",
        "| model | R² | ρ | ρ within major groups |",
        "|---|---|---|---|",
        *(
            f"| {soft_protocol.TITLES[str(name)]} | {' | '.join(f'{value:.3f}' for value in row)} |"
            for name, row in table.iterrows()
        ),
    ]
    if ceiling := evaluation.ceiling():
        lines.append(
            f"| ceiling: one rater told by the other | {ceiling['r2']:.3f} | {ceiling['rho']:.3f} | – |"
        )
    return "\n".join([*lines, "", within_groups(evaluation)])


def within_groups(evaluation: SoftEvaluation) -> str:
    """Say how much of the skill is telling major groups apart."""
    row = evaluation.summary().loc[LIGHTGBM]
    return (
        f"Over all occupations ρ is {row['rho']:.2f}, within a major group {row['rho_within']:.2f}: "
        "much of the skill is to tell desk work from manual work."
    )


def labels_held(evaluation: SoftEvaluation) -> str:
    """Say how often the intervals hold a held-out label, overall and by major group."""
    found = evaluation.labels_held()
    groups = ", ".join(f"{name} {share:.0%}" for name, share in found.drop("all").items())
    return (
        f"Intervals hold {found['all']:.1%} of the held-out labels. By major group of at least "
        f"{soft_protocol.SHOWN_GROUP} labels: {groups}."
    )


def quality(evaluation: Evaluation) -> str:
    """Return the table of held-out metrics and what follows from it, Markdown."""
    lines = [
        f"Mean and standard deviation over {evaluation.splits} stratified random halves of the "
        f"{evaluation.labelled} labels; a test half's labels are never seen.",
        "",
        "| model | AUC | log-loss | Brier |",
        "|---|---|---|---|",
    ]
    for name, row in evaluation.summary().iterrows():
        cells = " | ".join(f"{row[m]:.3f} ± {row[m + '_sd']:.3f}" for m in METRICS)
        lines.append(f"| {TITLES.get(str(name), name)} | {cells} |")
    return "\n".join([*lines, "", verdict(evaluation)])


def verdict(evaluation: Evaluation) -> str:
    """Say in a sentence each whom LightGBM beats, and whom it does not."""
    sentences = []
    for name in evaluation.summary().index.drop([LIGHTGBM, AS_TRUE], errors="ignore"):
        row = evaluation.paired(str(name)).loc["log_loss"]
        if row["upper"] < 0:
            outcome = "LightGBM is better"
        elif row["difference"] < 0:
            outcome = f"LightGBM is ahead, within the noise of {evaluation.labelled} labels"
        else:
            outcome = "**LightGBM does not win**"
        sentences.append(
            f"- against {TITLES.get(str(name), name)}: {outcome} "
            f"(log-loss {row['difference']:+z.3f}, 95% interval {row['lower']:+z.3f} to "
            f"{row['upper']:+z.3f}, corrected for overlapping halves)."
        )
    return "\n".join(sentences)


def price(evaluation: Evaluation) -> str:
    """Say what it costs to reckon with experts who err, and what labels can carry; empty if it does not."""
    if AS_TRUE not in evaluation.leave_one_out:
        return ""
    alone = evaluation.pooled(evaluation.leave_one_out)["log_loss"]
    halves = evaluation.summary()["log_loss"]
    sure, wrong = count_sure(evaluation.leave_one_out[AS_TRUE], evaluation.leave_one_out["y"])
    found = f"{wrong} of them wrong"
    if sure and not wrong:
        found = f"none of them wrong; up to {most_errors(sure):.1%} may be (95% bound, rule of three)"
    return (
        f"With labels taken as true, {sure} of {evaluation.labelled} held-out labels get less than 1% or "
        f"over 99%, {found}. To reckon with experts who err costs held-out log-loss: "
        f"{alone[AS_TRUE]:.3f} becomes {alone[LIGHTGBM]:.3f} with one label out, "
        f"{halves[AS_TRUE]:.3f} becomes {halves[LIGHTGBM]:.3f} in random halves, which tell less of the rate."
    )


def calibration(evaluation: Evaluation) -> str:
    """Return the reliability curve and its error, Markdown."""
    reliability = evaluation.reliability
    rows = [
        f"| {row.predicted:.2f} | {row.observed:.2f} | {row.lower:.2f} – {row.upper:.2f} | {row.n} |"
        for row in reliability.curve.itertuples()
    ]
    curve = ["", "| predicted | observed | 90% bootstrap band | predictions |", "|---|---|---|---|", *rows]
    return (
        f"Expected calibration error of pooled held-out predictions: {reliability.error:.3f} "
        f"({reliability.error_lower:.3f} to {reliability.error_upper:.3f}, bootstrap over occupations). "
        "No calibrator is fitted: see `docs/method.md`.\n" + "\n".join(curve)
    )


def scores_in_words(scores: pd.DataFrame) -> str:
    """Say how many occupations lie in each band, how many robustly, and how near the published list is.

    Parameters
    ----------
    scores : DataFrame
        Of the reference occupations: `band`, `stability`, `probability`, `published_probability`.
    """
    counts = scores["band"].value_counts()
    robust = (scores["stability"] != MODEL_DEPENDENT).mean()
    line = (
        f"{counts.get('high', 0)} occupations high, {counts.get('medium', 0)} medium, "
        f"{counts.get('low', 0)} low; {robust:.0%} robustly so."
    )
    rho = spearman_published(scores)
    if not math.isnan(rho):
        n = int(scores["published_probability"].notna().sum())
        line += f" Spearman correlation with the published probabilities: {rho:.2f} ({n} codes)."
    return line
