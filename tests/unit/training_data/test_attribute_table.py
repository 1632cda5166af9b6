"""From ratings to X; the table on disk; figures, gaps and agreement of tables."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from occurisk.errors import ReleaseError
from occurisk.training_data.attribute_table import (
    REFERENCE_TABLE,
    average_to_soc,
    build_attributes,
    format_table,
    load_attributes,
    load_occupations,
    read_table,
)
from occurisk.training_data.catalogue import Catalogue, load_catalogue
from occurisk.training_data.onet_ratings import read_onet
from occurisk.training_data.table_report import agreement, figures_per_attribute, soc_basis

CATALOGUE = load_catalogue()
TWO = Catalogue(attributes=(CATALOGUE["originality"], CATALOGUE["cramped_work_space"]))


def ratings(text: str) -> pd.DataFrame:
    rows = [line.split() for line in text.strip().splitlines()]
    frame = pd.DataFrame(rows, columns=["code", "element_id", "scale", "value"])
    return frame.astype({"value": float})


def table(**columns: list[float]) -> pd.DataFrame:
    length = len(next(iter(columns.values())))
    codes = ["11-1011", "11-1021", "13-1011", "15-1111"][:length]
    return pd.DataFrame(columns, index=pd.Index(codes, name="soc"))


def test_attributes_rescale_and_keep_gaps():
    X = build_attributes(
        ratings("""
        29-1141.00  1.A.1.b.2    IM  3
        15-1252.00  1.A.1.b.2    IM  5
        15-1252.00  4.C.2.b.1.e  CX  1
        """),
        CATALOGUE,
    )
    assert list(X.columns) == CATALOGUE.names
    assert X.index.tolist() == ["15-1252", "29-1141"]
    assert X.loc["29-1141", "originality"] == 0.5
    assert X.loc["15-1252", "originality"] == 1.0
    assert X.loc["15-1252", "cramped_work_space"] == 0.0
    assert np.isnan(X.loc["29-1141", "cramped_work_space"])


def test_eight_digits_are_averaged_to_six_over_the_rated_ones():
    figures = average_to_soc(
        ratings("""
        29-1141.00  1.A.1.b.2    IM  3
        29-1141.01  1.A.1.b.2    IM  4
        29-1141.02  1.A.1.b.2    IM  5
        29-1141.02  4.C.2.b.1.e  CX  2
        """),
        TWO,
    )
    assert figures.loc["29-1141"].tolist() == [4.0, 2.0]


def test_other_elements_and_scales_do_not_leak_in():
    X = build_attributes(
        ratings("""
        29-1141.00  1.A.1.b.2  IM  3
        29-1141.00  1.A.1.b.2  LV  7
        29-1141.00  1.A.1.b.1  IM  5
        """),
        TWO,
    )
    assert X.loc["29-1141", "originality"] == 0.5


def test_a_rating_off_its_scale_is_refused_though_the_mean_is_on_it():
    with pytest.raises(ReleaseError) as caught:
        build_attributes(
            ratings("""
            29-1141.00  1.A.1.b.2  IM  6
            29-1141.01  1.A.1.b.2  IM  2
            """),
            TWO,
        )
    assert "1 of 2 ratings lie outside their O*NET scale" in str(caught.value)
    assert "First: 29-1141.00 1.A.1.b.2 IM = 6" in str(caught.value)


def test_a_table_survives_the_disk(tmp_path):
    path = tmp_path / "table.csv"
    whole = table(originality=[1.0, 2.3333, 5.0], cramped_work_space=[np.nan, 1.5, 4.0])
    path.write_text(format_table(whole))
    pd.testing.assert_frame_equal(read_table(path, TWO), whole)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("code,originality\n11-1011,3\n", "1 of 3 columns are missing"),
        ("code,originality,cramped_work_space\n11-1011,3,2\n11-1011,3,2\n", "1 codes stand more than once"),
        ("code,originality,cramped_work_space\n11-1011,3,9\n", "First: 11-1011 cramped_work_space = 9"),
        ("", "Cannot read the attribute table"),
    ],
)
def test_a_broken_table_is_refused(tmp_path, text, words):
    path = tmp_path / "table.csv"
    path.write_text(text)
    with pytest.raises(ReleaseError) as caught:
        read_table(path, TWO)
    assert words in str(caught.value)


def test_the_embedded_table_is_whole():
    X = load_attributes()
    occupations = load_occupations()
    rated = occupations.index[occupations["rated"] == "yes"]
    assert X.shape == (827, 25)
    assert X.index.is_unique
    assert set(X.index) == set(rated)
    # 811 codes of O*NET 20.3, and 16 hybrid codes of Frey & Osborne's list made of their members.
    assert (occupations["status"] == "aggregate").sum() == 17
    assert X.min().min() >= 0
    assert X.max().max() <= 1
    # O*NET rates a few retired codes in part only; no attribute loses more than one occupation in 100.
    assert X.isna().mean().max() < 0.01


def test_figures_and_gaps_are_counted():
    rows = figures_per_attribute(table(originality=[1.0, 3.0, np.nan], cramped_work_space=[np.nan] * 3), TWO)
    assert rows.loc["originality", ["occupations", "gaps"]].tolist() == [2, 1]
    assert rows.loc["originality", ["lowest", "mean", "highest"]].tolist() == [1.0, 2.0, 3.0]
    assert rows.loc["cramped_work_space", ["occupations", "gaps"]].tolist() == [0, 3]
    assert np.isnan(rows.loc["cramped_work_space", "mean"])


def test_agreement_of_a_table_with_itself_is_perfect():
    ours = table(originality=[1.0, 3.0, 5.0, 2.0])
    row = agreement(ours, ours).loc["originality"]
    assert row[["occupations", "identical", "mean_difference", "largest_difference"]].tolist() == [4, 1, 0, 0]
    assert row["correlation"] == pytest.approx(1)


def test_agreement_compares_what_both_have():
    ours = table(originality=[1.0, 3.0, 5.0, np.nan], only_ours=[1.0] * 4)
    theirs = table(originality=[2.0, 2.0, 4.0, 1.0], only_theirs=[1.0] * 4)
    rows = agreement(ours, theirs)
    assert rows.index.tolist() == ["originality"]
    row = rows.loc["originality"]
    assert row["occupations"] == 3
    assert row["correlation"] == pytest.approx(np.corrcoef([1, 3, 5], [2, 2, 4])[0, 1])
    assert row["mean_difference"] == pytest.approx(1 / 3)
    assert row["largest_difference"] == 1
    assert row["identical"] == 0


def test_agreement_without_common_figures_is_unknown():
    row = agreement(table(a=[1.0, np.nan]), table(a=[np.nan, 2.0])).loc["a"]
    assert row["occupations"] == 0
    assert np.isnan(row["correlation"])
    constant = agreement(table(a=[1.0, 1.0, 1.0]), table(a=[1.0, 2.0, 3.0])).loc["a"]
    assert np.isnan(constant["correlation"])


@pytest.mark.parametrize(
    ("codes", "release", "basis", "others"),
    [
        (["29-1141", "15-1132"], None, "SOC 2010", ()),
        (["29-1141", "15-1252"], None, "SOC 2018", ("15-1252",)),
        (["15-1031", "15-1252", "15-1041"], None, "SOC 2000", ("15-1031", "15-1041", "15-1252")),
        # Common codes cannot tell; the release number can.
        (["11-1011"], "30.1", "SOC 2018", ()),
        (["11-1011"], "25.0", "SOC 2010", ()),
        (["11-1011"], "25.1", "SOC 2018", ()),
        (["11-1011"], "15.0", "SOC 2000", ()),
        # The codes go before the number.
        (["15-1252"], "20.3", "SOC 2018", ("15-1252",)),
    ],
)
def test_soc_basis(codes, release, basis, others):
    found = soc_basis(pd.DataFrame(index=pd.Index(codes, name="soc")), release)
    assert (found.name, found.others) == (basis, others)
    assert found.soc2010 == len(codes) - len(others)


@pytest.mark.originals
def test_release_18_1_agrees_with_the_embedded_table(originals: Path):
    # Release 18.1 is of March 2014, the embedded figures of April 2016: O*NET surveyed some 100
    # occupations a year anew, the others must be the same to two decimals.
    released = read_onet(originals / "onet_18_1", CATALOGUE)
    ours = average_to_soc(released, CATALOGUE)
    embedded = read_table(REFERENCE_TABLE, CATALOGUE)
    rows = agreement(ours, embedded)
    print(rows.to_string())
    assert (rows["occupations"] >= 763).all()
    assert (rows["correlation"] > 0.9).sum() >= 16
    assert rows["correlation"].median() > 0.93
    assert rows["correlation"].min() > 0.84
    assert rows["mean_difference"].abs().max() < 0.1

    alone = released.drop_duplicates("code")["code"].str[:7].value_counts()
    single = ours.index.intersection(alone.index[alone == 1]).intersection(embedded.index)
    unchanged = ((ours.loc[single] - embedded.loc[single]).abs() < 0.006).all(axis=1)
    assert len(single) > 650
    assert unchanged.mean() > 0.7


@pytest.mark.originals
@pytest.mark.parametrize(
    ("release", "basis", "foreign"), [("onet_18_1", "SOC 2010", 1), ("onet_30_1", "SOC 2018", 90)]
)
def test_soc_basis_of_real_releases_from_their_codes_alone(originals, release, basis, foreign):
    skills = Catalogue(attributes=(CATALOGUE["negotiation"],))
    found = soc_basis(average_to_soc(read_onet(originals / release, skills), skills))
    assert (found.name, len(found.others)) == (basis, foreign)


@pytest.mark.originals
def test_soc_basis_of_the_taxonomies_of_2006_and_2009(originals):
    for years in ("2006_to_2009", "2009_to_2010"):
        listing = pd.read_excel(
            originals / "crosswalks" / f"onet_{years}_Crosswalk.xlsx",
            header=None,
            dtype=str,
            skiprows=4,
            engine="calamine",
        )
        codes = listing[0].str.strip().str[:7].unique()
        assert soc_basis(pd.DataFrame(index=codes)).name == "SOC 2000"
