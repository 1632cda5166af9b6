"""Titles stand in for codes: every row accounted for, with reason, doubt, and a sheet for people."""

from __future__ import annotations

import csv
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from helpers.registries import scored
from occurisk.cli import occurisk
from occurisk.errors import OutputError, RegistryError, TitlesError
from occurisk.explanation.words import load_phrases
from occurisk.labour_market.scored_market import find_folder, read_market
from occurisk.occupations.titles import own_titles
from occurisk.occupations.titles.cascade import TitleMatcher
from occurisk.probabilities import Bands
from occurisk.scoring.accounting.title_review import OpenTitle, open_titles, questions, sheet

STAFF = """Должность,Численность
Бухгалтер по зарплате,12
Водитель погрузчика,5
Менеджер,40
Учитель математики,100
Специалист,9
Уборщик служебных помещений,33
Бас бухгалтер,2
"""


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(own_titles, "own_names_folder", lambda: tmp_path / "own")
    own_titles.matcher_for.cache_clear()
    yield tmp_path / "own"
    own_titles.matcher_for.cache_clear()


@pytest.fixture
def staff(tmp_path):
    path = tmp_path / "staff.csv"
    path.write_text(STAFF, encoding="utf-8")
    return path


def test_a_list_of_titles_gets_codes_or_cannot_say(staff, tmp_path):
    result = scored(staff, tmp_path / "out")
    assert {o.outcome: o.rows for o in result.account.outcomes} == {"title": 5, "undecided title": 2}
    rows = result.rows.set_index("Должность")
    assert rows.loc["Бухгалтер по зарплате", "occurisk_code"] == "3313"
    assert rows.loc["Бас бухгалтер", "occurisk_code"] == "2411"
    assert "ru.yaml" in rows.loc["Водитель погрузчика", "occurisk_title_reason"]
    assert set(rows["occurisk_match"]) == {"title"}
    titles = result.account.titles
    assert titles["undecided"][0]["title"] == "Менеджер"
    assert 0.8 < titles["precision_expected"] < 0.95
    assert titles["share_of_weight"] == pytest.approx(152 / 201)
    report = (tmp_path / "out" / "intake.md").read_text(encoding="utf-8")
    assert "## Titles" in report
    assert "Менеджер" in report


def test_the_doubt_of_titles_widens_the_interval(staff, tmp_path):
    coded = tmp_path / "coded.csv"
    by_title = scored(staff, tmp_path / "out")
    rows = by_title.rows
    lines = ["code,n", *(f"{c},{n}" for c, n in zip(rows["occurisk_code"], rows["Численность"], strict=True))]
    coded.write_text("\n".join(lines) + "\n", encoding="utf-8")
    by_code = scored(coded, tmp_path / "coded", taxonomy="isco08", code_column="code")
    one, other = by_title.account.national, by_code.account.national
    assert one.expected == pytest.approx(other.expected)
    assert one.expected_lower <= other.expected_lower and one.expected_upper > other.expected_upper
    assert one.share_high_lower < other.share_high_lower and one.share_high_upper > other.share_high_upper


def test_titles_stand_in_where_a_code_is_missing_and_the_code_wins(tmp_path):
    path = tmp_path / "mixed.csv"
    path.write_text("isco08,должность\n5120,Сварщик\n,Сварщик\n8153,Швея\n,Менеджер\n", encoding="utf-8")
    result = scored(path, tmp_path / "out", taxonomy="isco08")
    rows = result.rows
    assert rows["occurisk_code"].tolist() == ["5120", "7212", "8153"]
    assert rows["occurisk_title_match"].tolist() == ["", "likely", ""]
    off = scored(path, tmp_path / "off", taxonomy="isco08", titles="off")
    assert {o.outcome: o.rows for o in off.account.outcomes} == {"crosswalk": 2, "missing": 2}


def test_rows_without_a_code_far_down_are_told_how_their_titles_are_matched(tmp_path):
    path = tmp_path / "late.parquet"
    codes, titles = ["5120"] * 300_000 + [""] * 3, ["Повар"] * 300_000 + ["Швея"] * 3
    pq.write_table(pa.table({"isco08": codes, "должность": titles}), path, row_group_size=100_000)
    (warning,) = scored(path, tmp_path / "out", taxonomy="isco08").account.understood.warnings
    assert "3 rows lack a code" in warning and "--title-column 'должность'" in warning
    off = scored(path, tmp_path / "off", taxonomy="isco08", titles="off")
    assert off.account.understood.warnings == ()
    named = scored(path, tmp_path / "named", taxonomy="isco08", title_column="должность")
    assert {o.outcome: o.rows for o in named.account.outcomes} == {"crosswalk": 300_000, "title": 3}


