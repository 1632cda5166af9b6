"""The manifest of a model version: what it holds, the digest that names the version, the check before use.

The manifest lists the SHA-256 of every other file, and the version's name carries the manifest's own.
So whoever knows the name, or better the whole digest, knows every byte. This finds damage and careless edits.
It is no signature: who can write to the folder can make another version, with a name of its own.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from occurisk.errors import BundleError
from occurisk.paths import RESOURCES

# 2: the name follows from the digest; attributes as trained and the label file are in the bundle.
# 3: the same files, of a regressor of soft labels; who reads 2 alone refuses it, and rightly so.
# 4: a classifier whose probabilities reckon with experts who err: the rates are in the manifest.
READABLE = (1, 2, 3, 4)
MANIFEST = "manifest.json"
PACKAGES = ("occurisk", "lightgbm", "numpy", "pandas", "scikit-learn", "scipy")
# Formats that took every label as true.
_ALL_LABELS_TRUE = (1, 2, 3)
_DIGITS_IN_NAME = 8
_NUMBER = (int, float)
# The nominal level of intervals, and what configurations and manifests called it first: both names are read.
NOMINAL, FORMERLY_NOMINAL = "nominal", "coverage"
TRAIN_AGAIN = "Restore the folder, or train again with: occurisk train"

# What is read from a manifest, by type; a sole key of None stands for any key, a sole element for every one.
_SHAPE: Mapping[str, Any] = {
    "settings": {
        "name": str,
        "catalogue": str,
        "attributes": str,
        "labels": str,
        "bands": {"high": _NUMBER, "low": _NUMBER},
    },
    "catalogue": [
        {"name": str, "element_id": str, "scale": str, "range": [_NUMBER], "group": str, "sign": int}
    ],
    "model": {
        "parameters": {"nominal": _NUMBER, "replicas": int, "random_state": int},
        "classes": [_NUMBER],
        "labelled": int,
        "names": [str],
        "error_rate": _NUMBER,
        "replica_error_rates": [_NUMBER],
    },
    "interval_reach": _NUMBER,
    "data": {
        "sha256": {"catalogue": str, "attributes": str, "labels": str},
        "occupations": int,
        "attributes": int,
        "gaps": int,
        "labelled": int,
        "labelled_automatable": int,
    },
    "metrics": {},
    "packages": {None: str},
    "sha256": {None: str},
}


@dataclass(frozen=True)
class Manifest:
    """A manifest as read.

    Attributes
    ----------
    document : dict
    digest : str
        SHA-256 of the file, 64 hexadecimal digits.
    version : str
        The name that follows from it (format 1: the name that it states).
    """

    document: dict[str, Any]
    digest: str
    version: str


def version_of(name: str, digest: str) -> str:
    """Return the name of a version: that of its configuration and the beginning of its digest."""
    return f"{name}-{digest[:_DIGITS_IN_NAME]}"


def read_manifest(path: Path, readable: tuple[int, ...] = READABLE) -> Manifest:
    """Read the manifest of a version's folder, without looking at the other files.

    Parameters
    ----------
    path : Path
    readable : tuple of int
        The formats that the reader understands.

    Raises
    ------
    BundleError
        If it is none, of an unknown format, of a wrong shape, or not the one that the folder is named after.
    """
    path = Path(path)
    try:
        content = (path / MANIFEST).read_bytes()
        document = json.loads(content.decode("utf-8"))
        written = document["format"]
        _bring_up_to_date(document)
        if written in readable:
            _check(document, _SHAPE, "")
            _check_sense(document)
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as problem:
        raise BundleError(
            f"{path} is not a model bundle: {_plain(problem)}.",
            rule=f"A bundle is a folder that holds {MANIFEST} and the files that it lists.",
            fix="Train again with: occurisk train",
        ) from problem
    if written not in readable:
        raise BundleError(
            f"{path} is a bundle of format {written!r}.",
            rule=f"This version of occurisk reads the formats {readable[0]} to {readable[-1]}.",
            fix="Train again with: occurisk train",
        )
    digest = hashlib.sha256(content).hexdigest()
    if written == 1:
        return Manifest(document, digest, str(document.get("version", path.name)))
    version = version_of(document["settings"]["name"], digest)
    if path.name != version:
        raise BundleError(
            f"{MANIFEST} of {path} is not the one that was written.",
            first=f"its SHA-256 makes the version {version}, the folder is called {path.name}",
            rule=f"A version's folder is named after the SHA-256 of its {MANIFEST}.",
            fix=TRAIN_AGAIN,
        )
    return Manifest(document, digest, version)


def check_digest(manifest: Manifest, required: str | None) -> None:
    """Raise BundleError unless a manifest has the required SHA-256; None requires nothing."""
    if required is not None and required.strip().lower() != manifest.digest:
        raise BundleError(
            f"{manifest.version} is not the model that was asked for.",
            first=f"its digest is {manifest.digest}",
            rule=f"The digest is the SHA-256 of its {MANIFEST}; required was {required}.",
            fix="Correct the digest, or name another --models-dir or --version.",
        )


def portable(path: Path) -> str:
    """Return a path as a manifest keeps it: below the project, else the name alone."""
    path = Path(path)
    return path.relative_to(RESOURCES).as_posix() if path.is_relative_to(RESOURCES) else path.name


def package_versions() -> dict[str, str]:
    """Return the versions of what a model is made with."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = "unknown"
    return versions


