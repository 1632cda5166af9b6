"""Commands, called in this process."""

from __future__ import annotations

from click.testing import CliRunner

from occurisk.cli import occurisk


def run(*arguments: object, columns: int = 160) -> str:
    """Call `occurisk ARGUMENTS`, which must succeed; return what it printed on so wide a terminal."""
    words = [str(argument) for argument in arguments]
    done = CliRunner(env={"COLUMNS": str(columns)}).invoke(occurisk, words, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output
