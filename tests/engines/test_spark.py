"""A register on Spark, on local cores: each row and each sum as on one machine."""

import json
import random
import shutil
from decimal import Decimal
from math import fsum
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from helpers.commands import run
from helpers.stores import new_store
from helpers.trained import default_bundle, exposure_bundle
from occurisk.errors import RegistryError
from occurisk.registry.columns.sample import IntakeOptions
from occurisk.scoring.options import ScoreOptions
from occurisk.scoring.score import score_registry

pytest.importorskip("pyspark", reason="needs PySpark: make test-spark")
if not shutil.which("java"):
    pytest.skip("needs Java 17", allow_module_level=True)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]
CODES = ["2411", "4110", "8322 ", "8322", "9112", "5223", "2512", "9999x", "0110", None, "", "2221", "3313"]
CODES += ["7231", "9313", "1211", "6111", "24", "2", "TOTAL"]
ROWS = 6000


def register(rows: int = ROWS) -> pd.DataFrame:
    """A register with all that goes wrong in one: gaps, padding, unknown codes, weights that are none."""
    chance = random.Random(3)  # noqa: S311
    codes = [chance.choice(CODES) for _ in range(rows)]
    weights = [chance.randrange(1, 10**5) / 10 for _ in range(rows)]
    weights[5], weights[7], weights[9], weights[11] = -1.0, float("nan"), float("inf"), 0.1 + 0.2
    # On either side of what is added up as whole numbers: digits, and size.
    weights[13], weights[15], weights[17], weights[19] = 99_999.9999, 100_000.1, 7.00001, 2.5e6
    return pd.DataFrame(
        {
            "id": range(rows),
            "code": codes,
            # A title that says something else than its code would be a reason to ask.
            "job": [None if code else chance.choice(["Accountant", "Welder", None]) for code in codes],
            "jobs": weights,
            "region": [chance.choice(["north", "south"]) for _ in range(rows)],
        }
    )


@pytest.fixture(scope="module")
def spark():
    from occurisk.spark.session import open_session

    session = open_session("local[2]")
    session.conf.set("spark.sql.shuffle.partitions", "2")
    yield session
    session.stop()


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("register") / "jobs.parquet"
    register().to_parquet(path, row_group_size=1000, index=False)
    return path


def same(here, there) -> None:
    """All that is said of a list is the same, to the last digit."""
    one, other = here.account.to_json(), there.account.to_json()
    for document in (one, other):
        document.pop("seconds")
        document["registry"].pop("notes")
    assert other == one
    pd.testing.assert_frame_equal(there.by_occupation, here.by_occupation, check_exact=True)
    pd.testing.assert_frame_equal(there.lineage, here.lineage, check_exact=True)


def in_order(table: pd.DataFrame, like: pd.DataFrame) -> pd.DataFrame:
    return table[like.columns].astype(object).sort_values("id", ignore_index=True)


@pytest.mark.parametrize(
    "options",
    [
        IntakeOptions(titles="off"),
        IntakeOptions(code_column="code", where=(("region", "north"),), titles="off", levels="separate"),
        IntakeOptions(code_column="code", title_column="job"),
        IntakeOptions(titles="only", title_column="job", taxonomy="isco08"),
    ],
    ids=["found out", "some rows", "titles where there is no code", "titles only"],
)
def test_it_is_what_one_machine_says(spark, model, file, tmp_path, options):
    from occurisk.spark.parquet_job import score_parquet

    here = score_registry(model, file, tmp_path / "here", options=options)
    there = score_parquet(model, [str(file)], tmp_path / "there", options=options)
    same(here, there)
    scored = in_order(pd.read_parquet(tmp_path / "there" / "scored.parquet"), here.rows)
    pd.testing.assert_frame_equal(scored, in_order(here.rows, here.rows))
    aside = pd.read_parquet(tmp_path / "there" / "unscored.parquet").set_index("id")["occurisk_reason"]
    expected = here.unscored.set_index("id")["occurisk_reason"].astype(str)
    assert aside.sort_index().to_dict() == expected.to_dict()
    weights = register().set_index("id")["jobs"]
    good = weights[[i for i in here.rows["id"]]].dropna()
    # Codes are added up apart, so that the sum of sums may be one rounding away.
    assert there.account.totals.weight_scored == pytest.approx(fsum(good), rel=1e-15)


