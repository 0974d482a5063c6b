"""The worker's loop: claim a batch under a lease, look at the pictures, store what was seen, finish.

Everything that must not be lost is in the database: a worker killed at any instruction leaves its claim behind, the
lease runs out, and another worker takes the batch. Features are stored and work is finished in one statement, so
nothing is half-done; a worker whose lease has gone cannot write. Before every batch it asks which model to work with,
so that it follows a cut-over; what it has claimed it finishes with the model it was claimed for.
"""

from __future__ import annotations

import hashlib
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Protocol
from uuid import UUID

from logosim.domain.features import Features
from logosim.domain.work import Claim, ClaimedMark, Failure
from logosim.errors import DatabaseUnavailable, LeaseLost, LogosimError, ModelMismatch, PictureError, PictureTooLarge
from workers.lease import kept_alive

logger = logging.getLogger(__name__)


class WorkSource(Protocol):
    """The queue as a worker needs it; `logosim.store.work.WorkStore` is the real one."""

    def claim(self, worker: str, batch_size: int, lease: timedelta) -> Claim | None:
        """Up to `batch_size` marks under one new lease; None if nothing can be claimed now."""

    def heartbeat(self, claim: Claim, lease: timedelta) -> int:
        """Extend the lease; how many marks it still covers."""

    def finish(self, claim: Claim, done: Sequence[tuple[UUID, Features]]) -> None:
        """Store features and finish the work, all or nothing."""

    def fail(self, claim: Claim, failures: Sequence[Failure]) -> None:
        """Give marks back with their errors, to be tried again or set aside."""

    def release(self, claim: Claim) -> None:
        """Give everything unfinished back without counting the attempt."""

    def pending(self) -> int:
        """Marks queued or leased, those included that are due later."""


class FeatureExtractor(Protocol):
    """Turns pictures into features; `logosim.extract.Extractor` is the real one."""

    def extract(self, pictures: Sequence[bytes]) -> list[Features | PictureError]:
        """Features or the error for each picture, in order."""


class Loaded(Protocol):
    """A model that is loaded, with its queue; `logosim.runtime.LoadedModel` is one."""

    @property
    def work(self) -> WorkSource:
        """The queue of this model alone."""

    @property
    def extractor(self) -> FeatureExtractor:
        """What makes features of it."""


@dataclass(slots=True)
class WorkReport:
    """What one worker did."""

    finished: int = 0
    failed: int = 0
    batches: int = 0
    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(("claim", "read", "extract", "store"), 0.0))


