"""A user's own concordance: `from`, `to`, `weight`, on top of the official ones."""

from __future__ import annotations

import csv
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from occurisk.errors import CrosswalkError, need_columns
from occurisk.occupations.coding_systems import SYSTEMS, CodingSystem, tidy
from occurisk.occupations.concordances import load_tables
from occurisk.occupations.crosswalk import CODE_COLUMNS, MEMBER_COLUMNS, Lineage, find, to_soc2010
from occurisk.occupations.uncoded import is_missing, is_total

# Pairs that are put into arrays at a time.
_PIECE = 1 << 17
_MOST_SHOWN = 1000


@dataclass(frozen=True)
class UserMap:
    """A weighted map from a user's codes to those of a coding system; it may have millions of pairs.

    Attributes
    ----------
    sources : pyarrow.StringArray, shape (n_pairs,)
        The user's codes, sorted.
    members : ndarray of int, shape (n_pairs,)
        Positions in `codes`.
    weights : ndarray of float, shape (n_pairs,)
        Of each pair, as a share of its source's heaviest: in (0, 1].
    codes : tuple of str
        The targets.
    system : CodingSystem
        Of the targets.
    path : Path
    """

    sources: pa.StringArray
    members: np.ndarray
    weights: np.ndarray
    codes: tuple[str, ...]
    system: CodingSystem
    path: Path

    def targets(self, source: str) -> dict[str, float]:
        """Return target code -> weight (> 0) of one of the user's codes; empty if the map has it not."""
        text = _Texts(self.sources)
        first = bisect_left(text, source)
        weights: dict[str, float] = {}
        for place in range(first, bisect_right(text, source, lo=first)):
            code = self.codes[self.members[place]]
            weights[code] = weights.get(code, 0.0) + float(self.weights[place])
        return weights

    def __contains__(self, source: str) -> bool:
        """Tell whether the map has a code."""
        return bool(self.targets(source))


class _Texts(Sequence[str]):
    """Texts of Arrow as Python looks them up."""

    def __init__(self, array: pa.StringArray) -> None:
        self.array = array

    def __len__(self) -> int:
        return len(self.array)

    def __getitem__(self, place: Any) -> Any:
        return self.array[place].as_py()


def load_map(path: Path, system: CodingSystem | None = None) -> UserMap:
    """Read and check a concordance, in memory that grows with its pairs and not with Python's objects.

    Parameters
    ----------
    path : Path
        CSV (UTF-8) with `from`, `to` and, optionally, `weight`; pairs without it weigh the same.
    system : CodingSystem, optional
        Coding system of `to`; by default the one in which most of its codes exist (SOC 2010 first).

    Returns
    -------
    UserMap

    Raises
    ------
    CrosswalkError
        On a missing column, a target that does not exist, or a weight that is no positive number.
    """
    path = Path(path)
    try:
        with open(path, encoding="utf-8-sig", newline="") as stream:
            return _read(stream, path, system)
    except (OSError, UnicodeDecodeError, csv.Error) as problem:
        raise CrosswalkError(
            f"Cannot read the crosswalk {path}: {problem}.", fix="Give a UTF-8 CSV: from,to,weight."
        ) from problem


def _read(stream: TextIO, path: Path, system: CodingSystem | None) -> UserMap:
    first = stream.readline(1 << 16)
    delimiter = max(",;\t|", key=first.count)
    stream.seek(0)
    reader = csv.reader(stream, delimiter=delimiter)
    header = next(reader, [])
    rule = "A crosswalk has the columns from and to; optionally weight."
    need_columns(CrosswalkError, str(path), ("from", "to"), header, rule)
    places = [header.index("from"), header.index("to")]
    weight = header.index("weight") if "weight" in header else None
    pairs = _Pairs()
    for row in reader:
        if row:
            source, to = (row[i] if i < len(row) else "" for i in places)
            pairs.add(source, to, row[weight] if weight is not None and weight < len(row) else "")
    if not len(pairs):
        raise CrosswalkError(
            f"The crosswalk {path} has a header and no pairs.", fix="Add rows: from,to,weight."
        )
    return pairs.checked(system or _system_of(list(pairs.targets)), path)


