"""One worker process: `python -m workers --until-empty`."""

from __future__ import annotations

import argparse
import json
import logging
import os
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import timedelta

from logosim.errors import LogosimError
from logosim.logs import configure
from logosim.runtime import LoadedModel, Runtime
from logosim.settings import Settings
from logosim.store.picture_requests import PictureBell, PictureRequestStore
from workers.pictures import PictureClerk
from workers.stopping import until_stopped
from workers.worker import Worker

logger = logging.getLogger("workers")


def arguments(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line of a worker."""
    parser = argparse.ArgumentParser(
        prog="python -m workers",
        description="Claims queued marks, extracts features from their pictures and stores them. Between batches it "
        "answers SQL clients that have handed in a picture (logosim.embed_picture).",
        epilog="Example: python -m workers --until-empty --batch 16",
    )
    parser.add_argument(
        "--model",
        metavar="NAME|FOLDER",
        help="work for this registered model, active or not; unset: for whichever is active",
    )
    parser.add_argument(
        "--pictures", action="store_true", help="only answer SQL clients, at once, and leave marks alone"
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
    if given.pictures and given.model:
        parser.error("--pictures looks with the active model: leave --model out")
    return given


def main(argv: Sequence[str] | None = None) -> int:
    """Run one worker until it is told to stop; the exit code says how it ended."""
    given = arguments(argv)
    stop = until_stopped()
    try:
        settings = Settings.from_environment()
        configure(settings.log_level, settings.log_format)
        with Runtime.open(settings, role="logosim_worker") as runtime, runtime.picture_bell() as bell:
            _work(runtime, bell, given, stop)
    except LogosimError as error:
        print(f"Error: {error}" + (f"\n{error.hint}" if error.hint else ""), file=sys.stderr)  # noqa: T201
        return error.exit_code
    return 0


def _work(runtime: Runtime, bell: PictureBell, given: argparse.Namespace, stop: threading.Event) -> None:
    bell.listen()  # a picture handed in from now on is heard
    clerk = PictureClerk(
        name=given.name,
        requests=PictureRequestStore(runtime.pool),
        model=runtime.loaded_model,
        bell=bell.wait,
    )
    if given.pictures:
        runtime.extractor.warm()  # the first client waits no longer than the next
        answered = clerk.run(stop, until_empty=given.until_empty)
        logger.info("Worker ended", extra={"action": "worker_ended", "pictures": answered})
        return
    worker = Worker(
        name=given.name,
        model=_model(runtime, given.model),
        max_picture_bytes=runtime.settings.max_picture_bytes,
        batch_size=given.batch,
        lease=timedelta(seconds=given.lease),
        between=None if given.model else clerk.answer_waiting,
        wait=None if given.model else bell.wait,
    )
    report = worker.run(stop, until_empty=given.until_empty)
    logger.info("Worker ended", extra={"action": "worker_ended", "report": json.dumps(asdict(report))})


def _model(runtime: Runtime, named: str | None) -> Callable[[], LoadedModel]:
    """The model to work with: the one that is named, for good, or whichever is active at each call."""
    if named is None:
        return runtime.loaded_model
    loaded = runtime.loaded_model(runtime.named_model(named))
    return lambda: loaded


if __name__ == "__main__":
    sys.exit(main())
