"""What confused the first users, each at the command where they met it: one message that says what to do."""

from __future__ import annotations

import datetime
import json

import pandas as pd
import pytest
from click.testing import CliRunner
from openpyxl import Workbook

from helpers.look_alikes import SOC, UNITS
from helpers.registries import workbook_with_password, write
from helpers.trained import models_dir
from occurisk.cli import occurisk


@pytest.fixture
def call(model, monkeypatch):
    """Return a call of a command with the session's model: what `CliRunner` says."""
    for name in ("score", "national"):
        monkeypatch.setattr(f"occurisk.cli.{name}.need_model", lambda *_: model)

    def run(*arguments):
        return CliRunner(env={"COLUMNS": "200"}).invoke(occurisk, [*map(str, arguments), "--no-track"])

    return run


def refused(done) -> str:
    assert getattr(done.exception, "exit_code", None) == 10, repr(done.exception)
    return str(done.exception)


def book(path, rows):
    """Write a workbook of rows."""
    made = Workbook()
    for row in rows:
        made.active.append(row)
    made.save(path)
    return path


FILES = {
    "an empty file": (b"", "is empty", "header and at least one row"),
    "a header alone": (b"code,jobs\n", "has no rows", "export is complete"),
    "white space alone": (b"\n\n  \n", "is empty", "header"),
    "HTML saved as .xls": (b"<html><table><tr><td>code</td></tr></table>", "web page (HTML", "Export the"),
    "a workbook with a password": (
        workbook_with_password(), "protected by a password", "remove the password",
    ),
    "a PDF": (b"%PDF-1.7 ...", "it is a PDF", "Export the list"),
    "a cell of 5 MB": (b"code,jobs\n43-9021," + b"1" * 5_000_000 + b"\n", "longer than 1 MB", ""),
}  # fmt: skip


@pytest.mark.parametrize("case", FILES)
def test_what_is_no_list_is_said_in_one_message(call, tmp_path, case):
    content, what, fix = FILES[case]
    (tmp_path / "r.xls").write_bytes(content)
    text = refused(call("score", tmp_path / "r.xls", "--out", tmp_path / "o"))
    assert what in text
    assert fix in text
    assert not (tmp_path / "o").exists() or not list((tmp_path / "o").iterdir())


def test_merged_headers_of_a_workbook_are_named(call, tmp_path):
    rows = [["ISCO-08", "jobs", None], [None, 2014, 2015], *([code, 5, 6] for code in UNITS[:30])]
    path = book(tmp_path / "r.xlsx", rows)
    text = refused(call("score", path, "--out", tmp_path / "o"))
    assert "--weight-column" in text or "takes two rows" in text


def test_excel_dates_among_codes_are_explained_everywhere(call, tmp_path):
    rows = [["occ_code", "jobs"], *([code, 5] for code in SOC[:40]), [datetime.date(2021, 11, 1), 7]]
    done = call("score", book(tmp_path / "r.xlsx", rows), "--out", tmp_path / "o", "--json", tmp_path / "j")
    assert done.exit_code == 0, done.output
    assert "spreadsheet turns codes such as 11-2021 into dates" in done.output
    document = json.loads((tmp_path / "j").read_text(encoding="utf-8"))
    assert "into dates" in document["understood"]["warnings"][0]


def test_a_taxonomy_that_does_not_fit_names_the_one_that_does(call, tmp_path):
    path = write(tmp_path / "r.csv", "code,n\n" + "".join(f"{code},1\n" for code in UNITS))
    text = refused(call("score", path, "--out", tmp_path / "o", "--taxonomy", "soc2010"))
    assert "--taxonomy isco08" in text
    done = call("score", path, "--out", tmp_path / "o", "--taxonomy", "soc2010", "--code-column", "code")
    assert "--taxonomy isco08 fits 100%" in done.output


def test_codes_under_the_name_title_are_codes(call, tmp_path):
    path = write(tmp_path / "r.csv", "Title,n\n" + "".join(f"{code},1\n" for code in SOC[:60]))
    done = call("score", path, "--out", tmp_path / "o", "--json", tmp_path / "j")
    assert done.exit_code == 0
    assert json.loads((tmp_path / "j").read_text(encoding="utf-8"))["understood"]["code_column"] == "Title"


def test_figures_with_which_surveys_say_nothing_are_missing_not_unknown(call, tmp_path):
    rows = "".join(f"{code},1\n" for code in [*UNITS[::5], "9996", "9997", "9998", "9999", "-8", "-9"])
    call(
        "score",
        write(tmp_path / "r.csv", f"isco08,n\n{rows}"),
        "--out",
        tmp_path / "o",
        "--json",
        tmp_path / "j",
    )
    document = json.loads((tmp_path / "j").read_text(encoding="utf-8"))
    assert {o["outcome"]: o["rows"] for o in document["outcomes"] if not o["scored"]} == {"missing": 6}


