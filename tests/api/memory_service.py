"""A service in memory: enough of one to look at the wire format, the error table, the keys and the limits.

Searching itself is tested on the real database elsewhere; here the pipeline returns a fixed answer and remembers what
it was asked.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import numpy as np

from logosim.domain.asked import KeptPicture
from logosim.domain.explanation import (
    AnsweringSounds,
    Compared,
    ComparedMark,
    Explanation,
    FigurePlace,
    HeadedCode,
    MatchedPatch,
    ShapeExplanation,
    SpellingExplanation,
    SpokenComparison,
    ViennaExplanation,
)
from logosim.domain.features import RgbImage
from logosim.domain.hit import Answer, ChannelEvidence, Hit, StoredMark
from logosim.domain.ingest import IngestReport
from logosim.domain.mark import Rejection, mark_id
from logosim.domain.query import Filter, Weights
from logosim.domain.rectangle import Rectangle
from logosim.domain.vienna import ViennaLevel
from logosim.errors import HandleNotFound, MarkNotFound
from logosim.imaging.formats import picture_format

GOOD_KEY = "lgs_good"
MARK_ID = mark_id("l3d", "earlier.JPG")
OTHER_ID = mark_id("l3d", "1.JPG")
HANDLE = UUID("7c9e6679-7425-40de-944b-e07fc1f90ae7")


def answer(marks: int = 2) -> Answer:
    """An answer whose numbers hang together."""
    hits = tuple(
        Hit(
            rank=rank,
            mark_id=mark_id("l3d", f"{rank}.JPG"),
            score=0.75,
            risk="high",
            source="l3d",
            file=f"{rank}.JPG",
            text="Äcme & Søn",
            vienna_codes=("26.04.05",),
            year=2014,
            picture_location="/secret/place/1.JPG",
            found_by=("look", "sound"),
            evidence=(
                ChannelEvidence("look", 0.9, 1.0, 2.0, 0.45, "The pictures look alike."),
                ChannelEvidence("sound", 0.6, 1.0, 2.0, 0.3, "The names sound alike."),
            ),
        )
        for rank in range(1, marks + 1)
    )
    return Answer(
        hits=hits,
        model="test-model",
        query_text="acme",
        route="hnsw",
        candidates=1000,
        passed=None,
        complete=True,
        timings_ms={"extract": 12.5, "total": 40.0},
    )


def stored_mark(location: str = "/nowhere/earlier.JPG", sha256: str = "ab" * 32) -> StoredMark:
    """The one mark there is."""
    return StoredMark(
        mark_id=MARK_ID,
        source="l3d",
        file="earlier.JPG",
        text=None,
        vienna_codes=("03.07.01",),
        year=None,
        picture_location=location,
        picture_sha256=sha256,
        width=None,
        height=None,
        embedding=None,
        patches=None,
    )


@dataclass
class MemoryPipeline:
    """Answers at once, or when `gate` opens."""

    asked: list[dict[str, Any]] = field(default_factory=list)
    kept: list[dict[str, Any]] = field(default_factory=list)
    fails_with: Exception | None = None
    gate: threading.Event | None = None
    entered: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

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
        if not self.fails_with and not self.gate:
            picture_format(data)
        return self._answer(
            picture=data,
            text=text,
            vienna_codes=vienna_codes,
            regions=regions,
            filter=filter,
            weights=weights,
            k=k,
            expand=expand,
        )

    def by_handle(
        self,
        handle: UUID,
        *,
        filter: Filter,  # noqa: A002
        weights: Weights,
        k: int,
        expand: int,
    ) -> Answer:
        if handle != HANDLE:
            raise HandleNotFound(f"There is no picture with the handle {handle}.")
        return self._answer(handle=handle, filter=filter, weights=weights, k=k, expand=expand)

    def remember(
        self, data: bytes, *, text: str | None, vienna_codes: tuple[str, ...], regions: tuple[Rectangle, ...]
    ) -> KeptPicture:
        picture_format(data)
        self.kept.append({"picture": data, "text": text, "vienna_codes": vienna_codes, "regions": regions})
        return KeptPicture(HANDLE, datetime(2030, 1, 2, 3, 4, tzinfo=UTC), text or "read", len(regions))

    def by_mark(
        self,
        mark_id: UUID,
        *,
        filter: Filter,  # noqa: A002
        weights: Weights,
        k: int,
        expand: int,
    ) -> Answer:
        if mark_id != MARK_ID:
            raise MarkNotFound(f"There is no mark {mark_id}.")
        return self._answer(mark_id=mark_id, filter=filter, weights=weights, k=k, expand=expand)

    def by_text(
        self,
        text: str,
        *,
        vienna_codes: tuple[str, ...],
        filter: Filter,  # noqa: A002
        weights: Weights,
        k: int,
    ) -> Answer:
        return self._answer(text=text, vienna_codes=vienna_codes, filter=filter, weights=weights, k=k)

    def _answer(self, **question: Any) -> Answer:
        self.asked.append(question)
        self.entered.release()
        if self.gate is not None:
            assert self.gate.wait(20)
        if self.fails_with is not None:
            raise self.fails_with
        return answer()


def compared() -> Compared:
    """A comparison whose first picture is there and whose other picture is gone."""
    first = ComparedMark(MARK_ID, "l3d", "earlier.JPG", "Äcme", "acme", ("26.04.05",), None, 70, 70, None)
    other = ComparedMark(OTHER_ID, "l3d", "1.JPG", "Acne", "acne", ("26.04",), 2014, None, None, "It is gone.")
    sounds = (
        AnsweringSounds("ʃ", "s", "sh", "s", 20.0, "similar"),
        AnsweringSounds("a", "", "a", "", -10.0, "missing"),
    )
    explanation = Explanation(
        first=first,
        other=other,
        score=0.75,
        risk="high",
        summary="“Äcme” is compared with the earlier mark “Acne” of 2014.",
        model="test-model",
        evidence=answer().hits[0].evidence,
        absent=(),
        shape=ShapeExplanation(
            FigurePlace(1.0, False, 0, 1), 30, (MatchedPatch(1, 0.9, (0, 0), (0, 1), Rectangle(0, 0, 10, 10), None),)
        ),
        sound=(SpokenComparison("en", "English", "ʃa", "s", 0.5, sounds),),
        spelling=SpellingExplanation(0.9, 0.5, ("  a", " ac")),
        vienna=ViennaExplanation((HeadedCode("26", ViennaLevel.CATEGORY, "figures"),), (), ()),
    )
    return Compared(explanation, (RgbImage(np.zeros((70, 70, 3), np.uint8)), None))


@dataclass
class MemoryComparison:
    asked: list[tuple[UUID, UUID, Weights]] = field(default_factory=list)
    fails_with: Exception | None = None

    def of_marks(self, mark_id: UUID, other_id: UUID, *, weights: Weights) -> Compared:
        self.asked.append((mark_id, other_id, weights))
        if self.fails_with is not None:
            raise self.fails_with
        return compared()

    def of_handle(self, handle: UUID, other_id: UUID, *, weights: Weights) -> Compared:
        if handle != HANDLE:
            raise HandleNotFound(f"There is no picture with the handle {handle}.")
        return self.of_marks(handle, other_id, weights=weights)


@dataclass
class MemoryMarks:
    mark: StoredMark = field(default_factory=stored_mark)

    def get(self, mark_id: UUID) -> StoredMark:
        if mark_id != self.mark.mark_id:
            raise MarkNotFound(f"There is no mark {mark_id}.")
        return self.mark


@dataclass
class MemoryWork:
    fails_with: Exception | None = None

    def status(self) -> dict[str, int]:
        if self.fails_with is not None:
            raise self.fails_with
        return {"queued": 3, "leased": 2, "dead": 1}


@dataclass
class MemoryKeys:
    valid: set[str] = field(default_factory=lambda: {GOOD_KEY})
    seen: list[str] = field(default_factory=list)

    def verify(self, token: str) -> bool:
        self.seen.append(token)
        return token in self.valid


@dataclass
class MemoryService:
    pipeline: MemoryPipeline = field(default_factory=MemoryPipeline)
    comparison: MemoryComparison = field(default_factory=MemoryComparison)
    marks: MemoryMarks = field(default_factory=MemoryMarks)
    work: MemoryWork = field(default_factory=MemoryWork)
    keys: MemoryKeys = field(default_factory=MemoryKeys)
    not_ready: Exception | None = None
    batches: list[tuple[str, bytes, Mapping[str, bytes]]] = field(default_factory=list)

    def ready(self) -> None:
        if self.not_ready is not None:
            raise self.not_ready

    def ingest_uploads(self, source: str, records: bytes, pictures: Mapping[str, bytes]) -> IngestReport:
        self.batches.append((source, records, dict(pictures)))
        rejection = Rejection("upload/00112233aabbccdd/records", 1, 2, "picture-missing", "There is no picture b.jpg.")
        return IngestReport(
            read=2,
            inserted=1,
            updated=0,
            unchanged=0,
            queued=1,
            rejected=(rejection,),
            rejected_by_reason={rejection.reason: 1},
        )
