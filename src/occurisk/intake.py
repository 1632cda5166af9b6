"""Understand a registry: which column holds codes, of which system, which weights; with the evidence."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from occurisk.codes import ISCO08, ONET_SOC, SOC2010, SYSTEMS, CodingSystem, is_missing, is_national, is_total
from occurisk.crosswalk import find, to_soc2010
from occurisk.crosswalk_tables import load_tables
from occurisk.crosswalk_user import UserMap, load_map
from occurisk.errors import RegistryError
from occurisk.levels import level_word
from occurisk.registry_files import RegistryFile, open_registry
from occurisk.weights import NumberStyle, number_style, read_weights

TAXONOMIES = ("auto", *SYSTEMS, "nkrk")
NKRK_PREFIX = 4  # НК РК 01-2017: four ISCO-08 digits, then national ones
# Two systems are close if fewer than this share of the values tells them apart.
CLOSE = 0.02
ENOUGH = 0.5
_DISTINCT = 3000
_SAMPLE_ROWS = 200_000
_CODE_NAME = re.compile(r"(^|[^a-z])(code|cod|kod|classif)|код|занят|професс", re.I)
_OCCUPATION_CODE_NAME = re.compile(r"(^|[^a-z])(occ|soc|isco|onet|nkz|esco)|нкз", re.I)
_WEIGHT_NAMES = (
    r"tot_?emp|employment|employed|employees|emp",
    r"obs_?value",
    r"(?:jobs?|workers?|persons?|people|headcount|head_?count|count|number|freq(?:uency)?)(?:_.*)?",
    r"(?:weights?|wgt|wt|pweight|perwt|fwt|sample_?weight|survey_?weight)(?:_.*)?",
    r"численность|количество|занятые|занято|вес|жұмыспен.*|саны",
    r".*(?:weight|employment|численность).*",
)
_TITLE_NAME = re.compile(
    r"title|occupation|job|profession|name|label|занят|професс|должност|мамандық|beruf", re.I
)
_SYSTEM_NAME = {
    "soc2010": r"soc.?(?:20)?10|2010.?soc",
    "soc2018": r"soc.?(?:20)?18|2018.?soc",
    "isco08": r"isco.?(?:20)?08",
    "isco88": r"isco.?(?:19)?88",
    "onetsoc": r"o\*?.?net",
}


@dataclass(frozen=True)
class IntakeOptions:
    """What the user says about a registry; None and `auto` leave it to the evidence."""

    code_column: str | None = None
    weight_column: str | None = None
    level_column: str | None = None
    taxonomy: str = "auto"
    prefix: int | None = None
    crosswalk: Path | None = None
    levels: str = "auto"
    where: tuple[tuple[str, str], ...] = ()


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


@dataclass(frozen=True)
class Understanding:
    """What a registry was taken for.

    Attributes
    ----------
    code, weight, level : int or None
        Positions of the columns. `code` is None if the registry has titles only.
    system : CodingSystem
    prefix : int or None
        Leading digits that count.
    user_map : UserMap or None
    style : NumberStyle
        Of the weights.
    evidence : tuple of Evidence
        Best first.
    notes : tuple of str
        What was decided, in words.
    """

    code: int | None
    weight: int | None
    level: int | None
    system: CodingSystem
    prefix: int | None
    user_map: UserMap | None
    style: NumberStyle
    evidence: tuple[Evidence, ...]
    notes: tuple[str, ...]
    taxonomy: str
    names: tuple[str, ...] = field(default=())

    def name(self, position: int | None) -> str | None:
        """Return the name of a column."""
        return None if position is None else self.names[position]


def texts(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Return a column as text; whole floats without `.0` only where every one is whole."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if pa.types.is_dictionary(column.type):
        return texts(column.dictionary).take(column.indices)
    try:
        return column.cast(pa.string())
    except pa.ArrowException:  # lists, structs: no codes there
        return pa.nulls(len(column), pa.string())


def keep(batch: pa.RecordBatch, where: tuple[tuple[int, str], ...]) -> pa.Array | None:
    """Return which rows satisfy every `--where`; None if there is none."""
    mask = None
    for position, value in where:
        hit = pc.fill_null(pc.equal(texts(batch.column(position)), value), False)
        mask = hit if mask is None else pc.and_(mask, hit)
    return mask


def position_of(names: list[str], wanted: str, option: str) -> int:
    """Find a column by name.

    Raises
    ------
    RegistryError
        If there is none of that name, or several.
    """
    found = [i for i, n in enumerate(names) if n == wanted] or [
        i for i, n in enumerate(names) if n.strip().lower() == wanted.strip().lower()
    ]
    if len(found) == 1:
        return found[0]
    problem = "has no column" if not found else f"has {len(found)} columns"
    raise RegistryError(
        f"The registry {problem} {wanted!r}.",
        rule=f"Its columns: {', '.join(n or '(no name)' for n in names[:40])}.",
        fix=f"Name one of these with {option}." if not found else "Rename one of them.",
    )


def sample(file: RegistryFile, where: tuple[tuple[int, str], ...]) -> pa.Table:
    """Return the first rows that count, to learn from: a whole small file, the start of a large one."""
    parts, rows = [], 0
    for batch in file.batches():
        mask = keep(batch, where)
        part = batch if mask is None else batch.filter(mask)
        parts.append(part)
        rows += part.num_rows
        if rows >= _SAMPLE_ROWS:
            break
    if not parts:
        return file.schema.empty_table()
    return pa.Table.from_batches(parts)


def open_for_intake(path: Path, options: IntakeOptions, **how: str | None) -> RegistryFile:
    """Open a registry; stack a workbook that has a sheet per occupation and none chosen (Eurostat)."""
    file = open_registry(path, **how)
    if file.kind == "excel" and how.get("sheet") is None:
        from occurisk.registry_excel import open_excel, sheet_names

        names = sheet_names(path)
        known = load_tables().known(ISCO08) | load_tables().known(SOC2010)
        codes = [find(n, s, known).code in known for s in (ISCO08, SOC2010) for n in names if not is_total(n)]
        if len(names) > 2 and sum(codes) > 0.8 * (len(names) - sum(map(is_total, names))):
            return open_excel(path, file.name, None, stack=True)
    return file


def understand(file: RegistryFile, options: IntakeOptions) -> Understanding:
    """Find columns and coding system from names and values, or from what the user says.

    Raises
    ------
    RegistryError
        If there are no rows, a named column does not exist, or the evidence leaves a choice that would
        change scores: then the message names the option.
    """
    names = [str(n) for n in file.schema.names]
    where = tuple((position_of(names, name, "--where"), value) for name, value in options.where)
    table = sample(file, where)
    if table.num_rows == 0:
        raise RegistryError(
            f"The registry {file.name} has no rows" + (" that --where lets through." if where else "."),
            rule="A registry has a header and at least one row.",
            fix="Check the values of --where." if where else "Check that the export is complete.",
        )
    notes: list[str] = []
    columns = [_distinct(table.column(i)) for i in range(table.num_columns)]
    weight, style = _weight_column(file, table, names, options, notes)
    user_map = None
    if options.crosswalk:
        target = SYSTEMS.get(options.taxonomy)
        user_map = load_map(options.crosswalk, target)
        notes.append(f"codes go through {options.crosswalk.name} to {user_map.system.title}")
    evidence = _all_evidence(names, columns, options, user_map, weight, table.num_rows)
    code, taxonomy = _choose(file, names, table, columns, evidence, options, notes)
    level = _level_column(names, columns, options, code, weight)
    if level is not None:
        notes.append(f"level of a row: column {names[level]!r}")
    system = user_map.system if user_map else ISCO08 if taxonomy == "nkrk" else SYSTEMS[taxonomy]
    prefix = options.prefix or (NKRK_PREFIX if taxonomy == "nkrk" else None)
    if code is not None and pa.types.is_floating(file.schema.field(code).type):
        notes.append("codes are stored as numbers: leading zeros are restored where no other reading exists")
    return Understanding(
        code, weight, level, system, prefix, user_map, style, tuple(evidence), tuple(notes),
        "crosswalk" if user_map else taxonomy, tuple(names),
    )  # fmt: skip


def _distinct(column: pa.ChunkedArray) -> list[str]:
    unique = texts(pc.unique(column.slice(0, _SAMPLE_ROWS)))
    return [v for v in unique.slice(0, _DISTINCT).to_pylist() if v is not None]


def _all_evidence(
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
        if not values or (not asked and (i == skip or (len(values) == 1 and rows > 5))):
            continue
        if user_map:
            hits = sum(v in user_map.targets or v.strip() in user_map.targets for v in values) / len(values)
            found.append(Evidence(names[i], "crosswalk", hits, hits, len(values), values[0]))
            continue
        named = _name_worth(names[i]) > 0 or asked
        for taxonomy in wanted:
            one = _evidence(names[i], values, taxonomy, options.prefix, named, options.taxonomy != "auto")
            if one is not None:
                found.append(one)
    return sorted(found, key=lambda e: (-e.exist - _name_worth(e.column), -e.parse))


def _name_worth(name: str) -> float:
    """Weigh what a column's name says about codes against the share of its values that are codes."""
    if _OCCUPATION_CODE_NAME.search(name):
        return 0.5
    return 0.25 if _CODE_NAME.search(name) else 0.0


