"""An output folder in which every file is whole, or absent: staged, locked, then renamed file by file."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from occurisk.errors import OutputError

try:
    import fcntl
except ImportError:  # Windows: no lock, the rest holds
    fcntl = None  # type: ignore[assignment]

STEMS = ("scored", "unscored", "by_occupation", "lineage", "intake")
SUFFIXES = (".parquet", ".csv", ".xlsx", ".json", ".md")
_STAGING = ".occurisk-staging-"
_LOCK = ".occurisk.lock"


def existing(out: Path) -> list[Path]:
    """List the outputs of an earlier run in a folder."""
    return [p for stem in STEMS for suffix in SUFFIXES if (p := out / f"{stem}{suffix}").exists()]


@contextmanager
def output_folder(out: Path, force: bool) -> Iterator[Path]:
    """Yield a staging folder; its files appear in `out` if the block ends well.

    A run that is killed leaves a hidden staging folder, which the next run removes, and nothing under a
    final name. `intake.json` is moved last: where it stands, the others are complete.

    Raises
    ------
    OutputError
        If outputs exist and `force` is not given, another run is writing there, or the disk is full.
    """
    out = Path(out)
    old = existing(out)
    if old and not force:
        raise OutputError(
            f"{out} holds the results of an earlier run ({len(old)} files).",
            first=str(old[0]),
            rule="Nothing is overwritten unasked.",
            fix="Choose another --out, or add --force to replace them.",
        )
    made = not out.exists()
    try:
        out.mkdir(parents=True, exist_ok=True)
        with _lock(out):
            for left in out.glob(f"{_STAGING}*"):
                shutil.rmtree(left, ignore_errors=True)
            staging = Path(tempfile.mkdtemp(prefix=_STAGING, dir=out))
            try:
                yield staging
                for path in existing(out):
                    path.unlink()
                for path in sorted(staging.iterdir(), key=lambda p: p.name == "intake.json"):
                    os.replace(path, out / path.name)
            finally:
                shutil.rmtree(staging, ignore_errors=True)
    except OSError as problem:
        raise OutputError(
            f"Cannot write to {out}: {problem.strerror or problem}.",
            rule="The folder must be creatable and writable, and have room.",
            fix="Choose another --out, or make room.",
        ) from problem
    finally:
        if made and out.is_dir() and not any(out.iterdir()):
            out.rmdir()


@contextmanager
def _lock(out: Path) -> Iterator[None]:
    """Hold a folder; the operating system lets go of it when the process ends, however it ends."""
    path = out / _LOCK
    with open(path, "w", encoding="utf-8") as stream:
        if fcntl is not None:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as problem:
                raise OutputError(
                    f"Another run is writing to {out}.",
                    rule="One run per folder at a time.",
                    fix="Wait for it, or choose another --out.",
                ) from problem
        try:
            yield
        finally:
            path.unlink(missing_ok=True)
