"""Where a search reads: marks as they are at one moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from logosim.domain.hit import CandidateSet, SingleCandidate
from logosim.domain.query import Query
from logosim.store.pool import Pool, borrowed
from logosim.store.pronunciation import Transcriber
from logosim.store.snapshot import LOOK_LIMIT, NAME_LIMIT, Snapshot


class SearchStore:
    """Finds candidates among the stored marks.

    Args:
        pool: connections of a role that may read.
        transcriber: what pronounces queries; it must be the engine of the stored names. Without any the database
            pronounces by rule.
    """

    def __init__(self, pool: Pool, transcriber: Transcriber | None = None) -> None:
        self._pool = pool
        self._transcriber = transcriber

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """What a whole search sees, whatever is taken in or activated meanwhile; it holds a connection until then."""
        with borrowed(self._pool) as connection, connection.transaction():
            yield Snapshot(connection, self._transcriber)

    def candidates(self, query: Query, *, limit: int = LOOK_LIMIT, name_limit: int = NAME_LIMIT) -> CandidateSet:
        """Stage 1 alone: `Snapshot.candidates`."""
        with self.snapshot() as marks:
            return marks.candidates(query, limit=limit, name_limit=name_limit)

    def candidate(self, query: Query, mark_id: UUID) -> SingleCandidate:
        """One stored mark as a candidate: `Snapshot.candidate`."""
        with self.snapshot() as marks:
            return marks.candidate(query, mark_id)
