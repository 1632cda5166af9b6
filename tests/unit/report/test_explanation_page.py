"""The report as a document: self-contained, escaped, small; tables and figures beside it."""

import json
import re
import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from helpers.explained import reference_explained, small_explained
from helpers.trained import exposure_bundle
from occurisk.explanation.explained_list import explain_list
from occurisk.explanation.interactions import interactions
from occurisk.explanation.words import load_phrases
from occurisk.labour_market.comparison.axis_map import map_of_jobs
from occurisk.model.axes.declaration import chosen_axes, load_axes
from occurisk.occupations.names import occupation_name
from occurisk.probabilities import Bands
from occurisk.report.explanation_charts import figure_set
from occurisk.report.explanation_page import SCRIPT_PARTS, _resource, page_script, render
from occurisk.report.explanation_payload import About, Quality, as_json, headline, payload, summarise
from occurisk.report.explanation_tables import COLUMNS, full_table, table
from occurisk.tracking.descriptions import axis_section, description, unexplained

ABOUT = About("jobs.csv", "m-1", "2026-01-01 10:00 UTC", rows=1000, unscored=12, weight_name="employment")
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>'\"&\u2028{{7*7}}"


def data_of(page):
    return json.loads(re.search(r'id="data">(.*?)</script>', page, re.DOTALL)[1])


@pytest.mark.slow
def test_the_page_needs_nothing_but_itself():
    page = render(reference_explained(), ABOUT)
    code = page.replace(re.search(r'id="data">(.*?)</script>', page, re.DOTALL)[1], "")
    for foreign in ("http:", "https:", "fetch(", "XMLHttpRequest", "localStorage", "innerHTML", "import("):
        assert foreign not in code.replace("http://www.w3.org/2000/svg", ""), foreign
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=\"(?!data:)", code)
    assert "default-src 'none'" in code and "unsafe" not in code


def test_a_hostile_title_stays_data():
    page = render(small_explained(_43_9021=HOSTILE), About(HOSTILE, HOSTILE, "now"))
    assert page.count("<script") == 2
    assert "<img" not in page and ">alert(" not in page
    rows = {row["code"]: row["title"] for row in data_of(page)["rows"]}
    assert rows["43-9021"] == HOSTILE


@pytest.mark.parametrize("language", ["en", "ru", "kk"])
def test_the_map_of_two_axes_has_a_figure_for_every_threshold(model, language):
    one, two = model, exposure_bundle()
    jobs = pd.Series({"43-9021": 30.0, "11-1011": 20.0, "29-1141": 50.0})
    about = replace(ABOUT, axis_map=map_of_jobs(jobs, one, two), language=language)
    found = data_of(render(small_explained(), about))["map"]
    grid = np.array(found["grid"])
    assert grid.shape == (19, 19, 4, 3)
    assert grid[..., 0].sum(axis=-1) == pytest.approx(1, abs=2e-4)
    assert (grid[..., 1] <= grid[..., 0]).all() and (grid[..., 0] <= grid[..., 2]).all()
    assert found["caveats"] == [*one.axis.words(language).caveats, *two.axis.words(language).caveats]
    assert found["occupations"][0]["title"] == occupation_name("29-1141", language, "Registered Nurses")
    assert data_of(render(small_explained(), replace(ABOUT, language=language)))["map"] is None


def test_json_is_safe_inside_a_script_element():
    text = as_json({"t": HOSTILE, "n": None})
    assert not set("<>&\u2028\u2029") & set(text)
    assert json.loads(text)["t"] == HOSTILE
    assert as_json({"n": float("nan")}) == '{"n":null}'


@pytest.mark.parametrize("language", ["en", "ru", "kk"])
def test_the_page_speaks_the_language_and_says_what_it_is_not(language):
    page = render(small_explained(), About("x", "m", "now", language=language))
    assert f'<html lang="{language}">' in page
    said = {"en": "not a forecast", "ru": "не прогноз", "kk": "болжам да"}
    assert said[language] in " ".join(page.split()) and "2013" in page


