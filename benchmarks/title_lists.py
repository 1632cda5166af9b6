"""Every figure of the matching of titles on anybody's list of titles with the codes that people gave them.

    python benchmarks/titles.py --list us.csv --title job_title --code soc --cases n_cases --system soc2010
    python benchmarks/titles.py --list index.csv --title title --code isco08
    python benchmarks/titles.py --list vacancies.csv --title title --code isco08_a,alt_a,isco08_b,alt_b
    python benchmarks/titles.py --list pl.csv --title job_title --code isco08 --learn polish --confirm 1500
    python benchmarks/titles.py --list melo.tsv --title title --code esco --where language=de \
        --learn esco108_de.csv --learn-title preferredLabel,altLabels --learn-code iscoGroup

Of several columns of codes, or several codes in a cell, any is right: the first or second choice of either
coder. A cell holds codes of ISCO-08 or SOC, codes of ESCO such as 2512.4, addresses of ESCO's concepts, or
ESCO's labels. A row without a code is a title that nobody could code: such a title should not be answered.
"""

from __future__ import annotations

import argparse
import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa

from occurisk.occupations.concordances import load_tables
from occurisk.occupations.titles.build import Entry, build_model
from occurisk.occupations.titles.cascade import Answer, TitleMatcher
from occurisk.occupations.titles.confidence import earned, recalibrated
from occurisk.occupations.titles.own_titles import attuned
from occurisk.occupations.titles.text.normalise import normalise
from occurisk.registry.opening import open_registry
from title_designs import LISTS, rows_of

Array = np.ndarray
DIGITS = {"soc2010": (7, 4, 2), "isco08": (4, 2, 1)}
LEVELS = {
    "soc2010": ("6 digits", "minor group", "major group"),
    "isco08": ("4 digits", "2 digits", "1 digit"),
}
PRECISIONS, STATED, WANTED = (0.8, 0.9), 0.8, (76, 86)
DRAWS, CONFIRMED = 200, 200
_SOC, _ISCO = re.compile(r"\b\d\d-\d{4}\b"), re.compile(r"\bC?(\d{4})(?:\d\d)?(?:\.\d+)*\b")
_ADDRESS = re.compile(r"https?://[^\s;,|\"']+")


@dataclass(frozen=True)
class Judged:
    """Answers to titles, and what people say.

    Attributes
    ----------
    system : str
    answers : list of Answer
    gold : list of frozenset of str
        Codes that are right; empty where nobody could code.
    cases : array, shape (n,)
        What each title weighs.
    """

    system: str
    answers: list[Answer]
    gold: list[frozenset[str]]
    cases: Array

    def part(self, chosen: Array) -> Judged:
        """Return some of the titles."""
        return replace(
            self,
            answers=[self.answers[i] for i in chosen],
            gold=[self.gold[i] for i in chosen],
            cases=self.cases[chosen],
        )

    @property
    def first(self) -> list[str]:
        """The best code of each title, answered or not; empty without any."""
        return [answer.candidates[0][0] if answer.candidates else "" for answer in self.answers]

    @property
    def stated(self) -> Array:
        """Confidence that the first code is right."""
        return np.array([a.confidence if a.level == "code" else _first_weight(a) for a in self.answers])

    @property
    def said(self) -> Array:
        """Whether a title was answered with a code."""
        return np.array([answer.level == "code" for answer in self.answers])

    @property
    def shares(self) -> str:
        """Right first codes in %, for each number of digits."""
        return " / ".join(f"{100 * self.right(digits).mean():.1f}" for digits in DIGITS[self.system])

    def right(self, digits: int) -> Array:
        """Whether the first code is right, to so many characters."""
        return np.array([
            bool(code) and code[:digits] in {one[:digits] for one in gold}
            for code, gold in zip(self.first, self.gold, strict=True)
        ], float)  # fmt: skip


