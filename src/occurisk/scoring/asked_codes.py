"""Codes and titles that somebody asks about one by one: of which system each is, and its score."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from occurisk.errors import CrosswalkError
from occurisk.occupations.coding_systems import SOC2010, TAXONOMIES, CodingSystem, tidy
from occurisk.occupations.crosswalk import Lineage, to_soc2010
from occurisk.occupations.lookup import find_title, is_title
from occurisk.registry.columns.code_column import (
    NKRK_PREFIX,
    Evidence,
    coding_system,
    count_different,
    measure,
)
from occurisk.registry.columns.look_alikes import in_question
from occurisk.scoring.code_scores import Scores, score_codes

if TYPE_CHECKING:
    from occurisk.model.bundles.bundle import Bundle


@dataclass(frozen=True)
class AskedCodes:
    """The scores of what was asked about.

    Attributes
    ----------
    rows : DataFrame
        Index: the code as its system writes it. The columns of `score_codes`, and `title`, `match`,
        `published_probability`, `label`.
    members : DataFrame, long
        `code`, `soc`, `weight`, `kind`: the occupations behind each code.
    notes : tuple of str
        What was decided, in words: how a title was matched, what else a code may be.
    """

    rows: pd.DataFrame
    members: pd.DataFrame
    notes: tuple[str, ...]


def read_code(text: str) -> list[Evidence]:
    """Measure a single code against every coding system, as a column of a registry is measured.

    Returns
    -------
    list of Evidence
        Likeliest first: systems in which it exists, then those whose codes look like it as it stands,
        then the order of `TAXONOMIES`. Empty if the text says that there is no code.
    """
    counts = in_question({text: 1})
    measured = [measure(0, "", counts, taxonomy, asked=True) for taxonomy in TAXONOMIES[1:]]
    plain = tidy(text)
    return sorted(
        (one for one in measured if one is not None),
        key=lambda one: (-one.exist, not coding_system(one.taxonomy).is_code(plain)),
    )


def lineage_of(
    text: str,
    scored: pd.DataFrame,
    taxonomy: str = "auto",
    weights: str = "employment",
    language: str = "en",
) -> tuple[Lineage, str]:
    """Lead a code or a title to scored occupations.

    Parameters
    ----------
    text : str
        A code of any coding system, or an occupation's title.
    scored : DataFrame
        Index `soc`, column `title`: the occupations that have a score.
    taxonomy : str
        One of `TAXONOMIES`; `auto` leaves it to the code.
    weights : {"employment", "equal"}
    language : {"en", "ru", "kk"}
        In which a matched title is told.

    Returns
    -------
    Lineage
        Of the one code.
    str
        What was decided, in words; may be empty.

    Raises
    ------
    CrosswalkError
        If a title is not that of one occupation.
    """
    if is_title(text):
        title = find_title(text, scored["title"].to_dict(), language)
        return to_soc2010([title.code], title.system, scored=scored.index, weights=weights), title.note
    if taxonomy != "auto":
        system, prefix, note = coding_system(taxonomy), NKRK_PREFIX if taxonomy == "nkrk" else None, ""
    else:
        system, prefix, note = likeliest(text)
    return to_soc2010([text], system, scored=scored.index, prefix=prefix, weights=weights), note


def likeliest(text: str) -> tuple[CodingSystem, int | None, str]:
    """Tell of which system a single code is.

    Returns
    -------
    CodingSystem
        SOC 2010 if nothing speaks for any.
    int or None
        Leading digits that count.
    str
        In which other system it says something else, in words; may be empty.
    """
    read = read_code(text)
    if not read:
        return SOC2010, None, ""
    best, *rest = read
    others = [one for one in rest if one.exist and count_different([text], best, one)]
    names = " or ".join(dict.fromkeys(coding_system(one.taxonomy).title for one in others))
    note = f"{text} is read as {coding_system(best.taxonomy).title}; in {names} it is other work."
    return coding_system(best.taxonomy), best.prefix, note if others else ""


def score_asked(
    texts: Iterable[str], bundle: Bundle, taxonomy: str = "auto", language: str = "en"
) -> AskedCodes:
    """Score codes and titles, each of its own coding system.

    Parameters
    ----------
    texts : iterable of str
    bundle : Bundle
    taxonomy : str
        One of `TAXONOMIES`; `auto` leaves it to each code.
    language : {"en", "ru", "kk"}
        In which a matched title is told.

    Returns
    -------
    AskedCodes

    Raises
    ------
    CrosswalkError
        If one of them has no score.
    """
    rows, members, notes, lost = [], [], [], []
    model, asked = Scores.of(bundle), list(dict.fromkeys(texts))
    for text in asked:
        lineage, note = lineage_of(text, bundle.reference, taxonomy, language=language)
        about = lineage.codes.iloc[0]
        if lineage.members.empty:
            lost.append(f"{text}: {about['kind']}" + (f" ({about['note']})" if about["note"] else ""))
            continue
        code = str(about["matched"])
        own = bundle.reference.reindex([code])[["published_probability", "label"]]
        score = score_codes(model, lineage).set_axis([code])
        rows.append(score.assign(title=about["title"], match=about["kind"], **own))
        members.append(lineage.members.assign(code=code))
        notes += [note] if note else []
    if lost:
        raise CrosswalkError(
            f"{len(lost)} of {len(asked)} codes have no score.",
            first=lost[0],
            rule="A code of SOC 2010/2018, O*NET-SOC, ISCO-08/88 or US Census 2010/2018, or a title, "
            "of work that O*NET rates.",
            fix="Check the code; name its system with --system if digits alone are ambiguous.",
        )
    table = pd.concat(rows)
    return AskedCodes(
        table[~table.index.duplicated()],
        pd.concat(members).drop_duplicates(["code", "soc"]),
        tuple(dict.fromkeys(notes)),
    )
