from __future__ import annotations

from typing import Any

import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute
from litestar.testing import TestClient

from logosim.api.app import create_app
from logosim.api.controllers.explain import PARAMETERS as PAIR_PARAMETERS
from logosim.api.filter_parameters import PARAMETERS
from logosim.api.problem import Problem

from .memory_service import MemoryService
from .shapes import MEMBERS

Client = TestClient[Litestar]
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}


@pytest.fixture
def schema(client: Client) -> dict[str, Any]:
    document: dict[str, Any] = client.get("/schema/openapi.json").json()
    return document


def operations(schema: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(method, path, entry) for path, item in schema["paths"].items() for method, entry in item.items()]


def test_every_route_is_documented(schema: dict[str, Any], service: MemoryService) -> None:
    app = create_app(service, require_key=False)
    routes = {
        (method, route.path_format)
        for route in app.routes
        if isinstance(route, HTTPRoute) and not route.path.startswith("/schema")
        for method in route.methods
        if method in METHODS
    }
    assert {(method.upper(), path) for method, path, _ in operations(schema)} == routes


def test_every_operation_says_what_it_does_and_how_it_fails(schema: dict[str, Any]) -> None:
    for method, path, entry in operations(schema):
        where = f"{method} {path}"
        assert entry["summary"], where
        assert entry["description"], where
        assert entry["tags"], where
        failures = {status: answer for status, answer in entry["responses"].items() if int(status) >= 400}
        assert {"400", "500", "503"} <= set(failures), where
        for status, answer in failures.items():
            assert answer["description"], f"{where} {status}"
            assert list(answer["content"]) == ["application/problem+json"], f"{where} {status}"
            content = answer["content"]["application/problem+json"]
            assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
            example = content["examples"]["problem"]["value"]
            assert set(example) == MEMBERS
            assert example["status"] == int(status)
        if path.startswith("/v1"):
            assert {"401", "403"} <= set(failures), where
        if "requestBody" in entry:
            assert {"413", "415", "422"} <= set(failures), where
        if "{mark_id}" in path:
            assert {"404", "422"} <= set(failures), where


def test_every_parameter_and_form_field_is_described(schema: dict[str, Any]) -> None:
    for method, path, entry in operations(schema):
        for parameter in entry.get("parameters", []):
            if parameter["name"] != "code":
                assert parameter.get("description"), f"{method} {path} {parameter['name']}"


def test_the_parameters_of_similar_are_those_that_are_let_in(schema: dict[str, Any]) -> None:
    entry = schema["paths"]["/v1/marks/{mark_id}/similar"]["get"]
    assert {parameter["name"] for parameter in entry["parameters"] if parameter["in"] == "query"} == PARAMETERS


@pytest.mark.parametrize("path", ["/v1/explain", "/v1/explain/picture"])
def test_the_parameters_of_a_pair_are_those_that_are_let_in(schema: dict[str, Any], path: str) -> None:
    entry = schema["paths"][path]["get"]
    assert {parameter["name"] for parameter in entry["parameters"]} == PAIR_PARAMETERS
    assert {"404", "410", "422"} <= set(entry["responses"])


def test_operation_ids_are_unique(schema: dict[str, Any]) -> None:
    ids = [entry["operationId"] for _, _, entry in operations(schema)]
    assert len(set(ids)) == len(ids)


def test_searches_have_examples(schema: dict[str, Any]) -> None:
    for path in ("/v1/search", "/v1/search/text"):
        answer = schema["paths"][path]["post"]["responses"]["200"]
        (example,) = answer["content"]["application/json"]["examples"].values()
        hit = example["value"]["hits"][0]
        assert sum(item["contribution"] for item in hit["evidence"]) == pytest.approx(hit["score"])


@pytest.mark.parametrize("require_key", [False, True])
def test_the_key_is_documented_where_it_is_asked_for(service: MemoryService, require_key: bool) -> None:
    document = create_app(service, require_key=require_key).openapi_schema.to_schema()
    assert document["components"]["securitySchemes"]["ApiKey"]["name"] == "X-API-Key"
    expected: list[dict[str, list[str]]] = [{"ApiKey": []}] if require_key else [{}, {"ApiKey": []}]
    for method, path, entry in operations(document):
        guarded = path.startswith("/v1") or path == "/metrics"
        assert entry.get("security") == (expected if guarded else None), f"{method} {path}"


def test_the_document_loads_nothing_from_elsewhere(client: Client) -> None:
    for address in ("/schema", "/schema/openapi.json", "/schema/openapi.yaml"):
        response = client.get(address)
        assert response.status_code == 200
        assert "<script" not in response.text


def test_the_problem_struct_is_what_the_tests_hold_every_error_to() -> None:
    assert set(Problem.__struct_fields__) == MEMBERS
