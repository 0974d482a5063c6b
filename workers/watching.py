"""The loop that runs saved searches: claim a watch that is due, run it, tell what is new; then the next one.

Several may run at once: each watch is run by one of them, once in the time that is set. Search, report and the turn of
the watch are one transaction, so that a runner that dies has done nothing or all of it; what was reported stays in the
database, whether or not anybody was told.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from logosim.domain.watch import WatchRun
from logosim.errors import DatabaseUnavailable

logger = logging.getLogger(__name__)


class WatchSource(Protocol):
    """The watches as a runner needs them; `logosim.store.watches.WatchStore` is the real one."""

    def run_next(self, every: timedelta, names: Sequence[str] = ()) -> WatchRun | None:
        """Run the watch that is due, and that nobody else is running; None if there is none."""


@dataclass(frozen=True, slots=True)
class WatchRunner:
    """Runs watches on a schedule."""

    watches: WatchSource
    every: timedelta  # a watch is run again after so long, whoever ran it, with or without success
    names: Sequence[str] = ()  # only these; empty: all
    longest_wait_s: float = 30.0  # between looks at what is due, so that a new watch is not late
    database_wait_s: float = 5.0

    def run(self, stop: threading.Event, on_run: Callable[[WatchRun], None]) -> None:
        """Run watches until `stop` is set; `on_run` is told of every run, with or without hits.

        A database that is away is waited for.

        Raises:
            LogosimError: the database refuses the work as such, such as for want of a privilege.
        """
        pause = min(self.every.total_seconds() / 4, self.longest_wait_s)
        while not stop.is_set():
            try:
                done = self.watches.run_next(self.every, self.names)
            except DatabaseUnavailable as error:
                logger.warning(
                    "Database unavailable, trying again",
                    extra={"action": "database_unavailable", "error": str(error)},
                )
                stop.wait(self.database_wait_s)
                continue
            if done is None:
                stop.wait(pause)
                continue
            fields = {"watch": done.watch, "hits": len(done.hits)}
            if done.error is None:
                logger.info("Watch run", extra={"action": "watch_run", **fields})
            else:
                logger.warning("Watch failed", extra={"action": "watch_failed", **fields, "error": done.error})
            on_run(done)
