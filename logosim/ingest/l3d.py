"""Reader of an L3D folder: JSON files as they really are, and the pictures they name.

A folder holds the files of single years (`output_1996.json`, ...) or the merged `results.json`, and pictures beside
them or in a direct subfolder such as `images/`. The case of a picture's name is ignored, because in the data set it
differs between JSON and disk.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from logosim.domain.mark import Mark, Picture, Rejection
from logosim.errors import InputError, RecordError
from logosim.ingest.jsonstream import JsonValue, MalformedJson, values
from logosim.ingest.record import parse_record

log = logging.getLogger(__name__)

_JSON_SUFFIXES = {".json", ".jsonl", ".ndjson"}
_MERGED, _YEARLY = "results.json", "output_"
_SAMPLE = 256 * 1024  # bytes of each file from which its records are estimated


def read(path: Path, source: str) -> Iterator[Mark | Rejection]:
    """Read every record of an L3D folder, or of one JSON file beside its pictures.

    Args:
        path: the folder, or one JSON or JSON Lines file in it.
        source: name of the data set, part of each mark's id.

    Returns:
        One mark or rejection for each record, in the order of the files' names. Of records that name the same file
        the first good one counts. Memory: the names of the pictures (about 200 bytes each), and one chunk of JSON.

    Raises:
        InputError: there is nothing to read at `path`, or it may not be read; raised at once, not on the first record.
    """
    files = _json_files(path)
    folder = path if path.is_dir() else path.parent
    with _readable(folder):
        pictures = PictureIndex(folder)
    return _read(files, pictures, source)


def count_hint(path: Path) -> int:
    """About how many records `read` will yield, from the size of the files and their beginnings; for progress bars.

    Raises:
        InputError: there is nothing to read at `path`, or it may not be read.
    """
    return sum(_estimate(file) for file in _json_files(path))


class PictureIndex:
    """The pictures of one data set by name, whatever the case.

    A name is found beside the JSON first, then in `images/`, then in the other direct subfolders in order of name.
    `images/a.jpg` finds the file at just that place. A subfolder that may not be read is logged and left out.
    """

    def __init__(self, folder: Path) -> None:
        folder = folder.resolve()
        below = sorted(
            (entry for entry in folder.iterdir() if _is_text(entry.name) and entry.is_dir()),
            key=lambda place: (place.name.lower() != "images", place.name),
        )
        self._places = [("", folder, _names(folder))]
        for place in below:
            try:
                self._places.append((place.name.lower(), place, _names(place)))
            except OSError as error:  # such as lost+found; what only it holds is rejected as missing
                log.warning(
                    "Folder left out",
                    extra={"action": "folder_left_out", "path": str(place), "error": error.strerror},
                )

    def find(self, file: str) -> Path | None:
        """The picture that a record calls `file`, or None."""
        wanted, slash, name = file.lower().rpartition("/")
        for place, folder, names in self._places:
            if (not slash or place == wanted) and name in names:
                return folder / names[name]
        return None


def _names(folder: Path) -> dict[str, str]:
    """Lower-case name -> name on disk; of names that differ only in case, the first in order."""
    with os.scandir(folder) as entries:
        names = sorted((entry.name for entry in entries if _is_file(entry)), reverse=True)
    pairs = ((name.lower(), name) for name in names)
    return {(name if name == lower else lower): name for lower, name in pairs}  # equal ones share their memory


def _is_file(entry: os.DirEntry[str] | Path) -> bool:
    """Whether a file stands there; a link that leads nowhere, or round in a circle, is none."""
    try:
        return entry.is_file()
    except OSError:
        return False


def _read(files: list[Path], pictures: PictureIndex, source: str) -> Iterator[Mark | Rejection]:
    taken: set[str] = set()
    for file in files:
        log.info("Reading records", extra={"action": "records_read", "path": str(file)})
        if _is_merged_copy(file, files):
            detail = f"{_MERGED} repeats the files of the single years, which were read."
            yield _whole_file(file, "merged-copy", detail)
        elif not _is_file(file):
            yield _whole_file(file, "file-unreadable", f"{file.name!a} is not a file, or a link that leads to none.")
        else:
            yield from _read_file(file, pictures, source, taken)


def _read_file(file: Path, pictures: PictureIndex, source: str, taken: set[str]) -> Iterator[Mark | Rejection]:
    try:
        with file.open("rb") as stream:
            for item in values(stream):
                yield _mark(item, file, pictures, source, taken)
    except MalformedJson as error:
        yield Rejection(path=str(file), line=error.line, record=None, reason=error.reason, detail=str(error))
    except OSError as error:
        yield _whole_file(file, "file-unreadable", f"{file.name!a} cannot be read: {error.strerror}.")


def _whole_file(file: Path, reason: str, detail: str) -> Rejection:
    return Rejection(path=str(file), line=None, record=None, reason=reason, detail=detail)


def _mark(item: JsonValue, path: Path, pictures: PictureIndex, source: str, taken: set[str]) -> Mark | Rejection:
    try:
        record = parse_record(item.value)
        name = record.file.lower()
        if name in taken:
            raise RecordError(f"An earlier record names {record.file} too; it counts.", reason="duplicate-file")
        found = pictures.find(record.file)
        if found is None:
            raise RecordError(f"There is no picture {record.file}.", reason="picture-missing")
        mark = Mark(
            source=source,
            file=record.file,
            text=record.text,
            vienna_codes=record.vienna_codes,
            year=record.year,
            picture=_picture(found),
        )
    except RecordError as error:
        return Rejection(path=str(path), line=item.line, record=item.record, reason=error.reason, detail=str(error))
    taken.add(name)
    return mark


def _picture(path: Path) -> Picture:
    try:
        with path.open("rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
            size = stream.tell()
    except OSError as error:
        raise RecordError(f"{path.name} cannot be read: {error.strerror}.", reason="picture-unreadable") from error
    if size == 0:
        raise RecordError(f"The picture {path.name} is empty.", reason="picture-empty")
    return Picture(location=str(path), sha256=sha256, size_bytes=size)


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Say of what the system refuses in this block that `path` cannot be read.

    Raises:
        InputError: in place of the OSError.
    """
    try:
        yield
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error


