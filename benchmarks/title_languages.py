"""How good matchers are that are built from ESCO's labels of a language alone, on titles of other lists.

    python benchmarks/titles.py --only languages

ESCO's labels carry ISCO-08 units; the judged titles come from elsewhere: the official names of ISCO's units
in each language, and for German the titles of AuxCO, which people coded. AuxCO's codes and ESCO's differ:
how often is printed, too. For German and French a fifth of ESCO's jobs is held out, with all their labels:
titles of jobs that the list does not know at all.
"""

from __future__ import annotations

import tempfile
import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from occurisk.occupations.titles.build import Entry, build_model
from occurisk.occupations.titles.cascade import TitleMatcher
from occurisk.occupations.titles.text.parts import spoken_form
from title_designs import LISTS, rows_of
from title_lists import DIGITS, answerable, judged

LANGUAGES = {"de": "German", "fr": "French", "es": "Spanish", "it": "Italian", "bg": "Bulgarian"}
HELD_OUT, OF_JOBS = 5, ("de", "fr")


def labels(language: str, held: bool | None = None) -> list[Entry]:
    """Return ESCO's labels of a language with ISCO-08 units: all, of jobs held out, or of the others."""
    return [
        Entry(title, row["iscoGroup"].zfill(4), row=row["conceptUri"])
        for row in rows_of(LISTS / f"esco108_{language}.csv")
        if held is None or held == (zlib.crc32(row["conceptUri"].encode()) % HELD_OUT == 0)
        for title in (row["preferredLabel"], *row["altLabels"].splitlines())
        if title.strip()
    ]


def unit_names(language: str) -> dict[str, set[str]]:
    """Return the official names of ISCO's units, with their codes."""
    rows = rows_of(LISTS / "isco08_group_titles_27langs.csv")
    return {row[language]: {row["code"]} for row in rows if len(row["code"]) == 4}


def auxco() -> dict[str, set[str]]:
    """Return the German titles of AuxCO; of several units any is right."""
    rows = rows_of(LISTS / "de_auxco_mapping_from_isco.csv")
    return _together(
        (row["auxco_title"], row["isco_id"].zfill(4)) for row in rows if row["isco_id"].isdigit()
    )


def _together(pairs: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    codes: dict[str, set[str]] = defaultdict(set)
    for title, code in pairs:
        codes[title].add(code)
    return dict(codes)


def languages() -> None:
    """Print how good matchers of other languages are."""
    print(
        "| built from ESCO's labels → titles | learned | judged | right, % (4 / 2 / 1 digits) | answerable at 80%, % "
        "| answered with a code, % | of these right, % (4 / 2 digits) |\n|---|---|---|---|---|---|---|"
    )
    with tempfile.TemporaryDirectory() as folder:
        for language, name in LANGUAGES.items():
            matcher = _built(Path(folder) / language / "isco08", labels(language))
            if language == "de":
                _row(f"{name} → AuxCO's titles", matcher, auxco())
                same, both = agreeing(matcher, auxco())
            _row(f"{name} → names of ISCO's units", matcher, unit_names(language))
        for language in OF_JOBS:
            matcher = _built(Path(folder) / f"{language}_rest" / "isco08", labels(language, held=False))
            held = _together((one.title, one.code) for one in labels(language, held=True))
            _row(f"{LANGUAGES[language]}, four fifths of the jobs → titles of the other jobs", matcher, held)
    print(
        f"\n{both} of AuxCO's titles stand in ESCO's German labels under one code; {same / both:.0%} have it in AuxCO, too."
    )


def agreeing(matcher: TitleMatcher, titles: Mapping[str, set[str]]) -> tuple[int, int]:
    """Return how many titles have the code under which alone the learned lists have them, and how many they have."""
    model = matcher.model
    places = {title: model.exact.get(spoken_form(title, model.head), ()) for title in titles}
    listed = {title: model.codes[some[0]] for title, some in places.items() if len(some) == 1}
    return sum(code in titles[title] for title, code in listed.items()), len(listed)


def _built(path: Path, entries: list[Entry]) -> TitleMatcher:
    build_model(path, entries, "isco08", {"sources": []})
    return replace(TitleMatcher.shipped(), model_path=path)


def _row(name: str, matcher: TitleMatcher, titles: Mapping[str, set[str]]) -> None:
    table = pa.table({"title": list(titles), "code": [";".join(sorted(codes)) for codes in titles.values()]})
    found = judged(table, "title", ["code"], None, matcher)
    said = found.said
    right = [found.right(digits)[said].mean() if said.any() else np.nan for digits in DIGITS["isco08"][:2]]
    c80 = answerable(found.stated, found.right(4), 0.8)
    print(
        f"| {name} | {len(matcher.model.listed):,} | {len(titles):,} | {found.shares} | {c80:.1f} | {100 * said.mean():.1f} "
        f"| {100 * right[0]:.1f} / {100 * right[1]:.1f} |",
        flush=True,
    )
