from __future__ import annotations

import io
import logging

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from logosim import errors
from logosim.api.access import is_loopback
from logosim.logs import JsonFormatter

from .memory_service import GOOD_KEY, MARK_ID, MemoryService
from .shapes import assert_problem

Client = TestClient[Litestar]
GUARDED = [
    ("POST", "/v1/search"),
    ("POST", "/v1/search/text"),
    ("POST", "/v1/queries"),
    ("GET", "/v1/explain"),
    ("GET", "/v1/explain/picture"),
    ("GET", f"/v1/marks/{MARK_ID}"),
    ("GET", f"/v1/marks/{MARK_ID}/similar"),
    ("GET", f"/v1/marks/{MARK_ID}/image"),
    ("POST", "/v1/marks"),
    ("GET", "/v1/work"),
    ("GET", "/metrics"),
]


@pytest.mark.parametrize("headers", [{}, {"X-API-Key": ""}, {"X-API-Key": "lgs_wrong"}, {"X-API-Key": "x" * 300}])
def test_without_a_valid_key_nothing_is_answered(public_client: Client, headers: dict[str, str]) -> None:
    for method, address in GUARDED:
        response = public_client.request(method, address, headers=headers)
        problem = assert_problem(response, 401, "access-denied")
        assert "logosim keys add" in problem["hint"]
        assert "X-API-Key" in response.headers["www-authenticate"]


def test_every_address_under_v1_is_on_the_list_of_guarded_ones(public_client: Client) -> None:
    schema = public_client.get("/schema/openapi.json").json()
    listed = {(method, address.replace(str(MARK_ID), "{mark_id}")) for method, address in GUARDED}
    documented = {
        (method.upper(), path)
        for path, item in schema["paths"].items()
        for method in item
        if path.startswith("/v1") or path == "/metrics"
    }
    assert documented == listed


def test_a_valid_key_opens(public_client: Client) -> None:
    assert public_client.get("/v1/work", headers={"X-API-Key": GOOD_KEY}).status_code == 200


def test_a_revoked_key_is_refused_at_once(public_client: Client, service: MemoryService) -> None:
    headers = {"X-API-Key": GOOD_KEY}
    assert public_client.get("/v1/work", headers=headers).status_code == 200
    service.keys.valid.clear()
    assert_problem(public_client.get("/v1/work", headers=headers), 401, "access-denied")


def test_an_overlong_key_is_not_even_looked_up(public_client: Client, service: MemoryService) -> None:
    public_client.get("/v1/work", headers={"X-API-Key": "x" * 300})
    assert service.keys.seen == []


def test_the_key_is_asked_for_before_the_body_is_read(public_client: Client) -> None:
    response = public_client.post("/v1/search", content=b"not a form", headers={"Content-Type": "text/plain"})
    assert_problem(response, 401, "access-denied")


def test_a_database_that_is_down_is_not_a_wrong_key(
    public_client: Client, service: MemoryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(_: str) -> bool:
        raise errors.DatabaseUnavailable

    monkeypatch.setattr(service.keys, "verify", down)
    assert_problem(public_client.get("/v1/work", headers={"X-API-Key": GOOD_KEY}), 503, "database-unavailable")


def test_keys_are_never_logged(public_client: Client, service: MemoryService, caplog: pytest.LogCaptureFixture) -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    caplog.set_level(logging.DEBUG)
    logging.getLogger().addHandler(handler)
    try:
        service.work.fails_with = ZeroDivisionError()
        public_client.get("/v1/work", headers={"X-API-Key": GOOD_KEY})
        public_client.get("/v1/work", headers={"X-API-Key": "lgs_wrong"})
    finally:
        logging.getLogger().removeHandler(handler)
    assert '"action": "request_answered"' in stream.getvalue()
    assert GOOD_KEY not in stream.getvalue()
    assert "lgs_wrong" not in stream.getvalue()


def test_a_server_on_loopback_wants_no_key(client: Client, service: MemoryService) -> None:
    assert client.get("/v1/work").status_code == 200
    assert service.keys.seen == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "rebound.example.org:8000"},
        {"Host": "127.0.0.1.example.org"},
        {"Origin": "https://evil.example.org"},
        {"Origin": "null"},
        {"Origin": "http://[::"},
    ],
)
def test_a_server_without_keys_refuses_what_a_foreign_page_makes_a_browser_send(
    client: Client, headers: dict[str, str]
) -> None:
    for method, address in GUARDED:
        assert_problem(client.request(method, address, headers=headers), 403, "foreign-origin")


@pytest.mark.parametrize(
    "headers",
    [{"Host": "localhost:8000"}, {"Host": "[::1]:8000"}, {"Host": "127.0.0.2"}, {"Origin": "http://localhost:3000"}],
)
def test_a_server_without_keys_answers_this_machine_by_any_of_its_names(
    client: Client, headers: dict[str, str]
) -> None:
    assert client.get("/v1/work", headers=headers).status_code == 200


def test_with_a_key_the_name_of_the_server_does_not_matter(public_client: Client) -> None:
    headers = {"X-API-Key": GOOD_KEY, "Host": "any.example.org", "Origin": "https://page.example.org"}
    response = public_client.get("/v1/work", headers=headers)
    assert response.status_code == 200
    assert "access-control-allow-origin" not in response.headers


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST.", "api.localhost", "127.0.0.1", "127.8.9.1", "::1", "[::1]"])
def test_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["::", "10.0.0.1", "example.org", "localhost.example.org", "", "127.0.0.1.x"])
def test_not_loopback(host: str) -> None:
    assert not is_loopback(host)
