"""The main flow over small parts in memory: what is asked of them, and what comes back."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from uuid import UUID

import numpy as np
import pytest

from logosim.domain.asked import AskedPicture, KeptPicture
from logosim.domain.features import Features, FloatArray, PatchArray
from logosim.domain.hit import Candidate, CandidateSet, Neighbour, StoredMark
from logosim.domain.query import Filter, Query, Weights
from logosim.domain.rectangle import Rectangle
from logosim.errors import EmptyPicture, FilterError, HandleNotFound, MarkNotFound, NoActiveModel
from logosim.search.calibration import packaged_calibrations
from logosim.search.pipeline import FeatureExtractor, Pipeline, name_keys

PATCHES = np.random.default_rng(0).integers(-40, 40, (7, 7, 64)).astype(np.int8)
SEEN = Features(np.eye(256, dtype=np.float32)[0], PATCHES, "READ", 200, 100, "0" * 64)
MARK = StoredMark(
    UUID(int=7),
    "t",
    "7.png",
    "Fildor",
    ("03.07",),
    2001,
    "/7.png",
    "0" * 64,
    200,
    100,
    SEEN.embedding,
    PATCHES,
    "1" * 64,
)


class OnePicture:
    """Sees the same in every picture, and nothing in an empty one."""

    def extract_asking(self, data: bytes) -> Features:
        if not data:
            raise EmptyPicture()
        return SEEN

    def extract_regions(self, data: bytes, regions: Sequence[Rectangle]) -> list[Features]:
        """The wider a region, the less it looks like what is stored."""
        return [replace(SEEN, embedding=toward(1 / region.width), text=f"at {region.left}") for region in regions]


def toward(cosine: float) -> FloatArray:
    """A unit vector at that cosine from the one of `SEEN`."""
    vector = np.zeros(256, dtype=np.float32)
    vector[:2] = cosine, (1 - cosine**2) ** 0.5
    return vector


@dataclass
class OneCandidate:
    """Finds one mark and remembers what it was asked."""

    asked: list[Query] = field(default_factory=list)

    def snapshot(self) -> AbstractContextManager[OneCandidate]:
        return nullcontext(self)

    def patches(self, mark_ids: Sequence[UUID]) -> PatchArray:
        return np.stack([PATCHES for _ in mark_ids])

    def nearest(self, query: Query, count: int) -> list[Neighbour]:
        raise AssertionError("nobody asked for a wider question")

    def candidates(self, query: Query) -> CandidateSet:
        self.asked.append(query)
        names = name_keys("Fildor")
        found = Candidate(
            UUID(int=1), "t", "1.png", "Fildor", names.normalised, names.phonemes, ("03.07",), 1999, "/1.png",
            ("look", "sound"), 0.9 * float(query.features.embedding[0]) if query.features else None, False,
        )  # fmt: skip
        return CandidateSet("lite0", (found,), "exact", 12, complete=True)


class OneMark:
    """Holds one stored mark."""

    def __init__(self, mark: StoredMark) -> None:
        self.mark = mark

    def get(self, mark_id: UUID) -> StoredMark:
        if mark_id != self.mark.mark_id:
            raise MarkNotFound
        return self.mark


@dataclass
class Memory:
    """Keeps what it is given, the way a database does: embeddings in half precision."""

    kept: dict[UUID, tuple[AskedPicture, bytes | None]] = field(default_factory=dict)

    def remember(self, asked: AskedPicture, data: bytes | None) -> KeptPicture:
        handle = UUID(int=len(self.kept) + 1)
        parts = [
            replace(part, features=replace(part.features, embedding=part.features.embedding.astype(np.float16)))
            for part in asked.parts
        ]
        self.kept[handle] = replace(asked, parts=tuple(parts)), data
        return KeptPicture(handle, datetime(2030, 1, 1, tzinfo=UTC), asked.text, len(parts))

    def recall(self, handle: UUID) -> AskedPicture:
        if handle not in self.kept:
            raise HandleNotFound
        return self.kept[handle][0]


def no_model() -> FeatureExtractor:
    raise AssertionError("this needs no model")


def pipeline(store: OneCandidate, mark: StoredMark = MARK) -> Pipeline:
    return Pipeline(
        extractor=OnePicture,
        candidates=store,
        marks=OneMark(mark),
        pictures=Memory(),
        calibrations=packaged_calibrations(),
    )


def test_a_picture_is_asked_with_what_was_read_in_it() -> None:
    store = OneCandidate()
    wanted, weights = Filter(year_from=1990), Weights(look=1)
    answer = pipeline(store).by_picture(b"x", vienna_codes=("03.07",), filter=wanted, weights=weights, k=3)
    assert store.asked == [Query(SEEN, "READ", ("03.07",), wanted, weights, 3)]
    assert (answer.query_text, answer.model, answer.route) == ("READ", "lite0", "exact")
    assert (answer.candidates, answer.passed, answer.complete) == (1, 12, True)
    (hit,) = answer.hits
    assert [item.channel for item in hit.evidence] == ["look", "shape", "sound", "spelling", "vienna"]
    assert hit.found_by == ("look", "sound")


@pytest.mark.parametrize(("given", "compared"), [(None, "READ"), ("Fildor", "Fildor"), ("", None)])
def test_a_given_text_replaces_the_read_one(given: str | None, compared: str | None) -> None:
    assert pipeline(OneCandidate()).by_picture(b"x", text=given).query_text == compared


def test_a_picture_that_cannot_be_used_is_said_before_anything_is_searched() -> None:
    store = OneCandidate()
    with pytest.raises(EmptyPicture):
        pipeline(store).by_picture(b"")
    assert store.asked == []


def test_parts_of_a_picture_are_searched_in_place_of_the_whole() -> None:
    store = OneCandidate()
    parts = (Rectangle(0, 0, 2, 9), Rectangle(30, 0, 31, 9), Rectangle(60, 0, 64, 9))
    answer = pipeline(store).by_picture(b"x", regions=parts, filter=Filter(year_from=1990), k=5)
    assert [query.text for query in store.asked] == ["at 0", "at 30", "at 60"]
    assert {query.filter for query in store.asked} == {Filter(year_from=1990)}
    (hit,) = answer.hits  # found three times, told once
    assert (hit.rank, hit.region) == (1, 2)
    alone = pipeline(OneCandidate()).by_picture(b"x", regions=parts[1:2])
    assert hit.score == alone.hits[0].score
    assert (answer.query_text, answer.candidates, answer.complete) == ("at 0 | at 30 | at 60", 3, True)
    assert list(answer.timings_ms) == ["extract", "candidates", "rerank", "explain", "total"]
    named = pipeline(OneCandidate()).by_picture(b"x", text="Fildor", regions=parts)
    assert named.query_text == "Fildor"


@pytest.mark.parametrize("regions", [(), (Rectangle(0, 0, 2, 9), Rectangle(30, 0, 31, 9))])
def test_a_picture_that_was_kept_is_asked_about_as_it_was_seen(regions: tuple[Rectangle, ...]) -> None:
    store, memory = OneCandidate(), Memory()
    asks = Pipeline(
        extractor=OnePicture,
        candidates=store,
        marks=OneMark(MARK),
        pictures=memory,
        calibrations=packaged_calibrations(),
    )
    wanted, weights = Filter(year_from=1990), Weights(look=1)
    answer = asks.by_picture(b"x", vienna_codes=("03.07",), regions=regions, filter=wanted, weights=weights, k=3)
    questions = list(store.asked)
    kept = asks.remember(b"x", vienna_codes=("03.07",), regions=regions)
    assert (kept.query_text, memory.kept[kept.handle][1]) == (answer.query_text, b"x")
    assert len(store.asked) == len(questions), "keeping asks nothing"
    again = Pipeline(
        extractor=no_model, candidates=store, marks=OneMark(MARK), pictures=memory, calibrations=packaged_calibrations()
    )
    repeated = again.by_handle(kept.handle, filter=wanted, weights=weights, k=3)
    assert [replace(hit, score=0, evidence=()) for hit in repeated.hits] == [
        replace(hit, score=0, evidence=()) for hit in answer.hits
    ]
    assert repeated.hits[0].score == pytest.approx(answer.hits[0].score, abs=1e-3)
    for asked, question in zip(store.asked[len(questions) :], questions, strict=True):
        assert replace(asked, features=None) == replace(question, features=None)
    assert [hit.region for hit in repeated.hits] == ([2] if regions else [None])


def test_an_unknown_handle_is_an_error() -> None:
    with pytest.raises(HandleNotFound):
        pipeline(OneCandidate()).by_handle(UUID(int=99))


def test_a_stored_mark_is_asked_with_its_own_features_and_left_out() -> None:
    store = OneCandidate()
    pipeline(store).by_mark(MARK.mark_id)
    (query,) = store.asked
    assert (query.text, query.vienna_codes, query.exclude) == ("Fildor", ("03.07",), MARK.mark_id)
    assert query.features is not None
    assert query.features.patches is PATCHES


def test_a_stored_mark_without_features_is_asked_by_name_or_not_at_all() -> None:
    store = OneCandidate()
    bare = replace(MARK, embedding=None, patches=None)
    assert not pipeline(store, bare).by_mark(bare.mark_id).complete  # what looks like it cannot be known
    assert store.asked[0].features is None
    assert pipeline(store).by_mark(MARK.mark_id).complete
    with pytest.raises(FilterError, match="has not been extracted"):
        pipeline(store, replace(bare, text=None)).by_mark(bare.mark_id)


def test_without_an_active_model_a_stored_mark_does_not_ask() -> None:
    with pytest.raises(NoActiveModel):
        pipeline(OneCandidate(), replace(MARK, model_sha256=None)).by_mark(MARK.mark_id)


def test_an_unknown_mark_is_an_error() -> None:
    with pytest.raises(MarkNotFound):
        pipeline(OneCandidate()).by_mark(UUID(int=99))


def test_a_name_needs_no_extractor() -> None:
    asks = Pipeline(
        extractor=no_model,
        candidates=OneCandidate(),
        marks=OneMark(MARK),
        pictures=Memory(),
        calibrations=packaged_calibrations(),
    )
    (hit,) = asks.by_text("FILDOR").hits
    assert [item.channel for item in hit.evidence] == ["sound", "spelling"]
    assert hit.risk == "identical"


def test_stages_are_timed_and_fit_in_the_total() -> None:
    timings = pipeline(OneCandidate()).by_picture(b"x").timings_ms
    assert list(timings) == ["extract", "candidates", "rerank", "explain", "total"]
    assert 0 < sum(ms for stage, ms in timings.items() if stage != "total") <= timings["total"]
    assert "extract" not in pipeline(OneCandidate()).by_text("Fildor").timings_ms
