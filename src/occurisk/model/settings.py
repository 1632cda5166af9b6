"""`configs/*.yaml` as one frozen, validated object.

Paths in a configuration file are relative to that file, else to `features/`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AliasChoices, Field, ValidationError

from occurisk.documents import Strict, load_yaml, rules_broken
from occurisk.errors import SettingsError
from occurisk.model.bundles.manifest import FORMERLY_NOMINAL, NOMINAL
from occurisk.paths import CONFIGS, DEFAULT_CONFIG, FEATURES
from occurisk.probabilities import Bands

Share = Annotated[float, Field(gt=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]


class TeacherSettings(Strict):
    """The logistic regression that carries the labels to every occupation.

    `bottlenecks` lists task groups or attributes; the highest of them is an attribute of its own
    (Frey & Osborne 2017, section 3: one bottleneck is enough to keep a job from being automated).
    `own_group` lists attributes that share their prior variance with no other.
    """

    prior_variance: Positive
    bottlenecks: tuple[str, ...] = ()
    own_group: tuple[str, ...] = ()


class GaussianProcessSettings(Strict):
    """The Gaussian process that carries soft labels to every occupation.

    `offset` keeps labels of 0 and 1 finite in log-odds (Eloundou et al. rated some twenty tasks each).
    `group_prior` is how many occupations of a major group its own scatter must be weighed against.
    """

    offset: Annotated[float, Field(gt=0, lt=0.5)]
    group_prior: Positive = 10.0


class StudentSettings(Strict):
    """LightGBM parameters of the student; every number is passed on as it is."""

    rounds: Annotated[int, Field(ge=1)]
    num_leaves: Annotated[int, Field(ge=2)]
    learning_rate: Positive
    min_data_in_leaf: Annotated[int, Field(ge=1)]
    lambda_l2: Annotated[float, Field(ge=0)]
    feature_fraction: Annotated[float, Field(gt=0, le=1)]
    monotone: bool


class ModelSettings(Strict):
    """Both halves of a model, and how many replicas stand behind the intervals.

    The teacher's settings say which estimator it is. `prior_share`, `prior_df` and `label_error` concern
    the logistic one alone.
    """

    teacher: TeacherSettings | GaussianProcessSettings
    student: StudentSettings
    replicas: Annotated[int, Field(ge=20)]
    prior_share: Annotated[float, Field(ge=0, le=1)] = 0.0
    prior_df: Positive | None = None
    label_error: Annotated[float, Field(ge=0, le=0.5)] = 0.0
    # The level has had another name in configuration files.
    nominal: Share = Field(0.9, validation_alias=AliasChoices(NOMINAL, FORMERLY_NOMINAL))


class EvaluationSettings(Strict):
    """Frey & Osborne's protocol: repeated stratified random halves of the labelled occupations."""

    splits: Annotated[int, Field(ge=2)] = 100
    seed: int = 0
    baselines: tuple[str, ...]


class Settings(Strict):
    """One configuration file, resolved.

    Attributes
    ----------
    name : str
        Goes into the version of the bundle.
    catalogue, attributes, labels : Path
        Absolute after loading.
    seed : int
        Of the replicas and of LightGBM.
    """

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]*$")]
    catalogue: Path
    attributes: Path
    labels: Path
    seed: int
    bands: Bands = Bands()
    model: ModelSettings
    evaluation: EvaluationSettings


def load_settings(path: Path | None = None) -> Settings:
    """Read and check a configuration file.

    Parameters
    ----------
    path : Path, optional
        `configs/train.yaml` by default. A bare name such as `train.yaml` is also looked up in `configs/`.

    Returns
    -------
    Settings
        Frozen; the paths in it are absolute.

    Raises
    ------
    SettingsError
        On an unknown key, a wrong type or a value out of range.
    """
    path = Path(path or DEFAULT_CONFIG)
    if not path.is_file() and (CONFIGS / path.name).is_file() and path.parent in (Path(), Path("configs")):
        path = CONFIGS / path.name
    document = load_yaml(path, SettingsError)
    if not isinstance(document, dict):
        raise SettingsError(
            f"{path} is not a configuration.",
            rule="A configuration is a YAML mapping of keys to values.",
            fix=f"Start from {DEFAULT_CONFIG}.",
        )
    for key in ("catalogue", "attributes", "labels"):
        if isinstance(document.get(key), str):
            own = (path.resolve().parent / document[key]).resolve()
            ours = FEATURES / document[key]  # so that a user's configuration may name what is embedded
            document[key] = ours if ours.is_file() and not own.exists() else own
    try:
        return Settings(**document)
    except ValidationError as problem:
        raise rules_broken(
            problem,
            SettingsError,
            "setting",
            f"the rules in {path}",
            rule="Unknown keys are errors; every value has a type and a range.",
            fix=f"Compare it with {DEFAULT_CONFIG}.",
        ) from problem
