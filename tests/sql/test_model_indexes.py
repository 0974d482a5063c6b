"""Indexes of a model: made once, beside running work, and made anew where their making was broken off."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from logosim.errors import ModelNotReady
from logosim.store.model_indexes import IndexProgress, ModelIndexStore
from logosim.store.model_versions import ModelVersionStore
from logosim.store.pool import open_pool
from logosim.store.work import WorkStore

from .queued_work import Fill
from .two_models import INDEX, work_off


def is_used(connection: psycopg.Connection[Any], model_id: int) -> bool:
    connection.execute("set enable_seqscan = off; set enable_sort = off")
    query = """
        explain select mark_id from logosim.mark_look
          where model_id = {} and mark_id < '80000000-0000-0000-0000-000000000000'
          order by embedding::halfvec(256) <=> array_fill(0.1, array[256])::halfvec(256) limit 5
        """
    plan = connection.execute(query.format(model_id).encode()).fetchall()
    return any(INDEX.format(model_id) in line for (line,) in plan)


def test_a_category_that_has_become_frequent_gets_an_index(
    fill: Fill, queue: WorkStore, connection: psycopg.Connection[Any], database_url: str, registered_model: int
) -> None:
    fill(1, 2, 3)
    work_off(queue, registered_model)
    connection.execute("update logosim.mark set vienna_codes = '{27.05.01,26.04}' where file <> '3.png'")
    connection.execute("update logosim.mark set vienna_codes = '{27.05.02}' where file = '3.png'")
    names = "select array_agg(indexname::text order by 1) from pg_indexes where indexname like 'mark_look_category%%'"
    with open_pool(f"{database_url} options='-c logosim.category_rows=3'") as pool:
        indexes = ModelIndexStore(pool)
        assert indexes.lacking(registered_model) == 2  # its two parts
        assert indexes.make(registered_model) == 2
        assert indexes.lacking(registered_model) == 0
        made = [f"mark_look_category_{registered_model}_127_{part}" for part in (1, 2)]
        assert connection.execute(names).fetchone() == (made,)
        purpose = connection.execute(f"select obj_description('logosim.{made[0]}'::regclass)".encode()).fetchone()
        assert purpose is not None
        assert purpose[0].startswith("Nearest embeddings of category 27, part 1, of model ")
        connection.execute("update logosim.mark set vienna_codes = '{26.04}'")
        assert indexes.lacking(registered_model) == 2  # those of 26; the other one stays
        connection.execute("select logosim._drop_model_indexes(%s::smallint)", (registered_model,))
        assert connection.execute(names).fetchone() == (None,)


def test_an_index_that_was_broken_off_is_made_anew(
    fill: Fill,
    queue: WorkStore,
    versions: ModelVersionStore,
    indexes: ModelIndexStore,
    connection: psycopg.Connection[Any],
    registered_model: int,
    second: int,
) -> None:
    fill(1, 2, 3)
    work_off(queue, registered_model)
    versions.queue_missing(second)
    work_off(queue, second)
    assert indexes.make(second) == 4
    assert is_used(connection, second)
    assert indexes.make(second) == 0
    row = connection.execute(
        "select obj_description(%s::regclass, 'pg_class')", (f"logosim.{INDEX.format(second)}",)
    ).fetchone()
    assert row == ("Nearest embeddings, part 1, of model second",)
    connection.execute(
        "update pg_index set indisvalid = false where indexrelid = %s::regclass", (f"logosim.{INDEX.format(second)}",)
    )
    assert not versions.state(second).is_indexed
    with pytest.raises(ModelNotReady, match="its index is not there"):
        versions.activate(second)
    assert indexes.make(second) == 1
    assert versions.state(second).state == "ready"
    indexes.drop(second)
    assert not versions.state(second).is_indexed
    indexes.drop(second)  # what is gone is gone
    connection.execute("select logosim._make_model_indexes(%s::smallint)", (second,))  # the plain twin
    assert is_used(connection, second)
    connection.execute("select logosim._drop_model_indexes(%s::smallint)", (second,))
    assert not versions.state(second).is_indexed


def test_an_index_is_made_once_tells_how_far_it_is_and_holds_up_no_writing(
    fill: Fill,
    queue: WorkStore,
    versions: ModelVersionStore,
    indexes: ModelIndexStore,
    database_url: str,
    registered_model: int,
    second: int,
) -> None:
    fill(1, 2)
    versions.queue_missing(second)
    work_off(queue, second)
    phases: list[list[IndexProgress]] = [[], []]
    made: list[int] = []

    def make(told: list[IndexProgress]) -> None:
        made.append(indexes.make(second, told.append))

    def until(met: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 20
        while not met() and time.monotonic() < deadline:
            time.sleep(0.02)
        assert met()

    threads = [threading.Thread(target=make, args=(told,)) for told in phases]
    with psycopg.connect(database_url) as writing:  # it has written and is not over: the index waits for it
        writing.execute("update logosim.mark_features set extracted_at = now()")
        threads[0].start()
        until(lambda: bool(phases[0]))
        threads[1].start()
        until(lambda: bool(phases[1]))  # the second waits, and tells how far the first is
        fill(3)
        work_off(queue, registered_model)
        work_off(queue, second)
    for thread in threads:
        thread.join(30)
    assert sorted(made) == [0, 4]
    assert {told.phase for told in phases[0]} >= {"waiting for writers before build"}
    assert versions.state(second).state == "ready"
    assert versions.state(second).seen == 3
