"""`occurisk compare`: lists, indexes and labels, on the terminal, as JSON and as a picture."""

import json
import re

import pandas as pd
import pytest
import yaml
from click.testing import CliRunner

from helpers.contracts import kept
from helpers.trained import default_bundle, exposure_bundle, models_dir
from occurisk.cli import occurisk
from occurisk.errors import OccuriskError, RegistryError
from occurisk.paths import FEATURES, PACKAGE


def run(*arguments):
    result = CliRunner().invoke(occurisk, [str(a) for a in arguments], env={"COLUMNS": "120"})
    if result.exception:
        raise result.exception
    return result.output


def scored(folder, rows):
    default_bundle()
    folder.parent.mkdir(exist_ok=True, parents=True)
    path = folder.with_suffix(".csv")
    path.write_text("code,jobs\n" + "\n".join(rows) + "\n", encoding="utf-8")
    columns = ("--code-column", "code", "--taxonomy", "soc2010")  # few codes are little evidence
    run("score", path, "--out", folder, "--no-track", "--models-dir", models_dir(), *columns)
    return folder


def test_a_change_is_split_into_parts_that_add_up(tmp_path):
    before = scored(tmp_path / "old", ["41-2011,100", "43-9021,50", "11-1011,50", "99-1111,20"])
    after = scored(tmp_path / "new", ["41-2011,60", "43-9021,50", "11-1011,90", "29-1141,40"])
    path, png = tmp_path / "x.json", tmp_path / "x.png"
    text = run(
        "compare",
        "lists",
        before,
        after,
        "--no-track",
        "--statistic",
        "expected",
        "--json",
        path,
        "--png",
        png,
    )
    found = kept("compare_lists", path)
    assert sum(found["factors"].values()) == pytest.approx(found["change"], abs=1e-12)
    assert sum(code["change"] for code in found["codes"]) == pytest.approx(found["change"], abs=1e-12)
    headline = json.loads((before / "intake.json").read_text(encoding="utf-8"))["national"]["expected"]
    assert found["before"] == pytest.approx(headline, abs=1e-5)
    assert found["factors"]["scores"] == 0
    assert "99-1111" in {code["code"] for code in found["codes"]}  # without a score, and still accounted for
    assert png.read_bytes()[:4] == b"\x89PNG"
    for said in ("composition", "coverage", "Cashiers"):
        assert said in text
    # The largest in words, in three languages: the occupation, from where to where, and why.
    words = found["in_words"]
    assert set(words) == {"en", "ru", "kk"} and len({len(said) for said in words.values()}) == 1
    largest = max(found["codes"], key=lambda code: abs(code["change"]))
    for said in words.values():
        assert f"({largest['code']})" in said[0] and "{" not in said[0]
    assert words["en"][0] in " ".join(text.split())
    assert re.search("[а-я]", words["ru"][0]) and re.search("[ұқңғ]", words["kk"][0])


def test_what_is_no_folder_of_results_is_refused(tmp_path):
    with pytest.raises(RegistryError, match="no folder of scored results"):
        run("compare", "lists", tmp_path, tmp_path, "--no-track")


def test_axes_beside_published_indexes_and_a_file_of_ones_own(tmp_path):
    default_bundle(), exposure_bundle()
    ratings = pd.read_csv(FEATURES / "labels" / "eloundou_2023.csv", dtype={"code": str})
    own = tmp_path / "own.csv"
    ratings.assign(z=1 - 2 * ratings["label"])[["code", "z"]].to_csv(
        own, index=False
    )  # negative figures, too
    path = tmp_path / "x.json"
    text = run(
        "compare",
        "indexes",
        "--models-dir",
        models_dir(),
        "--no-track",
        "--json",
        path,
        "--index",
        f"mine={own}",
    )
    found = kept("compare_indexes", path)
    rho = {(row["first"], row["second"]): row["rho"] for row in found["correlations"]}
    assert rho["eloundou_human", "mine"] == pytest.approx(-1)
    assert rho["susceptibility_2013", "eloundou_human"] == pytest.approx(-0.32, abs=0.02)
    assert rho["susceptibility_2013", "routine_intensity"] == pytest.approx(0.82, abs=0.02)
    assert sum(axis["kept"] for axis in found["principal_axes"]) == 2
    # DAIOE of 2023, whose authors let figures be held: generative AI lies where language models do.
    assert rho["language_models_2023", "daioe_generative_2023"] > 0.85
    said = found["in_words"]["en"]
    assert len(said) == 6 and all("above" in sentence for sentence in said)
    assert sum("Raises the susceptibility" in sentence for sentence in said) == 3
    assert sum("Raises the exposure" in sentence for sentence in said) == 3
    assert "Повышает подверженность" in " ".join(found["in_words"]["ru"])
    assert "not displacement" in text and "is no test" in text


