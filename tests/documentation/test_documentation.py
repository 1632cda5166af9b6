"""What README and docs/ say is so: commands run, options are named, printed figures are the commands'."""

import difflib
import inspect
import json
import re
import shlex
from pathlib import Path

import click
import pytest

from helpers.checkout import ORIGINALS, PROJECT
from helpers.commands import run
from helpers.stores import new_store
from helpers.trained import models_dir
from occurisk.cli import occurisk
from occurisk.evaluation.baselines import TITLES

PAGES = [PROJECT / "README.md", *sorted((PROJECT / "docs").glob("*.md"))]
TEXT = {page.name: page.read_text(encoding="utf-8") for page in PAGES}
GOLDEN = PROJECT / "tests" / "golden"
WIDE = 500  # no line of prose is that long
# A command in a block of its own, and the block of what it printed.
PRINTED = re.compile(r"```\n(occurisk [^\n]*)\n```\s*\n```text\n(.*?)```", re.DOTALL)
# A figure, and in a comment behind it the golden file and key that it is, and how it is written.
QUOTED = re.compile(r"(\S+?)<!--= (\S+\.json) (\S+) (\S+) -->")


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
    """The README's four lines, as they stand there, on a list of its kind."""
    block = re.search(r"## Your own list\n+```sh\n(.*?)```", TEXT["README.md"], re.DOTALL)
    assert block
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", new_store(tmp_path))
    rows = ["occ_code,sex,jobs", "43-9021,f,100", "29-1141,m,50", "11-1011,f,20"]
    Path("jobs.csv").write_text("\n".join(rows) + "\n")
    lines = [shlex.split(line, comments=True)[1:] for line in block[1].splitlines()]
    for words in lines:
        if words[0] == "review":
            words[1], words[words.index("--occupation") + 1] = "latest", "43-9021"
        run(*words)
    assert {words[0] for words in lines} == {"score", "explain", "national", "review"}
    assert Path("scored/scored.csv").is_file()


@pytest.mark.originals
@pytest.mark.covered_elsewhere
@pytest.mark.parametrize(
    ("page", "line", "text"),
    [(page, *match) for page, text in TEXT.items() for match in PRINTED.findall(text)],
)
def test_what_the_docs_print_is_what_the_command_prints(originals, model, page, line, text, tmp_path):
    """Line by line, but for the spaces between the columns."""
    words = shlex.split(line)[1:]
    for i, word in enumerate(words):
        if word.startswith("../shared/data"):
            words[i] = str(ORIGINALS) + word.removeprefix("../shared/data")
        elif (originals / "employment" / word).is_file():
            words[i] = str(originals / "employment" / word)
        elif words[i - 1] in ("--figure", "--out"):
            words[i] = str(tmp_path / "out.png")
    printed = [
        " ".join(row.split()) for row in run(*words, "--models-dir", models_dir(), columns=WIDE).splitlines()
    ]
    missing = [row for row in text.splitlines() if row.strip() and " ".join(row.split()) not in printed]
    assert not missing, f"{page}: {line} does not print\n" + "\n".join(missing)


def figure(file: str, key: str, written: str) -> str:
    """A figure of a golden file as docs write it: `.1%`, `.2f`, `,.0f`, as Python formats it."""
    value = json.loads((GOLDEN / file).read_text(encoding="utf-8"))
    for part in key.split("."):
        value = value[int(part)] if isinstance(value, list) else value[part]
    return format(value, written)


@pytest.mark.parametrize(
    ("page", "said", "file", "key", "written"),
    [(page, *match) for page, text in TEXT.items() for match in QUOTED.findall(text)],
)
def test_a_quoted_figure_is_that_of_its_golden_file(page, said, file, key, written):
    assert said.strip("*(").endswith(figure(file, key, written)), f"{page}: {key}"


def test_the_readmes_table_of_quality_is_that_of_evaluate():
    found = json.loads((GOLDEN / "evaluation.json").read_text(encoding="utf-8"))["100"]
    rows = re.findall(r"^\| \**([^|*]+?)\** \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|$", TEXT["README.md"], re.M)
    assert len(rows) == len(found)
    titles = {title: name for name, title in TITLES.items()}
    for title, *cells in rows:
        metrics = found[titles[title]]
        assert cells == [f"{metrics[m]:.3f}" for m in ("auc", "log_loss", "brier")], title


def test_the_table_of_quality_in_method_is_that_of_evaluate():
    """The same hundred halves; the deviations beside the means are not in the golden file."""
    found = json.loads((GOLDEN / "evaluation.json").read_text(encoding="utf-8"))["100"]
    number = r"([\d.]+) ±[\d.]+"
    block = TEXT["method.md"].split("log-loss          Brier")[1]
    rows = re.findall(rf"^ (\S.*?)  +{number}   {number}   {number}$", block.split("```")[0], re.M)
    assert len(rows) >= len(found) - 1
    titles = {title: name for name, title in TITLES.items()}
    for title, *cells in rows:
        metrics = found[titles[title]]
        assert cells == [f"{metrics[m]:.3f}" for m in ("auc", "log_loss", "brier")], title


def test_what_reckoning_with_errors_costs_is_the_difference_of_the_two_rows():
    found = json.loads((GOLDEN / "evaluation.json").read_text(encoding="utf-8"))["100"]
    said = re.search(r"log-loss: ([\d.]+) on halves", TEXT["README.md"])
    assert said
    cost = found["lightgbm"]["log_loss"] - found["labels_as_true"]["log_loss"]
    assert float(said[1]) == pytest.approx(cost, abs=0.001)


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
