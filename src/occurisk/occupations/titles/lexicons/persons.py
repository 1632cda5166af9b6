"""Whether a word that begins as a head names a person, where the head stands first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Persons:
    """What tells a person from a field, a thing or another's thing; endings, but for the deputies.

    Attributes
    ----------
    no_person, fields, of_another, agreeing : tuple of str
        What may not follow the stem; what the word may not end with; what stands behind a stem in a case that
        follows another head; how that other word ends if it only agrees with the head.
    deputies : frozenset of str
        Words behind which a head stands in the genitive.
    """

    no_person: tuple[str, ...]
    fields: tuple[str, ...]
    of_another: tuple[str, ...]
    agreeing: tuple[str, ...]
    deputies: frozenset[str]

    @classmethod
    def of(cls, content: Mapping[str, Any], plain: Callable[[str], str]) -> Persons:
        """Return what a lexicon says."""
        return cls(
            no_person=tuple(map(plain, content.get("no_person", ()))),
            fields=tuple(content.get("fields", ())),
            of_another=tuple(content.get("of_another", ())),
            agreeing=tuple(content.get("agreeing", ())),
            deputies=frozenset(map(plain, content.get("deputies", ()))),
        )

    def may_be(self, stem: str, words: Sequence[str], place: int) -> bool:
        """Tell whether a word names a person, and no field (`биология`), thing (`токарный`) or other's thing.

        In `кабинет врача` and `школа водителей` the head is what comes before.
        """
        word = words[place]
        if stem[0] == "=" or stem[-1] == "*" or len(word) == len(stem):
            return True
        ending = word[len(stem) :]
        if ending.startswith(self.no_person):
            return False
        if not self.deputies.isdisjoint(words[:place]):
            return True
        if word.endswith(self.fields):
            return False
        return not place or ending not in self.of_another or words[place - 1].endswith(self.agreeing)
