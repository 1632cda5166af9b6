"""The matcher on disk and in use: a linear softmax over hashed pieces of words, and the titles it saw.

`<name>.npz` holds numbers only (no pickle); `<name>.json` says what they are: system, codes, sources with
licence and digest, version of the normaliser, and the SHA-256 of the numbers, checked before they are read.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from occurisk.errors import TitlesError
from occurisk.files import whole_file
from occurisk.occupations.concordances import load_tables
from occurisk.occupations.titles.learned.neighbours import Neighbours, said_by
from occurisk.occupations.titles.learned.packing import packed, unpacked, write_arrays
from occurisk.occupations.titles.learned.scored import Scored
from occurisk.occupations.titles.text.normalise import VERSION
from occurisk.occupations.titles.text.parts import spoken_form
from occurisk.occupations.titles.text.tokens import (
    COLUMNS,
    FIRST,
    PAIR_MARK,
    head_word,
    token_matrix,
    tokenised,
)

Array = np.ndarray
FORMAT = 4
# What it adds to the score of a code that a title stands in a list under that code.
LISTED = 2.0
# How far a code stands before all others whose official title this is.
OFFICIAL = 3.0
# What is added of the evidence for the first digits of a code, and of that for its group. Tuned on the
# development halves and the Polish lists: half as much or twice changes figures by less than a point.
FIRST_DIGITS, GROUP = 0.2, 0.15
# Words whose logits are kept for the next titles: 19 MB.
WORDS_KEPT = 5_000
# In so many listed titles a word is known well; it names a person if it is the head of such a share of them.
KNOWN_WELL, LEAST_HEAD = 3, 0.2


@dataclass(frozen=True)
class TitleModel:
    """A trained matcher of titles to the codes of one system.

    Attributes
    ----------
    system : str
        Name of the coding system.
    codes : list of str
        The classes.
    W : csr_matrix, shape (COLUMNS, n_codes + n_first_digits + n_groups)
        Weights of the softmax; then what each column says for the first digits of codes, and for groups.
    b : array, shape (n_codes,)
    listed : list of str
        Normalised titles of the lists, sorted; a title stands once for each of its codes.
    listed_codes : int array
        Class of each listed title.
    group_digits : int
        Characters of a code that name its group (ISCO-08 sub-major: 2; SOC minor: 4).
    confidence : dict
        Of `code` and `group`, coefficients of the logistic confidence; see `confidence.learned`.
    about : dict
        The rest of the JSON: sources, licences, digests.
    """

    system: str
    codes: list[str]
    W: sparse.csr_matrix
    b: Array
    listed: list[str]
    listed_codes: Array
    group_digits: int
    confidence: dict[str, dict[str, list[float]]]
    about: dict[str, Any]

    def logits(self, titles: Sequence[str]) -> Array:
        """Return the score of each code, shape (n_titles, n_codes), float32."""
        return self.scored(titles).logits

    def scored(self, titles: Sequence[str]) -> Scored:
        """Return the logits with what they are made of."""
        tokens, made = tokenised(titles, self.head)
        per_token = self._added_by(tokens)
        sums, (_, group) = made @ per_token, self.groups
        logits = sums[:, : len(group)] + sums[:, len(group) :][:, group]
        logits += self.b + said_by(self.neighbours.votes(titles), self.neighbours.pieces)
        for row, title in enumerate(titles):
            for place in self.exact.get(title, ()):
                logits[row, place] += LISTED
            if (named := self.official.get(title)) is not None:
                logits[row, named] = logits[row].max() + OFFICIAL
        return Scored(logits, tokens, made, per_token, group)

    def _added_by(self, tokens: list[str]) -> Array:
        """Return what tokens add to codes, then to groups; words are worked out once, while there is room."""
        places, table = self._words
        at = np.array([places.get(token, -1) for token in tokens], np.intp)
        new = [token for token, place in zip(tokens, at.tolist(), strict=True) if place < 0]
        fresh = self._folded((token_matrix(new) @ self.W).toarray())
        added = np.empty((len(tokens), table.shape[1]), np.float32)
        added[at >= 0] = table[at[at >= 0]]
        added[at < 0] = fresh
        for token, row in zip(new, fresh, strict=True):
            if len(places) < WORDS_KEPT and PAIR_MARK not in token:
                table[len(places)] = row
                places[token] = len(places)
        return added

    @cached_property
    def _words(self) -> tuple[dict[str, int], Array]:
        return {}, np.empty((WORDS_KEPT, len(self.codes) + len(self.groups[0])), np.float32)

    def _folded(self, said: Array) -> Array:
        """Add what is said for first digits to what is said for each group of them, about the mean of all."""
        names, group = self.groups
        digits = [name[: self.group_digits // 2] for name in names]
        firsts = sorted(set(digits))
        ends = len(group), len(group) + len(firsts)
        of_groups = GROUP * said[:, ends[1] :]
        of_groups += FIRST_DIGITS * said[:, ends[0] : ends[1]][:, [firsts.index(one) for one in digits]]
        of_groups -= of_groups.mean(axis=1, keepdims=True)
        folded = said[:, : len(group) + len(names)]
        folded[:, len(group) :] = of_groups
        return folded

    @property
    def head(self) -> str:
        """Where the head word of a title stands: `first` or `last`."""
        return str(self.about["head"])

    @cached_property
    def neighbours(self) -> Neighbours:
        """Listed titles by their words."""
        return Neighbours.of(self.listed, self.listed_codes, len(self.codes), pieces=self.head == FIRST)

    @cached_property
    def official(self) -> dict[str, int]:
        """Official English title of a code, as it is spoken -> its class; none in other languages: `chef`."""
        titles = {} if self.head == FIRST else load_tables().titles.get(self.system, {})
        return {
            spoken_form(titles[code], self.head): n for n, code in enumerate(self.codes) if code in titles
        }

    @cached_property
    def exact(self) -> dict[str, tuple[int, ...]]:
        """Listed title -> its classes."""
        codes_of: dict[str, list[int]] = defaultdict(list)
        for title, place in zip(self.listed, self.listed_codes.tolist(), strict=True):
            codes_of[title].append(place)
        return {title: tuple(places) for title, places in codes_of.items()}

    @cached_property
    def word_counts(self) -> dict[str, int]:
        """In how many listed titles each word stands."""
        return dict(Counter(word for title in self.listed for word in title.split()))

    @cached_property
    def class_facts(self) -> Array:
        """What makes a class hard to be sure of, shape (n_codes, 3).

        Whether it is for what has no class of its own (such codes end with 9), how many titles it lists, and
        with how many classes it shares its group; the last two as logarithms, scaled to about 1.
        """
        titles = np.bincount(self.listed_codes, minlength=len(self.codes))
        names, group = self.groups
        members = np.bincount(group, minlength=len(names))[group]
        residual = [code.endswith("9") for code in self.codes]
        return np.column_stack([residual, np.log1p(titles) / 5, np.log(members) / 3]).astype(np.float32)

    @cached_property
    def heads(self) -> dict[str, Counter[int]]:
        """Head word -> class -> how many listed titles."""
        counts: dict[str, Counter[int]] = defaultdict(Counter)
        for title, place in zip(self.listed, self.listed_codes.tolist(), strict=True):
            counts[head_word(title.split(), self.head)][place] += 1
        return dict(counts)

    @cached_property
    def of_no_person(self) -> frozenset[str]:
        """Words that the lists know well, and that are hardly ever the head of a title."""
        return frozenset(
            word
            for word, count in self.word_counts.items()
            if count >= KNOWN_WELL
            and (self.heads[word].total() if word in self.heads else 0) < LEAST_HEAD * count
        )

    @cached_property
    def groups(self) -> tuple[list[str], Array]:
        """Return the groups and the group of each class."""
        names = sorted({code[: self.group_digits] for code in self.codes})
        places = {name: place for place, name in enumerate(names)}
        return names, np.array([places[code[: self.group_digits]] for code in self.codes])

    def speaks(self, title: str) -> bool:
        """Tell whether most words of a normalised title stand in listed titles: are they of one language?"""
        words = title.split()
        return 2 * sum(word in self.word_counts for word in words) > len(words)

    def nearest(self, title: str, place: int) -> str:
        """Return the listed title of a class that shares most words with a title; empty if none does."""
        words = set(title.split())
        listed, sizes, places = self._words_of_class(place)
        shared = Counter(n for word in words for n in places.get(word, ()))

        def share(n: int) -> tuple[float, int]:
            return shared[n] / (len(words) + sizes[n] - shared[n]), -n

        return listed[max(shared, key=share)] if shared else ""

    def _words_of_class(self, place: int) -> tuple[list[str], list[int], dict[str, list[int]]]:
        """Return the listed titles of a class, the number of their words, and where each word stands."""
        if place not in self._by_class:
            listed = [self.listed[n] for n in np.flatnonzero(self.listed_codes == place).tolist()]
            places: dict[str, list[int]] = defaultdict(list)
            words = [set(title.split()) for title in listed]
            for n, several in enumerate(words):
                for word in several:
                    places[word].append(n)
            self._by_class[place] = (listed, list(map(len, words)), dict(places))
        return self._by_class[place]

    @cached_property
    def _by_class(self) -> dict[int, tuple[list[str], list[int], dict[str, list[int]]]]:
        return {}


def write_model(
    path: Path,
    W: sparse.csr_matrix,
    evidence: sparse.csr_matrix,
    b: Array,
    listed: list[str],
    listed_codes: Array,
    about: dict[str, Any],
) -> None:
    """Write `<path>.npz` and `<path>.json`; the same content gives the same bytes."""
    arrays = {
        **packed(W, "code"),
        **packed(evidence, "group"),
        "bias": b.astype(np.float32),
        "listed": np.frombuffer("\n".join(listed).encode(), np.uint8),
        "listed_codes": listed_codes.astype(np.uint16),
    }
    about = {"format": FORMAT, "normaliser": VERSION, "columns": COLUMNS, **about}
    # Both take their places when both are whole: neither is read without the other.
    with (
        whole_file(path.with_suffix(".json")) as description,
        whole_file(path.with_suffix(".npz")) as numbers,
    ):
        write_arrays(numbers, arrays)
        about["sha256"] = hashlib.sha256(numbers.read_bytes()).hexdigest()
        text = json.dumps(about, ensure_ascii=False, indent=1, sort_keys=True)
        description.write_text(text + "\n", "utf-8")


@lru_cache(maxsize=4)
def load_model(path: Path) -> TitleModel:
    """Read a matcher, after its checksum.

    Raises
    ------
    TitlesError
        If a file is missing, altered, or made for another version.
    """
    numbers, description = path.with_suffix(".npz"), path.with_suffix(".json")
    try:
        about = json.loads(description.read_text("utf-8"))
        digest = hashlib.sha256(numbers.read_bytes()).hexdigest()
    except (OSError, ValueError) as error:
        raise TitlesError(
            f"The title matcher {path.name} cannot be read.",
            first=str(error),
            fix="install occurisk anew, or `occurisk titles build` the matcher again",
        ) from error
    wrong = [
        (key, about.get(key), expected)
        for key, expected in (
            ("format", FORMAT),
            ("normaliser", VERSION),
            ("columns", COLUMNS),
            ("sha256", digest),
        )
        if about.get(key) != expected
    ]
    if wrong:
        key, stated, expected = wrong[0]
        raise TitlesError(
            f"The title matcher {path.name} does not fit.",
            first=f"{key} is {stated}, expected {expected}",
            rule="numbers are read only if their checksum and version are those stated beside them",
            fix="`occurisk titles build` the matcher again",
        )
    return _assembled(numbers, about)


def _assembled(numbers: Path, about: dict[str, Any]) -> TitleModel:
    with np.load(numbers, allow_pickle=False) as arrays:
        codes, digits = about["codes"], about["group_digits"]
        n_groups = sum(len({code[:n] for code in codes}) for n in (digits // 2, digits))
        tables = [unpacked(arrays, "code", len(codes)), unpacked(arrays, "group", n_groups)]
        return TitleModel(
            system=about["system"],
            codes=codes,
            W=sparse.hstack(tables, format="csr"),
            b=arrays["bias"],
            listed=arrays["listed"].tobytes().decode().split("\n"),
            listed_codes=arrays["listed_codes"].astype(int),
            group_digits=digits,
            confidence=about["confidence"],
            about=about,
        )
