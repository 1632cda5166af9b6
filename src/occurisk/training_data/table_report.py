"""What an attribute table covers: its gaps, the SOC it is coded in, its agreement with another table."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from occurisk.errors import ReleaseError
from occurisk.training_data.attribute_table import REFERENCE_TABLE, load_occupations, read_table
from occurisk.training_data.catalogue import Catalogue, load_catalogue
from occurisk.training_data.onet_ratings import Reading

EMBEDDED = "embedded"

# O*NET release that brought each SOC (https://www.onetcenter.org/taxonomy.html): O*NET-SOC 2006 and 2009
# refine SOC 2000, O*NET-SOC 2010 (release 15.1 on) SOC 2010, O*NET-SOC 2019 (release 25.1 on) SOC 2018.
FIRST_RELEASE = {"SOC 2000": (0, 0), "SOC 2010": (15, 1), "SOC 2018": (25, 1)}
# One rated code of O*NET 18.1 (19-1020) is older than SOC 2010, of 764; of 30.1's 774, 90 are younger.
FOREIGN_SHARE = 0.01
# O*NET publishes two decimals; a mean of several may be rounded differently in another table.
SAME = 0.006


@dataclass(frozen=True)
class SocBasis:
    """Which SOC the codes of a table belong to.

    Attributes
    ----------
    name : str
        `SOC 2000`, `SOC 2010` or `SOC 2018`.
    codes : int
        Codes in the table.
    soc2010 : int
        Those that are detailed SOC 2010 occupations, with the same code.
    others : tuple of str
        The rest, sorted.
    """

    name: str
    codes: int
    soc2010: int
    others: tuple[str, ...]


def soc_basis(table: pd.DataFrame, release: str | None = None) -> SocBasis:
    """Tell which SOC a table is coded in.

    The codes decide where at least one in a hundred is foreign to SOC 2010; else the release number.
    Codes keep their digits from one SOC to the next unless the occupation changes, so a table of a few
    common occupations alone cannot tell.

    Parameters
    ----------
    table : DataFrame
        Index `soc`.
    release : str, optional
        Release number, such as `18.1`.

    Returns
    -------
    SocBasis
    """
    status = load_occupations()["status"]
    codes = set(table.index)
    others = codes - set(status.index[status == "soc2010"])
    older = others & set(status.index[status == "retired"])
    if len(others) > FOREIGN_SHARE * len(codes):
        name = "SOC 2000" if len(older) > len(others) / 2 else "SOC 2018"
    elif release is not None:
        major, minor = (int(part) for part in release.split("."))
        name = [soc for soc, first in FIRST_RELEASE.items() if (major, minor) >= first][-1]
    else:
        name = "SOC 2010"
    return SocBasis(name, len(codes), len(codes) - len(others), tuple(sorted(others)))


def figures_per_attribute(table: pd.DataFrame, catalogue: Catalogue) -> pd.DataFrame:
    """Count the figures of each attribute and give their spread.

    Parameters
    ----------
    table : DataFrame, shape (n_occupations, n_attributes)
        Figures on O*NET's scales.
    catalogue : Catalogue

    Returns
    -------
    DataFrame, one row per attribute
        Index `attribute`; `element_id`, `scale`; `occupations` (with a figure), `gaps` (without);
        `lowest`, `mean`, `highest` (on the attribute's scale; NaN where there is no figure).
    """
    figures = table[catalogue.names]
    return pd.DataFrame(
        {
            "element_id": [a.element_id for a in catalogue],
            "scale": [a.scale for a in catalogue],
            "occupations": figures.notna().sum().to_numpy(),
            "gaps": figures.isna().sum().to_numpy(),
            "lowest": figures.min().to_numpy(),
            "mean": figures.mean().to_numpy(),
            "highest": figures.max().to_numpy(),
        },
        index=pd.Index(catalogue.names, name="attribute"),
    )


def agreement(ours: pd.DataFrame, theirs: pd.DataFrame) -> pd.DataFrame:
    """Compare two attribute tables on the occupations and attributes that both have.

    Parameters
    ----------
    ours, theirs : DataFrame, shape (n_occupations, n_attributes)
        Figures on O*NET's scales; index `soc`.

    Returns
    -------
    DataFrame, one row per common attribute
        Index `attribute`; `occupations` (rated in both); `identical` (share with the same figure to two
        decimals); `correlation` (Pearson's r, in [-1, 1]; NaN for fewer than three occupations or no
        variance); `mean_difference` (ours minus theirs) and `largest_difference` (absolute), in points of
        the attribute's scale; `where` (its occupation).
    """
    rows = []
    for name in [name for name in ours.columns if name in theirs.columns]:
        pair = pd.concat([ours[name], theirs[name]], axis=1, keys=["ours", "theirs"], join="inner").dropna()
        difference = pair["ours"] - pair["theirs"]
        varied = len(pair) >= 3 and pair["ours"].nunique() > 1 and pair["theirs"].nunique() > 1
        rows.append(
            {
                "attribute": name,
                "occupations": len(pair),
                "identical": (difference.abs() < SAME).mean(),
                "correlation": pair["ours"].corr(pair["theirs"]) if varied else float("nan"),
                "mean_difference": difference.mean(),
                "largest_difference": difference.abs().max(),
                "where": difference.abs().idxmax() if len(pair) else None,
            }
        )
    columns = ["occupations", "identical", "correlation", "mean_difference", "largest_difference", "where"]
    return pd.DataFrame(rows, columns=["attribute", *columns]).set_index("attribute")


def other_table(name: str, catalogue: Catalogue) -> pd.DataFrame:
    """Read the attributes that another table shares with a catalogue, to be compared.

    Parameters
    ----------
    name : str
        A file, or `embedded`: that which the default model is trained on.
    catalogue : Catalogue

    Raises
    ------
    ReleaseError
        If it shares none, or cannot be read.
    """
    path = Path(name)
    if name == EMBEDDED:
        path = REFERENCE_TABLE
        measured = {(a.name, a.element_id, a.scale) for a in load_catalogue()}
        shared = [a for a in catalogue if (a.name, a.element_id, a.scale) in measured]
    else:
        try:
            columns = set(pd.read_csv(path, nrows=0).columns)
        except (OSError, ValueError):
            columns = set(catalogue.names)  # read_table has the words for a file that cannot be read
        shared = [a for a in catalogue if a.name in columns]
    if not shared:
        raise ReleaseError(
            f"{name} has none of the {len(catalogue)} attributes of the catalogue.",
            rule="Two tables are compared on the attributes that both have.",
            fix="Compare with a table made from the same catalogue.",
        )
    return read_table(path, Catalogue(attributes=tuple(shared)))


def build_report(
    reading: Reading,
    table: pd.DataFrame,
    catalogue: Catalogue,
    basis: SocBasis,
    agreed: pd.DataFrame | None = None,
) -> dict[str, Any]:
    """Return what `occurisk features build --json` writes.

    Parameters
    ----------
    reading : Reading
    table : DataFrame, shape (n_occupations, n_attributes)
    catalogue : Catalogue
    basis : SocBasis
    agreed : DataFrame, optional
        See `agreement`.
    """
    covered = figures_per_attribute(table, catalogue).reset_index().to_dict("records")
    report: dict[str, Any] = {
        "release": {"path": str(reading.path), "number": reading.number},
        "soc": {**asdict(basis), "others": list(basis.others)},
        "files": [asdict(tally) for tally in reading.files],
        "absent_tables": list(reading.absent_tables),
        "occupations": len(table),
        "incomplete_occupations": int(table.isna().any(axis=1).sum()),
        "attributes": [{**row, "missing": reading.missing.get(row["attribute"])} for row in covered],
    }
    if agreed is not None:
        report["agreement"] = agreed.reset_index().to_dict("records")
    return report
