"""The faults that broke 0.1.0, tried on any checkout: does its command still have them?

    python tests/endurance/against_version.py CHECKOUT [NUMBER ...]

CHECKOUT has been set up (`make setup`) and trained. Each line says `broken` with what was seen, or `holds`.
At 9ff41e3 all are broken, here none is. Inputs are made here, and what a test of ours asserts in process is
asserted of the command.
"""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

LINES = ["43-9021,5", "11-1011,7", "29-1141,5"]
REGISTER = "code,employment\n" + "\n".join(LINES) + "\n"
# Kills the command as it changes the folder for the n-th time.
KILLER = """
import os, signal, sys
left, folder = int(sys.argv[1]), sys.argv[2]
def counted(change):
    def call(path, *more, **named):
        global left
        if folder in os.path.abspath(os.fspath(path)):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return change(path, *more, **named)
    return call
for name in ("unlink", "remove", "rename", "replace"):
    setattr(os, name, counted(getattr(os, name)))
sys.argv = ["occurisk", *sys.argv[3:]]
from occurisk.cli import main
main()
"""
MEMORY = """
import resource, subprocess, sys
subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


class Checkout:
    """A checkout whose command is driven; `folder` is empty for every case."""

    def __init__(self, root: Path, folder: Path) -> None:
        self.root, self.folder = root.resolve(), folder
        self.python = self.root / ".venv" / "bin" / "python"
        self.models = self.root / "models"
        self.environment = {
            **os.environ,
            "MLFLOW_TRACKING_URI": f"sqlite:///{folder}/store.db",
            "COLUMNS": "200",
        }

    def command(self, *arguments: object) -> list[str]:
        return [str(self.python), "-m", "occurisk", *map(str, arguments)]

    def run(self, *arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
        options = {"env": self.environment, **options}
        command = self.command(*arguments)
        return subprocess.run(
            command, capture_output=True, text=True, cwd=self.folder, check=False, **options
        )  # type: ignore[call-overload]

    def score(self, path: object, *arguments: object, **options: object) -> subprocess.CompletedProcess[str]:
        words = ("score", path, "--out", "o", "--no-track", "--models-dir", self.models, *arguments)
        return self.run(*words, **options)

    def write(self, name: str, text: str | bytes = REGISTER) -> Path:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def parquet(self, name: str, **columns: object) -> Path:
        import pyarrow as pa
        import pyarrow.parquet as pq

        pq.write_table(pa.table(columns), self.folder / name)
        return self.folder / name

    def peak(self, *arguments: object) -> float:
        """Peak memory of a command, GiB."""
        launch = [sys.executable, "-c", MEMORY, *self.command(*arguments)]
        done = subprocess.run(
            launch, capture_output=True, text=True, cwd=self.folder, check=True, env=self.environment
        )
        return int(done.stdout) / 1024**2


def fell(done: subprocess.CompletedProcess[str]) -> str:
    """Say how a command fell, if it neither did its work nor ended in an error of ours."""
    if done.returncode < 0:
        return f"the process was aborted by signal {-done.returncode}"
    if "Traceback" in done.stderr or "Exception ignored" in done.stderr:
        last = done.stderr.strip().splitlines()[-1]
        return f"traceback: {last[:80]}"
    return ""


def first(*said: str) -> str:
    return next((one for one in said if one), "")


def force(at: Checkout) -> str:
    at.write("o/intake.csv")
    at.write("o/lineage.xlsx", "mine")
    at.score("o/intake.csv", "--force")
    lost = [name for name in ("intake.csv", "lineage.xlsx") if not (at.folder / "o" / name).exists()]
    return f"deleted {', '.join(lost)}" if lost else ""


def far_cell(at: Checkout) -> str:
    import openpyxl

    book = openpyxl.Workbook()
    for row in csv.reader(REGISTER.splitlines()):
        book.active.append(row)
    book.active["XFD1048576"] = "x"
    book.save(at.folder / "r.xlsx")
    return fell(at.score("r.xlsx"))


def tracked_crosswalk(at: Checkout) -> str:
    at.write("r.csv", "job,n\nA1,5\nB2,6\n")
    at.write("map.csv", "from,to\nA1,43-9021\nB2,11-1011\n")
    words = (
        "score",
        "r.csv",
        "--out",
        "o",
        "--models-dir",
        at.models,
        "--crosswalk",
        "map.csv",
        "--code-column",
    )
    return fell(at.run(*words, "job"))


def tracked_at_once(at: Checkout) -> str:
    at.write("r.csv")
    commands = [at.command("score", "r.csv", "--out", f"o{i}", "--models-dir", at.models) for i in range(8)]
    runs = [
        subprocess.Popen(
            c, cwd=at.folder, env=at.environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        for c in commands
    ]
    broke = sum(b"Traceback" in run.communicate()[1] or run.returncode != 0 for run in runs)
    return f"{broke} of 8 runs did not land" if broke else ""


def altered_manifest(at: Checkout) -> str:
    shutil.copytree(at.models, at.folder / "models")
    path = next((at.folder / "models").glob("default-*/manifest.json"))
    manifest = json.loads(path.read_text())
    names = manifest["model"]["names"]
    names[0], names[5] = names[5], names[0]
    path.write_text(json.dumps(manifest))
    at.write("r.csv")
    done = at.score("r.csv", "--models-dir", at.folder / "models")
    return first(fell(done), "swapped names are accepted" if done.returncode == 0 else "")


def reviews_at_once(at: Checkout) -> str:
    at.write("r.csv")
    at.run("score", "r.csv", "--out", "o", "--models-dir", at.models)
    words = ("review", "latest", "--occupation", "43-9021", "--verdict", "agree", "--models-dir", at.models)
    runs = [
        subprocess.Popen(at.command(*words, "--reviewer", name), cwd=at.folder, env=at.environment,
                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for name in "abcdef"
    ]  # fmt: skip
    done = sum(run.wait() == 0 for run in runs)
    at.run("review", "latest", "--models-dir", at.models, "--json", "said.json")
    said = (at.folder / "said.json").read_text()
    kept = sum(f'"{name}"' in said for name in "abcdef")
    return "" if kept == done else f"{done} reviews ended well, {kept} are kept"


def rare_types(at: Checkout) -> str:
    import numpy as np
    import pyarrow as pa

    codes = [line.split(",")[0] for line in LINES]
    path = at.parquet("r.parquet", code=codes, employment=pa.array(np.array([5, 7, 5], dtype="float16")))
    lists = at.parquet("l.parquet", code=codes, employment=[[5], [7], [5]])
    return first(fell(at.score(path)), fell(at.score(lists, "--weight-column", "employment", "--force")))


def large_preamble(at: Checkout) -> str:
    at.write("r.csv", "A title\ncode,employment,note\n" + f"43-9021,1,{'x' * 190}\n" * 700_000)
    gib = at.peak("score", "r.csv", "--out", "o", "--no-track", "--models-dir", at.models)
    return f"{gib:.2f} GiB for a file of 0.13" if gib > 0.8 else ""


def preambles(at: Checkout) -> str:
    at.write("r.csv", '"A title\nof two lines"\n' + REGISTER)
    at.score("r.csv")
    rows = json.loads((at.folder / "o/intake.json").read_text())["totals"]["rows_in"]
    at.write("s.csv", 'A title\ncode,employment,note\n43-9021,5,"\r=1"\n11-1011,7,b\n29-1141,5,c\n')
    at.score("s.csv", "--force", "--format", "csv")
    live = re.search(rb'[,"\r\n]=1', (at.folder / "o/scored.csv").read_bytes())
    quoted = b"\"'\r=1" in (at.folder / "o/scored.csv").read_bytes()
    live = None if quoted else live
    wrong = f"{rows} rows instead of 3" if rows != 3 else ""
    return first(wrong, "a formula lives after a return" if live else "")


def killed(at: Checkout) -> str:
    at.write("r.csv")
    at.write("s.csv", REGISTER + "43-9021,1\n")
    words = ("--out", "o", "--no-track", "--models-dir", at.models)
    at.run("score", "r.csv", *words)
    out, broken = at.folder / "o", []
    for step in range(1, 41):
        command = [str(at.python), "-c", KILLER, str(step), str(out)]
        command += ["score", "s.csv", *map(str, words), "--force"]
        done = subprocess.run(command, cwd=at.folder, env=at.environment, capture_output=True, check=False)
        # The next command that looks into the folder may finish what was begun.
        settle = "from pathlib import Path; from occurisk.result_sets import settle; settle(Path('o'))"
        subprocess.run([str(at.python), "-c", settle], cwd=at.folder, capture_output=True, check=False)
        intake, table = out / "intake.json", out / "scored.csv"
        rows = json.loads(intake.read_text())["totals"]["rows_scored"] if intake.exists() else None
        if rows is None or not table.exists() or table.read_text().count("\n") != rows + 1:
            broken.append(step)
            at.run("score", "r.csv", *words, "--force")
        if done.returncode != -signal.SIGKILL:
            break
    return f"killed at its change {broken[0]}: no whole set stands" if broken else ""


def live_formulas(at: Checkout) -> str:
    at.parquet("r.parquet", code=["43-9021", "11-1011"], note=[b"=1+1", b"=cmd|x"], employment=[5, 7])
    at.score("r.parquet", "--format", "csv")
    cells = [cell for row in csv.reader((at.folder / "o/scored.csv").open()) for cell in row]
    live = [cell for cell in cells if cell.startswith("=")]
    return f"a cell of scored.csv begins {live[0]!r}" if live else ""


def unreadable_excel(at: Checkout) -> str:
    import openpyxl

    at.parquet("r.parquet", code=["43-9021", "11-1011"], note=["a\ufffe", "b"], employment=[5, 7])
    done = at.score("r.parquet", "--format", "excel")
    try:
        openpyxl.load_workbook(at.folder / "o/scored.xlsx")
    except Exception as problem:
        return first(fell(done), f"nothing opens scored.xlsx: {type(problem).__name__}")
    return fell(done)


def twice_named(at: Checkout) -> str:
    at.write("r.csv", "code,employment,employment\n43-9021,5,5\n11-1011,7,7\n")
    return fell(at.run("score", "r.csv", "--out", "o", "--models-dir", at.models))


def no_store(at: Checkout) -> str:
    at.write("r.csv")
    environment = {**at.environment, "MLFLOW_TRACKING_URI": "sqlite:////proc/none/store.db"}
    began = time.monotonic()
    done = at.run("score", "r.csv", "--out", "o", "--models-dir", at.models, env=environment)
    took = time.monotonic() - began
    return first(fell(done), f"it hung for {took:.0f} s" if took > 60 else "")


HOLD = """
import os, sys
from pathlib import Path
from occurisk.errors import OutputError
try:
    from occurisk.result_sets import result_set
    hold = lambda out: result_set(out, "score", replace=True)
