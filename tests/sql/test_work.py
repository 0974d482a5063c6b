"""The queue: leases, retries and dead letters."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import numpy as np
import psycopg
import pytest

from logosim.domain.work import Failure
from logosim.errors import FilterError, LeaseLost, ModelMismatch, NoActiveModel
from logosim.store.marks import MarkStore
from logosim.store.pool import Pool, open_pool
from logosim.store.work import MAX_ATTEMPTS, WorkStore

from .queued_work import MINUTE, Fill, claimed, done, expire, features, make_due


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
    expire(connection)
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


def test_a_dead_letter_that_is_ingested_again_is_tried_again(fill: Fill, queue: WorkStore) -> None:
    (given,) = fill(1)
    queue.fail(claimed(queue.claim("w", 10, MINUTE)), [Failure(given.mark_id, "gone", True)])
    assert queue.claim("w", 10, MINUTE) is None
    fill(1)  # the very same picture
    assert claimed(queue.claim("w", 10, MINUTE)).marks[0].attempts == 1