def test_the_payload_adds_up():
    document = payload(reference_explained(), ABOUT)
    row = next(row for row in document["rows"] if row["code"] == "43-9021")
    log_odds = document["base"] + sum(row["k"])
    panel = document["rate"] + (1 - 2 * document["rate"]) / (1 + np.exp(-log_odds))
    assert panel == pytest.approx(row["p"], abs=2e-3)
    assert document["summary"]["high"] + document["summary"]["medium"] + document["summary"][
        "low"
    ] == pytest.approx(1)


def test_the_headline_is_the_labour_markets_with_its_interval():
    names = ("share_high", "share_medium", "share_low", "expected")
    ends = {"": 0.4, "_lower": 0.41, "_upper": 0.42}
    figures = {f"{name}{end}": value for name in names for end, value in ends.items()}
    document = payload(small_explained(), replace(ABOUT, figures=figures | {"coverage": 0.9}))
    assert document["headline"]["share_high"] == [0.4, 0.41, 0.42]
    assert document["headline"]["coverage"] == 0.9
    assert document["summary"]["high"] != 0.4
    assert headline(None) is None


@pytest.mark.parametrize("language", ["en", "ru", "kk"])
def test_one_sentence_says_how_good_the_model_is_beside_a_baseline(language):
    models = {"lightgbm": {"auc": 0.98}, "logistic": {"auc": 0.97}}
    metrics = {"models": models, "calibration": {"expected_calibration_error": 0.02}, "splits": 100}
    quality, phrases = Quality.of(metrics), load_phrases(language)
    said = payload(small_explained(), replace(ABOUT, quality=quality, language=language))["quality"].replace(
        "\xa0", " "
    )
    assert phrases.share(0.98) in said and phrases.share(0.97) in said and "100" in said
    unknown = payload(small_explained(), replace(ABOUT, language=language))["quality"]
    assert Quality.of(None) is None and unknown == phrases.page["quality_unknown"]


@pytest.mark.parametrize("language", ["en", "ru", "kk"])
def test_a_page_of_a_further_axis_speaks_of_that_axis(language):
    ratings = {"lightgbm": {"r2": 0.77, "rho": 0.88}, "ridge": {"r2": 0.74, "rho": 0.87}}
    quality = Quality.of({"models": ratings, "interval_coverage": {"all": 0.89}, "labels": 764})
    axis = chosen_axes("language_models_2023")[0]
    explained = small_explained()
    explained = replace(explained, reference=replace(explained.reference, axis=axis))
    text = payload(explained, replace(ABOUT, quality=quality, language=language))
    words = load_phrases(language)
    said = text["quality"].replace("\xa0", " ")
    assert all(words.share(share) in said for share in (0.77, 0.74, 0.89)) and "764" in said
    page = text["text"]
    assert all(caveat in page["notice"] for caveat in axis.words(language).caveats)
    # Nothing of the first axis is left in what a reader meets first.
    for key in ("title", "notice", "short_notice", "headline_jobs", "share_high", "sources", "label"):
        assert page[key] != words.page[key]
        assert "Osborne" not in page[key] and "{" not in page[key]


def test_headline_then_list_then_caveats():
    page = render(small_explained(), ABOUT)
    places = [page.index(f'id="{name}"') for name in ("headline", "quality", "list", "caveats", "importance")]
    assert places == sorted(places)


