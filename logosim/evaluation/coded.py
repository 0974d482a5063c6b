"""Pictures with Vienna codes that are no L3D folder: an index beside them, such as training.vienna_codes writes."""

from __future__ import annotations

import csv
import re
from pathlib import Path

from logosim.domain.vienna import canonical_all
from logosim.errors import RecordError, ViennaCodeError

INDEX = "index.csv"


def has_coded_index(folder: Path) -> bool:
    """Whether `folder` has an index with a column of codes."""
    try:
        with (folder / INDEX).open(encoding="utf-8-sig", newline="") as lines:
            return {"file", "codes"} <= set(next(csv.reader(lines), ()))
    except (OSError, UnicodeDecodeError, csv.Error):
        return False


def read_coded(folder: Path) -> list[tuple[str, tuple[str, ...]]]:
    """Files of the index, relative to `folder`, with their codes, canonical; those without any are left out.

    Codes are separated by blanks or `|`.

    Raises:
        RecordError: the index cannot be read, lacks a column, or has a code that is none.
    """
    try:
        with (folder / INDEX).open(encoding="utf-8-sig", newline="") as lines:
            table = csv.DictReader(lines)
            if not {"file", "codes"} <= set(table.fieldnames or ()):
                raise RecordError(f"{folder / INDEX} lacks the columns file and codes")
            rows = [(row["file"], canonical_all(re.findall(r"[^\s|]+", row["codes"] or ""))) for row in table]
    except OSError as error:
        raise RecordError(f"cannot read {folder / INDEX}: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error, ViennaCodeError) as error:
        raise RecordError(f"{folder / INDEX}: {error}") from error
    return [(file, codes) for file, codes in rows if codes]
