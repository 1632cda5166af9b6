"""Keep what commands printed, for the figures that docs quote (after `make train`).

    python docs/outputs.py NAME …          run the command of docs/outputs/NAME.txt, and keep what it prints
    python docs/outputs.py --new NAME CMD  the same for a new file

A file begins with its command (lines that begin with `$`) and one line on when and where it ran. Then follows
what was printed, as it was. Lines of the docs that say the same with other figures are renewed; what else
no longer fits is named by `tests/documentation/test_figures.py`.
"""

from __future__ import annotations

import argparse
import difflib
import os
import platform
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
OUTPUTS = PROJECT / "docs" / "outputs"
PAGES = [*sorted(PROJECT.glob("*.md")), *sorted((PROJECT / "docs").glob("*.md"))]
ORIGINALS = Path(os.environ.get("OCCURISK_ORIGINALS", PROJECT.parent / "shared" / "data"))
WIDE = 500  # no line is cut
NUMBER = re.compile(r"(?<![\w.,-])[-+−±]?\d[\d,]*(?:\.\d+)?(?!\w)")
# A mark holds until the next mark.
MARKED = re.compile(r"<!-- figures: ([^>]*?) -->\n(.*?)(?=<!-- figures: |\Z)", re.DOTALL)


@dataclass(frozen=True)
class Output:
    """What a command printed."""

    command: str
    when: str
    text: str

    @staticmethod
    def read(name: str) -> Output:
        """Read docs/outputs/NAME.txt."""
        lines = (OUTPUTS / f"{name}.txt").read_text(encoding="utf-8").splitlines()
        command = [line[2:] for line in lines if line.startswith("$ ")]
        when, text = lines[len(command)], lines[len(command) + 1 :]
        return Output("\n".join(command), when, "\n".join(text))

    def write(self, name: str) -> None:
        """Write docs/outputs/NAME.txt."""
        command = [f"$ {line}" for line in self.command.splitlines()]
        text = "\n".join([*command, self.when, self.text.strip("\n")])
        (OUTPUTS / f"{name}.txt").write_text(text + "\n", encoding="utf-8")


def stage(folder: Path, models: Path, command: str) -> Path:
    """Return a place to run a command of the docs in: like the checkout, but what is written stays there.

    A command that names no axis meets the first axis's model alone, so that a second one changes no output.
    """
    place = folder / "occurisk"
    (place / "docs" / "img").mkdir(parents=True)
    (place / "models").mkdir()
    for path in PROJECT.iterdir():
        if path.name not in ("docs", "models", "mlruns", ".git"):
            (place / path.name).symlink_to(path)
    for path in models.iterdir():
        if path.is_dir():
            (place / "models" / path.name).symlink_to(path)
        elif path.name == "CURRENT" or (path.name.startswith("CURRENT.") and re.search("ax[ei]s", command)):
            shutil.copyfile(path, place / "models" / path.name)
    (folder / "shared").mkdir()
    (folder / "shared" / "data").symlink_to(ORIGINALS)
    return place


def settled(text: str, place: Path) -> str:
    """Return what was printed, without what differs from run to run: places, names of versions and runs."""
    text = re.sub(r"\b(default|language_models_2023)-[0-9a-f]{8}", r"\1-00000000", text)
    text = re.sub(r"\b(runs/|Id=rq-)[0-9a-f]{32}", r"\1…", text)
    text = text.replace(f"{place}/", "").replace(f"{place.resolve()}/", "")
    return "\n".join(line.rstrip() for line in text.splitlines()).strip("\n")


def ran(command: str) -> Output:
    """Run a command and return what it printed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryDirectory(prefix="occurisk-docs-") as folder:
        models = Path(os.environ.get("OCCURISK_MODELS_DIR") or PROJECT / "models")
        place = stage(Path(folder), models, command)
        known = {
            "PATH": f"{PROJECT / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "COLUMNS": str(WIDE),
            "OCCURISK_MODELS_DIR": str(place / "models"),
            "MLFLOW_TRACKING_URI": f"sqlite:///{folder}/mlflow.db",
        }
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            cwd=place, env={**os.environ, **known}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, check=True,
        )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    when = f"# {datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, Python {platform.python_version()}"
    return Output(command, f"{when}, {seconds:.0f} s of processor time", settled(done.stdout, place))


def bare(line: str) -> str:
    """A line without its figures, its bold print and the widths of its columns."""
    return " ".join(re.sub(r"─+", "─", NUMBER.sub("0", line.replace("*", ""))).split())


def renewed(page: str, name: str, output: Output) -> str:
    """The page with the lines of its marked blocks as the output has them now, and empty blocks filled."""

    def block(found: re.Match[str]) -> str:
        if name not in found[1].split(" but ")[0].split():
            return found[0]
        filled = found[0].replace("```text\n```", f"```text\n{output.text}\n```")
        old, new = filled.split("\n"), output.text.split("\n")
        same = difflib.SequenceMatcher(
            None, [bare(line) for line in old], [bare(line) for line in new], False
        )
        for a, b, size in same.get_matching_blocks():
            for i in range(size):
                if NUMBER.search(old[a + i]) and ("*" in old[a + i]) == ("*" in new[b + i]):
                    old[a + i] = new[b + i]
        return "\n".join(old)

    return MARKED.sub(block, page)


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--new", nargs=2, metavar=("NAME", "CMD"))
    asked = parser.parse_args()
    OUTPUTS.mkdir(exist_ok=True)
    commands = {name: Output.read(name).command for name in asked.names}
    if asked.new:
        commands[asked.new[0]] = asked.new[1]
    for name, command in commands.items():
        print(f"{name}: {command}", file=sys.stderr, flush=True)
        output = ran(command)
        output.write(name)
        for page in PAGES:
            text = page.read_text(encoding="utf-8")
            page.write_text(renewed(text, name, output), encoding="utf-8")


if __name__ == "__main__":
    main()
