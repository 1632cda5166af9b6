"""Explanations in words, from phrase tables in English, Russian and Kazakh; no language model.

A sentence is a frame of `features/phrases/<language>.yaml` with phrases of the same file in it. Phrases stand
in the nominative, so that no word needs to be inflected.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from string import Formatter
from typing import Any

import numpy as np
import pandas as pd
from pydantic import ValidationError

from occurisk.documents import Strict, load_yaml, rules_broken
from occurisk.errors import CatalogueError, SettingsError
from occurisk.model.axes.declaration import AxisPhrases
from occurisk.model.contributions import Explanation
from occurisk.paths import FEATURES
from occurisk.training_data.catalogue import Catalogue

LANGUAGES = ("en", "ru", "kk")
FOLDER = FEATURES / "phrases"
ELEMENTS = FOLDER / "elements.yaml"  # names of attributes without phrases of their own, in all languages
PAGE_TEXTS = FOLDER / "national.yaml"  # what the national page says, by the English text
# How many reasons a sentence names, and how small a contribution (log-odds) is not worth a word.
REASONS = 3
WORTH_A_WORD = 0.05


class Phrase(Strict):
    """What one attribute is called: `label` in charts, `high` and `low` in reasons."""

    label: str
    high: str
    low: str


class Phrases(Strict):
    """One language's phrase table, as its file lays it out."""

    language: str
    decimal: str
    percent: str
    attributes: dict[str, Phrase]
    elements: dict[str, str]
    groups: dict[str, str]
    bands: dict[str, str]
    stability: dict[str, str]
    verdicts: dict[str, str]
    queue: dict[str, str]
    run: dict[str, str]
    frames: dict[str, str]
    page: dict[str, str]
    majors: dict[str, dict[str, str]]

    def number(self, value: float, decimals: int, *, sign: bool = False) -> str:
        """Write a number with this language's decimal sign; with `sign` also a plus."""
        return f"{value:{'+' if sign else ''}z.{decimals}f}".replace(".", self.decimal)

    def share(self, value: float) -> str:
        """Write a share as whole per cent, never rounding something to nothing or to all."""
        return self.percent.format(
            n=round(min(max(100 * value, 1), 99)) if 0 < value < 1 else round(100 * value)
        )

    def major(self, code: str, major: str = "") -> str:
        """Name the major group of a code, SOC with a dash, ISCO without; `major` itself if it is a name."""
        if any(c.isalpha() for c in major):
            return major
        if not major and not code[:1].isdigit():
            return ""  # a row of somebody's survey, no code
        system, digits = ("soc", code[:2]) if "-" in code else ("isco", code[:1])
        return f"{digits} {self.majors[system].get(digits, '')}".strip()

    def on(self, axis: AxisPhrases | None) -> Phrases:
        """Return the table with what an axis says of the score itself."""
        if axis is None:
            return self
        _check_phrases("frames", axis.frames, self.frames)
        _check_phrases("page", axis.page, self.page)
        page = {**self.page, **axis.page}
        page["notice"] = page["notice"].replace("{caveats}", " ".join(axis.caveats))
        own = {"frames": {**self.frames, **axis.frames}, "page": page}
        return self.model_copy(update=own)

    def phrase(self, name: str) -> Phrase:
        """Return an attribute's phrases; one without any is called by its element's name, or its own."""
        if own := self.attributes.get(name):
            return own
        plain = self.elements.get(name) or name.replace("_", " ")
        return Phrase(label=plain, high=plain, low=self.frames["little"].format(label=plain))


