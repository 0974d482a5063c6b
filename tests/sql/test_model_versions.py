"""Several models side by side: backfill, index, cut-over, going back, dropping, each broken off and begun again."""

from __future__ import annotations

import threading
from typing import Any

import psycopg
import pytest

from logosim.domain.query import Filter, Query
from logosim.errors import FilterError, LeaseLost, ModelNotReady, PrivilegeMissing
from logosim.store import model_versions
from logosim.store.model_indexes import ModelIndexStore
from logosim.store.model_versions import ModelVersionStore
from logosim.store.pool import Pool, open_pool
from logosim.store.query_pictures import QueryPictureStore
from logosim.store.search import SearchStore
from logosim.store.work import WorkStore

from .queued_work import MINUTE, Fill, claimed, done, features, wait_until_blocked
from .test_query_pictures import asked
from .two_models import INDEX, waiting, work_off


# Backfill -----------------------------------------------------------------------------------------------------------
def test_from_registration_to_cut_over_and_back(
    fill: Fill,
    queue: WorkStore,
    versions: ModelVersionStore,
    indexes: ModelIndexStore,
    registered_model: int,
    second: int,
) -> None:
    fill(*range(6))
    work_off(queue, registered_model)

    def state(model_id: int) -> tuple[str, int, int, bool]:
        found = versions.state(model_id)
        return found.state, found.seen, found.waiting, found.is_indexed

    assert state(registered_model) == ("active", 6, 0, True)
    assert state(second) == ("registered", 0, 0, False)
    with pytest.raises(ModelNotReady, match="6 marks have no features of it and its index is not there") as caught:
        versions.activate(second)
    assert "logosim models backfill second" in str(caught.value.hint)

    assert versions.queue_missing(second) == 6
    assert state(second) == ("backfilling", 0, 6, False)
    assert work_off(queue, second) == 6
    with pytest.raises(ModelNotReady, match="not ready: its index is not there"):
        versions.activate(second)
    assert indexes.make(second) == 4
    assert state(second) == ("ready", 6, 0, True)

    assert versions.activate(second) == "test-model"
    assert (state(registered_model)[0], state(second)[0]) == ("ready", "active")
    assert versions.activate(second) == "second"  # it is already

    fill(6)
    assert state(registered_model) == ("backfilling", 6, 1, True)
    with pytest.raises(ModelNotReady, match="1 mark has no features of it"):
        versions.activate(registered_model)
    assert work_off(queue, registered_model) == 1
    assert versions.activate(registered_model) == "second"


def test_marks_taken_in_during_a_backfill_are_queued_for_both(
    fill: Fill,
    queue: WorkStore,
    versions: ModelVersionStore,
    connection: psycopg.Connection[Any],
    registered_model: int,
    second: int,
) -> None:
    fill(1, 2)
    assert waiting(connection) == {registered_model: 2}
    versions.queue_missing(second)
    fill(3)
    assert waiting(connection) == {registered_model: 3, second: 3}
    row = connection.execute("select queued_count from logosim.ingest_batch order by batch_id desc limit 1").fetchone()
    assert row == (1,)  # a mark, not its two entries
    work_off(queue, second)
    work_off(queue, registered_model)
    fill(1, picture="new")
    assert waiting(connection) == {registered_model: 1, second: 1}
    rows = connection.execute("select model_id, count(*) from logosim.mark_features group by 1 order by 1").fetchall()
    assert rows == [(registered_model, 2), (second, 2)]  # nobody has the old picture any more