def _evidence(
    name: str, values: list[str], taxonomy: str, prefix: int | None, named: bool, asked: bool
) -> Evidence | None:
    system = ISCO08 if taxonomy == "nkrk" else SYSTEMS[taxonomy]
    national = sum(map(is_national, values)) / len(values)
    if taxonomy == "nkrk":
        prefix = prefix or NKRK_PREFIX
        if national < 0.2 and not asked:
            return None
    long = sum(re.search(r"\d\.\d\d$|^\d{8}$", v.strip()) is not None for v in values) / len(values)
    if system is ONET_SOC and long <= 0.5 and not asked:
        return None  # six digits are SOC's business, eight O*NET's
    known = load_tables().known(system)
    codes = [find(v, system, known, prefix).code for v in values]
    parsed = [c for c in codes if c is not None]
    exist = [c for c in parsed if c in known]
    if system.family == "isco" and taxonomy != "nkrk":
        # Ages, sexes and counts parse as ISCO too; without a telling name they must look like a list of codes.
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


def _choose(
    file: RegistryFile,
    names: list[str],
    table: pa.Table,
    columns: list[list[str]],
    evidence: list[Evidence],
    options: IntakeOptions,
    notes: list[str],
) -> tuple[int | None, str]:
    """Choose code column and coding system, or ask."""
    default = "soc2010" if options.taxonomy == "auto" else options.taxonomy
    asked = options.code_column is not None
    good = [e for e in evidence if e.exist >= ENOUGH] or (evidence[:1] if asked else [])
    if not good:
        if asked:
            return position_of(names, options.code_column or "", "--code-column"), default
        titles = [i for i, n in enumerate(names) if _TITLE_NAME.search(n) and _is_prose(columns[i])]
        if titles:
            notes.append(
                f"no column holds codes; {names[titles[0]]!r} holds titles. Titles cannot be scored yet: add a "
                "column of SOC, O*NET-SOC or ISCO codes. Matching by title comes with a later version."
            )
            return None, default
        best = evidence[0] if evidence else None
        raise RegistryError(
            f"No column of {file.name} looks like occupation codes.",
            first=f"{best.column!r} comes nearest: {best.exist:.0%} of its values exist in {best.taxonomy}, such as {best.example!r}" if best else None,
            rule=f"At least {ENOUGH:.0%} of a column's distinct values must exist in a coding system.",
            fix="Name the column with --code-column, and the coding system with --taxonomy if it is none of these.",
        )  # fmt: skip
    best = good[0]
    position = names.index(best.column)
    rivals = [
        e for e in good
        if e.column != best.column and e.exist > best.exist - 0.1
        and _name_worth(e.column) == _name_worth(best.column)
    ]  # fmt: skip
    for rival in rivals:
        other = names.index(rival.column)
        same = pc.fill_null(pc.equal(texts(table.column(position)), texts(table.column(other))), True)
        if not pc.all(same).as_py():
            raise RegistryError(
                f"Several columns of {file.name} look like occupation codes: {best.column!r} and {rival.column!r}.",
                first=f"{best.exist:.0%} of the values of {best.column!r} exist in {best.taxonomy}, {rival.exist:.0%} of {rival.column!r} in {rival.taxonomy}",
                fix=f"Choose one: --code-column {best.column!r}",
            )  # fmt: skip
        if table.column(other).null_count < table.column(position).null_count:
            best, position = rival, other
    if options.crosswalk:
        return position, "soc2010"
    if names.count(best.column) > 1:
        position_of(names, best.column, "--code-column")
    fits = [e for e in good if e.column == best.column]
    return position, _settle(fits, best.column, columns[position], options, notes)


