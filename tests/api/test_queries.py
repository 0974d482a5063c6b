"""Pictures that are handed in to be asked about by a handle."""

from __future__ import annotations

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from logosim.api.app import create_app
from logosim.api.service import Limits
from logosim.domain.query import Filter, Weights
from logosim.domain.rectangle import Rectangle

from .conftest import LOOPBACK
from .memory_service import GOOD_KEY, HANDLE, MARK_ID, MemoryService
from .shapes import assert_problem

PNG = b"\x89PNG\r\n\x1a\n" + b"rest of a picture"
PICTURE = {"picture": ("logo.png", PNG, "image/png")}
Client = TestClient[Litestar]


def test_a_picture_is_kept_with_every_field(client: Client, service: MemoryService) -> None:
    form = {"text": " Acme ", "codes": ["26.4.5", "1"], "region": ["10,20,200,150", "0, 0, 5, 5"]}
    response = client.post("/v1/queries", files=PICTURE, data=form)
    assert response.status_code == 201, response.text
    assert response.json() == {
        "handle": str(HANDLE),
        "expires_at": "2030-01-02T03:04:00Z",
        "query_text": "Acme",
        "regions": 2,
        "sql": f"select * from logosim.search('{HANDLE}', k => 20);",  # noqa: S608
    }
    assert service.pipeline.kept == [
        {
            "picture": PNG,
            "text": "Acme",
            "vienna_codes": ("26.04.05", "01"),
            "regions": (Rectangle(10, 20, 210, 170), Rectangle(0, 0, 5, 5)),
        }
    ]
    assert service.pipeline.asked == [], "nothing is searched yet"


def test_a_picture_alone_is_enough(client: Client, service: MemoryService) -> None:
    assert client.post("/v1/queries", files=PICTURE).json()["query_text"] == "read"
    assert service.pipeline.kept[0]["text"] is None


def test_a_handle_is_searched_with_in_place_of_a_picture(client: Client, service: MemoryService) -> None:
    form = {
        "handle": str(HANDLE),
        "vienna": "3.7",
        "year": "2010:",
        "weights": "look=1,sound=0.5",
        "k": "7",
        "expand": "9",
    }
    # A form without a file is sent as multipart by giving every field as a part.
    response = client.post("/v1/search", files={name: (None, value) for name, value in form.items()})
    assert response.status_code == 200, response.text
    assert service.pipeline.asked == [
        {
            "handle": HANDLE,
            "filter": Filter(("03.07",), year_from=2010),
            "weights": Weights(look=1, sound=0.5),
            "k": 7,
            "expand": 9,
        }
    ]
    assert "handle" in client.get("/metrics").text


@pytest.mark.parametrize(
    "more", [{"text": (None, "ACME")}, {"codes": (None, "26")}, {"region": (None, "0,0,5,5")}, PICTURE]
)
def test_a_handle_stands_alone(client: Client, service: MemoryService, more: dict[str, object]) -> None:
    response = client.post("/v1/search", files={"handle": (None, str(HANDLE)), **more})  # type: ignore[arg-type]
    assert "`handle`" in assert_problem(response, 422, "input-error")["detail"]
    assert service.pipeline.asked == []


def test_handles_that_cannot_be_used(client: Client) -> None:
    assert_problem(client.post("/v1/search", files={"handle": (None, "x")}), 422, "input-error")
    unknown = client.post("/v1/search", files={"handle": (None, str(MARK_ID))})
    assert_problem(unknown, 404, "handle-not-found")
    nothing = client.post("/v1/search", files={"k": (None, "5")})
    assert assert_problem(nothing, 422, "invalid-request")["errors"][0]["field"] == "picture"


def test_pictures_that_are_not_kept(client: Client, service: MemoryService) -> None:
    assert_problem(client.post("/v1/queries", files={"picture": ("a.png", b"")}), 422, "unreadable-picture")
    assert_problem(client.post("/v1/queries", files=PICTURE, data={"region": "1"}), 422, "region-error")
    assert_problem(client.post("/v1/queries", files=PICTURE, data={"codes": "round"}), 422, "vienna-code-error")
    assert_problem(client.post("/v1/queries", files=PICTURE, data={"vienna": "26"}), 422, "invalid-request")
    assert_problem(client.post("/v1/queries", files={"text": (None, "ACME")}), 422, "invalid-request")
    with TestClient(
        create_app(service, require_key=False, limits=Limits(max_picture_bytes=10)), base_url=LOOPBACK
    ) as small:
        assert_problem(small.post("/v1/queries", files=PICTURE), 413, "picture-too-large")
    assert service.pipeline.kept == []


def test_keeping_wants_a_key_where_searching_does(public_client: Client, service: MemoryService) -> None:
    assert_problem(public_client.post("/v1/queries", files=PICTURE), 401, "access-denied")
    assert public_client.post("/v1/queries", files=PICTURE, headers={"X-API-Key": GOOD_KEY}).status_code == 201
    assert len(service.pipeline.kept) == 1
