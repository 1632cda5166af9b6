"""How the matchers that occurisk ships are made from public lists: `occurisk titles build --originals DIR`.

Only lists whose licence allows it are learned from; `SOURCES` says which. Titles coded by hand that serve the
confidence teach nineteen figures each and no words.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from occurisk.errors import TitlesError
from occurisk.occupations.concordances import load_tables
from occurisk.occupations.names import TRANSLATED, occupation_names
from occurisk.occupations.titles.build import Entry, build_model, fitted, in_numbers, merged
from occurisk.occupations.titles.classifier import TitleModel
from occurisk.occupations.titles.text.tokens import LAST, token_matrix, tokenised

ONET, REPORTED = "onet_Alternate_Titles_2.xlsx", "onet_Sample_of_Reported_Titles.xlsx"
ESCO, INDEX, VISA = "esco108_en.csv", "isco08_index_en_ilo.csv", "dev/us_h2_visa_titles_soc2010_half.csv"
SOURCES = {
    ONET: "O*NET 29.3 alternate titles, US Department of Labor/ETA, CC BY 4.0",
    REPORTED: "O*NET 29.3 reported job titles, US Department of Labor/ETA, CC BY 4.0",
    ESCO: "ESCO 1.0.8 occupations, English labels, European Commission, CC BY 4.0: "
    "this service uses the ESCO classification of the European Commission",
    VISA: "US Department of Labor, H-2A and H-2B disclosure data, public domain: the confidence only",
    INDEX: "ILO, index of titles, ISCO-08, by attribution: every second title, the confidence only",
}
OURS = "official titles of ISCO-08 (ILO) and SOC 2010 (BLS); names in Russian and Kazakh of our own"
# Of the first matcher, which only tells between the units of one SOC code.
CARRIER_PASSES = 4
UNIT_DIGITS = 4
BRACKETS = re.compile(r"\s*\([^)]*\)")


def build_shipped(
    originals: Path, out: Path, say: Callable[[str], None] = lambda text: None
) -> list[TitleModel]:
    """Make `soc2010` and `isco08` anew from the original lists; the same lists give the same bytes.

    Parameters
    ----------
    originals : Path
        Folder of the lists that `SOURCES` names.
    out : Path
        Where the files go.
    say : callable
        Told of progress.
    """
    missing = [name for name in SOURCES if not (originals / name).is_file()]
    if missing:
        raise TitlesError(
            f"{len(missing)} of {len(SOURCES)} original lists are missing.",
            first=str(originals / missing[0]),
            fix="give the folder that holds them with --originals",
        )
    visa = [(row["job_title"], row["soc"][:7]) for row in _rows(originals / VISA)]
    index = [(row["title"], row["isco08"].zfill(4)) for row in _rows(originals / INDEX)][::2]
    say("SOC 2010 from O*NET's titles")
    about = _about(originals, (ONET, REPORTED, VISA))
    jobs = {code: float(n) for code, n in load_tables().employment.items()}
    first = build_model(out / "soc2010", soc_entries(originals), "soc2010", about, visa, jobs=jobs, say=say)
    say("ISCO-08 from ESCO's titles, O*NET's carried over")
    about = _about(originals, (ESCO, ONET, REPORTED, INDEX))
    second = build_model(out / "isco08", isco_entries(originals), "isco08", about, index, say=say)
    return [first, second]


def soc_entries(originals: Path) -> list[Entry]:
    """Return what the matcher of SOC 2010 learns: O*NET's titles and the official ones."""
    return [*onet_entries(originals), *_official("soc2010")]


def isco_entries(originals: Path) -> list[Entry]:
    """Return what the matcher of ISCO-08 learns: ESCO's, the official ones, our names, and O*NET's titles."""
    isco = [*esco_entries(originals), *_official("isco08"), *_translated()]
    return [*isco, *carried_over(list(onet_entries(originals)), isco)]


