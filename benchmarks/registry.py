"""How fast a register is scored: a synthetic one, made here, of as many rows as you like.

    uv run --with duckdb --with polars python benchmarks/registry.py --rows 10_000_000 --repeat 3

Every contender runs in a process of its own, alternating, on the same file: so wall clock, CPU and peak memory
(resident set) are comparable even on a busy machine. `bare` reads the register and writes it again; the
others add the same twelve columns to it, in Parquet compressed by Snappy. The work is not quite the same. The joins
drop the rows that have no score, and Polars keeps no order. DuckDB and Polars write the smallest and largest value
of every column, ours of the user's own numbers. Ours keeps the rows that have no score, finds the columns,
accounts for every row, and lists what it wrote with its SHA-256. "Start" is the same contender on a thousand of these rows: what it takes before the rows do.
The register is synthetic: codes of SOC 2010 drawn evenly, 0.2% of them military or unknown; an id, a region, a sex,
a weight. With --wide, also ten columns such as registers of jobs have: title, employer, sector, dates, pay.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

COLUMNS = ["person_id", "occupation_code", "region", "sex", "weight"]
ADDED = [
    "code", "title", "match", "probability", "lower", "upper", "band", "stability", "mixed",
    "reason_1", "reason_2", "reason_3",
]  # fmt: skip


def make_register(path: Path, rows: int, wide: bool = False, seed: int = 0) -> Path:
    """Write a synthetic register as Parquet or CSV, a million rows at a time."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.csv as pacsv
    import pyarrow.parquet as pq

    from occurisk.occupations.concordances import load_tables

    rng = np.random.default_rng(seed)
    civil = sorted(load_tables().employment)
    codes = pa.array([*civil, "55-1011", "99-9999"])
    share = np.r_[np.full(len(civil), 0.998 / len(civil)), 0.001, 0.001]
    regions, sexes = pa.array([f"Region {i:02d}" for i in range(20)]), pa.array(["F", "M"])
    writer = None
    for start in range(0, rows, 1 << 20):
        n = min(1 << 20, rows - start)
        number = pa.array(np.searchsorted(share.cumsum()[:-1], rng.random(n)))
        columns = [
            pa.array(np.arange(start, start + n)),
            codes.take(number),
            regions.take(pa.array(rng.integers(0, 20, n))),
            sexes.take(pa.array(rng.integers(0, 2, n))),
            pa.array(np.round(rng.gamma(2, 50, n), 1)),
        ]
        table = pa.table(columns, names=COLUMNS)
        for name, column in _more(number, n, rng).items() if wide else ():
            table = table.append_column(name, column)
        if writer is None:
            writer = (pacsv.CSVWriter if path.suffix == ".csv" else pq.ParquetWriter)(path, table.schema)
        writer.write_table(table)
    writer.close()
    return path


def _more(number: pa.Array, n: int, rng: np.random.Generator) -> dict[str, pa.Array]:
    """Return the further columns of a register of jobs."""
    import pyarrow as pa

    from occurisk.occupations.concordances import load_tables

    titles = load_tables().titles["soc2010"]
    known = [titles[c] for c in sorted(load_tables().employment)]
    education = ["primary", "lower secondary", "upper secondary", "post-secondary", "bachelor", "master"]
    days = pa.array(rng.integers(0, 20_000, n), pa.int32())
    return {
        "job_title": pa.array([*known, "Air Crew Officers", ""]).take(number),
        "employer": pa.array(rng.integers(10**9, 10**10, n)),
        "sector": pa.array([f"{i:02d}.{j}" for i in range(1, 100) for j in range(1, 10)]).take(
            pa.array(rng.integers(0, 891, n))
        ),
        "education": pa.array(education).take(pa.array(rng.integers(0, len(education), n))),
        "birth_year": pa.array(rng.integers(1955, 2006, n)),
        "since": days.cast(pa.date32()),
        "contract": pa.array(["permanent", "temporary", "agency"]).take(pa.array(rng.integers(0, 3, n))),
        "hours": pa.array(rng.integers(4, 49, n)),
        "pay": pa.array(rng.lognormal(8, 0.6, n).round(2)),
        "postcode": pa.array(rng.integers(10_000, 100_000, n)),
    }


def lookup(path: Path) -> Path:
    """Write what the joins join with: a row per code, the columns that ours adds."""
    import pandas as pd

    from occurisk.model.bundles.current import find_bundle
    from occurisk.occupations.coding_systems import SOC2010
    from occurisk.occupations.concordances import load_tables
    from occurisk.occupations.crosswalk import to_soc2010
    from occurisk.scoring.code_scores import Scores, score_codes

    bundle = find_bundle()
    lineage = to_soc2010(sorted(load_tables().employment), SOC2010)
    table = lineage.codes.join(score_codes(Scores.of(bundle), lineage), on="code")
    table = table.assign(occupation_code=table["code"], match=table["kind"]).dropna(subset=["probability"])
    pd.DataFrame(table[["occupation_code", *ADDED]]).rename(
        columns={c: f"occurisk_{c}" for c in ADDED}
    ).to_parquet(path, index=False)
    return path


