"""Whatever a registry holds, every row and every unit of weight comes out again."""

from __future__ import annotations

import csv
import io
import math
import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers.registries import scored, totals
from helpers.trained import default_bundle
from occurisk.occupations.coding_systems import SYSTEMS, normalise
from occurisk.occupations.concordances import load_tables
from occurisk.occupations.crosswalk import to_soc2010
from occurisk.registry.formats.csv_writer import CsvCells
from occurisk.registry.numbers import NumberStyle, read_numbers
from occurisk.training_data.catalogue import load_catalogue

pytestmark = pytest.mark.covered_elsewhere
KNOWN = sorted(load_tables().known(SYSTEMS["soc2010"]))
SLOW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12)
good = st.sampled_from(KNOWN)
spoilt = (
    good.map(lambda c: c.replace("-", ""))
    | good.map(lambda c: f" {c}.00 ")
    | good.map(lambda c: c.replace("-", "–"))
)
codes = st.one_of(good, good, spoilt, texts, st.sampled_from(["00-0000", "Total", "", "55-1011", "nan", "-"]))
numbers = st.integers(0, 10**9).map(str) | st.floats(0, 1e6).map(lambda x: f"{x:.3f}")
weights = st.one_of(
    numbers, numbers, st.sampled_from(["*", "#", "", "-5", "inf", "nan", "=1+1", "1e400", "abc"])
)
rows = st.lists(st.tuples(codes, weights, texts), min_size=1, max_size=30)


@pytest.fixture(scope="module", autouse=True)
def _model():
    default_bundle()


def write_quoted(path, table):
    with open(path, "w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, quoting=csv.QUOTE_ALL).writerows(table)


@given(rows)
@SLOW
@pytest.mark.slow
def test_rows_in_are_rows_out(table):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "r.csv")
        # Two sound rows, so that the file is a registry at all.
        sound = [("43-9021", "1", ""), ("11-1011", "2", "")]
        write_quoted(path, [("soc2010", "employment", "note"), *sound, *table])
        result = scored(
            path, Path(folder, "out"), code_column="soc2010", weight_column="employment", taxonomy="soc2010",
            encoding="utf-8", delimiter=",",
        )  # fmt: skip
        found = totals(result)
        assert found["rows_in"] == len(table) + 2
        assert found["weight_scored"] + found["weight_unscored"] == pytest.approx(
            found["weight_in"], rel=1e-12
        )
        assert math.fsum(result.outcomes["weight"]) == pytest.approx(found["weight_in"], rel=1e-12)
        notes = sorted([*result.rows["note"], *result.unscored["note"]])
        assert len(notes) == len(table) + 2
        if result.by_occupation["weight"].sum():
            shares = sum(result.national[f"share_{b}"] for b in ("high", "medium", "low"))
            assert shares == pytest.approx(1)


figures = st.floats(1, 5).map(lambda x: f"{x:.2f}")
hostile = st.one_of(
    figures, figures, st.sampled_from(["", "9", "-1", "inf", "nan", "=1+1", "1e400", "abc"]), texts
)
NAMES = load_catalogue().names[:4]


@given(st.lists(st.tuples(*[hostile] * len(NAMES), weights, texts), min_size=1, max_size=30))
@SLOW
@pytest.mark.slow
def test_rows_with_their_own_attributes_in_are_rows_out(table):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "r.csv")
        write_quoted(path, [(*NAMES, "employment", "note"), (*["2.5"] * len(NAMES), "1", ""), *table])
        result = scored(
            path, Path(folder, "out"), attributes="all", weight_column="employment", encoding="utf-8",
            delimiter=",", reasons=True,
        )  # fmt: skip
        found = totals(result)
        assert found["rows_in"] == len(table) + 1 == found["rows_scored"] + found["rows_unscored"]
        assert found["weight_scored"] + found["weight_unscored"] == pytest.approx(
            found["weight_in"], rel=1e-12
        )
        rows = result.rows
        assert len(rows) + len(result.unscored) == len(table) + 1
        lower, p, upper = (rows[f"occurisk_{n}"].astype(float) for n in ("lower", "probability", "upper"))
        assert ((lower > 0) & (lower <= p) & (p <= upper) & (upper < 1)).all()
        assert (rows["occurisk_stability"] != "").all() and (rows["occurisk_reason_3"] != "").all()
        # The first row is always a sound one.
        assert result.own is not None
        assert result.own.rows["probability"].tolist() == p.tolist()


@given(st.lists(texts, min_size=1, max_size=20), st.sampled_from(list(SYSTEMS)))
@settings(max_examples=200, deadline=None)
@pytest.mark.slow
def test_any_text_has_an_outcome(cells, name):
    lineage = to_soc2010(cells, SYSTEMS[name])
    assert lineage.codes["code"].tolist() == list(dict.fromkeys(cells))
    assert lineage.codes["kind"].notna().all()


@given(good | texts, st.sampled_from(list(SYSTEMS.values())))
@settings(max_examples=300, deadline=None)
def test_normalising_twice_changes_nothing(text, system):
    known = load_tables().known(system)
    once = normalise(text, system, known).code
    if once is not None and once in known:
        assert normalise(once, system, known).code == once


@given(st.lists(st.none() | texts, min_size=1, max_size=30), st.lists(texts, min_size=30, max_size=30))
@settings(max_examples=200, deadline=None)
def test_csv_text_reads_back_as_it_was_but_for_apostrophes(column, other):
    one, two = pa.array(column, pa.string()), pa.array(other[: len(column)], pa.string())
    writer = CsvCells()
    ending = writer.endings([pc.dictionary_encode(two)])
    data = b"".join(bytes(piece) for piece in writer.lines([one], ending))
    assert data.startswith(b"\n")
    back = list(csv.reader(io.StringIO(data[1:].decode(), newline="")))
    changed = 0
    for row, *cells in zip(back, column, two.to_pylist(), strict=True):
        for got, was in zip(row, cells, strict=True):
            assert got in (was or "", f"'{was}")
            changed += got != (was or "")
    assert changed == writer.disarmed


@given(st.lists(texts | numbers | st.none(), min_size=1, max_size=40), st.sampled_from([".", ","]))
@settings(max_examples=200, deadline=None)
def test_a_weight_is_a_number_or_missing_or_unusable(cells, decimal):
    got = read_numbers(pa.array(cells, pa.string()), NumberStyle(decimal))
    assert not (got.missing & got.unusable).any()
    assert (got.value >= 0).all()
    assert (got.value < math.inf).all()
    encoded = read_numbers(pa.array(cells, pa.string()).dictionary_encode(), NumberStyle(decimal))
    assert (encoded.value == got.value).all()
    assert (encoded.missing == got.missing).all()
