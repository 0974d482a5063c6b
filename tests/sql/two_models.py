"""What the tests of several models share: a second one beside the active one, and a worker for either."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from logosim.store.model_indexes import ModelIndexStore
from logosim.store.model_versions import ModelVersionStore
from logosim.store.pool import Pool
from logosim.store.work import WorkStore

from .queued_work import MINUTE, done

INDEX = "mark_look_embedding_{}_1"


@pytest.fixture
def versions(pool: Pool) -> ModelVersionStore:
    return ModelVersionStore(pool)


@pytest.fixture
def indexes(pool: Pool) -> ModelIndexStore:
    return ModelIndexStore(pool)


@pytest.fixture
def second(connection: psycopg.Connection[Any], registered_model: int) -> int:
    """Another model, registered and nothing more."""
    row = connection.execute(
        "select logosim.register_model('second', repeat('2', 64), 256, 7, 64, '{}'::jsonb, activate => false)"
    ).fetchone()
    assert row is not None
    return int(row[0])


def work_off(queue: WorkStore, model_id: int) -> int:
    """A worker with that model does all that waits."""
    own, finished = queue.for_model(model_id), 0
    while claim := own.claim("w", 4, MINUTE):
        own.finish(claim, done(claim))
        finished += len(claim.marks)
    return finished


def waiting(connection: psycopg.Connection[Any]) -> dict[int, int]:
    return dict(connection.execute("select model_id, count(*) from logosim.work group by 1").fetchall())
