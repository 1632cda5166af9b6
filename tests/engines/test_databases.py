"""Registers in databases: PostgreSQL by ADBC and DuckDB; scored from there, or looked up and joined there."""

import json
import random
import subprocess
import sys
from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pytest

from helpers.commands import run
from helpers.databases import PASSWORD, postgresql, programs
from helpers.stores import new_store
from occurisk.errors import RegistryError
from occurisk.registry.sources.addresses import address_of
from occurisk.scoring.options import ReadOptions
from occurisk.scoring.score import score_registry

CODES = [
    "2411",
    "4110",
    "8322 ",
    "8322",
    "9112",
    "5223",
    "2512",
    "9999x",
    "0110",
    None,
    "2221",
    "3313",
    "7231",
]
HOSTILE = "reg\"is'ter; drop table x"
QUERY = "select code, jobs::float8 as jobs, sex, id from plain order by id"


def register(rows: int = 3000) -> pd.DataFrame:
    chance = random.Random(7)  # noqa: S311
    return pd.DataFrame(
        {
            "id": range(rows),
            "code": [chance.choice(CODES) for _ in range(rows)],
            "sex": [chance.choice("fm") for _ in range(rows)],
            "jobs": [Decimal(chance.randrange(1, 10**7)) / 100 for _ in range(rows)],
        }
    )


@pytest.fixture(scope="module")
def address():
    dbapi = pytest.importorskip("adbc_driver_postgresql.dbapi", reason="needs occurisk[sql]")
    if programs() is None:
        pytest.skip("needs PostgreSQL: apt-get install postgresql")
    with postgresql() as place, dbapi.connect(place, autocommit=True) as known, known.cursor() as cursor:
        frame = register()
        rows = pa.table({name: frame[name].astype(str) if name == "jobs" else frame[name] for name in frame})
        cursor.adbc_ingest("plain", rows)
        cursor.execute("ALTER TABLE plain ALTER COLUMN jobs TYPE numeric(18, 2) USING jobs::numeric")
        name = HOSTILE.replace('"', '""')
        # CHAR pads, and compares as if it did not.
        cursor.execute(f'CREATE TABLE "{name}" AS SELECT id, code::char(8) AS code, sex, jobs FROM plain')
        cursor.execute(
            "CREATE TABLE whole AS SELECT id, code::int AS code, jobs FROM plain WHERE code ~ '^[0-9]{4} ?$'"
        )
        yield place


def rows_of(address: str, query: str) -> list[tuple]:
    from adbc_driver_postgresql import dbapi

    with dbapi.connect(address) as known, known.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


def run_sql(address: str, path) -> None:
    from adbc_driver_postgresql import dbapi

    with dbapi.connect(address, autocommit=True) as known, known.cursor() as cursor:
        for statement in path.read_text(encoding="utf-8").split(";\n"):
            if statement.strip():
                cursor.execute(statement)


def test_a_query_is_scored_as_the_same_rows_in_a_file(address, model, tmp_path):
    register().assign(jobs=lambda t: t["jobs"].astype(float))[["code", "jobs", "sex", "id"]].to_parquet(
        tmp_path / "rows.parquet", index=False
    )
    here = score_registry(model, tmp_path / "rows.parquet", tmp_path / "here")
    there = score_registry(model, address, tmp_path / "there", reading=ReadOptions(query=QUERY))
    assert there.account.outcomes == here.account.outcomes
    assert there.account.national == here.account.national
    pd.testing.assert_frame_equal(there.by_occupation, here.by_occupation, check_exact=True)
    pd.testing.assert_frame_equal(there.rows, here.rows)


def test_exact_numbers_come_digit_for_digit(address, model, tmp_path):
    query = "select code, jobs from plain"
    made = score_registry(model, address, tmp_path / "o", reading=ReadOptions(query=query))
    assert made.account.understood.weight_column == "jobs"
    assert made.account.totals.weight_in == float(sum(register()["jobs"]))


def test_no_secret_is_left_anywhere(address, model, tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", new_store(tmp_path))
    monkeypatch.chdir(tmp_path)
    models = ("--models-dir", model.path.parent)
    text = run("score", address, "--query", QUERY, "--out", tmp_path / "o", "--queue", 2, *models)
    assert "127.0.0.1" in text
    left = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert (tmp_path / "mlflow.db") in left
    for secret in (PASSWORD, address.split("@")[0].partition("//")[2]):
        assert secret not in text
        assert [path for path in left if secret.encode() in path.read_bytes()] == []


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (None, "not said which rows"),
        ("select nothing from nowhere", "nowhere"),
        ("drop table plain", "read-only"),
        ("insert into plain values (1)", "."),
        ("select * from plain where false", "no rows"),
        ("select 1 as code; drop table plain", "multiple commands"),
    ],
)
def test_what_is_no_reading_query_is_refused(address, model, tmp_path, query, said):
    with pytest.raises(RegistryError, match=said) as problem:
        score_registry(model, address, tmp_path / "o", reading=ReadOptions(query=query))
    assert PASSWORD not in str(problem.value)
    assert not (tmp_path / "o").exists()
    assert rows_of(address, "select count(*) from plain") == [(3000,)]


