"""Marks in memory, for tests of what asks a database."""

from __future__ import annotations

import dataclasses
import hashlib
import io
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
from PIL import Image

from logosim.domain.asked import AskedPicture, KeptPicture
from logosim.domain.features import Features, PatchArray
from logosim.domain.hit import Candidate, CandidateSet, Neighbour, SingleCandidate, StoredMark
from logosim.domain.query import Query
from logosim.domain.words import NO_COUNTS, WordCounts
from logosim.errors import MarkNotFound
from logosim.extract import Extractor
from logosim.imaging.decode import DecodeLimits
from logosim.phonetics import phonemes
from logosim.search.calibration import packaged_calibrations
from logosim.search.comparison import Comparison
from logosim.search.pipeline import Pipeline, name_keys


@dataclass
class Register:
    """Marks in memory, asked in the three ways that comparison and search ask a database."""

    folder: Path
    extractor: Extractor
    marks: dict[UUID, StoredMark] = field(default_factory=dict)
    kept: dict[UUID, tuple[AskedPicture, bytes | None]] = field(default_factory=dict)
    words: WordCounts = NO_COUNTS
    transcribe: Callable[[str], str | None] = phonemes

    def add(self, mark_id: UUID, picture: Image.Image | None, text: str | None = None, **changes: Any) -> UUID:
        data, features = b"", None
        if picture is not None:
            data = png(picture)
            (features,) = self.extractor.extract([data])
            assert isinstance(features, Features)
        file = self.folder / f"{mark_id.int}.png"
        file.write_bytes(data)
        mark = StoredMark(
            mark_id, "t", file.name, text, (), None, str(file), hashlib.sha256(data).hexdigest(), None, None,
            features.embedding if features else None, features.patches if features else None, "1" * 64,
        )  # fmt: skip
        self.marks[mark_id] = dataclasses.replace(mark, **changes)
        return mark_id

    def get(self, mark_id: UUID) -> StoredMark:
        if mark_id not in self.marks:
            raise MarkNotFound
        return self.marks[mark_id]

    def candidate(self, query: Query, mark_id: UUID) -> SingleCandidate:
        mark = self.get(mark_id)
        names = name_keys(mark.text, self.transcribe)
        looked = query.features is not None and mark.embedding is not None
        found = Candidate(
            mark_id, mark.source, mark.file, mark.text, names.normalised, names.phonemes, mark.vienna_codes, mark.year,
            mark.picture_location, ("look",),
            float(query.features.embedding @ mark.embedding) if looked else None,  # type: ignore[union-attr, operator]
            None if mark.patches is None else not mark.patches.any(),
        )  # fmt: skip
        return SingleCandidate(found, mark.patches, "lite0", self.words)

    def nearest(self, query: Query, count: int) -> list[Neighbour]:
        raise AssertionError("nobody asked for a wider question")

    def snapshot(self) -> AbstractContextManager[Register]:
        return nullcontext(self)

    def patches(self, mark_ids: Sequence[UUID]) -> PatchArray:
        return np.stack([self.get(mark_id).patches for mark_id in mark_ids])  # type: ignore[misc]

    def candidates(self, query: Query) -> CandidateSet:
        found = tuple(self.candidate(query, mark_id).candidate for mark_id in self.marks if mark_id != query.exclude)
        return CandidateSet("lite0", found, "exact", None, complete=True, words=self.words)

    def labels(self, codes: Sequence[str]) -> dict[str, str]:
        known = {"03": "animals", "03.07": "birds and bats", "26": "geometrical figures"}
        return {code: known[code] for code in codes if code in known}

    def remember(self, asked: AskedPicture, data: bytes | None) -> KeptPicture:
        handle = UUID(int=1000 + len(self.kept))
        self.kept[handle] = asked, data
        return KeptPicture(handle, datetime(2030, 1, 1, tzinfo=UTC), asked.text, len(asked.parts))

    def recall(self, handle: UUID) -> AskedPicture:
        return self.kept[handle][0]

    def picture(self, handle: UUID) -> bytes | None:
        return self.kept[handle][1]

    def search(self) -> Pipeline:
        return Pipeline(
            extractor=lambda: self.extractor,
            candidates=self,
            marks=self,
            pictures=self,
            calibrations=packaged_calibrations(),
            transcribe=self.transcribe,
        )

    def comparison(self, limits: DecodeLimits | None = None) -> Comparison:
        return Comparison(
            extractor=lambda: self.extractor,
            candidates=self,
            marks=self,
            pictures=self,
            headings=self,
            limits=limits or DecodeLimits(),
            calibrations=packaged_calibrations(),
            transcribe=self.transcribe,
        )


def png(picture: Image.Image) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    return stream.getvalue()