def test_an_index_whose_column_cannot_be_told_is_refused(tmp_path):
    default_bundle(), exposure_bundle()
    own = tmp_path / "own.csv"
    own.write_text("code,a,b\n41-2011,1,2\n43-9021,2,3\n", encoding="utf-8")
    with pytest.raises(RegistryError, match="2 columns of own"):
        run("compare", "indexes", "--models-dir", models_dir(), "--no-track", "--index", f"mine={own}")


HOSTILE = {
    "gone": (None, "Cannot read"),
    "empty": ("code,x\n", "no rows"),
    "one code": ("code,x\n43-9021,1\n", "share 1 occupations"),
    "no codes": ("a,b\nfoo,bar\nx,y\n", "looks like occupation codes"),
    "no figures": ("{code},nan", "no numbers"),
    "endless": ("{code},inf", "are no numbers"),
    "the same": ("{code},5", "says the same of every occupation: 5"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_an_index_that_says_nothing_is_refused(tmp_path, kind):
    """A constant led over a concordance is a constant still: its last bits are no ranks."""
    default_bundle(), exposure_bundle()
    text, said = HOSTILE[kind]
    own = tmp_path / "own.csv"
    if text is not None and "{code}" in text:
        codes = pd.read_csv(FEATURES / "reference" / "us_employment.csv", dtype=str)["soc"]
        text = "code,x\n" + "".join(text.format(code=code) + "\n" for code in codes)
    if text is not None:
        own.write_text(text, encoding="utf-8")
    column = f"mine={own}:x:code" if text and kind not in ("empty", "no codes") else f"mine={own}"
    with pytest.raises(RegistryError, match=said) as refused:
        run("compare", "indexes", "--models-dir", models_dir(), "--no-track", "--index", column)
    assert "--code-column" not in str(refused.value)  # the cure is one of this command's options


@pytest.mark.parametrize("damage", ["gone", "garbled"])
def test_a_damaged_list_is_refused(tmp_path, damage):
    whole = scored(tmp_path / "whole", ["41-2011,100", "43-9021,50"])
    broken = scored(tmp_path / "broken", ["41-2011,100", "43-9021,50"])
    if damage == "gone":
        (broken / "by_occupation.csv").unlink()
    else:
        (broken / "by_occupation.csv").write_text("garbage\n", encoding="utf-8")
    with pytest.raises(RegistryError, match=r"codes of .* cannot be read"):
        run("compare", "lists", whole, broken, "--no-track")


def test_a_list_beside_itself_and_beside_rows_without_jobs(tmp_path):
    with_jobs = scored(tmp_path / "jobs", ["41-2011,100", "43-9021,50"])
    text = run("compare", "lists", with_jobs, with_jobs, "--no-track")
    assert "-0.00" not in text and "moved the headline" not in text
    path = tmp_path / "rows.csv"
    path.write_text("code\n41-2011\n43-9021\n", encoding="utf-8")
    columns = ("--code-column", "code", "--taxonomy", "soc2010")
    run("score", path, "--out", tmp_path / "rows", "--no-track", "--models-dir", models_dir(), *columns)
    text = run("compare", "lists", with_jobs, tmp_path / "rows", "--no-track", "--statistic", "expected")
    assert "Not alike: jobs counts jobs, rows rows, one each." in text
    with pytest.raises(RegistryError, match="No code has jobs and a score in both"):
        run(
            "compare",
            "lists",
            with_jobs,
            scored(tmp_path / "other", ["29-1141,5", "11-1011,5"]),
            "--no-track",
        )


def test_two_raters_of_one_panel(tmp_path):
    table = pd.read_csv(FEATURES / "labels" / "eloundou_2023.csv", dtype={"code": str})
    for name in ("label", "gpt4"):
        table[["code", name]].set_axis(["code", "label"], axis=1).to_csv(
            tmp_path / f"{name}.csv", index=False
        )
    files = (tmp_path / "label.csv", tmp_path / "gpt4.csv")
    text = run("compare", "labels", *files, "--no-track", "--json", tmp_path / "x.json")
    assert len(kept("compare_labels", tmp_path / "x.json")["labels"]) == 764
    assert "764 occupations have both labels" in text
    assert "Rank correlation 0.91" in text


def test_a_list_is_laid_out_by_both_axes(tmp_path):
    exposure_bundle()
    folder = scored(tmp_path / "list", ["41-2011,100", "43-9021,50", "11-1011,50", "29-1141,40"])
    path, png = tmp_path / "x.json", tmp_path / "x.png"
    options = ("--models-dir", models_dir(), "--no-track", "--json", path, "--png", png)
    text = run("compare", "axes", folder, "--by", "major_group", *options)
    found = kept("compare_axes", path)
    assert sum(row["share"] for row in found["quadrants"].values()) == pytest.approx(1)
    assert found["thresholds"] == [0.7, 0.5]
    assert len(found["by"]["major_group"]) == 4
    for said in ("Susceptibility is not jobs lost", "Exposure is not displacement", "neither"):
        assert said in text
    moved = run("compare", "axes", folder, "--high-second", "0.01", *options)
    assert "from 0.01" in moved
    assert "Cashiers (41-2011): 0.9" in found["in_words"]["en"][0]
    assert "Кассиры (41-2011)" in run("compare", "axes", folder, "--lang", "ru", *options)
    for second, said in (
        (one := "susceptibility_2013", f"{one} is the first axis"),
        ("all", "one axis at a time"),
    ):
        with pytest.raises(OccuriskError, match=said):
            run("compare", "axes", folder, "--second", second, *options)


def test_the_national_picture_maps_the_jobs_by_every_axis_and_says_what_it_is_not(tmp_path):
    rows = ["41-2011,100", "43-9021,50", "11-1011,50", "15-1132,30", "33-2011,40"]
    folder = scored(tmp_path / "list", rows)
    one, two = default_bundle(), exposure_bundle()
    out, path = tmp_path / "picture", tmp_path / "picture.json"
    arguments = ("--models-dir", models_dir(), "--no-track", "--min-cell", "0", "--out", out, "--json", path)
    text = run("national", folder, "--axis", "all", *arguments)
    (found,) = json.loads(path.read_text(encoding="utf-8"))["axis_maps"]
    assert found["axes"] == [one.axis.name, two.axis.name]
    assert sum(row["share"] for row in found["quadrants"].values()) == pytest.approx(1)
    jobs = {row["soc"]: row["quadrant"] for row in found["occupations"]}
    high = [b.reference["probability"] >= b.bands.high for b in (one, two)]
    names = {(True, True): "both", (True, False): "first only", (False, True): "second only"}
    assert jobs == {
        soc: names.get((bool(high[0][soc]), bool(high[1][soc])), "neither") for soc in jobs
    } and len(jobs) == len(rows)
    assert set(found["by"]) == {"major_group", "skill_level", "education"}
    page = (out / "national.html").read_text(encoding="utf-8")
    for language in ("en", "ru", "kk"):
        assert f'lang="{language}"' in page
        for caveat in two.axis.words(language).caveats:
            assert caveat.split("'")[0] in page
    assert two.axis.words("en").caveats[0] in " ".join(text.split())
    table = pd.read_csv(out / "tables" / f"map_{two.axis.name}.csv")
    assert sorted(table["soc"]) == sorted(jobs)
    # Hazard is named where it adds: firefighters, not clerks.
    assert "Hazardous work" in page and "Firefighters" in text


@pytest.mark.parametrize(("language", "said"), [("ru", "Картина по стране"), ("kk", "Ел бойынша көрініс")])
def test_the_national_page_speaks_the_language_of_its_reader(tmp_path, language, said):
    """Nothing on it is English but names: of the list, its columns, sources, and the other caveats."""
    folder = scored(
        tmp_path / "list", ["41-2011,100", "43-9021,50", "11-1011,50", "15-1132,30", "33-2011,40"]
    )
    exposure_bundle()
    out = tmp_path / "picture"
    run(
        "national", folder, "--axis", "all", "--lang", language, "--models-dir", models_dir(), "--no-track",
        "--min-cell", "0", "--out", out,
    )  # fmt: skip
    page = (out / "national.html").read_text(encoding="utf-8")
    assert f'<html lang="{language}">' in page and said in page
    plain = re.sub(
        r'base64,[^"]*|<style>.*?</style>|<ul class="soft" lang="en">.*?</ul>|<[^>]+>', "", page, flags=re.S
    )
    english = {words for words in re.findall(r"[A-Za-z][a-z]+(?: [a-z]{2,}){2,}", plain)}
    assert english == set()


def test_every_word_of_the_national_page_has_a_translation():
    """What templates and charts ask for stands in the table, with the same braces in all languages."""
    table = yaml.safe_load((FEATURES / "phrases" / "national.yaml").read_text(encoding="utf-8"))
    source = PACKAGE / "report"
    files = [*source.glob("templates/labour_market/*.j2"), source / "labour_market_charts.py"]
    asked = {
        text
        for path in files
        for text in re.findall(r'\bt\(\s*"((?:[^"{]|\{(?!\{))*)"\s*\)', path.read_text("utf-8"))
    }
    assert len(asked) > 80
    assert {text.replace("\\'", "'") for text in asked} <= set(table)
    for english, others in table.items():
        assert set(others) == {"ru", "kk"}
        for text in others.values():
            assert sorted(re.findall(r"{\w+}", text)) == sorted(re.findall(r"{\w+}", english)), english
