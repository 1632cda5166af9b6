"""`occurisk score --engine spark`: Parquet in, Parquet out, and the reports of a run on one machine."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow.parquet as pq

from occurisk.errors import OutputError
from occurisk.registry.columns.sample import IntakeOptions
from occurisk.result_sets import result_set
from occurisk.scoring.accounting.account_report import REPORTS, write_reports
from occurisk.scoring.options import ScoreOptions
from occurisk.scoring.scored_registry import ScoredRegistry
from occurisk.spark.scoring import score
from occurisk.spark.session import open_session, spark_errors

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from occurisk.model.bundles.bundle import Bundle

_PARTITION = re.compile(r"/([^/=]+)=[^/]*(?=/)")


def score_parquet(
    model: Bundle,
    paths: Iterable[str],
    out: Path,
    *,
    master: str | None = None,
    options: IntakeOptions | None = None,
    choices: ScoreOptions | None = None,
    force: bool = False,
    others: Sequence[Bundle] = (),
) -> ScoredRegistry:
    """Score Parquet files on Spark.

    Parameters
    ----------
    model : Bundle
    paths : iterable of str
        Files, folders, patterns or addresses that Spark can read; together one table.
    out : Path
        Folder that driver and executors see under this name. `scored.parquet` and `unscored.parquet` are
        folders in it, partitioned as the input is.
    master : str, optional
        See `open_session`.
    options, choices, force, others
        As for `score_registry`.

    Returns
    -------
    ScoredRegistry

    Raises
    ------
    RegistryError, MachineError, OutputError
    """
    paths, out, choices = list(paths), Path(out).resolve(), choices or ScoreOptions()
    session = open_session(master)
    here = [Path(path) for path in paths if "://" not in path]
    with result_set(out, "score", replace=force, inputs=here) as results, spark_errors():
        results.claim(REPORTS)
        df = session.read.parquet(*paths)
        parts = partition_columns(df)
        name = paths[0] if len(paths) == 1 else f"{paths[0]} and {len(paths) - 1} more"
        made = score(
            df,
            model=model,
            options=options,
            choices=choices,
            name=name,
            out=out,
            source=Path(paths[0]),
            others=others,
        )
        totals, folder = made.account.totals, results.folder
        _write(made.scored, folder / "scored.parquet", parts, totals.rows_scored)
        _write(made.unscored, folder / "unscored.parquet", parts, totals.rows_unscored)
        made.release()
        write_reports(made.result, results.folder)
    return made.result


def partition_columns(df: DataFrame) -> list[str]:
    """Return the columns that stand in the folders' names, such as `year=2024`, outermost first."""
    for path in df.inputFiles()[:1]:
        return [name for name in dict.fromkeys(_PARTITION.findall(path)) if name in df.columns]
    return []


def _write(df: DataFrame, folder: Path, parts: list[str], rows: int) -> None:
    """Write a table as its partitions come, and count what was written.

    Raises
    ------
    OutputError
        If it is not as many rows as the account says: then the register changed while it was read.
    """
    if not rows:  # another pass over the register, to find nothing
        from pyspark.sql.pandas.types import to_arrow_schema

        folder.mkdir()
        pq.write_table(to_arrow_schema(df.schema).empty_table(), folder / "part-none.parquet")
        return
    df.write.partitionBy(*parts).parquet(folder.as_uri())
    for path in [*folder.rglob("_*"), *folder.rglob(".*")]:  # marks and checksums of Hadoop's own
        if path.is_file():
            path.unlink()
    found = sum(pq.read_metadata(path).num_rows for path in folder.rglob("*.parquet"))
    if found != rows:
        raise OutputError(
            f"{found:,} rows were written to {folder.name}, and {rows:,} had been counted.",
            rule="Rows in = rows scored + rows set aside. Nothing was kept of this run.",
            fix="Score a copy that nobody writes to, and see that all executors reach the folder of --out.",
        )
