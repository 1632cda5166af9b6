"""The default model: trained once a test run, into a folder that the whole run shares."""

from __future__ import annotations

import fcntl
import os
import tempfile
from functools import cache
from pathlib import Path

from occurisk.model.bundles.bundle import Bundle
from occurisk.model.bundles.current import find_bundle
from occurisk.model.training import train_default


@cache
def models_dir() -> Path:
    """The run's folder of models, which `conftest` makes; outside pytest a temporary folder."""
    return Path(os.environ.get("OCCURISK_MODELS_DIR") or tempfile.mkdtemp(prefix="occurisk-models-"))


@cache
def default_bundle() -> Bundle:
    """The default model, as a clean clone trains it; one process trains it and the others wait."""
    with open(models_dir().with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return find_bundle(models_dir(), train=train_default)
