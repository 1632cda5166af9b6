"""`occurisk explain CODE…`: why, how sure, and what would change it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from occurisk.cli.console import JSON_OPTION, err, model_options, need_model, out
from occurisk.files import write_json
from occurisk.probabilities import probability

if TYPE_CHECKING:
    import pandas as pd
    from rich.table import Table

    from occurisk.explanation.explained_list import ExplainedList
    from occurisk.model.bundles.bundle import Bundle
    from occurisk.occupations.coding_systems import CodingSystem
    from occurisk.occupations.crosswalk import Lineage

STEPS = 10
_NATIONAL = re.compile(r"\d{4}-\d{1,2}")
BAR = 12


@click.command()
@click.argument("codes", nargs=-1, required=True)
@click.option(
    "--system",
    help="Coding system: soc2010, soc2018, onetsoc, isco08, isco88, nkrk.  [default: told by the code]",
)
@click.option(
    "--lang", "language", type=click.Choice(["en", "ru", "kk"]), default="en", help="Language of the words."
)
@click.option("--model", "version", help="Version of the model.  [default: the current one]")
@model_options
@JSON_OPTION
@click.option(
    "--png", type=click.Path(path_type=Path), help="Also draw the waterfalls: a file, or a folder for many."
)
@click.option(
    "--html", type=click.Path(path_type=Path, dir_okay=False), help="Also write the report of these codes."
)
def explain(
    codes: tuple[str, ...],
    system: str | None,
    language: str,
    version: str | None,
    models_dir: Path | None,
    json_path: Path | None,
    png: Path | None,
    html: Path | None,
) -> None:
    """Say why occupations get their probability, how sure that is, and what would change it.

    CODES are SOC, O*NET-SOC or ISCO codes, or an occupation's title in quotes.
    """
    from occurisk.explanation.explained_list import explain_list
    from occurisk.explanation.reference import explain_reference

    bundle = need_model(models_dir, version)
    rows, members = _look_up(codes, system, bundle)
    needed = set(members["soc"])
    if len(needed) > 50:
        err().print(f"Explaining {len(needed)} occupations …")
    explained = explain_list(rows, explain_reference(bundle, needed), members)
    for code in rows.index:
        _print(explained, code, language)
    console = out()
    if json_path:
        write_json(json_path, _document(explained, language))
        console.print(f"Figures  {json_path}", soft_wrap=True)
    if png:
        for path in _draw(explained, png, language):
            console.print(f"MarketSummary  {path}", soft_wrap=True)
    if html:
        _write_report(explained, html, bundle.version, language)
        console.print(f"Report   {html}", soft_wrap=True)
    console.print(
        f"Model {bundle.version}. Susceptibility, not jobs lost; not for decisions about individual people."
    )


def _look_up(codes: tuple[str, ...], system: str | None, bundle: Bundle) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows and members of every code; each code may be of its own system."""
    import pandas as pd

    from occurisk.errors import CrosswalkError
    from occurisk.scoring.code_scores import Scores, score_codes

    rows, members, lost = [], [], []
    model = Scores.of(bundle)
    for text in dict.fromkeys(codes):
        lineage = _lineage(text, system, bundle)
        about = lineage.codes.iloc[0]
        if not len(lineage.members):
            lost.append((text, about["kind"], about["note"]))
            continue
        scores = score_codes(model, lineage)
        code = str(about["matched"]) or text
        own = bundle.reference.reindex([code])
        rows.append(
            scores.assign(
                title=about["title"],
                match=about["kind"],
                published_probability=own["published_probability"].to_numpy(),
                label=own["label"].to_numpy(),
            ).set_axis([code])
        )
        members.append(lineage.members.assign(code=code))
    if lost:
        text, kind, note = lost[0]
        raise CrosswalkError(
            f"{len(lost)} of {len(codes)} codes have no score.",
            first=f"{text}: {kind}{f' ({note})' if note else ''}",
            rule="A code of SOC 2010/2018, O*NET-SOC or ISCO-08/88, or a title, of work that O*NET rates.",
            fix="Check the code; name its system with --system if digits alone are ambiguous.",
        )
    found = pd.concat(rows)
    twice = found.index.duplicated()
    kept = pd.concat(members).drop_duplicates(["code", "soc"])
    return found[~twice], kept


def _lineage(text: str, system: str | None, bundle: Bundle) -> Lineage:
    from occurisk.occupations.crosswalk import to_soc2010

    title = _by_title(text, bundle)
    candidates = [_system(system)] if system else _guess(title or text)
    # National classifications built on ISCO add digits behind a dash: 4110-9.
    prefix = 4 if _NATIONAL.fullmatch(text.strip()) else None
    found = None
    for candidate in candidates:
        lineage = to_soc2010([title or text], candidate, scored=bundle.reference.index, prefix=prefix)
        if found is None or (not len(found.members) and len(lineage.members)):
            found = lineage
    assert found is not None  # noqa: S101  (there is always a candidate)
    return found


def _by_title(text: str, bundle: Bundle) -> str | None:
    """The code of a reference occupation with this title; None if the text holds a digit or nothing fits."""
    if any(c.isdigit() for c in text):
        return None
    from occurisk.errors import CrosswalkError

    titles = bundle.reference["title"]
    wanted = text.casefold().strip()
    exact = titles[titles.str.casefold() == wanted]
    if len(exact):
        return str(exact.index[0])
    close = titles[titles.str.casefold().str.contains(wanted, regex=False)]
    if len(close) == 1:
        return str(close.index[0])
    matched = _matched(text)
    if matched:
        return matched
    shown = "; ".join(f"{code} {title}" for code, title in close.head(5).items())
    raise CrosswalkError(
        f"{len(close)} occupations have {text!r} in their title.",
        first=shown or None,
        rule="A title, or a part of one that only one occupation has.",
        fix="Give the code.",
    )


