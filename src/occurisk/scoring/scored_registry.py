"""A scored registry in memory: its account, its codes, what they stand for, and where the rows are."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from functools import cached_property
from math import fsum
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from occurisk.files import sha256, size
from occurisk.occupations.concordances import load_tables
from occurisk.registry.columns.sample import IntakeOptions
from occurisk.registry.formats.base import RegistryFile
from occurisk.registry.group_rows import GroupRows
from occurisk.registry.opening import SUFFIX, open_registry
from occurisk.registry.understanding import Understanding
from occurisk.scoring.accounting.account import (
    Account,
    HeadlineFigures,
    Mixed,
    ScoredWith,
    Source,
    Totals,
    Understood,
    Written,
)
from occurisk.scoring.accounting.losses import repairs_of, unmatched_of
from occurisk.scoring.accounting.title_account import doubtful, title_account
from occurisk.scoring.codebook import CodeBook
from occurisk.scoring.outcomes import (
    OUTCOMES,
    RAGGED,
    SCORED,
    TITLE_ONLY,
    UNUSABLE_WEIGHT,
    Tally,
    account_of,
)

# The format of a scored list whose rows stayed in their database.
LOOKUP = "lookup"
BY_OCCUPATION = [
    "code", "title", "match", "rows", "weight", "share", "probability", "lower", "upper", "band", "stability",
    "minimum", "maximum", "share_high", "mixed", "occupations", "covered", "note",
    "reason_1", "reason_2", "reason_3",
]  # fmt: skip
LINEAGE = ["code", "soc", "soc_title", "weight", "probability"]


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
    input_path : Path
    account : Account
        What became of every row, and the national figures.
    by_occupation : DataFrame
        One row per scored code, heaviest first: score, spread, rows, weight. By band, of rows that were
        scored by attributes of their own.
    lineage : DataFrame
        `code`, `soc`, `soc_title`, `weight` (sums to 1 per code), `probability`.
    own : OwnRows or None
        Of a short registry that was scored by its own attributes.
    """

    out: Path
    input_path: Path
    account: Account
    by_occupation: pd.DataFrame
    lineage: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=LINEAGE))
    own: OwnRows | None = None

    @property
    def kind(self) -> str:
        """Format of the files of rows, such as `parquet`."""
        return self.account.output.format

    @property
    def input_name(self) -> str:
        """For people."""
        return self.account.registry.name

    @property
    def model_version(self) -> str:
        """The model that scored it."""
        return self.account.model.version

    @property
    def scores(self) -> str:
        """`model` or `published`."""
        return self.account.model.scores

    @property
    def weights(self) -> str:
        """Weights of occupations within a code; empty of rows with attributes of their own."""
        return self.account.model.weights

    @property
    def national(self) -> dict[str, float]:
        """The national figures by name; see `HeadlineFigures`."""
        return asdict(self.account.national)

    @cached_property
    def outcomes(self) -> pd.DataFrame:
        """Rows and weight by outcome: `rows`, `weight`, `scored`, `counted`; index `outcome`."""
        rows = [asdict(outcome) for outcome in self.account.outcomes]
        return pd.DataFrame(rows, columns=["outcome", "rows", "weight", "scored", "counted"]).set_index(
            "outcome"
        )

    @property
    def scored_path(self) -> Path:
        """Where the scored rows are; of a lookup, the table that is joined."""
        if self.kind == LOOKUP:
            return self.out / f"{LOOKUP}.parquet"
        return self.out / f"scored{SUFFIX[self.kind]}"

    @property
    def unscored_path(self) -> Path:
        """Where the other rows are."""
        return self.out / f"unscored{SUFFIX[self.kind]}"

    @property
    def rows(self) -> pd.DataFrame:
        """The scored rows, read from their file."""
        return self._read(self.scored_path)

    @property
    def unscored(self) -> pd.DataFrame:
        """The rows without a score, with row number and reason, read from their file."""
        return self._read(self.unscored_path)

    def _read(self, path: Path) -> pd.DataFrame:
        if self.kind in ("parquet", LOOKUP):
            return pd.read_parquet(path)
        if self.kind == "excel":
            return pd.read_excel(path, engine="calamine")
        if self.kind != "csv":
            return pa.Table.from_batches(open_registry(path).batches()).to_pandas()
        mark = self.account.output.delimiter
        return pd.read_csv(path, sep=mark, dtype=str, keep_default_na=False, encoding="utf-8-sig")

    @cached_property
    def input_sha256(self) -> str:
        """SHA-256 of the registry; read when asked for."""
        return sha256(self.input_path) if self.input_path.is_file() else ""

    @cached_property
    def scored_sha256(self) -> str:
        """SHA-256 of the scored file; read when asked for."""
        return sha256(self.scored_path)


