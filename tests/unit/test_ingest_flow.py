"""The flow and the uploads against a real database."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from PIL import Image
from psycopg_pool import ConnectionPool

from logosim.domain.ingest import IngestReport
from logosim.domain.mark import Mark, Rejection
from logosim.errors import InputError, RecordError
from logosim.ingest import flow, l3d, uploads
from logosim.ingest.flow import ingest
from logosim.ingest.uploads import ingest_uploads
from logosim.store.ingest import IngestStore

Connection = psycopg.Connection[Any]


def png(shade: int) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (8, 8), (shade, shade, shade)).save(stream, "PNG")
    return stream.getvalue()


@pytest.fixture
def store(pool: ConnectionPool) -> IngestStore:
    return IngestStore(pool)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Seven records, five of them good, in two files."""
    for number in range(5):
        (tmp_path / f"m{number}.png").write_bytes(png(number))
    good = [
        {"file": f"M{n}.PNG", "text": f"Mark {n}\t\\N\n{{}}", "vienna_codes": "27.05.01", "year": "2001"}
        for n in range(5)
    ]
    (tmp_path / "output_2001.json").write_text(json.dumps([*good[:3], {"file": "gone.png"}]))
    (tmp_path / "output_2002.json").write_text(json.dumps([{"file": "m0.png"}, *good[3:]]))
    return tmp_path


def stored(connection: Connection) -> list[tuple[Any, ...]]:
    return connection.execute(
        "select mark_id, source, file, brand_text, vienna_codes, year, picture_location, picture_sha256, picture_bytes"
        " from logosim.mark order by file"
    ).fetchall()


def run(store: IngestStore, folder: Path) -> IngestReport:
    return ingest(l3d.read(folder, "l3d"), store, source="l3d", path=folder)


def test_everything_read_is_a_mark_or_a_rejection(store: IngestStore, folder: Path, connection: Connection) -> None:
    seen: list[int] = []
    report = ingest(l3d.read(folder, "l3d"), store, source="l3d", path=folder, progress=seen.append)
    assert (report.read, report.inserted, report.updated, report.unchanged) == (7, 5, 0, 0)
    assert report.rejected_by_reason == {"picture-missing": 1, "duplicate-file": 1}
    assert {rejection.reason for rejection in report.rejected} == {"picture-missing", "duplicate-file"}
    assert seen == sorted(seen)
    assert seen[-1] == 7
    rows = stored(connection)
    marks = [item for item in l3d.read(folder, "l3d") if isinstance(item, Mark)]
    assert rows == [
        (
            mark.mark_id,
            "l3d",
            mark.file,
            mark.text,
            list(mark.vienna_codes),
            mark.year,
            mark.picture.location,
            mark.picture.sha256,
            mark.picture.size_bytes,
        )
        for mark in marks
    ]


def test_a_second_run_changes_nothing(store: IngestStore, folder: Path, connection: Connection) -> None:
    run(store, folder)
    before = stored(connection)
    report = run(store, folder)
    assert (report.inserted, report.updated, report.unchanged, report.queued) == (0, 0, 5, 0)
    assert stored(connection) == before
    assert connection.execute("select count(*) from logosim.ingest_reject").fetchone() == (2,)


