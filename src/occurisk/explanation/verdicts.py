"""A reviewer's verdicts on a scored list: checked, merged, turned into labels."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd

from occurisk.errors import OccuriskError
from occurisk.probabilities import Bands
from occurisk.spreadsheets import disarm

VERDICTS = ("agree", "disagree", "unsure")
COLUMNS = ["code", "verdict", "note", "reviewer", "time"]
# A reviewer has seen the model's answer before giving one: the label counts for half a blind one.
REVIEW_WEIGHT = 0.5
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
    OccuriskError
        On a missing column, an unknown code, or a verdict that is none of the three.
    """
    missing = [name for name in ("code", "verdict") if name not in table.columns]
    if missing:
        raise OccuriskError(
            f"{len(missing)} of 2 required columns are missing from the verdicts.",
            first=missing[0],
            rule="Verdicts have code and verdict; optionally note, reviewer, time.",
            fix=f"Rename your columns; found: {', '.join(map(str, table.columns))}.",
        )
    text = {name: table[name].fillna("").astype(str).str.strip() for name in COLUMNS if name in table}
    table = pd.DataFrame(text, index=table.index).reindex(columns=COLUMNS, fill_value="")
    table["verdict"] = table["verdict"].str.lower()
    wrong = table[~table["verdict"].isin(VERDICTS)]
    if len(wrong):
        raise OccuriskError(
            f"{len(wrong)} of {len(table)} verdicts are none of the three.",
            first=f"{wrong['code'].iloc[0]}: {wrong['verdict'].iloc[0]!r}",
            rule=f"A verdict is one of: {', '.join(VERDICTS)}.",
            fix="Put doubt into unsure, and the reason into the note.",
        )
    unknown = table[~table["code"].isin(known)]
    if len(unknown):
        raise OccuriskError(
            f"{len(unknown)} of {len(table)} verdicts speak of codes that are not on this list.",
            first=unknown["code"].iloc[0],
            rule="Codes as the run's report shows them.",
            fix="Look the code up in explanations/table.json of the run.",
        )
    return table.assign(
        reviewer=table["reviewer"].where(table["reviewer"] != "", reviewer),
        time=table["time"].where(table["time"] != "", time),
    )


def merge_verdicts(earlier: pd.DataFrame, later: pd.DataFrame) -> pd.DataFrame:
    """Add verdicts to earlier ones; a reviewer's last word on a code stands.

    Returns
    -------
    DataFrame
        One row per code and reviewer, in the order of their times.
    """
    both = pd.concat([earlier, later], ignore_index=True)[COLUMNS]
    both = both.sort_values("time", kind="stable")
    return both.drop_duplicates(["code", "reviewer"], keep="last").reset_index(drop=True)


def read_verdicts(path: Path) -> pd.DataFrame:
    """Read verdicts from CSV, every column as text.

    Raises
    ------
    OccuriskError
        If the file cannot be read.
    """
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (OSError, ValueError) as problem:
        raise OccuriskError(
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


def to_labels(
    verdicts: pd.DataFrame, scored: pd.DataFrame, *, bands: Bands | None = None, weight: float = REVIEW_WEIGHT
) -> tuple[pd.DataFrame, pd.Series]:
    """Turn verdicts into labels of occupations, as far as they can be.

    Agreeing with a high band says 1, with a low band 0; disagreeing says the other. An unsure verdict says
    nothing, and neither does any verdict on a medium band. A verdict on a code that stands for several
    occupations says nothing about each of them; nor does one on a row with attributes of its own.

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
    left_out : Series of int
        How many verdicts said nothing, by reason.
    """
    about = scored.loc[verdicts["code"]]
    band = (bands or Bands()).of(about["probability"])
    members = about["members"].fillna("").str.split().to_list()
    count = np.array([len(found) for found in members], dtype=int)
    unsure = (verdicts["verdict"] == "unsure").to_numpy()
    reason = np.select(
        [unsure, count == 0, count > 1, band == "medium"],
        ["unsure", "a row, no occupation", "several occupations", "medium band"],
        "",
    )
    agree = (verdicts["verdict"] == "agree").to_numpy()
    labels = pd.DataFrame(
        {
            "code": [found[0].split(":")[0] if found else "" for found in members],
            "label": np.where(agree == (band == "high"), 1, 0),
            "weight": weight,
            "rater": verdicts["reviewer"].to_numpy(),
            "note": verdicts["note"].to_numpy(),
        }
    )[reason == ""]
    left_out = pd.Series(reason[reason != ""], dtype=str).value_counts().sort_index()
    # Two codes of a registry may stand for the same occupation; a rater has one label for it.
    return labels.drop_duplicates(["code", "rater"], keep="last").reset_index(drop=True), left_out


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
