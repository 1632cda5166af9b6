"""Commands, called in this process."""

from __future__ import annotations

import io

from click.testing import CliRunner

from occurisk.cli import occurisk


def run(*arguments: object, columns: int = 160) -> str:
    """Call `occurisk ARGUMENTS`, which must succeed; return what it printed on so wide a terminal."""
    words = [str(argument) for argument in arguments]
    done = CliRunner(env={"COLUMNS": str(columns)}).invoke(occurisk, words, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


class Watching(io.StringIO):
    """Standard output that notes which files are there when the first word comes, and then is closed."""

    def __init__(self, paths):
        super().__init__()
        self.paths, self.there = paths, None

    def write(self, text):
        """Note, then fail as a pipe does that nobody reads."""
        if self.there is None:
            self.there = [path.exists() for path in self.paths]
        return len(text)