def test_a_run_that_breaks_off_is_taken_up_again(
    store: IngestStore, folder: Path, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(flow, "CHUNK", 2)

    def breaking() -> Iterator[Mark | Rejection]:
        for count, item in enumerate(l3d.read(folder, "l3d")):
            if count == 3:
                raise KeyboardInterrupt
            yield item

    with pytest.raises(KeyboardInterrupt):
        ingest(breaking(), store, source="l3d", path=folder)
    assert len(stored(connection)) == 2  # the whole chunk, and nothing of the one that broke off
    report = run(store, folder)
    assert (report.inserted, report.unchanged) == (3, 2)
    assert len(stored(connection)) == 5


def test_a_changed_picture_and_a_changed_record_are_updates(
    store: IngestStore, folder: Path, connection: Connection
) -> None:
    run(store, folder)
    (folder / "m0.png").write_bytes(png(200))
    records = json.loads((folder / "output_2001.json").read_text())
    records[1]["text"] = "Another"
    (folder / "output_2001.json").write_text(json.dumps(records))
    report = run(store, folder)
    assert (report.inserted, report.updated, report.unchanged) == (0, 2, 3)


def test_uploads_are_kept_by_their_content(store: IngestStore, tmp_path: Path, connection: Connection) -> None:
    pictures = {"A.png": png(1), "b.jpg": png(1), "stray.png": png(3), "empty.png": b"", "fake.png": b"%PDF-1.7"}
    records = [{"file": "a.PNG", "text": "Lenco", "year": "2018"}, {"file": "b.jpg"}, {"file": "absent.png"}]
    records += [{"file": "empty.png"}, {"file": "fake.png"}, {"file": "../a.png"}, {"file": "A.png"}]
    report = ingest_uploads("mine", json.dumps(records).encode(), pictures, tmp_path / "pictures", store)
    assert (report.read, report.inserted) == (8, 2)
    assert report.rejected_by_reason == {
        "picture-missing": 1,
        "picture-empty": 1,
        "not-a-picture": 1,
        "file-unsafe": 1,
        "duplicate-file": 1,
        "picture-unnamed": 1,
    }
    sha256 = hashlib.sha256(png(1)).hexdigest()
    kept = tmp_path.resolve() / "pictures" / sha256[:2] / f"{sha256}.png"
    assert [path for path in (tmp_path / "pictures").rglob("*") if path.is_file()] == [kept]
    assert kept.read_bytes() == png(1)
    assert [(row[2], row[6]) for row in stored(connection)] == [("a.PNG", str(kept)), ("b.jpg", str(kept))]


@pytest.mark.parametrize("records", [b"", b"{", b'[{"file": "a.png"}', b"\xff\xfe"])
def test_uploads_whose_json_is_damaged_store_nothing(
    records: bytes, store: IngestStore, tmp_path: Path, connection: Connection
) -> None:
    with pytest.raises(RecordError, match="not valid JSON"):
        ingest_uploads("mine", records, {"a.png": png(1)}, tmp_path / "pictures", store)
    assert stored(connection) == []
    assert not (tmp_path / "pictures").exists()


def test_uploads_are_limited(store: IngestStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MAX_RECORDS", 2)
    records = json.dumps([{"file": f"{n}.png"} for n in range(3)]).encode()
    with pytest.raises(InputError, match="more than 2"):
        ingest_uploads("mine", records, {}, tmp_path, store)
    with pytest.raises(InputError, match="more than 2"):
        ingest_uploads("mine", b"[]", {f"{n}.png": png(n) for n in range(3)}, tmp_path, store)


def test_two_pictures_of_one_name(store: IngestStore, tmp_path: Path) -> None:
    pictures = {"a.png": png(1), "A.PNG": png(2)}
    report = ingest_uploads("mine", b'[{"file": "a.png"}]', pictures, tmp_path, store)
    assert (report.inserted, report.rejected_by_reason) == (1, {"duplicate-picture": 1})


def rejects(connection: Connection) -> list[tuple[Any, ...]]:
    return connection.execute(
        "select path, line, record, reason from logosim.ingest_reject order by path, record, reason"
    ).fetchall()


def test_bad_records_on_one_line_are_rows_of_their_own(
    store: IngestStore, tmp_path: Path, connection: Connection
) -> None:
    (tmp_path / "results.json").write_text(json.dumps([{"file": f"gone{n}.png"} for n in range(5)]))
    path = str(tmp_path.resolve() / "results.json")
    for _ in range(2):
        run(store, tmp_path)
        assert rejects(connection) == [(path, 1, record, "picture-missing") for record in range(1, 6)]


def test_each_upload_keeps_its_rejections(store: IngestStore, tmp_path: Path, connection: Connection) -> None:
    first, second = b'[{"file": "a.png"}, {"file": "b.png"}]', b'[{"file": "c.png"}]'
    names = [hashlib.sha256(records).hexdigest()[:16] for records in (first, second)]
    pictures = {"stray.png": png(1), "Other.png": png(2)}
    for _ in range(2):
        ingest_uploads("mine", first, pictures, tmp_path, store)
        ingest_uploads("mine", second, {}, tmp_path, store)
        assert set(rejects(connection)) == {
            (f"upload/{names[0]}/records", 1, 1, "picture-missing"),
            (f"upload/{names[0]}/records", 1, 2, "picture-missing"),
            (f"upload/{names[0]}/pictures/stray.png", None, None, "picture-unnamed"),
            (f"upload/{names[0]}/pictures/other.png", None, None, "picture-unnamed"),
            (f"upload/{names[1]}/records", 1, 1, "picture-missing"),
        }
    counts = connection.execute("select path, rejected_count from logosim.ingest_batch order by batch_id").fetchall()
    assert counts[2:] == [(f"upload/{names[0]}", 4), (f"upload/{names[1]}", 1)]


def test_logged_actions_are_named_as_everywhere(
    store: IngestStore, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", logger="logosim.ingest"):
        run(store, folder)
    said = {(record.getMessage(), vars(record)["action"]) for record in caplog.records}
    assert said == {("Reading records", "records_read"), ("Batch ingested", "batch_ingested")}
