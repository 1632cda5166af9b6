"""The softmax of titles: built, written, checked, and never sure without reason."""

from __future__ import annotations

import dataclasses
import json
import zipfile
import zlib

import numpy as np
import pytest

from occurisk.errors import TitlesError
from occurisk.occupations.concordances import load_tables
from occurisk.occupations.titles.build import Entry, build_model
from occurisk.occupations.titles.cascade import TitleMatcher
from occurisk.occupations.titles.classifier import load_model
from occurisk.occupations.titles.in_parallel import pieces_mapped
from occurisk.occupations.titles.learned.list_shift import list_shift
from occurisk.occupations.titles.own_titles import COLUMNS, FEWEST, attuned
from occurisk.occupations.titles.text.parts import parts_of
from occurisk.occupations.titles.text.reasons import in_words, phrases
from occurisk.paths import FEATURES


def small(path, **how):
    titles = load_tables().titles["soc2010"]
    some = [Entry(title, code) for code, title in titles.items() if code.startswith(("15-", "35-", "47-"))]
    return build_model(path, some, "soc2010", {"sources": []}, passes=2, keep=20_000, **how)


@pytest.mark.slow
def test_the_same_list_gives_the_same_bytes(tmp_path):
    small(tmp_path / "one")
    small(tmp_path / "two")
    for suffix in (".npz", ".json"):
        one, two = (tmp_path / name for name in ("one", "two"))
        assert one.with_suffix(suffix).read_bytes() == two.with_suffix(suffix).read_bytes()
    with zipfile.ZipFile(tmp_path / "one.npz") as archive:
        assert all(name.endswith(".npy") for name in archive.namelist())


def test_an_altered_matcher_is_refused(tmp_path):
    small(tmp_path / "own")
    path = tmp_path / "own.json"
    about = json.loads(path.read_text("utf-8"))
    path.write_text(json.dumps({**about, "sha256": "0" * 64}), "utf-8")
    load_model.cache_clear()
    with pytest.raises(TitlesError, match="does not fit"):
        load_model(tmp_path / "own")
    path.write_text(json.dumps({**about, "normaliser": 0}), "utf-8")
    with pytest.raises(TitlesError, match="normaliser is 0"):
        load_model(tmp_path / "own")


def test_too_short_a_list_is_refused(tmp_path):
    with pytest.raises(TitlesError, match="too few"):
        build_model(tmp_path / "own", [Entry("cook", "5120")], "isco08", {})


@pytest.mark.parametrize(
    ("system", "title", "code", "level"),
    [
        ("isco08", "Accountant", "2411", "code"),
        ("isco08", "Senior Software Engineer", "2512", "code"),
        ("isco08", "welder (night shift)", "7212", "code"),
        ("isco08", "<b>welder</b>", "7212", "code"),
        ("isco08", "&lt;b&gt;welder&lt;/b&gt;", "7212", "code"),
        ("isco08", "RF engineer", "21", "group"),
        ("isco08", "👩‍🍳 cook", "5120", "code"),
        ("isco08", "Truck driver / warehouse worker", "8332", "code"),
        ("isco08", "HR менеджер", "2423", "code"),
        ("soc2010", "sheepherder", "45-2093", "code"),
        ("soc2010", "Registered Nurse", "29-1141", "code"),
        ("soc2010", "Cooks, Restaurant", "35-2014", "code"),
    ],
)
def test_titles_that_are_answered(system, title, code, level):
    answer = TitleMatcher.shipped(system).answer(title)
    assert (answer.code, answer.level) == (code, level)
    assert answer.reason
    if level == "code":
        assert answer.candidates[0][0] == code
        assert sum(weight for _, weight in answer.candidates) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize("head", ["vet", "welder", "accountant", "sheepherder", "dentist"])
@pytest.mark.parametrize("system", ["isco08", "soc2010"])
def test_an_unknown_word_beside_a_known_head_makes_less_sure(system, head):
    known, doubtful = TitleMatcher.shipped(system).answers([head, f"zorbly {head}"])
    assert not doubtful.candidates or doubtful.candidates[0][1] < known.candidates[0][1]


@pytest.mark.parametrize(
    ("title", "system"), [("xyzzy", "soc2010"), ("asdf qwer", "isco08"), ("фыва", "isco08")]
)
def test_a_title_without_a_known_word_has_no_candidates(title, system):
    answer = TitleMatcher.shipped(system).answer(title)
    assert (answer.code, answer.reason, answer.candidates) == ("", "no known word", ())


def test_one_latin_word_of_a_russian_pattern_is_no_reason_in_an_english_title():
    matcher = TitleMatcher.shipped("isco08")
    assert matcher.answer("Wind developer").stage != "lexicon"
    assert matcher.answer("HR").code == "2423"


