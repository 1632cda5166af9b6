"""Coding systems of occupations as types: what a code looks like and what it is part of.

A code is always a string: ISCO `0110` is not the number 110. Nothing here reads a table; a function
that must know which codes exist takes them as `known`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
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

    @property
    def family(self) -> str:
        """`soc`, `isco` or `census`: which shape the codes have."""
        return "isco" if self.pattern is _ISCO else "census" if self.pattern is _CENSUS else "soc"

    def is_code(self, text: object) -> bool:
        """Tell whether `text` is a well-formed, normalised code of this system."""
        return isinstance(text, str) and self.pattern.fullmatch(text) is not None


_SOC = re.compile(r"(?P<major>[0-9]{2})-(?P<rest>[0-9]{4})")
_ONET_SOC = re.compile(r"(?P<soc>[0-9]{2}-[0-9]{4})\.[0-9]{2}")
# Four digits are a unit group; three, two and one digit are its ancestors.
_ISCO = re.compile(r"[0-9]{1,4}")
_CENSUS = re.compile(r"[0-9]{4}")

SOC2010 = CodingSystem("soc2010", "SOC 2010", _SOC, "43-9021")
SOC2018 = CodingSystem("soc2018", "SOC 2018", _SOC, "43-9021")
ONET_SOC = CodingSystem("onetsoc", "O*NET-SOC", _ONET_SOC, "43-9021.00")
ISCO08 = CodingSystem("isco08", "ISCO-08", _ISCO, "4132")
ISCO88 = CodingSystem("isco88", "ISCO-88", _ISCO, "4113")
CENSUS2010 = CodingSystem("census2010", "US Census 2010", _CENSUS, "5820")
CENSUS2018 = CodingSystem("census2018", "US Census 2018", _CENSUS, "5820")
SYSTEMS = {s.name: s for s in (SOC2010, SOC2018, ONET_SOC, ISCO08, ISCO88, CENSUS2010, CENSUS2018)}
# What a user may say: a system, or НК РК 01-2017, whose codes are those of ISCO-08 and national digits.
TAXONOMIES = ("auto", *SYSTEMS, "nkrk")
# Major groups of SOC 2010 by the first Census code of each; the Census list follows the SOC's order.
_CENSUS_MAJORS = (
    (10, "11"), (500, "13"), (1000, "15"), (1300, "17"), (1600, "19"), (2000, "21"), (2100, "23"),
    (2200, "25"), (2600, "27"), (3000, "29"), (3600, "31"), (3700, "33"), (4000, "35"), (4200, "37"),
    (4300, "39"), (4700, "41"), (5000, "43"), (6000, "45"), (6200, "47"), (7000, "49"), (7700, "51"),
    (9000, "53"), (9800, "55"),
)  # fmt: skip

# National codes are an ISCO-08 unit group and more: НК РК 01-2017 writes 4110-9.
_NATIONAL = re.compile(r"(?P<isco>[0-9]{4})[-.]?[0-9]+(?:[-.][0-9]+)*")
# ILOSTAT OC2_ISCO08_11 and OCU_ISCO08_1, Eurostat OC1, a sheet called ISCO1, ESCO C2411, НКЗ 2411-0.
ISCO_PREFIX = re.compile(
    r"(?:OC[0-9U]?_?)?(?:ISCO(?:[-_]?(?:08|88))?[-_:]?|(?<=OC)|(?<=OC[0-9U]_)|C(?=[0-9]))"
    r"|(?:НКЗ|НКРК|ОКЗ|МСКЗ|CIUO|CITP|SSYK|NCO|KZIS)(?:-?(?:08|88|2008))?[-_:№]*(?=[0-9]{4})",
    re.I,
)
_ISCO_MARK = re.compile(r"\s*(?:OC[0-9U]?_)?ISCO[-_ ]?(08|88)(?![0-9])", re.I)
_ESCO_SUFFIX = re.compile(r"(?P<isco>[0-9]{4})(?:\.[0-9]+)+")
_DOTTED = re.compile(r"[0-9](?:\.[0-9]){2,3}")
# `43-9021*`, `2411 (1)`, `2411¹`: the last would otherwise become a digit.
_FOOTNOTE = re.compile(r"(?<=[0-9])(?:\s*[*†‡§¹²³⁰⁴-⁹]+|\s*\([0-9a-z*]\))\s*$")
# `2411 Accountants`, `43-9021 - Data entry keyers`: the words may be anything, the code stands first.
_TITLE_AFTER = re.compile(
    r"(?P<code>\s*(?:[0-9]{2}-[0-9]{4}(?:\.[0-9]{2})?|[0-9]{4}(?:-[0-9])?))(?:\s*[-–—:.,)|]\s*|\s+)"
    r"[^\W\d_]{2}.*",
    re.S,
)
FLOAT = re.compile(r"(?P<whole>[0-9]+)\.0+")


@dataclass(frozen=True)
class Normalised:
    """A code as its system writes it, and what had to be mended to get there.

    Attributes
    ----------
    code : str or None
        The normalised code; None if the text is no code of the system.
    repairs : tuple of str
        What was done, in order; empty if nothing.
    """

    code: str | None
    repairs: tuple[str, ...] = ()


def tidy(text: str) -> str:
    """Strip white space of every kind and map the dashes of the world onto `-`."""
    return "".join((text if text.isascii() else text.translate(_DASHES)).split())


def marked_system(text: str, system: CodingSystem) -> CodingSystem:
    """Return the system that a cell itself names, ISCO-88 in `OC2_ISCO88_11`; else the list's own."""
    mark = _ISCO_MARK.match(text)
    return {"08": ISCO08, "88": ISCO88}[mark[1]] if mark and system.family == "isco" else system


