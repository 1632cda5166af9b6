"""Scenarios: assumptions in, labelled arithmetic out; augmentation beside p."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.trained import default_bundle
from occurisk.errors import SettingsError
from occurisk.labour_market.augmentation import (
    HAZARDS,
    augmentation,
    load_hazards,
    load_worksheet,
    worksheets,
)
from occurisk.labour_market.scenarios import (
    Diffusion,
    Scenario,
    apply,
    by_qualification,
    held_against,
    implied,
    load_scenario,
    presets,
)

STRUCTURE = pd.DataFrame(
    {
        "jobs": [100.0, 300.0, 200.0],
        "share_high": [0.8, 0.5, 0.1],
        "share_high_lower": [0.6, 0.4, 0.0],
        "share_high_upper": [0.9, 0.6, 0.2],
        "expected": [0.7, 0.5, 0.2],
        "expected_lower": [0.6, 0.4, 0.1],
        "expected_upper": [0.8, 0.6, 0.3],
    },
    index=pd.Index(["low", "medium", "high"], name="qualification"),
)  # fmt: skip
PLAIN = {
    "title": "T",
    "note": "n",
    "horizon_years": 10,
    "diffusion": {"years_to_half": 10, "years_10_to_90": 20},
}


@pytest.mark.parametrize("name", presets())
def test_every_preset_is_valid_and_moderate(name):
    scenario = load_scenario(Path(name))
    assert 0 <= scenario.factor <= 1
    assert 0 <= scenario.retrained <= 1


def test_everything_at_once_displaces_what_is_exposed():
    got = apply(load_scenario(Path("everything_at_once")), STRUCTURE)
    assert got.loc["all", "exposed"] == pytest.approx(80 + 150 + 20)
    assert got.loc["all", "displaced"] == pytest.approx(250)
    assert got.loc["low", "exposed_lower"] == pytest.approx(60)


def test_a_scenario_is_the_product_of_its_assumptions():
    scenario = Scenario(
        **PLAIN, relative_wage=0.25, wage_elasticity=0.5, replacement_rate=0.4, annual_exit_rate=0.02,
        retraining_share=0.5,
    )  # fmt: skip
    adopted = (0.5 - 1 / 10) / (1 - 1 / 10)  # half at ten years, a tenth at the start
    assert scenario.adopted == pytest.approx(adopted)
    assert scenario.moderation == pytest.approx(0.5)
    got = apply(scenario, STRUCTURE).loc["medium"]
    assert got["displaced"] == pytest.approx(150 * adopted * 0.5 * 0.4)
    assert got["retraining"] == pytest.approx(got["displaced"] * 0.98**10 * 0.5)


@given(st.floats(0, 30), st.floats(0, 30), st.floats(0, 40), st.floats(0, 40))
def test_adoption_rises_with_time_and_falls_with_lag(half, span, sooner, more):
    curve = Diffusion(years_to_half=half, years_10_to_90=span)
    later = Diffusion(years_to_half=half, years_10_to_90=span, lag_years=5)
    assert curve.share(sooner) <= curve.share(sooner + more) + 1e-12
    assert later.share(sooner) <= curve.share(sooner) + 1e-12
    assert 0 <= curve.share(sooner) <= 1


def test_cheap_labour_only_slows():
    assert Scenario(**PLAIN, relative_wage=2.0, wage_elasticity=1.0, replacement_rate=1).moderation == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("title: x\n", "assumptions break"),
        ("title: x\nnote: y\nhorizon_years: 1\ndiffusion: {years_to_half: 1, years_10_to_90: 1}\n"
         "replacement_rate: 1.5\n", "replacement_rate"),
        ("title: x\nnote: y\nhorizon_years: 1\ndiffusion: {years_to_half: 1, years_10_to_90: 1}\n"
         "replacement_rate: 1\njobs: {skilled: 3}\n", "skilled"),
        ("surprise: 1\n", "surprise|assumptions break"),
    ],
)  # fmt: skip
def test_a_wrong_scenario_is_refused(tmp_path, text, message):
    path = tmp_path / "own.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=message):
        load_scenario(path)


def test_an_unknown_preset_names_the_presets():
    with pytest.raises(SettingsError, match="kazakhstan_2022"):
        load_scenario(Path("no_such"))


def test_the_kazakh_forecast_does_not_follow_from_exposure():
    scenario = load_scenario(Path("kazakhstan_2022"))
    got = apply(scenario, STRUCTURE)
    assert got["jobs"].to_dict() == {"low": 1.5e6, "medium": 5e6, "high": 2e6, "all": 8.5e6}
    needed = implied(scenario, got)
    assert needed["displaced_of_exposed_low"] == pytest.approx(288_400 / (1.5e6 * 0.8))
    assert needed["retrained_of_lost"] == pytest.approx(208_100 / 288_400)
    assert needed["replacement_rate"] > 1


def test_levels_join_to_qualifications_by_scored_jobs():
    levels = pd.DataFrame(
        {
            "jobs": [10.0, 40.0, 60.0], "scored_jobs": [10.0, 40.0, 60.0],
            **{
                f"{s}{e}": [0.9, 0.2, 0.4]
                for s in ("share_high", "expected") for e in ("", "_lower", "_upper")
            },
        },
        index=["1 elementary", "3 technicians", "4 professionals"],
    )  # fmt: skip
    got = by_qualification(levels)
    assert got.index.tolist() == ["low", "high"]
    assert got.loc["high", "share_high"] == pytest.approx((40 * 0.2 + 60 * 0.4) / 100)


def test_augmentation_is_high_only_where_there_is_both_something_to_take_and_skill_left():
    model = default_bundle()
    got = augmentation(model.attributes, model.catalogue, load_hazards()[0])
    assert got.notna().all(axis=None)
    assert ((got >= 0) & (got <= 1)).all(axis=None)
    np.testing.assert_allclose(got["without_hazard"] ** 2, got["kept"] * got["taken"])
    np.testing.assert_allclose(got["augmentation"] ** 2, got["kept"] * got[["taken", "hazard"]].max(axis=1))
    # A second axis: almost unrelated to p, which the substitution index is not.
    p = model.reference["probability"].reindex(got.index)
    assert abs(got["augmentation"].corr(p, "spearman")) < 0.3
    assert got["substitution"].corr(p, "spearman") > 0.6


def test_augmentation_does_not_depend_on_the_scale_of_an_attribute():
    model = default_bundle()
    X = model.attributes
    hazards, _ = load_hazards()
    got = augmentation(X, model.catalogue, hazards)
    pd.testing.assert_frame_equal(augmentation(X * 0.5, model.catalogue, hazards * 0.5), got)


def test_hazard_raises_what_tools_could_take_over_at_fires_and_on_sites():
    """Where routine was high already it changes little, and desk work has no hazard."""
    model = default_bundle()
    hazards, seven = load_hazards()
    assert seven.names == list(HAZARDS) == list(hazards)
    got = augmentation(model.attributes, model.catalogue, hazards)
    gain = got["augmentation"] - got["without_hazard"]
    assert (gain >= 0).all()
    # Firefighters, chemical plant operators, construction labourers, power-line installers.
    for soc in ("33-2011", "51-8091", "47-2061", "49-9051"):
        assert got.loc[soc, "hazard"] > 0.75, soc
    assert gain[["33-2011", "47-2061", "49-9051"]].min() > 0.03
    assert gain["43-9021"] == gain["23-1011"] == 0
    # An occupation without ratings of hazard counts by its routine alone.
    without = augmentation(model.attributes, model.catalogue, hazards.drop(index="47-2061"))
    assert without.loc["47-2061", "augmentation"] == without.loc["47-2061", "without_hazard"]


def test_the_worksheet_has_the_five_fields_and_known_attributes():
    model = default_bundle()
    fields = load_worksheet()
    assert [f.field for f in fields] == [
        "work management", "organisation", "technology", "qualifications", "data",
    ]  # fmt: skip
    assert {i.attribute for f in fields for i in f.items} <= {*model.catalogue.names, *HAZARDS}


def test_the_worksheet_of_assemblers_speaks_for_substitution_that_of_nurses_does_not():
    model = default_bundle()

    def sheet_of(soc):
        return worksheets(model.attributes, model.catalogue, pd.DataFrame({"one": {soc: 1.0}}))["one"]

    def lean(soc):
        sheet = sheet_of(soc)
        counts = sheet["speaks_for"].value_counts()
        return counts.get("augmentation", 0) - counts.get("substitution", 0)

    assert lean("51-9041") < 0 < lean("29-1141")  # extruding machine operators, registered nurses
    rating = sheet_of("29-1141").set_index("attribute")
    want = model.catalogue.unscale(model.attributes).loc["29-1141", "assisting_caring"]
    assert rating.loc["assisting_caring", "rating"] == pytest.approx(want)


def test_a_rate_that_cannot_be_is_no_result_and_foreign_jobs_are_named():
    scenario = load_scenario(Path("kazakhstan_2022"))
    structure = pd.DataFrame(
        {f"{s}{e}": 0.5 for s in ("share_high", "expected") for e in ("", "_lower", "_upper")},
        index=pd.Index(["low", "medium", "high"], name="qualification"),
    )
    table = apply(scenario, structure.assign(jobs=1000.0))
    said = held_against(scenario, table)
    possible = implied(scenario, table)["replacement_rate"] <= 1
    assert ("replacement rate of" in said) == possible and "cannot be" not in said
    tight = scenario.model_copy(
        update={"diffusion": scenario.diffusion.model_copy(update={"lag_years": 500.0})}
    )
    said = held_against(tight, apply(tight, structure.assign(jobs=1000.0)))
    assert said.startswith("The reported loss of low-skilled jobs is larger")
    assert not any(c.isdigit() for c in said)
    assert scenario.heading.endswith("jobs, not the list's)") and scenario.title in scenario.heading
    assert held_against(scenario.model_copy(update={"reported": None}), table) == ""
