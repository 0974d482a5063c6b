"""A made-up register with the slow, plain twin of searches by look, and how these are asked and sent by one route."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, LiteralString
from uuid import UUID

import numpy as np
import numpy.typing as npt
import psycopg
import pytest
from pgvector import HalfVector
from pgvector.psycopg import register_vector
from psycopg import sql

from logosim.domain.mark import Mark
from logosim.domain.query import Filter
from logosim.domain.vienna import keys
from logosim.evaluation.register import Register
from logosim.store.loading import LoadedMark, load
from logosim.store.pool import open_pool

MARKS, DIMENSIONS, QUERIES = 24_000, 128, 12
WANTED = 200
RECALL = 0.99
SHARES = (0.29, 0.10, 0.05, 0.01, 0.001)

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Stored:
    """A made-up register in a database, and what its plain twin needs."""

    url: str
    marks: tuple[Mark, ...] = field(repr=False)
    carried: tuple[frozenset[str], ...] = field(repr=False)  # Vienna keys of each mark
    similarity: Floats = field(repr=False)  # [QUERIES, MARKS]: cosines, of half-precision vectors
    queries: Floats = field(repr=False)
    model_id: int

    def key_near(self, share: float) -> str:
        """The Vienna key that the share of the marks that carry it is nearest to."""
        counts = Counter(key for of in self.carried for key in of)
        return min(counts, key=lambda key: (abs(np.log(counts[key] / MARKS / share)), key))

    def passing(self, wanted: Filter) -> npt.NDArray[np.bool_]:
        """The plain twin of the filter."""
        return np.array(
            [
                (not wanted.vienna_any or not of.isdisjoint(wanted.vienna_any))
                and of.issuperset(wanted.vienna_all)
                and of.isdisjoint(wanted.vienna_none)
                and (wanted.year_from is None or (mark.year or 0) >= wanted.year_from)
                and (wanted.year_to is None or (mark.year or 9999) <= wanted.year_to)
                and (not wanted.sources or mark.source in wanted.sources)
                and (wanted.has_text is None or (mark.text is not None) == wanted.has_text)
                for mark, of in zip(self.marks, self.carried, strict=True)
            ]
        )

    def nearest(self, query: int, passing: npt.NDArray[np.bool_], limit: int = WANTED) -> list[UUID]:
        """The plain twin of the search."""
        order = np.argsort(-self.similarity[query], kind="stable")
        return [self.marks[index].mark_id for index in order if passing[index]][:limit]

    def far_filters(self, query: int) -> dict[str, Filter]:
        """Filters that exclude what is near a query: what its neighbours carry, or allow what they do not carry."""
        near = set(np.argsort(-self.similarity[query])[:300].tolist())
        beside = Counter(key for index in near for key in self.carried[index] if len(key) == 5)
        overall = Counter(key for of in self.carried for key in of if len(key) == 5)
        excluded: list[str] = []
        left = near
        while len(left) > 9:
            carried = Counter(key for index in left for key in self.carried[index] if len(key) == 5)
            excluded.append(min(carried, key=lambda key: (-carried[key], key)))
            left = {index for index in left if excluded[-1] not in self.carried[index]}
        rarest = min(
            (key for key, count in overall.items() if count > MARKS // 50),
            key=lambda key: (beside[key] / overall[key], key),
        )
        return {
            "what neighbours carry is excluded": Filter(vienna_none=tuple(excluded)),
            "what neighbours do not carry is wanted": Filter(vienna_any=(rarest,)),
        }


@pytest.fixture(scope="session")
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
def stored_connection(stored: Stored) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(stored.url, autocommit=True) as opened:
        opened.execute("set default_transaction_read_only = on")
        register_vector(opened)
        yield opened


def half(vectors: Floats) -> Floats:
    rounded = vectors.astype(np.float16).astype(np.float32)
    return (rounded / np.linalg.norm(rounded, axis=1, keepdims=True)).astype(np.float32)


def by_index(connection: psycopg.Connection[Any]) -> None:
    """Let the vector index be followed wherever more than 50 marks pass, as in a register of many millions."""
    connection.execute("set logosim.exact_rows = 50; set logosim.index_step = 0")


def by_first_look(connection: psycopg.Connection[Any]) -> None:
    """Let all beginnings be looked at wherever more than 50 marks pass."""
    connection.execute("set logosim.exact_rows = 50; set logosim.coarse_step = -1000000")


def ask(
    connection: psycopg.Connection[Any],
    embedding: Any,
    wanted: Filter,
    limit: int = WANTED,
    *,
    exact: bool = False,
    columns: LiteralString = "mark_id, route, passed, complete, examined, milliseconds",
) -> list[tuple[Any, ...]]:
    """Candidates by look alone."""
    return connection.execute(
        sql.SQL(
            """
        select {}
          from logosim.candidates(
                 query_embedding => %s, vienna_any => %s::text[], vienna_all => %s::text[]
               , year_from => %s, year_to => %s, sources => %s::text[], has_text => %s
               , candidates => %s, exact => %s, vienna_none => %s::text[])
        """
        ).format(sql.SQL(columns)),
        (
            HalfVector(embedding),
            list(wanted.vienna_any),
            list(wanted.vienna_all),
            wanted.year_from,
            wanted.year_to,
            list(wanted.sources),
            wanted.has_text,
            limit,
            exact,
            list(wanted.vienna_none),
        ),
    ).fetchall()
