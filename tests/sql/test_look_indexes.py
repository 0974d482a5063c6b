"""Which indexes searches by look follow, and how many processes follow them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from pgvector import HalfVector
from pgvector.psycopg import register_vector

from logosim.domain.query import Filter
from logosim.store.measuring import LookMeasurement
from logosim.store.pool import open_pool

from .look_twin import MARKS, QUERIES, RECALL, WANTED, Stored, ask, by_index


@pytest.fixture
def divided(stored: Stored) -> Iterator[psycopg.Connection[Any]]:
    """A connection to marks whose frequent categories have vector indexes of their own, until it ends."""
    with psycopg.connect(stored.url) as connection:
        register_vector(connection)
        connection.execute("set logosim.category_rows = 2000")
        wanted = connection.execute(
            """
            select i.index_name, replace(i.create_statement, ' concurrently', '')
              from logosim._model_indexes(%(model)s::smallint, logosim._frequent_categories(%(model)s::smallint)) i
             where not i.is_needed and i.state = 'missing'
            """,
            {"model": stored.model_id},
        ).fetchall()
        carried = Counter(key for of in stored.carried for key in of if len(key) == 2)
        assert {name for name, _ in wanted} == {
            f"mark_look_category_{stored.model_id}_1{key}_{part}"
            for key, count in carried.items()
            if count >= MARKS / 10
            for part in (1, 2)
        }
        assert len(wanted) > 4
        for _, statement in wanted:
            connection.execute(statement)
        by_index(connection)
        yield connection
        connection.rollback()


def test_a_frequent_category_is_searched_by_an_index_of_its_own(
    stored: Stored, divided: psycopg.Connection[Any]
) -> None:
    plans: list[str] = []
    divided.add_notice_handler(lambda notice: plans.append(notice.message_primary or ""))
    divided.execute("load 'auto_explain'; set auto_explain.log_min_duration = 0; set client_min_messages = log")
    divided.execute("set auto_explain.log_nested_statements = on; set logosim.second_process = off")
    own, other = f"mark_look_category_{stored.model_id}_1", f"mark_look_embedding_{stored.model_id}"
    rarest = min(("27", "29"), key=lambda key: sum(key in of for of in stored.carried))
    for wanted, index in (
        (Filter(vienna_any=("27.05",)), own + "27"),
        (Filter(vienna_any=("27.05.01", "27.05.02")), own + "27"),
        (Filter(vienna_any=("27.05",), year_from=2005, vienna_none=("29.01",)), own + "27"),
        (Filter(vienna_all=("27.05", "29.01")), own + rarest),
        (Filter(vienna_any=("01", "02.01", "29.01.01"), vienna_all=("27.05.01",)), own + "27"),
        (Filter(vienna_any=("27.05", "29.01")), other),  # some pass that are not in the one, some not in the other
        (Filter(vienna_any=("27", "27.05.01")), own + "27"),
        (Filter(vienna_none=("27.05",)), other),
    ):
        passing = stored.passing(wanted)
        found = wanted_in_all = 0
        for query in range(QUERIES):
            plans.clear()
            true = stored.nearest(query, passing)
            rows = ask(divided, stored.queries[query], wanted)
            assert {row[1] for row in rows} == {"hnsw"}
            assert len({row[0] for row in rows}) == len(true)
            assert all(any(f"Index Scan using {index}_{part} " in plan for plan in plans) for part in (1, 2))
            found += len(set(true) & {row[0] for row in rows})
            wanted_in_all += len(true)
        assert found >= RECALL * wanted_in_all, wanted


def test_an_index_of_a_category_is_not_needed(stored: Stored, divided: psycopg.Connection[Any]) -> None:
    """A model is ready without them, whatever became of their making, and searches go another way."""
    divided.execute(
        "update pg_index set indisvalid = false where indexrelid::regclass::text like '%%mark_look_category_%%'"
    )
    row = divided.execute(
        """
        select logosim._model_is_indexed(%(model)s::smallint)
             , logosim._category_indexed(%(model)s::smallint, '{127,12705}', null)
             , (select array_agg(distinct i.state)
                  from logosim._model_indexes(%(model)s::smallint) i
                 where not i.is_needed)
        """,
        {"model": stored.model_id},
    ).fetchone()
    assert row == (True, None, ["invalid"])
    wanted = Filter(vienna_any=("27.05",))
    rows = ask(divided, stored.queries[0], wanted)
    assert len(set(stored.nearest(0, stored.passing(wanted))) & {row[0] for row in rows}) >= RECALL * WANTED


def test_which_indexes_are_used(stored: Stored, stored_connection: psycopg.Connection[Any]) -> None:
    """The plans that are really run: no join where all are compared; the vector index in its order."""
    plans: list[str] = []
    stored_connection.add_notice_handler(lambda notice: plans.append(notice.message_primary or ""))
    stored_connection.execute("load 'auto_explain'")
    stored_connection.execute("set auto_explain.log_min_duration = 0; set auto_explain.log_nested_statements = on")
    stored_connection.execute("set client_min_messages = log")
    hundredth = Filter(vienna_any=(stored.key_near(0.01),))
    ask(stored_connection, stored.queries[0], hundredth)
    (compared,) = [plan for plan in plans if "with passing as materialized" in plan and "l.embedding" in plan]
    assert f"Bitmap Index Scan on mark_look_vienna_{stored.model_id}" in compared
    assert not any(joined in compared for joined in ("Join", "Nested Loop", "mark_features"))

    plans.clear()
    ask(stored_connection, stored.queries[0], Filter(sources=("synthetic-office",), has_text=False))
    assert any(f"mark_look_facts_{stored.model_id}" in plan for plan in plans)

    plans.clear()
    by_index(stored_connection)
    stored_connection.execute("set logosim.second_process = off")  # which would not tell its plan
    ask(stored_connection, stored.queries[0], Filter(vienna_any=(stored.key_near(0.29),)))
    followed = [plan for plan in plans if f"Index Scan using mark_look_embedding_{stored.model_id}_" in plan]
    assert len(followed) == 3  # the nearest, whether they pass, and both parts
    for plan in followed[1:]:
        assert "Sort Key" not in plan
        assert "Filter: (vienna_numbers &&" in plan  # no join: what the index gives is filtered where it stands


@pytest.mark.parametrize("wanted", [Filter(), Filter(year_from=1990)], ids=["all", "some"])
def test_two_processes_find_what_one_finds(
    stored: Stored, stored_connection: psycopg.Connection[Any], wanted: Filter
) -> None:
    by_index(stored_connection)
    stored_connection.execute("set max_parallel_workers_per_gather = 1")
    asked = [[HalfVector(stored.queries[number]) for number in range(start, start + 3)] for start in (0, 3)]
    answers = {}
    for processes, setting in ((1, "off"), (2, "on")):
        stored_connection.execute(f"set logosim.second_process = {setting}".encode())
        began = launched(stored_connection)
        answers[processes] = [
            stored_connection.execute(
                """
                select mark_id, look_distance, found_by, route
                  from logosim.candidates(query_embedding => %s, figure_embeddings => %s::halfvec[], year_from => %s
                                        , candidates => 1000)
                """,
                (whole, figures, wanted.year_from),
            ).fetchall()
            for whole, *figures in asked
        ]
        assert (launched(stored_connection) > began) == (processes == 2)
    assert answers[1] == answers[2]
    assert {row[3] for rows in answers[2] for row in rows} == {"hnsw"}


def test_few_steps_are_not_shared(stored: Stored, stored_connection: psycopg.Connection[Any]) -> None:
    by_index(stored_connection)
    stored_connection.execute("set max_parallel_workers_per_gather = 1; set logosim.second_process = on")
    began = launched(stored_connection)
    ask(stored_connection, stored.queries[0], Filter(), 20)
    assert launched(stored_connection) == began


def test_what_a_second_process_brings_can_be_measured(
    stored: Stored, stored_connection: psycopg.Connection[Any]
) -> None:
    forced = "-c logosim.exact_rows=50 -c logosim.index_step=0 -c logosim.second_process=on"
    helped = []
    with open_pool(f"{stored.url} options='{forced} -c max_parallel_workers_per_gather=1'", most=1) as pool:
        measurement = LookMeasurement(pool)
        for ask in (measurement.candidates, measurement.by_one_process):
            began = launched(stored_connection)
            assert ask(stored.queries[0], Filter(), 1000).route == "hnsw"
            with pool.connection() as asking:
                asking.execute("select pg_stat_force_next_flush()")
            helped.append(launched(stored_connection) - began)
    assert helped[0] > 0 == helped[1]


def launched(connection: psycopg.Connection[Any]) -> int:
    """How many processes have helped in this database so far."""
    connection.execute("select pg_stat_force_next_flush()")
    row = connection.execute(
        "select parallel_workers_launched from pg_stat_database where datname = current_database()"
    ).fetchone()
    return int(row[0]) if row else 0
