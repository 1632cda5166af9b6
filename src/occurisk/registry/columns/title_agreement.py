"""Whether the titles beside codes speak of the same work: codes that exist may mean something else."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import pyarrow as pa

from occurisk.errors import RegistryError
from occurisk.occupations.coding_systems import CodingSystem, major_group, tidy
from occurisk.occupations.concordances import load_tables
from occurisk.occupations.crosswalk import find
from occurisk.occupations.uncoded import is_missing, is_total
from occurisk.registry.columns.code_column import Evidence, coding_system
from occurisk.registry.columns.header_words import OCCUPATION, read_header
from occurisk.registry.columns.look_alikes import in_question
from occurisk.registry.columns.sample import (
    IntakeOptions,
    Sampled,
    cut,
    is_prose,
    position_of,
    shown,
    speaks_of_titles,
    texts,
)
from occurisk.registry.columns.telling_words import told_groups

# Names of columns that explain a code in words: description, denominación, наименование, libellé …
_EXPLAINS = re.compile(
    r"descri|denomin|nombre|nome|nom$|libel|bezeichn|nazw|nazev|tanim|adi$|наимен|назва|атау|puesto|cargo",
    re.I,
)
# Names of people, of whom there are many for each code, stand in columns that are called so.
_OF_PEOPLE = re.compile(
    r"^\W*(full|first|last|sur)?[\s_]*names?\W*$|nombre|nome|фио|имя|фамил|imie|apellido", re.I
)
_MOST_TITLES_A_CODE = 2.0
_ROWS, _PAIRS = 20_000, 200
# Titles whose group can be told: how many are needed, and their least share of the titles looked at.
LEAST, _LEAST_SHARE = 8, 0.15
# Codes that agree with less than this share of titles, by more than chance (one sided, 5%), mean something
# else. Measured at two digits of ISCO-08: 0.58 to 0.97 of true lists agree, 0.02 to 0.11 of shuffled ones,
# and 0.05 of US Census codes.
CONTRADICTED, _ONE_SIDED = 0.5, 1.64


@dataclass(frozen=True)
class Agreement:
    """How the titles of a column agree with the codes beside them.

    Attributes
    ----------
    column : str
        Of the titles.
    judged, agreeing : int
        Titles whose group of occupations can be told, and those whose code lies in that group.
    examples : tuple of str
        Contradictions, in words.
    """

    column: str
    judged: int
    agreeing: int
    examples: tuple[str, ...] = ()

    @property
    def share(self) -> float:
        """Share of the judged titles that agree."""
        return self.agreeing / self.judged

    @property
    def contradicts(self) -> bool:
        """Whether the codes clearly mean something else than the titles say."""
        return self.share + _ONE_SIDED * (0.25 / self.judged) ** 0.5 < CONTRADICTED

    def in_words(self) -> str:
        """Say how many titles agree."""
        return (
            f"{self.agreeing:,} of {self.judged:,} titles in {self.column!r} agree with the code beside them "
            "(titles whose group of occupations can be told)"
        )


def agreement(sampled: Sampled, chosen: Evidence, options: IntakeOptions) -> Agreement | None:
    """Compare codes with the titles beside them.

    Parameters
    ----------
    sampled : Sampled
    chosen : Evidence
        Of the column of codes.
    options : IntakeOptions

    Returns
    -------
    Agreement or None
        Of the column of titles that agrees best; None if there is none, or too few of its titles tell
        anything.
    """
    system = coding_system(chosen.taxonomy)
    if system.family == "soc" and _dashed(sampled.values(chosen.position)):
        return None  # 43-9021 can be nothing else
    known = load_tables().known(system)
    by_column = []
    for position in _title_columns(sampled, chosen, options):
        pairs = _pairs(sampled, chosen, position, system, known)
        if len(pairs) >= LEAST and (one := _judge(sampled.names[position], pairs, system)):
            by_column.append(one)
    return max(by_column, key=lambda one: one.share, default=None)


def held_against_titles(
    sampled: Sampled, chosen: Evidence, options: IntakeOptions
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Say how the titles beside the codes agree with them: notes and warnings, in words.

    Raises
    ------
    RegistryError
        If the titles contradict codes of which the user named neither column nor system, or there are none
        and the column is called something else.
    """
    beside = None if options.crosswalk else agreement(sampled, chosen, options)
    unasked = options.code_column is None and options.taxonomy == "auto" and not options.crosswalk
    if unasked and (beside is None or beside.share < CONTRADICTED):
        _check_name(sampled, chosen)
    if beside is None:
        return (), ()
    if not beside.contradicts:
        return (beside.in_words(),), ()
    system = coding_system(chosen.taxonomy).title
    if not unasked:
        return (), (
            f"the codes may be of another coding system than {system}: only {beside.in_words()}, "
            f"not {beside.examples[0]}",
        )
    raise RegistryError(
        f"The codes in {shown(chosen.column, chosen.position)} exist in {system}, but mean something else.",
        first="\n         ".join((f"only {beside.in_words()}", *beside.examples)),
        rule="A national coding system may use the same numbers for other occupations.",
        fix="National codes need a map to ISCO or SOC: --crosswalk MAP.csv. To score titles: --titles only. "
        f"If the codes are right: --code-column {chosen.column!r} --taxonomy {chosen.taxonomy}.",
    )