def onet_entries(originals: Path) -> Iterator[Entry]:
    """Yield O*NET's titles with SOC 2010 codes; a code that became several counts for each in part."""
    pairs = load_tables().pairs
    targets = _Targets(pairs["onetsoc"], pairs["soc2018"])
    for row in _sheet(originals / ONET):
        yield from _shared(row["Title"], targets[row["O*NET-SOC Code"]], 2.0)
        yield from _shared(BRACKETS.sub("", row["Alternate Title"]), targets[row["O*NET-SOC Code"]], 1.0)
        if row["Short Title"] not in ("n/a", ""):
            yield from _shared(row["Short Title"], targets[row["O*NET-SOC Code"]], 0.7)
    for row in _sheet(originals / REPORTED):
        yield from _shared(BRACKETS.sub("", row["Reported Job Title"]), targets[row["O*NET-SOC Code"]], 1.5)


class _Targets:
    """SOC 2010 codes of an O*NET-SOC code; a detail of later years goes by its SOC 2018 code."""

    def __init__(self, onet: dict[str, list[str]], soc2018: dict[str, list[str]]) -> None:
        self._onet, self._soc2018 = onet, soc2018

    def __getitem__(self, code: str) -> list[str]:
        return self._onet.get(code) or self._soc2018.get(code[:7], [])


def esco_entries(originals: Path) -> Iterator[Entry]:
    """Yield ESCO's labels with ISCO-08 unit groups."""
    for row in _rows(originals / ESCO):
        code = row["iscoGroup"].zfill(4)
        yield Entry(row["preferredLabel"], code, 1.5)
        for label in row["altLabels"].splitlines():
            yield Entry(label, code, 1.0)


def carried_over(onet: list[Entry], isco: list[Entry]) -> list[Entry]:
    """Give O*NET's titles an ISCO-08 unit: the only one of their SOC code, else the likeliest by its words.

    The likeliest is that of a first matcher learned from the ISCO lists, among the units of the code.
    """
    units: dict[str, list[str]] = defaultdict(list)
    for unit in sorted(_units()):
        for soc in load_tables().pairs["isco08"][unit]:
            units[soc].append(unit)
    rows = merged(isco)
    codes = sorted({row.code for row in rows})
    places = {code: place for place, code in enumerate(codes)}
    W, b = fitted(rows, in_numbers(rows, LAST), codes, LAST, CARRIER_PASSES, lambda text: None)
    carried = []
    titles = merged(onet)
    for start in range(0, len(titles), 5000):
        part = titles[start : start + 5000]
        tokens, made = tokenised([entry.title for entry in part])
        logits = made @ (token_matrix(tokens) @ W) + b
        for entry, row in zip(part, logits, strict=True):
            choice = [unit for unit in units[entry.code] if unit in places]
            if choice:
                best = max(choice, key=lambda unit: row[places[unit]])
                weight = entry.weight * (0.6 if len(choice) == 1 else 0.4)
                carried.append(Entry(entry.title, best, weight, listed=False))
    return carried


def _shared(title: str, codes: list[str], weight: float) -> Iterator[Entry]:
    for code in codes:
        yield Entry(title, code, weight / len(codes))


def _official(system: str) -> Iterator[Entry]:
    """Yield official titles of units, none of codes of other years."""
    pairs = load_tables().pairs
    units = _units() if system == "isco08" else {soc for socs in pairs["soc2018"].values() for soc in socs}
    for code, title in load_tables().titles[system].items():
        if code in units:
            yield Entry(title, code, 2.0)


def _units() -> set[str]:
    """Return the unit groups of ISCO-08; the concordance with SOC holds two groups of three digits, too."""
    return {code for code in load_tables().pairs["isco08"] if len(code) == UNIT_DIGITS}


def _translated() -> Iterator[Entry]:
    units = _units()
    for language in TRANSLATED:
        for code, name in occupation_names(language).items():
            if code in units:
                yield Entry(name, code, 2.0)


def _about(originals: Path, names: tuple[str, ...]) -> dict[str, Any]:
    def digest(name: str) -> str:
        return hashlib.sha256((originals / name).read_bytes()).hexdigest()

    listed = [{"file": name, "what": SOURCES[name], "sha256": digest(name)} for name in names]
    return {"sources": [*listed, {"what": OURS}]}


def _rows(path: Path) -> list[dict[str, str]]:
    with open(path, encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def _sheet(path: Path) -> Iterator[dict[str, str]]:
    from python_calamine import CalamineWorkbook

    rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
    header = [str(name) for name in rows[0]]
    for row in rows[1:]:
        yield {name: str(value) for name, value in zip(header, row, strict=True)}
