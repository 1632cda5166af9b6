"""`occurisk score` as its users meet it: what is printed, when, and with which exit code."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from helpers.registries import scored, write
from helpers.trained import default_bundle, models_dir
from occurisk.cli import main
from occurisk.cli.console import printable
from occurisk.cli.score import score
from occurisk.labour_market.scored_market import find_folder, read_market
from occurisk.labour_market.summary import scored_with
from occurisk.tracking.scoring_run import explain_scored

LIST = "soc,jobs\n43-9021,5\n11-1011,3\n99-9999,7\n"
NAMED = ("--code-column", "soc", "--taxonomy", "soc2010")


@pytest.fixture
def jobs(tmp_path):
    default_bundle()
    return write(tmp_path / "jobs.csv", LIST)


def table(path):
    """A written file, whichever its format."""
    if path.suffix == ".xlsx":
        read = pd.read_excel(path, engine="calamine")
    else:
        read = pd.read_csv(path) if path.suffix == ".csv" else pd.read_parquet(path)
    return read.pipe(lambda t: t.astype({n: str for n in t if t[n].dtype != float}))


def run(capsys, *arguments):
    """Run the command as the terminal does; return exit code, output, errors."""
    with pytest.raises(SystemExit) as ended:
        main(["score", *map(str, arguments), "--no-track", "--models-dir", str(models_dir())])
    printed = capsys.readouterr()
    return ended.value.code, printed.out, printed.err


def test_less_than_was_asked_for_is_an_exit_code_of_its_own_also_for_machines(jobs, tmp_path, capsys):
    figures = tmp_path / "figures.json"
    code, text, errors = run(
        capsys, jobs, "--out", tmp_path / "out", *NAMED, "--min-coverage", "0.9", "--json", figures
    )
    assert code == 13
    assert "53.3% of the counted weight is scored, less than --min-coverage 90.0%" in errors
    assert f"Scored    {tmp_path / 'out' / 'scored.csv'}" in text
    document = json.loads(figures.read_text(encoding="utf-8"))
    assert (document["status"], document["exit_code"]) == ("too little scored", 13)
    assert document["national"]["coverage"] == pytest.approx(8 / 15)
    code, _, errors = run(
        capsys, jobs, "--out", tmp_path / "b", *NAMED, "--min-coverage", "0.5", "--json", figures
    )
    assert (code, errors) == (0, "")
    assert json.loads(figures.read_text(encoding="utf-8"))["exit_code"] == 0


def test_nothing_scored_is_an_exit_code_of_its_own(tmp_path, capsys):
    path = write(tmp_path / "jobs.csv", "soc,jobs\n99-9998,3\n99-9999,2\n")
    code, text, errors = run(capsys, path, "--out", tmp_path / "out", *NAMED)
    assert code == 13
    assert "None of the 2 rows could be scored" in errors
    assert "Nothing could be scored" in text
    assert (tmp_path / "out" / "unscored.csv").is_file()


def test_a_closed_pipe_loses_nothing(jobs, tmp_path):
    command = [
        sys.executable, "-m", "occurisk", "score", jobs, "--out", tmp_path / "out", *NAMED, "--no-track",
        "--json", tmp_path / "figures.json", "--models-dir", models_dir(),
    ]  # fmt: skip
    with subprocess.Popen(
        [str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as running:
        running.stdout.close()  # before anything is printed
        errors = running.stderr.read()
        assert running.wait() == 0
    assert errors == b""
    assert (tmp_path / "figures.json").is_file()
    assert (tmp_path / "out" / "intake.json").is_file()


def test_nothing_in_a_list_reaches_the_terminal_raw(tmp_path):
    default_bundle()
    path = write(tmp_path / "jobs.csv", "soc,jobs\n43-9021,5\n\x1b]0;owned\x1b[31mred,7\n")
    arguments = [path, "--out", tmp_path / "out", *NAMED, "--no-track", "--models-dir", models_dir()]
    got = CliRunner().invoke(score, [str(part) for part in arguments], catch_exceptions=False)
    assert got.exit_code == 0
    assert "\x1b" not in got.output
    assert "\N{SYMBOL FOR ESCAPE}[31mred" in got.output


def test_an_error_that_quotes_a_list_is_harmless_too(tmp_path, capsys):
    path = write(tmp_path / "jobs.csv", "\x1b[31mred,jobs\nx,5\n")
    code, _, errors = run(capsys, path, "--out", tmp_path / "out", "--code-column", "no such")
    assert code == 10
    assert "\x1b" not in errors


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\tb\nc", "a\tb\nc"),
        ("\x1b[2J", "␛[2J"),
        ("\x9b2J", "\ufffd2J"),
        ("a\u202eb", "a\ufffdb"),
        ("ё", "ё"),
    ],
)
def test_what_a_terminal_acts_upon_is_shown_instead(text, shown):
    assert printable(text) == shown


def test_the_figures_printed_are_those_of_the_file_and_of_the_national_page(jobs, tmp_path, capsys):
    from occurisk.cli.national import national

    _, text, _ = run(capsys, jobs, "--out", tmp_path / "out", *NAMED)
    document = json.loads((tmp_path / "out" / "intake.json").read_text(encoding="utf-8"))["national"]
    assert f"High {document['share_high']:.1%}" in text
    arguments = [
        str(tmp_path / "out"),
        "--no-track",
        "--json",
        str(tmp_path / "n.json"),
        "--models-dir",
        str(models_dir()),
    ]
    CliRunner(env={"COLUMNS": "160"}).invoke(national, arguments, catch_exceptions=False)
    page = json.loads((tmp_path / "n.json").read_text(encoding="utf-8"))["figures"]
    for name in ("share_high", "share_high_lower", "share_high_upper", "expected", "expected_upper"):
        assert page[name] == pytest.approx(document[name], rel=1e-9), name


@pytest.mark.parametrize("kind", ["csv", "parquet", "excel"])
def test_only_the_columns_asked_for_are_added(jobs, tmp_path, capsys, kind):
    run(capsys, jobs, "--out", tmp_path / "all", *NAMED, "--format", kind)
    code, _, errors = run(
        capsys, jobs, "--out", tmp_path / "some", *NAMED, "--format", kind, "--add", "band, probability,code"
    )
    assert (code, errors) == (0, "")
    suffix = {"csv": "csv", "parquet": "parquet", "excel": "xlsx"}[kind]
    every, some = (table(tmp_path / name / f"scored.{suffix}") for name in ("all", "some"))
    names = ["soc", "jobs", "occurisk_code", "occurisk_probability", "occurisk_band"]
    assert some.columns.tolist() == names
    pd.testing.assert_frame_equal(some, every[names])
    aside = table(tmp_path / "some" / f"unscored.{suffix}").columns.tolist()
    assert aside[:4] == ["soc", "jobs", "occurisk_row", "occurisk_reason"]
    account = json.loads((tmp_path / "some" / "intake.json").read_text(encoding="utf-8"))
    written = {"format": kind, "prefix": "occurisk_", "added": ["code", "probability", "band"]}
    assert account["output"] == {**written, "delimiter": ",", "decimal": "."}


def test_a_column_that_cannot_be_added_is_named_and_nothing_is_written(jobs, tmp_path, capsys):
    code, _, errors = run(capsys, jobs, "--out", tmp_path / "out", *NAMED, "--add", "probability,chance")
    assert code == 10
    assert "'chance'" in errors
    assert "code, title, match" in errors
    assert not (tmp_path / "out").exists()


def test_without_their_codes_rows_cannot_be_added_up_and_the_page_says_so(jobs, tmp_path, capsys):
    run(capsys, jobs, "--out", tmp_path / "out", *NAMED, "--add", "probability,band")
    with pytest.raises(SystemExit):
        main(["national", str(tmp_path / "out"), "--models-dir", str(models_dir())])
    assert "--add code" in capsys.readouterr().err


def test_own_attributes_add_only_what_was_asked_for(tmp_path, capsys):
    sample = default_bundle().attributes.dropna().head(20)
    sample.to_csv(tmp_path / "own.csv", index=False)
    own = ("--attributes", "all", "--attribute-scale", "unit", "--format", "parquet", "--reasons")
    run(capsys, tmp_path / "own.csv", "--out", tmp_path / "all", *own)
    run(capsys, tmp_path / "own.csv", "--out", tmp_path / "some", *own, "--add", "reason_1,probability")
    every, some = (pd.read_parquet(tmp_path / name / "scored.parquet") for name in ("all", "some"))
    names = [*sample.columns, "occurisk_probability", "occurisk_reason_1"]
    pd.testing.assert_frame_equal(some, every[names])


def test_codes_of_the_users_own_and_a_column_name_that_stands_twice_can_be_explained_and_added_up(tmp_path):
    model = default_bundle()
    own = write(tmp_path / "map.csv", "from,to\nA1,43-9021\nB2,11-1011\n")
    path = write(tmp_path / "r.csv", "job,n,n\nA1,5,x\nB2,6,x\n")
    result = scored(path, tmp_path / "out", crosswalk=own, code_column="job")
    explained = explain_scored(result, model)
    assert explained.rows["major"].to_dict() == {"A1": "43", "B2": "11"}
    market = read_market(find_folder(result.out), *scored_with(model, False), model.bands)
    assert market.figures()["coverage"].iloc[0] == 1


RUSSIAN = "код;название;численность\n2411;Бухгалтер, главный;1,5\n4110;Делопроизводитель;2,25\n9999;=1+1;3\n"


@pytest.mark.parametrize(
    ("text", "encoding", "start", "delimiter", "decimal"),
    [
        (RUSSIAN, "cp1251", b"\xef\xbb\xbf", ";", ","),
        (RUSSIAN, "utf-8-sig", b"\xef\xbb\xbf", ";", ","),
        (RUSSIAN.replace(",5", "").replace(",25", ""), "utf-8", "код".encode(), ";", ","),
        (RUSSIAN.replace(",5", ".5").replace(",25", ".25"), "utf-8", "код".encode(), ";", "."),
        (RUSSIAN.replace(";", "\t"), "utf-16", b"\xef\xbb\xbf", "\t", ","),
        (LIST, "utf-8", b"soc", ",", "."),
    ],
)
def test_csv_is_written_as_the_spreadsheet_of_its_owner_reads_it(
    tmp_path, text, encoding, start, delimiter, decimal
):
    path = write(tmp_path / "jobs.csv", text, encoding)
    system = "soc2010" if text == LIST else "isco08"
    result = scored(path, tmp_path / "out", taxonomy=system)
    raw = (tmp_path / "out" / "scored.csv").read_bytes()
    assert raw.startswith(start)
    header, first, *_ = raw.decode("utf-8-sig").splitlines()
    assert header.startswith(
        delimiter.join(text.splitlines()[0].replace("\t", ";").split(";" if system == "isco08" else ","))
    )
    assert header.endswith(f"{delimiter}occurisk_reason_3")
    rows = result.rows
    assert (result.account.output.delimiter, result.account.output.decimal) == (delimiter, decimal)
    probability = rows["occurisk_probability"][0]
    assert decimal in probability
    assert 0 < float(probability.replace(decimal, ".")) < 1
    if system == "isco08":
        assert rows["название"].tolist() == ["Бухгалтер, главный", "Делопроизводитель"]
        assert f'2411{delimiter}"Бухгалтер, главный"{delimiter}1' in first
        assert result.unscored["название"].tolist() == ["'=1+1"]
        assert find_folder(result.out).account == result.account


def test_an_excel_list_written_as_csv_is_offered_as_excel(tmp_path, capsys):
    pd.DataFrame({"soc": ["43-9021", "11-1011"], "jobs": [5, 3]}).to_excel(tmp_path / "j.xlsx", index=False)
    _, text, _ = run(capsys, tmp_path / "j.xlsx", "--out", tmp_path / "a", *NAMED, "--format", "csv")
    assert "--format excel" in text
    _, text, _ = run(capsys, tmp_path / "j.xlsx", "--out", tmp_path / "b", *NAMED)
    assert "--format excel" not in text


def test_no_figure_in_a_file_claims_more_than_the_labels_carry(tmp_path):
    """Every probability of every file: none surer than the rate at which experts err, no interval either."""
    model = default_bundle()
    codes = model.reference.index[model.reference["status"] == "soc2010"]
    registry = write(tmp_path / "all.csv", "soc,jobs\n" + "".join(f"{code},1\n" for code in codes))
    scored(registry, tmp_path / "out")
    out = tmp_path / "out"
    tables = {name: pd.read_csv(out / f"{name}.csv") for name in ("scored", "by_occupation", "lineage")}
    tables["scores"] = pd.read_csv(model.path / "scores.csv")
    rate, often = model.link.rate, np.quantile(model.link.rates, 0.9)
    assert 0.01 < rate < often < 0.1
    for name, found in tables.items():
        p = found["occurisk_probability" if name == "scored" else "probability"]
        assert p.between(rate - 1e-6, 1 - rate + 1e-6).all(), name
        if name != "lineage":
            lower, upper = (found["occurisk_" * (name == "scored") + end] for end in ("lower", "upper"))
            # Experts may err as often as that: no interval ends sooner.
            assert upper.min() > 0.9 * often and lower.max() < 1 - 0.9 * often, name
        # What stands in a file needs no more than six digits.
        assert np.allclose(p, [float(f"{value:.6g}") for value in p], rtol=0, atol=1e-12), name
