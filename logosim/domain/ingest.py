"""What came of a batch of records: how many were taken in, and which were not and why."""

from __future__ import annotations

from dataclasses import dataclass

from logosim.domain.mark import Rejection


@dataclass(frozen=True, slots=True)
class IngestReport:
    """Counts of one batch. `read` is `inserted + updated + unchanged + len(rejected)`."""

    read: int  # records seen
    inserted: int  # marks that were new
    updated: int  # marks whose record or picture changed
    unchanged: int  # marks that were already there just so
    queued: int  # marks whose features a worker now has to make
    rejected: tuple[Rejection, ...] = ()
