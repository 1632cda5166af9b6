"""Intake: columns, coding systems, encodings, numbers; asked where it would have to guess."""

from __future__ import annotations

import bz2
import gzip
import zipfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from helpers.registries import frame, write
from occurisk.errors import RegistryError
from occurisk.occupations.coding_systems import ISCO08, SOC2010, SOC2018
from occurisk.occupations.concordances import load_tables
from occurisk.occupations.titles import own_titles
from occurisk.registry.columns.sample import IntakeOptions
from occurisk.registry.formats.csv_dialect import sniff
from occurisk.registry.group_rows import find_repeats
from occurisk.registry.numbers import NumberStyle, number_style, read_numbers
from occurisk.registry.opening import open_registry
from occurisk.registry.understanding import open_for_intake, understand

TABLES = load_tables()
SOC2018_ONLY = [c for c in TABLES.pairs["soc2018"] if not c.startswith("55")][:200]
TEXT = "код;название;численность\n2411;Бухгалтер;1,5\n4110-9;Клерк;2\n"


def take(path, **options):
    chosen = IntakeOptions(**options)
    return understand(open_for_intake(path, chosen), chosen)


def read(path, **how):
    return pa.Table.from_batches(open_registry(path, **how).batches()).to_pylist()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1251"])
def test_encodings_are_told_by_content(tmp_path, encoding):
    path = write(tmp_path / "r.csv", TEXT, encoding)
    assert read(path)[0] == {"код": "2411", "название": "Бухгалтер", "численность": "1,5"}
    assert take(path).name(take(path).weight) == "численность"


def test_western_accents_are_not_taken_for_cyrillic():
    assert sniff("code,título\n1,Médico\n".encode("cp1252"), whole=True).encoding == "cp1252"
    assert sniff("code,starf\n1,Bókari, þýðandi\n".encode("cp1252"), whole=True).encoding == "cp1252"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_delimiters(tmp_path, delimiter):
    path = write(tmp_path / "r.txt", f"code{delimiter}n\n43-9021{delimiter}1\n")
    assert read(path) == [{"code": "43-9021", "n": "1"}]


@pytest.mark.parametrize("pack", ["gz", "bz2", "zst", "zip"])
def test_packed_text(tmp_path, pack):
    data, path = b"code,n\n43-9021,1\n", tmp_path / "renamed.bin"
    if pack == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("inside.csv", data)
    elif pack == "zst":
        with pa.OSFile(str(path), "wb") as raw, pa.CompressedOutputStream(raw, "zstd") as stream:
            stream.write(data)
    else:
        path.write_bytes({"gz": gzip, "bz2": bz2}[pack].compress(data))
    assert read(path) == [{"code": "43-9021", "n": "1"}]


def test_a_preamble_is_skipped_and_a_short_header_filled(tmp_path):
    assert read(write(tmp_path / "a.csv", "Table 1\n\ncode,n,x\n1,2,3\n4,5,6\n"))[0] == {
        "code": "1",
        "n": "2",
        "x": "3",
    }
    assert read(write(tmp_path / "b.csv", "code,n\n1,2,\n4,5,\n")) == [
        {"code": "1", "n": "2", "": ""},
        {"code": "4", "n": "5", "": ""},
    ]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_line_endings(tmp_path, ending):
    path = tmp_path / "r.csv"
    path.write_bytes(ending.join(["code,n", "43-9021,1", "11-1011,2", ""]).encode())
    assert [row["n"] for row in read(path)] == ["1", "2"]


def test_rows_that_are_all_ragged_are_one_error(tmp_path):
    with pytest.raises(RegistryError, match="None of the 2 rows"):
        take(write(tmp_path / "r.csv", "code,n\n1\n1,2,3\n"))


def test_quoted_line_feeds_and_delimiters_stay_in_their_cell(tmp_path):
    assert read(write(tmp_path / "a.csv", 'code,t\n1,"a\nb,""c"""\n')) == [{"code": "1", "t": 'a\nb,"c"'}]


