"""The embedded tables: made anew from the originals, byte for byte; the repairs of printed codes."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from occurisk.errors import ReleaseError
from occurisk.paths import FEATURES
from occurisk.training_data.attribute_table import read_table
from occurisk.training_data.catalogue import WIDE_CATALOGUE, load_catalogue
from reference_tables import occupations as rooms
from reference_tables.__main__ import main
from reference_tables.crosswalks import census2018_to_soc2018

LABELS = FEATURES / "labels" / "frey_osborne_2017.csv"
# The 17 codes on Frey & Osborne's list that are not SOC 2010, and what each stands for.
REPAIRS = {
    "13-1078": "13-1071 13-1075",
    "15-1150": "15-1151 15-1152",
    "15-1179": "15-1122 15-1134 15-1143",
    "15-1799": "15-1199",
    "25-3999": "25-2059 25-3099",
    "29-1060": "29-1061 29-1062 29-1063 29-1064 29-1065 29-1066 29-1067 29-1069",
    "29-1111": "29-1141 29-1151 29-1161 29-1171",
    "29-2037": "29-2034 29-2035",
    "29-2799": "29-2057 29-2092 29-2099",
    "29-9799": "29-9092 29-9099",
    "31-9799": "31-9097 31-9099",
    "39-4831": "11-9061 39-4031",
    "45-2090": "45-2091 45-2092 45-2093 45-2099",
    "47-4799": "47-2231 47-4099",
    "49-9799": "49-9081 49-9099",
    "51-9399": "51-3099 51-9199",
}


@pytest.fixture(scope="module")
def labels() -> pd.DataFrame:
    return pd.read_csv(LABELS, dtype={"code": str, "soc2010": str}, keep_default_na=False).set_index("code")


@pytest.fixture(scope="module")
def structure(originals: Path) -> pd.DataFrame:
    return rooms.soc2010_structure(originals / "crosswalks" / "soc_structure_2010.xls")


@pytest.mark.originals
def test_the_embedded_tables_are_what_the_originals_give(originals, tmp_path):
    written = rooms.make_reference_tables(originals, tmp_path)
    names = {path.relative_to(tmp_path).as_posix() for path in written}
    assert {
        "reference/task_attributes.csv",
        "reference/task_attributes_frey_osborne.csv",
        "reference/occupations.csv",
        "labels/frey_osborne_2017.csv",
    } <= names
    for name in sorted(names):
        assert (tmp_path / name).read_bytes() == (FEATURES / name).read_bytes(), name


def test_the_printed_list_is_whole(labels):
    assert len(labels) == 702
    assert labels.index.is_unique
    hand = labels["label"][labels["label"] != ""]
    assert hand.value_counts().to_dict() == {"1": 37, "0": 33}
    p = labels["published_probability"].astype(float)
    assert ((p >= 0.7).sum(), (p < 0.3).sum()) == (320, 237)
    assert p.min() == 0.0028
    assert p.max() == 0.99


def test_seventeen_codes_are_repaired_each_with_a_note(labels):
    repaired = labels[labels["soc2010"] != labels.index]
    assert len(repaired) == 17
    assert (repaired["note"] != "").all()
    assert repaired["soc2010"].drop("25-1000").to_dict() == REPAIRS
    assert (labels["note"][labels["soc2010"] == labels.index] == "").all()


@pytest.mark.originals
def test_every_repair_holds_against_the_soc_2010_structure(labels, structure):
    detailed = set(structure.index[structure["level"] == "detailed"])
    assert len(detailed) == 840
    for code, members in labels["soc2010"].items():
        assert set(members.split()) <= detailed
        assert (code in detailed) == (members == code)
    # Broad groups and the minor group of teachers stand for all that SOC 2010 puts below them.
    for code, stem in {
        "29-1060": "29-106",
        "15-1150": "15-115",
        "45-2090": "45-209",
        "25-1000": "25-1",
    }.items():
        below = sorted(member for member in detailed if member.startswith(stem))
        assert labels.loc[code, "soc2010"].split() == below
    assert len(labels.loc["25-1000", "soc2010"].split()) == 38


def test_no_soc_2010_occupation_stands_behind_two_printed_codes(labels):
    members = labels["soc2010"].str.split().explode()
    assert members[members.duplicated()].tolist() == []


@pytest.mark.originals
def test_the_printed_titles_are_those_of_the_codes(labels, structure, originals):
    printed = rooms.printed_list(originals / "frey_osborne" / "frey_osborne_2017_appendix.csv")
    plain = labels[labels["soc2010"] == labels.index]
    ours = plain["title"].str.lower().str.replace("[^a-z]", "", regex=True)
    theirs = printed.set_index("code")["printed_title"].str.lower().str.replace("[^a-z]", "", regex=True)
    # The appendix misspells some titles; most are the same to the letter, so the codes are not shifted.
    assert (ours == theirs.reindex(ours.index)).mean() > 0.9


@pytest.mark.originals
def test_a_repair_that_does_not_hold_is_refused(structure, tmp_path, monkeypatch):
    folder = tmp_path / "labels"
    folder.mkdir()
    monkeypatch.setattr(rooms, "FEATURES", tmp_path)
    repairs = folder / "code_repairs.yaml"
    repairs.write_text("- {code: 11-1011, soc2010: [11-1021], note: x}\n")
    with pytest.raises(ReleaseError, match="Code repair 11-1011 does not hold"):
        rooms.code_repairs(structure)
    repairs.write_text("- {code: 29-1060, soc2010: [29-1061, 29-1068], note: x}\n")
    with pytest.raises(ReleaseError, match="First: 29-1068"):
        rooms.code_repairs(structure)


def test_aggregates_are_the_mean_of_their_rated_members():
    table = pd.DataFrame({"a": [1.0, 3.0, 9.0]}, index=["29-9092", "29-9099", "29-9799"])
    members = pd.Series({"29-9799": "29-9092 29-9099 29-0000", "29-9092": ""})
    assert rooms.with_aggregates(table.drop(index="29-9799"), members).loc["29-9799", "a"] == 2.0
    # A hybrid that is there already is left as it is; one without rated members is not made up.
    assert rooms.with_aggregates(table, members).loc["29-9799", "a"] == 9.0
    assert "99-9999" not in rooms.with_aggregates(table, pd.Series({"99-9999": "11-1111"})).index


def test_codes_of_the_census_of_2018_share_all_occupations_of_soc_2018_out():
    codes = pd.read_csv(FEATURES / "crosswalks" / "codes.csv", dtype=str, na_filter=False)
    made = census2018_to_soc2018(codes)
    table = pd.read_csv(FEATURES / "crosswalks" / "census2018_soc2018.csv", dtype=str)
    assert made.reset_index(drop=True).equals(table)
    soc = codes[(codes["system"] == "soc2018") & (codes["level"] == "detailed")]["code"]
    assert sorted(table["soc2018"]) == sorted(soc)  # each once: no job counts twice, none is lost
    held = table.groupby("census2018")["soc2018"].agg(list)
    assert held["1065"] == ["15-1242", "15-1243"]  # 15-124X: what 1105 and 1106 leave
    assert held["8865"] == ["51-9192", "51-9193"]  # 51-919X leaves 51-9199 to 51-91XX
    assert held["8990"] == ["51-9141", "51-9199"]


def test_a_census_code_that_was_kept_from_2010_to_2018_means_the_same_work():
    """The two lists come from different hands, so that a slip in either would show here."""
    old = pd.read_csv(FEATURES / "crosswalks" / "census2010_soc2010.csv", dtype=str)
    new = pd.read_csv(FEATURES / "crosswalks" / "census2018_soc2018.csv", dtype=str)
    new = new.merge(pd.read_csv(FEATURES / "crosswalks" / "soc2010_soc2018.csv", dtype=str), on="soc2018")
    in2010 = old.groupby("census2010")["soc2010"].agg(set)
    in2018 = new.groupby("census2018")["soc2010"].agg(set)
    kept = in2010.index.intersection(in2018.index)
    assert len(kept) == 411
    assert [code for code in kept if in2010[code] != in2018[code]] == []


@pytest.mark.originals
def test_job_zones_are_what_the_original_gives(originals, tmp_path):
    from occurisk.occupations.facts import JOB_ZONES
    from reference_tables.job_zones import make_job_zones

    assert make_job_zones(originals, tmp_path).read_bytes() == JOB_ZONES.read_bytes()


@pytest.mark.originals
def test_rating_errors_are_what_two_releases_give(originals, tmp_path):
    from occurisk.training_data.attribute_table import RATING_ERRORS
    from reference_tables.rating_errors import make_rating_errors

    assert make_rating_errors(originals, tmp_path).read_bytes() == RATING_ERRORS.read_bytes()


def test_the_ratings_of_exposure_stand_for_764_occupations_of_soc_2010():
    table = pd.read_csv(FEATURES / "labels" / "eloundou_2023.csv", dtype={"code": str}).set_index("code")
    assert len(table) == 764
    assert table.index.is_unique
    assert table.to_numpy().min() >= 0
    assert table.to_numpy().max() <= 1
    # How far two raters agree who shared one rubric: the ceiling of any model.
    assert table["label"].corr(table["gpt4"]) ** 2 == pytest.approx(0.78, abs=0.005)
    assert table["label"].corr(table["gpt4"], method="spearman") == pytest.approx(0.910, abs=0.001)


def test_the_wide_set_holds_every_element_once_and_newer_ratings_of_skills():
    wide = load_catalogue(WIDE_CATALOGUE)
    table = read_table(FEATURES / "reference" / "task_attributes_wide.csv", wide)
    assert table.shape == (827, 218)
    # A skill and a knowledge of one name are two elements.
    assert table["mathematics_skill"].corr(table["mathematics_knowledge"]) < 0.95
    narrow = read_table(FEATURES / "reference" / "task_attributes.csv", load_catalogue())
    assert set(narrow) <= set(table)
    # Abilities are the same ratings, skills are of a later release.
    assert (table["originality"] - narrow["originality"]).abs().max() < 0.00501  # two decimals
    changed = (table["negotiation"] - narrow["negotiation"]).abs()
    assert 0.1 < changed.mean() < 0.5


@pytest.mark.slow
@pytest.mark.originals
@pytest.mark.covered_elsewhere
def test_every_embedded_table_is_made_anew(originals, tmp_path, capsys):
    assert main([str(originals), "--out", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    for line in (
        "task_attributes.csv: 827 rows.",
        "frey_osborne_2017.csv: 702 rows.",
        "eloundou_2023.csv: 764 rows.",
    ):
        assert line in said
    for path in tmp_path.rglob("*.csv"):
        assert path.read_bytes() == (FEATURES / path.relative_to(tmp_path)).read_bytes(), path.name


def test_without_the_originals_it_says_which_is_missing(tmp_path, capsys):
    assert main([str(tmp_path), "--out", str(tmp_path / "features")]) == ReleaseError.exit_code
    assert "soc_structure_2010.xls" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