def test_no_python_runs_on_executors_and_nothing_is_moved(spark, model, file):
    import occurisk.spark

    made = occurisk.spark.score(spark.read.parquet(str(file)), code="code", weight="jobs", model=model)
    plan = made.scored._jdf.queryExecution().executedPlan().toString()
    assert "BroadcastHashJoin" in plan
    for word in ("Python", "MapInArrow", "Exchange hashpartitioning", "SortMergeJoin"):
        assert word not in plan
    parts = spark.read.parquet(str(file)).rdd.getNumPartitions()
    assert made.scored.rdd.getNumPartitions() == parts
    assert made.scored.count() + made.unscored.count() == ROWS


def test_codes_as_numbers_and_weights_as_decimals(spark, model, tmp_path):
    import occurisk.spark

    amount = [Decimal("0.1"), Decimal("0.2"), Decimal("123456789012345.67"), None]
    table = pa.table(
        {"code": pa.array([2411, 110, 4110, None], pa.int32()), "w": pa.array(amount, pa.decimal128(20, 2))}
    )
    pq.write_table(table, tmp_path / "t.parquet")
    df = spark.read.parquet(str(tmp_path / "t.parquet"))
    made = occurisk.spark.score(
        df, code="code", weight="w", model=model, options=IntakeOptions(taxonomy="isco08")
    )
    here = score_registry(
        model, tmp_path / "t.parquet", tmp_path / "o", options=IntakeOptions("code", "w", taxonomy="isco08")
    )
    assert made.account.outcomes == here.account.outcomes
    assert made.account.totals.weight_in == 123456789012345.97
    assert made.account.totals.rows_without_weight == 1
    assert set(made.by_occupation["code"]) == {"2411", "4110"}


def test_the_partitions_stay_what_they_were(spark, model, tmp_path):
    from occurisk.spark.parquet_job import score_parquet

    register().to_parquet(tmp_path / "in", partition_cols=["region"])
    add = ScoreOptions(add=("probability", "band"))
    options = IntakeOptions(titles="off")
    made = score_parquet(model, [str(tmp_path / "in")], tmp_path / "out", options=options, choices=add)
    parts = sorted(path.name for path in (tmp_path / "out" / "scored.parquet").iterdir())
    assert parts == ["region=north", "region=south"]
    found = pd.read_parquet(tmp_path / "out" / "scored.parquet")
    assert set(found) == {"id", "code", "job", "jobs", "region", "occurisk_probability", "occurisk_band"}
    assert len(found) == made.account.totals.rows_scored
    manifest = json.loads((tmp_path / "out" / "manifest.score.json").read_text())
    assert not [name for name in manifest["files"] if "_SUCCESS" in name or name.endswith(".crc")]


