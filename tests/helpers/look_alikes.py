"""Lists that look like codes of occupations and are not, and the other way round, made by rules."""

from __future__ import annotations

import random

from helpers.foreign_lists import FOREIGN
from helpers.registries import write
from occurisk.occupations.coding_systems import SYSTEMS
from occurisk.occupations.concordances import load_tables

DICE = random.Random(20261124)  # noqa: S311 (lists, not secrets)
KNOWN = {name: sorted(load_tables().known(system)) for name, system in SYSTEMS.items()}
UNITS = [c for c in KNOWN["isco08"] if len(c) == 4 and c[0] != "0"]
ALL = len(UNITS)
TITLES = load_tables().titles["isco08"]


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


def of(codes):
    """Some of these codes."""
    return some(codes.split(" "))


def both(form, one, other):
    """Two figures within ranges, side by side in one cell."""
    return [form.format(*pair) for pair in zip(numbers(*one), numbers(*other), strict=True)]


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
    "extensions of telephones": ("extension", some(UNITS)),
    "rooms that exist in ISCO": ("Кабинет", some(UNITS)),
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
    "units of an organisation": ("unit", some(UNITS)),
    "units of an organisation that exist in ISCO, all of them": ("Units", UNITS),
    "departments": ("Dept code", some(UNITS)),
    "departments, Russian": ("Код подразделения", some(UNITS)),
    "departments, Kazakh": ("Бөлім", some(UNITS)),
    "flights": ("flight", some(UNITS)),
    "invoices": ("Накладная", some(UNITS)),
    "shoe sizes": ("code", numbers(35, 46)),
    "times without a colon": ("t", both("{}{:02d}", (11, 24), (0, 60))),
    "degrees of latitude": ("lat", both("{}.{}", (40, 55), (1000, 9999))),
    "diagnoses": ("diagnosis_code", both("{:03d}.{}", (1, 999), (0, 9))),
    "a chart of accounts": ("kod", of("1010 1210 2410 3110 3350 5110 6010 7110 7210")),
    "ISIC without a name": ("klass", of("0111 1010 2511 4100 4711 5510 6201 6910 8510")),
    "industries of the US Census": ("INDP", of("0170 0770 2290 4670 6170 7860 8190 9590")),
    "degrees of the US Census": ("FOD1P", of("1100 1901 2102 2407 3301 5200 6203 6402")),
    "steps of five": ("q3", numbers(1005, 9755, 5)),
    "steps of ten": ("v", numbers(10, 9990, 10)),
    "exam scores": ("результат", numbers(11, 96)),
    "Japan's JSCO": ("職業コード", of_shape((0, 7), (0, 9), (0, 9))),
    "China's GB/T 6565": ("职业代码", both("{}-{:02d}", (1, 7), (1, 30))),
    "Germany's KldB at four digits": ("kldb2010_4", of_shape((1, 9), (1, 4), (1, 3), (0, 9))),
    "the United Kingdom's SOC 2010": ("soc10uk", of_shape((1, 9), (1, 2), (1, 6), (1, 9))),
    "rooms of lectures that exist in ISCO": ("Аудитория", some(UNITS)),
    "articles of a law that exist in ISCO": ("статья", some(UNITS)),
    "units of a building that exist in ISCO": ("unit", some(UNITS)),
    "numbers under a word that nobody knows": ("Шкафчик", some(UNITS)),
    "Brazil's CBO, spelled out": ("código da ocupação", of_shape(*[(1, 9)] * 2, *[(0, 5)] * 4)),
}  # fmt: skip


def floats(codes):
    return [f"{int(c)}.0" for c in codes]


def eaten(codes):
    return [str(int(c)) for c in codes]


SOC = [c for c in KNOWN["soc2018"] if not c.endswith("0") and c[:2] != "55"]
SOC10 = [c for c in KNOWN["soc2010"] if not c.endswith("0") and c[:2] != "55"]
ONET = [c for c in KNOWN["onetsoc"] if c[:2] != "55"]
CENSUS = [c for c in KNOWN["census2010"] if c[:2] != "98"]
CENSUS18 = [c for c in KNOWN["census2018"] if c[:2] != "98"]
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
    "ISCO-08, unit groups": ("ISCO unit group", UNITS, "isco08"),
    "ISCO-08, unit groups without its name": ("unit_group", UNITS, "isco08"),
    "ISCO-08, codes of unit groups": ("Unit Group Code", UNITS, "isco08"),
    "ISCO-08, unit groups, Russian": ("Начальная группа", UNITS, "isco08"),
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
    "Census 2018": ("OCC2018", CENSUS18, "census2018"),
    "Census 2018 of the ACS": ("OCCP", CENSUS18, "census2018"),
    "Census 2018 with eaten zeros": ("PTIO1OCD", eaten(CENSUS18), "census2018"),
    "Census 2018 as floats": ("occ", floats(CENSUS18), "census2018"),
    "Census 2018 with gaps and the army": ("census", [*CENSUS18, "9800", "9830", "9920", "0"], "census2018"),
    "Census 2018 without a name": ("v4", CENSUS18, "census2018"),
    "Census 2010 of the ACS": ("OCCP", CENSUS, "census2010"),
    "gaps of a survey": ("isco08", [*UNITS, "9997", "9999", "-8", "0000"], "isco08"),
    "sums between": ("isco08", [*UNITS[:200], "Итого", "Всего по филиалу"], "isco08"),
}


