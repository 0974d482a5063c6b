from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from litestar import Litestar
from litestar.testing import TestClient

from logosim.api.app import create_app
from logosim.api.service import Limits

from .conftest import LOOPBACK
from .memory_service import MARK_ID, MemoryService, stored_mark
from .shapes import assert_problem

Client = TestClient[Litestar]
PNG = b"\x89PNG\r\n\x1a\n" + b"rest of a picture"
IMAGE = f"/v1/marks/{MARK_ID}/image"
RECORDS = json.dumps([{"file": "a.png", "text": "Acme", "vienna_codes": "26.04", "year": "2012"}]).encode()


def test_a_mark(client: Client) -> None:
    assert client.get(f"/v1/marks/{MARK_ID}").json() == {
        "mark_id": str(MARK_ID),
        "source": "l3d",
        "file": "earlier.JPG",
        "text": None,
        "vienna_codes": ["03.07.01"],
        "year": None,
        "picture_sha256": "ab" * 32,
        "width": None,
        "height": None,
        "searchable": False,
        "links": {
            "self": f"/v1/marks/{MARK_ID}",
            "image": IMAGE,
            "similar": f"/v1/marks/{MARK_ID}/similar",
        },
    }


def test_a_mark_is_searchable_once_it_has_features(client: Client, service: MemoryService) -> None:
    service.marks.mark = dataclasses.replace(stored_mark(), embedding=np.ones(4, np.float32), width=256, height=128)
    mark = client.get(f"/v1/marks/{MARK_ID}").json()
    assert (mark["searchable"], mark["width"], mark["height"]) == (True, 256, 128)


@pytest.mark.parametrize("rest", ["", "/image", "/similar"])
def test_ids_that_lead_nowhere(client: Client, rest: str) -> None:
    assert_problem(client.get(f"/v1/marks/00000000-0000-8000-8000-000000000000{rest}"), 404, "mark-not-found")
    assert_problem(client.get(f"/v1/marks/not-a-uuid{rest}"), 422, "input-error")


@pytest.mark.parametrize(
    ("data", "media_type"),
    [
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0 jpeg", "image/jpeg"),
        (b"GIF89a gif", "image/gif"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "image/webp"),
        (b"II*\x00 tiff", "image/tiff"),
        (b"BM bmp", "image/bmp"),
    ],
)
def test_the_picture_is_served_as_what_its_bytes_are(
    client: Client, service: MemoryService, tmp_path: Path, data: bytes, media_type: str
) -> None:
    file = tmp_path / "picture.mp3"  # the name says nothing
    file.write_bytes(data)
    sha256 = hashlib.sha256(data).hexdigest()
    service.marks.mark = stored_mark(str(file), sha256)
    response = client.get(IMAGE)
    assert response.status_code == 200
    assert response.headers["content-type"] == media_type
    assert response.content == data
    assert response.headers["etag"] == f'"{sha256}"'
    assert response.headers["cache-control"] == "private, no-cache"
    assert response.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("known", ['"{}"', 'W/"{}"', '"other", "{}"', "*"])
def test_a_picture_the_client_has_is_not_sent_again(client: Client, known: str) -> None:
    response = client.get(IMAGE, headers={"If-None-Match": known.format("ab" * 32)})
    assert response.status_code == 304
    assert response.content == b""
    assert response.headers["etag"] == f'"{"ab" * 32}"'