def _first_weight(answer: Answer) -> float:
    return answer.candidates[0][1] if answer.candidates else 0.0


def judged(
    table: pa.Table, title: str, codes: Sequence[str], cases: str | None, matcher: TitleMatcher
) -> Judged:
    """Answer the titles of a table, and read what people say of them.

    Parameters
    ----------
    table : Table
        All cells as text.
    title : str
        Column of titles.
    codes : sequence of str
        Columns of codes.
    cases : str, optional
        Column of what each title weighs.
    matcher : TitleMatcher
    """
    titles = [cell or "" for cell in table.column(title).to_pylist()]
    learned = frozenset(matcher.model.codes)
    columns = [table.column(name).to_pylist() for name in codes]
    gold = [
        frozenset(code for cell in cells for code in codes_of(cell or "", matcher.system, learned))
        for cells in zip(*columns, strict=True)
    ]
    unread = [
        cells
        for cells, found in zip(zip(*columns, strict=True), gold, strict=True)
        if any(cells) and not found
    ]
    if unread:
        print(f"{len(unread)} of {len(gold)} rows have no code of {matcher.system}; first: {unread[0]}")
    weight = [float(cell or 0) for cell in table.column(cases).to_pylist()] if cases else [1.0] * len(titles)
    kept = [row for row, cells in enumerate(zip(*columns, strict=True)) if gold[row] or not any(cells)]
    asked = [titles[row] for row in kept]
    answers = list(attuned(matcher, asked).answers(asked))
    return Judged(matcher.system, answers, [gold[row] for row in kept], np.array(weight)[kept])


def codes_of(cell: str, system: str, more: frozenset[str] = frozenset()) -> list[str]:
    """Return the codes that a cell holds: of the system, of `more`, such as national ones, or of ESCO."""
    known = _known(system) | more
    if system == "soc2010":
        return [code for code in _SOC.findall(cell) if code in known]
    if found := _ADDRESS.findall(cell):
        return [code for one in found for code in _esco().get(one.rstrip("/").lower(), ())]
    if cell.strip().isdigit() and len(cell.strip()) < 4:
        cell = cell.strip().zfill(4)  # 110 is 0110, the zero lost in a spreadsheet
    if found := [code for code in _ISCO.findall(cell) if code in known]:
        return found
    return [code for label in re.split(r"[;|\n]", cell) for code in _esco().get(normalise(label), ())]


@lru_cache(maxsize=2)
def _known(system: str) -> frozenset[str]:
    return frozenset(load_tables().titles[system])


@lru_cache(maxsize=1)
def _esco() -> dict[str, tuple[str, ...]]:
    """Address or label of an ESCO occupation -> its ISCO-08 units."""
    found: dict[str, tuple[str, ...]] = {}
    for path in sorted(LISTS.glob("esco108_??.csv")):
        for row in rows_of(path):
            unit = row["iscoGroup"].zfill(4)
            for name in (row["conceptUri"].lower(), normalise(row["preferredLabel"])):
                found[name] = (*found.get(name, ()), unit)
    return {name: tuple(dict.fromkeys(units)) for name, units in found.items()}


def answerable(stated: Array, right: Array, precision: float) -> float:
    """Return the share of titles, in %, that can be answered at a precision, surest first."""
    order = np.argsort(-stated, kind="stable")
    enough = np.flatnonzero(np.cumsum(right[order]) / np.arange(1, len(order) + 1) >= precision)
    return 100 * (enough[-1] + 1) / len(order) if len(enough) else 0.0


def after_confirming(stated: Array, right: Array, chosen: Array) -> float:
    """Return how often the answers are right whose mean confidence is 80%, after some titles were confirmed.

    Parameters
    ----------
    stated, right : array, shape (n,)
    chosen : int array
        Rows that are confirmed; the others are judged.
    """
    low, slope = recalibrated(stated[chosen], right[chosen])
    rest = np.setdiff1d(np.arange(len(right)), chosen)
    return worth(earned(stated[rest], low, slope), right[rest])


