"""Pictures that SQL clients hand in, and a worker that answers them; only the extractor is a small one."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import numpy as np
import psycopg
import pytest

from logosim.domain.features import Features
from logosim.domain.rectangle import Rectangle
from logosim.errors import DatabaseUnavailable, PictureError, PictureTooLarge, RegionError, UnreadablePicture
from logosim.ingest.flow import ingest
from logosim.ingest.l3d import read
from logosim.store.ingest import IngestStore
from logosim.store.picture_requests import PictureBell, PictureRequestStore
from logosim.store.pool import Pool, open_pool
from logosim.store.query_pictures import QueryPictureStore
from logosim.store.work import WorkStore
from workers.pictures import PictureClerk
from workers.worker import Worker

SECOND = timedelta(seconds=1)
Connection = psycopg.Connection[Any]


class Eye:
    """Features that depend on the bytes alone; `fails` with what is given for pictures of that text."""

    def __init__(self, fails: dict[bytes, Exception] | None = None, model_sha256: str | None = None) -> None:
        self.fails = fails or {}
        self.model_sha256 = model_sha256
        self.looked_at: list[bytes] = []

    def extract_asking(self, data: bytes) -> Features:
        self.looked_at.append(data)
        if data in self.fails:
            raise self.fails[data]
        digest = hashlib.sha256(data)
        draws = np.random.default_rng(int.from_bytes(digest.digest()[:8]))
        embedding = draws.standard_normal(256).astype(np.float32)
        patches = draws.integers(-127, 127, (7, 7, 64)).astype(np.int8)
        return Features(
            embedding / np.linalg.norm(embedding), patches, "READ", 40, 30, digest.hexdigest(), self.model_sha256
        )

    def extract_regions(self, data: bytes, regions: Sequence[Rectangle]) -> list[Features]:
        return [self.extract_asking(data) for _ in regions]

    def extract(self, pictures: Sequence[bytes]) -> list[Features | PictureError]:
        return [self.extract_asking(data) for data in pictures]


@pytest.fixture
def requests(pool: Pool) -> PictureRequestStore:
    return PictureRequestStore(pool)


@pytest.fixture
def analyst(database_url: str) -> Iterator[Connection]:
    """Any SQL client: autocommit, and no more rights than an analyst has."""
    with psycopg.connect(database_url, autocommit=True) as opened:
        opened.execute("set role logosim_analyst")
        yield opened


@pytest.fixture
def at_work(requests: PictureRequestStore, registered_model: int, database_url: str) -> Callable[..., Any]:
    """A context in which a worker answers pictures, in a thread."""

    @contextmanager
    def working(eye: Eye, model_id: int = registered_model, **how: Any) -> Iterator[None]:
        stop = threading.Event()
        loaded = SimpleNamespace(model_id=model_id, extractor=eye)
        with PictureBell(database_url) as bell:
            bell.listen()
            clerk = PictureClerk("w", requests, lambda: loaded, bell.wait, **how)
            thread = threading.Thread(target=clerk.run, args=(stop,))
            thread.start()
            try:
                yield
            finally:
                stop.set()
                thread.join(20)

    return working


def embed(client: Connection, picture: bytes | None, arguments: str = "") -> UUID:
    row = client.execute(f"call logosim.embed_picture(%s::bytea{arguments})".encode(), (picture,)).fetchone()
    assert row is not None
    return UUID(str(row[0]))


def refused(client: Connection, picture: bytes | None, arguments: str = "") -> tuple[str | None, str, str]:
    with pytest.raises(psycopg.Error) as raised:
        embed(client, picture, arguments)
    diagnosis = raised.value.diag
    return raised.value.sqlstate, diagnosis.message_primary or "", diagnosis.message_hint or ""


def left(connection: Connection) -> int:
    row = connection.execute("select count(*) from logosim.picture_request").fetchone()
    assert row is not None
    return int(row[0])


# The client ----------------------------------------------------------------------------------------------------------
def test_a_picture_becomes_a_handle(
    analyst: Connection, at_work: Callable[..., Any], pool: Pool, connection: Connection
) -> None:
    eye = Eye()
    with at_work(eye):
        plain = embed(analyst, b"logo")
        full = embed(
            analyst,
            b"logo",
            ", brand_text => ' Fildor ', vienna_codes => '{3.7,26.04,3.07}', keep_for => '2 hours'"
            ", regions => array[[1,2,30,20],[0,0,7,9]]",
        )
        nameless = embed(analyst, b"logo", ", brand_text => ''")
    kept = QueryPictureStore(pool)
    (part,) = kept.recall(plain).parts
    wanted = Eye().extract_asking(b"logo")
    assert (part.region, part.text, part.features.sha256) == (None, "READ", wanted.sha256)
    assert np.array_equal(part.features.patches, wanted.patches)
    assert np.array_equal(part.features.embedding, wanted.embedding.astype(np.float16))
    assert kept.picture(plain) == b"logo"
    asked = kept.recall(full)
    assert asked.vienna_codes == ("03.07", "26.04")
    assert [(part.region, part.text) for part in asked.parts] == [
        (Rectangle(1, 2, 31, 22), "Fildor"),
        (Rectangle(0, 0, 7, 9), "Fildor"),
    ]
    row = connection.execute(
        "select expires_at - created_at from logosim.query_picture where handle = %s", (full,)
    ).fetchone()
    assert row == (timedelta(hours=2),)
    assert kept.recall(nameless).parts[0].text is None
    assert analyst.execute("select * from logosim.similar_to(%s)", (plain,)).fetchall() == []
    assert left(connection) == 0, "nothing of the request stays behind"


def test_an_answer_comes_at_once(analyst: Connection, at_work: Callable[..., Any]) -> None:
    """The worker is woken, and the client looks often: without that a picture would take the worker's turn."""
    with at_work(Eye(), idle_wait_s=4.0):
        embed(analyst, b"warm")
        started = time.monotonic()
        for number in range(5):
            embed(analyst, f"logo {number}".encode())
        assert (time.monotonic() - started) / 5 < 0.4


