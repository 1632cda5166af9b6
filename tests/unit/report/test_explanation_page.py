"""The report as a document: self-contained, escaped, small; tables and figures beside it."""

import json
import re

import numpy as np
import pandas as pd
import pytest

from helpers.explained import reference_dossier, small_dossier
from occurisk.explanation.dossier import explain_list
from occurisk.explanation.interactions import interactions
from occurisk.report.explanation_charts import figure_set
from occurisk.report.explanation_page import render
from occurisk.report.explanation_payload import About, as_json, payload, summarise
from occurisk.report.explanation_tables import COLUMNS, full_table, table
from occurisk.tracking.descriptions import description

ABOUT = About("jobs.csv", "m-1", "2026-01-01 10:00 UTC", rows=1000, unscored=12, weight_name="employment")
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>'\"&\u2028{{7*7}}"


def data_of(page):
    return json.loads(re.search(r'id="data">(.*?)</script>', page, re.DOTALL)[1])


@pytest.mark.slow
def test_the_page_needs_nothing_but_itself():
    page = render(reference_dossier(), ABOUT)
    code = page.replace(re.search(r'id="data">(.*?)</script>', page, re.DOTALL)[1], "")
    for foreign in ("http:", "https:", "fetch(", "XMLHttpRequest", "localStorage", "innerHTML", "import("):
        assert foreign not in code.replace("http://www.w3.org/2000/svg", ""), foreign
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=\"(?!data:)", code)
    assert "default-src 'none'" in code and "unsafe" not in code


def test_a_hostile_title_stays_data():
    page = render(small_dossier(_43_9021=HOSTILE), About(HOSTILE, HOSTILE, "now"))
    assert page.count("<script") == 2
    assert "<img" not in page and ">alert(" not in page
    rows = {row["code"]: row["title"] for row in data_of(page)["rows"]}
    assert rows["43-9021"] == HOSTILE


def test_json_is_safe_inside_a_script_element():
    text = as_json({"t": HOSTILE, "n": None})
    assert not set("<>&\u2028\u2029") & set(text)
    assert json.loads(text)["t"] == HOSTILE
    assert as_json({"n": float("nan")}) == '{"n":null}'


@pytest.mark.parametrize("language", ["en", "ru", "kk"])
def test_the_page_speaks_the_language_and_says_what_it_is_not(language):
    page = render(small_dossier(), About("x", "m", "now", language=language))
    assert f'<html lang="{language}">' in page
    said = {"en": "not a forecast", "ru": "не прогноз", "kk": "болжам да"}
    assert said[language] in " ".join(page.split()) and "2013" in page


def test_the_payload_adds_up():
    document = payload(reference_dossier(), ABOUT)
    row = next(row for row in document["rows"] if row["code"] == "43-9021")
    log_odds = document["base"] + sum(row["k"])
    assert 1 / (1 + np.exp(-log_odds)) == pytest.approx(row["p"], abs=2e-3)
    assert document["summary"]["high"] + document["summary"]["medium"] + document["summary"][
        "low"
    ] == pytest.approx(1)


def test_a_thousand_occupations_are_small():
    """How quick: benchmarks/explain.py."""
    dossier = reference_dossier()
    rows = dossier.rows.iloc[np.arange(1000) % len(dossier.rows)]
    members = pd.DataFrame({"code": [f"{i:04d}" for i in range(1000)], "soc": rows.index, "weight": 1.0})
    long = explain_list(rows.set_axis(members["code"]), dossier.reference, members)
    page = render(long, ABOUT)
    assert len(page.encode()) < 10_000_000
    assert len(data_of(page)["rows"]) == 1000


def test_summary_is_weighted_only_when_all_weights_are_known():
    rows = reference_dossier().rows
    s = summarise(rows)
    w = rows["weight"]
    assert s.high == pytest.approx(w[rows["probability"] >= 0.7].sum() / w.sum())
    assert s.mean == pytest.approx(np.average(rows["probability"], weights=w))
    some = rows.assign(weight=w.where(w > w.median()))
    assert not summarise(some).weighted
    assert summarise(some).mean == pytest.approx(rows["probability"].mean())


def test_the_table_is_stable_capped_and_heaviest_first():
    dossier = reference_dossier()
    shown = table(dossier, cap=10)
    assert list(shown.columns) == COLUMNS == list(table(small_dossier()).columns)
    assert len(shown) == 10 and shown.attrs["total"] == len(dossier.rows)
    assert shown["weight"].is_monotonic_decreasing
    assert shown["weight"].iloc[0] == dossier.rows["weight"].max()
    assert shown["code"].map(type).eq(str).all()


def test_a_probability_of_the_table_is_never_0_or_1():
    dossier = reference_dossier()
    names = ["probability", "lower", "upper"]
    shown = table(dossier).set_index("code")[names]
    assert dossier.rows[names].min().min() < 1e-6 and dossier.rows[names].max().max() > 1 - 1e-6
    assert ((shown > 0) & (shown < 1)).all(axis=None)
    np.testing.assert_allclose(shown, dossier.rows.loc[shown.index, names], rtol=5e-6)


def test_the_full_table_keeps_every_figure(tmp_path):
    dossier = small_dossier()
    wide = full_table(dossier)
    names = list(dossier.explanation.contributions.columns)
    total = wide["base"] + wide[[f"contribution_{name}" for name in names]].sum(axis=1)
    assert total.to_numpy() == pytest.approx(wide["log_odds"].to_numpy(), abs=1e-9)
    assert wide.set_index("code").loc["4131", "members"] == "43-9022:0.7500 43-9021:0.2500"
    wide.to_parquet(tmp_path / "x.parquet")
    assert pd.read_parquet(tmp_path / "x.parquet")["code"].tolist() == ["35-3031", "43-9021", "4131"]


def test_every_figure_draws(tmp_path):
    dossier = reference_dossier()
    from helpers.trained import default_bundle

    bundle = default_bundle()
    pairs = interactions(bundle.model, bundle.attributes.head(50), top=5)
    figures = figure_set(dossier, pairs)
    assert {"beeswarm.png", "importance.png", "dependence.png", "interactions.png", "scatter.png"} < set(
        figures
    )
    heaviest = dossier.rows["weight"].idxmax()
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
    text = description(reference_dossier(), about, {"report": "#/r"})
    assert [line[:2] for line in text.splitlines() if re.match(r"\d\. ", line)] == [
        "1.",
        "2.",
        "3.",
        "4.",
        "5.",
    ]
    assert "a\\|b&lt;script&gt;\\*x\\*" in text and "(#/r)" in text
    assert "3 of 10" in text