def test_a_name_in_another_language_is_known_to_the_search_and_shown():
    isco = replace(small_explained(), system="isco08")
    russian, kazakh = (occupation_name("4131", language, "") for language in ("ru", "kk"))
    row = next(row for row in payload(isco, ABOUT)["rows"] if row["code"] == "4131")
    assert russian and russian in row["also"] and kazakh in row["also"]
    assert row["title"].startswith("Typists")
    document = payload(isco, replace(ABOUT, language="ru"))
    row = next(row for row in document["rows"] if row["code"] == "4131")
    assert row["title"] == russian and "Typists" in row["also"] and kazakh in row["also"]
    assert table(isco, language="ru").set_index("code").at["4131", "title"] == russian
    # Codes of a system without names of its own keep the list's: 4131 of ISCO-88 is other work.
    assert replace(isco, system="isco88").titles("ru") == small_explained().rows["title"].tolist()


def test_reasons_say_their_direction_in_the_readers_language():
    explained, phrases = reference_explained(), load_phrases("ru")
    shown = table(explained, cap=len(explained.rows), language="ru").set_index("code")
    phrase = phrases.phrase(explained.explanation.contributions.loc["43-9021"].abs().idxmax())
    reason = shown.at["43-9021", "reason_1"]
    assert reason.startswith((phrase.high, phrase.low))
    assert re.search(r" [+-]\d,\d\d( \?)?$", reason)
    assert "из 5" not in explained.words("ru").at["43-9021", "brief"]


def test_why_has_one_figure_an_attribute_and_log_odds_only_on_demand():
    script = page_script()
    steps = script[script.index("const steps") : script.index("const table")]
    assert steps.count("text.points") == 1 and "signed(step.value" not in steps
    shown = data_of(render(small_explained(), ABOUT))["text"]
    told = ("headline_jobs", "quality", "importance_note", "steps_note", "steps_mixed", "change_note")
    assert not any("log-odds" in shown[key].lower() for key in told)


def test_the_script_and_its_parts_are_javascript(tmp_path):
    if not (node := shutil.which("node")):
        pytest.skip("needs node")
    for name, text in {"whole": page_script(), **{n: _resource(f"{n}.js") for n in SCRIPT_PARTS}}.items():
        path = tmp_path / f"{name}.js"
        path.write_text(text, encoding="utf-8")
        done = subprocess.run([node, "--check", path], capture_output=True, text=True, check=False)
        assert not done.returncode, f"{name}: {done.stderr}"


def test_a_thousand_occupations_are_small():
    """How quick: benchmarks/explain.py."""
    explained = reference_explained()
    rows = explained.rows.iloc[np.arange(1000) % len(explained.rows)]
    members = pd.DataFrame({"code": [f"{i:04d}" for i in range(1000)], "soc": rows.index, "weight": 1.0})
    long = explain_list(rows.set_axis(members["code"]), explained.reference, members)
    page = render(long, ABOUT)
    assert len(page.encode()) < 10_000_000
    assert len(data_of(page)["rows"]) == 1000


def test_summary_is_weighted_only_when_all_weights_are_known():
    rows = reference_explained().rows
    s = summarise(rows)
    w = rows["weight"]
    assert s.high == pytest.approx(w[rows["probability"] >= 0.7].sum() / w.sum())
    assert s.mean == pytest.approx(np.average(rows["probability"], weights=w))
    some = rows.assign(weight=w.where(w > w.median()))
    assert not summarise(some).weighted
    assert summarise(some).mean == pytest.approx(rows["probability"].mean())


def test_the_table_is_stable_capped_and_heaviest_first():
    explained = reference_explained()
    shown = table(explained, cap=10)
    assert list(shown.columns) == COLUMNS == list(table(small_explained()).columns)
    assert len(shown) == 10 and shown.attrs["total"] == len(explained.rows)
    assert shown["weight"].is_monotonic_decreasing
    assert shown["weight"].iloc[0] == explained.rows["weight"].max()
    assert shown["code"].map(type).eq(str).all()


def test_a_probability_of_the_table_is_never_0_or_1():
    explained = reference_explained()
    names = ["probability", "lower", "upper"]
    explained = replace(explained, rows=explained.rows.assign(lower=1e-9, upper=1 - 1e-9))
    shown = table(explained).set_index("code")[names]
    assert ((shown > 0) & (shown < 1)).all(axis=None)
    np.testing.assert_allclose(shown, explained.rows.loc[shown.index, names], rtol=5e-6)


