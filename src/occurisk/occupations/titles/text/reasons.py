"""Why a title was matched as it was, in the reader's language: `features/titles/reasons.yaml`."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from occurisk.occupations.titles.text.rule_files import RULES, read_rules

# What is said, and the word, title or pattern that it is said of; empty if of none.
Clause = tuple[str, str]


@lru_cache(maxsize=1)
def phrases() -> dict[str, dict[str, str]]:
    """Read what can be said: key -> language -> phrase."""
    return read_rules(RULES / "reasons.yaml")


def in_words(because: Iterable[Clause], language: str = "en") -> str:
    """Return a reason as a reader reads it.

    Parameters
    ----------
    because : iterable of (key, what it is said of)
    language : {"en", "ru", "kk"}
    """
    return "; ".join(phrases()[key][language].format(of) for key, of in because)
