from __future__ import annotations

import asyncio
import logging
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from logosim.api.app import create_app
from logosim.api.service import Limits
from logosim.api.slots import Slots
from logosim.errors import Overloaded

from .conftest import LOOPBACK
from .memory_service import MARK_ID, MemoryService
from .shapes import assert_problem

Client = TestClient[Litestar]


def test_beyond_the_room_for_searches_the_answer_is_503_and_the_room_is_given_back(service: MemoryService) -> None:
    service.pipeline.gate = threading.Event()
    limits = Limits(searches_at_once=1, searches_waiting=1)
    with (
        TestClient(create_app(service, require_key=False, limits=limits), base_url=LOOPBACK) as client,
        ThreadPoolExecutor(2) as threads,
    ):
        first = threads.submit(client.post, "/v1/search/text", json={"text": "a"})
        assert service.pipeline.entered.acquire(timeout=10)
        second = threads.submit(client.get, f"/v1/marks/{MARK_ID}/similar")
        deadline = time.monotonic() + 10
        while 'logosim_slots_taken{slots="searches"} 2.0' not in client.get("/metrics").text:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        refused = client.post("/v1/search/text", json={"text": "c"})
        assert_problem(refused, 503, "overloaded")
        assert int(refused.headers["retry-after"]) > 0
        assert client.get("/v1/work").status_code == 200, "light requests are answered all the same"
        service.pipeline.gate.set()
        assert first.result().status_code == second.result().status_code == 200
        assert client.post("/v1/search/text", json={"text": "d"}).status_code == 200
    assert len(service.pipeline.asked) == 3


def test_a_search_beyond_the_time_limit_is_answered_503_and_keeps_its_place_until_it_ends(
    service: MemoryService, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "logosim.api")
    service.pipeline.gate = threading.Event()
    limits = Limits(searches_at_once=1, searches_waiting=0, time_limit_s=0.3)
    with TestClient(create_app(service, require_key=False, limits=limits), base_url=LOOPBACK) as client:
        response = client.post("/v1/search/text", json={"text": "a"})
        assert_problem(response, 503, "time-limit-exceeded")
        assert_problem(client.post("/v1/search/text", json={"text": "b"}), 503, "overloaded")
        service.pipeline.gate.set()
        deadline = time.monotonic() + 10
        while client.post("/v1/search/text", json={"text": "c"}).status_code != 200:
            assert time.monotonic() < deadline
    answered = [vars(record) for record in caplog.records if getattr(record, "action", "") == "request_answered"]
    assert answered[0]["status"] == 503
    assert answered[0]["duration_ms"] >= 300


def test_a_call_that_is_given_up_while_it_waits_is_never_made() -> None:
    made: list[str] = []
    gate = threading.Event()

    async def play() -> None:
        slots = Slots("test", at_once=1, waiting=1)
        running = asyncio.ensure_future(slots.run(lambda: gate.wait(10)))
        await asyncio.sleep(0)
        waiting = asyncio.ensure_future(slots.run(lambda: made.append("waiting")))
        await asyncio.sleep(0)
        assert slots.taken == 2
        with pytest.raises(Overloaded):
            await slots.run(lambda: made.append("refused"))
        waiting.cancel()
        await asyncio.sleep(0.05)
        assert slots.taken == 1
        gate.set()
        assert await running
        await slots.run(lambda: made.append("later"))
        assert slots.taken == 0
        await asyncio.to_thread(slots.close)
        await slots.run(lambda: made.append("after closing"))
        await asyncio.to_thread(slots.close)

    asyncio.run(play())
    assert made == ["later", "after closing"]


def test_an_error_of_a_call_reaches_its_caller_and_gives_the_place_back() -> None:
    def fail() -> None:
        raise ZeroDivisionError

    async def play() -> None:
        slots = Slots("test", at_once=1, waiting=0)
        for _ in range(3):
            with pytest.raises(ZeroDivisionError):
                await slots.run(fail)
        assert slots.taken == 0
        await asyncio.to_thread(slots.close)

    asyncio.run(play())