def output_of(file: RegistryFile, kind: str, prefix: str, added: tuple[str, ...]) -> Written:
    """Describe the scored file."""
    return Written(kind, prefix, added, file.style.delimiter, file.style.decimal)


def source_of(file: RegistryFile) -> Source:
    """Describe a registry's file."""
    names = tuple(str(name) for name in file.schema.names)
    return Source(file.name, file.kind, size(file.path), names, tuple(file.notes))


def scored_by_code(
    book: CodeBook,
    tally: Tally,
    groups: GroupRows,
    file: RegistryFile,
    understanding: Understanding,
    options: IntakeOptions,
    model: ScoredWith,
    output: Written,
    out: Path,
    seconds: float,
) -> ScoredRegistry:
    """Put together what was counted while the rows passed."""
    keys = book.table().assign(rows=tally.rows, weight=tally.weight, unusable=tally.unusable)
    # In an order of their own: what stands first in the list changes no figure.
    keys = keys.sort_values("key", ignore_index=True)
    if understanding.code is None and understanding.title is None:
        keys["outcome"] = TITLE_ONLY
    sums = _sums(keys, "outcome")
    sums_by_outcome = {str(row.Index): (row.rows, row.weight) for row in sums.itertuples()}
    sums_by_outcome[UNUSABLE_WEIGHT] = (int(keys["unusable"].sum()), 0.0)
    sums_by_outcome[RAGGED] = (len(tally.ragged), 0.0)
    outcomes = account_of(sums_by_outcome, OUTCOMES)
    by_occupation = _by_occupation(keys, book.scores.axis_columns)
    lineage = _lineage(book, keys)
    counted = fsum(o.weight for o in outcomes if o.counted)
    scored = [o for o in outcomes if o.scored]
    mixed = by_occupation[by_occupation["mixed"].astype(bool)]
    account = Account(
        registry=source_of(file),
        understood=_understood(understanding, groups, options, sums_by_outcome.get("missing", (0, 0.0))[0]),
        evidence=tuple(e.to_json() for e in understanding.evidence[:12]),
        model=model,
        output=output,
        totals=Totals(
            rows_in=tally.total_rows + len(tally.ragged),
            rows_scored=sum(o.rows for o in scored),
            rows_unscored=sum(o.rows for o in outcomes if not o.scored),
            rows_filtered_out=tally.filtered,
            weight_in=tally.total_weight,
            weight_scored=fsum(o.weight for o in scored),
            weight_unscored=fsum(o.weight for o in outcomes if not o.scored),
            weight_counted=counted,
            rows_without_weight=tally.missing_weight,
            cells_disarmed=tally.altered,
        ),
        outcomes=outcomes,
        national=doubtful(_national(book, by_occupation, lineage, counted), book, keys),
        repairs=repairs_of(keys),
        unmatched=unmatched_of(keys, understanding),
        mixed=Mixed(len(mixed), fsum(mixed["weight"])),
        seconds=round(seconds, 3),
        titles=title_account(book, keys, counted, tally.beside) if understanding.title is not None else None,
    )
    return ScoredRegistry(out, file.path, account, by_occupation, lineage)


