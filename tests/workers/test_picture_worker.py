"""A worker that answers the pictures that SQL clients hand in: what becomes of them, whatever happens to it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from logosim.domain.features import Features
from logosim.errors import DatabaseUnavailable, UnreadablePicture
from logosim.ingest.flow import ingest
from logosim.ingest.l3d import read
from logosim.store.ingest import IngestStore
from logosim.store.picture_requests import PictureBell, PictureRequestStore
from logosim.store.pool import Pool, open_pool
from logosim.store.work import WorkStore
from workers.pictures import PictureClerk
from workers.worker import Worker

from .handed_in import SECOND, Connection, Eye, embed, refused


def test_another_worker_takes_the_picture_of_a_killed_one(
    analyst: Connection,
    at_work: Callable[..., Any],
    requests: PictureRequestStore,
    registered_model: int,
    pool: Pool,
    connection: Connection,
) -> None:
    (request,) = analyst.execute("select logosim.submit_picture('logo')").fetchone() or (None,)
    killed = requests.claim("killed", registered_model, timedelta(seconds=0.3))
    assert killed is not None
    assert requests.claim("other", registered_model, SECOND) is None
    with at_work(Eye(), idle_wait_s=0.05):
        deadline = time.monotonic() + 20
        state = "select state from logosim.picture_answer(%s)"
        while analyst.execute(state, (request,)).fetchone() != ("done",) and time.monotonic() < deadline:
            time.sleep(0.02)
    assert analyst.execute(state, (request,)).fetchone() == ("done",)
    requests.release(killed)  # what the lost one says counts for nothing
    requests.refuse(killed, UnreadablePicture())
    assert analyst.execute(state, (request,)).fetchone() == ("done",)


def test_a_picture_that_kills_its_workers_is_refused(
    analyst: Connection, requests: PictureRequestStore, registered_model: int, connection: Connection
) -> None:
    (request,) = analyst.execute("select logosim.submit_picture('logo')").fetchone() or (None,)
    for _ in range(2):
        assert requests.claim("killed", registered_model, SECOND) is not None
        connection.execute("update logosim.picture_request set lease_until = now() - interval '1 s'")
    assert requests.claim("next", registered_model, SECOND) is None
    row = analyst.execute("select state, error_code, error from logosim.picture_answer(%s)", (request,)).fetchone()
    assert row == ("refused", "LS012", "The picture cannot be looked at: workers were lost over it")


def test_the_handle_is_kept_and_told_together_or_not_at_all(
    analyst: Connection, requests: PictureRequestStore, registered_model: int, pool: Pool, connection: Connection
) -> None:
    analyst.execute("select logosim.submit_picture('logo')")
    lost = requests.claim("slow", registered_model, SECOND)
    assert lost is not None
    connection.execute("update logosim.picture_request set lease_until = now() - interval '1 s'")
    assert requests.claim("next", registered_model, SECOND) is not None
    loaded = SimpleNamespace(model_id=registered_model, extractor=Eye())
    clerk = PictureClerk("slow", requests, lambda: loaded, lambda _: None)
    clerk._answer(lost, Eye())
    assert connection.execute("select count(*) from logosim.query_picture").fetchone() == (0,)


def test_a_long_look_keeps_its_lease(
    analyst: Connection, at_work: Callable[..., Any], requests: PictureRequestStore
) -> None:
    class Slow(Eye):
        def extract_asking(self, data: bytes) -> Features:
            time.sleep(0.8)
            return super().extract_asking(data)

    eye = Slow()
    with at_work(eye, lease=timedelta(seconds=0.3)):
        assert embed(analyst, b"logo")
    assert eye.looked_at == [b"logo"]


def test_only_the_active_model_answers(
    analyst: Connection,
    at_work: Callable[..., Any],
    requests: PictureRequestStore,
    registered_model: int,
    connection: Connection,
    pool: Pool,
) -> None:
    connection.execute("select logosim.register_model('next', repeat('1', 64), 256, 7, 64, '{}'::jsonb)")
    eye = Eye()
    with at_work(eye, idle_wait_s=0.05):  # it has the former model
        assert refused(analyst, b"logo", ", wait => '0.5 s'")[0] == "LS011"
    assert eye.looked_at == []


def test_a_cut_over_while_a_picture_is_looked_at(
    analyst: Connection,
    requests: PictureRequestStore,
    registered_model: int,
    connection: Connection,
    database_url: str,
    pool: Pool,
) -> None:
    """It is looked at once more with the model that is active by then, and the client sees nothing of it."""
    looked: list[str] = []

    class Overtaken(Eye):
        def extract_asking(self, data: bytes) -> Features:
            looked.append("former")
            connection.execute("select logosim.register_model('next', repeat('1', 64), 256, 7, 64, '{}'::jsonb)")
            return super().extract_asking(data)

    class Following(Eye):
        def extract_asking(self, data: bytes) -> Features:
            looked.append("next")
            return super().extract_asking(data)

    def active() -> Any:
        with pool.connection() as own:
            row = own.execute("select model_id, artifact_sha256 from logosim.model where active").fetchone()
        assert row is not None
        made = Overtaken(model_sha256=row[1]) if row[0] == registered_model else Following(model_sha256=row[1])
        return SimpleNamespace(model_id=row[0], extractor=made)

    stop = threading.Event()
    with PictureBell(database_url) as bell:
        clerk = PictureClerk("w", requests, active, bell.wait)
        thread = threading.Thread(target=clerk.run, args=(stop,))
        thread.start()
        handle = embed(analyst, b"logo")
        stop.set()
        thread.join(20)
    assert looked == ["former", "next"]
    row = connection.execute(
        "select m.name from logosim.query_picture q join logosim.model m using (model_id) where q.handle = %s",
        (handle,),
    ).fetchone()
    assert row == ("next",)


def test_a_worker_at_marks_answers_before_each_batch(
    analyst: Connection,
    requests: PictureRequestStore,
    registered_model: int,
    database_url: str,
    pool: Pool,
    write_corpus: Callable[..., Path],
) -> None:
    folder = write_corpus(12)
    ingest(read(folder, "test"), IngestStore(pool), source="test", path=folder)
    analyst.execute("select logosim.submit_picture('logo')")
    eye = Eye()
    loaded = SimpleNamespace(model_id=registered_model, extractor=eye, work=WorkStore(pool, registered_model))
    with PictureBell(database_url) as bell:
        clerk = PictureClerk("w", requests, lambda: loaded, bell.wait)
        worker = Worker(
            "w", lambda: loaded, 10**6, batch_size=4, between=clerk.answer_waiting, wait=bell.wait, idle_wait_s=0.05
        )
        report = worker.run(threading.Event(), until_empty=True)
    assert report.finished == 12
    assert eye.looked_at[0] == b"logo"
    assert requests.pending() == 0


def test_a_worker_waits_for_a_database_that_is_away(requests: PictureRequestStore, registered_model: int) -> None:
    @dataclass
    class Away:
        failures: int = 2

        def __call__(self) -> Any:
            if self.failures:
                self.failures -= 1
                raise DatabaseUnavailable
            stop.set()
            return SimpleNamespace(model_id=registered_model, extractor=Eye())

    stop = threading.Event()
    clerk = PictureClerk("w", requests, Away(), lambda _: None, database_wait_s=0.01)
    assert clerk.run(stop) == 0
    assert stop.is_set()
    with pytest.raises(DatabaseUnavailable):
        PictureClerk("w", requests, Away(), lambda _: None).run(threading.Event(), until_empty=True)


def test_until_empty(analyst: Connection, requests: PictureRequestStore, registered_model: int) -> None:
    for number in range(3):
        analyst.execute("select logosim.submit_picture(%s::bytea)", (f"{number}".encode(),))
    loaded = SimpleNamespace(model_id=registered_model, extractor=Eye())
    clerk = PictureClerk("w", requests, lambda: loaded, lambda _: None)
    assert clerk.run(threading.Event(), until_empty=True) == 3


def test_a_bell_that_was_cut_off_rings_again(database_url: str, connection: Connection) -> None:
    with PictureBell(database_url) as bell:
        assert not bell.wait(0.01)
        connection.execute("select pg_notify('logosim_pictures', '')")
        assert bell.wait(5)
        connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen%'"
            " and datname = current_database()"
        )
        with pytest.raises(DatabaseUnavailable):
            bell.wait(5)
        assert not bell.wait(0.01)
        connection.execute("select pg_notify('logosim_pictures', '')")
        assert bell.wait(5)


def test_the_worker_role_suffices(analyst: Connection, registered_model: int, database_url: str) -> None:
    analyst.execute("select logosim.submit_picture('logo')")
    analyst.execute("select logosim.submit_picture('bad')")
    with open_pool(database_url, role="logosim_worker") as own:
        requests = PictureRequestStore(own)
        claim = requests.claim("w", registered_model, SECOND)
        assert claim is not None
        assert requests.heartbeat(claim, SECOND)
        requests.release(claim)
        loaded = SimpleNamespace(model_id=registered_model, extractor=Eye({b"bad": UnreadablePicture()}))
        clerk = PictureClerk("w", requests, lambda: loaded, lambda _: None)
        assert clerk.answer_waiting(threading.Event()) == 2