@dataclass(frozen=True, slots=True)
class Worker:
    """One worker with the parts it is given.

    `model` is asked before every batch. `between` does before every batch what cannot wait until the queue is empty,
    and `wait` waits so many seconds for the next, or less if something is to be done; without them there is no such
    thing.
    """

    name: str
    model: Callable[[], Loaded]
    max_picture_bytes: int  # a larger file is not read at all
    batch_size: int = 16
    lease: timedelta = timedelta(seconds=60)
    idle_wait_s: float = 0.5
    database_wait_s: float = 5.0
    between: Callable[[threading.Event], object] | None = None
    wait: Callable[[float], object] | None = None

    def run(
        self,
        stop: threading.Event,
        *,
        until_empty: bool = False,
        on_batch: Callable[[WorkReport], None] = lambda _: None,
    ) -> WorkReport:
        """Work until `stop` is set, or until nothing is left that this or another worker has yet to finish.

        A worker that is to run on waits for a database that is away; one that is to end says so and ends.

        Raises:
            ModelMismatch: this process has no artifact of the model to work with, or that is being dropped; what was
                claimed is given back.
            LogosimError: no model is active, or the database went away (`until_empty`). The work is not lost.
        """
        report = WorkReport()
        while not stop.is_set():
            try:
                if self.between is not None:
                    self.between(stop)
                loaded = self.model()
                if self._turn(loaded, stop, report):
                    on_batch(report)
                elif until_empty and loaded.work.pending() == 0:
                    break
                else:
                    (self.wait or stop.wait)(self.idle_wait_s)
            except DatabaseUnavailable as error:
                if until_empty:
                    raise
                logger.warning(
                    "Database unavailable, trying again",
                    extra={"action": "database_unavailable", "worker": self.name, "error": str(error)},
                )
                stop.wait(self.database_wait_s)
        return report

    def _turn(self, loaded: Loaded, stop: threading.Event, report: WorkReport) -> bool:
        """Claim one batch and work it off; False if there was none to claim."""
        work = loaded.work
        with _timed(report, "claim"):
            claim = work.claim(self.name, self.batch_size, self.lease)
        if claim is None:
            return False
        try:
            self._batch(loaded, claim, stop, report)
        except LeaseLost:
            logger.warning(
                "Lease lost, batch left to another worker",
                extra={"action": "lease_lost", "worker": self.name, "marks": len(claim.marks)},
            )
        except ModelMismatch:
            work.release(claim)
            raise
        return True

    def _batch(self, loaded: Loaded, claim: Claim, stop: threading.Event, report: WorkReport) -> None:
        work = loaded.work
        with kept_alive(lambda: work.heartbeat(claim, self.lease), self.lease):
            with _timed(report, "read"):
                pictures = [_read(mark, self.max_picture_bytes) for mark in claim.marks]
            if stop.is_set():
                work.release(claim)
                return
            with _timed(report, "extract"):
                readable = [data for data in pictures if isinstance(data, bytes)]
                results = iter(_extract(loaded.extractor, readable))
                outcomes = [next(results) if isinstance(data, bytes) else data for data in pictures]
        done: list[tuple[UUID, Features]] = []
        failures: list[Failure] = []
        for mark, outcome in zip(claim.marks, outcomes, strict=True):
            if isinstance(outcome, Features):
                done.append((mark.mark_id, outcome))
            else:
                failures.append(Failure(mark.mark_id, str(outcome), permanent=isinstance(outcome, PictureError)))
        with _timed(report, "store"):
            work.finish(claim, done)
            if failures:
                work.fail(claim, failures)
        report.finished += len(done)
        report.failed += len(failures)
        report.batches += 1
        logger.info(
            "Batch stored",
            extra={"action": "batch_stored", "worker": self.name, "marks": len(done), "failed": len(failures)},
        )


def _extract(extractor: FeatureExtractor, pictures: Sequence[bytes]) -> Sequence[Features | LogosimError]:
    """Features, or errors to try again: a fault of a library on one picture must not end the worker.

    What two attempts did not finish is claimed alone, so the picture at fault is found and set aside with its error,
    and its batch is not.
    """
    try:
        return extractor.extract(pictures)
    except LogosimError:
        raise
    except Exception as error:
        logger.exception("Extraction failed", extra={"action": "extraction_failed", "pictures": len(pictures)})
        return [LogosimError(f"{type(error).__name__}: {error}")] * len(pictures)


def _read(mark: ClaimedMark, max_bytes: int) -> bytes | LogosimError:
    """The picture's bytes, if they are still those that were taken in; of a file that is too large, nothing is read."""
    path = Path(mark.picture_location)
    try:
        size = path.stat().st_size
        if size > max_bytes:
            return PictureTooLarge(f"The picture file has {size} bytes, the limit is {max_bytes}: {path}")
        data = path.read_bytes()
    except FileNotFoundError:  # a drive that is not mounted, or a file that is put back: worth another attempt
        return LogosimError(f"The picture file is gone: {mark.picture_location}")
    except OSError as error:  # a network drive that is away
        return LogosimError(f"The picture file cannot be read: {error.strerror}: {mark.picture_location}")
    if hashlib.sha256(data).hexdigest() != mark.picture_sha256:
        return PictureError(f"The picture changed since it was ingested; ingest it again: {mark.picture_location}")
    return data


@contextmanager
def _timed(report: WorkReport, stage: str) -> Iterator[None]:
    start = time.perf_counter()
    try:
        yield
    finally:
        report.seconds[stage] += time.perf_counter() - start
