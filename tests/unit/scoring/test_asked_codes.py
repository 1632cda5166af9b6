"""Codes that are asked about one by one: told apart as a registry's column is."""

import pytest

from occurisk.errors import CrosswalkError
from occurisk.scoring.asked_codes import lineage_of, read_code, score_asked


@pytest.mark.parametrize(
    ("text", "taxonomy"),
    [
        ("43-9021", "soc2010"),
        ("439021", "soc2010"),
        ("31-1131", "soc2018"),  # is not in SOC 2010
        ("43-9021.00", "onetsoc"),
        ("15-1199.01", "onetsoc"),
        ("4132", "isco08"),  # exists in ISCO-88, too
        ("4113", "isco88"),  # does not exist in ISCO-08
        ("4132-1", "nkrk"),
        ("5820", "census2010"),
        ("1021", "census2018"),  # software developers, who had no code of their own in 2010
        ("OC2_ISCO08_41", "isco08"),
        ("C2411", "isco08"),
    ],
)
def test_the_system_is_the_one_in_which_the_code_exists(text, taxonomy):
    assert read_code(text)[0].taxonomy == taxonomy


def test_what_else_a_code_may_be_is_said(model):
    _, note = lineage_of("4132", model.reference)
    assert "ISCO-08" in note and "ISCO-88" in note
    assert lineage_of("43-9021", model.reference)[1] == ""
    assert lineage_of("4132", model.reference, "isco88")[1] == ""


def test_a_code_of_the_armed_forces_is_not_taken_for_another_systems(model):
    lineage, _ = lineage_of("0110", model.reference)
    assert lineage.system == "isco08" and lineage.codes["kind"].tolist() == ["military"]


def test_codes_of_several_systems_and_titles_are_scored_together(model):
    asked = score_asked(["43-9021", "439021", "4132", "Waitresses"], model)
    assert list(asked.rows.index) == ["43-9021", "4132", "35-3031"]
    own = model.reference.loc["43-9021"]
    assert asked.rows.loc["43-9021", "probability"] == pytest.approx(own["probability"])
    assert asked.rows.loc["43-9021", "label"] == own["label"]
    weights = asked.members.groupby("code")["weight"].sum()
    assert weights.to_numpy() == pytest.approx(1.0)


@pytest.mark.parametrize("text", ["99-9999", "0110", "9999"])
def test_what_has_no_score_is_refused_with_its_reason(text, model):
    with pytest.raises(CrosswalkError, match="1 of 2 codes have no score") as caught:
        score_asked(["43-9021", text], model)
    assert text in str(caught.value)
