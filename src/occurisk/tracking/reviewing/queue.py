"""The review queue of a scored list in MLflow: a reviewer fills it in the browser.

`mlflow.genai.review_queues` and `label_schemas` are public but experimental. Every call of them stands here,
behind a guard of the version; where they are missing, verdicts come by command line and CSV as ever.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import pandas as pd

from occurisk.errors import ReviewError, TrackingError
from occurisk.explanation.explained_list import ExplainedList
from occurisk.explanation.review_items import choose, questions
from occurisk.explanation.words import Phrases, load_phrases
from occurisk.tracking.store import UI_MODE, ui_address

# Versions of MLflow whose queues were tried; a newer one may have changed what is experimental.
OLDEST, TOO_NEW = (3, 14), (4, 0)
VERDICTS = {"agree": "agree", "too_high": "too high", "too_low": "too low", "unsure": "unsure"}
WHY = ("tasks", "attribute", "technology", "other")
# Who answers where nobody logs in.
NOBODY = "default"
MILLISECOND = 1_000_000
_MOST_USERS, _MOST_QUEUES = 10, 100_000
RUN_TAG, CODE_TAG, REVIEWER_TAG, LANGUAGE_TAG = (
    f"occurisk.{n}" for n in ("run", "code", "reviewer", "language")
)


@dataclass(frozen=True)
class Queue:
    """Where a reviewer starts.

    Attributes
    ----------
    items : int
        Occupations in each.
    link : str
        Once the UI is open: to the queue, or to all of them where each reviewer has one.
    """

    items: int
    link: str


@dataclass(frozen=True)
class Form:
    """A question beside every item of a queue: its name, the answers to choose from, what it asks.

    `reason` offers a box for words below it.
    """

    name: str
    options: tuple[str, ...]
    instruction: str
    reason: bool


@dataclass(frozen=True)
class Item:
    """What is asked about: a question in plain text, a text in Markdown, tags to be found by.

    `run_id` is the run that it speaks of, if any.
    """

    name: str
    question: str
    text: str
    tags: dict[str, str]
    run_id: str = ""


def available(version: str) -> bool:
    """Whether this version of MLflow has the review queues that we know."""
    parts = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    return OLDEST <= parts < TOO_NEW


def make_queue(
    mlflow: Any,
    explained: ExplainedList,
    run_id: str,
    count: int,
    language: str = "en",
    reviewers: Sequence[str] = (),
    total: float | None = None,
) -> Queue:
    """Make the review queue of a run: an item for each occupation whose verdict matters most.

    Parameters
    ----------
    mlflow : module
    explained : ExplainedList
    run_id : str
    count : int
        Occupations asked about, at most.
    language : {"en", "ru", "kk"}
    reviewers : sequence of str
        A queue of their own for each, so that the verdicts have names without a login.
    total : float, optional
        Jobs of the whole list, where the explained list is a part of it.

    Returns
    -------
    Queue

    Raises
    ------
    ReviewError
        If this version of MLflow has no review queues.
    """
    check_version(mlflow)
    client = mlflow.MlflowClient()
    tracked = client.get_run(run_id)
    experiment, name = tracked.info.experiment_id, tracked.info.run_name or run_id
    phrases, bands = load_phrases(language), explained.reference.bands
    codes = choose(explained.rows, count, bands.high, bands.low)
    report = f"#/experiments/{experiment}/runs/{run_id}/artifacts/explanations/report.html{UI_MODE}"
    asked = questions(explained, codes, language, report, total)
    items = _items(run_id, asked, explained.rows, language)
    queue = ask(mlflow, experiment, name, _forms(phrases), items, (RUN_TAG, run_id), reviewers)
    old = int(tracked.data.params.get("queue", 0) or tracked.data.tags.get("occurisk.queue", 0))
    client.set_tag(run_id, "occurisk.queue", str(max(old, len(asked))))
    if "reviewed" not in tracked.data.tags:
        client.set_tag(run_id, "reviewed", f"0 of {len(asked)}")
    return queue


def check_version(mlflow: Any) -> None:
    """Raise ReviewError if this version of MLflow has no review queues that we know."""
    if not available(mlflow.__version__):
        raise ReviewError(
            f"MLflow {mlflow.__version__} has no review queues that we know.",
            rule="They were tried with MLflow 3.14 and later, below 4.",
            fix="Leave it out with --queue 0; give verdicts with: occurisk review RUN --csv FILE",
        )


def ask(
    mlflow: Any,
    experiment: str,
    name: str,
    forms: Sequence[Form],
    items: Sequence[Item],
    mark: tuple[str, str],
    reviewers: Sequence[str] = (),
) -> Queue:
    """Make a queue of items with questions; one for each reviewer, where some are named.

    Parameters
    ----------
    mlflow : module
    experiment : str
    name : str
        Of the queue; a number follows where it is taken.
    forms : sequence of Form
        The questions, the last first.
    items : sequence of Item
    mark : tuple of str
        Tag of every item and its value, by which the answers are found again.
    reviewers : sequence of str
    """
    queues, schemas = import_module("mlflow.genai.review_queues"), import_module("mlflow.genai.label_schemas")
    schema_ids = _schemas(schemas, experiment, forms)
    taken = {queue.name.casefold() for queue in _paged(queues.list_review_queues, experiment_id=experiment)}
    made = []
    for reviewer in list(dict.fromkeys(reviewers)) or [""]:
        logged = _log_items(mlflow, experiment, items, mark, reviewer)
        queue = create(
            mlflow,
            f"{name} · {reviewer}" if reviewer else name,
            taken,
            queue_type="custom",
            users=[reviewer] if reviewer else None,
            schema_ids=schema_ids,
            experiment_id=experiment,
        )
        queues.add_items_to_review_queue(queue.queue_id, item_ids=logged)
        made.append(queue.queue_id)
    return Queue(len(items), queue_link(experiment, made[0] if len(made) == 1 else ""))


def queue_link(experiment_id: str, queue_id: str = "") -> str:
    """Return the deep link to the queues of an experiment, or to one of them."""
    wanted = f"?selectedQueueId={queue_id}" if queue_id else ""
    return f"{ui_address()}/#/experiments/{experiment_id}/review-queue{wanted}"


def _forms(phrases: Phrases) -> list[Form]:
    """Return the two questions about an occupation in a language; MLflow shows the youngest first."""
    asked = {"why": list(WHY), "verdict": list(VERDICTS)}
    return [
        Form(
            phrases.queue[key],
            tuple(phrases.queue[option] for option in options),
            phrases.queue[f"{key}_ask"],
            reason=key == "verdict",
        )
        for key, options in asked.items()
    ]


def _schemas(schemas: Any, experiment: str, forms: Sequence[Form]) -> list[str]:
    """Return the ids of questions; made where the experiment lacks them."""
    known = {s.name: s.schema_id for s in _paged(schemas.list_label_schemas, experiment_id=experiment)}
    for form in forms:
        if form.name not in known:
            known[form.name] = schemas.create_label_schema(
                form.name,
                type="feedback",
                input=schemas.InputCategorical(options=list(form.options)),
                instruction=form.instruction,
                enable_comment=form.reason,
                experiment_id=experiment,
            ).schema_id
    return [known[form.name] for form in forms]


def _items(run_id: str, asked: pd.DataFrame, rows: pd.DataFrame, language: str) -> list[Item]:
    """Return an item for each occupation, with the tags by which the list of traces is filtered."""
    items = []
    widest = len(f"{rows.loc[asked.index, 'weight'].astype(float).max():.0f}")
    for rank, (code, text) in enumerate(asked.iterrows(), 1):
        row = rows.loc[code]
        tags = {
            CODE_TAG: str(code), LANGUAGE_TAG: language, "occurisk.band": str(row["band"]),
            "occurisk.rank": f"{rank:03d}", "occurisk.stability": str(row["stability"]),
            **({"occurisk.jobs": _sortable(float(row["weight"]), widest)} if pd.notna(row["weight"]) else {}),
        }  # fmt: skip
        items.append(Item(f"{code} {row['title']}", text["question"], text["answer"], tags, run_id))
    return items


def _sortable(weight: float, digits: int) -> str:
    """Write a weight with leading zeros: MLflow sorts tags as text."""
    whole, point, rest = f"{weight:.10g}".partition(".")
    return whole.zfill(digits) + point + rest


def _log_items(
    mlflow: Any, experiment: str, items: Sequence[Item], mark: tuple[str, str], reviewer: str
) -> list[str]:
    """Log items: traces whose text MLflow shows as Markdown, and which it asks about in this order."""
    made = []
    # MLflow asks about the youngest trace first, to the millisecond.
    now = time.time_ns()
    for place, item in enumerate(items):
        span = mlflow.start_span_no_context(
            name=item.name[:200],
            inputs={"messages": [{"role": "user", "content": item.question}]},
            tags={**dict([mark]), **item.tags, **({REVIEWER_TAG: reviewer} if reviewer else {})},
            metadata={"mlflow.sourceRun": item.run_id} if item.run_id else {},
            experiment_id=experiment,
            start_time_ns=now - place * MILLISECOND,
        )
        span.set_outputs({"choices": [{"message": {"role": "assistant", "content": item.text}}]})
        span.end()
        made.append(span.trace_id)
    mlflow.flush_trace_async_logging()
    _check_kept(mlflow, experiment, mark, made)
    return made


def marked(mlflow: Any, experiment: str, mark: tuple[str, str]) -> list[Any]:
    """Return the items that bear a mark, with what was answered, as MLflow's `TraceInfo`."""
    name, value = mark
    traces = mlflow.search_traces(
        locations=[experiment],
        filter_string=f"tags.`{name}` = '{value}'",
        return_type="list",
        include_spans=False,
        max_results=10_000,
    )
    return [trace.info for trace in traces]