def names_isco(text: str) -> bool:
    """Tell whether a cell says of itself that it is a code of ISCO-08 or ISCO-88: `OC2_ISCO08_11`."""
    return _ISCO_MARK.match(text) is not None


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


def major_group(code: str, system: CodingSystem) -> str:
    """Return the top group of a code: `43` for SOC `43-9021` and Census `5820`, `4` for ISCO `4132`.

    Empty where the text is no code of the system, such as a code of a user's own.
    """
    if system.family == "census":
        number = int(code) if _CENSUS.fullmatch(code) else 0
        return max((major for first, major in _CENSUS_MAJORS if number >= first), default="")
    if system.family == "isco":
        # A row of the other ISCO is written `ISCO-88 11`; the major groups are the same.
        plain = code.rpartition(" ")[2]
        return plain[:1] if _ISCO.fullmatch(plain) else ""
    match = _SOC.fullmatch(code[:7])
    return match["major"] if match else ""


def level(code: str, system: CodingSystem) -> str:
    """Name the level of a normalised code.

    Returns
    -------
    str
        SOC: `total`, `major`, `minor`, `broad`, `detailed`; O*NET-SOC: `specialised` below that;
        ISCO: `major`, `sub-major`, `minor`, `unit`.
    """
    if system.family == "isco":
        return ("major", "sub-major", "minor", "unit")[len(code) - 1]
    if system.family == "census":
        return "detailed"
    if len(code) > 7 and not code.endswith(".00"):
        return "specialised"
    code = code[:7]
    if code == "00-0000":
        return "total"
    # No broad group ends in 00: SOC 2010 15-1100 and SOC 2018 31-1100 are minor groups.
    for ending, name in (("0000", "major"), ("00", "minor"), ("0", "broad")):
        if code.endswith(ending):
            return name
    return "detailed"


def group_prefix(code: str, system: CodingSystem) -> str:
    """Return the characters that every member of a group begins with: `15-11` for `15-1100`."""
    return code if system.family == "isco" else code[:3] + code[3:7].rstrip("0")


def is_part_of(code: str, group: str, system: CodingSystem) -> bool:
    """Tell whether `code` lies strictly below `group`."""
    if code == group or level(group, system) in ("unit", "detailed", "specialised"):
        return False
    return group == "00-0000" or code.startswith(group_prefix(group, system))


def parents(code: str, system: CodingSystem) -> list[str]:
    """Return the groups that a code is part of, nearest first.

    SOC writes a minor group `NN-N000` or, rarely, `NN-NN00`; both spellings are given.
    """
    if system.family == "isco":
        return [code[:n] for n in range(len(code) - 1, 0, -1)]
    if system.family == "census":
        return []
    groups = [code[:6] + "0", code[:5] + "00", code[:4] + "000", code[:3] + "0000"]
    return [
        g for i, g in enumerate(groups) if g != code and g not in groups[:i] and is_part_of(code, g, system)
    ]


def is_military(code: str, system: CodingSystem) -> bool:
    """Tell whether a normalised code is of the armed forces, whom O*NET does not rate."""
    return code.startswith({"census": "98", "isco": "0"}.get(system.family, "55-"))


