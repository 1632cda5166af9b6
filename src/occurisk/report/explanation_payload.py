"""From an explained list to the plain figures and texts that the page draws."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from occurisk.explanation.explained_list import ExplainedList
from occurisk.explanation.words import LANGUAGES, Phrases
from occurisk.files import json_text
from occurisk.labour_market.comparison.axis_map import AxisMap
from occurisk.occupations.lookup import search_words
from occurisk.occupations.names import occupation_name
from occurisk.report.comparison.axis_map_payload import map_payload


@dataclass(frozen=True)
class Quality:
    """How good a model was on labels that it had not seen, as a sentence says it.

    Attributes
    ----------
    sentence_key : str
        Of `page` in the phrase tables: labels of two classes, or soft labels.
    shares, numbers : mapping of str to float
        Figures of the sentence, written as per cent or with two decimals.
    count : int
        Random halves, or labels.
    """

    sentence_key: str
    shares: Mapping[str, float]
    numbers: Mapping[str, float]
    count: int

    @classmethod
    def of(cls, metrics: Mapping[str, Any] | None) -> Quality | None:
        """Read it from the metrics of a bundle's manifest; None for a model that was not evaluated."""
        if not metrics:
            return None
        models = metrics["models"]
        ours = models["lightgbm"]
        if "auc" in ours:
            shares = {"auc": ours["auc"], "baseline": models["logistic"]["auc"]}
            error = metrics["calibration"]["expected_calibration_error"]
            return cls("quality", shares, {"error": error}, metrics["splits"])
        shares = {
            "r2": ours["r2"],
            "baseline": models["ridge"]["r2"],
            "coverage": metrics["interval_coverage"]["all"],
        }
        return cls("quality_soft", shares, {}, metrics["labels"])

    def sentence(self, phrases: Phrases) -> str:
        """Say it in one sentence or two."""
        return phrases.page[self.sentence_key].format(
            count=self.count,
            # A per cent sign stays with its number, however narrow the page.
            **{name: phrases.share(value).replace(" ", "\u00a0") for name, value in self.shares.items()},
            **{name: phrases.number(value, 2) for name, value in self.numbers.items()},
        )


@dataclass(frozen=True)
class About:
    """What the report says of itself.

    Attributes
    ----------
    name : str
        The list: a registry's file name, or what the reference occupations are called.
    kind : {"registry", "reference"}
    model : str
        Version of the model.
    made : str
        When, as it should be printed.
    language : {"en", "ru", "kk"}
    rows, unscored : int, optional
        Rows of the registry, and how many of them have no score.
    weight_name : str
        What the weights are ("employment"); empty if they are unknown or all one.
    warnings : tuple of str
        What may make the scores wrong.
    figures : mapping of str to float, optional
        The headline of the list, with intervals: see `Market.figures`.
    quality : Quality, optional
        How good the model is.
    axis_map : AxisMap, optional
        The same jobs by this axis and a further one.
    """

    name: str
    model: str
    made: str
    kind: str = "registry"
    language: str = "en"
    rows: int | None = None
    unscored: int | None = None
    weight_name: str = ""
    warnings: tuple[str, ...] = ()
    figures: Mapping[str, float] | None = None
    quality: Quality | None = None
    axis_map: AxisMap | None = None


@dataclass(frozen=True)
class Summary:
    """The figures at the head of the report; shares and means weighted if `weighted`.

    Attributes
    ----------
    occupations : int
    weight : float
        Sum of the weights; NaN if unweighted.
    weighted : bool
    high, medium, low : float
        Shares of the bands; they sum to 1.
    robust : float
        Share whose band holds in nearly all replicas.
    mean : float
        Mean susceptibility.
    rank_correlation, published : float, int
        Spearman correlation with the published probabilities, unweighted, and of how many occupations.
    """

    occupations: int
    weight: float
    weighted: bool
    high: float
    medium: float
    low: float
    robust: float
    mean: float
    rank_correlation: float
    published: int


