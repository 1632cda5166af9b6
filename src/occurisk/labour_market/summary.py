"""The national picture of one registry: every figure that is printed, drawn and written, computed once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from occurisk.errors import RegistryError
from occurisk.files import sha256
from occurisk.labour_market.augmentation import relieved, two_axes
from occurisk.labour_market.breakdowns import (
    BUILT_IN,
    MIN_CELL,
    WAGE_DECILE,
    breakdown,
    cells_of,
    concentration,
    largest_holders,
)
from occurisk.labour_market.comparison.axis_map import AxisMap, axis_map
from occurisk.labour_market.gradients import Gradient, gradient, polarisation
from occurisk.labour_market.market import Market
from occurisk.labour_market.multiverse import Choice, Universe, multiverse, universes_of
from occurisk.labour_market.scenarios import Scenario, apply, by_qualification, held_against
from occurisk.labour_market.scored_market import ScoredFolder, read_market
from occurisk.model.bundles.bundle import Bundle
from occurisk.probabilities import Bands, weighted_shares
from occurisk.training_data.attribute_table import REFERENCE_TABLE
from occurisk.training_data.catalogue import Catalogue
from occurisk.training_data.labels import load_labels


@dataclass(frozen=True)
class MarketSummary:
    """Everything that the national picture of a registry holds.

    Attributes
    ----------
    name, source, weight_name : str
        Registry, score source, unit of the weights.
    figures : Series
        Of the whole market; see `figures_by_cell`.
    by_code : dict
        The same statistics with each code in one band; see `national.national`.
    standing_in : float
        Share of scored jobs whose occupation has no score; others of their group stand in.
    breakdowns, concentration : dict
        By name of the keys, `a x b`.
    holders : DataFrame
        See `largest_holders`.
    gradients : dict of str to Gradient
    polarisation : DataFrame or None
    histogram : DataFrame
        Jobs by probability (rows) and major group (columns).
    multiverse : DataFrame
    choice : Choice
    bands : Bands
    scenarios : dict
        Title -> (scenario, table of `scenarios.apply`).
    axes : DataFrame
        By major group: `jobs`, `p`, `augmentation`, `substitution`, `without_hazard`.
    worksheets : dict
        Major group -> see `augmentation.worksheets`.
    indices : DataFrame
        See `augmentation.by_occupation`.
    maps : tuple of AxisMap
        The same jobs by this axis and by each further one.
    """

    name: str
    source: str
    weight_name: str
    figures: pd.Series
    by_code: dict[str, float]
    standing_in: float
    breakdowns: dict[str, pd.DataFrame]
    concentration: dict[str, pd.DataFrame]
    holders: pd.DataFrame
    gradients: dict[str, Gradient]
    polarisation: pd.DataFrame | None
    histogram: pd.DataFrame
    multiverse: pd.DataFrame
    choice: Choice
    bands: Bands
    scenarios: dict[str, tuple[Scenario, pd.DataFrame]] = field(default_factory=dict)
    axes: pd.DataFrame = field(default_factory=pd.DataFrame)
    worksheets: dict[str, pd.DataFrame] = field(default_factory=dict)
    indices: pd.DataFrame = field(default_factory=pd.DataFrame)
    maps: tuple[AxisMap, ...] = ()

    def metrics(self) -> dict[str, float]:
        """Return the figures that a run's list shows, none of them NaN."""
        wanted = [
            f"{s}{e}" for s in ("share_high", "share_medium", "share_low", "expected")
            for e in ("", "_lower", "_upper", "_least", "_most")
        ]  # fmt: skip
        logged = {f"national.{n}": float(self.figures[n]) for n in wanted if n in self.figures}
        logged["national.coverage"] = float(self.figures["coverage"])
        for name, slope in self.gradients.items():
            logged[f"national.spearman_{name}"] = slope.spearman
        return {name: value for name, value in logged.items() if not np.isnan(value)}

    def to_json(self) -> dict[str, Any]:
        """Return every figure as plain lists and numbers; NaN becomes None."""
        document = {
            "registry": self.name,
            "scores": self.source,
            "weight": self.weight_name,
            "figures": self.figures.to_dict(),
            "by_code": self.by_code,
            "standing_in": self.standing_in,
            "breakdowns": {n: _records(t) for n, t in self.breakdowns.items()},
            "concentration": {n: _records(t) for n, t in self.concentration.items()},
            "largest_holders": _records(self.holders),
            "gradients": {
                n: {"spearman": g.spearman, "lower": g.lower, "upper": g.upper, "codes": g.codes,
                    "binned": _records(g.binned)}
                for n, g in self.gradients.items()
            },
            "polarisation": None if self.polarisation is None else _records(self.polarisation),
            "multiverse": _records(self.multiverse, index=False),
            "scenarios": {
                title: {
                    "assumptions": scenario.model_dump(mode="json"),
                    "factor": scenario.factor,
                    "figures": _records(table),
                    "heading": scenario.heading,
                    **({"held_against_reported": held_against(scenario, table)} if scenario.reported else {}),
                }
                for title, (scenario, table) in self.scenarios.items()
            },
            "axes": _records(self.axes),
            "hazards": _records(relieved(self.indices)),
            "axis_maps": [found.to_json() for found in self.maps],
            "worksheets": {n: _records(t, index=False) for n, t in self.worksheets.items()},
        }  # fmt: skip
        return document