def test_excel_cells_keep_their_types(tmp_path):
    path = tmp_path / "r.xlsx"
    pd.DataFrame({"code": ["0110", "2411"], "n": [1, 2], "x": [1.5, None], "m": [7, "*"]}).to_excel(
        path, index=False
    )
    assert read(path) == [
        {"code": "0110", "n": 1, "x": 1.5, "m": "7"},
        {"code": "2411", "n": 2, "x": None, "m": "*"},
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"code,n\n", "has no rows"),
        (bytes(range(256)) * 20, "no table"),
        (b"%PDF-1.4 ...", "a PDF"),
        (b"\x7fELF" + bytes(60), "a program"),
        (b"PK\x03\x04" + b"rubbish" * 9, "cannot be read"),
        (b"PAR1" + b"rubbish" * 9, "cannot be read"),
        (b"\x1f\x8b" + b"rubbish" * 9, "cannot be read"),
        (b"\xd0\xcf\x11\xe0" + b"rubbish" * 99, "cannot be read"),
        (b"code,n\n43-9021,1\x00\x00\x00\x00\n", "binary"),
        (b"a" * 3_000_000, "longer than 1 MB"),
    ],
)
def test_what_is_no_table_gives_one_clear_error(tmp_path, content, message):
    path = tmp_path / "r.csv"
    path.write_bytes(content)
    with pytest.raises(RegistryError, match=message):
        take(path)


def test_a_row_without_end_is_refused_and_does_not_fill_the_memory(tmp_path):
    path = tmp_path / "r.csv"
    path.write_bytes(b"code,n\n" + b"43-9021,1\n" * 300 + b'"' + b"x" * 20_000_000)
    with pytest.raises(RegistryError, match="longer than 4 MB"):
        read(path)


def test_a_missing_file_and_a_missing_sheet_are_named(tmp_path):
    with pytest.raises(RegistryError, match="No such file"):
        open_registry(tmp_path / "none.csv")
    frame(["1"]).to_excel(tmp_path / "r.xlsx", index=False)
    with pytest.raises(RegistryError, match="no sheet 'x'"):
        open_registry(tmp_path / "r.xlsx", sheet="x")


def test_columns_and_system_are_found(tmp_path):
    codes = SOC2018_ONLY
    path = tmp_path / "r.csv"
    frame(codes, range(1, 201), age=np.arange(200) % 50 + 15, year=2011).to_csv(path, index=False)
    got = take(path)
    assert (got.name(got.code), got.name(got.weight), got.system) == ("occ_code", "employment", SOC2018)
    assert got.evidence[0].exist == 1


def test_an_id_of_people_is_no_weight(tmp_path):
    path = write(tmp_path / "r.csv", "person_id,occ_code\n7,43-9021\n8,11-1011\n")
    got = take(path)
    assert got.weight is None
    assert "every row counts as one" in got.notes[0]


def test_codes_that_mean_the_same_everywhere_need_no_question(tmp_path):
    path = write(tmp_path / "r.csv", "occ_code\n43-9021\n11-1011\n")
    assert take(path).system is SOC2010


def test_where_two_systems_would_score_differently_it_asks(tmp_path):
    path = write(tmp_path / "r.csv", "code\n1\n2\n3\n4\n5\n")
    with pytest.raises(RegistryError, match="--taxonomy isco08 or --taxonomy isco88"):
        take(path)
    assert take(path, taxonomy="isco08").system is ISCO08


def test_a_column_name_settles_what_values_leave_open(tmp_path):
    assert take(write(tmp_path / "r.csv", "isco_08\n1\n2\n3\n4\n5\n")).system is ISCO08


def test_two_columns_of_codes_are_a_question(tmp_path):
    path = write(tmp_path / "r.csv", "soc_a,soc_b\n43-9021,11-1011\n11-1011,43-9021\n")
    with pytest.raises(RegistryError, match="--code-column"):
        take(path)
    assert take(path, code_column="soc_b").code == 1