@cache
def load_phrases(language: str = "en") -> Phrases:
    """Read a phrase table.

    Parameters
    ----------
    language : {"en", "ru", "kk"}

    Returns
    -------
    Phrases

    Raises
    ------
    CatalogueError
        If there is no table for that language, or it breaks its layout.
    """
    path = FOLDER / f"{language}.yaml"
    if language not in LANGUAGES:
        raise CatalogueError(
            f"There is no phrase table for language {language!r}.",
            rule=f"Languages: {', '.join(LANGUAGES)}.",
            fix=f"Choose one of them, or write {path} after the model of en.yaml.",
        )
    try:
        document, elements = load_yaml(path, CatalogueError), load_yaml(ELEMENTS, CatalogueError)
        names = {name: words[language] for name, words in elements.items()}
        return Phrases.model_validate({**document, "elements": names})
    except ValidationError as problem:
        raise rules_broken(
            problem,
            CatalogueError,
            "entry",
            f"the layout of {path}",
            rule=f"Keys: {', '.join(Phrases.model_fields)}; an attribute has label, high and low.",
            fix=f"Compare it with {FOLDER / 'en.yaml'}.",
        ) from problem


@dataclass(frozen=True)
class Standing:
    """Where each attribute of an occupation stands among the reference occupations.

    Attributes
    ----------
    above, below : DataFrame, shape (n_occupations, n_attributes)
        Share of the reference occupations with a strictly lower, or a strictly higher value.
    """

    above: pd.DataFrame
    below: pd.DataFrame


def standing(X: pd.DataFrame, reference: pd.DataFrame) -> Standing:
    """Compare occupations with the reference occupations, attribute by attribute.

    Parameters
    ----------
    X : DataFrame, shape (n_occupations, n_attributes)
    reference : DataFrame, shape (n_reference, n_attributes)

    Returns
    -------
    Standing
        NaN where the occupation lacks the attribute.
    """
    above, below = {}, {}
    for name in X.columns:
        known = reference[name].dropna().sort_values().to_numpy()
        value = X[name].to_numpy(dtype=float)
        missing = X[name].isna().to_numpy()
        above[name] = pd.Series(known.searchsorted(value, "left") / len(known), X.index).mask(missing)
        below[name] = pd.Series(1 - known.searchsorted(value, "right") / len(known), X.index).mask(missing)
    return Standing(pd.DataFrame(above), pd.DataFrame(below))


def reasons(
    explanation: Explanation, standing: Standing, catalogue: Catalogue, phrases: Phrases, count: int = REASONS
) -> pd.DataFrame:
    """Say for every occupation what raises and what lowers its susceptibility.

    Parameters
    ----------
    explanation : Explanation
    standing : Standing
        Of the same occupations.
    catalogue : Catalogue
        Scales: "4.4 of 5".
    phrases : Phrases
        The language.
    count : int
        At most so many reasons on either side, strongest first.

    Returns
    -------
    DataFrame of str, index of the explanation
        `raises`, `lowers` (a full sentence each, or empty), `text` (both, or that no reason stands out) and
        `brief` (the same without figures).
    """
    names = [str(name) for name in explanation.contributions.columns]
    stable = explanation.stable().to_numpy()
    scaled = catalogue.unscale(_full(explanation.values, catalogue))[names].to_numpy()
    above, below = standing.above[names].to_numpy(), standing.below[names].to_numpy()
    tops = [catalogue[name].range[1] for name in names]
    contributions = explanation.contributions.to_numpy()
    rows = []
    # Arrays, not frames: a list has a thousand codes.
    for i, order in enumerate(np.argsort(-np.abs(contributions), axis=1, kind="stable")):
        phrased: dict[int, list[str]] = {1: [], -1: []}
        brief: dict[int, list[str]] = {1: [], -1: []}
        for j in order[np.abs(contributions[i, order]) >= WORTH_A_WORD]:
            way = 1 if contributions[i, j] > 0 else -1
            if len(phrased[way]) < count:
                place = (above[i, j], below[i, j])
                brief[way].append(direction(phrases, names[j], *place))
                phrased[way].append(_reason(phrases, names[j], scaled[i, j], tops[j], *place, stable[i, j]))
        short = _sentences(phrases, brief[1], brief[-1])[2]
        rows.append((*_sentences(phrases, phrased[1], phrased[-1]), short))
    return pd.DataFrame(
        rows, index=explanation.contributions.index, columns=["raises", "lowers", "text", "brief"]
    )