def summarise(rows: pd.DataFrame) -> Summary:
    """Summarise the rows of an explained list.

    Parameters
    ----------
    rows : DataFrame, index code
        `probability`, `band`, `stability`, `weight`, `published_probability`. Weighted
        if every weight is known.

    Returns
    -------
    Summary
    """
    weighted = bool(len(rows) and rows["weight"].notna().all() and rows["weight"].sum() > 0)
    w = rows["weight"].astype(float) if weighted else pd.Series(1.0, rows.index)
    total = w.sum()

    def share(mask: pd.Series) -> float:
        return float(w[mask].sum() / total) if total else math.nan

    both = rows[["probability", "published_probability"]].astype(float).dropna()
    varied = len(both) > 2 and (both.nunique() > 1).all()
    return Summary(
        occupations=len(rows),
        weight=float(total) if weighted else math.nan,
        weighted=weighted,
        high=share(rows["band"] == "high"),
        medium=share(rows["band"] == "medium"),
        low=share(rows["band"] == "low"),
        robust=share(rows["stability"].str.startswith("robustly")),
        mean=float((rows["probability"] * w).sum() / total) if total else math.nan,
        rank_correlation=float(both.rank().corr().iloc[0, 1]) if varied else math.nan,
        published=len(both),
    )


def payload(explained: ExplainedList, about: About) -> dict[str, Any]:
    """Return everything the page draws, as plain dicts and lists; NaN becomes None."""
    phrases = explained.reference.phrases(about.language)
    reference, rows = explained.reference, explained.rows
    names = list(explained.explanation.contributions.columns)
    importance = explained.explanation.importance(reference.catalogue)
    return {
        "about": {
            "name": about.name,
            "kind": about.kind,
            "model": about.model,
            "made": about.made,
            "language": about.language,
            "decimal": phrases.decimal,
            "rows": about.rows,
            "unscored": about.unscored,
            "weight": about.weight_name,
        },
        "headline": headline(about.figures),
        "quality": about.quality.sentence(phrases) if about.quality else phrases.page["quality_unknown"],
        "summary": vars(summarise(rows)),
        "limits": {"high": reference.bands.high, "low": reference.bands.low},
        "base": round(explained.explanation.base, 4),
        "rate": round(explained.explanation.link.rate, 6),
        "text": phrases.page,
        "names": {
            "band": phrases.bands,
            "stability": phrases.stability,
            "verdict": phrases.verdicts,
            "group": phrases.groups,
        },
        "attributes": [
            {
                "label": phrases.phrase(name).label,
                "group": reference.catalogue[name].group,
                "sign": reference.catalogue[name].sign,
                "top": reference.catalogue[name].range[1],
            }
            for name in names
        ],
        "importance": [
            [names.index(str(name)), *(_number(row[key], 4) for key in ("importance", "lower", "upper"))]
            for name, row in importance.iterrows()
        ],
        "cautions": _cautions(explained, phrases),
        "map": map_payload(about.axis_map, about.language) if about.axis_map else None,
        "rows": _rows(explained, phrases, about.language),
    }


def headline(figures: Mapping[str, float] | None) -> dict[str, Any] | None:
    """Return the figures at the head of the page: each with the ends of its interval, and the coverage."""
    if figures is None or pd.isna(figures["share_high"]):
        return None
    names = ("share_high", "share_medium", "share_low", "expected")
    points: dict[str, Any] = {
        name: [_number(figures[name + end], 4) for end in ("", "_lower", "_upper")] for name in names
    }
    return {**points, "coverage": _number(figures["coverage"], 4)}


