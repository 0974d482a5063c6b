"""Saved searches, and what they report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

from logosim.domain.rectangle import Rectangle
from logosim.errors import LogosimError


@dataclass(frozen=True, slots=True)
class Watch:
    """A saved search and how it goes."""

    name: str
    watched: str  # mark, picture or name
    asked: UUID | None  # mark, or handle of the copy of a picture
    text: str | None  # name that is watched, or that the mark has
    threshold: float  # least score that is reported, a probability of confusion, 0..1
    saved_by: str
    ran_at: datetime | None
    runs: int
    known: int  # marks that were there when it was saved, and are not reported
    reported: int
    complete: bool | None  # whether the last run cut none off that reach the threshold
    last_error: str | None


@dataclass(frozen=True, slots=True)
class WatchHit:
    """A mark that a watch has reported."""

    watch: str
    run: int  # number of the run that reported it, from 1; 0: known when the watch was saved
    reported_at: datetime
    mark_id: UUID
    score: float  # probability of a confusion, 0..1, as it was then
    risk: str  # identical, high, medium or low
    again: bool  # reported before, with another picture or name
    found_by: tuple[str, ...]
    text: str | None
    source: str
    file: str
    year: int | None
    vienna_codes: tuple[str, ...]
    channels: Mapping[str, float]  # values of those that were compared, 0..1, by name


@dataclass(frozen=True, slots=True)
class WatchRun:
    """What came of running one watch."""

    watch: str
    hits: tuple[WatchHit, ...] = ()  # what was new, best first
    error: str | None = None  # why it could not be run, and what to do

    @classmethod
    def failed(cls, watch: str, error: LogosimError) -> Self:
        """A run that ended with an error."""
        said = f"{str(error).removesuffix('.')}. {error.hint}" if error.hint else str(error)
        return cls(watch, error=said.replace("\x00", "\ufffd"))


@dataclass(frozen=True, slots=True)
class WatchedPicture:
    """A picture that a watch keeps, as it is to be looked at again."""

    picture: bytes  # the file
    regions: tuple[Rectangle, ...]  # empty: the whole is watched
    texts: tuple[str | None, ...]  # names that are compared, of the whole or of each region; None: none
    vienna_codes: tuple[str, ...]  # canonical codes of the picture itself
