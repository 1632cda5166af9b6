"""The places that occurisk reads and writes."""

from __future__ import annotations

import os
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
# A checkout holds features/ and configs/ at its top; a wheel carries them in the package.
CHECKOUT = PACKAGE.parents[1] if (PACKAGE.parents[1] / "pyproject.toml").is_file() else None
RESOURCES = CHECKOUT or PACKAGE
FEATURES = RESOURCES / "features"
OCCUPATIONS_TABLE = FEATURES / "reference" / "occupations.csv"
CONFIGS = RESOURCES / "configs"
DEFAULT_CONFIG = CONFIGS / "train.yaml"


def home() -> Path:
    """Return the folder that holds `models/` and `mlruns/`: the checkout, else the working directory."""
    return CHECKOUT or Path.cwd()


def default_models_dir() -> Path:
    """Return where bundles go when `--models-dir` says nothing."""
    return Path(os.environ.get("OCCURISK_MODELS_DIR") or home() / "models").absolute()
