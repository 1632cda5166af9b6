"""A title matcher from lists of titles with codes: anybody's, or those that occurisk ships."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from occurisk.errors import TitlesError
from occurisk.occupations.titles.classifier import TitleModel, load_model, write_model
from occurisk.occupations.titles.confidence import (
    confidence,
    earned,
    held_out,
    learned,
    moved,
    recalibrated,
    seen_of,
)
from occurisk.occupations.titles.learned.group_evidence import group_evidence
from occurisk.occupations.titles.learned.packing import largest
from occurisk.occupations.titles.learned.softmax import PASSES, SHARPNESS, SOFTER, train_softmax
from occurisk.occupations.titles.own_titles import shift_of
from occurisk.occupations.titles.text.normalise import normalise
from occurisk.occupations.titles.text.parts import spoken_form
from occurisk.occupations.titles.text.tokens import FIRST, LAST, head_of_language, token_matrix, tokenised

Array = np.ndarray
Say = Callable[[str], None]
Numbers = tuple[sparse.csr_matrix, sparse.csr_matrix]
GROUP_DIGITS = {"isco08": 2, "isco88": 2, "soc2010": 4, "soc2018": 4}
KEPT_WEIGHTS = 2_000_000
FEWEST_TITLES = 100
# What a title counts that the user confirmed, and how many of them tell how sure a match is.
CONFIRMED, FEWEST_CONFIRMED = 3.0, 200
# To learn how sure a match is, one in so many titles is held out, and all titles of one in so many rows.
# Titles coded by hand stand in place of them. So a third of the titles judged by is of jobs unknown here.
HELD_OUT, ROWS_HELD_OUT = 7, 14
# How far the number of titles of a code tells, and that of its jobs, and what a code without a figure counts.
# Tuned on the development halves: lists have many titles where occupations are many, not where jobs are.
LISTED_SHARE, PRIOR, FEWEST_JOBS = 0.5, 0.4, 3000.0
# The mean confidence of titles that get a code (80% of them are right on other lists), and the least of one.
PRECISION, LEAST = 0.83, 0.5


@dataclass(frozen=True)
class Entry:
    """A title with its code.

    Attributes
    ----------
    title, code : str
    weight : float
        What it counts in training.
    listed : bool
        Whether it is shown as a listed title.
    row : str
        What it stands with: titles of one row are names of one job, and are held out together.
    """

    title: str
    code: str
    weight: float = 1.0
    listed: bool = True
    row: str = ""


def merged(entries: Iterable[Entry], head: str = LAST) -> list[Entry]:
    """Return entries in spoken form, one for each title and code, sorted; empty titles go."""
    by_title: dict[tuple[str, str], Entry] = {}
    for entry in entries:
        title = spoken_form(entry.title, head)
        if not title:
            continue
        key = (title, entry.code)
        old = by_title.get(key)
        weight = max(entry.weight, old.weight) if old else entry.weight
        row = old.row if old else entry.row
        by_title[key] = Entry(title, entry.code, weight, entry.listed or bool(old and old.listed), row)
    return [by_title[key] for key in sorted(by_title)]


def in_numbers(rows: Sequence[Entry], head: str) -> Numbers:
    """Return how the titles of a list are made of tokens, and the columns of these."""
    tokens, made = tokenised([row.title for row in rows], head)
    return made, token_matrix(tokens)


def fitted(
    rows: Sequence[Entry], numbers: Numbers, codes: Sequence[str], head: str, passes: int, say: Say
) -> tuple[Array, Array]:
    """Train a softmax on a list; return weights, shape (COLUMNS, n_codes), and biases."""
    y, weight = _named(rows, codes, None)
    sharp = SOFTER if head == FIRST else SHARPNESS
    return train_softmax(*numbers, y, weight, len(codes), passes=passes, sharpness=sharp, say=say)


def evidence(rows: Sequence[Entry], numbers: Numbers, codes: Sequence[str], digits: int) -> sparse.csr_matrix:
    """Return what columns say for the first digits of codes, and for groups of so many digits."""
    tables = []
    for length in (digits // 2, digits):
        group, weight = _named(rows, codes, length)
        n_groups = len({code[:length] for code in codes})
        tables.append(group_evidence(*numbers, group, weight, n_groups))
    return sparse.hstack(tables, format="csr")


def _named(rows: Sequence[Entry], codes: Sequence[str], length: int | None) -> tuple[Array, Array]:
    """Return the place of each row's code, or of its first characters, among all of them, and its weight."""
    places = {name: place for place, name in enumerate(sorted({code[:length] for code in codes}))}
    found = np.array([places[row.code[:length]] for row in rows])
    return found, np.array([row.weight for row in rows], np.float32)


