"""Search by look at every selectivity: recall against a slow, plain twin on either route, and which route is taken."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import psycopg
import pytest
from pgvector import HalfVector
from pgvector.psycopg import register_vector

from logosim.domain.query import Filter
from logosim.domain.vienna import keys
from logosim.evaluation.register import Register
from logosim.store.loading import LoadedMark, load
from logosim.store.measuring import LookMeasurement
from logosim.store.pool import open_pool

from .look_twin import (
    DIMENSIONS,
    MARKS,
    QUERIES,
    RECALL,
    SHARES,
    WANTED,
    Stored,
    ask,
    by_first_look,
    by_index,
    half,
)


@pytest.fixture(scope="module")
def stored(server: Any) -> Iterator[Stored]:
    """24,000 marks in 128 dimensions, their index built as `register_model` defines it."""
    name = f"look_{uuid.uuid4().hex[:12]}"
    url = server.create(name, template="logosim_test_template")
    register = Register(MARKS, DIMENSIONS, seed=3)
    batches = list(register.chunks())
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "select logosim.register_model('look-model', repeat('2', 64), %s, 7, 64, '{}'::jsonb, true)", (DIMENSIONS,)
        ).fetchone()
    with open_pool(url) as pool:
        load(
            pool,
            ([LoadedMark(*of) for of in zip(marks, embeddings, strict=True)] for marks, embeddings in batches),
        )
    marks = tuple(mark for batch, _ in batches for mark in batch)
    queries = half(register.queries(QUERIES))
    similarity = queries @ half(np.concatenate([embeddings for _, embeddings in batches])).T
    carried = tuple(frozenset(keys(mark.vienna_codes)) for mark in marks)
    yield Stored(url, marks, carried, similarity, queries, int(row[0]) if row else 0)
    server.drop(name)


@pytest.fixture
def connection(stored: Stored) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(stored.url, autocommit=True) as opened:
        opened.execute("set default_transaction_read_only = on")
        register_vector(opened)
        yield opened


@pytest.mark.parametrize("share", [1.0, *SHARES, 1 / MARKS])
def test_recall_at_every_selectivity_on_all_routes(
    stored: Stored, connection: psycopg.Connection[Any], share: float
) -> None:
    wanted = Filter() if share == 1 else Filter(vienna_any=(stored.key_near(share),))
    passing = stored.passing(wanted)
    assert 0.5 * share <= passing.mean() <= 2 * share
    found: Counter[str] = Counter()
    routes = set()
    for query in range(QUERIES):
        connection.execute(f"set logosim.exact_rows = {MARKS}".encode())
        true = stored.nearest(query, passing)
        exact = ask(connection, stored.queries[query], wanted)
        assert len(set(true) & {row[0] for row in exact}) >= len(true) - 1  # rounding may swap the last
        assert {(row[1], row[3]) for row in exact} == {("exact", True)}
        assert {row[2] for row in exact} == {None if share == 1 else passing.sum()}
        assert {row[4] for row in exact} == {passing.sum()}
        for route, forced in (("hnsw", by_index), ("coarse", by_first_look)):
            connection.execute("reset all; set default_transaction_read_only = on")
            forced(connection)
            rows = ask(connection, stored.queries[query], wanted)
            assert len({row[0] for row in rows}) == len(true)  # never fewer than asked while more exist
            found[route] += len(set(true) & {row[0] for row in rows})
            routes |= {row[1] for row in rows}
            if rows[0][1] == "exact":
                assert [row[0] for row in rows] == [row[0] for row in exact]
            else:
                assert {row[1:5] for row in rows} == {(route, None, False, None)}
    assert all(of >= RECALL * QUERIES * min(WANTED, passing.sum()) for of in found.values())
    assert routes <= {"exact", "hnsw", "coarse"}
    if share >= 0.05:
        assert {"hnsw", "coarse"} <= routes


@pytest.mark.parametrize(
    "forced", [by_index, by_first_look, lambda _: None], ids=["index", "first look", "whatever costs least"]
)
def test_recall_where_the_filter_excludes_the_neighbourhood(
    stored: Stored, connection: psycopg.Connection[Any], forced: Callable[[psycopg.Connection[Any]], None]
) -> None:
    forced(connection)
    found = wanted_in_all = 0
    for query in range(QUERIES):
        for wanted in stored.far_filters(query).values():
            true = stored.nearest(query, stored.passing(wanted))
            rows = ask(connection, stored.queries[query], wanted)
            assert len({row[0] for row in rows}) == len(true)
            found += len(set(true) & {row[0] for row in rows})
            wanted_in_all += len(true)
    assert found >= RECALL * wanted_in_all


def test_the_neighbourhood_decides_the_route(stored: Stored, connection: psycopg.Connection[Any]) -> None:
    """Of two filters that as many marks pass, one passes the neighbours and the other does not."""
    connection.execute("set logosim.exact_rows = 50; set logosim.index_step = 3; set logosim.coarse_step = 1000")
    routes = []
    for query in range(QUERIES):
        far = stored.far_filters(query)["what neighbours carry is excluded"]
        near = Filter(year_from=1985)
        assert stored.passing(near).mean() > 0.8
        routes.append(tuple(ask(connection, stored.queries[query], wanted, 100)[0][1] for wanted in (near, far)))
    assert {near for near, _ in routes} == {"hnsw"}
    assert [far for _, far in routes].count("exact") > QUERIES // 2


SPOILT = {
    "rows have moved": "update logosim.mark_coarse set look_at = '(0,1)'",
    "places of no row": "update logosim.mark_coarse set look_at = '(4000000,7)'",
    "beginnings that say less": """
        update logosim.mark_coarse
           set prefix = l2_normalize(prefix + (select array_agg(0.12 * (random() - 0.5))::vector::halfvec
                                                 from generate_series(1, 64)
                                                where mark_id is not null))
        """,
    "beginnings that say nothing": """
        update logosim.mark_coarse c
           set prefix = o.prefix
          from (select mark_id, row_number() over (order by mark_id) as n from logosim.mark_coarse) a
          join (select prefix, row_number() over (order by mark_id desc) as n from logosim.mark_coarse) o using (n)
         where a.mark_id = c.mark_id
        """,
    "beginnings all alike": "update logosim.mark_coarse set prefix = (select prefix from logosim.mark_coarse limit 1)",
}


@pytest.mark.parametrize("spoilt", SPOILT)
def test_whatever_a_first_look_sees_the_nearest_are_found(stored: Stored, spoilt: str) -> None:
    with psycopg.connect(stored.url) as connection:
        register_vector(connection)
        connection.execute(SPOILT[spoilt].encode())
        by_first_look(connection)
        found = 0
        routes = set()
        for query in range(QUERIES):
            wanted = Filter(vienna_none=(stored.key_near(0.29),)) if query % 4 else Filter()
            rows = ask(connection, stored.queries[query], wanted)
            found += len(set(stored.nearest(query, stored.passing(wanted))) & {row[0] for row in rows})
            routes |= {row[1] for row in rows}
        connection.rollback()
    assert found >= RECALL * QUERIES * WANTED
    assert routes == ({"exact"} if spoilt in {"beginnings that say nothing", "beginnings all alike"} else {"coarse"})


def test_what_a_first_look_brings_can_be_measured(stored: Stored) -> None:
    forced = "-c logosim.exact_rows=50 -c logosim.coarse_step=-1000000"
    with open_pool(f"{stored.url} options='{forced}'") as pool:
        measurement = LookMeasurement(pool)
        looked, without = (
            ask(stored.queries[0], Filter(year_from=1985), WANTED)
            for ask in (measurement.candidates, measurement.without_first_look)
        )
    assert looked.route == "coarse"
    assert without.route in {"exact", "hnsw"}
    assert len(set(looked.mark_ids) & set(without.mark_ids)) > RECALL * WANTED


def test_what_a_second_process_brings_can_be_measured(stored: Stored, connection: psycopg.Connection[Any]) -> None:
    forced = "-c logosim.exact_rows=50 -c logosim.index_step=0 -c logosim.second_process=on"
    helped = []
    with open_pool(f"{stored.url} options='{forced} -c max_parallel_workers_per_gather=1'", most=1) as pool:
        measurement = LookMeasurement(pool)
        for ask in (measurement.candidates, measurement.by_one_process):
            began = launched(connection)
            assert ask(stored.queries[0], Filter(), 1000).route == "hnsw"
            with pool.connection() as asking:
                asking.execute("select pg_stat_force_next_flush()")
            helped.append(launched(connection) - began)
    assert helped[0] > 0 == helped[1]


def test_exact_on_demand_compares_with_all(stored: Stored, connection: psycopg.Connection[Any]) -> None:
    by_index(connection)
    wanted = Filter(has_text=True)
    rows = ask(connection, stored.queries[0], wanted, 10, exact=True)
    passing = int(stored.passing(wanted).sum())
    assert [row[0] for row in rows] == stored.nearest(0, stored.passing(wanted), 10)
    assert {row[1:5] for row in rows} == {("exact", passing, True, passing)}
    (took,) = {row[5] for row in rows}
    assert 0 < took < 60_000


@pytest.mark.parametrize(
    "wanted",
    [
        Filter(vienna_none=("27",)),
        Filter(vienna_none=("27.05", "29.01.01")),
        Filter(vienna_any=("27.05", "26.04"), vienna_none=("29",), year_from=2000),
        Filter(vienna_all=("27.05", "29.01"), vienna_none=("26.11.01",)),
        Filter(sources=("synthetic-office",), has_text=False),
        Filter(sources=("synthetic-office", "synthetic-euipo"), year_from=1999, year_to=2001, vienna_none=("26.04",)),
    ],
)
def test_filters_equal_their_plain_twin(stored: Stored, connection: psycopg.Connection[Any], wanted: Filter) -> None:
    passing = stored.passing(wanted)
    expected = {mark.mark_id for mark, passes in zip(stored.marks, passing, strict=True) if passes}
    assert 0 < len(expected) < MARKS
    assert {row[0] for row in ask(connection, stored.queries[1], wanted, MARKS)} == expected
    by_index(connection)
    assert {row[0] for row in ask(connection, stored.queries[1], wanted, MARKS)} == expected
    some = ask(connection, stored.queries[1], wanted, 50)
    assert len(some) == min(50, len(expected))
    assert {row[0] for row in some} <= expected


@pytest.mark.parametrize(
    ("settings", "route"),
    [
        ("set logosim.exact_rows = 24000", "exact"),  # all share one reading
        ("set logosim.exact_rows = 50; set logosim.index_step = 0", "hnsw"),  # each follows the index
        ("set logosim.exact_rows = 50; set logosim.index_step = 1000; set logosim.coarse_step = 1000", "exact"),
        ("set logosim.exact_rows = 50; set logosim.coarse_step = -1000000", "coarse"),  # all share the first look
    ],
)
@pytest.mark.parametrize("wanted", [Filter(), Filter(year_from=2010)])
def test_figures_ask_beside_the_whole_on_every_route(
    stored: Stored, connection: psycopg.Connection[Any], wanted: Filter, settings: str, route: str
) -> None:
    connection.execute(settings.encode())
    passing = stored.passing(wanted)
    found = 0
    for query in range(0, QUERIES, 3):
        rows = connection.execute(
            """
            select mark_id, route, found_by
              from logosim.candidates(
                     query_embedding => %s, candidates => %s, year_from => %s
                   , figure_embeddings => %s, figure_candidates => 50)
            """,
            (
                HalfVector(stored.queries[query]),
                WANTED,
                wanted.year_from,
                [HalfVector(of) for of in stored.queries[query + 1 : query + 3]],
            ),
        ).fetchall()
        assert {(row[1], *row[2]) for row in rows} == {(route, "look")}
        ids = [row[0] for row in rows]
        assert len(set(ids)) == len(ids)
        whole = set(stored.nearest(query, passing))
        figures = set(stored.nearest(query + 1, passing, 50) + stored.nearest(query + 2, passing, 50))
        found += len(whole & set(ids[:WANTED])) + len(figures & set(ids))
        assert set(ids[WANTED:]).isdisjoint(whole) or route != "exact"
        assert len(ids) >= WANTED + 50
    assert found >= RECALL * (QUERIES // 3) * (WANTED + 100)


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


def test_which_indexes_are_used(stored: Stored, connection: psycopg.Connection[Any]) -> None:
    """The plans that are really run: no join where all are compared; the vector index in its order."""
    plans: list[str] = []
    connection.add_notice_handler(lambda notice: plans.append(notice.message_primary or ""))
    connection.execute("load 'auto_explain'")
    connection.execute("set auto_explain.log_min_duration = 0; set auto_explain.log_nested_statements = on")
    connection.execute("set client_min_messages = log")
    hundredth = Filter(vienna_any=(stored.key_near(0.01),))
    ask(connection, stored.queries[0], hundredth)
    (compared,) = [plan for plan in plans if "with passing as materialized" in plan and "l.embedding" in plan]
    assert f"Bitmap Index Scan on mark_look_vienna_{stored.model_id}" in compared
    assert not any(joined in compared for joined in ("Join", "Nested Loop", "mark_features"))

    plans.clear()
    ask(connection, stored.queries[0], Filter(sources=("synthetic-office",), has_text=False))
    assert any(f"mark_look_facts_{stored.model_id}" in plan for plan in plans)

    plans.clear()
    by_index(connection)
    connection.execute("set logosim.second_process = off")  # which would not tell its plan
    ask(connection, stored.queries[0], Filter(vienna_any=(stored.key_near(0.29),)))
    followed = [plan for plan in plans if f"Index Scan using mark_look_embedding_{stored.model_id}_" in plan]
    assert len(followed) == 3  # the nearest, whether they pass, and both parts
    for plan in followed[1:]:
        assert "Sort Key" not in plan
        assert "Filter: (vienna_numbers &&" in plan  # no join: what the index gives is filtered where it stands


@pytest.mark.parametrize("wanted", [Filter(), Filter(year_from=1990)], ids=["all", "some"])
def test_two_processes_find_what_one_finds(stored: Stored, connection: psycopg.Connection[Any], wanted: Filter) -> None:
    by_index(connection)
    connection.execute("set max_parallel_workers_per_gather = 1")
    asked = [[HalfVector(stored.queries[number]) for number in range(start, start + 3)] for start in (0, 3)]
    answers = {}
    for processes, setting in ((1, "off"), (2, "on")):
        connection.execute(f"set logosim.second_process = {setting}".encode())
        began = launched(connection)
        answers[processes] = [
            connection.execute(
                """
                select mark_id, look_distance, found_by, route
                  from logosim.candidates(query_embedding => %s, figure_embeddings => %s::halfvec[], year_from => %s
                                        , candidates => 1000)
                """,
                (whole, figures, wanted.year_from),
            ).fetchall()
            for whole, *figures in asked
        ]
        assert (launched(connection) > began) == (processes == 2)
    assert answers[1] == answers[2]
    assert {row[3] for rows in answers[2] for row in rows} == {"hnsw"}


def test_few_steps_are_not_shared(stored: Stored, connection: psycopg.Connection[Any]) -> None:
    by_index(connection)
    connection.execute("set max_parallel_workers_per_gather = 1; set logosim.second_process = on")
    began = launched(connection)
    ask(connection, stored.queries[0], Filter(), 20)
    assert launched(connection) == began


def launched(connection: psycopg.Connection[Any]) -> int:
    """How many processes have helped in this database so far."""
    connection.execute("select pg_stat_force_next_flush()")
    row = connection.execute(
        "select parallel_workers_launched from pg_stat_database where datname = current_database()"
    ).fetchone()
    return int(row[0]) if row else 0
