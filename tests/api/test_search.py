from __future__ import annotations

from typing import Any

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from logosim.domain.query import Filter, Weights
from logosim.domain.rectangle import Rectangle

from .memory_service import MARK_ID, MemoryService
from .shapes import assert_problem

PNG = b"\x89PNG\r\n\x1a\n" + b"rest of a picture"
PICTURE = {"picture": ("logo.png", PNG, "image/png")}
Client = TestClient[Litestar]


def test_a_picture_is_handed_on_with_every_field(client: Client, service: MemoryService) -> None:
    form = {
        "text": " Acme ",
        "codes": ["26.4.5", "1"],
        "region": ["10,20,200,150", "0, 0, 5, 5"],
        "vienna": ["3.7, 26", "27.05"],
        "vienna_all": "29",
        "vienna_none": ["26.4.6", "01, 2.1"],
        "year": "2010:2015",
        "source": ["l3d", "euipo"],
        "has_text": "true",
        "k": "7",
        "expand": "5",
        "weights": "look=1,sound=0.5",
    }
    response = client.post("/v1/search", files=PICTURE, data=form)
    assert response.status_code == 200, response.text
    assert service.pipeline.asked == [
        {
            "picture": PNG,
            "text": "Acme",
            "vienna_codes": ("26.04.05", "01"),
            "regions": (Rectangle(10, 20, 210, 170), Rectangle(0, 0, 5, 5)),
            "filter": Filter(
                ("03.07", "26", "27.05"), ("29",), 2010, 2015, ("l3d", "euipo"), True, ("26.04.06", "01", "02.01")
            ),
            "weights": Weights(look=1, sound=0.5),
            "k": 7,
            "expand": 5,
        }
    ]


def test_a_picture_alone_is_enough(client: Client, service: MemoryService) -> None:
    assert client.post("/v1/search", files=PICTURE).status_code == 200
    (asked,) = service.pipeline.asked
    assert (asked["text"], asked["filter"], asked["weights"], asked["k"]) == (None, Filter(), Weights(), 20)


def test_years_may_be_given_as_two_fields(client: Client, service: MemoryService) -> None:
    client.post("/v1/search", files=PICTURE, data={"year_from": "2010", "year_to": "2012"})
    assert service.pipeline.asked[0]["filter"] == Filter(year_from=2010, year_to=2012)


def test_weights_may_be_given_as_json(client: Client, service: MemoryService) -> None:
    client.post("/v1/search", files=PICTURE, data={"weights": '{"vienna": 2}'})
    assert service.pipeline.asked[0]["weights"] == Weights(vienna=2)


def test_an_answer_carries_evidence_that_adds_up_and_links(client: Client) -> None:
    body = client.post("/v1/search", files=PICTURE).json()
    assert set(body) == {
        "hits", "model", "query_text", "route", "candidates", "passed", "complete", "timings_ms",
    }  # fmt: skip
    assert (body["model"], body["query_text"], body["route"]) == ("test-model", "acme", "hnsw")
    assert (body["candidates"], body["passed"], body["complete"]) == (1000, None, True)
    assert body["timings_ms"]["total"] == 40.0
    assert [hit["rank"] for hit in body["hits"]] == [1, 2]
    hit = body["hits"][0]
    assert sum(item["contribution"] for item in hit["evidence"]) == pytest.approx(hit["score"])
    assert set(hit["evidence"][0]) == {"channel", "value", "weight", "evidence", "contribution", "sentence"}
    assert hit["text"] == "Äcme & Søn"
    own = f"/v1/marks/{hit['mark_id']}"
    assert hit["links"] == {"self": own, "image": f"{own}/image", "similar": f"{own}/similar"}


def test_where_pictures_lie_on_the_server_is_not_told(client: Client) -> None:
    assert "/secret/place" not in client.post("/v1/search", files=PICTURE).text


def test_a_name_is_handed_on_with_every_field(client: Client, service: MemoryService) -> None:
    question = {
        "text": "Acme",
        "codes": ["26"],
        "vienna": ["3.7"],
        "year_to": 2015,
        "has_text": True,
        "weights": {"sound": 2},
        "k": 1000,
    }
    response = client.post("/v1/search/text", json=question)
    assert response.status_code == 200, response.text
    assert service.pipeline.asked == [
        {
            "text": "Acme",
            "vienna_codes": ("26",),
            "filter": Filter(vienna_any=("03.07",), year_to=2015, has_text=True),
            "weights": Weights(sound=2),
            "k": 1000,
        }
    ]


def test_weights_of_a_name_may_be_given_as_text(client: Client, service: MemoryService) -> None:
    client.post("/v1/search/text", json={"text": "Acme", "weights": "sound=2"})
    assert service.pipeline.asked[0]["weights"] == Weights(sound=2)


