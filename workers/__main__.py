"""One worker process: `python -m workers --until-empty`."""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from types import FrameType

from logosim.errors import LogosimError
from logosim.logs import configure
from logosim.runtime import Runtime
from logosim.settings import Settings
from workers.worker import Worker

logger = logging.getLogger("workers")


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line of a worker."""
    parser = argparse.ArgumentParser(
        prog="python -m workers",
        description="Claims queued marks, extracts features from their pictures and stores them.",
        epilog="Example: python -m workers --until-empty --batch 16",
    )
    parser.add_argument("--until-empty", action="store_true", help="end when no work is queued or leased")
    parser.add_argument("--batch", type=int, default=16, metavar="N", help="marks per claim, 1 to 256 (default 16)")
    parser.add_argument(
        "--lease", type=float, default=60.0, metavar="S", help="seconds a claim holds without heartbeat"
    )
    parser.add_argument("--name", default=f"{socket.gethostname()}:{os.getpid()}", help="name shown in the queue")
    given = parser.parse_args(argv)
    if not 1 <= given.batch <= 256:
        parser.error("--batch must be 1 to 256")
    if not 1 <= given.lease <= 3600:
        parser.error("--lease must be 1 to 3600 seconds")
    return given


def main(argv: Sequence[str] | None = None) -> int:
    """Run one worker until it is told to stop; the exit code says how it ended."""
    given = arguments(argv)
    stop = threading.Event()

    def finish_batch(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, finish_batch)
    signal.signal(signal.SIGINT, finish_batch)
    try:
        settings = Settings.from_environment()
        configure(settings.log_level, settings.log_format)
        with Runtime.open(settings, role="logosim_worker") as runtime:
            worker = Worker(
                name=given.name,
                work=runtime.loaded_model_work,
                extractor=runtime.extractor,
                max_picture_bytes=settings.max_picture_bytes,
                batch_size=given.batch,
                lease=timedelta(seconds=given.lease),
            )
            report = worker.run(stop, until_empty=given.until_empty)
    except LogosimError as error:
        print(f"Error: {error}" + (f"\n{error.hint}" if error.hint else ""), file=sys.stderr)  # noqa: T201
        return error.exit_code
    logger.info("Worker ended", extra={"action": "worker_ended", "report": json.dumps(asdict(report))})
    return 0


if __name__ == "__main__":
    sys.exit(main())
