"""A lookup scores what the register says, row by row, as `score` would; the SQL proves it."""

import random
from decimal import Decimal

import pandas as pd
import pyarrow.parquet as pq
import pytest

from occurisk.errors import OutputError, RegistryError
from occurisk.registry.columns.sample import IntakeOptions
from occurisk.scoring.lookup.dialects import (
    DIALECTS,
    Register,
    account_query,
    check_query,
    insert_query,
    join_query,
    values_query,
)
from occurisk.scoring.lookup.lookup_table import ValueColumns, make_lookup
from occurisk.scoring.score import score_registry

duckdb = pytest.importorskip("duckdb")
WEIGHTED = ValueColumns(weight="weight")
HOSTILE = "reg\"is'ter; drop table x"


@pytest.fixture(scope="module")
def register():
    """A register as warehouses hold it: padded, NULL, unknown, in two spellings; weights with cents."""
    chance = random.Random(7)  # noqa: S311
    codes = ["2411", "4110", "8322 ", "8322", "9112", "5223", "2512", "9999x", "0110", None]
    codes += ["2221", "3313", "7231", "9313", "1211", "6111"]
    rows = [(chance.choice(codes), Decimal(chance.randrange(1, 10**7)) / 100) for _ in range(3000)]
    return pd.DataFrame(rows, columns=["code", "jobs"])


def database(register, table, kind="VARCHAR"):
    known = duckdb.connect()
    known.register("frame", register)
    name = table.replace('"', '""')
    known.execute(
        f'CREATE TABLE "{name}" AS SELECT CAST(code AS {kind}) AS code, '
        "CAST(jobs AS DECIMAL(18, 2)) AS jobs FROM frame"
    )
    return known


def run_sql(known, folder, name):
    for statement in (folder / "sql" / "duckdb" / name).read_text(encoding="utf-8").split(";\n"):
        if statement.strip():
            found = known.execute(statement)
    return found


def looked_up(model, known, where, register, tmp_path):
    known.execute(f"COPY ({values_query(where, 'duckdb').rstrip(chr(10) + ';')}) TO '{tmp_path}/v.csv'")
    made = make_lookup(model, tmp_path / "v.csv", tmp_path / "lookup", where, columns=WEIGHTED)
    run_sql(known, tmp_path / "lookup", "1_load.sql")
    return made


def test_the_join_gives_each_row_what_score_gives_it(model, register, tmp_path):
    known = database(register, HOSTILE)
    where = Register(HOSTILE, "code", "jobs")
    made = looked_up(model, known, where, register, tmp_path)
    checks = run_sql(known, tmp_path / "lookup", "2_check.sql").fetchdf()
    assert checks[["rows_ok", "keys_ok", "values_ok", "counts_ok"]].to_numpy().all()
    joined = run_sql(known, tmp_path / "lookup", "4_join.sql").fetchdf()
    assert len(joined) == len(register)

    register.to_csv(tmp_path / "all.csv", index=False)
    whole = score_registry(model, tmp_path / "all.csv", tmp_path / "scored")
    mine = joined.groupby("occurisk_code")["jobs"].agg(["count", "sum"])
    theirs = whole.by_occupation.set_index("code")
    assert mine["count"].to_dict() == theirs["rows"].to_dict()
    p = joined.drop_duplicates("occurisk_code").set_index("occurisk_code")["occurisk_probability"].dropna()
    assert p.to_dict() == pytest.approx(theirs["probability"].to_dict(), abs=1e-6)
    assert made.scored.account.totals.rows_scored == whole.account.totals.rows_scored
    assert made.scored.account.totals.rows_in == whole.account.totals.rows_in
    assert made.scored.national["share_high"] == pytest.approx(whole.national["share_high"], abs=1e-9)


def test_the_account_adds_up_to_the_last_cent(model, register, tmp_path):
    known = database(register, "jobs")
    looked_up(model, known, Register("jobs", "code", "jobs"), register, tmp_path)
    account = run_sql(known, tmp_path / "lookup", "3_account.sql").fetchall()
    assert sum(row[2] for row in account) == len(register)
    assert sum(row[3] for row in account) == sum(register["jobs"])
    assert {row[0] for row in account if not row[1]} == {"unknown code", "missing code", "military"}


def test_a_change_of_the_register_is_noticed(model, register, tmp_path):
    known = database(register, "jobs")
    looked_up(model, known, Register("jobs", "code", "jobs"), register, tmp_path)
    known.execute("INSERT INTO jobs VALUES ('2411', 5)")
    checks = run_sql(known, tmp_path / "lookup", "2_check.sql").fetchdf()
    assert checks["values_ok"].all() and not checks["counts_ok"].any()
    known.execute("INSERT INTO jobs VALUES ('2412', 5)")
    checks = run_sql(known, tmp_path / "lookup", "2_check.sql").fetchdf()
    assert checks["rows_ok"].all()
    assert not checks["values_ok"].any()
    known.execute("INSERT INTO occurisk_lookup SELECT * FROM occurisk_lookup")
    checks = run_sql(known, tmp_path / "lookup", "2_check.sql").fetchdf()
    assert not checks["keys_ok"].any()
    assert not checks["rows_ok"].any()