def moved(codes, by=7):
    """The same codes beside other rows, as a national system gives them another meaning."""
    return [*codes[by:], *codes[:by]]


def of_titles(words, n=40):
    return [words[i % len(words)] for i in range(n)]


_ENGLISH = [TITLES[c] for c in UNITS]
_SOME_UNITS = UNITS[::9]
_SPANISH = ["Albañil", "Enfermera", "Profesor", "Cocinero", "Soldador", "Abogado", "Contador", "Vendedora"]
_POLISH = ["Kierowca", "Spawacz", "Nauczyciel", "Kucharz", "Murarz", "Lekarz", "Fryzjerka", "Piekarz"]
_RUSSIAN = ["Бухгалтер", "Сварщик", "Учитель", "Повар", "Каменщик", "Врач", "Парикмахер", "Водитель автобуса"]
# Columns side by side: their names, and their cells.
HOSTILE = {
    f"{name}, with titles, under {header!r}": ((header, "titulo"), (codes, titles))
    for header, (name, (codes, titles)) in zip(
        ("code", "occ", "код", "kod", "codigo", "klass", "cod"), FOREIGN.items(), strict=True
    )
} | {
    "ISCO's numbers with other meanings, English": (
        ("code", "title"), (moved(_SOME_UNITS), _ENGLISH[::9])),
    "ISCO's numbers with other meanings, Spanish": (
        ("ocupacion", "descripcion"), (some(UNITS), of_titles(_SPANISH))),
    "ISCO's numbers with other meanings, Polish": (
        ("kod zawodu", "nazwa"), (some(UNITS), of_titles(_POLISH))),
    "ISCO's numbers with other meanings, Russian": (
        ("код профессии", "профессия"), (some(UNITS), of_titles(_RUSSIAN))),
    "SOC's numbers with other meanings": (
        ("code", "job title"), ([c.replace("-", "") for c in some(KNOWN["soc2010"][40:])], some(_ENGLISH))),
    "times of the day": (("shift", "начало"), (some(["day", "night"]), [f"{h:02d}{m}" for h, m in zip(
        numbers(11, 24), some(["10", "20", "30", "11"]), strict=True)])),
    "accounts": (("счёт", "сумма"), (some(UNITS), numbers(100, 9000))),
    "rooms": (("room", "dept"), (numbers(1101, 1460), some(["Sales", "IT", "Legal"]))),
    "goods": (("hs code", "product"), (of_shape((1, 9), (1, 7), (0, 2), (1, 9)), some(["Wool", "Iron"]))),
    "courses": (("course", "title"), ([f"CS {v}" for v in some(UNITS)], some(["Algebra I", "Logic", "Law"]))),
    "buses": (("route", "stop"), (numbers(11, 99), some(["North", "South", "Market"]))),
    "hectares": (("площадь", "культура"), (numbers(1000, 9900, 10), some(["Пшеница", "Овёс", "Рис"]))),
    "years as floats, without a name": (
        ("f1", "f2"), ([f"{v}.0" for v in numbers(1950, 2026)], numbers(1, 5))),
    "months and days": (("md", "n"), ([f"{m:02d}{d:02d}" for m, d in zip(
        numbers(1, 13), numbers(1, 29), strict=True)], numbers(1, 90))),
}  # fmt: skip


def _with_words(codes, form):
    return [form.format(code=c, title=TITLES[c]) for c in codes]


def _counted(name, codes):
    """A column of codes, and one of jobs."""
    return (name, "n"), (codes, range(1, len(codes) + 1))