def _json_files(path: Path) -> list[Path]:
    with _readable(path):
        return _found_json_files(path)


def _found_json_files(path: Path) -> list[Path]:
    if not path.exists():
        raise InputError(f"There is nothing at {path}.")
    if not _is_text(str(path.resolve())):
        raise InputError("The path holds bytes that are not UTF-8, which no database can keep.", hint="Rename it.")
    if not path.is_dir():
        if path.suffix.lower() not in _JSON_SUFFIXES:
            raise InputError(f"{path} is neither a folder nor a JSON file.")
        return [path.resolve()]
    files = sorted(entry for entry in path.resolve().iterdir() if entry.suffix.lower() in _JSON_SUFFIXES)
    if not files:
        raise InputError(
            f"There is no JSON file in {path}.",
            hint="An L3D folder holds output_<year>.json or results.json, and pictures beside them or in images/.",
        )
    return files


def _is_text(name: str) -> bool:
    """Whether a name on disk can be stored; undecodable bytes in it are halves of surrogate pairs."""
    return not any("\ud800" <= character <= "\udfff" for character in name)


def _is_merged_copy(file: Path, files: list[Path]) -> bool:
    return file.name.lower() == _MERGED and any(other.name.lower().startswith(_YEARLY) for other in files)


def _estimate(file: Path) -> int:
    if not _is_file(file):
        return 0
    try:
        size = file.stat().st_size
        with file.open("rb") as stream:
            sample = stream.read(_SAMPLE)
    except OSError:  # `read` rejects it and says why
        return 0
    return round(sample.count(b'"file"') * size / max(len(sample), 1))