def test_another_tag_gets_the_picture(client: Client, service: MemoryService, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(PNG)
    service.marks.mark = stored_mark(str(tmp_path / "a"))
    assert client.get(IMAGE, headers={"If-None-Match": '"other"'}).content == PNG


@pytest.mark.parametrize("what", ["missing", "folder", "no picture", "empty"])
def test_a_picture_that_is_gone(client: Client, service: MemoryService, tmp_path: Path, what: str) -> None:
    file = tmp_path / "picture.png"
    if what == "folder":
        file.mkdir()
    elif what == "no picture":
        file.write_text("root:x:0:0")
    elif what == "empty":
        file.touch()
    service.marks.mark = stored_mark(str(file))
    response = client.get(IMAGE)
    assert_problem(response, 410, "picture-gone")
    assert str(tmp_path) not in response.text


def test_work(client: Client) -> None:
    assert client.get("/v1/work").json() == {"queued": 3, "leased": 2, "dead": 1}


def test_a_batch_is_handed_on_and_reported(client: Client, service: MemoryService) -> None:
    files = [
        ("records", ("records.json", RECORDS)),
        ("pictures", ("a.png", PNG)),
        ("pictures", ("b c.jpg", b"\xff\xd8\xff")),
    ]
    response = client.post("/v1/marks", files=files, data={"source": " l3d "})
    assert response.status_code == 202, response.text
    assert service.batches == [("l3d", RECORDS, {"a.png": PNG, "b c.jpg": b"\xff\xd8\xff"})]
    assert response.json() == {
        "read": 2,
        "inserted": 1,
        "updated": 0,
        "unchanged": 0,
        "queued": 1,
        "rejected_count": 1,
        "rejected_by_reason": {"picture-missing": 1},
        "rejected": [
            {
                "file": "records",
                "line": 1,
                "record": 2,
                "reason": "picture-missing",
                "detail": "There is no picture b.jpg.",
            }
        ],
    }


def test_a_batch_of_one_picture(client: Client, service: MemoryService) -> None:
    files = [("records", ("r.json", RECORDS)), ("pictures", ("a.png", PNG))]
    assert client.post("/v1/marks", files=files, data={"source": "l3d"}).status_code == 202
    assert service.batches[0][2] == {"a.png": PNG}


def test_a_batch_without_records_or_source(client: Client, service: MemoryService) -> None:
    pictures = [("pictures", ("a.png", PNG))]
    records = [("records", ("r.json", RECORDS))]
    no_records = client.post("/v1/marks", files=pictures, data={"source": "l3d"})
    assert assert_problem(no_records, 422, "invalid-request")["errors"][0]["field"] == "records"
    no_source = client.post("/v1/marks", files=records)
    assert assert_problem(no_source, 422, "invalid-request")["errors"][0]["field"] == "source"
    blank_source = client.post("/v1/marks", files=records, data={"source": "  "})
    assert_problem(blank_source, 422, "input-error")
    empty_records = client.post("/v1/marks", files=[("records", ("r.json", b" \n"))], data={"source": "l3d"})
    assert_problem(empty_records, 422, "record-error")
    assert service.batches == []


@pytest.mark.parametrize("name", ["../a.png", "/etc/passwd", "a\\b.png", "..", "."])
def test_pictures_come_under_plain_names(client: Client, service: MemoryService, name: str) -> None:
    files = [("records", ("r.json", RECORDS)), ("pictures", (name, PNG))]
    assert_problem(client.post("/v1/marks", files=files, data={"source": "l3d"}), 422, "record-error")
    assert service.batches == []


def test_two_pictures_of_one_name(client: Client, service: MemoryService) -> None:
    files = [("records", ("r.json", RECORDS)), ("pictures", ("a.png", PNG)), ("pictures", ("a.png", PNG + b"2"))]
    assert_problem(client.post("/v1/marks", files=files, data={"source": "l3d"}), 422, "record-error")
    assert service.batches == []


def test_a_batch_above_the_limits(service: MemoryService) -> None:
    limits = Limits(max_batch_bytes=100_000, max_batch_pictures=3)
    with TestClient(create_app(service, require_key=False, limits=limits), base_url=LOOPBACK) as client:

        def batch(pictures: int, size: int) -> list[tuple[str, tuple[str, bytes]]]:
            named = [("pictures", (f"{number}.png", b"0" * size)) for number in range(pictures)]
            return [("records", ("r.json", RECORDS)), *named]

        source = {"source": "l3d"}
        assert client.post("/v1/marks", files=batch(3, 10), data=source).status_code == 202
        too_many = client.post("/v1/marks", files=batch(4, 10), data=source)
        assert "3" in assert_problem(too_many, 413, "content-too-large")["detail"]
        far_too_many = client.post("/v1/marks", files=batch(1000, 10), data=source)
        assert_problem(far_too_many, 413, "content-too-large")
        too_large = client.post("/v1/marks", files=batch(2, 60_000), data=source)
        assert "100000" in assert_problem(too_large, 413, "content-too-large")["detail"]
    assert len(service.batches) == 1
