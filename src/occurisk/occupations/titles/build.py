"""A title matcher from lists of titles with codes: anybody's, or those that occurisk ships."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from occurisk.occupations.titles.classifier import TitleModel, TitlesError, load_model, quantised, write_model
from occurisk.occupations.titles.confidence import confidence, fit_logistic, seen_of
from occurisk.occupations.titles.softmax import PASSES, train_softmax
from occurisk.occupations.titles.text.normalise import normalise
from occurisk.occupations.titles.text.tokens import token_matrix, tokenised

Array = np.ndarray
Say = Callable[[str], None]
GROUP_DIGITS = {"isco08": 2, "isco88": 2, "soc2010": 4, "soc2018": 4}
KEPT_WEIGHTS = 1_400_000
FEWEST_TITLES = 100
# One in five titles is held out to learn how sure a match is, unless titles coded by hand are given.
HELD_OUT = 5
# How far jobs tell between codes, and what a code without a figure counts. Tuned on the US development half.
PRIOR, FEWEST_JOBS = 0.4, 3000.0
# The mean confidence of titles that get a code (80% of them are right on other lists), and the least of one.
PRECISION, LEAST = 0.83, 0.5


@dataclass(frozen=True)
class Entry:
    """A title with its code: what it counts in training, and whether it is shown as a listed title."""

    title: str
    code: str
    weight: float = 1.0
    listed: bool = True


def merged(entries: Iterable[Entry]) -> list[Entry]:
    """Return entries with normalised titles, one for each title and code, sorted; empty titles go."""
    by_title: dict[tuple[str, str], Entry] = {}
    for entry in entries:
        title = normalise(entry.title)
        if not title:
            continue
        key = (title, entry.code)
        old = by_title.get(key)
        weight = max(entry.weight, old.weight) if old else entry.weight
        by_title[key] = Entry(title, entry.code, weight, entry.listed or bool(old and old.listed))
    return [by_title[key] for key in sorted(by_title)]


def matrix(titles: Sequence[str]) -> Any:
    """Return the columns of titles, shape (n_titles, COLUMNS)."""
    tokens, made = tokenised(titles)
    X = (made @ token_matrix(tokens)).tocsr()
    X.sort_indices()
    return X


def build_model(
    path: Path,
    entries: Iterable[Entry],
    system: str,
    about: dict[str, Any],
    coded: Sequence[tuple[str, str]] = (),
    jobs: Mapping[str, float] | None = None,
    passes: int = PASSES,
    keep: int = KEPT_WEIGHTS,
    say: Say = lambda text: None,
) -> TitleModel:
    """Train a matcher, learn how sure it may be, and write it.

    Parameters
    ----------
    path : Path
        Without suffix; `.npz` and `.json` are written.
    entries : iterable of Entry
        The lists.
    system : str
        The coding system of the codes.
    about : dict
        What goes into the JSON beside the numbers: `sources` at least.
    coded : sequence of (title, code)
        Titles coded by hand, from real lists, to learn the confidence from. Without them it is learned from
        every fifth title of the lists, held out: too high on another list.
    jobs : mapping, optional
        Jobs by code: of two codes that fit alike, the one with more jobs is likelier.
    passes, keep : int
        Passes of training; weights kept.
    say : callable
        Told of progress.

    Returns
    -------
    TitleModel
        As read back from what was written.

    Raises
    ------
    TitlesError
        If there are too few titles or codes.
    """
    rows = merged(entries)
    codes = sorted({row.code for row in rows})
    if len(rows) < FEWEST_TITLES or len(codes) < 2:
        raise TitlesError(
            f"{len(rows)} titles with {len(codes)} codes are too few to learn from.",
            rule=f"at least {FEWEST_TITLES} titles and two codes",
            fix="give a longer list, or put these titles among the confirmed ones",
        )
    prior = _prior(codes, jobs)
    about = {**about, "system": system, "codes": codes, "group_digits": GROUP_DIGITS.get(system, 2)}
    if coded:
        hand = [(normalise(title), code) for title, code in coded]
        about["confidence_from"] = f"{len(hand)} titles coded by hand"
        _train(path, rows, {**about, "confidence": {}}, passes, keep, prior, say)
    else:
        held = [zlib.crc32(row.title.encode()) % HELD_OUT == 0 for row in rows]
        hand = [(row.title, row.code) for row, out in zip(rows, held, strict=True) if out and row.listed]
        about["confidence_from"] = f"{len(hand)} titles of the lists, held out"
        rest = [row for row, out in zip(rows, held, strict=True) if not out]
        _train(path, rest, {**about, "confidence": {}}, max(passes // 2, 2), keep, prior, say)
    load_model.cache_clear()
    learned, least = learned_confidence(load_model(path), hand)
    load_model.cache_clear()
    _train(
        path,
        rows,
        {**about, "confidence": learned, "least": least},
        passes,
        keep,
        prior,
        say if not coded else lambda text: None,
    )
    return load_model(path)


def learned_confidence(
    model: TitleModel, coded: Sequence[tuple[str, str]]
) -> tuple[dict[str, list[float]], dict[str, float]]:
    """Return the coefficients of the confidence in a code and its group, and the least to answer with."""
    titles = [title for title, _ in coded]
    X, order = seen_of(model, titles, model.scores(titles))
    first = [model.codes[place] for place in order[:, 0]]
    digits = model.group_digits
    right = np.array([code == gold for code, (_, gold) in zip(first, coded, strict=True)], float)
    group = np.array(
        [code[:digits] == gold[:digits] for code, (_, gold) in zip(first, coded, strict=True)], float
    )
    learned = {"code": fit_logistic(X, right), "group": fit_logistic(X, group)}
    stated = {name: confidence(coefficients, X) for name, coefficients in learned.items()}
    least = {"code": _least(stated["code"])}
    # The group is given where the code is not: its least is found among those.
    least["group"] = _least(stated["group"][stated["code"] < least["code"]])
    return learned, least


def _least(stated: Array) -> float:
    """Return the confidence from which on titles are right in `PRECISION` of the cases, by what is stated."""
    descending = np.sort(stated)[::-1]
    running = np.cumsum(descending) / np.arange(1, len(descending) + 1)
    n = int((running >= PRECISION).sum())
    return round(float(max(descending[n - 1] if n else 1.0, LEAST)), 4)


def _prior(codes: list[str], jobs: Mapping[str, float] | None) -> Array:
    """Return what jobs add to the score of each code: log-jobs about their mean, in part."""
    if jobs is None:
        return np.zeros(len(codes), np.float32)
    size = np.log([max(jobs.get(code, 0.0), FEWEST_JOBS) for code in codes])
    prior: Array = (PRIOR * (size - size.mean())).astype(np.float32)
    return prior


_trained: dict[int, tuple[Any, Any]] = {}


def _train(
    path: Path, rows: list[Entry], about: dict[str, Any], passes: int, keep: int, prior: Array, say: Say
) -> None:
    places = {code: place for place, code in enumerate(about["codes"])}
    y = np.array([places[row.code] for row in rows])
    # The second time only the confidence is new: the same rows give the same weights.
    key = zlib.crc32("\n".join(f"{row.title}\t{row.code}\t{row.weight}" for row in rows).encode())
    if key not in _trained:
        weight = np.array([row.weight for row in rows], np.float32)
        W, b = train_softmax(
            matrix([row.title for row in rows]), y, weight, len(places), passes=passes, say=say
        )
        whole, scale = quantised(W, b, keep)
        _trained.clear()
        _trained[key] = (whole, (scale, b))
    whole, (scale, b) = _trained[key]
    listed = [(row.title, place) for row, place in zip(rows, y.tolist(), strict=True) if row.listed]
    path.parent.mkdir(parents=True, exist_ok=True)
    write_model(
        path, whole, scale, b + prior, [t for t, _ in listed], np.array([c for _, c in listed]), about
    )
