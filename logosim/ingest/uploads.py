"""Marks that arrive with their pictures over the wire: the same records, the pictures stored by their content."""

from __future__ import annotations

import hashlib
import io
import os
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path

from logosim.domain.ingest import IngestReport
from logosim.domain.mark import Mark, Picture, Rejection
from logosim.errors import InputError, RecordError, UnreadablePicture
from logosim.imaging.formats import picture_format
from logosim.ingest.flow import IngestStore, ingest
from logosim.ingest.jsonstream import JsonValue, MalformedJson, values
from logosim.ingest.record import parse_record

MAX_RECORDS = 1_000  # in one upload
ORIGIN = "upload"  # begins what stands for a path in batches and rejections

_SUFFIXES = {"PNG": ".png", "JPEG": ".jpg", "GIF": ".gif", "WEBP": ".webp", "TIFF": ".tif", "BMP": ".bmp"}


def ingest_uploads(
    source: str,
    records_json: bytes,
    pictures: Mapping[str, bytes],
    picture_dir: Path,
    store: IngestStore,
) -> IngestReport:
    """Take in records and their pictures.

    A picture is written once, under the name of its content: `ab/abcd....png`. Damage inside a picture is found by
    the worker; that it is empty or not a picture at all is said here.

    The batch is known by its content too, `upload/<first 16 digits of the records' SHA-256>`, so that two uploads keep
    their rejections apart and the same one again adds none. Rejected records stand under `.../records`, pictures that
    cannot be placed under `.../pictures/<name>`.

    Args:
        source: name of the data set or register.
        records_json: an array of L3D records, or JSON Lines.
        pictures: bytes by the name that a record calls `file`; the case is ignored.
        picture_dir: folder the pictures are kept in.
        store: the database.

    Raises:
        RecordError: the records are not JSON; nothing has been stored.
        InputError: more than `MAX_RECORDS` records or pictures; nothing has been stored.
    """
    if len(pictures) > MAX_RECORDS:
        raise InputError(f"{len(pictures):,} pictures are more than {MAX_RECORDS:,}.", hint="Send them in batches.")
    items = _parsed(records_json)
    path = f"{ORIGIN}/{hashlib.sha256(records_json).hexdigest()[:16]}"
    reading = _Reading(source, path, pictures, picture_dir)
    return ingest(reading.marks(items), store, source=source, path=path)


def _parsed(records_json: bytes) -> list[JsonValue]:
    items: list[JsonValue] = []
    try:
        for item in values(io.BytesIO(records_json)):
            if len(items) == MAX_RECORDS:
                raise InputError(f"There are more than {MAX_RECORDS:,} records.", hint="Send them in batches.")
            items.append(item)
    except MalformedJson as error:
        raise RecordError(f"The records are not valid JSON, line {error.line}: {error}", reason=error.reason) from error
    return items


class _Reading:
    """One pass over an upload: which names were taken, and which pictures were wanted."""

    def __init__(self, source: str, path: str, pictures: Mapping[str, bytes], picture_dir: Path) -> None:
        self._source = source
        self._path = path
        self._picture_dir = picture_dir
        self._pictures: dict[str, bytes] = {}
        self._repeated: list[str] = []
        for name, data in pictures.items():
            if self._pictures.setdefault(name.lower(), data) != data:
                self._repeated.append(name)
        self._named: set[str] = set()
        self._taken: set[str] = set()

    def marks(self, items: list[JsonValue]) -> Iterator[Mark | Rejection]:
        """Yield a mark or a rejection for each record, then a rejection for each picture that cannot be placed."""
        for item in items:
            try:
                yield self._mark(item.value)
            except RecordError as error:
                yield Rejection(
                    path=f"{self._path}/records",
                    line=item.line,
                    record=item.record,
                    reason=error.reason,
                    detail=str(error),
                )
        for name in self._repeated:
            detail = f"Two different pictures are called {name!a}; the first counts."
            yield self._unplaced(name, "duplicate-picture", detail)
        for name in self._pictures:
            if name not in self._named:
                detail = f"No record names the picture {name!a}."
                yield self._unplaced(name, "picture-unnamed", detail)

    def _unplaced(self, picture: str, reason: str, detail: str) -> Rejection:
        path = f"{self._path}/pictures/{picture}"
        return Rejection(path=path, line=None, record=None, reason=reason, detail=detail)

    def _mark(self, value: object) -> Mark:
        if isinstance(value, dict) and isinstance(value.get("file"), str):
            self._named.add(value["file"].strip().lower())
        record = parse_record(value)
        name = record.file.lower()
        if name in self._taken:
            raise RecordError(f"An earlier record names {record.file} too; it counts.", reason="duplicate-file")
        data = self._pictures.get(name)
        if data is None:
            raise RecordError(f"There is no picture {record.file}.", reason="picture-missing")
        mark = Mark(
            source=self._source,
            file=record.file,
            text=record.text,
            vienna_codes=record.vienna_codes,
            year=record.year,
            picture=_keep(record.file, data, self._picture_dir),
        )
        self._taken.add(name)
        return mark


def _keep(file: str, data: bytes, picture_dir: Path) -> Picture:
    """Write `data` under the name of its content, unless it is there already."""
    if not data:
        raise RecordError(f"The picture {file} is empty.", reason="picture-empty")
    try:
        suffix = _SUFFIXES[picture_format(data)]
    except UnreadablePicture as error:
        raise RecordError(f"{file}: {error}", reason="not-a-picture") from error
    sha256 = hashlib.sha256(data).hexdigest()
    path = picture_dir.resolve() / sha256[:2] / f"{sha256}{suffix}"
    if not (path.is_file() and path.stat().st_size == len(data)):
        write_atomically(path, data)
    return Picture(location=str(path), sha256=sha256, size_bytes=len(data))


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that it is there whole or not at all, even if the power fails."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        with part.open("xb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
