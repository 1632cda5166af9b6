"""What the store says of itself: descriptions of experiments and runs, names, and the figures of a run."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import datetime

from occurisk.explanation.explained_list import ExplainedList
from occurisk.labour_market.summary import MarketSummary
from occurisk.report.explanation_payload import About, summarise
from occurisk.report.explanation_tables import CAP

DESCRIPTION = "mlflow.note.content"
# Key of the view that `occurisk ui` opens: MLflow keeps shared views as tags of the experiment.
VIEW = "occurisk"
SCORING_COLUMNS = (
    "attributes.`Created`", "tags.`headline`", "metrics.`mean_susceptibility`", "metrics.`coverage`",
    "metrics.`jobs`", "params.`model_version`", "tags.`champion`", "tags.`reviewed`",
)  # fmt: skip
TRAINING_COLUMNS = (
    "attributes.`Created`", "metrics.`lightgbm.auc`", "metrics.`lightgbm.log_loss`",
    "metrics.`logistic.log_loss`", "metrics.`calibration_error`", "tags.`champion`",
)  # fmt: skip
_EXPERIMENTS = {
    "occurisk-scoring": """**Scored lists** · [review queues]({queue}) · [runs]({runs}) · [model]({models})

Each run is one list of occupations, jobs or people, scored for its susceptibility to automation.

How to read a run: the column *headline* is the share of jobs in occupations of high susceptibility, with its
90% interval. *coverage* is the share of jobs that have a score. Open a run for its report, its table, and the
national page. In the review queues you say where the scores are wrong.

Susceptibility is not a forecast of lost jobs, and not for decisions about individual people.
""",
    "occurisk-training": """**Trained models** · [registered model]({models}) · [runs]({runs})

Each run trained one model on the experts' labels and the task
attributes of occupations.

How to read a run: *log_loss* and *auc* come from labels that the model had not seen. *logistic* is the simple
baseline beside it. The run tagged *champion* is the model in use; its page has the model card.
""",
}

# Characters that Markdown would read as more than text.
_SPECIAL = str.maketrans({c: "\\" + c for c in "\\`*_{}[]()#+!|~<>&"})


def description(
    explained: ExplainedList,
    about: About,
    links: Mapping[str, str] | None = None,
    figures: Mapping[str, float] | None = None,
) -> str:
    """Describe a run in Markdown: the figures, and the five things to look at.

    Parameters
    ----------
    explained : ExplainedList
    about : About
    links : mapping of str to str, optional
        Deep links: `report`, `table`, `beeswarm`, `queue`, `model`.
    figures : mapping of str to float, optional
        The headline and its interval, as `plain_metrics` gives them; else each code counts in one band.

    Returns
    -------
    str
        For the tag `mlflow.note.content`.
    """
    links = dict(links or {})
    s = summarise(explained.rows)
    shown = dict(figures or {}) or {
        "share_high": s.high, "share_medium": s.medium, "share_low": s.low, "mean_susceptibility": s.mean,
    }  # fmt: skip
    how = "weighted" if s.weighted else "each occupation counted once"
    rows = explained.rows
    widest = (rows["upper"] - rows["lower"]).astype(float).nlargest(3).index
    shaky = int((rows["stability"] == "model-dependent").sum())
    named = ", ".join(f"{_plain(rows.at[code, 'title'])} ({code})" for code in widest)
    cap = f" (the {CAP:,} heaviest of {len(rows):,})" if len(rows) > CAP else ""

    moves = "*What the model looks at*, in the report"
    if "beeswarm" in links:
        moves = f"[`explanations/beeswarm.png`]({links['beeswarm']})"

    def link(key: str, text: str) -> str:
        return f"[{text}]({links[key]})" if key in links else text

    of = "jobs are in occupations" if s.weighted else "occupations are"
    # MLflow folds a description after some lines: what matters most stands first.
    lines = [
        f"**{headline(shown)}** of {of} of high susceptibility (in brackets: 90% interval).",
        "",
        f"Open: {link('report', 'report')} · {link('table', 'table')} · {link('queue', 'review queue')}",
        "",
        f"Medium {_share(shown['share_medium'])} · low {_share(shown['share_low'])} · "
        f"mean {shown['mean_susceptibility']:.3f} · coverage {_share(shown.get('coverage', math.nan))} · "
        f"rows without a score: {_unscored(about)}",
        "",
        f"**{_plain(about.name)}**, scored by {link('model', f'model {_plain(about.model)}')}, "
        f"{_plain(about.made)}.",
        *(f"\n**Warning: {_plain(text)}**" for text in about.warnings),
        "",
        f"Shares and mean: {how}. Susceptibility is not a forecast of lost jobs; the labels speak of "
        "technology as of 2013. Not for decisions about individual people.",
        "",
        "### Five things to look at",
        f"1. {link('report', '`explanations/report.html`')}: search an occupation, open it, read why.",
        f"2. {link('table', '`explanations/table.json`')}{cap}: the same as a table; "
        "select two runs and compare.",
        f"3. What moves the list as a whole: {moves}.",
        f"4. The {shaky:,} occupations whose band depends on the model; the widest intervals: {named}.",
        f"5. {link('queue', 'Do you believe it? The review queue')} asks for your verdict on the occupations "
        "that matter most.",
        "",
        "Who holds the risk: `occurisk national FOLDER` makes a run with the national page beside this one.",
    ]
    return "\n".join(lines) + "\n"


def run_tags(about: About) -> dict[str, str]:
    """Return the tags of an explained list: kind and language."""
    return {"occurisk.kind": about.kind, "occurisk.language": about.language}


def headline(metrics: Mapping[str, float], *, short: bool = False) -> str:
    """Return a list's one headline: `41.6% (35.1 to 48.0)`; short, for a narrow column: `42% (35–48)`."""
    share, lower, upper = (metrics.get(f"share_high{end}", math.nan) for end in ("", "_lower", "_upper"))
    if math.isnan(share):
        return "nothing scored"
    interval = "" if math.isnan(lower) else f" ({100 * lower:.1f} to {100 * upper:.1f})"
    if short:
        return f"{100 * share:.0f}%" + (f" ({100 * lower:.0f}–{100 * upper:.0f})" if interval else "")
    return f"{100 * share:.1f}%{interval}"


