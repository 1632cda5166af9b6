"""How long the national picture takes: a synthetic register of N rows, and replica intervals.

    python benchmarks/national.py [ROWS] [--folder DIR]

The register is synthetic: 1,000 random codes, sex, region, jobs, and columns that are not needed. Two
measurements, alternating in one run: pyarrow reading just the needed columns (dictionary-encoded, as
`register_totals` reads them), and `register_totals` itself, which reads and adds up. Then intervals from
100 replicas for 1 and for 1,000 cells.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from occurisk.labour_market.market import figures_by_cell
from occurisk.labour_market.register_totals import register_totals
from occurisk.model.bundles.current import find_bundle

KEYS = ["occurisk_code", "sex", "region"]
GROUP = 1_000_000
ROUNDS = 3


def make_register(path: Path, rows: int) -> None:
    """Write a synthetic register."""
    rng = np.random.default_rng(0)
    values = {
        "occurisk_code": pa.array([f"{i:02d}-{j:04d}" for i in range(11, 31) for j in range(50)]),
        "sex": pa.array(["f", "m"]),
        "region": pa.array([f"region {i}" for i in range(20)]),
    }
    writer = None
    for start in range(0, rows, GROUP):
        n = min(GROUP, rows - start)
        columns = {
            name: pa.DictionaryArray.from_arrays(pa.array(rng.integers(0, len(v), n, dtype=np.int32)), v)
            for name, v in values.items()
        }
        columns["jobs"] = pa.array(rng.gamma(2, 50, n).round(2))
        columns["occurisk_probability"] = pa.array(rng.random(n).round(6))
        table = pa.table(columns)
        writer = writer or pq.ParquetWriter(path, table.schema)
        writer.write_table(table)
    if writer:
        writer.close()


def read_only(path: Path) -> None:
    """Read the needed columns, row group by row group."""
    with pq.ParquetFile(path, read_dictionary=KEYS) as file:
        for group in range(file.num_row_groups):
            file.read_row_group(group, columns=[*KEYS, "jobs"])


def measure(task: Callable[[], object]) -> tuple[float, float]:
    """Return (wall, CPU) seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    task()
    return time.perf_counter() - wall, time.process_time() - cpu


def main() -> None:
    """Print the measurements."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("rows", type=int, nargs="?", default=10_000_000)
    parser.add_argument("--folder", type=Path, help="Where the register goes.  [default: a temporary folder]")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder, prefix="occurisk-benchmark-") as folder:
        path = Path(folder) / "register.parquet"
        make_register(path, given.rows)
        print(f"synthetic register: {given.rows:,} rows, {path.stat().st_size / 1e6:.0f} MB")
        reads, totals = [], []
        for _ in range(ROUNDS):
            reads.append(measure(lambda: read_only(path)))
            totals.append(measure(lambda: register_totals(path, KEYS, "jobs")))
    for name, times in (("reading the columns", reads), ("register_totals", totals)):
        wall, cpu = (statistics.median(t[i] for t in times) for i in (0, 1))
        print(f"{name:22s} wall {wall:6.2f} s   CPU {cpu:6.2f} s")
    for i, kind in enumerate(("wall", "CPU")):
        ratio = statistics.median(t[i] / r[i] for t, r in zip(totals, reads, strict=True))
        print(f"ratio ({kind}), median of {ROUNDS} pairs: {ratio:.2f}")
    bundle = find_bundle()
    spread = bundle.replicas.reindex(bundle.reference.index).to_numpy()
    p = bundle.reference["probability"].to_numpy()
    for cells in (1, 1000):
        jobs = np.random.default_rng(0).gamma(1, 100, (cells, len(p)))
        none = np.zeros(cells)
        with_replicas = measure(lambda j=jobs, n=none: figures_by_cell(j, n, p, bundle.bands, spread))
        without = measure(lambda j=jobs, n=none: figures_by_cell(j, n, p, bundle.bands))
        added = with_replicas[0] - without[0]
        print(f"replica intervals of {cells:,} cells add {added:.3f} s ({spread.shape[1]} replicas)")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"peak memory {peak:.2f} GB")


if __name__ == "__main__":
    main()
