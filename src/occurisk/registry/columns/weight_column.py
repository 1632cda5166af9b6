"""Which column holds jobs: those of now, before projections, shares or pay; asked where years compete."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pyarrow as pa

from occurisk.errors import RegistryError
from occurisk.registry.columns.header_words import JOBS, any_of, fold, words
from occurisk.registry.columns.sample import IntakeOptions, distinct, position_of, texts
from occurisk.registry.formats.base import RegistryFile
from occurisk.registry.numbers import NumberStyle, number_style, read_numbers

NO_WEIGHTS = "none"
# How well a name tells jobs, best first.
_JOBS_ALONE, _FIGURE, _COUNT_ALONE, _WEIGHTS, _HEADING, _VACANT = range(6)
_MORE = "of no sum total tot all всего итого барлығы"
_SOME_JOBS = f"{JOBS['employed']} {JOBS['workers']}"
_ALONE = re.compile(
    rf"(?:{any_of(' '.join((_MORE, _SOME_JOBS, JOBS['counting'], JOBS['alone'], JOBS['figure'])))}(?:_|$))+"
)
_COUNTS = re.compile(rf"(?:^|_){any_of(' '.join((JOBS['counting'], JOBS['alone'], JOBS['figure'])))}(?:_|$)")
_TELLS_JOBS = re.compile(rf"(?:^|_){any_of(_SOME_JOBS + ' emp')}(?:_|$)")
_STATUS = re.compile(rf"(?:{any_of(_MORE + ' emp ' + JOBS['employed'])}(?:_|$))+")
_WEIGHING = re.compile(rf"{any_of(JOBS['weights'])}(?:_.*)?|.*_{any_of(JOBS['weights'])}")
_COUNTING = re.compile(rf"{any_of(JOBS['counting'])}(?:_.*)?|.*_{any_of(JOBS['counting'])}")
# What longer headings are about, such as "Всего занятых, тыс. чел."; a machine's name, such as
# `firm_size_employees`, is no heading: `_` parts no words here.
_HEADING_OF_JOBS = any_of(_SOME_JOBS, between=r"\W+", letters=r"[^\W_]*")
_SPEAKS_OF_JOBS = re.compile(rf"\b{_HEADING_OF_JOBS}\b")
# One part of the jobs only.
_PART = re.compile(
    r"женщин|мужчин|\b(?:wo)?men\b|\b(?:fe)?males?\b|femme|homme|mujer|hombre|frauen|manner|kobiet|mezczyzn|"
    r"kadin|erkek|әиел|ер адам|жінок|чоловік|в том числе|в т\. ?ч|из них|соның ішінде|of which|of them|"
    r"dont\b|davon|w tym|part.?time|full.?time(?!.?equiv)|self.employed|urban|rural|город|сельск|\bage|лет\b"
)
_VACANCIES = re.compile(r"vacan|вакан")
_NO_JOBS = re.compile(
    r"percent|pct|share|rate|ratio|wage|salar|\bpay|earn|change|growth|project|forecast|code|matrix|status|"
    r"unemploy|decline|increase|index|error|rse|height|median|mean|average|openings|type|class|"
    r"дол[яи]|процент|удельн|прирост|прогноз|зарплат|оклад|код|возраст|безработ",
    re.I,
)
_PROJECTION = re.compile(r"project|forecast|change|growth|openings|прогноз|прирост", re.I)
_FIGURE_TEXT = r"[+-]?(?:[\d\s.,]*\d[\d\s.,]*(?:e[+-]?\d+)?|inf(?:inity)?|nan)"
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")


@dataclass(frozen=True)
class WeightChoice:
    """The weight column that was chosen.

    Attributes
    ----------
    position : int or None
        None if every row counts as one.
    style : NumberStyle
    notes : tuple of str
        In words.
    asked : bool
        Whether the user said which column, or that there is none.
    unusable : str
        A column that is called as jobs are, and holds numbers that cannot be numbers of jobs.
    """

    position: int | None
    style: NumberStyle
    notes: tuple[str, ...] = ()
    asked: bool = False
    unusable: str = ""


def find_weight(
    file: RegistryFile, table: pa.Table, names: list[str], options: IntakeOptions
) -> WeightChoice:
    """Find the column of jobs by its name and values.

    Parameters
    ----------
    file : RegistryFile
    table : pyarrow.Table
        The first rows.
    names : list of str
    options : IntakeOptions
        `weight_column` is taken as it is; `none` stands for no weights.

    Returns
    -------
    WeightChoice

    Raises
    ------
    RegistryError
        If columns of several years compete.
    """
    wanted, notes = options.weight_column, list[str]()
    if wanted == NO_WEIGHTS and NO_WEIGHTS not in names:
        said = ("no weights, as asked: every row counts as one",)
        return WeightChoice(None, NumberStyle(), said, asked=True)
    if wanted is not None:
        position: int | None = position_of(names, wanted, "--weight-column")
    else:
        fitting = [i for i in range(len(names)) if _is_numeric(table.column(i), file)]
        position = _by_name(file, table, names, fitting, notes)
    if position is None:
        shown = [n for i, n in enumerate(names) if wanted is None and i in fitting]
        hint = f" (numeric columns: {', '.join(shown[:6])}; see --weight-column)" if shown else ""
        notes.append(f"no weight column: every row counts as one{hint}")
        doubtful = (n for i, n in enumerate(names) if i not in fitting and _rank(fold(n.strip())) is not None)
        wrong = next((n for n in doubtful if _holds_figures(table.column(names.index(n)))), "")
        return WeightChoice(None, NumberStyle(), tuple(notes), unusable=wrong)
    style = _style(table.column(position), file)
    if not pa.types.is_integer(table.column(position).type) and style.decimal == ",":
        notes.append("weights are read with a decimal comma")
    return WeightChoice(position, style, tuple(notes))


def _by_name(
    file: RegistryFile, table: pa.Table, names: list[str], fitting: list[int], notes: list[str]
) -> int | None:
    """Return the best column by name; years in names are set aside first."""
    years = [i for i in fitting if re.fullmatch(r"\s*(?:19|20)\d\d(?:\.0)?\s*", names[i])]
    candidates: list[tuple[int, int]] = []
    for i in fitting:
        plain = _YEAR.sub("", names[i])
        plain = re.sub(r"[\s,_]+(?:thousands|тыс\.?)?[\s,_]*$|^[\s,_]+", "", fold(plain.strip()))
        if _NO_JOBS.search(plain):
            continue
        rank = _rank(plain)
        if rank is not None and not _not_jobs(table.column(i), file, plain, rank):
            candidates.append((rank, i))
    if not candidates:
        if len(years) > 1:
            raise _ask(file, names, years, "The table has one column per year")
        return None
    rank = min(candidates)[0]
    best = [i for r, i in candidates if r == rank]
    if rank >= _HEADING and len(best) > 1 and not any(_YEAR.search(names[i]) for i in best):
        raise _ask(file, names, best, "Several headings speak of jobs", "Which of them counts")
    dated = [i for i in best if _YEAR.search(names[i])]
    if len(dated) < 2 or len(dated) < len(best):
        return best[0]
    dated.sort(key=lambda i: _YEAR.findall(names[i])[0])
    if len(dated) == 2 and any(_PROJECTION.search(n) for n in names):
        notes.append(f"jobs are those of {names[dated[0]]!r}; {names[dated[1]]!r} is a projection")
        return dated[0]
    raise _ask(file, names, dated, "Jobs stand in columns of several years")


def _rank(name: str) -> int | None:
    """Tell how well a column's name, folded, tells jobs; None if it does not."""
    text = "_".join(words(name))
    if _ALONE.fullmatch(text):
        if _TELLS_JOBS.search(text):
            return _JOBS_ALONE
        if _COUNTS.search(text):
            return _FIGURE if text == JOBS["figure"] else _COUNT_ALONE
        return None
    if _WEIGHING.fullmatch(re.sub(r"\W+", "_", name)):  # PWGTP1 is one word: a replicate of PWGTP
        return _WEIGHTS
    if (_COUNTING.fullmatch(text) or _SPEAKS_OF_JOBS.search(name)) and not _PART.search(name):
        return _VACANT if _VACANCIES.search(name) else _HEADING
    return None