def _check(value: Any, shape: Any, place: str) -> None:
    """Raise TypeError where a value has not the shape that it should have."""
    if isinstance(shape, Mapping):
        if not isinstance(value, dict):
            raise TypeError(f"{place or 'its content'} is {_kind(value)}, not a mapping")
        if None in shape:
            for key in value:
                _check(value[key], shape[None], f"{place}.{key}")
            return
        for key in shape:
            where = f"{place}.{key}".lstrip(".")
            if key not in value:
                raise TypeError(f"{where} is missing")
            _check(value[key], shape[key], where)
    elif isinstance(shape, list):
        if not isinstance(value, list) or not value:
            raise TypeError(f"{place} is {_kind(value)}, not a list with entries")
        for i, element in enumerate(value):
            _check(element, shape[0], f"{place}[{i}]")
    elif isinstance(value, bool) or not isinstance(value, shape):
        wanted = "a number" if shape is _NUMBER else _KINDS[shape]
        raise TypeError(f"{place} is {_kind(value)}, not {wanted}")


def _bring_up_to_date(document: Any) -> None:
    """Give a manifest of an earlier time what has another name today, or went without saying."""
    model = document.get("model") if isinstance(document, dict) else None
    if not isinstance(model, dict):
        return
    if document.get("format") in _ALL_LABELS_TRUE:
        model.setdefault("error_rate", 0.0)
        model.setdefault("replica_error_rates", [0.0])
    parameters = model.get("parameters")
    if isinstance(parameters, dict) and FORMERLY_NOMINAL in parameters:
        parameters.setdefault(NOMINAL, parameters.pop(FORMERLY_NOMINAL))


def _check_sense(document: Mapping[str, Any]) -> None:
    """Raise ValueError where values of the right type cannot be."""
    bands, model = document["settings"]["bands"], document["model"]
    names, listed = model["names"], [a["name"] for a in document["catalogue"]]
    rates = model["replica_error_rates"]
    rules = {
        "settings.bands: 0 < low < high < 1": 0 < bands["low"] < bands["high"] < 1,
        "model.parameters.nominal: above 0, below 1": 0 < model["parameters"]["nominal"] < 1,
        "interval_reach: above 0": 0 < document["interval_reach"] < float("inf"),
        "model.error_rate, model.replica_error_rates: from 0 to 0.5, one a replica": len(rates)
        in (1, model["parameters"]["replicas"])
        and all(0 <= rate <= 0.5 for rate in (model["error_rate"], *rates)),
        "model.classes: two of them": len(set(model["classes"])) == 2,
        "model.names: each attribute of the catalogue, once": len(names) == len(listed)
        and set(names) == set(listed),
        "catalogue: ranges of two ascending numbers": all(
            len(a["range"]) == 2 and a["range"][0] < a["range"][1] for a in document["catalogue"]
        ),
    }
    for rule, kept in rules.items():
        if not kept:
            raise ValueError(f"it breaks the rule '{rule}'")


_KINDS = {str: "text", int: "a whole number", dict: "a mapping", list: "a list", float: "a number"}


def _kind(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return "empty" if value is None else "yes or no"
    return _KINDS.get(type(value), type(value).__name__) if value or value == 0 else "empty"


def _plain(problem: Exception) -> str:
    if isinstance(problem, KeyError):
        return f"{problem.args[0]} is missing"
    if isinstance(problem, OSError):
        return f"{MANIFEST}: {problem.strerror or problem}"
    return str(problem) or type(problem).__name__
