"""Axes: what a score can be about. Each is a file in `configs/axes/`; the code knows none by name."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from occurisk.documents import Strict, load_yaml, rules_broken
from occurisk.errors import SettingsError
from occurisk.model.bundles.models_folder import CURRENT
from occurisk.paths import CONFIGS, default_models_dir

FOLDER = CONFIGS / "axes"
ALL = "all"
Text = Annotated[str, Field(min_length=1)]


class AxisPhrases(Strict):
    """What an axis is called in one language, and what must be said wherever it shows.

    `frames` and `page` replace entries of the phrase table that speak of the score itself.
    """

    title: Text
    caveats: Annotated[tuple[Text, ...], Field(min_length=1)]
    frames: Mapping[str, Text] = Field(default_factory=dict)
    page: Mapping[str, Text] = Field(default_factory=dict)


class Axis(Strict):
    """One axis, as its file declares it.

    Attributes
    ----------
    name : str
        Also the prefix of its columns, and the name of its models.
    order : int
        The axis of order 1 is meant where a command names none.
    technology : str
    year : int
        Of the technology that the labels speak of.
    training : Path
        Its configuration: catalogue, attributes, labels, bands, estimator.
    label, source, licence, raters, ceiling : str
        What a label means, whose it is, and how good any model could be.
    second_rater : str, optional
        Column of the label file with another rater's labels.
    not_for : tuple of str
        What its model card warns of, in English.
    phrases : dict of AxisPhrases
        By language: en, ru, kk.
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    order: Annotated[int, Field(ge=1)]
    technology: Text
    year: Annotated[int, Field(ge=1900, le=2100)]
    training: Path
    label: Text
    source: Text
    licence: Text
    raters: Text
    ceiling: Text
    second_rater: Text | None = None
    not_for: Annotated[tuple[Text, ...], Field(min_length=1)]
    phrases: dict[str, AxisPhrases]

    @cached_property
    def pointer(self) -> str:
        """The file of a models folder that names this axis's current version."""
        return CURRENT if self.order == 1 else f"{CURRENT}.{self.name}"

    @cached_property
    def column_prefix(self) -> str:
        """What its columns begin with, behind the prefix that all have; nothing for the first axis."""
        return "" if self.order == 1 else f"{self.name}_"

    def words(self, language: str) -> AxisPhrases:
        """Return the phrases of a language; English where it has none."""
        return self.phrases.get(language, self.phrases["en"])


def own_axes_folder() -> Path:
    """Return where a user's own declarations lie: `axes/` in the folder of models."""
    return default_models_dir() / "axes"


def load_axes(folder: Path | None = None) -> tuple[Axis, ...]:
    """Read every declared axis, in their order.

    Parameters
    ----------
    folder : Path, optional
        `configs/axes`, and behind it `own_axes_folder`, by default.

    Returns
    -------
    tuple of Axis

    Raises
    ------
    SettingsError
        If a declaration breaks the rules, or two axes have one place or one name.
    """
    return _read((folder,) if folder else (FOLDER, own_axes_folder()))


@cache
def _read(folders: tuple[Path, ...]) -> tuple[Axis, ...]:
    paths = [path for folder in folders for path in sorted(folder.glob("*.yaml"))]
    axes = sorted(map(_load, paths), key=lambda axis: axis.order)
    places = [axis.order for axis in axes]
    names = [axis.name for axis in axes]
    if places != list(range(1, len(axes) + 1)) or len(set(names)) < len(axes) or ALL in names:
        listed = ", ".join(f"{axis.name} {axis.order}" for axis in axes)
        raise SettingsError(
            f"The axes in {' and '.join(map(str, folders))} have these orders: {listed or 'none'}.",
            rule=f"Orders run from 1 without a gap, and each axis has a name of its own, but {ALL!r}.",
            fix="Correct `order` and `name` in these files.",
        )
    return tuple(axes)


def chosen_axes(name: str) -> tuple[Axis, ...]:
    """Return the axis of a name, or every axis for `all`.

    Raises
    ------
    SettingsError
        If there is none of that name.
    """
    axes = load_axes()
    found = axes if name == ALL else tuple(axis for axis in axes if axis.name == name)
    if not found:
        raise SettingsError(
            f"There is no axis {name!r}.",
            rule=f"Axes: {', '.join(axis.name for axis in axes)}, or {ALL}.",
            fix=f"Name one of these, or declare it in {own_axes_folder()}: docs/axes.md.",
        )
    return found


def one_axis(name: str) -> Axis:
    """Return the axis of a name.

    Raises
    ------
    SettingsError
        If there is none of that name, or `all` are asked for.
    """
    if name == ALL:
        raise SettingsError(
            "This is said of one axis at a time.",
            rule=f"Axes: {', '.join(axis.name for axis in load_axes())}.",
            fix="Name one of these.",
        )
    return chosen_axes(name)[0]


def axis_of(configuration: str, soft: bool = False) -> Axis:
    """Return the axis that a model belongs to, by the name of its configuration; else the first one.

    Parameters
    ----------
    configuration : str
    soft : bool
        Whether its labels are shares, which mean what their own axis says.

    Raises
    ------
    SettingsError
        If they are, and there is no axis of that name: it would go by the name of the first.
    """
    axes = load_axes()
    found = next((axis for axis in axes if axis.name == configuration), None)
    if found is None and soft:
        raise SettingsError(
            f"{configuration!r} has soft labels, and no axis of that name is declared here.",
            rule="Soft labels mean what the declaration of their axis says.",
            fix=f"Put its declaration into {own_axes_folder()}: docs/axes.md.",
        )
    return found or axes[0]


def check_configuration(axis: Axis, configuration: str) -> None:
    """Refuse a configuration that does not bear the name of its axis: its models would be another's.

    Raises
    ------
    SettingsError
    """
    if axis_of(configuration) != axis:
        raise SettingsError(
            f"The configuration of the axis {axis.name} is called {configuration!r}.",
            rule="A model is known by its configuration's name, which is that of the axis.",
            fix=f"Write `name: {axis.name}` in {axis.training}.",
        )


def _load(path: Path) -> Axis:
    document = load_yaml(path, SettingsError)
    try:
        axis = Axis.model_validate(document)
        if "en" not in axis.phrases:
            raise SettingsError(f"{path} has no English phrases.", rule="`phrases` holds en, ru and kk.")
    except ValidationError as problem:
        raise rules_broken(
            problem,
            SettingsError,
            "entry",
            f"the rules of an axis in {path}",
            rule=f"Keys: {', '.join(Axis.model_fields)}.",
            fix=f"Compare it with {FOLDER / 'susceptibility_2013.yaml'}.",
        ) from problem
    return axis.model_copy(update={"training": (path.parent / axis.training).resolve()})
