"""Two releases of O*NET beside each other: how far off a rating is, where no release prints it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from occurisk.files import write_text
from occurisk.paths import FEATURES
from occurisk.training_data.attribute_table import (
    REFERENCE_TABLE,
    average_to_soc,
    load_onetsoc_soc2010,
    read_table,
)
from occurisk.training_data.catalogue import load_catalogue
from occurisk.training_data.onet_ratings import read_onet

# A rating that O*NET did not survey again is printed with two decimals of the same figure.
_SAME = 0.005


def make_rating_errors(originals: Path, features: Path = FEATURES) -> Path:
    """Write `reference/rating_errors.csv` from O*NET 18.1 and the embedded table of O*NET 20.3.

    Where an occupation was rated anew, its two ratings differ by two errors and by what changed in two years.
    The standard deviation of these differences, over the root of two, is at most a little too large.

    Parameters
    ----------
    originals : Path
        The folder that holds `onet_18_1`.
    features : Path

    Returns
    -------
    Path
        Of the table: `attribute`, `element_id`, `scale`, `rated_anew` (occupations), `standard_error` (points
        of the scale).
    """
    catalogue = load_catalogue()
    older = average_to_soc(read_onet(originals / "onet_18_1", catalogue), catalogue, load_onetsoc_soc2010())
    change = read_table(REFERENCE_TABLE, catalogue) - older
    anew = change.where(change.abs() > _SAME)
    table = pd.DataFrame(
        {
            "element_id": [a.element_id for a in catalogue],
            "scale": [a.scale for a in catalogue],
            "rated_anew": anew.notna().sum(),
            "standard_error": anew.std() / 2**0.5,
        },
        index=pd.Index(catalogue.names, name="attribute"),
    )
    text = table.to_csv(lineterminator="\n", float_format="%.4f")
    return write_text(Path(features) / "reference" / "rating_errors.csv", text)
