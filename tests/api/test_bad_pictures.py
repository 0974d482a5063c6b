from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from logosim import errors
from logosim.api.app import create_app
from logosim.api.service import Limits

from .conftest import LOOPBACK
from .memory_service import MemoryService
from .shapes import assert_problem

Client = TestClient[Litestar]
PNG = b"\x89PNG\r\n\x1a\n" + b"rest of a picture"
FORM = "multipart/form-data; boundary=edge"


def part(head: bytes, body: bytes) -> bytes:
    return b"--edge\r\nContent-Disposition: form-data; " + head + b"\r\n\r\n" + body + b"\r\n--edge--\r\n"


def test_no_picture(client: Client) -> None:
    problem = assert_problem(client.post("/v1/search", files={"k": (None, "5")}), 422, "invalid-request")
    assert problem["errors"][0]["field"] == "picture"


def test_a_text_field_in_the_place_of_the_picture(client: Client) -> None:
    problem = assert_problem(client.post("/v1/search", files={"picture": (None, "logo")}), 422, "invalid-request")
    assert problem["errors"] == [
        {"field": "picture", "message": "Expected a file (a part of the form with a file name)"}
    ]


def test_two_pictures(client: Client) -> None:
    files = [("picture", ("a.png", PNG)), ("picture", ("b.png", PNG))]
    assert_problem(client.post("/v1/search", files=files), 422, "invalid-request")


def test_a_file_that_is_no_picture(client: Client) -> None:
    response = client.post("/v1/search", files={"picture": ("a.png", b"some text")})
    assert "PNG" in assert_problem(response, 422, "unreadable-picture")["hint"]


@pytest.mark.parametrize(
    ("error", "status", "kind"),
    [
        (errors.EmptyPicture(), 422, "empty-picture"),
        (errors.UnreadablePicture("Cut off after 10 bytes."), 422, "unreadable-picture"),
        (errors.AnimatedPicture(), 422, "animated-picture"),
        (errors.PictureTooLarge("30000 x 30000 pixels."), 413, "picture-too-large"),
    ],
)
def test_what_the_pipeline_says_of_a_picture_reaches_the_client(
    client: Client, service: MemoryService, error: errors.PictureError, status: int, kind: str
) -> None:
    service.pipeline.fails_with = error
    problem = assert_problem(client.post("/v1/search", files={"picture": ("a.png", b"")}), status, kind)
    assert (problem["detail"], problem["hint"]) == (str(error), error.hint)


def test_a_picture_above_the_limit_is_refused_before_it_is_looked_at(service: MemoryService) -> None:
    app = create_app(service, require_key=False, limits=Limits(max_picture_bytes=1000))
    with TestClient(app, base_url=LOOPBACK) as client:
        just_right = PNG.ljust(1000, b"0")
        assert client.post("/v1/search", files={"picture": ("a.png", just_right)}).status_code == 200
        too_large = client.post("/v1/search", files={"picture": ("a.png", just_right + b"0")})
        assert "1000 bytes" in assert_problem(too_large, 413, "picture-too-large")["detail"]
        giant = client.post("/v1/search", files={"picture": ("a.png", PNG.ljust(200_000, b"0"))})
        assert "bytes" in assert_problem(giant, 413, "content-too-large")["detail"]
    assert len(service.pipeline.asked) == 1


def test_a_giant_body_that_does_not_tell_its_length_is_cut_off(service: MemoryService) -> None:
    sent = 0

    def endless() -> object:
        nonlocal sent
        yield b'--edge\r\nContent-Disposition: form-data; name="picture"; filename="a.png"\r\n\r\n'
        for _ in range(64):
            sent += 1
            yield b"0" * 65536

    app = create_app(service, require_key=False, limits=Limits(max_picture_bytes=100_000))
    with TestClient(app, base_url=LOOPBACK) as client:
        response = client.post("/v1/search", content=endless(), headers={"Content-Type": FORM})  # type: ignore[arg-type]
    assert_problem(response, 413, "content-too-large")
    assert service.pipeline.asked == []


@pytest.mark.parametrize("address", ["/v1/search", "/v1/queries", "/v1/marks"])
@pytest.mark.parametrize(
    ("content_type", "body", "status", "kind"),
    [
        ("application/json", b"{}", 415, "unsupported-media-type"),
        ("image/png", PNG, 415, "unsupported-media-type"),
        ("application/x-www-form-urlencoded", b"picture=a", 415, "unsupported-media-type"),
        ("multipart/form-data", b"", 400, "malformed-request"),
        (FORM, b"", 422, "invalid-request"),
        (FORM, b"no form at all", 400, "malformed-request"),
        (FORM, b'--edge\r\nContent-Disposition: form-data; name="picture"; filename="a"\r\n\r\ncut off', 400, None),
        (FORM, part(b'name="text"', b"\xff\xfe"), 400, "malformed-request"),
        (FORM, part(b'name="text"\r\nContent-Type: text/plain; charset=nonsense', b"x"), 400, "malformed-request"),
    ],
)
def test_a_body_that_is_no_form(
    client: Client, address: str, content_type: str, body: bytes, status: int, kind: str | None
) -> None:
    response = client.post(address, content=body, headers={"Content-Type": content_type})
    assert_problem(response, status, kind or "malformed-request")


def test_json_where_a_form_is_sent(client: Client) -> None:
    response = client.post("/v1/search/text", files={"picture": ("a.png", PNG)})
    assert_problem(response, 415, "unsupported-media-type")


@pytest.mark.parametrize(
    ("address", "content_type"),
    [("/v1/search", FORM), ("/v1/queries", FORM), ("/v1/marks", FORM), ("/v1/search/text", "application/json")],
)
def test_a_client_that_hangs_up_is_no_fault_of_the_server(
    service: MemoryService, caplog: pytest.LogCaptureFixture, address: str, content_type: str
) -> None:
    received: list[dict[str, Any]] = [
        {"type": "http.request", "body": b"--edge\r\n", "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent: list[dict[str, Any]] = []
    headers = [(b"host", b"localhost"), (b"content-type", content_type.encode())]
    scope = {"type": "http", "method": "POST", "path": address, "query_string": b"", "headers": headers}

    async def receive() -> dict[str, Any]:
        return received.pop(0)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    asyncio.run(create_app(service, require_key=False)(scope, receive, send))  # type: ignore[arg-type]
    assert sent[0]["status"] == 400
    assert [record.message for record in caplog.records if record.levelno >= logging.WARNING] == []
    assert service.pipeline.asked == []
