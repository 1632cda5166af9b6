"""Lists that look like codes of occupations and are not, and codes that do not look like it."""

from __future__ import annotations

import random

import pytest

from helpers.registries import write
from occurisk.errors import RegistryError
from occurisk.occupations.coding_systems import SYSTEMS
from occurisk.occupations.concordances import load_tables
from occurisk.registry.columns.sample import IntakeOptions
from occurisk.registry.understanding import open_for_intake, understand

DICE = random.Random(20261124)  # noqa: S311 (lists, not secrets)
KNOWN = {name: sorted(load_tables().known(system)) for name, system in SYSTEMS.items()}
UNITS = [c for c in KNOWN["isco08"] if len(c) == 4 and c[0] != "0"]
TITLES = load_tables().titles["isco08"]


def take(path, **options):
    chosen = IntakeOptions(**options)
    return understand(open_for_intake(path, chosen), chosen)


def table(tmp_path, header, *columns, delimiter="\t"):
    """Write columns side by side."""
    rows = [delimiter.join(map(str, row)) for row in zip(*columns, strict=True)]
    return write(tmp_path / "list.csv", "\n".join([delimiter.join(header), *rows]) + "\n")


def some(values, n=40):
    return [DICE.choice(values) for _ in range(n)]


def numbers(low, high, step=1, n=40):
    return [DICE.randrange(low, high, step) for _ in range(n)]


def of_shape(*parts, n=40):
    """Codes made of digits within ranges, as national classifications are: (first, last) by digit."""
    return ["".join(str(DICE.randint(*p)) for p in parts) for _ in range(n)]


ROUND = numbers(100_000, 3_000_000, 50_000)
SPREAD = of_shape((1, 9), (1, 9), (1, 9), (1, 9))
FALSE = {
    "salaries, no other column": ("зарплата", ROUND),
    "salaries as floats": ("Оклад (тенге)", [f"{v}.0" for v in ROUND]),
    "salaries in thousands": ("salario", numbers(1100, 9600, 100)),
    "salaries in a column without a telling name": ("x", numbers(1000, 9600, 100)),
    "salaries with thousands separators": ("pay", [f"{v:,}".replace(",", " ") for v in ROUND]),
    "pay that exists in ISCO": ("wage", some(UNITS)),
    "years": ("year", numbers(2000, 2026)),
    "years without a name": ("v1", numbers(1990, 2026)),
    "years of birth": ("год рождения", numbers(1955, 2006)),
    "ages": ("age", numbers(18, 65)),
    "ages without a name": ("q2", numbers(11, 65)),
    "ages, Kazakh": ("жасы", numbers(18, 65)),
    "row numbers": ("№", list(range(1, 41))),
    "row numbers without a name": ("a", list(range(1, 41))),
    "ids": ("id", some(UNITS)),
    "ids of people": ("person_id", numbers(100_000, 999_999)),
    "ИИН": ("ИИН", numbers(10**11, 10**12)),
    "telephones": ("телефон", [f"+7701{v}" for v in numbers(1_000_000, 9_999_999)]),
    "telephones without a name": ("k", [f"8 (701) {v}-11-22" for v in numbers(111, 999)]),
    "postcodes of the US": ("zip", numbers(10_001, 99_950)),
    "postcodes of four digits": ("PLZ", some(UNITS)),
    "postcodes, Russian": ("индекс", numbers(101_000, 690_000)),
    "dates": ("дата приёма", [f"{d:02d}.03.2021" for d in numbers(1, 28)]),
    "ISO dates": ("z", [f"2021-{m:02d}-01" for m in numbers(1, 12)]),
    "months as numbers": ("period", [f"2021{m:02d}" for m in numbers(1, 12)]),
    "hours": ("hours", numbers(11, 45)),
    "percentages": ("share", [f"{v}%" for v in numbers(11, 96)]),
    "decimals": ("d", [f"{v}.{c}" for v, c in zip(numbers(1111, 9629), numbers(11, 99), strict=True)]),
    "grades": ("разряд", numbers(1, 9)),
    "regions": ("код региона", numbers(10, 80)),
    "industries": ("NACE", of_shape((1, 9), (1, 9), (1, 2))),
    "industry codes": ("код ОКВЭД", of_shape((1, 9), (1, 6), (1, 4))),
    "education": ("education code", numbers(1, 9)),
    "countries": ("country code", numbers(100, 900)),
    "counts": ("count", some(UNITS)),
    "answers": ("q17", numbers(1, 6)),
    "products": ("артикул", numbers(1000, 9999)),
    "Argentina's CNO": ("CNO", of_shape((1, 9), (0, 9), (0, 9), (1, 4), (1, 3))),
    "Argentina's CNO, spelled out": ("codigo de ocupacion", of_shape((1, 9), (0, 9), (0, 9), (1, 4), (1, 3))),
    "Mexico's SINCO": ("SINCO", some(UNITS)),
    "Mexico's SINCO, spelled out": ("clave ocupacion", of_shape((1, 9), (1, 9), (1, 9), (0, 9))),
    "Germany's KldB": ("KldB 2010", of_shape((1, 9), (1, 4), (1, 3), (0, 9), (1, 4))),
    "Germany's KldB, spelled out": ("Berufsschlüssel", of_shape((1, 9), (1, 4), (1, 3), (0, 9), (1, 4))),
    "the United Kingdom's SOC": ("SOC 2020", of_shape((1, 9), (1, 2), (1, 6), (1, 9))),
    "Australia's ANZSCO": ("ANZSCO code", of_shape((1, 8), (1, 6), (1, 9), (1, 9), (1, 1), (1, 9))),
    "Canada's NOC": ("NOC", of_shape((0, 9), (1, 4), (1, 9), (1, 9))),
    "Brazil's CBO": ("CBO", of_shape((1, 9), (1, 9), (1, 9), (1, 9), (0, 9), (0, 9))),
    "Russia's ОКПДТР": ("код ОКПДТР", numbers(10_003, 27_931)),
    "Russia's ОКПДТР, spelled out": ("код профессии", numbers(10_003, 27_931)),
    "France's PCS": ("PCS", [f"{v}a" for v in of_shape((1, 6), (1, 9), (1, 9))]),
    "any four digits": ("occupation code", SPREAD),
}  # fmt: skip


