"""What a run says of itself in MLflow: its description, and the names that make the run list informative."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from occurisk.explanation.dossier import Dossier
from occurisk.report.explanation_payload import About, summarise
from occurisk.report.explanation_tables import CAP

# Characters that Markdown would read as more than text.
_SPECIAL = str.maketrans({c: "\\" + c for c in "\\`*_{}[]()#+!|~"} | {"<": "&lt;", ">": "&gt;", "&": "&amp;"})


def description(dossier: Dossier, about: About, links: Mapping[str, str] | None = None) -> str:
    """Describe a run in Markdown: the figures, and the five things to look at.

    Parameters
    ----------
    dossier : Dossier
    about : About
    links : mapping of str to str, optional
        Deep links by artifact: `report`, `table`, `beeswarm`, `figures`, `parquet`, `model`.

    Returns
    -------
    str
        For the tag `mlflow.note.content`.
    """
    links = dict(links or {})
    s = summarise(dossier.rows)
    how = "weighted" if s.weighted else "each occupation counted once"
    rows = dossier.rows
    widest = (rows["upper"] - rows["lower"]).astype(float).nlargest(3).index
    shaky = int((rows["stability"] == "model-dependent").sum())
    named = ", ".join(f"{_plain(rows.at[code, 'title'])} ({code})" for code in widest)
    cap = f" (the {CAP:,} heaviest of {len(rows):,})" if len(rows) > CAP else ""

    def link(key: str, text: str) -> str:
        return f"[{text}]({links[key]})" if key in links else text

    lines = [
        f"**{_plain(about.name)}**, scored by {link('model', f'model {_plain(about.model)}')}, "
        f"{_plain(about.made)}.",
        *(f"\n**Warning: {_plain(text)}**" for text in about.warnings),
        "",
        f"Open: {link('report', 'report')} · {link('table', 'table')} · {link('beeswarm', 'beeswarm')}",
        "",
        "| high susceptibility | medium | low | mean | occupations | rows without a score |",
        "|---|---|---|---|---|---|",
        f"| {_share(s.high)} | {_share(s.medium)} | {_share(s.low)} | {s.mean:.3f} | {s.occupations:,} "
        f"| {_unscored(about)} |",
        "",
        f"Shares and mean: {how}. Susceptibility is not a forecast of lost jobs; the labels speak of "
        "technology as of 2013. Not for decisions about individual people.",
        "",
        "### Five things to look at",
        f"1. {link('report', '`explanations/report.html`')}: search an occupation, open it, read why.",
        f"2. {link('table', '`explanations/table.json`')}{cap}: the same as a table; "
        "select two runs and compare.",
        f"3. {link('beeswarm', '`explanations/beeswarm.png`')}: what moves the list as a whole.",
        f"4. The {shaky:,} occupations whose band depends on the model; the widest intervals: {named}.",
        "5. Do you believe it? Record a verdict: "
        "`occurisk review RUN --occupation CODE --verdict agree|disagree|unsure --note …`",
    ]
    return "\n".join(lines) + "\n"


def run_facts(dossier: Dossier, about: About) -> tuple[dict[str, Any], dict[str, float], dict[str, str]]:
    """Return what the run list should show.

    Returns
    -------
    params, metrics, tags : dict
        `model_version`, `registry`; `share_high`, `share_medium`, `share_low`, `mean_p`, `share_robust`,
        `occupations`, `rows_unscored` (unknown figures are left out); `occurisk.kind`, `occurisk.language`.
    """
    s = summarise(dossier.rows)
    metrics = {
        "share_high": s.high,
        "share_medium": s.medium,
        "share_low": s.low,
        "mean_p": s.mean,
        "share_robust": s.robust,
        "occupations": float(s.occupations),
        "rank_correlation_published": s.rank_correlation,
        "rows_unscored": math.nan if about.unscored is None else float(about.unscored),
        "rows": math.nan if about.rows is None else float(about.rows),
    }
    return (
        {"model_version": about.model, "registry": about.name},
        {name: value for name, value in metrics.items() if not math.isnan(value)},
        {"occurisk.kind": about.kind, "occurisk.language": about.language},
    )


def _unscored(about: About) -> str:
    if about.unscored is None:
        return "–"
    return f"{about.unscored:,}" + (f" of {about.rows:,}" if about.rows is not None else "")


def _share(value: float) -> str:
    return "–" if math.isnan(value) else f"{100 * value:.1f}%"


def _plain(text: str) -> str:
    """Text that Markdown shows as it is, on one line."""
    return " ".join(str(text).split()).translate(_SPECIAL)
