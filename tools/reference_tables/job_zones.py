"""Tables of the national picture that are made from third-party originals: O*NET job zones."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from occurisk.files import write_text
from occurisk.occupations.coding_systems import soc_of
from occurisk.paths import FEATURES


def make_job_zones(originals: Path, features: Path = FEATURES) -> Path:
    """Write `reference/job_zones.csv` from O*NET 18.1 (SOC 2010, all 923 rated O*NET-SOC codes).

    Parameters
    ----------
    originals : Path
        The folder that holds `onet_18_1`.
    features : Path

    Returns
    -------
    Path
        Of the table: `soc`, `job_zone` (mean over the O*NET-SOC codes), `zone_1` to `zone_5` (shares).
    """
    zones = pd.read_csv(originals / "onet_18_1" / "Job Zones.txt", sep="\t", dtype=str)
    soc = zones["O*NET-SOC Code"].map(soc_of).rename("soc")
    zone = zones["Job Zone"].astype(int)
    shares = pd.crosstab(soc, zone, normalize="index").reindex(columns=range(1, 6), fill_value=0.0)
    table = shares.add_prefix("zone_").rename_axis(columns=None)
    table.insert(0, "job_zone", zone.groupby(soc).mean())
    text = table.sort_index().to_csv(lineterminator="\n", float_format="%.4g")
    return write_text(Path(features) / "reference" / "job_zones.csv", text)
