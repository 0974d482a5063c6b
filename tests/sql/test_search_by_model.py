"""Searches by the features of a model that is registered and not active."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

import numpy as np
import psycopg
import pytest
from pgvector import HalfVector

from logosim.domain.features import FloatArray
from logosim.store.model_indexes import ModelIndexStore
from logosim.store.model_versions import ModelVersionStore
from logosim.store.pool import Pool
from logosim.store.work import WorkStore

from .queued_work import MINUTE, Fill, done, features, sha

SECOND = "second"
MARKS = 120


@dataclass(frozen=True)
class Seen:
    """What each model saw."""

    first: dict[UUID, FloatArray]
    second: dict[UUID, FloatArray]
    second_id: int


@pytest.fixture
def seen(fill: Fill, queue: WorkStore, pool: Pool, connection: psycopg.Connection[Any], registered_model: int) -> Seen:
    """Marks that two models have seen, each in its own way; the second model has no index."""
    fill(*range(MARKS))
    row = connection.execute(
        "select logosim.register_model(%s, repeat('2', 64), 256, 7, 64, '{}'::jsonb, activate => false)", (SECOND,)
    ).fetchone()
    assert row is not None
    ModelVersionStore(pool).queue_missing(row[0])
    first: dict[UUID, FloatArray] = {}
    second: dict[UUID, FloatArray] = {}
    while claim := queue.claim("w", 50, MINUTE):
        queue.finish(claim, done(claim))
        first |= {mark_id: of.embedding for mark_id, of in done(claim)}
    with_second = queue.for_model(row[0])
    while claim := with_second.claim("w", 50, MINUTE):
        other = [
            (item.mark_id, replace(features(sha(item.picture_sha256)), sha256=item.picture_sha256))
            for item in claim.marks
        ]
        with_second.finish(claim, other)
        second |= {mark_id: of.embedding for mark_id, of in other}
    assert len(first) == len(second) == MARKS
    return Seen(first, second, row[0])


def nearest(embeddings: dict[UUID, FloatArray], query: FloatArray, count: int) -> list[UUID]:
    """The plain twin."""
    asking = half(query)
    return sorted(embeddings, key=lambda mark_id: -float(half(embeddings[mark_id]) @ asking))[:count]


def half(vector: FloatArray) -> FloatArray:
    """As the database keeps it, at unit length."""
    kept = vector.astype(np.float16).astype(np.float64)
    unit: FloatArray = kept / np.linalg.norm(kept)
    return unit


def candidates(
    connection: psycopg.Connection[Any], query: FloatArray, model: str | None
) -> list[tuple[UUID, float, str, bool]]:
    return connection.execute(
        """
        select mark_id, look_distance, route, complete
          from logosim.candidates(%s::halfvec, candidates => 10, model => %s)
        """,
        (HalfVector(query).to_text(), model),
    ).fetchall()


@pytest.mark.parametrize("is_indexed", [False, True])
def test_each_model_finds_what_it_saw_near(
    seen: Seen, pool: Pool, connection: psycopg.Connection[Any], is_indexed: bool
) -> None:
    """With as many marks as make an index worth while; the route without one cannot be along it."""
    if is_indexed:
        ModelIndexStore(pool).make(seen.second_id)
    connection.execute("analyze logosim.mark_look; set logosim.exact_rows = 20; set logosim.index_step = 0")
    query = np.random.default_rng(5).standard_normal(256).astype(np.float32)
    by_second = candidates(connection, query, SECOND)
    assert [row[0] for row in by_second] == nearest(seen.second, query, 10)
    assert {row[2] for row in by_second} == {"hnsw" if is_indexed else "exact"}
    for of_mark, distance, *_ in by_second:
        cosine = float(seen.second[of_mark] @ query / np.linalg.norm(query))
        assert distance == pytest.approx(1 - cosine, abs=1e-3)
    for active in (None, "test-model"):
        assert [row[0] for row in candidates(connection, query, active)] == nearest(seen.first, query, 10)


def test_only_an_answer_by_the_active_model_may_be_complete(seen: Seen, connection: psycopg.Connection[Any]) -> None:
    query = next(iter(seen.first.values()))
    assert {row[3] for row in candidates(connection, query, None)} == {True}
    assert {row[3] for row in candidates(connection, query, SECOND)} == {False}


def test_a_stored_mark_asks_with_what_the_named_model_saw_in_it(
    seen: Seen, connection: psycopg.Connection[Any]
) -> None:
    mark = next(iter(seen.first))
    for model, embeddings in ((SECOND, seen.second), ("test-model", seen.first)):
        rows = connection.execute(
            "select mark_id, look_distance from logosim.similar(%s, k => 5, model => %s)", (mark, model)
        ).fetchall()
        others = {other: of for other, of in embeddings.items() if other != mark}
        assert [row[0] for row in rows] == nearest(others, embeddings[mark], 5)
    connection.execute("delete from logosim.mark_features where model_id = %s and mark_id = %s", (seen.second_id, mark))
    with pytest.raises(psycopg.Error, match="Nothing is known to compare mark"):
        connection.execute("select * from logosim.similar(%s, model => %s)", (mark, SECOND))


@pytest.mark.parametrize(
    ("embedding", "text", "model", "state", "message"),
    [
        (None, "a", "none", "LS006", "There is no model none"),
        (str([1] * 256), None, "none", "LS006", "There is no model none"),
        ("[1,2,3]", None, SECOND, "LS002", "3 dimensions; model second has 256"),
    ],
)
def test_misuse_is_refused(
    seen: Seen,
    connection: psycopg.Connection[Any],
    embedding: str | None,
    text: str | None,
    model: str,
    state: str,
    message: str,
) -> None:
    with pytest.raises(psycopg.Error, match=message) as raised:
        connection.execute("select * from logosim.candidates(%s::halfvec, %s, model => %s)", (embedding, text, model))
    assert raised.value.sqlstate == state
    assert raised.value.diag.message_hint
