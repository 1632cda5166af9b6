"""`occurisk explain`: any coding system, on the terminal, as JSON, as pictures, as a page."""

import json

import pytest
from click.testing import CliRunner

from helpers.trained import default_bundle, models_dir
from occurisk.cli import occurisk
from occurisk.errors import CrosswalkError


def run(*arguments, fail=False):
    bundle = default_bundle()  # trains before the command looks for a model
    assert bundle.path.is_relative_to(models_dir())
    result = CliRunner().invoke(
        occurisk, ["explain", *arguments, "--models-dir", str(models_dir())], env={"COLUMNS": "140"}
    )
    if result.exception and not fail:
        raise result.exception
    return result


def test_it_says_how_likely_why_and_what_would_change_it():
    text = run("43-9021").output
    for said in ("Data Entry Keyers", "Raises the susceptibility", "0.70", "Similar work", "hand label 1"):
        assert said in text
    assert "degree of automation today" in text and "not jobs lost" in text


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("43-9021", "43-9021"),
        ("439021", "43-9021"),
        ("43-9021.00", "43-9021"),
        ("4132", "4132"),
        ("4132-1", "4132"),
        ("data entry keyers", "43-9021"),
        ("Waitresses", "35-3031"),
    ],
)
def test_any_coding_system(code, shown, tmp_path):
    path = tmp_path / "x.json"
    run(code, "--json", str(path))
    (record,) = json.loads(path.read_text(encoding="utf-8"))
    assert record["code"].startswith(shown)
    contributions = [value for key, value in record.items() if key.startswith("contribution_")]
    assert record["base"] + sum(contributions) == pytest.approx(record["log_odds"], abs=1e-9)


def test_a_code_of_several_occupations_names_them():
    text = run("2411").output
    assert "Stands for 3 occupations" in text
    assert "Accountants and Auditors" in text and "For its largest member" in text


@pytest.mark.parametrize(
    ("language", "said"), [("ru", "Повышает подверженность"), ("kk", "Бейімділікті арттырады")]
)
def test_it_speaks_three_languages(language, said):
    assert said in run("43-9021", "--lang", language).output


def test_pictures_and_page(tmp_path):
    run("43-9021", "--png", str(tmp_path / "one.png"))
    assert (tmp_path / "one.png").read_bytes()[:4] == b"\x89PNG"
    text = run(
        "43-9021", "35-3031", "--png", str(tmp_path / "all"), "--html", str(tmp_path / "x.html")
    ).output
    names = sorted(path.name for path in (tmp_path / "all").iterdir())
    assert names == ["manifest.explain.json", "waterfall_35-3031.png", "waterfall_43-9021.png"]
    assert "x.html" in text and (tmp_path / "x.html").read_text(encoding="utf-8").startswith(
        "<!doctype html>"
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("99-9999", "1 of 1 codes have no score"),
        ("teachers", "occupations have 'teachers'"),
        ("xyzzy", "0 occupations"),
    ],
)
def test_what_cannot_be_explained_is_said(text, said):
    problem = run(text, fail=True).exception
    assert isinstance(problem, CrosswalkError) and said in str(problem)


def test_the_classifier_of_kazakhstan_may_be_named():
    assert "4132" in run("4132-1", "--system", "nkrk").output
