"""`occurisk explain CODE…`: why, how sure, and what would change it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import click

from occurisk.cli.console import JSON_OPTION, err, need_model, out
from occurisk.cli.options import axis_option, rated_options
from occurisk.files import write_json
from occurisk.probabilities import probability

if TYPE_CHECKING:
    from rich.table import Table

    from occurisk.explanation.explained_list import ExplainedList

STEPS = 10
# From so many attributes on, their contributions are also summed by group; the largest groups are named.
MANY, GROUPS = 50, 5
BAR = 12


@click.command()
@click.argument("codes", nargs=-1, required=True)
@click.option(
    "--system",
    help="Read the codes by this system: soc2010, soc2018, onetsoc, isco08, isco88, census2010, census2018, "
    "nkrk.  [default: told by the code]",
)
@click.option(
    "--lang", "language", type=click.Choice(["en", "ru", "kk"]), default="en", help="Write in this language."
)
@axis_option(
    "", "Explain this axis: susceptibility_2013, language_models_2023 …  [default: the first]", "NAME"
)
@click.option("--model", "version", help="Use this model version.  [default: the current one]")
@rated_options
@JSON_OPTION
@click.option(
    "--png",
    type=click.Path(path_type=Path),
    help="Also draw the contributions as bars: into a file, or into a folder for many codes.",
)
@click.option(
    "--html", type=click.Path(path_type=Path, dir_okay=False), help="Also write the report of these codes."
)
def explain(
    codes: tuple[str, ...],
    system: str | None,
    language: str,
    axis_name: str | None,
    version: str | None,
    models_dir: Path | None,
    json_path: Path | None,
    png: Path | None,
    html: Path | None,
) -> None:
    """Say why occupations get their probability, how sure that is, and what would change it.

    CODES are SOC, O*NET-SOC, ISCO or US Census codes, or an occupation's title in quotes.
    """
    from occurisk.explanation.explained_list import explain_list
    from occurisk.explanation.reference import explain_reference
    from occurisk.model.axes.declaration import one_axis
    from occurisk.report.explanation_tables import full_table
    from occurisk.scoring.asked_codes import score_asked

    axis = one_axis(axis_name) if axis_name else None
    bundle = need_model(models_dir, version, axis=axis)
    asked = score_asked(codes, bundle, _taxonomy(system), language)
    for note in asked.notes:
        err().print(note, markup=False)
    needed = set(asked.members["soc"])
    if len(needed) > 50:
        err().print(f"Explaining {len(needed)} occupations …")
    explained = explain_list(asked.rows, explain_reference(bundle, needed), asked.members)
    console, written = out(), list[str]()
    if json_path:
        write_json(json_path, full_table(explained, language).to_dict("records"))
        written.append(f"Figures  {json_path}")
    if png:
        written += [f"Picture  {path}" for path in _draw(explained, png, language)]
    if html:
        _write_report(explained, html, bundle.version, language)
        written.append(f"Report   {html}")
    for code in asked.rows.index:
        _print(explained, code, language)
    for text in written:
        console.print(text, soft_wrap=True, markup=False)
    for caveat in bundle.axis.words(language).caveats if axis else ():
        console.print(caveat)
    phrases = explained.reference.phrases(language)
    notice = phrases.run["notice"] if axis else phrases.page["short_notice"]
    console.print(f"{phrases.page['model']} {bundle.version}. {notice}")


def _taxonomy(name: str | None) -> str:
    from occurisk.occupations.coding_systems import TAXONOMIES

    if name is not None and name not in TAXONOMIES[1:]:
        raise click.BadParameter(f"{name!r} is none of {', '.join(TAXONOMIES[1:])}.", param_hint="--system")
    return name or "auto"


def _print(explained: ExplainedList, code: str, language: str) -> None:
    from rich.markup import escape
    from rich.padding import Padding

    from occurisk.occupations.names import official_name

    phrases, console = explained.reference.phrases(language), out()
    row, page = explained.rows.loc[code], phrases.page
    colour = {"high": "red", "medium": "yellow", "low": "cyan"}[row["band"]]
    name = official_name(code, language, row["title"])
    console.print(f"\n[bold]{escape(name)}[/bold]  {escape(code)}", soft_wrap=True)
    stability = phrases.stability.get(row["stability"], row["stability"])
    line = (
        f"{page['susceptibility']} [bold {colour}]{probability(row['probability'])}[/] "
        f"({probability(row['lower'])} – {probability(row['upper'])}), "
        f"[{colour}]{phrases.bands[row['band']]}[/], {stability}"
    )
    for key, value in (("published_p", row["published_probability"]), ("label", row["label"])):
        if not math.isnan(value):
            shown = f"{value:g}" if key == "label" else probability(value)
            line += f"; {page[key].lower()} {shown}"
    console.print(line, soft_wrap=True)
    words = explained.words(language).loc[code]
    members = explained.members[explained.members["code"] == code]
    if len(members) > 1:
        console.print(phrases.frames["mixed"].format(n=len(members)), soft_wrap=True)
        for member in members.head(5).itertuples():
            share, p = f"{member.weight:.0%}", probability(member.probability)
            name = official_name(member.soc, language, member.title)
            text = f"{share:>4}  {member.soc}  {escape(name)}  {p}"
            console.print(Padding(text, (0, 0, 0, 2), expand=False))
        if len(members) > 5:
            console.print(Padding(f"… {len(members) - 5}", (0, 0, 0, 2), expand=False))
    console.print(_waterfall(explained, code, language))
    if together := _by_group(explained, code, language):
        console.print(escape(together), soft_wrap=True)
    for text in (words["raises"], words["lowers"], words["change"]):
        if text:
            console.print(escape(text))
    near = words["neighbours"] or page["neighbours_none"]
    console.print(f"{page['neighbours']}: {escape(near)}\n")


def _waterfall(explained: ExplainedList, code: str, language: str) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    phrases, explanation = explained.reference.phrases(language), explained.explanation
    steps, stable = explanation.waterfall(code), explanation.stable().loc[code]
    lower, upper = (frame.loc[code] for frame in explanation.intervals())
    most = max(float(steps["contribution"].abs().max()), 1e-9)
    table = Table(box=box.SIMPLE, show_edge=False, pad_edge=False)
    page = phrases.page
    table.add_column(page["attribute"], ratio=1)
    table.add_column("", no_wrap=True, min_width=BAR)
    for name in ("contribution", "range", "step_change"):
        table.add_column(page[name], justify="right")
    for name, step in steps.head(STEPS).iterrows():
        value = step["contribution"]
        bar = Text("█" * max(1, round(abs(value) / most * BAR)), style="red" if value > 0 else "cyan")
        shaky = "" if stable[name] else " ?"
        table.add_row(
            phrases.phrase(str(name)).label + shaky,
            bar,
            f"{value:+z.2f}",
            "–" if math.isnan(lower[name]) else f"{lower[name]:+z.1f} … {upper[name]:+z.1f}",
            f"{100 * step['probability_change']:+z.1f} {page['points']}",
        )
    rest = steps.iloc[STEPS:]
    if len(rest):
        table.add_row(page["others"].format(n=len(rest)), "", f"{rest['contribution'].sum():+z.2f}", "", "")
    return table


def _by_group(explained: ExplainedList, code: str, language: str) -> str:
    """Sum up many small contributions by task group; nothing where the table above shows most of them."""
    if len(explained.explanation.contributions.columns) < MANY:
        return ""
    phrases = explained.reference.phrases(language)
    largest = explained.by_group(code).head(GROUPS)
    parts = (f"{phrases.groups[str(group)]} {value:+z.2f}" for group, value in largest.items())
    return f"{phrases.page['by_group']}: {'; '.join(parts)}."


def _draw(explained: ExplainedList, png: Path, language: str) -> list[Path]:
    from occurisk.files import whole_file
    from occurisk.result_sets import result_set

    codes = list(explained.rows.index)
    if len(codes) == 1 and png.suffix.lower() == ".png":
        with whole_file(png) as temporary:
            _waterfall_picture(explained, codes[0], language, temporary)
        return [png]
    names = [f"waterfall_{code}.png" for code in codes]
    with result_set(png, "explain", replace=True) as results:
        for name, code in zip(names, codes, strict=True):
            _waterfall_picture(explained, code, language, results.folder / name)
    return [png / name for name in names]


def _waterfall_picture(explained: ExplainedList, code: str, language: str, path: Path) -> None:
    from occurisk.report.explanation_charts import waterfall

    waterfall(explained, code, language).savefig(path, format="png", dpi=150, bbox_inches="tight")


def _write_report(explained: ExplainedList, path: Path, version: str, language: str) -> None:
    from datetime import UTC, datetime

    from occurisk.files import write_text
    from occurisk.report.explanation_page import render
    from occurisk.report.explanation_payload import About

    made = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    name = ", ".join(explained.rows.index[:5]) + (" …" if len(explained.rows) > 5 else "")
    write_text(path, render(explained, About(name, version, made, language=language)))
