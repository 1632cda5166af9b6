"""Two lists compared: the factors add up to the last digit, and each takes what it alone has changed."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from occurisk.errors import LabelError, RegistryError
from occurisk.labour_market.comparison.label_sets import compare_labels
from occurisk.labour_market.comparison.lists import FACTORS, compare_lists
from occurisk.labour_market.comparison.shapley import rounded_to_add_up, shapley


def listed(**codes):
    """code=(weight, value); a value of None: no score."""
    rows = {
        code: {"title": code, "weight": weight, "scored": value is not None, "value": value}
        for code, (weight, value) in codes.items()
    }
    return pd.DataFrame.from_dict(rows, orient="index").astype({"value": float})


BASE = {"a": (50, 1.0), "b": (30, 0.0), "c": (20, 0.5)}


@pytest.mark.parametrize(
    ("change", "factor"),
    [
        ({"a": (20, 1.0), "b": (60, 0.0)}, "composition"),
        ({"a": (50, 0.5)}, "scores"),
        ({"b": (30, None)}, "coverage"),
        ({"d": (100, 1.0)}, "codes"),
    ],
)
def test_a_change_of_one_kind_is_given_to_its_factor_alone(change, factor):
    # A new code also makes the shares of all others smaller, in step: that is no change of composition.
    found = compare_lists(listed(**BASE), listed(**(BASE | change)), "expected")
    others = [abs(value) for name, value in found.factors.items() if name != factor]
    assert abs(found.factors[factor]) > 0.01
    if factor != "codes":
        assert max(others) < 1e-15
    assert sum(found.factors.values()) == pytest.approx(found.change, abs=1e-15)


def test_the_headlines_are_those_of_the_lists():
    after = {"a": (10, 1.0), "b": (30, None), "d": (10, 0.0)}
    found = compare_lists(listed(**BASE), listed(**after), "expected")
    assert (found.before, found.after) == (pytest.approx(0.6), pytest.approx(0.5))


def test_the_same_list_has_not_changed():
    found = compare_lists(listed(**BASE), listed(**BASE), "expected")
    assert found.change == 0
    assert (found.codes[list(FACTORS)] == 0).all().all()


def test_units_of_weight_do_not_matter():
    thousand = {code: (weight / 1000, value) for code, (weight, value) in BASE.items()}
    assert compare_lists(listed(**BASE), listed(**thousand), "expected").change == pytest.approx(0, abs=1e-15)


def test_nothing_in_common_is_refused():
    with pytest.raises(RegistryError, match="No code has jobs and a score in both"):
        compare_lists(listed(a=(1, 0.5)), listed(b=(1, 0.5)), "expected")


cell = st.none() | st.tuples(st.floats(0.1, 100), st.none() | st.floats(0, 1))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(cell, cell), min_size=1, max_size=12))
def test_terms_add_up_whatever_the_lists(cells):
    before = {"x": (5.0, 0.4)} | {f"c{i}": one for i, (one, _) in enumerate(cells) if one}
    after = {"x": (7.0, 0.3)} | {f"c{i}": two for i, (_, two) in enumerate(cells) if two}
    found = compare_lists(listed(**before), listed(**after), "expected")
    known = [(w, v) for w, v in after.values() if v is not None]
    assert found.after == pytest.approx(np.average([v for _, v in known], weights=[w for w, _ in known]))
    assert sum(found.factors.values()) == pytest.approx(found.change, abs=1e-14)
    assert found.codes["change"].sum() == pytest.approx(found.change, abs=1e-14)
    assert found.codes[list(FACTORS)].sum(axis=1).to_numpy() == pytest.approx(
        found.codes["change"].to_numpy()
    )


def test_shapley_of_a_product_shares_the_joint_part_equally():
    figures = {"x": (1.0, 3.0), "y": (1.0, 5.0)}

    def product(changed):
        return np.array([np.prod([pair[name in changed] for name, pair in figures.items()])])

    found = shapley(product, list(figures))
    assert (found["x"][0], found["y"][0]) == (6.0, 8.0)  # 2 + half of 8, 4 + half of 8


def test_rounded_figures_add_up():
    values = [1 / 3, 1 / 3, 1 / 3]
    assert rounded_to_add_up(values, 1.0, 2) == [0.34, 0.33, 0.33]
    assert sum(rounded_to_add_up([-0.126, 0.004, 0.122], 0.0, 2)) == pytest.approx(0)


def test_two_sets_of_labels_agree_as_cohen_counts_it():
    index = [f"{i:02d}" for i in range(40)]
    first = pd.Series(np.repeat([1.0, 0.0], 20), index)
    second = first.copy()
    second.iloc[:5] = 0.0  # 35 of 40 agree; chance: 0.5 * 0.375 + 0.5 * 0.625 = 0.5
    found = compare_labels(first, second)
    assert found.agreement == 0.875
    assert found.kappa == pytest.approx(0.75)
    assert found.difference == -0.125
    assert list(found.largest(5).index) == index[:5]
    assert (found.only_first, found.only_second) == (0, 0)
    with pytest.raises(LabelError, match="share 10 occupations"):
        compare_labels(first[:10], second)
