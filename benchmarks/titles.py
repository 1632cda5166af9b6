"""How good, how sure and how fast the matching of titles is; docs/titles.md holds the figures.

    python benchmarks/titles.py                      all tables, some 10 minutes on one core
    python benchmarks/titles.py --only quality       or calibration, confirmed, polish, languages, speed
    python benchmarks/titles.py --only calibration --picture docs/img/titles_calibration.png
    python benchmarks/titles.py --list FILE --title T --code C     a list of yours: see title_lists.py

The lists are development halves, coded by hand. No word was learned from them. The confidence that is shipped
was learned on them; here it is learned on two thirds of each and shown on the third.
"""

from __future__ import annotations

import argparse
import itertools
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from occurisk.occupations.concordances import load_tables
from occurisk.occupations.titles.build import Entry, build_model
from occurisk.occupations.titles.cascade import TitleMatcher
from occurisk.occupations.titles.classifier import TitleModel
from occurisk.occupations.titles.confidence import confidence, held_out, seen_of
from occurisk.occupations.titles.own_titles import attuned, shift_of
from occurisk.occupations.titles.text.parts import spoken_form
from title_designs import LISTS, Coded, ilo_index, nearest, rows_of, soc, us_visa
from title_languages import languages
from title_lists import CONFIRMED, DRAWS, WANTED, answerable, draws_of, judged, run, worth

MANY = 1500
# Titles of the thesaurus stand side by side in a cell.
_OUTSIDE_BRACKETS = re.compile(r",\s*(?![^()]*\))")
DISTINCT, ROWS = 1_000_000, 1_000
# Seconds between two looks at the memory.
BETWEEN = 0.2
Array = np.ndarray


@dataclass(frozen=True)
class Tried:
    """A matcher on titles coded by hand.

    Attributes
    ----------
    name : str
    first, gold : list of str
        First code, answered or not, and that of the coder.
    stated : array, shape (n,)
        Confidence that the code is right; learned on other titles.
    cases : array, shape (n,)
        What each title weighs.
    digits : tuple of int
        Of a code that are compared.
    """

    name: str
    first: list[str]
    gold: list[str]
    stated: Array
    cases: Array
    digits: tuple[int, ...]

    @property
    def right(self) -> Array:
        """Whether the first code is right."""
        return np.array([one == other for one, other in zip(self.first, self.gold, strict=True)], float)

    def shares(self, weight: Array) -> list[float]:
        """Return right first codes in % of a weight, for each number of digits."""
        found = []
        for digits in self.digits:
            same = [a[:digits] == b[:digits] for a, b in zip(self.first, self.gold, strict=True)]
            found.append(100 * float(np.average(same, weights=weight)))
        return found


def on_others(model: TitleModel, coded: Coded) -> tuple[Array, list[str]]:
    """Return the confidence of each title, learned on the other two thirds of them, and the first codes."""
    titles = [spoken_form(title, model.head) for title, _ in coded]
    X, order = seen_of(model, titles, in_their_list(model, titles))
    first = [model.codes[place] for place in order[:, 0]]
    right = np.array([one == gold for one, (_, gold) in zip(first, coded, strict=True)], float)
    return held_out(model, titles, X, order[:, 0], right), first


def in_their_list(model: TitleModel, titles: list[str]) -> Array:
    """Return the scores of titles, with what they tell together: which codes are common among them."""
    return np.asarray(model.logits(titles) + shift_of(model, titles))


@lru_cache
def shipped() -> tuple[Tried, ...]:
    """Return the shipped matchers on US visa titles and on the ILO's index."""
    cases = np.array(
        [float(row["n_cases"]) for row in rows_of(LISTS / "dev" / "us_h2_visa_titles_soc2010_half.csv")]
    )
    found = []
    for name, system, coded, weight, digits in (
        ("US visa titles", "soc2010", us_visa(), cases, (7, 4, 2)),
        ("ILO index", "isco08", ilo_index(), None, (4, 2, 1)),
    ):
        stated, first = on_others(TitleMatcher.shipped(system).model, coded)
        gold = [code for _, code in coded]
        found.append(
            Tried(name, first, gold, stated, np.ones(len(gold)) if weight is None else weight, digits)
        )
    return tuple(found)


