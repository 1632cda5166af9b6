"""`configs/*.yaml` as one frozen, validated object; and the places that occurisk reads and writes.

Paths in a configuration file are relative to that file.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from occurisk.errors import OccuriskError

PACKAGE = Path(__file__).resolve().parent
# A checkout holds features/ and configs/ at its top; a wheel carries them in the package.
CHECKOUT = PACKAGE.parents[1] if (PACKAGE.parents[1] / "pyproject.toml").is_file() else None
RESOURCES = CHECKOUT or PACKAGE
FEATURES = RESOURCES / "features"
CONFIGS = RESOURCES / "configs"
DEFAULT_CONFIG = CONFIGS / "train.yaml"

Share = Annotated[float, Field(gt=0, lt=1)]


def home() -> Path:
    """Return the folder that holds `models/` and `mlruns/`: the checkout, else the working directory."""
    return CHECKOUT or Path.cwd()


def default_models_dir() -> Path:
    """Return where bundles go when `--models-dir` says nothing."""
    return Path(os.environ.get("OCCURISK_MODELS_DIR") or home() / "models").absolute()


class Strict(BaseModel):
    """Frozen; an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def load_yaml(path: Path, error: type[OccuriskError]) -> Any:
    """Read a YAML file; anything unreadable becomes `error` with the place in the file."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise error(
            f"Cannot read {path}: {problem}.",
            fix="Check the path; the file must be UTF-8 text.",
        ) from problem
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as problem:
        raise error(
            f"{path} is not valid YAML.",
            first=str(problem).replace("\n", " "),
            fix="Check indentation and quotes at the place named.",
        ) from problem


def validation_summary(problem: ValidationError) -> tuple[int, str]:
    """Return how many rules a document breaks, and the first as `place: what is wrong`."""
    errors = problem.errors()
    first = errors[0]
    place = ".".join(str(part) for part in first["loc"]) or "top level"
    value = first.get("input")
    shown = "" if isinstance(value, dict | list) else f", got {value!r}"
    return len(errors), f"{place}: {first['msg']}{shown}"