def bare(source: Path, out: Path, _: Path) -> None:
    """Read and write, row group by row group, strings left in their dictionaries."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(source, read_dictionary=["occupation_code", "region", "sex"]) as file:
        writer = None
        for i in range(file.num_row_groups):
            table = file.read_row_group(i)
            writer = writer or pq.ParquetWriter(out / "bare.parquet", table.schema)
            writer.write_table(table)
        writer.close()


def ours(source: Path, out: Path, _: Path) -> None:
    """`occurisk score` without MLflow."""
    command("score", source, "--out", out / "ours", "--no-track")


def ours_narrow(source: Path, out: Path, _: Path) -> None:
    """The same, adding two columns."""
    command("score", source, "--out", out / "ours", "--no-track", "--add", "probability,band")


def command(*arguments: object) -> None:
    """Call `occurisk` in this process, without a word."""
    from occurisk.cli import main

    sys.stdout = open(os.devnull, "w")  # noqa: SIM115
    try:
        main([str(argument) for argument in arguments])
    except SystemExit as end:
        if end.code:
            raise


def duckdb(source: Path, out: Path, table: Path) -> None:
    """DuckDB: a join, written as Parquet or CSV."""
    import duckdb as db

    kind = "csv" if source.suffix == ".csv" else "parquet"
    read = f"read_csv('{source}', all_varchar=true)" if kind == "csv" else f"'{source}'"
    db.execute("SET preserve_insertion_order=true")
    db.execute(
        f"COPY (SELECT * FROM {read} JOIN '{table}' USING (occupation_code)) TO '{out}/duckdb.{kind}' (FORMAT {kind})"
    )


def duckdb_copy(source: Path, out: Path, _: Path) -> None:
    """DuckDB: CSV to CSV, nothing joined."""
    import duckdb as db

    db.execute(
        f"COPY (SELECT * FROM read_csv('{source}', all_varchar=true)) TO '{out}/copy.csv' (FORMAT csv)"
    )


def duckdb_copy_scored(source: Path, out: Path, table: Path) -> None:
    """DuckDB: CSV to CSV, nothing joined, what ours wrote: as many columns and bytes as ours writes."""
    duckdb_copy(source.with_name("scored.csv"), out, table)


def polars(source: Path, out: Path, table: Path) -> None:
    """Polars: a streamed join."""
    import polars as pl

    if source.suffix == ".csv":
        frame = pl.scan_csv(source, infer_schema=False)
        frame.join(pl.scan_parquet(table), on="occupation_code").sink_csv(out / "polars.csv")
    else:
        frame = pl.scan_parquet(source)
        frame.join(pl.scan_parquet(table), on="occupation_code").sink_parquet(
            out / "polars.parquet", compression="snappy"
        )


def pandas(source: Path, out: Path, table: Path) -> None:
    """pandas: read, merge, write; everything in memory."""
    import pandas as pd

    merged = pd.read_parquet(source).merge(pd.read_parquet(table), on="occupation_code")
    merged.to_parquet(out / "pandas.parquet", index=False)


def rows_bare(source: Path, out: Path, _: Path) -> None:
    """A loop of Arrow batches through `Booster.predict`, written as Parquet."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    from scipy.special import expit

    from occurisk.model.bundles.current import find_bundle

    bundle = find_bundle()
    booster, names = bundle.booster, bundle.names
    with pq.ParquetFile(source) as file:
        writer = None
        for batch in file.iter_batches(1 << 19):
            X = batch.to_pandas()[names].to_numpy()
            p = pa.array(expit(booster.predict(X, raw_score=True)))
            table = pa.Table.from_batches([batch]).append_column("p", p)
            writer = writer or pq.ParquetWriter(out / "rows.parquet", table.schema)
            writer.write_table(table)
        writer.close()


def rows_ours(source: Path, out: Path, _: Path) -> None:
    """`occurisk score --attributes all` without MLflow."""
    scale = ("--attributes", "all", "--attribute-scale", "unit")
    command("score", source, "--out", out / "ours", "--no-track", *scale)


def make_rows(path: Path, rows: int) -> Path:
    """Write a synthetic survey: reference attributes, drawn at random, with noise."""
    import numpy as np
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

    from occurisk.training_data.attribute_table import load_attributes

    X, rng, writer = load_attributes().fillna(0.5), np.random.default_rng(0), None
    for start in range(0, rows, 1 << 19):
        n = min(1 << 19, rows - start)
        noisy = X.to_numpy()[rng.integers(0, len(X), n)] + rng.normal(0, 0.05, (n, X.shape[1]))
        table = pa.Table.from_pandas(pd.DataFrame(noisy.clip(0, 1), columns=X.columns), preserve_index=False)
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    writer.close()
    return path


