"""`occurisk features`: make an attribute table from an O*NET release; remake the embedded tables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from occurisk.cli.options import NearestGroup

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from occurisk.training_data.catalogue import Catalogue
    from occurisk.training_data.onet_ratings import Reading
    from occurisk.training_data.table_report import SocBasis


@click.group(cls=NearestGroup)
def features() -> None:
    """Make attribute tables: from an O*NET release, or the embedded ones anew."""


@features.command()
@click.option(
    "--onet",
    required=True,
    type=click.Path(path_type=Path),
    help="Read this official O*NET release, 15 to 30: the zip as downloaded, or its folder; text or Excel.",
)
@click.option(
    "--catalogue",
    "catalogue_path",
    type=click.Path(path_type=Path),
    help="Take the attributes of this YAML list. [default: the 25 of features/catalogue.yaml]",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("task_attributes.csv"),
    show_default=True,
    help="Write the table to this file.",
)
@click.option("--force", is_flag=True, help="Replace the table if it exists.")
@click.option(
    "--not-relevant",
    type=click.Choice(["lowest", "drop"]),
    default="lowest",
    show_default=True,
    help="Take level ratings that O*NET flags Not Relevant as the lowest level (0), or drop them.",
)
@click.option(
    "--soc2010",
    is_flag=True,
    help="Recode the occupations to SOC 2010, the coding of the labels and of the embedded table.",
)
@click.option(
    "--compare",
    metavar="TABLE.csv|embedded",
    help="Also print how the table agrees with another one, or with the embedded one (O*NET 20.3).",
)
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Also write the report as JSON.")
def build(
    *,
    onet: Path,
    catalogue_path: Path | None,
    out: Path,
    force: bool,
    not_relevant: str,
    soc2010: bool,
    compare: str | None,
    json_path: Path | None,
) -> None:
    """Build the attribute table of every occupation that an O*NET release rates.

    Figures are on O*NET's own scales, averaged from eight-digit O*NET-SOC codes to six-digit SOC; a cell is
    empty where the release has no usable rating.
    """
    from occurisk.cli.console import out as waiting
    from occurisk.errors import OutputError
    from occurisk.files import write_json, write_text
    from occurisk.training_data.attribute_table import (
        average_precision,
        average_to_soc,
        errors_beside,
        format_table,
        load_onetsoc_soc2010,
    )
    from occurisk.training_data.catalogue import load_catalogue
    from occurisk.training_data.onet_ratings import need_ratings
    from occurisk.training_data.table_report import agreement, build_report, other_table, soc_basis

    catalogue = load_catalogue(catalogue_path)
    other = None if compare is None else other_table(compare, catalogue)
    errors = errors_beside(out)
    if not force and (there := next((path for path in (out, errors) if path.exists()), None)):
        raise OutputError(
            f"{there} exists already.",
            rule="Nothing is overwritten unasked.",
            fix="Add --force to replace it, or choose another name with --out.",
        )
    reading = _read(onet, catalogue, not_relevant)
    need_ratings(reading, catalogue)
    socs = load_onetsoc_soc2010() if soc2010 else None
    table = average_to_soc(reading.ratings, catalogue, socs)
    basis = soc_basis(table, None if soc2010 else reading.number)
    agreed = None if other is None else agreement(table, other)

    console = waiting()
    _print_files(console, reading)
    _print_attributes(console, reading, table, catalogue)
    _print_gaps(console, reading, table, basis)
    if socs is not None:
        _print_unmapped(console, reading, socs)
    if agreed is not None:
        _print_agreement(console, agreed, str(compare))
    precision = average_precision(reading.precision, catalogue, socs)
    write_text(out, format_table(table))
    errors.unlink(missing_ok=True)  # of the table that this one replaces
    known = precision["standard_error"].dropna()
    if len(known):
        write_text(errors, precision.to_csv(index=False, lineterminator="\n", float_format="%.4g"))
    console.print(
        f"Wrote {errors}: N, standard error and suppression; {len(known):,} of {len(precision):,} means have "
        f"a standard error, the median is {known.median():.2f}."
        if len(known)
        else "The release prints no standard errors.",
        soft_wrap=True,
    )
    console.print(
        f"Wrote {out}: {len(table):,} occupations × {len(catalogue)} attributes, on O*NET's scales.",
        soft_wrap=True,
    )
    if json_path is not None:
        write_json(json_path, build_report(reading, table, catalogue, basis, agreed))
        console.print(f"Wrote {json_path}: the same report for machines.", soft_wrap=True)


def _read(onet: Path, catalogue: Catalogue, not_relevant: Any) -> Reading:
    """Read the release, with a progress bar on a terminal."""
    from rich.progress import Progress

    from occurisk.cli.console import err
    from occurisk.training_data.onet_ratings import read_release

    errors = err()
    with Progress(console=errors, transient=True, disable=not errors.is_terminal) as progress:
        task = progress.add_task("Opening the release", total=None)

        def show(name: str, place: int, total: int) -> None:
            progress.update(task, description=f"Reading {name}", completed=place, total=total)

        return read_release(onet, catalogue, not_relevant=not_relevant, on_file=show)


def _print_files(console: Console, reading: Reading) -> None:
    from rich.table import Table

    title = f"O*NET {reading.number}" if reading.number else "O*NET release (number unknown)"
    files = Table("file", title=f"{title}: what was read", title_justify="left")
    heads = ("rows", "wanted", "kept", "suppressed", "not relevant", "blank", "percent rows")
    for head in heads:
        files.add_column(head, justify="right")
    for tally in reading.files:
        counts = (tally.rows, tally.wanted, tally.kept, tally.suppressed)
        more = (tally.not_relevant, tally.blank, tally.categories)
        files.add_row(tally.name, *(f"{count:,}" for count in counts + more))
    console.print(files)


def _print_attributes(console: Console, reading: Reading, table: pd.DataFrame, catalogue: Catalogue) -> None:
    from rich.table import Table

    from occurisk.training_data.table_report import figures_per_attribute

    rows = Table("attribute", "element", "scale", title="Figures per attribute", title_justify="left")
    for head in ("occupations", "gaps", "lowest", "mean", "highest"):
        rows.add_column(head, justify="right")
    for row in figures_per_attribute(table, catalogue).itertuples():
        range_ = (f"{value:.2f}" if row.occupations else "–" for value in (row.lowest, row.mean, row.highest))
        style = "yellow" if row.Index in reading.missing else None
        counts = (f"{row.occupations:,}", f"{row.gaps:,}")
        rows.add_row(str(row.Index), row.element_id, row.scale, *counts, *range_, style=style)
    console.print(rows)


def _print_gaps(console: Console, reading: Reading, table: pd.DataFrame, basis: SocBasis) -> None:
    reasons: dict[str, list[str]] = {}
    for name, reason in reading.missing.items():
        reasons.setdefault(reason, []).append(name)
    for reason, names in reasons.items():
        plural = "attribute has" if len(names) == 1 else "attributes have"
        console.print(
            f"[yellow]{len(names)} {plural} no figure[/]: {reason} ({', '.join(names)}).", soft_wrap=True
        )
    rated = table.drop(columns=list(reading.missing))
    incomplete = int(rated.isna().any(axis=1).sum())
    also = " for the other attributes" if reading.missing else ""
    console.print(
        f"{incomplete:,} of {len(table):,} occupations are incomplete{also}; the cells stay empty."
        if incomplete
        else f"Every one of {len(table):,} occupations has all its figures{also}.",
        soft_wrap=True,
    )
    line = f"The codes are {basis.name}: {basis.soc2010:,} of {basis.codes:,} are SOC 2010 occupations too."
    if basis.others:
        line += f" Not so {len(basis.others):,}, the first {basis.others[0]}."
    console.print(line, soft_wrap=True)


def _print_unmapped(console: Console, reading: Reading, socs: pd.DataFrame) -> None:
    codes = set(reading.ratings["code"])
    lost = sorted(codes - set(socs["code"]))
    line = f"Recoded to SOC 2010: {len(codes) - len(lost):,} of {len(codes):,} O*NET-SOC codes."
    if lost:
        line += f" [yellow]Left out, as they stand for none: {', '.join(lost)}[/]."
    console.print(line, soft_wrap=True)


def _print_agreement(console: Console, agreed: pd.DataFrame, name: str) -> None:
    from rich.table import Table

    rows = Table("attribute", title=f"Agreement with {name}", title_justify="left")
    for head in ("occupations", "identical", "correlation", "mean difference", "largest", "where"):
        rows.add_column(head, justify="right")
    for row in agreed.itertuples():
        if row.occupations:
            likeness = (f"{row.identical:.0%}", f"{row.correlation:.3f}")
            apart = (f"{row.mean_difference:+z.2f}", f"{row.largest_difference:.2f}", str(row.where))
            rows.add_row(str(row.Index), f"{row.occupations:,}", *likeness, *apart)
        else:
            rows.add_row(str(row.Index), "0", *["–"] * 5)
    console.print(rows)
    known = agreed["correlation"].dropna()
    console.print(
        f"Correlation above 0.9 for {(known > 0.9).sum()} of {len(known)} attributes; "
        f"median {known.median():.3f}, lowest {known.min():.3f}."
        if len(known)
        else "No attribute has figures in both tables.",
        soft_wrap=True,
    )
