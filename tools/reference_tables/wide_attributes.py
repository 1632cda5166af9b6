"""The wide set of attributes from third-party originals: O*NET 20.3, with Skills and Knowledge of 29.3."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from occurisk.files import write_text
from occurisk.training_data.attribute_table import check_table, format_table, with_aggregates
from occurisk.training_data.catalogue import WIDE_CATALOGUE, Catalogue, load_catalogue
from reference_tables.exposure_labels import soc2010_of
from reference_tables.occupations import code_repairs, onet_means, soc2010_structure, table_from_means

# O*NET prints two decimals.
DECIMALS = 2
# The tables of release 29.3 at hand.
NEWER = ("Skills", "Knowledge")


def make_wide_attributes(originals: Path, features: Path) -> Path:
    """Write `reference/task_attributes_wide.csv`: the elements of `catalogue_wide.yaml` by occupation.

    Parameters
    ----------
    originals : Path
        The folder that holds `onet_20`, `onet_29_3` and `crosswalks`.
    features : Path

    Returns
    -------
    Path
        Of the table. A skill or knowledge has its rating of 29.3, and that of 20.3 where 29.3 has none.
    """
    catalogue = load_catalogue(WIDE_CATALOGUE)
    repairs = code_repairs(soc2010_structure(originals / "crosswalks" / "soc_structure_2010.xls"))
    older = table_from_means(onet_means(originals / "onet_20"), catalogue)
    older = older.drop(index=repairs.index, errors="ignore")
    newer = newer_ratings(originals / "onet_29_3", catalogue).reindex(older.index)
    table = with_aggregates(newer.combine_first(older)[catalogue.names], repairs["soc2010"])
    text = format_table(check_table(table.round(DECIMALS), catalogue))
    return write_text(Path(features) / "reference" / "task_attributes_wide.csv", text)


def newer_ratings(folder: Path, catalogue: Catalogue) -> pd.DataFrame:
    """Read skills and knowledge of O*NET 29.3, averaged to SOC 2010; a suppressed rating is left out."""
    names = {a.element_id: a.name for a in catalogue if a.scale == "IM"}
    sheets = [pd.read_excel(folder / f"{name}.xlsx", dtype=str, engine="calamine") for name in NEWER]
    rows = pd.concat(sheets, ignore_index=True)
    rows = rows[(rows["Scale ID"] == "IM") & (rows["Recommend Suppress"] != "Y")]
    rows = rows.assign(attribute=rows["Element ID"].map(names), value=rows["Data Value"].astype(float))
    by_code = rows.pivot(index="O*NET-SOC Code", columns="attribute", values="value")
    soc = soc2010_of(pd.Series(by_code.index))
    means = soc.join(by_code, on="onetsoc").drop(columns="onetsoc").groupby("soc2010").mean()
    return means.rename_axis(index="soc", columns=None)
