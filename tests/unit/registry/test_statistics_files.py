"""What statistical offices send: Stata, SPSS, SAS and Arrow files, read, scored, and written as they came."""

import random
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pytest

from helpers.checkout import SCRIPTS
from occurisk.errors import OutputError, RegistryError
from occurisk.registry.opening import open_registry
from occurisk.scoring.score import score_registry

pyreadstat = pytest.importorskip("pyreadstat", reason="needs occurisk[statistics]")
ROWS = 400
LABELS = {
    "column_labels": {"isco": "Occupation"},
    "variable_format": {"born": "%td"},
    "file_label": "Обследование 2022",
}


def survey() -> pd.DataFrame:
    chance = random.Random(5)  # noqa: S311
    codes = [chance.choice([2411, 4110, 8322, 5223, 110, 9998]) for _ in range(ROWS)]
    return pd.DataFrame(
        {
            "isco": np.array(codes, float),
            "town": [chance.choice(["Алматы", "Kraków", ""]) for _ in range(ROWS)],
            "weight": [chance.randrange(1, 999) / 8 for _ in range(ROWS)],
            "born": [float(chance.randrange(5000, 15000)) for _ in range(ROWS)],
        }
    )


def stata(path):
    labels = {"isco": {2411.0: "Accountants", 9998.0: "no answer"}}
    pyreadstat.write_dta(survey(), path, variable_value_labels=labels, **LABELS)
    return path


def spss(path):
    labels = {"isco": {2411.0: "Accountants", 9998.0: "no answer"}}
    pyreadstat.write_sav(
        survey(), path, variable_value_labels=labels, missing_ranges={"isco": [9998.0]},
        column_labels={"isco": "Occupation"}, variable_format={"born": "DATE11"},
        variable_measure={"isco": "nominal"}, file_label="Survey 2022", note=["second wave"],
        variable_display_width={"isco": 14},
    )  # fmt: skip
    return path


def arrow(path):
    pa.feather.write_feather(survey().astype({"town": "category"}), path)
    return path


def test_a_sas_file_is_read_and_written_as_parquet(model, tmp_path):
    convert = shutil.which("readstat")
    if not convert:
        pytest.skip("needs the program readstat, which writes .sas7bdat files")
    stata(str(tmp_path / "survey.dta"))
    path = tmp_path / "survey.sas7bdat"
    subprocess.run([convert, tmp_path / "survey.dta", path], check=True, capture_output=True)
    made = score_registry(model, path, tmp_path / "out")
    assert made.account.registry.format == "sas"
    assert (made.account.totals.rows_in, made.account.understood.taxonomy) == (ROWS, "isco08")
    own = survey()
    own = own[~own["isco"].isin([110, 9998])].reset_index(drop=True)
    for column in ("isco", "town", "weight", "born"):
        assert made.rows[column].tolist() == own[column].tolist()


@pytest.mark.parametrize(
    ("make", "read"), [(stata, pyreadstat.read_dta), (spss, pyreadstat.read_sav)], ids=["stata", "spss"]
)
def test_a_labelled_file_comes_back_with_its_labels(model, tmp_path, make, read):
    path = make(str(tmp_path / "survey"))
    made = score_registry(model, path, tmp_path / "out")
    how = {"user_missing": True} if make is spss else {}
    _, before = read(path, **how)
    found, after = read(str(made.scored_path), **how)
    assert made.account.totals.rows_in == ROWS
    assert made.account.understood.code_column == "isco"
    assert made.account.understood.taxonomy == "isco08"
    own = survey()
    own = own[~own["isco"].isin([110, 9998])].reset_index(drop=True)
    assert found["isco"].tolist() == own["isco"].tolist()
    assert found["town"].tolist() == own["town"].tolist()
    assert found["weight"].tolist() == own["weight"].tolist()
    assert after.variable_value_labels["isco"] == before.variable_value_labels["isco"]
    assert after.column_names_to_labels["isco"] == "Occupation"
    assert after.original_variable_types["born"] == before.original_variable_types["born"]
    assert after.missing_ranges == before.missing_ranges
    assert after.file_label == before.file_label != ""
    assert after.notes == before.notes
    assert after.variable_display_width["isco"] == before.variable_display_width["isco"]
    assert found["occurisk_probability"].between(0, 1).all()
    assert set(found["occurisk_band"]) <= {"low", "medium", "high"}


