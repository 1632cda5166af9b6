"""Coding systems of occupations as types: what a code looks like and what it is part of.

A code is always a string: ISCO `0110` is not the number 110.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# Dashes that registries arrive with, mapped onto the hyphen of the official codes.
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—−", "-"))


@dataclass(frozen=True)
class CodingSystem:
    """One official classification of occupations.

    Attributes
    ----------
    name : str
        Short name, as on the command line.
    title : str
        Name for people.
    pattern : re.Pattern
        What a normalised code looks like.
    example : str
        A valid code, quoted in error messages.
    """

    name: str
    title: str
    pattern: re.Pattern[str]
    example: str

    def is_code(self, text: object) -> bool:
        """Tell whether `text` is a well-formed, normalised code of this system."""
        return isinstance(text, str) and self.pattern.fullmatch(text) is not None


_SOC = re.compile(r"(?P<major>\d{2})-(?P<rest>\d{4})")
_ONET_SOC = re.compile(r"(?P<soc>\d{2}-\d{4})\.\d{2}")
# Four digits are a unit group; three, two and one digit are its ancestors.
_ISCO = re.compile(r"\d{1,4}")

SOC2010 = CodingSystem("soc2010", "SOC 2010", _SOC, "43-9021")
SOC2018 = CodingSystem("soc2018", "SOC 2018", _SOC, "43-9021")
ONET_SOC = CodingSystem("onetsoc", "O*NET-SOC", _ONET_SOC, "43-9021.00")
ISCO08 = CodingSystem("isco08", "ISCO-08", _ISCO, "4132")
ISCO88 = CodingSystem("isco88", "ISCO-88", _ISCO, "4113")


def tidy(text: str) -> str:
    """Strip white space of every kind and map the dashes of the world onto `-`."""
    return re.sub(r"\s+", "", text.translate(_DASHES))


def soc_of(onet_soc: str) -> str:
    """Return the six-digit SOC code that an O*NET-SOC code belongs to.

    Parameters
    ----------
    onet_soc : str
        `NN-NNNN.NN`.

    Returns
    -------
    str
        `NN-NNNN`.

    Raises
    ------
    ValueError
        If the text is no O*NET-SOC code.
    """
    match = _ONET_SOC.fullmatch(onet_soc)
    if match is None:
        raise ValueError(f"An O*NET-SOC code reads NN-NNNN.NN, got {onet_soc!r}.")
    return match["soc"]


def soc_major(soc: str) -> str:
    """Return the two-digit major group of a SOC code: `43` for `43-9021`."""
    match = _SOC.fullmatch(soc)
    if match is None:
        raise ValueError(f"A SOC code reads NN-NNNN, got {soc!r}.")
    return match["major"]
