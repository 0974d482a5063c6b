"""How a process that runs until it is told to end hears of it: what is at hand is finished first."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_ENDING = (signal.SIGTERM, signal.SIGHUP)  # a service manager, or a plain `kill`; a terminal that was closed

Handler = Callable[[int, FrameType | None], None]


def until_stopped() -> threading.Event:
    """Set when the process is told to end; by SIGINT too, even where a shell has started it in the background."""
    stop = threading.Event()

    def finish(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    _handle(finish)
    signal.signal(signal.SIGINT, finish)
    return stop


@contextmanager
def told_to_end(handler: Handler) -> Iterator[None]:
    """Call `handler` when the process is told to end by another signal than SIGINT, until the block ends."""
    former = {number: signal.getsignal(number) for number in _ENDING}
    _handle(handler)
    try:
        yield
    finally:
        for number, before in former.items():
            signal.signal(number, before or signal.SIG_DFL)


def _handle(handler: Handler) -> None:
    for number in _ENDING:
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # nohup is heeded
            signal.signal(number, handler)
