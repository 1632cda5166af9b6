"""`occurisk titles`: build a matcher from your own list, decide what it could not, replace the names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from occurisk.cli.console import err, out
from occurisk.cli.options import NearestGroup

SYSTEMS = ["isco08", "soc2010"]


def _say(text: str) -> None:
    """Print a line; in a pipe, once all files are written."""
    out().print(text, soft_wrap=True, markup=False)


@click.group(cls=NearestGroup)
def titles() -> None:
    """Match titles to codes: build from your own lists, decide what was left open."""


@titles.command()
@click.argument("title")
@click.option(
    "--system", type=click.Choice(SYSTEMS), default="isco08", show_default=True, help="Match to this system."
)
@click.option(
    "--lang", type=click.Choice(["en", "ru", "kk"]), default="en", show_default=True,
    help="Name the codes in this language.",
)  # fmt: skip
def match(title: str, system: str, lang: str) -> None:
    """Say what TITLE is matched to, why, and what else it may be."""
    from occurisk.occupations.concordances import load_tables
    from occurisk.occupations.names import occupation_name
    from occurisk.occupations.titles.own_titles import matcher_for, reason_of

    matcher = matcher_for(system)
    answer = matcher.answer(title)
    known = load_tables().titles[system]

    def named(code: str) -> str:
        return f"{code} {occupation_name(code, lang, known.get(code, ''))}"

    if answer.code:
        what = "group" if answer.level == "group" else "code"
        _say(f"{named(answer.code)} ({what}, {answer.sureness}, {answer.confidence:.0%})")
    else:
        _say("Cannot say.")
    _say(f"  {reason_of(matcher, title, answer, lang)}")
    for code, weight in answer.candidates[:5]:
        _say(f"  {weight:.0%}  {named(code)}")


@titles.command()
@click.argument("title_list", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--system",
    type=click.Choice(SYSTEMS),
    default="isco08",
    show_default=True,
    help="Read the codes by this system.",
)
@click.option(
    "--title-column",
    "title_columns",
    metavar="NAME",
    multiple=True,
    help="Take the titles from this column; give it again for a second one.  [default: found]",
)
@click.option("--code-column", metavar="NAME", help="Take the codes from this column.  [default: found]")
@click.option(
    "--apart",
    metavar="MARK",
    help="Read several titles in a cell, apart by this mark, such as | or ;. Lines are always read so.",
)
@click.option(
    "--originals",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Make the matchers that occurisk ships anew, from the public lists in this folder.",
)
@click.option(
    "--out",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the matcher into this folder.  [default: titles/ beside the models]",
)
@click.option(
    "--names",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Take this official list of names (code,name) in place of ours; with --lang.",
)
@click.option(
    "--lang",
    type=click.Choice(["ru", "kk"]),
    default="ru",
    show_default=True,
    help="Say which language --names is in.",
)
def build(
    title_list: Path | None,
    system: str,
    title_columns: tuple[str, ...],
    code_column: str | None,
    apart: str | None,
    originals: Path | None,
    folder: Path | None,
    names: Path | None,
    lang: str,
) -> None:
    """Train a matcher from TITLE_LIST (titles with codes); it then stands before the shipped one.

    Titles that you confirmed are learned, too.
    """
    from occurisk.occupations.names import names_file, own_names_folder, take_names

    folder = folder or own_names_folder()
    say = err().print
    if names:
        taken = take_names(names, folder, lang)
        _say(f"{len(taken)} names stand in place of ours: {folder / names_file(lang)}")
    if originals:
        from occurisk.occupations.titles.shipped import build_shipped

        for model in build_shipped(originals, folder, say):
            _say(f"Wrote {folder / model.system}.npz and .json: {len(model.codes)} codes.")
    if title_list:
        from occurisk.occupations.titles.build import FEWEST_CONFIRMED, build_model
        from occurisk.occupations.titles.own_titles import read_confirmed
        from occurisk.registry.title_list import read_title_list

        entries, left_out = read_title_list(title_list, system, title_columns, code_column, apart)
        about = {"sources": [{"file": title_list.name, "what": "a list of the user's"}]}
        confirmed = [(title, code) for title, code in read_confirmed(system).items() if code]
        model = build_model(folder / system, entries, system, about, confirmed=confirmed, say=say)
        _say(
            f"Learned {len(model.listed):,} titles with {len(model.codes)} codes from {title_list.name}"
            + (f"; {left_out:,} rows had no title, or no code of {system}." if left_out else ".")
        )
        _say(f"Wrote {folder / system}.npz and .json.")
        _say(f"How sure it is was learned from {model.about['confidence_from']}.")
        if len(confirmed) < FEWEST_CONFIRMED:
            _say(
                f"Confirm {FEWEST_CONFIRMED} titles of a real list (occurisk titles review), "
                "then build again."
            )
    if not (names or originals or title_list):
        raise click.UsageError("Give a list of titles, --originals or --names.")


@titles.command()
@click.argument("scored", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--sheet",
    "sheet_path",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("titles.xlsx"),
    show_default=True,
    help="Write the sheet to this file: .xlsx with lists to choose from, or .csv.",
)
@click.option("--top", type=click.IntRange(min=1), default=100, show_default=True, help="Ask about so many.")
@click.option(
    "--answers",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Take over the answers of a sheet that was filled in.",
)
@click.option(
    "--lang", type=click.Choice(["en", "ru", "kk"]), default="en", show_default=True,
    help="Ask in this language.",
)  # fmt: skip
@click.option("--force", is_flag=True, help="Replace an earlier sheet.")
@click.option(
    "--queue", "in_queue", is_flag=True, help="Ask in MLflow, in the browser, instead of on a sheet."
)
@click.option(
    "--reviewers", default="", metavar="A,B", help="Make a queue for each of these people, with --queue."
)
@click.option("--collect", "fetch", is_flag=True, help="Take over what was answered in the browser.")
def review(
    scored: Path,
    sheet_path: Path,
    top: int,
    answers: Path | None,
    lang: str,
    force: bool,
    in_queue: bool,
    reviewers: str,
    fetch: bool,
) -> None:
    """Ask about the titles in SCORED that were left open, largest first; or take over the answers.

    They go to a sheet, or with --queue into MLflow, where the titles themselves are uploaded.
    """
    from occurisk.errors import OutputError
    from occurisk.labour_market.scored_market import find_folder
    from occurisk.occupations.titles.own_titles import (
        add_confirmed,
        confidence_in_words,
        confirmed_path,
        matcher_for,
    )
    from occurisk.scoring.accounting.title_review import gains, open_titles, sheet, unanswered
    from occurisk.scoring.accounting.title_sheet import read_answers, write_sheet

    folder = find_folder(scored)
    if folder is None:
        raise click.BadParameter("give a folder that `occurisk score` wrote", param_hint="SCORED")
    system = "soc2010" if folder.account.understood.taxonomy == "soc2010" else "isco08"
    waiting = open_titles(folder.path, folder.account.understood)
    name = folder.account.registry.name
    if reviewers and not in_queue:
        raise click.UsageError("--reviewers goes with --queue.")
    matcher = matcher_for(system)
    to_ask = unanswered(waiting, matcher)
    if in_queue:
        _make_queue(scored, name, system, sheet(to_ask, matcher, top, lang), lang, reviewers)
        return
    if answers or fetch:
        taken = read_answers(answers, system) if answers else _collect(name, system)
        if not taken:
            _say("No answer is filled in: nothing was taken over.")
            return
        new, now = add_confirmed(system, taken)
        _say(f"{len(taken)} answers taken over, {new} of them new; {now} titles are confirmed now.")
        for line in gains(taken, waiting, folder.account.totals.weight_counted):
            _say(line)
        if moved := confidence_in_words(system):
            _say(moved)
        _say(f"Confirmed titles: {confirmed_path()}. They apply when the list is scored again.")
        return
    if sheet_path.exists() and not force:
        raise OutputError(f"{sheet_path} is there already.", fix="name another --sheet, or give --force")
    rows = sheet(to_ask, matcher, top, lang)
    if not rows:
        _say("No title is left open: there is nothing to ask.")
        return
    write_sheet(sheet_path, rows)
    share = rows[-1]["running_share"]
    _say(f"{len(rows)} of {len(to_ask)} open titles, {share} of their jobs: {sheet_path}")
    _say(f"Fill in 'answer', then: occurisk titles review {scored} --answers {sheet_path}")


def _make_queue(
    scored: Path, name: str, system: str, rows: list[dict[str, Any]], lang: str, reviewers: str
) -> None:
    from occurisk.explanation.words import load_phrases
    from occurisk.scoring.accounting.title_review import questions
    from occurisk.tracking.reviewing.queue import check_reviewers
    from occurisk.tracking.reviewing.title_queue import LONGEST, make_title_queue

    names = check_reviewers(reviewers)
    if not rows:
        _say("No title was left open: there is nothing to ask.")
        return
    phrases = load_phrases(lang)
    asked = questions(rows, phrases.queue, decimal=phrases.decimal)
    queue = make_title_queue(Path(name).name, system, asked, lang, names)
    whose = f", one for each of {', '.join(names)}" if names else ""
    _say(f"Review queue of {queue.items} titles{whose}: {queue.link}")
    if queue.items < len(rows):
        _say(f"Not asked: {len(rows) - queue.items} titles of more than {LONGEST:,} characters.")
    _say(f"When it is filled in: occurisk titles review {scored} --collect")


def _collect(name: str, system: str) -> list[tuple[str, str]]:
    from occurisk.tracking.reviewing.title_queue import collect_titles

    found = collect_titles(Path(name).name, system)
    if found.reviewers:
        _say(f"Answered by {', '.join(found.reviewers)}.")
    for text in found.left_out:
        _say(f"Left out: {text}")
    return found.taken
