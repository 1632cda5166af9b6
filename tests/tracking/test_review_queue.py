"""The review queue: what is asked, as MLflow keeps it, and that answers come home."""

import math

import mlflow
import pandas as pd
import pytest

from helpers.explained import reference_explained, small_explained
from occurisk.errors import ReviewError
from occurisk.explanation.review_items import MOST_CHARACTERS, choose, questions
from occurisk.explanation.verdicts import krippendorff_alpha
from occurisk.tracking.reviewing.queue import available, check_reviewers

QUIET = pytest.mark.filterwarnings("ignore")


def test_krippendorffs_alpha_is_that_of_his_own_example():
    """Krippendorff (2011), four observers, twelve units, nominal: 0.743."""
    table = [
        "1 2 3 3 2 1 4 1 2 . . .",
        "1 2 3 3 2 2 4 1 2 5 . 3",
        ". 3 3 3 2 3 4 2 2 5 1 .",
        "1 2 3 3 2 4 4 1 2 5 1 .",
    ]
    said = [(unit, v) for row in table for unit, v in enumerate(row.split()) if v != "."]
    units, values = zip(*said, strict=True)
    assert krippendorff_alpha(pd.Series(units), pd.Series(values)) == pytest.approx(0.743, abs=5e-4)
    assert math.isnan(krippendorff_alpha(pd.Series(["a"]), pd.Series(["agree"])))


def test_those_are_asked_about_whose_verdict_matters():
    rows = pd.DataFrame(
        {
            "probability": [0.7, 0.99, 0.7, 0.5, 0.01],
            "weight": [10.0, 10.0, 10.0, 10.0, 1000.0],
            "stability": [
                "robustly high",
                "robustly high",
                "model-dependent",
                "robustly medium",
                "robustly low",
            ],
        },
        index=list("abcde"),
    )
    # One in four for its size (e); then the model-dependent one at the limit, then the other at the limit.
    assert choose(rows, 4, 0.7, 0.3).tolist() == ["c", "a", "d", "e"]
    assert sorted(choose(rows, 40, 0.7, 0.3)) == list("abcde")


@pytest.mark.parametrize("language", ["en", "ru", "kk"])
def test_an_item_fits_what_mlflow_shows(language):
    explained = reference_explained()
    asked = questions(explained, explained.rows.index[:60], language, "#/report")
    assert asked["answer"].str.len().max() <= MOST_CHARACTERS
    assert asked["answer"].str.contains("#/report", regex=False).all()


def test_a_title_is_text_not_markdown():
    asked = questions(small_explained(_43_9021="<b>x</b> *y*\n# z"), pd.Index(["43-9021"]), "en")
    assert "<b>" not in asked["answer"].iloc[0] and "\n# z" not in asked["answer"].iloc[0]


def test_an_unknown_mlflow_is_refused_and_names_are_checked():
    assert available(mlflow.__version__) and not available("4.0.1") and not available("3.13.0")
    assert check_reviewers("ann, bob") == ["ann", "bob"]
    with pytest.raises(ReviewError, match="default"):
        check_reviewers("Default")