def quality() -> None:
    """Print how often the first code is right, and what can be answered at 80 and 90%."""
    print(
        "| list | right by titles, % | right by cases, % | answerable at 80%, % | at 90%, % |\n|---|---|---|---|---|"
    )
    for one in shipped():
        by_title, by_case = (
            " / ".join(f"{v:.1f}" for v in one.shares(w)) for w in (np.ones(len(one.gold)), one.cases)
        )
        c80, c90 = (answerable(one.stated, one.right, p) for p in (0.8, 0.9))
        print(f"| {one.name} | {by_title} | {by_case} | {c80:.1f} | {c90:.1f} |")
    print(
        "\n| list | answered with a code, % | of these right, % | with a group, % | of these right, % |\n|---|---|---|---|---|"
    )
    for name, system, coded, digits in (
        ("US visa titles", "soc2010", us_visa(), 4), ("ILO index", "isco08", ilo_index(), 2),
    ):  # fmt: skip
        titles = [title for title, _ in coded]
        answers = list(attuned(TitleMatcher.shipped(system), titles).answers(titles))
        pairs = list(zip(answers, (code for _, code in coded), strict=True))
        codes = [answer.code == gold for answer, gold in pairs if answer.level == "code"]
        groups = [answer.code[:digits] == gold[:digits] for answer, gold in pairs if answer.level == "group"]
        print(f"| {name} | {_of(codes, pairs)} | {_right(codes)} | {_of(groups, pairs)} | {_right(groups)} |")
    vacancies()
    kazakh()
    nonsense()


def vacancies() -> None:
    """Print how many Russian and English vacancies are answered, and how many answers can be defended."""
    rows = rows_of(LISTS / "dev" / "ru_vacancies_150_two_coders.csv")
    keys = ("isco08_a", "alt_a", "isco08_b", "alt_b")
    answers = list(TitleMatcher.shipped().answers([row["title"] for row in rows]))
    pairs = list(zip(answers, rows, strict=True))
    known = [
        (answer, {row[key] for key in keys if row[key]})
        for answer, row in pairs
        if row["isco08_a"] or row["isco08_b"]
    ]
    said = [(answer.code, codes) for answer, codes in known if answer.level == "code"]
    open_ones = [answer.level == "code" for answer, row in pairs if not (row["isco08_a"] or row["isco08_b"])]
    print(
        f"\n{len(known)} vacancies of Astana and Spassk that a coder could code: {_of(said, known)}% answered, "
        f"{_right([code in codes for code, codes in said])}% of them defensible, "
        f"{_right([code[:2] in {one[:2] for one in codes} for code, codes in said])}% at 2 digits; "
        f"of {len(open_ones)} that nobody could code, {sum(open_ones)} answered. The lexicon was mended on these; "
        f"its mean stated confidence is {100 * np.mean([a.confidence for a, _ in known if a.level == 'code']):.1f}%."
    )


def kazakh() -> None:
    """Print how good the Kazakh lexicon is on titles that were coded by someone who had not read it."""
    rows = rows_of(Path(__file__).with_name("kazakh_titles.csv"))
    pairs = list(zip(TitleMatcher.shipped().answers([row["title"] for row in rows]), rows, strict=True))
    known = [(answer, row) for answer, row in pairs if row["code"]]
    said = [
        answer.code in (row["code"], row["alternative"]) for answer, row in known if answer.level == "code"
    ]
    open_ones = [bool(answer.code) for answer, row in pairs if not row["code"]]
    print(
        f"{len(known)} Kazakh titles, written and coded by us without a look at the lexicon: {_of(said, known)}% answered "
        f"with a code, {_right(said)}% of them right (first or second choice); of {len(open_ones)} too general ones "
        f"{sum(open_ones)} answered. The lexicon has been mended since; its mean stated confidence is "
        f"{100 * np.mean([a.confidence for a, _ in known if a.level == 'code']):.1f}%."
    )


