"""Titles in Russian and Kazakh: normalised, taken apart, matched by patterns that people wrote."""

from __future__ import annotations

import pytest
import yaml

from occurisk.errors import TitlesError
from occurisk.occupations.concordances import load_tables
from occurisk.occupations.titles.cascade import TitleMatcher
from occurisk.occupations.titles.lexicons.lexicon import Lexicon, shipped_lexicon
from occurisk.occupations.titles.lexicons.stems import Endings
from occurisk.occupations.titles.text.normalise import LONGEST, normalise
from occurisk.occupations.titles.text.parts import parts_of
from occurisk.paths import FEATURES


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("Менеджер", "менеджер"),
        ("мeнеджер по прoдажам", "менеджер по продажам"),  # Latin e and o
        ("🔥 Бухгалтёр 🔥 ", "бухгалтер"),
        ("<b>Повар</b>&nbsp;5&nbsp;разряда", "повар разряда"),
        ("Éducateur spécialisé", "educateur specialise"),
        ("C++ / C# developer", "c++ c# developer"),
        ("Engineer’s mates", "engineer mate"),
        ("12345", ""),
        ("", ""),
        ("  - ", ""),
        ("Йод и ёж", "йод и еж"),
    ],
)
def test_one_form_for_every_way_of_writing(written, words):
    assert normalise(written) == words
    assert normalise(words) == words


def test_a_whole_advertisement_is_cut():
    assert len(normalise("повар " * 2000)) <= LONGEST


def test_brackets_seniority_and_contract_words_go():
    (part,) = parts_of("Senior Accountant (part time, London)")
    assert part.bare == "accountant"
    assert part.whole == "accountant london"
    assert part.spoken == "london accountant"
    assert [p.bare for p in parts_of("Дворник/уборщик")] == ["дворник", "уборщик"]
    assert parts_of("Operator, machine: milling (wood)")[0].spoken == "wood milling machine operator"
    assert parts_of("123 !!!") == []
    assert parts_of("Senior")[0].bare == "senior"


@pytest.mark.parametrize(
    ("title", "code"),
    [
        ("бухгалтер по зарплате", "3313"),
        ("Заместитель главного бухгалтера", "2411"),
        ("Учительница начальных классов", "2341"),
        ("Заведующая детским садом", "1341"),
        ("Слесарь-сварщик", "7212"),
        ("Врач-психиатр", "2212"),
        ("Помощник машиниста тепловоза", "8311"),
        ("Официант в пекарню", "5131"),
        ("Водитель погрузчика", "8344"),
        ("HR-менеджер", "2423"),
        ("Младшая медицинская сестра по уходу", "5321"),
        ("Машинист буровой установки", "8113"),
        ("Инженер", "21"),
    ],
)
def test_russian_titles(title, code):
    assert shipped_lexicon("ru").match(normalise(title))[0].code == code


@pytest.mark.parametrize(
    "title",
    [
        "менеджер",
        "Ведущий специалист",
        "Директор",
        "Машинист",
        "помощник",
        "Специалист 1 категории",
        "Оператор",
        "",
    ],
)
def test_generic_heads_alone_say_nothing(title):
    assert shipped_lexicon("ru").match(normalise(title)) == []


@pytest.mark.parametrize(
    ("title", "code"),
    [
        ("Водитель категории С", "8332"),
        ('Водитель категории "B", "C"', "8332"),
        ("Водитель кат. D", "8331"),
        ("Водитель с личным автомобилем", "8322"),
        ("Водитель категории B со своим автомобилем", "8322"),
        ("Оператор 1С", "4132"),
        ("Разработчик C#", "2512"),
        ("Ведущий программист 1С: ЗУП", "2512"),
        ("Слесарь-ремонтник 5 р.", "7233"),
        ("Продавец пекарни (м. Комендантский проспект)", "5223"),
        ("Стажёр / помощник риелтора", "3334"),
        ("Сборщик-комплектовщик", "9333"),
        ("Дежурный электромонтёр", "7412"),
        ("Администратор (без продаж)", "4226"),
        ("Региональный менеджер по закупкам", "3323"),  # of what counts more than where
        ("Региональный менеджер", "1221"),
        ("Зам. генерального директора по экономике", "1211"),
        ("Ведущий специалист отдела социальных программ", "2635"),  # leads nothing on the air
        ("Водитель-доставщик", "8322"),  # no carrier of water
    ],
)
def test_single_letters_digits_and_places_are_read_for_what_they_are(title, code):
    assert TitleMatcher.shipped().answer(title).code == code


