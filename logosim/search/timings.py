"""How long the stages of a search take."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter


class Timings:
    """Milliseconds by stage of one search, started now."""

    def __init__(self) -> None:
        self._started = perf_counter()
        self._stages: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure what is done inside; what is done under one name several times adds up."""
        started = perf_counter()
        yield
        self._stages[name] = self._stages.get(name, 0.0) + (perf_counter() - started) * 1000

    def finished(self) -> dict[str, float]:
        """All stages and "total", which also holds what lies between them."""
        return self._stages | {"total": (perf_counter() - self._started) * 1000}
