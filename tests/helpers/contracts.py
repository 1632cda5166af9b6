"""Contracts of what occurisk writes: a schema for each JSON file, the columns of each table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

FOLDER = Path(__file__).parents[1] / "contracts"
COLUMNS: dict[str, list[str]] = yaml.safe_load((FOLDER / "columns.yaml").read_text(encoding="utf-8"))


def validator(contract: str) -> Draft202012Validator:
    """The schema of a contract, itself checked; one may hold another."""
    schemas = {
        path.name: json.loads(path.read_text(encoding="utf-8")) for path in FOLDER.glob("*.schema.json")
    }
    Draft202012Validator.check_schema(schema := schemas[f"{contract}.schema.json"])
    others = ((name, Resource.from_contents(found)) for name, found in schemas.items())
    return Draft202012Validator(schema, registry=Registry().with_resources(others))


def kept(contract: str, path: Path) -> Any:
    """Read a JSON file that must keep a contract; NaN, which is no JSON, breaks it."""
    document = json.loads(Path(path).read_text(encoding="utf-8"), parse_constant=pytest.fail)
    problems = [
        f"{'/'.join(map(str, p.absolute_path))}: {p.message[:200]}"
        for p in validator(contract).iter_errors(document)
    ]
    assert not problems, "\n".join([f"{contract}:", *problems[:10]])
    return document
