"""Scoring registries end to end: what comes out, and that nothing is lost on the way."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from helpers.checkout import SCRIPTS
from helpers.registries import frame, outcomes, scored, totals, write
from helpers.trained import default_bundle
from occurisk.cli.score import score as command
from occurisk.errors import OutputError, RegistryError
from occurisk.files import sha256
from occurisk.result_sets import result_set
from occurisk.scoring.codebook import MANY_UNKNOWN

NAMES = "code title match probability lower upper band stability mixed reason_1 reason_2 reason_3"
ADDED = [f"occurisk_{name}" for name in NAMES.split()]
REGISTER = """\
occ_code,name,employment
43-9021,"Smith, A",1
439021,B,2
11-1010,C,3
99-9999,D,4
55-1011,E,5
,F,6
11-1011,G,-7
11-1011,H,many
11-1011,I,*
"""


@pytest.fixture
def register(tmp_path):
    return write(tmp_path / "register.csv", REGISTER)


@pytest.mark.slow
def test_every_row_has_an_outcome_and_every_column_survives(register, tmp_path):
    result = scored(register, tmp_path / "out")
    assert outcomes(result) == {
        "exact": 2, "repaired": 1, "aggregated": 1, "missing": 1, "military": 1, "unknown code": 1,
        "unusable weight": 2,
    }  # fmt: skip
    found = totals(result)
    assert (found["weight_in"], found["weight_scored"], found["weight_unscored"]) == (21, 6, 15)
    assert found["rows_without_weight"] == 1
    rows, aside = result.rows, result.unscored
    assert rows.columns.tolist() == ["occ_code", "name", "employment", *ADDED]
    assert rows["name"].tolist() == ["Smith, A", "B", "C", "I"]
    assert aside["occurisk_row"].tolist() == ["4", "5", "6", "7", "8"]
    assert aside["name"].tolist() == list("DEFGH")
    own = default_bundle().reference.loc["43-9021"]
    assert float(rows["occurisk_probability"][0]) == pytest.approx(own["probability"], rel=1e-5)
    assert rows["occurisk_reason_1"][0] == own["reason_1"]
    assert rows["occurisk_band"][0] == own["band"]


@pytest.mark.parametrize("kind", ["parquet", "csv", "excel"])
@pytest.mark.parametrize("source", ["parquet", "csv", "xlsx"])
def test_every_format_into_every_format(tmp_path, source, kind):
    table = frame(["43-9021", "11-1011", "99-9999"], [1.5, 2.0, 3.0], name=["=x", "б", None])
    path = tmp_path / f"r.{source}"
    {"parquet": table.to_parquet, "csv": table.to_csv, "xlsx": table.to_excel}[source](path, index=False)
    result = scored(path, tmp_path / "out", output=kind)
    assert totals(result)["weight_scored"] == 3.5
    assert result.rows["occurisk_match"].tolist() == ["exact", "exact"]
    assert result.rows["name"].tolist()[1] == "б"
    assert len(result.by_occupation) == len(pd.read_csv(tmp_path / "out" / "by_occupation.csv")) == 2


def test_parquet_types_and_metadata_survive(tmp_path):
    schema = pa.schema(
        [
            pa.field("occ_code", pa.string(), metadata={b"k": b"v"}),
            ("when", pa.timestamp("us", "UTC")),
            ("n", pa.int16()),
            ("list", pa.list_(pa.int8())),
            ("money", pa.decimal128(10, 2)),
            ("raw", pa.binary()),
            ("big", pa.large_string()),
            ("kind", pa.dictionary(pa.int8(), pa.string())),
        ],
        metadata={b"mine": b"yes"},
    )
    rows = [
        {"occ_code": c, "when": 5, "n": i, "list": [i], "money": i, "raw": b"\x00", "big": "b", "kind": "k"}
        for i, c in enumerate(["43-9021", "11-1011", "99-9999", None])
    ]
    table = pa.Table.from_pylist(rows, schema=schema)
    pq.write_table(table, tmp_path / "r.parquet")
    result = scored(tmp_path / "r.parquet", tmp_path / "out")
    back = pq.read_table(result.scored_path)
    assert back.schema.metadata[b"mine"] == b"yes"
    for field in schema:
        assert back.schema.field(field.name).type == field.type
    assert back.select(schema.names).to_pylist() == table.slice(0, 2).to_pylist()
    assert pq.read_table(result.unscored_path)["occurisk_reason"].to_pylist() == ["unknown code", "missing"]


def test_duplicate_and_empty_headers_survive(tmp_path):
    path = write(tmp_path / "r.csv", "occ_code,a,a,\n43-9021,1,2,3\n")
    result = scored(path, tmp_path / "out")
    header = result.scored_path.read_text(encoding="utf-8").splitlines()[0]
    assert header.startswith("occ_code,a,a,,occurisk_code")


def test_ragged_rows_are_kept_with_their_numbers(tmp_path):
    path = write(tmp_path / "r.csv", "occ_code,n\n43-9021,1\n43-9021\n99-9999,2\n1,2,3\n11-1011,3\n")
    result = scored(path, tmp_path / "out")
    assert outcomes(result) == {"exact": 2, "unknown code": 1, "ragged row": 2}
    totals(result)
    aside = result.unscored.sort_values("occurisk_row")
    assert aside["occurisk_row"].tolist() == ["2", "3", "4"]
    assert aside["occurisk_line"].tolist() == ["43-9021", "", "1,2,3"]


def test_formulas_are_disarmed_in_csv_and_are_text_in_excel(tmp_path):
    risky = ["=cmd|' /C calc'!A0", "+1+1", "@SUM(A1)", "-2+3", "\t=1", "-5", "+7.5", "- item"]
    path = tmp_path / "r.csv"
    frame(["43-9021"] * 8, name=risky).to_csv(path, index=False)
    result = scored(path, tmp_path / "csv")
    assert result.rows["name"].tolist() == ["'" + t for t in risky[:5]] + ["-5", "+7.5", "'- item"]
    assert totals(result)["cells_disarmed"] == 6
    excel = scored(path, tmp_path / "excel", output="excel")
    assert excel.rows["name"].tolist()[:4] == risky[:4]
    from openpyxl import load_workbook

    assert load_workbook(excel.scored_path).active["B2"].data_type == "s"


def test_html_and_bars_in_a_title_do_not_reach_the_report_as_markup(tmp_path):
    path = tmp_path / "r.csv"
    frame(["43-9021", "<script>alert(1)</script>|x"], title=["a", "b"]).to_csv(path, index=False)
    report = (scored(path, tmp_path / "out").out / "intake.md").read_text(encoding="utf-8")
    assert "<script>" not in report
    assert "&lt;script&gt;alert(1)&lt;/script&gt;\\|x" in report


def test_a_scored_file_is_not_scored_again_by_accident(register, tmp_path):
    first = scored(register, tmp_path / "one")
    with pytest.raises(RegistryError, match="already begin with 'occurisk_'"):
        scored(first.scored_path, tmp_path / "two")
    assert not (tmp_path / "two").exists()
    again = scored(first.scored_path, tmp_path / "two", column_prefix="again_")
    assert "again_band" in again.rows


def test_total_rows_and_levels_do_not_count_twice(tmp_path):
    codes = ["00-0000", "11-0000", "11-1000", "11-1010", "11-1011", "11-1021", "13-2011"]
    path = tmp_path / "r.csv"
    frame(codes, ["60", "30", "30", "10", "10", "20", "30"]).to_csv(path, index=False)
    result = scored(path, tmp_path / "out", taxonomy="soc2010")
    assert outcomes(result) == {"exact": 3, "total row": 1, "aggregate of listed detail": 3}
    found = totals(result)
    assert (found["weight_in"], found["weight_counted"], found["weight_scored"]) == (190, 60, 60)
    assert result.national["coverage"] == 1


def test_one_pass_is_enough_unless_the_end_contradicts_the_beginning(tmp_path):
    path = tmp_path / "r.parquet"
    frame(["11-1010", "13-2011", "11-1011", "13-2011"], [10, 5, 10, 5]).to_parquet(path, row_group_size=2)
    result = scored(path, tmp_path / "out", sample_rows=2)
    assert outcomes(result) == {"exact": 3, "aggregate of listed detail": 1}
    totals(result)


def test_a_filter_counts_what_it_leaves_out(tmp_path):
    path = tmp_path / "r.csv"
    frame(["43-9021", "11-1011", "99-9999"], [1, 2, 4], year=[2010, 2011, 2011]).to_csv(path, index=False)
    result = scored(path, tmp_path / "out", where=(("year", "2011"),))
    found = totals(result)
    assert (found["rows_in"], found["rows_filtered_out"], found["weight_in"]) == (2, 1, 6)
    assert result.unscored["occurisk_row"].tolist() == ["3"]


def test_lineage_says_what_a_score_is_made_of(tmp_path):
    path = write(tmp_path / "r.csv", "isco08,n\n2411,5\n24,7\n")
    result = scored(path, tmp_path / "out", taxonomy="isco08", levels="separate")
    lineage = pd.read_csv(tmp_path / "out" / "lineage.csv", dtype={"code": str})
    p = (lineage["weight"] * lineage["probability"]).groupby(lineage["code"]).sum()
    by_code = result.by_occupation.set_index("code")
    np.testing.assert_allclose(p, by_code["probability"].reindex(p.index), rtol=1e-5)
    assert by_code.loc["24", "mixed"]
    assert by_code.loc["24", "match"] == "aggregated"
    assert (
        by_code.loc["2411", "minimum"] <= by_code.loc["2411", "probability"] <= by_code.loc["2411", "maximum"]
    )


def test_published_scores_are_the_printed_ones_and_nothing_else(tmp_path):
    path = write(tmp_path / "r.csv", "occ_code\n43-9021\n29-1111\n29-1062\n11-1031\n41-9041\n")
    result = scored(path, tmp_path / "out", scores="published", taxonomy="soc2010")
    got = result.rows.set_index("occ_code")["occurisk_probability"].astype(float)
    assert got["41-9041"] == 0.99
    assert got["29-1062"] == pytest.approx(0.0042)  # physicians, printed as 29-1060
    assert result.unscored["occ_code"].tolist() == ["11-1031"]


def test_a_users_own_crosswalk(tmp_path):
    path = write(tmp_path / "r.csv", "job,n\nA1,5\nB2,6\n")
    own = write(tmp_path / "map.csv", "from,to,weight\nA1,2411,1\n")
    result = scored(path, tmp_path / "out", crosswalk=own, code_column="job")
    assert outcomes(result) == {"crosswalk": 1, "unknown code": 1}


def test_kazakhstans_codes(tmp_path):
    path = write(tmp_path / "r.csv", "код;численность\n4110-9;1,5\n2411-1;2\n0110-1;3\n", "cp1251")
    result = scored(path, tmp_path / "out", taxonomy="nkrk")
    assert outcomes(result) == {"crosswalk": 2, "military": 1}
    assert totals(result)["weight_scored"] == 3.5
    assert [repair.repair for repair in result.account.repairs] == ["first 4 digits taken"]


def test_losses_come_with_near_misses(tmp_path):
    path = tmp_path / "r.csv"
    frame(["43-9021"] * 5 + ["43-9029", "11-1012"], [1, 1, 1, 1, 1, 7, 9]).to_csv(path, index=False)
    result = scored(path, tmp_path / "out", code_column="occ_code", taxonomy="soc2010")
    lost = result.account.unmatched
    assert [code.code for code in lost] == ["11-1012", "43-9029"]
    assert "11-1011 Chief Executives" in lost[0].near


def test_more_unknown_codes_than_memory_are_still_counted(tmp_path):
    codes = ["43-9021"] * 60 + [f"zz{i}" for i in range(50)]
    path = tmp_path / "r.csv"
    frame(codes).to_csv(path, index=False)
    result = scored(path, tmp_path / "out", code_column="occ_code", taxonomy="soc2010", most_unknown=10)
    assert outcomes(result) == {"exact": 60, "unknown code": 50}
    assert {code.code: code.rows for code in result.account.unmatched}[MANY_UNKNOWN] == 40


def test_rows_with_their_own_attributes(tmp_path):
    reference = default_bundle()
    table = reference.catalogue.unscale(reference.attributes).dropna().reset_index().assign(jobs=2)
    table = table.astype({reference.catalogue.names[0]: object})
    table.loc[0, reference.catalogue.names[0]] = ""
    table.loc[1, reference.catalogue.names[1]] = 99
    table.to_csv(tmp_path / "r.csv", index=False)
    result = scored(tmp_path / "r.csv", tmp_path / "out", attributes="all")
    assert outcomes(result) == {"own attributes": len(table) - 1, "attribute outside its scale": 1}
    rows = result.rows.set_index("soc")
    p = rows["occurisk_probability"].astype(float)
    whole = rows["occurisk_gaps"] == "0"
    assert (~whole).sum() == 1
    np.testing.assert_allclose(
        p[whole], reference.reference["probability"].reindex(p[whole].index), rtol=1e-3
    )
    # The intervals are the replicas' own but for the formula; a gap widens them.
    known = reference.reference.loc[p[whole].index]
    for end in ("lower", "upper"):
        apart = (rows.loc[whole, f"occurisk_{end}"].astype(float) - known[end]).abs()
        assert apart.median() < 0.01 and apart.quantile(0.95) < 0.1
    assert (rows.loc[whole, "occurisk_stability"] == known["stability"]).mean() > 0.9
    gap = rows[~whole].iloc[0]
    alone = reference.reference.loc[gap.name]
    assert float(gap["occurisk_upper"]) - float(gap["occurisk_lower"]) > alone["upper"] - alone["lower"]
    assert "occurisk_reason_1" not in rows
    with pytest.raises(RegistryError, match="1 of 1 attributes are not the model's"):
        scored(tmp_path / "r.csv", tmp_path / "two", attributes="charm")


def test_own_attributes_are_read_with_decimal_commas(tmp_path):
    reference = default_bundle()
    table = reference.catalogue.unscale(reference.attributes).dropna().head(40).round(2)
    table.to_csv(tmp_path / "point.csv")
    table.to_csv(tmp_path / "comma.csv", sep=";", decimal=",")
    # Whole numbers in one column, decimal points in another: each column speaks for itself.
    mixed = table.map(lambda v: f"{v:.2f}".replace(".", ",")).assign(**{table.columns[0]: "3"})
    mixed[table.columns[1]] = table[table.columns[1]].map("{:.2f}".format)
    mixed.to_csv(tmp_path / "mixed.csv", sep=";")
    point, comma, both = (
        scored(tmp_path / f"{name}.csv", tmp_path / name, attributes="all")
        for name in ("point", "comma", "mixed")
    )
    assert outcomes(point) == outcomes(comma) == outcomes(both) == {"own attributes": 40}
    lower = [result.rows["occurisk_lower"].str.replace(",", ".").tolist() for result in (point, comma)]
    assert lower[0] == lower[1]
    assert "," in comma.rows["occurisk_lower"][0]  # as the list itself is written


def test_a_registry_of_attributes_without_rows_is_one_error(tmp_path):
    path = write(tmp_path / "r.csv", ",".join(default_bundle().catalogue.names) + "\n")
    with pytest.raises(RegistryError, match="has no rows"):
        scored(path, tmp_path / "out", attributes="all")
    assert not (tmp_path / "out").exists()


def test_rows_with_their_own_attributes_get_reasons_on_request(tmp_path):
    reference = default_bundle()
    table = reference.attributes.dropna().reset_index()
    table.to_parquet(tmp_path / "r.parquet")
    result = scored(
        tmp_path / "r.parquet", tmp_path / "out", attributes="all", attribute_scale="unit", reasons=True
    )
    rows = pd.read_parquet(result.scored_path).set_index("soc")
    known = reference.reference.loc[rows.index]
    # The bundle keeps attributes with fewer digits than it was trained on.
    for n in (1, 2, 3):
        assert (rows[f"occurisk_reason_{n}"] == known[f"reason_{n}"]).mean() > 0.95


def test_results_are_not_overwritten_unasked(register, tmp_path):
    scored(register, tmp_path / "out")
    (tmp_path / "out" / "mine.txt").write_text("keep", encoding="utf-8")
    with pytest.raises(OutputError, match="--force"):
        scored(register, tmp_path / "out")
    scored(register, tmp_path / "out", force=True, output="parquet")
    assert (tmp_path / "out" / "mine.txt").read_text(encoding="utf-8") == "keep"
    assert not (tmp_path / "out" / "scored.csv").exists()


@pytest.mark.parametrize("kind", ["csv", "parquet", "arrow", "excel"])
def test_digests_taken_while_writing_are_those_of_the_files(tmp_path, kind):
    """Also where rows are streamed twice, because the beginning told nothing of the groups."""
    path = tmp_path / "r.parquet"
    frame(["11-1010", "13-2011", "11-1011", "13-2011"], [10, 5, 10, 5]).to_parquet(path, row_group_size=2)
    result = scored(path, tmp_path / "out", output=kind, sample_rows=2)
    assert outcomes(result) == {"exact": 3, "aggregate of listed detail": 1}
    listed = json.loads((tmp_path / "out" / "manifest.score.json").read_text())["files"]
    assert {name: sha256(tmp_path / "out" / name) for name in listed} == {
        name: entry["sha256"] for name, entry in listed.items()
    }


def test_a_run_that_fails_leaves_nothing(tmp_path):
    path = write(tmp_path / "r.csv", "age\n1\n")
    with pytest.raises(RegistryError):
        scored(path, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_full_disk_is_one_error_and_keeps_the_earlier_results(register, tmp_path, monkeypatch):
    scored(register, tmp_path / "out")
    before = {p.name: p.read_bytes() for p in (tmp_path / "out").iterdir()}

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("occurisk.registry.formats.csv_writer.CsvOut.write_keyed", full)
    with pytest.raises(OutputError, match="No space left"):
        scored(register, tmp_path / "out", force=True)
    assert {p.name: p.read_bytes() for p in (tmp_path / "out").iterdir()} == before


def test_a_killed_run_leaves_no_result_under_a_final_name(tmp_path):
    fifo = tmp_path / "out"
    path = write(tmp_path / "r.csv", REGISTER)
    done = subprocess.run([sys.executable, SCRIPTS / "killed_run.py", path, fifo], check=False)
    assert done.returncode == -9
    left = [p.name for p in fifo.iterdir() if not p.name.startswith(".")]
    assert left == []
    totals(scored(path, fifo))  # the lock died with its holder
    assert not [p for p in fifo.iterdir() if p.name.startswith(".occurisk")]


def test_two_runs_into_one_folder_do_not_mix(register, tmp_path):
    with (
        result_set(tmp_path / "out", "score", replace=False),
        pytest.raises(OutputError, match="Another run"),
    ):
        scored(register, tmp_path / "out")


def run(*arguments, **options):
    return CliRunner().invoke(command, [str(a) for a in arguments], catch_exceptions=False, **options)


def test_the_command_says_what_it_understood_lost_and_wrote(register, tmp_path):
    default_bundle()
    done = run(register, "--out", tmp_path / "out", "--no-track", "--json", tmp_path / "figures.json")
    assert done.exit_code == 0
    for text in (
        "column 'occ_code'",
        "SOC 2010",
        "unusable weight",
        "9 rows in = 4 scored + 5 set aside",
        "intake.md",
    ):
        assert text in done.output
    assert json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))["totals"]["rows_in"] == 9


def test_standard_input(tmp_path):
    default_bundle()
    done = run("-", "--out", tmp_path / "out", "--no-track", input=REGISTER.encode())
    assert "9 rows in" in done.output


def test_a_small_file_needs_no_heavy_library(register, tmp_path):
    """Nor YAML and pydantic: a short list is scored quickly."""
    default_bundle()
    command = [SCRIPTS / "imports_of.py", "score", register, "--out", tmp_path / "out", "--no-track"]
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=True)
    imported = set(json.loads(done.stdout.splitlines()[-1]))
    assert "occurisk.scoring" in imported
    heavy = {"sklearn", "mlflow", "shap", "lightgbm", "matplotlib", "scipy"}
    assert not imported & (heavy | {"yaml", "pydantic", "occurisk.documents"})
