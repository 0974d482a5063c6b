"""What came of a batch of records: how many were taken in, and which were not and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from logosim.domain.mark import Rejection


@dataclass(frozen=True, slots=True)
class MergeCounts:
    """What merging staged marks did."""

    inserted: int = 0  # marks that were new
    updated: int = 0  # marks whose record or picture changed
    unchanged: int = 0  # marks that were already there just so
    queued: int = 0  # marks whose features a worker now has to make

    def __add__(self, other: MergeCounts) -> MergeCounts:
        return MergeCounts(
            inserted=self.inserted + other.inserted,
            updated=self.updated + other.updated,
            unchanged=self.unchanged + other.unchanged,
            queued=self.queued + other.queued,
        )


@dataclass(frozen=True, slots=True)
class IngestReport:
    """Counts of one batch. `read` is `inserted + updated + unchanged + rejected_count`."""

    read: int  # records seen
    inserted: int  # marks that were new
    updated: int  # marks whose record or picture changed
    unchanged: int  # marks that were already there just so
    queued: int  # marks whose features a worker now has to make
    rejected: tuple[Rejection, ...] = ()  # the first of them only; all of them are rows in the database
    rejected_by_reason: Mapping[str, int] = field(default_factory=dict)  # all of them

    @property
    def rejected_count(self) -> int:
        """How many records were not taken in."""
        return sum(self.rejected_by_reason.values())
