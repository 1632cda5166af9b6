"""Documents that people write: YAML, checked against a model.

Nothing that scoring starts with imports this module: pydantic and YAML take their time.
"""

from __future__ import annotations

import re
from collections.abc import Callable
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


def rules_broken(
    problem: ValidationError,
    error: type[OccuriskError],
    entry: str,
    rules: str,
    *,
    rule: str | None = None,
    fix: str,
    shown: Callable[[str], str] = str,
) -> OccuriskError:
    """Return the error of a document that breaks the rules of its model.

    Parameters
    ----------
    problem : ValidationError
    error : type of OccuriskError
    entry : str
        What an entry is called, such as `setting`.
    rules : str
        What it breaks, and where: `the rules in train.yaml`.
    rule, fix : str
        As in every error.
    shown : callable
        Makes of the first problem, `place: what is wrong`, what is shown.
    """
    errors = problem.errors()
    place = ".".join(str(part) for part in errors[0]["loc"]) or "top level"
    value = errors[0].get("input")
    got = "" if isinstance(value, dict | list) else f", got {value!r}"
    entries = re.sub("y$", "ie", entry) + "s break"
    return error(
        f"{len(errors)} {f'{entry} breaks' if len(errors) == 1 else entries} {rules}.",
        first=shown(f"{place}: {errors[0]['msg']}{got}"),
        rule=rule,
        fix=fix,
    )