def test_ages_are_not_taken_for_isco(tmp_path):
    path = write(tmp_path / "r.csv", "age,sex\n" + "".join(f"{a},1\n" for a in range(21, 60)))
    with pytest.raises(RegistryError, match="looks like occupation codes"):
        take(path)


def test_titles_alone_are_matched_to_codes(tmp_path):
    got = take(write(tmp_path / "r.csv", "occupation,n\nTelemarketers,5\nLegislators,6\n"))
    assert (got.code, got.title, got.taxonomy) == (None, 0, "soc2010")
    assert any("'occupation' is matched to codes of SOC 2010" in note for note in got.notes)
    russian = take(write(tmp_path / "ru.csv", "должность,n\nПовар,5\nШвея,6\n"))
    assert (russian.title, russian.taxonomy) == (0, "isco08")


def a_list(tmp_path, english: int, other: list[str], **options):
    known = [f"Cook {chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(english)]
    return take(write(tmp_path / "m.csv", "\n".join(["occupation", *known, *other]) + "\n"), **options)


@pytest.mark.parametrize(
    ("english", "other", "system", "said"),
    [
        (60, ["Повар", "Швея"], "isco08", "2 of 62 titles have Cyrillic letters"),
        (300, ["Повар", "Швея", "Сварщик", "Мұғалім", "Токарь"], "isco08", "5 of 305 titles"),
        (300, ["Повар", "Швея"], "soc2010", "2 of 302 titles have Cyrillic letters and stay undecided"),
        (9, ["Verkäufer", "Bäcker"], "isco08", "2 of 11 titles have letters that English has not"),
        (60, ["Café manager", "Nurse – night", "Cook’s help"], "soc2010", "they are in English letters"),
    ],
)
def test_a_mixed_list_has_one_system_and_it_is_said_which_and_why(tmp_path, english, other, system, said):
    got = a_list(tmp_path, english, other)
    assert got.taxonomy == system
    assert any(said in note for note in got.notes), got.notes


def test_the_user_may_choose_the_system_of_titles(tmp_path):
    got = a_list(tmp_path, 3, ["Повар", "Швея"], taxonomy="soc2010")
    assert got.taxonomy == "soc2010"
    assert any("--taxonomy isco08" in note for note in got.notes)


def test_titles_go_to_the_system_of_which_a_matcher_was_built(tmp_path, monkeypatch):
    monkeypatch.setattr(own_titles, "own_names_folder", lambda: tmp_path)
    (tmp_path / "isco08.npz").touch()
    got = a_list(tmp_path, 20, [])
    assert got.taxonomy == "isco08"
    assert any("you built a matcher of it" in note for note in got.notes)


def test_titles_stand_in_only_where_a_row_has_no_code(tmp_path):
    coded = "code,occupation\n5120,Cook\n8153,Sewer\n"
    assert take(write(tmp_path / "r.csv", coded), taxonomy="isco08").title is None
    gaps = take(write(tmp_path / "g.csv", coded + ",Welder\n"), taxonomy="isco08")
    assert (gaps.code, gaps.title) == (0, 1)
    assert take(write(tmp_path / "g.csv", coded + ",Welder\n"), titles="off", taxonomy="isco08").title is None
    only = take(write(tmp_path / "g.csv", coded + ",Welder\n"), titles="only", taxonomy="isco08")
    assert (only.code, only.title) == (None, 1)


def test_national_codes_of_kazakhstan(tmp_path):
    path = write(tmp_path / "r.csv", TEXT.replace("2411", "2411-1"))
    got = take(path)
    assert (got.taxonomy, got.system, got.prefix) == ("nkrk", ISCO08, 4)


def test_wrong_column_names_list_the_right_ones(tmp_path):
    path = write(tmp_path / "r.csv", "a,a,b\n1,2,3\n")
    for options, message in (
        ({"code_column": "c"}, "no column 'c'"),
        ({"weight_column": "a"}, "2 columns 'a'"),
        ({"where": (("b", "9"),)}, "--where lets through"),
    ):
        with pytest.raises(RegistryError, match=message):
            take(path, **options)


@pytest.mark.parametrize(
    ("texts", "delimiter", "values"),
    [
        (["1,234", "5"], ",", [1234, 5]),
        (["1,5", "2"], ";", [1.5, 2]),
        (["1,234"], ";", [1.234]),
        (["1.234,5", "2.000.000,1"], ";", [1234.5, 2000000.1]),
        (["1 234,5", "1\u00a0234"], ";", [1234.5, 1234]),
        (["1,234,567", "1,234"], ";", [1234567, 1234]),
        (["1e3", "+2"], ",", [1000, 2]),
        (["1.234.567"], ",", [1234567]),
    ],
)
def test_numbers_as_people_write_them(texts, delimiter, values):
    got = read_numbers(pa.array(texts), number_style(texts, delimiter))
    assert got.value.tolist() == values
    assert not got.missing.any()
    assert not got.unusable.any()


@pytest.mark.parametrize(
    ("texts", "delimiter", "values", "unusable"),
    [
        (["1.234", "2.5", "see note, below"], ",", [1.234, 2.5, 0], 1),
        (["2.5", "1.00", ","], ",", [2.5, 1, 0], 1),
        (["1.5", "2.25", "3,5"], ";", [1.5, 2.25, 0], 1),
        (["1,5", "2,25", "3.5"], ",", [1.5, 2.25, 0], 1),
        (["1,234", "2.5"], ";", [1234, 2.5], 0),
    ],
)
def test_a_stray_cell_does_not_turn_a_column_of_numbers(texts, delimiter, values, unusable):
    got = read_numbers(pa.array(texts), number_style(texts, delimiter))
    assert got.value.tolist() == values
    assert got.unusable.sum() == unusable


def test_suppressed_cells_are_missing_and_nonsense_is_unusable():
    suppressed = read_numbers(pa.array(["*", "**", "#", ":", "", None, "n/a", "..", ": u"]), NumberStyle())
    assert suppressed.missing.all()
    nonsense = read_numbers(pa.array(["-5", "many", "inf", "1,5,5", "--", "=1+1"]), NumberStyle())
    assert nonsense.unusable.all()
    numbers = read_numbers(pa.array([1.5, None, -1, np.nan, np.inf]), NumberStyle())
    assert numbers.unusable.tolist() == [False, False, True, False, True]
    assert numbers.value.sum() == 1.5


def keys(rows, words=None):
    table = pd.DataFrame(rows, columns=["matched", "rows", "weight"]).assign(word=words)
    return table.set_axis([f"{m}|{i}" for i, m in enumerate(table["matched"])])


def test_groups_of_a_table_repeat_their_detail():
    found = find_repeats(keys([("11-0000", 1, 30), ("11-1011", 1, 10), ("11-1021", 1, 20)]), SOC2010)
    assert found.repeats == {"11-0000|0"}


def test_people_known_to_a_group_only_count_in_their_own_right():
    register = keys([("24", 3, 3), ("2411", 500, 500), ("2412", 400, 400)])
    assert find_repeats(register, ISCO08).repeats == frozenset()
    assert find_repeats(register, ISCO08, "totals").repeats == {"24|0"}


def test_a_group_whose_detail_is_not_listed_is_no_repetition():
    assert not find_repeats(keys([("11-0000", 1, 30), ("13-2011", 1, 30)]), SOC2010).repeats


def test_a_level_column_decides_between_rows_of_the_same_code():
    found = find_repeats(
        keys([("13-1020", 1, 5), ("13-1020", 1, 5), ("13-0000", 1, 5)], ["broad", "detailed", "major"]),
        SOC2018,
    )
    assert found.repeats == {"13-1020|0", "13-0000|2"}