@pytest.mark.parametrize("case", FALSE)
@pytest.mark.parametrize("titles", [False, True])
def test_a_list_that_only_looks_like_codes_is_not_scored_unasked(tmp_path, case, titles):
    name, values = FALSE[case]
    jobs = some(["Бухгалтер", "Welder", "Медсестра", "Clerk"], len(values))
    header, columns = ([name, "должность"], [values, jobs]) if titles else ([name], [values])
    path = table(tmp_path, header, *columns)
    try:
        assert take(path).code is None
    except RegistryError as problem:
        assert "--code-column" in str(problem) or "--taxonomy" in str(problem)


def floats(codes):
    return [f"{int(c)}.0" for c in codes]


def eaten(codes):
    return [str(int(c)) for c in codes]


SOC = [c for c in KNOWN["soc2018"] if not c.endswith("0") and c[:2] != "55"]
SOC10 = [c for c in KNOWN["soc2010"] if not c.endswith("0") and c[:2] != "55"]
ONET = [c for c in KNOWN["onetsoc"] if c[:2] != "55"]
CENSUS = [c for c in KNOWN["census2010"] if c[:2] != "98"]
WITH_ARMY = [c for c in KNOWN["isco08"] if len(c) == 4]
ISCO88 = [c for c in KNOWN["isco88"] if len(c) == 4 and c[0] != "0"]
THREE, TWO = ([c for c in KNOWN["isco08"] if len(c) == n and c[0] != "0"] for n in (3, 2))
TRUE = {
    "SOC 2018": ("OCC_CODE", SOC, "soc2018"),
    "SOC 2010": ("soc2010", SOC10, "soc2010"),
    "SOC without dashes": ("soc_2018", [c.replace("-", "") for c in SOC], "soc2018"),
    "SOC without a name": ("a", SOC, "soc2018"),
    "SOC with .00": ("soc 2018 code", [f"{c}.00" for c in SOC], None),
    "SOC with long dashes": ("occupation", [c.replace("-", "–") for c in SOC], "soc2018"),
    "SOC as spreadsheet texts": ("Occupation Code", [f'="{c}"' for c in SOC], "soc2018"),
    "SOC under Title": ("Title", SOC, "soc2018"),
    "SOC with spaces that do not break": ("code", [f"\u00a0{c} " for c in SOC], "soc2018"),
    "SOC as floats": ("SOC2018", [c.replace("-", "") + ".0" for c in SOC], "soc2018"),
    "O*NET": ("O*NET-SOC Code", ONET, "onetsoc"),
    "O*NET without punctuation": ("onet", [c.replace("-", "").replace(".", "") for c in ONET], "onetsoc"),
    "O*NET without a name": ("key2", ONET, "onetsoc"),
    "ISCO-08": ("isco08", UNITS, "isco08"),
    "ISCO-08, Cyrillic": ("Код профессии", UNITS, "isco08"),
    "ISCO-08, Kazakh": ("Мамандық коды", UNITS, "isco08"),
    "ISCO-08, Spanish": ("Código de ocupación", UNITS, "isco08"),
    "ISCO-08, Portuguese": ("codigo_ocupacao", UNITS, "isco08"),
    "ISCO-08, French": ("code profession", UNITS, "isco08"),
    "ISCO-08, German": ("Berufscode", UNITS, "isco08"),
    "ISCO-08, Polish": ("kod zawodu", UNITS, "isco08"),
    "ISCO-08, Turkish": ("meslek kodu", UNITS, "isco08"),
    "ISCO-08, Ukrainian": ("код професії", UNITS, "isco08"),
    "ISCO-08 of the ILO in Spanish": ("CIUO-08", UNITS, "isco08"),
    "ISCO-08 as floats": ("isco08", floats(WITH_ARMY), "isco08"),
    "ISCO-08 with eaten zeros": ("isco_08", eaten(WITH_ARMY), "isco08"),
    "ISCO-08 with .00": ("ISCO-08 code", [f"{c}.00" for c in UNITS], "isco08"),
    "ISCO-08 without a name": ("v12", UNITS, "isco08"),
    "ISCO-08 of three digits": ("isco08_3d", THREE, "isco08"),
    "ISCO-08 of two digits": ("ISCO08", TWO, "isco08"),
    "ISCO-08 as ILOSTAT": ("classif1", [f"OC2_ISCO08_{c}" for c in TWO], "isco08"),
    "ISCO-08 as ESCO": ("iscoGroup", [f"C{c}" for c in UNITS], "isco08"),
    "ISCO-08 of Russia": ("ОКЗ", UNITS, "isco08"),
    "ISCO-88": ("isco88", ISCO88, "isco88"),
    "ISCO-88 without a name": ("code", ISCO88, "isco88"),
    "НК РК": ("код НКЗ", [f"{c}-{i % 9}" for i, c in enumerate(UNITS)], "nkrk"),
    "НК РК without a name": ("b", [f"{c}-{i % 9}" for i, c in enumerate(UNITS)], "nkrk"),
    "Poland's KZiS": ("kod zawodu", [f"{c}{i % 90 + 10}" for i, c in enumerate(UNITS)], "isco08"),
    "Census 2010": ("OCC2010", CENSUS, "census2010"),
    "Census 2010 with eaten zeros": ("PEIO1OCD", eaten(CENSUS), "census2010"),
    "Census 2010, occ": ("occ", eaten(CENSUS), "census2010"),
    "Census 2010 with gaps": ("OCC2010", [*CENSUS, "9920", "9999", "0"], "census2010"),
    "gaps of a survey": ("isco08", [*UNITS, "9997", "9999", "-8", "0000"], "isco08"),
    "sums between": ("isco08", [*UNITS[:200], "Итого", "Всего по филиалу"], "isco08"),
}


