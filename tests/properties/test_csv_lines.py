"""Passing lines on as they are must mean the same as parsing and writing every cell."""

import csv
import io

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from helpers.registries import scored
from occurisk.errors import RegistryError
from occurisk.registry.formats.base import CSV_BLOCK
from occurisk.registry.formats.csv_reader import open_csv

pytestmark = pytest.mark.covered_elsewhere

PIECES = [
    "a",
    "bc",
    ",",
    ",",
    "\n",
    "\n",
    '"',
    '"',
    '""',
    "\r\n",
    "\r",
    "=",
    "-1",
    "+x",
    " ",
    "é",
    "\t",
    "@",
    "\x00",
    "x" * 70,
]
cells = st.sampled_from(
    ["a", "", "43-9021", '"q"', '"a,b"', '"two\nlines"', '"say ""hi"""', '""', "-5", "=1", '"=1"', "é"]
)
tables = st.builds(
    lambda rows, end: "\n".join(",".join(row) for row in rows) + end,
    st.lists(st.tuples(cells, cells, cells), max_size=12),
    st.sampled_from(["", "\n", "\n\n", "\r\n"]),
)
soups = st.lists(st.sampled_from(PIECES), max_size=60).map("".join)
SLOW = settings(
    max_examples=400,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def read(path, needed, block):
    """Return rows, needed columns, ragged rows as read with blocks of this size, or the error."""
    file = open_csv(path, path.name, "text", "utf-8", ",", line_block=block)
    ragged, rows, parsed, whole = [], [], [], 0
    try:
        for piece in file.read_rows(ragged.append, needed):
            batch = piece.batch.to_pylist() if needed is None else None
            columns = piece.batch.columns
            parsed += list(zip(*(columns[i].to_pylist() for i in (0, 2)), strict=True))
            if piece.lines is None:
                batch = zip(*(c.to_pylist() for c in columns), strict=True)
                rows += [list(row) for row in batch]
            else:
                whole += len(piece.lines)
                for line in piece.lines.to_pylist():
                    assert line[0] == "\n"
                    [row] = csv.reader(io.StringIO(line[1:], newline=""))
                    rows.append(row)
    except RegistryError as problem:
        return str(problem), whole
    return (rows, parsed, ragged), whole


@given(tables | soups, st.sampled_from([8, 64, 1 << 22]), st.sampled_from(["", "\ufeff"]))
@example('a,b,c\n"x,"y,z\n1,2,3\n', 8, "")
@example('5" pipe,"begins\nends",z\n1,2,3\n', 8, "")
@example("1,2\n1,2,3\n\n1,2,3,4\n", 64, "")
@SLOW
@pytest.mark.slow
def test_lines_mean_what_cells_mean(tmp_path_factory, body, block, bom):
    path = tmp_path_factory.getbasetemp() / "lines.csv"
    path.write_bytes(f"{bom}one,two,three\n1,2,3\n{body}".encode())
    expected, _ = read(path, None, block)
    found, _ = read(path, frozenset({0, 2}), block)
    assert found == expected


@pytest.mark.parametrize(
    ("body", "plain"),
    [
        ("a,b,c\n" * 50, True),
        ('"a","b","c"\r\n' * 50, True),
        ('a,"two\nlines",c\n' * 50, False),
        ('a,"say ""hi""",c\n' * 50, False),
        ("a,b,c\n\n" * 50, False),
        ("a,=b,c\n" * 50, False),
    ],
)
def test_plain_text_is_passed_on_as_lines_and_only_that(tmp_path, body, plain):
    path = tmp_path / "r.csv"
    path.write_bytes(b"one,two,three\n" + body.encode())
    (rows, *_), whole = read(path, frozenset({0, 2}), 64)
    assert len(rows) == 50
    assert whole == (50 if plain else 0)


@pytest.mark.parametrize("where", [(), (("note", "a"),)])
def test_scoring_by_line_writes_what_scoring_by_cell_writes(tmp_path, where):
    lines = ["soc2010,note,employment"]
    # A block of plain lines, and then cells that need care.
    lines += [f"29-1141,{'x' * 100_000},{i}" for i in range(CSV_BLOCK // 100_000 + 1)]
    plain = len(lines)
    lines += [
        f"{code},{note},{weight}"
        for code in ("43-9021", "11-1011", "55-1011", "x")
        for note in ("a", '"b, c"', "=d", "é")
        for weight in ("1", "2.5", "-1", "*")
    ]
    for place in (plain + 6, 3):
        lines[place:place] = ["43-9021,short", "43-9021,too,long,row"]
    results = {}
    for name, encoding in (("lines", "utf-8"), ("cells", "utf-16")):  # only UTF-8 passes as lines
        path = tmp_path / f"{name}.csv"
        path.write_text("\n".join(lines) + "\n", encoding=encoding)
        scored(
            path, tmp_path / name, code_column="soc2010", weight_column="employment", taxonomy="soc2010",
            where=where,
        )  # fmt: skip
        for stem in ("scored", "unscored", "by_occupation"):
            text = (tmp_path / name / f"{stem}.csv").read_text(encoding="utf-8-sig")
            results.setdefault(stem, []).append(list(csv.reader(io.StringIO(text, newline=""))))
    for stem, (one, other) in results.items():
        assert one == other, stem
    assert len(results["unscored"][0]) > (5 if where else 10)
