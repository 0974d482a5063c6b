"""Work that waits to be done: marks whose pictures a worker has yet to look at."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class ClaimedMark:
    """One mark of a claim."""

    mark_id: UUID
    picture_location: str
    picture_sha256: str
    attempts: int  # this one included


@dataclass(frozen=True, slots=True)
class Claim:
    """Marks that one worker holds under one lease."""

    lease_token: UUID
    model_id: int
    marks: tuple[ClaimedMark, ...]


@dataclass(frozen=True, slots=True)
class Failure:
    """A mark that could not be finished."""

    mark_id: UUID
    error: str
    permanent: bool  # True: trying again cannot help, so it goes to the dead letters at once