@pytest.mark.parametrize("title", ["", " ", "NaN", "n/a", "-", "None"])
def test_a_title_that_says_there_is_none_is_missing(tmp_path, title):
    path = tmp_path / "staff.csv"
    path.write_text(f"должность,n\nПовар,1\nШвея,3\n{title},2\n", encoding="utf-8")
    result = scored(path, tmp_path / "out")
    assert {o.outcome: o.rows for o in result.account.outcomes} == {"title": 2, "missing": 1}


def test_codes_and_titles_that_contradict_each_other_are_reported_and_the_code_wins(tmp_path):
    path = tmp_path / "mixed.csv"
    path.write_text(
        "isco08,должность,n\n5120,Сварщик,70\n5120,Повар,10\n7212,Сварщик,5\n8153,Бухгалтер,30\n,Швея,1\n",
        encoding="utf-8",
    )
    result = scored(path, tmp_path / "out", taxonomy="isco08", weight_column="n")
    found = result.account.titles["contradictions"]
    assert (found["pairs"], found["rows"], found["weight"]) == (2, 2, 100)
    assert [(one["title"], one["title_code"], one["code"]) for one in found["examples"]] == [
        ("Сварщик", "7212", "5120"),
        ("Бухгалтер", "2411", "8153"),
    ]
    assert result.rows["occurisk_code"].tolist()[:4] == ["5120", "5120", "7212", "8153"]
    report = (tmp_path / "out" / "intake.md").read_text(encoding="utf-8")
    assert "contradict each other, heaviest first; the code counts" in report


def test_a_contradicting_title_cannot_write_into_terminal_or_report(tmp_path, model):
    path = tmp_path / "mixed.csv"
    path.write_text("isco08,должность\n5120,Сварщик [/red]<b>\n,Швея\n5120,Повар\n", encoding="utf-8")
    out = tmp_path / "out"
    arguments = [
        "score",
        str(path),
        "--out",
        str(out),
        "--taxonomy",
        "isco08",
        "--titles",
        "auto",
        "--no-track",
    ]
    run = CliRunner().invoke(occurisk, [*arguments, "--title-column", "должность"])
    assert run.exit_code == 0, run.output
    assert "Сварщик [/red]<b>" in run.output
    report = (out / "intake.md").read_text(encoding="utf-8")
    assert "<b>" not in report
    assert "&lt;b&gt;" in report


def test_the_national_picture_of_a_folder_holds_the_doubt_of_titles(staff, tmp_path, model):
    scored(staff, tmp_path / "out")
    folder = find_folder(tmp_path / "out")
    figures = read_market(folder, model.reference, model.replicas, model.bands).figures().iloc[0]
    national = folder.account.national
    assert figures["expected_lower"] <= national.expected_lower
    assert figures["expected_upper"] >= national.expected_upper
    without = read_market(folder, model.reference, model.replicas, Bands(high=0.6, low=0.2))
    assert without.doubt == {}


def test_answers_of_people_apply_at_the_next_score(staff, tmp_path):
    scored(staff, tmp_path / "out")
    sheet = tmp_path / "sheet.csv"
    run = CliRunner().invoke(occurisk, ["titles", "review", str(tmp_path / "out"), "--sheet", str(sheet)])
    assert run.exit_code == 0, run.output
    with sheet.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["title"] for row in rows] == ["Менеджер", "Специалист"]
    rows[0]["answer"], rows[1]["answer"] = "3322 Торговые представители", "none"
    with sheet.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    run = CliRunner().invoke(occurisk, ["titles", "review", str(tmp_path / "out"), "--answers", str(sheet)])
    assert run.exit_code == 0, run.output
    assert "Менеджер → 3322: 40 jobs, 19.9% of the list; so far 81.6% of what was open." in run.output
    assert "They decide 40 jobs, 81.6% of what was left open." in run.output
    again = scored(staff, tmp_path / "again")
    assert {o.outcome: o.rows for o in again.account.outcomes} == {"title": 6, "undecided title": 1}
    assert again.rows.set_index("Должность").loc["Менеджер", "occurisk_title_reason"] == "confirmed by you"


