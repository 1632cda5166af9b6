"""Which column holds codes of which system: measured, so that it can be shown and need not be guessed."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace

from occurisk.occupations.coding_systems import (
    ISCO08,
    ONET_SOC,
    SYSTEMS,
    TAXONOMIES,
    CodingSystem,
    major_group,
    names_isco,
    tidy,
)
from occurisk.occupations.concordances import load_tables
from occurisk.occupations.crosswalk import find, to_soc2010
from occurisk.occupations.own_crosswalk import UserMap
from occurisk.occupations.uncoded import is_survey_gap
from occurisk.registry.columns.header_words import CODE, OCCUPATION_CODE, Header, read_header
from occurisk.registry.columns.look_alikes import in_question, is_dashed_national, other_meaning
from occurisk.registry.columns.sample import IntakeOptions, cut, position_of

NKRK_PREFIX = 4  # НК РК 01-2017, Poland's KZiS: four ISCO-08 digits, then national ones
# Shares of values and of rows that must exist before a column is taken for codes unasked.
ENOUGH = 0.9
# What must speak for a column: the weight of evidence of its codes, in powers of ten, and of its name.
POINTS = 5.0
# How unlikely it is that a number of so many digits exists in ISCO by chance: -log10 of 10/10, 43/100, …
_RARITY = {1: 0.0, 2: 0.3, 3: 0.85, 4: 1.3}
_SOC_RARITY, _PREFIX_RARITY, _DASH_RARITY = 3.0, 2.0, 1.0
# Repairs that could make many a number fit; a column that needs them is taken only on its name.
_HEAVY = (
    "zeros that fill up a group code removed",
    "digits taken",
    "ESCO ending",
    "group",
    "leading zero",
    "dots removed",
)
_PLAIN_SHARE = 0.5  # of the existing values that must need no heavy repair
_PROBE = 100


@dataclass(frozen=True)
class Evidence:
    """How well a column fits a coding system.

    Attributes
    ----------
    position : int
    column, taxonomy : str
    parse, exist : float
        Shares of the distinct values that read like a code, and that exist.
    rows : float
        Share of the rows whose value exists.
    distinct : int
        Values that are no gap and no total.
    example : str
    points : float
        Weight of evidence: see `POINTS`.
    depth : float
        Mean number of digits of the codes, group zeros left out.
    prefix : int or None
        Leading digits that count.
    against : tuple of str
        Why the column is not taken unasked, in words; empty if nothing is against it.
    header : Header
    missed : int
        Values that do not exist.
    """

    position: int
    column: str
    taxonomy: str
    parse: float
    exist: float
    rows: float
    distinct: int
    example: str
    points: float
    depth: float
    header: Header
    prefix: int | None = None
    against: tuple[str, ...] = ()
    missed: int = 0

    @property
    def sound(self) -> bool:
        """Whether nothing speaks against the column."""
        return not self.against

    def to_json(self) -> dict[str, object]:
        """For intake.json."""
        return {
            "column": self.column, "taxonomy": self.taxonomy, "parse": round(self.parse, 4),
            "exist": round(self.exist, 4), "rows": round(self.rows, 4), "distinct": self.distinct,
            "example": self.example, "for": self.header.says, "against": list(self.against),
        }  # fmt: skip


def coding_system(taxonomy: str) -> CodingSystem:
    """Return the coding system behind a taxonomy's name; НК РК is ISCO-08 with national digits."""
    return ISCO08 if taxonomy == "nkrk" else SYSTEMS[taxonomy]


@dataclass(frozen=True)
class _Reading:
    """The distinct values of a column as codes of a system: parallel lists, and the codes that exist."""

    parsed: int
    codes: list[str | None]  # that exist, else None
    heavy: list[bool]
    marked: int  # values that carry the system's own marks: OC2_ISCO08_11, C2411, 4110-9


