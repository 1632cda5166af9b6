"""Published national figures, computed again from official files."""

import pandas as pd
import pytest

from helpers.checkout import PROJECT
from helpers.commands import run
from helpers.contracts import kept
from helpers.trained import default_bundle
from occurisk.labour_market.history.official_statistics import read_oes
from occurisk.labour_market.history.reproductions import OEWS_FILES, market_of, sources
from occurisk.labour_market.multiverse import OCCUPATION, SHARE, Choice, multiverse, universes_of
from occurisk.training_data.labels import load_labels

pytestmark = [pytest.mark.originals, pytest.mark.covered_elsewhere]


def test_the_headline_figures_of_the_literature(originals, tmp_path):
    """49.1/20.0/30.9 and 0.579 (May 2010); 47% of total; Germany 46% and 0.56; Sweden 38% and 0.48."""
    default_bundle()
    us, countries = tmp_path / "us.json", tmp_path / "c.json"
    data = originals / "employment"
    run("reproduce", "us", "--data", data, "--json", us)
    rows = {r["year"]: r for r in kept("reproduce_us", us)}
    paper = rows[2010]
    got = [paper[f"share_{b}"] for b in ("high", "medium", "low")]
    assert got == pytest.approx([0.491, 0.200, 0.309], abs=0.003)
    assert paper["expected"] == pytest.approx(0.579, abs=0.003)
    assert paper["high_of_total"] == pytest.approx(0.47, abs=0.01)
    assert set(rows) == {*range(2010, 2016), *range(2021, 2025)}
    run("reproduce", "countries", "--data", data, "--json", countries, "--figure", tmp_path / "c.svg")
    found = {r["country"]: r for r in kept("reproduce_countries", countries)}
    assert found["Germany"]["share_high"] == pytest.approx(0.46, abs=0.01)
    assert found["Germany"]["expected"] == pytest.approx(0.56, abs=0.01)
    assert found["Sweden"]["share_high"] == pytest.approx(0.38, abs=0.01)
    assert found["Sweden"]["expected"] == pytest.approx(0.48, abs=0.01)
    assert {"Kyrgyzstan", "Russian Federation"} <= set(found)
    assert len(found) >= 14
    assert b"<svg" in (tmp_path / "c.svg").read_bytes()


def test_the_shares_of_exposed_work(originals, tmp_path):
    """About 80% of US workers from 10% of their tasks, about 19% from half of them (Eloundou et al. 2023)."""
    path = tmp_path / "exposure.json"
    run("reproduce", "exposure", "--data", originals / "employment", "--json", path)
    rows = pd.DataFrame(kept("reproduce_exposure", path)).set_index(["year", "rater", "ratings"])
    assert set(rows.index.get_level_values("year")) == set(OEWS_FILES)
    shares = rows.loc[[2021]]
    people, machine = (shares.loc[(2021, rater, "SOC 2018")] for rater in ("people", "GPT-4"))
    # Measured independently of this code: 81.4% and 22.8%.
    assert people["from_10"] == pytest.approx(0.814, abs=0.003)
    assert people["from_50"] == pytest.approx(0.228, abs=0.003)
    over_2010 = shares.loc[(2021, "people", "SOC 2010")]
    assert (over_2010["from_10"], over_2010["from_50"]) == pytest.approx((0.790, 0.240), abs=0.002)
    assert (machine > people)[["mean", "from_10", "from_50"]].all()
    page = (PROJECT / "docs" / "axes.md").read_text(encoding="utf-8")
    for (_, name, codes), row in shares.iterrows():
        way = "by" if codes == "SOC 2018" else "over"
        assert f"| ratings of {name}, {way} {codes} | {row['from_10']:.1%} | {row['from_50']:.1%} |" in page


def test_kazakhstan_is_held_against_its_neighbours(originals, tmp_path):
    path = tmp_path / "kazakhstan.json"
    text = run("reproduce", "kazakhstan", "--data", originals / "employment", "--json", path)
    assert set(kept("reproduce_kazakhstan", path)) == {"KGZ", "RUS", "MNG"}
    assert text.count("larger than these assumptions allow") == 3
    assert all(f"risk structure of {code}" in " ".join(text.split()) for code in ("KGZ", "RUS", "MNG"))
    assert "assumption, not a" in text


def test_known_sensitivities_of_the_published_list_on_oews_2021(originals):
    """Our facts, measured independently of this code: a plain join of the printed list, US May 2021."""
    model = default_bundle()
    both = sources(model.reference, model.replicas, model.bands, model.version)
    statistic = read_oes(originals / "employment" / "oews_national_may2021_full.csv")
    labels = load_labels()
    universes = universes_of(
        market_of(statistic, both, published=False),
        (model.reference, model.replicas),
        labels.published_by_soc2010(),
        labels.published,
    )
    table = multiverse(universes, Choice())
    plain = table[
        (table["source"] == "published") & (table["repair"] == "off") & (table["statistic"] == SHARE)
    ]
    occupations = plain[plain["aggregation"] == OCCUPATION].set_index("threshold")["value"]
    for threshold, want in {0.6: 0.599, 0.65: 0.541, 0.7: 0.487, 0.75: 0.464, 0.8: 0.428}.items():
        assert occupations[threshold] == pytest.approx(want, abs=0.002)
    at = plain[plain["threshold"] == 0.7].set_index(["aggregation", "weighting"])["value"]
    wanted = {
        ("ISCO-4", "weighted"): 0.495, ("ISCO-3", "unweighted"): 0.368, ("ISCO-3", "weighted"): 0.483,
        ("ISCO-2", "weighted"): 0.475, ("ISCO-1", "weighted"): 0.509,
    }  # fmt: skip
    for key, want in wanted.items():
        assert at[key] == pytest.approx(want, abs=0.006)
