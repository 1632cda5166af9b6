"""Indexes compared: known correlations are found, chance is not taken for an axis."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from occurisk.errors import RegistryError
from occurisk.labour_market.comparison.indexes import compare_indexes


@pytest.fixture(scope="module")
def made():
    rng = np.random.default_rng(3)
    desk, hands = rng.normal(size=(2, 300))
    noise = rng.normal(0, 1, size=(4, 300)) * [[0.2], [0.2], [0.7], [0.7]]  # two axes of unequal strength
    table = pd.DataFrame(
        {"a": desk + noise[0], "b": desk + noise[1], "c": hands + noise[2], "d": -hands + noise[3]},
        index=[f"{11 + i // 10}-{i:04d}" for i in range(300)],
    )
    return table, compare_indexes(table, pd.Series(1.0, table.index), draws=100, shuffles=50)


def test_a_rank_correlation_is_scipys_and_inside_its_interval(made):
    table, found = made
    for row in found.correlations.itertuples():
        assert row.rho == pytest.approx(spearmanr(table[row.first], table[row.second]).statistic)
        assert row.lower < row.rho < row.upper
        assert row.rho_jobs == pytest.approx(row.rho)  # equal jobs weigh alike


def test_two_causes_are_two_axes_and_noise_is_none(made):
    _, found = made
    assert found.axes["kept"].sum() == 2
    kept = found.axes[found.axes["kept"]]
    strongest = {
        frozenset(kept.columns[3:][np.abs(row[3:].to_numpy(float)) > 0.5]) for _, row in kept.iterrows()
    }
    assert strongest == {frozenset("ab"), frozenset("cd")}
    assert found.axes["eigenvalue"].sum() == pytest.approx(4)


def test_independent_columns_have_no_axis():
    table = pd.DataFrame(np.random.default_rng(0).random((200, 5)), columns=list("abcde"))
    assert compare_indexes(table, pd.Series(1.0, table.index), 20, 50).axes["kept"].sum() <= 1


def test_jobs_decide_where_they_are():
    """Among the large occupations the two agree, among the small they do not."""
    n = 60
    table = pd.DataFrame({"a": np.arange(n), "b": np.r_[np.arange(30), np.arange(30)[::-1] + 30]})
    jobs = pd.Series(np.r_[np.full(30, 1.0), np.zeros(30)])
    row = compare_indexes(table, jobs, 50, 10).correlations.iloc[0]
    assert row["rho_jobs"] == pytest.approx(1.0)
    assert row["rho"] < 0.95


def test_what_two_indexes_lack_is_left_out_and_too_little_is_refused(made):
    table, _ = made
    gaps = table.assign(a=table["a"].where(np.arange(300) < 40))
    found = compare_indexes(gaps, pd.Series(1.0, table.index), 20, 10)
    assert found.correlations.set_index(["first", "second"]).loc[("a", "b"), "occupations"] == 40
    assert found.complete == 40
    with pytest.raises(RegistryError, match="share 20 occupations"):
        compare_indexes(table.assign(a=table["a"].where(np.arange(300) < 20)), pd.Series(1.0, table.index))
    with pytest.raises(RegistryError, match="one index alone"):
        compare_indexes(table[["a"]], pd.Series(1.0, table.index))


def test_the_largest_disagreements_come_from_both_ends(made):
    found = made[1].disagreements("a", "c", count=3)
    assert len(found) == 6
    assert (found["gap"].iloc[:3] > 0.5).all() and (found["gap"].iloc[3:] < -0.5).all()
