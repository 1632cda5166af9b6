"""What a user meets of axes: `--axis` of score and explain, and what is said beside a figure."""

import json

import pandas as pd
import pytest
from click.testing import CliRunner

from helpers.trained import default_bundle, exposure_bundle, models_dir
from occurisk.cli import occurisk
from occurisk.errors import RegistryError, SettingsError
from occurisk.model.axes.declaration import load_axes

ISCO = ("--code-column", "code", "--taxonomy", "isco08")
PREFIX = "occurisk_language_models_2023_"


def run(*arguments):
    default_bundle(), exposure_bundle()
    command = [*map(str, arguments), "--models-dir", str(models_dir())]
    result = CliRunner().invoke(occurisk, command, env={"COLUMNS": "140"})
    if result.exception:
        raise result.exception
    return result.output


def score(jobs, out, *more):
    return run("score", jobs, "--out", out, "--no-track", *ISCO, *more)


@pytest.fixture
def jobs(tmp_path):
    path = tmp_path / "jobs.csv"
    path.write_text("code,jobs\n2411,10\n4132,30\n99999,5\n", encoding="utf-8")
    return path


def test_score_adds_a_group_of_columns_and_leaves_the_first_as_it_was(jobs, tmp_path):
    score(jobs, tmp_path / "one")
    text = score(jobs, tmp_path / "all", "--axis", "all")
    one, both = (pd.read_csv(tmp_path / name / "scored.csv", dtype=str) for name in ("one", "all"))
    assert both[one.columns].equals(one)
    added = both.drop(columns=one.columns)
    names = ["probability", "lower", "upper", "band", "stability", "reason_1", "reason_2", "reason_3"]
    assert list(added) == [PREFIX + name for name in names]
    figures = added[[PREFIX + "lower", PREFIX + "probability", PREFIX + "upper"]].astype(float)
    assert (figures.diff(axis=1).iloc[:, 1:] >= 0).all().all()
    # A code of several occupations has their weighted mean.
    lineage = pd.read_csv(tmp_path / "all" / "lineage.csv", dtype={"code": str})
    own = exposure_bundle().reference["probability"]
    mean = (lineage["weight"] * lineage["soc"].map(own)).groupby(lineage["code"]).sum()
    assert figures.set_index(both["code"])[PREFIX + "probability"].to_dict() == pytest.approx(
        mean.to_dict(), rel=1e-4
    )
    for caveat in load_axes()[1].words("en").caveats:
        assert caveat in " ".join(text.split())


def test_chosen_columns_of_an_axis(jobs, tmp_path):
    name = "language_models_2023_probability"
    score(jobs, tmp_path / "out", "--axis", "all", "--add", f"probability,{name}")
    assert list(pd.read_csv(tmp_path / "out" / "scored.csv"))[2:] == [
        "occurisk_probability",
        f"occurisk_{name}",
    ]


@pytest.mark.parametrize("kind", ["parquet", "excel"])
def test_other_formats_carry_the_axis_too(jobs, tmp_path, kind):
    score(jobs, tmp_path / "out", "--axis", "language_models_2023", "--format", kind)
    path = next((tmp_path / "out").glob("scored.*"))
    table = pd.read_parquet(path) if kind == "parquet" else pd.read_excel(path, engine="calamine")
    assert table[PREFIX + "band"].isin(["low", "medium", "high"]).all()


def test_rows_with_attributes_of_their_own_are_scored_by_the_axis_that_is_named(tmp_path):
    bundle = exposure_bundle()
    rows = bundle.attributes.head(6)
    bundle.catalogue.unscale(rows).rename_axis("who").to_csv(tmp_path / "rows.csv")
    text = run(
        "score", tmp_path / "rows.csv", "--attributes", "all", "--axis", "language_models_2023",
        "--out", tmp_path / "out", "--no-track",
    )  # fmt: skip
    got = pd.read_csv(tmp_path / "out" / "scored.csv")
    assert got[PREFIX + "probability"].to_numpy() == pytest.approx(bundle.model.predict(rows), rel=1e-4)
    ends = got[[PREFIX + "lower", PREFIX + "probability", PREFIX + "upper"]]
    assert (ends.diff(axis=1).iloc[:, 1:] > 0).all().all()
    assert "Exposure is not displacement" in text


def test_rows_with_attributes_of_their_own_are_scored_on_one_axis_at_a_time(jobs, tmp_path):
    with pytest.raises(RegistryError, match="one axis at a time"):
        score(jobs, tmp_path / "out", "--axis", "all", "--attributes", "all")


def test_an_unknown_axis_is_refused_before_anything_is_written(jobs, tmp_path):
    with pytest.raises(SettingsError, match="no axis 'robots'"):
        score(jobs, tmp_path / "out", "--axis", "robots")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "Raises the exposure"), ("ru", "Повышает влияние"), ("kk", "Әсерді арттырады")],
)
def test_explain_speaks_of_the_axis(language, said, tmp_path):
    path = tmp_path / "x.json"
    text = run("explain", "43-9021", "--axis", "language_models_2023", "--lang", language, "--json", path)
    assert said in text
    for caveat in load_axes()[1].words(language).caveats:
        assert caveat in text
    (record,) = json.loads(path.read_text(encoding="utf-8"))
    contributions = [value for key, value in record.items() if key.startswith("contribution_")]
    assert record["base"] + sum(contributions) == pytest.approx(record["log_odds"], abs=1e-9)
