"""Names of occupations in Russian and Kazakh."""

from __future__ import annotations

import re

import pytest

from occurisk.errors import NamesError, OccuriskError
from occurisk.occupations.concordances import load_tables
from occurisk.occupations.names import occupation_name, occupation_names, official_name, take_names

KAZAKH_LETTERS = set("әғқңөұүһі")


@pytest.mark.parametrize("language", ["ru", "kk"])
def test_every_isco_group_has_a_name(language):
    names = occupation_names(language)
    isco = load_tables().titles["isco08"]
    assert len(isco) == 619
    assert [code for code in isco if code not in names] == []
    known = set(isco) | set(load_tables().titles["soc2010"])
    assert [code for code in names if code not in known] == []


@pytest.mark.parametrize("language", ["ru", "kk"])
def test_every_soc_occupation_that_is_scored_has_a_name_of_its_own(language):
    names, tables = occupation_names(language), load_tables()
    assert len(tables.rated) == 827
    assert [code for code in tables.rated if code not in names] == []
    of_name: dict[str, set[str]] = {}
    for code in tables.rated:
        of_name.setdefault(names[code], set()).add(tables.titles["soc2010"][code])
    assert {name: titles for name, titles in of_name.items() if len(titles) > 1} == {}


@pytest.mark.parametrize("language", ["ru", "kk"])
def test_names_are_tidy_and_in_their_own_script(language):
    for code, name in occupation_names(language).items():
        assert name == " ".join(name.split()), code
        assert re.fullmatch(r"[А-ЯЁӘҒҚҢӨҰҮҺІа-яёәғқңөұүһі0-9 ,()/«»–-]+", name), (code, name)
        assert name[0].isupper(), (code, name)
        if language == "ru":
            assert not KAZAKH_LETTERS & set(name.lower()), (code, name)


@pytest.mark.parametrize("language", ["ru", "kk"])
def test_unit_groups_have_names_that_tell_them_apart(language):
    names = occupation_names(language)
    units = [names[code] for code in load_tables().titles["isco08"] if len(code) == 4]
    assert len(set(units)) == len(units) == 436


def test_a_group_of_one_unit_is_called_as_the_unit():
    names, isco = occupation_names("ru"), load_tables().titles["isco08"]
    for code in (code for code in isco if len(code) == 3):
        units = [unit for unit in isco if len(unit) == 4 and unit.startswith(code)]
        if len(units) == 1:
            assert names[code] == names[units[0]], code


def test_name_falls_back_to_english():
    assert occupation_name("4313", "ru", "Payroll clerks") == "Расчётчики заработной платы"
    assert occupation_name("4313", "en", "Payroll clerks") == "Payroll clerks"
    assert occupation_name("4313", "de", "Payroll clerks") == "Payroll clerks"
    assert occupation_name("99-9999", "kk", "Unheard of") == "Unheard of"


def test_the_same_digits_of_another_system_keep_their_own_title():
    titles = load_tables().titles
    assert official_name("4211", "ru", titles["isco08"]["4211"]) == occupation_names("ru")["4211"]
    assert official_name("4211", "ru", "Cashiers and ticket clerks") == "Cashiers and ticket clerks"


def test_an_official_list_stands_before_ours(tmp_path, monkeypatch):
    monkeypatch.setenv("OCCURISK_MODELS_DIR", str(tmp_path))
    (tmp_path / "titles").mkdir()
    (tmp_path / "titles" / "names_ru.csv").write_text("code,name\n4313,Служащие по зарплате\n", "utf-8")
    occupation_names.cache_clear()
    try:
        assert occupation_name("4313", "ru", "") == "Служащие по зарплате"
        assert occupation_name("5120", "ru", "") == "Повара"
    finally:
        occupation_names.cache_clear()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("code,name\n2411,Бухгалтер\n9999,Никто\n", "1 of 2 codes .* exist in neither"),
        ("code,name\n2411,Бухгалтер\n2411,Счетовод\n", "1 codes .* have two names"),
        ("code,name\n2411\n", "holds no name"),
        ("", "holds no name"),
        ("код,имя\n2411,Бухгалтер\n", "is no list of names"),
    ],
)
def test_a_list_of_names_that_cannot_be_used_is_refused(tmp_path, text, said):
    (tmp_path / "list.csv").write_text(text, "utf-8")
    with pytest.raises(NamesError, match=said):
        take_names(tmp_path / "list.csv", tmp_path / "own", "ru")
    assert not (tmp_path / "own").exists()


def test_a_list_of_names_is_taken_as_excel_saves_it_in_russia(tmp_path):
    (tmp_path / "list.csv").write_text("code;name\n2411;Бухгалтер, главный\n", "utf-8-sig")
    assert take_names(tmp_path / "list.csv", tmp_path / "own", "ru") == {"2411": "Бухгалтер, главный"}
    assert (tmp_path / "own" / "names_ru.csv").read_text("utf-8") == 'code,name\n2411,"Бухгалтер, главный"\n'


def test_every_kind_of_error_has_an_exit_code_of_its_own():
    kinds = OccuriskError.__subclasses__()
    assert len({kind.exit_code for kind in kinds}) == len(kinds)
