"""Plain words: no sentence of README and docs/ is longer than thirty words."""

import re

import pytest

from helpers.checkout import PROJECT

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
