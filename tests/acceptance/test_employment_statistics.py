"""Whole files as statistical offices publish them: every job is accounted for, and the totals are theirs."""

import pytest

from helpers.registries import outcomes, scored, totals

pytestmark = [pytest.mark.originals, pytest.mark.covered_elsewhere]


@pytest.mark.parametrize(
    ("name", "jobs"),
    [
        ("oews_national_may2021_full.csv", 140_886_310),
        ("oews_national_M2024_dl.xlsx", 154_187_380),
        ("oews_national_M2011_dl.xls", 128_278_550),
        ("oews_national_M2015_dl.xlsx", 137_896_660),
    ],
)
def test_oews_as_bls_publishes_it(originals, tmp_path, name, jobs):
    result = scored(originals / "employment" / name, tmp_path / "out")
    found = totals(result)
    assert found["weight_counted"] == pytest.approx(jobs, rel=1e-5)
    assert result.outcomes["weight"]["total row"] == jobs
    assert result.national["coverage"] >= 0.97


def test_oes_2010_with_published_scores_gives_the_known_shares(originals, tmp_path):
    result = scored(
        originals / "employment" / "oes_national_2001_2015.parquet", tmp_path / "out",
        code_column="occ_code", where=(("year", "2010"),), scores="published",
    )  # fmt: skip
    got = [result.national[k] for k in ("share_high", "share_medium", "share_low", "expected")]
    assert got == pytest.approx([0.491, 0.200, 0.309, 0.579], abs=0.003)
    totals(result)


def test_ilostat_one_country_and_year(originals, tmp_path):
    result = scored(
        originals / "employment" / "ilostat-2020-04-10.csv.zip", tmp_path / "out",
        where=(("ref_area", "FRA"), ("time", "2014")),
    )  # fmt: skip
    assert outcomes(result) == {"aggregated": 39, "total row": 1, "undecided title": 1, "military": 3}
    total = result.outcomes["weight"]["total row"]
    assert totals(result)["weight_counted"] == pytest.approx(total, rel=1e-6)


def test_eurostats_workbook_with_a_sheet_per_group(originals, tmp_path):
    result = scored(
        originals / "employment" / "Eurostat_employment_isco.xlsx", tmp_path / "out",
        taxonomy="isco08", weight_column="Finland", where=(("TIME", "2020-Q4"),),
    )  # fmt: skip
    assert outcomes(result) == {"aggregated": 9, "total row": 1}
    assert totals(result)["weight_scored"] == pytest.approx(2425.7)


def test_cps_titles_are_kept_with_the_reason(originals, tmp_path):
    result = scored(originals / "employment" / "cpsaat11.xlsx", tmp_path / "out", titles="off")
    assert outcomes(result) == {"title only": 598}
    assert len(result.unscored) == 598
    assert "left out by --titles off" in (tmp_path / "out" / "intake.md").read_text(encoding="utf-8")
