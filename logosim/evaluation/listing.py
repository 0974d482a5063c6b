"""What lies in the folder of a truth set: tables with named columns, and pictures."""

from __future__ import annotations

import csv
import hashlib
from pathlib import Path

from logosim.errors import RecordError

PICTURE_SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp", ".tif", ".tiff", ".bmp"})

Row = dict[str, str]


def read_rows(path: Path, columns: tuple[str, ...]) -> list[Row]:
    """The rows of a CSV file in UTF-8 by column name; every one has the `columns`, and some may have more.

    Raises:
        RecordError: the file cannot be read, is empty, lacks a column, or has a row that is too short.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines, restval="\x00")
            rows = [(reader.line_num, row) for row in reader]
    except OSError as error:
        raise RecordError(f"cannot read the truth set's index {path}: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise RecordError(f"the truth set's index {path} is not CSV in UTF-8: {error}") from error
    if not rows:
        raise RecordError(f"the truth set's index {path} is empty")
    missing = [column for column in columns if column not in (reader.fieldnames or ())]
    if missing:
        raise RecordError(
            f"the truth set's index {path} lacks the columns {', '.join(missing)}",
            hint=f"Its first line names the columns; needed are {', '.join(columns)}.",
        )
    for number, row in rows:
        if "\x00" in row.values():
            raise RecordError(f"the truth set's index {path} has a row that is too short, line {number}")
    return [row for _, row in rows]


def inside(folder: Path, file: str, index: Path) -> Path:
    """The path of a file that an index names; RecordError if it is empty or lies outside the folder."""
    if not file.strip():
        raise RecordError(f"the truth set's index {index} has a row without a file")
    if Path(file).is_absolute() or ".." in Path(file).parts:
        raise RecordError(f"the truth set's index {index} names a file outside its folder: {file}")
    return folder / file


def picture_files(folder: Path) -> tuple[Path, ...]:
    """All pictures in a folder and its sub-folders, sorted; RecordError if there are none."""
    if not folder.is_dir():
        raise RecordError(f"there is no folder {folder}")
    files = tuple(sorted(path for path in folder.rglob("*") if path.suffix.lower() in PICTURE_SUFFIXES))
    if not files:
        raise RecordError(f"there are no pictures in {folder}")
    return files


def sha256_of(file: Path) -> str:
    """Of the file's bytes, hexadecimal: the same for copies of one file. RecordError if it cannot be read."""
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise RecordError(f"cannot read the picture {file}: {error.strerror}") from error
