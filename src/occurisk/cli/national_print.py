"""The national picture on a terminal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from occurisk.cli.console import show, table
from occurisk.probabilities import probability

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from occurisk.labour_market.summary import MarketSummary

MOST_ROWS = 30
MOST_HAZARDS = 10


def print_headline(console: Console, summary: MarketSummary) -> None:
    """Print both statistics with intervals, coverage and bounds."""
    from rich.markup import escape

    f = summary.figures
    console.print(
        escape(f"{summary.name}: {f['jobs']:,.0f} jobs ({summary.weight_name}), scores: {summary.source}.")
    )
    head = table("Both statistics, of the scored jobs", ["", "figure", "90% interval", "least to most"])
    for name, label in (
        ("share_high", f"share at high risk (p >= {summary.choice.threshold:g})"),
        ("share_medium", "share at medium risk"),
        ("share_low", "share at low risk"),
        ("expected", "expected value (mean p)"),
    ):
        bounds = _range(f, name, "_least", "_most") if f"{name}_least" in f else "–"
        head.add_row(label, _figure(name, f[name]), _range(f, name, "_lower", "_upper"), bounds)
    show(console, head)
    console.print(
        f"Coverage: {f['coverage']:.1%} of the jobs have a score. "
        f"{summary.standing_in:.1%} of the scored jobs have none of their own; "
        "others of their group stand in. "
        f"Were each code put into one band whole, {summary.by_code['share_high']:.1%} would be at high risk."
    )
    console.print(
        "Least to most: if no job without a score were at high risk, or all. "
        "Representation, below: a group's share of the high-risk jobs over its share of the scored jobs."
    )


def print_summary(console: Console, summary: MarketSummary) -> None:
    """Print the headline, the breakdowns, the largest holders, the multiverse and the scenarios."""
    from rich.markup import escape

    from occurisk.cli.axis_map_print import print_map

    print_headline(console, summary)
    for name in summary.breakdowns:
        _print_breakdown(console, summary, name)
    holders = table(
        "Who holds the high-risk jobs",
        ["code", "occupation", "jobs", "p", "share", "cumulated"],
        "occupation",
    )
    for code, row in summary.holders.iterrows():
        cells = (f"{row['jobs']:,.0f}", probability(row["probability"]))
        holders.add_row(
            escape(str(code)),
            escape(str(row["title"])),
            *cells,
            f"{row['share_of_high']:.1%}",
            f"{row['cumulated']:.1%}",
        )
    show(console, holders)
    _print_hazards(console, summary)
    for found in summary.maps:
        print_map(console, found)
    for slope in summary.gradients.values():
        ends = "" if math.isnan(slope.lower) else f" ({slope.lower:+z.2f} to {slope.upper:+z.2f})"
        # Too few codes, or all alike: no correlation is defined.
        rho = "–" if math.isnan(slope.spearman) else f"{slope.spearman:+z.2f}"
        console.print(f"Rank correlation of p with {slope.name}: {rho}{ends}, {slope.codes} codes.")
    print_multiverse(console, summary)
    for scenario, figures in summary.scenarios.values():
        print_scenario(console, scenario.heading, scenario, figures)


def _print_hazards(console: Console, summary: MarketSummary) -> None:
    """Print where hazard adds most to what a tool could take off people."""
    from rich.markup import escape

    from occurisk.labour_market.augmentation import relieved

    hazards = relieved(summary.indices)
    if hazards.empty:
        return
    made = table(
        "Hazardous work that tools could take over: augmentation index",
        ["code", "occupation", "jobs", "hazard", "routine\nalone", "with\nhazard"],
        "occupation",
    )
    for code, row in hazards.head(MOST_HAZARDS).iterrows():
        cells = (f"{row[name]:.2f}" for name in ("hazard", "without_hazard", "augmentation"))
        made.add_row(str(code), escape(str(row["title"])), f"{row['jobs']:,.0f}", *cells)
    show(console, made)


def _print_breakdown(console: Console, summary: MarketSummary, name: str) -> None:
    from rich.markup import escape

    figures, held = summary.breakdowns[name], summary.concentration[name]
    shown = figures if len(figures) <= MOST_ROWS else figures.nlargest(MOST_ROWS, "jobs")
    key = name.replace("_", " ")
    made = table(
        f"By {key}", [key, "jobs", "high", "90% interval", "expected", "coverage", "representation"], key
    )
    for label, row in shown.iterrows():
        text = escape(" / ".join(map(str, label)) if isinstance(label, tuple) else str(label))
        if row["suppressed"]:
            made.add_row(text, "suppressed", *["–"] * 5)
            continue
        made.add_row(
            text, f"{row['jobs']:,.0f}", _figure("share_high", row["share_high"]),
            _range(row, "share_high", "_lower", "_upper"),
            probability(row["expected"]), f"{row['coverage']:.1%}",
            _two(held.loc[label, "representation"]),
        )  # fmt: skip
    show(console, made)
    notes = []
    if suppressed := int(figures["suppressed"].sum()):
        notes.append(
            f"{suppressed} of {len(figures)} cells suppressed: too few jobs, or deducible from those"
        )
    if len(figures) > len(shown):
        notes.append(f"the {len(shown)} largest of {len(figures)} cells; --out writes all")
    if notes:
        console.print(f"{'; '.join(notes)}.", style="dim")


def print_multiverse(console: Console, summary: MarketSummary) -> None:
    """Print how the headline moves with one choice at a time, the reader's own marked."""
    from occurisk.labour_market.multiverse import one_at_a_time

    universe = summary.multiverse
    made = table(
        "How the headline moves with one choice", ["choice", "option", "figure", "90% interval", "coverage"]
    )
    for row in one_at_a_time(universe).to_dict("records"):
        dimension = row["moved"] or "your choice"
        option = {
            "threshold": f"{row['threshold']:g}",
            "aggregation": f"{row['aggregation']}, {row['weighting']}",
            "your choice": f"{row['statistic']} at {row['threshold']:g}",
        }.get(dimension, str(row.get(dimension, "")))
        made.add_row(
            f"▶ {dimension}" if row["chosen"] else dimension, option, f"{row['value']:.1%}",
            _range(row, "", "lower", "upper"), f"{row['coverage']:.1%}",
            style="bold" if row["chosen"] else None,
        )  # fmt: skip
    show(console, made)
    console.print(
        f"Over all {len(universe)} combinations: "
        f"{universe['value'].min():.1%} to {universe['value'].max():.1%}."
    )


