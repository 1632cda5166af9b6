"""The folder of model versions: one writer at a time; what a killed training left is removed by the next.

A version is made in a hidden folder beside the others and becomes visible by one rename, so that a reader
meets it whole or not at all.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from occurisk.files import cannot_write, umask

try:
    import fcntl
except ImportError:  # Windows: no lock, and nothing is removed that might be in use
    fcntl = None  # type: ignore[assignment]

CURRENT = "CURRENT"  # the version that commands use by default, and the SHA-256 of its manifest
_LOCK = ".occurisk.lock"
_STAGING = ".occurisk-model-"


@contextmanager
def staging(models_dir: Path) -> Iterator[Path]:
    """Yield a hidden folder to make a version in; whoever else trains here waits.

    The operating system lets go of the lock when a process ends, however it ends. So a hidden folder that is
    found under the lock belongs to nobody any more.

    Raises
    ------
    OutputError
        If the folder cannot be written to, or the disk is full.
    """
    models_dir = Path(models_dir)
    try:
        models_dir.mkdir(parents=True, exist_ok=True)
        with open(models_dir / _LOCK, "a", encoding="utf-8") as stream:
            if fcntl is not None:
                fcntl.flock(stream, fcntl.LOCK_EX)
                _remove_leftovers(models_dir)
            folder = Path(tempfile.mkdtemp(prefix=_STAGING, dir=models_dir))
            os.chmod(folder, 0o777 & ~umask())
            try:
                yield folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)
    except OSError as problem:
        raise cannot_write(models_dir, problem) from problem


def put_in_place(folder: Path, version: Path) -> None:
    """Make a finished folder a version, by one rename.

    A version's name follows from its content. If one of this name stands there, it is this one, or one that
    was damaged since: its files are then replaced one by one, each by one rename, the manifest last.
    """
    if not version.exists():
        os.replace(folder, version)
        return
    for path in sorted(folder.iterdir(), key=lambda file: (file.name == "manifest.json", file.name)):
        os.replace(path, version / path.name)


def _remove_leftovers(models_dir: Path) -> None:
    for left in models_dir.glob(f"{_STAGING}*"):
        shutil.rmtree(left, ignore_errors=True)
    for left in models_dir.glob(f".{CURRENT}.*"):
        left.unlink(missing_ok=True)