def summary_of_folder(
    folder: ScoredFolder,
    bundle: Bundle,
    *,
    by: Sequence[Sequence[str]] = (),
    weight: str | None = None,
    wage: str | None = None,
    bands: Bands | None = None,
    min_cell: float = MIN_CELL,
    scenarios: Sequence[Scenario] = (),
    vintages: Sequence[tuple[str, pd.DataFrame, pd.DataFrame | None]] = (),
    others: Sequence[Bundle] = (),
) -> MarketSummary:
    """Take the national picture of a scored registry.

    Parameters
    ----------
    folder : ScoredFolder
        See `find_folder`.
    bundle : Bundle
        The model that scored it.
    by : sequence of sequences of str
        Breakdowns by columns, beyond the built-in ones.
    weight : str, optional
        Column of jobs; the one that scoring found by default.
    wage : str, optional
        Column of wages.
    bands : Bands, optional
        Thresholds; the model's by default.
    min_cell : float
    scenarios : sequence of Scenario
    vintages : sequence of (label, scores, replicas)
        The model refitted on other O*NET releases; see `vintage.refit_bundle`.
    others : sequence of Bundle
        Models of further axes, for a map with each; none beside published scores.

    Returns
    -------
    MarketSummary

    Raises
    ------
    RegistryError
        If a column is not there, or the folder is incomplete.
    """
    columns = list(dict.fromkeys(c for keys in by for c in keys if c not in BUILT_IN))
    scores, replicas = scored_with(bundle, folder.published)
    market = read_market(folder, scores, replicas, bands or bundle.bands, columns, wage, weight)
    if not market.figures()["scored_jobs"].iloc[0]:
        raise RegistryError(
            f"None of the {market.table['weight'].sum():,.0f} jobs in {folder.name} has a score.",
            rule="A national picture needs at least one occupation with a score and with jobs.",
            fix="Name another column of jobs with --weight.",
        )
    return summary_of_market(
        market, bundle, name=folder.name, weight_name=weight or folder.weight_column or "", by=by,
        min_cell=min_cell, scenarios=scenarios, vintages=vintages,
        others=() if folder.published else others,
    )  # fmt: skip


def scored_with(bundle: Bundle, published: bool) -> tuple[pd.DataFrame, pd.DataFrame | None]:
    """Return what occupations are scored with, and the replicas: the model's, or the published list."""
    if published:
        return load_labels().published_by_soc2010().to_frame("probability"), None
    return bundle.reference, bundle.replicas


def summary_of_market(
    market: Market,
    bundle: Bundle,
    *,
    name: str,
    weight_name: str = "",
    by: Sequence[Sequence[str]] = (),
    min_cell: float = MIN_CELL,
    scenarios: Sequence[Scenario] = (),
    vintages: Sequence[tuple[str, pd.DataFrame, pd.DataFrame | None]] = (),
    others: Sequence[Bundle] = (),
) -> MarketSummary:
    """Take the national picture of a market; see `summary_of_folder`."""
    labels = load_labels()
    published = labels.published_by_soc2010()
    vintage = vintage_of(bundle)
    universes = universes_of(
        market, (bundle.reference, bundle.replicas), published, labels.published, vintages, vintage
    )
    summary = summarise_market(
        market, universes, bundle.attributes, bundle.catalogue,
        name=name, weight_name=weight_name, by=by, min_cell=min_cell, scenarios=scenarios, vintage=vintage,
    )  # fmt: skip
    keys, high = breakdown_keys(market, by), market.bands.high
    maps = (axis_map(market, bundle, other, keys, min_cell, (high, None)) for other in others)
    return replace(summary, maps=tuple(maps))


