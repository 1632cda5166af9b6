"""What a list lost, and what was mended in it: codes without a score, repairs by kind, too little scored."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from occurisk.errors import CoverageError
from occurisk.occupations.lookup import near_misses
from occurisk.registry.columns.sample import cut
from occurisk.registry.understanding import Understanding
from occurisk.scoring.accounting.account import Account, Repair, Unmatched
from occurisk.scoring.codebook import MANY_UNKNOWN, SEPARATOR, TITLE_MARK
from occurisk.scoring.outcomes import NOT_COUNTED, SCORED, TITLE_ONLY, UNKNOWN, UNUSABLE_WEIGHT

_MOST_UNMATCHED, _LONGEST = 25, 200


def unmatched_of(keys: pd.DataFrame, understanding: Understanding) -> tuple[Unmatched, ...]:
    """Return the heaviest codes without a score, with codes that look like them.

    Parameters
    ----------
    keys : DataFrame
        `key`, `code`, `title`, `outcome`, `rows`, `weight`; a row per key of the list.
    understanding : Understanding
    """
    lost = keys[~keys["outcome"].isin((*SCORED, *NOT_COUNTED, TITLE_ONLY)) & (keys["rows"] > 0)]
    lost = lost.sort_values(["weight", "rows"], ascending=False, kind="stable").head(_MOST_UNMATCHED)
    unmatched = []
    for row in lost.to_dict("records"):
        known = row["outcome"] == UNKNOWN and row["code"] != MANY_UNKNOWN and not understanding.user_map
        near = near_misses(row["code"], understanding.system) if known else []
        is_title = row["key"][:1] == TITLE_MARK
        text = row["key"][1:] if is_title else row["key"].partition(SEPARATOR)[0]
        unmatched.append(
            Unmatched(
                code="" if is_title else cut(text, _LONGEST),
                title=cut(text, _LONGEST) if is_title else _text(row["title"]),
                reason=row["outcome"],
                rows=int(row["rows"]),
                weight=float(row["weight"]),
                near="; ".join(f"{code} {title}".strip() for code, title in near),
            )
        )
    return tuple(unmatched)


def repairs_of(keys: pd.DataFrame) -> tuple[Repair, ...]:
    """Count codes and rows by kind of repair, most rows first.

    Parameters
    ----------
    keys : DataFrame
        `key`, `code`, `matched`, `repairs`, `rows`; a row per key of the list.
    """
    codes: dict[str, set[str]] = {}
    rows, example = dict[str, int](), dict[str, str]()
    for row in _mended(keys):
        for repair in row["repairs"].split("; "):
            codes.setdefault(repair, set()).add(row["key"])
            rows[repair] = rows.get(repair, 0) + int(row["rows"])
            example.setdefault(repair, f"{row['code']} → {row['matched']}")
    return tuple(
        Repair(name, len(codes[name]), rows[name], example[name])
        for name in sorted(rows, key=lambda name: (-rows[name], name))
    )


def _mended(keys: pd.DataFrame) -> Iterable[dict[str, str]]:
    mended = keys["repairs"].fillna("").ne("") & (keys["rows"] > 0)
    return keys[mended][["key", "code", "matched", "repairs", "rows"]].to_dict("records")


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def too_little(account: Account, least: float) -> CoverageError | None:
    """Return what is wrong if nothing was scored, or less than was asked for; None if all is well.

    Parameters
    ----------
    account : Account
    least : float
        Share of the counted weight that must have a score, from 0 to 1.
    """
    totals, coverage = account.totals, account.national.coverage
    if not totals.rows_scored:
        unusable = sum(one.rows for one in account.outcomes if one.outcome == UNUSABLE_WEIGHT)
        weights = 2 * unusable > totals.rows_in
        return CoverageError(
            f"None of the {totals.rows_in:,} rows could be scored.",
            rule="The results are written; each row's reason is in unscored.*, the evidence in intake.md.",
            fix=f"Most weights in {account.understood.weight_column!r} are negative, too large or no "
            "numbers. Mend them, or name another column with --weight-column."
            if weights
            else "Name the column of codes with --code-column, and their system with --taxonomy."
            if account.understood.code_column or not account.understood.title_column
            else "Name another column with --title-column, or decide them: occurisk titles review FOLDER.",
        )
    if not coverage >= least:
        return CoverageError(
            f"{coverage:.1%} of the counted weight is scored, less than --min-coverage {least:.1%}.",
            rule="The results are written; unscored.* gives each row's reason.",
            fix="Mend the largest codes without a score, which intake.md lists, or ask for less.",
        )
    return None
