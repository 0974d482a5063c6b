"""Search by look at every selectivity: recall against a slow, plain twin on either route, and which route is taken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from pgvector import HalfVector
from pgvector.psycopg import register_vector

from logosim.domain.query import Filter
from logosim.store.measuring import LookMeasurement
from logosim.store.pool import open_pool

from .look_twin import (
    MARKS,
    QUERIES,
    RECALL,
    SHARES,
    WANTED,
    Stored,
    ask,
    by_first_look,
    by_index,
)


@pytest.mark.parametrize("share", [1.0, *SHARES, 1 / MARKS])
def test_recall_at_every_selectivity_on_all_routes(
    stored: Stored, stored_connection: psycopg.Connection[Any], share: float
) -> None:
    wanted = Filter() if share == 1 else Filter(vienna_any=(stored.key_near(share),))
    passing = stored.passing(wanted)
    assert 0.5 * share <= passing.mean() <= 2 * share
    found: Counter[str] = Counter()
    routes = set()
    for query in range(QUERIES):
        stored_connection.execute(f"set logosim.exact_rows = {MARKS}".encode())
        true = stored.nearest(query, passing)
        exact = ask(stored_connection, stored.queries[query], wanted)
        assert len(set(true) & {row[0] for row in exact}) >= len(true) - 1  # rounding may swap the last
        assert {(row[1], row[3]) for row in exact} == {("exact", True)}
        assert {row[2] for row in exact} == {None if share == 1 else passing.sum()}
        assert {row[4] for row in exact} == {passing.sum()}
        for route, forced in (("hnsw", by_index), ("coarse", by_first_look)):
            stored_connection.execute("reset all; set default_transaction_read_only = on")
            forced(stored_connection)
            rows = ask(stored_connection, stored.queries[query], wanted)
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
    stored: Stored, stored_connection: psycopg.Connection[Any], forced: Callable[[psycopg.Connection[Any]], None]
) -> None:
    forced(stored_connection)
    found = wanted_in_all = 0
    for query in range(QUERIES):
        for wanted in stored.far_filters(query).values():
            true = stored.nearest(query, stored.passing(wanted))
            rows = ask(stored_connection, stored.queries[query], wanted)
            assert len({row[0] for row in rows}) == len(true)
            found += len(set(true) & {row[0] for row in rows})
            wanted_in_all += len(true)
    assert found >= RECALL * wanted_in_all


def test_the_neighbourhood_decides_the_route(stored: Stored, stored_connection: psycopg.Connection[Any]) -> None:
    """Of two filters that as many marks pass, one passes the neighbours and the other does not."""
    stored_connection.execute("set logosim.exact_rows = 50; set logosim.index_step = 3; set logosim.coarse_step = 1000")
    routes = []
    for query in range(QUERIES):
        far = stored.far_filters(query)["what neighbours carry is excluded"]
        near = Filter(year_from=1985)
        assert stored.passing(near).mean() > 0.8
        routes.append(tuple(ask(stored_connection, stored.queries[query], wanted, 100)[0][1] for wanted in (near, far)))
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
            code = stored.key_near(0.29) if query % 2 else "27.05.01"  # a section
            wanted = Filter(vienna_none=(code,)) if query % 4 else Filter()
            rows = ask(connection, stored.queries[query], wanted)
            found += len(set(stored.nearest(query, stored.passing(wanted))) & {row[0] for row in rows})
            routes |= {row[1] for row in rows}
        connection.rollback()
    assert found >= RECALL * QUERIES * WANTED
    if spoilt in {"beginnings that say nothing", "beginnings all alike"}:
        assert "exact" in routes  # or all that pass were compared by the way
    else:
        assert routes == {"coarse"}


@pytest.mark.parametrize(
    ("changed", "further"),
    [
        ({}, None),
        ({"within": float("inf"), "nearest": 7}, None),  # all that pass were compared
        ({"farthest": 0.75}, -0.1993),  # what lies beyond may well be as near
        ({"farthest": 0.75, "deviation": 0.003}, None),  # hardly, where beginnings say all
        ({"wanted": 1, "nearest": 1, "compared": 2000, "late": 0, "farthest": 0.6556}, None),  # no further
        ({"nearest": 199}, float("inf")),
        ({"late": 21}, float("inf")),
        ({"slope": 0.05, "deviation": 0.1}, float("inf")),
        ({"slope": None, "deviation": None, "whole": None, "coarse": None, "nearest": 0}, float("inf")),
    ],
)
def test_a_regression_says_how_far_one_must_look(
    stored_connection: psycopg.Connection[Any], changed: dict[str, Any], further: float | None
) -> None:
    row = stored_connection.execute(
        """
        select logosim._coarse_further(
                 %(within)s::real, %(wanted)s::integer, %(compared)s::bigint, %(nearest)s::integer
               , %(late)s::bigint, %(farthest)s::real
               , %(slope)s::float8, 20, %(deviation)s::float8, %(whole)s::float8, %(coarse)s::float8)
        """,
        {
            "within": -0.3,
            "wanted": 200,
            "compared": 1500,
            "nearest": 200,
            "late": 2,
            "farthest": 0.5,
            "slope": 0.9,
            "deviation": 0.03,
            "whole": 0.7,
            "coarse": -0.4,
            **changed,
        },
    ).fetchone()
    assert row is not None
    assert row[0] == (further if further is None else pytest.approx(further, abs=1e-3))


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


def test_exact_on_demand_compares_with_all(stored: Stored, stored_connection: psycopg.Connection[Any]) -> None:
    by_index(stored_connection)
    wanted = Filter(has_text=True)
    rows = ask(stored_connection, stored.queries[0], wanted, 10, exact=True)
    passing = int(stored.passing(wanted).sum())
    assert [row[0] for row in rows] == stored.nearest(0, stored.passing(wanted), 10)
    assert {row[1:5] for row in rows} == {("exact", passing, True, passing)}
    (took,) = {row[5] for row in rows}
    assert 0 < took < 60_000


FILTERS = (
    Filter(vienna_none=("27",)),
    Filter(vienna_none=("27.05", "29.01.01")),
    Filter(vienna_any=("27.05", "26.04"), vienna_none=("29",), year_from=2000),
    Filter(vienna_any=("01.01", "26.04.01", "77.07"), year_to=2015),
    Filter(vienna_all=("27.05", "29.01"), vienna_none=("26.11.01",)),
    Filter(vienna_all=("27.05.01", "29"), vienna_none=("77.07", "98.04", "01.01", "26.11")),
    Filter(sources=("synthetic-office", r"' or true) -- \' %s $1"), has_text=False),
    Filter(sources=("synthetic-office", "synthetic-euipo"), year_from=1999, year_to=2001, vienna_none=("26.04",)),
)


@pytest.mark.parametrize("wanted", FILTERS)
def test_filters_equal_their_plain_twin(
    stored: Stored, stored_connection: psycopg.Connection[Any], wanted: Filter
) -> None:
    passing = stored.passing(wanted)
    expected = {mark.mark_id for mark, passes in zip(stored.marks, passing, strict=True) if passes}
    assert 0 < len(expected) < MARKS
    assert {row[0] for row in ask(stored_connection, stored.queries[1], wanted, MARKS)} == expected
    for forced in (by_index, by_first_look):
        forced(stored_connection)
        assert {row[0] for row in ask(stored_connection, stored.queries[1], wanted, MARKS)} == expected
        some = ask(stored_connection, stored.queries[1], wanted, 50)
        assert len(some) == min(50, len(expected))
        assert {row[0] for row in some} <= expected


@pytest.mark.parametrize("wanted", FILTERS)
def test_short_rows_pass_a_filter_as_whole_ones_do(
    stored: Stored, stored_connection: psycopg.Connection[Any], wanted: Filter
) -> None:
    exclude = stored.marks[3].mark_id
    row = stored_connection.execute(
        """
        select array[f.filter, f.filter_near, f.filter_whole]
          from logosim._coarse_filter(
                 logosim._vienna_numbers(%s::text[]), logosim._vienna_numbers(%s::text[])
               , logosim._vienna_numbers(%s::text[]), %s, %s, %s::text[], %s, %s) f
        """,
        (
            list(wanted.vienna_any),
            list(wanted.vienna_all),
            list(wanted.vienna_none),
            wanted.year_from,
            wanted.year_to,
            list(wanted.sources),
            wanted.has_text,
            exclude,
        ),
    ).fetchone()
    assert row is not None
    more = stored_connection.execute("select count(*) from logosim.mark_coarse where section_6 < 0").fetchone()
    assert more is not None
    assert 0 < more[0] < MARKS  # of these mark_look tells the codes
    statement = """
        select l.mark_id
          from (select c.*, k.vienna_numbers from logosim.mark_coarse c join logosim.mark_look k using (mark_id)) l
         where true
        """
    passing = stored_connection.execute((statement + "".join(row[0])).encode()).fetchall()
    expected = {mark.mark_id for mark, passes in zip(stored.marks, stored.passing(wanted), strict=True) if passes}
    assert {mark_id for (mark_id,) in passing} == expected - {exclude}
    codes = (*wanted.vienna_any, *wanted.vienna_all, *wanted.vienna_none)
    assert bool(row[0][1]) == bool(row[0][2]) == any(len(code) == 8 or code == "77.07" for code in codes)


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
    stored: Stored, stored_connection: psycopg.Connection[Any], wanted: Filter, settings: str, route: str
) -> None:
    stored_connection.execute(settings.encode())
    passing = stored.passing(wanted)
    found = 0
    for query in range(0, QUERIES, 3):
        rows = stored_connection.execute(
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