def nonsense() -> None:
    """Print how many titles that name no job are answered all the same: names, places, departments, things."""
    rows = rows_of(Path(__file__).with_name("nonsense_titles.csv"))
    answered, asked = Counter(), Counter()
    for system in ("isco08", "soc2010"):
        mine = [row for row in rows if system == "isco08" or row["language"] == "en"]
        titles = [row["title"] for row in mine]
        for row, one in zip(mine, TitleMatcher.shipped(system).answers(titles), strict=True):
            asked[row["language"], system] += 1
            answered[row["language"], system] += bool(one.code)
    told = (f"{answered[key]} of {n} ({key[0]}, {key[1]})" for key, n in asked.items())
    print(f"Titles that name no job, but are answered with a code or a group: {', '.join(told)}.")


def _of(some: Sequence[object], every: Sequence[object]) -> str:
    return f"{100 * len(some) / len(every):.1f}"


def _right(right: Sequence[bool]) -> str:
    return f"{100 * float(np.mean(right)):.1f}" if right else "–"


def calibration(picture: Path | None) -> None:
    """Print how often titles of a stated confidence are right; draw it."""
    tables = {}
    for one in shipped():
        place = np.minimum((one.stated * 10).astype(int), 9)
        table = pd.DataFrame({"stated": one.stated, "right": one.right, "place": place})
        tables[one.name] = table.groupby("place").agg(
            stated=("stated", "mean"), right=("right", "mean"), n=("right", "size")
        )
        error = float((tables[one.name].eval("abs(stated - right) * n")).sum() / len(one.gold))
        print(f"\n{one.name}: stated and right are {error:.3f} apart on average (expected calibration error)")
        print("| stated | right | titles |\n|---|---|---|")
        for row in tables[one.name].itertuples():
            print(f"| {row.stated:.2f} | {row.right:.2f} | {row.n} |")
    if picture:
        from occurisk.report.title_charts import calibration_figure

        calibration_figure(tables).savefig(picture, dpi=150, bbox_inches="tight")


def confirmed() -> None:
    """Print what a stated 80% is worth before and after 200 titles were confirmed, over many draws."""
    print(
        f"| confidence learned on → list | before | after {CONFIRMED} confirmed: mean | 5 to 95% of {DRAWS} draws | draws within 76–86% |"
    )
    print("|---|---|---|---|---|")
    for one in (*shipped(), *strange()):
        found = draws_of(one.stated, one.right)
        low, high = np.percentile(found, (5, 95))
        within = 100 * np.mean((found >= WANTED[0]) & (found <= WANTED[1]))
        print(
            f"| {one.name} | {worth(one.stated, one.right):.0f}% | {found.mean():.1f}% | {low:.0f}–{high:.0f}% | {within:.0f}% |"
        )


def strange() -> tuple[Tried, ...]:
    """Return a matcher whose confidence was learned from title lists alone: the Polish one."""
    with tempfile.TemporaryDirectory() as folder:
        model = build_model(Path(folder) / "isco08", polish_lists(), "isco08", {"sources": []})
    coded = polish_vacancies()
    titles = [spoken_form(title, model.head) for title, _ in coded]
    X, order = seen_of(model, titles, in_their_list(model, titles))
    first = [model.codes[place] for place in order[:, 0]]
    stated = confidence(model.confidence["code"], X, order[:, 0])
    gold = [code for _, code in coded]
    return (
        Tried("title lists alone → Polish vacancies", first, gold, stated, np.ones(len(gold)), (4, 2, 1)),
    )


