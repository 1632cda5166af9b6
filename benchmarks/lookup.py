"""What a lookup costs inside a database: a synthetic register in DuckDB, scored where it lies.

    uv run --group bench python benchmarks/lookup.py --rows 10_000_000

Three steps, each in the order in which a user takes them: the query that reads the distinct values, `occurisk
lookup`, and the join, written as a table. Beside them the peer: DuckDB copying the same table, which is the
least that any way of scoring inside the database could cost.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from registry import make_register


def main() -> None:
    """Make the register, take the steps, print seconds and ratios."""
    import duckdb

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--models-dir", type=Path)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="occurisk-bench-") as folder:
        at = Path(folder)
        path = make_register(at / "register.parquet", chosen.rows)
        known = duckdb.connect(str(at / "register.duckdb"))
        known.execute(f"CREATE TABLE register AS SELECT * FROM read_parquet('{path}')")
        found: dict[str, float] = {}

        def timed(name: str, work: object) -> None:
            started = time.perf_counter()
            work()
            found[name] = time.perf_counter() - started

        def occurisk(*arguments: object) -> str:
            done = subprocess.run(
                [sys.executable, "-m", "occurisk", "lookup", *map(str, arguments)],
                capture_output=True, text=True, check=True,
            )  # fmt: skip
            return done.stdout

        where = ["--table", "register", "--code", "occupation_code", "--weight", "weight"]
        models = ["--models-dir", chosen.models_dir] if chosen.models_dir else []
        query = occurisk("--query", "duckdb", *where).rstrip(";\n")
        timed(
            "copy of the table (peer)", lambda: known.execute("CREATE TABLE copy AS SELECT * FROM register")
        )
        timed("distinct values", lambda: known.execute(f"COPY ({query}) TO '{at}/values.csv'"))
        timed("occurisk lookup", lambda: occurisk(at / "values.csv", "--out", at / "lookup", *where, *models))
        sql = at / "lookup" / "sql" / "duckdb"
        timed("load", lambda: known.execute((sql / "1_load.sql").read_text()))
        join = (sql / "4_join.sql").read_text().rstrip(";\n")
        timed("join, written as a table", lambda: known.execute(f"CREATE TABLE scored AS {join}"))
        timed("check", lambda: known.execute((sql / "2_check.sql").read_text()).fetchall())
        values = len((at / "values.csv").read_text().splitlines()) - 1
        print(f"{chosen.rows:,} rows, {values:,} distinct values; synthetic.")
        peer = found["copy of the table (peer)"]
        for name, seconds in found.items():
            print(f"{name:28} {seconds:7.2f} s  {seconds / peer:6.2f}x the copy")


if __name__ == "__main__":
    main()
