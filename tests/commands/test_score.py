"""`occurisk score` as its users meet it: what is printed, when, and with which exit code."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from helpers.registries import write
from helpers.trained import default_bundle, models_dir
from occurisk.cli import main
from occurisk.cli.console import printable
from occurisk.cli.score import score

LIST = "soc,jobs\n43-9021,5\n11-1011,3\n99-9999,7\n"
NAMED = ("--code-column", "soc", "--taxonomy", "soc2010")


@pytest.fixture
def jobs(tmp_path):
    default_bundle()
    return write(tmp_path / "jobs.csv", LIST)


def run(capsys, *arguments):
    """Run the command as the terminal does; return exit code, output, errors."""
    with pytest.raises(SystemExit) as ended:
        main(["score", *map(str, arguments), "--no-track", "--models-dir", str(models_dir())])
    printed = capsys.readouterr()
    return ended.value.code, printed.out, printed.err


def test_less_than_was_asked_for_is_an_exit_code_of_its_own_also_for_machines(jobs, tmp_path, capsys):
    figures = tmp_path / "figures.json"
    code, text, errors = run(
        capsys, jobs, "--out", tmp_path / "out", *NAMED, "--min-coverage", "0.9", "--json", figures
    )
    assert code == 13
    assert "53.3% of the counted weight is scored, less than --min-coverage 90.0%" in errors
    assert f"Scored    {tmp_path / 'out' / 'scored.csv'}" in text
    document = json.loads(figures.read_text(encoding="utf-8"))
    assert (document["status"], document["exit_code"]) == ("too little scored", 13)
    assert document["national"]["coverage"] == pytest.approx(8 / 15)
    code, _, errors = run(
        capsys, jobs, "--out", tmp_path / "b", *NAMED, "--min-coverage", "0.5", "--json", figures
    )
    assert (code, errors) == (0, "")
    assert json.loads(figures.read_text(encoding="utf-8"))["exit_code"] == 0


def test_nothing_scored_is_an_exit_code_of_its_own(tmp_path, capsys):
    path = write(tmp_path / "jobs.csv", "soc,jobs\n99-9998,3\n99-9999,2\n")
    code, text, errors = run(capsys, path, "--out", tmp_path / "out", *NAMED)
    assert code == 13
    assert "None of the 2 rows could be scored" in errors
    assert "Nothing could be scored" in text
    assert (tmp_path / "out" / "unscored.csv").is_file()


def test_a_closed_pipe_loses_nothing(jobs, tmp_path):
    command = [
        sys.executable, "-m", "occurisk", "score", jobs, "--out", tmp_path / "out", *NAMED, "--no-track",
        "--json", tmp_path / "figures.json", "--models-dir", models_dir(),
    ]  # fmt: skip
    with subprocess.Popen(
        [str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        running.stdout.close()  # before anything is printed
        errors = running.stderr.read()
        assert running.wait() == 0
    assert errors == b""
    assert (tmp_path / "figures.json").is_file()
    assert (tmp_path / "out" / "intake.json").is_file()


def test_nothing_in_a_list_reaches_the_terminal_raw(tmp_path):
    default_bundle()
    path = write(tmp_path / "jobs.csv", "soc,jobs\n43-9021,5\n\x1b]0;owned\x1b[31mred,7\n")
    arguments = [path, "--out", tmp_path / "out", *NAMED, "--no-track", "--models-dir", models_dir()]
    got = CliRunner().invoke(score, [str(part) for part in arguments], catch_exceptions=False)
    assert got.exit_code == 0
    assert "\x1b" not in got.output
    assert "\N{SYMBOL FOR ESCAPE}[31mred" in got.output


def test_an_error_that_quotes_a_list_is_harmless_too(tmp_path, capsys):
    path = write(tmp_path / "jobs.csv", "\x1b[31mred,jobs\nx,5\n")
    code, _, errors = run(capsys, path, "--out", tmp_path / "out", "--code-column", "no such")
    assert code == 10
    assert "\x1b" not in errors


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\tb\nc", "a\tb\nc"),
        ("\x1b[2J", "␛[2J"),
        ("\x9b2J", "\ufffd2J"),
        ("a\u202eb", "a\ufffdb"),
        ("ё", "ё"),
    ],
)
def test_what_a_terminal_acts_upon_is_shown_instead(text, shown):
    assert printable(text) == shown


def test_the_figures_printed_are_those_of_the_file_and_of_the_national_page(jobs, tmp_path, capsys):
    from occurisk.cli.national import national

    _, text, _ = run(capsys, jobs, "--out", tmp_path / "out", *NAMED)
    document = json.loads((tmp_path / "out" / "intake.json").read_text(encoding="utf-8"))["national"]
    assert f"High {document['share_high']:.1%}" in text
    arguments = [str(tmp_path / "out"), "--json", str(tmp_path / "n.json"), "--models-dir", str(models_dir())]
    CliRunner(env={"COLUMNS": "160"}).invoke(national, arguments, catch_exceptions=False)
    page = json.loads((tmp_path / "n.json").read_text(encoding="utf-8"))["figures"]
    for name in ("share_high", "share_high_lower", "share_high_upper", "expected", "expected_upper"):
        assert page[name] == pytest.approx(document[name], rel=1e-9), name
