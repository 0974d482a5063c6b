"""The worker's loop on a real queue; only the extractor is a small one, so that faults can be staged."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import psycopg
import pytest
from psycopg_pool import ConnectionPool

from logosim.domain.features import Features
from logosim.errors import DatabaseUnavailable, ModelMismatch, PictureError, UnreadablePicture
from logosim.ingest.flow import ingest
from logosim.ingest.l3d import read
from logosim.store.ingest import IngestStore
from logosim.store.work import WorkStore
from workers.worker import Worker, WorkReport

MEBIBYTE = 1024 * 1024


class HashExtractor:
    """Features that depend on the bytes alone; knows pictures by their PNG signature."""

    def extract(self, pictures: Sequence[bytes]) -> list[Features | PictureError]:
        return [self._one(data) for data in pictures]

    def _one(self, data: bytes) -> Features | PictureError:
        if not data.startswith(b"\x89PNG"):
            return UnreadablePicture()
        digest = hashlib.sha256(data)
        draws = np.random.default_rng(int.from_bytes(digest.digest()[:8]))
        embedding = draws.standard_normal(256).astype(np.float32)
        return Features(
            embedding / np.linalg.norm(embedding),
            draws.integers(-127, 127, (7, 7, 64)).astype(np.int8),
            None,
            96,
            96,
            digest.hexdigest(),
        )


class FaultyExtractor(HashExtractor):
    """Fails as a library would, whenever one particular picture is in the batch."""

    def __init__(self, poison: bytes) -> None:
        self.poison = poison

    def extract(self, pictures: Sequence[bytes]) -> list[Features | PictureError]:
        if self.poison in pictures:
            raise RuntimeError("the library fell over")
        return super().extract(pictures)


@dataclass(frozen=True)
class Loaded:
    """A queue and what makes features for it."""

    work: WorkStore
    extractor: HashExtractor


@pytest.fixture
def queue(pool: ConnectionPool, registered_model: int) -> WorkStore:
    return WorkStore(pool)


def fill(pool: ConnectionPool, folder: Path) -> None:
    ingest(read(folder, "test"), IngestStore(pool), source="test", path=folder)


def run(
    queue: WorkStore,
    extractor: HashExtractor,
    *,
    on_batch: Callable[[WorkReport], None] = lambda _: None,
    max_picture_bytes: int = MEBIBYTE,
    lease: timedelta = timedelta(minutes=1),
) -> WorkReport:
    loaded = Loaded(queue, extractor)
    worker = Worker("w", lambda: loaded, max_picture_bytes, batch_size=8, lease=lease, idle_wait_s=0.05)
    return worker.run(threading.Event(), until_empty=True, on_batch=on_batch)


@pytest.fixture
def at_once(connection: psycopg.Connection) -> Callable[[WorkReport], None]:
    """Makes what failed due again after every batch, for tests cannot wait minutes."""

    def make_due(_: WorkReport) -> None:
        connection.execute("update logosim.work set not_before = now()")

    return make_due


def counts(connection: psycopg.Connection) -> tuple[int, int, dict[str, int]]:
    (features,) = connection.execute("select count(*) from logosim.mark_features").fetchone() or (0,)
    (distinct,) = connection.execute("select count(distinct mark_id) from logosim.mark_features").fetchone() or (0,)
    states = dict(connection.execute("select state, count(*) from logosim.work group by state").fetchall())
    return features, distinct, states


def test_everything_is_finished_once(
    pool: ConnectionPool, connection: psycopg.Connection, queue: WorkStore, write_corpus: Callable[..., Path]
) -> None:
    fill(pool, write_corpus(30))
    report = run(queue, HashExtractor())
    assert (report.finished, report.failed) == (30, 0)
    assert counts(connection) == (30, 30, {})
    assert run(queue, HashExtractor()).finished == 0


def test_ingesting_again_queues_only_pictures_that_changed(
    pool: ConnectionPool, connection: psycopg.Connection, queue: WorkStore, write_corpus: Callable[..., Path]
) -> None:
    folder = write_corpus(10)
    fill(pool, folder)
    run(queue, HashExtractor())
    fill(pool, folder)
    assert queue.pending() == 0
    (folder / "images" / "mark-0003.png").write_bytes((folder / "images" / "mark-0004.png").read_bytes())
    fill(pool, folder)
    assert queue.pending() == 1
    run(queue, HashExtractor())
    assert counts(connection) == (10, 10, {})


def test_a_broken_picture_becomes_a_dead_letter_and_spoils_nothing_else(
    pool: ConnectionPool, connection: psycopg.Connection, queue: WorkStore, write_corpus: Callable[..., Path]
) -> None:
    fill(pool, write_corpus(12, broken=("broken.png",)))
    report = run(queue, HashExtractor())
    assert (report.finished, report.failed) == (12, 1)
    assert counts(connection) == (12, 12, {"dead": 1})
    (letter,) = queue.dead_letters()
    assert letter.file == "broken.png"
    assert "damaged" in letter.error


def test_a_picture_that_fells_the_library_is_set_aside_alone(
    pool: ConnectionPool,
    connection: psycopg.Connection,
    queue: WorkStore,
    write_corpus: Callable[..., Path],
    at_once: Callable[[WorkReport], None],
) -> None:
    folder = write_corpus(20)
    fill(pool, folder)
    run(queue, FaultyExtractor((folder / "images" / "mark-0005.png").read_bytes()), on_batch=at_once)
    assert counts(connection) == (19, 19, {"dead": 1})
    (letter,) = queue.dead_letters()
    assert (letter.file, letter.error) == ("mark-0005.png", "RuntimeError: the library fell over")


def test_missing_and_changed_files_are_named(
    pool: ConnectionPool,
    queue: WorkStore,
    write_corpus: Callable[..., Path],
    at_once: Callable[[WorkReport], None],
) -> None:
    folder = write_corpus(4)
    fill(pool, folder)
    (folder / "images" / "mark-0000.png").unlink()
    (folder / "images" / "mark-0001.png").write_bytes(b"\x89PNG something else")
    run(queue, HashExtractor(), on_batch=at_once)
    errors = {letter.file: letter.error for letter in queue.dead_letters()}
    assert set(errors) == {"mark-0000.png", "mark-0001.png"}
    assert "is gone" in errors["mark-0000.png"]
    assert "ingest it again" in errors["mark-0001.png"]


def test_a_worker_that_lost_its_lease_writes_nothing(
    pool: ConnectionPool, connection: psycopg.Connection, queue: WorkStore, write_corpus: Callable[..., Path]
) -> None:
    fill(pool, write_corpus(6))
    written: list[tuple[object, ...]] = []

    def features_written() -> list[tuple[object, ...]]:
        return connection.execute("select mark_id, extracted_at from logosim.mark_features order by mark_id").fetchall()

    class Slow(HashExtractor):
        """Meanwhile the lease ends and another worker finishes the batch."""

        def extract(self, pictures: Sequence[bytes]) -> list[Features | PictureError]:
            connection.execute("update logosim.work set lease_until = now() - interval '1 second'")
            run(queue, HashExtractor())
            written.extend(features_written())
            return super().extract(pictures)

    run(queue, Slow())
    assert written == features_written()
    assert counts(connection) == (6, 6, {})


def test_a_stopped_worker_gives_its_claim_back_uncounted(
    pool: ConnectionPool, connection: psycopg.Connection, queue: WorkStore, write_corpus: Callable[..., Path]
) -> None:
    fill(pool, write_corpus(6))
    stop = threading.Event()

    class StopsAfterClaim(WorkStore):
        def claim(self, worker: str, batch_size: int, lease: timedelta):  # type: ignore[no-untyped-def]
            claim = super().claim(worker, batch_size, lease)
            stop.set()
            return claim

    Worker("w", lambda: Loaded(StopsAfterClaim(pool), HashExtractor()), MEBIBYTE).run(stop)
    assert connection.execute("select distinct state, attempts from logosim.work").fetchall() == [("queued", 0)]


def test_a_long_batch_keeps_its_lease_by_heartbeat(
    pool: ConnectionPool, connection: psycopg.Connection, queue: WorkStore, write_corpus: Callable[..., Path]
) -> None:
    fill(pool, write_corpus(3))

    class Long(HashExtractor):
        def extract(self, pictures: Sequence[bytes]) -> list[Features | PictureError]:
            threading.Event().wait(2.5)
            assert queue.claim("other", 8, timedelta(seconds=1)) is None
            return super().extract(pictures)

    assert run(queue, Long(), lease=timedelta(seconds=1)).finished == 3


def test_a_picture_that_was_away_is_looked_at_when_it_is_back(
    pool: ConnectionPool, connection: psycopg.Connection, queue: WorkStore, write_corpus: Callable[..., Path]
) -> None:
    folder = write_corpus(3)
    fill(pool, folder)
    images, away = folder / "images", folder / "unmounted"
    images.rename(away)

    def mount_after_two_batches(report: WorkReport) -> None:
        if report.batches == 2:
            away.rename(images)
            connection.execute("update logosim.work set not_before = now() + interval '0.5 seconds'")

    report = run(queue, HashExtractor(), on_batch=mount_after_two_batches)  # waits for what is due later
    assert (report.finished, report.failed) == (3, 6)
    assert counts(connection) == (3, 3, {})


def test_a_file_above_the_limit_is_not_read(
    pool: ConnectionPool, connection: psycopg.Connection, queue: WorkStore, write_corpus: Callable[..., Path]
) -> None:
    folder = write_corpus(2)
    fill(pool, folder)
    with (folder / "images" / "mark-0001.png").open("r+b") as file:
        file.truncate(64 * MEBIBYTE)
    run(queue, HashExtractor())
    assert counts(connection) == (1, 1, {"dead": 1})
    (letter,) = queue.dead_letters()
    assert "has 67108864 bytes, the limit is 1048576" in letter.error


def test_a_worker_stores_nothing_once_its_model_is_being_dropped(
    pool: ConnectionPool,
    connection: psycopg.Connection,
    queue: WorkStore,
    registered_model: int,
    write_corpus: Callable[..., Path],
) -> None:
    fill(pool, write_corpus(3))

    class OvertakenByItsEnd(HashExtractor):
        def extract(self, pictures: Sequence[bytes]) -> list[Features | PictureError]:
            connection.execute("select logosim.register_model('next', repeat('1', 64), 256, 7, 64, '{}'::jsonb)")
            connection.execute("select logosim._retire_model(%s::smallint)", (registered_model,))
            return super().extract(pictures)

    with pytest.raises(ModelMismatch) as raised:
        run(queue.for_model(registered_model), OvertakenByItsEnd())
    assert raised.value.exit_code == 5
    assert counts(connection) == (0, 0, {"queued": 6})
    with pytest.raises(ModelMismatch):
        run(queue.for_model(registered_model), HashExtractor())


def test_a_worker_finishes_its_batch_and_follows_a_cut_over(
    pool: ConnectionPool,
    connection: psycopg.Connection,
    queue: WorkStore,
    registered_model: int,
    write_corpus: Callable[..., Path],
) -> None:
    """What was claimed for the former model is stored as its own; the next batch is for the one active by then."""
    fill(pool, write_corpus(12))

    class OvertakenByAModel(HashExtractor):
        def extract(self, pictures: Sequence[bytes]) -> list[Features | PictureError]:
            connection.execute("select logosim.register_model('next', repeat('1', 64), 256, 7, 64, '{}'::jsonb)")
            return super().extract(pictures)

    asked: list[int] = []

    def active() -> Loaded:
        (model_id,) = connection.execute("select model_id from logosim.model where active").fetchone() or (0,)
        asked.append(model_id)
        extractor = OvertakenByAModel() if model_id == registered_model else HashExtractor()
        return Loaded(queue.for_model(model_id), extractor)

    report = Worker("w", active, MEBIBYTE, batch_size=8, idle_wait_s=0.05).run(threading.Event(), until_empty=True)
    assert report.finished == 8 + 12
    assert asked[:2] == [registered_model, registered_model + 1]
    rows = connection.execute("select model_id, count(*) from logosim.mark_features group by 1 order by 1").fetchall()
    assert rows == [(registered_model, 8), (registered_model + 1, 12)]
    rows = connection.execute("select model_id, count(*) from logosim.work group by 1").fetchall()
    assert rows == [(registered_model, 4)]  # the former one can be gone back to


def test_until_empty_does_not_wait_for_work_of_an_inactive_model(
    pool: ConnectionPool, connection: psycopg.Connection, queue: WorkStore, write_corpus: Callable[..., Path]
) -> None:
    fill(pool, write_corpus(3))
    connection.execute("select logosim.register_model('next', repeat('1', 64), 256, 7, 64, '{}'::jsonb)")
    stop = threading.Event()
    limit = threading.Timer(10, stop.set)
    limit.start()
    Worker("w", lambda: Loaded(queue, HashExtractor()), MEBIBYTE, idle_wait_s=0.05).run(stop, until_empty=True)
    limit.cancel()
    assert not stop.is_set()
    assert counts(connection) == (3, 3, {"queued": 3})


class AwayForAWhile(WorkStore):
    """A queue whose database does not answer at first."""

    failures = 2

    def claim(self, worker: str, batch_size: int, lease: timedelta):  # type: ignore[no-untyped-def]
        if self.failures:
            self.failures -= 1
            raise DatabaseUnavailable()
        return super().claim(worker, batch_size, lease)


def test_a_worker_waits_for_a_database_that_is_away(
    pool: ConnectionPool, connection: psycopg.Connection, registered_model: int, write_corpus: Callable[..., Path]
) -> None:
    fill(pool, write_corpus(6))
    stop = threading.Event()
    loaded = Loaded(AwayForAWhile(pool, registered_model), HashExtractor())
    worker = Worker(name="w", model=lambda: loaded, max_picture_bytes=10**6, database_wait_s=0.01)
    report = worker.run(stop, on_batch=lambda so_far: stop.set() if so_far.finished == 6 else None)
    assert report.finished == 6
    assert counts(connection) == (6, 6, {})
    away = Loaded(AwayForAWhile(pool, registered_model), HashExtractor())
    with pytest.raises(DatabaseUnavailable):
        replace(worker, model=lambda: away).run(threading.Event(), until_empty=True)
