"""The national picture inside a scoring run: its figures as metrics, its page and pictures as artifacts."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from occurisk.errors import RegistryError
from occurisk.labour_market.picture import Picture, picture_of
from occurisk.labour_market.scored_market import find_folder
from occurisk.model.bundle import Bundle
from occurisk.report.labour_market_page import write_picture


def log_national(mlflow: Any, folder: Path, bundle: Bundle) -> Picture | None:
    """Log the national picture of a scored registry into the active run.

    Parameters
    ----------
    mlflow : module
        As `tracking.run` yields it.
    folder : Path
        That `score_registry` wrote.
    bundle : Bundle
        The model that scored it.

    Returns
    -------
    Picture or None
        None if there are no occupations to add up: nothing scored, or scored row by row. Otherwise the
        run has metrics `national.*` and the artifacts `national/national.html`, `national/national.json`,
        `national/figures/*.png` and `national/tables/*.csv`.
    """
    try:
        found = find_folder(folder)
        picture = picture_of(found, bundle) if found else None
    except RegistryError:
        return None
    if picture is None:
        return None
    mlflow.log_metrics(picture.metrics())
    with tempfile.TemporaryDirectory(prefix="occurisk-national-") as scratch:
        write_picture(picture, Path(scratch), kinds=("png",))
        mlflow.log_artifacts(scratch, "national")
    return picture
