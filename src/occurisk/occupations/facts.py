"""What is known of occupations beside their scores: skill level, education, major group."""

from __future__ import annotations

from functools import lru_cache

import pandas as pd

from occurisk.occupations.coding_systems import CodingSystem, major_group
from occurisk.occupations.concordances import load_tables
from occurisk.paths import FEATURES

# What a cell is called whose group is not known.
NOT_KNOWN = "not known"
JOB_ZONES = FEATURES / "reference" / "job_zones.csv"

# ILO 2012, ISCO-08 volume I, table 1: skill level by major group. Managers hold levels 3 and 4.
SKILL_LEVELS = {
    "0": "armed forces",
    "1": "3+4 managers",
    "2": "4 professionals",
    "3": "3 technicians",
    **dict.fromkeys("45678", "2 medium"),
    "9": "1 elementary",
}
# O*NET Job Zone reference: what education most occupations of the zone need.
EDUCATION = {
    1: "1 less than high school",
    2: "2 high school",
    3: "3 vocational or associate",
    4: "4 bachelor",
    5: "5 graduate",
}
BUILT_IN = ("major_group", "skill_level", "education")


def skill_level(isco: str) -> str:
    """Return the ISCO-08 skill level of an ISCO code, by its first digit."""
    return SKILL_LEVELS.get(isco[:1], NOT_KNOWN)


@lru_cache(maxsize=1)
def skill_levels_by_soc() -> pd.DataFrame:
    """Return the skill levels of SOC 2010 occupations, by way of the ISCO-08 units that share them.

    Returns
    -------
    DataFrame
        Index `soc`; a column per skill level; rows sum to 1 (an occupation of several units is
        divided equally among them, as the crosswalk does).
    """
    pairs = [(soc, skill_level(isco)) for isco, socs in load_tables().pairs["isco08"].items() for soc in socs]
    frame = pd.DataFrame(pairs, columns=["soc", "level"])
    return pd.crosstab(frame["soc"], frame["level"], normalize="index").rename_axis(columns=None)


@lru_cache(maxsize=1)
def education_by_soc() -> pd.DataFrame:
    """Return the education that SOC 2010 occupations need: O*NET job zones, as shares.

    Returns
    -------
    DataFrame
        Index `soc`; a column per level of education; rows sum to 1 (shares of the O*NET-SOC codes of
        an occupation in each zone).
    """
    zones = job_zones()
    wide = zones.set_index("soc")[[f"zone_{n}" for n in EDUCATION]]
    return wide.set_axis(list(EDUCATION.values()), axis=1)


@lru_cache(maxsize=1)
def job_zones() -> pd.DataFrame:
    """Return `features/reference/job_zones.csv`: `soc`, `job_zone` (mean), `zone_1` … `zone_5` (shares)."""
    return pd.read_csv(JOB_ZONES, dtype={"soc": str})


def major_group_title(code: str, system: CodingSystem) -> str:
    """Return the number and official title of a code's top group: `43 Office and Administrative …`.

    Empty where the text is no code of the system.
    """
    group = major_group(code, system)
    if not group:
        return ""
    known = load_tables().known(system)
    for key in (group, f"{group}-0000"):
        if key in known:
            return f"{group} {known[key].removesuffix(' Occupations')}"
    # O*NET-SOC lists no groups of its own; they are SOC's.
    title = load_tables().titles["soc2010"].get(f"{group}-0000", "")
    return f"{group} {title.removesuffix(' Occupations')}".strip()


def isco_groups(socs: pd.Index, digits: int) -> pd.DataFrame:
    """Spread SOC 2010 occupations over the ISCO-08 groups of one level.

    Parameters
    ----------
    socs : Index of str
    digits : int
        1 to 4.

    Returns
    -------
    DataFrame, shape (n_occupations, n_groups)
        Shares; rows sum to 1, or to 0 for an occupation that no unit holds.
    """
    return with_members(_isco_shares(digits), socs)


@lru_cache(maxsize=4)
def _isco_shares(digits: int) -> pd.DataFrame:
    rows = [
        (soc, isco[:digits])
        for isco, members in load_tables().pairs["isco08"].items()
        for soc in members
        if not isco.startswith("0")
    ]
    frame = pd.DataFrame(rows, columns=["soc", "group"])
    return pd.crosstab(frame["soc"], frame["group"], normalize="index")


def with_members(shares: pd.DataFrame, socs: pd.Index) -> pd.DataFrame:
    """Align shares by occupation with `socs`; an aggregate or retired code takes the mean of its members.

    Returns
    -------
    DataFrame
        Index `socs`; rows of zeros where nothing is known.
    """
    tables = load_tables()
    result = shares.reindex(socs)
    for soc in socs.difference(shares.index):
        members = tables.members.get(soc) or tables.pairs["soc2000"].get(soc, [])
        result.loc[soc] = shares.reindex(members).mean()
    return result.fillna(0.0).rename_axis("soc")