@pytest.mark.parametrize("case", TRUE)
def test_real_codes_are_recognised_however_they_are_spelled(tmp_path, case):
    name, codes, taxonomy = TRUE[case]
    path = table(tmp_path, ["id", name, "оклад", "employment"], range(len(codes)), codes,
                 numbers(100_000, 900_000, 1000, len(codes)), numbers(5, 500, 1, len(codes)))  # fmt: skip
    got = take(path)
    assert (got.name(got.code), got.name(got.weight)) == (name, "employment")
    assert taxonomy in (None, got.taxonomy)
    assert not got.warnings


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
    ],
)
def test_jobs_of_now_are_the_weights(tmp_path, header, weight):
    figures = [numbers(5, 500, 1, len(UNITS)) for _ in header[1:]]
    got = take(table(tmp_path, header, UNITS, *figures))
    assert got.name(got.weight) == weight


@pytest.mark.parametrize("names", [["2014", "2015", "2016"], ["jobs 2014", "jobs 2015", "jobs 2016"]])
def test_of_several_years_the_choice_is_asked_for(tmp_path, names):
    path = table(tmp_path, ["isco08", *names], UNITS, *[numbers(5, 500, 1, len(UNITS))] * 3)
    with pytest.raises(RegistryError, match="--weight-column"):
        take(path)
    assert take(path, weight_column=names[1]).weight == 2
    assert take(path, weight_column="none").weight is None


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
