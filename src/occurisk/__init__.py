"""occurisk: which occupations machines could take over, how sure we are, and why.

The public API; every name is imported when it is first used, so that `import occurisk` is quick.
"""

from __future__ import annotations

import importlib
from typing import Any

# A module must not share its name with a function here: importing the one would hide the other.
_HOMES = {
    "AutomationClassifier": "model.classifier",
    "Bundle": "model.bundles.bundle",
    "Catalogue": "training_data.catalogue",
    "Evaluation": "evaluation.protocol",
    "Explanation": "model.contributions",
    "Labels": "training_data.labels",
    "OccuriskError": "errors",
    "Settings": "model.settings",
    "build_attributes": "training_data.attribute_table",
    "evaluate": "evaluation.protocol",
    "explain": "model.contributions",
    "load_attributes": "training_data.attribute_table",
    "load_bundle": "model.bundles.bundle",
    "load_catalogue": "training_data.catalogue",
    "load_labels": "training_data.labels",
    "load_settings": "model.settings",
    "read_onet": "training_data.onet_ratings",
    "save_bundle": "model.bundles.bundle",
    "score_registry": "scoring.score",
}
__all__ = sorted(_HOMES)  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'occurisk' has no attribute {name!r}")
    return getattr(importlib.import_module(f"occurisk.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
