"""What reviewers answered in the browser: the assessments of a queue's items, as verdicts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pandas as pd

from occurisk.explanation.verdicts import COLUMNS, empty_verdicts
from occurisk.explanation.words import load_phrases
from occurisk.tracking.reviewing.queue import (
    CODE_TAG,
    LANGUAGE_TAG,
    NOBODY,
    REVIEWER_TAG,
    RUN_TAG,
    VERDICTS,
    marked,
)


def collect_verdicts(mlflow: Any, experiment_id: str, run_id: str) -> pd.DataFrame:
    """Read what reviewers answered in the queues of a run.

    Returns
    -------
    DataFrame
        `code`, `verdict`, `note`, `reviewer`, `time`: an entry for each answer to the first question. The
        note is the rationale, with the answer to the second question before it. Without a login the
        reviewer is the one whose queue it was, else `default`.
    """
    rows = [row for info in marked(mlflow, experiment_id, (RUN_TAG, run_id)) for row in _answers(info)]
    return pd.DataFrame(rows, columns=COLUMNS, dtype=str) if rows else empty_verdicts()


def reviewer_of(item: Any, answer: Any) -> str:
    """Return who answered: without a login, the one whose queue it was.

    Parameters
    ----------
    item : TraceInfo
    answer : Assessment
        Of that item.
    """
    who: str = answer.source.source_id
    return item.tags.get(REVIEWER_TAG) or who if who == NOBODY else who


def _answers(info: Any) -> list[tuple[str, ...]]:
    tags = info.tags
    phrases = load_phrases(tags.get(LANGUAGE_TAG, "en"))
    options = {phrases.queue[key]: verdict for key, verdict in VERDICTS.items()}
    given = [a for a in info.assessments or [] if a.feedback is not None]
    reasons: dict[str, str] = {}
    for answer in sorted(given, key=lambda a: a.last_update_time_ms or 0):
        if answer.name == phrases.queue["why"]:
            text = ": ".join(filter(None, [str(answer.feedback.value), answer.rationale or ""]))
            reasons[answer.source.source_id] = text
    rows: list[tuple[str, ...]] = []
    for answer in given:
        if answer.name != phrases.queue["verdict"] or answer.feedback.value not in options:
            continue
        who = answer.source.source_id
        note = "; ".join(filter(None, [reasons.get(who, ""), answer.rationale or ""]))
        moment = datetime.fromtimestamp((answer.last_update_time_ms or 0) / 1000, UTC)
        reviewer = reviewer_of(info, answer)
        verdict = options[answer.feedback.value]
        rows.append(
            (tags[CODE_TAG], verdict, " ".join(note.split()), reviewer, f"{moment:%Y-%m-%d %H:%M:%S}")
        )
    return rows
