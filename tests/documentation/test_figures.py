"""Every figure that README and docs/ quote from a command is that command's.

`<!-- figures: NAME … -->` before a table or paragraph names the files of docs/outputs/ that its figures come
from, until the next mark. After `but` stand figures that are no command's; `none` ends a mark.
`docs/outputs.py` keeps the files. Those of quick commands are compared here with what is printed now.
"""

import re
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_DOWN, ROUND_HALF_UP, Decimal
from functools import cache, cached_property

import pytest

from helpers.checkout import PROJECT
from helpers.commands import run
from helpers.stores import new_store
from helpers.trained import models_dir

sys.path.insert(0, str(PROJECT / "docs"))
from outputs import MARKED, NUMBER, OUTPUTS, PAGES, WIDE, Output, settled, stage

OUTPUT = {path.stem: Output.read(path.stem) for path in sorted(OUTPUTS.glob("*.txt"))}
TEXT = {page.name: page.read_text(encoding="utf-8") for page in PAGES}
QUICK = 5  # seconds of processor time
CELL = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True)
class Printed:
    """What the commands of a mark printed, and the figures that are no command's."""

    outputs: tuple[Output, ...]
    free: frozenset[str]

    @staticmethod
    @cache
    def of(mark: str) -> "Printed":
        names, _, free = mark.partition(" but ")
        known = (OUTPUT[name] for name in names.split() if name in OUTPUT)
        return Printed(tuple(known), frozenset(numbers(free)))

    @cached_property
    def text(self) -> str:
        return spaced("\n".join(f"{each.command}\n{each.text}" for each in self.outputs))

    @cached_property
    def lines(self) -> list[tuple[str, list[str]]]:
        lines = [line for each in self.outputs for line in f"{each.command}\n{each.text}".splitlines()]
        return [(spaced(line).lower(), numbers(line)) for line in lines]

    @cached_property
    def all(self) -> set[str]:
        return {number for _, line in self.lines for number in line}

    def has(self, number: str) -> bool:
        return number in self.free or any(same(number, each) for each in self.all)

    def has_row(self, label: str, row: list[str]) -> bool:
        """Whether one line holds these figures in this order, and the label, too, if any line does."""
        said = spaced(re.sub(r"[*\\]", "", label)).lower()
        labelled = [line for text, line in self.lines if len(said) > 3 and said in text]
        row = [number for number in row if number not in self.free]
        return any(in_order(row, line) for line in labelled or (line for _, line in self.lines))


def spaced(text: str) -> str:
    """Text with one blank between words; rules of tables, which are as wide as the table, are short."""
    return " ".join(re.sub(r"─+", "─", text).split())


def numbers(text: str) -> list[str]:
    return [number.replace("−", "-").lstrip("±").rstrip(",") for number in NUMBER.findall(text)]


def same(said: str, printed: str) -> bool:
    """Whether a figure is the printed one, or that one rounded to the digits that are said."""
    one, other = Decimal(said.replace(",", "")), Decimal(printed.replace(",", ""))
    if said[0] not in "+-":
        other = abs(other)
    if one == other or one.as_tuple().exponent <= other.as_tuple().exponent:
        return one == other
    digits = Decimal(1).scaleb(one.as_tuple().exponent)
    return one in (other.quantize(digits, ROUND_HALF_UP), other.quantize(digits, ROUND_HALF_DOWN))


def in_order(row: list[str], line: list[str]) -> bool:
    rest = iter(line)
    return all(any(same(number, each) for each in rest) for number in row)


def is_figure(number: str) -> bool:
    """In running text: no year, and no small number that might be a word."""
    return not number.isdigit() or not (int(number) < 10 or 1900 <= int(number) <= 2100)


def bare(text: str) -> str:
    """Markdown without comments, code and what links lead to; lines stay lines."""
    gone = r"<!--.*?-->|`[^`]*`|(?<=\])\([^)]*\)|\bdoi:\S+"
    return re.sub(gone, lambda found: "\n" * found[0].count("\n"), text, flags=re.DOTALL)


def faults(block: str, known: Printed) -> Iterator[tuple[int, str]]:
    """What of a block was not printed: the number of its line, from 0, and the figure or the line."""
    start = 0
    for part in re.split(r"^(```.*?^```$)", block, flags=re.DOTALL | re.MULTILINE):
        lines = part.splitlines() if part.startswith("```") else bare(part).splitlines()
        for i, line in enumerate(lines):
            said = line
            if part.startswith("```"):
                said = ""
                # What a command printed stands as it was printed.
                printed = part.startswith("```text") and not line.startswith(("$ ", "```"))
                if printed and spaced(line) not in known.text:
                    yield start + i, line.strip()
            elif line.startswith("|") and not "".join(lines[i + 1 : i + 2]).startswith("|---"):
                said, *cells = CELL.split(line.strip("| "))
                row = [number for cell in cells for number in numbers(cell)]
                if row and not known.has_row(said, row):
                    yield start + i, f"the row {line}"
            for number in numbers(said):
                if is_figure(number) and not known.has(number):
                    yield start + i, number
        start += part.count("\n")


