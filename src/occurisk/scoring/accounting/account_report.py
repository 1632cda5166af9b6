"""The reports of a scoring run as files, written and read back: intake.md, intake.json, tables as CSV."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from occurisk.errors import RegistryError
from occurisk.files import json_text
from occurisk.scoring.accounting.account import Account
from occurisk.scoring.scored_registry import BY_OCCUPATION, LINEAGE, ScoredRegistry
from occurisk.spreadsheets import disarmed

_TEXT = {
    "code", "title", "match", "band", "stability", "note", "reason_1", "reason_2", "reason_3",
    "soc", "soc_title",
}  # fmt: skip
REPORTS = ("by_occupation.csv", "lineage.csv", "intake.md", "intake.json")


def write_reports(result: ScoredRegistry, folder: Path) -> None:
    """Write by_occupation.csv, lineage.csv, intake.md and intake.json into a folder."""
    for name, table in (("by_occupation", result.by_occupation), ("lineage", result.lineage)):
        disarmed(table).to_csv(folder / f"{name}.csv", index=False, lineterminator="\n", float_format="%.15g")
    (folder / "intake.md").write_text(intake_markdown(result.account), encoding="utf-8")
    (folder / "intake.json").write_text(json_text(result.account.to_json()) + "\n", encoding="utf-8")


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


def intake_markdown(account: Account) -> str:
    """Write the intake report for people."""
    understood, totals, model = account.understood, account.totals, account.model
    weight = understood.weight_column or "rows"
    lines = [
        f"# Intake of {_cell(account.registry.name)}",
        "",
        f"Model {_cell(model.version)}, {model.scores} scores; "
        + (
            f"occupations within a code weighted by {model.weights}."
            if model.weights
            else "every row by its own attributes."
        )
        + (" Intervals carry the error of O\\*NET's ratings." if model.rating_error else ""),
        "",
        *(f"**Warning: {_cell(text)}**\n" for text in understood.warnings),
        "## What was understood",
        *_table(
            ["", ""],
            [
                ["format", "; ".join([account.registry.format, *account.registry.notes])],
                ["code column", understood.code_column or "none"],
                ["coding system", understood.coding_system],
                ["weight column", understood.weight_column or "none: every row counts as one"],
                *[["note", n] for n in understood.notes],
            ],
        ),
        "",
        *_evidence_lines(account.evidence),
        "## What became of the rows",
        *_table(
            ["outcome", "rows", weight, "scored", "counted"],
            [[o.outcome, o.rows, o.weight, _yes(o.scored), _yes(o.counted)] for o in account.outcomes],
        ),
        "",
        f"Rows: {totals.rows_in:,} in = {totals.rows_scored:,} scored + "
        f"{totals.rows_unscored:,} set aside ({totals.rows_filtered_out:,} more left out by --where).",
        f"Weight: {totals.weight_in:,.15g} in = {totals.weight_scored:,.15g} scored + "
        f"{totals.weight_unscored:,.15g} set aside.",
        f"Of that, {totals.weight_counted:,.15g} is counted as the labour market: total rows, and groups "
        "that add up rows listed below them, are left out, so that no job counts twice. So are rows that "
        "name neither an occupation nor jobs. Coverage is scored weight over counted weight.",
        "Rows with an empty or suppressed weight are scored and weigh nothing "
        f"({totals.rows_without_weight:,}); a negative weight, or one that is no number, puts its row "
        "aside and adds nothing to the totals.",
        "",
    ]  # fmt: skip
    lines += _title_lines(account.titles)
    lines += _national_lines(account)
    if account.repairs:
        rows = [[r.repair, r.codes, r.rows, r.example] for r in account.repairs]
        lines += ["## Repairs", *_table(["repair", "codes", "rows", "example"], rows), ""]
    if account.unmatched:
        header = ["code", "title", "reason", "rows", weight, "near misses"]
        rows = [[u.code, u.title, u.reason, u.rows, u.weight, u.near] for u in account.unmatched]
        lines += ["## Codes without a score, heaviest first", *_table(header, rows), ""]
    lines.append("Scores are susceptibilities of occupations, not forecasts and not judgements of people.")
    return "\n".join(lines) + "\n"


def _evidence_lines(evidence: Sequence[Mapping[str, Any]]) -> list[str]:
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


def _title_lines(titles: Mapping[str, Any] | None) -> list[str]:
    if not titles:
        return []
    lines = [
        "## Titles",
        f"Where a row has no code, its title is matched to {titles['system']}. A match is *sure* from a "
        "confidence of 90% on, else *likely*; *group* says that only the group is known.",
        "",
        *_table(
            ["match", "titles", "rows", "weight"],
            [[row["match"], row["titles"], row["rows"], row["weight"]] for row in titles["by_match"]],
        ),
        "",
        *map(_cell, titles_in_words(titles)),
        "",
    ]
    lines += _contradiction_lines(titles.get("contradictions"))
    if titles["undecided"]:
        header = ["title", "rows", "weight", "why", "candidates"]
        rows = [[row[name] for name in header] for row in titles["undecided"]]
        lines += ["Undecided titles, heaviest first:", "", *_table(header, rows), ""]
    return lines


def _contradiction_lines(contradicted: Mapping[str, Any] | None) -> list[str]:
    if not contradicted or not contradicted["pairs"]:
        return []
    header = ["title", "title_code", "code", "rows", "weight"]
    return [
        "Codes and titles that contradict each other, heaviest first; the code counts:",
        "",
        *_table(
            ["title", "says", "code that counts", "rows", "weight"],
            [[row[name] for name in header] for row in contradicted["examples"]],
        ),
        "",
    ]


def titles_in_words(titles: Mapping[str, Any]) -> list[str]:
    """Say what share rests on titles and how sure that is."""
    lines = []
    if titles["weight_matched"]:
        lines = [
            f"{titles['share_of_weight']:.1%} of the counted weight rests on titles; of that, "
            f"{titles['precision_expected']:.0%} is expected to have the right code or group.",
            "The intervals of the national figures hold that doubt too, with every candidate weighted.",
        ]
    if titles["undecided_titles"]:
        n = titles["undecided_titles"]
        are = f"{n:,} titles are" if n > 1 else "One title is"
        lines.append(f"{are} undecided, with {titles['undecided_weight']:,.10g} of weight.")
    contradicted = titles.get("contradictions")
    if contradicted and contradicted["rows"]:
        worst = contradicted["examples"][0]
        lines.append(
            f"{contradicted['rows']:,} rows hold a code and a title that contradict each other; "
            "the code counts. "
            f"The heaviest: {worst['title']!r} beside {worst['code']}."
        )
    return lines


def _national_lines(account: Account) -> list[str]:
    figures, mixed = account.national, account.mixed
    if not figures.known:
        return ["Nothing was scored.", ""]
    lines = ["## National figures", *figures.in_words()]
    if account.model.weights:  # of codes, not of rows with attributes of their own
        lines += [
            "The jobs of a code are divided among its occupations before they are counted.",
            f"{mixed.codes} codes are mixed: they hold occupations of both the low and the high band "
            f"({mixed.weight:,.15g} of weight).",
        ]
    else:
        lines.append("The intervals come from the formula behind the rows' own; docs/scoring.md says how.")
    return [*lines, ""]


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
        by_occupation = _read_table(folder / "by_occupation.csv", BY_OCCUPATION)
        lineage = _read_table(folder / "lineage.csv", LINEAGE)
        result = ScoredRegistry(folder, Path(account.registry.name), account, by_occupation, lineage)
        if not result.scored_path.exists():
            raise FileNotFoundError(f"{result.scored_path.name} is not there")
        return result
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise RegistryError(
            f"{folder} does not hold the results of occurisk score.",
            first=str(problem) or "no scored file",
            rule="scored.*, by_occupation.csv, lineage.csv and intake.json stand in one folder.",
            fix="Give the folder that was named with --out, or score the registry again.",
        ) from problem


def _read_table(path: Path, columns: list[str]) -> pd.DataFrame:
    """Read one of our CSV files: text is text, an empty figure is NaN, a guard before a formula goes."""
    text = {name: str for name in columns if name in _TEXT}
    others = [name for name in columns if name not in _TEXT]
    table = pd.read_csv(path, dtype=text, keep_default_na=False, na_values={name: [""] for name in others})
    for name in text:
        table[name] = table[name].str.replace(r"^'(?=[=+\-@\t\r])", "", regex=True)
    # Columns of further axes stand behind ours.
    return table.reindex(columns=[*columns, *(name for name in table if name not in columns)])
