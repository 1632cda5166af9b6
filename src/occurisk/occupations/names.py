"""What occupations are called in the language of the reader.

`features/titles/names_ru.csv` and `names_kk.csv` hold translations of our own, not official ones. A user
who has an official list puts it in their place: `occurisk titles build --names FILE` writes it to the
folder of `own_names_folder`, which is read first.
"""

from __future__ import annotations

import csv
from functools import lru_cache
from pathlib import Path

from occurisk.errors import NamesError
from occurisk.files import whole_file
from occurisk.occupations.concordances import load_tables
from occurisk.paths import FEATURES, default_models_dir

TRANSLATED = ("ru", "kk")
ENGLISH = "en"


def own_names_folder() -> Path:
    """Return where a user's own names of occupations lie: `names_<language>.csv`, columns `code,name`."""
    return default_models_dir() / "titles"


def occupation_name(code: str, language: str, english: str) -> str:
    """Return what an occupation or group is called in a language.

    Parameters
    ----------
    code : str
        An ISCO-08 code of one to four digits, or a SOC 2010 code such as `43-3031`.
    language : str
        `en`, `ru` or `kk`; any other language falls back to English.
    english : str
        The official English title, given back where no translation is known.

    Returns
    -------
    str
    """
    return english if language == ENGLISH else occupation_names(language).get(code, english)


def official_name(code: str, language: str, english: str) -> str:
    """Return `occupation_name`, if the English title is the official one of SOC 2010 or ISCO-08.

    Codes of other systems have the same digits: 4211 of ISCO-88 is other work.
    """
    titles = load_tables().titles
    official = any(titles[system].get(code) == english for system in ("soc2010", "isco08"))
    return occupation_name(code, language, english) if official else english


def names_file(language: str) -> str:
    """Return what a table of names in a language is called."""
    return f"names_{language}.csv"


@lru_cache(maxsize=4)
def occupation_names(language: str) -> dict[str, str]:
    """Return every translated name of a language by its code; empty for English.

    Names of the user's own stand before ours, code by code.
    """
    if language not in TRANSLATED:
        return {}
    names = read_names(FEATURES / "titles" / names_file(language))
    own = own_names_folder() / names_file(language)
    return names | read_names(own) if own.is_file() else names


def read_names(path: Path) -> dict[str, str]:
    """Read a table with the columns `code,name` (UTF-8) into a dict."""
    return dict(_rows(path))


def take_names(path: Path, folder: Path, language: str) -> dict[str, str]:
    """Put an official list of names in the place of ours.

    Parameters
    ----------
    path : Path
        Columns `code,name`, UTF-8.
    folder : Path
        Where `occupation_names` looks: `own_names_folder`.
    language : str

    Returns
    -------
    dict
        What was taken, by code.

    Raises
    ------
    NamesError
        If it is no such list, or names a code of neither ISCO-08 nor SOC 2010; nothing is taken then.
    """
    try:
        rows = _rows(path)
    except (KeyError, UnicodeDecodeError) as error:
        raise NamesError(
            f"{path.name} is no list of names.",
            rule="UTF-8, columns code,name, apart by commas or semicolons",
            first=repr(error)[:200],
            fix="Save it again as CSV UTF-8.",
        ) from error
    known = load_tables().titles["isco08"].keys() | load_tables().titles["soc2010"].keys()
    names: dict[str, str] = {}
    wrong = [code for code, _ in rows if code not in known]
    twice = [code for code, name in rows if names.setdefault(code, name) != name]
    if wrong or twice or not rows:
        raise NamesError(
            f"{len(wrong)} of {len(rows)} codes of {path.name} exist in neither ISCO-08 nor SOC 2010."
            if wrong
            else f"{len(twice)} codes of {path.name} have two names."
            if twice
            else f"{path.name} holds no name.",
            first=next(iter((*wrong, *twice)), None),
            fix="Mend the list; nothing was taken over.",
        )
    with (
        whole_file(folder / names_file(language)) as place,
        open(place, "w", encoding="utf-8", newline="") as out,
    ):
        csv.writer(out, lineterminator="\n").writerows([("code", "name"), *names.items()])
    occupation_names.cache_clear()
    return names


def _rows(path: Path) -> list[tuple[str, str]]:
    with open(path, encoding="utf-8-sig", newline="") as stream:
        header = stream.readline()
        stream.seek(0)
        rows = csv.DictReader(stream, delimiter=";" if ";" in header else ",")
        cells = [(row["code"].strip(), (row["name"] or "").strip()) for row in rows]
    return [(code, name) for code, name in cells if name]
