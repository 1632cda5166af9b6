"""Explanations as tables: one to read in MLflow, one in full."""

from __future__ import annotations

import numpy as np
import pandas as pd

from occurisk.explanation.explained_list import ExplainedList
from occurisk.explanation.words import direction
from occurisk.probabilities import six_digits

# MLflow's table viewer hangs the browser at 20,000 rows and is at ease with 5,000.
CAP = 5_000
COLUMNS = [
    "code", "title", "probability", "lower", "upper", "band", "stability", "weight",
    "reason_1", "reason_2", "reason_3", "raises", "lowers", "change", "neighbours",
    "published_probability", "label", "match", "verdict",
]  # fmt: skip
PROBABILITIES = ["probability", "lower", "upper", "published_probability"]


def table(explained: ExplainedList, cap: int = CAP, language: str = "en") -> pd.DataFrame:
    """Return the table that a reviewer reads: a row per code, stable columns, heaviest codes first.

    Parameters
    ----------
    explained : ExplainedList
    cap : int
        At most so many rows.
    language : {"en", "ru", "kk"}

    Returns
    -------
    DataFrame
        `COLUMNS`, in that order; the same for every run, so that two runs compare side by side.
        `attrs["total"]` is the number of rows before the cap.
    """
    words, rows = explained.words(language), explained.rows
    verdicts = explained.verdicts.drop_duplicates("code", keep="last").set_index("code")["verdict"]
    columns = pd.concat(
        [rows, _reasons(explained, language), words[["raises", "lowers", "change", "neighbours"]]], axis=1
    )
    columns["verdict"] = verdicts.reindex(columns.index).fillna("")
    columns["title"] = explained.titles(language)
    columns = columns.rename_axis("code").reset_index()
    # A code such as 0110 must not turn into a number on its way through JSON viewers: it stays a string.
    columns["code"] = columns["code"].astype(str)
    columns = columns.sort_values("weight", ascending=False, kind="stable", na_position="last")
    shown = columns[COLUMNS].head(cap).round({"weight": 4, "label": 4}).reset_index(drop=True)
    for name in PROBABILITIES:
        shown[name] = six_digits(shown[name])
    shown.attrs["total"] = len(columns)
    return shown


def full_table(explained: ExplainedList, language: str = "en") -> pd.DataFrame:
    """Return everything per code, uncapped, for `explanations.parquet`.

    Returns
    -------
    DataFrame
        The columns of `table`, then `base`, `log_odds`, `value_…`, `contribution_…`, `lower_…`, `upper_…` and
        `stable_…` for every attribute, `group_…` for every task group, and `members` (code:share,
        space-separated).
    """
    explanation, catalogue = explained.explanation, explained.reference.catalogue
    lower, upper = explanation.intervals()
    members = explained.members.assign(
        text=explained.members["soc"] + ":" + explained.members["weight"].map("{:.4f}".format)
    )
    parts = [
        pd.DataFrame({"base": explanation.base, "log_odds": explanation.log_odds}),
        explanation.values.add_prefix("value_"),
        explanation.contributions.add_prefix("contribution_"),
        lower.add_prefix("lower_"),
        upper.add_prefix("upper_"),
        explanation.stable().add_prefix("stable_"),
        explanation.by_group(catalogue).add_prefix("group_"),
        members.groupby("code")["text"].agg(" ".join).rename("members"),
    ]
    wide = pd.concat(parts, axis=1).rename_axis("code")
    return table(explained, cap=len(explained.rows), language=language).merge(
        wide, on="code", how="left", validate="1:1"
    )


def _reasons(explained: ExplainedList, language: str) -> pd.DataFrame:
    """The three strongest reasons in words, as `little negotiation +0.84`; a ? behind an unstable one."""
    phrases, explanation = explained.reference.phrases(language), explained.explanation
    names = [str(name) for name in explanation.contributions.columns]
    contributions, stable = explanation.contributions.to_numpy(), explanation.stable().to_numpy()
    above, below = (f[names].to_numpy() for f in (explained.standing.above, explained.standing.below))
    rows = []
    for i, order in enumerate(np.argsort(-np.abs(contributions), axis=1, kind="stable")):
        sentences = [
            f"{direction(phrases, names[j], above[i, j], below[i, j])} "
            f"{phrases.number(contributions[i, j], 2, sign=True)}{'' if stable[i, j] else ' ?'}"
            for j in order[:3]
            if contributions[i, j] != 0
        ]
        rows.append(sentences + [""] * (3 - len(sentences)))
    return pd.DataFrame(
        rows, index=explanation.contributions.index, columns=["reason_1", "reason_2", "reason_3"]
    )