def _check_name(sampled: Sampled, chosen: Evidence) -> None:
    """Refuse numbers that exist, under a name that means something which we do not know.

    Raises
    ------
    RegistryError
        If the numbers carry no mark of a coding system either.
    """
    system, word = coding_system(chosen.taxonomy), chosen.header.strange
    values = in_question(dict.fromkeys(sampled.values(chosen.position), 1))
    plain = sum(tidy(v).replace(".", "").isdigit() for v in values)
    if word and system.family != "soc" and plain > 0.5 * len(values):
        raise RegistryError(
            f"The numbers in {shown(chosen.column, chosen.position)} exist in {system.title}, but nothing "
            "says that they are codes of occupations.",
            first=f"{chosen.exist:.0%} of {chosen.distinct:,} values exist, such as {chosen.example!r}; but "
            f"{word!r} may stand for anything, and no titles beside them agree",
            rule="Prices, rooms and articles have numbers of three or four digits, too.",
            fix=f"If they are codes: --code-column {chosen.column!r} --taxonomy {chosen.taxonomy}. "
            "If not, name the column that holds codes, or score the titles: --titles only.",
        )


def _dashed(values: list[str]) -> bool:
    return sum(re.match(r"\d\d-\d{4}", tidy(v)) is not None for v in values) > 0.5 * len(values)


def _title_columns(sampled: Sampled, chosen: Evidence, options: IntakeOptions) -> list[int]:
    if options.title_column is not None:
        return [position_of(sampled.names, options.title_column, "--title-column")]
    places = []
    for i, name in enumerate(sampled.names):
        if not is_prose(sampled.values(i)):
            continue
        if i == chosen.position:  # `2411 Accountants`
            return [i]
        speaks = read_header(name).worth >= OCCUPATION or speaks_of_titles(name)
        few = len(sampled.values(i)) <= _MOST_TITLES_A_CODE * chosen.distinct
        if (speaks or _EXPLAINS.search(name)) and (few or not _OF_PEOPLE.search(name)):
            places.append(i)
    return places


def _pairs(
    sampled: Sampled, chosen: Evidence, position: int, system: CodingSystem, known: dict[str, str]
) -> list[tuple[str, str]]:
    """Return distinct (title, code that exists), evenly from the first rows."""
    columns = [texts(sampled.table.column(i).slice(0, _ROWS)) for i in (position, chosen.position)]
    table = pa.table(columns, names=["title", "code"]).drop_null().group_by(["title", "code"]).aggregate([])
    pairs = []
    for title, cell in zip(table["title"].to_pylist(), table["code"].to_pylist(), strict=True):
        if not is_missing(cell) and not is_total(cell) and not is_missing(title) and not is_total(title):
            code = find(cell, system, known, chosen.prefix).code
            if code in known:
                pairs.append((title, code))
    step = max(1, len(pairs) // _PAIRS)
    return pairs[::step][:_PAIRS]


def _judge(column: str, pairs: list[tuple[str, str]], system: CodingSystem) -> Agreement | None:
    """Compare by words that tell a group of ISCO-08, else by the matcher of titles."""
    told: list[frozenset[str]] = []
    if system.family == "isco":
        told = [told_groups(title) for title, _ in pairs]
    if sum(map(bool, told)) < max(LEAST, _LEAST_SHARE * len(pairs)):
        told = _matched([title for title, _ in pairs], told, system)
    judged = [(title, code, groups) for (title, code), groups in zip(pairs, told, strict=True) if groups]
    if len(judged) < max(LEAST, _LEAST_SHARE * len(pairs)):
        return None
    agrees = _rule(system)
    wrong = [(title, code) for title, code, groups in judged if not agrees(code, groups)]
    titles = load_tables().titles[system.name]
    examples = [
        f"{cut(title, 40)!r} beside {code} {titles.get(code, '')[:50]}".strip() for title, code in wrong[:3]
    ]
    return Agreement(column, len(judged), len(judged) - len(wrong), tuple(examples))


def _matched(titles: list[str], told: list[frozenset[str]], system: CodingSystem) -> list[frozenset[str]]:
    """Fill what the words leave open by the matcher of titles: English, Russian, Kazakh, the user's own."""
    from occurisk.occupations.titles.own_titles import matcher_for

    answers = matcher_for("isco08" if system.family == "isco" else "soc2010").answers(titles)
    size = 2
    matched = [
        frozenset([answer.code[:size]]) if len(answer.code) >= size else frozenset() for answer in answers
    ]
    return [old or new for old, new in zip(told, matched, strict=True)] if told else matched


def _rule(system: CodingSystem) -> Callable[[str, frozenset[str]], bool]:
    """Return how a code is held against groups: by two digits of ISCO-08, elsewhere by major group."""
    if system.family != "isco":
        return lambda code, groups: major_group(code, system) in groups
    size = 2 if system.name == "isco08" else 1  # ISCO-88 has the same major groups, not the same below
    return lambda code, groups: any(
        code[:size].startswith(group[:size]) or group[:size].startswith(code[:size]) for group in groups
    )
