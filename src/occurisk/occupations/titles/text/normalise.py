"""What a title is reduced to before it is compared: one form for every way of writing it.

The matcher that is shipped was trained on titles in this form, so that `VERSION` goes into its file; a
matcher of another version is refused.
"""

from __future__ import annotations

import html
import re
import unicodedata

VERSION = 3
# Longer titles are cut: nobody's occupation takes more, and a cell may hold a whole advertisement.
LONGEST = 300
# Longer ones are no words of any language that puts spaces between them.
LONGEST_WORD = 60

_TAG = re.compile(r"<[^<>]{0,200}>")
_WORD = re.compile(r"[^\W\d_]+(?:\+\+|#)?")
_MIXED = re.compile(r"(?=\w*[a-z])(?=\w*[а-яё])\w+", re.IGNORECASE)
_LATIN_TO_CYRILLIC = str.maketrans("aceopxykmhtbi", "асеорхукмнтві")
_CYRILLIC_TO_LATIN = str.maketrans("асеорхукмнтві", "aceopxykmhtbi")
_CYRILLIC = re.compile("[а-яёәғқңөұүһі]")
# Soft hyphens, joiners and spaces of no width stand inside words that were copied from a page.
_INVISIBLE = dict.fromkeys([0xAD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF])
# Letters that no decomposition takes apart.
_PLAIN = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ß": "ss", "æ": "ae", "œ": "oe", "ё": "е"})


def normalise(title: str) -> str:
    """Return the words of a title in lower case, apart by one space.

    Marks of HTML, emojis, digits and punctuation go; `C++` and `C#` stay; accents and plurals of Latin words
    go, and a word said twice in a row is said once; a word of mixed scripts, such as `менеджер` with a Latin
    `e`, is put into the script of most letters.

    Parameters
    ----------
    title : str
        Any text, of any length; what stands after `LONGEST` characters is not read.

    Returns
    -------
    str
        Empty if there is no word in the title.
    """
    text = without_markup(title[: 4 * LONGEST])
    if len(text) > LONGEST:
        text = text[:LONGEST].rpartition(" ")[0] or text[:LONGEST]  # half a word is none
    if not text.isascii():
        text = _plain_letters(text)
    words = [
        _singular(word) for word in _WORD.findall(text.lower().replace("'", "")) if len(word) <= LONGEST_WORD
    ]
    return " ".join([word for word, before in zip(words, ["", *words], strict=False) if word != before])


def without_markup(text: str) -> str:
    """Return a text without marks of HTML."""
    if "<" not in text and "&" not in text:
        return text
    return _TAG.sub(" ", html.unescape(_TAG.sub(" ", text)))  # escaped marks are marks, too


def _singular(word: str) -> str:
    """Take the plural off a word in Latin letters: `workers` and `worker` are one word."""
    if len(word) < 4 or word[-1] != "s" or word[-2] in "sui" or not word.isascii():
        return word
    return word[:-3] + "y" if word.endswith("ies") else word[:-1]


def _plain_letters(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).lower().translate(_INVISIBLE)
    if _MIXED.search(text):
        text = _MIXED.sub(lambda match: _one_script(match.group()), text)
    text = text.replace("\N{RIGHT SINGLE QUOTATION MARK}", "").translate(_PLAIN)
    if text.isascii():
        return text
    return "".join(_without_accent(letter) for letter in text)


def _one_script(word: str) -> str:
    cyrillic = len(_CYRILLIC.findall(word))
    return word.translate(_LATIN_TO_CYRILLIC if 2 * cyrillic >= len(word) else _CYRILLIC_TO_LATIN)


def _without_accent(letter: str) -> str:
    # Cyrillic letters keep theirs: и and й are two letters, е and ё were made one above.
    if letter < "\u00c0" or letter >= "\u0250":
        return letter
    return unicodedata.normalize("NFD", letter)[0]
