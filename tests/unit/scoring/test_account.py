"""The account: nothing lost, one set of figures, read as it was written."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from helpers.registries import scored, write
from helpers.trained import default_bundle
from occurisk.labour_market.scored_market import find_folder, read_market
from occurisk.labour_market.summary import scored_with
from occurisk.probabilities import Bands, weighted_shares
from occurisk.scoring.accounting.account import Account, HeadlineFigures
from occurisk.scoring.row_figures import RowFigures, RowSample

LIST = "isco,jobs,name\n2411,100.5,a\n4110,50,b\n5223,30,c\n0110,5,d\n9999,1,e\n,2,f\n3,12,g\n"


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    folder = tmp_path_factory.mktemp("account")
    return scored(write(folder / "jobs.csv", LIST), folder / "out")


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rows")
    table = default_bundle().attributes.dropna().reset_index(drop=True).assign(jobs=2.5).astype(object)
    table.iloc[0, 0] = 7
    table.to_csv(folder / "own.csv", index=False)
    return scored(folder / "own.csv", folder / "out", attributes="all", attribute_scale="unit")


@pytest.mark.parametrize("name", ["result", "rows"])
def test_an_account_is_read_as_it_was_written(name, request):
    account = request.getfixturevalue(name).account
    text = (request.getfixturevalue(name).out / "intake.json").read_text(encoding="utf-8")
    again = Account.from_json(json.loads(text))
    assert again == replace(account, evidence=again.evidence)
    assert list(again.evidence) == list(account.evidence)


@pytest.mark.parametrize("name", ["result", "rows"])
@pytest.mark.parametrize("field", ["rows_in", "weight_in", "rows_scored", "weight_unscored"])
def test_a_row_or_a_job_that_went_astray_is_no_account(name, field, request):
    account = request.getfixturevalue(name).account
    totals = replace(account.totals, **{field: getattr(account.totals, field) + 1})
    with pytest.raises(AssertionError, match="astray"):
        replace(account, totals=totals)


@pytest.mark.parametrize("damage", [[], {}, {"registry": 3}, {"totals": {"rows_in": "seven"}}, "text"])
def test_what_is_no_account_is_refused(result, damage):
    document = result.account.to_json()
    document = {**document, **damage} if damage and isinstance(damage, dict) else damage
    with pytest.raises((KeyError, TypeError, ValueError)):
        Account.from_json(document)


@pytest.mark.parametrize("scores", ["model", "published"])
def test_the_figures_are_those_of_the_national_page(tmp_path, scores):
    path = write(tmp_path / "jobs.csv", LIST)
    result = scored(path, tmp_path / "out", scores=scores)
    market = read_market(
        find_folder(result.out), *scored_with(default_bundle(), scores == "published"), default_bundle().bands
    )
    page = market.figures().iloc[0]
    for name, value in result.national.items():
        assert value == pytest.approx(page.get(name, page["scored_jobs"]), rel=1e-9, nan_ok=True), name
    assert math.isnan(result.national["expected_lower"]) == (scores == "published")


def test_jobs_of_a_code_are_spread_over_its_occupations_before_they_are_counted():
    figures = HeadlineFigures.of(np.array([1.0, 1.0]), 4.0, np.array([0.9, 0.1]), Bands())
    assert (figures.share_high, figures.share_low, figures.share_medium) == (0.5, 0.5, 0.0)
    assert (figures.expected, figures.coverage) == (0.5, 0.5)


def test_each_figure_is_said_with_its_interval(result):
    text = " ".join(result.account.national.in_words())
    assert text.count(" to ") == 4
    assert text.endswith("In brackets: 90% intervals.")
    got = result.national
    high, lower, upper = (got[f"share_high{end}"] for end in ("", "_lower", "_upper"))
    assert f"High {high:.1%} ({lower:.1%} to {upper:.1%})" in text
    report = (result.out / "intake.md").read_text(encoding="utf-8")
    for sentence in result.account.national.in_words():
        assert sentence in report


def test_a_list_scored_by_its_own_attributes_has_the_same_figures_and_an_interval(rows):
    got = rows.national
    p = rows.rows["occurisk_probability"].astype(float).to_numpy()
    want = weighted_shares(p, np.full(len(p), 2.5), Bands(), 2.5 * rows.account.totals.rows_in)
    for name, value in want.items():
        assert got[name] == pytest.approx(value), name
    for name in ("share_high", "share_medium", "share_low", "expected"):
        assert 0 < got[f"{name}_lower"] < got[name] < got[f"{name}_upper"] < 1


def test_the_interval_of_rows_is_nearly_that_of_the_replicas():
    model = default_bundle()
    X = model.attributes[model.names].dropna()
    figures = RowFigures()
    p = model.link.probability(model.log_odds(X.to_numpy()))
    weight, missing = np.ones(len(X)), np.zeros(X.shape, bool)
    figures.add(p, np.digitize(p, [0.3, 0.7]), weight, X.to_numpy(), missing)
    got = figures.national(float(len(X)), model.bands, model.uncertainty, model.log_odds, model.link)
    own = HeadlineFigures.of(weight, float(len(X)), p, model.bands, model.replicas.loc[X.index].to_numpy())
    for name in ("share_high", "share_low", "expected"):
        ours, theirs = (getattr(f, f"{name}_upper") - getattr(f, f"{name}_lower") for f in (got, own))
        assert ours / theirs == pytest.approx(1, abs=0.35), name


@pytest.mark.parametrize("batches", [[5], [3, 2], [20_000], [7_000] * 5, [1] * 10])
def test_a_sample_of_rows_is_taken_evenly_however_they_come(batches):
    sample, at = RowSample(), 0
    for size in batches:
        X = np.arange(at, at + size, dtype=float)[:, None]
        sample.add(X, X > 0, X[:, 0])
        at += size
    X, _, weight = sample.rows()
    np.testing.assert_array_equal(X[:, 0], np.arange(0, at, sample.step))
    np.testing.assert_array_equal(weight, X[:, 0])
    assert len(X) == min(at, len(X)) <= 1 << 13


def test_nothing_scored_has_no_figures(tmp_path):
    path = write(tmp_path / "jobs.csv", "soc,jobs\n99-9999,3\n55-1011,2\n")
    result = scored(path, tmp_path / "out", code_column="soc", taxonomy="soc2010")
    assert not result.account.national.known
    assert json.loads((result.out / "intake.json").read_text())["national"]["share_high"] is None
    assert isinstance(result.outcomes, pd.DataFrame)


def test_a_warning_stands_in_every_output(tmp_path, result, capsys):
    from occurisk.cli.console import out
    from occurisk.cli.score import _print_result
    from occurisk.report.explanation_page import render
    from occurisk.scoring.accounting.account_report import intake_markdown
    from occurisk.tracking.scoring_run import _about, explain_scored

    warned = replace(result.account.understood, warnings=("only <43%> of the rows fit",))
    told = replace(result, account=replace(result.account, understood=warned))
    assert "Warning: only &lt;43%&gt; of the rows fit" in intake_markdown(told.account)
    assert told.account.to_json()["understood"]["warnings"] == ("only <43%> of the rows fit",)
    _print_result(out(), told.account)
    assert "Warning: only <43%> of the rows fit" in capsys.readouterr().out
    page = render(explain_scored(told, default_bundle()), _about(told, "jobs", default_bundle(), "en"))
    assert "⚠ only &lt;43%&gt; of the rows fit" in page


@pytest.mark.parametrize("kind", ["parquet", "csv", "csv with semicolons"])
def test_a_long_list_is_read_to_its_end_once_and_its_digest_taken_once(tmp_path, monkeypatch, kind):
    from occurisk.scoring import score, scored_registry

    rows = 2000
    table = pd.DataFrame({"soc": ["43-9021", "11-1011"] * (rows // 2), "jobs": range(rows)})
    path = tmp_path / ("jobs.parquet" if kind == "parquet" else "jobs.csv")
    if kind == "parquet":
        table.to_parquet(path, row_group_size=100)
    else:
        table.to_csv(path, index=False, sep="," if kind == "csv" else ";")
    ends = []
    opened = score.open_for_intake

    def counted(*arguments, **how):
        file = opened(*arguments, **how)

        def to_the_end(read):
            def reading(*given):
                yield from read(*given)
                ends.append(path)

            return read and reading

        return replace(file, read=to_the_end(file.read), lines=to_the_end(file.lines))

    monkeypatch.setattr(score, "open_for_intake", counted)
    digests = []
    monkeypatch.setattr(scored_registry, "sha256", lambda file: digests.append(file) or "0" * 64)
    result = scored(path, tmp_path / "out", code_column="soc", taxonomy="soc2010", sample_rows=100)
    assert result.account.totals.rows_scored == rows
    assert ends == [path]
    assert result.input_sha256 == result.input_sha256
    assert digests == [path]
