"""Indexes by SOC 2010 occupation: the axes and what is embedded beside them, and anybody's file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa

from occurisk.errors import RegistryError
from occurisk.labour_market.history.reproductions import EXPOSURE_LABELS
from occurisk.labour_market.history.routine_intensity import routine_intensity
from occurisk.occupations.crosswalk import to_soc2010
from occurisk.paths import FEATURES
from occurisk.registry.columns.sample import IntakeOptions
from occurisk.registry.formats.base import RegistryFile
from occurisk.registry.numbers import number_style
from occurisk.registry.understanding import Understanding, open_for_intake, understand
from occurisk.training_data.labels import load_labels

if TYPE_CHECKING:
    from occurisk.model.bundles.bundle import Bundle

PUBLISHED = FEATURES / "reference" / "published_indexes.csv"
EMPLOYMENT = FEATURES / "reference" / "us_employment.csv"


def embedded_indexes(bundles: Iterable[Bundle]) -> pd.DataFrame:
    """Return the axes, and the figures that their licences let us hold, by occupation.

    Parameters
    ----------
    bundles : iterable of Bundle
        A model of each axis; the first one's attributes make the routine intensity.

    Returns
    -------
    DataFrame, index soc
        A column per axis; `frey_osborne_2017` (printed), `eloundou_human` and `eloundou_gpt4` (β),
        `routine_intensity` (Acemoglu & Autor 2011), and what `reference/published_indexes.csv` holds.
        Detailed occupations of SOC 2010 alone.
    """
    models = list(bundles)
    first = models[0]
    ratings = load_labels(EXPOSURE_LABELS, soft=True).table.astype({"label": float, "gpt4": float})
    columns = {bundle.axis.name: bundle.reference["probability"] for bundle in models}
    columns |= {
        "frey_osborne_2017": load_labels().published_by_soc2010(),
        "eloundou_human": ratings["label"],
        "eloundou_gpt4": ratings["gpt4"],
        "routine_intensity": routine_intensity(first.attributes, first.catalogue),
    }
    published = pd.read_csv(PUBLISHED, dtype={"code": str}).set_index("code")
    columns |= {str(name): published[name] for name in published}
    detailed = first.reference.index[first.reference["status"] == "soc2010"]
    return pd.DataFrame({name: column.reindex(detailed) for name, column in columns.items()})


def us_jobs() -> pd.Series:
    """Return US jobs by SOC 2010 occupation (BLS OES, mean of 2012 to 2015), index `soc`."""
    return pd.read_csv(EMPLOYMENT, dtype={"soc": str}).set_index("soc")["employment"]


def read_index(path: Path, value: str | None = None, code: str | None = None) -> pd.Series:
    """Read an index from anybody's file, and lead it to SOC 2010.

    Parameters
    ----------
    path : Path
        CSV, Excel or Parquet with a column of codes and one of figures.
    value : str, optional
        Name of the column of figures; needed where several columns hold numbers.
    code : str, optional
        Name of the column of codes; found by its values by default.

    Returns
    -------
    Series, index soc
        Where several codes lead to an occupation, their weighted mean.

    Raises
    ------
    RegistryError
        If the columns cannot be told, or no code leads anywhere.
    """
    options = IntakeOptions(code_column=code, weight_column="none")
    file = open_for_intake(path, options)
    known = _understood(path, file, options)
    if known.code is None:
        raise RegistryError(
            f"{path.name} has no column of codes.",
            rule="An index is a table of occupation codes and figures.",
            fix="Name its column of codes: --index NAME=FILE.csv:VALUE:CODE",
        )
    names = [str(name) for name in file.schema.names]
    batches = list(file.batches())
    figures = {n: _figures(batches, i) for i, n in enumerate(names) if i != known.code}
    chosen = value or _only_column(path, figures)
    if chosen not in figures:
        raise RegistryError(
            f"{path.name} has no column {chosen!r}.",
            rule=f"Columns: {', '.join(names)}.",
            fix="Name one of these.",
        )
    cells = [cell for batch in batches for cell in batch.column(known.code).cast(pa.string()).to_pylist()]
    listed = pd.DataFrame({"code": cells, "value": figures[chosen]}).dropna()
    endless = listed[np.isinf(listed["value"])]
    if listed.empty or len(endless):
        raise RegistryError(
            f"{len(endless) or 'All'} of {len(cells)} figures in column {chosen!r} of {path.name} "
            "are no numbers.",
            first=f"{endless['code'].iloc[0]} = {endless['value'].iloc[0]}" if len(endless) else None,
            rule="An index has finite figures; a gap is an empty cell.",
            fix="Correct or empty these cells, or name another column: --index NAME=FILE.csv:VALUE",
        )
    listed["code"] = listed["code"].str.strip()
    by_code = listed.groupby("code")["value"].mean()
    members = to_soc2010(list(by_code.index), known.system, prefix=known.prefix).members
    if members.empty:
        raise RegistryError(f"No code of {path.name} leads to an occupation.", fix="Check its codes.")
    part = members.assign(value=members["code"].map(by_code)).dropna(subset=["value"])
    total = (part["value"] * part["weight"]).groupby(part["soc"]).sum()
    mean = total / part["weight"].groupby(part["soc"]).sum()
    # Means of equal figures differ in their last bits, and ranks would take that for an order.
    return mean.map(lambda value: float(f"{value:.12g}")).rename(path.stem)


def _understood(path: Path, file: RegistryFile, options: IntakeOptions) -> Understanding:
    """Tell which column holds codes; the cure of what cannot be told is this command's."""
    try:
        return understand(file, options)
    except RegistryError as problem:
        raise RegistryError(
            f"{path.name}: {problem.what}",
            first=problem.first,
            rule=problem.rule,
            fix="Name its column of codes: --index NAME=FILE.csv:VALUE:CODE",
        ) from problem


def _figures(batches: list[pa.RecordBatch], position: int) -> np.ndarray:
    """Read a column of numbers, which may be negative; what is none is NaN."""
    cells = [str(c) for batch in batches for c in batch.column(position).cast(pa.string()).to_pylist()]
    style = number_style(cells)
    plain = pd.Series(cells, dtype=str).str.replace(style.thousands, "", regex=False)
    values = pd.to_numeric(plain.str.replace(style.decimal, ".", regex=False), errors="coerce")
    return values.to_numpy(dtype=float)


def _only_column(path: Path, figures: dict[str, np.ndarray]) -> str:
    """Return the one column that holds numbers."""
    numeric = [name for name, values in figures.items() if len(values) and np.isfinite(values).mean() > 0.5]
    if len(numeric) == 1:
        return numeric[0]
    raise RegistryError(
        f"{len(numeric)} columns of {path.name} hold numbers.",
        first=numeric[0] if numeric else None,
        rule="An index is one column of figures.",
        fix="Name it: --index NAME=FILE.csv:VALUE",
    )
