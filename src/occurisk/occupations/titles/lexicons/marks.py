"""What only one language has: letters, words, and parts of words, by which a title is told to be in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Marks:
    """Signs of a language.

    Attributes
    ----------
    letters : frozenset of str
        Letters that no other language has.
    words, inside : frozenset of str, tuple of str
        Words, and parts of words, in the form in which a lexicon compares.
    """

    letters: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    inside: tuple[str, ...] = ()

    @classmethod
    def of(cls, content: Mapping[str, Any], plain: Callable[[str], str]) -> Marks:
        """Return the marks of a lexicon: the letters that it folds, `marks` and `marks_inside`."""
        words, inside = (map(plain, content.get(key, [])) for key in ("marks", "marks_inside"))
        return cls(frozenset(content.get("fold", {})), frozenset(words), tuple(inside))

    def are_in(self, title: str, plain: str) -> bool:
        """Return whether a title has one of the marks; `plain` is the title as a lexicon compares."""
        if not self.letters.isdisjoint(title) or any(part in plain for part in self.inside):
            return True
        return not self.words.isdisjoint(plain.split())
