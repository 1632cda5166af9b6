"""From O*NET ratings to X, the matrix of occupations by task attributes; and the embedded table.

The table holds figures on O*NET's own scales, as people quote them ("4.4 of 5"). X holds the same
figures on [0, 1], as models want them.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from occurisk.errors import ReleaseError
from occurisk.occupations.coding_systems import soc_of
from occurisk.paths import FEATURES, OCCUPATIONS_TABLE
from occurisk.training_data.catalogue import Catalogue, load_catalogue
from occurisk.training_data.onet_ratings import check_scales

REFERENCE_TABLE = FEATURES / "reference" / "task_attributes.csv"
WIDE_TABLE = FEATURES / "reference" / "task_attributes_wide.csv"
RATING_ERRORS = FEATURES / "reference" / "rating_errors.csv"
ONETSOC_SOC2010 = FEATURES / "crosswalks" / "onetsoc_soc2010.csv"
DECIMALS = 4


def average_to_soc(
    ratings: pd.DataFrame, catalogue: Catalogue, socs: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Average eight-digit O*NET-SOC ratings to six-digit SOC occupations.

    Parameters
    ----------
    ratings : DataFrame
        Long ratings: `code` (NN-NNNN.NN), `element_id`, `scale`, `value`.
    catalogue : Catalogue
        Which elements to keep, on which scale.
    socs : DataFrame, optional
        `code` and the `soc` to count it for, several where an occupation was split; a code without a row
        is left out. By default a code counts for its own first six digits.

    Returns
    -------
    DataFrame, shape (n_occupations, n_attributes)
        Unweighted means on O*NET's scales (Frey & Osborne 2017, section 4.1, average the same way);
        index `soc`, columns in catalogue order; NaN where O*NET has no rating.

    Raises
    ------
    ReleaseError
        If a rating lies outside the range that the catalogue states, though its mean may lie inside.
    """
    wanted = pd.DataFrame(
        [(a.element_id, a.scale, a.name, *a.range) for a in catalogue],
        columns=["element_id", "scale", "attribute", "low", "high"],
    )
    rated = ratings.merge(wanted, on=["element_id", "scale"])
    check_scales(rated, rated["low"], rated["high"], "range in the catalogue")
    rated = rated.assign(soc=rated["code"].map(soc_of)) if socs is None else rated.merge(socs, on="code")
    table = rated.pivot_table(index="soc", columns="attribute", values="value", aggfunc="mean")
    return table.reindex(columns=catalogue.names).rename_axis(columns=None).astype(float)


