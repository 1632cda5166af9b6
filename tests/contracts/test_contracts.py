"""What others may build on: the JSON files and the columns of the tables, each against its contract."""

from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from helpers.commands import run
from helpers.contracts import COLUMNS, kept, validator
from helpers.registries import scored, write
from helpers.trained import exposure_bundle
from occurisk.explanation.verdicts import COLUMNS as VERDICT_COLUMNS
from occurisk.model.bundles.bundle import MANIFEST, SCORES
from occurisk.paths import FEATURES
from occurisk.scoring.accounting.title_review import COLUMNS as SHEET_COLUMNS

pytestmark = pytest.mark.covered_elsewhere

REGISTRY = "job,occ_code,jobs\n1,43-9021,100\n2,29-1141,50\n3,99-9999,5\n4,51-0000,7\n5,43-9021,many\n"
# A file that must be refused, for each contract: what a slip would write.
SLIPS = {
    "intake": lambda d: d["totals"].update(rows_scored=-1),
    "national": lambda d: d["figures"].update(share_high=47),
    "manifest": lambda d: d["sha256"].update({"model.txt": "of another time"}),
    "files_of_a_run": lambda d: d["files"]["intake.json"].update(bytes=-1),
    "explain": lambda d: d[0].update(probability=None),
    "lookup": lambda d: d.update(rows="many"),
}


@pytest.fixture(scope="module")
def written(model, tmp_path_factory) -> dict[str, Path]:
    """The folders that `score` and `national` write, and the model's."""
    folder = tmp_path_factory.mktemp("contracts")
    scored(write(folder / "jobs.csv", REGISTRY), folder / "by_code")
    registry = FEATURES / "reference" / "us_employment.csv"
    exposure_bundle()  # the further axis, for the map of both
    run("national", registry, "--out", folder / "national", "--models-dir", model.path.parent, "--no-track")
    rows = model.attributes.head(5).rename_axis("code").reset_index()
    rows.to_csv(folder / "rows.csv", index=False)
    scored(folder / "rows.csv", folder / "by_attributes", attributes="all", attribute_scale="unit")
    explained = folder / "explained" / "explained.json"
    run("explain", "43-9021", "2411", "--models-dir", model.path.parent, "--json", explained)
    values = write(folder / "values.csv", "value,rows,weight\n2411,10,100\n4110,5,50\n99999,1,2\n")
    run(
        "lookup", values, "--out", folder / "lookup", "--weight", "jobs", "--taxonomy", "isco08",
        "--models-dir", model.path.parent,
    )  # fmt: skip
    names = ("by_code", "national", "by_attributes", "explained", "lookup")
    return {name: folder / name for name in names} | {"model": model.path}


@pytest.mark.parametrize(
    ("contract", "folder", "name"),
    [
        ("intake", "by_code", "intake.json"),
        ("intake", "by_attributes", "intake.json"),
        ("national", "national", "national.json"),
        ("manifest", "model", MANIFEST),
        ("files_of_a_run", "by_code", "manifest.score.json"),
        ("explain", "explained", "explained.json"),
        ("lookup", "lookup", "lookup.json"),
    ],
)
def test_a_json_file_keeps_its_contract_and_a_slip_breaks_it(written, contract, folder, name):
    document = kept(contract, written[folder] / name)
    SLIPS[contract](document)
    assert not validator(contract).is_valid(document)


def columns(path: Path) -> list[str]:
    return list(pd.read_csv(path, nrows=0).columns)


def test_scored_rows_keep_their_columns_and_get_ours(written):
    own = ["job", "occ_code", "jobs"]
    for name in ("scored.csv", "unscored.csv"):
        assert columns(written["by_code"] / name) == own + COLUMNS[name]
    table = pd.read_csv(written["by_code"] / "scored.csv")
    p = table[["occurisk_lower", "occurisk_probability", "occurisk_upper"]]
    assert p.apply(lambda row: row.is_monotonic_increasing, axis=1).all()
    assert set(table["occurisk_band"]) <= {"low", "medium", "high"}


@pytest.mark.parametrize("name", ["by_occupation.csv", "lineage.csv"])
def test_tables_of_a_scored_registry(written, name):
    assert columns(written["by_code"] / name) == COLUMNS[name]


def test_the_table_of_a_lookup(written):
    assert pq.read_schema(written["lookup"] / "lookup.parquet").names == COLUMNS["lookup.parquet"]


def test_verdicts_and_title_sheets_name_their_columns():
    """Both files go to people and come back; their own tests write and read them."""
    assert COLUMNS["verdicts.csv"] == VERDICT_COLUMNS
    assert COLUMNS["titles sheet"] == SHEET_COLUMNS


def test_the_scores_of_a_model(written):
    assert columns(written["model"] / SCORES) == COLUMNS[SCORES]


def test_tables_of_a_labour_market(written):
    tables = {f"tables/{path.name}": path for path in (written["national"] / "tables").iterdir()}
    for name, expected in COLUMNS.items():
        if name.startswith("tables/"):
            assert columns(tables[name]) == expected, name
