"""Tracking stores of a test's own. MLflow's ninety migrations run once a test run; the others are copies."""

from __future__ import annotations

import fcntl
import shutil
from pathlib import Path

import pytest

from helpers.trained import models_dir


def new_store(folder: Path) -> str:
    """Put an empty store into a folder; return its tracking URI."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(_empty(), folder / "mlflow.db")
    return f"sqlite:///{folder}/mlflow.db"


def _empty() -> Path:
    """The run's empty store; one process makes it and the others wait."""
    from occurisk.tracking import store

    path = models_dir().with_name("store") / "mlflow.db"
    path.parent.mkdir(exist_ok=True)
    with open(path.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.is_file():
            with pytest.MonkeyPatch.context() as patch:
                patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{path.with_name('making.db')}")
                store.open_store()
            path.with_name("making.db").rename(path)
    return path
