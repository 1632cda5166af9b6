"""Helpers of the scoring tests: registries to write, results to read back."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pandas as pd

from helpers.trained import default_bundle
from occurisk.registry.columns.sample import IntakeOptions
from occurisk.scoring.score import score_registry
from occurisk.scoring.scored_registry import ScoredRegistry


def scored(path: Path, out: Path, **options) -> ScoredRegistry:
    """Score a file; keywords of `IntakeOptions` and of `score_registry` may be mixed."""
    intake = {k: options.pop(k) for k in list(options) if k in IntakeOptions.__dataclass_fields__}
    return score_registry(default_bundle(), path, out, options=IntakeOptions(**intake), **options)


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    """Write a registry given as text."""
    path.write_bytes(text.encode(encoding))
    return path


def totals(result: ScoredRegistry) -> dict:
    """The totals of intake.json, after checking that both files hold what they say."""
    document = json.loads((result.out / "intake.json").read_text(encoding="utf-8"))
    found = document["totals"]
    assert found["rows_in"] == found["rows_scored"] + found["rows_unscored"]
    assert len(result.rows) == found["rows_scored"]
    assert len(result.unscored) == found["rows_unscored"]
    return found


def outcomes(result: ScoredRegistry) -> dict[str, int]:
    """Rows by outcome."""
    return result.outcomes["rows"].to_dict()


def frame(codes, weights=None, **columns) -> pd.DataFrame:
    """A small registry."""
    table = pd.DataFrame({"occ_code": codes, **columns})
    return table if weights is None else table.assign(employment=weights)


def workbook_with_password() -> bytes:
    """A workbook that Excel would ask a password for, encrypted as Excel does it."""
    from msoffcrypto.format.ooxml import OOXMLFile
    from openpyxl import Workbook

    book, plain, locked = Workbook(), io.BytesIO(), io.BytesIO()
    for row in (["code", "jobs"], ["43-9021", 5]):
        book.active.append(row)
    book.save(plain)
    OOXMLFile(plain).encrypt("correct horse", locked)
    return locked.getvalue()