@pytest.mark.parametrize(
    ("title", "plain"),
    [("Kasjer/ka", "kasjer"), ("KASJER/KA", "kasjer"), ("Verkäufer*in", "verkaufer"),
     ("vendeur(euse)", "vendeur"), ("Maler/-in", "maler"), ("Chef/cook", "chef cook"),
     ("Accountant accountant ACCOUNTANT", "accountant")],
)  # fmt: skip
def test_a_title_says_a_word_once_and_an_ending_is_no_second_job(title, plain):
    assert [part.spoken for part in parts_of(title)] == [plain]


@pytest.mark.parametrize(
    "title", ["chief happiness officer", "zorbly manager", "zorbly chief specialist", "ninja", "java ninja"]
)
@pytest.mark.parametrize("system", ["isco08", "soc2010"])
def test_general_words_beside_unknown_ones_are_no_answer(title, system):
    assert not TitleMatcher.shipped(system).answer(title).code


def test_every_reason_is_said_in_three_languages_of_the_same_thing():
    for key, said in phrases().items():
        assert set(said) == {"en", "ru", "kk"}, key
        assert len({text.count("{}") for text in said.values()}) == 1, key
    answer = TitleMatcher.shipped().answer("менеджер")
    assert in_words(answer.because, "ru") == "слишком общее название: менеджер"
    assert in_words(answer.because, "kk") == "тым жалпы атау: менеджер"


def test_an_inverted_title_is_turned_round():
    one, other = TitleMatcher.shipped("isco08").answers(["Engineer, mechanical", "mechanical engineer"])
    assert one == other


@pytest.mark.parametrize(
    ("title", "code", "others"),
    [
        ("повар, водитель, уборщик", "5120", {"8322", "9112"}),
        ("повар и водитель", "5120", {"8322"}),
        ("повар/водитель", "5120", {"8322"}),
        ("Cook, driver", "5120", {"8322"}),
        ("аспаз және жүргізуші", "5120", {"8322"}),
        ("Медсестра, оптик, оптометрист", "3254", {"2267"}),
    ],
)
def test_of_several_jobs_the_first_counts_and_is_less_sure(title, code, others):
    answer = TitleMatcher.shipped().answer(title)
    alone = TitleMatcher.shipped().answer(title.partition(",")[0].partition(" ")[0].partition("/")[0])
    assert answer.code == code
    assert "several jobs, the first counts" in answer.reason
    assert answer.confidence < 0.85 * max(alone.confidence, 0.92)
    assert others <= {one for one, _ in answer.candidates}
    assert sum(weight for _, weight in answer.candidates) == pytest.approx(1)


@pytest.mark.parametrize(
    "title",
    [
        "учитель физики, математики",  # what is taught
        "слесарь, сантехник",  # a trade of two words
        "Диспетчер дистанции сигнализации, централизации и блокировки",
        "Sales and marketing manager",  # a list has it whole
        "Operator, machine",  # turned round
        "бухгалтер, аудитор",  # the same group
    ],
)
def test_commas_and_ands_inside_one_job_make_no_second(title):
    assert "several" not in TitleMatcher.shipped().answer(title).reason


def test_a_pattern_alone_leaves_its_doubt_to_the_codes_beside_it():
    answer = TitleMatcher.shipped().answer("сварщик")
    assert answer.candidates[0] == ("7212", pytest.approx(answer.confidence))
    assert {code[:3] for code, _ in answer.candidates} == {"721"}


@pytest.mark.parametrize("title", ["Police station", "Kitchen", "Bank account", "Mathematics"])
def test_a_title_in_which_nobody_works_is_no_answer(title):
    assert TitleMatcher.shipped().answer(title).code == ""


@pytest.mark.parametrize(
    "title",
    ["acc\u00adountant", "accountant\u200b", "\u200faccountant\u200f", "<b>accountant</b>",
     "accountant " * 1000, "Ａccountant", "&lt;i&gt;accountant", "accountаnt", "😀 accountant"],
)  # fmt: skip
def test_marks_and_strange_letters_do_not_hide_a_title(title):
    assert TitleMatcher.shipped().answer(title).code == "2411"


@pytest.mark.parametrize(
    "title", ["x" * 10_000, "😀😀", "=cmd|' /C calc'!A0", "3.14", "\x00", "(((((", "/", "и"]
)
def test_what_holds_no_title_is_never_answered(title):
    answer = TitleMatcher.shipped().answer(title)
    assert (answer.code, answer.level) == ("", "") and answer.reason


def test_answers_do_not_depend_on_what_else_is_asked():
    matcher = TitleMatcher.shipped("soc2010")
    titles = ["cook", "Farm/ranch worker; driver", "", "RN (night shift)", "manager"]
    for together, alone in zip(matcher.answers(titles), map(matcher.answer, titles), strict=True):
        assert (together.code, together.reason) == (alone.code, alone.reason)
        assert together.confidence == pytest.approx(alone.confidence, abs=1e-5)


def listed_under(matcher, start, most):
    model = matcher.model
    pairs = zip(model.listed, model.listed_codes.tolist(), strict=True)
    return [title for title, place in pairs if model.codes[place].startswith(start)][:most]


