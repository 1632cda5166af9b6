"""The national picture as one self-contained page: figures inline, tables with their coverage and bounds."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from occurisk.explanation.words import languages, load_phrases, said
from occurisk.files import write_json, write_text
from occurisk.labour_market.augmentation import load_worksheet, relieved
from occurisk.labour_market.comparison.axis_map import AxisMap
from occurisk.labour_market.scenarios import LABEL, held_against
from occurisk.labour_market.summary import MarketSummary
from occurisk.occupations.names import occupation_name, official_name
from occurisk.probabilities import probability
from occurisk.report.chart_style import save
from occurisk.report.comparison.axis_map import QUADRANT_PHRASES, axis_map_figure
from occurisk.report.comparison.cell_names import cell_name, column_name
from occurisk.report.labour_market_charts import figure_set
from occurisk.spreadsheets import disarmed

# `page.html.j2` includes a part for each section.
TEMPLATES = Path(__file__).with_name("templates") / "labour_market"
# What parts thousands, by the sign before decimals.
_THOUSANDS = {".": ",", ",": "\u202f"}
HEADLINES = {
    "employment": "Employment by probability",
    "risk_by_wage_and_education": "Wage and education",
    "polarisation": "Along the wage distribution",
    "multiverse": "What the headline depends on",
    "two_axes": "People use the system, or the system uses people",
}


def render(summary: MarketSummary, figures: Mapping[str, Any], language: str = "en") -> str:
    """Return the page: no scripts, no fetches, every text escaped.

    Parameters
    ----------
    summary : MarketSummary
    figures : mapping of str to matplotlib Figure
        See `labour_market_charts.figure_set`.
    language : {"en", "ru", "kk"}

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
    phrases, t = load_phrases(language), partial(said, language=language)
    environment.filters |= {
        "pct": lambda part: "–" if pd.isna(part) else phrases.percent.format(n=phrases.number(100 * part, 1)),
        "num": lambda jobs: (
            "–" if pd.isna(jobs) else f"{jobs:,.0f}".replace(",", _THOUSANDS[phrases.decimal])
        ),
        "two": lambda value: "–" if pd.isna(value) else phrases.number(value, 2),
        "p": lambda p: probability(p).replace(".", phrases.decimal),
    }
    environment.globals |= {
        "t": t,
        "text": phrases.page,
        "language": language,
        "column": lambda name: column_name(name, language),
        "by": lambda name: t("By {column}").format(column=column_name(name, language)),
        "cell": lambda label, name: cell_name(label, language, name),
        "between": lambda lower, upper: t("90% interval {lower} to {upper}").format(lower=lower, upper=upper),
        "official": lambda code, title: official_name(str(code), language, title),
        "attribute": lambda name: name.replace("_", " ") if language == "en" else phrases.phrase(name).label,
        "largest": lambda found, quadrant: _largest(found, quadrant, language),
    }
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
        quadrants=QUADRANT_PHRASES,
        languages=languages(),
        hazards=relieved(summary.indices).reset_index().to_dict("records"),
        fields=load_worksheet(),
        worksheets=[(name, table.to_dict("records")) for name, table in summary.worksheets.items()],
        span=(float(summary.multiverse["value"].min()), float(summary.multiverse["value"].max())),
        universes=len(summary.multiverse),
    )


def write_summary(
    summary: MarketSummary, folder: Path, language: str = "en", kinds: Sequence[str] = ("png", "svg")
) -> None:
    """Write page, pictures, tables (CSV) and figures as JSON; each whole or not at all.

    Parameters
    ----------
    summary : MarketSummary
    folder : Path
        Gets `national.html`, `national.json`, `figures/` and `tables/`.
    language : {"en", "ru", "kk"}
        Of the page and the pictures; tables and JSON keep their names.
    kinds : sequence of str
        Of the pictures.
    """
    figures = national_figures(summary, language)
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
    write_text(folder / "national.html", render(summary, figures, language))


def national_figures(summary: MarketSummary, language: str = "en") -> dict[str, Any]:
    """Draw every picture of the page, the maps of two axes among them."""
    return {
        **figure_set(summary, language),
        **{_map_name(found): axis_map_figure(found, language) for found in summary.maps},
    }


def _map_name(found: AxisMap) -> str:
    return f"map_{found.names[1]}"


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows with their key, which is also their `label`."""
    labels = [" / ".join(map(str, k)) if isinstance(k, tuple) else str(k) for k in table.index]
    rows = zip(table.index, labels, table.to_dict("records"), strict=True)
    return [{"key": key, "label": label, **row} for key, label, row in rows]


def _png(figure: Any) -> str:
    stream = io.BytesIO()
    figure.savefig(stream, format="png", bbox_inches="tight", dpi=110)
    return base64.b64encode(stream.getvalue()).decode()


def _largest(found: AxisMap, quadrant: str, language: str, count: int = 4) -> list[str]:
    """Name the largest occupations of a quadrant."""
    table = found.occupations[found.occupations["quadrant"] == quadrant].head(count)
    return [occupation_name(str(soc), language, title) for soc, title in table["title"].items()]


def _file_name(name: str) -> str:
    """Make a name that every file system takes: letters, digits, `_`, `-`, `.`."""
    return "".join(c if c.isalnum() or c in "_-." else "_" for c in name.replace(" x ", "_x_"))
