"""What the tests of handed-in pictures share: an analyst, a worker in a thread, and a small extractor."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import numpy as np
import psycopg
import pytest

from logosim.domain.features import Features
from logosim.domain.rectangle import Rectangle
from logosim.errors import PictureError
from logosim.store.picture_requests import PictureBell, PictureRequestStore
from logosim.store.pool import Pool
from workers.pictures import PictureClerk

SECOND = timedelta(seconds=1)
Connection = psycopg.Connection[Any]


class Eye:
    """Features that depend on the bytes alone; `fails` with what is given for pictures of that text."""

    def __init__(self, fails: dict[bytes, Exception] | None = None, model_sha256: str | None = None) -> None:
        self.fails = fails or {}
        self.model_sha256 = model_sha256
        self.looked_at: list[bytes] = []

    def extract_asking(self, data: bytes) -> Features:
        self.looked_at.append(data)
        if data in self.fails:
            raise self.fails[data]
        digest = hashlib.sha256(data)
        draws = np.random.default_rng(int.from_bytes(digest.digest()[:8]))
        embedding = draws.standard_normal(256).astype(np.float32)
        patches = draws.integers(-127, 127, (7, 7, 64)).astype(np.int8)
        return Features(
            embedding / np.linalg.norm(embedding), patches, "READ", 40, 30, digest.hexdigest(), self.model_sha256
        )

    def extract_regions(self, data: bytes, regions: Sequence[Rectangle]) -> list[Features]:
        return [self.extract_asking(data) for _ in regions]

    def extract(self, pictures: Sequence[bytes]) -> list[Features | PictureError]:
        return [self.extract_asking(data) for data in pictures]


@pytest.fixture
def requests(pool: Pool) -> PictureRequestStore:
    return PictureRequestStore(pool)


@pytest.fixture
def analyst(database_url: str) -> Iterator[Connection]:
    """Any SQL client: autocommit, and no more rights than an analyst has."""
    with psycopg.connect(database_url, autocommit=True) as opened:
        opened.execute("set role logosim_analyst")
        yield opened


@pytest.fixture
def at_work(requests: PictureRequestStore, registered_model: int, database_url: str) -> Callable[..., Any]:
    """A context in which a worker answers pictures, in a thread."""

    @contextmanager
    def working(eye: Eye, model_id: int = registered_model, **how: Any) -> Iterator[None]:
        stop = threading.Event()
        loaded = SimpleNamespace(model_id=model_id, extractor=eye)
        with PictureBell(database_url) as bell:
            bell.listen()
            clerk = PictureClerk("w", requests, lambda: loaded, bell.wait, **how)
            thread = threading.Thread(target=clerk.run, args=(stop,))
            thread.start()
            try:
                yield
            finally:
                stop.set()
                thread.join(20)

    return working


def embed(client: Connection, picture: bytes | None, arguments: str = "") -> UUID:
    row = client.execute(f"call logosim.embed_picture(%s::bytea{arguments})".encode(), (picture,)).fetchone()
    assert row is not None
    return UUID(str(row[0]))


def refused(client: Connection, picture: bytes | None, arguments: str = "") -> tuple[str | None, str, str]:
    with pytest.raises(psycopg.Error) as raised:
        embed(client, picture, arguments)
    diagnosis = raised.value.diag
    return raised.value.sqlstate, diagnosis.message_primary or "", diagnosis.message_hint or ""


def left(connection: Connection) -> int:
    row = connection.execute("select count(*) from logosim.picture_request").fetchone()
    assert row is not None
    return int(row[0])