def _holds_figures(column: pa.ChunkedArray) -> bool:
    """Tell whether most cells are numbers, be they negative, infinite or beyond any number of jobs."""
    cells = [v for v in texts(column.slice(0, 1000)).to_pylist() if v is not None and v.strip()]
    figures = sum(re.fullmatch(_FIGURE_TEXT, v.strip(), re.I) is not None for v in cells)
    return figures > 0.5 * len(cells)


def _ask(
    file: RegistryFile, names: list[str], positions: list[int], what: str, which: str = "Which year counts"
) -> RegistryError:
    shown = [names[i].strip() for i in positions]
    return RegistryError(
        f"{what}: {len(shown)} columns of {file.name} could be the jobs.",
        first=", ".join(shown[:12]),
        rule=f"{which} would change the result, so occurisk does not guess.",
        fix=f"Choose one: --weight-column {shown[-1]!r}. Where every row counts as one: "
        "--weight-column none.",
    )


def _not_jobs(column: pa.ChunkedArray, file: RegistryFile, name: str, rank: int) -> bool:
    """Tell a status (employed: 1, 2), or shares that add up to 1 or 100, from numbers of jobs."""
    figures = read_numbers(texts(column.slice(0, 5000)), _style(column, file))
    value = figures.value[~figures.missing & ~figures.unusable]
    may_be_status = _STATUS.fullmatch("_".join(words(name))) is not None
    if may_be_status and len(value) > 20 and len(set(value.tolist())) <= 5 and value.max() <= 9:
        return True
    fractions = len(value) >= 3 and bool((value != value.round()).any())
    return (
        fractions and rank != _WEIGHTS and any(abs(float(value.sum()) - t) <= 0.006 * t for t in (1.0, 100.0))
    )


def _style(column: pa.ChunkedArray, file: RegistryFile) -> NumberStyle:
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        return NumberStyle()
    return number_style(distinct(column), file.delimiter)


def _is_numeric(column: pa.ChunkedArray, file: RegistryFile) -> bool:
    """Tell whether most of a column that is not a gap can be read as a weight."""
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return True
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        return False
    figures = read_numbers(texts(column.slice(0, 5000)), _style(column, file))
    return bool((~figures.missing).any()) and figures.unusable.sum() <= 0.5 * (~figures.missing).sum()