def test_only_blanks_at_the_end_do_not_count(model, tmp_path):
    """In the lookup and in the join alike; a tab, or a blank before, makes another value."""
    frame = pd.DataFrame({"code": ["2411", "2411  ", "2411\t", " 2411", "4110", "5223", "", "  ", None]})
    known = database(frame.assign(jobs=Decimal(1)), "jobs")
    looked_up(model, known, Register("jobs", "code", "jobs"), frame, tmp_path)
    checks = run_sql(known, tmp_path / "lookup", "2_check.sql").fetchdf()
    assert checks.filter(like="_ok").to_numpy().all()
    joined = run_sql(known, tmp_path / "lookup", "4_join.sql").fetchdf()
    assert len(joined) == 9 and (joined["occurisk_code"] == "2411").sum() == 4
    assert joined["occurisk_outcome"].value_counts()["missing code"] == 1


def test_codes_stored_as_integers_have_lost_their_zeros_and_are_found(model, tmp_path):
    frame = pd.DataFrame({"code": ["2411", "110", "4110", "5223"], "jobs": [Decimal(1)] * 4})
    known = database(frame, "jobs", kind="INTEGER")
    where = Register("jobs", "code", "jobs")
    looked_up(model, known, where, frame, tmp_path)
    joined = run_sql(known, tmp_path / "lookup", "4_join.sql").fetchdf()
    assert set(joined["occurisk_outcome"]) == {"crosswalk", "military"}


def test_values_of_breakdowns_are_added_up(model, tmp_path):
    (tmp_path / "v.csv").write_text(
        "value,sex,rows,weight\n2411,f,2,1.5\n2411,m,3,2.25\n4110,f,1,1\n5223,m,1,1\n"
    )
    made = make_lookup(model, tmp_path / "v.csv", tmp_path / "o", Register("t", "c", "w"), columns=WEIGHTED)
    table = pq.read_table(tmp_path / "o" / "lookup.parquet").to_pandas().set_index("key")
    assert table.loc["2411", "rows"] == 5
    assert table.loc["2411", "weight"] == Decimal("3.75")
    assert made.scored.account.totals.rows_in == 7


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("value,rows\n2411,-1\n", "Row 1 holds '-1'"),
        ("value,rows\n2411,1\n4110,2.5\n", "Row 2 holds '2.5'"),
        ("value,rows\n2411,many\n", "Row 1 holds 'many'"),
        ("value,count\n2411,1\n", "has no column 'rows'"),
        ("value,rows\n2411,1,9\n", "header's number of fields"),
    ],
)
def test_a_bad_table_is_one_error_and_nothing_is_written(model, tmp_path, text, answer):
    (tmp_path / "v.csv").write_text(text)
    with pytest.raises(RegistryError, match=answer):
        make_lookup(model, tmp_path / "v.csv", tmp_path / "o", Register("t", "c"))
    assert not (tmp_path / "o").exists() or not list((tmp_path / "o").iterdir())


def test_an_earlier_lookup_stays_unless_forced(model, tmp_path):
    (tmp_path / "v.csv").write_text("value,rows\n2411,1\n4110,2\n5223,1\n")
    make_lookup(model, tmp_path / "v.csv", tmp_path / "o", Register("t", "c"))
    with pytest.raises(OutputError):
        make_lookup(model, tmp_path / "v.csv", tmp_path / "o", Register("t", "c"))
    make_lookup(model, tmp_path / "v.csv", tmp_path / "o", Register("t", "c"), force=True)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_reads_back_what_was_written(dialect):
    import sqlglot

    where = Register('a.b"; drop', "co`de", "w'x", ("sex",))
    row = ("k'; drop", "exact", True, 3, Decimal("1.5"), None, 1e-12)
    for query in (
        values_query(where, dialect),
        join_query(where, ["code", "probability"], "occurisk_", dialect),
        account_query(where, dialect),
        check_query(where, dialect),
        insert_query(("key", "a", "b", "c", "d", "e", "f"), [row], dialect),
    ):
        assert len([q for q in sqlglot.parse(query, read=dialect) if q]) == 1


def test_a_column_of_titles_is_looked_up_as_it_is_scored(model, tmp_path):
    titles = ["Accountants", "accountants ", "Welders", "Wizard of the north", None]
    frame = pd.DataFrame({"code": titles, "jobs": [Decimal("1.5")] * 5})
    known = database(frame, "jobs")
    where, only = Register("jobs", "code", "jobs"), IntakeOptions(titles="only", taxonomy="isco08")
    known.execute(f"COPY ({values_query(where, 'duckdb').rstrip(chr(10) + ';')}) TO '{tmp_path}/v.csv'")
    made = make_lookup(model, tmp_path / "v.csv", tmp_path / "lookup", where, columns=WEIGHTED, options=only)
    run_sql(known, tmp_path / "lookup", "1_load.sql")
    joined = run_sql(known, tmp_path / "lookup", "4_join.sql").fetchdf()
    found = dict(zip(joined["code"].fillna(""), joined["occurisk_outcome"], strict=True))
    assert found["Accountants"] == found["accountants "] == found["Welders"] == "title"
    assert found["Wizard of the north"] == "undecided title"
    assert found[""] == "missing code"
    assert joined["occurisk_title_match"].notna().sum() == 3
    assert made.scored.account.titles["rows_matched"] == 3
    assert made.scored.account.totals.weight_in == 7.5
