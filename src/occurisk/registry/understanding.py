"""Understand a registry: which column holds codes, of which system, which weights; with the evidence."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from occurisk.errors import RegistryError
from occurisk.occupations.coding_systems import ISCO08, SOC2010, SYSTEMS, CodingSystem, is_total
from occurisk.occupations.concordances import load_tables
from occurisk.occupations.crosswalk import find
from occurisk.occupations.own_crosswalk import UserMap, load_map
from occurisk.registry.code_column import NKRK_PREFIX, Evidence, all_evidence, count_different, name_worth
from occurisk.registry.columns import (
    TITLE_NAME,
    IntakeOptions,
    distinct,
    find_weight,
    is_prose,
    level_column,
    position_of,
    sample,
    texts,
)
from occurisk.registry.formats.base import RegistryFile
from occurisk.registry.formats.excel import open_excel, sheet_names
from occurisk.registry.numbers import NumberStyle
from occurisk.registry.opening import open_registry

# Two systems are close if fewer than this share of the values tells them apart.
CLOSE = 0.02
ENOUGH = 0.5
_SYSTEM_NAME = {
    "soc2010": r"soc.?(?:20)?10|2010.?soc",
    "soc2018": r"soc.?(?:20)?18|2018.?soc",
    "isco08": r"isco.?(?:20)?08",
    "isco88": r"isco.?(?:19)?88",
    "onetsoc": r"o\*?.?net",
}


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
    warnings : tuple of str
        What may make the scores wrong, in words; they stand in every output.
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
    warnings: tuple[str, ...] = ()

    def name(self, position: int | None) -> str | None:
        """Return the name of a column."""
        return None if position is None else self.names[position]


def open_for_intake(path: Path, options: IntakeOptions, **how: str | None) -> RegistryFile:
    """Open a registry; stack a workbook that has a sheet per occupation and none chosen (Eurostat)."""
    file = open_registry(path, **how)
    if file.kind == "excel" and how.get("sheet") is None:
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
    notes: list[str] = []
    columns = [distinct(table.column(i)) for i in range(table.num_columns)]
    weight, style = find_weight(file, table, names, options, notes)
    user_map = None
    if options.crosswalk:
        target = SYSTEMS.get(options.taxonomy)
        user_map = load_map(options.crosswalk, target)
        notes.append(f"codes go through {options.crosswalk.name} to {user_map.system.title}")
    evidence = all_evidence(names, columns, options, user_map, weight, table.num_rows)
    code, taxonomy = _choose(file, names, table, columns, evidence, options, notes)
    level = level_column(names, columns, options, code, weight)
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
        titles = [i for i, n in enumerate(names) if TITLE_NAME.search(n) and is_prose(columns[i])]
        if titles:
            notes.append(
                f"no column holds codes; {names[titles[0]]!r} holds titles. Titles cannot be scored yet: "
                "add a column of SOC, O*NET-SOC or ISCO codes. Matching by title comes with a later version."
            )
            return None, default
        best = evidence[0] if evidence else None
        raise RegistryError(
            f"No column of {file.name} looks like occupation codes.",
            first=f"{best.column!r} comes nearest: {best.exist:.0%} of its values exist in {best.taxonomy}, "
            f"such as {best.example!r}" if best else None,
            rule=f"At least {ENOUGH:.0%} of a column's distinct values must exist in a coding system.",
            fix="Name the column with --code-column, and the coding system with --taxonomy.",
        )  # fmt: skip
    best = good[0]
    position = names.index(best.column)
    rivals = [
        e for e in good
        if e.column != best.column and e.exist > best.exist - 0.1
        and name_worth(e.column) == name_worth(best.column)
    ]  # fmt: skip
    for rival in rivals:
        other = names.index(rival.column)
        same = pc.fill_null(pc.equal(texts(table.column(position)), texts(table.column(other))), True)
        if not pc.all(same).as_py():
            raise RegistryError(
                f"Several columns of {file.name} look like occupation codes: "
                f"{best.column!r} and {rival.column!r}.",
                first=f"{best.exist:.0%} of the values of {best.column!r} exist in {best.taxonomy}, "
                f"{rival.exist:.0%} of {rival.column!r} in {rival.taxonomy}",
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
        differ = count_different(values, best.taxonomy, other.taxonomy)
        if differ:
            raise RegistryError(
                f"The codes in {column!r} could be {SYSTEMS[best.taxonomy].title} "
                f"or {SYSTEMS[other.taxonomy].title}.",
                first=f"{best.exist:.1%} of {best.distinct} values exist in the one, {other.exist:.1%} in "
                f"the other; {differ} would be scored differently",
                rule="Where two coding systems fit equally well, occurisk does not guess.",
                fix=f"Say which: --taxonomy {best.taxonomy} or --taxonomy {other.taxonomy}",
            )  # fmt: skip
    return best.taxonomy