def change_in_words(change: pd.Series, catalogue: Catalogue, phrases: Phrases) -> str:
    """Say what would move one occupation over the nearest band limit.

    Parameters
    ----------
    change : Series
        A row of `smallest_changes`.
    catalogue : Catalogue
    phrases : Phrases

    Returns
    -------
    str
        One sentence; that there is no such change is one too.
    """
    limit = phrases.number(change["limit"], 2)
    way = "down" if change["direction"] < 0 else "up"
    if not change["found"]:
        return phrases.frames[f"change_none_{way}"].format(limit=limit)
    moves = []
    for place in (1, 2):
        if name := change[f"attribute_{place}"]:
            low, high = catalogue[name].range
            old, new = (low + change[f"{end}_{place}"] * (high - low) for end in ("from", "to"))
            moves.append(
                phrases.frames["move"].format(
                    label=phrases.phrase(name).label,
                    old=phrases.number(old, 1),
                    new=phrases.number(new, 1),
                    top=f"{high:g}",
                )
            )
    return phrases.frames[f"change_{way}"].format(limit=limit, moves=phrases.frames["and"].join(moves))


def direction(phrases: Phrases, name: str, above: float, below: float) -> str:
    """Say of which an occupation has much or little: `little negotiation`.

    Parameters
    ----------
    phrases : Phrases
    name : str
        An attribute.
    above, below : float
        See `Standing`; NaN where the occupation lacks it.

    Returns
    -------
    str
    """
    phrase = phrases.phrase(name)
    if pd.isna(above):
        return phrase.label
    return phrase.high if above >= below else phrase.low


def _reason(
    phrases: Phrases, name: str, value: float, top: float, above: float, below: float, stable: bool
) -> str:
    phrase = phrases.phrase(name)
    if pd.isna(value):
        return phrase.label
    unstable = "" if stable else phrases.frames["unstable"]
    frame, share = ("higher", above) if above >= below else ("lower", below)
    return phrases.frames[frame].format(
        phrase=direction(phrases, name, above, below),
        value=phrases.number(value, 1),
        top=f"{top:g}",
        percent=phrases.share(share),
        unstable=unstable,
    )


def _sentences(phrases: Phrases, up: list[str], down: list[str]) -> tuple[str, str, str]:
    join = phrases.frames["separator"].join
    raises = phrases.frames["raises"].format(reasons=join(up)) if up else ""
    frame = "lowers" if up else "only_lowers"
    lowers = phrases.frames[frame].format(reasons=join(down)) if down else ""
    return raises, lowers, " ".join(filter(None, [raises, lowers])) or phrases.frames["no_reason"]


def _full(values: pd.DataFrame, catalogue: Catalogue) -> pd.DataFrame:
    """A model may see fewer attributes than the catalogue has."""
    return values.reindex(columns=catalogue.names)


def languages() -> dict[str, Any]:
    """Return the languages with their own names: `{"en": "English", …}`."""
    return {language: load_phrases(language).language for language in LANGUAGES}


def _check_phrases(part: str, own: Mapping[str, str], known: Mapping[str, str]) -> None:
    """Refuse phrases of an axis that nothing says, or that ask for what nobody fills in."""
    for key, text in own.items():
        allowed = {"caveats"} | (_gaps(known[key]) if key in known else set())
        try:
            foreign = _gaps(text) - allowed
        except ValueError as problem:
            foreign = {str(problem)}
        if key not in known or foreign:
            raise SettingsError(
                f"The phrase {part}.{key} of an axis cannot be said.",
                first=", ".join(sorted(foreign)) or text,
                rule=f"{part} has the keys of {FOLDER / 'en.yaml'}, with no other words in braces.",
                fix="Correct it in the declaration of the axis.",
            )


def _gaps(text: str) -> set[str]:
    """Return what stands in braces."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@cache
def _page_texts() -> dict[str, dict[str, str]]:
    document: dict[str, dict[str, str]] = load_yaml(PAGE_TEXTS, CatalogueError)
    return document


def said(text: str, language: str) -> str:
    """Return an English text of the national page in a language; the text itself where it has no other."""
    return text if language == "en" else _page_texts().get(text, {}).get(language, text)
