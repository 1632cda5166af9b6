"""Options that commands share, and the records that they become."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from occurisk.cli.console import RATING_ERROR, model_options

if TYPE_CHECKING:
    from occurisk.model.bundles.bundle import Bundle
    from occurisk.registry.columns.sample import IntakeOptions
    from occurisk.scoring.options import ReadOptions, ScoreOptions

TAXONOMIES = ["auto", "soc2010", "soc2018", "onetsoc", "isco08", "isco88", "census2010", "census2018", "nkrk"]
Command = Callable[..., Any]
SHARE = click.FloatRange(0, 1, min_open=True, max_open=True)


class NearestGroup(click.Group):
    """A group of commands that names the nearest of them to one that does not exist."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which was probably meant."""
        name, commands = args[0], self.list_commands(ctx)
        if name not in commands and not name.startswith("-"):
            import difflib

            near = difflib.get_close_matches(name.lower(), commands, n=1, cutoff=0.5)
            meant = f"Did you mean {near[0]!r}?" if near else self.otherwise(name, commands)
            ctx.fail(f"There is no command {name!r}. {meant}".rstrip())
        return super().resolve_command(ctx, args)

    def otherwise(self, name: str, commands: list[str]) -> str:
        """Say what to do where no command is near."""
        return f"Choose from: {', '.join(commands)}."


def packed(
    name: str, build: Callable[..., Any], *options: Callable[[Command], Command]
) -> Callable[[Command], Command]:
    """Return a decorator that gives a command these options, as one record called `name`.

    Parameters
    ----------
    name : str
        Of the command's parameter.
    build : callable
        Makes the record; its parameters are the options' names.
    *options : callable
        As `click.option` returns them.
    """
    names = list(inspect.signature(build).parameters)

    def decorate(command: Command) -> Command:
        @functools.wraps(command)
        def run(*arguments: Any, **values: Any) -> Any:
            own = {key: values.pop(key) for key in names}
            return command(*arguments, **{name: build(**own)}, **values)

        decorated: Command = run
        for option in reversed(options):
            decorated = option(decorated)
        return decorated

    return decorate


def language_option(help_text: str) -> Callable[[Command], Command]:
    """The option that names the language of what readers see."""
    return click.option(
        "--lang", type=click.Choice(["en", "ru", "kk"]), default="en", show_default=True, help=help_text
    )


def axis_option(default: str, help_text: str, metavar: str = "all|NAME") -> Callable[[Command], Command]:
    """The option that names an axis: what a score is about.

    Parameters
    ----------
    default : str
        A name, `all`, or nothing for the first axis.
    help_text, metavar : str
    """
    return click.option(
        "--axis", "axis_name", default=default or None, show_default=bool(default), metavar=metavar,
        help=help_text,
    )  # fmt: skip


def min_cell_option(command: Command) -> Command:
    """Add the option that hides cells of few jobs."""
    return click.option(
        "--min-cell", type=click.FloatRange(min=0), default=10, show_default=True,
        help="Hide cells of fewer jobs.",
    )(command)  # fmt: skip


def condition(text: str) -> tuple[str, str]:
    """Split `COLUMN=VALUE` of --where."""
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise click.BadParameter(f"write COLUMN=VALUE, got {text!r}", param_hint="--where")
    return name, value


def _intake(
    code_column: str | None,
    weight_column: str | None,
    level_column: str | None,
    taxonomy: str,
    prefix: int | None,
    crosswalk: Path | None,
    levels: str,
    where: tuple[str, ...],
    title_column: str | None,
    titles: str,
) -> IntakeOptions:
    from occurisk.registry.columns.sample import IntakeOptions

    return IntakeOptions(
        code_column, weight_column, level_column, taxonomy, prefix, crosswalk, levels,
        tuple(condition(text) for text in where), title_column, titles,
    )  # fmt: skip


def _reading(sheet: str | None, encoding: str | None, delimiter: str | None) -> ReadOptions:
    from occurisk.scoring.options import ReadOptions

    if delimiter in {"\\t", "tab"}:
        delimiter = "\t"
    if delimiter is not None and len(delimiter) != 1:
        raise click.BadParameter("a delimiter is one character (or: tab)", param_hint="--delimiter")
    return ReadOptions(sheet, encoding, delimiter)


def _choices(
    scores: str,
    weights: str,
    attributes: str | None,
    attribute_scale: str,
    reasons: bool,
    output: str | None,
    column_prefix: str,
    add: str,
) -> ScoreOptions:
    from occurisk.scoring.options import ScoreOptions

    names = None if add == "all" else tuple(filter(None, (name.strip() for name in add.split(","))))
    return ScoreOptions(scores, weights, attributes, attribute_scale, reasons, output, column_prefix, names)