def average_precision(
    precision: pd.DataFrame, catalogue: Catalogue, socs: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Tell how precise the means of `average_to_soc` are.

    Parameters
    ----------
    precision : DataFrame
        As `Reading.precision` holds it.
    catalogue, socs
        As for `average_to_soc`.

    Returns
    -------
    DataFrame
        `code` (SOC), `attribute`; `ratings` (O*NET-SOC codes averaged), `suppressed` (left out), `raters`
        (their sum), `standard_error` of the mean, in points of the scale. NaN where the release does not say.
    """
    wanted = pd.DataFrame(
        [(a.element_id, a.scale, a.name) for a in catalogue], columns=["element_id", "scale", "attribute"]
    )
    rated = precision.merge(wanted, on=["element_id", "scale"])
    rated = rated.assign(soc=rated["code"].map(soc_of)) if socs is None else rated.merge(socs, on="code")
    rated["variance"] = rated["standard_error"] ** 2
    kept = rated[~rated["suppressed"]].groupby(["soc", "attribute"])
    count = kept.size()
    table = pd.DataFrame(
        {
            "ratings": count,
            "suppressed": rated.groupby(["soc", "attribute"])["suppressed"].sum(),
            "raters": kept["raters"].sum(min_count=1),
            # One rating whose error is not printed leaves that of the mean unknown.
            "standard_error": kept["variance"].sum().where(kept["variance"].count() == count) ** 0.5 / count,
        }
    )
    table["ratings"] = table["ratings"].fillna(0).astype(int)
    return table.rename_axis(["code", "attribute"]).reset_index()


def errors_beside(path: Path) -> Path:
    """Return where the precision of an attribute table is kept: `table.errors.csv` beside `table.csv`."""
    return path.with_suffix(".errors.csv")


def build_attributes(ratings: pd.DataFrame, catalogue: Catalogue) -> pd.DataFrame:
    """Encode ratings as X: checked, averaged to SOC-6, each attribute on [0, 1].

    Parameters
    ----------
    ratings : DataFrame
        Long ratings, as `read_onet` returns them.
    catalogue : Catalogue

    Returns
    -------
    DataFrame, shape (n_occupations, n_attributes)
        NaN where O*NET has no rating.

    Raises
    ------
    ReleaseError
        If a rating lies outside its scale.
    """
    return catalogue.rescale(average_to_soc(ratings, catalogue))


def check_table(table: pd.DataFrame, catalogue: Catalogue) -> pd.DataFrame:
    """Return the table if every figure lies on its scale.

    Raises
    ------
    ReleaseError
        Otherwise: how many, which first, the rule, the fix.
    """
    long = table[catalogue.names].stack().rename_axis(["soc", "attribute"]).rename("value")
    low = long.index.get_level_values("attribute").map(lambda name: catalogue[name].range[0])
    high = long.index.get_level_values("attribute").map(lambda name: catalogue[name].range[1])
    outside = long[(long < low) | (long > high)]
    if len(outside):
        soc, name = outside.index[0]
        low_first, high_first = catalogue[name].range
        raise ReleaseError(
            f"{len(outside):,} of {len(long):,} figures lie outside their O*NET scale.",
            first=f"{soc} {name} = {outside.iloc[0]:g}",
            rule=f"Scale {catalogue[name].scale} runs from {low_first:g} to {high_first:g}.",
            fix="Check 'Scales Reference' of this release against the ranges in the catalogue.",
        )
    return table


def read_table(path: Path, catalogue: Catalogue) -> pd.DataFrame:
    """Read an attribute table: `code` and one column per attribute, on O*NET's scales.

    Parameters
    ----------
    path : Path
        CSV as `occurisk features build` writes it.
    catalogue : Catalogue
        Columns that must be there; others are ignored.

    Returns
    -------
    DataFrame, shape (n_occupations, n_attributes)
        Index `soc` (str); columns in catalogue order.

    Raises
    ------
    ReleaseError
        If the file is unreadable, a column is missing, a code stands twice, or a figure is off its scale.
    """
    try:
        table = pd.read_csv(path, dtype={"code": str})
    except (OSError, ValueError) as problem:
        raise ReleaseError(
            f"Cannot read the attribute table {path}: {problem}.",
            fix="Make one with: occurisk features build --onet PATH",
        ) from problem
    missing = [name for name in ["code", *catalogue.names] if name not in table.columns]
    if missing:
        raise ReleaseError(
            f"{len(missing)} of {len(catalogue) + 1} columns are missing from {path}.",
            first=missing[0],
            rule="The table has `code` and a column for every attribute of the catalogue.",
            fix="Rebuild it with: occurisk features build --onet PATH --catalogue CATALOGUE",
        )
    twice = table.loc[table["code"].duplicated(), "code"]
    if len(twice):
        raise ReleaseError(
            f"{len(twice)} codes stand more than once in {path}.",
            first=twice.iloc[0],
            rule="One row per occupation.",
            fix="Keep one row of each.",
        )
    return check_table(table.set_index("code").rename_axis("soc")[catalogue.names], catalogue)


def with_aggregates(table: pd.DataFrame, members: pd.Series) -> pd.DataFrame:
    """Add the hybrid codes that Frey & Osborne printed: each the unweighted mean of its rated members.

    Parameters
    ----------
    table : DataFrame, shape (n, p)
        Figures or X, index `soc`.
    members : Series of str
        Space-separated codes by hybrid code; empty for an occupation that is no hybrid.

    Returns
    -------
    DataFrame
        Sorted by code. A hybrid that is there already, or has no rated member, is left as it is.
    """
    rows = {
        code: table.reindex(text.split()).mean()
        for code, text in members[members != ""].items()
        if code not in table.index and table.index.isin(text.split()).any()
    }
    return pd.concat([table, pd.DataFrame(rows).T]).rename_axis("soc").sort_index() if rows else table


def format_table(table: pd.DataFrame) -> str:
    """Return an attribute table as CSV text, figures rounded to four decimals."""
    return table.round(DECIMALS).rename_axis("code").sort_index().to_csv(lineterminator="\n")


def load_attributes(path: Path | None = None, catalogue: Catalogue | None = None) -> pd.DataFrame:
    """Load X of the reference occupations from the embedded table (O*NET 20.3).

    Parameters
    ----------
    path : Path, optional
        Another attribute table.
    catalogue : Catalogue, optional
        Another catalogue.

    Returns
    -------
    DataFrame, shape (n_occupations, n_attributes)
        Every attribute on [0, 1]; index `soc`.
    """
    catalogue = catalogue or load_catalogue()
    return catalogue.rescale(read_table(path or REFERENCE_TABLE, catalogue))


def load_rating_errors(
    catalogue: Catalogue, codes: pd.Index, printed: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Load how far off ratings of O*NET are: standard errors, on [0, 1].

    Parameters
    ----------
    catalogue : Catalogue
    codes : Index
        SOC codes.
    printed : DataFrame, optional
        `code`, `attribute`, `standard_error`, as `average_precision` returns them.

    Returns
    -------
    DataFrame, shape (n_codes, n_attributes)
        As printed. Where a release prints none, the spread between O*NET 18.1 and 20.3 stands in, of
        occupations that were rated anew.

    Raises
    ------
    ReleaseError
        If nothing is known of an attribute.
    """
    stand_in = pd.read_csv(RATING_ERRORS).set_index(["element_id", "scale"])["standard_error"]
    table = pd.DataFrame(
        {a.name: stand_in.get((a.element_id, a.scale), float("nan")) for a in catalogue}, index=codes
    )
    if printed is not None:
        own = printed.pivot(index="code", columns="attribute", values="standard_error")
        table = own.reindex(index=codes, columns=catalogue.names).astype(float).fillna(table)
    missing = [a.name for a in catalogue if table[a.name].isna().any()]
    if missing:
        raise ReleaseError(
            f"The rating error of {len(missing)} of {len(catalogue)} attributes is not known.",
            first=missing[0],
            rule=f"It is printed by the release, or the element and scale are in {RATING_ERRORS.name}.",
            fix="Leave out --with-rating-error for this model.",
        )
    return table / pd.Series({a.name: a.range[1] - a.range[0] for a in catalogue})


def load_occupations() -> pd.DataFrame:
    """Load the reference occupations: official title, status and members by code.

    Returns
    -------
    DataFrame
        Index `soc`; `title`; `status` (`soc2010` detailed occupation, `retired` SOC 2000 code that
        O*NET still rates, `aggregate` hybrid code made of members); `members` (codes, space-separated).
    """
    return (
        pd.read_csv(OCCUPATIONS_TABLE, dtype=str, keep_default_na=False).set_index("code").rename_axis("soc")
    )


def load_onetsoc_soc2010() -> pd.DataFrame:
    """Load which SOC 2010 occupations each O*NET-SOC code of 2006, 2009, 2010 and 2019 stands for.

    Returns
    -------
    DataFrame
        `code` (NN-NNNN.NN), `soc` (NN-NNNN); several rows for a code that joins SOC 2010 occupations.
    """
    pairs = pd.read_csv(ONETSOC_SOC2010, dtype=str, usecols=["onetsoc", "soc2010"])
    return pairs.rename(columns={"onetsoc": "code", "soc2010": "soc"}).drop_duplicates()
