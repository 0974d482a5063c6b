"""Saved searches, and what they report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Watch:
    """A saved search and how it goes."""

    name: str
    watched: str  # mark, picture or name
    asked: UUID | None  # mark, or handle of the copy of a picture
    text: str | None  # name that is watched, or that the mark has
    threshold: float  # least score that is reported, 0..1
    saved_by: str
    ran_at: datetime | None
    runs: int
    known: int  # marks that were there when it was saved, and are not reported
    reported: int
    complete: bool | None  # whether the last run saw all that reach the threshold
    last_error: str | None


@dataclass(frozen=True, slots=True)
class WatchHit:
    """A mark that a watch has reported."""

    watch: str
    run: int  # number of the run that reported it, from 1; 0: known when the watch was saved
    reported_at: datetime
    mark_id: UUID
    score: float  # 0..1, as it was then
    again: bool  # reported before, with another picture or name
    found_by: tuple[str, ...]
    text: str | None
    source: str
    file: str
    year: int | None
    vienna_codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WatchRun:
    """What came of running one watch."""

    watch: str
    hits: tuple[WatchHit, ...] = ()  # what was new, best first
    error: str | None = None  # why it could not be run