def measure(
    position: int,
    name: str,
    counts: dict[str, int],
    taxonomy: str,
    prefix: int | None = None,
    *,
    asked: bool = False,
) -> Evidence | None:
    """Measure a column against a coding system.

    Parameters
    ----------
    position : int
    name : str
    counts : dict
        Distinct values and their rows, as `in_question` leaves them.
    taxonomy : str
    prefix : int, optional
        Leading digits that count.
    asked : bool
        Whether the user named the column or the system: then every system is measured in full.

    Returns
    -------
    Evidence or None
        None if nothing in the column is such a code.
    """
    system = coding_system(taxonomy)
    known = load_tables().known(system)
    values = [v for v in counts if not is_survey_gap(v, system, known)]
    if system.family == "isco":
        # ILOSTAT lists ISCO-88 beside ISCO-08, each marked as what it is.
        other = "isco88" if system is ISCO08 else "isco08"
        own = [v for v in values if other not in v.lower()]
        values = (
            own if sum(counts[v] for v in own) >= _PLAIN_SHARE * sum(counts[v] for v in values) else values
        )
    if not values:
        return None
    header, national = read_header(name), 0
    if taxonomy == "nkrk":
        national = sum(map(is_dashed_national, values))
        prefix = prefix or NKRK_PREFIX
        if not asked and national < 0.2 * len(values) and "nkrk" not in header.systems:
            return None
    elif prefix is None and taxonomy == "isco08" and header.worth >= CODE:
        prefix = _national_prefix(values)
    if system is ONET_SOC and not asked and sum(map(_is_long, values)) <= 0.5 * len(values):
        return None  # six digits are SOC's business, eight O*NET's
    if not asked and not any(find(v, system, known, prefix).code in known for v in values[:_PROBE]):
        return None
    read = _read(values, system, known, prefix)
    exist = [code for code in read.codes if code is not None]
    rows = sum(counts[v] for v in values)
    fitting = sum(counts[v] for v, code in zip(values, read.codes, strict=True) if code is not None)
    rarity = sum(_rarity(c, system) for c in set(exist))
    rarity += _PREFIX_RARITY * (read.marked > 0.5 * len(values))
    rarity += POINTS * (sum(names_isco(v) for v in values) > 0.5 * len(values))
    rarity += _DASH_RARITY * national if taxonomy == "nkrk" else 0.0
    evidence = Evidence(
        position, name, taxonomy, read.parsed / len(values), len(exist) / len(values),
        fitting / rows if rows else 0.0, len(values), cut(values[0]),
        rarity * len(exist) / len(values) + header.worth, _depth(exist, system), header, prefix,
        missed=len(values) - len(exist),
    )  # fmt: skip
    return replace(evidence, against=tuple(_against(evidence, values, exist, read, system)))


def measure_own_map(position: int, name: str, counts: dict[str, int], user_map: UserMap) -> Evidence | None:
    """Measure a column against the codes of a user's own crosswalk; counts as `in_question` leaves them."""
    values = list(counts)
    if not values:
        return None
    hits = [v in user_map or v.strip() in user_map for v in values]
    rows = sum(counts[v] for v in values)
    fitting = sum(counts[v] for v, hit in zip(values, hits, strict=True) if hit)
    share = sum(hits) / len(values)
    return Evidence(
        position, name, "crosswalk", share, share, fitting / rows if rows else 0.0, len(values),
        cut(values[0]), share * POINTS, 0.0, read_header(name),
    )  # fmt: skip


def _national_prefix(values: list[str]) -> int | None:
    """Return 4 where values are plain codes of five or six digits (KZiS), else None."""
    long = sum(re.fullmatch(r"\d{5,6}(?:\.0+)?", tidy(v)) is not None for v in values)
    return NKRK_PREFIX if long > 0.8 * len(values) else None


def _read(values: list[str], system: CodingSystem, known: Collection[str], prefix: int | None) -> _Reading:
    parsed, codes, heavy, marked = 0, list[str | None](), list[bool](), 0
    for value in values:
        normalised = find(value, system, known, prefix)
        parsed += normalised.code is not None
        codes.append(normalised.code if normalised.code in known else None)
        mended = any(word in repair for repair in normalised.repairs for word in _HEAVY)
        # Words after a code say more than the code; whether they agree is seen to later.
        heavy.append(mended and not (prefix and is_dashed_national(value)))
        marked += re.match(r"(OC[\dU]?_?ISCO|ISCO|C\d{1,4}$)", value.strip(), re.I) is not None
    return _Reading(parsed, codes, heavy, marked)


def _rarity(code: str, system: CodingSystem) -> float:
    return _RARITY[len(code)] if system.family != "soc" else _SOC_RARITY


def _depth(codes: list[str], system: CodingSystem) -> float:
    if not codes:
        return 0.0
    return sum(len(c.rstrip("0.") if system.family == "soc" else c) for c in codes) / len(codes)


