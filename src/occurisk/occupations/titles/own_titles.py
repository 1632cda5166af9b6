"""What a user adds to the matcher: confirmed titles, matchers from own lists, and the list that is asked.

The first two lie in the folder `titles` beside the models: `confirmed.csv` (`system,title,code`; an empty
code says that nothing fits) and `<system>.npz` with `<system>.json`, which stand before those that occurisk
ships.
"""

from __future__ import annotations

import csv
import zlib
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from occurisk.errors import TitlesError
from occurisk.files import write_text
from occurisk.occupations.concordances import load_tables
from occurisk.occupations.names import own_names_folder
from occurisk.occupations.titles.cascade import CHUNK, CONFIRMED, NOT_MOVED, Answer, TitleMatcher
from occurisk.occupations.titles.classifier import TitleModel
from occurisk.occupations.titles.confidence import earned, recalibrated
from occurisk.occupations.titles.learned.list_shift import list_shift
from occurisk.occupations.titles.text.normalise import normalise
from occurisk.occupations.titles.text.parts import spoken_form
from occurisk.occupations.titles.text.reasons import in_words

Array = np.ndarray
# With fewer confirmed titles than this, confidence stays as it was learned from lists.
ENOUGH = 50
# From so many distinct titles on a list tells which codes are common in it, and so many are enough.
FEWEST, MOST = 200, 5_000
MATCHED = ("isco08", "soc2010")
COLUMNS = ("system", "title", "code")


def confirmed_path() -> Path:
    """Return where the user's confirmed titles lie."""
    return own_names_folder() / "confirmed.csv"


def read_confirmed(system: str) -> dict[str, str]:
    """Return the user's confirmed titles of a system: normalised title -> code, empty if nothing fits."""
    rows = ((title, code) for (name, title), code in _confirmed().items() if name == system)
    return {title: code for title, code in rows if title}


def _confirmed() -> dict[tuple[str, str], str]:
    """Read the file of confirmed titles: system and normalised title -> code.

    Raises
    ------
    TitlesError
        If somebody altered it, and it has not the three columns, or a code that does not exist.
    """
    path = confirmed_path()
    if not path.is_file():
        return {}
    with open(path, encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    known = load_tables().titles
    codes = [(row.get("code") or "").strip() for row in rows]
    wrong = [
        f"line {line}: {row}"
        for line, (row, code) in enumerate(zip(rows, codes, strict=True), 2)
        if not set(COLUMNS) <= set(row)
        or row["system"] not in MATCHED
        or (code and code not in known[row["system"]])
    ]
    if wrong:
        raise TitlesError(
            f"{len(wrong)} of {len(rows)} confirmed titles cannot be read.",
            first=wrong[0],
            rule=f"{path} has the columns {', '.join(COLUMNS)}, and codes of isco08 or soc2010.",
            fix="mend or delete the file",
        )
    keys = ((row["system"], normalise(row["title"] or "")) for row in rows)
    return dict(zip(keys, codes, strict=True))


def add_confirmed(system: str, answers: Iterable[tuple[str, str]]) -> tuple[int, int]:
    """Add confirmed titles to the user's list; a later answer stands in place of an earlier one.

    Returns
    -------
    tuple of int
        How many titles are new, and how many there are now of this system.
    """
    path = confirmed_path()
    rows = _confirmed()
    before = sum(key[0] == system for key in rows)
    rows |= {(system, normalise(title)): code for title, code in answers if normalise(title)}
    now = sum(key[0] == system for key in rows)
    lines = [",".join(COLUMNS), *(f"{key[0]},{key[1]},{code}" for key, code in sorted(rows.items()))]
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, "\n".join(lines) + "\n")
    matcher_for.cache_clear()
    return now - before, now


def built_systems() -> tuple[str, ...]:
    """Return the systems of which the user built a matcher."""
    return tuple(name for name in MATCHED if _own(name).with_suffix(".npz").is_file())


def _own(system: str) -> Path:
    return own_names_folder() / system


@lru_cache(maxsize=4)
def matcher_for(system: str) -> TitleMatcher:
    """Return the matcher of a system with what the user added: own matcher, confirmed titles, confidence."""
    matcher = TitleMatcher.shipped(system)
    if system in built_systems():
        matcher = replace(matcher, model_path=_own(system))
    confirmed = read_confirmed(system)
    if confirmed:
        moved = _moved(matcher, confirmed)
        matcher = replace(matcher, confirmed=confirmed, moved=moved)
    return matcher


def attuned(matcher: TitleMatcher, titles: Iterable[str]) -> TitleMatcher:
    """Return a matcher to which codes that are common in a list are likelier.

    Parameters
    ----------
    matcher : TitleMatcher
    titles : iterable of str
        All titles of the list.
    """
    # Those in other letters go to the lexicons, which weigh nothing up.
    asked = {title for title in titles if title.isascii() or not matcher.lexicons}
    if len(asked) < FEWEST:
        return matcher
    return replace(
        matcher, shift=shift_of(matcher.model, [spoken_form(title, matcher.head) for title in asked])
    )


def shift_of(model: TitleModel, titles: Iterable[str]) -> Array | float:
    """Return what a list adds to the score of each code: 0 for a short list.

    Parameters
    ----------
    model : TitleModel
    titles : iterable of str
        In spoken form; of more than `MOST` distinct ones some are taken, whatever their order.

    Returns
    -------
    array, shape (n_codes,), or 0
    """
    distinct = sorted(set(titles) - {""}, key=lambda title: zlib.crc32(title.encode()))
    if len(distinct) < FEWEST:
        return 0.0
    some = sorted(distinct[:MOST])
    parts = (model.logits(some[start : start + CHUNK]) for start in range(0, len(some), CHUNK))
    return list_shift(parts, model.b)


def confidence_in_words(system: str) -> str:
    """Say what a stated confidence of 80% means on the confirmed titles; empty with too few of them."""
    matcher = matcher_for(system)
    low, slope = matcher.moved
    if (low, slope) == NOT_MOVED:
        return ""
    found = float(earned(np.array([0.8]), low, slope)[0])
    return f"Your confirmed titles show that what was learned as 80% sure is {found:.0%} sure on this list."


def _moved(matcher: TitleMatcher, confirmed: dict[str, str]) -> tuple[float, float]:
    """Learn from confirmed titles how often a stated confidence was right."""
    if len(confirmed) < ENOUGH:
        return matcher.moved
    answers = list(attuned(matcher, confirmed).answers(list(confirmed)))
    stated, right = [], []
    for answer, code in zip(answers, confirmed.values(), strict=True):
        if answer.candidates and answer.stage != CONFIRMED:
            stated.append(answer.candidates[0][1])
            right.append(answer.candidates[0][0] == code)
    if len(stated) < ENOUGH:
        return matcher.moved
    return recalibrated(np.array(stated), np.array(right, float))


def reason_of(matcher: TitleMatcher, title: str, answer: Answer, language: str = "en") -> str:
    """Return why a title was answered as it was, and which listed title of that code is nearest.

    Parameters
    ----------
    matcher : TitleMatcher
        That answered.
    title : str
    answer : Answer
    language : {"en", "ru", "kk"}
    """
    # What was decided, or found as it stands, has no nearer title.
    found = {key for key, _ in answer.because} & {"confirmed", "official", "listed"}
    near = matcher.nearest(title, answer.candidates[0][0]) if answer.candidates and not found else ""
    return in_words((*answer.because, *((("nearest", near),) if near else ())), language)
