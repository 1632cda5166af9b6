"""The model as MLflow serves it: this file as its code, a bundle as its artifact, no pickle.

It answers as `occurisk score` does, by the occurisk that is installed where it runs. MLflow executes this
file (models-from-code), which is why it imports mlflow beside `tracking.store`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlflow
import pandas as pd

from occurisk.model.bundles.bundle import load_bundle
from occurisk.tracking.serving.answers import answer


class ServedModel(mlflow.pyfunc.PythonModel):  # type: ignore[misc]
    """Codes, titles or task attributes in; susceptibility, interval, band, stability and reasons out."""

    def load_context(self, context: Any) -> None:
        """Verify the checksums of the bundle, then read it."""
        digest = context.model_config["manifest_sha256"]
        self.bundle = load_bundle(Path(context.artifacts["bundle"]), digest)

    def predict(
        self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None
    ) -> pd.DataFrame:
        """Answer every row; see `occurisk.tracking.serving.answers`. What is unknown is None, JSON's null."""
        answered = answer(self.bundle, model_input)
        return answered.astype(object).where(answered.notna(), None)


mlflow.models.set_model(ServedModel())
