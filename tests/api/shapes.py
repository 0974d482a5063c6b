"""What every error answer looks like."""

from __future__ import annotations

from typing import Any

import httpx

MEMBERS = {"type", "title", "status", "detail", "hint", "request_id", "errors"}


def assert_problem(response: httpx.Response, status: int, kind: str) -> dict[str, Any]:
    """The answer is a problem document of this status and type; returned for a closer look."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = response.json()
    assert set(problem) == MEMBERS
    assert problem["type"] == f"/problems/{kind}"
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    assert problem["request_id"] == response.headers["x-request-id"]
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "Traceback" not in response.text
    return problem
