"""One record of the L3D form (`file, text, vienna_codes, year`) as a value: the rules shared by every reader.

The form is that of the Large Labelled Logo Dataset (Gutiérrez-Fandiño et al., arXiv 2112.05404), with the
irregularities its files really have: a bare string where a mark has one Vienna code, years as strings, codes outside
the classification.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from logosim.domain.vienna import canonical_all
from logosim.errors import RecordError, ViennaCodeError

FIRST_YEAR, LAST_YEAR = 1900, 2100
MAX_TEXT_LENGTH = 10_000  # characters
MAX_FILE_LENGTH = 1_000  # characters
PICTURE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp", ".tif", ".tiff", ".bmp"})

# C0 and C1 controls, and halves of surrogate pairs: JSON escapes and undecodable bytes can both leave them, and no
# database text or file name should hold them. Tab and line breaks are fine in a text.
_NOT_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_NOT_A_NAME = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\\]")
_YEAR = re.compile(r"[0-9]{4}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Record:
    """A record that keeps the rules; its picture has not been looked for yet."""

    file: str  # relative, with forward slashes, as the record spells it
    text: str | None  # never blank
    vienna_codes: tuple[str, ...]  # canonical
    year: int | None  # FIRST_YEAR..LAST_YEAR


def parse_record(value: object) -> Record:
    """Read one decoded JSON value. Unknown fields are ignored; only `file` must be there.

    Raises:
        RecordError: with `reason` "record-malformed", "file-missing", "file-unsafe", "not-a-picture",
            "text-malformed", "vienna-code-malformed" or "year-malformed".
    """
    if not isinstance(value, dict):
        raise RecordError(f"A record is a JSON object, not {_kind(value)}.")
    return Record(
        file=_file(value.get("file")),
        text=_text(value.get("text")),
        vienna_codes=_vienna_codes(value.get("vienna_codes")),
        year=_year(value.get("year")),
    )


def _file(value: object) -> str:
    if value is None or value == "":
        raise RecordError("The record names no file.", reason="file-missing")
    if not isinstance(value, str):
        raise RecordError(f"The file name is {_kind(value)}, not a string.", reason="record-malformed")
    name = value.strip()
    parts = name.split("/")
    if len(name) > MAX_FILE_LENGTH or _NOT_A_NAME.search(name) or any(part in {"", ".", ".."} for part in parts):
        raise RecordError(f"Not a file name within the data set: {_shown(value)}.", reason="file-unsafe")
    suffix = PurePosixPath(name).suffix.lower()
    if suffix and suffix not in PICTURE_SUFFIXES:
        raise RecordError(f"{_shown(name)} is not a picture by its name.", reason="not-a-picture")
    return name


def _text(value: object) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise RecordError(f"The text is {_kind(value)}, not a string.", reason="text-malformed")
    if len(value) > MAX_TEXT_LENGTH:
        raise RecordError(f"The text has more than {MAX_TEXT_LENGTH:,} characters.", reason="text-malformed")
    if _NOT_TEXT.search(value):
        raise RecordError("The text holds a character that is not text.", reason="text-malformed")
    return value.strip() or None


def _vienna_codes(value: object) -> tuple[str, ...]:
    if value is None or value == "":
        return ()
    codes = [value] if isinstance(value, str) else value
    if not isinstance(codes, list) or not all(isinstance(code, str) for code in codes):
        raise RecordError(
            f"vienna_codes is a string or a list of strings, not {_shown(value)}.", reason="vienna-code-malformed"
        )
    try:
        return canonical_all(codes)
    except ViennaCodeError as error:
        raise RecordError(str(error), reason="vienna-code-malformed") from error


def _year(value: object) -> int | None:
    if value is None or value == "":
        return None
    text = value.strip() if isinstance(value, str) else str(value) if type(value) is int else ""
    if not _YEAR.fullmatch(text) or not FIRST_YEAR <= int(text) <= LAST_YEAR:
        raise RecordError(f"Not a year from {FIRST_YEAR} to {LAST_YEAR}: {_shown(value)}.", reason="year-malformed")
    return int(text)


def _kind(value: object) -> str:
    names = {type(None): "null", bool: "a boolean", str: "a string", list: "a list", dict: "an object"}
    return names.get(type(value), "a number")


def _shown(value: object) -> str:
    """`value` as part of a sentence: short, and storable whatever it holds."""
    text = ascii(value)
    return text if len(text) <= 60 else text[:57] + "..."
