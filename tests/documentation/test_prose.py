"""Plain words: no sentence of README and docs/ has more than thirty words; an option says what it does."""

import ast
import re

import click
import pytest

from helpers.checkout import PROJECT
from occurisk.cli import occurisk

LONGEST = 30
PAGES = sorted(PROJECT.glob("*.md")) + sorted((PROJECT / "docs").glob("*.md"))


def sentences(page: str) -> list[str]:
    """Sentences of a Markdown page: no code, no comments; cells, items and headings stand alone."""
    page = re.sub(r"<!--.*?-->", "", page, flags=re.DOTALL)
    page = re.sub(r"^```.*?^```", "\n\n", page, flags=re.DOTALL | re.MULTILINE)
    page = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", page)
    found = []
    for part in re.split(r"\n\s*\n|^#+ .*$|^\s*(?:[-*>]|\d+\.) |\|", page, flags=re.MULTILINE):
        text = re.sub(r"`[^`]*`", "code", " ".join(part.split()))
        found += re.split(r"(?<=[.!?])\s+", text)
    return found


def words(sentence: str) -> int:
    return sum(bool(re.search(r"\w", word)) for word in sentence.split())


def test_sentences_are_told_apart():
    page = "# A title\nOne two `three. four`, five. Six!\n\n- an item\n- [a link](x.md) on\ntwo lines\n"
    assert [words(s) for s in sentences(page) if s] == [4, 1, 2, 5]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_sentence_is_longer_than_thirty_words(page):
    long = [s for s in sentences(page.read_text(encoding="utf-8")) if words(s) > LONGEST]
    assert not long, f"{page.name} has {len(long)}, such as: {long[-1][:300]}"


def options(group: click.Group) -> dict[str, click.Option]:
    """Every option of every command but `--help`."""
    context, found = click.Context(group), {}
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            found |= {f"{name} {key}": option for key, option in options(command).items()}
        elif command is not None:
            of_it = [each for each in command.params if isinstance(each, click.Option)]
            found |= {f"{name} {option.opts[0]}": option for option in of_it}
    return found


# What an option does stands first; whoever needs another verb adds it.
DOES = re.compile(
    "(Also )?(Add|Apply|Ask|Assume|Average|Begin|Borrow|Break|Call|Choose|Do|Draw|End|Explain|Hide|Hold|Judge"
    "|Lead|Learn|Leave|Let|Listen|Make|Map|Match|Name|Print|Put|Read|Recode|Refuse|Replace|Run|Say|Score|Set|Show"
    "|Simulate|Split|Take|Train|Upload|Use|Widen|Write) ",
    re.IGNORECASE,
)


def test_every_option_says_in_a_sentence_what_it_does():
    said = {name: option.help or "" for name, option in options(occurisk).items()}
    wrong = [f"{name}: {text!r}" for name, text in said.items() if not DOES.match(text)]
    assert not wrong, "\n".join(wrong)


def messages(source: str) -> list[str]:
    """Texts of a module that are no docstrings; what is filled in counts as one word."""
    tree = ast.parse(source)
    parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    quiet = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            found.append("".join(v.value if isinstance(v, ast.Constant) else "x" for v in node.values))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts | quiet:
            found.append(node.value)
    return found


def test_messages_are_told_from_docstrings():
    assert messages('"""No."""\nx = f"{a} b"\n"no"\nraise E("c\\nd")\n') == ["x b", "c\nd"]


def test_no_sentence_of_a_message_is_longer_than_thirty_words():
    for path in sorted((PROJECT / "src" / "occurisk").rglob("*.py")):
        for text in messages(path.read_text(encoding="utf-8")):
            long = [s for s in re.split(r"(?<=[.!?;])\s+|\n", text) if words(s) > LONGEST]
            assert not long, f"{path.name}: {long[0]}"
