"""`occurisk reproduce`: headline figures of the literature from official files (docs/reproductions.md)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from occurisk.cli.console import JSON_OPTION, figure_option, model_options, need_model, out, show, table
from occurisk.cli.options import NearestGroup
from occurisk.errors import RegistryError
from occurisk.files import write_json

if TYPE_CHECKING:
    import pandas as pd

    from occurisk.labour_market.history.reproductions import Sources

DATA = click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("../shared/data/employment"),
    show_default=True,
    callback=lambda context, _, folder: _complete(context.info_name or "", folder),
    help="Read the official files in this folder. If one is missing, the command says where to get it.",
)
FIGURE = figure_option("--figure")


@click.group(cls=NearestGroup)
def reproduce() -> None:
    """Compute the published headline figures again, and say why ours differ."""


@reproduce.command()
@DATA
@model_options
@JSON_OPTION
def us(data: Path, models_dir: Path | None, json_path: Path | None) -> None:
    """Compute the US figures of May 2010 to 2015 and 2021 to 2024, with both sources of scores."""
    from occurisk.labour_market.history.reproductions import us_years

    console = out()
    years = us_years(data, _sources(models_dir))
    made = table(
        "United States, payroll employment: high / medium / low risk and expected value",
        [
            "year",
            "jobs, m",
            "published scores",
            "mean",
            "coverage",
            "of total",
            "our model",
            "high, 90%",
            "mean",
            "mean, 90%",
        ],
    )
    for year, row in years.iterrows():
        made.add_row(
            str(year), f"{row['jobs'] / 1e6:.1f}", _shares(row, ""), f"{row['expected']:.3f}",
            f"{row['coverage']:.1%}", f"{row['high_of_total']:.1%}", _shares(row, "model_"),
            _ends(row, "model_share_high", ".1%"), f"{row['model_expected']:.3f}",
            _ends(row, "model_expected", ".3f"),
        )  # fmt: skip
    show(console, made)
    console.print(
        "of total: high-risk jobs (published scores) over all jobs that BLS prints, scored or not. "
        "May 2010 is the paper's year."
    )
    _close(console, years, json_path)


@reproduce.command()
@DATA
@JSON_OPTION
def exposure(data: Path, json_path: Path | None) -> None:
    """Count US jobs in occupations with at least 10% and 50% of their tasks exposed to language models."""
    from occurisk.labour_market.history.reproductions import exposure_shares

    console = out()
    shares = exposure_shares(data)
    made = table(
        "United States: jobs by the share of exposed tasks (β), as people and GPT-4 rated them",
        ["year", "rater", "ratings by", "coverage", "mean", "from 10%", "from 50%"],
    )
    for (year, rater, codes), row in shares.iterrows():
        cells = (f"{row[name]:.1%}" for name in ("coverage", "mean", "from_10", "from_50"))
        made.add_row(str(year), str(rater), str(codes), *cells)
    show(console, made)
    console.print(
        "Published: about 80% of the workforce has at least 10% of its tasks exposed, about 19% "
        "at least 50%. Ratings by SOC 2018 meet the jobs in their own codes; those by SOC 2010 are what the "
        "axis learns from. Exposure is not displacement."
    )
    _close(console, shares, json_path)


@reproduce.command()
@DATA
@click.option(
    "--country",
    "codes",
    multiple=True,
    metavar="ISO",
    help="Take this country, such as DEU; repeatable.  [default: a choice]",
)
@click.option("--year", type=int, help="Take this year.  [default: the earliest of each country]")
@FIGURE
@model_options
@JSON_OPTION
def countries(
    data: Path,
    codes: tuple[str, ...],
    year: int | None,
    figure: Path | None,
    models_dir: Path | None,
    json_path: Path | None,
) -> None:
    """Compute the figures of Germany, Sweden and more from ILOSTAT's two-digit ISCO."""
    from occurisk.labour_market.history.official_statistics import ilostat_table
    from occurisk.labour_market.history.reproductions import COUNTRIES, ILOSTAT
    from occurisk.labour_market.history.reproductions import countries as compute

    console = out()
    by_country = compute(ilostat_table(data / ILOSTAT), _sources(models_dir), codes or COUNTRIES, year)
    by_country = by_country.sort_values("share_high", ascending=False)
    made = table(
        "High / medium / low risk and expected value; two-digit ISCO",
        [
            "country",
            "year",
            "system",
            "published scores",
            "mean",
            "group in one band",
            "our model",
            "high, 90%",
            "mean",
            "coverage",
        ],
    )
    for name, row in by_country.iterrows():
        made.add_row(
            str(name), str(row["year"]), row["system"], _shares(row, ""), f"{row['expected']:.3f}",
            f"{row['code_high']:.1%}", _shares(row, "model_"), _ends(row, "model_share_high", ".1%"),
            f"{row['model_expected']:.3f}", f"{row['coverage']:.1%}",
        )  # fmt: skip
    show(console, made)
    if figure:
        from occurisk.report.chart_style import save
        from occurisk.report.history_charts import countries_figure

        save(countries_figure(by_country), figure)
        console.print(f"Figure   {figure}", soft_wrap=True)
    _close(console, by_country, json_path)


