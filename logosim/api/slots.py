"""Room for heavy work: a few threads of its own, a short queue before them, and a refusal beyond that."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from logosim.errors import Overloaded

T = TypeVar("T")


class Slots:
    """Runs synchronous calls on `at_once` threads while at most `waiting` more wait for one.

    A call whose request is given up is dropped if it still waits; if it runs, it keeps its place until it ends, so that
    abandoned work never adds to the load unseen.
    """

    def __init__(self, name: str, *, at_once: int, waiting: int) -> None:
        self._name = name
        self._at_once = at_once
        self._room = at_once + waiting
        self._taken = 0
        self._lock = threading.Lock()
        self._executor: ThreadPoolExecutor | None = None

    @property
    def taken(self) -> int:
        """Calls that run or wait."""
        return self._taken

    async def run(self, call: Callable[[], T]) -> T:
        """Run `call` on a thread and return what it returns.

        Raises:
            Overloaded: there is no room.
        """
        with self._lock:
            if self._taken >= self._room:
                raise Overloaded()
            self._taken += 1
            if self._executor is None:
                self._executor = ThreadPoolExecutor(self._at_once, thread_name_prefix=f"logosim-{self._name}")
            future = self._executor.submit(call)
        future.add_done_callback(self._leave)
        return await asyncio.wrap_future(future)

    def close(self) -> None:
        """Drop what waits and wait for what runs; a later call opens the room again."""
        with self._lock:
            executor, self._executor = self._executor, None
        if executor is not None:
            executor.shutdown(wait=True, cancel_futures=True)

    def _leave(self, _future: Future[Any]) -> None:
        with self._lock:
            self._taken -= 1