CONTENDERS = {
    f.__name__: f
    for f in (
        bare,
        ours,
        ours_narrow,
        duckdb,
        polars,
        pandas,
        duckdb_copy,
        duckdb_copy_scored,
        rows_bare,
        rows_ours,
    )
}


def measure(name: str, source: Path, out: Path, table: Path) -> dict[str, float]:
    """Run a contender in a process of its own, and remove what it wrote: wall and CPU s, peak memory in GiB."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    found = run(name, source, out, table)
    shutil.rmtree(out)
    return found


def run(name: str, source: Path, out: Path, table: Path) -> dict[str, float]:
    """Run a contender into a folder."""
    code = [sys.executable, __file__, "--run", name, str(source), str(out), str(table)]
    start = time.perf_counter()
    child = subprocess.Popen(code)
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - start
    child.returncode = status
    if status:
        raise SystemExit(f"{name} failed.")
    return {"wall": wall, "cpu": usage.ru_utime + usage.ru_stime, "peak_gib": usage.ru_maxrss / 1024**2}


def main() -> None:
    """Make the register, run the contenders in turn, print the medians."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=lambda text: int(text.replace("_", "")), default=10_000_000)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--kind", choices=["parquet", "csv", "rows"], default="parquet")
    parser.add_argument("--wide", action="store_true", help="Ten more columns.")
    parser.add_argument("--only", nargs="+", choices=list(CONTENDERS))
    parser.add_argument("--folder", type=Path, help="Where the files go. [default: a temporary folder]")
    parser.add_argument("--json", type=Path, help="Also write the figures here.")
    parser.add_argument("--run", nargs=4, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.run:
        name, *paths = arguments.run
        CONTENDERS[name](*map(Path, paths))
        return
    usual = {
        "parquet": ["bare", "ours", "duckdb", "polars", "pandas"],
        "csv": ["duckdb_copy", "duckdb_copy_scored", "ours", "ours_narrow", "duckdb", "polars"],
        "rows": ["rows_bare", "rows_ours"],
    }[arguments.kind]
    with tempfile.TemporaryDirectory(dir=arguments.folder, prefix="occurisk-benchmark-") as folder:
        suffix = "csv" if arguments.kind == "csv" else "parquet"
        source, table = Path(folder, f"synthetic_register.{suffix}"), lookup(Path(folder, "lookup.parquet"))
        few = Path(folder, "few") / source.name
        few.parent.mkdir()
        for path, rows in ((source, arguments.rows), (few, 1000)):
            make_rows(path, rows) if arguments.kind == "rows" else make_register(path, rows, arguments.wide)
        print(
            f"Synthetic register: {arguments.rows:,} rows, {source.stat().st_size / 1e6:,.0f} MB of {suffix}."
        )
        for path in (source, few) if arguments.kind == "csv" else ():
            run("ours", path, path.parent, table)
            Path(path.parent, "ours", "scored.csv").rename(path.with_name("scored.csv"))
        found: dict[str, list[dict[str, float]]] = {name: [] for name in arguments.only or usual}
        for _ in range(arguments.repeat):
            for name, runs in found.items():
                start = measure(name, few, Path(folder, "out"), table)["wall"]
                runs.append({**measure(name, source, Path(folder, "out"), table), "start": start})
        first = next(iter(found))
        middle = {
            name: {key: statistics.median(run[key] for run in runs) for key in runs[0]}
            for name, runs in found.items()
        }
        base = middle[first]
        print(
            f"{'':20}{'wall s':>9}{'start s':>9}{'CPU s':>9}{'peak GiB':>10}{'x, wall':>10}{'rows only':>11}"
            f"{'x, CPU':>9}   wall of each run; x: times {first}"
        )
        for name, one in middle.items():
            of_rows = (one["wall"] - one["start"]) / (base["wall"] - base["start"])
            each = " ".join(f"{run['wall']:.1f}" for run in found[name])
            print(
                f"{name:20}{one['wall']:9.2f}{one['start']:9.2f}{one['cpu']:9.1f}{one['peak_gib']:10.2f}"
                f"{one['wall'] / base['wall']:10.2f}{of_rows:11.2f}{one['cpu'] / base['cpu']:9.2f}   {each}"
            )
        if arguments.json:
            arguments.json.write_text(
                json.dumps({"rows": arguments.rows, "kind": arguments.kind, "runs": found}, indent=1)
            )


if __name__ == "__main__":
    main()