def test_an_arrow_file_comes_back_as_one(model, tmp_path):
    made = score_registry(model, arrow(tmp_path / "survey.feather"), tmp_path / "out")
    found = pa.feather.read_table(made.scored_path).to_pandas()
    assert len(found) == made.account.totals.rows_scored
    assert found["born"].tolist() == survey()[~survey()["isco"].isin([110, 9998])]["born"].tolist()
    assert made.rows["occurisk_code"].tolist() == found["occurisk_code"].tolist()


@pytest.mark.parametrize("kind", ["stata", "spss", "arrow"])
def test_any_list_can_be_written_as_one(model, tmp_path, kind):
    (tmp_path / "jobs.csv").write_text("code,jobs\n2411,10\n4110,5\n5223,5\nx,1\n", encoding="utf-8")
    made = score_registry(model, tmp_path / "jobs.csv", tmp_path / "out", output=kind)
    assert made.rows["code"].tolist() == ["2411", "4110", "5223"]
    assert made.unscored["occurisk_row"].tolist() == [4]


@pytest.mark.parametrize("make", ["write_dta", "write_sav"])
def test_long_texts_names_of_any_script_dates_and_gaps_come_back(model, tmp_path, make):
    rows = 30
    own = pd.DataFrame(
        {
            "isco08": ["2411", "4110", ""] * 10,
            "жалақы": np.arange(rows) * 1.5,
            "words": ["x" * 5000, "ә", ""] * 10,
            "moment": pd.date_range("2020-01-01 10:20", periods=rows, freq="h"),
            "gap": [np.nan, 1.0, 1e14] * 10,
        }
    )
    labels = {"gap": {1.0: "да"}}
    getattr(pyreadstat, make)(own, tmp_path / "survey", variable_value_labels=labels)
    read = getattr(pyreadstat, make.replace("write", "read"))
    made = score_registry(model, tmp_path / "survey", tmp_path / "out")
    found, after = read(made.scored_path)
    expected = own[own["isco08"] != ""].reset_index(drop=True)
    pd.testing.assert_frame_equal(found[list(own)], expected, check_dtype=False)
    assert after.variable_value_labels["gap"] == labels["gap"]
    aside, _ = read(made.unscored_path)
    assert aside["gap"].tolist() == own.loc[own["isco08"] == "", "gap"].tolist()


@pytest.mark.parametrize(
    ("write", "name"), [("write_por", "portable file"), ("write_xport", "transport file")]
)
def test_an_older_format_of_the_same_programs_is_named(tmp_path, write, name):
    getattr(pyreadstat, write)(pd.DataFrame({"ISCO": ["2411"], "N": [1.0]}), tmp_path / "old")
    with pytest.raises(RegistryError, match=name):
        open_registry(tmp_path / "old")


def test_what_stata_has_no_name_for_is_refused_whole(model, tmp_path):
    (tmp_path / "jobs.csv").write_text("code of the job,jobs\n2411,10\n4110,5\n5223,5\n", encoding="utf-8")
    with pytest.raises(OutputError, match="cannot be written as a Stata file"):
        score_registry(model, tmp_path / "jobs.csv", tmp_path / "out", output="stata")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("make", [stata, spss, arrow])
def test_a_damaged_file_ends_in_the_formats_one_error(tmp_path, make):
    """In a process of its own: what reads these files is written in C, and none of it may crash."""
    make(str(tmp_path / "survey"))
    command = [sys.executable, SCRIPTS / "read_damaged.py", tmp_path / "survey", "150"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.parametrize(
    "start", [b"$FL2@(#) SPSS", b"<stata_dta><header>", bytes([114, 2, 1]), b"ARROW1\0\0",
              bytes(12) + b"\xc2\xea\x81\x60" + bytes(16)]
)  # fmt: skip
def test_a_mere_beginning_is_no_registry(tmp_path, start):
    (tmp_path / "x").write_bytes(start + bytes(300))
    with pytest.raises(RegistryError):
        list(open_registry(tmp_path / "x").batches())
