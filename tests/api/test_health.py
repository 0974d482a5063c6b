from __future__ import annotations

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from logosim import errors

from .memory_service import MemoryService
from .shapes import assert_problem


def test_live_says_so_even_without_a_database(client: TestClient[Litestar], service: MemoryService) -> None:
    service.not_ready = errors.DatabaseUnavailable()
    assert client.get("/health/live").json() == {"status": "live"}


def test_ready_when_the_service_is(client: TestClient[Litestar]) -> None:
    response = client.get("/health/ready")
    assert response.status_code == 200
    assert response.json() == {"status": "ready"}


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (errors.DatabaseUnavailable(), "database-unavailable"),
        (errors.NotMigrated(), "not-migrated"),
        (errors.NoActiveModel(), "no-active-model"),
        (errors.ModelMismatch(), "model-mismatch"),
        (errors.DependencyMissing(), "dependency-missing"),
    ],
)
def test_not_ready_is_503_and_says_what_is_missing(
    client: TestClient[Litestar], service: MemoryService, error: errors.LogosimError, kind: str
) -> None:
    service.not_ready = error
    problem = assert_problem(client.get("/health/ready"), 503, kind)
    assert problem["hint"] == type(error).hint


def test_a_fault_of_the_program_is_not_taken_for_not_ready(
    client: TestClient[Litestar], service: MemoryService
) -> None:
    service.not_ready = ZeroDivisionError("secret")
    assert_problem(client.get("/health/ready"), 500, "internal-error")


def test_health_is_open_where_keys_are_needed(public_client: TestClient[Litestar]) -> None:
    assert public_client.get("/health/live").status_code == 200
    assert public_client.get("/health/ready").status_code == 200


def test_metrics_count_by_route_template_and_show_stages_and_queue(client: TestClient[Litestar]) -> None:
    client.post("/v1/search/text", json={"text": "acme"})
    client.get("/v1/marks/nonsense")
    client.get("/nowhere/at/all")
    response = client.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain")
    assert response.headers["content-type"].count("charset") == 1
    lines = response.text.splitlines()
    assert 'logosim_http_requests_total{method="POST",route="/v1/search/text",status="200"} 1.0' in lines
    assert 'logosim_http_requests_total{method="GET",route="/v1/marks/{mark_id}",status="422"} 1.0' in lines
    assert 'logosim_http_requests_total{method="GET",route="none",status="404"} 1.0' in lines
    assert 'logosim_search_stage_seconds_sum{asked="text",stage="extract"} 0.0125' in lines
    assert 'logosim_work_items{state="queued"} 3.0' in lines
    assert 'logosim_slots_taken{slots="searches"} 0.0' in lines
    assert "logosim_database_up 1.0" in lines
    assert "nonsense" not in response.text


def test_metrics_answer_while_the_database_is_down(client: TestClient[Litestar], service: MemoryService) -> None:
    client.get("/metrics")
    service.work.fails_with = errors.DatabaseUnavailable()
    response = client.get("/metrics")
    assert response.status_code == 200
    assert "logosim_database_up 0.0" in response.text
    assert 'logosim_work_items{state="queued"}' not in response.text


def test_two_applications_count_apart(client: TestClient[Litestar], public_client: TestClient[Litestar]) -> None:
    client.get("/nowhere")
    headers = {"X-API-Key": "lgs_good"}
    assert 'route="none"' not in public_client.get("/metrics", headers=headers).text
