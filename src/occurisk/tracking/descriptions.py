"""What the store says of itself: descriptions of experiments and runs, names, and the figures of a run."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import datetime

from occurisk.explanation.explained_list import ExplainedList
from occurisk.explanation.words import Phrases, load_phrases
from occurisk.labour_market.summary import MarketSummary
from occurisk.model.axes.declaration import Axis, axis_of
from occurisk.probabilities import Bands
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

_SHARES = {"medium": "share_medium", "low": "share_low", "coverage": "coverage"}
# Of the phrases of a run: what is said where nothing was scored.
NOTHING = "nothing"
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
    links, rows = dict(links or {}), explained.rows
    phrases = explained.reference.phrases(about.language)
    words, s = phrases.run, summarise(rows)
    shown = dict(figures or {}) or {
        "share_high": s.high, "share_medium": s.medium, "share_low": s.low, "mean_susceptibility": s.mean,
    }  # fmt: skip
    widest = (rows["upper"] - rows["lower"]).astype(float).nlargest(3).index
    named = ", ".join(f"{_plain(rows.at[code, 'title'])} ({code})" for code in widest)
    shaky = int((rows["stability"] == "model-dependent").sum())
    cap = words["cap"].format(n=f"{CAP:,}", total=f"{len(rows):,}") if len(rows) > CAP else ""
    axis = explained.reference.axis or axis_of("")

    def link(key: str, text: str) -> str:
        return f"[{text}]({links[key]})" if key in links else text

    of = phrases.page["headline_jobs" if s.weighted else "headline_count"]
    model = link("model", words["model"].format(version=_plain(about.model)))
    moves = link("beeswarm", "`explanations/beeswarm.png`") if "beeswarm" in links else words["moves"]
    look_at = [
        words["look_report"].format(report=link("report", "`explanations/report.html`")),
        words["look_table"].format(table=link("table", "`explanations/table.json`"), cap=cap),
        words["look_moves"].format(moves=moves),
        words["look_shaky"].format(n=f"{shaky:,}", named=named),
        words["look_queue"].format(queue=link("queue", words["believe"])),
    ]
    # MLflow folds a description after some lines: what matters most stands first.
    lines = [
        f"**{headline(shown, phrases)}** {of}. {words['brackets']}",
        "",
        words["open"].format(**{key: link(key, words[key]) for key in ("report", "table", "queue")}),
        "",
        f"{_figures(shown, phrases)} · {words['unscored'].format(unscored=_unscored(about, words))}",
        "",
        words["scored_by"].format(name=_plain(about.name), model=model, made=_plain(about.made)),
        *(f"\n**{words['warning'].format(text=_plain(text))}**" for text in about.warnings),
        "",
        " ".join(
            (
                words["weighted" if s.weighted else "counted"],
                *axis.words(about.language).caveats,
                words["notice"],
            )
        ),
        "",
        f"### {words['look_at']}",
        *(f"{number}. {what}" for number, what in enumerate(look_at, 1)),
        "",
        words["national"],
    ]
    return "\n".join(lines) + "\n"


def axis_section(axis: Axis, bands: Bands, figures: Mapping[str, float], language: str = "en") -> str:
    """Describe in Markdown what a further axis says of a list: its figures, and its caveats.

    Parameters
    ----------
    axis : Axis
    bands : Bands
    figures : mapping of str to float
        As `list_metrics` returns them.
    language : {"en", "ru", "kk"}
    """
    own, phrases = axis.words(language), load_phrases(language)
    limit = phrases.number(bands.high, 2)
    high = phrases.run["high_from"].format(limit=limit, headline=headline(figures, phrases))
    said = (f"{high} {phrases.run['brackets']}", _figures(figures, phrases), *own.caveats)
    return f"\n### {phrases.run['too'].format(axis=own.title)}\n" + "".join(f"- {text}\n" for text in said)


def unexplained(figures: Mapping[str, float], why: str, phrases: Phrases) -> str:
    """Describe in Markdown a run whose list is not explained; `why` is a key of the phrases of a run."""
    said = f"**{headline(figures, phrases)}**"
    return said if why == NOTHING else f"{said} {phrases.page['headline_jobs']}. {phrases.run[why]}"


def run_tags(about: About) -> dict[str, str]:
    """Return the tags of an explained list: kind and language."""
    return {"occurisk.kind": about.kind, "occurisk.language": about.language}


def headline(metrics: Mapping[str, float], phrases: Phrases | None = None) -> str:
    """Return a list's one headline: `41.6% (35.1 to 48.0)`; in English, if there are no other phrases."""
    phrases = phrases or load_phrases()
    share, lower, upper = _high(metrics)
    if math.isnan(share):
        return phrases.run[NOTHING]
    ends = {name: phrases.number(100 * value, 1) for name, value in (("lower", lower), ("upper", upper))}
    shown = _share(share, phrases)
    return shown if math.isnan(lower) else phrases.run["between"].format(share=shown, **ends)


def short_headline(metrics: Mapping[str, float]) -> str:
    """Return the headline for a narrow column: `42% (35–48)`."""
    share, lower, upper = _high(metrics)
    if math.isnan(share):
        return "nothing scored"
    return f"{100 * share:.0f}%" + ("" if math.isnan(lower) else f" ({100 * lower:.0f}–{100 * upper:.0f})")


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


def _high(metrics: Mapping[str, float]) -> list[float]:
    """Return the share of high susceptibility and the ends of its interval; NaN where one is not known."""
    return [metrics.get(f"share_high{end}", math.nan) for end in ("", "_lower", "_upper")]


def _figures(metrics: Mapping[str, float], phrases: Phrases) -> str:
    """Return the figures behind the headline, in one line."""
    shares = {name: _share(metrics.get(key, math.nan), phrases) for name, key in _SHARES.items()}
    mean = metrics.get("mean_susceptibility", math.nan)
    return phrases.run["figures"].format(mean="–" if math.isnan(mean) else phrases.number(mean, 3), **shares)


def _unscored(about: About, words: Mapping[str, str]) -> str:
    if about.unscored is None:
        return "–"
    n = f"{about.unscored:,}"
    return n if about.rows is None else words["of_rows"].format(n=n, total=f"{about.rows:,}")


def _share(value: float, phrases: Phrases) -> str:
    return "–" if math.isnan(value) else phrases.percent.format(n=phrases.number(100 * value, 1))


def _plain(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    return " ".join(str(text).split()).translate(_SPECIAL)
