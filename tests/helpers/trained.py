"""The default model: trained once a test run, into a folder that the whole run shares."""

from __future__ import annotations

import fcntl
import os
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path

from occurisk.model.axes.declaration import chosen_axes
from occurisk.model.bundles.bundle import Bundle
from occurisk.model.bundles.current import find_bundle
from occurisk.model.training import load_data, train, train_default


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


@cache
def exposure_bundle() -> Bundle:
    """The model of language models with few replicas, beside the default one in the run's folder."""
    axis = chosen_axes("language_models_2023")[0]

    def train_few(folder: Path) -> Bundle:
        data = load_data(axis.training)
        model = data.settings.model.model_copy(update={"replicas": 20})
        data = replace(data, settings=data.settings.model_copy(update={"model": model}))
        return train(data, folder, pointer=axis.pointer).bundle

    with open(models_dir().with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return find_bundle(models_dir(), train=train_few, pointer=axis.pointer)
