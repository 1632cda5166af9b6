"""What meets a user before any command runs: names that are almost right, and a list given as a command."""

import pytest
from click.testing import CliRunner

from occurisk.cli import occurisk


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        ("scroe", "Did you mean 'score'?"),
        ("natoinal", "Did you mean 'national'?"),
        ("EXPLAIN", "Did you mean 'explain'?"),
        ("zzzz", "There is no command 'zzzz'.\n"),
        ("reproduce contries", "Did you mean 'countries'?"),
        ("study vintag", "Did you mean 'vintage'?"),
        ("compare list", "Did you mean 'lists'?"),
        ("titles mtach", "Did you mean 'match'?"),
        ("features biuld", "Did you mean 'build'?"),
        ("labels audti", "Did you mean 'audit'?"),
        ("compare zzzz", "There is no command 'zzzz'. Choose from: axes, "),
    ],
)
def test_a_mistyped_command_names_the_nearest(typed, answer):
    done = CliRunner().invoke(occurisk, typed.split())
    assert done.exit_code == 2
    assert answer in done.output


def test_a_list_given_as_a_command_names_the_command_for_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "jobs.csv").write_text("code\n1111\n")
    done = CliRunner().invoke(occurisk, ["jobs.csv"])
    assert done.exit_code == 2
    assert "Did you mean 'occurisk score jobs.csv'?" in done.output
