"""The command line: paths in, one call per stage, one closing line out.

A command's module is imported when the command runs, so that `occurisk --help` stays quick.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import sys
from pathlib import Path
from typing import Any

import click

from occurisk.cli.options import NearestGroup
from occurisk.errors import OccuriskError

COMMANDS = {
    "train": "Train the default model, evaluate it, track it, score the reference occupations.",
    "evaluate": "Run the held-out protocol of Frey & Osborne with every baseline.",
    "score": "Score an occupation registry, every row accounted for.",
    "lookup": "Score a register that stays in its database: distinct codes out, a join in.",
    "titles": "Match titles to codes: your own lists, decisions on what was left open.",
    "explain": "Say why occupations get their probability.",
    "track": "Record results in MLflow that were scored without it.",
    "review": "Record, collect and export reviewers' verdicts on a scored list.",
    "national": "The national picture: shares at risk, expected value, breakdowns.",
    "compare": "Why two lists differ; how the axes go with published indexes.",
    "backtest": "Compare the scores with realised employment growth.",
    "reproduce": "Compute the published national figures again from official statistics.",
    "labels": "Audit the hand labels.",
    "study": "Studies behind the documentation: coverage of the intervals, O*NET vintage.",
    "features": "Build the attribute table from an O*NET release.",
    "ui": "Open the tracked runs in the MLflow UI.",
}


class LazyGroup(NearestGroup):
    """A group that imports a command's module only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the work."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Import `occurisk.cli.NAME` and return the command in it."""
        if name not in COMMANDS:
            return None
        module = importlib.import_module(f"occurisk.cli.{name}")
        command: click.Command = getattr(module, name)
        return command

    def otherwise(self, name: str, commands: list[str]) -> str:
        """Say what to do with the name of a list."""
        return f"Did you mean 'occurisk score {name}'?" if Path(name).is_file() else ""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="occurisk")
def occurisk() -> None:
    """Which occupations machines could take over, how sure we are, and why.

    Scores are susceptibilities of occupations, not forecasts of jobs lost and not judgements of people.
    """


def main(arguments: list[str] | None = None) -> Any:
    """Run the command line; a problem that the user can fix is printed without a traceback."""
    if arguments is None:
        # The process ends with the command, and need not search what is left for cycles: that takes longer
        # than many a command.
        atexit.register(gc.freeze)
    try:
        return occurisk.main(args=arguments, prog_name="occurisk")
    except OccuriskError as problem:
        from occurisk.cli.console import printable

        click.echo(f"Error: {printable(str(problem))}", err=True)
        sys.exit(problem.exit_code)


if __name__ == "__main__":
    main()
