"""Label files: which occupations experts call automatable, how sure they are, and what was published.

A label file is a CSV with `code` and `label` (1 automatable, 0 not, empty: not labelled) and, optionally,
`weight` (confidence, 0 < weight <= 1), `rater` (several rows per code are then allowed, one per rater),
`published_probability` and `soc2010` (the codes that a printed code stands for).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from occurisk.errors import LabelError, need_columns
from occurisk.files import sha256
from occurisk.paths import FEATURES

DEFAULT_LABELS = FEATURES / "labels" / "frey_osborne_2017.csv"
# Below this, a stratified half of the labels may hold too few of a class to fit anything.
FEWEST_PER_CLASS = 4
# Below this, folds of soft labels are too small to judge a regression by.
FEWEST_SHARES = 20


@dataclass(frozen=True)
class Labels:
    """Hand labels and published probabilities, one row per occupation.

    Attributes
    ----------
    y : Series of int or float, shape (n_labelled,)
        1 automatable, 0 not, or a share between them where labels are soft; index `soc`, in the order of
        the file.
    weight : Series of float, shape (n_labelled,)
        Confidence in (0, 1]. With several raters: mean confidence times |2m - 1|, where m is the
        confidence-weighted mean label, so that a divided panel counts for less.
    published : Series of float
        Published probabilities where the file has them; index `soc`.
    table : DataFrame
        The file as read, index `code`.
    undecided : tuple of str
        Codes whose raters are evenly divided; they are not used.
    digest : str
        SHA-256 of the file.
    path : Path
    """

    y: pd.Series
    weight: pd.Series
    published: pd.Series
    table: pd.DataFrame
    undecided: tuple[str, ...]
    digest: str
    path: Path

    def on(self, index: pd.Index) -> tuple[pd.Series, pd.Series]:
        """Return (y, weight) aligned with `index`: y is NaN and weight 1 where there is no label."""
        return self.y.reindex(index).astype(float), self.weight.reindex(index).fillna(1.0)

    def published_by_soc2010(self) -> pd.Series:
        """Return the published probability of every code that a printed code stands for.

        Returns
        -------
        Series of float
            Index: the printed codes and the SOC 2010 codes behind the repaired ones.
        """
        if "soc2010" not in self.table:
            return self.published
        members = self.table.loc[self.published.index, "soc2010"].str.split().explode()
        carried = pd.Series(self.published.reindex(members.index).to_numpy(), index=members.to_numpy())
        both = pd.concat([self.published, carried[~carried.index.isin(self.published.index)]])
        return both[~both.index.duplicated()].rename_axis("soc")


def load_labels(path: Path | None = None, known: Iterable[str] | None = None, soft: bool = False) -> Labels:
    """Read and check a label file.

    Parameters
    ----------
    path : Path, optional
        The 70 hand labels of Frey & Osborne (2017) and their 702 published probabilities by default.
    known : iterable of str, optional
        Codes that have attributes; a labelled code outside it is an error.
    soft : bool
        Whether a label is a share from 0 to 1, not one of the two; y is the raters' weighted mean then.

    Returns
    -------
    Labels

    Raises
    ------
    LabelError
        On a missing column, a label that is not 0 or 1, a weight outside (0, 1], a code that is unknown
        or stands twice (per rater), or too few labels of a class.
    """
    path = Path(path or DEFAULT_LABELS)
    table = read_rows(path)
    labelled = table[table["label"] != ""]
    (_check_shares if soft else _check_labels)(labelled, path)
    _check_confidence(labelled, path)
    _check_codes(table, labelled, known, path)
    y, weight, undecided = _means(labelled) if soft else _combine(labelled)
    for value in () if soft else (0, 1):
        if (y == value).sum() < FEWEST_PER_CLASS:
            raise LabelError(
                f"Only {(y == value).sum()} occupations are labelled {value} in {path}.",
                rule=f"At least {FEWEST_PER_CLASS} of each class, so that half of them can be held out.",
                fix="Label more occupations.",
            )
    published = pd.Series(dtype=float)
    if "published_probability" in table:
        published = _probabilities(table, path)
    # A printed probability belongs to the code, not to a rater.
    by_code = table[~table["code"].duplicated()].set_index("code")
    return Labels(y, weight, published, by_code, undecided, sha256(path), path)


def read_rows(path: Path) -> pd.DataFrame:
    """Read a label file as it is, every column text.

    Raises
    ------
    LabelError
        If it is unreadable or has no column `code` or `label`.
    """
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (OSError, ValueError) as problem:
        raise LabelError(
            f"Cannot read the label file {path}: {problem}.",
            fix="Give a UTF-8 CSV with the columns code and label.",
        ) from problem
    table.columns = table.columns.str.strip()
    rule = "A label file has code and label; optionally weight, rater, published_probability."
    need_columns(LabelError, str(path), ("code", "label"), list(table.columns), rule)
    return table.apply(lambda column: column.str.strip())


def _check_labels(labelled: pd.DataFrame, path: Path) -> None:
    wrong = labelled[~labelled["label"].isin(["0", "1", "0.0", "1.0"])]
    if len(wrong):
        raise LabelError(
            f"{len(wrong)} of {len(labelled)} labels in {path} are neither 0 nor 1.",
            first=f"line {wrong.index[0] + 2}: {wrong['code'].iloc[0]} = {wrong['label'].iloc[0]!r}",
            rule="1: all tasks automatable with technology in sight; 0: not; empty: not labelled.",
            fix="Correct the label; put doubt into the weight column.",
        )


def _check_shares(labelled: pd.DataFrame, path: Path) -> None:
    share = pd.to_numeric(labelled["label"], errors="coerce")
    wrong = labelled[~share.between(0, 1)]
    if len(wrong):
        raise LabelError(
            f"{len(wrong)} of {len(labelled)} labels in {path} are no shares from 0 to 1.",
            first=f"line {wrong.index[0] + 2}: {wrong['code'].iloc[0]} = {wrong['label'].iloc[0]!r}",
            rule="A soft label runs from 0 to 1.",
            fix="Correct the label, or leave it empty.",
        )
    if len(labelled) < FEWEST_SHARES or share.nunique() < 2:
        raise LabelError(
            f"{len(labelled)} occupations are labelled in {path}, with {share.nunique()} different labels.",
            rule=f"Soft labels are at least {FEWEST_SHARES}, and not all the same.",
            fix="Label more occupations.",
        )


def _check_confidence(labelled: pd.DataFrame, path: Path) -> None:
    if "weight" not in labelled:
        return
    weight = pd.to_numeric(labelled["weight"].replace("", "1"), errors="coerce")
    wrong = labelled[~((weight > 0) & (weight <= 1))]
    if len(wrong):
        raise LabelError(
            f"{len(wrong)} of {len(labelled)} weights in {path} are outside (0, 1].",
            first=f"line {wrong.index[0] + 2}: {wrong['code'].iloc[0]} = {wrong['weight'].iloc[0]!r}",
            rule="A weight is the rater's confidence: above 0, at most 1; empty means 1.",
            fix="Correct the weight, or leave the label empty where nobody is sure at all.",
        )


def _check_codes(
    table: pd.DataFrame, labelled: pd.DataFrame, known: Iterable[str] | None, path: Path
) -> None:
    keys = ["code", "rater"] if "rater" in table else ["code"]
    twice = table[table.duplicated(keys)]
    if len(twice):
        raise LabelError(
            f"{len(twice)} of {len(table)} rows in {path} repeat a code.",
            first=f"line {twice.index[0] + 2}: {twice['code'].iloc[0]}",
            rule="One row per occupation, or one per occupation and rater.",
            fix="Keep one row, or name the raters in a column `rater`.",
        )
    if known is None:
        return
    unknown = labelled[~labelled["code"].isin(set(known))]
    if len(unknown):
        raise LabelError(
            f"{len(unknown)} of {len(labelled)} labelled codes in {path} have no task attributes.",
            first=f"line {unknown.index[0] + 2}: {unknown['code'].iloc[0]!r}",
            rule="A labelled code is one of the attribute table's (SOC 2010, such as 43-9021).",
            fix="Correct the code (features/reference/occupations.csv lists them), or drop the row.",
        )


def _means(labelled: pd.DataFrame) -> tuple[pd.Series, pd.Series, tuple[str, ...]]:
    """The raters' weighted mean of each occupation, with their mean confidence; none is undecided."""
    votes = _votes(labelled)
    by_code = votes.groupby("code", sort=False)
    mean = by_code["for"].sum() / by_code["weight"].sum()
    weight = by_code["weight"].mean().rename("weight")
    return mean.rename("label").rename_axis("soc"), weight.rename_axis("soc"), ()