def test_results_of_an_earlier_occurisk_say_what_to_do(call, tmp_path):
    """As 0.1.0 wrote them: headline figures without intervals, no list of its files."""
    path = write(tmp_path / "r.csv", "isco08,n\n" + "".join(f"{code},1\n" for code in UNITS[:30]))
    call("score", path, "--out", tmp_path / "o")
    intake = tmp_path / "o" / "intake.json"
    document = json.loads(intake.read_text(encoding="utf-8"))
    document["national"] = {k: v for k, v in document["national"].items() if "er" not in k[-5:]}
    intake.write_text(json.dumps(document), encoding="utf-8")
    text = refused(call("national", tmp_path / "o"))
    assert "cannot read the results" in text
    assert "earlier occurisk" in text
    assert "--out NEW_DIR" in text


def test_a_mistyped_title_gets_candidates(model):
    arguments = ["explain", "Acountant", "--models-dir", str(models_dir())]
    done = CliRunner().invoke(occurisk, arguments)
    assert "Accountant" in f"{done.output} {done.exception}"


# In both editions of the US Census, in that of 2010 alone, in that of 2018 alone.
KEPT = (10, 20, 110, 120, 160, 310, 350, 800, 1360, 2040, 2310, 3255, 4020, 4720, 5240, 6230, 7200, 9130)
IN_BOTH = [f"{code:04d}" for code in KEPT]
OF_2010, OF_2018 = ["0050", "0430", "2860"], ["0051", "0440", "2861"]


@pytest.mark.parametrize(("codes", "system"), [(OF_2010[:1], "census2010"), (OF_2018[:1], "census2018")])
@pytest.mark.parametrize("name", ["OCCP", "occ"])
def test_a_code_of_one_edition_of_the_census_tells_which(call, tmp_path, codes, system, name):
    rows = "".join(f"{code},1\n" for code in [*IN_BOTH, *codes])
    call("score", write(tmp_path / "r.csv", f"{name},PWGTP\n{rows}"), "--out", tmp_path / "o")
    understood = json.loads((tmp_path / "o" / "intake.json").read_text(encoding="utf-8"))["understood"]
    assert understood["taxonomy"] == system
    assert any(f"alone, such as {codes[0]!r}" in note for note in understood["notes"])


def test_two_editions_of_the_census_in_one_column_are_asked_about(call, tmp_path):
    rows = "".join(f"{code},1\n" for code in [*IN_BOTH * 3, "0050", "0051"])
    path = write(tmp_path / "r.csv", f"OCCP,PWGTP\n{rows}")
    text = refused(call("score", path, "--out", tmp_path / "o"))
    assert "two editions of the US Census" in text
    assert "1 values exist in US Census 2010 alone, such as '0050'" in text
    assert "Keep the years apart" in text
    many = "".join(f"{code},1\n" for code in [*IN_BOTH, *OF_2010, *OF_2018])
    text = refused(call("score", write(path, f"OCCP,PWGTP\n{many}"), "--out", tmp_path / "o"))
    assert "Keep the years apart" in text
    done = call("score", path, "--out", tmp_path / "o", "--taxonomy", "census2018")
    assert done.exit_code == 0


def test_codes_that_both_editions_share_score_the_same_in_both(call, tmp_path):
    rows = "".join(f"{code},1\n" for code in IN_BOTH)
    path = write(tmp_path / "r.csv", f"OCCP,PWGTP\n{rows}")
    headlines = []
    for asked in ((), ("--taxonomy", "census2010"), ("--taxonomy", "census2018")):
        call("score", path, "--out", tmp_path / "o", "--force", *asked)
        headlines.append(json.loads((tmp_path / "o" / "intake.json").read_text(encoding="utf-8"))["national"])
    assert headlines[0] == headlines[1] == headlines[2]


def test_polish_vacancies_in_kzis_are_read_as_isco(call, originals, tmp_path):
    """4,838 vacancies with six digits of KZiS: the first four are ISCO-08, and the titles agree."""
    table = pd.read_csv(originals / "titles" / "dev" / "pl_vacancies_10k_hand_coded_half.csv", dtype=str)
    table[["job_title", "kzis6"]].to_csv(tmp_path / "r.csv", index=False)
    done = call("score", tmp_path / "r.csv", "--out", tmp_path / "o", "--json", tmp_path / "j")
    assert done.exit_code == 0
    document = json.loads((tmp_path / "j").read_text(encoding="utf-8"))
    notes = " ".join(document["understood"]["notes"])
    assert document["understood"]["taxonomy"] == "isco08"
    assert "by their first 4 digits" in notes
    assert "agree with the code beside them" in notes
    assert document["national"]["coverage"] > 0.97
