"""A user's own concordance: `from`, `to`, `weight`, on top of the official ones."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from occurisk.errors import CrosswalkError
from occurisk.occupations.coding_systems import SYSTEMS, CodingSystem, is_missing, is_total, tidy
from occurisk.occupations.concordances import load_tables
from occurisk.occupations.crosswalk import CODE_COLUMNS, MEMBER_COLUMNS, Lineage, find, to_soc2010


@dataclass(frozen=True)
class UserMap:
    """A weighted map from a user's codes to those of a coding system.

    Attributes
    ----------
    targets : dict
        Code -> target code -> weight (> 0).
    system : CodingSystem
        Of the targets.
    path : Path
    """

    targets: dict[str, dict[str, float]]
    system: CodingSystem
    path: Path


def load_map(path: Path, system: CodingSystem | None = None) -> UserMap:
    """Read and check a concordance.

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
            text = stream.read()
    except (OSError, UnicodeDecodeError) as problem:
        raise CrosswalkError(
            f"Cannot read the crosswalk {path}: {problem}.", fix="Give a UTF-8 CSV: from,to,weight."
        ) from problem
    delimiter = max(",;\t|", key=text.partition("\n")[0].count)
    reader = csv.DictReader(text.splitlines(), delimiter=delimiter)
    missing = [name for name in ("from", "to") if name not in (reader.fieldnames or [])]
    if missing:
        raise CrosswalkError(
            f"{len(missing)} of 2 required columns are missing from {path}.",
            first=missing[0],
            rule="A crosswalk has the columns from and to; optionally weight.",
            fix=f"Rename your columns; found: {', '.join(reader.fieldnames or ['none'])}.",
        )
    rows = [
        (i, r["from"] or "", r["to"] or "", r.get("weight") or "1") for i, r in enumerate(reader, start=2)
    ]
    if not rows:
        raise CrosswalkError(
            f"The crosswalk {path} has a header and no pairs.", fix="Add rows: from,to,weight."
        )
    system = system or _system_of([to for _, _, to, _ in rows])
    return UserMap(_targets(rows, system, path), system, path)


def _system_of(codes: list[str]) -> CodingSystem:
    tables = load_tables()

    def share(system: CodingSystem) -> int:
        known = tables.known(system)
        return sum(find(code, system, known).code in known for code in codes)

    return max(SYSTEMS.values(), key=share)


def _targets(
    rows: list[tuple[int, str, str, str]], system: CodingSystem, path: Path
) -> dict[str, dict[str, float]]:
    known = load_tables().known(system)
    targets: dict[str, dict[str, float]] = defaultdict(dict)
    wrong = []
    for line, source, to, text in rows:
        code = find(to, system, known).code
        try:
            weight = float(text.replace(",", "."))
        except ValueError:
            weight = float("nan")
        if code not in known or not 0 < weight < float("inf"):
            wrong.append(f"line {line}: {source} -> {to}, weight {text}")
            continue
        own = targets[tidy(source)]
        own[code] = own.get(code, 0.0) + weight
    if wrong:
        raise CrosswalkError(
            f"{len(wrong)} of {len(rows)} pairs in {path} cannot be used.",
            first=wrong[0],
            rule=f"Each target exists in {system.title}; each weight is a number above 0.",
            fix="Correct these pairs, or name the coding system of the targets with --taxonomy.",
        )
    return dict(targets)


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
        dict.fromkeys(to for targets in user_map.targets.values() for to in targets),
        user_map.system,
        weights=weights,
        scored=scored,
        siblings=siblings,
    )
    bags = {code: list(zip(g["soc"], g["weight"], strict=True)) for code, g in onward.members.groupby("code")}
    rows, members = [], []
    for text in dict.fromkeys(codes):
        targets = user_map.targets.get(text) or user_map.targets.get(tidy(text))
        if targets is None:
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
