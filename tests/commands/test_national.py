"""From a registry to page, figures and JSON; and from the folder of a scoring run."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from helpers.contracts import kept
from helpers.explained import own_bundle
from helpers.trained import default_bundle
from occurisk.cli.backtest import backtest
from occurisk.cli.national import national
from occurisk.errors import LabelError, RegistryError
from occurisk.labour_market.register_totals import register_totals
from occurisk.labour_market.scored_market import find_folder, read_market
from occurisk.labour_market.summary import vintage_of
from occurisk.occupations.facts import NOT_KNOWN
from occurisk.scoring.score import score_registry
from occurisk.training_data.attribute_table import REFERENCE_TABLE

REGISTRY = pd.DataFrame(
    {
        "occ_code": ["43-9021", "29-1141", "11-1011", "99-9999", "43-9021"],
        "employment": [500, 300, 100, 50, 50],
        "sex": ["f", "f", "m", "m", "<script>alert(1)</script>"],
        "pay": [30, 60, 200, 20, None],
    }
)


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    default_bundle()
    path = tmp_path_factory.mktemp("registry") / "jobs.csv"
    REGISTRY.to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def folder(registry, tmp_path_factory):
    out = tmp_path_factory.mktemp("scored") / "out"
    score_registry(default_bundle(), registry, out)
    return out


def run(command, *arguments):
    got = CliRunner(env={"COLUMNS": "160"}).invoke(
        command,
        [str(a) for a in (*arguments, *(["--no-track"] if command is national else []))],
        catch_exceptions=False,
    )
    assert got.exit_code == 0, got.output
    return got.output


def test_a_scored_folder_gives_the_figures_of_its_rows(folder):
    model = default_bundle()
    market = read_market(find_folder(folder), model.reference, model.replicas, model.bands, ["sex"], "pay")
    figures = market.figures().iloc[0]
    p = model.reference["probability"]
    want = (550 * p["43-9021"] + 300 * p["29-1141"] + 100 * p["11-1011"]) / 950
    assert figures["expected"] == pytest.approx(want, rel=1e-5)
    assert figures["coverage"] == pytest.approx(0.95)
    assert figures["jobs"] == 1000
    by_sex = market.figures(market.cells(["sex"]))
    assert by_sex.loc["m", "coverage"] == pytest.approx(100 / 150)
    wage = market.table.groupby("code")["wage"].mean()
    assert wage["29-1141"] == 60


def test_the_scored_file_itself_is_recognised_and_another_file_is_not(folder, registry):
    scored = find_folder(folder).scored
    assert find_folder(scored).path == folder
    assert find_folder(registry) is None


def test_a_folder_without_its_lineage_says_what_to_do(folder, tmp_path):
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    (copy / "lineage.csv").unlink()
    model = default_bundle()
    with pytest.raises(RegistryError, match="occurisk score"):
        read_market(find_folder(copy), model.reference, None, model.bands)
    (copy / "intake.json").write_text("{", encoding="utf-8")
    with pytest.raises(RegistryError, match=r"intake\.json"):
        find_folder(copy)


def test_a_registry_becomes_tables_figures_and_a_page(registry, tmp_path):
    out = tmp_path / "picture"
    text = run(
        national, registry, "--by", "sex", "--wage", "pay", "--min-cell", "0",
        "--scenario", "frontier_two_decades", "--out", out,
    )  # fmt: skip
    for part in (
        "Both statistics", "90% interval", "Coverage: 95.0%", "By sex", "How the headline moves",
        "your choice", "assumption, not a forecast", "Who holds the high-risk jobs",
    ):  # fmt: skip
        assert part in text
    document = json.loads((out / "national.json").read_text(encoding="utf-8"))
    assert document["figures"]["coverage"] == pytest.approx(0.95)
    assert sum(r["chosen"] for r in document["multiverse"]) == 1
    assert {"sex", "major_group", "skill_level", "education", "wage_decile"} <= set(document["breakdowns"])
    for name in (
        "employment",
        "multiverse",
        "two_axes",
        "by_sex",
        "polarisation",
        "risk_by_wage_and_education",
    ):
        assert (out / "figures" / f"{name}.png").read_bytes()[:4] == b"\x89PNG"
        assert b"<svg" in (out / "figures" / f"{name}.svg").read_bytes()
    page = (out / "national.html").read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert "assumption, not a forecast" in page
    assert 'src="http' not in page


def test_the_same_registry_scored_first_gives_the_same_figures(registry, folder, tmp_path):
    one, two = tmp_path / "one.json", tmp_path / "two.json"
    run(national, registry, "--json", one)
    run(national, folder, "--json", two)
    figures = [json.loads(path.read_text(encoding="utf-8"))["figures"] for path in (one, two)]
    assert figures[0] == pytest.approx(figures[1])


def test_small_cells_are_suppressed_and_counted(registry):
    text = run(national, registry, "--by", "sex", "--min-cell", "60")
    assert "suppressed" in text
    assert "2 of 3 cells suppressed" in text


def test_a_probability_is_never_surer_than_the_labels_allow(tmp_path):
    p = default_bundle().reference["probability"]
    path = tmp_path / "jobs.csv"
    path.write_text(f"occ_code,employment\n{p.idxmax()},10\n{p.idxmin()},20\n", encoding="utf-8")
    rate = default_bundle().link.rate
    assert rate < p.min() < rate + 1e-3 and 1 - rate - 1e-3 < p.max() < 1 - rate
    text = run(national, path, "--min-cell", "0", "--out", tmp_path / "out")
    page = (tmp_path / "out" / "national.html").read_text(encoding="utf-8")
    assert "+nan" not in text
    assert "<td>0.98</td>" in page and "<td>0.02</td>" in page
    assert "<td>1.00</td><td>100.0%" not in page
    _, groups, holders = re.split("By major group|Who holds the high-risk jobs", text)
    expected = [line.split()[-3] for line in groups.partition("By skill")[0].splitlines() if "100.0%" in line]
    assert expected == ["0.02", "0.98"]
    assert [line.split()[-3] for line in holders.splitlines() if p.idxmax() in line] == ["0.98"]


def test_two_columns_cross_and_thresholds_are_the_readers_own(registry, tmp_path):
    path = tmp_path / "n.json"
    text = run(
        national, registry, "--by", "sex,skill_level", "--high", "0.9", "--min-cell", "0", "--json", path
    )
    assert "p >= 0.9" in text
    document = json.loads(path.read_text(encoding="utf-8"))
    assert {"sex", "skill_level", "jobs"} <= set(document["breakdowns"]["sex x skill_level"][0])
    chosen = next(r for r in document["multiverse"] if r["chosen"])
    assert chosen["threshold"] == 0.9


def model_rows(path):
    """Figure and vintage of every model universe, by the other choices."""
    rows = [r for r in json.loads(path.read_text(encoding="utf-8"))["multiverse"] if r["source"] == "model"]
    keys = ("threshold", "statistic", "aggregation", "weighting", "repair")
    return {(r["vintage"], *(r[k] for k in keys)): r["value"] for r in rows}


def test_another_vintage_is_that_of_the_model_in_use(registry, tmp_path):
    """The model's own labels, confidence, parameters: on its own table they give its own scores again."""
    own = own_bundle(tmp_path)
    path = tmp_path / "n.json"
    arguments = (
        registry, "--models-dir", own.path.parent, "--vintage", f"again={REFERENCE_TABLE}", "--json", path,
    )  # fmt: skip
    text = run(national, *arguments)
    assert f"Refitting {own.version}" in text and "label file" not in text
    found = model_rows(path)
    again = {key: value for key, value in found.items() if key[0] == "again"}
    assert len(again) == len(found) / 2
    for key, value in again.items():
        assert value == pytest.approx(found["20.3", *key[1:]], abs=1e-5)

    (tmp_path / "own.csv").unlink()  # the bundle keeps the labels that it was trained on
    run(national, *arguments)
    assert model_rows(path) == found
    assert own.label_remark == default_bundle().label_remark == ""
    with pytest.raises(LabelError, match="have no task attributes"):
        few = tmp_path / "few.csv"
        pd.read_csv(REFERENCE_TABLE, dtype=str).tail(400).to_csv(few, index=False)
        run(national, registry, "--vintage", f"few={few}")


