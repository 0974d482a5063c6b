from __future__ import annotations

from collections.abc import Iterator

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from logosim.api.app import create_app

from .memory_service import MemoryService

LOOPBACK = "http://127.0.0.1:8000"


@pytest.fixture
def service() -> MemoryService:
    return MemoryService()


@pytest.fixture
def client(service: MemoryService) -> Iterator[TestClient[Litestar]]:
    """A client of a server bound to loopback."""
    with TestClient(create_app(service, require_key=False), base_url=LOOPBACK) as client:
        yield client


@pytest.fixture
def public_client(service: MemoryService) -> Iterator[TestClient[Litestar]]:
    """A client of a server bound to a public address."""
    with TestClient(create_app(service, require_key=True), base_url="https://marks.example.org") as client:
        yield client
