from __future__ import annotations

import dataclasses
import io
import json
import threading
from collections.abc import Mapping

import pytest
from litestar import Litestar
from litestar.testing import TestClient
from PIL import Image

from logosim.domain.query import Weights
from logosim.errors import FilterError, HandleOutdated, LogosimError, MarkNotFound, NothingToCompare

from .memory_service import GOOD_KEY, HANDLE, MARK_ID, OTHER_ID, MemoryService, compared
from .shapes import assert_problem

Client = TestClient[Litestar]
PAIR = {"mark": str(MARK_ID), "other": str(OTHER_ID)}
DOORS = ["/v1/explain", "/v1/explain/picture"]


def test_an_explanation_is_the_domains_own(client: Client, service: MemoryService) -> None:
    response = client.get("/v1/explain", params=PAIR)
    assert response.status_code == 200, response.text
    assert response.json() == json.loads(json.dumps(dataclasses.asdict(compared().explanation), default=str))
    assert service.comparison.asked == [(MARK_ID, OTHER_ID, Weights())]


def test_a_drawing_is_a_png_even_where_a_picture_is_gone(client: Client) -> None:
    response = client.get("/v1/explain/picture", params=PAIR)
    assert (response.status_code, response.headers["content-type"]) == (200, "image/png")
    assert Image.open(io.BytesIO(response.content)).width > 900


@pytest.mark.parametrize("door", DOORS)
def test_weights_are_handed_on(client: Client, service: MemoryService, door: str) -> None:
    assert client.get(door, params={**PAIR, "weights": "look=1,sound=0.5"}).status_code == 200
    assert service.comparison.asked[0][2] == Weights(look=1, sound=0.5)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"mark": "not-a-uuid"}, "input-error"),
        ({"other": "1"}, "input-error"),
        ({"weights": "taste=1"}, "weights-error"),
        ({"text": "ACME"}, "input-error"),
    ],
)
def test_parameters_that_cannot_be_used(client: Client, door: str, change: Mapping[str, str], code: str) -> None:
    assert_problem(client.get(door, params={**PAIR, **change}), 422, code)


@pytest.mark.parametrize("door", DOORS)
def test_both_marks_have_to_be_named(client: Client, door: str) -> None:
    response = client.get(door, params={"mark": str(MARK_ID)})
    assert "other" in assert_problem(response, 422, "invalid-request")["detail"]


@pytest.mark.parametrize("door", DOORS)
def test_a_picture_that_was_handed_in_stands_in_for_a_mark(client: Client, service: MemoryService, door: str) -> None:
    by_handle = {"handle": str(HANDLE), "other": str(OTHER_ID), "weights": "look=2"}
    response = client.get(door, params=by_handle)
    assert response.status_code == 200, response.text
    assert service.comparison.asked == [(HANDLE, OTHER_ID, Weights(look=2))]
    unknown = client.get(door, params={**by_handle, "handle": str(MARK_ID)})
    assert "--keep" in str(assert_problem(unknown, 404, "handle-not-found")["hint"])
    both = assert_problem(client.get(door, params={**by_handle, "mark": str(MARK_ID)}), 422, "input-error")
    neither = assert_problem(client.get(door, params={"other": str(OTHER_ID)}), 422, "input-error")
    assert both["detail"] == neither["detail"] == "Give either `mark` or `handle`."
    assert_problem(client.get(door, params={**by_handle, "handle": "x"}), 422, "input-error")


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (MarkNotFound(), 404, "mark-not-found"),
        (FilterError("Nothing is known of the mark yet."), 422, "filter-error"),
        (NothingToCompare(), 422, "nothing-to-compare"),
        (HandleOutdated(), 410, "handle-outdated"),
    ],
)
def test_pairs_that_cannot_be_compared(
    client: Client, service: MemoryService, door: str, error: LogosimError, status: int, code: str
) -> None:
    service.comparison.fails_with = error
    assert_problem(client.get(door, params=PAIR), status, code)


def test_comparisons_take_the_room_of_searches(public_client: Client, service: MemoryService) -> None:
    seen: list[str] = []
    of_marks = service.comparison.of_marks

    def noted(*ids: object, weights: Weights) -> object:
        seen.append(threading.current_thread().name)
        return of_marks(*ids, weights=weights)  # type: ignore[arg-type]

    service.comparison.of_marks = noted  # type: ignore[method-assign, assignment]
    for door in DOORS:
        assert public_client.get(door, params=PAIR, headers={"X-API-Key": GOOD_KEY}).status_code == 200
    assert [name.startswith("logosim-search") for name in seen] == [True, True]
