"""Training pictures listed in an `index.csv`, as training.icons and training.holdout write it.

The index has the columns `file` (relative to the folder), `concept` (pictures of one concept show the same thing drawn
by different hands; empty: nothing else shows it), `source` (who drew it) and, where known, `codes` (Vienna codes,
separated by spaces).
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path, PurePath

from training.concepts import tokens_of
from training.holdout import Exclusion
from training.row import CollectionError, Row

INDEX = "index.csv"
_COLUMNS = ("file", "concept", "source")


class IndexFolder:
    """A folder with an index."""

    def __init__(self, folder: Path) -> None:
        self.root = folder

    def rows(self) -> Iterator[Row]:
        """See `PictureFolder`. Whether the files are there is found out when they are needed."""
        for row in read_index(self.root / INDEX):
            yield Row(row["file"], row["concept"], PurePath(row["file"]).stem, tuple(row.get("codes", "").split()))

    def shows_excluded(self, exclusion: Exclusion) -> Callable[[Row], bool]:
        """By the whole concept (what follows its colon) or the whole file name.

        Not by the words in them: the index's maker has excluded brands where icons go by several words, and knows
        which words are ordinary things.
        """

        def shows(row: Row) -> bool:
            return exclusion.names(tokens_of(row.concept.rpartition(":")[2]), tokens_of(PurePath(row.file).stem))

        return shows

    def notes(self) -> list[str]:
        """Nothing is left out."""
        return []


def read_index(index: Path) -> Iterator[dict[str, str]]:
    """The rows of an index by column, "" for what is not given; every one names a file.

    Raises CollectionError, while it reads, if the index cannot be read, is empty, or lacks a column.
    """
    try:
        with index.open(encoding="utf-8-sig", newline="") as lines:
            yield from _rows(csv.DictReader(lines), index)
    except OSError as error:
        raise CollectionError(f"cannot read {index}: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise CollectionError(f"{index} is not a table of comma-separated values in UTF-8: {error}") from error


def _rows(table: csv.DictReader[str], index: Path) -> Iterator[dict[str, str]]:
    missing = [column for column in _COLUMNS if column not in (table.fieldnames or ())]
    if missing and table.fieldnames:
        raise CollectionError(f"{index} lacks the columns {', '.join(missing)}")
    empty = True
    for row in table:
        if not row["file"]:
            raise CollectionError(f"{index}, line {table.line_num}: names no file")
        yield {column: value or "" for column, value in row.items() if column}  # no name: beyond the last column
        empty = False
    if empty:
        raise CollectionError(f"{index} is empty")