# Their names, their cells, and the coding system.
UNUSUAL = {
    name: (*columns, system)
    for name, columns, system in (
        ("O*NET with .00 as text", _counted("Code", [c for c in ONET if c.endswith(".00")][:60]), "onetsoc"),
        ("India's NCO", _counted("nco", [f"{c}.{i % 90 + 10}00" for i, c in enumerate(UNITS)]), "isco08"),
        ("dots between all digits", _counted("CIUO", [".".join(c) for c in UNITS]), "isco08"),
        ("code and title in one cell",
         _counted("occupation", _with_words(UNITS[::5], "{code} - {title}")), "isco08"),
        ("code and title, one space",
         _counted("профессия", _with_words(UNITS[::5], "{code} {title}")), "isco08"),
        ("a prefix of words", _counted("НКЗ", [f"НКЗ {c}-{i % 9}" for i, c in enumerate(UNITS)]), "nkrk"),
        ("НК РК of four parts",
         _counted("код", [f"{c}-{i % 9}-00{i % 7}" for i, c in enumerate(UNITS)]), "nkrk"),
        ("ISCO- before each", _counted("code", [f"ISCO-08: {c}" for c in UNITS]), "isco08"),
        ("apostrophes of Excel", _counted("occupation code", [f"'{c}" for c in UNITS]), "isco08"),
        ("digits of full width",
         _counted("code", ["".join(chr(ord(d) + 0xFEE0) for d in c) for c in UNITS]), "isco08"),
        ("footnotes", _counted("SOC code", [f"{c}{'*†¹'[i % 3]}" for i, c in enumerate(SOC)]), None),
        ("titles that agree", (("code", "title"), (UNITS[::5], [TITLES[c] for c in UNITS[::5]])), "isco08"),
        ("Polish titles that agree",
         (("kod zawodu", "nazwa"), (["8332", "7212", "2320", "5120", "7112", "2212", "5141", "7512"] * 5,
                                    of_titles(_POLISH))), "isco08"),
        ("Romania's COR",
         _counted("cod ocupatie", [f"{c}{i % 90 + 10}" for i, c in enumerate(UNITS)]), "isco08"),
        ("Czech CZ-ISCO", _counted("CZ-ISCO", [f"{c}{i % 9}" for i, c in enumerate(UNITS)]), "isco08"),
        ("Ukraine's ДК 003",
         _counted("код КП", [f"{c}.{i % 2 + 1}" if c[0] < "4" else c for i, c in enumerate(ISCO88)]),
         "isco88"),
        ("weights with spaces",
         (("isco08", "Численность"), (UNITS, [f"{i} 234" for i in range(1, len(UNITS) + 1)])), "isco08"),
        ("Kazakh", (("кәсіп коды", "саны"), (UNITS, range(1, len(UNITS) + 1))), "isco08"),
        ("totals by region", (("Регион", "Код ОКЗ", "Численность"), (
            [*["Алматы"] * 30, "Алматы Итог", *["Астана"] * 30, "Всего по региону", "Общий итог"],
            [*UNITS[:30], "", *UNITS[30:60], "", ""], [*[2] * 30, 60, *[3] * 30, 90, 150])), "isco08"),
        ("headings between", (("Отдел", "ОКЗ", "численность"), (
            ["Цех 1", *["x"] * 30, "Цех 2", *["x"] * 30], ["", *UNITS[:30], "", *UNITS[30:60]],
            ["", *[1] * 30, "", *[2] * 30])), "isco08"),
        ("India's NCO 2015",
         (("NCO 2015", "count"), ([f"{c}.{i % 90 + 10}00" for i, c in enumerate(UNITS)], range(9, ALL + 9))),
         "isco08"),
        ("Arabic", (("رمز المهنة ISCO", "عدد"), (UNITS[:90], range(9, 99))), "isco08"),
        ("Vietnamese", (("Mã nghề ISCO", "Số người"), (UNITS[:90], range(9, 99))), "isco08"),
        ("Indonesia's KBJI", (("KBJI 2014", "jumlah"), (UNITS, range(9, ALL + 9))), "isco08"),
        ("Turkish, with national digits",
         (("Meslek Kodu", "Çalışan Sayısı"),
          ([f"{c}.{i % 90 + 10}" for i, c in enumerate(UNITS)], range(9, ALL + 9))), "isco08"),
        ("the European Social Survey",
         (("isco08", "pspwght"), ([*some(UNITS, 60), "66666", "77777"], [0.75, 1.25] * 31)), "isco08"),
        ("a survey's own name", _counted("jbisco08_cc", UNITS), "isco08"),
        ("words in one", _counted("jobcode", UNITS), "isco08"),
        ("a system and a word in one", _counted("OKZcode", UNITS), "isco08"),
        ("a word that nobody knows, beside titles that agree",
         (("Klucz", "nazwa"), (["8332", "7212", "2320", "5120", "7112", "2212", "5141", "7512"] * 5,
                               of_titles(_POLISH))), "isco08"),
        ("Unit groups", _counted("Unit group", UNITS), "isco08"),
        ("the ACS", (("SERIALNO", "OCCP", "PWGTP", "AGEP", "WAGP"), (
            [f"2022HU{i:07d}" for i in range(60)], CENSUS18[::9][:60], numbers(10, 300, 1, 60),
            numbers(18, 80, 1, 60), numbers(0, 90_000, 1000, 60))), "census2018"),
        ("the last of many columns",
         ((*"abcdefgh", "kod zawodu"), (*[numbers(1, 9, 1, 60)] * 8, UNITS[:60])), "isco08"),
    )
}  # fmt: skip
