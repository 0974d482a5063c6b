"""Training pictures of an L3D folder: the JSON as it really is and the pictures it names, without files in between.

Records are read as the product reads them (`logosim.ingest`), with one difference: the pictures are not opened. To
hash each of them, as the product does, is to read the whole data set before the first step of every run.

Every mark is a concept of its own. That two marks bear the same words is not taken for a sign that they show the same
thing: often they belong to different owners, or to one who has changed the figure.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePath

from logosim.errors import RecordError
from logosim.ingest.jsonstream import MalformedJson, values
from logosim.ingest.l3d import PictureIndex
from logosim.ingest.record import parse_record
from training.holdout import SHORTEST_RUN, Exclusion, comparable
from training.row import CollectionError, Row

_JSON_SUFFIXES = (".json", ".jsonl", ".ndjson")
_MERGED, _YEARLY = "results.json", "output_"
_BETWEEN_WORDS, _BETWEEN_ASCII_WORDS = re.compile(r"[\W_]+"), re.compile(r"[^a-z0-9]+")
_SIGNS = (("&", " and "), ("+", " plus "), (".", " dot "))  # slugs of brands spell them out
_LONGEST_TEXT = 1_000  # characters of a mark's text that are searched for brands


def json_files(path: Path) -> list[Path]:
    """The JSON files of a folder in order of name, or the one file that `path` is; none if there is none."""
    if path.is_file():
        return [path] if path.suffix.lower() in _JSON_SUFFIXES else []
    if not path.is_dir():
        return []
    return sorted(entry for entry in path.iterdir() if entry.suffix.lower() in _JSON_SUFFIXES)


class L3dFolder:
    """An L3D folder, or one JSON file of it. A file that is damaged is read up to the damage, and `notes` say so."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.root = (path if path.is_dir() else path.parent).resolve()
        self._read = 0
        self._refused: Counter[str] = Counter()
        self._first = ""  # of the refused records: where it stands and what is wrong with it
        self._damage: list[str] = []

    def rows(self) -> Iterator[Row]:
        """See `PictureFolder`. Of records that name the same file the first good one counts."""
        files = json_files(self.path)
        try:
            pictures = PictureIndex(self.root)
        except OSError as error:
            raise CollectionError(f"{self.root} cannot be read: {error.strerror}") from error
        yearly = any(file.name.lower().startswith(_YEARLY) for file in files)
        taken: set[str] = set()
        for file in files:
            if not (yearly and file.name.lower() == _MERGED):  # it repeats the files of the single years
                yield from self._rows(file, pictures, taken)
        if not taken:
            raise CollectionError(
                " ".join([f"not one of the {self._read:,} records of {self.path} has a picture.", *self.notes()])
                + " Pictures stand beside the JSON files or in a folder images/ there"
            )

    def _rows(self, file: Path, pictures: PictureIndex, taken: set[str]) -> Iterator[Row]:
        try:
            with file.open("rb") as stream:
                for item in values(stream):
                    self._read += 1
                    try:
                        yield self._row(item.value, pictures, taken)
                    except RecordError as error:
                        self._refused[error.reason] += 1
                        self._first = self._first or f"{file}, line {item.line}: {error}"
        except MalformedJson as error:
            self._damage.append(f"{file} is damaged in line {error.line} and was read up to there: {error}")
        except OSError as error:
            self._damage.append(f"{file} cannot be read: {error.strerror}.")

    def _row(self, value: object, pictures: PictureIndex, taken: set[str]) -> Row:
        record = parse_record(value)
        key = record.file.lower()
        if key in taken:
            raise RecordError(f"An earlier record names {record.file} too; it counts.", reason="duplicate-file")
        found = pictures.find(record.file)
        if found is None:
            raise RecordError(f"There is no picture {record.file}.", reason="picture-missing")
        taken.add(key)
        relative = str(found).removeprefix(str(self.root)).lstrip(os.sep)
        return Row(relative, "", record.text or "", record.vienna_codes)

    def shows_excluded(self, exclusion: Exclusion) -> Callable[[Row], bool]:
        """By the mark's text or its file's name.

        Both are searched for an excluded slug as words in it (`SHORTEST_RUN` characters or more, or the whole text) and
        at the beginning or the end of a long word. Many slugs are ordinary words, so this leaves out marks of others
        too: rather too many than one too few.
        """
        longest = max(map(len, exclusion.slugs), default=0)

        def shows(row: Row) -> bool:
            return any(_shows(text, exclusion, longest) for text in (row.name, PurePath(row.file).stem))

        return shows

    def notes(self) -> list[str]:
        """See `PictureFolder`."""
        if not self._refused:
            return list(self._damage)
        reasons = ", ".join(f"{count:,} {reason}" for reason, count in self._refused.most_common())
        counts = f"{sum(self._refused.values()):,} of {self._read:,} records are left out ({reasons}), the first:"
        return [*self._damage, f"{self.path}: {counts} {self._first}"]


def _shows(text: str, exclusion: Exclusion, longest: int) -> bool:
    text = text[:_LONGEST_TEXT]
    spelled = text
    for sign, word in _SIGNS:
        spelled = spelled.replace(sign, word)
    return any(_holds(one, exclusion, longest) for one in {text, spelled})


def _holds(text: str, exclusion: Exclusion, longest: int) -> bool:
    words = [word for word in _words(text) if word]
    if exclusion.names(words) or exclusion.hidden_in(words):
        return True
    for start in range(len(words)):
        run = ""
        for word in words[start:]:
            run += word
            if len(run) > longest:
                break
            if len(run) >= SHORTEST_RUN and run in exclusion.slugs:
                return True
    return False


def _words(text: str) -> Iterable[str]:
    """The words of a text in the form of `comparable`; some are empty."""
    if text.isascii():  # the same, quicker
        return _BETWEEN_ASCII_WORDS.split(text.lower())
    return map(comparable, _BETWEEN_WORDS.split(text))