def worth(stated: Array, right: Array) -> float:
    """Return how often titles are right, in %, that are answered so that their mean confidence is 80%."""
    order = np.argsort(-stated, kind="stable")
    n = int((np.cumsum(stated[order]) / np.arange(1, len(order) + 1) >= STATED).sum())
    return 100 * float(right[order[:n]].mean()) if n else float("nan")


def draws_of(stated: Array, right: Array) -> Array:
    """Return what 80% is worth after confirming, for many draws of the titles that are confirmed."""
    return np.array([
        after_confirming(
            stated, right, np.random.default_rng(seed).choice(len(right), CONFIRMED, replace=False)
        )
        for seed in range(DRAWS)
    ])  # fmt: skip


def show(found: Judged) -> None:
    """Print all figures."""
    coded = np.array([bool(gold) for gold in found.gold])
    people = found.part(np.flatnonzero(coded))
    n = len(people.gold)
    lines: list[tuple[str, str]] = []
    for weight, what in ((np.ones(n), "titles"), (people.cases, "cases")):
        if what == "titles" or len(set(people.cases.tolist())) > 1:
            shares = [float(np.average(people.right(d), weights=weight)) for d in DIGITS[found.system]]
            text = " / ".join(f"{100 * share:.1f}" for share in shares)
            lines.append(
                (
                    f"right by {what}, % ({' / '.join(LEVELS[found.system])})",
                    text + _within(shares[0], n, what),
                )
            )
    stated, right = people.stated, people.right(DIGITS[found.system][0])
    for precision in PRECISIONS:
        lines.append(
            (f"answerable at {precision:.0%}, % of titles", f"{answerable(stated, right, precision):.1f}")
        )
    lines += [*_answered(people), *_levels(people)]
    lines.append(("a stated 80% is worth, as it is shipped, %", f"{worth(stated, right):.1f}"))
    if n >= 2 * CONFIRMED:
        draws = draws_of(stated, right)
        within = 100 * np.mean((draws >= WANTED[0]) & (draws <= WANTED[1]))
        low, high = np.percentile(draws, (5, 95))
        said = f"{draws.mean():.1f}; 5 to 95% of draws {low:.0f}–{high:.0f}; "
        said += f"{within:.0f}% of them in {WANTED[0]}–{WANTED[1]}"
        lines.append((f"the same after {CONFIRMED} titles were confirmed, {DRAWS} draws, %", said))
    if not coded.all():
        nobody = found.part(np.flatnonzero(~coded))
        some = [bool(a.code) for a in nobody.answers]
        whole = [a.level == "code" for a in nobody.answers]
        lines.append((
            f"answered of {len(some)} titles that nobody could code, % (with a code / with a code or group)",
            f"{100 * float(np.mean(whole)):.1f} / {100 * float(np.mean(some)):.1f}",
        ))  # fmt: skip
    print(f"| {n:,} titles with a code | |\n|---|---|")
    for name, value in lines:
        print(f"| {name} | {value} |")


def _within(share: float, n: int, what: str) -> str:
    """Give the first share its 95% interval; cases of a few large titles have none that is worth its name."""
    return f" (the first ± {196 * (share * (1 - share) / n) ** 0.5:.1f})" if what == "titles" else ""


def _answered(people: Judged) -> list[tuple[str, str]]:
    pairs = [(a, gold) for a, gold in zip(people.answers, people.gold, strict=True) if a.level == "code"]
    first, second, _ = DIGITS[people.system]
    several = any(len(gold) > 1 for gold in people.gold)
    word = "defensible" if several else "right"
    rights = [
        [a.code[:digits] in {one[:digits] for one in gold} for a, gold in pairs] for digits in (first, second)
    ]
    return [
        ("answered with a code, %", f"{100 * len(pairs) / max(len(people.gold), 1):.1f}"),
        (f"of these {word}, % ({' / '.join(LEVELS[people.system][:2])})",
         " / ".join(f"{100 * float(np.mean(one)):.1f}" if one else "–" for one in rights)),
    ]  # fmt: skip