def test_a_model_of_another_table_is_not_called_by_the_embedded_release(tmp_path):
    manifest = {"data": {"sha256": {"attributes": "another"}}}
    assert vintage_of(replace(default_bundle(), manifest=manifest)) == "own table"
    assert vintage_of(default_bundle()) == "20.3"


def test_published_scores_have_no_interval(registry):
    text = run(national, registry, "--scores", "published")
    assert "scores: published" in text


def test_thresholds_out_of_order_and_registries_without_a_score_are_refused(registry, tmp_path):
    got = CliRunner().invoke(national, [str(registry), "--no-track", "--high", "0.2"])
    assert got.exit_code == 2
    assert "is not below" in got.output
    path = tmp_path / "soldiers.csv"
    pd.DataFrame({"occ_code": ["55-1011", "55-1012"], "employment": [3, 4]}).to_csv(path, index=False)
    with pytest.raises(RegistryError, match="None of the 2 rows"):
        CliRunner().invoke(national, [str(path), "--no-track"], catch_exceptions=False)
    path.write_text("occ_code,employment\n43-9021,0\n", encoding="utf-8")
    with pytest.raises(RegistryError, match="--weight"):
        CliRunner().invoke(national, [str(path), "--no-track"], catch_exceptions=False)


def register(path, rows, seed=0):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "code": rng.choice(["a", "b", "c"], rows),
            "sex": rng.choice(["f", "m", None], rows),
            "age": rng.integers(15, 20, rows),
            "jobs": rng.gamma(2, 3, rows),
            "pay": np.where(rng.random(rows) < 0.2, np.nan, rng.gamma(9, 3, rows)),
        }
    )
    table = pa.Table.from_pandas(frame, preserve_index=False)
    pq.write_table(table, path, row_group_size=rows // 7)
    return frame


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_streamed_totals_are_those_of_a_group_by(tmp_path, suffix):
    path = tmp_path / f"register.{suffix}"
    frame = register(tmp_path / "register.parquet", 5000)
    if suffix == "csv":
        frame.to_csv(path, index=False)
    got = register_totals(path, ["code", "sex", "age"], "jobs", "pay")
    got["age"] = got["age"].astype(int)
    got = got.set_index(["code", "sex", "age"]).sort_index()
    frame["sex"] = frame["sex"].fillna(NOT_KNOWN)
    frame["paid"] = frame["jobs"].where(frame["pay"].notna(), 0.0)
    frame["total"] = (frame["jobs"] * frame["pay"]).fillna(0.0)
    want = frame.groupby(["code", "sex", "age"])[["jobs", "total", "paid"]].sum()
    np.testing.assert_allclose(got["weight"], want["jobs"])
    np.testing.assert_allclose(got["wage_total"], want["total"])
    np.testing.assert_allclose(got["wage_jobs"], want["paid"])


def test_streamed_totals_of_many_cells_take_the_other_road_and_agree(tmp_path):
    path = tmp_path / "register.parquet"
    register(path, 3000)
    dense = register_totals(path, ["code", "age"], "jobs")
    sparse = register_totals(path, ["code", "age"], "jobs", most_dense=1)
    key = ["code", "age"]
    pd.testing.assert_frame_equal(
        dense.sort_values(key, ignore_index=True), sparse.sort_values(key, ignore_index=True)
    )


def test_rows_count_as_one_without_a_weight(tmp_path):
    path = tmp_path / "register.parquet"
    frame = register(path, 700)
    got = register_totals(path, ["code"]).set_index("code")["weight"]
    assert got.to_dict() == frame["code"].value_counts().to_dict()


def test_a_column_with_too_many_values_is_refused(tmp_path):
    path = tmp_path / "register.parquet"
    pq.write_table(pa.table({"name": [f"p{i}" for i in range(100_001)]}), path)
    with pytest.raises(RegistryError, match="Band the column"):
        register_totals(path, ["name"])
    with pytest.raises(RegistryError, match="'sex'"):
        register_totals(path, ["sex"])


def oes(path, jobs):
    rows = [f"{code},{title},{n},{wage}" for (code, title, wage), n in jobs.items()]
    path.write_text("OCC_CODE,OCC_TITLE,TOT_EMP,A_MEDIAN\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_backtest_prints_what_it_found_and_writes_it(tmp_path):
    model = default_bundle()
    codes = [c for c in model.reference.index if not c.endswith("0")][::6]
    rng = np.random.default_rng(0)
    before = {(c, c, 20_000 + 100 * i): int(1000 + 10 * i) for i, c in enumerate(codes)}
    after = {k: int(n * np.exp(0.1 * rng.normal())) for k, n in before.items()}
    figure, figures = tmp_path / "b.png", tmp_path / "b.json"
    text = run(
        backtest, "--before", oes(tmp_path / "oes_2011.csv", before),
        "--after", oes(tmp_path / "oes_2015.csv", after),
        "--draws", "100", "--figure", figure, "--json", figures,
    )  # fmt: skip
    assert "Code breaks" in text
    assert "p, routine and wage held" in text
    assert figure.read_bytes()[:4] == b"\x89PNG"
    document = kept("backtest", figures)
    assert (
        document["verdict"] in " ".join(text.split()).replace("  ", " ") or document["verdict"][:40] in text
    )
    assert len(document["bands"]) == 3
