"""Two marks held against each other: the same extraction, re-ranking and score as in a search, with one candidate.

What a search says of a hit in a line is said here with the material: where the matched patches lie in both pictures,
which sounds answer each other, which codes are shared.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol
from uuid import UUID

import numpy as np

from logosim.domain.asked import AskedPicture
from logosim.domain.explanation import Compared, ComparedMark, Explanation
from logosim.domain.features import RgbImage
from logosim.domain.hit import SingleCandidate, StoredMark
from logosim.domain.query import Query, Weights
from logosim.domain.rectangle import Rectangle
from logosim.errors import NothingToCompare, PictureError, PictureGone, PictureTooLarge
from logosim.imaging.decode import DecodeLimits, decode
from logosim.imaging.placement import Placement
from logosim.imaging.trim import cut
from logosim.phonetics import normalise, phonemes
from logosim.search.calibration import Calibrations
from logosim.search.cut_over import steady
from logosim.search.explain import explain
from logosim.search.material import absent_channels, shape_of, sound_of, spelling_of, vienna_of
from logosim.search.pipeline import (
    NO_FILTER,
    USUAL_WEIGHTS,
    FeatureExtractor,
    MarkSource,
    name_keys,
    name_of,
    queries_of,
    query_of,
)
from logosim.search.rerank import Ranking, rerank
from logosim.search.summary import summary


class PlacingExtractor(FeatureExtractor, Protocol):
    """An extractor that can say where what it saw lies in a picture."""

    def placement(self, whole: RgbImage, part: Rectangle | None = None) -> Placement:
        """Where the model's square lies in a decoded picture, or that of one of its figures."""


class SingleCandidates(Protocol):
    """Stage 1 for one mark that is named."""

    def candidate(self, query: Query, mark_id: UUID) -> SingleCandidate:
        """A stored mark as a candidate. Raises MarkNotFound."""


class Headings(Protocol):
    """The Vienna classification."""

    def labels(self, codes: Sequence[str]) -> dict[str, str]:
        """Headings of those codes that have one."""


class KeptPictures(Protocol):
    """Pictures that are asked about and were kept."""

    def recall(self, handle: UUID) -> AskedPicture:
        """What was seen in one. Raises HandleNotFound."""

    def picture(self, handle: UUID) -> bytes | None:
        """Its file; None if only what was seen in it was kept."""


@dataclass(frozen=True, slots=True, eq=False)
class _Side:
    """One of the two marks with its picture, or the reason why there is none to show."""

    mark_id: UUID | None
    source: str | None
    file: str | None
    year: int | None
    picture: RgbImage | None
    problem: str | None

    def compared(self, text: str | None, vienna_codes: tuple[str, ...]) -> ComparedMark:
        height, width = (None, None) if self.picture is None else self.picture.shape[:2]
        return ComparedMark(
            mark_id=self.mark_id,
            source=self.source,
            file=self.file,
            text=text,
            normalised_text=normalise(text) if text else None,
            vienna_codes=vienna_codes,
            year=self.year,
            width=width,
            height=height,
            picture_problem=self.problem,
        )


