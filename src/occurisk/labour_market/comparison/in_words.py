"""What a comparison found, in sentences: an occupation, its two positions, and what separates them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

import numpy as np
import pandas as pd

from occurisk.explanation.words import LANGUAGES, WORTH_A_WORD, Phrases, direction, load_phrases, standing
from occurisk.labour_market.comparison.axis_map import AxisMap
from occurisk.labour_market.comparison.indexes import IndexComparison
from occurisk.labour_market.comparison.label_sets import LabelComparison
from occurisk.labour_market.comparison.lists import FACTORS, ListComparison
from occurisk.model.axes.declaration import Axis
from occurisk.model.contributions import Model, explain
from occurisk.occupations.names import occupation_name, official_name

# Reasons that a sentence names on either side; factors that moved a code.
_REASONS, _PARTS = 2, 2
# Smaller parts of a change, in points, are not worth a word.
_LEAST_POINTS = 0.005


class BundleLike(Protocol):
    """What reasons need of a model: `occurisk.model.bundles.bundle.Bundle` has it."""

    @property
    def axis(self) -> Axis: ...
    @property
    def model(self) -> Model: ...
    @property
    def attributes(self) -> pd.DataFrame: ...


def in_languages(sentences: Callable[[str], list[str]]) -> dict[str, list[str]]:
    """Return the sentences of every language, as `--json` and MLflow keep them."""
    return {language: sentences(language) for language in LANGUAGES}


def index_gaps(
    found: IndexComparison,
    first: str,
    second: str,
    titles: Mapping[str, str],
    models: Mapping[str, BundleLike],
    count: int,
    language: str,
) -> list[str]:
    """Say of which occupations two indexes say the most different things, and why ours says so.

    Parameters
    ----------
    found : IndexComparison
    first, second : str
        Names of the two.
    titles : mapping of str to str
        English titles by SOC code.
    models : mapping of str to BundleLike
        Our models by the name of their index; an index without one gives no reasons.
    count : int
        Occupations from either end.
    language : {"en", "ru", "kk"}

    Returns
    -------
    list of str
    """
    gaps = found.disagreements(first, second, count)
    plain = load_phrases(language)
    names = [models[name].axis.words(language).title if name in models else name for name in (first, second)]
    why = [_reasons(models[name], gaps.index, language) if name in models else {} for name in (first, second)]
    return [
        _joined(
            plain.frames["gap_ranks"].format(
                title=occupation_name(str(code), language, titles.get(str(code), "")),
                code=code, first=names[0], second=names[1],
                above_first=plain.share(row["first"]), above_second=plain.share(row["second"]),
            ),
            *(why[i].get((code, way), "") for i, way in ((0, row["gap"] > 0), (1, row["gap"] < 0))),
        )
        for code, row in gaps.iterrows()
    ]  # fmt: skip


def list_changes(found: ListComparison, count: int, language: str) -> list[str]:
    """Say which codes moved a headline most, from where to where, and through which factors."""
    phrases = load_phrases(language)
    sentences = []
    for code, row in found.largest(count).iterrows():
        if abs(100 * row["change"]) < _LEAST_POINTS:
            continue
        parts = sorted(FACTORS, key=lambda name: -abs(row[name]))[:_PARTS]
        said = [
            phrases.frames["gap_part"].format(
                points=phrases.number(100 * row[name], 2, sign=True), factor=phrases.page[f"factor_{name}"]
            )
            for name in parts
            if abs(100 * row[name]) >= _LEAST_POINTS
        ]
        title = official_name(str(code), language, str(row["title"])) or str(code)
        sentences.append(
            phrases.frames["gap_list"].format(
                title=title, code=code, points=phrases.number(100 * row["change"], 2, sign=True),
                parts=phrases.frames["separator"].join(said),
                weight_before=_percent(phrases, row["weight_before"]),
                weight_after=_percent(phrases, row["weight_after"]),
                value_before=_value(phrases, row["value_before"]),
                value_after=_value(phrases, row["value_after"]),
            )
        )  # fmt: skip
    return sentences


def label_gaps(found: LabelComparison, titles: Mapping[str, str], count: int, language: str) -> list[str]:
    """Say on which occupations two sets of labels differ most."""
    phrases = load_phrases(language)
    return [
        phrases.frames["gap_labels"].format(
            title=occupation_name(str(code), language, titles.get(str(code), "")),
            code=code, first=_value(phrases, row["first"]), second=_value(phrases, row["second"]),
        )
        for code, row in found.largest(count).iterrows()
        if row["difference"]
    ]  # fmt: skip


def map_gaps(found: AxisMap, models: Sequence[BundleLike], count: int, language: str) -> list[str]:
    """Say which large occupations are high on one of two axes alone, and why."""
    phrases = load_phrases(language)
    names = [axis.words(language).title for axis in found.axes]
    table = found.occupations
    parts = [table[table["quadrant"] == name].head(count) for name in ("first only", "second only")]
    chosen = pd.concat(parts)
    why = [_reasons(model, chosen.index, language) for model in models]
    sentences = []
    for code, row in chosen.iterrows():
        high = row["quadrant"] == "first only"
        said = phrases.frames["gap_scores"].format(
            title=occupation_name(str(code), language, str(row["title"])), code=code,
            first=names[0], second=names[1],
            value_first=_value(phrases, row["first"]), value_second=_value(phrases, row["second"]),
        )  # fmt: skip
        sentences.append(_joined(said, why[0].get((code, high), ""), why[1].get((code, not high), "")))
    return sentences


def _reasons(model: BundleLike, codes: Iterable[object], language: str) -> dict[tuple[object, bool], str]:
    """Say what raises (True) and what lowers (False) each occupation's score on an axis."""
    X = model.attributes.loc[model.attributes.index.isin(list(codes))]
    if X.empty:
        return {}
    words = model.axis.words(language)
    phrases = load_phrases(language).on(words)
    contributions = explain(model.model, X, replicas=0, threads=1).contributions
    places = standing(X[contributions.columns], model.attributes[contributions.columns])
    said: dict[tuple[object, bool], str] = {}
    for code, row in contributions.iterrows():
        order = [str(name) for name in row.index[np.argsort(-row.abs().to_numpy(), kind="stable")]]
        for up, frame in ((True, "raises"), (False, "only_lowers")):
            names = [name for name in order if (row[name] > 0) == up and abs(row[name]) >= WORTH_A_WORD]
            reasons = [
                direction(phrases, name, places.above.loc[code, name], places.below.loc[code, name])
                for name in names[:_REASONS]
            ]
            if reasons:
                joined = phrases.frames["separator"].join(reasons)
                said[code, up] = phrases.frames[frame].format(reasons=joined)
    return said


def _joined(*sentences: str) -> str:
    return " ".join(filter(None, sentences))


def _value(phrases: Phrases, value: float) -> str:
    return "–" if np.isnan(value) else phrases.number(value, 2)


def _percent(phrases: Phrases, share: float) -> str:
    return phrases.percent.format(n=phrases.number(100 * share, 1))