def normalise(
    text: str, system: CodingSystem, known: Collection[str], *, prefix: int | None = None
) -> Normalised:
    """Bring a cell to the form of its coding system, mending only what is certain.

    Parameters
    ----------
    text : str
        The cell as the registry has it.
    system : CodingSystem
    known : collection of str
        The codes that exist; a lost leading zero is restored only if the text is no code as it stands.
    prefix : int, optional
        National codes built on ISCO: take this many leading digits (НК РК: 4).

    Returns
    -------
    Normalised
        A code need not exist to be well-formed; check `code in known`.
    """
    repairs: list[str] = []
    bare = text.strip("\"'=")
    if bare != text:
        repairs.append("quotes removed")
    if noted := _FOOTNOTE.search(bare):
        repairs.append("footnote mark removed")
        bare = bare[: noted.start()]
    if titled := _TITLE_AFTER.fullmatch(bare):
        repairs.append("title after the code removed")
        bare = titled["code"]
    plain = unicodedata.normalize("NFKC", tidy(bare))
    if plain != bare:
        repairs.append("spaces or dashes made plain")
    if system.family == "isco":
        return _normalise_isco(plain, system, known, prefix, repairs)
    if system.family == "census":
        return _normalise_census(plain, repairs)
    return _normalise_soc(plain, system, known, repairs)


def _normalise_soc(text: str, system: CodingSystem, known: Collection[str], repairs: list[str]) -> Normalised:
    if not re.fullmatch(r"[0-9]{2}-?[0-9X]{0,4}(\.[0-9]{1,2})?|[0-9]{6,8}(\.0+)?", text, re.I):
        return Normalised(None, tuple(repairs))
    digits = re.sub(r"[^0-9Xx]", "", text.split(".", maxsplit=1)[0]).upper()
    ending = text.partition(".")[2]
    if len(digits) == 8:  # O*NET-SOC without punctuation
        digits, ending = digits[:6], digits[6:]
        repairs.append("punctuation restored")
    elif "-" not in text and len(digits) == 6:
        repairs.append("dash restored")
    if "X" in digits:
        digits = digits.replace("X", "0")
        repairs.append("X taken as a group")
    if len(digits) == 2:
        digits += "0000"
        repairs.append("group code filled up with zeros")
    if len(digits) != 6:
        return Normalised(None, tuple(repairs))
    code = f"{digits[:2]}-{digits[2:]}"
    if system is ONET_SOC:
        if len(ending) != 2:
            # Six digits are the occupation as a whole, which O*NET-SOC writes .00; 15-1132.1 is no code.
            if ending.strip("0"):
                return Normalised(None, tuple(repairs))
            repairs.append(".00 added")
            ending = "00"
        code = f"{code}.{ending}"
    elif ending:
        if ending.strip("0"):
            return Normalised(None, tuple(repairs))
        repairs.append(f".{ending} removed")
    return Normalised(code, tuple(repairs))


def _normalise_isco(
    text: str, system: CodingSystem, known: Collection[str], prefix: int | None, repairs: list[str]
) -> Normalised:
    head = ISCO_PREFIX.match(text)
    if head and head.end():
        other = {"isco08": "88", "isco88": "08"}.get(system.name, "")
        if other and other in head.group():  # OC2_ISCO88_11 is no ISCO-08
            return Normalised(None, tuple(repairs))
        repairs.append(f"{head.group()} removed")
        text = text[head.end() :]
    if match := FLOAT.fullmatch(text):
        repairs.append(".0 removed")
        text = match["whole"]
    if _DOTTED.fullmatch(text):
        repairs.append("dots removed")
        text = text.replace(".", "")
    if prefix:
        digits = re.sub(r"[-.]", "", text)
        if digits.isascii() and digits.isdigit() and len(digits) > prefix:
            # What is left must exist as it stands: a number that is cut and then filled up fits anything.
            repairs.append(f"first {prefix} digits taken")
            return Normalised(digits[:prefix], tuple(repairs))
    elif match := _ESCO_SUFFIX.fullmatch(text):
        repairs.append("ESCO ending removed")
        text = match["isco"]
    if not _ISCO.fullmatch(text):
        return Normalised(None, tuple(repairs))
    if text not in known:
        if len(text) < 4 and "0" + text in known:
            repairs.append("lost leading zero restored")
            text = "0" + text
        elif (short := text.rstrip("0")) in known:
            repairs.append("zeros that fill up a group code removed")
            text = short
    return Normalised(text, tuple(repairs))


def _normalise_census(text: str, repairs: list[str]) -> Normalised:
    if match := FLOAT.fullmatch(text):
        repairs.append(".0 removed")
        text = match["whole"]
    if not re.fullmatch(r"[0-9]{1,4}", text):
        return Normalised(None, tuple(repairs))
    if len(text) < 4:
        repairs.append("lost leading zeros restored")
    return Normalised(text.zfill(4), tuple(repairs))


def is_national(text: str) -> bool:
    """Tell whether a cell looks like a national code built on ISCO: `4110-9`."""
    plain = unicodedata.normalize("NFKC", tidy(text))
    return _NATIONAL.fullmatch(ISCO_PREFIX.sub("", plain, count=1)) is not None
