"""What a test is too short for: killed anywhere, full disks, eight at once, large files in memory.

    make endurance        or        python tests/endurance/endurance.py kills full at_once memory

Each part is bounded in time and prints its counts; exit code 1 if a promise broke.
"""

from __future__ import annotations

import json
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REGISTER = "code,employment\n" + "43-9021,1\n11-1011,2\nXX,3\n" * 2000
# A third of it is no code: that must be asked for by name.
NAMED = ("--code-column", "code", "--taxonomy", "soc2010", "--no-track")
SECONDS = 60  # of each loop
LIMIT = 0.8  # GiB
# A process begins with its parent's peak on its account: so the parent of what is measured is a small one.
LAUNCH = """
import resource, subprocess, sys
code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)
"""


def occurisk(*arguments: object, **options: object) -> subprocess.Popen:
    """Start a command; its output goes where nobody looks."""
    command = [sys.executable, "-m", "occurisk", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **options)


def whole(out: Path) -> int | None:
    """Return the rows of the set that stands in a folder, None if none does; fail if it is not whole."""
    from occurisk.result_sets import settle

    settle(out)
    if not (out / "intake.json").exists():
        left = {p.name for p in out.iterdir() if p.name[0] != "."} if out.exists() else set()
        assert left <= {"mine.txt"}, left
        return None
    totals = json.loads((out / "intake.json").read_text())["totals"]
    for name, rows in (("scored.csv", "rows_scored"), ("unscored.csv", "rows_unscored")):
        assert (out / name).read_text().count("\n") == totals[rows] + 1, name
    return int(totals["rows_in"])


def kills(folder: Path) -> str:
    """Kill runs at random moments; the old set or the new one stands, and the user's file."""
    out, rng, done, started = folder / "o", random.Random(0), 0, time.monotonic()  # noqa: S311
    out.mkdir()
    (out / "mine.txt").write_text("mine")
    registers = [folder / "a.csv", folder / "b.csv"]
    for i, path in enumerate(registers):
        path.write_text(REGISTER + "43-9021,1\n" * i)
    assert occurisk("score", registers[1], "--out", out, *NAMED).wait() == 0
    seen, took = set(), time.monotonic() - started
    while time.monotonic() - started < SECONDS:
        process = occurisk("score", registers[done % 2], "--out", out, "--force", *NAMED)
        time.sleep(rng.uniform(0.3, 1.3) * took)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        seen.add(whole(out))
        assert (out / "mine.txt").read_text() == "mine"
        done += 1
    assert seen == {6000, 6001}, seen  # and not None: an old set stands until the new one does
    return f"{done} kills; sets seen: {sorted(map(str, seen))}"


def full(folder: Path) -> str:
    """Let writes fail after so many bytes, as a full disk does; one message, the old set stays."""
    out, path, done, started = folder / "o", folder / "r.csv", 0, time.monotonic()
    path.write_text(REGISTER)
    assert occurisk("score", path, "--out", out, *NAMED).wait() == 0
    path.write_text(REGISTER * 3)
    for size in (0, 1, 100, 5_000, 50_000, 100_000, 400_000, 900_000):
        if time.monotonic() - started > SECONDS:
            break

        def bound(size: int = size) -> None:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

        process = occurisk("score", path, "--out", out, "--force", *NAMED, preexec_fn=bound)
        _, error = process.communicate()
        assert b"Traceback" not in error, error[-2000:]
        found = whole(out)
        assert found == (6000 if process.returncode else 6000 * 3 + 2), (size, found, process.returncode)
        done += 1
        if not process.returncode:
            break
    return f"{done} runs whose disk was full"


def at_once(folder: Path) -> str:
    """Eight runs into one folder at once: each is done or refused, and the set is whole."""
    out, path, codes, started = folder / "o", folder / "r.csv", [], time.monotonic()
    path.write_text(REGISTER)
    while time.monotonic() - started < SECONDS:
        runs = [occurisk("score", path, "--out", out, "--force", *NAMED) for _ in range(8)]
        for process in runs:
            _, error = process.communicate()
            assert b"Traceback" not in error, error[-2000:]
            codes.append(process.returncode)
        assert whole(out) == 6000
    assert set(codes) <= {0, 8}, set(codes)
    return f"{len(codes)} runs, {codes.count(0)} done, {codes.count(8)} refused"


def memory(folder: Path) -> str:
    """Large files, each by its own process: peak memory (resident set) in GiB."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    said, rng = [], np.random.default_rng(0)

    def peak(name: str, path: Path, *arguments: object) -> None:
        command = [sys.executable, "-m", "occurisk", "score", path, "--out", folder / name, "--no-track"]
        launch = [sys.executable, "-c", LAUNCH, *map(str, (*command, *arguments))]
        done = subprocess.run(launch, capture_output=True, text=True, check=False)
        gib = int(done.stdout) / 1024**2
        said.append(f"{name} {gib:.2f}")
        print(f"    {name}: {gib:.2f} GiB, exit code {done.returncode}", flush=True)
        assert done.returncode in (0, 13), done.stderr[-2000:]
        assert gib < LIMIT, f"{name}: {gib:.2f} GiB"
        path.unlink()

    codes = pa.array(["43-9021", "11-1011", "29-1141"]).take(pa.array(rng.integers(0, 3, 400_000)))
    texts = pa.array([(f"{i:08d}" * 256) for i in range(400_000)])
    path = folder / "texts.parquet"
    pq.write_table(pa.table({"code": codes, "text": texts}), path, row_group_size=400_000)
    del texts
    peak("long texts", path)
    path = folder / "codes.csv"
    with open(path, "w") as stream:
        stream.write("code,employment\n" + "43-9021,1\n" * 300_000)
        stream.writelines(f"Z{i},1\n" for i in range(5_000_000))
    peak("distinct codes", path, "--code-column", "code", "--taxonomy", "soc2010")
    path, own = folder / "own.csv", folder / "map.csv"
    path.write_text("job,employment\n" + "".join(f"J{i},1\n" for i in range(0, 3_000_000, 100)))
    with open(own, "w") as stream:
        stream.write("from,to,weight\n")
        known = ["43-9021", "11-1011", "29-1141", "35-3031"]
        stream.writelines(f"J{i},{known[i % 4]},{1 + i % 977}\n" for i in range(3_000_000))
    peak("crosswalk", path, "--crosswalk", own, "--code-column", "job")
    path = folder / "preamble.csv"
    lines = "".join(f"{code},1,{'x' * 190}\n" for code in ("43-9021", "11-1011", "29-1141"))
    with open(path, "w") as stream:
        stream.write("A title\ncode,employment,note\n")
        for _ in range(5_000):
            stream.write(lines * 334)
    peak("preamble", path)
    return "; ".join(said)


PARTS = {part.__name__: part for part in (kills, full, at_once, memory)}


def main() -> None:
    """Run the parts that are named, or all."""
    from occurisk.model.bundles.current import find_bundle
    from occurisk.model.training import train_default

    find_bundle(train=train_default)
    failed = False
    for name in sys.argv[1:] or list(PARTS):
        with tempfile.TemporaryDirectory(prefix="occurisk-endurance-") as folder:
            try:
                print(f"{name}: {PARTS[name](Path(folder))}", flush=True)
            except AssertionError as problem:
                failed = True
                print(f"{name}: BROKEN: {problem}", flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
