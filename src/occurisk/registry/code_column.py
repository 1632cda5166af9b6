"""Which column holds codes of which system: measured, so that it can be shown and need not be guessed."""

from __future__ import annotations

import re
from dataclasses import dataclass

from occurisk.occupations.coding_systems import ISCO08, ONET_SOC, SYSTEMS, is_missing, is_national, is_total
from occurisk.occupations.concordances import load_tables
from occurisk.occupations.crosswalk import find, to_soc2010
from occurisk.occupations.own_crosswalk import UserMap
from occurisk.registry.columns import IntakeOptions, position_of

TAXONOMIES = ("auto", *SYSTEMS, "nkrk")
NKRK_PREFIX = 4  # НК РК 01-2017: four ISCO-08 digits, then national ones
_PROBE = 100
_CODE_NAME = re.compile(r"(^|[^a-z])(code|cod|kod|classif)|код|занят|професс", re.I)
_OCCUPATION_CODE_NAME = re.compile(r"(^|[^a-z])(occ|soc|isco|onet|nkz|esco)|нкз", re.I)


@dataclass(frozen=True)
class Evidence:
    """How well a column's values fit a coding system: shares of its distinct values."""

    column: str
    taxonomy: str
    parse: float
    exist: float
    distinct: int
    example: str

    def to_json(self) -> dict[str, object]:
        """For intake.json."""
        return {
            "column": self.column, "taxonomy": self.taxonomy, "parse": round(self.parse, 4),
            "exist": round(self.exist, 4), "distinct": self.distinct, "example": self.example,
        }  # fmt: skip


def all_evidence(
    names: list[str],
    columns: list[list[str]],
    options: IntakeOptions,
    user_map: UserMap | None,
    skip: int | None,
    rows: int,
) -> list[Evidence]:
    """Measure every column against every system (or the one that the user names)."""
    wanted = [options.taxonomy] if options.taxonomy != "auto" else [t for t in TAXONOMIES if t != "auto"]
    found = []
    positions = range(len(names))
    if options.code_column is not None:
        positions = range(p := position_of(names, options.code_column, "--code-column"), p + 1)
    for i in positions:
        values = [v for v in columns[i] if not is_missing(v) and not is_total(v)]
        asked = options.code_column is not None
        # A column that says the same in every row describes the file, not its rows (AREA, OWN_CODE).
        constant = len(values) == 1 and rows > 5 and name_worth(names[i]) < 0.5
        if not values or (not asked and (i == skip or constant or names[i].startswith("occurisk_"))):
            continue
        if user_map:
            hits = sum(v in user_map or v.strip() in user_map for v in values) / len(values)
            found.append(Evidence(names[i], "crosswalk", hits, hits, len(values), values[0]))
            continue
        named = name_worth(names[i]) > 0 or asked
        for taxonomy in wanted:
            one = _evidence(names[i], values, taxonomy, options.prefix, named, options.taxonomy != "auto")
            if one is not None:
                found.append(one)
    return sorted(found, key=lambda e: (-e.exist - name_worth(e.column), -e.parse))


def name_worth(name: str) -> float:
    """Weigh what a column's name says about codes against the share of its values that are codes."""
    if _OCCUPATION_CODE_NAME.search(name):
        return 0.5
    return 0.25 if _CODE_NAME.search(name) else 0.0


def _evidence(
    name: str, values: list[str], taxonomy: str, prefix: int | None, named: bool, asked: bool
) -> Evidence | None:
    system = ISCO08 if taxonomy == "nkrk" else SYSTEMS[taxonomy]
    if taxonomy == "nkrk":
        prefix = prefix or NKRK_PREFIX
        if sum(map(is_national, values)) < 0.2 * len(values) and not asked:
            return None
    if system is ONET_SOC and not asked and sum(map(_is_long, values)) <= 0.5 * len(values):
        return None  # six digits are SOC's business, eight O*NET's
    known = load_tables().known(system)
    probe = values[:_PROBE]
    if not asked and sum(find(v, system, known, prefix).code in known for v in probe) < 0.2 * len(probe):
        values = probe  # no need to look further
    codes = [find(v, system, known, prefix).code for v in values]
    parsed = [c for c in codes if c is not None]
    exist = [c for c in parsed if c in known]
    if system.family == "isco" and taxonomy != "nkrk":
        # Ages, sexes and counts parse as ISCO too: without a telling name, most must be fine codes.
        fine = {c for c in exist if len(c) > 2}
        if (
            not named
            and len(fine) < 0.5 * len(set(exist))
            and not re.match(r"(OC|ISCO|C\d)", values[0], re.I)
        ):
            return None
    return Evidence(
        name, taxonomy, len(parsed) / len(values), len(exist) / len(values), len(values), values[0]
    )  # fmt: skip


def _is_long(value: str) -> bool:
    return re.search(r"\d\.\d\d$|^\d{8}$", value.strip()) is not None


def count_different(values: list[str], one: str, other: str) -> int:
    """Count values whose scored occupations differ between two systems."""
    bags = []
    for taxonomy in (one, other):
        lineage = to_soc2010(values, SYSTEMS[taxonomy])
        groups = lineage.members.groupby("code")
        bags.append({c: tuple(zip(g["soc"], g["weight"].round(6), strict=True)) for c, g in groups})
    return sum(bags[0].get(v) != bags[1].get(v) for v in values)
