"""`occurisk lookup`: a register that stays in its warehouse, scored by a join."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from occurisk.cli.console import JSON_OPTION, model_options, need_model, out
from occurisk.cli.options import TAXONOMIES, read_options
from occurisk.files import write_json
from occurisk.scoring.lookup.dialects import DIALECTS, Register, values_query

if TYPE_CHECKING:
    from occurisk.scoring.options import ReadOptions


@click.command()
@click.argument("values", required=False)
@click.option(
    "--out",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the lookup into this folder.",
)
@click.option(
    "--table", default="register", show_default=True, help="Name the register's table in the database."
)
@click.option("--code", default="code", show_default=True, help="Name its column of codes.")
@click.option("--weight", help="Name its column of jobs or weights.  [default: none; each row counts once]")
@click.option(
    "--by", multiple=True, metavar="COLUMN", help="Break down by this column, with --query; repeatable."
)
@click.option(
    "--query",
    type=click.Choice(DIALECTS),
    help="Print the query that makes VALUES from the register, and stop.",
)
@click.option(
    "--value-column", default="value", show_default=True, help="Take the codes from this column of VALUES."
)
@click.option(
    "--rows-column",
    default="rows",
    show_default=True,
    help="Take the numbers of rows from this column of VALUES.",
)
@click.option(
    "--weight-column",
    help="Take the sums of weights from this column of VALUES.  [default: weight, if --weight]",
)
@click.option(
    "--taxonomy",
    type=click.Choice(TAXONOMIES),
    default="auto",
    show_default=True,
    help="Read the codes by this coding system.",
)
@click.option(
    "--crosswalk",
    type=click.Path(path_type=Path),
    metavar="MAP.csv",
    help="Lead the codes to others by your own map (from,to,weight).",
)
@click.option("--titles", is_flag=True, help="Match titles: the column holds these, not codes.")
@read_options
@click.option("--force", is_flag=True, help="Replace an earlier lookup.")
@click.option(
    "--model", "version", metavar="VERSION", help="Use this model version.  [default: the current one]"
)
@model_options
@JSON_OPTION
def lookup(
    *,
    values: str | None,
    folder: Path | None,
    table: str,
    code: str,
    weight: str | None,
    by: tuple[str, ...],
    query: str | None,
    value_column: str,
    rows_column: str,
    weight_column: str | None,
    taxonomy: str,
    crosswalk: Path | None,
    titles: bool,
    reading: ReadOptions,
    force: bool,
    version: str | None,
    models_dir: Path | None,
    json_path: Path | None,
) -> None:
    """Score the distinct codes of a register that stays in its database: VALUES holds value, rows, weight.

    First, --query DIALECT prints the query that makes VALUES. Then the lookup and the SQL that joins it
    are written. About a thousand rows leave the database; no row of the register does. VALUES may also be the
    database: postgresql://HOST/DATABASE or a DuckDB file, which is asked that query.
    """
    register = Register(table, code, weight, by)
    if query:
        click.echo(values_query(register, query), nl=False)
        return
    if values is None or folder is None:
        raise click.UsageError("Give VALUES and --out, or --query DIALECT for the query that makes VALUES.")
    from dataclasses import replace

    from occurisk.registry.columns.sample import IntakeOptions
    from occurisk.registry.sources.addresses import is_address, is_duckdb
    from occurisk.scoring.lookup.lookup_table import TABLE, ValueColumns, make_lookup

    if is_address(values) or is_duckdb(Path(values)):
        engine = "postgres" if is_address(values) else "duckdb"
        reading = replace(reading, query=values_query(register, engine).rstrip(";\n"))
    columns = ValueColumns(value_column, rows_column, weight_column or ("weight" if weight else None))
    made = make_lookup(
        need_model(models_dir, version), values, folder, register, columns=columns,
        options=IntakeOptions(
            taxonomy=taxonomy, crosswalk=crosswalk, titles="only" if titles else "off"
        ), reading=reading, force=force,
    )  # fmt: skip
    account = made.scored.account
    if json_path:
        write_json(json_path, account.to_json())
    console = out()
    totals = account.totals
    for text in (
        *(f"Note: {note}" for note in made.notes),
        *(f"Warning: {warning}" for warning in account.understood.warnings),
        *(account.national.in_words() if totals.rows_scored else ["Nothing could be scored."]),
        f"{made.table.num_rows:,} values stand for {totals.rows_in:,} rows = {totals.rows_scored:,} scored + "
        f"{totals.rows_unscored:,} not scored.",
        f"Lookup   {folder / TABLE}",
        f"SQL      {folder / 'sql'}: a folder for each of {', '.join(DIALECTS)}; run 1_load, 2_check, "
        "3_account, 4_join in this order",
        f"Report   {folder / 'intake.md'}",
        *([f"Figures  {json_path}"] if json_path else []),
        f"Record it in MLflow, and make a review queue: occurisk track {folder}",
    ):
        console.print(text, soft_wrap=True, markup=False)
