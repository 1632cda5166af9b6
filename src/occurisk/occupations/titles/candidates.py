"""What a title may be: codes with weights that sum to 1, the likeliest first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np

from occurisk.occupations.titles.learned.softmax import probabilities

Array = np.ndarray
Candidates = tuple[tuple[str, float], ...]
MOST = 5
UNIT = 4  # digits


def by_number(codes: Iterable[str], group: str = "") -> Candidates:
    """Return the codes that are named most often, by how often.

    Parameters
    ----------
    codes : iterable of str
        Those of whole groups are left out.
    group : str
        Only codes that begin so.
    """
    found = Counter(code for code in codes if len(code) == UNIT and code.startswith(group)).most_common(MOST)
    total = sum(number for _, number in found)
    return tuple((code, number / total) for code, number in found)


def by_logits(codes: Sequence[str], order: Array, logits: Array, p_code: Array) -> list[Candidates]:
    """Return the best codes of each title: the first weighs its confidence, the others share the rest.

    Parameters
    ----------
    codes : sequence of str
        The classes.
    order : int array, shape (n_titles, n_best)
        Best classes, best first.
    logits : array, shape (n_titles, n_best)
        Their scores.
    p_code : array, shape (n_titles,)
        Confidence in the first.
    """
    p = probabilities(logits)
    others = p[:, 1:] / np.maximum(p[:, 1:].sum(axis=1, keepdims=True), 1e-9) * (1 - p_code)[:, None]
    weights = np.column_stack([p_code, others]).tolist()
    return [
        tuple(zip([codes[place] for place in places], shares, strict=True))
        for places, shares in zip(order.tolist(), weights, strict=True)
    ]


@lru_cache(maxsize=1000)
def beside(unit: str, units: frozenset[str], most: int) -> tuple[str, ...]:
    """Return the nearest other units: of the minor group, else of the sub-major one."""
    near = [one for one in units if one[:2] == unit[:2] and one != unit]
    return tuple(sorted(near, key=lambda one: (one[:3] != unit[:3], one))[:most])


def level_of(code: str) -> str:
    """Return whether a code is that of a unit (`code`) or of a `group`; empty if there is none."""
    if not code:
        return ""
    return "group" if len(code) < UNIT or ("-" in code and code.endswith("0")) else "code"


def group_of(code: str) -> str:
    """Return the group of a code: the sub-major one of ISCO-08, the minor one of SOC."""
    return code[:4] + "000" if "-" in code else code[:2]