def test_the_full_table_keeps_every_figure(tmp_path):
    explained = small_explained()
    wide = full_table(explained)
    names = list(explained.explanation.contributions.columns)
    total = wide["base"] + wide[[f"contribution_{name}" for name in names]].sum(axis=1)
    assert total.to_numpy() == pytest.approx(wide["log_odds"].to_numpy(), abs=1e-9)
    assert wide.set_index("code").loc["4131", "members"] == "43-9022:0.7500 43-9021:0.2500"
    wide.to_parquet(tmp_path / "x.parquet")
    assert pd.read_parquet(tmp_path / "x.parquet")["code"].tolist() == ["35-3031", "43-9021", "4131"]


def test_every_figure_draws(tmp_path):
    explained = reference_explained()
    from helpers.trained import default_bundle

    bundle = default_bundle()
    pairs = interactions(bundle.model, bundle.attributes.head(50), top=5)
    figures = figure_set(explained, pairs)
    assert {"beeswarm.png", "importance.png", "dependence.png", "interactions.png", "scatter.png"} < set(
        figures
    )
    heaviest = explained.rows["weight"].idxmax()
    assert f"waterfall_{heaviest}.png" in figures
    for name, figure in figures.items():
        figure.savefig(tmp_path / name, dpi=40)
        assert (tmp_path / name).stat().st_size > 2000
    labels = [
        t.get_text() for t in figures["dependence.png"].axes[0].get_children() if hasattr(t, "get_text")
    ]
    assert any("theory:" in label for label in labels)
    assert sum(name.startswith("waterfall_") for name in figures) == 5


def test_the_description_names_five_things_and_escapes_names():
    about = About("a|b<script>*x*", "m", "now", rows=10, unscored=3)
    text = description(reference_explained(), about, {"report": "#/r"})
    assert [line[:2] for line in text.splitlines() if re.match(r"\d\. ", line)] == [
        "1.",
        "2.",
        "3.",
        "4.",
        "5.",
    ]
    assert "a\\|b\\<script\\>\\*x\\*" in text and "(#/r)" in text
    assert "&lt;" not in text and "&amp;" not in text
    assert "3 of 10" in text


@pytest.mark.parametrize("language", ["ru", "kk"])
def test_the_description_speaks_the_readers_language(language):
    about = About("jobs.csv", "m", "2026", language=language, rows=10, unscored=3)
    figures = {"share_high": 0.416, "share_high_lower": 0.351, "share_high_upper": 0.48}
    text = description(reference_explained(), about, {"report": "#/r"}, {**figures, "share_medium": 0.2,
        "share_low": 0.384, "mean_susceptibility": 0.5217, "coverage": 0.99})  # fmt: skip
    plain = re.sub(r"`[^`]*`|\([^)]*\)|\d-\d+", "", text)
    # Titles of SOC are English; the words around them are not.
    plain = plain.replace("jobs.csv", "").split("\n4.")[0]
    assert not re.findall(r"[A-Za-z]{3,}", plain), plain
    assert "41,6" in text and "35,1" in text and "48,0" in text and "0,522" in text
    assert len([line for line in text.splitlines() if re.match(r"\d\. ", line)]) == 5


def test_a_further_axis_is_described_in_the_readers_language():
    axis = next(axis for axis in load_axes() if axis.column_prefix)
    figures = {"share_high": 0.3, "mean_susceptibility": 0.33, "coverage": 1.0}
    text = axis_section(axis, Bands(high=0.4, low=0.2), figures, "ru")
    assert all(caveat in text for caveat in axis.words("ru").caveats) and "от 0,40" in text
    assert unexplained(figures, "rows_many", load_phrases("kk")).startswith("**30,0%**")
