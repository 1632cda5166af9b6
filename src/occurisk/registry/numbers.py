"""Numbers as registries write them: thousands separators, decimal commas, suppressed cells."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from occurisk.registry.formats.base import as_text

# What statistical offices print where they print no number: BLS *, **, #; Eurostat :, and the like.
_SUPPRESSED = r"^\s*(?:|\*{1,3}|#|:|\.{1,3}|-|–|—|x|c|na|n/a|nan|null|none|<na>|~)\s*[a-z]?\s*$"
_NUMBER = re.compile(r"[+-]?(?=.*\d)[\d.,]+(?:e[+-]?\d+)?", re.I)
_COMMA_THOUSANDS = re.compile(r"-?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_DOT_THOUSANDS = re.compile(r"-?\d{1,3}(?:\.\d{3})+(?:,\d+)?")
_SPACES = "[\\s\u00a0\u202f\u2009']+"

# No count of jobs or people is larger; sums of larger ones would end where numbers do.
MOST = 1e18


@dataclass(frozen=True)
class NumberStyle:
    """How numbers are written in a text column: the decimal mark; the other mark separates thousands."""

    decimal: str = "."

    @property
    def thousands(self) -> str:
        """The mark that is no decimal mark."""
        return "," if self.decimal == "." else "."


@dataclass(frozen=True)
class Numbers:
    """The numbers of a column, row by row: weights, wages, attributes.

    Attributes
    ----------
    value : ndarray of float, shape (n,)
        Zero where there is none.
    missing : ndarray of bool, shape (n,)
        Empty or suppressed; the row counts, its weight is unknown.
    unusable : ndarray of bool, shape (n,)
        Text, negative or infinite; the row is set aside.
    """

    value: np.ndarray
    missing: np.ndarray
    unusable: np.ndarray


def number_style(texts: list[str], delimiter: str | None = None) -> NumberStyle:
    """Tell the decimal mark of a column from a sample.

    Parameters
    ----------
    texts : list of str
    delimiter : str, optional
        Of the file: where columns are separated by semicolons, `1,234` is read with a decimal comma.

    Returns
    -------
    NumberStyle
        The mark that more values can only be read with: `1,5` and `1.234,5` speak for the comma, `1.5`
        and `1,234,567` for the point. Where none does (`1,234`), the comma if the file separates columns by
        semicolons. What is no number says nothing.
    """
    plain = [re.sub(_SPACES, "", t) for t in texts]
    numbers = [t for t in plain if _NUMBER.fullmatch(t)]
    comma = sum(_only_with(t, ",", ".", _COMMA_THOUSANDS) for t in numbers)
    point = sum(_only_with(t, ".", ",", _DOT_THOUSANDS) for t in numbers)
    if comma == point:
        return NumberStyle("," if delimiter == ";" and any("," in t for t in numbers) else ".")
    return NumberStyle("," if comma > point else ".")


def _only_with(text: str, mark: str, other: str, thousands: re.Pattern[str]) -> bool:
    """Tell whether a number can only be read with this decimal mark."""
    if mark in text and other in text:
        return text.rindex(mark) > text.rindex(other)
    return text.count(other) > 1 or (text.count(mark) == 1 and not thousands.fullmatch(text))


def read_numbers(column: pa.Array, style: NumberStyle) -> Numbers:
    """Read a weight column of any type.

    Parameters
    ----------
    column : pyarrow.Array
        Numbers, or text in the given style, dictionary-encoded or not.
    style : NumberStyle
    """
    if pa.types.is_dictionary(column.type):
        inner = read_numbers(column.dictionary, style)
        index = pc.fill_null(column.indices, -1).to_numpy(zero_copy_only=False)
        gap = index < 0
        return Numbers(
            np.where(gap, 0.0, inner.value[index]) if len(inner.value) else np.zeros(len(column)),
            gap | (inner.missing[index] if len(inner.value) else False),
            ~gap & (inner.unusable[index] if len(inner.value) else False),
        )
    if (
        pa.types.is_integer(column.type)
        or pa.types.is_floating(column.type)
        or pa.types.is_decimal(column.type)
    ):
        missing = column.is_null().to_numpy(zero_copy_only=False) if column.null_count else None
        # By way of text: Arrow's own cast of decimals is off in the last digit of every eighth.
        plain = column.cast(pa.string()) if pa.types.is_decimal(column.type) else column
        value = plain.cast(pa.float64(), safe=False)
        value = (value.fill_null(0.0) if missing is not None else value).to_numpy(zero_copy_only=False)
        nothing = np.isnan(value)
        missing = nothing if missing is None else missing | nothing
    else:
        value, missing = _from_text(as_text(column), style)
    unusable = ~missing & ~((value >= 0) & (value <= MOST))
    off = missing | unusable
    return Numbers(np.where(off, 0.0, value) if off.any() else value, missing, unusable)


def _from_text(column: pa.Array, style: NumberStyle) -> tuple[np.ndarray, np.ndarray]:
    """Return (value, missing); a text that is no number has value -1, which is unusable."""
    if style.decimal == "." and not column.null_count:
        try:
            # The common case, at the speed of Arrow: plain numbers.
            value = column.cast(pa.float64()).to_numpy(zero_copy_only=False)
            return value, np.isnan(value)
        except pa.ArrowInvalid:
            pass
    text = pc.ascii_lower(column.fill_null(""))
    missing = pc.match_substring_regex(text, _SUPPRESSED).to_numpy(zero_copy_only=False)
    text = pc.replace_substring_regex(text, _SPACES, "")
    thousands, decimal = re.escape(style.thousands), re.escape(style.decimal)
    number = rf"^\+?-?(?:\d+|\d{{1,3}}(?:{thousands}\d{{3}})+)?(?:{decimal}\d*)?(?:e[+-]?\d+)?$"
    sound = pc.match_substring_regex(text, number).to_numpy(zero_copy_only=False)
    text = pc.replace_substring(text, style.thousands, "")
    text = pc.ascii_ltrim(pc.replace_substring(text, style.decimal, "."), "+")
    sound &= pc.match_substring_regex(text, r"^-?\.?\d").to_numpy(zero_copy_only=False)
    text = pc.if_else(pa.array(sound & ~missing), text, "-1")
    return text.cast(pa.float64()).to_numpy(zero_copy_only=False), missing
