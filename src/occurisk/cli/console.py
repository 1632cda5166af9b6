"""What commands share on the terminal: progress, tables, JSON files, the model that they need."""

from __future__ import annotations

import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from occurisk.files import check_place

if TYPE_CHECKING:
    from rich.console import Console, ConsoleRenderable
    from rich.table import Table

    from occurisk.model.axes.declaration import Axis
    from occurisk.model.bundles.bundle import Bundle


def _writable(context: click.Context, parameter: click.Parameter, path: Path | None) -> Path | None:
    """Say before the work, not after it, that a file cannot be written."""
    if path is not None and not context.resilient_parsing:
        check_place(path)
    return path


JSON_OPTION = click.option(
    "--json",
    "json_path",
    type=click.Path(dir_okay=False, path_type=Path),
    callback=_writable,
    help="Also write the figures as JSON.",
)


def _drawable(context: click.Context, parameter: click.Parameter, path: Path | None) -> Path | None:
    """Say before the work that nothing can be drawn into a file of that name."""
    if path is not None and path.suffix.lower() not in (".png", ".svg", ".pdf"):
        raise click.BadParameter(f"{path.name!r} is not the name of a picture: end it in .png, .svg or .pdf.")
    return _writable(context, parameter, path)


def figure_option(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """The option that names a file to draw into."""
    kind = click.Path(dir_okay=False, path_type=Path)
    return click.option(
        name, type=kind, callback=_drawable, help="Also draw a picture into this file (PNG, SVG or PDF)."
    )


MODELS_DIR_OPTION = click.option(
    "--models-dir",
    type=click.Path(file_okay=False, resolve_path=True, path_type=Path),
    help="Use the models in this folder.  [default: models/ of the project, else of the working directory]",
)
_REQUIRED, _HELD = "occurisk.require_digest", "occurisk.held"
RATING_ERROR = "occurisk.with_rating_error"  # in the context: what `rated_options` was given
# Columns of output that no terminal shows; the narrowest name in a table.
_PIPED, _LEAST_NAME = 1000, 16


def _require(context: click.Context, _: click.Parameter, value: str | None) -> None:
    if value is not None and not re.fullmatch("[0-9a-fA-F]{64}", value):
        raise click.BadParameter("a SHA-256 has 64 hexadecimal digits, such as those in models/CURRENT.")
    context.meta[_REQUIRED] = value


def model_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command that loads a model its options: where models are, and which one it must be."""
    digest = click.option(
        "--require-digest",
        metavar="SHA256",
        callback=_require,
        expose_value=False,
        help="Refuse any model whose manifest.json has another checksum (SHA-256).",
    )
    return MODELS_DIR_OPTION(digest(command))


# What a terminal would act upon: control characters but tab and line feed, and marks of writing direction.
_ACTED_UPON = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    """Return text in which nothing moves the cursor, changes colours or hides what stands there.

    Control characters become their pictures (`␛` for escape), other marks `�`.
    """
    return _ACTED_UPON.sub(
        lambda mark: chr(0x2400 + ord(mark[0])) if mark[0] < " " else "\N{REPLACEMENT CHARACTER}", text
    )


def out() -> Console:
    """The console of results (standard output); it outlives a reader such as `head`.

    In a pipe nothing is printed before the command ends: by then all files are written.
    """
    context = click.get_current_context(silent=True)
    held = None
    if context and not sys.stdout.isatty():
        root = context.find_root()
        if _HELD not in root.meta:
            root.meta[_HELD] = []
            root.call_on_close(lambda: _Outliving(sys.stdout).write("".join(root.meta.pop(_HELD))))
        held = root.meta[_HELD]
    return _console(sys.stdout, held, soft_wrap=False)


def err() -> Console:
    """The console of progress and remarks (standard error)."""
    return _console(sys.stderr)


def _console(stream: IO[str], held: list[str] | None = None, **options: Any) -> Console:
    from rich.console import Console
    from rich.segment import Segment

    class Harmless:
        """What is shown, as text that a terminal does not act upon."""

        def __init__(self, shown: ConsoleRenderable) -> None:
            self.shown = shown

        def __rich_console__(self, console: Console, options: Any) -> Iterator[Segment]:
            for segment in console.render(self.shown, options):
                yield segment if segment.control else Segment(printable(segment.text), segment.style)

    class Hook:
        def process_renderables(self, shown: list[ConsoleRenderable]) -> list[ConsoleRenderable]:
            return [Harmless(one) for one in shown]

    if not stream.isatty() and not os.environ.get("COLUMNS"):
        options["width"] = _PIPED  # what goes to a file or another program is not cut
    console = Console(file=_Outliving(stream, held), highlight=False, **options)  # type: ignore[arg-type]
    console.push_render_hook(Hook())  # type: ignore[arg-type]
    return console


class _Outliving:
    """A stream that goes on when nobody reads it any more: what is written then goes nowhere.

    With a list, texts are held there, for another to write.
    """

    def __init__(self, stream: IO[str], held: list[str] | None = None) -> None:
        self.stream, self.held = stream, held

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def write(self, text: str) -> int:
        """Write, while somebody reads."""
        if self.held is not None:
            self.held.append(text)
            return len(text)
        try:
            return self.stream.write(text)
        except BrokenPipeError:
            self._close()
            return len(text)

    def flush(self) -> None:
        """Hand on what was written."""
        try:
            self.stream.flush()
        except BrokenPipeError:
            self._close()

    def _close(self) -> None:
        # The interpreter flushes the stream once more when it ends; that must not fail either.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self.stream.fileno())
        os.close(nowhere)


@contextmanager
def progress(title: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar on a terminal, nothing elsewhere; yield `tick(done, total)`."""
    from rich import progress as bars

    with bars.Progress(
        bars.TextColumn("{task.description}"),
        bars.BarColumn(),
        bars.MofNCompleteColumn(),
        bars.TimeRemainingColumn(),
        console=err(),
        transient=True,
    ) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def table(title: str, columns: list[str], flexible: str = "") -> Table:
    """Make a table without borders; numbers right-aligned, the flexible column cut where room is short."""
    from rich import box
    from rich.table import Table

    made = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for place, name in enumerate(columns):
        left = place == 0 or name == flexible
        made.add_column(name, no_wrap=True, overflow="ellipsis", justify="left" if left else "right")
        # Marks the column for `show`; rich itself heeds a ratio only in tables that fill the line.
        made.columns[-1].ratio = 1 if name == flexible else None
    return made


def show(console: Console, made: Table) -> None:
    """Print a table: no figure is cut. On a short line names are, then columns go below one another."""
    from rich.cells import cell_len

    cells = [[str(cell) for cell in column.cells] for column in made.columns]
    heads = [str(column.header).split("\n") for column in made.columns]
    widths = [max(map(cell_len, [*column, *head])) for column, head in zip(cells, heads, strict=True)]
    for i, column in enumerate(made.columns):
        if column.ratio is not None:
            room = console.width - sum(widths) + widths[i] - 3 * len(widths)
            widths[i] = min(widths[i], max(room, _LEAST_NAME))
            cells[i] = _told_apart(cells[i], widths[i])
    for title, part in _fitting(str(made.title), widths, console.width):
        console.print(_part_of(made, title, part, cells, widths))


def _told_apart(names: list[str], width: int) -> list[str]:
    """Cut names (markup) to a width: at their end, or before their last letters if two would look alike."""
    from rich.markup import escape
    from rich.text import Text

    plain = [Text.from_markup(name).plain for name in names]
    distinct, tail = len(set(plain)), 0
    cut = [_cut(name, width, tail) for name in plain]
    while len(set(cut)) < distinct and tail < width - 4:
        tail += 3
        seen = Counter(_cut(name, width, 0) for name in set(plain))
        cut = [_cut(name, width, tail if seen[_cut(name, width, 0)] > 1 else 0) for name in plain]
    return [escape(name) for name in cut]


def _cut(name: str, width: int, tail: int) -> str:
    from rich.cells import cell_len, set_cell_size

    if cell_len(name) <= width:
        return name
    end = name[len(name) - tail :] if tail else ""
    return f"{set_cell_size(name, max(width - 1 - cell_len(end), 0)).rstrip()}…{end}"


def _fitting(title: str, widths: list[int], room: int) -> Iterator[tuple[str, list[int]]]:
    """Yield the columns that fit in one line, the first always among them, with the title of each part."""
    said, part, used = title, [0], widths[0]
    for i, width in enumerate(widths[1:], start=1):
        if used + width + 3 > room and len(part) > 1:
            yield said, part
            said, part, used = f"{title}, continued", [0], widths[0]
        part.append(i)
        used += width + 3
    yield said, part


def _part_of(made: Table, title: str, part: list[int], cells: list[list[str]], widths: list[int]) -> Table:
    shown = table(title, [])
    for i in part:
        column = made.columns[i]
        shown.add_column(
            column.header, no_wrap=True, overflow="ellipsis", justify=column.justify, min_width=widths[i]
        )
    for at, row in enumerate(made.rows):
        shown.add_row(*(cells[i][at] for i in part), style=row.style, end_section=row.end_section)
    return shown


def ui_hint() -> str:
    """How to open the MLflow UI from here."""
    from occurisk.paths import CHECKOUT

    return "make ui" if CHECKOUT else "occurisk ui"


def jobs() -> int:
    """Processes to use: the cores that this process may run on, at most four."""
    from joblib import cpu_count  # knows of a container's limits and of LOKY_MAX_CPU_COUNT, too

    return min(int(cpu_count()), 4)


def need_model(
    models_dir: Path | None,
    version: str | None = None,
    train: bool = True,
    axis: Axis | None = None,
    pinned: bool = True,
) -> Bundle:
    """Load the model that a command needs; a pinned one as `--require-digest` and `--with-rating-error` ask.

    Without a model, and if `train` allows it, that of the axis is trained, in seconds. No axis: the first.
    """
    from occurisk.model.bundles.current import find_bundle
    from occurisk.model.bundles.models_folder import CURRENT

    pointer = axis.pointer if axis else CURRENT

    def train_one(folder: Path) -> Bundle:
        from occurisk.model.training import train_default

        console = err()
        name = axis.name if axis and pointer != CURRENT else "the default one"
        console.print(f"No model in {folder}: training {name} first.")
        bundle = train_default(folder, axis=axis)
        console.print(f"Trained {bundle.version}. 'occurisk train' would also evaluate and track it.")
        return bundle

    context = click.get_current_context(silent=True)
    digest = context.meta.get(_REQUIRED) if context and pinned else None
    bundle = find_bundle(models_dir, version, train_one if train else None, digest, pointer)
    if not (context and pinned and context.meta.get(RATING_ERROR)):
        return bundle
    from occurisk.model.bundles.rating_error import effect, with_rating_error

    wider = with_rating_error(bundle)
    err().print(effect(bundle, wider))
    return wider