def test_what_is_wrong_with_a_picture_is_said(
    analyst: Connection, at_work: Callable[..., Any], connection: Connection
) -> None:
    too_large = PictureTooLarge("The picture has 9 pixels, the limit is 4.")
    beyond = RegionError("The region reaches beyond the picture.")
    eye = Eye({b"bad": UnreadablePicture(), b"large": too_large, b"region": beyond, b"odd": ValueError("odd\x00")})
    with at_work(eye):
        assert refused(analyst, b"bad") == (
            "LS012",
            "The picture is damaged or is not a picture.",
            "Give one still picture: PNG, JPEG, GIF, WebP, TIFF or BMP.",
        )
        assert refused(analyst, b"large")[:2] == ("LS013", "The picture has 9 pixels, the limit is 4.")
        assert refused(analyst, b"region")[:2] == ("LS006", "The region reaches beyond the picture.")
        state, said, hint = refused(analyst, b"odd")
        assert (state, said) == ("LS012", "The picture cannot be looked at: ValueError: odd\ufffd")
        assert "another format" in hint
        assert embed(analyst, b"good"), "and the worker goes on"
    assert left(connection) == 0


@pytest.mark.parametrize(
    ("picture", "arguments", "state", "said"),
    [
        (None, "", "LS012", "is empty"),
        (b"", "", "LS012", "is empty"),
        (b"x" * (20 * 1024 * 1024 + 1), "", "LS013", "20971521 bytes, the limit is 20971520"),
        (b"x", ", wait => '0 s'", "LS006", "wait must be"),
        (b"x", ", wait => '11 minutes'", "LS006", "wait must be"),
        (b"x", ", wait => null", "LS006", "wait must be"),
        (b"x", ", keep_for => '31 days'", "LS006", "keep_for must be"),
        (b"x", ", vienna_codes => '{x}'", "LS004", "x"),
        (b"x", ", brand_text => repeat('x', 1001)", "LS006", "1000 characters"),
        (b"x", ", regions => '{1,2,3,4}'", "LS006", "1 to 8 rectangles"),
        (b"x", ", regions => array[[1,2,3]]", "LS006", "1 to 8 rectangles"),
        (b"x", ", regions => array[[1,2,0,4]]", "LS006", "1 to 8 rectangles"),
        (b"x", ", regions => array[[-1,2,3,4]]", "LS006", "1 to 8 rectangles"),
        (b"x", ", regions => array[[1,2,3,null]]", "LS006", "1 to 8 rectangles"),
        (b"x", ", regions => array_fill(1, array[9,4])", "LS006", "1 to 8 rectangles"),
    ],
)
def test_what_is_refused_before_it_is_queued(
    analyst: Connection, connection: Connection, picture: bytes | None, arguments: str, state: str, said: str
) -> None:
    found = refused(analyst, picture, arguments)
    assert found[0] == state
    assert said in found[1]
    assert left(connection) == 0


def test_nobody_answers(analyst: Connection, connection: Connection, requests: PictureRequestStore) -> None:
    started = time.monotonic()
    state, said, hint = refused(analyst, b"logo", ", wait => '0.4 s'")
    assert 0.3 < time.monotonic() - started < 5
    assert (state, said) == ("LS011", "No worker has taken the picture within 0.4 s")
    assert "logosim worker --pictures" in hint
    assert left(connection) == 0, "it is withdrawn"
    assert requests.pending() == 0


