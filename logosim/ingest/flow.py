"""The ingestion flow: records in chunks to the database, so that a run can be watched, broken off and repeated."""

from __future__ import annotations

import itertools
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from logosim.domain.ingest import IngestReport, MergeCounts
from logosim.domain.mark import Mark, Rejection

log = logging.getLogger(__name__)

CHUNK = 2_000  # records between two merges
SHOWN_REJECTIONS = 1_000  # kept in the report; the database keeps all
_TICK = 50  # records between two calls of `progress`


class IngestStore(Protocol):
    """Where a batch goes. Each call is a transaction of its own."""

    def begin(self, source: str, path: str) -> int:
        """Open a batch."""
        ...

    def stage(self, batch_id: int, marks: Sequence[Mark]) -> None:
        """Put marks into the batch's staging rows."""
        ...

    def merge(self, batch_id: int) -> MergeCounts:
        """Merge the staged marks by id, queue the work they need and clear the staging rows."""
        ...

    def reject(self, batch_id: int, rejections: Sequence[Rejection]) -> None:
        """Keep rejections as rows; the same one twice is kept once."""
        ...

    def finish(self, batch_id: int, counts: IngestReport) -> None:
        """Close the batch with its counts."""
        ...


def ingest(
    items: Iterable[Mark | Rejection],
    store: IngestStore,
    *,
    source: str,
    path: Path | str,
    progress: Callable[[int], None] = lambda read: None,
) -> IngestReport:
    """Take in what a reader yields.

    Every chunk is merged by itself. A run that breaks off has taken in whole chunks; running it again takes in the
    rest and leaves the same state as one run.

    Args:
        items: marks and rejections, as `logosim.ingest.l3d.read` yields them.
        store: the database.
        source: name of the data set or register.
        path: what was read, for the record of the batch.
        progress: called with the number of records read so far.
    """
    batch_id = store.begin(source, str(path))
    merged = MergeCounts()
    reasons: Counter[str] = Counter()
    shown: list[Rejection] = []
    read = 0
    for chunk in _chunks(_ticking(items, progress)):
        marks = [item for item in chunk if isinstance(item, Mark)]
        rejections = [item for item in chunk if isinstance(item, Rejection)]
        if marks:
            store.stage(batch_id, marks)
            merged += store.merge(batch_id)
        if rejections:
            store.reject(batch_id, rejections)
        reasons.update(rejection.reason for rejection in rejections)
        shown.extend(rejections[: SHOWN_REJECTIONS - len(shown)])
        read += len(chunk)
        progress(read)
    report = IngestReport(
        read=read,
        inserted=merged.inserted,
        updated=merged.updated,
        unchanged=merged.unchanged,
        queued=merged.queued,
        rejected=tuple(shown),
        rejected_by_reason=dict(reasons),
    )
    store.finish(batch_id, report)
    log.info(
        "Batch ingested",
        extra={"action": "batch_ingested", "source": source, "read": read, "rejected": report.rejected_count},
    )
    return report


def _chunks(items: Iterator[Mark | Rejection]) -> Iterator[list[Mark | Rejection]]:
    while chunk := list(itertools.islice(items, CHUNK)):
        yield chunk


def _ticking(items: Iterable[Mark | Rejection], progress: Callable[[int], None]) -> Iterator[Mark | Rejection]:
    for count, item in enumerate(items, start=1):
        yield item
        if count % _TICK == 0:
            progress(count)
