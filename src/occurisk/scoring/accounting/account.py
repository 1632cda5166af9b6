"""What became of a registry: an outcome for every row and every unit of weight, and one set of figures.

An account is made when scoring ends, checks itself, and is the only thing that is written to intake.json
and read from there.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import numpy as np

from occurisk.probabilities import Bands, market_shares

_T = TypeVar("_T")
# Of weights, relative: sums of the same figures in another order.
_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Source:
    """The registry as a file: `columns` in their order, `notes` on how it was read."""

    name: str
    format: str
    bytes: int
    columns: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Understood:
    """What the registry was taken for.

    Attributes
    ----------
    code_column, weight_column, level_column : str or None
    coding_system, taxonomy : str
        For people, and as `--taxonomy` names it; `own attributes` and `attributes` where rows were scored by
        their own.
    prefix : int or None
        Leading digits that count.
    crosswalk : str or None
        The user's own map.
    decimal : str
        Decimal mark of the weights.
    where : tuple of str
        `COLUMN=VALUE`.
    title_column : str or None
        Titles that stand in where a row has no code.
    attributes : tuple of str
        Columns that rows were scored by, on `attribute_scale`.
    notes : tuple of str
        What was decided.
    warnings : tuple of str
        What may make the scores wrong; they stand in every output.
    """

    code_column: str | None
    weight_column: str | None
    level_column: str | None
    coding_system: str
    taxonomy: str
    notes: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    prefix: int | None = None
    crosswalk: str | None = None
    decimal: str = "."
    where: tuple[str, ...] = ()
    attributes: tuple[str, ...] = ()
    attribute_scale: str | None = None
    title_column: str | None = None


@dataclass(frozen=True)
class ScoredWith:
    """Where scores come from: `model` or `published`; `weights` within a code; what intervals carry."""

    version: str
    scores: str
    weights: str
    bands: Bands
    rating_error: bool = False


@dataclass(frozen=True)
class Written:
    """The scored file.

    Attributes
    ----------
    format : str
    prefix : str
        What the added columns begin with.
    added : tuple of str
        Their names after it.
    delimiter, decimal : str
        Of text.
    """

    format: str
    prefix: str
    added: tuple[str, ...]
    delimiter: str = ","
    decimal: str = "."


@dataclass(frozen=True)
class Totals:
    """Rows and weight, in and out; `weight_counted` is the labour market, in which no job counts twice."""

    rows_in: int
    rows_scored: int
    rows_unscored: int
    rows_filtered_out: int
    weight_in: float
    weight_scored: float
    weight_unscored: float
    weight_counted: float
    rows_without_weight: int
    cells_disarmed: int
    rows_with_gaps: int | None = None


@dataclass(frozen=True)
class Outcome:
    """Rows and weight with one outcome; `counted` as part of the labour market."""

    outcome: str
    rows: int
    weight: float
    scored: bool
    counted: bool


@dataclass(frozen=True)
class HeadlineFigures:
    """Both statistics of the scored weight, each with its 90% interval; NaN where there is none.

    Attributes
    ----------
    share_high, share_medium, share_low : float
        Shares of the scored weight in each band. The jobs of a code are spread over its occupations first.
    expected : float
        Weighted mean of p.
    ..._lower, ..._upper : float
        90% interval from the replicas, of what the labels leave open.
    coverage : float
        Scored weight over counted weight.
    scored_weight : float
    """

    share_high: float
    share_high_lower: float
    share_high_upper: float
    share_medium: float
    share_medium_lower: float
    share_medium_upper: float
    share_low: float
    share_low_lower: float
    share_low_upper: float
    expected: float
    expected_lower: float
    expected_upper: float
    coverage: float
    scored_weight: float

    @classmethod
    def of(
        cls,
        jobs: np.ndarray,
        counted: float,
        p: np.ndarray,
        bands: Bands,
        replicas: np.ndarray | None = None,
        nominal: float = 0.9,
    ) -> HeadlineFigures:
        """Sum up a labour market.

        Parameters
        ----------
        jobs : ndarray, shape (n,)
            Scored weight of each occupation.
        counted : float
            All weight, scored or not.
        p : ndarray, shape (n,)
        bands : Bands
        replicas : ndarray, shape (n, B), optional
        nominal : float
            Nominal level of the intervals.
        """
        unscored = np.array([max(0.0, counted - float(jobs.sum()))])
        shares = market_shares(jobs[None, :], unscored, p, bands, replicas, nominal)
        renamed = {**shares, "scored_weight": shares["scored_jobs"]}
        return cls(**{field.name: float(renamed[field.name][0]) for field in fields(cls)})

    @property
    def known(self) -> bool:
        """Whether anything was scored."""
        return not math.isnan(self.expected)

    def in_words(self) -> list[str]:
        """Return the figures as sentences, each share and the mean with its interval."""
        high, medium, low = (
            f"{name} {_percent(self, f'share_{name}')}" for name in ("high", "medium", "low")
        )
        mean = f"{self.expected:.3f}{_ends(self, 'expected', '.3f')}"
        brackets = "" if math.isnan(self.expected_lower) else " In brackets: 90% intervals."
        return [
            f"{high.capitalize()}, {medium}, {low} of the scored weight.",
            f"Expected value {mean}; coverage {self.coverage:.1%}.{brackets}",
        ]


def _percent(figures: HeadlineFigures, name: str) -> str:
    return f"{getattr(figures, name):.1%}{_ends(figures, name, '.1%')}"


def _ends(figures: HeadlineFigures, name: str, form: str) -> str:
    lower, upper = getattr(figures, f"{name}_lower"), getattr(figures, f"{name}_upper")
    return "" if math.isnan(lower) else f" ({lower:{form}} to {upper:{form}})"


@dataclass(frozen=True)
class Repair:
    """A kind of repair of codes, with how many codes and rows it mended."""

    repair: str
    codes: int
    rows: int
    example: str


@dataclass(frozen=True)
class Unmatched:
    """A code without a score; `near`: codes that exist and look like it."""

    code: str
    title: str
    reason: str
    rows: int
    weight: float
    near: str


@dataclass(frozen=True)
class Mixed:
    """Codes whose occupations lie in both the low and the high band."""

    codes: int = 0
    weight: float = 0.0


@dataclass(frozen=True)
class Account:
    """What became of a registry, whichever way it was scored.

    Attributes
    ----------
    registry : Source
    understood : Understood
    evidence : tuple of Mapping
        See `Evidence.to_json`.
    model : ScoredWith
    output : Written
    totals : Totals
    outcomes : tuple of Outcome
    national : HeadlineFigures
        Of the counted rows. The one set of figures of a list: commands, reports, runs and pages all show it.
    repairs : tuple of Repair
    unmatched : tuple of Unmatched
        Heaviest first, a few.
    mixed : Mixed
    seconds : float
    titles : Mapping or None
        What rests on titles; see `title_account`.

    Raises
    ------
    AssertionError
        If a row or a unit of weight has no outcome, or two.
    """

    registry: Source
    understood: Understood
    evidence: tuple[Mapping[str, Any], ...]
    model: ScoredWith
    output: Written
    totals: Totals
    outcomes: tuple[Outcome, ...]
    national: HeadlineFigures
    repairs: tuple[Repair, ...] = ()
    unmatched: tuple[Unmatched, ...] = ()
    mixed: Mixed = Mixed()
    seconds: float = 0.0
    titles: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        totals = self.totals
        for rows, weight, part in (
            (totals.rows_in, totals.weight_in, self.outcomes),
            (totals.rows_scored, totals.weight_scored, [o for o in self.outcomes if o.scored]),
            (totals.rows_unscored, totals.weight_unscored, [o for o in self.outcomes if not o.scored]),
        ):
            total = math.fsum(o.weight for o in part)
            astray = abs(total - weight) > _TOLERANCE * max(1.0, abs(totals.weight_in))
            if sum(o.rows for o in part) != rows or astray:
                raise AssertionError(f"Rows or weight went astray: {totals}\n{self.outcomes}")

    def to_json(self) -> dict[str, Any]:
        """Return the document that intake.json holds; figures that do not exist are None."""
        document = asdict(self)
        document["totals"] = {k: v for k, v in document["totals"].items() if v is not None}
        if self.titles is None:
            document.pop("titles")
        document["national"] = {k: None if math.isnan(v) else v for k, v in document["national"].items()}
        return document

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Account:
        """Read what `to_json` returned; unknown keys are passed over.

        Raises
        ------
        KeyError, TypeError, ValueError
            If it is no account.
        """
        if not isinstance(document, Mapping):
            raise TypeError("no JSON object")
        return _record(cls, document)


def _record(kind: type[_T], document: Mapping[str, Any]) -> _T:
    """Build a dataclass, and those within it, from mappings."""
    hints = get_type_hints(kind)
    known = {f.name: _value(hints[f.name], document[f.name]) for f in fields(kind) if f.name in document}  # type: ignore[arg-type]
    return kind(**known)


def _value(hint: Any, value: Any) -> Any:
    if hint is float:
        return math.nan if value is None else float(value)
    if hint in (int, str, bool) and not isinstance(value, hint):
        raise TypeError(f"{value!r} is no {hint.__name__}")
    if get_origin(hint) is tuple:
        return tuple(_value(get_args(hint)[0], item) for item in value)
    return _record(hint, value) if hasattr(hint, "__dataclass_fields__") else value
