"""Which column holds codes, and which jobs, rule by rule; tests/commands/test_look_alikes.py has lists."""

from __future__ import annotations

import pytest

from helpers.look_alikes import SOC, SPREAD, THREE, TWO, UNITS, numbers, table
from helpers.registries import write
from occurisk.errors import RegistryError
from occurisk.registry.columns.header_words import JOBS, read_header
from occurisk.registry.columns.sample import IntakeOptions
from occurisk.registry.understanding import open_for_intake, understand


def take(path, **options):
    chosen = IntakeOptions(**options)
    return understand(open_for_intake(path, chosen), chosen)


def test_the_refusal_shows_each_candidate_and_what_speaks_against_it(tmp_path):
    path = table(tmp_path, ["codigo de ocupacion", "salario"], SPREAD, numbers(1100, 9600, 100))
    with pytest.raises(RegistryError) as caught:
        take(path)
    text = str(caught.value)
    assert "its name speaks of codes of occupations" in text
    assert "Against it: only" in text
    assert "pay, as its name says" in text
    assert "--code-column 'codigo de ocupacion'" in text


def test_what_the_user_names_is_scored_under_a_warning(tmp_path):
    path = table(tmp_path, ["codigo de ocupacion", "n"], SPREAD, numbers(1, 9))
    got = take(path, code_column="codigo de ocupacion", taxonomy="isco08")
    assert "of the rows with a value" in got.warnings[0]


def test_a_taxonomy_that_does_not_fit_names_the_one_that_does(tmp_path):
    with pytest.raises(RegistryError, match="--taxonomy isco08"):
        take(table(tmp_path, ["isco08", "n"], UNITS, UNITS), taxonomy="soc2018")


def test_of_two_depths_the_finer_is_scored(tmp_path):
    got = take(table(tmp_path, ["ISCO1D", "ISCO3D"], [c[0] for c in THREE], THREE), taxonomy="isco08")
    assert got.name(got.code) == "ISCO3D"
    assert any("finer" in note for note in got.notes)


@pytest.mark.parametrize(
    ("header", "weight"),
    [
        (["isco08", "Employment 2024", "Employment 2034", "Employment change"], "Employment 2024"),
        (["isco08", "mean wage", "employment", "percent of employment"], "employment"),
        (["isco08", "доля занятых", "численность", "оклад"], "численность"),
        (["isco08", "projected employment", "jobs", "share"], "jobs"),
        (["isco08", "salary", "pay", "hourly rate"], None),
        (["Код", "Всего занятых, тыс. чел.", "в том числе женщины"], "Всего занятых, тыс. чел."),
        (["Код занятия", "Средняя зарплата работников", "Число работников на конец года"], -1),
        (["CITP-08", "dont femmes", "Effectif total (milliers)"], -1),
        (["ISCO-08", "davon Frauen", "Sozialversicherungspflichtig Beschäftigte"], -1),
        (["CIUO-08", "Mujeres ocupadas", "Población ocupada total"], -1),
        (["Кәсіп коды", "соның ішінде әйелдер", "Жұмыспен қамтылғандар, мың адам"], -1),
        (["isco08", "unemployed persons", "share of workers"], None),
        (["isco08", "Численность женщин", "Численность работников"], -1),
        (["isco08", "n", "Численность, чел."], -1),
        (["isco08", "Число вакансий", "Кол-во работников"], -1),
        (["isco08", "Число вакансий"], -1),
        (["isco08", "Female employment", "Full-time employment"], None),
        (["isco08", "Trabajador", "Trabajadores"], -1),
        (["isco08", "firm_size_employees"], None),
        (["isco08", "PWGTP1", "PWGTP"], -1),
    ],
)
def test_jobs_of_now_are_the_weights(tmp_path, header, weight):
    figures = [numbers(5, 500, 1, len(UNITS)) for _ in header[1:]]
    got = take(table(tmp_path, header, UNITS, *figures))
    assert got.name(got.weight) == (header[weight] if isinstance(weight, int) else weight)


def test_what_tells_jobs_speaks_against_codes():
    words = [word.replace("*", "x") for words in JOBS.values() for word in words.split()]
    assert [word for word in words if not read_header(word).other] == []


def test_a_small_staff_is_no_status(tmp_path):
    """One to five people to a post are jobs; ones and twos under `employed` say who works."""
    posts = [1, 2, 3, 5] * 10
    for name, weight in (("Численность", "Численность"), ("employed", None), ("Занятость", None)):
        got = take(table(tmp_path, ["isco08", name], UNITS[:40], posts))
        assert got.name(got.weight) == weight


@pytest.mark.parametrize("names", [["2014", "2015", "2016"], ["jobs 2014", "jobs 2015", "jobs 2016"]])
def test_of_several_years_the_choice_is_asked_for(tmp_path, names):
    path = table(tmp_path, ["isco08", *names], UNITS, *[numbers(5, 500, 1, len(UNITS))] * 3)
    with pytest.raises(RegistryError, match="--weight-column"):
        take(path)
    assert take(path, weight_column=names[1]).weight == 2
    assert take(path, weight_column="none").weight is None


def test_of_several_headings_of_jobs_the_choice_is_asked_for(tmp_path):
    names = ["Занятых на основной работе", "Занятых на дополнительной работе"]
    path = table(tmp_path, ["isco08", *names], UNITS, *[numbers(5, 500, 1, len(UNITS))] * 2)
    with pytest.raises(RegistryError, match="Several headings speak of jobs: 2 columns"):
        take(path)
    assert take(path, weight_column=names[1]).weight == 2


def test_a_header_of_two_rows_is_named_as_such(tmp_path):
    path = write(tmp_path / "r.csv", "isco08;jobs;;\n;2014;2015;2016\n2411;1;2;3\n2412;4;5;6\n4110;7;8;9\n")
    with pytest.raises(RegistryError, match="takes two rows"):
        take(path)


def test_dates_among_codes_are_explained(tmp_path):
    codes = [*SOC[:30], "2021-11-01", "11-12-2021"]
    got = take(table(tmp_path, ["occ_code", "n"], codes, range(len(codes))))
    assert "spreadsheet turns codes such as 11-2021 into dates" in got.warnings[0]


def test_a_long_table_warns_of_what_it_adds_up(tmp_path):
    rows = 2 * len(TWO)
    path = table(
        tmp_path, ["ref_area", "classif1", "time", "obs_value"], ["KAZ", "DEU"] * len(TWO),
        [f"OC2_ISCO08_{c}" for c in TWO] * 2, ["2018", "2019"] * len(TWO), numbers(5, 500, 1, rows),
    )  # fmt: skip
    got = take(path)
    assert ["ref_area" in got.warnings[0], "time" in got.warnings[1]] == [True, True]
    assert not take(path, where=(("ref_area", "KAZ"), ("time", "2018"))).warnings


def test_national_and_other_codes_in_one_column_end_in_one_clear_answer(tmp_path):
    with pytest.raises(RegistryError, match="--taxonomy"):
        take(write(tmp_path / "r.csv", "code\n4110-9\n2411-0-001\n43-9021\n43-9021.00\n"))