def as_json(document: Any) -> str:
    """Write JSON that is safe inside a script element, whatever the texts hold.

    `<`, `>` and `&` could end the element or open another; U+2028 and U+2029 end a line of JavaScript.
    """
    text = json_text(document, indent=None)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _cautions(explained: ExplainedList, phrases: Phrases) -> dict[str, Any]:
    identifiability = explained.reference.identifiability
    if identifiability is None:
        return {"blocks": [], "alone": []}
    used = explained.explanation.contributions.abs().max()
    alone = identifiability.alone.index[
        identifiability.alone["near_half"] & (used.reindex(identifiability.alone.index) > 0)
    ]
    return {
        "blocks": [[phrases.phrase(name).label for name in block] for block in identifiability.blocks],
        "alone": [
            f"{phrases.phrase(name).label} ({phrases.number(identifiability.alone.at[name, 'auc'], 2)})"
            for name in alone
        ],
    }


def _rows(explained: ExplainedList, phrases: Phrases, language: str) -> list[dict[str, Any]]:
    rows, explanation, catalogue = explained.rows, explained.explanation, explained.reference.catalogue
    names = list(explanation.contributions.columns)
    words = explained.words(language)
    lower, upper = (_table(frame, 3) for frame in explanation.intervals())
    contributions = _table(explanation.contributions, 4)
    values = _table(catalogue.unscale(explanation.values.reindex(columns=catalogue.names))[names], 2)
    above = _table(explained.standing.above[names], 3)
    unstable = (~explanation.stable()).to_numpy().astype(int).tolist()
    near = _by_code(
        _named(explained.neighbours, "neighbour", language), ["neighbour", "title", "distance", "probability"]
    )
    members = _by_code(_named(explained.members, "soc", language), ["soc", "title", "weight", "probability"])
    verdicts = _by_code(explained.verdicts, ["verdict", "note", "reviewer", "time"])
    titles = explained.titles(language)
    # Whoever searches may know the work by its name in another language.
    others = [explained.titles(other) for other in LANGUAGES if other != language]
    together = zip(titles, *others, strict=True)
    also = [" ".join(dict.fromkeys(one for one in rest if one != own)) for own, *rest in together]
    known = search_words(explained.system, map(str, rows.index), language)
    out = []
    for place, (code, row) in enumerate(rows.iterrows()):
        out.append(
            {
                "code": code,
                "title": titles[place],
                "also": also[place],
                "known": " ".join(known.get(str(code), ())),
                "p": _number(row["probability"], 4),
                "lower": _number(row["lower"], 4),
                "upper": _number(row["upper"], 4),
                "band": row["band"],
                "stability": row["stability"],
                "weight": _number(row["weight"], 2),
                "major": phrases.major(str(code), row["major"]),
                "published": _number(row["published_probability"], 4),
                "label": _number(row["label"], 2),
                "match": row["match"],
                "values": values[place],
                "above": above[place],
                "k": contributions[place],
                "lo": lower[place],
                "hi": upper[place],
                "unstable": unstable[place],
                "words": words["brief"].iat[place],
                "change": words["change"].iat[place],
                "near": near.get(str(code), []),
                "members": members.get(str(code), []),
                "verdicts": verdicts.get(str(code), []),
            }
        )
    return out


def _named(table: pd.DataFrame, code: str, language: str) -> pd.DataFrame:
    """Give the SOC occupations of a table their names in a language."""
    names = [occupation_name(c, language, t) for c, t in zip(table[code], table["title"], strict=True)]
    return table.assign(title=names)


def _by_code(table: pd.DataFrame, columns: list[str]) -> dict[str, list[list[Any]]]:
    grouped: dict[str, list[list[Any]]] = {}
    for code, *values in table[["code", *columns]].itertuples(index=False, name=None):
        grouped.setdefault(str(code), []).append([_scalar(value, 4) for value in values])
    return grouped


def _table(frame: pd.DataFrame, decimals: int) -> list[list[float | None]]:
    values = frame.to_numpy(dtype=float).round(decimals)
    return [[None if math.isnan(v) else v for v in row] for row in values.tolist()]


def _number(value: Any, decimals: int) -> float | None:
    return None if pd.isna(value) else round(float(value), decimals)


def _scalar(value: Any, decimals: int) -> Any:
    if isinstance(value, str):
        return value
    if value is None or pd.isna(value):
        return None
    return round(float(value), decimals) if isinstance(value, float | np.floating) else str(value)