def test_every_type_of_a_column_is_read_and_a_semicolon_does_no_harm(address, model, tmp_path):
    query = """select code, jobs, array[id, 2] a, '{"b": 1}'::jsonb j, interval '1 day' i, now()::date d,
        true t, now() w, gen_random_uuid() u, inet '10.0.0.1' n, '\\x00ff'::bytea b, 12.5::money m from plain;
        """
    made = score_registry(model, address, tmp_path / "o", reading=ReadOptions(query=query))
    assert made.account.totals.rows_in == 3000
    assert made.account.totals.weight_in == float(sum(register()["jobs"]))
    assert {"a", "j", "i", "d", "t", "w", "u", "n", "b", "m"} <= set(made.rows.columns)


def test_a_wrong_password_is_not_repeated(address, model, tmp_path):
    wrong = address.replace(address.split("@")[0].rpartition(":")[2], "wr0ng")
    with pytest.raises(RegistryError, match="password authentication failed") as problem:
        score_registry(model, wrong, tmp_path / "o", reading=ReadOptions(query="select 1"))
    assert "wr0ng" not in str(problem.value)


def test_a_collation_without_case_doubles_no_row_unseen(address, model, tmp_path):
    """A lookup made where case counts, joined where it does not: the check fails. Made there, it holds."""
    run_sql_text(
        address, "CREATE COLLATION ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false)"
    )
    rows = (
        "('2411', 1), ('2411 ', 2), ('4110', 3), ('ab1x', 4), ('AB1X', 5), (NULL, 6), ('O''B\"', 7), ('', 8)"
    )
    for table, collation in (("cs", "default"), ("ci", "ci")):
        run_sql_text(address, f'CREATE TABLE "{table}" (code text COLLATE "{collation}", jobs int)')
        run_sql_text(address, f'INSERT INTO "{table}" VALUES {rows}')
    models = ("--models-dir", model.path.parent)
    for table, holds in (("cs", False), ("ci", True)):
        folder = tmp_path / table
        arguments = ("--table", table, "--weight", "jobs", "--taxonomy", "isco08", *models)
        said = run("lookup", address, "--out", folder, *arguments)
        assert ("1 values differ only by case" in said) is not holds
        sql = folder / "sql" / "postgres"
        run_sql(address, sql / "1_load.sql")
        try:
            query = (sql / "2_check.sql").read_text().replace(f'"{table}"', '"ci"').rstrip(";\n")
            rows_in, rows_out, *good = rows_of(address, query)[0]
        finally:
            run_sql_text(address, "DROP TABLE occurisk_lookup")
        assert (rows_in, all(good)) == (8, holds)
        assert (rows_out == 8) is holds


def test_a_server_that_is_not_there_is_named_without_the_password(model, tmp_path):
    pytest.importorskip("adbc_driver_postgresql", reason="needs occurisk[sql]")
    for place in (
        "postgresql://me:hidden@127.0.0.1:9/db",
        "postgresql://me:hid%2Fden@127.0.0.1:9/db?password=x9x",
    ):
        with pytest.raises(RegistryError, match="gave no rows") as problem:
            score_registry(model, place, tmp_path / "o", reading=ReadOptions(query="select 1"))
        assert not [
            secret for secret in ("hidden", "hid%2Fden", "hid/den", "x9x") if secret in str(problem.value)
        ]
    with pytest.raises(RegistryError) as problem:
        address_of("mysql://me:hidden@host/db")
    assert "hidden" not in str(problem.value)