def breakdown_keys(market: Market, by: Sequence[Sequence[str]] = ()) -> list[list[str]]:
    """Return the built-in breakdowns of a market, then those that were asked for."""
    paid = "wage" in market.table and market.table["wage"].notna().any()
    standard = [["major_group"], ["skill_level"], ["education"], *([[WAGE_DECILE]] if paid else [])]
    return [*standard, *(list(k) for k in by if list(k) not in standard)]


def vintage_of(bundle: Bundle) -> str:
    """Name the O*NET release behind a model: the embedded one, else `own table`; a bundle knows no other."""
    embedded = bundle.manifest["data"]["sha256"]["attributes"] == sha256(REFERENCE_TABLE)
    return Choice.vintage if embedded else "own table"


def summarise_market(
    market: Market,
    universes: Sequence[Universe],
    X: pd.DataFrame,
    catalogue: Catalogue,
    *,
    name: str,
    weight_name: str = "",
    by: Sequence[Sequence[str]] = (),
    min_cell: float = MIN_CELL,
    scenarios: Sequence[Scenario] = (),
    vintage: str = "20.3",
) -> MarketSummary:
    """Compute the national picture.

    Parameters
    ----------
    market : Market
        Under the reader's own choices.
    universes : sequence of Universe
        The market under these and other choices; see `universes_of`.
    X : DataFrame
        Attributes of the reference occupations on [0, 1].
    catalogue : Catalogue
    name, weight_name : str
    by : sequence of sequences of str
        Breakdowns beyond major group, skill level, education and wage decile.
    min_cell : float
        Smallest cell shown.
    scenarios : sequence of Scenario
    vintage : str
        Of the O*NET release behind the scores.

    Returns
    -------
    MarketSummary
    """
    paid = "wage" in market.table and market.table["wage"].notna().any()
    keys = breakdown_keys(market, by)
    names = [" x ".join(k) for k in keys]
    whole = market.figures().iloc[0]
    jobs = market.table.groupby("code", observed=True)["weight"].sum().reindex(market.codes, fill_value=0.0)
    groups = cells_of(market, ["major_group"])
    choice = Choice(
        threshold=market.bands.high,
        source="published" if market.source == "published" else "model",
        vintage=vintage,
    )
    by_skill = breakdown(market, ["skill_level"], 0)
    axes, sheets, indices = two_axes(market, X, catalogue)
    return MarketSummary(
        name=name,
        source=market.source,
        weight_name=weight_name or "rows",
        figures=whole,
        by_code=weighted_shares(market.code_p.to_numpy(), jobs.to_numpy(dtype=float), market.bands),
        standing_in=market.standing_in(),
        breakdowns={n: breakdown(market, k, min_cell) for n, k in zip(names, keys, strict=True)},
        concentration={n: concentration(market, k, min_cell) for n, k in zip(names, keys, strict=True)},
        holders=largest_holders(market),
        gradients={n: gradient(market, n) for n in (["wage"] if paid else []) + ["education"]},
        polarisation=polarisation(market) if paid else None,
        histogram=_histogram(market.p, groups.jobs, groups.index),
        multiverse=multiverse(universes, choice),
        choice=choice,
        bands=market.bands,
        scenarios={s.title: (s, apply(s, by_qualification(by_skill))) for s in scenarios},
        axes=axes,
        worksheets=sheets,
        indices=indices,
    )


def _histogram(p: np.ndarray, jobs: np.ndarray, index: pd.Index, bins: int = 20) -> pd.DataFrame:
    place = np.minimum((p * bins).astype(int), bins - 1)
    counts = np.stack([np.bincount(place, weights=row, minlength=bins) for row in jobs])
    return pd.DataFrame(counts.T, index=pd.Index(np.arange(bins) / bins, name="probability"), columns=index)


def _records(table: pd.DataFrame, index: bool = True) -> list[dict[str, Any]]:
    return (table.reset_index() if index else table).to_dict("records")
