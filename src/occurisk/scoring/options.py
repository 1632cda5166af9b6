"""What a caller may choose when a registry is read and scored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from occurisk.errors import RegistryError

# progress(rows done, rows in all or None)
Progress = Callable[[int, int | None], None]
PREFIX = "occurisk_"
# More distinct unknown codes than this are told apart no longer, so that memory stays bounded.
MOST_UNKNOWN = 200_000


@dataclass(frozen=True)
class ReadOptions:
    """How a registry file is read; what is None is found out.

    Attributes
    ----------
    sheet : str or None
        Of a workbook.
    encoding, delimiter : str or None
        Of a text file.
    query : str or None
        Of a database: the SELECT whose rows are the registry.
    """

    sheet: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    query: str | None = None


@dataclass(frozen=True)
class ScoreOptions:
    """How a registry is scored and written.

    Attributes
    ----------
    scores : {"model", "published"}
        The model's probabilities, or those that Frey & Osborne (2017) printed.
    weights : {"employment", "equal"}
        Of occupations within a code.
    attributes : str or None
        Score rows by their own attribute columns: `all`, or names separated by commas.
    attribute_scale : {"onet", "unit"}
        Whether these are on O*NET's scales or on [0, 1].
    reasons : bool
        Give such rows their three largest contributions too, at ten times the time. Rows scored by code
        have them anyway.
    output : {"parquet", "csv", "excel", "arrow", "stata", "spss"} or None
        The registry's own format by default.
    column_prefix : str
        Of the columns that are added.
    add : tuple of str or None
        Which columns are added, without their prefix; None for all.
    most_unknown : int
        Distinct unknown codes that are told apart; the further ones are counted together.
    """

    scores: str = "model"
    weights: str = "employment"
    attributes: str | None = None
    attribute_scale: str = "onet"
    reasons: bool = False
    output: str | None = None
    column_prefix: str = PREFIX
    add: tuple[str, ...] | None = None
    most_unknown: int = MOST_UNKNOWN

    def added(self, known: tuple[str, ...]) -> tuple[str, ...]:
        """Return the columns to add, in their own order, of those that this way of scoring knows.

        Raises
        ------
        RegistryError
            If a name is none of them.
        """
        if self.add is None:
            return known
        foreign = [name for name in self.add if name not in known]
        if foreign or not self.add:
            raise RegistryError(
                f"{len(foreign)} of {len(self.add)} columns to add do not exist.",
                first=repr(foreign[0]) if foreign else None,
                rule=f"Columns that can be added: {', '.join(known)}.",
                fix="Name some of these, by commas, or all (add): --add code,probability,band",
            )
        return tuple(name for name in known if name in self.add)