@pytest.mark.parametrize(
    ("title", "code"),
    [
        ("Оператор по работе с документами", ""),  # `с` is no 1С
        ("Архитектор вселенной", ""),  # an architect of what no pattern knows
        ("Администратор строительных идей", ""),  # `строительных` is no builder
        ("Менеджер неведомых дел (офис)", ""),  # no `офис-менеджер`
        ("Production менеджер", ""),  # no `product manager`
        ("Инженер-испытатель", "21"),  # an engineer, not who tests products
        ("Помощник инженеров-метрологов", "3119"),  # Russian: not read from its end, as Kazakh is
    ],
)
def test_a_word_in_passing_is_no_head(title, code):
    assert TitleMatcher.shipped().answer(title).code == code


def test_a_pattern_with_a_digit_is_refused():
    # The digit would be lost, and `1с` match every title with the preposition `с`.
    with pytest.raises(TitlesError, match="no title can hold"):
        Lexicon({"groups": {"4132": {"why": "", "patterns": "оператор =1с"}}}, "mine.yaml")


def test_a_generic_head_hides_what_stands_behind_it():
    # A helper of a notary is no notary; no pattern speaks of helpers of geologists.
    assert shipped_lexicon("ru").match(normalise("Координатор геологов")) == []


@pytest.mark.parametrize(
    "title",
    [
        "токарный станок",  # a thing
        "кабинет врача", "школа водителей", "жена офицера", "услуги сантехника",  # somebody else's
        "биология", "логистика", "математика", "строительство", "бухгалтерия",  # a field
        "Поваров", "Мельникова Ольга", "учительская",
    ],
)  # fmt: skip
def test_a_head_is_a_person_in_the_nominative(title):
    from occurisk.occupations.titles.cascade import TitleMatcher

    assert shipped_lexicon("ru").match(normalise(title)) == []
    assert TitleMatcher.shipped().answer(title).code == ""


@pytest.mark.parametrize(
    ("title", "code"),
    [
        ("старшая медсестра", "2221"),
        ("учительница", "2330"),
        ("заместитель главного бухгалтера", "2411"),
        ("повара", "5120"),
        ("горничная", "9112"),
        ("Дежурный по станции", "4323"),
    ],
)
def test_a_head_may_be_feminine_plural_or_that_of_a_deputy(title, code):
    assert shipped_lexicon("ru").match(normalise(title))[0].code == code


@pytest.mark.parametrize(
    ("title", "code"),
    [
        ("Бас бухгалтер", "2411"),
        ("Балабақша тәрбиешісі", "2342"),
        ("Математика пәнінің мұғалімі", "2330"),
        ("Автобус жүргізушісі", "8331"),
        ("Тәрбиешінің көмекшісі", "5311"),
        ("Іс жүргізуші", "4110"),
        ("Бас дәрігер", "1342"),
        ("Аула сыпырушы", "9613"),
    ],
)
def test_kazakh_titles_have_their_head_last(title, code):
    assert shipped_lexicon("kk").match(normalise(title))[0].code == code


def test_a_kazakh_specialist_alone_says_nothing():
    assert shipped_lexicon("kk").match(normalise("Бас маман")) == []


