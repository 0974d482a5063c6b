"""Marks whose pictures are to be worked on, what a worker makes of them, and what may befall the queue meanwhile."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import numpy as np
import psycopg

from logosim.domain.features import Features
from logosim.domain.mark import Mark, Picture
from logosim.domain.work import Claim
from logosim.store.ingest import IngestStore
from logosim.store.pool import Pool

MINUTE = timedelta(minutes=1)
Fill = Callable[..., list[Mark]]


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def mark(number: int, *, picture: str = "") -> Mark:
    return Mark("t", f"{number}.png", None, (), None, Picture(f"/{number}.png", sha(f"{number}{picture}"), 10))


def take_in(pool: Pool, *numbers: int, picture: str = "") -> list[Mark]:
    """Marks of these numbers are stored, which queues them."""
    store = IngestStore(pool)
    batch = store.begin("t", "/t")
    marks = [mark(number, picture=picture) for number in numbers]
    store.stage(batch, marks)
    store.merge(batch)
    return marks


def features(sha256: str, *, dimensions: int = 256, grid: int = 7) -> Features:
    draws = np.random.default_rng(int(sha256[:8], 16))
    embedding = draws.standard_normal(dimensions).astype(np.float32)
    patches = draws.integers(-127, 128, (grid, grid, 64)).astype(np.int8)
    return Features(embedding / np.linalg.norm(embedding), patches, None, 256, 128, sha256)


def done(claim: Claim) -> list[tuple[UUID, Features]]:
    return [(item.mark_id, features(item.picture_sha256)) for item in claim.marks]


def expire(connection: psycopg.Connection[Any]) -> None:
    connection.execute("update logosim.work set lease_until = now() - interval '1 second' where state = 'leased'")


def make_due(connection: psycopg.Connection[Any]) -> None:
    connection.execute("update logosim.work set not_before = now()")


def activate_another(connection: psycopg.Connection[Any]) -> int:
    """A model of the same dimensions takes the place of the active one."""
    row = connection.execute(
        "select logosim.register_model('other', repeat('1', 64), 256, 7, 64, '{}'::jsonb)"
    ).fetchone()
    assert row is not None
    return int(row[0])


def wait_until_blocked(connection: psycopg.Connection[Any], thread: threading.Thread) -> None:
    """Until a session of this database waits for a lock, or `thread` has ended without."""
    deadline = time.monotonic() + 10
    while thread.is_alive() and time.monotonic() < deadline:
        row = connection.execute(
            "select exists (select from pg_stat_activity"
            " where datname = current_database() and wait_event_type = 'Lock')"
        ).fetchone()
        if row == (True,):
            return
        time.sleep(0.02)


def claimed(claim: Claim | None) -> Claim:
    assert claim is not None
    return claim
