from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from logosim.api.problem import REQUEST_PROBLEMS, STATUS, UNEXPECTED, code_of, status_of, title_of
from logosim.errors import LogosimError, MarkNotFound

from .memory_service import MemoryService
from .shapes import assert_problem

Client = TestClient[Litestar]


def classes(root: type[LogosimError] = LogosimError) -> Iterator[type[LogosimError]]:
    if root.__module__ == LogosimError.__module__:
        yield root
    for cls in root.__subclasses__():
        yield from classes(cls)


OWN_ERRORS = sorted(set(classes()), key=lambda cls: cls.__name__)


@pytest.mark.parametrize("error", OWN_ERRORS)
def test_every_error_class_has_a_row_of_its_own(error: type[LogosimError]) -> None:
    assert error in STATUS
    assert 400 <= STATUS[error] <= 599
    assert title_of(error).endswith(".")


def test_the_table_has_no_row_for_what_is_no_error() -> None:
    assert set(STATUS) == set(OWN_ERRORS)


def test_an_error_class_made_elsewhere_gets_the_status_of_its_parent() -> None:
    class VeryLost(MarkNotFound):
        """Gone."""

    assert status_of(VeryLost) == 404


def test_every_error_is_answered_in_the_one_shape(client: Client, service: MemoryService) -> None:
    for error in OWN_ERRORS:
        service.work.fails_with = error("inner words", hint="inner hint")
        response = client.get("/v1/work")
        problem = assert_problem(response, STATUS[error], code_of(error))
        assert problem["title"] == title_of(error)
        if STATUS[error] < 500:
            assert (problem["detail"], problem["hint"]) == ("inner words", "inner hint")
        else:
            assert "inner" not in response.text
        assert ("retry-after" in response.headers) == (STATUS[error] == 503)


def test_code_of_a_class_is_the_code_of_its_errors() -> None:
    assert {code_of(error) for error in OWN_ERRORS} == {error().code for error in OWN_ERRORS}


def test_an_error_of_the_server_is_logged_with_its_message_under_the_request_id(
    client: Client, service: MemoryService, caplog: pytest.LogCaptureFixture
) -> None:
    service.work.fails_with = LogosimError("inner words")
    problem = client.get("/v1/work").json()
    (record,) = [r for r in caplog.records if getattr(r, "action", "") == "request_not_answered"]
    assert vars(record)["detail"] == "inner words"
    assert vars(record)["request_id"] == problem["request_id"]


def test_an_unexpected_error_tells_nothing_and_logs_everything(
    client: Client, service: MemoryService, caplog: pytest.LogCaptureFixture
) -> None:
    service.work.fails_with = RuntimeError("password=hunter2")
    response = client.get("/v1/work")
    problem = assert_problem(response, 500, "internal-error")
    assert "hunter2" not in response.text
    assert "RuntimeError" not in response.text
    (record,) = [r for r in caplog.records if getattr(r, "action", "") == "request_failed"]
    assert vars(record)["request_id"] == problem["request_id"]
    assert record.exc_info is not None
    assert "hunter2" in str(record.exc_info[1])


def test_a_timeout_within_the_program_is_not_taken_for_the_time_limit(client: Client, service: MemoryService) -> None:
    service.work.fails_with = TimeoutError()
    assert_problem(client.get("/v1/work"), 500, "internal-error")


@pytest.mark.parametrize(
    "address", ["/", "/nowhere", "/v1", "/v1/marks/a/b/c", "/v1/search/", "/../etc/passwd", "/v2/work"]
)
def test_an_address_that_is_not_there(client: Client, address: str) -> None:
    response = client.get(address)
    if address == "/v1/search/":
        assert_problem(response, 405, "method-not-allowed")
    else:
        assert_problem(response, 404, "no-such-route")


@pytest.mark.parametrize(
    ("method", "address", "allowed"),
    [
        ("GET", "/v1/search", "POST"),
        ("DELETE", "/v1/work", "GET"),
        ("PUT", "/v1/marks", "POST"),
        ("BREW", "/v1/work", "GET"),
    ],
)
def test_a_method_that_is_not_answered(client: Client, method: str, address: str, allowed: str) -> None:
    response = client.request(method, address)
    assert_problem(response, 405, "method-not-allowed")
    assert allowed in response.headers["allow"]


def test_a_request_id_is_made_or_kept_if_it_is_harmless(client: Client) -> None:
    first, second = (client.get("/nowhere").json()["request_id"] for _ in range(2))
    assert first != second
    kept = client.get("/nowhere", headers={"X-Request-ID": "run-7.b_2"})
    assert assert_problem(kept, 404, "no-such-route")["request_id"] == "run-7.b_2"
    for harmful in ("", "a b", "x" * 65, "<script>", "a\x7f"):
        answer = client.get("/nowhere", headers={"X-Request-ID": harmful})
        assert assert_problem(answer, 404, "no-such-route")["request_id"] != harmful


def test_the_type_of_a_problem_leads_to_its_explanation(client: Client) -> None:
    kinds = client.get("/problems").json()
    codes = {code_of(error) for error in STATUS} | {code for code, _, _ in REQUEST_PROBLEMS.values()} | {UNEXPECTED[0]}
    assert {kind["type"] for kind in kinds} == {f"/problems/{code}" for code in codes}
    for kind in kinds:
        assert client.get(kind["type"]).json() == kind
    assert_problem(client.get("/problems/none-such"), 404, "no-such-route")


def test_every_answer_carries_the_security_headers(client: Client) -> None:
    for address in ("/health/live", "/v1/work", "/nowhere", "/schema/openapi.json"):
        headers = client.get(address).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["cache-control"] == "no-store"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "access-control-allow-origin" not in headers


def test_every_answer_leaves_one_line_in_the_log(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "logosim.api")
    client.get("/v1/work")
    client.get("/nowhere?text=secret")
    found, missing = [vars(r) for r in caplog.records if getattr(r, "action", "") == "request_answered"]
    assert found["message"] == missing["message"] == "Request answered"
    assert (found["method"], found["route"], found["status"]) == ("GET", "/v1/work", 200)
    assert (missing["route"], missing["status"], missing["path"]) == (None, 404, "/nowhere")
    assert found["duration_ms"] >= 0
    assert "secret" not in str(missing)
