"""Understand a registry: which column holds codes, of which system, which weights; with the evidence."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from occurisk.errors import RegistryError
from occurisk.occupations.coding_systems import ISCO08, SOC2010, SYSTEMS, CodingSystem, marked_system
from occurisk.occupations.concordances import load_tables
from occurisk.occupations.crosswalk import find
from occurisk.occupations.own_crosswalk import UserMap, load_map
from occurisk.occupations.uncoded import is_total, is_total_words
from occurisk.registry.columns.choice import choose
from occurisk.registry.columns.code_column import NKRK_PREFIX, Evidence, all_evidence, coding_system
from occurisk.registry.columns.look_alikes import number, other_meaning
from occurisk.registry.columns.sample import (
    IntakeOptions,
    Sampled,
    counted,
    cut,
    distinct,
    is_whole,
    level_column,
    position_of,
    sample,
    texts,
)
from occurisk.registry.columns.title_column import (
    MATCHED,
    notes_on_titles,
    only_titles,
    system_for_titles,
    titles_of,
    titles_where_needed,
)
from occurisk.registry.columns.weight_column import WeightChoice, find_weight
from occurisk.registry.formats.base import RegistryFile
from occurisk.registry.formats.excel import open_excel, sheet_names
from occurisk.registry.numbers import NumberStyle
from occurisk.registry.opening import open_registry

# A table of occupations, not of people: so many rows, and so many of them with a code of their own.
_A_TABLE, _ONCE = 10, 0.9
# Columns of long tables whose values must be chosen, lest countries and years be added up.
_LONG_TABLE = re.compile(
    r"ref_?area|country|geo|time|time_?period|year|ref_?year|год|жыл|ano|anio|annee|jahr|rok", re.I
)
_BOTH_SEXES = r"(sex_)?t|total|all|всего|оба пола"
_SEX = re.compile(r"sex|gender|пол|жынысы", re.I)


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
    title : int or None
        Position of the titles that stand in where a row has no code.
    list_titles : tuple of str
        The distinct titles, if all rows were looked at: they tell which occupations are common in the list.
    unused_titles : int or None
        Position of titles that are not looked at, since no row read so far lacks a code.
    totals_beside_codes : frozenset of int
        Columns that say `Total` beside codes (both sexes, the whole country): there it tells no row of sums.
    evidence : tuple of Evidence
        Best first.
    notes : tuple of str
        What was decided, in words.
    warnings : tuple of str
        What should stand beside every result, in words: a poor fit, years added up.
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
    warnings: tuple[str, ...] = field(default=())
    title: int | None = None
    unused_titles: int | None = None
    totals_beside_codes: frozenset[int] = frozenset()
    list_titles: tuple[str, ...] = ()

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
    table = sample(file, where, options.sample_rows)
    sampled = Sampled(file, names, table, [counted(table.column(i)) for i in range(table.num_columns)])
    if options.code_column is None:
        _check_header(sampled)
    weight = find_weight(file, table, names, options)
    notes = list(weight.notes)
    user_map = None
    if options.crosswalk:
        user_map = load_map(options.crosswalk, SYSTEMS.get(options.taxonomy))
        notes.append(f"codes go through {options.crosswalk.name} to {user_map.system.title}")
    evidence = all_evidence(names, sampled.counts, options, user_map, weight.position)
    columns = [sampled.values(i) for i in range(len(names))]
    choice = only_titles(file, names, columns, options) or choose(sampled, evidence, options)
    code = choice.position
    title = titles_where_needed(names, table, columns, code, options)
    unused = (
        None if title is not None or options.titles == "off" else titles_of(names, columns, options, code)
    )
    if title is not None:
        why = ""
        if code is None:
            taxonomy, why = system_for_titles(columns[title], options.taxonomy)
            choice = replace(choice, taxonomy=taxonomy)
        notes += notes_on_titles(names[title], columns[title], choice.taxonomy, why, code is None)
        title = title if choice.taxonomy in MATCHED and not user_map else None
    level = level_column(names, columns, options, code, weight.position)
    if level is not None:
        notes.append(f"level of a row: column {names[level]!r}")
    if code is not None and not user_map:
        notes += _of_other_systems(columns[code], coding_system(choice.taxonomy))
    if code is not None and pa.types.is_floating(file.schema.field(code).type):
        notes.append("codes are stored as numbers: leading zeros are restored where no other reading exists")
    # The beginning of a longer list may be in the order of its occupations.
    whole = is_whole(table, options.sample_rows)
    own = [e for e in evidence if e.position == code and e.taxonomy in (choice.taxonomy, "crosswalk")]
    return Understanding(
        code, weight.position, level, user_map.system if user_map else coding_system(choice.taxonomy),
        options.prefix or choice.prefix or (NKRK_PREFIX if choice.taxonomy == "nkrk" else None),
        user_map, weight.style, (*own, *(e for e in evidence if e not in own)),
        (*notes, *choice.notes), "crosswalk" if user_map else choice.taxonomy, tuple(names),
        (*choice.warnings, *_added_up(sampled, weight.position, code), *_uncounted(sampled, weight, code)),
        title, unused if choice.taxonomy in MATCHED and not user_map else None,
        _totals_beside_codes(sampled, code),
        tuple(distinct(table.column(title), None)) if title is not None and whole else (),
    )  # fmt: skip


def _check_header(sampled: Sampled) -> None:
    """Refuse a header that takes two rows: the names below it would be lost, and with them the jobs.

    Raises
    ------
    RegistryError
        If columns have no name and their first row is made of names.
    """
    names, table = sampled.names, sampled.table
    empty = [i for i, n in enumerate(names) if not n.strip()]
    named = len(names) - len(empty)
    if not empty or not named or table.num_rows < 3:
        return
    first = [texts(table.column(i).slice(0, 1)).to_pylist()[0] or "" for i in range(len(names))]
    later = [texts(table.column(i).slice(1, 20)).drop_null().to_pylist() for i in range(len(names))]
    names_below = [
        i for i in empty
        if first[i].strip() and later[i] and number(first[i]) != number(later[i][0])
        and (number(first[i]) is None or 1900 <= (number(first[i]) or 0) <= 2100)
        and sum(number(v) is not None for v in later[i]) >= 0.5 * len(later[i])
    ]  # fmt: skip
    years = [i for i, text in enumerate(first) if 1900 <= (number(text) or 0) <= 2100]
    # One column without a name may be a remark; beside it, years below tell a header of two rows.
    if names_below and (len(empty) > 1 or {names_below[0], names_below[0] - 1} <= set(years)):
        raise RegistryError(
            f"The header of {sampled.file.name} takes two rows: {len(empty)} columns have no name above.",
            first=f"below it stands {first[names_below[0]]!r}, in column {names_below[0] + 1}",
            rule="Every column has its name in one row; merged cells leave the others empty.",
            fix="Write the full names into one row, delete the other, and save the table again.",
        )


def _totals_beside_codes(sampled: Sampled, code: int | None) -> frozenset[int]:
    """Return the columns whose words of sums stand in rows with a code."""
    if code is None:
        return frozenset()
    cells = texts(sampled.table.column(code)).fill_null("")
    coded = pc.not_equal(pc.utf8_trim_whitespace(cells), "")
    totals = set()
    for i in range(len(sampled.names)):
        words = [value for value in sampled.values(i) if is_total_words(value)]
        if i != code and words:
            beside = pc.is_in(texts(sampled.table.column(i)), pa.array(words))
            if pc.any(pc.and_(beside, coded)).as_py():
                totals.add(i)
    return frozenset(totals)


def _of_other_systems(values: list[str], system: CodingSystem) -> list[str]:
    """Say that some values name another coding system than the list's, and are read as that."""
    marked = [(v, own) for v in values if (own := marked_system(v, system)) is not system and not is_total(v)]
    if not marked:
        return []
    value, own = marked[0]
    return [
        f"{len(marked)} values say that they are {own.title}, such as {cut(value)!r}: they are read as that"
    ]


