"""Every design that was weighed for the matcher of titles; docs/titles.md holds the table.

    python benchmarks/title_designs.py                        all designs, some 20 minutes on one core
    python benchmarks/title_designs.py --only spoken nearest  some of them

Figures are shares of titles whose first code is right, in %: US visa titles at 6 digits, minor and major
group; titles of the ILO's index at 4 digits and sub-major group. They are given for one half of each list and
for the other. Both were looked at while designs were chosen: neither is a held-out test.
"""

from __future__ import annotations

import argparse
import csv
import os
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from scipy import sparse

from occurisk.occupations.concordances import load_tables
from occurisk.occupations.titles import shipped
from occurisk.occupations.titles.build import (
    GROUP_DIGITS,
    KEPT_WEIGHTS,
    LISTED_SHARE,
    Entry,
    evidence,
    in_numbers,
    job_logits,
    merged,
)
from occurisk.occupations.titles.cascade import TitleMatcher
from occurisk.occupations.titles.classifier import FIRST_DIGITS, GROUP
from occurisk.occupations.titles.learned.packing import from_sizes, in_sizes, largest
from occurisk.occupations.titles.learned.softmax import probabilities, train_softmax
from occurisk.occupations.titles.own_titles import shift_of
from occurisk.occupations.titles.text import tokens
from occurisk.occupations.titles.text.normalise import normalise
from occurisk.occupations.titles.text.parts import spoken_form

PROJECT = Path(__file__).resolve().parents[1]
ORIGINALS = Path(os.environ.get("OCCURISK_ORIGINALS", PROJECT.parent / "shared" / "data"))
LISTS = ORIGINALS / "titles"
SMOOTHING, NEIGHBOURS, TOLD = 0.1, 40, 0.3
SHORTEST_SPELT, LETTERS = 5, "abcdefghijklmnopqrstuvwxyz"
ENDING = re.compile(r"(?<=....)(?:er|or|ing|ist|man|woman|person|ment|ion|ed|ry|e|y)$")
Array = np.ndarray
Coded = list[tuple[str, str]]


@dataclass(frozen=True)
class Task:
    """A list to learn from, and titles coded by hand: `digits` of a code are compared."""

    name: str
    entries: list[Entry]
    coded: Coded
    digits: tuple[int, ...]

    @property
    def codes(self) -> list[str]:
        """The classes."""
        return sorted({entry.code for entry in self.entries})

    @property
    def group_digits(self) -> int:
        """Characters of a code that name its group."""
        return GROUP_DIGITS["soc2010" if self.name == "US" else "isco08"]


def us_visa() -> Coded:
    """Return US visa titles of the development half with SOC 2010 codes."""
    return [(row["job_title"], row["soc"][:7]) for row in rows_of(LISTS / shipped.VISA)]


def ilo_index() -> Coded:
    """Return every second title of the ILO's index: those that the confidence was not learned from."""
    return [(row["title"], row["isco08"].zfill(4)) for row in rows_of(LISTS / shipped.INDEX)][1::2]


