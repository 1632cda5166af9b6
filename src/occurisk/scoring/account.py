"""What became of a registry: every row and every unit of weight by outcome, national figures, losses."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from occurisk.files import sha256
from occurisk.occupations.concordances import load_tables
from occurisk.occupations.crosswalk import KINDS, near_misses
from occurisk.probabilities import weighted_shares
from occurisk.registry.columns import IntakeOptions
from occurisk.registry.formats.base import RegistryFile
from occurisk.registry.formats.writers import SUFFIX
from occurisk.registry.group_rows import GroupRows
from occurisk.registry.understanding import Understanding
from occurisk.scoring.codebook import (
    MANY_UNKNOWN,
    OUTCOMES,
    RAGGED,
    REPEATS,
    SEPARATOR,
    TITLE_ONLY,
    UNUSABLE_WEIGHT,
    CodeBook,
)
from occurisk.scoring.outcomes import Tally

# Rows that only add up other rows: in the file, not in the labour market.
NOT_COUNTED = ("total row", REPEATS)
_MOST_LOSSES = 25
BY_OCCUPATION = [
    "code", "title", "match", "rows", "weight", "share", "probability", "lower", "upper", "band", "stability",
    "minimum", "maximum", "share_high", "mixed", "occupations", "covered", "note",
    "reason_1", "reason_2", "reason_3",
]  # fmt: skip


@dataclass(frozen=True)
class OwnRows:
    """Rows that were scored by attributes of their own, as few as people read one by one.

    Attributes
    ----------
    rows : DataFrame, index code
        `row 17` for row 17 of the registry; `title`, `probability`, `lower`, `upper`, `band`, `stability`,
        `weight`.
    X : DataFrame, index code
        What the model saw, on [0, 1], gaps filled.
    missing : ndarray of bool, shape of X
    """

    rows: pd.DataFrame
    X: pd.DataFrame
    missing: np.ndarray


@dataclass(frozen=True)
class ScoredRegistry:
    """The result of scoring a registry.

    Attributes
    ----------
    out : Path
        Folder of the results.
    kind : str
        `parquet`, `csv` or `excel`.
    input_path : Path
    input_name, model_version, scores, weights : str
    outcomes : DataFrame
        Index: outcome; `rows`, `weight`, `scored` (bool), `counted` (bool).
    by_occupation : DataFrame
        One row per scored code, heaviest first: score, spread, rows, weight.
    lineage : DataFrame
        `code`, `soc`, `soc_title`, `weight` (sums to 1 per code), `probability`.
    losses : DataFrame
        Codes without a score, heaviest first: `code`, `reason`, `rows`, `weight`, `near`.
    repairs : DataFrame
        `repair`, `codes`, `rows`, `example`.
    national : dict
        See `national.national`; of the counted rows.
    intake : dict
        The intake report, as in intake.json.
    own : OwnRows or None
        Of a short registry that was scored by its own attributes.
    """

    out: Path
    kind: str
    input_path: Path
    input_name: str
    model_version: str
    scores: str
    weights: str
    outcomes: pd.DataFrame
    by_occupation: pd.DataFrame
    lineage: pd.DataFrame
    losses: pd.DataFrame
    repairs: pd.DataFrame
    national: dict[str, float]
    intake: dict[str, Any]
    own: OwnRows | None = None

    @property
    def scored_path(self) -> Path:
        """Where the scored rows are."""
        return self.out / f"scored{SUFFIX[self.kind]}"

    @property
    def unscored_path(self) -> Path:
        """Where the other rows are."""
        return self.out / f"unscored{SUFFIX[self.kind]}"

    @property
    def rows(self) -> pd.DataFrame:
        """The scored rows, read from their file."""
        return _read(self.scored_path)

    @property
    def unscored(self) -> pd.DataFrame:
        """The rows without a score, with row number and reason, read from their file."""
        return _read(self.unscored_path)

    @cached_property
    def input_sha256(self) -> str:
        """SHA-256 of the registry; read when asked for."""
        return sha256(self.input_path) if self.input_path.is_file() else ""

    @cached_property
    def scored_sha256(self) -> str:
        """SHA-256 of the scored file; read when asked for."""
        return sha256(self.scored_path)


def _read(path: Path) -> pd.DataFrame:
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    if path.suffix == ".csv":
        return pd.read_csv(path, dtype=str, keep_default_na=False)
    return pd.read_excel(path, engine="calamine")


def summarise(
    book: CodeBook,
    tally: Tally,
    levels: GroupRows,
    file: RegistryFile,
    understanding: Understanding,
    options: IntakeOptions,
    model_version: str,
    scores: str,
    weights: str,
    kind: str,
    out: Path,
    seconds: float,
) -> ScoredRegistry:
    """Put together what was counted while the rows passed."""
    keys = book.table().assign(rows=tally.rows, weight=tally.weight, unusable=tally.unusable)
    if understanding.code is None:
        keys["outcome"] = TITLE_ONLY
    outcomes = _outcomes(keys, tally)
    by_occupation = _by_occupation(keys)
    counted = float(outcomes.loc[outcomes["counted"], "weight"].sum())
    figures = weighted_shares(
        by_occupation["probability"].to_numpy(dtype=float), by_occupation["weight"].to_numpy(dtype=float),
        book.scores.bands, counted,
    )  # fmt: skip
    lineage = _lineage(book, keys)
    losses = _losses(keys, understanding)
    repairs = _repairs(keys)
    rows_in = tally.total_rows + len(tally.ragged)
    scored = outcomes[outcomes["scored"]]
    intake = {
        "registry": {
            "name": file.name, "format": file.kind, "bytes": file.path.stat().st_size,
            "columns": list(understanding.names), "notes": list(file.notes),
        },
        "understood": {
            "code_column": understanding.name(understanding.code),
            "weight_column": understanding.name(understanding.weight),
            "level_column": understanding.name(understanding.level),
            "coding_system": understanding.system.title, "taxonomy": understanding.taxonomy,
            "prefix": understanding.prefix,
            "crosswalk": str(options.crosswalk) if options.crosswalk else None,
            "decimal": understanding.style.decimal,
            "notes": [*understanding.notes, *([levels.note] if levels.note else [])],
            "where": [f"{n}={v}" for n, v in options.where],
        },
        "evidence": [e.to_json() for e in understanding.evidence[:12]],
        "model": {"version": model_version, "scores": scores, "weights": weights,
                  "bands": asdict(book.scores.bands)},
        "totals": {
            "rows_in": rows_in,
            "rows_scored": int(scored["rows"].sum()),
            "rows_unscored": int(outcomes["rows"].sum() - scored["rows"].sum()),
            "rows_filtered_out": tally.filtered,
            "weight_in": tally.total_weight,
            "weight_scored": float(scored["weight"].sum()),
            "weight_unscored": float(outcomes.loc[~outcomes["scored"], "weight"].sum()),
            "weight_counted": counted,
            "rows_without_weight": tally.missing_weight,
            "cells_disarmed": tally.altered,
        },
        "outcomes": outcomes.reset_index().to_dict("records"),
        "national": {k: None if np.isnan(v) else v for k, v in figures.items()},
        "repairs": repairs.to_dict("records"),
        "unmatched": losses.to_dict("records"),
        "mixed": {
            "codes": int(by_occupation["mixed"].sum()),
            "weight": float(by_occupation.loc[by_occupation["mixed"].astype(bool), "weight"].sum()),
        },
        "seconds": round(seconds, 3),
    }  # fmt: skip
    _check(intake["totals"], outcomes)
    return ScoredRegistry(
        out, kind, file.path, file.name, model_version, scores, weights, outcomes, by_occupation, lineage,
        losses, repairs, figures, intake,
    )  # fmt: skip


def _check(totals: dict[str, Any], outcomes: pd.DataFrame) -> None:
    """Hold what was promised: every row and every unit of weight has an outcome."""
    rows = totals["rows_scored"] + totals["rows_unscored"]
    weight = totals["weight_scored"] + totals["weight_unscored"]
    if rows != totals["rows_in"] or abs(weight - totals["weight_in"]) > 1e-9 * max(1.0, totals["weight_in"]):
        raise AssertionError(f"Rows or weight went astray: {totals}\n{outcomes}")


def _outcomes(keys: pd.DataFrame, tally: Tally) -> pd.DataFrame:
    table = (
        keys.groupby("outcome")[["rows", "weight"]].sum()
        if len(keys)
        else pd.DataFrame(columns=["rows", "weight"])
    )
    table.loc[UNUSABLE_WEIGHT] = [int(keys["unusable"].sum()) if len(keys) else 0, 0.0]
    table.loc[RAGGED] = [len(tally.ragged), 0.0]
    return outcome_table(table.reindex([o for o in OUTCOMES if o in table.index]), KINDS)


def outcome_table(table: pd.DataFrame, scored: tuple[str, ...]) -> pd.DataFrame:
    """Drop outcomes that no row has; say which are scored, and which are counted as the labour market."""
    table = table[table["rows"] > 0].astype({"rows": int, "weight": float})
    table["scored"] = table.index.isin(scored)
    table["counted"] = ~table.index.isin(NOT_COUNTED)
    return table.rename_axis("outcome")


def _by_occupation(keys: pd.DataFrame) -> pd.DataFrame:
    scored = keys[keys["outcome"].isin(KINDS) & (keys["rows"] > 0)]
    if scored.empty:
        return pd.DataFrame(columns=BY_OCCUPATION)
    groups = scored.groupby("matched", sort=False)
    table = groups.first()
    table["rows"], table["weight"] = groups["rows"].sum(), groups["weight"].sum()
    table["match"] = groups["outcome"].agg(lambda kinds: ", ".join(dict.fromkeys(kinds)))
    total = table["weight"].sum()
    table["share"] = table["weight"] / total if total else np.nan
    table = table.drop(columns="code").rename_axis("code").reset_index()
    table["mixed"] = table["mixed"].astype(bool)
    table["occupations"] = table["occupations"].astype(int)
    return table.sort_values(["weight", "code"], ascending=[False, True], ignore_index=True)[BY_OCCUPATION]


def _lineage(book: CodeBook, keys: pd.DataFrame) -> pd.DataFrame:
    """Return the members of each scored code, once per code."""
    columns = ["code", "soc", "soc_title", "weight", "probability"]
    scored = keys[keys["outcome"].isin(KINDS) & (keys["rows"] > 0)].drop_duplicates("matched")
    if scored.empty or not book.members:
        return pd.DataFrame(columns=columns)
    members = pd.concat(book.members, ignore_index=True).drop_duplicates(["code", "soc"])
    table = (
        members.merge(scored[["code", "matched"]], on="code")
        .drop(columns="code")
        .rename(columns={"matched": "code"})
    )
    table["soc_title"] = table["soc"].map(load_tables().titles["soc2010"]).fillna("")
    table["probability"] = table["soc"].map(book.scores.table["probability"])
    table = table.sort_values(["code", "weight"], ascending=[True, False], ignore_index=True)
    return table[columns]


def _losses(keys: pd.DataFrame, understanding: Understanding) -> pd.DataFrame:
    lost = keys[~keys["outcome"].isin((*KINDS, *NOT_COUNTED, TITLE_ONLY)) & (keys["rows"] > 0)]
    lost = lost.sort_values(["weight", "rows"], ascending=False).head(_MOST_LOSSES)
    near = []
    for row in lost.itertuples():
        known = row.outcome == "unknown code" and row.code != MANY_UNKNOWN and not understanding.user_map
        close = near_misses(row.code, understanding.system) if known else []
        near.append("; ".join(f"{code} {title}".strip() for code, title in close))
    return pd.DataFrame(
        {
            "code": lost["key"].str.split(SEPARATOR).str[0] if len(lost) else [],
            "title": lost["title"].fillna(""), "reason": lost["outcome"],
            "rows": lost["rows"], "weight": lost["weight"], "near": near,
        }
    ).reset_index(drop=True)  # fmt: skip


def _repairs(keys: pd.DataFrame) -> pd.DataFrame:
    mended = keys[keys["repairs"].fillna("").ne("") & (keys["rows"] > 0)] if len(keys) else keys
    if mended.empty:
        return pd.DataFrame(columns=["repair", "codes", "rows", "example"])
    long = mended.assign(repair=mended["repairs"].str.split("; ")).explode("repair")
    long["example"] = long["code"] + " → " + long["matched"]
    groups = long.groupby("repair")
    table = groups.agg(codes=("key", "nunique"), rows=("rows", "sum"), example=("example", "first"))
    return table.sort_values("rows", ascending=False).reset_index()
