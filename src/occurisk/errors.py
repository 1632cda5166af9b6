"""What a user can fix: one base class, one exit code per kind, one message pattern.

Every message answers four questions: how many, which first, what rule, what to do. Where it names an option,
it does so as the command line has it: in Python `--code-column` is the field or parameter `code_column`.
"""

from __future__ import annotations

from collections.abc import Sequence


class OccuriskError(Exception):
    """A problem whose cure is in the user's hands; shown without a traceback.

    Parameters
    ----------
    what : str
        The problem in one sentence, with the count (*how many*).
    first : str, optional
        The first offending value and where it stands (*which first*).
    rule : str, optional
        The rule that it breaks.
    fix : str, optional
        What to do about it.
    """

    exit_code = 1

    def __init__(
        self,
        what: str,
        *,
        first: str | None = None,
        rule: str | None = None,
        fix: str | None = None,
    ) -> None:
        self.what, self.first, self.rule, self.fix = what, first, rule, fix
        lines = [what]
        lines += [
            f"  {name}: {text}" for name, text in (("First", first), ("Rule", rule), ("Fix", fix)) if text
        ]
        super().__init__("\n".join(lines))


# Exit code 2 is click's own, for a wrong command line.
class SettingsError(OccuriskError):
    """A configuration file that cannot be used."""

    exit_code = 3


class CatalogueError(OccuriskError):
    """A feature catalogue that breaks its own contract."""

    exit_code = 4


class ReleaseError(OccuriskError):
    """An O*NET release that cannot be read, or an attribute table made from one."""

    exit_code = 5


class LabelError(OccuriskError):
    """A label file that cannot be trained on."""

    exit_code = 6


class BundleError(OccuriskError):
    """A model bundle that is missing, truncated or altered."""

    exit_code = 7


class OutputError(OccuriskError):
    """A place that cannot be written to, or that already holds something."""

    exit_code = 8


class MachineError(OccuriskError):
    """Something that the machine lacks, such as a system library."""

    exit_code = 9


class RegistryError(OccuriskError):
    """An occupation registry that cannot be read or understood."""

    exit_code = 10


class CoverageError(OccuriskError):
    """A list of which nothing was scored, or less than was asked for; its results are written."""

    exit_code = 13


class CrosswalkError(OccuriskError):
    """A crosswalk that cannot be used."""

    exit_code = 11


class ReviewError(OccuriskError):
    """A review that cannot be recorded, or a run that cannot be reviewed."""

    exit_code = 12


class TrackingError(OccuriskError):
    """A tracking store that cannot be reached, opened or written; what was scored is complete."""

    exit_code = 14


class TitlesError(OccuriskError):
    """A title matcher, a lexicon or a list of titles that cannot be used."""

    exit_code = 15


class NamesError(OccuriskError):
    """A list of names of occupations that cannot be used."""

    exit_code = 16


def need_columns(
    kind: type[OccuriskError], what: str, needed: Sequence[str], found: Sequence[str], rule: str
) -> None:
    """Raise an error of a kind unless a table has the columns that it needs.

    Parameters
    ----------
    kind : type of OccuriskError
    what : str
        The table, such as `labels.csv`, for the message.
    needed, found : sequence of str
    rule : str
        What columns such a table has, in words.
    """
    missing = [name for name in needed if name not in found]
    if missing:
        raise kind(
            f"{len(missing)} of {len(needed)} required columns are missing from {what}.",
            first=missing[0],
            rule=rule,
            fix=f"Rename your columns; found: {', '.join(map(str, found[:40])) or 'none'}.",
        )
