"""The national picture as one self-contained page: figures inline, tables with their coverage and bounds."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from occurisk.explanation.words import languages
from occurisk.files import write_json, write_text
from occurisk.labour_market.augmentation import load_worksheet, relieved
from occurisk.labour_market.comparison.axis_map import QUADRANTS, AxisMap
from occurisk.labour_market.scenarios import LABEL, held_against
from occurisk.labour_market.summary import MarketSummary
from occurisk.probabilities import probability
from occurisk.report.chart_style import save
from occurisk.report.comparison.axis_map import axis_map_figure
from occurisk.report.labour_market_charts import figure_set
from occurisk.spreadsheets import disarmed

# `page.html.j2` includes a part for each section.
TEMPLATES = Path(__file__).with_name("templates") / "labour_market"
HEADLINES = {
    "employment": "Employment by probability",
    "risk_by_wage_and_education": "Wage and education",
    "polarisation": "Along the wage distribution",
    "multiverse": "What the headline depends on",
    "two_axes": "People use the system, or the system uses people",
}


def render(summary: MarketSummary, figures: Mapping[str, Any]) -> str:
    """Return the page: no scripts, no fetches, every text escaped.

    Parameters
    ----------
    summary : MarketSummary
    figures : mapping of str to matplotlib Figure
        See `national_figures.figure_set`.

    Returns
    -------
    str
        HTML.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"pct": _percent, "num": _number, "two": _two, "p": probability}
    images = {name: _png(figure) for name, figure in figures.items()}
    return environment.get_template("page.html.j2").render(
        summary=summary,
        figures=summary.figures,
        images=images,
        titles=HEADLINES,
        tables={name: _rows(table) for name, table in summary.breakdowns.items()},
        holders=summary.holders.reset_index().to_dict("records"),
        concentration={name: _rows(table) for name, table in summary.concentration.items()},
        scenarios=[
            (scenario, _rows(table), held_against(scenario, table))
            for scenario, table in summary.scenarios.values()
        ],
        assumption=LABEL,
        maps=summary.maps,
        quadrants=QUADRANTS,
        languages=languages(),
        hazards=relieved(summary.indices).reset_index().to_dict("records"),
        fields=load_worksheet(),
        worksheets=[(name, table.to_dict("records")) for name, table in summary.worksheets.items()],
        span=(float(summary.multiverse["value"].min()), float(summary.multiverse["value"].max())),
        universes=len(summary.multiverse),
    )


def write_summary(summary: MarketSummary, folder: Path, kinds: Sequence[str] = ("png", "svg")) -> None:
    """Write page, pictures, tables (CSV) and figures as JSON; each whole or not at all.

    Parameters
    ----------
    summary : MarketSummary
    folder : Path
        Gets `national.html`, `national.json`, `figures/` and `tables/`.
    kinds : sequence of str
        Of the pictures.
    """
    figures = {**figure_set(summary), **{_map_name(m): axis_map_figure(m) for m in summary.maps}}
    for name, figure in figures.items():
        for kind in kinds:
            save(figure, folder / "figures" / f"{_file_name(name)}.{kind}")
    tables = {
        **{f"by_{n}": t for n, t in summary.breakdowns.items()},
        **{f"concentration_{n}": t for n, t in summary.concentration.items()},
        "multiverse": summary.multiverse.set_index("statistic"),
        "largest_holders": summary.holders,
        "two_axes": summary.axes,
        "augmentation": summary.indices,
        **{f"scenario_{n}": t for n, (_, t) in summary.scenarios.items()},
        **{_map_name(m): m.occupations for m in summary.maps},
        **{f"{_map_name(m)}_by_{n}": t for m in summary.maps for n, t in m.by.items()},
    }
    for name, frame in tables.items():
        write_text(folder / "tables" / f"{_file_name(name)}.csv", disarmed(frame).to_csv(lineterminator="\n"))
    write_json(folder / "national.json", summary.to_json())
    write_text(folder / "national.html", render(summary, figures))


def _map_name(found: AxisMap) -> str:
    return f"map_{found.names[1]}"


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows with their key as `label`."""
    labels = [" / ".join(map(str, k)) if isinstance(k, tuple) else str(k) for k in table.index]
    return [{"label": label, **row} for label, row in zip(labels, table.to_dict("records"), strict=True)]


def _png(figure: Any) -> str:
    stream = io.BytesIO()
    figure.savefig(stream, format="png", bbox_inches="tight", dpi=110)
    return base64.b64encode(stream.getvalue()).decode()


def _percent(value: float) -> str:
    return "–" if pd.isna(value) else f"{value:.1%}"


def _number(value: float) -> str:
    return "–" if pd.isna(value) else f"{value:,.0f}"


def _two(value: float) -> str:
    return "–" if pd.isna(value) else f"{value:.2f}"


def _file_name(name: str) -> str:
    """Make a name that every file system takes: letters, digits, `_`, `-`, `.`."""
    return "".join(c if c.isalnum() or c in "_-." else "_" for c in name.replace(" x ", "_x_"))
