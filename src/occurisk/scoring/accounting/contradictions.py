"""Rows whose code and title say different things: counted and shown; the code is what counts."""

from __future__ import annotations

from collections.abc import Mapping
from math import fsum
from typing import TYPE_CHECKING, Any

from occurisk.scoring.codebook import TITLE_MARK, CodeBook

if TYPE_CHECKING:  # a list of codes is scored without the matcher
    from occurisk.occupations.titles.cascade import Answer

MOST_SHOWN = 10


def contradictions(book: CodeBook, beside: Mapping[tuple[int, str], tuple[int, float]]) -> dict[str, Any]:
    """Hold titles against the codes beside them.

    A title contradicts a code if it is answered with a code, and nothing that it may be lies in the group of
    the code beside it (sub-major group of ISCO-08, minor group of SOC).

    Parameters
    ----------
    book : CodeBook
    beside : mapping
        (key number, title) -> rows and weight; see `Tally`.

    Returns
    -------
    dict
        `pairs`, `rows`, `weight`, and the heaviest `examples`: title, its code, the code that counts, rows,
        weight.
    """
    coded = [
        (title, book.matched[number], rows, weight)
        for (number, title), (rows, weight) in beside.items()
        if title.strip() and book.scored[number] and not book.keys[number].startswith(TITLE_MARK)
    ]
    titles = list(dict.fromkeys(title for title, *_ in coded))
    answers = dict(zip(titles, book.matcher.answers(titles), strict=True)) if titles else {}
    apart = [one for one in coded if _apart(answers[one[0]], one[1])]
    apart.sort(key=lambda one: (-one[3], -one[2], one[0]))
    return {
        "pairs": len(apart),
        "rows": sum(rows for *_, rows, _ in apart),
        "weight": round(fsum(weight for *_, weight in apart), 6),
        "examples": [
            {
                "title": title,
                "title_code": answers[title].code,
                "code": code,
                "rows": rows,
                "weight": round(weight, 6),
            }
            for title, code, rows, weight in apart[:MOST_SHOWN]
        ],
    }


def _apart(answer: Answer, code: str) -> bool:
    """Return whether a title is another group's, whichever of its candidates is right."""
    if answer.level != "code":
        return False
    digits = 4 if "-" in code else 2
    return all(one[:digits] != code[:digits] for one, _ in answer.candidates)
