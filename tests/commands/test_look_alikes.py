"""Lists that only look like codes of occupations, and codes that do not look like it, at the command.

Nothing of the first kind is scored by its numbers unasked; of the second kind all is. The model loads once.
"""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from helpers.look_alikes import (
    DICE,
    FALSE,
    HOSTILE,
    TITLES,
    TRUE,
    UNITS,
    UNUSUAL,
    moved,
    numbers,
    some,
    table,
)
from helpers.registries import write
from occurisk.cli import main, occurisk

pytestmark = pytest.mark.covered_elsewhere


@pytest.fixture
def score(model, monkeypatch, tmp_path):
    """Return a call of the command: exit code, what it printed, and intake.json if there is one."""
    monkeypatch.setattr("occurisk.cli.score.need_model", lambda *_: model)

    def run(path, *arguments):
        words = ["score", str(path), "--out", str(tmp_path / "o"), "--no-track", "--force", *arguments]
        done = CliRunner(env={"COLUMNS": "200"}).invoke(occurisk, words)
        written = tmp_path / "o" / "intake.json"
        document = json.loads(written.read_text(encoding="utf-8")) if written.is_file() else None
        return done, document

    return run


def refused(done) -> str:
    assert done.exception is not None
    assert getattr(done.exception, "exit_code", None) == 10, repr(done.exception)
    return str(done.exception)


@pytest.mark.parametrize("case", FALSE)
def test_numbers_that_only_look_like_codes_are_refused(score, tmp_path, case):
    name, values = FALSE[case]
    done, document = score(table(tmp_path, [name], values))
    assert document is None
    assert "--code-column" in refused(done)


@pytest.mark.parametrize("case", FALSE)
def test_beside_titles_they_are_left_alone(score, tmp_path, case):
    name, values = FALSE[case]
    jobs = some(["Бухгалтер", "Welder", "Медсестра", "Clerk"], len(values))
    done, document = score(table(tmp_path, [name, "должность"], values, jobs))
    if document is None:
        assert "--code-column" in refused(done)
    else:
        assert document["understood"]["code_column"] is None


@pytest.mark.parametrize("case", HOSTILE)
def test_codes_of_other_countries_and_figures_without_a_name_are_not_scored(score, tmp_path, case):
    header, columns = HOSTILE[case]
    done, document = score(table(tmp_path, header, *columns))
    if document is None:
        assert "--code-column" in refused(done)
    else:
        assert document["understood"]["code_column"] is None


@pytest.mark.parametrize("case", TRUE)
def test_codes_are_scored_however_they_are_spelled(score, tmp_path, case):
    name, codes, taxonomy = TRUE[case]
    codes = codes if len(codes) <= 60 or "s of" in case or "between" in case else DICE.sample(codes, 60)
    header = ["id", name, "оклад", "employment"]
    figures = numbers(100_000, 900_000, 1000, len(codes)), numbers(5, 500, 1, len(codes))
    done, document = score(table(tmp_path, header, range(len(codes)), codes, *figures))
    assert done.exit_code == 0, done.output
    understood, national = document["understood"], document["national"]
    assert (understood["code_column"], understood["weight_column"]) == (name, "employment")
    assert taxonomy in (None, understood["taxonomy"])
    assert understood["warnings"] == []
    lost = {row["outcome"] for row in document["outcomes"] if row["counted"] and not row["scored"]}
    assert lost <= {"military", "missing", "no score"}
    assert national["coverage"] > 0.9


@pytest.mark.parametrize("case", UNUSUAL)
def test_codes_in_unusual_clothing_are_scored(score, tmp_path, case):
    header, columns, taxonomy = UNUSUAL[case]
    done, document = score(table(tmp_path, header, *columns))
    assert done.exit_code == 0, repr(done.exception)
    assert taxonomy in (None, document["understood"]["taxonomy"])
    assert document["national"]["coverage"] > 0.95


@pytest.mark.parametrize(
    "name",
    [
        "Antal", "jumlah", "Số người", "عدد", "pessoas", "Erwerbstätige", "Počet", "人数", "pspwght",
        "létszám", "Kişi sayısı", "factor_expansion", "Численность, чел.", "aantal", "жұмыспен қамтылғандар",
        "Απασχολούμενοι", "დასაქმებული", "Emploi (milliers)", "COEFFY", "SPFWT0", "V1028",
    ],
)  # fmt: skip
def test_jobs_are_found_in_many_languages(score, tmp_path, name):
    _, document = score(table(tmp_path, ["isco08", name], UNITS[:40], range(2, 42)))
    assert document["understood"]["weight_column"] == name
    assert document["totals"]["weight_in"] == sum(range(2, 42))


def test_a_table_whose_jobs_are_not_found_warns_in_every_output(score, tmp_path):
    path = table(tmp_path, ["isco08", "хз"], UNITS[:40], numbers(100, 99_999, 7, 40))
    done, document = score(path)
    assert document["understood"]["weight_column"] is None
    assert "--weight-column 'хз'" in document["understood"]["warnings"][0]
    assert "every row counts as one, though each code stands once" in done.output
    assert "every row counts as one" in (tmp_path / "o" / "intake.md").read_text(encoding="utf-8")
    for answer in ("хз", "none"):
        _, document = score(path, "--weight-column", answer)
        assert document["understood"]["warnings"] == []


