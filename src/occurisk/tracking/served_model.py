"""The model as MLflow serves it: code logged as a file, LightGBM text as artifacts, no pickle.

Runs without occurisk, in a process that has only the pinned requirements. MLflow executes this file
(models-from-code), which is why it imports mlflow beside `tracking`.
"""

from __future__ import annotations

import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd

SEPARATOR = "\n==== next replica ====\n"


class ServedModel(mlflow.pyfunc.PythonModel):  # type: ignore[misc]
    """Task attributes on [0, 1] in; probability, lower, upper and band out."""

    def load_context(self, context: Any) -> None:
        """Verify the checksums, then read the boosters."""
        import lightgbm

        written = Path(context.artifacts["manifest"]).read_bytes()
        if hashlib.sha256(written).hexdigest() != context.model_config["manifest_sha256"]:
            raise ValueError("manifest.json is not the file that was logged: its SHA-256 differs.")
        manifest = json.loads(written)
        read = {}
        for key, name in (("booster", "model.txt"), ("replicas", "replicas.txt.gz")):
            # A truncated LightGBM text aborts the process: look at the checksum first.
            content = Path(context.artifacts[key]).read_bytes()
            if hashlib.sha256(content).hexdigest() != manifest["sha256"][name]:
                raise ValueError(f"{name} is not the file that was logged: its SHA-256 differs.")
            read[key] = content
        self.booster = lightgbm.Booster(model_str=read["booster"].decode())
        texts = gzip.decompress(read["replicas"]).decode().split(SEPARATOR)
        self.replicas = [lightgbm.Booster(model_str=text) for text in texts]
        self.bands = manifest["settings"]["bands"]
        self.reach = manifest["interval_reach"]

    def predict(
        self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None
    ) -> pd.DataFrame:
        """Score every row; columns are found by name."""
        X = model_input[self.booster.feature_name()].to_numpy(dtype=float)
        log_odds = self.booster.predict(X, raw_score=True)
        replicas = np.column_stack([r.predict(X, raw_score=True) for r in self.replicas])
        half = self.reach * replicas.std(axis=1, ddof=1)
        p, lower, upper = (1 / (1 + np.exp(-z)) for z in (log_odds, log_odds - half, log_odds + half))
        band = np.select([p >= self.bands["high"], p < self.bands["low"]], ["high", "low"], "medium")
        return pd.DataFrame(
            {"probability": p, "lower": lower, "upper": upper, "band": band}, index=model_input.index
        )


mlflow.models.set_model(ServedModel())
