"""The search from question to answer: extract, find candidates, re-rank, explain.

All three ways to ask (a picture, a stored mark, a name) meet in `Pipeline.search`, so that they answer alike.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Protocol
from uuid import UUID

from logosim.domain.asked import AskedPart, AskedPicture, KeptPicture
from logosim.domain.features import Features, PatchArray
from logosim.domain.hit import ROUTES, Answer, CandidateSet, Hit, StoredMark
from logosim.domain.query import Filter, Query, Weights
from logosim.domain.rectangle import Rectangle
from logosim.domain.words import NO_COUNTS, WordCounts
from logosim.errors import FilterError, NoActiveModel
from logosim.phonetics.normalise import normalise
from logosim.phonetics.transcribe import phonemes
from logosim.search.calibration import Calibrations
from logosim.search.cut_over import steady
from logosim.search.expansion import NeighbourSource, widened
from logosim.search.explain import explain
from logosim.search.rerank import NameKeys, rerank
from logosim.search.timings import Timings

NO_FILTER = Filter()
USUAL_WEIGHTS = Weights()


class FeatureExtractor(Protocol):
    """Turns pictures into features."""

    def extract_asking(self, data: bytes) -> Features:
        """Features of a picture that asks, those of its separate figures among them. Raises PictureError."""

    def extract_regions(self, data: bytes, regions: Sequence[Rectangle]) -> Sequence[Features]:
        """Features of parts of one picture. Raises PictureError and RegionError."""


class MarksSeen(NeighbourSource, Protocol):
    """All marks as they are at one moment."""

    def candidates(self, query: Query) -> CandidateSet:
        """Stage 1: candidates by look and by name among the marks that pass the query's filter."""

    def patches(self, mark_ids: Sequence[UUID]) -> PatchArray:
        """Patches of some candidates, for stage 2."""


class CandidateSource(Protocol):
    """Where both stages read."""

    def snapshot(self) -> AbstractContextManager[MarksSeen]:
        """What a whole search sees, whatever is taken in meanwhile."""


class MarkSource(Protocol):
    """Stored marks."""

    def get(self, mark_id: UUID) -> StoredMark:
        """One mark. Raises MarkNotFound."""


class PictureMemory(Protocol):
    """Pictures that are asked about, kept for a while."""

    def remember(self, asked: AskedPicture, data: bytes | None) -> KeptPicture:
        """Keep what was seen in a picture, and its file if given. Raises ModelMismatch."""

    def recall(self, handle: UUID) -> AskedPicture:
        """What was seen in a picture that was kept. Raises HandleNotFound."""