def test_jobs_that_cannot_be_are_warned_of(score, tmp_path):
    figures = [f"-{i}" for i in range(1, 41)]
    done, document = score(table(tmp_path, ["isco08", "jobs"], UNITS[:40], figures))
    assert document["understood"]["weight_column"] is None
    assert "'jobs' is called as jobs are" in document["understood"]["warnings"][0]
    assert "'jobs' is called as jobs are" in done.output


def test_weights_beyond_any_number_of_jobs_are_named_as_what_is_wrong(score, tmp_path):
    path = tmp_path / "r.parquet"
    pq.write_table(pa.table({"isco08": UNITS[:40], "jobs": [9223372036854775807] * 40}), path)
    done, document = score(path)
    assert done.exception.exit_code == 13
    assert "Most weights in 'jobs'" in str(done.exception) and "--weight-column" in str(done.exception)
    assert document["totals"]["rows_unscored"] == 40


def test_a_list_of_people_is_not_asked_for_jobs(score, tmp_path):
    path = table(tmp_path, ["isco08", "балл"], some(UNITS[:5], 60), numbers(100, 999, 7, 60))
    _, document = score(path)
    assert document["understood"]["warnings"] == []


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1251", "utf-16"])
def test_what_a_russian_excel_saves_as_csv_is_scored(score, tmp_path, encoding):
    rows = "".join(f"{code};Цех;{i} 100,5\r\n" for i, code in enumerate(UNITS[:40], start=1))
    done, document = score(write(tmp_path / "r.csv", f"Код ОКЗ;Отдел;Численность\r\n{rows}", encoding))
    assert done.exit_code == 0, repr(done.exception)
    assert document["totals"]["weight_scored"] == pytest.approx(sum(1000 * i + 100.5 for i in range(1, 41)))


def test_a_name_that_nobody_knows_can_be_vouched_for(score, tmp_path):
    path = table(tmp_path, ["Шкафчик", "n"], UNITS[::9][:40], numbers(2, 90, 1, 40))
    done, _ = score(path)
    assert "nothing says that they are codes of occupations" in refused(done)
    for vouched in (("--taxonomy", "isco08"), ("--code-column", "Шкафчик")):
        done, document = score(path, *vouched)
        assert done.exit_code == 0 and document["totals"]["rows_scored"] == 40


def test_a_fifth_of_a_survey_without_work_does_not_hide_its_codes(score, tmp_path):
    codes = [*some(UNITS, 60), *["66666"] * 12, "77777", "88888", "99999"]
    done, document = score(table(tmp_path, ["idno", "isco08", "anweight"], range(75), codes, [0.75] * 75))
    assert done.exit_code == 0 and document["understood"]["warnings"] == []
    assert {o["outcome"]: o["rows"] for o in document["outcomes"]}["missing"] == 15


def test_what_a_turkish_excel_saves_as_csv_is_scored(score, tmp_path):
    rows = "".join(f"{code};Büro çalışanları;{i}\n" for i, code in enumerate(UNITS[:40], start=1))
    path = write(tmp_path / "r.csv", f"ISCO 08 Kodu;Açıklama;Çalışan sayısı\n{rows}", "cp1254")
    done, document = score(path)
    assert done.exit_code == 0, repr(done.exception)
    assert document["understood"]["weight_column"] == "Çalışan sayısı"


def test_titles_that_contradict_the_codes_are_shown_and_can_be_overruled(score, tmp_path):
    codes = UNITS[::9]
    path = table(tmp_path, ["code", "title"], moved(codes), [TITLES[c] for c in codes])
    done, _ = score(path)
    text = refused(done)
    assert "exist in ISCO-08, but mean something else" in text
    assert "titles in 'title' agree with the code beside them" in text
    assert "beside" in text
    assert "--crosswalk" in text
    done, document = score(path, "--code-column", "code", "--taxonomy", "isco08")
    assert done.exit_code == 0
    assert "may be of another coding system" in document["understood"]["warnings"][0]
    assert "may be of another coding system" in done.output
    assert "may be of another coding system" in (tmp_path / "o" / "intake.md").read_text(encoding="utf-8")


def test_titles_after_the_code_in_one_cell_are_held_against_it(score, tmp_path):
    codes = UNITS[::9]
    cells = [f"{code} {TITLES[title]}" for code, title in zip(moved(codes), codes, strict=True)]
    done, _ = score(table(tmp_path, ["occupation code", "n"], cells, range(len(cells))))
    assert "mean something else" in refused(done)


