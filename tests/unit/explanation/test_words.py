"""Words: complete in three languages, true to the figures."""

import re
import string

import pandas as pd
import pytest

from helpers.explained import reference_explained, small_explained
from occurisk.errors import CatalogueError
from occurisk.explanation.words import LANGUAGES, change_in_words, languages, load_phrases, standing
from occurisk.occupations.coding_systems import ISCO08
from occurisk.training_data.catalogue import WIDE_CATALOGUE, load_catalogue

CATALOGUE = load_catalogue()
CYRILLIC = re.compile(r"[а-яёәіңғүұқөһ]", re.IGNORECASE)
KAZAKH = re.compile(r"[әіңғүұқөһ]", re.IGNORECASE)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_attribute_and_group_has_words(language):
    phrases = load_phrases(language)
    assert set(phrases.attributes) == set(CATALOGUE.names)
    wide = load_catalogue(WIDE_CATALOGUE)
    assert set(phrases.elements) == set(wide.names) - set(CATALOGUE.names)
    assert set(phrases.groups) == {*CATALOGUE.groups, *wide.groups}
    assert len(set(phrases.elements.values())) == len(phrases.elements)
    assert set(phrases.majors["isco"]) == set("0123456789") and len(phrases.majors["soc"]) == 23


@pytest.mark.parametrize("language", ["ru", "kk"])
def test_tables_have_the_same_keys_and_the_same_gaps_to_fill(language):
    english, other = load_phrases("en"), load_phrases(language)
    for part in ("bands", "stability", "verdicts", "queue", "run", "frames", "page"):
        ours, theirs = getattr(english, part), getattr(other, part)
        assert set(ours) == set(theirs), part
        for key in ours:
            gaps = [
                {field for _, field, _, _ in string.Formatter().parse(text) if field}
                for text in (ours[key], theirs[key])
            ]
            assert gaps[0] == gaps[1], (part, key)


def test_each_language_is_written_in_its_own_script():
    for language, script in (("ru", CYRILLIC), ("kk", KAZAKH)):
        phrases = load_phrases(language)
        labels = " ".join(phrase.label for phrase in phrases.attributes.values())
        assert script.search(labels) and not re.search(r"[a-z]", labels)
    assert not KAZAKH.search(" ".join(load_phrases("ru").page.values()))


def test_no_phrase_speaks_of_lost_jobs_but_to_deny_it():
    for language in LANGUAGES:
        phrases = load_phrases(language)
        texts = [
            *phrases.frames.values(),
            *(t for k, t in phrases.page.items() if k not in ("notice", "short_notice")),
        ]
        assert not any(re.search(r"jobs? lost|lost jobs?|потерян|жойыл", text) for text in texts)


def test_an_unknown_language_is_refused():
    with pytest.raises(CatalogueError, match="no phrase table"):
        load_phrases("../en")


def test_languages_name_themselves():
    assert languages() == {"en": "English", "ru": "Русский", "kk": "Қазақша"}


def test_standing_counts_strictly_and_leaves_gaps():
    X = pd.DataFrame({"a": [1.0, 2.0, 2.0, 3.0, None]}, index=list("pqrst"))
    found = standing(X, X)
    assert found.above["a"].tolist()[:4] == [0, 0.25, 0.25, 0.75]
    assert found.below["a"].tolist()[:4] == [0.75, 0.25, 0.25, 0]
    assert found.above["a"].isna()["t"] and found.below["a"].isna()["t"]


def test_reasons_quote_the_figures_of_the_table():
    explained = reference_explained()
    text = explained.words("en").loc["43-9021", "raises"]
    scaled = CATALOGUE.unscale(explained.explanation.values)
    reference = CATALOGUE.unscale(explained.reference.attributes)
    value = scaled.at["43-9021", "degree_of_automation"]
    higher = round(100 * (reference["degree_of_automation"] < value).mean())
    assert text.startswith("Raises the susceptibility: ")
    assert (
        f"work that is already highly automated ({value:.1f} of 5, higher than {higher}% of occupations"
        in text
    )


def test_reasons_stand_on_the_side_of_their_sign_strongest_first():
    explained = reference_explained()
    phrases, words = load_phrases("en"), explained.words("en")
    for code in explained.rows.index[::40]:
        contributions = explained.explanation.contributions.loc[code]
        for column, signed in (("raises", contributions), ("lowers", -contributions)):
            expected = [n for n in signed.sort_values(ascending=False).index if signed[n] >= 0.05][:3]
            said = [
                (words.at[code, column].index(phrase), name)
                for name in expected
                for phrase in (phrases.phrase(name).high, phrases.phrase(name).low)
                if phrase in words.at[code, column]
            ]
            assert {name for _, name in said} == set(expected)


def test_unstable_reasons_are_called_unstable():
    explained = reference_explained()
    stable, words = explained.explanation.stable(), explained.words("en")
    counts = set()
    for code, contributions in explained.explanation.contributions.iterrows():
        worth = contributions[contributions.abs() >= 0.05].sort_values(key=abs, ascending=False)
        named = [*worth[worth > 0].index[:3], *worth[worth < 0].index[:3]]
        expected = sum(not stable.at[code, name] for name in named)
        assert words.at[code, "text"].count("unstable reason") == expected
        counts.add(expected)
    assert {0, 1} <= counts


def test_changes_in_words():
    base = {"limit": 0.7, "direction": -1, "found": True, "attribute_2": "", "from_2": None, "to_2": None}
    one = pd.Series(base | {"attribute_1": "originality", "from_1": 0.25, "to_1": 0.5})
    assert change_in_words(one, CATALOGUE, load_phrases("en")) == (
        "It would fall below 0.70 with originality at 3.0 of 5 instead of 2.0."
    )
    assert "оригинальность — с 2,0 до 3,0 из 5" in change_in_words(one, CATALOGUE, load_phrases("ru"))
    none = pd.Series({"limit": 0.3, "direction": 1, "found": False})
    for language, answer in (
        ("en", "Nothing within reach"), ("ru", "В пределах досягаемости ничего нет"),
        ("kk", "Қолжетімді шекте ештеңе жоқ"),
    ):  # fmt: skip
        assert change_in_words(none, CATALOGUE, load_phrases(language)).startswith(answer)


def test_a_mixed_code_speaks_for_its_largest_member():
    text = small_explained().words("en").loc["4131", "change"]
    assert text.startswith("For its largest member, Word Processors and Typists (43-9022): ")


def test_major_groups_are_told_by_the_code():
    phrases = load_phrases("en")
    assert phrases.major("43-9021") == "43 Office and administrative support"
    assert phrases.major("4131") == "4 Clerical support workers"
    assert phrases.major("43-9021", "43-0000") == "43 Office and administrative support"
    assert phrases.major("4131", "Our own group") == "Our own group"
    assert ISCO08.is_code("4131")


def test_shares_are_never_rounded_to_nothing_or_all():
    phrases = load_phrases("en")
    assert [phrases.share(p) for p in (0, 0.001, 0.5, 0.999, 1)] == ["0%", "1%", "50%", "99%", "100%"]
