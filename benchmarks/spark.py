"""What scoring on Spark costs: a synthetic register, scored by the join, beside three other ways.

    make test-spark && python benchmarks/spark.py --rows 10_000_000 --master 'local[2]'

Every contender is a Spark application of its own, in turn, on the same files, and writes Parquet. Seconds are
those of the work, without the start of the session. The register is synthetic, as in benchmarks/registry.py.

- `copy` reads the register and writes it, which is fewer bytes than the others write.
- `bare` reads the scored register that ours wrote and writes it again: as many bytes, and nothing joined.
- `ours` is `occurisk score --engine spark` without MLflow, with the account and the rows set aside.
- `join` is the same join made by hand, without any account.
- `arrow` sends each batch to Python and joins there (`mapInArrow`).
- `udf` sends the code to a model of MLflow (`mlflow.pyfunc.spark_udf`) that returns the same twelve columns.
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

from registry import ADDED, lookup, make_register

ONES = [f"occurisk_{name}" for name in ADDED]
MODEL = '''
import mlflow
import pandas as pd


class Joined(mlflow.pyfunc.PythonModel):
    """Codes in, the twelve columns of their score out."""

    def load_context(self, context):
        self.table = pd.read_parquet(context.artifacts["table"]).set_index("occupation_code")

    def predict(self, context, model_input, params=None):
        return self.table.reindex(model_input.iloc[:, 0]).reset_index(drop=True)


mlflow.models.set_model(Joined())
'''


def session(master: str):
    """Open the session that every contender works in."""
    from occurisk.spark.session import open_session

    os.environ["PYSPARK_SUBMIT_ARGS"] = "--driver-memory 3g pyspark-shell"
    return open_session(master)


def bare(spark, source: Path, out: Path, _: Path) -> None:
    """Read what ours wrote and write it again."""
    spark.read.parquet(str(source.parent / "scored")).write.parquet(str(out / "scored.parquet"))


def copy(spark, source: Path, out: Path, _: Path) -> None:
    """Read the register and write it again."""
    spark.read.parquet(str(source)).write.parquet(str(out / "scored.parquet"))


def ours(spark, source: Path, out: Path, _: Path) -> None:
    """`occurisk score --engine spark` without MLflow."""
    from occurisk.model.bundles.current import find_bundle
    from occurisk.spark.parquet_job import score_parquet

    score_parquet(find_bundle(), [str(source)], out / "ours")


def join(spark, source: Path, out: Path, table: Path) -> None:
    """The join by hand."""
    from pyspark.sql.functions import broadcast

    codes = broadcast(spark.read.parquet(str(table)))
    spark.read.parquet(str(source)).join(codes, "occupation_code").write.parquet(str(out / "scored.parquet"))


def arrow(spark, source: Path, out: Path, table: Path) -> None:
    """The join in Python, batch by batch."""
    import pyarrow.parquet as pq
    from pyspark.sql.pandas.types import from_arrow_schema, to_arrow_schema

    codes, register = pq.read_table(table), spark.read.parquet(str(source))
    wanted = to_arrow_schema(register.schema)
    for name in ONES:
        wanted = wanted.append(codes.schema.field(name))

    def joined(batches):
        import pyarrow as pa
        import pyarrow.compute as pc

        keys = codes["occupation_code"].combine_chunks()
        for batch in batches:
            at = pc.index_in(batch.column("occupation_code"), keys)
            good = at.is_valid()
            kept, at = batch.filter(good), at.filter(good)
            added = [codes[name].combine_chunks().take(at) for name in ONES]
            yield pa.RecordBatch.from_arrays([*kept.columns, *added], schema=wanted)

    register.mapInArrow(joined, from_arrow_schema(wanted)).write.parquet(str(out / "scored.parquet"))


def udf(spark, source: Path, out: Path, table: Path) -> None:
    """A model of MLflow as a function of Spark."""
    import mlflow
    import pyarrow.parquet as pq
    from pyspark.sql.functions import struct
    from pyspark.sql.pandas.types import from_arrow_schema

    code = out / "model.py"
    code.write_text(MODEL)
    mlflow.pyfunc.save_model(
        str(out / "model"), python_model=str(code), artifacts={"table": str(table)}, pip_requirements=[]
    )
    schema = from_arrow_schema(pq.read_schema(table))
    kind = ", ".join(f"{f.name} {f.dataType.simpleString()}" for f in schema if f.name in ONES)
    scored = mlflow.pyfunc.spark_udf(spark, str(out / "model"), result_type=kind, env_manager="local")
    register = spark.read.parquet(str(source))
    made = register.withColumn("s", scored(struct("occupation_code"))).select(*register.columns, "s.*")
    made.where("occurisk_code is not null").write.parquet(str(out / "scored.parquet"))


CONTENDERS = {f.__name__: f for f in (copy, bare, ours, join, arrow, udf)}


def run(name: str, master: str, source: Path, out: Path, table: Path) -> dict[str, float]:
    """Run a contender in an application of its own."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    command = [sys.executable, __file__, "--run", name, "--master", master, *map(str, (source, out, table))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{name} failed.\n{done.stderr[-3000:]}")
    size = sum(path.stat().st_size for path in out.rglob("scored.parquet/**/*.parquet"))
    return {**json.loads(done.stdout.splitlines()[-1]), "mb": size / 1e6}


def main() -> None:
    """Make the register, run the contenders in turn, print the medians."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=lambda text: int(text.replace("_", "")), default=10_000_000)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--master", default="local[2]")
    parser.add_argument("--only", nargs="+", choices=list(CONTENDERS))
    parser.add_argument("--folder", type=Path, help="Where the files go. [default: a temporary folder]")
    parser.add_argument("--run", choices=list(CONTENDERS), help=argparse.SUPPRESS)
    parser.add_argument("paths", nargs="*", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.run:
        spark = session(chosen.master)
        started = time.perf_counter()
        CONTENDERS[chosen.run](spark, *chosen.paths)
        print(json.dumps({"seconds": time.perf_counter() - started}))
        spark.stop()
        return
    with tempfile.TemporaryDirectory(dir=chosen.folder, prefix="occurisk-benchmark-") as folder:
        at = Path(folder)
        source = make_register(at / "register.parquet", chosen.rows)
        table = lookup(at / "lookup.parquet")
        run("ours", chosen.master, source, at / "out", table)
        (at / "out" / "ours" / "scored.parquet").rename(at / "scored")
        found: dict[str, list[dict[str, float]]] = {name: [] for name in chosen.only or CONTENDERS}
        for _ in range(chosen.repeat):
            for name, runs in found.items():
                runs.append(run(name, chosen.master, source, at / "out", table))
        print(f"Synthetic register of {chosen.rows:,} rows; {chosen.master}.")
        middle = {name: statistics.median(r["seconds"] for r in runs) for name, runs in found.items()}
        first = middle.get("bare", next(iter(middle.values())))
        print(f"{'':8}{'seconds':>9}{'MB out':>9}{'x bare':>8}   each run")
        for name, seconds in middle.items():
            each = " ".join(f"{r['seconds']:.1f}" for r in found[name])
            print(f"{name:8}{seconds:9.1f}{found[name][0]['mb']:9.0f}{seconds / first:8.2f}   {each}")


if __name__ == "__main__":
    main()
