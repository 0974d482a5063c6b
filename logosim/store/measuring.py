"""Searches by look as they are measured: our function, and the query that one would write without it."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from uuid import UUID

from logosim.domain.features import FloatArray
from logosim.domain.query import Filter
from logosim.store.features import embedding_to_database
from logosim.store.models import read_active
from logosim.store.pool import Pool, borrowed, without_time_limit


@dataclass(frozen=True, slots=True)
class Measured:
    """What one search gave."""

    mark_ids: list[UUID]
    route: str
    complete: bool
    milliseconds: float  # from the question to the last row, on the client's clock


class LookMeasurement:
    """Asks one question in several ways.

    Args:
        pool: connections of a role that may read.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def without_first_look(self, embedding: FloatArray, wanted: Filter, count: int) -> Measured:
        """As `candidates`, but for its route `coarse`."""
        return self._candidates(embedding, wanted, count, "logosim.coarse_step = 1000000")

    def by_one_process(self, embedding: FloatArray, wanted: Filter, count: int) -> Measured:
        """As `candidates`, but one process follows both parts of the vector index."""
        return self._candidates(embedding, wanted, count, "logosim.second_process = off")

    def candidates(self, embedding: FloatArray, wanted: Filter, count: int) -> Measured:
        """By `logosim.candidates`, all of its columns made."""
        return self._candidates(embedding, wanted, count, None)

    def _candidates(self, embedding: FloatArray, wanted: Filter, count: int, setting: str | None) -> Measured:
        statement = """
            select array_agg(c.mark_id), min(c.route), bool_and(c.complete), count(c)
              from logosim.candidates(
                     query_embedding => %(embedding)s::halfvec
                   , vienna_any => %(vienna_any)s::text[]
                   , vienna_all => %(vienna_all)s::text[]
                   , year_from => %(year_from)s
                   , year_to => %(year_to)s
                   , sources => %(sources)s::text[]
                   , has_text => %(has_text)s
                   , candidates => %(count)s
                   , vienna_none => %(vienna_none)s::text[]) c
        """
        with borrowed(self._pool) as connection, connection.transaction():
            if setting is not None:
                connection.execute(f"set local {setting}".encode())
            started = perf_counter()
            row = connection.execute(statement, _parameters(embedding, wanted, count), binary=True).fetchone()
            took = 1000 * (perf_counter() - started)
        ids, route, complete, _ = row or (None, None, None, 0)
        return Measured(ids or [], route or "exact", bool(complete), took)

    def make_planners_index(self) -> None:
        """Make the vector index that `planned` follows, one of all marks, unless it is there. For the owner."""
        with borrowed(self._pool) as connection, without_time_limit(connection):
            for (statement,) in connection.execute(
                """
                select format('create index if not exists mark_features_planner on logosim.mark_features %s'
                              ' where model_id = %s'
                            , logosim._vector_index(m.dimensions), m.model_id)
                  from logosim.model m
                 where m.active
                """
            ).fetchall():
                connection.execute(statement.encode())

    def planned(self, embedding: FloatArray, wanted: Filter, count: int) -> Measured:
        """By a plain query over marks and features, pgvector's iterative scan on and the rest left to the planner."""
        statement = """
            select array_agg(c.mark_id), count(c)
              from (select m.mark_id, f.embedding::halfvec({0}) <=> %(embedding)s::halfvec({0}) as look_distance
                         , m.brand_text, m.file, m.source, m.year, m.vienna_codes
                      from logosim.mark m
                      join logosim.mark_features f on f.mark_id = m.mark_id
                     where f.model_id = {1}
                       and (%(vienna_any)s::text[] is null or m.vienna_keys && %(vienna_any)s::text[])
                       and (%(vienna_all)s::text[] is null or m.vienna_keys @> %(vienna_all)s::text[])
                       and (%(vienna_none)s::text[] is null or not m.vienna_keys && %(vienna_none)s::text[])
                       and (%(year_from)s::integer is null or m.year >= %(year_from)s::integer)
                       and (%(year_to)s::integer is null or m.year <= %(year_to)s::integer)
                       and (%(sources)s::text[] is null or m.source = any (%(sources)s::text[]))
                       and (%(has_text)s::boolean is null or (m.brand_text is not null) = %(has_text)s::boolean)
                     order by f.embedding::halfvec({0}) <=> %(embedding)s::halfvec({0})
                     limit %(count)s) c
        """
        with borrowed(self._pool) as connection, connection.transaction():
            connection.execute(
                "set local hnsw.iterative_scan = relaxed_order; set local plan_cache_mode = force_custom_plan"
            )
            active = read_active(connection)
            dimensions, model = (active.dimensions, active.model_id) if active else (0, 0)
            plain = statement.format(dimensions, model).encode()
            started = perf_counter()
            row = connection.execute(plain, _parameters(embedding, wanted, count), binary=True).fetchone()
            took = 1000 * (perf_counter() - started)
        return Measured((row[0] if row else None) or [], "planner", False, took)


def _parameters(embedding: FloatArray, wanted: Filter, count: int) -> dict[str, object]:
    return {
        "embedding": embedding_to_database(embedding),
        "vienna_any": list(wanted.vienna_any) or None,
        "vienna_all": list(wanted.vienna_all) or None,
        "vienna_none": list(wanted.vienna_none) or None,
        "year_from": wanted.year_from,
        "year_to": wanted.year_to,
        "sources": list(wanted.sources) or None,
        "has_text": wanted.has_text,
        "count": count,
    }
