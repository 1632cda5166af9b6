"""Titles of lists whose head word stands first: both genders are one job, small words say nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from occurisk.occupations.titles.build import Entry, build_model
from occurisk.occupations.titles.cascade import CONFIRMED, LEXICON, TitleMatcher
from occurisk.occupations.titles.text.normalise import normalise
from occurisk.occupations.titles.text.parts import parts_of, spoken_form
from occurisk.occupations.titles.text.tokens import FIRST


@pytest.mark.parametrize(
    ("title", "plain"),
    [
        ("Chargé / Chargée de clientèle", "Chargé de clientèle"),
        ("chargé de l’audit/chargée de l’audit", "chargé audit"),
        ("Accompagnateur / Accompagnatrice tourisme", "Accompagnateur tourisme"),
        ("Boulanger-pâtissier / Boulangère-pâtissière", "Boulanger-pâtissier"),
        ("Agente / Agent d'accueil", "Agent d'accueil"),
        ("Directeur·rice des ventes", "Directeur des ventes"),
        ("Comptable H/F", "Comptable"),
        ("Altenpfleger/in", "Altenpfleger"),
        ("Bäcker/-in", "Bäcker"),
        ("Verkäufer(in) (m/w/d)", "Verkäufer"),
        ("KoordinatorIn für Sonderpädagogik", "Koordinator Sonderpädagogik"),
        ("Kaufmann/-frau – Groß- u. Außenhandel", "Kaufmann Groß- und Außenhandel"),
        ("Arzt/Ärztin - Pharmakologie", "Arzt für Pharmakologie"),
        ("Technische/r Assistent/in", "Technische Assistent"),
        ("Eichbeamt(er/in)", "Eichbeamter"),
        ("Ingenieur/in - Energietechnik", "Ingenieur für Energietechnik"),
        ("Księgowy / Księgowa", "Księgowy"),
        ("Asystentka / Asystent Sprzedaży", "Asystent sprzedaży"),
        ("PRACOWNIK/PRACOWNICA MAGAZYNU", "Pracownik magazynu"),
        ("учител/учителка по музика", "учител музика"),
    ],
)
def test_both_genders_are_one_job_in_one_form(title, plain):
    assert len(parts_of(title, FIRST)) == 1
    assert spoken_form(title, FIRST) == spoken_form(plain, FIRST)


@pytest.mark.parametrize(
    "title",
    ["Kucharz / Kelner", "Kierowca / Kierownik", "Technik/Technolog", "Mechanik/Mechatronik", "Koch/Kellner"],
)
def test_two_jobs_that_sound_alike_stay_two(title):
    assert len(parts_of(title, FIRST)) == 2


def test_english_keeps_its_short_words_and_its_slashes():
    assert parts_of("teacher in a school")[0].spoken == "teacher in a school"
    assert [part.spoken for part in parts_of("driver / drivers' mate")] == ["driver", "driver mate"]


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> TitleMatcher:
    """A list in an invented language whose head stands first, and some Bulgarian."""
    things = [
        f"{one}{two}"
        for one in ("mol", "ter", "gav", "sud", "pil")
        for two in ("ora", "ibe", "unk", "ety", "ask")
    ]
    rows = [
        ("kasjer", "5230"),
        ("kucharz", "5120"),
        ("mechanik", "7231"),
        ("готвач", "5120"),
        ("учител", "2341"),
    ]
    entries = [Entry(f"{head} {thing}", code) for head, code in rows for thing in things]
    path = tmp_path_factory.mktemp("built") / "isco08"
    build_model(path, entries, "isco08", {"sources": []}, passes=4, keep=40_000)
    return replace(TitleMatcher.shipped(), model_path=path)


def test_a_list_of_ones_own_is_not_overruled_by_a_lexicon_of_another_language(built):
    assert built.head == FIRST
    # The Russian lexicon knows both; a list that knows their words says what they mean there.
    assert TitleMatcher.shipped().answer("учител molora").stage == LEXICON
    assert built.answer("учител molora").candidates[0][0] == "2341"
    assert built.answer("учител molora").stage != LEXICON
    assert built.answer("java developer").stage != LEXICON
    assert built.answer("бухгалтер").code == "2411"  # no word of the list: the lexicon speaks


def test_an_official_english_title_says_nothing_in_another_language(built):
    """A French `chef` is no cook."""
    assert TitleMatcher.shipped().answer("chefs").code == "3434"
    assert built.answer("chefs").code == ""


def test_a_word_is_known_by_its_pieces(built):
    """`kasjerom` is no word of the list; its pieces are those of `kasjer`."""
    assert built.answer("kasjerom zzz").candidates[0][0] == "5230"


@pytest.mark.parametrize(
    "title", ["Kasjer/ka (m/k)", "Senior Widget Handler", "Foo / Bar baz", "Widget, Cook"]
)
def test_a_confirmed_title_is_known_again_as_it_stands_in_the_list(built, title):
    for matcher in (built, TitleMatcher.shipped()):
        assert replace(matcher, confirmed={normalise(title): "9629"}).answer(title).stage == CONFIRMED
        assert matcher.answer(title).stage != CONFIRMED