def test_it_gives_up_before_the_server_ends_the_statement(analyst: Connection, connection: Connection) -> None:
    """Else the client would not hear why, and the picture would stay behind."""
    analyst.execute("set statement_timeout = '1 s'")
    try:
        state, said, hint = refused(analyst, b"logo", ", wait => '1 minute'")
    finally:
        analyst.execute("reset statement_timeout")
    assert (state, said) == ("LS011", "No worker has taken the picture within 0.9 s")
    assert "logosim worker --pictures" in hint
    assert left(connection) == 0


def test_a_worker_is_too_slow(
    analyst: Connection, requests: PictureRequestStore, registered_model: int, connection: Connection
) -> None:
    failures: list[tuple[str | None, str, str]] = []
    client = threading.Thread(target=lambda: failures.append(refused(analyst, b"logo", ", wait => '1 s'")))
    client.start()
    while (claim := requests.claim("slow", registered_model, timedelta(minutes=1))) is None:
        time.sleep(0.01)
    client.join(20)
    assert failures[0][:2] == ("LS011", "A worker has the picture and was not done within 1 s")
    assert not requests.heartbeat(claim, SECOND), "the client has given up"
    assert left(connection) == 0


def test_waiting_inside_a_transaction_is_refused(analyst: Connection, connection: Connection) -> None:
    with pytest.raises(psycopg.Error) as raised, analyst.transaction():
        embed(analyst, b"logo")
    assert raised.value.sqlstate == "LS014"
    assert "logosim.submit_picture" in (raised.value.diag.message_hint or "")
    for together in ("begin; {}; commit", "select 1; {}"):
        with pytest.raises(psycopg.Error) as raised:
            analyst.execute(together.format("call logosim.embed_picture('logo')").encode())
        assert raised.value.sqlstate == "LS014"
        analyst.rollback()
    assert left(connection) == 0


def test_any_isolation_will_do(analyst: Connection, at_work: Callable[..., Any]) -> None:
    analyst.execute("set default_transaction_isolation = 'serializable'")
    with at_work(Eye()):
        assert embed(analyst, b"logo")


def test_without_waiting(analyst: Connection, at_work: Callable[..., Any], connection: Connection) -> None:
    def answer() -> tuple[Any, ...]:
        row = analyst.execute("select state, handle, error_code from logosim.picture_answer(%s)", (request,)).fetchone()
        assert row is not None
        return row

    (request,) = analyst.execute("select logosim.submit_picture('logo')").fetchone() or (None,)
    assert answer() == ("queued", None, None)
    with at_work(Eye()):
        deadline = time.monotonic() + 20
        while answer()[0] != "done" and time.monotonic() < deadline:
            time.sleep(0.01)
    state, handle, _ = answer()
    assert state == "done"
    assert analyst.execute("select * from logosim.similar_to(%s)", (handle,)).fetchall() == []
    row = connection.execute("select picture is null, expires_at - now() < '10 min' from logosim.picture_request")
    assert row.fetchone() == (True, True), "the bytes are gone already"
    assert analyst.execute("select logosim.withdraw_picture(%s)", (request,)).fetchone() == (True,)
    assert answer()[0] == "unknown"
    assert analyst.execute("select logosim.withdraw_picture(%s)", (request,)).fetchone() == (False,)


def test_only_so_many_wait(analyst: Connection, connection: Connection) -> None:
    submit = "select logosim.submit_picture('logo')"
    for _ in range(8):
        analyst.execute(submit)
    with pytest.raises(psycopg.Error, match="8 of yours, 8 in all") as raised:
        analyst.execute(submit)
    assert raised.value.sqlstate == "LS015"
    connection.execute("update logosim.picture_request set asked_by = 'others'")
    for _ in range(8):
        analyst.execute(submit)
    connection.execute("update logosim.picture_request set asked_by = 'others'")
    connection.execute(
        "insert into logosim.picture_request (asked_by, picture, keep_for, expires_at)"
        " select 'others', 'x', '1 day', now() + interval '1 hour' from generate_series(1, 48)"
    )
    with pytest.raises(psycopg.Error, match="0 of yours, 64 in all"):
        analyst.execute(submit)
    connection.execute("update logosim.picture_request set expires_at = now()")
    analyst.execute(submit)
    assert left(connection) == 1, "what has expired is deleted"


# The worker ----------------------------------------------------------------------------------------------------------
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
