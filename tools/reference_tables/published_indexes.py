"""Published indexes whose licence lets figures be held: by SOC 2010 occupation."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from occurisk.files import write_text
from occurisk.paths import FEATURES

DECIMALS = 4


def make_published_indexes(originals: Path, features: Path = FEATURES) -> Path:
    """Write `reference/published_indexes.csv`: `code` and a column for each index.

    Parameters
    ----------
    originals : Path
        The folder that holds `indexes/microsoft_soc_ai_applicability_scores.csv`.
    features : Path
        Holds the concordance of SOC 2010 with SOC 2018.

    Returns
    -------
    Path
        Of the table. An occupation has the mean of the codes of 2018 that it leads to.
    """
    microsoft = pd.read_csv(originals / "indexes" / "microsoft_soc_ai_applicability_scores.csv")
    scores = microsoft.set_index("SOC Code")["ai_applicability_score"].rename("microsoft_applicability")
    pairs = pd.read_csv(FEATURES / "crosswalks" / "soc2010_soc2018.csv", dtype=str)
    led = pairs.join(scores, on="soc2018").dropna(subset=[scores.name])
    table = led.groupby("soc2010")[[scores.name]].mean().round(DECIMALS).rename_axis("code")
    return write_text(
        Path(features) / "reference" / "published_indexes.csv", table.to_csv(lineterminator="\n")
    )