class _Pairs:
    """Pairs as they are read: each distinct target and weight is kept once."""

    def __init__(self) -> None:
        self.targets: dict[str, int] = {}
        self.sources: list[pa.StringArray] = []
        self.numbers: list[np.ndarray] = []
        self.waiting: list[tuple[str, int, float]] = []
        self.unread: list[tuple[int, str, str, str]] = []
        self.rows = 0

    def __len__(self) -> int:
        return self.rows

    def add(self, source: str, to: str, text: str) -> None:
        self.rows += 1
        weight = _weight(text or "1")
        if weight is None and len(self.unread) < _MOST_SHOWN:
            self.unread.append((self.rows + 1, source, to, text))
        number = self.targets.setdefault(to, len(self.targets))
        self.waiting.append((tidy(source), number, float("nan") if weight is None else weight))
        if len(self.waiting) >= _PIECE:
            self._put()

    def _put(self) -> None:
        if self.waiting:
            sources, members, weights = zip(*self.waiting, strict=True)
            self.sources.append(pa.array(sources, pa.string()))
            self.numbers.append(np.array([members, weights], dtype=float))
            self.waiting = []

    def checked(self, system: CodingSystem, path: Path) -> UserMap:
        """Return the map; refuse it if a target does not exist or a weight is no positive number."""
        self._put()
        known = load_tables().known(system)
        codes = [find(to, system, known).code for to in self.targets]
        sources = pa.concat_arrays(self.sources)
        numbers = np.concatenate(self.numbers, axis=1)
        self.sources, self.numbers = [], []
        members, weights = numbers[0].astype(np.int32), numbers[1]
        bad = np.array([code not in known for code in codes])[members] | np.isnan(weights)
        if bad.any():
            place = int(bad.argmax())
            to = list(self.targets)[members[place]]
            text = next((t for line, _, _, t in self.unread if line == place + 2), f"{weights[place]:g}")
            raise CrosswalkError(
                f"{int(bad.sum())} of {self.rows} pairs in {path} cannot be used.",
                first=f"line {place + 2}: {sources[place].as_py()} -> {to}, weight {text}",
                rule=f"Each target exists in {system.title}; each weight is a number above 0.",
                fix="Correct these pairs, or name the coding system of the targets with --taxonomy.",
            )
        order = pc.array_sort_indices(sources).to_numpy()  # stable: a source's targets keep their order
        sources, members, weights = sources.take(pa.array(order)), members[order], weights[order]
        ends = pc.run_end_encode(sources).run_ends.to_numpy()
        starts = np.r_[0, ends[:-1]]
        heaviest = np.repeat(np.maximum.reduceat(weights, starts), ends - starts)
        # As shares of the heaviest: sums of huge weights stay numbers.
        return UserMap(
            sources, members, weights / heaviest, tuple(code or "" for code in codes), system, path
        )


def _weight(text: str) -> float | None:
    try:
        weight = float(text.replace(",", "."))
    except ValueError:
        return None
    return weight if 0 < weight < float("inf") else None


def _system_of(codes: list[str]) -> CodingSystem:
    tables = load_tables()

    def share(system: CodingSystem) -> int:
        known = tables.known(system)
        return sum(find(code, system, known).code in known for code in codes)

    return max(SYSTEMS.values(), key=share)


def through_map(
    codes: Iterable[str],
    user_map: UserMap,
    *,
    weights: str = "employment",
    scored: Collection[str] | None = None,
    siblings: bool = True,
) -> Lineage:
    """Bring a user's codes to scored SOC 2010 occupations, through the map and then the official tables.

    Parameters
    ----------
    codes : iterable of str
    user_map : UserMap
    weights, scored, siblings
        As in `to_soc2010`, for the second step.

    Returns
    -------
    Lineage
        Kind `crosswalk`. A target without a score gives its weight to the others of its code.
    """
    onward = to_soc2010(
        dict.fromkeys(user_map.codes),
        user_map.system,
        weights=weights,
        scored=scored,
        siblings=siblings,
    )
    bags = {code: list(zip(g["soc"], g["weight"], strict=True)) for code, g in onward.members.groupby("code")}
    rows, members = [], []
    for text in dict.fromkeys(codes):
        targets = user_map.targets(text) or user_map.targets(tidy(text))
        if not targets:
            kind = "total row" if is_total(text) else "missing" if is_missing(text) else "unknown code"
            rows.append((text, "", "", "", kind, "", 0.0, ""))
            continue
        total, have = sum(targets.values()), sum(w for to, w in targets.items() if to in bags)
        note = f"{user_map.path.name}: {' '.join(targets)}"
        title = load_tables().known(user_map.system)[next(iter(targets))] if len(targets) == 1 else ""
        if not have:
            rows.append((text, tidy(text), title, "", "no score", "", 0.0, note))
            continue
        rows.append((text, tidy(text), title, "", "crosswalk", "", have / total, note))
        bag: dict[str, float] = defaultdict(float)
        for to, weight in targets.items():
            for soc, part in bags.get(to, ()):
                bag[soc] += weight / have * part
        members += [(text, soc, weight, "crosswalk") for soc, weight in sorted(bag.items())]
    return Lineage(
        codes=pd.DataFrame(rows, columns=CODE_COLUMNS),
        members=pd.DataFrame(members, columns=MEMBER_COLUMNS).astype({"weight": float}),
        system=user_map.system.name,
        weights=weights,
    )
