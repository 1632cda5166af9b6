"""Every design that was weighed for the matcher of titles; docs/titles.md holds the table.

    python benchmarks/title_designs.py                        all designs, some 15 minutes on one core
    python benchmarks/title_designs.py --only spoken nearest  some of them

Figures are shares of titles whose first code is right, in %: US visa titles at 6 digits, minor and major
group; titles of the ILO's index at 4 digits and sub-major group. They are given for one half of each list and
for the other. Both were looked at while designs were chosen: neither is a held-out test.
"""

from __future__ import annotations

import argparse
import csv
import os
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from scipy import sparse

from occurisk.occupations.concordances import load_tables
from occurisk.occupations.titles import shipped
from occurisk.occupations.titles.build import KEPT_WEIGHTS, LISTED_SHARE, Entry, job_logits, merged
from occurisk.occupations.titles.cascade import TitleMatcher
from occurisk.occupations.titles.own_titles import shift_of
from occurisk.occupations.titles.softmax import quantised, train_softmax
from occurisk.occupations.titles.text import tokens
from occurisk.occupations.titles.text.normalise import normalise
from occurisk.occupations.titles.text.parts import spoken_form

PROJECT = Path(__file__).resolve().parents[1]
ORIGINALS = Path(os.environ.get("OCCURISK_ORIGINALS", PROJECT.parent / "shared" / "data"))
LISTS = ORIGINALS / "titles"
SMOOTHING, NEIGHBOURS = 0.1, 40
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
) -> Trained:
    """Train as the matcher that is shipped is trained."""
    names, made = tokens.tokenised([row.title for row in rows])
    places = {code: place for place, code in enumerate(codes)}
    y = np.array([places[row.code] for row in rows])
    weight = np.array([row.weight for row in rows], np.float32)
    W, b = train_softmax(weigh(made, names), tokens.token_matrix(names), y, weight, len(codes))
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
    """Softmax on titles as one would say them: the design that is shipped, before weights are cut."""
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
    """The same as int8, with the largest 1.55 million weights: as it is shipped."""
    model = _spoken(task)
    whole, scale = quantised(model.W, model.b, KEPT_WEIGHTS)
    cut = replace(model, W=(whole.astype(np.float32) @ sparse.diags(scale)).toarray())
    titles = [spoken_form(title) for title, _ in task.coded]
    return cut.logits(titles) + _moved(task), titles


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
        shipped_matcher, in_its_list, voted,
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