def run_name(name: str, when: datetime) -> str:
    """Return the name of a run: the list and when it was scored (UTC)."""
    return f"{name} · {when:%Y-%m-%d %H:%M}"


def experiment_tags(name: str, experiment_id: str) -> dict[str, str]:
    """Return the tags of an experiment: what it is, how to read it, and the columns of its run list.

    Parameters
    ----------
    name : str
        `occurisk-scoring` or `occurisk-training`.
    experiment_id : str
    """
    columns = {"occurisk-scoring": SCORING_COLUMNS, "occurisk-training": TRAINING_COLUMNS}.get(name, ())
    view = {
        "searchFilter": "", "orderByKey": "attributes.start_time", "orderByAsc": False, "startTime": "ALL",
        "lifecycleFilter": "Active", "datasetsFilter": [], "modelVersionFilter": "All Runs",
        "selectedColumns": list(columns), "runListHidden": False, "viewMaximized": False,
    }  # fmt: skip
    here = f"#/experiments/{experiment_id}"
    links = {
        "runs": f"{here}/runs?viewStateShareKey={VIEW}&workflowType=machine_learning",
        "queue": f"{here}/review-queue",
        "models": "#/models/occurisk",
    }
    return {
        DESCRIPTION: _EXPERIMENTS.get(name, "").format(**links),
        # The UI asks nothing, and opens with runs instead of traces.
        "mlflow.experimentKind": "custom_model_development",
        f"mlflow.sharedViewState.{VIEW}": json.dumps(view),
    }


def national_description(summary: MarketSummary, links: Mapping[str, str] | None = None) -> str:
    """Describe a run of `occurisk national` in Markdown."""
    page = (links or {}).get("page", "")
    named = f"[`national/national.html`]({page})" if page else "`national/national.html`"
    scenarios = "".join(f"\n- scenario: {_plain(title)}" for title in summary.scenarios)
    by = ", ".join(_plain(key) for key in summary.breakdowns)
    return (
        f"**{_plain(summary.name)}**: **{headline(plain_metrics(summary))}** of the scored jobs lie in "
        f"occupations of high susceptibility (90% interval). Open: {named}\n\n"
        f"- broken down by: {by}{scenarios}\n\n"
        "Susceptibility is not a forecast of lost jobs. Not for decisions about individual people.\n"
    )


def plain_metrics(summary: MarketSummary) -> dict[str, float]:
    """Return the ten figures that every scoring run has, none of them NaN.

    Returns
    -------
    dict
        `share_high`, `mean_susceptibility`, each with `_lower` and `_upper` (90% interval); `share_medium`,
        `share_low`; `coverage`, the share of jobs with a score; `jobs`, all of them.
    """
    figures = summary.figures
    metrics = {
        **{f"share_high{end}": figures[f"share_high{end}"] for end in ("", "_lower", "_upper")},
        **{f"mean_susceptibility{end}": figures[f"expected{end}"] for end in ("", "_lower", "_upper")},
        "share_medium": figures["share_medium"],
        "share_low": figures["share_low"],
        "coverage": figures["coverage"],
        "jobs": figures["jobs"],
    }
    # Four decimals: more would not fit a column, and would claim more than is known.
    return {name: round(float(value), 4) for name, value in metrics.items() if not math.isnan(value)}


def _unscored(about: About) -> str:
    if about.unscored is None:
        return "–"
    return f"{about.unscored:,}" + (f" of {about.rows:,}" if about.rows is not None else "")


def _share(value: float) -> str:
    return "–" if math.isnan(value) else f"{100 * value:.1f}%"


def _plain(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    return " ".join(str(text).split()).translate(_SPECIAL)
