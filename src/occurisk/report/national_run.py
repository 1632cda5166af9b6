"""From the folder of a scoring run to its national picture, and from the picture to files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from occurisk.bands import Bands
from occurisk.errors import RegistryError
from occurisk.files import sha256, write_text
from occurisk.labour_market.breakdowns import BUILT_IN, MIN_CELL
from occurisk.labour_market.multiverse import Choice
from occurisk.labour_market.picture import Picture, take_picture, universes_of
from occurisk.labour_market.scenarios import Scenario
from occurisk.labour_market.scored_market import ScoredFolder, read_market
from occurisk.model.bundle import Bundle
from occurisk.report.chart_style import save
from occurisk.report.labour_market_charts import figure_set
from occurisk.report.labour_market_page import render
from occurisk.training_data.attribute_table import REFERENCE_TABLE
from occurisk.training_data.labels import load_labels


def picture_of(
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
) -> Picture:
    """Take the national picture of a scored registry.

    Parameters
    ----------
    folder : ScoredFolder
        See `scored_market.find_folder`.
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

    Returns
    -------
    Picture

    Raises
    ------
    RegistryError
        If a column is not there, or the folder is incomplete.
    """
    labels = load_labels()
    published = labels.published_by_soc2010()
    columns = list(dict.fromkeys(c for keys in by for c in keys if c not in BUILT_IN))
    if folder.published:
        scores, replicas = published.to_frame("probability"), None
    else:
        scores, replicas = bundle.reference, bundle.replicas
    market = read_market(folder, scores, replicas, bands or bundle.bands, columns, wage, weight)
    if not market.figures()["scored_jobs"].iloc[0]:
        raise RegistryError(
            f"None of the {market.table['weight'].sum():,.0f} jobs in {folder.name} has a score.",
            rule="A national picture needs at least one occupation with a score and with jobs.",
            fix="Name another column of jobs with --weight.",
        )
    vintage = vintage_of(bundle)
    universes = universes_of(
        market, (bundle.reference, bundle.replicas), published, labels.published, vintages, vintage
    )
    return take_picture(
        market, universes, bundle.attributes, bundle.catalogue,
        name=folder.name, weight_name=weight or folder.weight_column or "", by=by, min_cell=min_cell,
        scenarios=scenarios, vintage=vintage,
    )  # fmt: skip


def vintage_of(bundle: Bundle) -> str:
    """Name the O*NET release behind a model: the embedded one, else `own table`; a bundle knows no other."""
    embedded = bundle.manifest["data"]["sha256"]["attributes"] == sha256(REFERENCE_TABLE)
    return Choice.vintage if embedded else "own table"


def write_picture(picture: Picture, folder: Path, kinds: Sequence[str] = ("png", "svg")) -> None:
    """Write page, pictures, tables (CSV) and figures as JSON; each whole or not at all.

    Parameters
    ----------
    picture : Picture
    folder : Path
        Gets `national.html`, `national.json`, `figures/` and `tables/`.
    kinds : sequence of str
        Of the pictures.
    """
    figures = figure_set(picture)
    for name, figure in figures.items():
        for kind in kinds:
            save(figure, folder / "figures" / f"{_file_name(name)}.{kind}")
    tables = {
        **{f"by_{n}": t for n, t in picture.breakdowns.items()},
        **{f"concentration_{n}": t for n, t in picture.concentration.items()},
        "multiverse": picture.multiverse.set_index("statistic"),
        "largest_holders": picture.holders,
        "two_axes": picture.axes,
        **{f"scenario_{n}": t for n, (_, t) in picture.scenarios.items()},
    }
    for name, frame in tables.items():
        write_text(folder / "tables" / f"{_file_name(name)}.csv", frame.to_csv(lineterminator="\n"))
    write_text(folder / "national.json", json.dumps(picture.to_json(), indent=1, allow_nan=False) + "\n")
    write_text(folder / "national.html", render(picture, figures))


def _file_name(name: str) -> str:
    """Make a name that every file system takes: letters, digits, `_`, `-`, `.`."""
    return "".join(c if c.isalnum() or c in "_-." else "_" for c in name.replace(" x ", "_x_"))