def build_model(
    path: Path,
    entries: Iterable[Entry],
    system: str,
    about: dict[str, Any],
    coded: Sequence[tuple[str, str]] = (),
    confirmed: Sequence[tuple[str, str]] = (),
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
        Titles coded by hand, from real lists, to learn the confidence from, and nothing else.
    confirmed : sequence of (title, code)
        Titles that the user confirmed. They teach words, too. If there are `FEWEST_CONFIRMED`, the confidence
        is learned from them before that. With neither it is learned from some titles of the lists, held out.
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
    entries = list(entries)
    head = head_of_language([normalise(entry.title) for entry in entries])
    lists = merged(entries, head)
    rows = merged([*entries, *(Entry(title, code, CONFIRMED) for title, code in confirmed)], head)
    codes = sorted({row.code for row in rows})
    if len(rows) < FEWEST_TITLES or len(codes) < 2:
        raise TitlesError(
            f"{len(rows)} titles with {len(codes)} codes are too few to learn from.",
            rule=f"at least {FEWEST_TITLES} titles and two codes",
            fix="give a longer list, or put these titles among the confirmed ones",
        )
    hand, first, source = _judged_by(lists, rows, coded, confirmed, head)
    about = {
        **about,
        "head": head,
        "system": system,
        "codes": codes,
        "group_digits": GROUP_DIGITS.get(system, 2),
    }
    about["confidence_from"] = f"{len(hand)} {source}"
    prior = job_logits(codes, jobs)
    few = passes if first is rows else max(passes // 2, 2)
    weights = _weights(first, about, few, keep, say)
    _write(path, first, weights, prior, {**about, "confidence": {}})
    how, least = learned_confidence(load_model(path), hand)
    if first is not rows:
        weights = _weights(rows, about, passes, keep, say)
    _write(path, rows, weights, prior, {**about, "confidence": how, "least": least})
    return load_model(path)


@dataclass(frozen=True)
class Judge:
    """A title by which the confidence is learned.

    Attributes
    ----------
    title, code : str
    known : bool
        Whether the lists that were learned may hold other names of the same job.
    """

    title: str
    code: str
    known: bool = True


def _judged_by(
    lists: list[Entry],
    rows: list[Entry],
    coded: Sequence[tuple[str, str]],
    confirmed: Sequence[tuple[str, str]],
    head: str,
) -> tuple[list[Judge], list[Entry], str]:
    """Return the titles that the confidence is learned from, what is trained on before, and what they are."""
    if coded or len(confirmed) >= FEWEST_CONFIRMED:
        hand = [Judge(spoken_form(title, head), code) for title, code in coded or confirmed]
        hand = [one for one in hand if one.title]
        return (
            (hand, rows, "titles coded by hand") if coded else (hand, lists, "titles confirmed by the user")
        )
    alone = [bool(row.row) and _one_in(ROWS_HELD_OUT, row.row) for row in rows]
    out = [one or _one_in(HELD_OUT, row.title) for one, row in zip(alone, rows, strict=True)]
    hand = [
        Judge(row.title, row.code, not one)
        for row, one, held in zip(rows, alone, out, strict=True)
        if held and row.listed
    ]
    rest = [row for row, held in zip(rows, out, strict=True) if not held]
    return hand, rest, "titles of the lists, held out"


def _one_in(n: int, text: str) -> bool:
    return zlib.crc32(text.encode()) % n == 0


def learned_confidence(
    model: TitleModel, judges: Sequence[Judge]
) -> tuple[dict[str, dict[str, list[float]]], dict[str, float]]:
    """Return the coefficients of the confidence in a code and its group, and the least to answer with.

    Which matches are surer than others is learned from titles of known jobs; how sure they are, from all.
    """
    titles = [judge.title for judge in judges]
    X, order = seen_of(model, titles, model.logits(titles) + shift_of(model, titles))
    first, digits = order[:, 0], model.group_digits
    known = np.array([judge.known for judge in judges])
    how, stated = {}, {}
    for name, length in (("code", None), ("group", digits)):
        right = np.array([
            model.codes[place][:length] == judge.code[:length]
            for place, judge in zip(first, judges, strict=True)
        ], float)  # fmt: skip
        how[name] = learned(model, X[known], first[known], right[known])
        # What was learned on a title itself is too sure of it.
        stated[name] = confidence(how[name], X, first)
        stated[name][known] = held_out(
            model,
            [title for title, one in zip(titles, known, strict=True) if one],
            X[known],
            first[known],
            right[known],
        )
        if not known.all():
            low, slope = recalibrated(stated[name], right)
            how[name] = moved(how[name], low, slope)
            stated[name] = earned(stated[name], low, slope)
    least = {"code": _least(stated["code"])}
    # The group is given where the code is not: its least is found among those.
    least["group"] = _least(stated["group"][stated["code"] < least["code"]])
    return how, least


def _least(stated: Array) -> float:
    """Return the confidence from which on titles are right in `PRECISION` of the cases, by what is stated."""
    descending = np.sort(stated)[::-1]
    running = np.cumsum(descending) / np.arange(1, len(descending) + 1)
    n = int((running >= PRECISION).sum())
    return round(float(max(descending[n - 1] if n else 1.0, LEAST)), 4)


def job_logits(codes: list[str], jobs: Mapping[str, float] | None) -> Array:
    """Return what jobs add to the score of each code: log-jobs about their mean, in part."""
    if jobs is None:
        return np.zeros(len(codes), np.float32)
    size = np.log([max(jobs.get(code, 0.0), FEWEST_JOBS) for code in codes])
    prior: Array = (PRIOR * (size - size.mean())).astype(np.float32)
    return prior


def _weights(
    rows: list[Entry], about: Mapping[str, Any], passes: int, keep: int, say: Say
) -> tuple[sparse.csr_matrix, sparse.csr_matrix, Array]:
    """Return the largest weights of a softmax, the evidence for groups, and biases."""
    codes, head = about["codes"], about["head"]
    numbers = in_numbers(rows, head)
    W, b = fitted(rows, numbers, codes, head, passes, say)
    return largest(W, keep), evidence(rows, numbers, codes, about["group_digits"]), b


def _write(
    path: Path,
    rows: list[Entry],
    weights: tuple[sparse.csr_matrix, sparse.csr_matrix, Array],
    prior: Array,
    about: dict[str, Any],
) -> None:
    places = {code: place for place, code in enumerate(about["codes"])}
    W, for_groups, b = weights
    listed = [(row.title, places[row.code]) for row in rows if row.listed]
    path.parent.mkdir(parents=True, exist_ok=True)
    write_model(
        path,
        W,
        for_groups,
        LISTED_SHARE * b + prior,
        [t for t, _ in listed],
        np.array([c for _, c in listed]),
        about,
    )
    load_model.cache_clear()