def _check_kept(mlflow: Any, experiment: str, mark: tuple[str, str], items: list[str]) -> None:
    """Raise TrackingError if an item is not in the store: MLflow logs such a failure, and goes on."""
    lost = set(items) - {info.trace_id for info in marked(mlflow, experiment, mark)}
    if lost:
        raise TrackingError(
            f"{len(lost)} of {len(items)} items of the review queue did not reach the store.",
            rule="The store is a database that can be written and has room, or a server that answers.",
            fix="Mend it, then make the queue anew, with --queue.",
        )


def _paged(call: Any, **options: Any) -> list[Any]:
    """Return all pages of a list."""
    items, token = [], None
    while True:
        page = call(**options, page_token=token)
        items += list(page)
        token = page.token
        if not token:
            return items


def create(mlflow: Any, name: str, taken: set[str], **options: Any) -> Any:
    """Create a queue under a name that nobody else has, though others make theirs at this moment."""
    make = import_module("mlflow.genai.review_queues").create_review_queue
    while True:
        try:
            return make(_free_name(name, taken), **options)
        except mlflow.MlflowException as problem:
            # `taken` has grown by this name: the next one is another.
            if problem.error_code != "RESOURCE_ALREADY_EXISTS" or len(taken) > _MOST_QUEUES:
                raise


def _free_name(name: str, taken: set[str]) -> str:
    """Return a name that no other queue has, whatever the case of its letters; `taken` is told."""
    free, number = name[:240], 2
    while free.casefold() in taken:
        free, number = f"{name[:240]} ({number})", number + 1
    taken.add(free.casefold())
    return free


def check_reviewers(text: str) -> list[str]:
    """Split `ann, bob` into reviewers.

    Raises
    ------
    ReviewError
        If there are more than MLflow has queues for, or one is called like nobody.
    """
    names = [name.strip() for name in text.split(",") if name.strip()]
    wrong = [name for name in names if name.lower() == NOBODY]
    if wrong or len(names) > _MOST_USERS:
        raise ReviewError(
            f"{len(names)} reviewers were named.",
            first=wrong[0] if wrong else names[_MOST_USERS],
            rule=f"At most {_MOST_USERS} names; 'default' is MLflow's name for nobody.",
            fix="Make a second queue for the others.",
        )
    return names
