"""A model in MLflow's registry: what serves, the champion, and what its page says."""

from __future__ import annotations

import importlib.metadata
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from occurisk.model.axes.declaration import Axis
from occurisk.model.bundles.bundle import CARD, Bundle
from occurisk.tracking.serving.answers import CODE, SYSTEM, TITLE
from occurisk.tracking.store import CHAMPION, MODEL_NAME

# Requirements of the served model: what `log_model` would spend ten seconds guessing.
REQUIREMENTS = ("occurisk", "mlflow")
BUNDLE = "bundle"
SERVED_MODEL = Path(__file__).with_name("served_model.py")
# What MLflow's databases keep of a description.
_LONGEST = 5000
_CUT = "\n\n… The whole card is `MODEL_CARD.md` of the training run."
_HEAD = """**models:/{name}@champion** scores codes, titles or task attributes. Axis `{axis}`: {title}.

It answers with the value, its 90% interval, band, stability and reasons. A row that has no score says why. How to ask it:
`docs/serving.md`.

{caveats}

"""  # noqa: E501
# Questions that show how to ask.
EXAMPLE = pd.DataFrame(
    {CODE: ["4110", "43-9021", ""], SYSTEM: ["isco08", "", ""], TITLE: ["", "", "accountant"]}
)


def model_name(axis: Axis) -> str:
    """Return the name under which an axis's models are registered: `occurisk` is the first one's."""
    return MODEL_NAME if axis.order == 1 else f"{MODEL_NAME}-{axis.name}"


def register(mlflow: Any, bundle: Bundle, metrics: Mapping[str, float]) -> str:
    """Log the served model under the active run, register it, and make it the champion.

    Parameters
    ----------
    mlflow : module
        As `tracking.run` yields it; a run is active.
    bundle : Bundle
    metrics : mapping of str to float
        What the version's page shows; see `training_metrics`.

    Returns
    -------
    str
        Its version in the registry.
    """
    run = mlflow.active_run().info.run_id
    # Under its own name, from which its digest follows.
    place = f"{BUNDLE}/{bundle.version}"
    mlflow.log_artifacts(bundle.path, place)
    with tempfile.TemporaryDirectory() as folder:
        # MLflow remembers where the code lay: not where occurisk is installed, which may name a user.
        code = shutil.copy(SERVED_MODEL, folder)
        info = mlflow.pyfunc.log_model(
            name="model",
            python_model=str(code),
            # By the run and not by its path, which would be remembered, too.
            artifacts={"bundle": f"runs:/{run}/{place}"},
            model_config={"manifest_sha256": bundle.digest},
            signature=mlflow.models.ModelSignature(inputs=questions(mlflow, bundle.names)),
            input_example=EXAMPLE,
            pip_requirements=[f"{name}=={importlib.metadata.version(name)}" for name in REQUIREMENTS],
        )
    # Through the client: `registered_model_name` would print three lines of its own.
    client = mlflow.MlflowClient()
    axis, name = bundle.axis, model_name(bundle.axis)
    words = axis.words("en")
    head = _HEAD.format(
        name=name, axis=axis.name, title=words.title, caveats="\n".join(f"- {text}" for text in words.caveats)
    )
    card = _within(head + (bundle.path / CARD).read_text(encoding="utf-8"))
    if client.search_registered_models(f"name = '{name}'"):
        client.update_registered_model(name, description=card)
    else:
        client.create_registered_model(name, description=card)
    version = client.create_model_version(
        name,
        info.model_uri,
        run_id=info.run_id,
        model_id=info.model_id,
        tags={
            "occurisk.model_version": bundle.version,
            "occurisk.axis": axis.name,
            "sha256.manifest": bundle.digest,
        },
        description=figures_in_words(bundle.version, metrics),
    ).version
    client.set_registered_model_alias(name, CHAMPION, version)
    return str(version)


def questions(mlflow: Any, attributes: list[str]) -> Any:
    """Return the schema of a question: every column may be left out."""
    kinds = dict.fromkeys((CODE, SYSTEM, TITLE), "string") | dict.fromkeys(attributes, "double")
    columns = [mlflow.types.ColSpec(kind, name, required=False) for name, kind in kinds.items()]
    return mlflow.types.Schema(columns)


def figures_in_words(version: str, metrics: Mapping[str, float]) -> str:
    """Return a version's figures as Markdown: on held-out labels, where measured, and of its scores."""
    lines = [f"**{version}**"]
    named = {
        "lightgbm.log_loss": (("log_loss", "log-loss"), ("auc", "AUC"), ("brier", "Brier score")),
        "lightgbm.r2": (("r2", "R²"), ("rho", "rank correlation")),
    }
    models = {"lightgbm": "this model", "logistic": "logistic regression", "ridge": "ridge regression"}
    for measured, columns in named.items():
        if measured in metrics:
            lines += ["", "On labels that were not seen:", ""]
            for key, name in models.items():
                if f"{key}.{columns[0][0]}" in metrics:
                    figures = ", ".join(f"{title} {metrics[f'{key}.{m}']:.3f}" for m, title in columns)
                    lines.append(f"- {name}: {figures}")
    scores = {
        "high": "reference.share_high", "low": "reference.share_low",
        "same band in nine of ten replicas": "reference.share_robust",
    }  # fmt: skip
    lines += ["", "Of the reference occupations:", ""]
    lines += [f"- {name}: {metrics[key]:.1%}" for name, key in scores.items() if key in metrics]
    return "\n".join(lines) + "\n"


def _within(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - len(_CUT)] + _CUT