def polish_lists() -> list[Entry]:
    """Return the Polish lists: KZiS with its titles, the thesaurus of GUS, the names of ISCO's units."""
    entries = [
        Entry(row["name"], row["code"].zfill(6)[:4], 2.0, row=row["code"])
        for row in rows_of(LISTS / "pl_kzis-official-2023.csv")
    ]
    for row in rows_of(LISTS / "pl_gus-thesaurus.csv"):
        code = row["code"].zfill(6)
        entries += [Entry(title, code[:4], row=row["code"]) for title in _OUTSIDE_BRACKETS.split(row["desc"])]
    for row in rows_of(LISTS / "pl_esco-kzis-selected.csv"):
        if row["var"].endswith(("_name", "_names")):
            code = row["code"].zfill(6)
            entries += [Entry(title, code[:4], row=row["code"]) for title in row["desc"].split(";")]
    units = (row for row in rows_of(LISTS / "isco08_group_titles_27langs.csv") if len(row["code"]) == 4)
    return [*entries, *(Entry(row["pl"], row["code"], row=row["code"]) for row in units)]


def with_esco() -> list[Entry]:
    """Return the same with ESCO's Polish labels: its codes are ISCO's, which KZiS does not follow everywhere."""
    return polish_lists() + [
        Entry(title, row["iscoGroup"].zfill(4))
        for row in rows_of(LISTS / "esco108_pl.csv")
        for title in (row["preferredLabel"], *row["altLabels"].splitlines())
    ]


def polish_vacancies() -> Coded:
    """Return Polish vacancies of the development half."""
    rows = rows_of(LISTS / "dev" / "pl_vacancies_10k_hand_coded_half.csv")
    return [(row["job_title"], row["isco08"].zfill(4)) for row in rows]


def polish() -> None:
    """Print what a matcher built from the Polish lists knows, without and with confirmed vacancies."""
    coded, entries = polish_vacancies(), polish_lists()
    order = np.random.default_rng(0).permutation(len(coded))
    known, rest = [coded[row] for row in order[:MANY]], [coded[row] for row in order[MANY:]]
    rest = [
        (title, code) for title, code in rest if code in load_tables().titles["isco08"]
    ]  # some are of KZiS only
    table = pa.table({"title": [title for title, _ in rest], "code": [code for _, code in rest]})
    print(
        "| built from | titles | seconds of processor time | right, % (4 / 2 / 1 digits) | answerable at 80%, % "
        "| answered with a code, % | of these right, % |\n|---|---|---|---|---|---|---|"
    )
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, learned, confirmed_titles) in enumerate(
            (
                ("lists, and ESCO's Polish labels", with_esco(), []),
                ("lists", entries, []),
                (f"lists and {MANY:,} confirmed vacancies", entries, known),
            )
        ):
            started, path = time.process_time(), Path(folder) / str(number) / "isco08"
            model = build_model(path, learned, "isco08", {"sources": []}, confirmed=confirmed_titles)
            seconds = time.process_time() - started
            found = judged(table, "title", ["code"], None, replace(TitleMatcher.shipped(), model_path=path))
            right, said = found.right(4), found.said
            print(
                f"| {name} | {len(model.listed):,} | {seconds:.0f} | {found.shares} | {answerable(found.stated, right, 0.8):.1f} "
                f"| {100 * said.mean():.1f} | {100 * right[said].mean():.1f} |",
                flush=True,
            )
    experts()


def experts() -> None:
    """Print on how many of 100 Polish vacancies three experts agree, pair by pair."""
    rows = rows_of(LISTS / "dev" / "pl_hand_coded_100_three_coders.csv")
    shares = []
    for one, other in itertools.combinations(("kod_zawodu1", "kod_zawodu2", "kod_zawodu3"), 2):
        both = [(row[one][:4], row[other][:4]) for row in rows if row[one] and row[other]]
        shares.append(100 * float(np.mean([a == b for a, b in both])))
    print(
        "\nThree experts on 100 of the vacancies agree pairwise on "
        + ", ".join(f"{v:.0f}%" for v in shares)
        + " at 4 digits."
    )


