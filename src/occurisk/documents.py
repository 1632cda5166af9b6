"""Documents that people write: YAML, checked against a model.

Nothing that scoring starts with imports this module: pydantic and YAML take their time.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from occurisk.errors import OccuriskError


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
