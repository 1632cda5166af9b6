"""A labour market from the folder that `occurisk score` wrote: lineage and weights as they were scored."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from occurisk.errors import RegistryError
from occurisk.labour_market.market import Market
from occurisk.labour_market.register_totals import WAGE_JOBS, WAGE_TOTAL, WEIGHT, register_totals
from occurisk.occupations.coding_systems import ISCO08, SYSTEMS
from occurisk.occupations.crosswalk import CODE_COLUMNS, Lineage
from occurisk.probabilities import Bands
from occurisk.registry.numbers import NumberStyle
from occurisk.registry.opening import SUFFIX
from occurisk.result_sets import settle
from occurisk.scoring.accounting.account import Account, Understood
from occurisk.scoring.outcomes import NOT_COUNTED


@dataclass(frozen=True)
class ScoredFolder:
    """What lies in a folder of results.

    Attributes
    ----------
    path : Path
    scored, unscored : Path or None
    account : Account
        What intake.json holds.
    """

    path: Path
    scored: Path
    unscored: Path | None
    account: Account

    @property
    def prefix(self) -> str:
        """What the added columns begin with."""
        return self.account.output.prefix

    @property
    def weight_column(self) -> str | None:
        """The registry's column of jobs; None if every row counts as one."""
        return self.account.understood.weight_column

    @property
    def model_version(self) -> str:
        """The model that scored it."""
        return self.account.model.version

    @property
    def published(self) -> bool:
        """Whether the scores are Frey & Osborne's printed ones."""
        return self.account.model.scores == "published"

    @property
    def name(self) -> str:
        """Name of the registry."""
        return Path(self.account.registry.name).name


def need_folder(path: Path) -> ScoredFolder:
    """Return the results of `occurisk score` in a folder (`find_folder`).

    Raises
    ------
    RegistryError
        If there are none.
    """
    found = find_folder(path)
    if found is None:
        raise RegistryError(
            f"{path} is no folder of scored results.",
            rule="A folder that occurisk score wrote is asked for.",
            fix="Score the list first: occurisk score LIST --out DIR",
        )
    return found