class Comparison:
    """Explains pairs. It keeps no state between questions.

    `extractor` is called only for a picture that is not stored, and where patches match, to find their places.
    `transcribe` pronounces names as the stored ones are.
    """

    def __init__(
        self,
        *,
        extractor: Callable[[], PlacingExtractor],
        candidates: SingleCandidates,
        marks: MarkSource,
        pictures: KeptPictures,
        headings: Headings,
        limits: DecodeLimits,
        calibrations: Calibrations,
        transcribe: Callable[[str], str | None] = phonemes,
    ) -> None:
        self._extractor = extractor
        self._candidates = candidates
        self._marks = marks
        self._pictures = pictures
        self._headings = headings
        self._limits = limits
        self._calibrations = calibrations
        self._transcribe = transcribe

    @steady
    def of_marks(
        self, mark_id: UUID, other_id: UUID, *, weights: Weights = USUAL_WEIGHTS, places: bool = True
    ) -> Compared:
        """Why a stored mark is like another stored one.

        Without `places` nothing is worked out of where in the pictures the matched patches lie, which takes a text
        reader and the model's input size.

        Raises:
            MarkNotFound: there is no such mark.
            FilterError: the first has no text, and its picture has not been extracted yet.
            NothingToCompare: no weighted channel says anything about the two.
        """
        mark = self._marks.get(mark_id)
        return self._compared(query_of(mark, NO_FILTER, weights, 1), self._stored(mark), other_id, places)

    @steady
    def of_picture(
        self,
        data: bytes,
        other_id: UUID,
        *,
        text: str | None = None,
        vienna_codes: tuple[str, ...] = (),
        weights: Weights = USUAL_WEIGHTS,
        places: bool = True,
    ) -> Compared:
        """Why the picture in `data` is like a stored mark; `text` and `vienna_codes` as in `Pipeline.by_picture`.

        Raises:
            PictureError: the picture cannot be used.
            MarkNotFound: there is no such mark.
            NothingToCompare: no weighted channel says anything about the two.
        """
        features = self._extractor().extract_asking(data)
        query = Query(features, name_of(features, text), vienna_codes, NO_FILTER, weights, 1)
        asked = _Side(None, None, None, None, decode(data, self._limits), None)
        return self._compared(query, asked, other_id, places)

    @steady
    def of_handle(
        self, handle: UUID, other_id: UUID, *, weights: Weights = USUAL_WEIGHTS, places: bool = True
    ) -> Compared:
        """Why a picture that was kept is like a stored mark; of a picture with regions, the one it is most like.

        Rectangles of a region count from its own corner, and its part of the picture is what is shown.

        Raises:
            HandleNotFound: there is no picture with this handle, or it has expired.
            HandleOutdated: another model is active by now.
            MarkNotFound: there is no such mark.
            NothingToCompare: no weighted channel says anything about the two.
        """
        asked = self._pictures.recall(handle)
        queries = queries_of(asked, NO_FILTER, weights, 1)
        nearest = self._nearest(queries, other_id) if len(queries) > 1 else 0
        region = asked.parts[nearest].region
        compared = self._compared(queries[nearest], self._kept(handle, region), other_id, places)
        if region is None:
            return compared
        return replace(compared, explanation=replace(compared.explanation, region=nearest + 1))

    def _nearest(self, queries: Sequence[Query], other_id: UUID) -> int:
        """Which question the other mark is the best hit of; of equal ones the first, as in a search."""
        hits = [explain(query, self._judged(query, other_id)[1]) for query in queries]
        return max(range(len(hits)), key=lambda place: hits[place][0].nearness if hits[place] else (-1.0, 0.0))

    def _judged(self, query: Query, other_id: UUID) -> tuple[SingleCandidate, Ranking]:
        found = self._candidates.candidate(query, other_id)
        names = name_keys(query.text, self._transcribe, found.words)
        patches = [] if found.patches is None else [found.patches]
        return found, rerank(
            query, names, [found.candidate], lambda _: np.stack(patches), self._calibrations.of(found.model)
        )

    def _compared(self, query: Query, asked: _Side, other_id: UUID, places: bool) -> Compared:
        found, ranking = self._judged(query, other_id)
        candidate = found.candidate
        absent = absent_channels(query, ranking)
        hits = explain(query, ranking)
        if not hits:
            raise NothingToCompare(
                f"{NothingToCompare()} {' '.join(dict.fromkeys(channel.reason for channel in absent))}"
            )
        (hit,) = hits
        other = self._stored(self._marks.get(other_id))
        first = asked.compared(query.text, query.vienna_codes)
        second = other.compared(candidate.text, candidate.vienna_codes)
        placed = self._placements(query, ranking, (asked.picture, other.picture)) if places else (None, None)
        shape = shape_of(ranking, placed)
        vienna = vienna_of(query, candidate, self._headings.labels)
        explanation = Explanation(
            first=first,
            other=second,
            score=hit.score,
            risk=hit.risk,
            summary=summary(first, second, hit, absent, shape, vienna, apart=bool(ranking.views[0])),
            model=found.model,
            evidence=hit.evidence,
            absent=absent,
            shape=shape,
            sound=sound_of(ranking.names, candidate),
            spelling=spelling_of(ranking.names, candidate),
            vienna=vienna,
        )
        return Compared(explanation, (asked.picture, other.picture))

    def _placements(
        self, query: Query, ranking: Ranking, pictures: tuple[RgbImage | None, RgbImage | None]
    ) -> tuple[Placement | None, ...]:
        figure = ranking.figures.get(0)
        if figure is None or not figure.matches.similarity.any():
            return (None, None)
        part = query.features.figures[figure.view - 1].part if query.features and figure.view else None
        extractor = self._extractor()
        return tuple(
            None if picture is None else extractor.placement(picture, of)
            for picture, of in zip(pictures, (part, None), strict=True)
        )

    def _kept(self, handle: UUID, region: Rectangle | None) -> _Side:
        data = self._pictures.picture(handle)
        if data is None:
            return _Side(None, None, None, None, None, "Only what was seen in the picture was kept, not the picture.")
        try:
            whole = decode(data, self._limits)
        except PictureError as error:  # the limits may have been lowered since
            return _Side(None, None, None, None, None, str(error))
        return _Side(None, None, None, None, whole if region is None else cut(whole, region), None)

    def _stored(self, mark: StoredMark) -> _Side:
        try:
            picture, problem = self._read(mark), None
        except (PictureGone, PictureError) as error:
            picture, problem = None, str(error)
        return _Side(mark.mark_id, mark.source, mark.file, mark.year, picture, problem)

    def _read(self, mark: StoredMark) -> RgbImage:
        """The picture of a stored mark, if it is still the one that was taken in. Messages name no path."""
        path = Path(mark.picture_location)
        try:
            if path.stat().st_size > self._limits.max_bytes:
                raise PictureTooLarge()
            data = path.read_bytes()
        except OSError as error:
            raise PictureGone() from error
        if hashlib.sha256(data).hexdigest() != mark.picture_sha256:
            raise PictureGone("The file of the mark's picture is another one than was taken in.")
        return decode(data, self._limits)
