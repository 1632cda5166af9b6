"""A survey of persons gives what the table that it was drawn from gives: the answer is known beforehand."""

import numpy as np
import pandas as pd
import pytest

from helpers.registries import scored, totals
from occurisk.paths import FEATURES

pytestmark = pytest.mark.covered_elsewhere

SEED = 1


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """US employment by occupation, as embedded."""
    return pd.read_csv(FEATURES / "reference" / "us_employment.csv", dtype={"soc": str})


@pytest.fixture(scope="module")
def survey(table) -> pd.DataFrame:
    """One to eight persons an occupation, whose weights add up to its jobs; codes as people type them."""
    rng = np.random.default_rng(SEED)
    persons = table.loc[np.repeat(table.index, rng.integers(1, 9, len(table)))].reset_index(drop=True)
    part = rng.random(len(persons))
    persons["weight"] = persons["employment"] * part / part_sums(part, persons["soc"])
    typed = rng.integers(0, 3, len(persons))
    plain, no_dash = persons["soc"], persons["soc"].str.replace("-", "")
    persons["occupation"] = np.select([typed == 0, typed == 1], [plain, no_dash], plain + " ")
    return persons[["occupation", "weight"]].sample(frac=1, random_state=SEED)


def part_sums(part: np.ndarray, groups: pd.Series) -> np.ndarray:
    return pd.Series(part).groupby(groups.to_numpy()).transform("sum").to_numpy()


def test_persons_and_table_give_the_same_national_figures(table, survey, tmp_path):
    refused = pd.DataFrame({"occupation": ["99-9999", "", "55-1011"], "weight": [10.0, 20.0, 30.0]})
    table.to_csv(tmp_path / "table.csv", index=False)
    pd.concat([survey, refused]).to_csv(tmp_path / "survey.csv", index=False)
    of_table = scored(tmp_path / "table.csv", tmp_path / "a")
    of_survey = scored(tmp_path / "survey.csv", tmp_path / "b")
    for statistic in ("share_high", "share_medium", "share_low", "expected"):
        assert of_survey.national[statistic] == pytest.approx(of_table.national[statistic], rel=1e-9)
    found = totals(of_survey)
    assert found["rows_scored"] == len(survey)
    assert found["rows_unscored"] == len(refused)
    assert found["weight_scored"] == pytest.approx(table["employment"].sum())
    assert found["weight_in"] == pytest.approx(table["employment"].sum() + refused["weight"].sum())
