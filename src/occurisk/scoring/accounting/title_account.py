"""What rests on titles: how much, how sure, what is undecided, and what that doubt does to the figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pandas as pd

from occurisk.probabilities import market_shares, share_interval
from occurisk.scoring.accounting.account import HeadlineFigures
from occurisk.scoring.accounting.contradictions import contradictions
from occurisk.scoring.code_scores import score_occupations
from occurisk.scoring.codebook import TITLE_MARK, CodeBook
from occurisk.scoring.outcomes import SCORED, TITLE, UNDECIDED

_MOST_UNDECIDED = 25
_DRAWS = 200
# The doubt of the heaviest titles is drawn one by one; what the others leave open cancels.
_MOST_DRAWN = 5000
STATISTICS = ("share_high", "share_medium", "share_low", "expected")


def title_account(
    book: CodeBook,
    keys: pd.DataFrame,
    counted: float,
    beside: Mapping[tuple[int, str], tuple[int, float]],
) -> dict[str, Any]:
    """Return the part of the intake report that speaks of titles.

    Parameters
    ----------
    book : CodeBook
    keys : DataFrame
        The book's table with `rows` and `weight`.
    counted : float
        Weight counted as the labour market.
    beside : mapping
        Titles that stand beside codes; see `contradictions`.

    Returns
    -------
    dict
        `by_match`: titles, rows and weight by class of confidence; `precision_expected`, the mean confidence
        of matched titles by weight; `share_of_weight` that rests on titles; `undecided`, the heaviest;
        `contradictions` of codes and titles.
    """
    titles = keys[keys["key"].str.startswith(TITLE_MARK) & (keys["rows"] > 0)]
    matched = titles[titles["outcome"] == TITLE]
    undecided = titles[titles["outcome"] == UNDECIDED].sort_values(
        ["weight", "rows"], ascending=False, kind="stable"
    )
    weight = float(matched["weight"].sum())
    sure = float((matched["title_confidence"] * matched["weight"]).sum()) if weight else 0.0
    return {
        "system": book.understanding.system.title,
        "by_match": [
            {
                "match": name,
                "titles": len(part),
                "rows": int(part["rows"].sum()),
                "weight": float(part["weight"].sum()),
            }
            for name, part in (titles.groupby("title_match", sort=True) if len(titles) else ())
        ],
        "rows_matched": int(matched["rows"].sum()),
        "weight_matched": weight,
        "share_of_weight": weight / counted if counted else None,
        "precision_expected": sure / weight if weight else None,
        "contradictions": contradictions(book, beside),
        "undecided_titles": len(undecided),
        "undecided_weight": float(undecided["weight"].sum()),
        "undecided": [
            {
                "title": row["key"][len(TITLE_MARK) :],
                "rows": int(row["rows"]),
                "weight": float(row["weight"]),
                "why": row["title_reason"],
                "candidates": row["title_candidates"],
            }
            for row in undecided.head(_MOST_UNDECIDED).to_dict("records")
        ],
    }


def doubtful(national: HeadlineFigures, book: CodeBook, keys: pd.DataFrame) -> HeadlineFigures:
    """Widen the intervals of the national figures by what titles leave open.

    The figures stay those of the matched codes. Each interval is that of many labour markets: in each,
    every title's code is drawn from its candidates by their weights, and the labels anew. It also holds the
    figure in which every candidate counts by its weight.

    Parameters
    ----------
    national : HeadlineFigures
    book : CodeBook
    keys : DataFrame
        The book's table with `rows` and `weight`.
    """
    matched = keys[(keys["outcome"] == TITLE) & (keys["weight"] > 0)]
    if matched.empty or not national.known:
        return national
    bags = [
        book.answers[key[len(TITLE_MARK) :]].candidates or ((code, 1.0),)
        for key, code in zip(matched["key"], matched["matched"], strict=True)
    ]
    rest = keys[keys["outcome"].isin(SCORED) & (keys["outcome"] != TITLE) & (keys["weight"] > 0)]
    codes = pd.Index(dict.fromkeys([*(code for bag in bags for code, _ in bag), *rest["matched"]]))
    content, p, replicas = _content(book, codes)
    fixed = np.bincount(codes.get_indexer(rest["matched"]), weights=rest["weight"], minlength=len(codes))
    drawn, mean = _draws(bags, matched["weight"].to_numpy(dtype=float), codes)
    bands, share = book.scores.bands, book.scores.nominal
    whole = market_shares((fixed + mean)[None, :] @ content, np.zeros(1), p, bands, replicas, share)
    columns = np.arange(_DRAWS) % (replicas.shape[1] if replicas is not None else 1)
    markets = (fixed + drawn) @ content
    values = replicas[:, columns].T if replicas is not None else np.broadcast_to(p, markets.shape)
    total = markets.sum(axis=1)
    ends: dict[str, float] = {}
    for name in STATISTICS:
        draws = (markets * _statistic(name, values, bands)).sum(axis=1) / total
        weighted = float(whole[name][0])
        around = share_interval(np.array([weighted]), draws[None, :], share)[0]
        held = [getattr(national, f"{name}_{end}") for end in ("lower", "upper")]
        ends[f"{name}_lower"] = float(np.nanmin([held[0], around[0], getattr(national, name)]))
        ends[f"{name}_upper"] = float(np.nanmax([held[1], around[1], getattr(national, name)]))
    names = {field.name for field in fields(national)}
    return replace(national, **{name: value for name, value in ends.items() if name in names})


def _statistic(name: str, p: np.ndarray, bands: Any) -> np.ndarray:
    high, low = (p >= bands.high).astype(float), (p < bands.low).astype(float)
    return {"share_high": high, "share_medium": 1 - high - low, "share_low": low, "expected": p}[name]


def _content(book: CodeBook, codes: pd.Index) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Return the share of each code in each occupation, and the occupations' p and replicas."""
    _, lineage = score_occupations(codes, book.understanding, book.scores)
    members = lineage.members[lineage.members["soc"].isin(book.scores.table.index)]
    socs = pd.Index(members["soc"].unique())
    content = np.zeros((len(codes), len(socs)))
    content[codes.get_indexer(members["code"]), socs.get_indexer(members["soc"])] = members["weight"]
    p = book.scores.table["probability"].reindex(socs).to_numpy(dtype=float)
    replicas = book.scores.replicas
    return content, p, None if replicas is None else replicas.reindex(socs).to_numpy(dtype=float)


def _draws(
    bags: list[tuple[tuple[str, float], ...]], jobs: np.ndarray, codes: pd.Index
) -> tuple[np.ndarray, np.ndarray]:
    """Return the jobs of each code in every draw, shape (_DRAWS, n_codes), and their mean."""
    random = np.random.default_rng(0)
    drawn, mean = np.zeros((_DRAWS, len(codes))), np.zeros(len(codes))
    place_of = {code: place for place, code in enumerate(codes)}
    heaviest = set(np.argsort(-jobs, kind="stable")[:_MOST_DRAWN].tolist())
    for row, (bag, weight) in enumerate(zip(bags, jobs, strict=True)):
        places = np.array([place_of[code] for code, _ in bag])
        chance = np.array([share for _, share in bag])
        chance = chance / chance.sum()
        np.add.at(mean, places, weight * chance)
        if len(bag) == 1 or row not in heaviest:
            drawn[:, places] += weight * chance
            continue
        choice = places[random.choice(len(bag), size=_DRAWS, p=chance)]
        drawn[np.arange(_DRAWS), choice] += weight
    return drawn, mean
