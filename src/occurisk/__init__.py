"""occurisk: which occupations machines could take over, how sure we are, and why.

The public API; every name is imported when it is first used, so that `import occurisk` is quick.
"""

from __future__ import annotations

import importlib
from typing import Any

# A module must not share its name with a function here: importing the one would hide the other.
_HOMES = {
    "AutomationClassifier": "model",
    "Bundle": "bundle",
    "Catalogue": "catalogue",
    "Evaluation": "evaluation",
    "Explanation": "explanation",
    "Labels": "labels",
    "OccuriskError": "errors",
    "Settings": "settings",
    "build_attributes": "attributes",
    "evaluate": "evaluation",
    "explain": "explanation",
    "load_attributes": "attributes",
    "load_bundle": "bundle",
    "load_catalogue": "catalogue",
    "load_labels": "labels",
    "load_settings": "settings",
    "read_onet": "onet",
    "save_bundle": "bundle",
    "score_registry": "scoring",
}
__all__ = sorted(_HOMES)  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'occurisk' has no attribute {name!r}")
    return getattr(importlib.import_module(f"occurisk.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
