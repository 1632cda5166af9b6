"""`occurisk features`: what it writes, what it says, how it ends."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from helpers.contracts import kept
from helpers.releases import RATINGS, write_text_release, zip_release
from occurisk.cli import main
from occurisk.cli.features import features
from occurisk.errors import CatalogueError, OutputError, ReleaseError
from occurisk.training_data.attribute_table import read_table
from occurisk.training_data.catalogue import load_catalogue

MINE = """
- name: originality
  element_id: 1.A.1.b.2
  scale: IM
  range: [1, 5]
  group: creative_intelligence
  source: mine
- name: fine_arts_level
  element_id: 2.C.7.c
  scale: LV
  range: [0, 7]
  group: creative_intelligence
  source: mine
- name: negotiation
  element_id: 2.B.1.d
  scale: IM
  range: [1, 5]
  group: social_intelligence
  source: mine
"""


@pytest.fixture
def release(tmp_path: Path) -> Path:
    return zip_release(tmp_path / "db_20_3.zip", write_text_release(tmp_path / "unpacked"), "db_20_3")


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(MINE)
    return path


def run(*arguments: str | Path) -> str:
    result = CliRunner().invoke(features, [str(a) for a in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def fails(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str]:
    """Exit code and message of the whole command line."""
    with pytest.raises(SystemExit) as ended:
        main(["features", *(str(a) for a in arguments)])
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    assert captured.out == ""
    return int(str(ended.value.code)), captured.err


def test_build_writes_the_table_of_my_catalogue(release, mine, tmp_path):
    out, report = tmp_path / "table.csv", tmp_path / "report.json"
    said = run("build", "--onet", release, "--catalogue", mine, "--out", out, "--json", report)

    table = pd.read_csv(out, dtype={"code": str}).set_index("code")
    assert list(table.columns) == ["originality", "fine_arts_level", "negotiation"]
    assert table.index.tolist() == ["15-1132", "29-1141"]
    assert table["originality"].tolist() == [5.0, 3.5]
    # Suppressed for one, not relevant (so the lowest level) for the other.
    np.testing.assert_equal(table["fine_arts_level"].to_numpy(), [np.nan, 0.0])
    assert table["negotiation"].isna().all()

    assert "O*NET 20.3" in said
    assert "1 attribute has no figure: Skills.txt has no 2.B.1.d on scale IM (negotiation)." in said
    assert "1 of 2 occupations are incomplete for the other attributes" in said
    assert "The codes are SOC 2010: 2 of 2" in said
    assert said.splitlines()[-2] == f"Wrote {out}: 2 occupations × 3 attributes, on O*NET's scales."

    document = kept("features_build", report)
    assert document["release"]["number"] == "20.3"
    assert document["soc"]["name"] == "SOC 2010"
    assert (document["occupations"], document["incomplete_occupations"]) == (2, 2)
    knowledge = next(tally for tally in document["files"] if tally["name"] == "Knowledge.txt")
    assert (knowledge["wanted"], knowledge["suppressed"], knowledge["not_relevant"]) == (2, 1, 1)
    negotiation = document["attributes"][2]
    assert (negotiation["occupations"], negotiation["gaps"], negotiation["mean"]) == (0, 2, None)
    assert "has no 2.B.1.d" in negotiation["missing"]


def test_what_a_release_prints_of_its_precision_is_kept(release, mine, tmp_path, capsys):
    said = dict(RATINGS)
    for old, new in (
        ("IM 3.00", "IM 3.00 e0.30"),
        ("IM 4.00", "IM 4.00 e0.40"),
        ("LV 2.00 S", "LV 2.00 S e0.70"),
    ):
        said = {name: text.replace(old, new) for name, text in said.items()}
    folder = write_text_release(tmp_path / "sure", said)
    out = tmp_path / "sure.csv"
    assert "1 of 4 means have a standard error" in run(
        "build", "--onet", folder, "--catalogue", mine, "--out", out
    )
    table = pd.read_csv(tmp_path / "sure.errors.csv", dtype={"code": str}).set_index(["code", "attribute"])
    nurse = table.loc[("29-1141", "originality")]  # of two O*NET-SOC codes
    assert (nurse["ratings"], nurse["raters"], nurse["suppressed"]) == (2, 40, 0)
    assert nurse["standard_error"] == pytest.approx(np.hypot(0.3, 0.4) / 2)
    dropped = table.loc[("15-1132", "fine_arts_level")]
    assert (dropped["ratings"], dropped["suppressed"]) == (0, 1) and np.isnan(dropped["standard_error"])
    out.unlink()
    code, message = fails(capsys, "build", "--onet", folder, "--catalogue", mine, "--out", out)
    assert code == OutputError.exit_code and "sure.errors.csv exists already" in message
    assert "prints no standard errors" in run(
        "build", "--onet", release, "--catalogue", mine, "--out", out, "--force"
    )
    assert out.is_file() and not (tmp_path / "sure.errors.csv").exists()


def test_build_goes_into_the_working_directory_and_never_over_a_file(
    release, mine, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    run("build", "--onet", release, "--catalogue", mine)
    before = (tmp_path / "task_attributes.csv").read_bytes()
    code, message = fails(capsys, "build", "--onet", release, "--catalogue", mine)
    assert code == OutputError.exit_code
    assert "task_attributes.csv exists already" in message
    (tmp_path / "task_attributes.csv").write_text("old")
    run("build", "--onet", release, "--catalogue", mine, "--force")
    assert (tmp_path / "task_attributes.csv").read_bytes() == before


def test_build_drops_not_relevant_levels_if_told_so(release, mine, tmp_path):
    out = tmp_path / "table.csv"
    run("build", "--onet", release, "--catalogue", mine, "--out", out, "--not-relevant", "drop")
    assert pd.read_csv(out)["fine_arts_level"].isna().all()


def test_build_recodes_to_soc_2010(tmp_path, mine):
    # 2018's Software Developers take in two occupations of 2010, applications and systems; 15-1299.05
    # (information security engineers) stands for none.
    rows = """
        15-1252.00 1.A.1.b.2 IM 4
        15-1299.05 1.A.1.b.2 IM 2
        29-1141.00 1.A.1.b.2 IM 3
    """
    release = write_text_release(tmp_path / "db_30_1", {"Abilities": rows})
    out = tmp_path / "table.csv"
    said = run("build", "--onet", release, "--catalogue", mine, "--out", out, "--soc2010")
    figures = pd.read_csv(out).set_index("code")["originality"]
    assert figures.to_dict() == {"15-1132": 4.0, "15-1133": 4.0, "29-1141": 3.0}
    assert (
        "Recoded to SOC 2010: 2 of 3 O*NET-SOC codes. Left out, as they stand for none: 15-1299.05." in said
    )


def test_compare_prints_the_agreement(release, mine, tmp_path):
    first, second, report = tmp_path / "first.csv", tmp_path / "second.csv", tmp_path / "r.json"
    run("build", "--onet", release, "--catalogue", mine, "--out", first)
    said = run(
        *(
            "build",
            "--onet",
            release,
            "--catalogue",
            mine,
            "--out",
            second,
            "--compare",
            first,
            "--json",
            report,
        )
    )
    assert "Agreement with" in said
    rows = {row["attribute"]: row for row in kept("features_build", report)["agreement"]}
    assert (rows["originality"]["occupations"], rows["originality"]["identical"]) == (2, 1.0)
    assert rows["negotiation"]["largest_difference"] is None
    # Against the embedded table only what measures the same is compared, whatever its name.
    said = run(
        "build", "--onet", release, "--catalogue", mine, "--out", second, "--force", "--compare", "embedded"
    )
    assert "fine_arts_level" not in said.split("Agreement with embedded")[1]


def broken(tmp_path: Path, case: str) -> list[str | Path]:
    """Arguments that must be refused."""
    release = write_text_release(tmp_path / "release")
    catalogue = tmp_path / "catalogue.yaml"
    catalogue.write_text(MINE)
    if case == "no release":
        for file in release.iterdir():
            file.unlink()
    elif case == "truncated zip":
        release = zip_release(tmp_path / "db.zip", release, "db")
        release.write_bytes(release.read_bytes()[:-300])
    elif case == "off scale":
        write_text_release(release, RATINGS | {"Abilities": "29-1141.00 1.A.1.b.2 IM 55"})
    elif case == "nothing rated":
        catalogue.write_text(MINE.replace("1.A.1.b.2", "1.A.1.b.9").replace("2.C.7.c", "2.C.7.z"))
    elif case == "unknown key":
        catalogue.write_text(MINE + "  colour: red\n")
    elif case == "bad sign":
        catalogue.write_text(MINE + "  sign: 3\n")
    elif case == "duplicate name":
        catalogue.write_text(MINE.replace("fine_arts_level", "originality"))
    elif case == "not a list":
        catalogue.write_text("name: originality\n")
    elif case == "broken YAML":
        catalogue.write_text("- name: [\n")
    return ["--onet", release, "--catalogue", catalogue]


@pytest.mark.parametrize(
    ("case", "error", "words"),
    [
        ("no release", ReleaseError, "is not an O*NET release"),
        ("truncated zip", ReleaseError, "Cannot read"),
        ("off scale", ReleaseError, "First: 29-1141.00 1.A.1.b.2 IM = 55"),
        ("nothing rated", ReleaseError, "None of the 3 attributes of the catalogue has a rating"),
        ("unknown key", CatalogueError, "item 3 (negotiation), colour"),
        ("bad sign", CatalogueError, "item 3 (negotiation), sign"),
        ("duplicate name", CatalogueError, "First: originality"),
        ("not a list", CatalogueError, "is not a list of attributes"),
        ("broken YAML", CatalogueError, "is not valid YAML"),
    ],
)
def test_what_cannot_be_built_says_why_and_leaves_nothing(tmp_path, capsys, case, error, words):
    arguments = broken(tmp_path, case)
    before = sorted(tmp_path.rglob("*"))
    code, message = fails(capsys, "build", *arguments, "--out", tmp_path / "out" / "table.csv")
    assert code == error.exit_code
    assert words in message
    assert message.startswith("Error: ")
    assert sorted(tmp_path.rglob("*")) == before


def test_a_place_that_cannot_be_written_is_refused(release, mine, tmp_path, capsys):
    (tmp_path / "file").write_text("in the way")
    arguments = ["build", "--onet", release, "--catalogue", mine, "--out", tmp_path / "file" / "table.csv"]
    with pytest.raises(SystemExit) as ended:
        main(["features", *(str(a) for a in arguments)])
    assert ended.value.code == OutputError.exit_code
    assert "Cannot write" in capsys.readouterr().err


def test_compare_with_what_is_no_table_is_refused(release, mine, tmp_path, capsys):
    (tmp_path / "other.csv").write_text("code,colour\n11-1011,red\n")
    common = ["build", "--onet", release, "--catalogue", mine, "--out", tmp_path / "o.csv", "--compare"]
    code, message = fails(capsys, *common, tmp_path / "other.csv")
    assert (code, "has none of the 3 attributes" in message) == (ReleaseError.exit_code, True)
    code, message = fails(capsys, *common, tmp_path / "none.csv")
    assert (code, "Cannot read the attribute table" in message) == (ReleaseError.exit_code, True)


@pytest.mark.originals
def test_release_18_1_end_to_end(originals, tmp_path):
    out, report = tmp_path / "table.csv", tmp_path / "report.json"
    said = run(
        *("build", "--onet", originals / "onet_18_1", "--out", out, "--json", report, "--compare", "embedded")
    )
    table = read_table(out, load_catalogue())
    assert table.shape == (764, 25)
    document = kept("features_build", report)
    assert document["release"]["number"] == "18.1"
    assert document["soc"] | {"others": []} == {
        "name": "SOC 2010",
        "codes": 764,
        "soc2010": 763,
        "others": [],
    }
    assert document["incomplete_occupations"] == 1
    assert document["absent_tables"] == []
    correlations = [row["correlation"] for row in document["agreement"]]
    assert sum(r > 0.9 for r in correlations) >= 16
    assert f"Correlation above 0.9 for {sum(r > 0.9 for r in correlations)} of 25 attributes" in said
    # The first figure of the file, by hand: 11-1011 is the mean of 11-1011.00 and 11-1011.03.
    raw = pd.read_csv(originals / "onet_18_1" / "Abilities.txt", sep="\t")
    chiefs = raw[raw["O*NET-SOC Code"].str.startswith("11-1011.") & (raw["Element ID"] == "1.A.1.b.2")]
    assert len(chiefs) == 2
    assert table.loc["11-1011", "originality"] == pytest.approx(chiefs["Data Value"].mean())


@pytest.mark.originals
def test_partial_release_30_1_builds_what_it_can(originals, tmp_path):
    out = tmp_path / "table.csv"
    said = run("build", "--onet", originals / "onet_30_1", "--out", out)
    table = read_table(out, load_catalogue())
    rated = {"fine_arts", "social_perceptiveness", "negotiation", "persuasion"}
    assert set(table.columns[table.notna().any()]) == rated
    assert len(table) == 774
    for lacking in (
        "4 attributes have no figure: the release has no Abilities",
        "8 attributes",
        "9 attributes",
    ):
        assert lacking in said
    assert "The codes are SOC 2018: 684 of 774 are SOC 2010 occupations too." in said