def print_scenario(console: Console, title: str, scenario: Any, figures: pd.DataFrame) -> None:
    """Print what would follow from the assumptions of a scenario."""
    from rich.markup import escape

    from occurisk.labour_market.scenarios import LABEL, held_against

    made = table(
        escape(f"{title}: {LABEL}"),
        ["qualification", "jobs", "exposed", "displaced, if so", "to retrain, if so"],
    )
    for level, row in figures.iterrows():
        made.add_row(str(level), *(f"{row[c]:,.0f}" for c in ("jobs", "exposed", "displaced", "retraining")))
    show(console, made)
    console.print(
        f"Assumed: within {scenario.horizon_years:g} years {scenario.adopted:.1%} adopt, slowed by wages to "
        f"{scenario.moderation:.0%}; {scenario.replacement_rate:.0%} of exposed jobs go where they do: "
        f"{scenario.factor:.2%} displaced."
    )
    if scenario.reported:
        console.print(held_against(scenario, figures))


def _two(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.2f}"


def _figure(name: str, value: float) -> str:
    if math.isnan(value):
        return "–"
    return f"{value:.3f}" if name == "expected" else f"{value:.1%}"


def _range(row: Any, name: str, low: str, high: str) -> str:
    a, b = row[name + low], row[name + high]
    return "–" if math.isnan(a) else f"{_figure(name, a)} to {_figure(name, b)}"