def _against(
    evidence: Evidence, values: list[str], exist: list[str], read: _Reading, system: CodingSystem
) -> list[str]:
    """Say what speaks against taking a column for codes."""
    header, against = evidence.header, []
    few = evidence.missed == 1 and len(values) <= 10 and evidence.exist >= 0.5
    few = few and header.worth >= OCCUPATION_CODE
    if min(evidence.exist, evidence.rows) < ENOUGH and not (few and evidence.rows >= 0.5):
        against.append(
            f"only {evidence.exist:.0%} of its values and {evidence.rows:.0%} of its rows "
            f"exist in {system.title}"
        )
    if header.foreign:
        against.append(f"its name is that of {header.foreign}")
    if header.systems and not _named(evidence.taxonomy, header.systems):
        against.append(f"its name speaks of another coding system than {system.title}")
    dashed = system.family == "soc" and sum("-" in tidy(v) for v in values) > 0.5 * len(values)
    other = other_meaning(evidence.column, values) if header.worth < OCCUPATION_CODE and not dashed else ""
    if dashed and header.other and header.other not in ("grades", "numbers of people, rows or things"):
        other = ""  # 43-9021 is nothing else, whatever its column is called
    if other and not read.marked:
        against.append(f"it holds {other}")
    if header.worth < OCCUPATION_CODE and exist:
        heavy = sum(h for h, code in zip(read.heavy, read.codes, strict=True) if code is not None)
        if heavy > (1 - _PLAIN_SHARE) * len(exist):
            against.append("most of its values exist only when mended")
    if system.family != "soc" and header.worth < OCCUPATION_CODE and not read.marked:
        fine = {c for c in exist if len(c) > 2}
        if len(fine) < 0.5 * len(set(exist)):
            against.append("numbers of one or two digits could be anything, and its name does not say more")
        elif len(set(exist)) >= 8 and len({major_group(c, system) for c in exist}) < 3:
            against.append("its values lie in fewer than three major groups")
    if evidence.prefix and evidence.taxonomy == "isco08":
        against += _against_prefix(exist, header)
    if evidence.points < POINTS:
        against.append(f"{len(set(exist))} codes and its name are too little evidence")
    return against


def _against_prefix(exist: list[str], header: Header) -> list[str]:
    """Ask more of plain national codes: a name that says so, many groups, over most of the classification."""
    if header.worth < OCCUPATION_CODE:
        return [
            "codes of five or six digits are read as ISCO-08 only if the column's name speaks of occupations"
        ]
    if len(set(exist)) < 15 or len({c[0] for c in exist}) < 4:
        return ["codes of five or six digits are read as ISCO-08 only if they cover much of it"]
    return []


def _named(taxonomy: str, systems: tuple[str, ...]) -> bool:
    return taxonomy in systems or (taxonomy == "nkrk" and "isco08" in systems)


def _is_long(value: str) -> bool:
    return re.search(r"\d\.\d\d$|^\d{8}$", value.strip()) is not None


def count_different(values: list[str], one: Evidence, other: Evidence) -> int:
    """Count values whose scored occupations differ between two readings of a column."""
    bags = []
    for reading in (one, other):
        lineage = to_soc2010(values, coding_system(reading.taxonomy), prefix=reading.prefix)
        groups = lineage.members.groupby("code")
        bags.append({c: tuple(zip(g["soc"], g["weight"].round(6), strict=True)) for c, g in groups})
    return sum(bags[0].get(v) != bags[1].get(v) for v in values)


def all_evidence(
    names: list[str],
    counts: list[dict[str, int]],
    options: IntakeOptions,
    user_map: UserMap | None,
    skip: int | None,
) -> list[Evidence]:
    """Measure every column against every system.

    Parameters
    ----------
    names : list of str
    counts : list of dict
        By column: distinct values and their rows.
    options : IntakeOptions
        A column or system that the user names is measured in full.
    user_map : UserMap or None
        If there is one, columns are measured against it alone.
    skip : int or None
        The weight column.

    Returns
    -------
    list of Evidence
        Best first.
    """
    asked = options.code_column is not None
    positions = range(len(names))
    if options.code_column is not None:
        positions = range(p := position_of(names, options.code_column, "--code-column"), p + 1)
    measured = []
    for i in positions:
        # A column that says the same in every row describes the file, not its rows (AREA, OWN_CODE).
        rows = sum(counts[i].values())
        constant = len(counts[i]) == 1 and rows > 5 and read_header(names[i]).worth < OCCUPATION_CODE
        if not asked and (i == skip or constant or names[i].startswith("occurisk_")):
            continue
        questioned = in_question(counts[i])
        if user_map:
            measured.append(measure_own_map(i, names[i], questioned, user_map))
            continue
        for taxonomy in TAXONOMIES[1:]:
            wanted = options.taxonomy == taxonomy
            if options.taxonomy == "auto" or wanted or taxonomy != "nkrk":
                full = asked or wanted
                measured.append(measure(i, names[i], questioned, taxonomy, options.prefix, asked=full))
    kept = [e for e in measured if e is not None]
    return sorted(kept, key=lambda e: (not e.sound, -e.exist - e.header.worth / 10, -e.parse))
