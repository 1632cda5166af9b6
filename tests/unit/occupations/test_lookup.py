"""What somebody means who types a title, or a code that does not exist."""

import pytest

from occurisk.errors import CrosswalkError
from occurisk.occupations.coding_systems import ISCO08, SOC2010
from occurisk.occupations.lookup import find_title, is_title, near_misses, search_words

TITLES = {
    "43-9021": "Data Entry Keyers",
    "35-3031": "Waiters and Waitresses",
    "25-2031": "Secondary School Teachers",
    "25-2021": "Elementary School Teachers",
}


@pytest.mark.parametrize(
    ("text", "code"), [("data entry KEYERS ", "43-9021"), ("Waitresses", "35-3031"), ("secondary", "25-2031")]
)
def test_an_official_title_or_a_part_that_one_has(text, code):
    found = find_title(text, TITLES)
    assert (found.code, found.system, found.note) == (code, SOC2010, "")


def test_other_words_are_matched_and_it_is_said_how():
    found = find_title("бухгалтер", TITLES)
    assert found.system is ISCO08 and found.code.startswith(("2411", "3313", "4311"))
    assert "is matched to" in found.note and "%" in found.note


def test_a_part_of_several_titles_names_them():
    with pytest.raises(CrosswalkError, match="2 occupations have 'teachers'") as caught:
        find_title("teachers", TITLES)
    assert "25-2031" in str(caught.value) and "25-2021" in str(caught.value)


@pytest.mark.parametrize("text", ["xyzzy", "ъъъ"])
def test_no_such_work_is_an_error(text):
    with pytest.raises(CrosswalkError):
        find_title(text, TITLES)


def test_titles_have_no_digits():
    assert is_title("Data Entry Keyers") and not is_title("43-9021")


def test_near_misses_keep_the_beginning_of_a_code():
    assert near_misses("11-1012", SOC2010)[0][0] in {"11-1010", "11-1011"}
    assert near_misses("2419", ISCO08)[0] == ("2411", "Accountants")
    assert near_misses("zz", SOC2010) == []


def test_words_of_a_code_are_those_that_the_matcher_knows():
    isco = search_words("isco08", ["4313", "2512"])
    assert {"payroll", "зарплат", "жалақы"} <= set(isco["4313"]) and "payroll" not in isco["2512"]
    # `=hr` stands for this word only.
    assert "=hr" in search_words("isco08", ["1212"])["1212"]
    english = search_words("soc2010", ["53-7051", "99-9999"])
    assert set(english) == {"53-7051"} and "forklift" in english["53-7051"]
    assert all(word.isascii() for word in english["53-7051"])
    assert "погрузчик" in search_words("soc2010", ["53-7051"], "ru")["53-7051"]
    assert search_words("isco88", ["4190"]) == {}
