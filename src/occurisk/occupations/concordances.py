"""The embedded tables of codes and concordances, read once."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from occurisk.occupations.coding_systems import SOC2010, CodingSystem
from occurisk.paths import FEATURES, OCCUPATIONS_TABLE

# How a source occupation is spread over SOC 2010: jobs (or equal shares) by SOC code.
Bag = dict[str, float]
WEIGHTS = ("employment", "equal")
# Systems that lead to SOC 2010 by way of another.
_BY_WAY_OF = {"isco88": "isco08", "census2018": "soc2018"}


@dataclass(frozen=True)
class Tables:
    """Every code that exists, and how each leaf of a system is made of SOC 2010 occupations.

    Attributes
    ----------
    titles : dict
        System name -> code -> official title; holds every code that exists in the system.
    rated : frozenset of str
        Reference occupations with O*NET ratings: those the model scores.
    members : dict
        SOC 2010 aggregate or hybrid -> detailed codes.
    hybrids2018 : dict
        SOC 2018 hybrid of OEWS -> detailed SOC 2018 codes.
    employment : dict
        SOC 2010 detailed code -> US jobs.
    pairs : dict
        System name -> leaf code -> SOC 2010 codes (ISCO-88: -> ISCO-08; Census 2018: -> SOC 2018).
    """

    titles: dict[str, dict[str, str]]
    rated: frozenset[str]
    members: dict[str, list[str]]
    hybrids2018: dict[str, list[str]]
    employment: dict[str, int]
    pairs: dict[str, dict[str, list[str]]]

    def known(self, system: CodingSystem) -> dict[str, str]:
        """Return the codes that exist in a system, with their titles."""
        return self.titles[system.name]

    def leaves(self, system: CodingSystem, weights: str) -> dict[str, Bag]:
        """Return the SOC 2010 content of each leaf of a system; see `_leaves`."""
        return _leaves(system.name, weights)


def _rows(path: Path) -> list[dict[str, str]]:
    with open(path, encoding="utf-8", newline="") as stream:
        reader = csv.reader(stream)
        header = next(reader)
        return [dict(zip(header, row, strict=True)) for row in reader]


def _grouped(rows: list[dict[str, str]], key: str, value: str) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        groups[row[key]].append(row[value])
    return dict(groups)


@lru_cache(maxsize=1)
def load_tables() -> Tables:
    """Read `features/crosswalks/`, `us_employment.csv` and `occupations.csv`."""
    folder = FEATURES / "crosswalks"
    titles: dict[str, dict[str, str]] = {name: {} for name in ("soc2010", "soc2018", "isco08", "isco88")}
    for row in _rows(folder / "codes.csv"):
        titles[row["system"]][row["code"]] = row["title"]
    occupations = _rows(OCCUPATIONS_TABLE)
    hybrids = _rows(folder / "hybrids.csv")
    soc2000 = _rows(folder / "soc2000_soc2010.csv")
    onet = _rows(folder / "onetsoc_soc2010.csv")
    for row in (*occupations, *hybrids):
        titles[row.get("system", "soc2010")].setdefault(row["code"], row["title"])
    for row in soc2000:
        titles["soc2010"].setdefault(row["soc2000"], row["title"])
    census = _rows(folder / "census2010_soc2010.csv")
    census2018 = _rows(folder / "census2018_soc2018.csv")
    titles["census2010"] = {row["census2010"]: row["title"] for row in census}
    titles["census2018"] = {row["census2018"]: row["title"] for row in census2018}
    titles["onetsoc"] = {row["onetsoc"]: row["title"] for row in onet}
    members = {row["code"]: row["members"].split() for row in occupations if row["members"]}
    members |= {row["code"]: row["members"].split() for row in hybrids if row["system"] == "soc2010"}
    return Tables(
        titles=titles,
        rated=frozenset(row["code"] for row in occupations if row["rated"] == "yes"),
        members=members,
        hybrids2018={row["code"]: row["members"].split() for row in hybrids if row["system"] == "soc2018"},
        employment={
            r["soc"]: int(r["employment"]) for r in _rows(FEATURES / "reference" / "us_employment.csv")
        },
        pairs={
            "soc2000": _grouped(soc2000, "soc2000", "soc2010"),
            "soc2018": _grouped(_rows(folder / "soc2010_soc2018.csv"), "soc2018", "soc2010"),
            "isco08": _grouped(_rows(folder / "soc2010_isco08.csv"), "isco08", "soc2010"),
            "isco88": _grouped(_rows(folder / "isco88_isco08.csv"), "isco88", "isco08"),
            "onetsoc": _grouped(onet, "onetsoc", "soc2010"),
            "census2010": _grouped(census, "census2010", "soc2010"),
            "census2018": _grouped(census2018, "census2018", "soc2018"),
        },
    )


@lru_cache(maxsize=16)
def _leaves(system: str, weights: str) -> dict[str, Bag]:
    """Spread each leaf of a system over SOC 2010.

    With `employment`, a SOC occupation's US jobs are divided equally among the leaves that share it,
    so that no job counts twice when leaves are summed to groups. An ISCO-88 unit takes its part of each
    ISCO-08 unit the same way, and a Census code of 2018 of each SOC 2018 occupation. With
    `equal`, every leaf is worth one and its members share it.
    """
    tables = load_tables()
    if system == SOC2010.name:
        codes = [c for c in tables.titles[system] if not c.endswith("0")]
        return {c: {c: _jobs(c, weights)} for c in codes}
    pairs = tables.pairs[system]
    shared = Counter(target for targets in pairs.values() for target in targets)
    leaves: dict[str, Bag] = {}
    for code, targets in pairs.items():
        bag: Bag = defaultdict(float)
        for target in targets:
            on = _BY_WAY_OF.get(system)
            inner = _leaves(on, weights)[target] if on else {target: _jobs(target, weights)}
            part = 1 / len(targets) if weights == "equal" else 1 / shared[target]
            for soc, amount in inner.items():
                bag[soc] += amount * part
        leaves[code] = dict(bag)
    return leaves


def _jobs(soc: str, weights: str) -> float:
    # The armed forces are not in OES; a leaf made of them alone still needs its members.
    return 1.0 if weights == "equal" else float(load_tables().employment.get(soc, 0))
