"""O*NET's ratings are off: what that does to intervals, and where it is said."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from helpers.commands import run
from helpers.registries import write
from helpers.trained import default_bundle
from occurisk.errors import ReleaseError
from occurisk.model.bundles.bundle import load_bundle
from occurisk.model.bundles.rating_error import drawn_with_rating_error, effect, with_rating_error
from occurisk.model.training import load_data, train
from occurisk.scoring.code_scores import Scores
from occurisk.training_data.attribute_table import REFERENCE_TABLE, errors_beside, load_rating_errors
from occurisk.training_data.catalogue import Catalogue, load_catalogue


@pytest.fixture(scope="module")
def pair():
    return default_bundle(), with_rating_error(default_bundle())


def test_scores_bands_and_ranks_stay_and_intervals_grow(pair):
    plain, wider = pair
    same = ["probability", "band", "rank", "reason_1"]
    pd.testing.assert_frame_equal(plain.reference[same], wider.reference[same])
    before, after = (one.reference["upper"] - one.reference["lower"] for one in pair)
    assert after.median() > 1.2 * before.median()
    assert (after > before - 0.02).mean() > 0.97
    assert wider.reference["probability"].between(wider.reference["lower"], wider.reference["upper"]).all()
    robust = [(one.reference["stability"] != "model-dependent").mean() for one in pair]
    assert robust[1] < robust[0]
    assert (plain.rating_error, wider.rating_error) == (False, True)
    assert "instead of" in effect(plain, wider)


def test_what_is_made_of_replicas_carries_it(pair):
    """A code of many members, whose ratings err each on its own, gains less than its members."""
    spreads = [one.link.replica_log_odds(one.replicas.to_numpy()).std(axis=1, ddof=1).mean() for one in pair]
    assert spreads[1] > 1.15 * spreads[0]
    assert Scores.of(pair[1]).replicas is pair[1].replicas
    of_mean = [one.replicas.mean().std() for one in pair]
    assert of_mean[1] / of_mean[0] < spreads[1] / spreads[0]


def test_errors_of_a_linear_model_add_their_variance():
    rng = np.random.default_rng(0)
    X, weights = rng.uniform(0.4, 0.6, (300, 2)), np.array([3.0, 4.0])
    drawn = np.zeros((300, 400))
    made = drawn_with_rating_error(lambda x: x @ weights, X, np.array([0.03, 0.04]), drawn)
    assert made.std(axis=1, ddof=1).mean() == pytest.approx(np.hypot(0.09, 0.16), rel=0.02)
    assert abs(made.mean(axis=1)).max() < 1e-12


def test_an_attribute_whose_error_is_not_known_is_refused():
    one = load_catalogue()["originality"].model_copy(update={"name": "other", "element_id": "1.A.9"})
    with pytest.raises(ReleaseError, match="1 of 1 attributes is not known"):
        load_rating_errors(Catalogue(attributes=(one,)), pd.Index(["11-1011"]))


def test_what_a_release_prints_goes_before_what_stands_in():
    catalogue = Catalogue(attributes=(load_catalogue()["originality"],))
    printed = pd.DataFrame({"code": ["11-1011"], "attribute": ["originality"], "standard_error": [0.08]})
    found = load_rating_errors(catalogue, pd.Index(["11-1011", "43-9021"]), printed)["originality"]
    assert found["11-1011"] == pytest.approx(0.02)  # importance runs from 1 to 5
    assert found["43-9021"] == pytest.approx(0.2418 / 4)


def test_a_bundle_keeps_what_the_release_of_its_attributes_prints(tmp_path):
    table = tmp_path / "own.csv"
    shutil.copyfile(REFERENCE_TABLE, table)
    rows = [f"{code},originality,1,0,8,{error}" for code, error in (("11-1011", 0.08), ("43-9021", ""))]
    head = "code,attribute,ratings,suppressed,raters,standard_error"
    errors_beside(table).write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    data = load_data(attributes=table)
    student = data.settings.model.student.model_copy(update={"rounds": 20})
    model = data.settings.model.model_copy(update={"replicas": 20, "student": student})
    settings = data.settings.model_copy(update={"name": "own", "model": model})
    bundle = load_bundle(train(replace(data, settings=settings), tmp_path / "models").bundle.path)
    assert "rating_errors.csv" in bundle.manifest["sha256"]
    found = load_rating_errors(bundle.catalogue, bundle.attributes.index, bundle.rating_errors)
    assert found.loc["11-1011", "originality"] == pytest.approx(0.02)
    assert found.loc["43-9021", "originality"] == found.loc["29-1141", "originality"]
    assert with_rating_error(bundle).rating_error


def test_a_command_says_what_it_did_and_keeps_it(model, tmp_path):
    path = write(tmp_path / "jobs.csv", "soc,jobs\n43-9021,3\n25-2031,2\n")
    arguments = ("--models-dir", model.path.parent, "--no-track")
    figures = {}
    for flag in ([], ["--with-rating-error"]):
        out = tmp_path / f"out{len(flag)}"
        said = " ".join(run("score", path, "--out", out, *flag, *arguments).split())
        assert ("Intervals carry the error of O*NET's ratings" in said) == bool(flag)
        account = json.loads((out / "intake.json").read_text(encoding="utf-8"))
        assert account["model"]["rating_error"] == bool(flag)
        assert ("error of O" in (out / "intake.md").read_text(encoding="utf-8")) == bool(flag)
        table = pd.read_csv(out / "scored.csv").set_index("soc")
        figures[bool(flag)] = table["occurisk_upper"] - table["occurisk_lower"]
    assert figures[True]["25-2031"] > figures[False]["25-2031"]
