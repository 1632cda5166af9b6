"""One meaning a word, in the code too: that of docs/glossary.md, in every name that the code gives."""

import ast
import re
from collections.abc import Iterator

import pytest

from helpers.checkout import PROJECT

SOURCE = PROJECT / "src" / "occurisk"
GLOSSARY = (PROJECT / "docs" / "glossary.md").read_text(encoding="utf-8")
# A word that a name may have in it: what it means, as the glossary says, and where that is spoken of.
PLACES = {
    "coverage": (
        "the share of counted jobs that have a score",
        (
            "errors",
            "scoring/",
            "labour_market/",
            "cli/",
            "evaluation/interval_coverage",
            "report/training_charts",
        ),
    ),
    "scores": (
        "susceptibilities of occupations or rows",
        ("model/", "evaluation/", "scoring/", "spark/", "labour_market/", "report/", "tracking/", "cli/"),
    ),
    "logits": ("what a title speaks for each code", ("occupations/titles/",)),
    "weights": (
        "how the occupations within a code count, or the parts of a linear model",
        ("occupations/", "model/contributions", "scoring/", "cli/options", "registry/columns/weight_column"),
    ),
    "levels": (
        "what --levels says of group rows, or the skill levels of ISCO",
        ("cli/options", "registry/columns/sample", "occupations/facts", "labour_market/scenarios"),
    ),
    "reference": (
        "the 827 occupations that the default model scores",
        ("training_data/", "model/", "evaluation/", "explanation/", "labour_market/", "report/", "tracking/"),
    ),
    # Said of four things once: an interval, bounds, a variance, jobs of a code over its occupations.
    "spread": ("nothing", ()),
}


def names() -> Iterator[tuple[str, str, str | None]]:
    """Every name that our code gives: the module, the name, and its annotation if it has one."""
    for path in sorted(SOURCE.rglob("*.py")):
        module = path.relative_to(SOURCE).with_suffix("").as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield module, node.id, None
            elif isinstance(node, ast.arg):
                yield module, node.arg, node.annotation and ast.unparse(node.annotation)
            elif isinstance(node, ast.FunctionDef | ast.ClassDef):
                yield module, node.name, None


NAMES = list(names())


@pytest.mark.parametrize("word", PLACES)
def test_a_word_is_used_where_its_meaning_is_spoken_of(word):
    meaning, places = PLACES[word]
    parts = [(module, name, set(re.split(r"_|(?<=[a-z])(?=[A-Z])", name))) for module, name, _ in NAMES]
    used = [(module, name) for module, name, words in parts if word in {each.lower() for each in words}]
    elsewhere = [f"{module}: {name}" for module, name in used if not module.startswith(places or ("-",))]
    assert not elsewhere, f"{word} means {meaning}; choose another word:\n" + "\n".join(elsewhere)
    # A place that no longer says the word is no place of it.
    assert [place for place in places if not any(module.startswith(place) for module, _ in used)] == []


@pytest.mark.parametrize("option", ["weights", "levels"])
def test_an_option_is_a_word_and_not_figures(option):
    """In scoring `weights` is employment or equal, never the jobs of rows: these are `weight`."""
    own = ("scoring/", "registry/", "cli/options")
    found = [kind for module, name, kind in NAMES if name == option and module.startswith(own) and kind]
    assert found
    assert set(found) == {"str"}


def test_the_glossary_has_every_word_that_is_held():
    for word in set(PLACES) - {"spread", "logits"}:
        assert re.search(rf"\b{word.rstrip('s')}", GLOSSARY), word
