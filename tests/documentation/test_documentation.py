"""What README and docs/ say is so: commands run, options are named, links lead somewhere."""

import difflib
import inspect
import re
import shlex
from pathlib import Path

import click
import pytest

from helpers.checkout import PROJECT
from helpers.commands import run
from helpers.stores import new_store
from occurisk.cli import occurisk

PAGES = [PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md"))]
TEXT = {page.name: page.read_text(encoding="utf-8") for page in PAGES}


def commands(group: click.Group, name: str = "occurisk") -> list[tuple[str, click.Command]]:
    """Every command by its whole name."""
    context, found = click.Context(group), []
    for each in group.list_commands(context):
        command = group.get_command(context, each)
        assert command is not None
        whole = f"{name} {each}"
        found += commands(command, whole) if isinstance(command, click.Group) else [(whole, command)]
    return found


COMMANDS = dict(commands(occurisk))


def reference() -> str:
    """docs/commands.md: every command with its arguments and options, in the words of its `--help`."""
    lines = [
        "# Commands",
        "",
        "Every command and every option, in the words of `occurisk COMMAND --help`.",
        "`make golden` writes this page anew.",
    ]
    for name, command in COMMANDS.items():
        with click.Context(command, info_name=name) as context:
            usage = " ".join(command.collect_usage_pieces(context))
            lines += ["", f"## {name}", "", f"`{name} {usage}`", "", inspect.cleandoc(command.help or "")]
            options = [p.get_help_record(context) for p in command.params if isinstance(p, click.Option)]
        rows = [
            [" ".join(cell.split()).replace("|", "\\|") for cell in option] for option in options if option
        ]
        if rows:
            lines += ["", "| option | what it does |", "|---|---|"]
            lines += [f"| `{option}` | {what.replace('<', '&lt;')} |" for option, what in rows]
    return "\n".join(lines) + "\n"


def test_every_command_and_option_is_in_the_reference(request):
    page = PROJECT / "docs" / "commands.md"
    if request.config.getoption("--renew"):
        page.write_text(reference(), encoding="utf-8")
    now, written = reference().splitlines(), page.read_text(encoding="utf-8").splitlines()
    changed = [line for line in difflib.unified_diff(written, now, "docs/commands.md", "the commands", n=0)]
    assert not changed, "\n".join(["docs/commands.md is not what the commands say: make golden", *changed])


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_is_in_a_page_that_explains_it(name):
    text = "\n".join(text for page, text in TEXT.items() if page != "commands.md")
    words = r"[^\n]{0,20}?".join(re.escape(word) for word in name.removeprefix("occurisk ").split())
    assert re.search(rf"\b{words}\b", text), f"{name} is in no page but the reference"


def shell_lines() -> list[tuple[str, str]]:
    """Lines of code blocks that call occurisk, by page."""
    found = []
    for page, text in TEXT.items():
        for block in re.findall(r"```(?:sh|console|bash)?\n(.*?)```", text, re.DOTALL):
            joined = block.replace("\\\n", " ")
            calls = [call.strip() for line in joined.splitlines() for call in line.split("&&")]
            found += [(page, call) for call in calls if re.match("occurisk [a-z]", call)]
    return found


@pytest.mark.parametrize(("page", "line"), shell_lines())
def test_every_command_line_of_the_docs_is_one_that_the_command_takes(page, line):
    words = shlex.split(line, comments=True)[1:]
    name = next(
        n
        for n in sorted(COMMANDS, key=len, reverse=True)
        if f"occurisk {' '.join(words)} ".startswith(n + " ")
    )
    known = {option for parameter in COMMANDS[name].params for option in parameter.opts} | {"--help"}
    used = {re.split("[=\\]]", word.lstrip("["))[0] for word in words if word.lstrip("[").startswith("--")}
    assert used <= known, f"{page}: {name} does not take {', '.join(used - known)}"


@pytest.mark.covered_elsewhere
def test_the_readmes_own_list_is_scored_explained_and_summed_up(model, tmp_path, monkeypatch):
    """The README's list and its four lines, as they stand there."""
    part = TEXT["README.md"].split("## Your own list")[1].split("\n## ")[0]
    jobs, block = (re.search(rf"```{kind}\n(.*?)```", part, re.DOTALL) for kind in ("csv", "sh"))
    assert jobs
    assert block
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", new_store(tmp_path))
    Path("jobs.csv").write_text(jobs[1])
    lines = [shlex.split(line, comments=True)[1:] for line in block[1].splitlines()]
    for words in lines:
        run(*words)
    assert {words[0] for words in lines} == {"score", "explain", "national", "review"}
    assert len(Path("scored/scored.csv").read_text().splitlines()) == len(jobs[1].splitlines())


def test_every_link_leads_somewhere():
    for page in PAGES:
        for target in re.findall(r"\]\((?!https?:|mailto:)([^)#]+)(?:#[^)]*)?\)", TEXT[page.name]):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_picture_is_shown_by_a_page():
    shown = {name for text in TEXT.values() for name in re.findall(r"img/(\w+\.png)", text)}
    assert {path.name for path in (PROJECT / "docs" / "img").iterdir()} == shown


def test_the_architecture_names_what_there_is():
    """Each path or module that it names stands in the tree, and no package is left out."""
    source, text = PROJECT / "src" / "occurisk", TEXT["architecture.md"]
    modules = [path.relative_to(source).with_suffix("") for path in source.rglob("*.py")]
    packages = {module.parent for module in modules} - {Path()}
    known = {f"/{path.as_posix()}" for path in (*modules, *packages)}
    beside = {"models", "mlruns", "features", "configs", "tools", "src", "scored", "unscored"}
    named = {name.rstrip("/") for name in re.findall(r"`([a-z_]+(?:/[a-z_]+)*/?)`", text)} - beside
    unknown = {name for name in named if not any(path.endswith(f"/{name}") for path in known)}
    assert not unknown
    assert not {path.as_posix() for path in packages if path.name not in text}


def test_every_file_of_ours_that_a_page_names_exists():
    for page in PAGES:
        for name in re.findall(
            r"`((?:tests|benchmarks|features|configs|tools)/[\w./-]+\.\w+)`", TEXT[page.name]
        ):
            assert (PROJECT / name).exists(), f"{page.name}: {name}"


def test_every_test_that_the_docs_name_exists():
    named = set(
        re.findall(r"`(test_\w+)`", (PROJECT / "docs" / "reliability.md").read_text(encoding="utf-8"))
    )
    written = {
        name for path in (PROJECT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(encoding="utf-8"), re.M)
    }  # fmt: skip
    assert named
    assert named <= written, named - written


def test_an_option_that_an_error_names_is_one_of_score_and_a_field_in_python():
    """Errors of `registry/` say `--code-column`; in Python that is the field `code_column`."""
    from dataclasses import fields

    from occurisk.registry.columns.sample import IntakeOptions
    from occurisk.scoring.options import ReadOptions, ScoreOptions

    in_python = {field.name for kind in (IntakeOptions, ReadOptions, ScoreOptions) for field in fields(kind)}
    other_names = {"format": "output"}  # `format` is a function of Python's own
    only_a_command = {"engine"}  # in Python: occurisk.spark.score
    named = {
        flag
        for path in (PROJECT / "src" / "occurisk" / "registry").rglob("*.py")
        for flag in re.findall(r"--([a-z][a-z-]+)", path.read_text(encoding="utf-8"))
    }
    assert len(named) > 10
    options = {option for parameter in COMMANDS["occurisk score"].params for option in parameter.opts}
    assert {f"--{flag}" for flag in named} <= options
    known = {other_names.get(flag, flag.replace("-", "_")) for flag in named - only_a_command}
    assert known <= in_python
