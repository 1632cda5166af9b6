"""The national picture inside a scoring run: its figures as metrics, its page and pictures as artifacts."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from occurisk.labour_market.picture import Picture, picture_of_market, scored_with
from occurisk.labour_market.scored_market import market_of
from occurisk.model.bundle import Bundle
from occurisk.report.labour_market_page import write_picture
from occurisk.scoring.scored_registry import ScoredRegistry


def log_national(mlflow: Any, scored: ScoredRegistry, bundle: Bundle) -> Picture | None:
    """Log the national picture of a scored registry into the active run.

    Parameters
    ----------
    mlflow : module
        As `tracking.run` yields it.
    scored : ScoredRegistry
        As `score_registry` returns it; nothing that it wrote is read again.
    bundle : Bundle
        The model that scored it.

    Returns
    -------
    Picture or None
        None if there are no occupations to add up: nothing scored, or scored row by row. Otherwise the
        run has metrics `national.*` and the artifacts `national/national.html`, `national/national.json`,
        `national/figures/*.png` and `national/tables/*.csv`.
    """
    market = market_of(scored, *scored_with(bundle, scored.scores == "published"), bundle.bands)
    if market is None:
        return None
    picture = picture_of_market(
        market, bundle, name=Path(scored.input_name).name,
        weight_name=scored.account.understood.weight_column or "",
    )  # fmt: skip
    mlflow.log_metrics(picture.metrics())
    with tempfile.TemporaryDirectory(prefix="occurisk-national-") as scratch:
        write_picture(picture, Path(scratch), kinds=("png",))
        mlflow.log_artifacts(scratch, "national")
    return picture
