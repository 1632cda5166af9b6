"""Cells that hold no code: gaps in words or in a survey's figures, and rows that add up others."""

from __future__ import annotations

import re
from collections.abc import Collection

from occurisk.occupations.coding_systems import FLOAT, ISCO_PREFIX, CodingSystem, tidy

_TOTALS = {
    "00-0000", "000000", "total", "_t", "t", "alloccupations", "all", "alljobs", "total,alloccupations",
    "всего", "итого", "барлығы",
}  # fmt: skip
# Words that a row of sums begins or ends with: "Всего по филиалу", "Grand total", "Алматы Итог" of a pivot.
_SUMS = (
    r"итого|итоги?|всего|подытог|барлығы|барлыгы|жиыны|жиынтығы|разом|усього|всього|общо|insgesamt|gesamt|"
    r"gesamtergebnis|gesamtsumme|summe|zusammen|ergebnis|razem|ogółem|łącznie|celkem|celkom|spolu|ukupno|svega|"
    r"összesen|toplam|jumlah|totaal|eindtotaal|totale"
)
# What every such text holds, for a quick search.
TOTAL_STEMS = rf"{_SUMS}|total|celk|все|всі|барлық|\ball\b|suma|итог"
_TOTAL_WORDS = re.compile(
    rf"(?:{_SUMS})(?![^\W_]).*|[^\W_].*[\s:,—–-](?:итого?|total|toplamı?|ergebnis)\s*:?"
    r"|(?:grand|general|overall|sub|sum|genel|общий|промежуточный|suma)?[\s-]*"
    r"(?:totals?|totais|totales|итог|toplam|końcowa|całkowita)\s*(?:[:.,;–—-].*|\(.*)?"
    r"|(?:totals?|totais|totales)\s+(?:for|of|by|all|in|general|général|générale|geral|generale|complessivo|de|del|"
    r"des|du|der|dos|da|per|por|par|employment|employed|jobs|workers)(?![^\W_]).*"
    r"|(?:en|au|in|im|ogółem|w)\s+(?:total|gesamt|sumie)\W*"
    r"|(?:all|total)\s+(?:occupations|jobs|workers|employees|professions)\W*"
    r"|(?:все|всі|барлық)\s+(?:занятия|професии|профессии|професії|должности|кәсіптер)\W*",
    re.I,
)
# ILOSTAT lists all jobs once more by level of skill.
_SKILL = re.compile(r"OC[0-9U]?_SKILL_\w+", re.I)
# Figures with which surveys say "no answer", "not applicable": no code of any system reads like them.
_SURVEY_GAP = re.compile(r"-[0-9]{1,4}|([6-8])\1{4}|9{3,5}|99[89][0-9]|9{2}9[6-9]|0{2,6}")
_MISSING = {
    "",
    "nan",
    "na",
    "n/a",
    "none",
    "null",
    "<na>",
    "-",
    ".",
    "x",
    "n.e.c.",
    "?",
    "unknown",
    "notclassified",
}


def is_total(text: str) -> bool:
    """Tell whether a cell stands for all occupations together (`00-0000`, `OC2_ISCO08_TOTAL`, `Итого`)."""
    return _bare(text) in _TOTALS or is_total_words(text) or _SKILL.fullmatch(text.strip()) is not None


def is_total_words(text: str) -> bool:
    """Tell whether a text is the heading of a row of sums: `Всего по филиалу`, `Grand total`."""
    return _TOTAL_WORDS.fullmatch(" ".join(text.split()).strip("\"'*")) is not None


def is_survey_gap(text: str, system: CodingSystem, known: Collection[str]) -> bool:
    """Tell whether a cell is a survey's "no answer" (9996 to 9999, -8, 0000), and no code of the system."""
    plain = tidy(text)
    plain = match["whole"] if (match := FLOAT.fullmatch(plain)) else plain
    if system.family == "census" and plain in ("0", "9920"):  # not in the labour force; never worked
        return True
    return plain not in known and _SURVEY_GAP.fullmatch(plain) is not None


def is_missing(text: str) -> bool:
    """Tell whether a cell says that there is no code (`nan`, `X`, `n.e.c.`)."""
    return _bare(text) in _MISSING


def _bare(text: str) -> str:
    bare = tidy(text).lower().strip("\"'")
    return ISCO_PREFIX.sub("", bare, count=1) if bare.startswith("oc") else bare
