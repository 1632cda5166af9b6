"""Label files: the 70 hand labels, and a user's own."""

import pandas as pd
import pytest

from occurisk.errors import LabelError
from occurisk.training_data.attribute_table import load_attributes
from occurisk.training_data.labels import load_labels

CODES = ["11-1011", "11-1021", "11-2011", "11-2021", "43-3011", "43-3021", "43-3031", "43-3051"]
GOOD = [(code, 0 if code.startswith("11") else 1) for code in CODES]


def write(folder, rows, header="code,label"):
    path = folder / "labels.csv"
    path.write_text("\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n")
    return path


def test_the_embedded_file_is_frey_and_osbornes():
    labels = load_labels(known=load_attributes().index)
    # Frey & Osborne 2017: 702 occupations, 70 labelled, 37 of them automatable; telemarketers last.
    assert len(labels.published) == 702
    assert labels.y.value_counts().to_dict() == {1: 37, 0: 33}
    assert (labels.published >= 0.7).sum() == 320
    assert (labels.published < 0.3).sum() == 237
    assert labels.published["41-9041"] == 0.99
    assert labels.published["29-1125"] == 0.0028
    assert labels.table.loc["41-9041", "rank"] == "702"
    assert labels.undecided == ()


def test_seventeen_printed_codes_stand_for_others():
    table = load_labels().table
    repaired = table[table.index != table["soc2010"]]
    assert len(repaired) == 17
    assert (repaired["note"] != "").all()
    assert repaired.loc["29-1111", "soc2010"] == "29-1141 29-1151 29-1161 29-1171"
    spread = load_labels().published_by_soc2010()
    assert spread["29-1061"] == spread["29-1060"] == 0.0042
    assert not spread.index.has_duplicates


def test_alignment_marks_what_is_not_labelled(tmp_path):
    labels = load_labels(write(tmp_path, GOOD))
    y, weight = labels.on(pd.Index(["43-3051", "99-9999", "11-1011"]))
    assert y.tolist()[0] == 1
    assert pd.isna(y.iloc[1])
    assert weight.tolist() == [1, 1, 1]


def test_several_raters_and_their_confidence(tmp_path):
    rows = [(code, label, 1.0, "anna") for code, label in [*GOOD, ("43-4011", 1)]]
    rows += [("11-1011", 0, 0.5, "berik"), ("43-3011", 0, 0.5, "berik"), ("43-3021", 0, 1.0, "berik")]
    labels = load_labels(write(tmp_path, [*rows, ("11-3011", 0, 1, "anna")], "code,label,weight,rater"))
    assert labels.y["11-1011"] == 0
    assert labels.weight["11-1011"] == pytest.approx(0.75)  # both say 0: mean confidence
    assert labels.y["43-3011"] == 1
    # 1.0 for, 0.5 against: mean label 2/3, so 0.75 x |2 x 2/3 - 1|
    assert labels.weight["43-3011"] == pytest.approx(0.25)
    assert labels.undecided == ("43-3021",)
    assert "43-3021" not in labels.y.index


@pytest.mark.parametrize(
    ("rows", "header", "message"),
    [
        ([*GOOD, ("99-9999", 1)], "code,label", "1 of 9 labelled codes.*line 10: '99-9999'"),
        ([*GOOD, GOOD[0]], "code,label", "1 of 9 rows.*repeat a code.*line 10: 11-1011"),
        ([*GOOD[:-1], ("43-3051", 2)], "code,label", "1 of 8 labels.*neither 0 nor 1.*line 9: 43-3051 = '2'"),
        ([*GOOD[:-1], ("43-3051", "yes")], "code,label", "line 9: 43-3051 = 'yes'"),
        (GOOD, "code,lable", "1 of 2 required columns.*label.*found: code, lable"),
        (GOOD[:5], "code,label", "Only 1 occupations are labelled 1"),
        ([(*row, 1.5) for row in GOOD], "code,label,weight", r"8 of 8 weights.*outside \(0, 1\]"),
        ([(*row, 0) for row in GOOD], "code,label,weight", r"8 of 8 weights"),
        ([(*row, 7) for row in GOOD], "code,label,published_probability", "8 of 8 published prob"),
    ],
)
def test_a_wrong_label_file_is_one_clear_error(tmp_path, rows, header, message):
    with pytest.raises(LabelError) as caught:
        load_labels(write(tmp_path, rows, header), known=load_attributes().index)
    assert pd.Series([str(caught.value).replace("\n", " ")]).str.contains(message).all(), caught.value
    assert "Fix:" in str(caught.value)


def test_what_is_no_label_file_is_refused(tmp_path):
    (tmp_path / "binary.csv").write_bytes(b"\x00\xff\xfe\x80" * 50)
    for name in ("binary.csv", "absent.csv"):
        with pytest.raises(LabelError, match=r"Cannot read|required columns"):
            load_labels(tmp_path / name)