LIST = Output("occurisk list --all", "", "tea   0.5123 (0.41 to 0.60)  1,204\ncoffee  -3.6%   12.50\n────")


@pytest.mark.parametrize(
    ("block", "wrong"),
    [
        ("Tea has 0.5123, or 0.51, coffee -3.6% and 12.5, in 2013, of 3 kinds.", []),
        ("Tea has 0.52.", ["0.52"]),
        ("Tea has 0.5124, coffee\n3.7% or +3.6%, and 12.500.", ["0.5124", "3.7", "+3.6"]),
        ("A number in `code 77`, in [a link](77.md) or\n`code 77\nand 78`.", []),
        ("Rounded, 13 is 12.50 and 4 is 3.6, but 1,205 and 0 are none.", ["1,205"]),
        ("Level 90%.", []),
        ("| drink | p | n |\n|---|---|---|\n| tea | 0.51 (0.41 to 0.60) | 1,204 |", []),
        ("| drink | p | n |\n|---|---|---|\n| **tea** | 0.60 (0.41 to 0.51) | 1,204 |", ["the row"]),
        ("| drink | p | n |\n|---|---|---|\n| coffee | 0.51 | 1,204 |", ["the row"]),
        ("| drink | p | n |\n|---|---|---|\n| cacao | 0.51 | 12.5 |", ["the row"]),
        ("| drink (of 14) | n |\n|---|---|\n| tea | 1,204 |", ["14"]),
        ("```text\n$ occurisk list --all\ntea  0.5123 (0.41 to 0.60) 1,204\n──\n```", []),
        ("```text\ntea 0.5123 (0.42 to 0.60)\n```\nand 8.5", ["tea 0.5123", "8.5"]),
    ],
)
def test_what_was_not_printed_is_found(block, wrong):
    found = list(faults(block, Printed((LIST,), frozenset({"90"}))))
    assert len(found) == len(wrong)
    assert all(what.startswith(start) for (_, what), start in zip(found, wrong, strict=True))


def test_a_fault_is_told_with_its_line():
    block = "One.\n\n```text\nnone\n```\n\n| a | b |\n|---|---|\n| c | 7 |\n\nand\n8.5.\n"
    assert [line for line, _ in faults(block, Printed((LIST,), frozenset()))] == [3, 8, 11]


def marks(page: str) -> list[re.Match[str]]:
    return [mark for mark in MARKED.finditer(TEXT[page]) if mark[1] != "none"]


@pytest.mark.parametrize("page", TEXT)
def test_every_marked_figure_of_a_page_was_printed(page):
    text, wrong = TEXT[page], list[str]()
    for mark in marks(page):
        start = text.count("\n", 0, mark.start(2)) + 1
        for line, what in faults(mark[2], Printed.of(mark[1])):
            wrong.append(f"{page}:{start + line}: {what} was not printed ({mark[1].partition(' but ')[0]})")
    assert not wrong, "\n".join(wrong)


def names(page: str) -> set[str]:
    return {name for mark in marks(page) for name in mark[1].partition(" but ")[0].split()}


@pytest.mark.parametrize("page", TEXT)
def test_the_command_of_a_figure_stands_on_its_page(page):
    said = spaced(TEXT[page].replace("\\\n", " "))
    for name in names(page):
        if name not in OUTPUT:
            pytest.fail(f"{page}: there is no docs/outputs/{name}.txt: python docs/outputs.py --new")
        for command in OUTPUT[name].command.replace("\\\n", " ").splitlines():
            assert spaced(command) in said, f"{page} does not name the command of docs/outputs/{name}.txt"


def test_every_output_is_quoted():
    assert set(OUTPUT) == set().union(*map(names, TEXT))


def is_quick(output: Output) -> bool:
    seconds = re.search(r"(\d+) s of processor time", output.when)
    ours_alone = not re.search(r"^(?!occurisk )|[|<>]|ax[ei]s", output.command, re.MULTILINE)
    return ours_alone and seconds is not None and int(seconds[1]) <= QUICK


@pytest.mark.originals
@pytest.mark.covered_elsewhere
@pytest.mark.parametrize("name", [name for name, output in OUTPUT.items() if is_quick(output)])
def test_a_quick_command_still_prints_it(name, originals, model, tmp_path, monkeypatch):
    place = stage(tmp_path, models_dir(), OUTPUT[name].command)
    monkeypatch.chdir(place)
    monkeypatch.setenv("OCCURISK_MODELS_DIR", str(place / "models"))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", new_store(tmp_path))
    lines = OUTPUT[name].command.replace("\\\n", " ").splitlines()
    now = settled("".join(run(*shlex.split(line)[1:], columns=WIDE) for line in lines), place)
    assert now.splitlines() == OUTPUT[name].text.splitlines(), (
        f"if that is meant: python docs/outputs.py {name}"
    )
