"""What a column may hold instead of codes of occupations: amounts, years, ids, dates and the rest."""

from __future__ import annotations

import re
from itertools import pairwise

from occurisk.occupations.coding_systems import is_national, tidy
from occurisk.occupations.uncoded import is_missing, is_total
from occurisk.registry.columns.header_words import read_header

_DATE = re.compile(
    r"\d{4}[-./]\d{1,2}[-./]\d{1,2}(?:[ T].*)?|\d{1,2}[-./]\d{1,2}[-./](?:\d{4}|\d{2})(?:[ T].*)?"
    r"|[A-Za-zА-Яа-я]{3}[-. ]\d{2,4}|\d{1,2}[-. ][A-Za-zА-Яа-я]{3,}[-. ]?(?:\d{2,4})?"
)
_PHONE = re.compile(r"\+?\d[\d\s()-]{8,}\d")
# A register of people: from these values on, they are no list of groups.
_ENOUGH = 5
_MOST = 0.9


def is_date(text: str) -> bool:
    """Tell whether a cell is a date: `2021-11-01`, `11-12-2021`, `Nov-21`."""
    return _DATE.fullmatch(text.strip()) is not None


def in_question(counts: dict[str, int]) -> dict[str, int]:
    """Leave out values that say in words that there is no code, or all of them: the same in every system."""
    return {value: rows for value, rows in counts.items() if not is_missing(value) and not is_total(value)}


def is_dashed_national(value: str) -> bool:
    """Tell whether a cell is a national code with its dash: `4110-9`; plain digits may be anything."""
    return is_national(value) and re.search(r"\d{4}-", tidy(value)) is not None


def number(text: str) -> float | None:
    """Read a cell as a number, thousands separators and currency signs aside; None if it is none."""
    bare = re.sub(r"[$€£₸₽%\s\u00a0\u202f']", "", text)
    if re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", bare):
        bare = bare.replace(",", "")
    elif re.fullmatch(r"[+-]?\d{1,3}(\.\d{3}){2,}(,\d+)?", bare):
        bare = bare.replace(".", "")
    try:
        return float(bare.replace(",", "."))
    except ValueError:
        return None


def other_meaning(name: str, values: list[str]) -> str:
    """Say what a column holds if it holds no codes of occupations.

    Parameters
    ----------
    name : str
        Of the column.
    values : list of str
        Its distinct values, gaps left out.

    Returns
    -------
    str
        In words, such as `pay, as its name says` or `years`; empty if nothing speaks for anything else.
    """
    by_name = read_header(name).other
    if by_name:
        return f"{by_name}, as its name says"
    if not values:
        return ""
    return _by_values(values)


def _by_values(values: list[str]) -> str:
    """Tell what values are by their look."""
    tests = {
        "dates": is_date,
        "percentages": lambda v: "%" in v,
        "telephone numbers or long ids": _is_long_number,
    }
    for what, test in tests.items():
        if sum(map(test, values)) >= _MOST * len(values):
            return what
    figures = [n for v in values if (n := number(v)) is not None]
    return _figures(figures, values) if figures and len(figures) >= _MOST * len(values) else ""


def _is_long_number(text: str) -> bool:
    return _PHONE.fullmatch(text.strip()) is not None and len(re.sub(r"\D", "", text)) >= 10


def _figures(figures: list[float], values: list[str]) -> str:
    """Tell decimals, years, numbers in a row and round amounts apart."""
    whole = [int(n) for n in figures if n == n // 1]
    if len(whole) < 0.8 * len(figures):
        return "" if _look_like_codes(values) else "figures with decimals"
    if len(whole) >= 2 and all(1900 <= n <= 2100 for n in whole):
        return "years"
    ordered = sorted(set(whole))
    follow = sum(b - a == 1 for a, b in pairwise(ordered))
    if len(ordered) >= 2 * _ENOUGH and follow >= _MOST * (len(ordered) - 1):
        return "numbers that follow one another, such as row numbers, ids or ages"
    round_ones = sum(n % 100 == 0 for n in whole)
    if len(whole) >= _ENOUGH and round_ones >= 0.5 * len(whole) and ordered[-1] > 1000:
        return "round amounts"
    return ""


def _look_like_codes(values: list[str]) -> bool:
    """Tell whether decimals are endings of codes (`43-9021.00`, `2411.1`), not cents."""
    return sum(bool(re.search(r"\d-\d", tidy(v))) for v in values) > 0.5 * len(values)
