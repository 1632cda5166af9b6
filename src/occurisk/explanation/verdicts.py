"""A reviewer's verdicts on a scored list: checked, merged, turned into labels."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd

from occurisk.errors import ReviewError, need_columns
from occurisk.probabilities import Bands
from occurisk.spreadsheets import disarm

# `disagree` says the other side of a band; `too high` and `too low` say which way.
VERDICTS = ("agree", "too high", "too low", "disagree", "unsure")
_SAME = {"cannot say": "unsure"}
COLUMNS = ["code", "verdict", "note", "reviewer", "time"]
# A reviewer has seen the model's answer before giving one: the label counts for half a blind one.
REVIEW_WEIGHT = 0.5
# A code that is so much one occupation counts for that occupation.
ONE_OCCUPATION = 0.8
_GUARDED = re.compile(r"^'(?=[=+\-@\t\r])")


def empty_verdicts() -> pd.DataFrame:
    """Return a table of verdicts without rows."""
    return pd.DataFrame({name: pd.Series(dtype=str) for name in COLUMNS})


def check_verdicts(table: pd.DataFrame, known: pd.Index, *, reviewer: str, time: str) -> pd.DataFrame:
    """Check verdicts against the list that they speak of, and fill in who and when.

    Parameters
    ----------
    table : DataFrame
        `code`, `verdict`; optionally `note`, `reviewer`, `time`.
    known : Index of str
        Codes of the scored list.
    reviewer, time : str
        Where the table does not say.

    Returns
    -------
    DataFrame
        `code`, `verdict`, `note`, `reviewer`, `time`, all str.

    Raises
    ------
    ReviewError
        On a missing column, an unknown code, or a verdict that is none of `VERDICTS`.
    """
    rule = "Verdicts have code and verdict; optionally note, reviewer, time."
    need_columns(ReviewError, "the verdicts", ("code", "verdict"), list(table.columns), rule)
    text = {name: table[name].fillna("").astype(str).str.strip() for name in COLUMNS if name in table}
    table = pd.DataFrame(text, index=table.index).reindex(columns=COLUMNS, fill_value="")
    table["verdict"] = table["verdict"].str.lower().str.replace("-", " ").replace(_SAME)
    wrong = table[~table["verdict"].isin(VERDICTS)]
    if len(wrong):
        raise ReviewError(
            f"{len(wrong)} of {len(table)} verdicts are none of the five.",
            first=f"{wrong['code'].iloc[0]}: {wrong['verdict'].iloc[0]!r}",
            rule=f"A verdict is one of: {', '.join(VERDICTS)}.",
            fix="Put doubt into unsure (or: cannot say), and the reason into the note.",
        )
    unknown = table[~table["code"].isin(known)]
    if len(unknown):
        raise ReviewError(
            f"{len(unknown)} of {len(table)} verdicts speak of codes that are not on this list.",
            first=unknown["code"].iloc[0],
            rule="Codes as the run's report shows them.",
            fix="Look the code up in explanations/table.json of the run.",
        )
    return table.assign(
        reviewer=table["reviewer"].where(table["reviewer"] != "", reviewer),
        time=table["time"].where(table["time"] != "", time),
    )


def all_verdicts(*tables: pd.DataFrame) -> pd.DataFrame:
    """Put verdicts together, every one kept, the same one once; in the order of their times."""
    both = pd.concat([empty_verdicts(), *tables], ignore_index=True)[COLUMNS]
    return both.drop_duplicates().sort_values("time", kind="stable", ignore_index=True)


def merge_verdicts(earlier: pd.DataFrame, later: pd.DataFrame) -> pd.DataFrame:
    """Add verdicts to earlier ones; a reviewer's last word on a code stands.

    Returns
    -------
    DataFrame
        One row per code and reviewer, in the order of their times.
    """
    both = all_verdicts(earlier, later)
    return both.drop_duplicates(["code", "reviewer"], keep="last").reset_index(drop=True)


def read_verdicts(path: Path) -> pd.DataFrame:
    """Read verdicts from CSV, every column as text.

    Raises
    ------
    ReviewError
        If the file cannot be read.
    """
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (OSError, ValueError) as problem:
        raise ReviewError(
            f"Cannot read the verdicts {path}: {problem}.",
            fix="Give a UTF-8 CSV with the columns code, verdict and, if you like, note and reviewer.",
        ) from problem
    # The apostrophe that `write_csv` puts in front of a formula is not part of the text.
    return table.apply(lambda column: column.str.replace(_GUARDED, "", regex=True))


def write_csv(table: pd.DataFrame) -> str:
    """Return a table as CSV; text that a spreadsheet would run as a formula gets an apostrophe in front."""
    safe = table.apply(
        lambda column: column.map(disarm) if column.name in ("note", "reviewer", "rater") else column
    )
    return safe.to_csv(index=False, lineterminator="\n")


def agreement(verdicts: pd.DataFrame) -> float:
    """Return Krippendorff's alpha of reviewers who judged the same codes.

    Parameters
    ----------
    verdicts : DataFrame
        `code`, `reviewer`, `verdict`. A reviewer's last word on a code counts; `unsure` is no judgement.

    Returns
    -------
    float
        1: they always agree. 0: as much as by chance. NaN: no code has two judgements, or all are alike.
    """
    said = merge_verdicts(empty_verdicts(), verdicts.reindex(columns=COLUMNS, fill_value=""))
    said = said[said["verdict"] != "unsure"]
    return krippendorff_alpha(said["code"], said["verdict"])


def krippendorff_alpha(units: pd.Series, values: pd.Series) -> float:
    """Return Krippendorff's alpha for nominal values: 1 - observed / expected disagreement.

    Parameters
    ----------
    units, values : Series, shape (n_judgements,)
        What was judged, and the judgement. A unit with a single judgement says nothing.

    Returns
    -------
    float
        NaN where nothing can disagree.

    Notes
    -----
    Krippendorff (2011), Computing Krippendorff's alpha-reliability: with n_uc judgements c of unit u, and
    m_u judgements of it, coincidences o_cc = sum_u n_uc (n_uc - 1) / (m_u - 1).
    """
    counts = pd.crosstab(units.to_numpy(), values.to_numpy()).to_numpy(dtype=float)
    counts = counts[counts.sum(axis=1) > 1] if counts.size else np.zeros((0, 0))
    total = counts.sum()
    by_value = counts.sum(axis=0)
    expected = total**2 - (by_value**2).sum()
    if not total or not expected:
        return float("nan")
    judged = counts.sum(axis=1)
    observed = ((judged**2 - (counts**2).sum(axis=1)) / (judged - 1)).sum()
    return float(1 - (total - 1) * observed / expected)


def to_labels(
    verdicts: pd.DataFrame, scored: pd.DataFrame, *, bands: Bands | None = None, weight: float = REVIEW_WEIGHT
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Turn verdicts into labels of occupations, as far as they can be.

    Too high says 0, too low says 1. Agreeing with a high band says 1, with a low band 0; disagreeing says
    the other; neither says anything of a medium band. An unsure verdict says nothing. A code counts for an
    occupation that makes up at least 80% of it; nothing follows from a verdict on a code of several, or on
    a row with attributes of its own.

    Parameters
    ----------
    verdicts : DataFrame
    scored : DataFrame, index code
        `probability`; `members`, space-separated `soc:share`.
    bands : Bands, optional
    weight : float
        Of each label, in (0, 1].

    Returns
    -------
    labels : DataFrame
        `code` (SOC), `label`, `weight`, `rater`, `note`.
    left_out : DataFrame
        The verdicts that say nothing: `code`, `verdict`, `reviewer`, `reason`.
    """
    about = scored.loc[verdicts["code"]]
    band = (bands or Bands()).of(about["probability"])
    members = [_largest(text) for text in about["members"].fillna("")]
    share = np.array([held for _, held in members], dtype=float)
    verdict = verdicts["verdict"].to_numpy()
    mild = np.isin(verdict, ["agree", "disagree"])
    reason = np.select(
        [verdict == "unsure", share == 0, share < ONE_OCCUPATION, mild & (band == "medium")],
        ["unsure", "a row, no occupation", "several occupations", "medium band"],
        "",
    )
    high = np.select([verdict == "too high", verdict == "too low"], [False, True], band == "high")
    labels = pd.DataFrame(
        {
            "code": [soc for soc, _ in members],
            "label": np.where(high != (verdict == "disagree"), 1, 0),
            "weight": weight,
            "rater": verdicts["reviewer"].to_numpy(),
            "note": verdicts["note"].to_numpy(),
        }
    )[reason == ""]
    left_out = verdicts[["code", "verdict", "reviewer"]].assign(reason=reason)[reason != ""]
    # Two codes of a registry may stand for the same occupation; a rater has one label for it.
    labels = labels.drop_duplicates(["code", "rater"], keep="last").reset_index(drop=True)
    return labels, left_out.reset_index(drop=True)


def _largest(members: str) -> tuple[str, float]:
    """Return the occupation that makes up most of a code, and its share; `soc:share soc:share`."""
    shares = [(soc, float(share or 1)) for soc, _, share in (m.partition(":") for m in members.split())]
    return max(shares, key=lambda member: member[1], default=("", 0.0))


def label_file(labels: pd.DataFrame, base: pd.DataFrame, base_rater: str) -> pd.DataFrame:
    """Put review labels behind the labels that the model was trained on: a file for `train --labels`.

    Parameters
    ----------
    labels : DataFrame
        As `to_labels` returns them.
    base : DataFrame
        A label file as read, all columns text.
    base_rater : str
        Who rated where the base file does not say.

    Returns
    -------
    DataFrame of str
        Columns `code`, `label`, `weight`, `rater`, `note`, then the other columns of the base file.
    """
    base = base.copy()
    rater = base["rater"] if "rater" in base else pd.Series("", base.index)
    base["rater"] = rater.where(rater != "", base_rater)
    first = ["code", "label", "weight", "rater", "note"]
    columns = [*first, *(name for name in base.columns if name not in first)]
    both = pd.concat([base, labels.astype(str)], ignore_index=True)
    return both.reindex(columns=columns).fillna("")
