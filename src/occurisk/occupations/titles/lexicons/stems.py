"""Whether a word of a title is a stem of a lexicon, with an ending, a chain of endings, or a slip."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

# A stem matches a word that goes on for so many letters: endings of case, gender and number.
SHORT_ENDING, LONG_ENDING, LONG_STEM = 3, 5, 6
NEVER = 300


@dataclass(frozen=True)
class Endings:
    """How words of a language end.

    Attributes
    ----------
    chain : pattern or None
        Endings that may follow a stem, in their order; None if any short one may.
    softened : mapping
        The last letters of a stem -> what they become before an ending, such as `к` -> `г`.
    typos_from : int
        From so many letters on, a stem is known with one letter wrong.
    """

    chain: re.Pattern[str] | None = None
    softened: Mapping[str, str] | None = None
    typos_from: int = NEVER

    @classmethod
    def of(cls, content: Mapping[str, Any], plain: Callable[[str], str]) -> Endings:
        """Return what a lexicon says: `endings` are lists of those that exclude each other."""
        links = ["|".join(map(plain, one.split())) for one in content.get("endings", [])]
        chain = re.compile("".join(f"(?:{link})?" for link in links)) if links else None
        softened = {plain(hard): plain(soft) for hard, soft in content.get("softened", {}).items()}
        return cls(chain, softened, int(content.get("typos_from", NEVER)))

    def match(self, stem: str, word: str) -> bool:
        """Return whether a word is a stem and an ending; `=` whole, `*` open."""
        if stem.startswith("="):
            return word == stem[1:].rstrip("*")
        if stem.endswith("*"):
            return word.startswith(stem[:-1])
        # Latin words have lost their plural before, and a `production manager` is no `product manager`.
        if stem.isascii():
            return word == stem
        if self.chain is None:
            longest = LONG_ENDING if len(stem) >= LONG_STEM else SHORT_ENDING
            return 0 <= len(word) - len(stem) <= longest and word.startswith(stem)
        starts = (start for start in self._starts(stem) if word.startswith(start))
        return any(self.chain.fullmatch(word, len(start)) for start in starts)

    def nearly_match(self, stem: str, word: str) -> bool:
        """Return whether a word is a stem with one letter wrong, left out or too many, and its endings."""
        if self.chain is None or len(stem) < self.typos_from or not stem.isalpha():
            return False
        # Of a long stem with one slip, the beginning or what comes before its last letter is as it should be.
        if word[:3] != stem[:3] and stem[-4:-1] not in word:
            return False
        return any(
            _one_letter_off(start, word[:n]) and self.chain.fullmatch(word, n)
            for start in self._starts(stem)
            for n in range(len(start) - 1, len(start) + 2)
        )

    def _starts(self, stem: str) -> list[str]:
        """Return a stem as it is, and as it is before an ending."""
        softened = (self.softened or {}).items()
        return [stem, *(stem.removesuffix(hard) + soft for hard, soft in softened if stem.endswith(hard))]


def _one_letter_off(one: str, other: str) -> bool:
    """Return whether one letter of two words that begin alike is another, missing, or has changed places."""
    same = 0
    for a, b in zip(one, other, strict=False):
        if a != b:
            break
        same += 1
    shorter, longer = sorted((one[same:], other[same:]), key=len)
    if not same or len(longer) - len(shorter) > 1:
        return False
    if len(longer) > len(shorter):
        return longer[1:] == shorter
    swapped = longer[:2] == shorter[:2][::-1] and longer[2:] == shorter[2:]
    return swapped or longer[1:] == shorter[1:]