def test_what_cannot_be_right_is_refused(spark, model, tmp_path):
    import occurisk.spark

    df = spark.createDataFrame(pa.table({"code": ["2411", "4110"], "w": ["1", "2"], "occurisk_x": [1, 2]}))
    with pytest.raises(RegistryError, match="occurisk_x"):
        occurisk.spark.score(df, model=model)
    with pytest.raises(RegistryError, match="no column of numbers"):
        named = IntakeOptions("code", "w", taxonomy="isco08")
        occurisk.spark.score(df.drop("occurisk_x"), options=named, model=model)
    with pytest.raises(RegistryError, match="has no column"):
        occurisk.spark.score(df.drop("occurisk_x"), code="nowhere", model=model)
    from occurisk.spark.parquet_job import score_parquet

    (tmp_path / "broken.parquet").write_bytes(b"PAR1 no parquet PAR1")
    for path in (tmp_path / "nowhere", tmp_path / "broken.parquet"):
        with pytest.raises(RegistryError, match="Spark could not"):
            score_parquet(model, [str(path)], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_command_tracks_and_asks_as_on_one_machine(spark, model, file, tmp_path, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", new_store(tmp_path))
    monkeypatch.chdir(tmp_path)
    arguments = ("--models-dir", model.path.parent, "--titles", "off", "--queue", 3)
    text = run("score", "--engine", "spark", file, "--out", tmp_path / "there", *arguments)
    assert "Review it" in text
    from occurisk.tracking.store import open_store

    found = open_store().search_runs(search_all_experiments=True, output_format="list")
    metrics = next(run.data.metrics for run in found if run.data.tags.get("occurisk.stage") == "scoring")
    intake = json.loads((tmp_path / "there" / "intake.json").read_text())
    assert metrics["jobs"] == round(intake["totals"]["weight_counted"], 4)
    assert metrics["share_high"] == round(intake["national"]["share_high"], 4)


ATTRIBUTES = ["originality", "manual_dexterity", "negotiation"]


def people(rows: int = 3000) -> pd.DataFrame:
    """Rows with attributes of their own: gaps, figures off the scale, rows and weights that are none."""
    chance = random.Random(4)  # noqa: S311
    table = pd.DataFrame({name: [round(chance.uniform(0, 5), 2) for _ in range(rows)] for name in ATTRIBUTES})
    table.insert(0, "id", range(rows))
    table["jobs"] = [chance.randrange(1, 1000) / 10 for _ in range(rows)]
    table["region"] = [chance.choice(["north", "south"]) for _ in range(rows)]
    table.loc[3, "originality"] = 99.0
    table.loc[4, ATTRIBUTES] = None
    table.loc[5:40, "negotiation"] = None
    table.loc[6, "jobs"] = -3.0
    table.loc[8, "jobs"] = None
    return table


@pytest.mark.parametrize("reasons", [False, True])
def test_rows_with_attributes_of_their_own(spark, model, tmp_path, reasons):
    from occurisk.spark.parquet_job import score_parquet

    file = tmp_path / "people.parquet"
    people().to_parquet(file, row_group_size=500, index=False)
    choices = ScoreOptions(attributes=",".join(ATTRIBUTES), reasons=reasons)
    options = IntakeOptions(weight_column="jobs", where=(("region", "north"),))
    here = score_registry(model, file, tmp_path / "here", options=options, choices=choices)
    there = score_parquet(model, [str(file)], tmp_path / "there", options=options, choices=choices)
    one, other = here.account, there.account
    assert other.outcomes == one.outcomes
    assert other.totals == one.totals
    assert other.understood == one.understood
    pd.testing.assert_frame_equal(there.by_occupation, here.by_occupation)
    figures = pd.Series(here.national), pd.Series(there.national)
    points = ["share_high", "share_medium", "share_low", "expected", "coverage", "scored_weight"]
    pd.testing.assert_series_equal(figures[1][points], figures[0][points], rtol=1e-12)
    # What a gap hides is drawn anew for each row, and the rows come in another order.
    pd.testing.assert_series_equal(figures[1], figures[0], atol=0.01)
    scored = in_order(pd.read_parquet(tmp_path / "there" / "scored.parquet"), here.rows)
    pd.testing.assert_frame_equal(scored, in_order(here.rows, here.rows))
    aside = pd.read_parquet(tmp_path / "there" / "unscored.parquet").set_index("id")["occurisk_reason"]
    expected = here.unscored.set_index("id")["occurisk_reason"].astype(str)
    assert aside.sort_index().to_dict() == expected.to_dict()
    assert not spark.sparkContext._jsc.getPersistentRDDs()


def test_a_further_axis_stands_beside(spark, file, tmp_path):
    from occurisk.spark.parquet_job import score_parquet

    options, others = IntakeOptions(titles="off"), [exposure_bundle()]
    model = default_bundle()
    here = score_registry(model, file, tmp_path / "here", options=options, others=others)
    there = score_parquet(model, [str(file)], tmp_path / "there", options=options, others=others)
    same(here, there)
    scored = in_order(pd.read_parquet(tmp_path / "there" / "scored.parquet"), here.rows)
    assert "occurisk_language_models_2023_probability" in scored
    pd.testing.assert_frame_equal(scored, in_order(here.rows, here.rows))