def _settle(
    fits: list[Evidence], column: str, values: list[str], options: IntakeOptions, notes: list[str]
) -> str:
    """Choose among coding systems; where two are close and would score differently, ask."""
    top = max(e.exist for e in fits)
    close = [e for e in fits if e.exist > top - CLOSE]
    if len(close) > 1:
        text = f"{column} {values[0]}"
        named = [e for e in close if re.search(_SYSTEM_NAME.get(e.taxonomy, "$^"), text, re.I)]
        if len(named) == 1:
            notes.append(f"{named[0].taxonomy}: the column says so")
            return named[0].taxonomy
    best = max(close, key=lambda e: e.exist)
    for other in close:
        if other is best or {best.taxonomy, other.taxonomy} == {"isco08", "nkrk"}:
            continue
        differ = _different(values, best.taxonomy, other.taxonomy)
        if differ:
            raise RegistryError(
                f"The codes in {column!r} could be {SYSTEMS[best.taxonomy].title} or {SYSTEMS[other.taxonomy].title}.",
                first=f"{best.exist:.1%} of {best.distinct} values exist in the one, {other.exist:.1%} in the other; {differ} would be scored differently",
                rule="Where two coding systems fit equally well, occurisk does not guess.",
                fix=f"Say which: --taxonomy {best.taxonomy} or --taxonomy {other.taxonomy}",
            )  # fmt: skip
    return best.taxonomy


