"""What a reviewer is asked: which occupations of a list, and what is shown of each, as Markdown."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from occurisk.explanation.explained_list import ExplainedList
from occurisk.explanation.words import Phrases, Standing, load_phrases, reasons
from occurisk.probabilities import probability

# What MLflow shows of an item.
MOST_CHARACTERS = 1000
# Of those asked, the share that is asked because of its size alone.
LARGEST_SHARE = 0.25
_BAR = 20
_TITLE = 120
_MARKDOWN = str.maketrans({c: "\\" + c for c in "\\`*_[]#|~"} | {"<": "‹", ">": "›"})


def choose(rows: pd.DataFrame, count: int, high: float, low: float) -> pd.Index:
    """Choose the occupations whose verdict matters most.

    A quarter are the largest. The others have the largest *priority*:

        weight x exp(-|distance|) x (2 if the band depends on the model, else 1)

    with distance the difference of log-odds to the nearer band limit.

    Parameters
    ----------
    rows : DataFrame, index code
        `probability`, `weight` (1 each if unknown), `stability`.
    count : int
        At most so many.
    high, low : float
        Band limits.

    Returns
    -------
    Index
        Codes: those that were chosen by priority first, then the largest; none twice.
    """
    weight = rows["weight"].astype(float)
    weight = weight.fillna(0.0) if weight.notna().any() else pd.Series(1.0, rows.index)
    p = rows["probability"].astype(float).clip(1e-9, 1 - 1e-9)
    log_odds = np.log(p / (1 - p))
    limits = np.log(np.array([high / (1 - high), low / (1 - low)]))
    distance = np.abs(log_odds.to_numpy()[:, None] - limits).min(axis=1)
    doubt = np.where(rows["stability"] == "model-dependent", 2.0, 1.0)
    priority = weight * np.exp(-distance) * doubt
    largest = weight.sort_values(ascending=False, kind="stable").index[: round(count * LARGEST_SHARE)]
    rest = priority.drop(largest).sort_values(ascending=False, kind="stable").index
    return rest[: max(count - len(largest), 0)].append(largest)


def questions(
    explained: ExplainedList, codes: pd.Index, language: str, report: str = "", total: float | None = None
) -> pd.DataFrame:
    """Put chosen occupations before a reviewer.

    Parameters
    ----------
    explained : ExplainedList
    codes : Index
        Of the occupations; see `choose`.
    language : {"en", "ru", "kk"}
    report : str
        Link to the report.
    total : float, optional
        Jobs of the whole list; those of the explained list by default.

    Returns
    -------
    DataFrame, index code
        `question`, plain text; `answer`, Markdown of at most 1,000 characters: susceptibility with its
        interval and a bar, why it is high, why it is low, what would change it, what experts said, jobs.
    """
    phrases = load_phrases(language)
    chosen = _only(explained, codes)
    told = {
        n: reasons(chosen.explanation, chosen.standing, chosen.reference.catalogue, phrases, n)
        for n in (3, 2, 1)
    }
    change = explained.words(language)["change"]
    total = float(explained.rows["weight"].astype(float).sum()) if total is None else total
    rows = []
    for (code, row), name in zip(chosen.rows.iterrows(), chosen.titles(language), strict=True):
        title = _plain(name)
        question = phrases.queue["question"].format(title=title, code=code)
        answer = ""
        # As much as there is room for: fewer reasons first, then no change.
        for count, with_change in ((3, True), (2, True), (2, False), (1, False), (0, False)):
            why = told[count].loc[code] if count else None
            answer = _answer(
                phrases, str(code), title, row, why, change[code] if with_change else "", total, report
            )
            if len(answer) <= MOST_CHARACTERS:
                break
        rows.append((question, answer[:MOST_CHARACTERS]))
    return pd.DataFrame(rows, columns=["question", "answer"], index=chosen.rows.index)


def _only(explained: ExplainedList, codes: pd.Index) -> ExplainedList:
    here = [code for code in codes if code in explained.rows.index]
    old = explained.standing
    return replace(
        explained,
        rows=explained.rows.loc[here],
        explanation=explained.explanation.select(here),
        standing=Standing(old.above.loc[here], old.below.loc[here]),
        changes=explained.changes.loc[here],
        neighbours=explained.neighbours[explained.neighbours["code"].isin(here)],
        members=explained.members[explained.members["code"].isin(here)],
        _words={},
    )


def _answer(
    phrases: Phrases,
    code: str,
    title: str,
    row: pd.Series,
    why: pd.Series | None,
    change: str,
    total: float,
    report: str,
) -> str:
    said, queue = phrases.page, phrases.queue
    p = float(row["probability"])
    bar = "█" * round(_BAR * p) + "░" * (_BAR - round(_BAR * p))
    stability = phrases.stability.get(row["stability"], row["stability"])
    lines = [
        f"### {title} · {code}",
        f"`{bar}` **{_number(p, phrases)}**, {phrases.bands[row['band']]}, {stability}",
        queue["interval"].format(lower=_number(row["lower"], phrases), upper=_number(row["upper"], phrases)),
    ]
    for side in ("raises", "lowers"):
        if why is not None and why[side]:
            begin, colon, rest = str(why[side]).partition(":")
            lines.append(f"**{begin}{colon}**{rest}")
    if change:
        lines.append(f"**{said['change']}.** {change}")
    facts = []
    if pd.notna(row["weight"]) and total > 0:
        share = f"{phrases.number(100 * float(row['weight']) / total, 1)} %"
        facts.append(queue["jobs"].format(jobs=f"{float(row['weight']):,.0f}".replace(",", " "), share=share))
    if pd.notna(row["label"]):
        facts.append(queue["experts"].format(label=phrases.number(float(row["label"]), 0)))
    if pd.notna(row["published_probability"]):
        facts.append(queue["published"].format(p=_number(row["published_probability"], phrases)))
    lines.append(" · ".join(facts))
    if report:
        lines.append(f"[{queue['report']}]({report})")
    return "\n\n".join(line for line in lines if line)


def _number(value: float, phrases: Phrases) -> str:
    return probability(float(value)).replace(".", phrases.decimal)


def _plain(title: str) -> str:
    """A title on one line that Markdown shows as it is."""
    text = " ".join(str(title).split())
    text = text if len(text) <= _TITLE else text[: _TITLE - 1] + "…"
    return text.translate(_MARKDOWN)
