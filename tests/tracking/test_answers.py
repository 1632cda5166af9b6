"""Answers to single questions: the scores of `occurisk score`, or the reason why there is none."""

import pandas as pd
import pytest

from occurisk.errors import RegistryError
from occurisk.scoring.score import score_registry
from occurisk.tracking.serving.answers import answer

FIGURES = ["probability", "lower", "upper"]
WORDS = ["band", "stability", "reason_1", "reason_2", "reason_3"]


def scored(model, table, folder, **how):
    """What `score` writes of a list, read back."""
    table.to_csv(folder / "list.csv", index=False)
    found = score_registry(model, folder / "list.csv", folder / "out", **how).rows
    found = found.rename(columns=lambda name: name.removeprefix("occurisk_")).reset_index(drop=True)
    return found.astype(dict.fromkeys(FIGURES, float))


@pytest.mark.parametrize(
    ("system", "codes"),
    [
        ("isco08", ["4110", "2411", "5223", "9112"]),
        ("soc2010", ["43-9021", "35-3031", "29-1141", "13-2011"]),
        ("onetsoc", ["43-9021.00", "35-3031.00", "29-1141.00", "13-2011.01"]),
    ],
)
def test_a_code_has_the_score_that_a_list_gives_it(model, tmp_path, system, codes):
    expected = scored(model, pd.DataFrame({system: codes, "jobs": 5}), tmp_path)
    for given in ({}, {"system": system}):
        found = answer(model, pd.DataFrame({"code": codes, **given}))
        assert found[FIGURES].to_numpy().tolist() == expected[FIGURES].to_numpy().tolist()
        assert found[WORDS].to_numpy().tolist() == expected[WORDS].astype(str).to_numpy().tolist()
        assert set(found["system"]) == {system} and not found["problem"].any()


def test_attributes_have_the_score_that_a_list_gives_them(model, tmp_path):
    X = model.attributes.dropna().head(4).reset_index(drop=True)
    X.loc[0, X.columns[3]] = float("nan")
    expected = scored(model, X, tmp_path, attributes="all", attribute_scale="unit", reasons=True)
    found = answer(model, X)
    assert found[FIGURES].to_numpy().tolist() == expected[FIGURES].to_numpy().tolist()
    assert found[WORDS].to_numpy().tolist() == expected[WORDS].astype(str).to_numpy().tolist()
    assert set(found["match"]) == {"own attributes"}


def test_what_has_no_score_has_a_reason_and_no_figure(model):
    rows = pd.DataFrame(
        [
            ("0110", "", None, None, "military"),
            ("7777", "", None, None, "unknown code"),
            ("4110", "soc3000", None, None, "unknown system"),
            ("", "", None, None, "no attributes"),
            ("", "", None, 1.5, "attribute outside its scale"),
            ("", "", None, "much", "attribute outside its scale"),
            ("", "", "qwrtzx", None, "undecided title"),
            ("", "isco88", "accountant", None, "system without titles"),
        ],
        columns=["code", "system", "title", "originality", "why"],
        index=list("abcdefgh"),
    )
    found = answer(model, rows)
    assert found["problem"].to_dict() == rows["why"].to_dict()
    assert found[FIGURES].isna().all(axis=None)
    assert (found[[*WORDS, "match"]] == "").all(axis=None)
    assert answer(model, pd.DataFrame({"code": [None]}))["problem"].tolist() == ["missing"]


def test_a_row_is_answered_alone_as_among_others(model):
    rows = pd.DataFrame({
        "code": ["41", "4110", "43-9021", "4110-9", "", "5820"],
        "system": ["", "", "", "", "", "census2010"],
        "title": ["", "", "", "", "бухгалтер", ""],
    })  # fmt: skip
    together = answer(model, rows)
    alone = pd.concat([answer(model, rows.loc[[i]]) for i in rows.index])
    pd.testing.assert_frame_equal(together, alone)
    assert together["system"].tolist() == ["isco08", "isco08", "soc2010", "isco08", "isco08", "census2010"]
    assert together.loc[4, "matched_code"] == "2411" and together.loc[4, "match"] == "title"


def test_a_table_that_asks_nothing_is_refused(model):
    with pytest.raises(RegistryError, match=r"no column that could be scored(.|\n)*its columns: kode"):
        answer(model, pd.DataFrame({"kode": ["4110"]}))
