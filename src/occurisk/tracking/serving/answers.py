"""Answers to single questions: a code, a title or attributes a row, scored as `score` does, or why not.

What becomes of a row does not depend on those beside it, as a served model promises: no column is guessed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from occurisk.errors import RegistryError
from occurisk.occupations.coding_systems import TAXONOMIES, CodingSystem
from occurisk.registry.columns.code_column import NKRK_PREFIX, coding_system
from occurisk.registry.columns.title_column import MATCHED, system_for_titles
from occurisk.registry.numbers import NumberStyle
from occurisk.registry.understanding import Understanding
from occurisk.scoring.asked_codes import likeliest
from occurisk.scoring.code_scores import REASON_COLUMNS, Scores
from occurisk.scoring.codebook import TITLE_MARK, CodeBook
from occurisk.scoring.outcomes import NOTHING, OUTSIDE, OWN, SCORED
from occurisk.scoring.row_figures import row_scores

if TYPE_CHECKING:
    from collections.abc import Iterable

    from occurisk.model.bundles.bundle import Bundle

CODE, SYSTEM, TITLE = "code", "system", "title"
FIGURES = ("probability", "lower", "upper", "match_confidence")
WORDS = (
    "band",
    "stability",
    *REASON_COLUMNS,
    "match",
    "system",
    "matched_code",
    "matched_title",
    "note",
    "problem",
)
AXIS = "axis"
NO_SUCH_SYSTEM, NO_TITLES, MISSING = "unknown system", "system without titles", "missing"


def answer(model: Bundle, table: pd.DataFrame) -> pd.DataFrame:
    """Score each row by its code, else by its title, else by its attributes.

    Parameters
    ----------
    model : Bundle
    table : DataFrame
        Columns `code` (of any system; `system` names it: see `TAXONOMIES`), `title`, or attributes of the
        model on [0, 1]; others are not looked at. Without `system` a code is of the likeliest that has it,
        and a title is matched to SOC 2010 if it is in English, else to ISCO-08.

    Returns
    -------
    DataFrame, index as `table`
        `probability`, `lower`, `upper` (90% interval), NaN where a row has no score; `band`, `stability`,
        `reason_1` … `reason_3`, `match`; `match_confidence` of titles; `system`, `matched_code`,
        `matched_title`; `note`: in which other system the code is other work; `problem`: why a row has no
        score, else empty; `axis`: what the score is about.

    Raises
    ------
    RegistryError
        If the table has neither codes nor titles nor an attribute of the model.
    """
    attributes = [name for name in model.names if name in table]
    if not attributes and not {CODE, TITLE} & set(table.columns):
        raise RegistryError(
            "The table has no column that could be scored.",
            first=f"its columns: {', '.join(map(str, table.columns[:10]))}",
            rule=f"Columns code (and system), or title, or attributes: {', '.join(model.names)}.",
            fix="Rename your columns.",
        )
    answered = pd.DataFrame(
        dict.fromkeys(FIGURES, np.nan) | dict.fromkeys(WORDS, ""), index=pd.RangeIndex(len(table))
    ).astype(dict.fromkeys(WORDS, object))
    codes, systems, titles = (_texts(table, name) for name in (CODE, SYSTEM, TITLE))
    for place, asked in enumerate(systems):
        if asked not in TAXONOMIES:
            answered.loc[place, "problem"] = NO_SUCH_SYSTEM
    sound = (answered["problem"] == "").to_numpy()
    by_code = sound & (codes != "")
    by_title = sound & (codes == "") & (titles != "")
    scores = Scores.of(model)
    _fill(answered, np.flatnonzero(by_code), _of_codes(scores, codes[by_code], systems[by_code]))
    _fill(answered, np.flatnonzero(by_title), _of_titles(scores, titles[by_title], systems[by_title]))
    rest = np.flatnonzero(sound & ~by_code & ~by_title)
    _fill(answered, rest, _of_attributes(model, table[attributes].iloc[rest]))
    answered = answered[[*FIGURES[:3], *WORDS[:-5], FIGURES[3], *WORDS[-5:]]]
    return answered.assign(**{AXIS: model.axis.name}).set_axis(table.index)


def _texts(table: pd.DataFrame, name: str) -> np.ndarray:
    """Return a column as text without gaps; without that column nothing, or `auto` of the systems."""
    empty = "auto" if name == SYSTEM else ""
    if name not in table:
        return np.full(len(table), empty, dtype=object)
    cells = ["" if pd.isna(cell) else str(cell).strip() for cell in table[name]]
    return np.array([(cell.lower() if name == SYSTEM else cell) or empty for cell in cells], dtype=object)


def _fill(answered: pd.DataFrame, places: np.ndarray, answers: pd.DataFrame) -> None:
    for name in answers:
        said = answers[name].fillna("") if name in WORDS else answers[name]
        answered.loc[places, name] = said.to_numpy()


def _book(scores: Scores, system: CodingSystem, prefix: int | None) -> CodeBook:
    understood = Understanding(
        0, None, None, system, prefix, None, NumberStyle(), (), (), system.name, title=0
    )
    return CodeBook(understood, scores)


def _of_codes(scores: Scores, codes: np.ndarray, systems: np.ndarray) -> pd.DataFrame:
    """Score codes, each of the system that it names, else of the likeliest."""
    read = [_reading(code, system) for code, system in zip(codes, systems, strict=True)]
    parts = []
    for system, prefix in dict.fromkeys((system, prefix) for system, prefix, _ in read):
        mine = [i for i, one in enumerate(read) if one[:2] == (system, prefix)]
        rows = _scored(_book(scores, system, prefix), [str(codes[i]) for i in mine], system)
        parts.append(rows.assign(note=[read[i][2] for i in mine]).set_axis(mine))
    return pd.concat(parts).sort_index() if parts else pd.DataFrame()


def _reading(code: str, taxonomy: str) -> tuple[CodingSystem, int | None, str]:
    if taxonomy == "auto":
        return likeliest(code)
    return coding_system(taxonomy), NKRK_PREFIX if taxonomy == "nkrk" else None, ""


def _of_titles(scores: Scores, titles: np.ndarray, systems: np.ndarray) -> pd.DataFrame:
    chosen = [system_for_titles([t], s)[0] for t, s in zip(titles, systems, strict=True)]
    parts = []
    for taxonomy in dict.fromkeys(chosen):
        mine = [i for i, name in enumerate(chosen) if name == taxonomy]
        if taxonomy in MATCHED:
            system = coding_system(MATCHED[taxonomy])
            rows = _scored(_book(scores, system, None), [TITLE_MARK + str(titles[i]) for i in mine], system)
        else:
            rows = pd.DataFrame({"problem": NO_TITLES, "system": taxonomy}, index=range(len(mine)))
        parts.append(rows.set_axis(mine))
    return pd.concat(parts).sort_index() if parts else pd.DataFrame()


def _scored(book: CodeBook, keys: Iterable[str], system: CodingSystem) -> pd.DataFrame:
    """Return the answers of a book to its keys, one row each."""
    number = book.numbers(list(keys))
    rows = book.table().iloc[number].reset_index(drop=True)
    scored = rows["outcome"].isin(SCORED)
    return _of_scored(rows, scored).assign(
        match=rows["outcome"].where(scored, ""),
        match_confidence=rows["title_confidence"].astype(float) if "title_confidence" in rows else np.nan,
        system=system.name,
        matched_code=rows["matched"].fillna(""),
        matched_title=rows["title"].fillna(""),
        problem=rows["outcome"].where(~scored, ""),
    )


def _of_attributes(model: Bundle, table: pd.DataFrame) -> pd.DataFrame:
    given = table.reindex(columns=model.names)
    figures = given.apply(pd.to_numeric, errors="coerce").to_numpy(dtype=float)
    missing = given.isna().to_numpy() | (given == "").to_numpy()
    outside = (~missing & ~((figures >= 0) & (figures <= 1))).any(axis=1)
    nothing = NOTHING if len(table.columns) else MISSING
    problem = np.select([missing.all(axis=1), outside], [nothing, OUTSIDE], "").astype(object)
    X = np.where(missing | outside[:, None], model.medians, figures)
    columns = {name: c.to_pandas() for name, c in row_scores(model, X, missing, reasons=True).items()}
    by_row = pd.DataFrame(columns).astype({"band": object, "stability": object})
    scored = pd.Series(problem == "")
    return _of_scored(by_row, scored).assign(match=np.where(scored, OWN, ""), problem=problem)


def _of_scored(rows: pd.DataFrame, scored: pd.Series) -> pd.DataFrame:
    """Return what is said of rows with a score; of the others no figure and no word."""
    words = {name: rows[name].fillna("").where(scored, "") for name in ("band", "stability", *REASON_COLUMNS)}
    return pd.DataFrame({name: rows[name].astype(float).where(scored) for name in FIGURES[:3]} | words)
