"""What an earlier run of `occurisk score` wrote, read back as its result."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from occurisk.errors import RegistryError
from occurisk.scoring.account import Account
from occurisk.scoring.scored_registry import BY_OCCUPATION, LINEAGE, ScoredRegistry

_TEXT = {
    "code", "title", "match", "band", "stability", "note", "reason_1", "reason_2", "reason_3",
    "soc", "soc_title",
}  # fmt: skip


def read_back(folder: Path) -> ScoredRegistry:
    """Read the results of a run from their folder.

    Parameters
    ----------
    folder : Path
        That `occurisk score --out` wrote.

    Returns
    -------
    ScoredRegistry
        As `score_registry` returned it, without the registry itself and without single rows (`own`).

    Raises
    ------
    RegistryError
        If they are not there, or incomplete.
    """
    folder = Path(folder)
    try:
        account = Account.from_json(json.loads((folder / "intake.json").read_text(encoding="utf-8")))
        by_occupation = _table(folder / "by_occupation.csv", BY_OCCUPATION)
        lineage = _table(folder / "lineage.csv", LINEAGE)
        result = ScoredRegistry(folder, Path(account.registry.name), account, by_occupation, lineage)
        if not result.scored_path.is_file():
            raise FileNotFoundError(f"{result.scored_path.name} is not there")
        return result
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise RegistryError(
            f"{folder} does not hold the results of occurisk score.",
            first=str(problem) or "no scored file",
            rule="scored.*, by_occupation.csv, lineage.csv and intake.json stand in one folder.",
            fix="Give the folder that was named with --out, or score the registry again.",
        ) from problem


def _table(path: Path, columns: list[str]) -> pd.DataFrame:
    """Read one of our CSV files: text is text, an empty figure is NaN, a guard before a formula goes."""
    text = {name: str for name in columns if name in _TEXT}
    others = [name for name in columns if name not in _TEXT]
    table = pd.read_csv(path, dtype=text, keep_default_na=False, na_values={name: [""] for name in others})
    for name in text:
        table[name] = table[name].str.replace(r"^'(?=[=+\-@\t\r])", "", regex=True)
    return table.reindex(columns=columns)
