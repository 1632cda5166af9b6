"""The feature catalogue: every task attribute, where O*NET keeps it, and what theory says of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from occurisk.documents import load_yaml, rules_broken
from occurisk.errors import CatalogueError
from occurisk.paths import FEATURES

DEFAULT_CATALOGUE = FEATURES / "catalogue.yaml"
PAPER_CATALOGUE = FEATURES / "frey_osborne_2013.yaml"  # the nine variables of Frey & Osborne, as levels
WIDE_CATALOGUE = FEATURES / "catalogue_wide.yaml"  # every element that O*NET rates

Group = Literal[
    "perception_manipulation",
    "creative_intelligence",
    "social_intelligence",
    "nonroutine_analytical",
    "nonroutine_interpersonal",
    "routine_cognitive",
    "routine_manual",
    "nonroutine_manual",
    # Headings of O*NET's content model: the groups of the wide set.
    "cognitive_abilities",
    "psychomotor_abilities",
    "physical_abilities",
    "sensory_abilities",
    "basic_skills",
    "cross_functional_skills",
    "knowledge",
    "information_input",
    "mental_processes",
    "work_output",
    "interacting_with_others",
    "interpersonal_relationships",
    "physical_work_conditions",
    "structural_job_characteristics",
]


class Attribute(BaseModel):
    """One task attribute of the catalogue.

    Attributes
    ----------
    name : str
        Column name: lower case, digits and underscores.
    element_id : str
        O*NET content-model element, such as `1.A.1.b.2`.
    scale : str
        O*NET scale of the rating, such as `IM` (importance) or `CX` (context).
    range : tuple of float
        Lowest and highest value of that scale.
    group : str
        Which task group it measures: one of eight by theory, or a heading of O*NET's content model.
    sign : -1, 0 or 1
        +1: more of it, more automatable; -1: less; 0: theory is silent or divided.
    source : str
        Where the attribute and its sign come from.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    element_id: Annotated[str, Field(pattern=r"^\d(\.[A-Za-z0-9]+)+$")]
    scale: Annotated[str, Field(pattern=r"^[A-Z]{2,3}$")]
    range: tuple[float, float]
    group: Group
    sign: Literal[-1, 0, 1] = 0
    source: Annotated[str, Field(min_length=1)]

    @model_validator(mode="after")
    def _range_ascends(self) -> Attribute:
        if not self.range[0] < self.range[1]:
            raise ValueError("range must ascend, as in [1, 5]")
        return self


class Catalogue(BaseModel):
    """The ordered set of task attributes that a model sees.

    Attributes
    ----------
    attributes : tuple of Attribute
        In the order of the columns of X.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    attributes: tuple[Attribute, ...]

    # Not a `min_length`: that counts the valid entries, and would call every wrong sole entry two errors.
    @model_validator(mode="after")
    def _not_empty(self) -> Catalogue:
        if not self.attributes:
            raise ValueError("a catalogue has at least one attribute")
        return self

    def __iter__(self) -> Iterator[Attribute]:  # type: ignore[override]
        return iter(self.attributes)

    def __len__(self) -> int:
        return len(self.attributes)

    def __getitem__(self, name: str) -> Attribute:
        return self._by_name[name]

    @cached_property
    def _by_name(self) -> dict[str, Attribute]:
        return {attribute.name: attribute for attribute in self.attributes}

    @property
    def names(self) -> list[str]:
        """Attribute names in column order."""
        return [attribute.name for attribute in self.attributes]

    @property
    def signs(self) -> dict[str, int]:
        """Expected sign by attribute name, where theory states one."""
        return {a.name: a.sign for a in self.attributes if a.sign}

    @property
    def groups(self) -> dict[str, list[str]]:
        """Attribute names by task group, both in catalogue order."""
        groups: dict[str, list[str]] = {}
        for attribute in self.attributes:
            groups.setdefault(attribute.group, []).append(attribute.name)
        return groups

    def rescale(self, table: pd.DataFrame) -> pd.DataFrame:
        """Map figures from their own O*NET scales onto [0, 1]; NaN stays NaN.

        Parameters
        ----------
        table : DataFrame, shape (n_occupations, n_attributes)
            Figures on the scales of the catalogue; columns by name.

        Returns
        -------
        DataFrame of the same shape, columns in catalogue order.
        """
        low, high = self._bounds()
        # A copy in one piece: two hundred columns read from a file are two hundred pieces.
        return ((table[self.names].astype(float) - low) / (high - low)).copy()

    def unscale(self, X: pd.DataFrame) -> pd.DataFrame:
        """Inverse of `rescale`: from [0, 1] back onto the O*NET scales."""
        low, high = self._bounds()
        return (X[self.names] * (high - low) + low).copy()

    def _bounds(self) -> tuple[np.ndarray, np.ndarray]:
        low, high = zip(*(a.range for a in self.attributes), strict=True)
        return np.array(low), np.array(high)


def load_catalogue(path: Path | None = None) -> Catalogue:
    """Read and check a feature catalogue.

    Parameters
    ----------
    path : Path, optional
        A YAML list of attributes; the project's own by default.

    Returns
    -------
    Catalogue

    Raises
    ------
    CatalogueError
        On an unknown key or group, a sign that is not -1, 0 or 1, a duplicate.
    """
    path = DEFAULT_CATALOGUE if path is None else Path(path)
    document = load_yaml(path, CatalogueError)
    if not isinstance(document, list):
        raise CatalogueError(
            f"{path} is not a list of attributes.",
            rule="A catalogue is a YAML list; each item has name, element_id, scale, range, group, source.",
            fix=f"Compare it with {DEFAULT_CATALOGUE}.",
        )
    try:
        catalogue = Catalogue(attributes=tuple(document))
    except ValidationError as problem:
        raise rules_broken(
            problem,
            CatalogueError,
            "entry",
            f"the catalogue's rules in {path}",
            shown=lambda first: _name_the_item(first, document),
            rule=f"Keys: {', '.join(Attribute.model_fields)}; sign is -1, 0 or 1.",
            fix=f"Compare it with {DEFAULT_CATALOGUE}.",
        ) from problem
    for key in ("name", "element_id"):
        # The same element may enter on two scales (importance and level), a name only once.
        values = Counter(a.name if key == "name" else f"{a.element_id} {a.scale}" for a in catalogue)
        twice = [value for value, n in values.items() if n > 1]
        if twice:
            raise CatalogueError(
                f"{len(twice)} of {len(catalogue)} {key} values stand more than once in {path}.",
                first=twice[0],
                rule="An attribute's name is unique, and so is its element on one scale.",
                fix="Rename or remove the second entry.",
            )
    return catalogue


def _name_the_item(first: str, document: list[object]) -> str:
    """Add the attribute's name to pydantic's `attributes.3.sign: …`."""
    parts = first.split(".", 2)
    if len(parts) == 3 and parts[0] == "attributes" and parts[1].isdigit():
        item = document[int(parts[1])]
        name = item.get("name") if isinstance(item, dict) else None
        return f"item {int(parts[1]) + 1} ({name or 'no name'}), {parts[2]}"
    return first
