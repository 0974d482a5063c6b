"""The queue while others are at it: several workers at once, exchanged pictures, another model, crossing locks."""

from __future__ import annotations

import threading
from typing import Any
from uuid import UUID

import psycopg
import pytest

from logosim.domain.work import Failure
from logosim.errors import LeaseLost, LogosimError, ModelMismatch
from logosim.store.pool import open_pool
from logosim.store.work import WorkStore

from .queued_work import (
    MINUTE,
    Fill,
    activate_another,
    claimed,
    done,
    expire,
    features,
    sha,
    wait_until_blocked,
)


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


def test_a_failure_counts_only_for_the_picture_that_was_claimed(fill: Fill, queue: WorkStore) -> None:
    old, other = fill(1, 2)
    claim = claimed(queue.claim("w", 10, MINUTE))
    fill(1, picture="new")
    queue.fail(claim, [Failure(old.mark_id, "changed", True), Failure(other.mark_id, "damaged", True)])
    assert [letter.mark_id for letter in queue.dead_letters()] == [other.mark_id]
    (item,) = claimed(queue.claim("w", 10, MINUTE)).marks
    assert (item.picture_sha256, item.attempts) == (sha("1new"), 1)


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


def test_work_for_the_former_model_goes_on_after_a_cut_over(
    fill: Fill, queue: WorkStore, connection: psycopg.Connection[Any], registered_model: int
) -> None:
    """One can go back to it: its features are its own, and no search sees them meanwhile."""
    fill(1, 2)
    loaded = queue.for_model(registered_model)
    claim = claimed(loaded.claim("w", 1, MINUTE))
    other = activate_another(connection)
    loaded.finish(claim, done(claim))
    fill(3)
    claim = claimed(loaded.claim("w", 10, MINUTE))
    assert len(claim.marks) == 2
    loaded.finish(claim, done(claim))
    rows = connection.execute("select model_id, count(*) from logosim.mark_features group by 1").fetchall()
    assert rows == [(registered_model, 3)]
    assert queue.for_model(other).pending() == 3


def test_work_ends_when_the_model_is_dropped(
    fill: Fill, queue: WorkStore, connection: psycopg.Connection[Any], registered_model: int
) -> None:
    fill(1, 2)
    loaded = queue.for_model(registered_model)
    claim = claimed(loaded.claim("w", 1, MINUTE))
    activate_another(connection)
    connection.execute("select logosim._retire_model(%s::smallint)", (registered_model,))
    with pytest.raises(ModelMismatch, match="active model is other"):
        loaded.finish(claim, done(claim))
    with pytest.raises(ModelMismatch, match="active model is other"):
        loaded.claim("w", 1, MINUTE)
    connection.execute("select logosim._remove_model(%s::smallint)", (registered_model,))
    with pytest.raises(LeaseLost):
        loaded.finish(claim, done(claim))
    assert connection.execute("select count(*) from logosim.mark_features").fetchone() == (0,)


def test_features_of_one_model_do_not_pass_for_finished_work_of_another(
    fill: Fill, queue: WorkStore, connection: psycopg.Connection[Any], registered_model: int
) -> None:
    fill(1)
    claim = claimed(queue.claim("w", 1, MINUTE))
    queue.finish(claim, done(claim))
    other = queue.for_model(activate_another(connection))
    lost = claimed(other.claim("killed", 1, MINUTE))
    expire(connection)
    claimed(other.claim("next", 1, MINUTE))
    with pytest.raises(LeaseLost):
        other.finish(lost, done(lost))
    assert registered_model  # whose features of this very picture are there


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


def test_a_deadlock_is_tried_again(
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
    fill: Fill, database_url: str, connection: psycopg.Connection[Any], registered_model: int
) -> None:
    thread = threading.Thread(target=fill, args=(1, 2))
    with psycopg.connect(database_url) as activating:
        model_id = activate_another(activating)
        thread.start()
        wait_until_blocked(connection, thread)
    thread.join(10)
    rows = connection.execute("select model_id, count(*) from logosim.work group by 1 order by 1").fetchall()
    assert rows == [(registered_model, 2), (model_id, 2)]  # and for the former one, which one can go back to