except ImportError:
    from occurisk.scored_folder import output_folder
    hold = lambda out: output_folder(out, force=True)
out, bad = Path(sys.argv[1]), 0
for _ in range(2000):
    try:
        with hold(out) as held:
            try:
                os.close(os.open(out / "alone", os.O_CREAT | os.O_EXCL))
            except FileExistsError:
                bad += 1
            (Path(getattr(held, "folder", held)) / "intake.json").write_text("1")
            (out / "alone").unlink(missing_ok=True)
    except OutputError as problem:
        bad += "nother run" not in str(problem)
print(bad)
"""


def two_holders(at: Checkout) -> str:
    """Four processes hold one folder in turn; whoever holds it makes a file that nobody else may find."""
    runs = [
        subprocess.Popen([str(at.python), "-c", HOLD, at.folder / "o"], stdout=subprocess.PIPE)
        for _ in range(4)
    ]
    bad = [int(run.communicate()[0] or -1) for run in runs]
    return f"{sum(bad)} of 8,000 times not alone" if any(bad) else ""


def memory(at: Checkout) -> str:
    make = (
        "import pyarrow as pa, pyarrow.parquet as pq; n = 400_000; "
        "texts = [f'{i:08d}' * 256 for i in range(n)]; "
        "pq.write_table(pa.table({'code': ['43-9021'] * n, 'text': texts}), 'r.parquet', row_group_size=n)"
    )
    subprocess.run([sys.executable, "-c", make], cwd=at.folder, check=True)
    gib = at.peak("score", "r.parquet", "--out", "o", "--no-track", "--models-dir", at.models)
    return f"{gib:.2f} GiB for 400,000 rows of 2 KB" if gib > 0.8 else ""


def mixed_systems(at: Checkout) -> str:
    at.write("r.csv", "code\n4110-9\n2411-0-001\n43-9021\n43-9021.00\n")
    return fell(at.score("r.csv"))


def decoders(at: Checkout) -> str:
    import gzip

    at.write("r.csv")
    packed = bytearray(gzip.compress((REGISTER * 200).encode()))
    packed[len(packed) // 2] ^= 0xFF
    at.write("r.csv.gz", bytes(packed))
    tries = [at.score("r.csv", "--encoding", "base64"), at.score("r.csv", "--encoding", "punycode")]
    return first(*map(fell, tries), fell(at.score("r.csv.gz")))


def killed_training(at: Checkout) -> str:
    """What a training leaves that is killed while it writes is gone after the next."""
    shutil.copytree(at.models, at.folder / "models")
    words = ("train", "--no-evaluation", "--no-track", "--models-dir", "models")
    nowhere = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(at.command(*words), cwd=at.folder, env=at.environment, **nowhere)
    before = {p.name for p in (at.folder / "models").iterdir()}
    while process.poll() is None:
        new = {p.name for p in (at.folder / "models").iterdir()} - before
        if any(name.startswith(".") and (at.folder / "models" / name).is_dir() for name in new):
            process.send_signal(signal.SIGKILL)
            process.wait()
            break
        time.sleep(0.002)
    at.run(*words)
    left = [p.name for p in (at.folder / "models").iterdir() if p.name.startswith(".") and p.is_dir()]
    return f"left for ever: {left[0]}" if left else ""


def terminal(at: Checkout) -> str:
    at.write("r.csv", "code,employment\n" + "".join(f"{line}\n" for line in LINES * 4) + "\x1b[31mXX,9\n")
    done = at.score("r.csv", "--code-column", "code", "--taxonomy", "soc2010")
    return (
        "an escape of the list reaches the terminal"
        if "\x1b[31mXX" in done.stdout + done.stderr
        else fell(done)
    )


def huge_weights(at: Checkout) -> str:
    at.write("r.csv", "job,n\nA1,5\nB2,6\n")
    at.write("map.csv", "from,to,weight\nA1,43-9021,1e308\nA1,11-1011,1e308\nB2,11-1011,1\n")
    done = at.score("r.csv", "--crosswalk", "map.csv", "--code-column", "job", "--format", "csv")
    rows = list(csv.DictReader((at.folder / "o/scored.csv").open())) if not done.returncode else []
    empty = [row for row in rows if not row["occurisk_probability"]]
    return first(fell(done), "a scored row has no probability" if empty else "")


def ragged(at: Checkout) -> str:
    at.write("r.csv", REGISTER.encode() + b"11-\xff1011,2,3\n")
    return fell(at.score("r.csv", "--encoding", "utf-8"))


def own_paths(at: Checkout) -> str:
    text = next(at.models.glob("default-*/manifest.json")).read_text()
    return "manifest.json names a place of this machine" if str(at.root) in text else ""


def pipe(at: Checkout) -> str:
    at.write("r.csv")
    os.mkfifo(at.folder / "p")
    writer = subprocess.Popen(["cp", at.folder / "r.csv", at.folder / "p"], stderr=subprocess.DEVNULL)
    try:
        done = at.score("p", timeout=60)
    except subprocess.TimeoutExpired:
        return "it waits for ever for a pipe that was written once"
    finally:
        writer.kill()
    said = (done.stderr.strip().splitlines() or [""])[0]
    return f"a pipe ends in: {said[:80]}" if done.returncode else ""


CASES: list[Callable[[Checkout], str]] = [
    force, far_cell, tracked_crosswalk, tracked_at_once, altered_manifest, reviews_at_once, rare_types,
    large_preamble, preambles, killed, live_formulas, unreadable_excel, twice_named, no_store, two_holders,
    memory, mixed_systems, decoders, killed_training, terminal, huge_weights, ragged, own_paths, pipe,
]  # fmt: skip


def main() -> None:
    """Try all cases, or those of the numbers given."""
    root, wanted = Path(sys.argv[1]), {int(number) for number in sys.argv[2:]}
    broken = tried = 0
    for number, case in enumerate(CASES, start=1):
        if wanted and number not in wanted:
            continue
        with tempfile.TemporaryDirectory(prefix="occurisk-against-") as folder:
            found = case(Checkout(root, Path(folder)))
        tried, broken = tried + 1, broken + bool(found)
        print(f"{number:2d} {case.__name__:18s} {'broken: ' + found if found else 'holds'}", flush=True)
    print(f"{broken} of {tried} are broken")
    sys.exit(bool(broken))


if __name__ == "__main__":
    main()
