"""Parquet as it is written: Arrow, DuckDB and Polars read back what went in."""

import importlib

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from occurisk.registry.formats.base import KeyedColumn, looked_up
from occurisk.registry.formats.parquet import ParquetOut

pytestmark = pytest.mark.covered_elsewhere

TEXT = pa.dictionary(pa.int32(), pa.string())


def write(path, user, fields, columns, numbers, compact=frozenset()):
    """Write batches of user columns with columns that are looked up; return what Arrow reads."""
    out = ParquetOut(path, user[0].schema, fields, compact)
    for batch, number in zip(user, numbers, strict=True):
        out.write(batch.columns, looked_up(columns, number))
    out.close()
    return pq.read_table(path)


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_looked_up_columns_are_read_back(tmp_path_factory, data):
    n_values = data.draw(st.sampled_from([1, 2, 3, 9, 200, 256, 257, 1000, 5000]))
    rows = data.draw(st.sampled_from([1, 7, 8, 9, 1000, 70_000]))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    index = rng.permutation(n_values).astype(np.uint16)
    texts = pa.array([f"{i} “Büro”," * (i % 3) + str(i) for i in range(n_values)])
    figures = pa.array(rng.choice([0.5, 0.25], n_values))  # repeated figures are allowed
    truth = KeyedColumn(pa.array([False, True]), rng.integers(0, 2, n_values).astype(np.uint8))
    gap = KeyedColumn(pa.array([None, 1.5]), rng.integers(0, 2, n_values).astype(np.uint8))
    columns = [KeyedColumn(texts, index), KeyedColumn(figures, index), truth, gap]
    fields = [
        pa.field("text", TEXT, nullable=False),
        pa.field("figure", pa.float64(), nullable=False),
        pa.field("truth", pa.bool_(), nullable=False),
        pa.field("gap", pa.float64()),
    ]
    numbers = [rng.integers(0, n_values, rows), rng.integers(0, n_values, 5)]
    user = [pa.record_batch({"id": np.arange(len(n))}) for n in numbers]
    path = tmp_path_factory.mktemp("out") / "out.parquet"
    table = write(path, user, fields, columns, numbers)
    number = np.concatenate(numbers)
    assert table["text"].to_pylist() == [texts[i].as_py() for i in index[number]]
    assert table["figure"].to_numpy().tolist() == figures.to_numpy()[index[number]].tolist()
    assert table["truth"].to_numpy().tolist() == truth.index[number].astype(bool).tolist()
    assert table["gap"].to_pylist() == [[None, 1.5][i] for i in gap.index[number]]
    assert table["id"].to_pylist() == [*range(rows), *range(5)]
    # read into dictionaries, as pandas does for categories
    frame = pd.read_parquet(path)
    assert frame["text"].astype(str).tolist() == table["text"].to_pylist()
    assert pq.ParquetFile(path).metadata.num_row_groups == 2


def test_user_columns_survive_with_types_gaps_and_metadata(tmp_path):
    user = pa.table(
        {
            "id": pa.array([1, 2, 3, 4], pa.uint16()),
            "when": pa.array([0, 1, 2, None], pa.timestamp("ns", "Europe/Berlin")),
            "nested": [{"a": [1, 2], "b": "x"}, {"a": [], "b": None}, None, {"a": [3], "b": "y"}],
            "region": pa.array(["N", "S", None, "N"]).dictionary_encode(),
            "sex": pa.array(["F", "F", "M", "F"]).dictionary_encode(),
            "amount": pa.array([1, None, 3, 4], pa.decimal128(9, 2)),
            "nothing": pa.nulls(4),
        },
        metadata={"made": "here"},
    )
    [batch] = user.to_batches()
    columns = [KeyedColumn(pa.array(["low", "high"]), np.array([0, 1, 0], np.uint8))]
    fields = [pa.field("band", TEXT, nullable=False)]
    compact = frozenset({"region", "sex"})
    table = write(tmp_path / "o.parquet", [batch], fields, columns, [np.array([0, 1, 2, 1])], compact)
    assert table.drop(["band"]).equals(user)
    assert table.schema.metadata[b"made"] == b"here"
    assert table["band"].to_pylist() == ["low", "high", "low", "high"]
    # columns keep their order among the leaves of nested ones
    leaves = [
        c["path_in_schema"]
        for c in pq.ParquetFile(tmp_path / "o.parquet").metadata.to_dict()["row_groups"][0]["columns"]
    ]
    assert leaves[0] == "id" and leaves[-1] == "band" and len(leaves) == 9


@pytest.mark.parametrize("reader", ["duckdb", "polars"])
def test_other_readers_agree(tmp_path, reader):
    library = importlib.import_module(reader)
    index = np.arange(900, dtype=np.uint16)
    number = np.random.default_rng(0).integers(0, 900, 10_000)
    fields = [
        pa.field("t", TEXT, nullable=False),
        pa.field("p", pa.float64(), nullable=False),
        pa.field("m", pa.bool_(), nullable=False),
    ]
    columns = [
        KeyedColumn(pa.array([f"t{i}" for i in range(900)]), index),
        KeyedColumn(pa.array(np.arange(900) / 7), index),
        KeyedColumn(pa.array([False, True]), (index % 2).astype(np.uint8)),
    ]
    user = [pa.record_batch({"s": pa.array(["F", "M"] * 5_000).dictionary_encode()})]
    path = tmp_path / "o.parquet"
    expected = write(path, user, fields, columns, [number], frozenset({"s"})).to_pylist()
    if reader == "duckdb":
        found = library.sql(f"from '{path}'").to_arrow_table().to_pylist()
    else:
        found = library.read_parquet(path).to_dicts()
    assert found == expected


def test_a_file_without_rows_has_its_columns(tmp_path):
    out = ParquetOut(tmp_path / "o.parquet", pa.schema({"a": pa.int8()}), [pa.field("band", TEXT)], None)
    out.close()
    table = pq.read_table(tmp_path / "o.parquet")
    assert (
        table.column_names == ["a", "band"] and len(table) == 0 and table.schema.field("a").type == pa.int8()
    )
