"""What somebody means who types a title or a code: search by title, and codes that look like a wrong one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from occurisk.errors import CrosswalkError
from occurisk.occupations.coding_systems import ISCO08, SOC2010, SYSTEMS, CodingSystem, normalise, tidy
from occurisk.occupations.concordances import load_tables
from occurisk.occupations.names import occupation_name

# Letters that Kazakh has and Russian has not.
_KAZAKH = frozenset("әғқңөұүһі")
_SHOWN = 5


@dataclass(frozen=True)
class TitleFound:
    """The occupation that a title names.

    Attributes
    ----------
    code : str
    system : CodingSystem
        Of the code.
    note : str
        How it was matched and what else it may be, in words; empty if the title is an official one.
    """

    code: str
    system: CodingSystem
    note: str = ""


def is_title(text: str) -> bool:
    """Tell whether somebody typed a title: codes have digits, titles have none."""
    return not any(c.isdigit() for c in text)


def find_title(text: str, titles: Mapping[str, str], language: str = "en") -> TitleFound:
    """Find the occupation of a title: official, a part that one official title has, or matched.

    Parameters
    ----------
    text : str
        Matched to SOC 2010 or ISCO-08 as the titles of a list are; see `system_of`.
    titles : mapping of str to str
        SOC 2010 code -> official title, of the occupations to search first.
    language : {"en", "ru", "kk"}
        Of the note.

    Returns
    -------
    TitleFound

    Raises
    ------
    CrosswalkError
        If no occupation, or none that is likely enough, has the title.
    """
    wanted = text.casefold().strip()
    plain = {code: title.casefold() for code, title in titles.items()}
    if same := [code for code, title in plain.items() if title == wanted]:
        return TitleFound(same[0], SOC2010)
    close = [code for code, title in plain.items() if wanted in title]
    if len(close) == 1:
        return TitleFound(close[0], SOC2010)
    if matched := _match(text, language):
        return matched
    raise CrosswalkError(
        f"{len(close)} occupations have {text!r} in their title.",
        first="; ".join(f"{code} {titles[code]}" for code in close[:_SHOWN]) or None,
        rule="A title, or a part of one that only one occupation has.",
        fix="Give the code.",
    )


def _match(text: str, language: str) -> TitleFound | None:
    """Match a title as those of a registry are matched; None if nothing is known of an English one."""
    from occurisk.occupations.titles.own_titles import (  # more than codes need
        built_systems,
        matcher_for,
        reason_of,
    )
    from occurisk.occupations.titles.text.reasons import phrases
    from occurisk.occupations.titles.text.scripts import is_cyrillic, system_of

    # As the titles of a list are, so that both say the same.
    system = SYSTEMS[system_of([text], built_systems())[0]]
    english = not is_cyrillic(text)
    spoken = "en" if english else "kk" if _KAZAKH & set(text.lower()) else "ru"
    names = spoken if language == "en" else language
    matcher = matcher_for(system.name)
    answer = matcher.answer(text)
    official = load_tables().titles[system.name]

    def named(code: str) -> str:
        return f"{code} {occupation_name(code, names, official.get(code, ''))}"

    others = [(named(code), weight) for code, weight in answer.candidates if code != answer.code]
    if answer.code:
        said = phrases()["matched"][language].format(
            title=text, name=named(answer.code), share=f"{answer.confidence:.0%}",
            why=reason_of(matcher, text, answer, language),
        )  # fmt: skip
        also = "; ".join(f"{name} ({weight:.0%})" for name, weight in others[: _SHOWN - 1])
        if also:
            said += " " + phrases()["also"][language].format(others=also)
        return TitleFound(answer.code, system, said)
    # Of an unknown or too general English title, the official titles that hold it say more.
    if english and (not answer.candidates or answer.confidence == 0):
        return None
    raise CrosswalkError(
        f"{text!r} cannot be matched to an occupation: {answer.reason}.",
        # Without their weights: none of them is likely, and the digits would say otherwise.
        first="it may be " + "; ".join(name for name, _ in others[:_SHOWN]) if others else None,
        rule="A title is answered only where the answer is likely to be right.",
        fix="Give the code, or more of the title.",
    )


def search_words(system: str, codes: Iterable[str], language: str = "en") -> dict[str, list[str]]:
    """Return the words by which the matcher of titles knows each code, beside its official name.

    Parameters
    ----------
    system : str
        Words are known of `isco08` and `soc2010`.
    codes : iterable of str
    language : {"en", "ru", "kk"}
        Of those who search. Of SOC 2010 Russian and Kazakh words are told only to them.

    Returns
    -------
    dict of str to list of str
        Sorted words of English titles, and stems of Russian and Kazakh ones; a stem that stands for one word
        only begins with `=`. Codes of which nothing is known are left out.
    """
    from occurisk.occupations.titles.cascade import TitleMatcher  # more than codes need

    if system not in (SOC2010.name, ISCO08.name):
        return {}
    model = TitleMatcher.shipped(system).model
    spoken = system == ISCO08.name or language != "en"
    lexicons = TitleMatcher.shipped(ISCO08.name).lexicons.values() if spoken else ()
    words: dict[str, set[str]] = {code: set() for code in codes}
    for title, place in zip(model.listed, model.listed_codes.tolist(), strict=True):
        if (code := model.codes[place]) in words:
            words[code].update(title.split())
    for unit, targets in load_tables().pairs[ISCO08.name].items():
        stems = {stem for lexicon in lexicons for stem in lexicon.stems(unit)}
        for code in (unit,) if system == ISCO08.name else targets:
            if code in words:
                words[code] |= stems
    return {code: sorted(found) for code, found in words.items() if found}


def near_misses(text: str, system: CodingSystem, n: int = 3) -> list[tuple[str, str]]:
    """Suggest codes that exist and look like an unknown one.

    Returns
    -------
    list of (code, title)
        Nearest first, at most `n`.
    """
    known = load_tables().known(system)
    code = normalise(text, system, known).code or tidy(text)

    def likeness(other: str) -> tuple[int, int]:
        same = [a == b for a, b in zip(code, other, strict=False)]
        return 2 * (same.index(False) if False in same else len(same)) + sum(same), -abs(
            len(other) - len(code)
        )

    near = sorted((c for c in known if c[:1] == code[:1]), key=likeness, reverse=True)[
        : n if len(code) > 1 else 0
    ]
    return [(c, known[c]) for c in near if likeness(c)[0] >= len(code)]