def _votes(labelled: pd.DataFrame) -> pd.DataFrame:
    """A row for each label: `code`, `label`, `weight` and `for`, their product."""
    weight = pd.Series(1.0, index=labelled.index)
    if "weight" in labelled:
        weight = labelled["weight"].replace("", "1").astype(float)
    votes = pd.DataFrame(
        {"code": labelled["code"], "label": labelled["label"].astype(float), "weight": weight}
    )
    return votes.assign(**{"for": votes["label"] * votes["weight"]})


def _combine(labelled: pd.DataFrame) -> tuple[pd.Series, pd.Series, tuple[str, ...]]:
    """One label and one weight per occupation, from one or several raters."""
    votes = _votes(labelled)
    by_code = votes.groupby("code", sort=False)
    mean = by_code["for"].sum() / by_code["weight"].sum()
    confidence = by_code["weight"].mean() * (2 * mean - 1).abs()
    decided = ~np.isclose(mean, 0.5)
    y = (mean[decided] > 0.5).astype(int).rename("label").rename_axis("soc")
    return y, confidence[decided].rename("weight").rename_axis("soc"), tuple(mean.index[~decided])


def _probabilities(table: pd.DataFrame, path: Path) -> pd.Series:
    rows = table[(table["published_probability"] != "") & ~table["code"].duplicated()]
    p = pd.to_numeric(rows["published_probability"], errors="coerce")
    wrong = rows[~p.between(0, 1)]
    if len(wrong):
        raise LabelError(
            f"{len(wrong)} of {len(rows)} published probabilities in {path} are outside [0, 1].",
            first=f"line {wrong.index[0] + 2}: {wrong['published_probability'].iloc[0]!r}",
            rule="A probability runs from 0 to 1.",
            fix="Correct it, or leave it empty.",
        )
    return pd.Series(p.to_numpy(), index=pd.Index(rows["code"], name="soc"), name="published_probability")