@reproduce.command()
@DATA
@click.option(
    "--scenario", "name", default="kazakhstan_2022", show_default=True,
    help="Apply these assumptions of adoption and wages.",
)  # fmt: skip
@click.option(
    "--structure", "codes", multiple=True, default=("KGZ", "RUS", "MNG"), show_default=True, metavar="ISO",
    help="Borrow the risk within each skill level from this country; repeatable.",
)  # fmt: skip
@model_options
@JSON_OPTION
def kazakhstan(
    data: Path, name: str, codes: tuple[str, ...], models_dir: Path | None, json_path: Path | None
) -> None:
    """Hold Kazakhstan's forecast to 2022 against susceptibility, with the risk structure of neighbours."""
    from occurisk.cli.national_print import print_scenario
    from occurisk.labour_market.history.official_statistics import ilostat_table
    from occurisk.labour_market.history.reproductions import ILOSTAT, stand_in_scenario
    from occurisk.labour_market.scenarios import load_scenario

    console = out()
    scenario = load_scenario(Path(name))
    scenarios = stand_in_scenario(ilostat_table(data / ILOSTAT), _sources(models_dir), scenario, codes)
    for code, figures in scenarios.items():
        print_scenario(console, f"{scenario.heading}, risk structure of {code}", scenario, figures)
    if json_path:
        write_json(json_path, {c: t.reset_index().to_dict("records") for c, t in scenarios.items()})
        console.print(f"Figures  {json_path}", soft_wrap=True)
    else:
        console.print("Nothing was written; --json keeps the figures.")


def _complete(command: str, folder: Path) -> Path:
    """Return the folder of official files if it holds those that the command reads.

    Raises
    ------
    RegistryError
        If it does not: which are missing, and where to get them.
    """
    from occurisk.labour_market.history.reproductions import ILOSTAT, OES_TABLE, OEWS_FILES, ORIGINS

    files = {"us": [OES_TABLE, *OEWS_FILES.values()], "exposure": list(OEWS_FILES.values())}
    needed = files.get(command, [ILOSTAT])
    missing = [name for name in needed if not (folder / name).is_file()]
    if missing:
        raise RegistryError(
            f"{len(missing)} of {len(needed)} official files are not in {folder}.",
            first="\n         ".join(f"{name}: {ORIGINS[name]}" for name in missing),
            rule="They are not part of occurisk; docs/reproductions.md says what each holds.",
            fix="Get them, keep these names, and give their folder: --data DIR.",
        )
    return folder


def _sources(models_dir: Path | None) -> Sources:
    from occurisk.labour_market.history.reproductions import sources

    bundle = need_model(models_dir)
    return sources(bundle.reference, bundle.replicas, bundle.bands, bundle.version)


def _shares(row: pd.Series, prefix: str) -> str:
    return " / ".join(f"{100 * row[f'{prefix}share_{band}']:.1f}" for band in ("high", "medium", "low"))


def _ends(row: pd.Series, name: str, style: str) -> str:
    return f"{row[f'{name}_lower']:{style}}–{row[f'{name}_upper']:{style}}"


def _close(console: Any, table: pd.DataFrame, json_path: Path | None) -> None:
    if json_path:
        write_json(json_path, table.reset_index().to_dict("records"))
        console.print(f"Figures  {json_path}", soft_wrap=True)
    else:
        console.print("Nothing more was written; --json keeps the figures.")