def speed(distinct: int) -> None:
    """Print seconds and memory of many distinct titles, of a short list, and of the peer."""
    command = [sys.executable, str(Path(__file__)), "--answer", str(distinct)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as run:
        together = 0.0
        while run.poll() is None:
            together = max(together, memory_of(run.pid))
            time.sleep(BETWEEN)
        assert run.stdout is not None
        seconds, work = map(float, run.stdout.read().split())
    if run.returncode:
        raise SystemExit("the titles were not answered")
    print(
        f"{distinct:,} distinct titles: {seconds:.0f} s, {work:.0f} s of processor time, "
        f"at most {together:.2f} GiB in all processes together"
    )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "staff.csv"
        pd.DataFrame({"job_title": [title for title, _ in us_visa()[:ROWS]]}).to_csv(path, index=False)
        before, started = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime, time.perf_counter()
        score = ["score", str(path), "--out", f"{folder}/out", "--no-track"]
        subprocess.run([sys.executable, "-m", "occurisk", *score], check=True, capture_output=True)
        work = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
        print(
            f"occurisk score on {ROWS:,} titles: {time.perf_counter() - started:.1f} s, {work:.1f} s of processor time"
        )
    started = time.process_time()
    nearest(soc())
    print(
        f"Peer, TF-IDF nearest neighbour: {len(us_visa()):,} titles in {time.process_time() - started:.0f} s of processor time"
    )


def memory_of(process: int) -> float:
    """Return the memory of a process and of those that it started, in GiB; what they share counts once."""
    try:
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:  # it has just ended
        return 0.0
    own = sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 2**20
    return own + sum(memory_of(int(child)) for child in children)


def answer(distinct: int) -> None:
    """Answer titles and print seconds and processor time: a process of its own for `speed`."""
    matcher, titles = TitleMatcher.shipped("soc2010"), many(distinct)
    before, started = time.process_time(), time.perf_counter()
    sum(bool(one.code) for one in matcher.answers(titles))
    seconds = time.perf_counter() - started
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    work = time.process_time() - before + both[1].ru_utime + both[1].ru_stime
    print(seconds, work)


def many(n: int) -> list[str]:
    """Return distinct titles as lists hold them: words of O*NET's titles, put together anew."""
    random = np.random.default_rng(0)
    known = TitleMatcher.shipped("soc2010").model.listed
    found: dict[str, None] = {}
    while len(found) < n:
        places = random.integers(len(known), size=(2, n))
        found |= dict.fromkeys(f"{known[a]} {known[b].split()[0]}" for a, b in places.T)
    return list(found)[:n]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = ("quality", "calibration", "confirmed", "polish", "languages", "speed")
    parser.add_argument("--only", choices=names)
    parser.add_argument("--picture", type=Path)
    parser.add_argument("--distinct", type=int, default=DISTINCT, help="Titles of `speed`.")
    parser.add_argument("--answer", type=int, help=argparse.SUPPRESS)
    own = parser.add_argument_group("a list of yours", "All figures on it; see benchmarks/title_lists.py.")
    own.add_argument("--list", type=Path, help="Any format; headers in the first row.")
    own.add_argument("--title", help="Column of titles.")
    own.add_argument("--code", help="Column of codes; of several, apart by commas, any is right.")
    own.add_argument("--cases", help="Column of what a title weighs.")
    own.add_argument("--system", choices=("isco08", "soc2010"), default="isco08", help="Of the codes.")
    own.add_argument("--where", metavar="NAME=VALUE", help="Only these rows, such as language=de.")
    own.add_argument("--learn", help="Lists to build a matcher from, apart by commas; `polish` is ours.")
    own.add_argument("--learn-title", default="preferredLabel,altLabels", help="Their columns of titles.")
    own.add_argument("--learn-code", default="iscoGroup", help="Their column of codes.")
    own.add_argument("--confirm", type=int, default=0, help="Titles of the list that --learn knows, too.")
    chosen = parser.parse_args()
    if chosen.list:
        run(chosen, {"polish": polish_lists})
        return
    if chosen.answer:
        answer(chosen.answer)
        return
    for name in names:
        if chosen.only not in (None, name):
            continue
        print(f"\n## {name}")
        if name == "calibration":
            calibration(chosen.picture)
        elif name == "speed":
            speed(chosen.distinct)
        else:
            {"quality": quality, "confirmed": confirmed, "polish": polish, "languages": languages}[name]()
    print(f"\nMemory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2f} GiB")


if __name__ == "__main__":
    main()