def test_similar_marks_take_the_same_filters_as_parameters(client: Client, service: MemoryService) -> None:
    parameters: dict[str, Any] = {
        "vienna": ["3.7", "26"],
        "vienna_all": "29,1",
        "vienna_none": ["5", "27.5"],
        "year": "2012",
        "source": "l3d",
        "has_text": "false",
        "weights": "look=2",
        "k": 5,
        "expand": 3,
    }
    response = client.get(f"/v1/marks/{MARK_ID}/similar", params=parameters)
    assert response.status_code == 200, response.text
    assert service.pipeline.asked == [
        {
            "mark_id": MARK_ID,
            "filter": Filter(("03.07", "26"), ("29", "01"), 2012, 2012, ("l3d",), False, ("05", "27.05")),
            "weights": Weights(look=2),
            "k": 5,
            "expand": 3,
        }
    ]


BAD_FIELDS = [
    ({"k": "0"}, "invalid-request"),
    ({"k": "1001"}, "invalid-request"),
    ({"k": "many"}, "invalid-request"),
    ({"expand": "-1"}, "invalid-request"),
    ({"expand": "101"}, "invalid-request"),
    ({"year": "201x"}, "filter-error"),
    ({"year": "2015:2010"}, "filter-error"),
    ({"year": "2012", "year_from": "2010"}, "filter-error"),
    ({"year_from": "2015", "year_to": "2010"}, "filter-error"),
    ({"year_from": "99999"}, "invalid-request"),
    ({"has_text": "perhaps"}, "invalid-request"),
    ({"vienna": "round"}, "vienna-code-error"),
    ({"vienna_all": "26.04.05.06"}, "vienna-code-error"),
    ({"weights": "look"}, "weights-error"),
    ({"weights": "smell=1"}, "weights-error"),
    ({"weights": '{"look": -1}'}, "weights-error"),
    ({"source": "l3d\x00"}, "input-error"),
]


@pytest.mark.parametrize(("fields", "kind"), BAD_FIELDS)
def test_a_bad_field_is_refused_with_a_picture(
    client: Client, service: MemoryService, fields: dict[str, str], kind: str
) -> None:
    problem = assert_problem(client.post("/v1/search", files=PICTURE, data=fields), 422, kind)
    assert service.pipeline.asked == []
    if kind == "invalid-request":
        assert [fault["field"] for fault in problem["errors"]] == list(fields)


@pytest.mark.parametrize(("fields", "kind"), BAD_FIELDS)
def test_a_bad_field_is_refused_as_a_parameter(
    client: Client, service: MemoryService, fields: dict[str, str], kind: str
) -> None:
    assert_problem(client.get(f"/v1/marks/{MARK_ID}/similar", params=fields), 422, kind)
    assert service.pipeline.asked == []


def test_a_misspelt_field_is_refused_and_named_not_passed_over(client: Client, service: MemoryService) -> None:
    by_picture = assert_problem(client.post("/v1/search", files=PICTURE, data={"viena": "26"}), 422, "invalid-request")
    assert by_picture["errors"][0]["field"] == "viena"
    by_text = client.post("/v1/search/text", json={"text": "Acme", "viena": ["26"]})
    assert assert_problem(by_text, 422, "invalid-request")["errors"][0]["field"] == "viena"
    by_mark = client.get(f"/v1/marks/{MARK_ID}/similar", params={"viena": "26"})
    assert "viena" in assert_problem(by_mark, 422, "filter-error")["detail"]
    assert service.pipeline.asked == []


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        (b"", 400, "malformed-request"),
        (b"{", 400, "malformed-request"),
        (b"[" * 100_000, 400, "malformed-request"),
        (b'{"text": "\xff"}', 400, "malformed-request"),
        (b'{"text": "\\ud800"}', 400, "malformed-request"),
        (b"[]", 422, "invalid-request"),
        (b"null", 422, "invalid-request"),
        (b"{}", 422, "invalid-request"),
        (b'{"text": 5}', 422, "invalid-request"),
        (b'{"text": null}', 422, "invalid-request"),
        (b'{"text": "  "}', 422, "input-error"),
        (b'{"text": "a\\u0000b"}', 422, "input-error"),
        (b'{"text": "%s"}' % (b"x" * 1001), 422, "invalid-request"),
        (b'{"text": "Acme", "k": 0}', 422, "invalid-request"),
        (b'{"text": "Acme", "vienna": "26"}', 422, "invalid-request"),
        (b'{"text": "Acme", "weights": {"look": true}}', 422, "weights-error"),
        (b'{"text": "Acme", "weights": [1]}', 422, "invalid-request"),
        (b'{"text": "Acme", "weights": {"look": 1e300}}', 422, "weights-error"),
        (b'{"text": "Acme", "weights": {"look": 1e999}}', 400, "malformed-request"),
        (b'{"text": "%s"}' % (b"x" * 300_000), 413, "content-too-large"),
    ],
)
def test_a_bad_body_is_refused(client: Client, body: bytes, status: int, kind: str) -> None:
    response = client.post("/v1/search/text", content=body, headers={"Content-Type": "application/json"})
    assert_problem(response, status, kind)


def test_a_mark_that_is_not_there(client: Client) -> None:
    unknown = "00000000-0000-8000-8000-000000000000"
    assert unknown in assert_problem(client.get(f"/v1/marks/{unknown}/similar"), 404, "mark-not-found")["detail"]
    assert_problem(client.get("/v1/marks/nonsense/similar"), 422, "input-error")