def find_folder(path: Path) -> ScoredFolder | None:
    """Recognise the results of `occurisk score`: their folder, or the scored file in it; else None.

    Raises
    ------
    RegistryError
        If they are incomplete, or no row has a score.
    """
    path = Path(path)
    folder = path if path.is_dir() else path.parent if path.stem == "scored" else None
    if folder is None:
        return None
    settle(folder)
    if not (folder / "intake.json").is_file():
        return None
    try:
        account = Account.from_json(json.loads((folder / "intake.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AssertionError) as problem:
        raise RegistryError(
            f"This occurisk cannot read the results in {folder}.",
            first=f"intake.json: {str(problem)[:120] or type(problem).__name__}",
            rule="An earlier occurisk wrote other figures there, or the file was changed since.",
            fix="Score the list again, into another folder: occurisk score REGISTRY --out NEW_DIR",
        ) from problem
    if not account.totals.rows_scored:
        raise RegistryError(
            f"None of the {account.totals.rows_in:,} rows of {account.registry.name} has a score.",
            rule="A national picture needs at least one occupation with a score.",
            fix="Its intake report says why rows were set aside: occurisk score REGISTRY --out DIR",
        )
    files = {
        stem: next((p for s in SUFFIX.values() if (p := folder / f"{stem}{s}").exists()), None)
        for stem in ("scored", "unscored")
    }
    if files["scored"] is None:
        raise RegistryError(
            f"{folder} holds no scored rows.",
            rule="A scoring run leaves intake.json, lineage.csv and a file scored.*.",
            fix="Score the registry again, or give the folder that --out named.",
        )
    _check_codes(folder, account)
    aside = files["unscored"] if account.totals.rows_unscored else None
    return ScoredFolder(folder, files["scored"], aside, account)


def _with_unscored(
    codes: pd.DataFrame, table: pd.DataFrame, lost: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Add rows without a score under their reason, which stands in `code`."""
    # A reason is no code: brackets keep the two apart.
    lost = lost.assign(code="(" + lost["code"].astype(str) + ")")
    extra = pd.DataFrame({"code": lost["code"].unique()})
    extra = extra.assign(matched="", title="", level="", repairs="", covered=0.0, note="")
    extra["kind"] = extra["code"].str.strip("()")
    return pd.concat([codes, extra], ignore_index=True), pd.concat([table, lost], ignore_index=True)


def read_market(
    folder: ScoredFolder,
    scores: pd.DataFrame,
    replicas: pd.DataFrame | None,
    bands: Bands,
    by: Sequence[str] = (),
    wage: str | None = None,
    weight: str | None = None,
) -> Market:
    """Read a scored registry as a market.

    Parameters
    ----------
    folder : ScoredFolder
    scores : DataFrame
        Of the model version that scored it, or the published list. Index `soc`; `probability`.
    replicas : DataFrame or None
    bands : Bands
    by : sequence of str
        Columns to keep.
    wage : str, optional
        Column of wages.
    weight : str, optional
        Another weight than the one that was found when scoring.

    Returns
    -------
    Market
        Rows without a score keep their weight under their reason; rows that add up others are left out.
    """
    weight = weight or folder.weight_column
    style = NumberStyle(folder.account.understood.decimal)
    code = f"{folder.prefix}code"
    table = register_totals(folder.scored, [code, *by], weight, wage, style).rename(columns={code: "code"})
    system = _system(folder.account.understood)
    codes, members = _lineage(folder, table["code"].unique())
    if folder.unscored is not None:
        reason = f"{folder.prefix}reason"
        lost = register_totals(folder.unscored, [reason, *by], weight, wage, style)
        lost = lost[~lost[reason].isin(NOT_COUNTED)].rename(columns={reason: "code"})
        codes, table = _with_unscored(codes, table, lost)
    if wage:
        table["wage"] = table[WAGE_TOTAL] / table[WAGE_JOBS].where(table[WAGE_JOBS] > 0)
        table = table.drop(columns=[WAGE_TOTAL, WAGE_JOBS])
    lineage = Lineage(codes[CODE_COLUMNS], members, system, folder.account.model.weights)
    source = "published" if folder.published else folder.model_version
    # With other jobs than those that were scored with, what titles leave open is not known.
    doubt = _doubt(folder.account, bands) if weight == folder.weight_column else {}
    table = table.rename(columns={WEIGHT: "weight"})
    return Market(table, lineage, scores, replicas, bands, source, doubt)


def _doubt(account: Account, bands: Bands) -> dict[str, float]:
    """Return the ends of the account's intervals, if titles widened them under the same thresholds."""
    if not (account.titles and account.titles["weight_matched"]) or bands != account.model.bands:
        return {}
    national = asdict(account.national)
    return {name: value for name, value in national.items() if name.endswith(("_lower", "_upper"))}


def _lineage(folder: ScoredFolder, present: np.ndarray) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read which occupations each matched code stands for, and what is known of the code."""
    try:
        text = {"code": str, "soc": str, "title": str, "match": str, "note": str}
        members = pd.read_csv(
            folder.path / "lineage.csv", dtype=text, keep_default_na=False, na_values={"probability": [""]}
        )
        known = pd.read_csv(
            folder.path / "by_occupation.csv", dtype=text,
            usecols=["code", "title", "match", "covered", "note"],
            keep_default_na=False, na_values={"covered": [""]},
        ).set_index("code")  # fmt: skip
    except (OSError, ValueError, KeyError) as problem:
        raise RegistryError(
            f"{folder.path} lacks the lineage of its scores: {problem}.",
            rule="lineage.csv and by_occupation.csv stand beside the scored file.",
            fix="Score the registry again with: occurisk score REGISTRY --out DIR --force",
        ) from problem
    members = members[members["code"].isin(present)].assign(kind="")
    return _codes(known, present), members[["code", "soc", "weight", "kind"]].reset_index(drop=True)


def _codes(known: pd.DataFrame, present: np.ndarray) -> pd.DataFrame:
    """Return the codes of a lineage from what `by_occupation` knows of them (index: code)."""
    known = known.reindex(present)
    return pd.DataFrame(
        {
            "code": present, "matched": present, "title": known["title"].fillna("").to_numpy(), "level": "",
            "kind": known["match"].fillna("").to_numpy(), "repairs": "",
            "covered": known["covered"].astype(float).fillna(0.0).to_numpy(),
            "note": known["note"].fillna("").to_numpy(),
        }
    )  # fmt: skip


def _system(understood: Understood) -> str:
    if understood.taxonomy in SYSTEMS:
        return understood.taxonomy
    # НК РК is ISCO-08 with national digits; a user's own map names the system of its targets.
    titles = {system.title: name for name, system in SYSTEMS.items()}
    return titles.get(understood.coding_system, ISCO08.name)


def _check_codes(folder: Path, account: Account) -> None:
    """Refuse results whose rows do not say which code they were matched to."""
    if "code" in account.output.added:
        return
    if account.understood.attributes:
        raise RegistryError(
            f"{folder} has no matched codes.",
            rule="A registry that was scored by its rows' own attributes has no occupations to add up.",
            fix="Score it by its codes: occurisk score REGISTRY --out DIR",
        )
    raise RegistryError(
        f"{folder} has no matched codes: only {', '.join(account.output.added)} were added to its rows.",
        rule="Jobs are added up by the code that a row was matched to.",
        fix="Score the registry again with: --add code,… (or all)",
    )
