"""Levels mixed in one list: which rows only add up others, so that no job counts twice."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
import pandas as pd

from occurisk.occupations.coding_systems import CodingSystem, is_part_of, parents

LEVEL_WORDS = {"total", "major", "minor", "broad", "detailed", "sub-major", "unit", ""}
# A table's groups repeat their detail to within suppressed cells; a register's groups do not.
_RATIO = (0.8, 1.25)


@dataclass(frozen=True)
class GroupRows:
    """Which rows of a list only add up other rows of it.

    Attributes
    ----------
    repeats : frozenset of str
        Keys (cells, with their level word where there is such a column) that add up listed detail.
    note : str
        The evidence, in words; empty if only one level is present.
    """

    repeats: frozenset[str] = frozenset()
    note: str = ""


def find_repeats(
    keys: pd.DataFrame, system: CodingSystem, choice: str = "auto", weighted: bool = True
) -> GroupRows:
    """Tell the groups that repeat their own detail from groups that stand for themselves.

    Parameters
    ----------
    keys : DataFrame
        Index: the key of a row. `matched`, the normalised code; `word`, the level in the registry's own
        words, or None; `rows`, `weight`.
    system : CodingSystem
    choice : {"auto", "totals", "separate"}
        `totals`: every group whose detail is listed repeats it; `separate`: none does.
    weighted : bool
        Whether weights mean anything (False: one per row).

    Returns
    -------
    GroupRows
        With `auto` and a level column, a row whose word is a group's repeats any detailed row at or
        below its code. Without one, the weights decide for the list as a whole: in a statistical table a
        group weighs what its listed detail adds up to; in a register, where some people are known
        to a group only, it does not.
    """
    keys = keys[keys["matched"].isin(_existing(keys, system))]
    if choice != "separate" and keys["word"].notna().any():
        repeats = _by_word(keys, system)
        return GroupRows(
            frozenset(repeats), f"{len(repeats)} group rows by the level column" if repeats else ""
        )
    leaves = _leaves_below(keys["matched"], system)
    if choice == "separate" or not leaves:
        return GroupRows()
    by_code = keys.groupby("matched")[["rows", "weight"]].sum()
    if choice == "totals":
        return GroupRows(_keys_of(keys, leaves), f"{len(leaves)} group codes, as --levels totals says")
    once = len(keys) == int(keys["rows"].sum())
    by_weight = weighted and by_code["weight"].sum() > 0
    measure = by_code["weight" if by_weight else "rows"]
    if once and not by_weight:
        return GroupRows(
            _keys_of(keys, leaves), f"{len(leaves)} group codes; every code stands once, as in a table"
        )
    own = np.array([measure[group] for group in leaves], dtype=float)
    detail = np.array([measure[list(below)].sum() for below in leaves.values()], dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = own / detail
    alike = (ratio >= _RATIO[0]) & (ratio <= _RATIO[1])
    share = own[alike].sum() / own.sum() if own.sum() else 0.0
    if share >= 0.5:
        return GroupRows(
            _keys_of(keys, leaves),
            f"{len(leaves)} group codes weigh what their listed detail adds up to "
            f"({share:.0%} of their weight): a table of several levels",
        )
    return GroupRows(
        frozenset(),
        f"{len(leaves)} group codes do not add up their listed detail ({share:.0%} of their weight would): "
        "rows coded less finely, counted in their own right",
    )


def _existing(keys: pd.DataFrame, system: CodingSystem) -> set[str]:
    return {c for c in keys["matched"].unique() if system.is_code(c) or (c and system.is_code(c[:7]))}


def _keys_of(keys: pd.DataFrame, leaves: dict[str, set[str]]) -> frozenset[str]:
    return frozenset(keys.index[keys["matched"].isin(leaves)])


def _by_word(keys: pd.DataFrame, system: CodingSystem) -> list[str]:
    group = keys["word"].isin(["major", "minor", "broad", "sub-major", "total"])
    detailed = set(keys.loc[~group, "matched"])
    covered = detailed.union(*(parents(code, system) for code in detailed)) if detailed else set()
    return [key for key, code in keys.loc[group, "matched"].items() if code in covered]


def _leaves_below(codes: pd.Series, system: CodingSystem) -> dict[str, set[str]]:
    """Map each group that has listed detail to the finest codes listed below it."""
    present = set(codes)
    below: dict[str, set[str]] = defaultdict(set)
    for code in present:
        for group in parents(code, system):
            if group in present and is_part_of(code, group, system):
                below[group].add(code)
    return {group: {c for c in members if c not in below} for group, members in below.items()}


def level_word(text: str | None) -> str | None:
    """Return a level column's word as this module uses it; None if it is none."""
    if text is None:
        return ""
    word = text.strip().lower()
    return word if word in LEVEL_WORDS else None
