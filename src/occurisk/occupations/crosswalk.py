"""From the codes of any coding system to scored SOC 2010 occupations: weighted, many-to-many, traceable."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

import pandas as pd

from occurisk.errors import CrosswalkError
from occurisk.occupations.coding_systems import (
    ONET_SOC,
    SOC2010,
    SOC2018,
    CodingSystem,
    Normalised,
    group_prefix,
    is_military,
    level,
    marked_system,
    normalise,
    parents,
)
from occurisk.occupations.concordances import WEIGHTS, Bag, Tables, load_tables
from occurisk.occupations.uncoded import is_missing, is_survey_gap, is_total

KINDS = ("exact", "repaired", "crosswalk", "aggregated")
REASONS = ("total row", "missing", "military", "unknown code", "no score")
CODE_COLUMNS = ["code", "matched", "title", "level", "kind", "repairs", "covered", "note"]
MEMBER_COLUMNS = ["code", "soc", "weight", "kind"]


@dataclass(frozen=True)
class Lineage:
    """Which scored occupations each code stands for, and why some stand for none.

    Attributes
    ----------
    codes : DataFrame, one row per code given
        `code` as given; `matched` the normalised code; `title`; `level`; `kind`, one of `exact`,
        `repaired`, `crosswalk`, `aggregated`, or the reason why there is no score: `total row`,
        `missing`, `military`, `unknown code`, `no score`; `repairs`, what was mended, `; ` between;
        `covered`, the share of the code's own weight that has a score (1 if all members have, 0 if
        siblings had to stand in); `note`, where the score comes from, in words.
    members : DataFrame, long
        `code`, `soc`, `weight` (sums to 1 within a code), `kind`.
    system, weights : str
        The coding system, and `employment` or `equal`.
    """

    codes: pd.DataFrame
    members: pd.DataFrame
    system: str
    weights: str


def to_soc2010(
    codes: Iterable[str],
    system: CodingSystem,
    *,
    weights: str = "employment",
    scored: Collection[str] | None = None,
    siblings: bool = True,
    prefix: int | None = None,
) -> Lineage:
    """Bring codes of a coding system to scored SOC 2010 occupations.

    Parameters
    ----------
    codes : iterable of str
        As a registry has them; they are normalised here. Duplicates are dropped.
    system : CodingSystem
        Of the list. A code that names its own (`OC2_ISCO88_11`) is read as that; `matched` says so.
    weights : {"employment", "equal"}
        How members of a code are weighted: by US jobs (OES May 2012-2015; a SOC occupation that
        several codes share is divided equally among them), or equally.
    scored : collection of str, optional
        Occupations that have a score; those with O*NET ratings by default.
    siblings : bool
        Score a detailed occupation that has no score ("All Other" residuals, mostly) from the scored
        members of its broad group, else of its minor group. Kind `aggregated`, `covered` 0.
    prefix : int, optional
        National codes built on ISCO: take this many leading digits.

    Returns
    -------
    Lineage

    Raises
    ------
    CrosswalkError
        If `weights` is neither of the two.
    """
    if weights not in WEIGHTS:
        raise CrosswalkError(
            f"Unknown weights {weights!r}.", rule=f"Weights are one of: {', '.join(WEIGHTS)}."
        )
    tables = load_tables()
    resolver = _Resolver(
        tables, system, weights, frozenset(tables.rated if scored is None else scored), siblings
    )
    rows, members = [], []
    for text in dict.fromkeys(codes):
        own = marked_system(text, system)
        row, bag = (resolver if own is system else replace(resolver, system=own)).look_up(text, prefix)
        if own is not system and row[1]:
            row = (text, f"{own.title} {row[1]}", *row[2:])
        rows.append(row)
        total = sum(bag.values())
        members += [(text, soc, amount / total, row[4]) for soc, amount in sorted(bag.items())]
    return Lineage(
        codes=pd.DataFrame(rows, columns=CODE_COLUMNS),
        members=pd.DataFrame(members, columns=MEMBER_COLUMNS).astype({"weight": float}),
        system=system.name,
        weights=weights,
    )


@dataclass(frozen=True)
class _Resolver:
    tables: Tables
    system: CodingSystem
    weights: str
    scored: frozenset[str]
    siblings: bool

    def look_up(self, text: str, prefix: int | None) -> tuple[tuple[object, ...], Bag]:
        """Return a row of `Lineage.codes` and the unnormalised members."""
        known = self.tables.known(self.system)
        if is_total(text):
            return (text, "", "", "total", "total row", "", 0.0, "all occupations together"), {}
        if is_missing(text) or is_survey_gap(text, self.system, known):
            return (text, "", "", "", "missing", "", 0.0, "no code"), {}
        read = find(text, self.system, known, prefix)
        code, repairs = read.code, "; ".join(read.repairs)
        if code is None or code not in known:
            kind = (
                "military"
                if code and self.system.family != "isco" and is_military(code, self.system)
                else "unknown code"
            )
            return (text, code or "", "", "", kind, repairs, 0.0, ""), {}
        head = (text, code, known[code], level(code, self.system))
        if is_military(code, self.system):
            return (*head, "military", repairs, 0.0, "O*NET does not rate the armed forces"), {}
        kind, bag, covered, note = self.resolve(code)
        if not bag:
            return (*head, "no score", repairs, 0.0, "none of its occupations has a score"), {}
        if kind == "exact" and read.repairs:
            kind = "repaired"
        return (*head, kind, repairs, covered, note), bag

    def resolve(self, code: str) -> tuple[str, Bag, float, str]:
        """Return kind, members with a score (unnormalised weights), share covered, note."""
        if self.system is SOC2010:
            if code in self.scored:
                return "exact", {code: 1.0}, 1.0, ""
            whole = self._members2010(code)
            kind = "crosswalk" if code in self.tables.pairs["soc2000"] else "aggregated"
        else:
            whole, kind = self._content(code)
            if whole.keys() == {code[:7]} and level(code, self.system) == "detailed":
                kind = "exact"
            elif kind == "crosswalk" and (own := self._own_score(code)):
                return "exact", own, 1.0, ""
        have = _positive({soc: w for soc, w in whole.items() if soc in self.scored})
        if have:
            covered = sum(have.values()) / (sum(whole.values()) or 1.0)
            return kind, have, min(covered, 1.0), f"mean of {len(have)} occupations" if len(have) > 1 else ""
        if not self.siblings:
            return kind, {}, 0.0, ""
        have, groups = self._stand_ins(whole)
        return "aggregated", have, 0.0, f"not rated; siblings in {' '.join(groups)} stand in"

    def _members2010(self, code: str) -> Bag:
        leaves = self.tables.leaves(SOC2010, self.weights)
        if members := self.tables.members.get(code) or self.tables.pairs["soc2000"].get(code):
            return {m: leaves[m][m] for m in members}
        if level(code, SOC2010) == "detailed":
            return leaves.get(code, {code: 1.0})
        return self._group(code, SOC2010)[0]

    def _content(self, code: str) -> tuple[Bag, str]:
        """Return what a code of another system holds of SOC 2010, scored or not."""
        leaves = self.tables.leaves(self.system, self.weights)
        if members := self.tables.hybrids2018.get(code) if self.system is SOC2018 else None:
            return _sum(leaves[m] for m in members), "aggregated"
        if level(code, self.system) in ("unit", "detailed", "specialised") and code in leaves:
            return leaves[code], "crosswalk"
        return self._group(code, self.system)

    def _own_score(self, code: str) -> Bag:
        """Return the SOC code that an O*NET-SOC code begins with, if that has a score of its own."""
        soc = code[:7]
        return {soc: 1.0} if self.system is ONET_SOC and code.endswith(".00") and soc in self.scored else {}

    def _group(self, code: str, system: CodingSystem) -> tuple[Bag, str]:
        leaves = self.tables.leaves(system, self.weights)
        start = group_prefix(code, system)
        return _sum(bag for leaf, bag in leaves.items() if leaf.startswith(start)), "aggregated"

    def _stand_ins(self, whole: Bag) -> tuple[Bag, list[str]]:
        """Return scored siblings of each unscored member: of its broad, else minor, else major group."""
        bags, groups = [], []
        for soc in whole:
            for group in parents(soc, SOC2010):
                bag = _positive({s: w for s, w in self._group(group, SOC2010)[0].items() if s in self.scored})
                if bag:
                    bags.append(bag)
                    groups.append(group)
                    break
        return _sum(bags), groups


def _positive(bag: Bag) -> Bag:
    """Return the members with weight; where none has any, all of them with equal weights."""
    have = {soc: w for soc, w in bag.items() if w > 0}
    return have or dict.fromkeys(bag, 1.0)


def _sum(bags: Iterable[Bag]) -> Bag:
    total: Bag = defaultdict(float)
    for bag in bags:
        for soc, amount in bag.items():
            total[soc] += amount
    return dict(total)


def find(text: str, system: CodingSystem, known: Collection[str], prefix: int | None = None) -> Normalised:
    """Normalise a cell; a code that exists as it stands is left alone, whatever a prefix would cut."""
    return Normalised(text) if text in known else normalise(text, system, known, prefix=prefix)


def in_one_alone(
    values: Collection[str], one: CodingSystem, other: CodingSystem
) -> tuple[list[str], list[str]]:
    """Return the values that exist in the one system and not in the other, and the other way round."""
    exist = []
    for system in (one, other):
        known = load_tables().known(system)
        exist.append({v for v in values if find(v, system, known).code in known})
    return sorted(exist[0] - exist[1]), sorted(exist[1] - exist[0])