def _understood(known: Understanding, groups: GroupRows, options: IntakeOptions, missing: int) -> Understood:
    titles = known.name(known.unused_titles)
    unread = () if not missing or titles is None else (
        f"{missing:,} rows lack a code, but none did where the columns were chosen: "
        f"their titles were not matched; --title-column {titles!r} matches them",
    )  # fmt: skip
    return Understood(
        code_column=known.name(known.code),
        weight_column=known.name(known.weight),
        level_column=known.name(known.level),
        title_column=known.name(known.title),
        coding_system=known.system.title,
        taxonomy=known.taxonomy,
        notes=(*known.notes, *([groups.note] if groups.note else [])),
        warnings=(*known.warnings, *unread),
        prefix=known.prefix,
        crosswalk=str(options.crosswalk) if options.crosswalk else None,
        decimal=known.style.decimal,
        where=tuple(f"{name}={value}" for name, value in options.where),
    )


def _national(
    book: CodeBook, by_occupation: pd.DataFrame, lineage: pd.DataFrame, counted: float
) -> HeadlineFigures:
    """Spread the jobs of each code over its occupations, and sum up."""
    scores, weight = book.scores, by_occupation.set_index("code")["weight"]
    jobs = lineage["weight"] * lineage["code"].map(weight)
    by_soc = jobs.astype(float).groupby(lineage["soc"]).sum()
    p, drawn = scores.table["probability"].reindex(by_soc.index).to_numpy(dtype=float), scores.replicas
    replicas = None if drawn is None else drawn.reindex(by_soc.index).to_numpy(dtype=float)
    return HeadlineFigures.of(by_soc.to_numpy(), counted, p, scores.bands, replicas, scores.nominal)


def _by_occupation(keys: pd.DataFrame, more: tuple[str, ...] = ()) -> pd.DataFrame:
    columns, scored = [*BY_OCCUPATION, *more], keys[keys["outcome"].isin(SCORED) & (keys["rows"] > 0)]
    if scored.empty:
        return pd.DataFrame(columns=columns)
    table = scored.groupby("matched", sort=False).first()
    table[["rows", "weight"]] = _sums(scored, "matched")
    table["match"] = _kinds(scored)
    total = fsum(table["weight"])
    table["share"] = table["weight"] / total if total else np.nan
    table = table.drop(columns="code").rename_axis("code").reset_index()
    table["mixed"] = table["mixed"].astype(bool)
    table["occupations"] = table["occupations"].astype(int)
    return table.sort_values(["weight", "code"], ascending=[False, True], ignore_index=True)[columns]


def _sums(keys: pd.DataFrame, by: str) -> pd.DataFrame:
    """Add up rows and weight by group; the sum of weights does not depend on their order."""
    weights: dict[str, list[float]] = {}
    for group, weight in zip(keys[by], keys["weight"], strict=True):
        weights.setdefault(group, []).append(weight)
    rows = keys.groupby(by, sort=False)["rows"].sum()
    return pd.DataFrame({"rows": rows, "weight": pd.Series({g: fsum(w) for g, w in weights.items()})})


def _kinds(scored: pd.DataFrame) -> pd.Series:
    """Name the ways in which each code was matched, in the order of `OUTCOMES`."""
    pairs = scored[["matched", "outcome"]].drop_duplicates()
    pairs = pairs.sort_values("outcome", key=lambda names: names.map(OUTCOMES.index), kind="stable")
    kinds: dict[str, list[str]] = {}
    for code, kind in zip(pairs["matched"], pairs["outcome"], strict=True):
        kinds.setdefault(code, []).append(kind)
    return pd.Series({code: ", ".join(names) for code, names in kinds.items()})


def _lineage(book: CodeBook, keys: pd.DataFrame) -> pd.DataFrame:
    """Return the members of each scored code, once per code."""
    scored = keys[keys["outcome"].isin(SCORED) & (keys["rows"] > 0)].drop_duplicates("matched")
    if scored.empty or not book.members:
        return pd.DataFrame(columns=LINEAGE)
    members = pd.concat(book.members, ignore_index=True).drop_duplicates(["code", "soc"])
    table = (
        members.merge(scored[["code", "matched"]], on="code")
        .drop(columns="code")
        .rename(columns={"matched": "code"})
    )
    table["soc_title"] = table["soc"].map(load_tables().titles["soc2010"]).fillna("")
    table["probability"] = table["soc"].map(book.scores.table["probability"])
    table = table.sort_values(["code", "weight", "soc"], ascending=[True, False, True], ignore_index=True)
    return table[LINEAGE]
