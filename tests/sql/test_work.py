"""The queue: leases, retries, dead letters, and several workers at once."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import psycopg
import pytest

from logosim.domain.features import Features
from logosim.domain.mark import Mark, Picture
from logosim.domain.work import Claim, Failure
from logosim.errors import FilterError, LeaseLost, LogosimError, ModelMismatch, NoActiveModel
from logosim.store.ingest import IngestStore
from logosim.store.marks import MarkStore
from logosim.store.pool import Pool, open_pool
from logosim.store.work import MAX_ATTEMPTS, WorkStore

MINUTE = timedelta(minutes=1)
Fill = Callable[..., list[Mark]]


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def mark(number: int, *, picture: str = "", text: str | None = None) -> Mark:
    return Mark("t", f"{number}.png", text, (), None, Picture(f"/{number}.png", sha(f"{number}{picture}"), 10))


def features(sha256: str, *, dimensions: int = 256, grid: int = 7) -> Features:
    draws = np.random.default_rng(int(sha256[:8], 16))
    embedding = draws.standard_normal(dimensions).astype(np.float32)
    patches = draws.integers(-127, 128, (grid, grid, 64)).astype(np.int8)
    return Features(embedding / np.linalg.norm(embedding), patches, None, 256, 128, sha256)


def done(claim: Claim) -> list[tuple[UUID, Features]]:
    return [(item.mark_id, features(item.picture_sha256)) for item in claim.marks]


@pytest.fixture
def fill(pool: Pool, registered_model: int) -> Fill:
    """Take marks in, which queues them."""

    def take_in(*numbers: int, picture: str = "") -> list[Mark]:
        store = IngestStore(pool)
        batch = store.begin("t", "/t")
        marks = [mark(number, picture=picture) for number in numbers]
        store.stage(batch, marks)
        store.merge(batch)
        return marks

    return take_in


@pytest.fixture
def queue(pool: Pool) -> WorkStore:
    return WorkStore(pool)


def expire(connection: psycopg.Connection[Any]) -> None:
    connection.execute("update logosim.work set lease_until = now() - interval '1 second' where state = 'leased'")


def make_due(connection: psycopg.Connection[Any]) -> None:
    connection.execute("update logosim.work set not_before = now()")


def activate_another(connection: psycopg.Connection[Any]) -> int:
    """A model of the same dimensions takes the place of the active one."""
    row = connection.execute(
        "select logosim.register_model('other', repeat('1', 64), 256, 7, 64, '{}'::jsonb)"
    ).fetchone()
    assert row is not None
    return int(row[0])


def wait_until_blocked(connection: psycopg.Connection[Any], thread: threading.Thread) -> None:
    """Until a session of this database waits for a lock, or `thread` has ended without."""
    deadline = time.monotonic() + 10
    while thread.is_alive() and time.monotonic() < deadline:
        row = connection.execute(
            "select exists (select from pg_stat_activity"
            " where datname = current_database() and wait_event_type = 'Lock')"
        ).fetchone()
        if row == (True,):
            return
        time.sleep(0.02)


def claimed(claim: Claim | None) -> Claim:
    assert claim is not None
    return claim


def test_claim_finish_and_what_is_stored(fill: Fill, queue: WorkStore, pool: Pool) -> None:
    (first,) = fill(1)
    claim = claimed(queue.claim("w", 10, MINUTE))
    (item,) = claim.marks
    assert (item.mark_id, item.picture_location, item.attempts) == (first.mark_id, "/1.png", 1)
    assert queue.status() == {"queued": 0, "leased": 1, "dead": 0}
    made = features(item.picture_sha256)
    queue.finish(claim, [(item.mark_id, made)])
    assert queue.status() == {"queued": 0, "leased": 0, "dead": 0}
    stored = MarkStore(pool).get(first.mark_id)
    assert (stored.width, stored.height) == (256, 128)
    assert stored.embedding is not None
    assert stored.patches is not None
    np.testing.assert_allclose(stored.embedding, made.embedding, atol=2e-4)
    np.testing.assert_array_equal(stored.patches, made.patches)


def test_finishing_twice_does_no_harm(fill: Fill, queue: WorkStore, connection: psycopg.Connection[Any]) -> None:
    fill(1, 2, 3)
    claim = claimed(queue.claim("w", 10, MINUTE))
    queue.finish(claim, done(claim))
    before = connection.execute("select * from logosim.mark_features order by mark_id").fetchall()
    queue.finish(claim, done(claim))
    assert connection.execute("select * from logosim.mark_features order by mark_id").fetchall() == before


def test_two_workers_never_share_an_item(fill: Fill, queue: WorkStore, database_url: str) -> None:
    fill(*range(300))
    taken: list[list[UUID]] = [[], [], []]

    def work(mine: list[UUID]) -> None:
        with open_pool(database_url, most=1) as own:
            store = WorkStore(own)
            while claim := store.claim("w", 7, MINUTE):
                mine.extend(item.mark_id for item in claim.marks)
                store.finish(claim, done(claim))

    threads = [threading.Thread(target=work, args=(mine,)) for mine in taken]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    together = [mark_id for mine in taken for mark_id in mine]
    assert len(together) == len(set(together)) == 300
    assert queue.pending() == 0


def test_claims_do_not_wait_for_one_another(fill: Fill, queue: WorkStore, database_url: str) -> None:
    fill(1, 2)
    with psycopg.connect(database_url) as slow:  # its transaction stays open
        slow.execute("select * from logosim.claim_work('slow', 1)")
        other = claimed(queue.claim("quick", 5, MINUTE))
        assert len(other.marks) == 1
        assert queue.claim("quick", 5, MINUTE) is None
        slow.rollback()
    assert len(claimed(queue.claim("quick", 5, MINUTE)).marks) == 1


def test_a_lease_runs_out_and_another_worker_takes_over(
    fill: Fill, queue: WorkStore, connection: psycopg.Connection[Any]
) -> None:
    fill(1, 2)
    lost = claimed(queue.claim("killed", 10, MINUTE))
    assert queue.claim("next", 10, MINUTE) is None
    expire(connection)
    held = claimed(queue.claim("next", 10, MINUTE))
    assert [item.attempts for item in held.marks] == [2, 2]
    assert queue.heartbeat(lost, MINUTE) == 0
    with pytest.raises(LeaseLost, match="2 of 2"):
        queue.finish(lost, done(lost))
    queue.fail(lost, [Failure(item.mark_id, "late", True) for item in lost.marks])
    queue.release(lost)
    assert queue.status() == {"queued": 0, "leased": 2, "dead": 0}  # what the loser says counts for nothing
    queue.finish(held, done(held))
    queue.finish(lost, done(lost))  # by now another has done it: nothing is lost, nothing stored twice
    assert connection.execute("select count(*) from logosim.mark_features").fetchone() == (2,)


def test_an_expired_lease_nobody_took_can_still_be_finished(
    fill: Fill, queue: WorkStore, connection: psycopg.Connection[Any]
) -> None:
    fill(1)
    claim = claimed(queue.claim("slow", 10, MINUTE))
    expire(connection)
    queue.finish(claim, done(claim))
    assert queue.pending() == 0


def test_heartbeat_extends_the_lease(fill: Fill, queue: WorkStore, connection: psycopg.Connection[Any]) -> None:
    fill(1, 2)
    claim = claimed(queue.claim("w", 10, MINUTE))
    assert queue.heartbeat(claim, timedelta(hours=1)) == 2
    row = connection.execute("select min(lease_until) > now() + interval '50 minutes' from logosim.work").fetchone()
    assert row == (True,)


def test_a_lost_lease_stores_nothing_of_its_batch(
    fill: Fill, queue: WorkStore, connection: psycopg.Connection[Any]
) -> None:
    marks = fill(1, 2, 3)
    claim = claimed(queue.claim("w", 10, MINUTE))
    connection.execute(
        "update logosim.work set lease_token = gen_random_uuid() where mark_id = %s", (marks[0].mark_id,)
    )
    with pytest.raises(LeaseLost, match="1 of 3"):
        queue.finish(claim, done(claim))
    assert connection.execute("select count(*) from logosim.mark_features").fetchone() == (0,)
    assert queue.pending() == 3


def test_what_was_tried_twice_goes_alone(fill: Fill, queue: WorkStore, connection: psycopg.Connection[Any]) -> None:
    """A picture that kills its workers ends among the dead letters, and takes no neighbour along."""
    marks = fill(*range(6))
    poison = marks[3].mark_id
    rounds = 0
    while claim := queue.claim("w", 4, MINUTE):
        rounds += 1
        assert rounds < 40
        ids = {item.mark_id for item in claim.marks}
        if any(item.attempts > 2 for item in claim.marks):
            assert len(claim.marks) == 1
        if poison in ids:
            expire(connection)  # the worker died with the whole batch
        else:
            queue.finish(claim, done(claim))
    (dead,) = queue.dead_letters()
    assert dead.file == "3.png"
    assert dead.attempts == MAX_ATTEMPTS
    assert "lease ran out" in dead.error
    assert connection.execute("select count(*) from logosim.mark_features").fetchone() == (5,)


def test_failures_are_retried_then_set_aside(fill: Fill, queue: WorkStore, connection: psycopg.Connection[Any]) -> None:
    fill(1, 2)
    claim = claimed(queue.claim("w", 10, MINUTE))
    hopeless, unlucky = (item.mark_id for item in claim.marks)
    queue.fail(claim, [Failure(hopeless, "no picture", True), Failure(unlucky, "disk\x00 gone", False)])
    assert queue.status() == {"queued": 1, "leased": 0, "dead": 1}
    for _ in range(MAX_ATTEMPTS - 1):
        make_due(connection)
        claim = claimed(queue.claim("w", 10, MINUTE))
        queue.fail(claim, [Failure(unlucky, "disk gone", False)])
    make_due(connection)
    assert queue.claim("w", 10, MINUTE) is None
    assert {(letter.mark_id, letter.error) for letter in queue.dead_letters()} == {
        (hopeless, "no picture"),
        (unlucky, "disk gone"),
    }
    assert queue.retry_dead() == 2
    assert queue.status() == {"queued": 2, "leased": 0, "dead": 0}
    assert [item.attempts for item in claimed(queue.claim("w", 10, MINUTE)).marks] == [1, 1]


def test_release_does_not_count_as_an_attempt(fill: Fill, queue: WorkStore) -> None:
    fill(1)
    for _ in range(MAX_ATTEMPTS + 2):
        queue.release(claimed(queue.claim("w", 10, MINUTE)))
    assert claimed(queue.claim("w", 10, MINUTE)).marks[0].attempts == 1


def test_a_picture_exchanged_while_it_was_worked_on_is_queued_again(
    fill: Fill, queue: WorkStore, connection: psycopg.Connection[Any]
) -> None:
    fill(1, 2)
    claim = claimed(queue.claim("w", 10, MINUTE))
    fill(1, picture="new")
    queue.finish(claim, done(claim))
    assert queue.status() == {"queued": 1, "leased": 0, "dead": 0}
    again = claimed(queue.claim("w", 10, MINUTE))
    assert again.marks[0].picture_sha256 == sha("1new")
    queue.finish(again, done(again))
    row = connection.execute(
        "select count(*), bool_and(f.picture_sha256 = m.picture_sha256)"
        " from logosim.mark_features f join logosim.mark m using (mark_id)"
    ).fetchone()
    assert row == (2, True)


def test_features_of_another_model_are_refused(fill: Fill, queue: WorkStore) -> None:
    fill(1)
    claim = claimed(queue.claim("w", 10, MINUTE))
    (item,) = claim.marks
    with pytest.raises(ModelMismatch, match="256 dimensions"):
        queue.finish(claim, [(item.mark_id, features(item.picture_sha256, dimensions=128))])
    with pytest.raises(ModelMismatch, match="7 x 7 x 64"):
        queue.finish(claim, [(item.mark_id, features(item.picture_sha256, grid=6))])
    assert queue.pending() == 1


def test_nothing_to_claim_and_bad_arguments(queue: WorkStore, connection: psycopg.Connection[Any]) -> None:
    with pytest.raises(NoActiveModel):
        queue.claim("w", 10, MINUTE)
    connection.execute("select logosim.register_model('m', repeat('0', 64), 256, 7, 64, '{}'::jsonb)")
    assert queue.claim("w", 10, MINUTE) is None
    with pytest.raises(FilterError):
        queue.claim("w", 0, MINUTE)
    with pytest.raises(psycopg.Error, match="differ in length") as raised:
        connection.execute(
            "select logosim.finish_work(%s, %s::uuid[], '{}', '{}', '{}', '{}', '{}')", (uuid4(), [uuid4()])
        )
    assert raised.value.sqlstate == "LS006"


def test_the_worker_role_suffices(fill: Fill, database_url: str) -> None:
    fill(1, 2)
    with open_pool(database_url, role="logosim_worker") as own:
        store = WorkStore(own)
        claim = claimed(store.claim("w", 1, MINUTE))
        assert store.heartbeat(claim, MINUTE) == 1
        store.finish(claim, done(claim))
        claim = claimed(store.claim("w", 1, MINUTE))
        store.fail(claim, [Failure(claim.marks[0].mark_id, "x", True)])
        assert len(store.dead_letters()) == 1
        assert store.retry_dead() == 1
        store.release(claimed(store.claim("w", 1, MINUTE)))
        assert store.status() == {"queued": 1, "leased": 0, "dead": 0}


def test_queue_health(fill: Fill, queue: WorkStore, connection: psycopg.Connection[Any]) -> None:
    fill(*range(5))
    queue.claim("lost", 1, MINUTE)
    connection.execute("update logosim.work set lease_until = now() - interval '1 second' where state = 'leased'")
    connection.execute(
        "update logosim.work"
        " set state = 'leased', lease_token = gen_random_uuid(), lease_until = now() + interval '1 hour'"
        " where mark_id in (select mark_id from logosim.work where state = 'queued' limit 2)"
    )
    row = connection.execute("select model, active, queued, leased, expired, dead from logosim.queue_health").fetchone()
    assert row == ("test-model", True, 2, 2, 1, 0)


def test_retries_wait_longer_and_longer(fill: Fill, queue: WorkStore, connection: psycopg.Connection[Any]) -> None:
    (given,) = fill(1)
    for failures in range(1, MAX_ATTEMPTS):
        make_due(connection)
        queue.fail(claimed(queue.claim("w", 10, MINUTE)), [Failure(given.mark_id, "drive away", False)])
        row = connection.execute("select not_before - updated_at from logosim.work").fetchone()
        assert row is not None
        assert row[0] == {1: timedelta(0), 2: timedelta(seconds=5), 3: timedelta(seconds=30), 4: 2 * MINUTE}[failures]
    assert queue.claim("w", 10, MINUTE) is None  # not due
    assert queue.pending() == 1  # and yet to be done
    make_due(connection)
    assert claimed(queue.claim("w", 10, MINUTE)).marks[0].attempts == MAX_ATTEMPTS


def test_a_failure_counts_only_for_the_picture_that_was_claimed(fill: Fill, queue: WorkStore) -> None:
    old, other = fill(1, 2)
    claim = claimed(queue.claim("w", 10, MINUTE))
    fill(1, picture="new")
    queue.fail(claim, [Failure(old.mark_id, "changed", True), Failure(other.mark_id, "damaged", True)])
    assert [letter.mark_id for letter in queue.dead_letters()] == [other.mark_id]
    (item,) = claimed(queue.claim("w", 10, MINUTE)).marks
    assert (item.picture_sha256, item.attempts) == (sha("1new"), 1)


def test_a_dead_letter_that_is_ingested_again_is_tried_again(fill: Fill, queue: WorkStore) -> None:
    (given,) = fill(1)
    queue.fail(claimed(queue.claim("w", 10, MINUTE)), [Failure(given.mark_id, "gone", True)])
    assert queue.claim("w", 10, MINUTE) is None
    fill(1)  # the very same picture
    assert claimed(queue.claim("w", 10, MINUTE)).marks[0].attempts == 1


def test_a_model_activated_meanwhile_ends_the_work_for_the_old_one(
    fill: Fill, queue: WorkStore, connection: psycopg.Connection[Any], registered_model: int
) -> None:
    fill(1, 2)
    loaded = queue.for_model(registered_model)
    claim = claimed(loaded.claim("w", 1, MINUTE))
    activate_another(connection)
    with pytest.raises(ModelMismatch, match="active model is other"):
        loaded.finish(claim, done(claim))
    with pytest.raises(ModelMismatch, match="active model is other"):
        loaded.claim("w", 1, MINUTE)
    assert connection.execute("select count(*) from logosim.mark_features").fetchone() == (0,)


def test_a_worker_cannot_finish_what_was_claimed_for_another_model(
    fill: Fill, queue: WorkStore, connection: psycopg.Connection[Any], registered_model: int
) -> None:
    fill(1)
    activate_another(connection)
    claim = claimed(queue.claim("w", 1, MINUTE))
    with pytest.raises(ModelMismatch, match="claimed for model other"):
        queue.for_model(registered_model).finish(claim, done(claim))
    assert connection.execute("select count(*) from logosim.mark_features").fetchone() == (0,)


def test_work_of_an_inactive_model_is_not_pending(
    fill: Fill, queue: WorkStore, connection: psycopg.Connection[Any], registered_model: int
) -> None:
    fill(1, 2)
    activate_another(connection)
    assert queue.status()["queued"] == 4
    assert queue.pending() == 2
    claim = claimed(queue.claim("w", 10, MINUTE))
    queue.finish(claim, done(claim))
    assert queue.claim("w", 10, MINUTE) is None
    assert (queue.pending(), queue.for_model(registered_model).pending()) == (0, 2)


@pytest.mark.parametrize("ends", ["finish", "fail"])
def test_marks_are_locked_before_their_work(
    ends: str, fill: Fill, queue: WorkStore, database_url: str, connection: psycopg.Connection[Any]
) -> None:
    """As merge_marks does: whoever locks the other way round waits in a circle with it."""
    (given,) = fill(1)
    claim = claimed(queue.claim("w", 10, MINUTE))

    def end() -> None:
        if ends == "finish":
            queue.finish(claim, done(claim))
        else:
            queue.fail(claim, [Failure(given.mark_id, "x", True)])

    thread = threading.Thread(target=end)
    with psycopg.connect(database_url) as merging:
        merging.execute("select from logosim.mark for no key update")
        thread.start()
        wait_until_blocked(connection, thread)
        assert thread.is_alive()
        merging.execute("select from logosim.work for update nowait")
    thread.join(10)
    assert queue.pending() == 0


def test_a_deadlock_is_tried_once_more(
    fill: Fill, queue: WorkStore, database_url: str, connection: psycopg.Connection[Any]
) -> None:
    fill(1)
    claim = claimed(queue.claim("w", 10, MINUTE))
    errors: list[Exception] = []

    def end() -> None:
        try:
            queue.finish(claim, done(claim))
        except LogosimError as error:
            errors.append(error)

    thread = threading.Thread(target=end)
    with psycopg.connect(database_url) as wrong_way:
        wrong_way.execute("set deadlock_timeout = '1 min'")  # so that it is the other one that is broken off
        wrong_way.execute("select from logosim.work for update")
        thread.start()
        wait_until_blocked(connection, thread)
        wrong_way.execute("select from logosim.mark for update")
    thread.join(10)
    assert errors == []
    assert queue.pending() == 0
    row = connection.execute("select count(*) from logosim.mark_features").fetchone()
    assert row == (1,)


def test_marks_taken_in_while_a_model_is_activated_are_queued_for_it(
    fill: Fill, database_url: str, connection: psycopg.Connection[Any]
) -> None:
    thread = threading.Thread(target=fill, args=(1, 2))
    with psycopg.connect(database_url) as activating:
        model_id = activate_another(activating)
        thread.start()
        wait_until_blocked(connection, thread)
    thread.join(10)
    rows = connection.execute("select model_id, count(*) from logosim.work group by model_id").fetchall()
    assert rows == [(model_id, 2)]


def test_what_was_seen_in_the_old_picture_is_forgotten(
    fill: Fill, queue: WorkStore, connection: psycopg.Connection[Any]
) -> None:
    _, other = fill(1, 2)
    claim = claimed(queue.claim("w", 10, MINUTE))
    queue.finish(claim, done(claim))
    fill(1, picture="new")
    fill(2)
    assert connection.execute("select mark_id from logosim.mark_features").fetchall() == [(other.mark_id,)]
    assert queue.status() == {"queued": 1, "leased": 0, "dead": 0}


def test_features_stored_while_a_new_picture_is_taken_in_are_forgotten(
    fill: Fill, queue: WorkStore, database_url: str, connection: psycopg.Connection[Any]
) -> None:
    (given,) = fill(1)
    claim = claimed(queue.claim("w", 10, MINUTE))
    made = features(given.picture.sha256)
    thread = threading.Thread(target=fill, args=(1,), kwargs={"picture": "new"})
    with psycopg.connect(database_url) as finishing:
        finishing.execute(
            "select logosim.finish_work(%s, %s::uuid[], array[%s::halfvec], %s::bytea[], '{9}', '{9}', %s::text[])",
            (
                claim.lease_token,
                [given.mark_id],
                str(made.embedding.tolist()),
                [made.patches.tobytes()],
                [given.picture.sha256],
            ),
        )
        thread.start()
        wait_until_blocked(connection, thread)
    thread.join(10)
    assert connection.execute("select count(*) from logosim.mark_features").fetchone() == (0,)
    assert queue.status() == {"queued": 1, "leased": 0, "dead": 0}
