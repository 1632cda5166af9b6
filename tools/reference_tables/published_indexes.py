"""Published indexes whose licence lets figures be held: by SOC 2010 occupation."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from occurisk.files import write_text
from occurisk.paths import FEATURES

DECIMALS = 4
# Of the panel of DAIOE: its last year, all of AI and generative AI.
DAIOE_YEAR = 2023
DAIOE = {"daioe_allapps": "daioe_2023", "daioe_genai": "daioe_generative_2023"}


def make_published_indexes(originals: Path, features: Path = FEATURES) -> Path:
    """Write `reference/published_indexes.csv`: `code` and a column for each index.

    Parameters
    ----------
    originals : Path
        The folder that holds `indexes/microsoft_soc_ai_applicability_scores.csv` and
        `indexes/daioe_soc2010.csv.gz`.
    features : Path
        Gets the table.

    Returns
    -------
    Path
        Of the table. Microsoft's scores speak of SOC 2018: an occupation has the mean of the codes that it
        leads to. DAIOE's speak of SOC 2010.
    """
    table = pd.concat([_microsoft(originals), _daioe(originals)], axis=1).sort_index().round(DECIMALS)
    return write_text(
        Path(features) / "reference" / "published_indexes.csv",
        table.rename_axis("code").to_csv(lineterminator="\n"),
    )


def _microsoft(originals: Path) -> pd.Series:
    scores = pd.read_csv(originals / "indexes" / "microsoft_soc_ai_applicability_scores.csv")
    scores = scores.set_index("SOC Code")["ai_applicability_score"].rename("microsoft_applicability")
    pairs = pd.read_csv(FEATURES / "crosswalks" / "soc2010_soc2018.csv", dtype=str)
    led = pairs.join(scores, on="soc2018").dropna(subset=[scores.name])
    return led.groupby("soc2010")[scores.name].mean()


def _daioe(originals: Path) -> pd.DataFrame:
    panel = pd.read_csv(originals / "indexes" / "daioe_soc2010.csv.gz", dtype={"occ_code_soc2010": str})
    last = panel[panel["year"] == DAIOE_YEAR].set_index("occ_code_soc2010")
    return last[list(DAIOE)].rename(columns=DAIOE).dropna(how="all")