def rows_of(path: Path) -> list[dict[str, str]]:
    """Read a CSV."""
    with open(path, encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


@lru_cache
def soc() -> Task:
    """O*NET's titles, tried on US visa titles."""
    return Task("US", shipped.soc_entries(LISTS), us_visa(), (7, 4, 2))


@lru_cache
def isco() -> Task:
    """ESCO's titles with O*NET's carried over, tried on the ILO's index."""
    return Task("ILO", shipped.isco_entries(LISTS), ilo_index(), (4, 2))


def as_written(title: str) -> str:
    """A title without its brackets, in the order of its words."""
    return normalise(shipped.BRACKETS.sub("", title))


def kept(entries: Iterable[Entry], form: Callable[[str], str]) -> list[Entry]:
    """Return entries in a form; the heaviest of the same title and code."""
    found: dict[tuple[str, str], Entry] = {}
    for entry in entries:
        title = form(entry.title)
        if title and found.get((title, entry.code), entry).weight <= entry.weight:
            found[title, entry.code] = replace(entry, title=title)
    return [found[key] for key in sorted(found)]


@dataclass(frozen=True)
class Trained:
    """Weights, and how titles are brought to tokens."""

    codes: list[str]
    W: Array
    b: Array
    weigh: Callable[[sparse.csr_matrix, list[str]], sparse.csr_matrix]

    def logits(self, titles: Sequence[str]) -> Array:
        """Return scores, shape (n_titles, n_codes)."""
        names, made = tokens.tokenised(titles)
        return np.asarray(self.weigh(made, names) @ (tokens.token_matrix(names) @ self.W) + self.b)


def trained(
    rows: list[Entry],
    codes: list[str],
    weigh: Callable[[sparse.csr_matrix, list[str]], sparse.csr_matrix] = lambda made, names: made,
    seed: int = 0,
) -> Trained:
    """Train as the matcher that is shipped is trained."""
    names, made = tokens.tokenised([row.title for row in rows])
    places = {code: place for place, code in enumerate(codes)}
    y = np.array([places[row.code] for row in rows])
    weight = np.array([row.weight for row in rows], np.float32)
    W, b = train_softmax(weigh(made, names), tokens.token_matrix(names), y, weight, len(codes), seed)
    return Trained(codes, W, b, weigh)


def shares(task: Task, scores: Array, titles: Sequence[str]) -> list[str]:
    """Return right first codes in % of each half, for each number of digits; no score is wrong."""
    first = [
        task.codes[place] if some else "" for place, some in zip(scores.argmax(1), scores.any(1), strict=True)
    ]
    half = np.array([zlib.crc32(title.encode()) % 2 == 0 for title in titles])
    found = []
    for digits in task.digits:
        right = np.array(
            [one[:digits] == gold[:digits] for one, (_, gold) in zip(first, task.coded, strict=True)]
        )
        found.append(f"{100 * right[half].mean():.1f} / {100 * right[~half].mean():.1f}")
    return found


def jobs_prior(codes: list[str]) -> Array:
    """Return what US jobs add to the score of each code."""
    return job_logits(codes, {code: float(n) for code, n in load_tables().employment.items()})


def similarity(rows: list[Entry], titles: Sequence[str]) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
    """Return TF-IDF vectors of listed titles and of others, over words and pieces, each of length one."""
    names, made = tokens.tokenised([*(row.title for row in rows), *titles])
    rarity = np.log(len(rows) / np.bincount(made.indices, minlength=len(names)).clip(1))
    X = (made @ sparse.diags(rarity) @ tokens.token_matrix(names)).tocsr()
    length = np.sqrt(np.asarray(X.multiply(X).sum(1))).ravel()
    X = sparse.diags(1 / np.where(length, length, 1)) @ X
    return X[: len(rows)], X[len(rows) :]


def neighbours(rows: list[Entry], codes: list[str], titles: Sequence[str], most: int) -> Array:
    """Return votes of the nearest listed titles, shape (n_titles, n_codes)."""
    listed, asked = similarity(rows, titles)
    places = {code: place for place, code in enumerate(codes)}
    y = np.array([places[row.code] for row in rows])
    weight = np.array([row.weight for row in rows])
    votes, turned = np.zeros((len(titles), len(codes)), np.float32), listed.T.tocsr()
    for start in range(0, len(titles), 200):
        near = (asked[start : start + 200] @ turned).toarray()
        for row, line in enumerate(near, start):
            best = np.argpartition(line, -most)[-most:]
            np.add.at(votes[row], y[best], weight[best] * line[best] ** 4)
    return votes


def exact(task: Task) -> tuple[Array, list[str]]:
    """A title that stands in the list under one code only."""
    places = {code: place for place, code in enumerate(task.codes)}
    found: dict[str, set[int]] = {}
    for row in kept(task.entries, as_written):
        found.setdefault(row.title, set()).add(places[row.code])
    titles = [as_written(title) for title, _ in task.coded]
    scores = np.zeros((len(titles), len(places)), np.float32)
    for row, title in enumerate(titles):
        if len(found.get(title, ())) == 1:
            scores[row, next(iter(found[title]))] = 1
    return scores, titles


def nearest(task: Task) -> tuple[Array, list[str]]:
    """The listed title that is nearest by TF-IDF of words and pieces."""
    titles = [as_written(title) for title, _ in task.coded]
    return neighbours(kept(task.entries, as_written), task.codes, titles, 1), titles


def written(task: Task) -> tuple[Array, list[str]]:
    """Softmax on titles as they are written, brackets left out."""
    titles = [as_written(title) for title, _ in task.coded]
    return trained(kept(task.entries, as_written), task.codes).logits(titles), titles


def spoken(task: Task) -> tuple[Array, list[str]]:
    """Softmax on titles as one would say them: as it is shipped, before weights are cut."""
    titles = [spoken_form(title) for title, _ in task.coded]
    return _spoken(task).logits(titles), titles


@lru_cache(maxsize=1)
def _model(name: str) -> Trained:
    task = soc() if name == "US" else isco()
    return trained(merged(task.entries), task.codes)


def _spoken(task: Task) -> Trained:
    return _model(task.name)


def both_systems(task: Task) -> tuple[Array, list[str]]:
    """The same as *spoken*, with ESCO's titles carried over to SOC; on the ILO's index it is *spoken*."""
    if task.name != "US":
        return spoken(task)
    first, isco_titles = _spoken(task), merged([*shipped.esco_entries(LISTS), *shipped._official("isco08")])
    places, concordance = {code: n for n, code in enumerate(task.codes)}, load_tables().pairs["isco08"]
    carried = []
    for start in range(0, len(isco_titles), 2000):
        part = isco_titles[start : start + 2000]
        for entry, row in zip(part, first.logits([one.title for one in part]), strict=True):
            choice = [code for code in concordance.get(entry.code, ()) if code in places]
            if choice:
                best = max(choice, key=lambda code: row[places[code]])
                weight = entry.weight * (0.6 if len(choice) == 1 else 0.4)
                carried.append(Entry(entry.title, best, weight, listed=False))
    titles = [spoken_form(title) for title, _ in task.coded]
    return trained(merged([*task.entries, *carried]), task.codes).logits(titles), titles


def prior(task: Task) -> tuple[Array, list[str]]:
    """The same; a code counts less for its listed titles, and US ones for their jobs."""
    scores, titles = spoken(task)
    return scores + _moved(task), titles


def _moved(task: Task) -> Array:
    jobs = jobs_prior(task.codes) if task.name == "US" else 0.0
    return (LISTED_SHARE - 1) * _spoken(task).b + jobs


def pruned(task: Task) -> tuple[Array, list[str]]:
    """The same with the largest two million weights, each in one of 16 sizes: as it is shipped."""
    titles = [spoken_form(title) for title, _ in task.coded]
    return _cut(task).logits(titles) + _moved(task), titles


def _cut(task: Task) -> Trained:
    model = _spoken(task)
    W = largest(model.W, KEPT_WEIGHTS)
    W.data = from_sizes(*in_sizes(W.data))
    return replace(model, W=W.toarray())


def grouped(task: Task) -> tuple[Array, list[str]]:
    """That with naive Bayes for first digits and groups of codes."""
    scores, titles = pruned(task)
    return scores + _said(task, merged(task.entries), titles), titles


def _said(task: Task, rows: list[Entry], titles: Sequence[str]) -> Array:
    table = evidence(rows, in_numbers(rows, tokens.LAST), task.codes, task.group_digits)
    names, made = tokens.tokenised(titles)
    said = (made @ (tokens.token_matrix(names) @ table)).toarray()
    (first, n_first), (group, _) = (_groups(task, n) for n in (task.group_digits // 2, task.group_digits))
    return np.asarray(FIRST_DIGITS * said[:, :n_first][:, first] + GROUP * said[:, n_first:][:, group])


def _groups(task: Task, length: int) -> tuple[Array, int]:
    names, group = np.unique([code[:length] for code in task.codes], return_inverse=True)
    return group, len(names)


def decided(task: Task) -> tuple[Array, list[str]]:
    """As *in_its_list*; half of the mass of its group, and of its first digits, counts for a code, too."""
    scores, titles = in_its_list(task)
    p = probabilities(scores)
    for digits in (task.group_digits // 2, task.group_digits):
        group, n = _groups(task, digits)
        p = p + (probabilities(scores) @ np.eye(n)[group])[:, group] / 2
    return p, titles


def three_seeds(task: Task) -> tuple[Array, list[str]]:
    """As *spoken*, the mean of three trainings, each in another order of titles."""
    titles = [spoken_form(title) for title, _ in task.coded]
    rows = merged(task.entries)
    models = [_spoken(task), *(trained(rows, task.codes, seed=seed) for seed in (1, 2))]
    return np.mean([model.logits(titles) for model in models], axis=0), titles


def sentences(task: Task) -> tuple[Array, list[str]]:
    """As *spoken*, O*NET's statements of tasks taught, too, as titles that count little."""
    if task.name != "US":
        return spoken(task)
    titles = [spoken_form(title) for title, _ in task.coded]
    model = trained([*merged(task.entries), *_tasks(task)], task.codes)
    # How many sentences a code has tells nothing of its titles.
    return model.logits(titles) - model.b + _spoken(task).b, titles


def tasks_evidence(task: Task) -> tuple[Array, list[str]]:
    """As *grouped*; O*NET's statements of tasks count in naive Bayes, too."""
    if task.name != "US":
        return grouped(task)
    scores, titles = pruned(task)
    return scores + _said(task, [*merged(task.entries), *_tasks(task)], titles), titles


def _tasks(task: Task) -> list[Entry]:
    codes_of = shipped._Targets(load_tables().pairs["onetsoc"], load_tables().pairs["soc2018"])
    found: list[Entry] = []
    for row in shipped._sheet(ORIGINALS / "onet_29_3" / "Task Statements.xlsx"):
        found += shipped._shared(normalise(row["Task"]), codes_of[row["O*NET-SOC Code"]], TOLD)
    known = set(task.codes)
    return [entry for entry in found if entry.code in known]


def stems(task: Task) -> tuple[Array, list[str]]:
    """As *spoken*, with the stem of each word, too: `harvesting`, `harvester`."""

    def both(
        token: str, columns: tuple[int, ...], values: tuple[float, ...]
    ) -> tuple[tuple[int, ...], tuple[float, ...]]:
        if tokens.PAIR_MARK in token or token.startswith(tokens.HEAD_MARK):
            return columns, values
        return (*columns, tokens._hash("s" + ENDING.sub("", token))), (*values, 1.0)

    return _with_columns(task, both)


def skips(task: Task) -> tuple[Array, list[str]]:
    """As *spoken*, with each word paired with the head word, too."""
    before = tokens.tokens_of

    def more(title: str, head: str = tokens.LAST) -> list[str]:
        words, found = title.split(), before(title, head)
        pairs = [f"{word}{tokens.PAIR_MARK}{tokens.head_word(words, head)}" for word in words[:-2]]
        return [*found, *(pair for pair in pairs if pair not in found)]

    tokens.tokens_of = more
    try:
        titles = [spoken_form(title) for title, _ in task.coded]
        return trained(merged(task.entries), task.codes).logits(titles), titles
    finally:
        tokens.tokens_of = before


def respelt(task: Task) -> tuple[Array, list[str]]:
    """As *shipped_matcher*; a word in no listed title is the commonest one that is a letter away."""
    model = TitleMatcher.shipped("soc2010" if task.name == "US" else "isco08").model
    titles = [spoken_form(title) for title, _ in task.coded]
    said = [" ".join(_spelt(word, model.word_counts) for word in title.split()) for title in titles]
    return model.logits(said), titles


def _spelt(word: str, known: Mapping[str, int]) -> str:
    if word in known or len(word) < SHORTEST_SPELT:
        return word
    parts = [(word[:cut], word[cut:]) for cut in range(1, len(word) + 1)]
    near = [start + end[1:] for start, end in parts if end]
    near += [start + end[1] + end[0] + end[2:] for start, end in parts if len(end) > 1]
    near += [start + letter + rest for start, end in parts for letter in LETTERS for rest in (end, end[1:])]
    found = [other for other in near if known.get(other, 0) > 1]
    return max(found, key=lambda other: (known[other], other)) if found else word


def voted(task: Task) -> tuple[Array, list[str]]:
    """The same, with the votes of the 40 nearest listed titles added: a hundred times slower."""
    scores, titles = prior(task)
    return scores + 2 * np.log(
        neighbours(merged(task.entries), task.codes, titles, NEIGHBOURS) + 0.05
    ), titles


def shipped_matcher(task: Task) -> tuple[Array, list[str]]:
    """That with listed titles that share words, from the files that are shipped: nothing is trained."""
    titles = [spoken_form(title) for title, _ in task.coded]
    return TitleMatcher.shipped("soc2010" if task.name == "US" else "isco08").model.logits(titles), titles


def in_its_list(task: Task) -> tuple[Array, list[str]]:
    """The same, moved towards the codes that are common in the list: as a list is matched."""
    model = TitleMatcher.shipped("soc2010" if task.name == "US" else "isco08").model
    scores, titles = shipped_matcher(task)
    return scores + shift_of(model, titles), titles


def words_only(task: Task) -> tuple[Array, list[str]]:
    """Softmax without pieces of words."""
    return _with_columns(task, lambda token, columns, values: (columns[:1], values[:1]))


def joined(task: Task) -> tuple[Array, list[str]]:
    """Softmax where two neighbours are one word, too: `farm worker`, `farmworker`."""

    def both(
        token: str, columns: tuple[int, ...], values: tuple[float, ...]
    ) -> tuple[tuple[int, ...], tuple[float, ...]]:
        if tokens.PAIR_MARK not in token:
            return columns, values
        return (*columns, tokens._hash("w" + token.replace(tokens.PAIR_MARK, ""))), (*values, 1.0)

    return _with_columns(task, both)


def _with_columns(
    task: Task, change: Callable[..., tuple[tuple[int, ...], tuple[float, ...]]]
) -> tuple[Array, list[str]]:
    before = tokens.columns_of
    tokens.columns_of = lru_cache(200_000)(lambda token: change(token, *before.__wrapped__(token)))
    tokens._square.cache_clear()
    try:
        titles = [spoken_form(title) for title, _ in task.coded]
        return trained(merged(task.entries), task.codes).logits(titles), titles
    finally:
        tokens.columns_of = before
        tokens._square.cache_clear()


def smoothed(task: Task) -> tuple[Array, list[str]]:
    """Softmax with smoothed labels: each title counts a tenth for a code drawn at random."""
    random, rows = np.random.default_rng(0), merged(task.entries)
    drawn = random.integers(len(task.codes), size=len(rows))
    noise = [
        replace(row, code=task.codes[place], weight=SMOOTHING * row.weight)
        for row, place in zip(rows, drawn, strict=True)
    ]
    titles = [spoken_form(title) for title, _ in task.coded]
    return trained([*rows, *noise], task.codes).logits(titles), titles


def rare_words(task: Task) -> tuple[Array, list[str]]:
    """Softmax with each token by the root of its inverse document frequency."""
    rows = merged(task.entries)
    counts = Counter(token for row in rows for token in tokens.tokens_of(row.title))

    def weigh(made: sparse.csr_matrix, names: list[str]) -> sparse.csr_matrix:
        rarity = np.sqrt(np.log((len(rows) + 1) / (1 + np.array([counts[name] for name in names]))))
        square = rarity**2 * np.array([tokens._square(name) for name in names])
        present = (made != 0).astype(np.float32)
        length = np.sqrt(present @ square)
        return (
            (sparse.diags(1 / np.where(length, length, 1)) @ present @ sparse.diags(rarity))
            .tocsr()
            .astype(np.float32)
        )

    titles = [spoken_form(title) for title, _ in task.coded]
    return trained(rows, task.codes, weigh).logits(titles), titles


def balanced(task: Task) -> tuple[Array, list[str]]:
    """Softmax where titles of codes with few titles count more."""
    rows = merged(task.entries)
    counts = Counter(row.code for row in rows)
    mean = len(rows) / len(counts)
    heavier = [replace(row, weight=row.weight * (mean / counts[row.code]) ** 0.3) for row in rows]
    titles = [spoken_form(title) for title, _ in task.coded]
    return trained(heavier, task.codes).logits(titles), titles


DESIGNS = {
    function.__name__: function
    for function in (
        exact, nearest, words_only, written, spoken, both_systems, joined, smoothed, rare_words,
        balanced, prior, pruned,
        grouped, shipped_matcher, in_its_list, decided, voted, three_seeds, sentences,
        tasks_evidence, stems, skips, respelt,
    )
}  # fmt: skip


def main() -> None:
    """Print the table, a row as soon as it is known."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="*", choices=DESIGNS, default=list(DESIGNS))
    parser.add_argument("--list", choices=("US", "ILO"), help="Both by default.")
    chosen = parser.parse_args()
    for task in (soc(), isco()):
        if chosen.list not in (None, task.name):
            continue
        print(
            f"\n| {task.name}: {len(task.coded):,} titles | "
            + " | ".join(f"{d} (one half / other)" for d in task.digits)
            + " |"
        )
        print("|---" * (1 + len(task.digits)) + "|")
        for name in chosen.only:
            said = (DESIGNS[name].__doc__ or "").rstrip(".")
            print(f"| {name}: {said} | " + " | ".join(shares(task, *DESIGNS[name](task))) + " |", flush=True)


if __name__ == "__main__":
    main()
