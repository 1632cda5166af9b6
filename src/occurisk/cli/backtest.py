"""`occurisk backtest`: did employment shrink where the scores said that it could?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from occurisk.cli.console import (
    JSON_OPTION,
    figure_option,
    model_options,
    need_model,
    out,
    show,
    table,
)
from occurisk.cli.options import axis_option, further_models
from occurisk.files import write_json

if TYPE_CHECKING:
    from rich.console import Console

    from occurisk.labour_market.history.backtest import Backtest
    from occurisk.labour_market.history.both_axes import AxesHistory
    from occurisk.labour_market.history.official_statistics import Statistic
    from occurisk.model.bundles.bundle import Bundle

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.option(
    "--before",
    required=True,
    type=FILE,
    help="Read the earlier year: BLS's national OES or OEWS file, or its projections, given twice.",
)
@click.option("--after", required=True, type=FILE, help="Read the later year, from such a file.")
@click.option("--before-year", type=int, help="Say which year --before is of.  [default: from its name]")
@click.option("--after-year", type=int, help="Say which year --after is of.  [default: from its name]")
@click.option(
    "--scores", type=click.Choice(["model", "published"]), default="model", show_default=True,
    help="Use the model's scores, or those that Frey & Osborne printed.",
)  # fmt: skip
@click.option(
    "--draws",
    type=click.IntRange(min=100),
    default=1000,
    show_default=True,
    help="Draw so many samples for intervals.",
)
@axis_option("", "Also hold this further axis against growth, or all.  [default: the first axis alone]")
@click.option(
    "--placebo", type=(FILE, FILE), metavar="BEFORE AFTER",
    help="Show the same of two earlier files beside it, from before the technology of the further axes.",
)  # fmt: skip
@figure_option("--figure")
@model_options
@JSON_OPTION
def backtest(
    *,
    before: Path,
    after: Path,
    before_year: int | None,
    after_year: int | None,
    scores: str,
    draws: int,
    axis_name: str | None,
    placebo: tuple[Path, Path] | None,
    figure: Path | None,
    models_dir: Path | None,
    json_path: Path | None,
) -> None:
    """Show how jobs grew in each risk band, and whether p adds to routine intensity and wages.

    The scores are from 2013 and from O*NET 20.3 (2016): growth after that is out of sample, growth
    before it is not quite.
    """
    from occurisk.labour_market.history.backtest import backtest as compare
    from occurisk.labour_market.history.both_axes import history_beside
    from occurisk.labour_market.history.growth import growth_table
    from occurisk.labour_market.history.projections import read_two_years
    from occurisk.labour_market.history.routine_intensity import routine_intensity
    from occurisk.training_data.labels import load_labels

    console = out()
    bundle = need_model(models_dir)
    old, new = read_two_years(before, after, before_year, after_year)
    published = scores == "published"
    table_of = load_labels().published_by_soc2010().to_frame("probability") if published else bundle.reference
    routine = routine_intensity(bundle.attributes, bundle.catalogue)
    growth = growth_table(old, new, table_of, routine, published)
    comparison = compare(growth.table, bundle.bands, draws)
    others = further_models(models_dir, bundle, axis_name) if axis_name else []
    earlier = read_two_years(*placebo) if placebo else None

    def beside(other: Bundle, years: tuple[Statistic, Statistic] | None) -> AxesHistory | None:
        names = (bundle.axis.name, other.axis.name)
        tables = (table_of, other.reference)
        return history_beside(years, tables, names, routine, published, draws) if years else None

    histories = [(other, beside(other, (old, new)), beside(other, earlier)) for other in others]
    source = "BLS projections" if before == after else "OES May"
    name = f"{source} {old.table['year'].iloc[0]} to {new.table['year'].iloc[0]}, {scores} scores"
    _print(console, name, comparison, growth.report)
    for other, history, before_it in histories:
        if history:
            _print_axes(console, bundle, other, history, before_it)
    if figure:
        from occurisk.report.chart_style import save
        from occurisk.report.history_charts import backtest_figure

        save(backtest_figure(comparison, name), figure)
        console.print(f"Figure   {figure}", soft_wrap=True)
    if json_path:
        document: dict[str, Any] = {"code_breaks": growth.report, **comparison.to_json()}
        if histories:
            document["axes"] = {
                other.axis.name: {
                    "growth": history.to_json() if history else None,
                    "placebo": before_it.to_json() if before_it else None,
                }
                for other, history, before_it in histories
            }
        write_json(json_path, document)
        console.print(f"Figures  {json_path}", soft_wrap=True)
    if not figure and not json_path:
        console.print("Nothing was written; --figure and --json keep the result.")


def _print(console: Console, name: str, comparison: Backtest, report: dict[str, float]) -> None:
    console.print(
        f"{name}: {report['groups_used']:.0f} of {report['groups']:.0f} common groups used "
        f"({report['share_of_jobs_used']:.1%} of the earlier jobs)."
    )
    console.print(
        f"Code breaks: {report['codes_before']:.0f} codes before, {report['codes_after']:.0f} after; "
        f"{report['same_code']:.0f} the same, {report['joined']:.0f} joined groups "
        f"({report['share_of_jobs_joined']:.1%} of jobs); without a counterpart "
        f"{report['share_of_jobs_only_before']:.1%} of jobs before, "
        f"{report['share_of_jobs_only_after']:.1%} after. "
        f"Left out: {report['groups_without_p']:.0f} without a score, "
        f"{report['groups_without_routine']:.0f} without attributes, "
        f"{report['groups_without_wage']:.0f} without a wage."
    )
    made = table("Growth by band", ["band", "occupations", "jobs before", "growth", "90% interval"])
    for band, row in comparison.bands.iterrows():
        ends = f"{row['lower']:+z.1%} to {row['upper']:+z.1%}"
        made.add_row(
            str(band),
            f"{row['occupations']:.0f}",
            f"{row['jobs_before']:,.0f}",
            f"{row['growth']:+z.1%}",
            ends,
        )
    show(console, made)
    made = table("Rank correlation with growth", ["predictor", "weighting", "rho", "90% interval"])
    for (predictor, weighting), row in comparison.correlations.iterrows():
        made.add_row(predictor, weighting, *_cells(row, "rho", "+.2f"))
    made.add_row("p, routine and wage held", "weighted", *_cells(comparison.partial, "rho", "+.2f"))
    show(console, made)
    made = table("Ranked growth explained by ranked predictors", ["predictors", "R²", "90% interval"])
    for predictors, row in comparison.r2.iterrows():
        made.add_row(str(predictors), *_cells(row, "r2", ".3f"))
    made.add_row("gain of p over both", *_cells(comparison.gain, "r2", ".3f"))
    show(console, made)
    console.print(comparison.verdict)


def _print_axes(
    console: Console, bundle: Bundle, other: Bundle, found: AxesHistory, placebo: AxesHistory | None
) -> None:
    """Print both axes beside growth, the placebo, and what must be said of the further axis."""
    from occurisk.labour_market.history.both_axes import verdict

    names = (bundle.axis.name, other.axis.name)
    made = table(
        f"Growth beside both axes: {found.occupations} occupations, drawn by {found.clusters} minor groups",
        ["axis, held", "weighted", "90% interval", "unweighted", *(["placebo"] if placebo else [])],
    )
    rows = found.correlations[found.correlations["weighting"] == "weighted"]
    for row in rows.itertuples():
        plain = found.row(str(row.axis), str(row.held), "unweighted")["rho"]
        before = [f"{placebo.row(str(row.axis), str(row.held))['rho']:+z.2f}"] if placebo else []
        ends = f"{row.lower:+z.2f} to {row.upper:+z.2f}"
        made.add_row(f"{row.axis}: {row.held}", f"{row.rho:+z.2f}", ends, f"{plain:+z.2f}", *before)
    show(console, made)
    console.print(verdict(found, names, placebo))
    for caveat in other.axis.words("en").caveats:
        console.print(caveat)


def _cells(row: Any, name: str, style: str) -> tuple[str, str]:
    return f"{row[name]:{style}}", f"{row['lower']:{style}} to {row['upper']:{style}}"