class Pipeline:
    """Asks and answers. It keeps no state between questions.

    `extractor` is called for each picture, so that a search by name never loads a model, and a picture is looked at
    with the model that is active by then. `transcribe` pronounces names as the stored ones are.
    """

    def __init__(
        self,
        *,
        extractor: Callable[[], FeatureExtractor],
        candidates: CandidateSource,
        marks: MarkSource,
        pictures: PictureMemory,
        calibrations: Calibrations,
        transcribe: Callable[[str], str | None] = phonemes,
    ) -> None:
        self._extractor = extractor
        self._candidates = candidates
        self._marks = marks
        self._pictures = pictures
        self._calibrations = calibrations
        self._transcribe = transcribe

    @steady
    def by_picture(
        self,
        data: bytes,
        *,
        text: str | None = None,
        vienna_codes: tuple[str, ...] = (),
        regions: tuple[Rectangle, ...] = (),
        filter: Filter = NO_FILTER,  # noqa: A002
        weights: Weights = USUAL_WEIGHTS,
        k: int = 20,
        expand: int = 0,
    ) -> Answer:
        """Earlier marks like the picture in `data`, or like parts of it.

        Args:
            data: the picture file.
            text: its verbal element; None: what is read in the picture; "": names are not compared.
            regions: parts that are searched in place of the whole. A mark that is like several of them is judged by
                the one that it is most like.
            vienna_codes: canonical codes of the picture.
            filter: which earlier marks are asked about.
            weights: of the channels.
            k: hits wanted.
            expand: how many of the first answers by look the picture is put together with before it is asked, 0 to 100
                (`logosim.search.expansion`).

        Raises:
            PictureError: the picture cannot be used.
            RegionError: a region reaches beyond the picture.
        """
        timings = Timings()
        with timings.stage("extract"):
            asked = understood(self._extractor(), data, text, vienna_codes, regions)
        return self._by_parts(queries_of(asked, filter, weights, k, expand), asked, k, timings)

    @steady
    def by_handle(
        self,
        handle: UUID,
        *,
        filter: Filter = NO_FILTER,  # noqa: A002
        weights: Weights = USUAL_WEIGHTS,
        k: int = 20,
        expand: int = 0,
    ) -> Answer:
        """Earlier marks like a picture that was kept: the answer that `by_picture` gives. Nothing is extracted anew.

        Raises:
            HandleNotFound: there is no picture with this handle, or it has expired.
            HandleOutdated: another model is active by now.
        """
        timings = Timings()
        with timings.stage("extract"):
            asked = self._pictures.recall(handle)
        return self._by_parts(queries_of(asked, filter, weights, k, expand), asked, k, timings)

    @steady
    def remember(
        self,
        data: bytes,
        *,
        text: str | None = None,
        vienna_codes: tuple[str, ...] = (),
        regions: tuple[Rectangle, ...] = (),
    ) -> KeptPicture:
        """Keep the picture in `data` and what is seen in it, to ask about it by its handle; arguments as `by_picture`.

        Raises:
            PictureError: the picture cannot be used.
            RegionError: a region reaches beyond the picture.
        """
        return self._pictures.remember(understood(self._extractor(), data, text, vienna_codes, regions), data)

    @steady
    def by_mark(
        self,
        mark_id: UUID,
        *,
        filter: Filter = NO_FILTER,  # noqa: A002
        weights: Weights = USUAL_WEIGHTS,
        k: int = 20,
        expand: int = 0,
    ) -> Answer:
        """Earlier marks like a stored one, which is not among the hits. Nothing is extracted anew.

        While nobody has looked at its picture, its name is all that asks, and the answer is not complete.

        Raises:
            MarkNotFound: there is no such mark.
            NoActiveModel: no model is active.
            FilterError: the mark has no text, and its picture has not been extracted yet.
        """
        timings = Timings()
        with timings.stage("extract"):
            mark = self._marks.get(mark_id)
        query = query_of(mark, filter, weights, k)
        answer = self.search(replace(query, expand=expand), timings)
        return answer if query.features else replace(answer, complete=False)

    def by_text(
        self,
        text: str,
        *,
        vienna_codes: tuple[str, ...] = (),
        filter: Filter = NO_FILTER,  # noqa: A002
        weights: Weights = USUAL_WEIGHTS,
        k: int = 20,
    ) -> Answer:
        """Earlier marks whose name is spelt or sounds like `text`."""
        return self.search(Query(None, text, vienna_codes, filter, weights, k))

    def _by_parts(self, queries: Sequence[Query], asked: AskedPicture, k: int, timings: Timings) -> Answer:
        if asked.parts[0].region is None:
            return self.search(queries[0], timings)
        return best_of_regions([self.search(query, timings) for query in queries], k, timings.finished())

    def search(self, query: Query, timings: Timings | None = None) -> Answer:
        """Both stages for one question."""
        timings = timings or Timings()
        with self._candidates.snapshot() as marks:
            asked = query
            if query.expand:
                with timings.stage("expand"):
                    asked = widened(query, marks)
            with timings.stage("candidates"):
                found = marks.candidates(asked)
            with timings.stage("rerank"):
                names = name_keys(query.text, self._transcribe, found.words)
                calibration = self._calibrations.of(found.model)
                ranking = rerank(query, names, found.candidates, marks.patches, calibration)
        with timings.stage("explain"):
            hits = explain(query, ranking)
        return Answer(
            hits=hits,
            model=found.model,
            query_text=query.text,
            route=found.route,
            candidates=len(found.candidates),
            passed=found.passed,
            complete=found.complete,
            timings_ms=timings.finished(),
        )