def _matched(text: str) -> str | None:
    """The code that a title is matched to, said on standard error with what else it may be; or None."""
    from occurisk.errors import CrosswalkError
    from occurisk.occupations.concordances import load_tables
    from occurisk.occupations.names import occupation_name
    from occurisk.occupations.titles.own_titles import matcher_for

    english = text.isascii()
    system = "soc2010" if english else "isco08"
    answer = matcher_for(system).answer(text)
    known = load_tables().titles[system]
    language = "en" if english else "kk" if set(text.lower()) & set("әғқңөұүһі") else "ru"

    def named(code: str) -> str:
        return f"{code} {occupation_name(code, language, known.get(code, ''))}"

    others = [f"{named(code)} ({weight:.0%})" for code, weight in answer.candidates if code != answer.code]
    if answer.code:
        found = f"{text!r} is matched to {named(answer.code)} ({answer.confidence:.0%}), {answer.reason}."
        err().print(found + (f" It may also be: {'; '.join(others[:4])}." if others else ""), markup=False)
        return answer.code
    if not english or answer.candidates:
        raise CrosswalkError(
            f"Which occupation {text!r} is cannot be said: {answer.reason}.",
            first="it may be " + "; ".join(others[:5]) if others else None,
            rule="A title is answered only where the answer is likely to be right.",
            fix="Give the code, or more of the title.",
        )
    return None


def _guess(text: str) -> list[CodingSystem]:
    """Systems that the code may be of, likeliest first."""
    from occurisk.occupations.coding_systems import ISCO08, ISCO88, ONET_SOC, SOC2010, SOC2018, tidy

    plain = tidy(text)
    digits = "".join(c for c in plain if c.isdigit())
    if "." in plain and len(digits) == 8:
        return [ONET_SOC, SOC2010]
    if len(digits) >= 6:
        return [SOC2010, SOC2018, ONET_SOC]
    return [ISCO08, ISCO88]


def _system(name: str) -> CodingSystem:
    from occurisk.occupations.coding_systems import ISCO08, SYSTEMS

    # НК РК is ISCO-08 with national digits behind a dash.
    known = {**SYSTEMS, "nkrk": ISCO08}
    if name not in known:
        raise click.BadParameter(f"{name!r} is none of {', '.join(known)}.", param_hint="--system")
    return known[name]


def _print(explained: ExplainedList, code: str, language: str) -> None:
    from rich.markup import escape
    from rich.padding import Padding

    from occurisk.explanation.words import load_phrases

    phrases, console = load_phrases(language), out()
    row, page = explained.rows.loc[code], phrases.page
    colour = {"high": "red", "medium": "yellow", "low": "cyan"}[row["band"]]
    console.print(f"\n[bold]{escape(row['title'])}[/bold]  {escape(code)}", soft_wrap=True)
    stability = phrases.stability.get(row["stability"], row["stability"])
    line = (
        f"{page['susceptibility']} [bold {colour}]{probability(row['probability'])}[/] "
        f"({probability(row['lower'])} – {probability(row['upper'])}), "
        f"[{colour}]{phrases.bands[row['band']]}[/], {stability}"
    )
    for key, value in (("published_p", row["published_probability"]), ("label", row["label"])):
        if value == value:  # noqa: PLR0124  (not NaN)
            shown = f"{value:g}" if key == "label" else probability(value)
            line += f"; {page[key].lower()} {shown}"
    console.print(line, soft_wrap=True)
    words = explained.words(language).loc[code]
    members = explained.members[explained.members["code"] == code]
    if len(members) > 1:
        console.print(phrases.frames["mixed"].format(n=len(members)), soft_wrap=True)
        for member in members.head(5).itertuples():
            share, p = f"{member.weight:.0%}", probability(member.probability)
            text = f"{share:>4}  {member.soc}  {escape(member.title)}  {p}"
            console.print(Padding(text, (0, 0, 0, 2)))
        if len(members) > 5:
            console.print(Padding(f"… {len(members) - 5}", (0, 0, 0, 2)))
    console.print(_waterfall(explained, code, language))
    for text in (words["raises"], words["lowers"], words["change"]):
        if text:
            console.print(escape(text))
    near = words["neighbours"] or page["neighbours_none"]
    console.print(f"{page['neighbours']}: {escape(near)}\n")


def _waterfall(explained: ExplainedList, code: str, language: str) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from occurisk.explanation.words import load_phrases

    phrases, explanation = load_phrases(language), explained.explanation
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
            f"{value:+.2f}",
            "–" if lower[name] != lower[name] else f"{lower[name]:+.1f} … {upper[name]:+.1f}",
            f"{100 * step['probability_change']:+.1f} {page['points']}",
        )
    rest = steps.iloc[STEPS:]
    if len(rest):
        table.add_row(page["others"].format(n=len(rest)), "", f"{rest['contribution'].sum():+.2f}", "", "")
    return table


def _document(explained: ExplainedList, language: str) -> list[dict[str, Any]]:
    from occurisk.report.explanation_tables import full_table

    records: list[dict[str, Any]] = full_table(explained, language).to_dict("records")
    # NaN is no JSON: a figure that is unknown is null.
    return [{k: None if isinstance(v, float) and v != v else v for k, v in r.items()} for r in records]  # noqa: PLR0124


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
