"""One guard: what a spreadsheet would run is shown instead."""

import pandas as pd
import pytest

from occurisk.spreadsheets import disarm, disarmed, is_formula, rearm


@pytest.mark.parametrize("text", ["=1+1", "-2+3+cmd|' /C calc'!A0", "@SUM(1)", "+x", "\t=1", "\r=1", "-x"])
def test_what_runs_gets_an_apostrophe(text):
    assert is_formula(text)
    assert disarm(text) == f"'{text}"
    assert rearm(disarm(text)) == text


@pytest.mark.parametrize("text", ["", "-", "-1", "+1.5", "-1,234.5", "1e5", "-12%", "a=1", "'=1", 5, None])
def test_numbers_and_plain_texts_stay(text):
    assert disarm(text) is text
    assert not isinstance(text, str) or text[:1] == "'" or rearm(text) is text


def test_every_part_of_a_table_is_disarmed():
    index = pd.MultiIndex.from_tuples([("=a", "b"), ("c", "@d")], names=["region", "sex"])
    table = pd.DataFrame({"=x": ["=1", "-1"], "n": [1.0, 2.0]}, index=index)
    text = disarmed(table).reset_index().to_csv(index=False)
    assert text == "region,sex,'=x,n\n'=a,b,'=1,1.0\nc,'@d,-1,2.0\n"
    assert disarmed(table.droplevel("sex")).index.tolist() == ["'=a", "c"]
    assert table.columns[0] == "=x"
