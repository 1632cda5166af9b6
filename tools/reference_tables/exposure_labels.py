"""Soft labels from third-party originals: the share of each occupation's work that language models reach."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from occurisk.files import write_text
from occurisk.occupations.coding_systems import soc_of
from occurisk.paths import FEATURES

# What Eloundou et al. (2023) call β: E1 (direct exposure) plus half of E2 (exposure with further software).
RATERS = {"human_rating_beta": "label", "dv_rating_beta": "gpt4"}
DECIMALS = 4


def make_exposure_labels(originals: Path, features: Path = FEATURES) -> list[Path]:
    """Write the ratings averaged to SOC 2010 and, for what is counted in it, to SOC 2018.

    Parameters
    ----------
    originals : Path
        The folder that holds `indexes/gpts_occ_level.csv`.
    features : Path
        Holds the reference occupations and the concordance of O*NET-SOC with SOC 2010.

    Returns
    -------
    list of Path
        `labels/eloundou_2023.csv`: `code`, `label` (human raters), `gpt4`; one row for each detailed
        occupation of SOC 2010 that has attributes. `reference/exposure_soc2018.csv`: the same by SOC 2018.
    """
    rated = pd.read_csv(originals / "indexes" / "gpts_occ_level.csv").rename(columns=RATERS)
    reference = pd.read_csv(FEATURES / "reference" / "occupations.csv", dtype=str, keep_default_na=False)
    detailed = reference.loc[reference["status"] == "soc2010", "code"]
    attributes = pd.read_csv(FEATURES / "reference" / "task_attributes.csv", usecols=["code"], dtype=str)
    soc = soc2010_of(rated["O*NET-SOC Code"])
    means = soc.join(rated.set_index("O*NET-SOC Code")[list(RATERS.values())], on="onetsoc")
    table = means.groupby("soc2010")[list(RATERS.values())].mean().round(DECIMALS)
    known = table.index.isin(detailed) & table.index.isin(attributes["code"])
    table = table.loc[known].rename_axis("code")
    by_2018 = rated.groupby(rated["O*NET-SOC Code"].map(soc_of))[list(RATERS.values())].mean()
    return [
        write_text(Path(features) / place, ratings.to_csv(lineterminator="\n"))
        for place, ratings in (
            ("labels/eloundou_2023.csv", table),
            ("reference/exposure_soc2018.csv", by_2018.round(DECIMALS).rename_axis("code")),
        )
    ]


def soc2010_of(codes: pd.Series) -> pd.DataFrame:
    """Lead O*NET-SOC 2019 codes to SOC 2010: `onetsoc`, `soc2010`, several rows where they join codes.

    A code whose meaning changed in 2019 follows the concordance of 2019; of the others the digits say it.
    """
    pairs = pd.read_csv(FEATURES / "crosswalks" / "onetsoc_soc2010.csv", dtype=str)
    changed = pairs[pairs["taxonomy"] == "2019"]
    kept = pairs[(pairs["taxonomy"] == "2010") & ~pairs["onetsoc"].isin(changed["onetsoc"])]
    known = pd.concat([changed, kept])[["onetsoc", "soc2010"]]
    found = codes.rename("onetsoc").to_frame().merge(known, how="left")
    return found.assign(soc2010=found["soc2010"].fillna(found["onetsoc"].map(soc_of)))
