"""A lease that is extended while its work is done."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from logosim.errors import LogosimError

logger = logging.getLogger(__name__)


@contextmanager
def kept_alive(beat: Callable[[], object], lease: timedelta) -> Iterator[None]:
    """Call `beat`, which extends a lease, every third of its length until the block ends."""
    ended = threading.Event()

    def beating() -> None:
        while not ended.wait(lease.total_seconds() / 3):
            try:
                beat()
            except LogosimError as error:  # finishing will tell whether the lease still held
                logger.warning("Heartbeat failed", extra={"action": "heartbeat_failed", "error": str(error)})

    thread = threading.Thread(target=beating, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
