"""The files of `features/titles` that hold rules as data, and words of theirs as a pattern."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from occurisk.paths import FEATURES

RULES = FEATURES / "titles"


def read_rules(path: Path) -> dict[str, Any]:
    """Read a file of rules, by the fast loader of YAML where there is one; both are safe."""
    import yaml

    with open(path, encoding="utf-8") as stream:
        content = yaml.load(stream, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    return dict(content)


def either(words: Iterable[str]) -> str:
    """Return a pattern of any of some words as they are written, longer ones before what they begin with."""
    return "|".join(map(re.escape, sorted(words, key=lambda word: (-len(word), word))))
