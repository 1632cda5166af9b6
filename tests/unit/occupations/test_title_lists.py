"""The figures of the matching on anybody's list, as `benchmarks/titles.py --list` prints them."""

from __future__ import annotations

import sys
from argparse import Namespace

import numpy as np
import pytest

from occurisk.paths import FEATURES


@pytest.fixture
def lists(monkeypatch):
    folder = FEATURES.parent / "benchmarks"
    if not folder.is_dir():
        pytest.skip("benchmarks/ is in a checkout only")
    monkeypatch.syspath_prepend(str(folder))
    import title_lists

    yield title_lists
    for name in ("title_lists", "title_designs"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize(
    ("cell", "system", "codes"),
    [
        ("2512.4; 2514.1", "isco08", ["2512", "2514"]),
        ("C2512", "isco08", ["2512"]),
        ("110", "isco08", ["0110"]),
        ("251201", "isco08", ["2512"]),
        ("15-1132.00", "soc2010", ["15-1132"]),
        ("15-9999", "soc2010", []),
    ],
)
def test_codes_of_a_cell(lists, cell, system, codes):
    assert lists.codes_of(cell, system) == codes


def test_any_of_several_codes_is_right_and_what_nobody_could_code_is_told_apart(lists, tmp_path, capsys):
    path = tmp_path / "coded.csv"
    path.write_text(
        "title,one,other,n\n"
        "Welder,7212,,6\nDentist,3251,2261,3\nКаменщик,7112,,1\nAccountant,2250,,2\nzorbly,,,1\nмастер,,,1\n"
    )
    chosen = Namespace(
        list=path, where=None, title="title", code="one,other", cases="n", system="isco08", learn=None
    )
    lists.run(chosen, {})
    said = capsys.readouterr().out
    assert "| 4 titles with a code |" in said
    assert "| 75.0 / 75.0 / 100.0" in said  # 2250 and 2411 share their first digit alone
    assert "| 83.3 / 83.3 / 100.0 |" in said  # 10 of 12 cases
    assert "answered of 2 titles that nobody could code, % (with a code / with a code or group) | 0.0" in said


def test_a_column_that_is_not_there_is_named_before_anything_is_built(lists, tmp_path):
    path = tmp_path / "coded.csv"
    path.write_text("title,code\nWelder,7212\n")
    chosen = Namespace(list=path, where=None, title="titel", code="code", cases=None, learn="polish")
    with pytest.raises(SystemExit, match=r"no column \['titel'\]; it has \['title', 'code'\]"):
        lists.run(chosen, {})


def test_what_can_be_answered_at_a_precision(lists):
    stated, right = np.array([0.9, 0.8, 0.7, 0.6, 0.5]), np.array([1, 1, 1, 0, 0.0])
    assert lists.answerable(stated, right, 0.75) == 80
    assert lists.answerable(stated, right, 0.99) == 60