def _levels(people: Judged) -> list[tuple[str, str]]:
    digits = DIGITS[people.system][1]
    groups = [(a, gold) for a, gold in zip(people.answers, people.gold, strict=True) if a.level == "group"]
    right = [a.code[:digits] in {one[:digits] for one in gold} for a, gold in groups]
    return [
        ("answered with a group instead, %", f"{100 * len(groups) / max(len(people.gold), 1):.1f}"),
        ("of these right, %", f"{100 * float(np.mean(right)):.1f}" if right else "–"),
    ]


def read_table(path: Path, where: str | None = None) -> pa.Table:
    """Read a list of any format, all cells as text; of the rows those that `where` (NAME=VALUE) names."""
    table = pa.Table.from_batches(open_registry(path).batches())
    if where:
        name, _, value = where.partition("=")
        cells = table.column(name).to_pylist()
        table = table.filter(pa.array([cell == value for cell in cells]))
    return table


def learned_entries(path: Path, titles: Sequence[str], code: str, system: str) -> list[Entry]:
    """Return the titles of a list that a matcher is to be built from; several stand in lines of a cell."""
    table = read_table(path)
    codes = table.column(code).to_pylist()
    return [
        Entry(title, unit, row=str(row))
        for name in titles
        for row, (cell, text) in enumerate(zip(table.column(name).to_pylist(), codes, strict=True))
        for unit in codes_of(text or "", system)[:1]
        for title in (cell or "").splitlines()
        if title.strip()
    ]


def run(chosen: argparse.Namespace, lists: dict[str, Callable[[], list[Entry]]]) -> None:
    """Judge a matcher on a list; `lists` are those that go by a name."""
    table = read_table(chosen.list, chosen.where)
    codes = chosen.code.split(",")
    missing = {chosen.title, *codes, *filter(None, [chosen.cases])} - set(table.column_names)
    if missing:
        raise SystemExit(f"{chosen.list} has no column {sorted(missing)}; it has {table.column_names}.")
    with tempfile.TemporaryDirectory() as folder:
        matcher = TitleMatcher.shipped(chosen.system)
        if chosen.learn:
            entries: list[Entry] = []
            for name in chosen.learn.split(","):
                entries += lists[name]() if name in lists else learned_entries(
                    _found(name), chosen.learn_title.split(","), chosen.learn_code, chosen.system
                )  # fmt: skip
            table, known = _confirmed(table, chosen, codes, frozenset(entry.code for entry in entries))
            path = Path(folder) / chosen.system
            model = build_model(path, entries, chosen.system, {"sources": []}, confirmed=known)
            print(f"Built from {len(model.listed):,} titles, {len(known):,} of them confirmed.")
            matcher = replace(matcher, model_path=path)
        show(judged(table, chosen.title, codes, chosen.cases, matcher))


def _found(name: str) -> Path:
    return Path(name) if Path(name).exists() else LISTS / name


def _confirmed(
    table: pa.Table, chosen: argparse.Namespace, codes: list[str], learned: frozenset[str]
) -> tuple[pa.Table, list[tuple[str, str]]]:
    """Take titles out of a list, as confirmed ones; return the rest, and them."""
    order = np.random.default_rng(0).permutation(len(table))
    some = table.take(pa.array(order[: chosen.confirm]))
    pairs = zip(some.column(chosen.title).to_pylist(), some.column(codes[0]).to_pylist(), strict=True)
    known = [
        (title or "", found[0])
        for title, cell in pairs
        if (found := codes_of(cell or "", chosen.system, learned))
    ]
    return table.take(pa.array(np.sort(order[chosen.confirm :]))), known
