"""The reports of a scoring run as files: intake.md for people, intake.json for machines, tables as CSV."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

import numpy as np

from occurisk.files import write_json
from occurisk.scoring.account import ScoredRegistry

REPORTS = ("by_occupation.csv", "lineage.csv", "intake.md", "intake.json")


def write_reports(result: ScoredRegistry, folder: Path) -> None:
    """Write by_occupation.csv, lineage.csv, intake.md and intake.json into a folder."""
    for name, table in (("by_occupation", result.by_occupation), ("lineage", result.lineage)):
        safe = table.copy()
        for column in safe.columns[safe.dtypes.map(lambda kind: kind.kind not in "ifb")]:
            safe[column] = safe[column].map(disarm)
        safe.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n", float_format="%.15g")
    (folder / "intake.md").write_text(intake_markdown(result), encoding="utf-8")
    write_json(folder / "intake.json", result.intake)


def disarm(cell: Any) -> Any:
    """Put an apostrophe before a text that a spreadsheet would run."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "@", "\t", "\r") else cell


def _cell(value: Any) -> str:
    """Make a value safe in a Markdown table: no HTML, no column marks, no line breaks."""
    text = (
        f"{value:,.15g}"
        if isinstance(value, float)
        else f"{value:,}"
        if isinstance(value, int)
        else str(value)
    )
    return html.escape(text).replace("|", "\\|").replace("\n", " ").replace("`", "'")


def _yes(value: Any) -> str:
    return "yes" if value else "no"


def _table(header: list[str], rows: list[list[Any]]) -> list[str]:
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    return lines + ["| " + " | ".join(_cell(v) for v in row) + " |" for row in rows]


def intake_markdown(result: ScoredRegistry) -> str:
    """Write the intake report for people."""
    intake = result.intake
    understood, totals = intake["understood"], intake["totals"]
    weight = understood["weight_column"] or "rows"
    lines = [
        f"# Intake of {_cell(result.input_name)}",
        "",
        f"Model {_cell(result.model_version)}, {result.scores} scores; "
        + (
            f"occupations within a code weighted by {result.weights}."
            if result.weights
            else "every row by its own attributes."
        ),
        "",
        "## What was understood",
        *_table(
            ["", ""],
            [
                ["format", "; ".join([intake["registry"]["format"], *intake["registry"]["notes"]])],
                ["code column", understood["code_column"] or "none"],
                ["coding system", understood["coding_system"]],
                ["weight column", understood["weight_column"] or "none: every row counts as one"],
                *[["note", n] for n in understood["notes"]],
            ],
        ),
        "",
        *_evidence_lines(intake["evidence"]),
        "## What became of the rows",
        *_table(
            ["outcome", "rows", weight, "scored", "counted"],
            [[o["outcome"], int(o["rows"]), float(o["weight"]), _yes(o["scored"]), _yes(o["counted"])]
             for o in intake["outcomes"]],
        ),
        "",
        f"Rows: {totals['rows_in']:,} in = {totals['rows_scored']:,} scored + "
        f"{totals['rows_unscored']:,} set aside ({totals['rows_filtered_out']:,} more left out by --where).",
        f"Weight: {totals['weight_in']:,.15g} in = {totals['weight_scored']:,.15g} scored + "
        f"{totals['weight_unscored']:,.15g} set aside.",
        f"Of that, {totals['weight_counted']:,.15g} is counted as the labour market: total rows, and groups "
        "that add up rows listed below them, are left out, so that no job counts twice. Coverage is scored "
        "weight over counted weight.",
        "Rows with an empty or suppressed weight are scored and weigh nothing "
        f"({totals['rows_without_weight']:,}); a negative weight, or one that is no number, puts its row "
        "aside and adds nothing to the totals.",
        "",
    ]  # fmt: skip
    lines += _national_lines(result)
    if len(result.repairs):
        lines += [
            "## Repairs",
            *_table(["repair", "codes", "rows", "example"], result.repairs.values.tolist()),
            "",
        ]
    if len(result.losses):
        lines += [
            "## Codes without a score, heaviest first",
            *_table(
                ["code", "title", "reason", "rows", weight, "near misses"], result.losses.values.tolist()
            ),
            "",
        ]
    lines.append("Scores are susceptibilities of occupations, not forecasts and not judgements of people.")
    return "\n".join(lines) + "\n"


def _evidence_lines(evidence: list[dict[str, Any]]) -> list[str]:
    if not evidence:
        return []
    return [
        "Evidence: share of a column's distinct values that parse and that exist.",
        "",
        *_table(
            ["column", "system", "parse", "exist", "distinct", "example"],
            [[e["column"], e["taxonomy"], f"{e['parse']:.1%}", f"{e['exist']:.1%}", e["distinct"],
              e["example"]] for e in evidence],
        ),
        "",
    ]  # fmt: skip


def _national_lines(result: ScoredRegistry) -> list[str]:
    figures = result.national
    if np.isnan(figures["expected"]):
        return ["Nothing was scored.", ""]
    mixed = result.intake["mixed"]
    lines = [
        "## National figures",
        f"High {figures['share_high']:.1%}, medium {figures['share_medium']:.1%}, "
        f"low {figures['share_low']:.1%} of the scored weight; "
        f"expected value {figures['expected']:.3f}; coverage {figures['coverage']:.1%}.",
    ]
    if result.weights:  # of codes, not of rows with attributes of their own
        lines.append(
            f"{mixed['codes']} codes are mixed: they hold occupations of both the low and the high band "
            f"({mixed['weight']:,.15g} of weight)."
        )
    return [*lines, ""]