intake_options = packed(
    "options",
    _intake,
    click.option(
        "--code-column",
        metavar="NAME",
        help="Take the codes from this column.  [default: found by its values]",
    ),
    click.option(
        "--title-column",
        metavar="NAME",
        help="Take the titles from this column.  [default: found by its name and words]",
    ),
    click.option(
        "--titles",
        type=click.Choice(["auto", "only", "off"]),
        default="auto",
        show_default=True,
        help="Match titles where a row has no code (auto), in place of all codes (only), or never (off).",
    ),
    click.option(
        "--weight-column",
        metavar="NAME",
        help="Take the jobs of each row from this column, or none.  [default: found by its name]",
    ),
    click.option(
        "--level-column",
        metavar="NAME",
        help="Read in this column which rows are totals, groups or detail (OEWS has O_GROUP).",
    ),
    click.option(
        "--taxonomy",
        type=click.Choice(TAXONOMIES),
        default="auto",
        show_default=True,
        help="Read the codes by this coding system; nkrk is НК РК 01-2017 of Kazakhstan. "
        "With --crosswalk, it is that of the targets.",
    ),
    click.option(
        "--prefix",
        type=click.IntRange(1, 4),
        help="Take so many leading digits of national codes as ISCO.",
    ),
    click.option(
        "--crosswalk",
        type=click.Path(path_type=Path),
        metavar="MAP.csv",
        help="Lead the codes to others by your own map, with the columns from,to,weight.",
    ),
    click.option(
        "--levels",
        type=click.Choice(["auto", "totals", "separate"]),
        default="auto",
        show_default=True,
        help="Leave groups out that repeat their listed detail (totals), or count them as jobs of their own "
        "(separate).",
    ),
    click.option(
        "--where", multiple=True, metavar="COLUMN=VALUE", help="Take only rows with this value; repeatable."
    ),
)
read_options = packed(
    "reading",
    _reading,
    click.option("--sheet", metavar="NAME", help="Read this Excel sheet.  [default: the first]"),
    click.option(
        "--encoding", metavar="NAME", help="Read a text file in this encoding.  [default: found out]"
    ),
    click.option(
        "--delimiter", metavar="CHAR", help="Split a text file at this character.  [default: found out]"
    ),
)
score_options = packed(
    "choices",
    _choices,
    click.option(
        "--scores",
        type=click.Choice(["model", "published"]),
        default="model",
        show_default=True,
        help="Use the model's scores, or those that Frey & Osborne printed.",
    ),
    click.option(
        "--weights",
        type=click.Choice(["employment", "equal"]),
        default="employment",
        show_default=True,
        help="Average the occupations within a code by US jobs, or equally.",
    ),
    click.option(
        "--attributes",
        metavar="all|NAMES",
        help="Score each row by its own task attributes: all of the catalogue's, or these, with commas.",
    ),
    click.option(
        "--attribute-scale",
        type=click.Choice(["onet", "unit"]),
        default="onet",
        show_default=True,
        help="Read the attributes on O*NET's scales (onet), or on 0 to 1 (unit).",
    ),
    click.option(
        "--reasons",
        is_flag=True,
        help="Add the three strongest reasons of each row, with --attributes; this takes ten times as long.",
    ),
    click.option(
        "--format",
        "output",
        type=click.Choice(["parquet", "csv", "excel", "arrow", "stata", "spss"]),
        help="Write the rows in this format.  [default: the registry's]",
    ),
    click.option(
        "--add",
        default="all",
        show_default=True,
        metavar="all|NAMES",
        help="Add only these columns to each row, with commas between, such as code,probability,band.",
    ),
    click.option(
        "--column-prefix",
        default="occurisk_",
        show_default=True,
        metavar="TEXT",
        help="Begin the names of the added columns with this.",
    ),
)


def further_models(models_dir: Path | None, first: Bundle, name: str | None) -> list[Bundle]:
    """Load the models of the axes that are named (`all`: every one), but the first's own.

    Without a name: every axis that the folder has a model of; none is trained then.
    """
    from occurisk.cli.console import need_model
    from occurisk.model.axes.declaration import chosen_axes, load_axes
    from occurisk.paths import default_models_dir

    folder = models_dir or default_models_dir()
    known = (axis for axis in load_axes() if (folder / axis.pointer).is_file())
    wanted = chosen_axes(name) if name else tuple(known)
    return [need_model(models_dir, axis=axis, pinned=False) for axis in wanted if axis != first.axis]


def _carry(context: click.Context, _: click.Parameter, value: bool) -> None:
    context.meta[RATING_ERROR] = value


def rated_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of a model, and `--with-rating-error`, which `need_model` heeds."""
    rated = click.option(
        "--with-rating-error",
        is_flag=True,
        callback=_carry,
        expose_value=False,
        help="Widen the intervals by the errors of O*NET's ratings, estimated from two releases.",
    )
    return model_options(rated(command))