@pytest.mark.parametrize(
    ("title", "code"),
    [
        ("Курылыс инженери", "2142"),  # typed without Kazakh letters
        ("Сатушыларының", "5223"),  # plural, possessive, genitive
        ("Экскаватор машинисі", "8342"),  # a stem loses its т
        ("Бөлім бастығы (кадр)", "1212"),  # what stands in brackets goes before the head; қ becomes ғ
        ("Ауыл кітапханшысы", "2622"),  # a letter too few
        ("Кадр инспекторы", "4416"),  # known in Russian too; the ending is Kazakh
        ("Тракторшы", "8341"),  # no Kazakh letter, but шы
        ("Аспаз керек! Шұғыл", "5120"),
        ("Даяшы, жалақысы 150 мың", "5131"),
        ("Аспаз — 200 000 тг", "5120"),
        ("Мектеп кітапханасының меңгерушісі", "1349"),  # she leads the library, not the school
        ("Химик-инженері", "2145"),  # of two persons the head may stand first
        ("Наубайшы, аспаз", "7512"),  # the first of two jobs
        ("Эндокринолог дәрігері", "2212"),
        ("Директордың оқу ісі жөніндегі орынбасары", "1345"),
    ],
)
def test_kazakh_titles_as_they_are_written(title, code):
    assert TitleMatcher.shipped().answer(title).code == code


@pytest.mark.parametrize(
    "title",
    [
        "Аспаз цехы",  # a workshop
        "Мұғалімдер бөлмесі",  # a room
        "Аудармашы қызметі",  # a service
        "Диспетчерлік",  # a place
        "Зорблы маманы",  # a generic head, an unknown qualifier
        "Зорблы жұмысшысы",  # a head that must stand alone
        "Аспаз зорблысы",  # the head is unknown
        "Тұрғын үй бөлімінің басшысы",  # refused
    ],
)
def test_kazakh_titles_that_say_nothing(title):
    assert not TitleMatcher.shipped().answer(title).code


def test_a_kazakh_head_with_an_unknown_qualifier_may_tell_its_group():
    answer = TitleMatcher.shipped().answer("Зорблы дәрігері")
    assert (answer.code, answer.level) == ("22", "group")
    assert answer.confidence < TitleMatcher.shipped().answer("Балалар дәрігері").confidence


def test_a_slip_is_one_letter():
    endings = Endings.of({"endings": ["лар", "ы"], "softened": {"к": "г"}, "typos_from": 7}, str)
    assert endings.match("тазалаушы", "тазалаушылары")
    assert not endings.match("тазалаушы", "тазалаушыылар")  # in their order only
    assert endings.match("бастык", "бастыгы")
    assert all(
        endings.nearly_match("механик", word) for word in ("механк", "мехханик", "мехаинк", "мефаниклар")
    )
    assert not any(endings.nearly_match("механик", word) for word in ("механист", "технике", "мехик"))
    assert not endings.nearly_match("аспаз", "аспас")


@pytest.mark.parametrize("language", ["ru", "kk"])
def test_lexicons_hold_only_groups_that_exist_each_with_a_reason(language):
    lexicon = shipped_lexicon(language)
    known = load_tables().titles["isco08"]
    assert [code for code in lexicon.why if code not in known] == []
    assert [code for code, why in lexicon.why.items() if not why] == []
    assert lexicon.n_patterns > {"ru": 1500, "kk": 3000}[language]


def test_each_kazakh_pattern_read_as_a_title_gives_its_own_group():
    lexicon = shipped_lexicon("kk")
    content = yaml.safe_load((FEATURES / "titles" / "kk.yaml").read_text(encoding="utf-8"))
    wrong = []
    for code, group in content["groups"].items():
        for pattern in filter(lambda one: "$" not in one, group["patterns"].split(", ")):
            head, *others = (word.strip("=*") for word in pattern.split())
            matches = lexicon.match(normalise(" ".join([*others, head])))
            if len(code) == 4 and (not matches or matches[0].code != code):
                wrong.append((code, pattern))
    assert wrong == []


def test_a_pattern_that_can_match_nothing_is_refused():
    with pytest.raises(TitlesError, match="no title can hold"):
        Lexicon({"groups": {"5120": {"why": "", "patterns": "повар 24/7"}}}, "mine.yaml")