def test_open_titles_become_questions_of_a_queue_and_no_title_can_forge_one():
    waiting = [OpenTitle("<b>Менеджер</b>\n# 1. [ok](http://x)", 40.0), OpenTitle("Account manager", 10.0)]
    rows = sheet(waiting, own_titles.matcher_for("isco08"), 5, "ru")
    one, other = questions(rows, load_phrases("en").queue)
    assert one.text.startswith("## b Менеджер /b 1. ok (http://x)\n\n40 jobs, 80.0% of what is open")
    longest = sheet([OpenTitle("ab " * 1700, 1.0)], own_titles.matcher_for("isco08"), 1, "ru")
    (shown,) = questions(longest, load_phrases("ru").queue)
    assert len(shown.text) < 1000 and "Почему не определено: " in shown.text and "open" not in shown.text
    (empty,) = questions(
        sheet([OpenTitle("😀", 1.0)], own_titles.matcher_for("isco08"), 1, "ru"), load_phrases("kk").queue
    )
    assert load_phrases("kk").queue["title_no_candidates"] in empty.text and empty.options == ("none",)
    assert one.options[-1] == other.options[-1] == "none"
    assert other.options[0].split()[0].isdigit()
    assert other.options[0] in other.text


@pytest.mark.parametrize("encoding", ["utf-8", "cp1251"])
def test_open_titles_are_read_in_the_users_own_habits(tmp_path, encoding):
    """A list with semicolons and decimal commas is written back so, and its titles are asked about."""
    text = STAFF.replace(",", ";").replace(";40", ";40,5").replace(";9", ";9,25")
    (tmp_path / "staff.csv").write_bytes(text.encode(encoding))
    scored(tmp_path / "staff.csv", tmp_path / "out")
    folder = find_folder(tmp_path / "out")
    waiting = {one.title: one.weight for one in open_titles(folder.path, folder.account.understood)}
    assert waiting["Менеджер"] == 40.5 and waiting["Специалист"] == 9.25


def test_a_wrong_answer_takes_nothing_over(staff, tmp_path, own_folder):
    scored(staff, tmp_path / "out")
    sheet = tmp_path / "sheet.csv"
    sheet.write_text("title,answer\nМенеджер,3322\nСпециалист,9999\n", encoding="utf-8")
    run = CliRunner().invoke(occurisk, ["titles", "review", str(tmp_path / "out"), "--answers", str(sheet)])
    assert "1 of 2 answers" in str(run.exception)
    assert not own_folder.exists()


def review(out, *options):
    return CliRunner().invoke(occurisk, ["titles", "review", str(out), *map(str, options)])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("title,answer\nМенеджер,3322\nМенеджер,2411\n", "line 3: 'Менеджер' has another answer above"),
        ("title,answer\n ,3322\n", "there is no word in the title"),
        ("title,answer\nМенеджер,=1+1\n", "'=1+1' is no code of isco08"),
        ("a,b\n1,2\n", "no column 'title'"),
        ("", "is empty"),
    ],
)
def test_a_sheet_that_cannot_be_taken_over_is_one_clear_error(staff, tmp_path, own_folder, text, said):
    scored(staff, tmp_path / "out")
    (tmp_path / "sheet.csv").write_text(text, "utf-8")
    run = review(tmp_path / "out", "--answers", tmp_path / "sheet.csv")
    assert isinstance(run.exception, RegistryError) and said in str(run.exception)
    assert not own_folder.exists()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1251"])
def test_a_sheet_is_read_as_excel_saves_it_in_russia_and_answered_titles_are_not_asked_again(
    staff, tmp_path, encoding
):
    scored(staff, tmp_path / "out")
    answers = tmp_path / "sheet.csv"
    text = "title;jobs;answer\nМенеджер;40;33 группа\nСпециалист;9;NONE\nСварщик;;7212\n"
    answers.write_bytes(text.encode(encoding))
    run = review(tmp_path / "out", "--answers", answers)
    assert run.exit_code == 0 and "3 answers taken over, 3 of them new" in run.output
    again = scored(staff, tmp_path / "again").rows.set_index("Должность")
    assert again.loc["Менеджер", "occurisk_title_match"] == "group"
    assert "nothing to ask" in review(tmp_path / "again", "--sheet", tmp_path / "next.csv").output
    assert not (tmp_path / "next.csv").exists()
    answers.write_text("title,answer\nМенеджер,\n", "utf-8")
    assert "nothing was taken over" in review(tmp_path / "out", "--answers", answers).output