def test_an_example_of_a_refusal_is_short_and_harmless(score, tmp_path, capsys):
    path = write(
        tmp_path / "r.csv", "occupation code,n\n" + "".join(f"\x1b[31m{'7' * 2000}{i},4\n" for i in range(9))
    )
    done, _ = score(path)
    assert max(len(line) for line in refused(done).splitlines()) < 400
    with pytest.raises(SystemExit):
        main(["score", str(path), "--out", str(tmp_path / "o"), "--no-track"])
    errors = capsys.readouterr().err
    assert "\x1b" not in errors
    assert "none is a code of a known system" in errors


SUMS = [
    "ИТОГО", "Всего по филиалу", "Итого по отделу:", "Grand total", "Барлығы", "Total général", "Insgesamt",
    "Razem", "Алматы Итог", "Общий итог", "Gesamtergebnis", "Total geral",
    "Totale complessivo", "Genel Toplam",
    "Разом", "Celkem", "Összesen", "Subtotal: North", "Жиыны", "Suma końcowa",
]  # fmt: skip


@pytest.mark.parametrize("place", [0, 2, 3])
def test_a_row_without_a_code_that_says_total_in_any_column_adds_up_others(score, tmp_path, place):
    rows = [["Алматы", code, "Цех", TITLES[code], "2"] for code in UNITS[::15]]
    for word in SUMS:
        rows.append(["", "", "", "", "60"])
        rows[-1][place] = word
    text = "\n".join(
        "\t".join(row) for row in [["филиал", "код", "отдел", "должность", "численность"], *rows]
    )
    _, document = score(write(tmp_path / "r.csv", text))
    outcomes = {row["outcome"]: row for row in document["outcomes"]}
    assert outcomes["total row"]["rows"] == len(SUMS)
    assert document["totals"]["weight_counted"] == 2 * len(UNITS[::15])
    assert document["national"]["coverage"] == pytest.approx(1)


def test_a_row_that_names_neither_occupation_nor_jobs_is_no_job(score, tmp_path):
    rows = "".join(f"x,{code},2\n" for code in UNITS[::20])
    path = write(tmp_path / "r.csv", f"отдел,код,численность\nЦех 1,,\n{rows}Цех 2,,\n{rows}Цех 3,,7\n")
    done, document = score(path)
    outcomes = {row["outcome"]: row for row in document["outcomes"]}
    assert (outcomes["no code, no weight"]["rows"], outcomes["no code, no weight"]["counted"]) == (2, False)
    assert (outcomes["missing"]["rows"], outcomes["missing"]["weight"]) == (
        1,
        7,
    )  # seven people without a code
    assert "names no job" in done.output


def test_total_of_both_sexes_beside_codes_is_no_sum(score, tmp_path):
    rows = "".join(f"Total,{code},2\n" for code in UNITS[::20])
    _, document = score(write(tmp_path / "r.csv", f"sex,isco08,jobs\n{rows}Total,,9\n"))
    assert {row["outcome"] for row in document["outcomes"] if not row["scored"]} == {"missing"}


def test_rows_of_ilostat_are_read_as_the_isco_that_they_name(score, tmp_path):
    two = ["11", "12", "13", "21", "22", "23", "31", "41", "51", "71", "81", "91"]
    rows = [f"KAZ,OC2_ISCO08_{c},2" for c in two] + [f"RUS,OC2_ISCO88_{c},3" for c in two[:4]]
    rows += ["KAZ,OC2_ISCO08_TOTAL,24", "KAZ,OCU_SKILL_L1,24", "KAZ,OC2_ISCO08_X,1"]
    path = write(tmp_path / "r.csv", "\n".join(["ref_area,classif1,obs_value", *rows]) + "\n")
    _, document = score(path)
    outcomes = {row["outcome"]: row["rows"] for row in document["outcomes"]}
    assert outcomes == {"aggregated": 16, "total row": 2, "missing": 1}
    by_code = (tmp_path / "o" / "by_occupation.csv").read_text(encoding="utf-8")
    assert "\nISCO-88 13," in by_code  # managers of small enterprises: no such group in ISCO-08 is called so
    assert "\n13," in by_code
    assert any("they are ISCO-88" in note for note in document["understood"]["notes"])
    assert "'ref_area' are added up" in document["understood"]["warnings"][0]


@pytest.mark.parametrize("mark", ["OCU_ISCO08_", "OC1_ISCO08_", "OCU_ISCO88_"])
def test_every_spelling_of_ilostat(score, tmp_path, mark):
    rows = "".join(f"{mark}{i},{i}\n" for i in range(1, 10))
    _, document = score(write(tmp_path / "r.csv", f"classif1,obs_value\n{rows}{mark}TOTAL,45\n"))
    assert {row["outcome"]: row["rows"] for row in document["outcomes"]} == {"aggregated": 9, "total row": 1}


def test_country_names_are_no_titles(score, tmp_path):
    rows = "".join(
        f"Chad,OC2_ISCO08_{c},2,Occupation {c}\n" for c in ("11", "12", "21", "22", "31", "41", "51")
    )
    path = write(
        tmp_path / "r.csv", f"ref_area.label,classif1,obs_value,classif1.label\n{rows}Chad,OC2_ISCO08_X,9,X\n"
    )
    _, document = score(path)
    assert document["understood"]["title_column"] in (None, "classif1.label")