def best_of_regions(answers: Sequence[Answer], k: int, timings_ms: dict[str, float]) -> Answer:
    """One answer out of those to the regions of a picture: each mark as the region shows it that it is most like."""
    best: dict[UUID, Hit] = {}
    for number, answer in enumerate(answers, start=1):
        for hit in answer.hits:
            former = best.get(hit.mark_id)
            if former is None or hit.nearness > former.nearness:
                best[hit.mark_id] = replace(hit, region=number)
    hits = sorted(sorted(best.values(), key=lambda hit: hit.mark_id), key=lambda hit: hit.nearness, reverse=True)[:k]
    texts = dict.fromkeys(answer.query_text for answer in answers if answer.query_text)
    return Answer(
        hits=tuple(replace(hit, rank=rank) for rank, hit in enumerate(hits, start=1)),
        model=answers[0].model,
        query_text=" | ".join(texts) or None,
        route=next(route for route in ROUTES if route in {answer.route for answer in answers}),
        candidates=sum(answer.candidates for answer in answers),
        passed=answers[0].passed,
        complete=all(answer.complete for answer in answers),
        timings_ms=timings_ms,
    )


def understood(
    extractor: FeatureExtractor,
    data: bytes,
    text: str | None,
    vienna_codes: tuple[str, ...],
    regions: tuple[Rectangle, ...],
) -> AskedPicture:
    """A picture file as it is asked about; arguments as `Pipeline.by_picture`. Raises PictureError, RegionError."""
    seen = extractor.extract_regions(data, regions) if regions else (extractor.extract_asking(data),)
    parts = zip(regions or (None,), seen, strict=True)
    return AskedPicture(
        tuple(AskedPart(region, features, name_of(features, text)) for region, features in parts), vienna_codes
    )


def queries_of(
    asked: AskedPicture,
    filter: Filter,  # noqa: A002
    weights: Weights,
    k: int,
    expand: int = 0,
) -> list[Query]:
    """The questions that a picture asks, one for each part that is searched."""
    return [
        Query(part.features, part.text, asked.vienna_codes, filter, weights, k, expand=expand) for part in asked.parts
    ]


def name_keys(
    text: str | None, transcribe: Callable[[str], str | None] = phonemes, words: WordCounts = NO_COUNTS
) -> NameKeys:
    """A text in the forms in which it is compared; absent ones for a text without letters or digits."""
    return NameKeys(normalise(text), transcribe(text), words) if text else NameKeys(None, None)


def name_of(features: Features, given: str | None) -> str | None:
    """The name to compare: the given one, what was read in the picture if that is None, none if it is ""."""
    return (features.text if given is None else given) or None


def query_of(mark: StoredMark, filter: Filter, weights: Weights, k: int) -> Query:  # noqa: A002
    """The question that a stored mark asks.

    Raises:
        NoActiveModel: no model is active.
        FilterError: the mark has no text, and its picture has not been extracted yet.
    """
    if mark.model_sha256 is None:
        raise NoActiveModel
    features = features_of(mark)
    if features is None and not mark.text:
        raise FilterError(
            f"Nothing is known of the mark {mark.mark_id} yet: it has no text and its picture has not been extracted.",
            hint="Run `logosim worker --until-empty`, or see `logosim work` for what became of it.",
        )
    return Query(features, mark.text, mark.vienna_codes, filter, weights, k, exclude=mark.mark_id)


def features_of(mark: StoredMark) -> Features | None:
    """A stored mark's features in the form of a query's; None until a worker has extracted them."""
    if mark.embedding is None or mark.patches is None:
        return None
    return Features(
        mark.embedding,
        mark.patches,
        mark.text,
        mark.width or 0,
        mark.height or 0,
        mark.picture_sha256,
        mark.model_sha256,
    )
