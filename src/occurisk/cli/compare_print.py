"""Comparisons on a terminal: of lists, of indexes, of labels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from occurisk.cli.console import show, table

if TYPE_CHECKING:
    from rich.console import Console

    from occurisk.labour_market.comparison.indexes import IndexComparison
    from occurisk.labour_market.comparison.label_sets import LabelComparison
    from occurisk.labour_market.comparison.lists import ListComparison


def print_sentences(console: Console, sentences: Sequence[str]) -> None:
    """Print sentences, a line each."""
    for sentence in sentences:
        console.print(sentence, markup=False)


def print_lists(console: Console, found: ListComparison, top: int) -> None:
    """Print both headlines, the factors between them, and the codes that moved it most."""
    from rich.markup import escape

    from occurisk.labour_market.comparison.shapley import rounded_to_add_up

    names = {"share_high": "Share at high risk", "expected": "Expected value"}
    console.print(
        f"{names[found.statistic]}: {found.before:.2%} in {escape(found.names[0])}, "
        f"{found.after:.2%} in {escape(found.names[1])}."
    )
    parts = rounded_to_add_up([100 * v for v in found.factors.values()], 100 * found.change, 2)
    made = table("What moved it, in points", ["factor", "points"])
    for name, points in zip(found.factors, parts, strict=True):
        made.add_row(name, f"{points:+z.2f}")
    made.add_section()
    made.add_row("change", f"{round(100 * found.change, 2):+z.2f}")
    show(console, made)
    rows = found.largest(top)
    made = table(
        f"The {len(rows)} of {len(found.codes)} codes that moved it most, in points",
        ["code", "occupation", *found.factors, "change"],
        flexible="occupation",
    )
    for code, row in rows.iterrows():
        cells = [f"{100 * row[name]:+z.2f}" for name in (*found.factors, "change")]
        made.add_row(escape(str(code)), escape(str(row["title"])), *cells)
    show(console, made)


def print_indexes(
    console: Console, found: IndexComparison, first: str, second: str, top: int, titles: dict[str, str]
) -> None:
    """Print the correlations of two axes with every index, the principal axes, and who disagrees most."""
    from rich.markup import escape

    for axis in (first, second):
        made = table(
            f"{axis}: rank correlations, 90% intervals, and by US jobs",
            ["index", "codes", "ρ", "90%", "ρ by jobs"],
        )
        for row in found.correlations.itertuples():
            if axis in (row.first, row.second):
                other = row.second if row.first == axis else row.first
                ends = f"{row.lower:+z.2f}, {row.upper:+z.2f}"
                made.add_row(
                    escape(other), f"{row.occupations}", f"{row.rho:+z.2f}", ends, f"{row.rho_jobs:+z.2f}"
                )
        show(console, made)
    console.print("An axis has seen the ratings that it learned from: its correlation with them is no test.")
    if len(found.axes):
        kept = found.axes[found.axes["kept"]]
        made = table(
            f"{len(kept)} principal axes beat chance; {found.complete} occupations",
            ["index", *(f"axis {number}" for number in kept.index)],
        )
        for name in found.table:
            made.add_row(escape(name), *(f"{value:+z.2f}" for value in kept[name]))
        show(console, made)
    else:
        console.print(f"{found.complete} occupations have every index: too few for principal axes.")
    gaps = found.disagreements(first, second, max(top // 2, 1))
    made = table(
        f"Where {first} (1) and {second} (2) disagree most",
        ["code", "occupation", "ranked above, 1", "ranked above, 2"],
        flexible="occupation",
    )
    for code, gap in gaps.iterrows():
        made.add_row(
            str(code), escape(titles.get(str(code), "")), f"{gap['first']:.0%}", f"{gap['second']:.0%}"
        )
    show(console, made)


def print_labels(console: Console, found: LabelComparison, top: int, titles: dict[str, str]) -> None:
    """Print how far two sets of labels agree, and where they differ most."""
    from rich.markup import escape

    console.print(
        f"{len(found.labels)} occupations have both labels; "
        f"{found.only_first} and {found.only_second} have one."
    )
    console.print(
        f"Rank correlation {_known(found.rho)}; mean difference {found.difference:+z.3f}; "
        f"on the same side of a half {found.agreement:.0%}, kappa {_known(found.kappa)}."
    )
    rows = found.largest(top)
    made = table(
        f"The {len(rows)} largest differences",
        ["code", "occupation", "first", "second"],
        flexible="occupation",
    )
    for code, row in rows.iterrows():
        made.add_row(
            escape(str(code)),
            escape(titles.get(str(code), "")),
            f"{row['first']:.2f}",
            f"{row['second']:.2f}",
        )
    show(console, made)


def _known(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:z.2f}"
