"""One spelling of a name for searching: `normalise("Škoda™ & Söhne")` is "skoda and sohne".

The same algorithm stands in SQL as `logosim.normalise_text`; a test holds the two equal. Both read the letters of
`data/transliteration.csv`.
"""

from __future__ import annotations

import csv
import functools
import re
import unicodedata
from importlib import resources

# Compatibility decomposition would make letters of these ("NIKE™" -> "NIKETM"); they are no part of the name.
NOT_LETTERS = {ord("™"): " ", ord("℠"): " "}
_FIRST_MARK, _LAST_MARK = 0x300, 0x36F
_SEPARATORS = re.compile(r"[^a-z0-9]+")


class _Folding(dict[int, str]):
    """Code point -> what it is written as; asked by `str.translate`, filled on first sight of a character."""

    def __init__(self, replacements: dict[str, str]) -> None:
        super().__init__({ord(character): text for character, text in replacements.items()})

    def __missing__(self, code: int) -> str:
        if code < 128:
            text = chr(code).lower()
        elif _FIRST_MARK <= code <= _LAST_MARK:
            text = ""
        else:
            text = " "
        self[code] = text
        return text


def read_transliteration() -> dict[str, str]:
    """Characters outside ASCII (and &) with the ASCII letters they are written as, from the packaged table."""
    table = resources.files("logosim.phonetics") / "data" / "transliteration.csv"
    with table.open(encoding="utf-8") as lines:
        return {row["character"]: row["replacement"] for row in csv.DictReader(lines)}


@functools.cache
def _foldings() -> tuple[_Folding, _Folding]:
    """Foldings with and without "&" written as a word."""
    replacements = read_transliteration()
    letters = {character: text for character, text in replacements.items() if not character.isascii()}
    return _Folding(replacements), _Folding(letters)


def fold(text: str, *, words_for_signs: bool = True) -> str:
    """`text` in ASCII and lower case: accents dropped, Greek and Cyrillic transliterated, the rest as spaces.

    Punctuation of ASCII stays; `words_for_signs` says whether "&" becomes " and ".
    Unknown characters never raise. Which characters decompose is a matter of the Unicode version of the interpreter:
    characters assigned after it are spaces.
    """
    folding = _foldings()[0 if words_for_signs else 1]
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text.translate(NOT_LETTERS))
    return text.translate(folding)


def normalise(text: str) -> str | None:
    """Search key of a name: words of [a-z0-9] with one space between, or None where no such character is left."""
    return _SEPARATORS.sub(" ", fold(text)).strip() or None