@pytest.mark.parametrize(("table", "integer"), [(HOSTILE, False), ("whole", True)])
def test_the_lookup_joins_in_postgresql(address, model, tmp_path, table, integer):
    arguments = ("--table", table, "--code", "code", "--weight", "jobs", "--models-dir", model.path.parent)
    run("lookup", address, "--out", tmp_path / "lookup", *arguments)
    sql = tmp_path / "lookup" / "sql" / "postgres"
    run_sql(address, sql / "1_load.sql")
    try:
        check = rows_of(address, (sql / "2_check.sql").read_text().rstrip(";\n"))[0]
        account = rows_of(address, (sql / "3_account.sql").read_text().rstrip(";\n"))
        join = (sql / "4_join.sql").read_text().rstrip(";\n")
        joined = rows_of(address, f"select count(*), sum(jobs), count(distinct id) from ({join}) j")[0]
    finally:
        run_sql_text(address, "DROP TABLE occurisk_lookup")
    assert all(value is True for value in check[2:])
    frame = register()
    if integer:
        frame = frame[frame["code"].fillna("").str.fullmatch(r"[0-9]{4} ?")]
    exact = sum(frame["jobs"])
    assert sum(row[2] for row in account) == joined[0] == joined[2] == len(frame)
    assert sum(Decimal(row[3]) for row in account) == Decimal(joined[1]) == exact
    outcomes = {row[0] for row in account}
    assert "military" in outcomes  # 0110, also where it is the number 110
    assert integer or {"missing code", "unknown code"} <= outcomes
    intake = json.loads((tmp_path / "lookup" / "intake.json").read_text())
    assert intake["totals"]["rows_in"] == len(frame)
    assert intake["totals"]["weight_in"] == float(exact)


def run_sql_text(address: str, statement: str) -> None:
    from adbc_driver_postgresql import dbapi

    with dbapi.connect(address, autocommit=True) as known, known.cursor() as cursor:
        cursor.execute(statement)


@pytest.fixture
def duckdb_file(tmp_path):
    duckdb = pytest.importorskip("duckdb")
    path = tmp_path / "register.duckdb"
    frame = register()
    with duckdb.connect(str(path)) as known:
        known.register("frame", frame)
        known.execute("CREATE TABLE jobs AS SELECT * FROM frame")
    return path


def test_a_duckdb_file_is_scored_and_looked_up(duckdb_file, model, tmp_path):
    models = ("--models-dir", model.path.parent)
    whole = score_registry(model, duckdb_file, tmp_path / "one")
    some = score_registry(
        model, duckdb_file, tmp_path / "two", query="select code, sum(jobs) as jobs from jobs group by code"
    )
    assert whole.account.totals.rows_in == 3000
    assert some.by_occupation["weight"].tolist() == whole.by_occupation["weight"].tolist()
    run("lookup", duckdb_file, "--table", "jobs", "--weight", "jobs", "--out", tmp_path / "three", *models)
    intake = json.loads((tmp_path / "three" / "intake.json").read_text())
    assert intake["totals"]["weight_scored"] == whole.account.totals.weight_scored


def test_a_duckdb_file_that_somebody_writes_is_left_alone(duckdb_file, model, tmp_path):
    code = "import duckdb, sys; k = duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.read()"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", code, duckdb_file], **pipes) as writer:
        assert writer.stdout.readline()
        with pytest.raises(RegistryError, match="lock"):
            score_registry(model, duckdb_file, tmp_path / "o")
        writer.communicate()
    duckdb_file.chmod(0o444)
    assert score_registry(model, duckdb_file, tmp_path / "o").account.totals.rows_in == 3000


def test_a_duckdb_query_reads_that_file_and_nothing_else(duckdb_file, model, tmp_path):
    (tmp_path / "other.csv").write_text("code,jobs\n2411,1\n")
    before = duckdb_file.read_bytes()
    for query in (
        f"select * from '{tmp_path}/other.csv'",
        f"copy jobs to '{tmp_path}/x.csv'",
        "drop table jobs",
    ):
        with pytest.raises(RegistryError, match="no rows"):
            score_registry(model, duckdb_file, tmp_path / "o", query=query)
    assert duckdb_file.read_bytes() == before
    assert not (tmp_path / "x.csv").exists()
    (tmp_path / "torn.duckdb").write_bytes(before[:5000])
    with pytest.raises(RegistryError, match="gave no rows"):
        score_registry(model, tmp_path / "torn.duckdb", tmp_path / "o")


def test_the_national_picture_needs_the_grouped_table_alone(model, tmp_path):
    frame = register().dropna()
    grouped = frame.groupby(["code", "sex"], as_index=False).agg(rows=("id", "size"), weight=("jobs", "sum"))
    grouped.to_csv(tmp_path / "grouped.csv", index=False)
    frame.assign(jobs=frame["jobs"].astype(float)).to_csv(tmp_path / "rows.csv", index=False)
    found = []
    for name, weight in (("grouped", "weight"), ("rows", "jobs")):
        arguments = ("--models-dir", model.path.parent, "--no-track", "--by", "sex")
        out = tmp_path / f"{name}.json"
        run("national", tmp_path / f"{name}.csv", "--weight", weight, "--json", out, *arguments)
        found.append(json.loads(out.read_text())["figures"])
    assert found[0] == pytest.approx(found[1], rel=1e-9)
