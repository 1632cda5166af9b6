"""What every command does with its output: figures whole at 80 columns, files before words, pipes uncut."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from helpers.look_alikes import UNITS
from helpers.registries import scored, write
from helpers.trained import exposure_bundle, models_dir
from occurisk import cli
from occurisk.cli import occurisk
from occurisk.cli.console import out, show, table
from occurisk.paths import FEATURES

LABELS = str(FEATURES / "labels" / "frey_osborne_2017.csv")
# Their few lines name what was written by then; the face prints errors.
ECHOING = {"__init__", "lookup", "ui"}
LIKE = [f"Managers of production and specialised services in branch {place}" for place in ("A", "B", "C")]


@pytest.fixture
def results(tmp_path):
    """A list that was scored."""
    rows = "".join(f"{code},{LIKE[i % 3]},{1000 * i}\n" for i, code in enumerate(UNITS[::9], start=1))
    return scored(write(tmp_path / "r.csv", f"isco08,branch,jobs\n{rows}"), tmp_path / "scored").out


def words(*arguments) -> list[str]:
    return [*map(str, arguments), "--models-dir", str(models_dir())]


def test_a_table_keeps_every_figure_on_a_short_line_and_names_stay_different(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    made = table("Branches", ["branch", *(f"figure {i}" for i in range(9))], "branch")
    figures = [[f"{row}{i},123,456.7" for i in range(9)] for row in range(3)]
    for name, cells in zip(LIKE, figures, strict=True):
        made.add_row(name, *cells)
    show(out(), made)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert all(cell in "\n".join(lines) for cells in figures for cell in cells)
    named = {line[:18].rstrip() for line in lines if line.startswith(" Managers")}
    assert len(named) == 3
    assert any("continued" in line for line in lines)


def test_names_of_other_scripts_and_marks_are_cut_to_the_same_width(monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "60")
    made = table("", ["name", "a", "b"], "name")
    for name in ("管理者" * 12, r"\[bold]" + "Руководители подразделений " * 3, "x"):
        made.add_row(name, "1" * 20, "2" * 20)
    show(out(), made)
    text = capsys.readouterr().out
    assert text.count("1" * 20) == text.count("2" * 20) == 3
    assert "[bold]" in text


def test_national_at_80_columns_shows_every_figure_of_a_wide_terminal(results):
    exposure_bundle()  # jobs are also laid out by its axis; not only once another test has trained it
    text = {}
    for columns in ("80", "400"):
        arguments = words("national", results, "--by", "branch", "--by", "major_group", "--no-track")
        done = CliRunner(env={"COLUMNS": columns}).invoke(occurisk, arguments, catch_exceptions=False)
        text[columns] = done.output
    figures = [set(re.findall(r"\d[\d,]*\.?\d*%?", text[columns])) for columns in ("400", "80")]
    assert figures[0] <= figures[1]
    rows = [line for line in text["80"].splitlines() if re.match(r" Managers", line)]
    names = [row.split("  ")[0] for row in rows]
    # A table by branch, and one more where jobs are laid out by two axes.
    assert names and all(len(set(names[i : i + 3])) == 3 for i in range(0, len(names), 3))


def test_prose_is_wrapped_between_words(results):
    done = CliRunner(env={"COLUMNS": "60"}).invoke(occurisk, words("national", results, "--no-track"))
    prose = [line for line in done.output.splitlines() if "Coverage" in line or "one band" in line]
    assert prose
    assert all(len(line) <= 60 for line in prose)


def test_what_goes_to_a_file_or_a_program_is_not_cut(results, monkeypatch, capsys):
    monkeypatch.delenv("COLUMNS", raising=False)
    occurisk.main(words("national", results, "--by", "branch", "--no-track"), standalone_mode=False)
    text = capsys.readouterr().out
    assert all(name in text for name in LIKE)


def test_lines_in_a_pipe_are_not_filled_up_with_spaces(results, monkeypatch, capsys):
    monkeypatch.delenv("COLUMNS", raising=False)
    for command in (["explain", "1021", "--system", "census2018"], ["national", results, "--no-track"]):
        occurisk.main(words(*command), standalone_mode=False)
    assert max(map(len, capsys.readouterr().out.splitlines())) < 400


def test_results_are_printed_by_the_console_that_waits_for_the_files():
    """Every command, those among them that take too long to run here; a reader such as `head` stops none."""
    seen = 0
    for path in (Path(cli.__file__).parent).glob("*.py"):
        nodes = ast.walk(ast.parse(path.read_text("utf-8")))
        calls = [node.func for node in nodes if isinstance(node, ast.Call)]
        names = {call.id for call in calls if isinstance(call, ast.Name)}
        assert "print" not in names, path.name
        assert "Console" not in names or path.stem == "console", path.name
        seen += "out" in names
        echoes = any(isinstance(call, ast.Attribute) and call.attr == "echo" for call in calls)
        assert not echoes or path.stem in ECHOING, path.name
    assert seen >= 13


@pytest.mark.parametrize(
    ("command", "file"), [("us", "oews_national_M2024_dl.xlsx"), ("countries", "ilostat")]
)
def test_reproduce_says_which_files_it_needs_and_where_they_are(tmp_path, command, file):
    done = CliRunner().invoke(occurisk, ["reproduce", command, "--data", str(tmp_path / "none")])
    text = str(done.exception)
    assert done.exception.exit_code == 10
    assert file in text
    assert "www.bls.gov" in text or "ilostat.ilo.org" in text
    assert "--data DIR" in text


@pytest.mark.parametrize("name", ["picture", "picture.gif", "none/such.png/x.png"])
def test_a_picture_that_cannot_be_drawn_is_refused_before_the_work(results, tmp_path, name):
    (tmp_path / "none").write_text("a file")
    words = ["compare", "lists", results, results, "--no-track", "--png", tmp_path / name]
    done = CliRunner().invoke(occurisk, list(map(str, words)))
    assert (done.exit_code == 2 and ".png, .svg or .pdf" in done.output) or done.exception.exit_code == 8
