"""Choose the code column and its coding system on strong evidence, or say in one place why not."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pyarrow as pa
import pyarrow.compute as pc

from occurisk.errors import RegistryError
from occurisk.occupations.coding_systems import is_part_of
from occurisk.occupations.concordances import load_tables
from occurisk.occupations.crosswalk import find, in_one_alone
from occurisk.occupations.uncoded import is_missing, is_total
from occurisk.registry.columns.code_column import ENOUGH, Evidence, coding_system, count_different
from occurisk.registry.columns.header_words import CODE, OCCUPATION_CODE, read_header, said_of_itself
from occurisk.registry.columns.look_alikes import is_dashed_national, is_date, other_meaning
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
from occurisk.registry.columns.title_agreement import held_against_titles

# Two systems are close if fewer than this share of the values tells them apart.
CLOSE = 0.02
# Below this share of rows that fit, what the user named is scored under a warning.
FITTING = 0.8
# Among columns, those this much poorer than the best are no rivals.
_RIVAL = 0.1
_NAMED_ENOUGH = 0.5
_CANDIDATES, _SOME = 6, 0.3
_CENSUS_EDITIONS = (
    "The ACS went over to the Census codes of 2018 in 2018, the CPS in 2020. Keep the years apart, or use "
    "SOC (SOCP, OCCSOC) or IPUMS's OCC2010 instead."
)


@dataclass(frozen=True)
class Choice:
    """What was chosen.

    Attributes
    ----------
    position : int or None
        Of the code column; None if the registry has titles only.
    taxonomy : str
    prefix : int or None
        Leading digits that count.
    notes, warnings : tuple of str
        What was decided, and what the user should know beside every result, in words.
    """

    position: int | None
    taxonomy: str
    prefix: int | None = None
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = field(default=())


def choose(sampled: Sampled, evidence: list[Evidence], options: IntakeOptions) -> Choice:
    """Choose the code column and the coding system.

    Parameters
    ----------
    sampled : Sampled
        The registry's first rows.
    evidence : list of Evidence
        Of every column and system, best first.
    options : IntakeOptions
        What the user named is taken, with a warning if it fits badly.

    Returns
    -------
    Choice

    Raises
    ------
    RegistryError
        If nothing is strong enough, or two choices would score differently: the message shows the
        candidates, and names the options that settle it.
    """
    if options.code_column is not None:
        position = position_of(sampled.names, options.code_column, "--code-column")
        return _asked(sampled, [e for e in evidence if e.position == position], position, options)
    wanted = [e for e in evidence if options.taxonomy in ("auto", e.taxonomy) or options.crosswalk]
    sound = [e for e in wanted if e.sound]
    if not sound and (options.taxonomy != "auto" or options.crosswalk):
        # The user vouches for the system: half of the values will do, in a column that is nothing else.
        sound = [
            e for e in wanted
            if min(e.exist, e.rows) >= _NAMED_ENOUGH
            and not other_meaning(e.column, sampled.values(e.position))
        ]  # fmt: skip
    if not sound:
        return _nothing(sampled, evidence, options)
    best, notes = _best_column(sampled, sound)
    choice = Choice(best.position, best.taxonomy, best.prefix)
    if not options.crosswalk:
        fits = [e for e in sound if e.position == best.position]
        choice, more = _settle(sampled, fits, best.position)
        notes += more
    chosen = next(e for e in sound if e.position == best.position and e.taxonomy == choice.taxonomy)
    if chosen.prefix and chosen.taxonomy == "isco08" and options.prefix is None:
        notes.append(
            f"codes are read as ISCO-08 by their first {chosen.prefix} digits, "
            f"of which {chosen.exist:.0%} exist"
        )
    said, doubts = held_against_titles(sampled, chosen, options)
    warnings = (*_warnings(sampled, chosen, evidence), *doubts)
    return replace(choice, notes=(*notes, *said), warnings=warnings)


def _asked(sampled: Sampled, fits: list[Evidence], position: int, options: IntakeOptions) -> Choice:
    """Take the column that the user named; find its system, or take that which the user named too."""
    default = "soc2010" if options.taxonomy == "auto" else options.taxonomy
    own = [e for e in fits if options.crosswalk or options.taxonomy in ("auto", e.taxonomy)]
    if not own:
        return Choice(position, default, options.prefix, (), _dates(sampled, position))
    if options.taxonomy != "auto" or options.crosswalk:
        chosen = own[0]
        choice = Choice(position, default, chosen.prefix)
    else:
        choice, notes = _settle(sampled, own, position)
        chosen = next(e for e in own if e.taxonomy == choice.taxonomy)
        choice = replace(choice, notes=tuple(notes))
    said, doubts = held_against_titles(sampled, chosen, options)
    warnings = (*_warnings(sampled, chosen, fits, position=position), *doubts)
    return replace(choice, notes=(*choice.notes, *said), warnings=warnings)


def _warnings(
    sampled: Sampled, chosen: Evidence, evidence: list[Evidence], position: int | None = None
) -> tuple[str, ...]:
    """Say what should stand beside every result: a poor fit, another meaning, dates made of codes."""
    warnings = []
    system = coding_system(chosen.taxonomy).title if chosen.taxonomy != "crosswalk" else "the crosswalk"
    name = shown(chosen.column, chosen.position)
    if chosen.rows < FITTING or chosen.exist < FITTING:
        better = [
            e for e in evidence
            if e.position == chosen.position and e.taxonomy != chosen.taxonomy
            and min(e.exist, e.rows) >= ENOUGH
        ]  # fmt: skip
        warnings.append(
            f"only {chosen.rows:.0%} of the rows with a value in {name} exist in {system}: "
            "the figures speak for these alone"
            + (f"; --taxonomy {better[0].taxonomy} fits {better[0].rows:.0%}" if better else "")
        )
    if position is not None and (
        other := next((a for a in chosen.against if a.startswith(("it holds", "its name is that"))), "")
    ):
        warnings.append(f"{name} was named as the code column, though {other}")
    return (*warnings, *_dates(sampled, chosen.position))


def _dates(sampled: Sampled, position: int) -> tuple[str, ...]:
    dates = [v for v in sampled.values(position) if is_date(v)]
    if not dates:
        return ()
    return (
        f"{len(dates)} values of {shown(sampled.names[position], position)} are dates, such as "
        f"{dates[0]!r}: a spreadsheet turns codes such as 11-2021 into dates. Format the column as text "
        "and enter them again",
    )


def _best_column(sampled: Sampled, sound: list[Evidence]) -> tuple[Evidence, list[str]]:
    """Choose among columns; where two say different things of the same rows, ask."""
    best, notes = sound[0], list[str]()
    rivals = [
        e for e in sound
        if e.position != best.position and e.exist > best.exist - _RIVAL
        and e.header.worth >= min(best.header.worth, OCCUPATION_CODE)
    ]  # fmt: skip
    for rival in {e.position: e for e in reversed(rivals)}.values():
        if rival.position == best.position:
            continue
        if (deeper := _deeper(sampled, best, rival)) is not None:
            other = rival if deeper is best else best
            says = "holds the same codes with further digits as" if other.prefix else "holds the groups of"
            scored = "those that need no cutting" if other.prefix else "the finer codes"
            notes.append(
                f"{shown(other.column, other.position)} {says} "
                f"{shown(deeper.column, deeper.position)}: {scored} are scored"
            )
            best = deeper
            continue
        one, two = (texts(sampled.table.column(e.position)) for e in (best, rival))
        if not pc.all(pc.fill_null(pc.equal(one, two), True)).as_py():
            names = f"{shown(best.column, best.position)} and {shown(rival.column, rival.position)}"
            raise RegistryError(
                f"Several columns of {sampled.file.name} look like occupation codes: {names}.",
                first=f"{best.exist:.0%} of the values of {best.column!r} exist in {best.taxonomy}, "
                f"{rival.exist:.0%} of {rival.column!r} in {rival.taxonomy}",
                fix=f"Choose one: --code-column {best.column!r}",
            )
        if two.null_count < one.null_count:
            best = rival
    return best, notes


def _deeper(sampled: Sampled, one: Evidence, two: Evidence) -> Evidence | None:
    """Return the finer of two columns of one system, if row by row the other holds its groups."""
    if coding_system(one.taxonomy) is not coding_system(two.taxonomy):
        return None
    fine, coarse = (one, two) if one.depth >= two.depth else (two, one)
    if bool(one.prefix) != bool(two.prefix):  # KZiS beside ISCO-08: what needs no cutting
        fine, coarse = (two, one) if one.prefix else (one, two)
    elif fine.depth < coarse.depth + 0.3:
        return None
    system = coding_system(one.taxonomy)
    known = load_tables().known(system)
    columns = [texts(sampled.table.column(e.position)) for e in (fine, coarse)]
    pairs = pa.table(columns, names=["f", "c"]).group_by(["f", "c"]).aggregate([])
    within = of = 0
    for low, high in zip(pairs["f"].to_pylist(), pairs["c"].to_pylist(), strict=True):
        codes = [find(t, system, known, e.prefix).code for t, e in ((low or "", fine), (high or "", coarse))]
        if None in codes or not all(c in known for c in codes):
            continue
        of += 1
        within += codes[0] == codes[1] or is_part_of(str(codes[0]), str(codes[1]), system)
    return fine if of and within >= 0.95 * of else None


def _settle(sampled: Sampled, fits: list[Evidence], position: int) -> tuple[Choice, list[str]]:
    """Choose among coding systems; where two are close and would score differently, ask."""
    top = max(e.exist for e in fits)
    close = [e for e in fits if e.exist > top - CLOSE]
    column = sampled.names[position]
    values = [v for v in sampled.values(position) if not is_missing(v) and not is_total(v)]
    census = [e for e in fits if coding_system(e.taxonomy).family == "census"]
    if len(census) == 2 and len(said_of_itself(column, values)) != 1:
        alone = in_one_alone(values, *(coding_system(e.taxonomy) for e in census))
        found = [
            f"{len(some)} values exist in {coding_system(e.taxonomy).title} alone, such as {some[0]!r}"
            for e, some in zip(census, alone, strict=True) if some
        ]  # fmt: skip
        if all(alone):
            fix = f"Or say which: --taxonomy {census[0].taxonomy} or --taxonomy {census[1].taxonomy}"
            raise RegistryError(
                f"The codes in {column!r} are of two editions of the US Census.",
                first="; ".join(found),
                rule=_CENSUS_EDITIONS,
                fix=fix,
            )
        if any(alone) and all(e in census for e in close):
            one = census[0] if alone[0] else census[1]
            return Choice(position, one.taxonomy, one.prefix), found
    if len(close) > 1:
        named = [e for e in close if e.taxonomy in said_of_itself(column, values)]
        if len(named) == 1:
            one = named[0]
            return Choice(position, one.taxonomy, one.prefix), [f"{one.taxonomy}: the column says so"]
        close = named or close
    national = any(map(is_dashed_national, values))  # else НК РК is ISCO-08 and nothing more
    best = max(close, key=lambda e: (e.exist, (e.taxonomy == "nkrk") == national))
    for other in close:
        if other is best or coding_system(best.taxonomy) is coding_system(other.taxonomy):
            continue
        differ = count_different(values, best, other)
        if differ:
            raise RegistryError(
                f"The codes in {column!r} could be {coding_system(best.taxonomy).title} "
                f"or {coding_system(other.taxonomy).title}.",
                first=f"{best.exist:.1%} of {best.distinct} values exist in the one, {other.exist:.1%} in "
                f"the other; {differ} would be scored differently",
                rule="Where two coding systems fit equally well, occurisk does not guess.",
                fix=f"Say which: --taxonomy {best.taxonomy} or --taxonomy {other.taxonomy}",
            )
    return Choice(position, best.taxonomy, best.prefix), []


def _nothing(sampled: Sampled, evidence: list[Evidence], options: IntakeOptions) -> Choice:
    """Keep a list of titles for later; refuse any other, with all candidates and what speaks about each."""
    default = "soc2010" if options.taxonomy == "auto" else options.taxonomy
    near = _candidates(sampled, evidence)
    titles = [i for i, n in enumerate(sampled.names) if speaks_of_titles(n) and is_prose(sampled.values(i))]
    serious = [e for e in near if (e.header.worth >= CODE and e.exist >= 0.1) or e.header.foreign]
    other = next((e for e in evidence if e.sound), None)
    if titles and not serious and other is None:
        left = ", left out by --titles off" if options.titles == "off" else ""
        notes = [f"no column holds codes; {sampled.names[titles[0]]!r} holds titles{left}"]
        notes += [f"not codes: {_for_and_against(sampled, e)}" for e in near[:3]]
        return Choice(None, default, notes=tuple(notes))
    lines = [_for_and_against(sampled, e) for e in near]
    lines += _named_only(sampled, {e.position for e in near})
    if other is not None and options.taxonomy not in ("auto", other.taxonomy):
        raise RegistryError(
            f"No column of {sampled.file.name} fits the coding system {coding_system(default).title}.",
            first=lines[0] if lines else None,
            rule=f"{other.exist:.0%} of the values of {other.column!r} exist in "
            f"{coding_system(other.taxonomy).title}.",
            fix=f"Leave --taxonomy out, or say --taxonomy {other.taxonomy}.",
        )
    best = near[0] if near else None
    name = repr(best.column) if best else "NAME"
    like = [
        e.taxonomy for e in evidence if best and e.position == best.position and e.exist > best.exist - CLOSE
    ]
    systems = " or ".join(f"--taxonomy {taxonomy}" for taxonomy in like or ["isco08"])
    census = best and coding_system(best.taxonomy).family == "census" and best.exist >= _SOME
    more = _CENSUS_EDITIONS if census else "National codes need a map to ISCO or SOC: --crosswalk MAP.csv."
    if wordy := [repr(n) for i, n in enumerate(sampled.names) if is_prose(sampled.values(i))]:
        more += f" To match titles to codes: --titles only --title-column {' or '.join(wordy[:3])}."
    raise RegistryError(
        f"No column of {sampled.file.name} looks like occupation codes strongly enough to be scored unasked.",
        first="\n         ".join(lines) or None,
        rule=f"At least {ENOUGH:.0%} of a column's values and rows must exist in a coding system, "
        "and nothing else may explain them.",
        fix=f"If you know better, say so: --code-column {name} and {systems}. " + more,
    )


def _named_only(sampled: Sampled, seen: set[int]) -> list[str]:
    """Put in words the columns whose names speak of codes, and whose values are codes of no system."""
    return [
        f"{shown(name, i)} ({len(sampled.values(i)):,} values such as {cut(sampled.values(i)[0], 40)!r}; "
        f"none is a code of a known system). For it: {read_header(name).says}."
        for i, name in enumerate(sampled.names)
        if i not in seen and read_header(name).worth >= OCCUPATION_CODE and sampled.values(i)
    ]


def _candidates(sampled: Sampled, evidence: list[Evidence]) -> list[Evidence]:
    """Return the best evidence of each column, those whose names speak of codes first."""
    best: dict[int, Evidence] = {}
    for one in evidence:
        if one.position not in best and not is_prose(sampled.values(one.position)):
            best[one.position] = one
    ordered = sorted(best.values(), key=lambda e: (-(e.header.worth + 4 * min(e.exist, e.rows)), e.position))
    return ordered[:_CANDIDATES]


def _for_and_against(sampled: Sampled, one: Evidence) -> str:
    """Put one candidate in words."""
    says = one.header.says
    system = coding_system(one.taxonomy).title if one.taxonomy != "crosswalk" else "the crosswalk"
    against = "; ".join(one.against) or "nothing"
    return (
        f"{shown(one.column, one.position)} ({one.distinct:,} values such as {cut(one.example, 40)!r}; "
        f"{one.exist:.0%} exist in {system}). "
        f"For it: {says or 'nothing but its values' if one.header.worth < OCCUPATION_CODE else says}. "
        f"Against it: {against}."
    )
