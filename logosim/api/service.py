"""What the REST front door needs of what stands behind it, and the limits it keeps.

The composition root satisfies `Service`; nothing here opens or closes anything. All methods are synchronous, may be
called from several threads, and raise the errors of `logosim.errors`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from logosim.domain.asked import KeptPicture
from logosim.domain.explanation import Compared
from logosim.domain.hit import Answer, StoredMark
from logosim.domain.ingest import IngestReport
from logosim.domain.query import Filter, Weights
from logosim.domain.rectangle import Rectangle


class SearchPipeline(Protocol):
    """The two stages of the search."""

    def by_picture(
        self,
        data: bytes,
        *,
        text: str | None,
        vienna_codes: tuple[str, ...],
        regions: tuple[Rectangle, ...],
        filter: Filter,  # noqa: A002
        weights: Weights,
        k: int,
        expand: int,
    ) -> Answer:
        """Marks similar to the picture in `data`, or to regions of it; `text` None: it is read from the picture."""

    def by_handle(
        self,
        handle: UUID,
        *,
        filter: Filter,  # noqa: A002
        weights: Weights,
        k: int,
        expand: int,
    ) -> Answer:
        """The answer of `by_picture` to a picture that was kept. Raises HandleNotFound."""

    def remember(
        self, data: bytes, *, text: str | None, vienna_codes: tuple[str, ...], regions: tuple[Rectangle, ...]
    ) -> KeptPicture:
        """Keep a picture to be asked about by its handle; arguments as `by_picture`."""

    def by_mark(
        self,
        mark_id: UUID,
        *,
        filter: Filter,  # noqa: A002
        weights: Weights,
        k: int,
        expand: int,
    ) -> Answer:
        """Marks similar to a stored mark, itself excluded."""

    def by_text(
        self,
        text: str,
        *,
        vienna_codes: tuple[str, ...],
        filter: Filter,  # noqa: A002
        weights: Weights,
        k: int,
    ) -> Answer:
        """Marks whose name looks or sounds like `text`."""


class PairComparison(Protocol):
    """Explanations of pairs."""

    def of_marks(self, mark_id: UUID, other_id: UUID, *, weights: Weights) -> Compared:
        """Why a stored mark is like another one. Raises MarkNotFound, FilterError, NothingToCompare."""

    def of_handle(self, handle: UUID, other_id: UUID, *, weights: Weights) -> Compared:
        """Why a picture that was kept is like a stored mark. Raises HandleNotFound, MarkNotFound, NothingToCompare."""


class MarkReader(Protocol):
    """Stored marks."""

    def get(self, mark_id: UUID) -> StoredMark:
        """One mark. Raises MarkNotFound."""


class WorkReader(Protocol):
    """The work queue, seen from outside."""

    def status(self) -> dict[str, int]:
        """How many items are queued, leased and dead."""


class KeyVerifier(Protocol):
    """API keys."""

    def verify(self, token: str) -> bool:
        """Whether the token is a key that has not been revoked."""


class Service(Protocol):
    """Everything the REST front door calls."""

    @property
    def pipeline(self) -> SearchPipeline:
        """Searches."""

    @property
    def comparison(self) -> PairComparison:
        """Explanations of pairs."""

    @property
    def marks(self) -> MarkReader:
        """Stored marks."""

    @property
    def work(self) -> WorkReader:
        """The work queue."""

    @property
    def keys(self) -> KeyVerifier:
        """API keys."""

    def ready(self) -> None:
        """Return when a search could be answered now; otherwise raise the error that says what is missing."""

    def ingest_uploads(self, source: str, records: bytes, pictures: Mapping[str, bytes]) -> IngestReport:
        """Take in L3D records (JSON) with their pictures by file name, through the same flow as a folder."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one server accepts. A request beyond a limit is refused with a problem that names it."""

    max_picture_bytes: int = 20 * 1024 * 1024  # of one query picture
    max_batch_bytes: int = 64 * 1024 * 1024  # of one request to POST /v1/marks; it is held in memory
    max_batch_pictures: int = 1000  # files in one request to POST /v1/marks
    searches_at_once: int = 2  # threads that search; more than the cores makes each answer slower
    searches_waiting: int = 16  # searches that may wait for a thread; one more is answered 503
    batches_at_once: int = 1  # threads that take in batches
    batches_waiting: int = 2
    time_limit_s: float = 60.0  # of one request, waiting included