def _different(values: list[str], one: str, other: str) -> int:
    """Count values whose scored occupations differ between two systems."""
    bags = []
    for taxonomy in (one, other):
        lineage = to_soc2010(values, SYSTEMS[taxonomy])
        groups = lineage.members.groupby("code")
        bags.append({c: tuple(zip(g["soc"], g["weight"].round(6), strict=True)) for c, g in groups})
    return sum(bags[0].get(v) != bags[1].get(v) for v in values)


def _is_prose(values: list[str]) -> bool:
    wordy = sum(len(re.findall(r"[^\W\d_]{3,}", v)) > 0 for v in values)
    return bool(values) and wordy > 0.5 * len(values)


def _weight_column(
    file: RegistryFile, table: pa.Table, names: list[str], options: IntakeOptions, notes: list[str]
) -> tuple[int | None, NumberStyle]:
    if options.weight_column is not None:
        position: int | None = position_of(names, options.weight_column, "--weight-column")
    else:
        position = next(
            (
                i
                for pattern in _WEIGHT_NAMES
                for i, n in enumerate(names)
                if re.fullmatch(pattern, n.strip(), re.I) and _is_numeric(table.column(i), file)
            ),
            None,
        )
    if position is None:
        numeric = [n for i, n in enumerate(names) if _is_numeric(table.column(i), file)]
        hint = f" (numeric columns: {', '.join(numeric[:6])}; see --weight-column)" if numeric else ""
        notes.append(f"no weight column: every row counts as one{hint}")
        return None, NumberStyle()
    style = _style(table.column(position), file)
    if not pa.types.is_integer(table.column(position).type) and style.decimal == ",":
        notes.append("weights are read with a decimal comma")
    return position, style


def _style(column: pa.ChunkedArray, file: RegistryFile) -> NumberStyle:
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        return NumberStyle()
    return number_style(_distinct(column), file.dialect.delimiter if file.dialect else None)


def _is_numeric(column: pa.ChunkedArray, file: RegistryFile) -> bool:
    """Tell whether most of a column that is not a gap can be read as a weight."""
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return True
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        return False
    weights = read_weights(texts(column.slice(0, 5000)), _style(column, file))
    return bool((~weights.missing).any()) and weights.unusable.sum() <= 0.2 * (~weights.missing).sum()


def weight_column(file: RegistryFile, options: IntakeOptions) -> tuple[int | None, NumberStyle, list[str]]:
    """Find the weight column alone: for registries that need no codes."""
    names = [str(n) for n in file.schema.names]
    where = tuple((position_of(names, name, "--where"), value) for name, value in options.where)
    notes: list[str] = []
    position, style = _weight_column(file, sample(file, where), names, options, notes)
    return position, style, notes


def _level_column(
    names: list[str], columns: list[list[str]], options: IntakeOptions, code: int | None, weight: int | None
) -> int | None:
    if options.level_column is not None:
        return position_of(names, options.level_column, "--level-column")
    for i, values in enumerate(columns):
        words = {level_word(v) for v in values}
        named = re.search(r"group|level|grp|уровень", names[i], re.I) is not None
        if (
            i not in (code, weight)
            and named
            and None not in words
            and words & {"major", "minor", "broad", "total"}
        ):
            return i
    return None
