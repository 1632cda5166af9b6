"""Titles that were left open as a review queue in MLflow, and the answers as the user's own title list."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from occurisk.explanation.words import load_phrases
from occurisk.occupations.concordances import load_tables
from occurisk.scoring.accounting.title_review import NONE_FITS, TitleQuestion
from occurisk.tracking.reviewing.answers import reviewer_of
from occurisk.tracking.reviewing.queue import (
    LANGUAGE_TAG,
    Form,
    Item,
    Queue,
    ask,
    check_version,
    marked,
)
from occurisk.tracking.store import SCORING, guarded, need_experiment, open_store

LIST_TAG, TITLE_TAG, CODES_TAG, SYSTEM_TAG = (
    f"occurisk.{name}" for name in ("titles_of", "title", "candidates", "system")
)
# MLflow keeps 8,000 characters of a tag: of a longer title it would ask about another.
LONGEST = 8000
MOST_CANDIDATES = 5


@dataclass(frozen=True)
class TitleAnswers:
    """What reviewers answered in the title queues of a list.

    Attributes
    ----------
    taken : list of (title, code)
        An empty code says that nothing fits.
    left_out : list of str
        Answers that cannot be used, and why: no code of the system, or people who disagree.
    reviewers : tuple of str
        Who answered.
    """

    taken: list[tuple[str, str]]
    left_out: list[str]
    reviewers: tuple[str, ...]


def make_title_queue(
    name: str, system: str, asked: Sequence[TitleQuestion], language: str, reviewers: Sequence[str] = ()
) -> Queue:
    """Make a review queue of titles: people choose the occupation of each in the browser.

    Parameters
    ----------
    name : str
        Of the list.
    system : str
        Of the codes.
    asked : sequence of TitleQuestion
        In the language of the reviewers.
    language : {"en", "ru", "kk"}
    reviewers : sequence of str
        A queue of their own for each.

    Raises
    ------
    ReviewError, TrackingError
        If this MLflow has no review queues, or the store cannot be written.
    """
    mlflow = open_store()
    check_version(mlflow)
    words = load_phrases(language).queue
    numbers = tuple(str(n + 1) for n in range(MOST_CANDIDATES))
    form = Form(
        words["title"], (*numbers, words["title_none"], words["title_other"]), words["title_ask"], reason=True
    )
    items = [
        Item(
            one.title,
            words["title_question"].format(title=one.shown),
            one.text,
            {
                TITLE_TAG: one.title,
                CODES_TAG: " ".join(option.split()[0] for option in one.options if option != NONE_FITS),
                SYSTEM_TAG: system,
                LANGUAGE_TAG: language,
            },
        )
        for one in asked
        if len(one.title) <= LONGEST
    ]
    with guarded("write to"):
        experiment = need_experiment(mlflow, SCORING)
        return ask(mlflow, experiment, f"{name} · {words['title']}", [form], items, _mark(name), reviewers)


def collect_titles(name: str, system: str) -> TitleAnswers:
    """Read what was answered in the title queues of a list; a reviewer's last word on a title counts."""
    mlflow = open_store()
    with guarded("read"):
        experiment = need_experiment(mlflow, SCORING)
        found = [info for info in marked(mlflow, experiment, _mark(name)) if info.tags[SYSTEM_TAG] == system]
    known = load_tables().titles[system]
    said: dict[str, dict[str, str]] = {}
    left_out = []
    for title, who, code in sorted(a for info in found for a in _answers(info)):
        if code and code not in known:
            left_out.append(f"{title!r}, {who}: {code!r} is no code of {system}")
        else:
            said.setdefault(title, {})[who] = code
    taken = []
    for title, by_reviewer in said.items():
        codes = sorted(set(by_reviewer.values()))
        if len(codes) == 1:
            taken.append((title, codes[0]))
        else:
            each = ", ".join(f"{who} says {code or NONE_FITS}" for who, code in sorted(by_reviewer.items()))
            left_out.append(f"{title!r}: {each}")
    people = sorted({who for by_reviewer in said.values() for who in by_reviewer})
    return TitleAnswers(taken, left_out, tuple(people))


def _mark(name: str) -> tuple[str, str]:
    # A search by a tag knows no quotes inside its value, which a file name may hold.
    return LIST_TAG, hashlib.sha256(name.encode()).hexdigest()[:32]


def _answers(info: Any) -> list[tuple[str, str, str]]:
    """Return title, reviewer and code of every answer to an item; each reviewer's last one."""
    words = load_phrases(info.tags.get(LANGUAGE_TAG, "en")).queue
    candidates = info.tags.get(CODES_TAG, "").split()
    last: dict[str, str] = {}
    given = [a for a in info.assessments or [] if a.feedback is not None and a.name == words["title"]]
    for answer in sorted(given, key=lambda a: a.last_update_time_ms or 0):
        value, who = str(answer.feedback.value), reviewer_of(info, answer)
        if value == words["title_none"]:
            last[who] = ""
        elif value == words["title_other"]:
            last[who] = ((answer.rationale or "").split() or ["(empty)"])[0].rstrip(".,;")
        elif value.isdigit():
            place = int(value) - 1
            last[who] = candidates[place] if place < len(candidates) else f"number {value}"
    return [(info.tags[TITLE_TAG], who, code) for who, code in last.items()]