def test_a_backfill_in_chunks_queues_what_one_statement_would(
    fill: Fill,
    versions: ModelVersionStore,
    queue: WorkStore,
    connection: psycopg.Connection[Any],
    second: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Twin: logosim.queue_missing, which looks at all marks at once. Broken off after a chunk, it goes on."""
    fill(*range(11))
    monkeypatch.setattr(model_versions, "_CHUNK", 3)

    def broken_off(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        versions.queue_missing(second, broken_off)
    assert queue.for_model(second).pending() == 3
    claim = claimed(queue.for_model(second).claim("w", 2, MINUTE))
    queue.for_model(second).finish(claim, done(claim))
    looked_at: list[int] = []
    assert versions.queue_missing(second, looked_at.append) == 8
    assert looked_at == [3, 3, 3, 2]
    in_chunks = connection.execute("select mark_id from logosim.work where model_id = %s", (second,)).fetchall()
    connection.execute("delete from logosim.work where model_id = %s", (second,))
    connection.execute("select logosim.queue_missing(%s::smallint)", (second,))
    at_once = connection.execute("select mark_id from logosim.work where model_id = %s", (second,)).fetchall()
    assert sorted(in_chunks) == sorted(at_once)
    assert len(at_once) == 9
    assert versions.queue_missing(second) == 0


def test_a_backfill_waits_for_the_batch_that_is_being_taken_in(
    fill: Fill, versions: ModelVersionStore, database_url: str, connection: psycopg.Connection[Any], second: int
) -> None:
    """Its marks could be missed otherwise: not yet to be seen, and queued by a batch that knew of no backfill."""
    fill(1)
    thread = threading.Thread(target=versions.queue_missing, args=(second,))
    with psycopg.connect(database_url) as taking_in:
        taking_in.execute("select pg_advisory_xact_lock_shared(hashtext('logosim.register_model'))")
        thread.start()
        wait_until_blocked(connection, thread)
        assert thread.is_alive()
    thread.join(10)
    assert waiting(connection)[second] == 1


def test_pictures_given_up_do_not_hold_up_a_cut_over_unless_the_active_model_has_seen_them(
    fill: Fill,
    queue: WorkStore,
    versions: ModelVersionStore,
    indexes: ModelIndexStore,
    connection: psycopg.Connection[Any],
    registered_model: int,
    second: int,
) -> None:
    fill(1, 2)
    claim = claimed(queue.claim("w", 2, MINUTE))
    queue.finish(claim, done(claim)[:1])
    versions.queue_missing(second)
    work_off(queue, second)
    indexes.make(second)
    seen, other = (item.mark_id for item in claim.marks)

    def give_up(mark_id: Any) -> None:
        connection.execute("delete from logosim.mark_features where model_id = %s and mark_id = %s", (second, mark_id))
        connection.execute(
            "insert into logosim.work (mark_id, model_id, state) values (%s, %s, 'dead')", (mark_id, second)
        )

    give_up(other)
    assert versions.state(second).state == "ready"
    give_up(seen)
    assert versions.state(second).state == "backfilling"
    with pytest.raises(ModelNotReady, match="1 mark has no features of it"):
        versions.activate(second)
    assert versions.activate(second, force=True) == "test-model"


def test_force_goes_over_at_once_and_queues_what_is_missing(
    fill: Fill, versions: ModelVersionStore, connection: psycopg.Connection[Any], second: int
) -> None:
    fill(1, 2)
    versions.activate(second, force=True)
    assert waiting(connection)[second] == 2
    assert versions.state(second).state == "active"


def test_what_waits_for_another_model_does_not_make_an_answer_incomplete(
    fill: Fill, queue: WorkStore, versions: ModelVersionStore, pool: Pool, registered_model: int, second: int
) -> None:
    fill(1, 2)
    work_off(queue, registered_model)
    versions.queue_missing(second)
    for year in (None, 1999):  # something is found, or nothing
        query = Query(features("0" * 64), None, (), Filter(year_from=year))
        assert SearchStore(pool).candidates(query).complete
    fill(3)
    assert not SearchStore(pool).candidates(Query(features("0" * 64), None, (), Filter(year_from=1999))).complete


def test_only_the_owner_goes_over(database_url: str, second: int) -> None:
    with open_pool(database_url, role="logosim_worker") as pool:
        for call in (
            lambda: ModelVersionStore(pool).activate(second, force=True),
            lambda: ModelVersionStore(pool).queue_missing(second),
            lambda: ModelVersionStore(pool).retire(second),
            lambda: ModelIndexStore(pool).make(second),
        ):
            with pytest.raises(PrivilegeMissing):
                call()
        assert [state.name for state in ModelVersionStore(pool).states()] == ["test-model", "second"]


def test_an_unknown_model_is_refused(versions: ModelVersionStore) -> None:
    for call in (versions.activate, versions.retire, versions.queue_missing, versions.forget):
        with pytest.raises(FilterError, match="There is no model 77"):
            call(77)
    assert ModelIndexStore(versions._pool).make(77) == 0


# Dropping ------------------------------------------------------------------------------------------------------------
def remains(connection: psycopg.Connection[Any], model_id: int) -> list[str]:
    """Tables that still have rows of a model, and its index."""
    count = "select count(*) from logosim.{} where model_id = %s"
    found = [
        table
        for table in ("model", "mark_features", "work", "query_picture")
        if connection.execute(count.format(table).encode(), (model_id,)).fetchone() != (0,)
    ]
    row = connection.execute("select to_regclass(%s)", (f"logosim.{INDEX.format(model_id)}",)).fetchone()
    return found + (["index"] if row and row[0] else [])


def test_dropping_a_model_goes_on_where_it_was_and_can_be_thought_better_of(
    fill: Fill,
    queue: WorkStore,
    versions: ModelVersionStore,
    indexes: ModelIndexStore,
    pool: Pool,
    connection: psycopg.Connection[Any],
    registered_model: int,
    second: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fill(*range(8))
    work_off(queue, registered_model)
    versions.queue_missing(second)
    work_off(queue, second)
    indexes.make(second)
    versions.activate(second)
    QueryPictureStore(pool).remember(asked())
    with pytest.raises(FilterError, match="second is the active one"):
        versions.retire(second)
    versions.activate(registered_model)
    fill(8, 9)
    lost = claimed(queue.for_model(second).claim("w", 1, MINUTE))
    assert remains(connection, second) == ["model", "mark_features", "work", "query_picture", "index"]

    monkeypatch.setattr(model_versions, "_FEATURES", 3)
    versions.retire(second)
    fill(10)
    assert waiting(connection) == {registered_model: 3, second: 2}  # nothing more is queued for it
    indexes.drop(second)

    def broken_off(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        versions.forget(second, broken_off)
    assert remains(connection, second) == ["model", "mark_features"]
    with pytest.raises(LeaseLost):
        queue.for_model(second).finish(lost, done(lost))

    assert versions.queue_missing(second) == 6  # thought better of it: three were deleted, three are new
    with pytest.raises(FilterError, match="A backfill of model second has begun meanwhile"):
        versions.forget(second)
    work_off(queue, second)
    work_off(queue, registered_model)
    indexes.make(second)
    assert versions.state(second).state == "ready"

    versions.retire(second)
    indexes.drop(second)
    deleted: list[int] = []
    assert versions.forget(second, deleted.append) == 11
    assert deleted == [3, 3, 3, 2]
    assert remains(connection, second) == []
    assert versions.state(registered_model).seen == 11