def _uncounted(sampled: Sampled, weight: WeightChoice, code: int | None) -> tuple[str, ...]:
    """Warn where a table of occupations holds figures that may be its jobs, and every row counts as one."""
    if weight.position is not None or weight.asked or code is None:
        return ()
    if weight.unusable:
        return (
            f"every row counts as one, though {cut(weight.unusable, 40)!r} is called as jobs are: most of "
            "its numbers are negative or beyond any number of jobs",
        )
    codes, rows = len(sampled.values(code)), sum(sampled.counts[code].values())
    if rows < _A_TABLE or codes < _ONCE * rows:
        return ()  # a list of people or vacancies: a row is a job
    for i, name in enumerate(sampled.names):
        values = [v for v in sampled.values(i) if v.strip()]
        figures = [n for v in values if (n := number(v)) is not None and n >= 0]
        meaning = other_meaning(name, values)
        may_be = not meaning or meaning.startswith(("counts of people", "round amounts", "figures with"))
        if i != code and may_be and len(figures) > 1 and len(figures) >= _ONCE * len(values):
            return (
                f"every row counts as one, though each code stands once and {cut(name, 40)!r} holds figures: "
                f"if these are jobs, say --weight-column {cut(name, 40)!r}; if not, --weight-column none",
            )
    return ()


def _added_up(sampled: Sampled, weight: int | None, code: int | None) -> tuple[str, ...]:
    """Warn of countries, years and sexes that a long table would add up."""
    if weight is None or code is None:
        return ()
    warnings = []
    for i, name in enumerate(sampled.names):
        values = [v for v in sampled.values(i) if v.strip()]
        if i in (weight, code) or len(values) < 2:
            continue
        if _LONG_TABLE.fullmatch(name.strip()):
            warnings.append(
                f"{len(values)} values of {name!r} are added up "
                f"({', '.join(cut(value, 30) for value in values[:3])} …): "
                f"choose one with --where '{name}={values[0]}'"
            )
        elif _SEX.fullmatch(name.strip()) and (
            total := next(
                (v for v in values if re.fullmatch(r"(sex_)?t|total|all|всего|оба пола", v, re.I)), None
            )
        ):
            warnings.append(
                f"{name!r} holds {total} beside its parts, all added up: --where '{name}={total}'"
            )
    return tuple(warnings)