def test_a_list_tells_which_work_is_common_in_it():
    matcher = TitleMatcher.shipped("soc2010")
    farms, sites = listed_under(matcher, "45-", 400), listed_under(matcher, "47-", 400)
    first = {
        name: attuned(matcher, titles).answer("equipment operator")
        for name, titles in (("farms", farms), ("sites", sites))
    }
    assert first["farms"].candidates[0][0] == "45-2091"
    assert first["sites"].candidates[0][0] == "47-2071"
    assert "common in this list" in first["farms"].reason
    # What a title says clearly stands in any list.
    clear = attuned(matcher, farms).answer("registered nurse")
    assert clear.code == "29-1141" and "common" not in clear.reason


def test_a_list_is_attuned_to_whatever_its_order_and_a_short_one_not_at_all():
    matcher = TitleMatcher.shipped("soc2010")
    farms = listed_under(matcher, "45-", 400)
    one, other = attuned(matcher, farms), attuned(matcher, farms[::-1] * 2)
    assert np.array_equal(one.shift, other.shift) and np.abs(one.shift).max() > 0.5
    assert attuned(matcher, farms[: FEWEST - 1]) is matcher
    # Russian titles go to the lexicon, and tell the softmax nothing.
    isco = TitleMatcher.shipped("isco08")
    assert attuned(isco, [f"повар {n}" for n in range(500)]) is isco


def test_a_list_as_expected_moves_nothing():
    b = np.log(np.array([0.5, 0.3, 0.2]))
    assert np.allclose(list_shift([np.tile(b, (900, 1)), np.tile(b, (100, 1))], b), 0)
    moved = list_shift([np.tile([9.0, 0.0, 0.0], (1000, 1))], b)
    share = (1000 * np.exp(9) / (np.exp(9) + 2) + 400 * 0.5) / 1400
    assert moved[0] == pytest.approx(0.6 * np.log(share / 0.5), abs=1e-5) and moved[1] < 0 > moved[2]


def test_confirmed_titles_teach_and_tell_how_sure(tmp_path):
    titles = [
        (title, code) for code, title in load_tables().titles["soc2010"].items() if code[:2] in ("15", "35")
    ]
    taught = [(f"zorbly {title}", code) for title, code in titles] * 3
    model = small(tmp_path / "own", confirmed=taught)
    assert model.about["confidence_from"] == f"{len(taught)} titles confirmed by the user"
    assert model.word_counts["zorbly"] > 50


@pytest.mark.parametrize(
    "title",
    ["manager", "Specialist", "operator", "teacher",
     "Sales associate", "менеджер", "мeнеджер", "qwerty asdf", "12345",
     "", "x" * 10_000, "a " * 10_000, "🔥🔥🔥", "\u200b\u202e", "<script>alert(1)</script>", "42-1", "=1+1",
     "n/a", "Senior", "Старший специалист"],
)  # fmt: skip
def test_titles_that_cannot_be_said(title):
    answer = TitleMatcher.shipped("isco08").answer(title)
    assert (answer.code, answer.sureness) == ("", "none")
    assert len(answer.reason) < 200


def test_what_is_shipped_is_small_and_says_where_it_comes_from():
    folder = FEATURES / "titles"
    assert (
        sum(len(zlib.compress(path.read_bytes())) for path in folder.iterdir()) < 6_000_000
    )  # as in a wheel
    for system in ("isco08", "soc2010"):
        about = json.loads((folder / f"{system}.json").read_text("utf-8"))
        assert all(
            "CC BY" in s["what"] or "only" in s["what"] or "our own" in s["what"] for s in about["sources"]
        )
        assert load_model(folder / system).codes == about["codes"]
        assert {len(code) for code in about["codes"]} == {4 if system == "isco08" else 7}


def test_confirmed_titles_stand_before_everything():
    matcher = TitleMatcher(
        "isco08", FEATURES / "titles" / "isco08", confirmed={"menedzher": "1221", "cook": ""}
    )
    assert matcher.answer("Menedzher").code == "1221"
    assert matcher.answer("Cook").code == ""
    assert COLUMNS == ("system", "title", "code")


@pytest.mark.parametrize("workers", [1, 2])
def test_pieces_come_back_in_order_whoever_does_them(workers):
    items = [str(number) for number in range(23)]
    found = list(pieces_mapped(lambda piece: [f"<{one}>" for one in piece], items, 5, workers))
    assert found == [f"<{one}>" for one in items]


def test_where_the_first_job_says_nothing_the_next_counts_unless_the_user_said_so():
    matcher = TitleMatcher.shipped()
    assert matcher.answer("Партнёр / агент по недвижимости").code == "3334"
    assert matcher.answer("Управляющий / управляющий магазином").code == "1420"
    told = dataclasses.replace(matcher, confirmed={"партнер": ""})
    assert told.answer("Партнёр / агент по недвижимости").code == ""
