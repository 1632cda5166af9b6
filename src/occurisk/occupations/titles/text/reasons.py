"""Why a title was matched as it was, in the reader's language: `features/titles/reasons.yaml`."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from occurisk.paths import FEATURES

# What is said, and the word, title or pattern that it is said of; empty if of none.
Clause = tuple[str, str]


@lru_cache(maxsize=1)
def phrases() -> dict[str, dict[str, str]]:
    """Read what can be said: key -> language -> phrase."""
    import yaml

    with open(FEATURES / "titles" / "reasons.yaml", encoding="utf-8") as stream:
        return dict(yaml.load(stream, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))  # noqa: S506


def in_words(because: Iterable[Clause], language: str = "en") -> str:
    """Return a reason as a reader reads it.

    Parameters
    ----------
    because : iterable of (key, what it is said of)
    language : {"en", "ru", "kk"}
    """
    return "; ".join(phrases()[key][language].format(of) for key, of in because)
