"""An evaluation in words and Markdown tables, as the model card and the terminal show it."""

from __future__ import annotations

from occurisk.evaluation.baselines import LIGHTGBM, TITLES
from occurisk.evaluation.protocol import METRICS, Evaluation
from occurisk.model.bundles.model_card import HeldOut


def held_out(evaluation: Evaluation) -> HeldOut:
    """Return what a model version keeps of an evaluation."""
    return HeldOut(evaluation.to_json(), quality(evaluation), calibration(evaluation))


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
    for name in evaluation.summary().index.drop(LIGHTGBM):
        row = evaluation.paired(str(name)).loc["log_loss"]
        if row["upper"] < 0:
            outcome = "LightGBM is better"
        elif row["difference"] < 0:
            outcome = f"LightGBM is ahead, within the noise of {evaluation.labelled} labels"
        else:
            outcome = "**LightGBM does not win**"
        sentences.append(
            f"- against {TITLES.get(str(name), name)}: {outcome} "
            f"(log-loss {row['difference']:+.3f}, 95% interval {row['lower']:+.3f} to {row['upper']:+.3f}, "
            "corrected for overlapping halves)."
        )
    return "\n".join(sentences)


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
