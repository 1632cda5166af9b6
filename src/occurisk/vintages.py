"""The same model on another O*NET release: how much of a headline is the release."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from occurisk.training import load_data


def refit(attributes: Path, config: Path | None = None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Fit the configuration on another attribute table.

    Parameters
    ----------
    attributes : Path
        As `occurisk features build --soc2010` writes it.
    config : Path, optional
        The default one by default.

    Returns
    -------
    scores : DataFrame
        Index `soc`; `probability`.
    replicas : DataFrame, shape (n_occupations, B)
    """
    data = load_data(config, attributes=attributes)
    y, weight = data.labels.on(data.X.index)
    model = data.classifier().fit(data.X, y, weight)
    p = model.predict_proba(data.X)[:, 1]
    replicas = pd.DataFrame(model.predict_replicas(data.X), index=data.X.index)
    return pd.DataFrame({"probability": p}, index=data.X.index), replicas