def test_confirmed_titles_that_somebody_spoiled_are_refused(staff, tmp_path, own_folder):
    own_folder.mkdir()
    (own_folder / "confirmed.csv").write_text("system,title,code\nisco08,повар,9999\n", "utf-8")
    with pytest.raises(TitlesError, match="1 of 1 confirmed titles cannot be read"):
        scored(staff, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_full_disk_leaves_neither_half_a_sheet_nor_half_the_answers(
    staff, tmp_path, own_folder, monkeypatch
):
    scored(staff, tmp_path / "out")
    own_titles.add_confirmed("isco08", [("Сварщик", "7212")])
    before = (own_folder / "confirmed.csv").read_bytes()

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    answers = tmp_path / "sheet.csv"
    answers.write_text("title,answer\nМенеджер,3322\n", "utf-8")
    monkeypatch.setattr("os.replace", full)
    monkeypatch.setattr("pathlib.Path.replace", full)
    run = review(tmp_path / "out", "--sheet", tmp_path / "new.xlsx")
    assert run.exit_code and not (tmp_path / "new.xlsx").exists()
    assert isinstance(run.exception, OutputError) and "No space left" in str(run.exception)
    run = review(tmp_path / "out", "--answers", answers)
    assert isinstance(run.exception, OutputError)
    assert (own_folder / "confirmed.csv").read_bytes() == before
    assert not list(tmp_path.rglob(".*"))


def test_the_sheet_in_excel_offers_the_candidates(staff, tmp_path):
    from openpyxl import load_workbook

    scored(staff, tmp_path / "out")
    sheet = tmp_path / "sheet.xlsx"
    run = CliRunner().invoke(occurisk, ["titles", "review", str(tmp_path / "out"), "--sheet", str(sheet)])
    assert run.exit_code == 0, run.output
    page = load_workbook(sheet)["titles"]
    assert page["A2"].value == "Менеджер"
    assert [str(page[f"{column}2"].value).split()[0] for column in "GHIJ"] == ["3322", "2431", "5244", "4221"]
    assert [str(rule.sqref) for rule in page.data_validations.dataValidation] == ["E2", "E3"]


def test_intake_json_keeps_what_rests_on_titles(staff, tmp_path):
    scored(staff, tmp_path / "out")
    document = json.loads((tmp_path / "out" / "intake.json").read_text(encoding="utf-8"))
    assert document["understood"]["title_column"] == "Должность"
    assert document["titles"]["rows_matched"] == 5


def test_a_list_refused_for_want_of_codes_says_how_its_titles_are_matched(tmp_path):
    path = tmp_path / "staff.csv"
    path.write_text("Кто\nбухгалтер\nсварщик\nводитель\n", "utf-8")
    with pytest.raises(RegistryError, match=r"--titles only --title-column 'Кто'"):
        scored(path, tmp_path / "out")


def test_explain_matches_a_title_and_says_so():
    run = CliRunner().invoke(occurisk, ["explain", "бухгалтер по зарплате", "--lang", "ru"])
    assert run.exit_code == 0, run.output
    assert "3313" in run.output
    said = " ".join(run.stderr.split())
    assert "соответствует занятию 3313 Бухгалтеры среднего уровня квалификации (92%)" in said
    assert "Возможно также: 2411" in said and "matched" not in said


def test_explain_of_a_general_title_refuses():
    run = CliRunner().invoke(occurisk, ["explain", "менеджер"])
    assert run.exit_code != 0
    assert "cannot be matched" in str(run.exception)


def test_a_list_is_matched_with_what_is_common_in_it(tmp_path):
    model = TitleMatcher.shipped("soc2010").model
    farm = [t for t, n in zip(model.listed, model.listed_codes, strict=True) if model.codes[n][:3] == "45-"]
    result = {}
    for name, titles in (("long", farm[:400]), ("short", farm[:50])):
        path = tmp_path / f"{name}.csv"
        path.write_text("job_title\n" + "\n".join([*titles, "Sprayer driver"]) + "\n", encoding="utf-8")
        rows = scored(path, tmp_path / name, titles="only").rows.set_index("job_title")
        result[name] = rows
    found = result["long"].loc["Sprayer driver"]
    assert found["occurisk_code"] == "45-2000" and "common in this list" in found["occurisk_title_reason"]
    assert "Sprayer driver" not in result["short"].index


def test_the_reason_names_the_nearest_listed_title_and_it_stands_there(tmp_path):
    path = tmp_path / "staff.csv"
    path.write_text("job_title,n\ntax payroll accountant,1\nnight welder of big pipes,2\n", encoding="utf-8")
    rows = scored(path, tmp_path / "out", taxonomy="isco08").rows
    model = own_titles.matcher_for("isco08").model
    listed = set(zip(model.listed, (model.codes[place] for place in model.listed_codes), strict=True))
    assert len(rows)
    for _, row in rows.iterrows():
        because, _, near = row["occurisk_title_reason"].partition("; nearest listed title: ")
        assert because.startswith("because of: ")
        assert any(title == near and code.startswith(row["occurisk_code"]) for title, code in listed)
