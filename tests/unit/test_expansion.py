"""Query expansion against a slow, plain twin, and what the pipeline asks with it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from uuid import UUID

import numpy as np
import pytest

from logosim.domain.features import Features, FloatArray, PatchArray
from logosim.domain.hit import Candidate, CandidateSet, Neighbour
from logosim.domain.query import Filter, Query, Weights
from logosim.errors import FilterError
from logosim.search.calibration import packaged_calibrations
from logosim.search.expansion import FLOOR, expanded, widened
from logosim.search.pipeline import Pipeline

PATCHES = np.random.default_rng(0).integers(-40, 40, (7, 7, 64)).astype(np.int8)


def unit(*values: float) -> FloatArray:
    vector = np.array(values, dtype=np.float32)
    return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)


def plain_expansion(embedding: FloatArray, neighbours: Sequence[Neighbour], alpha: float, floor: float) -> list[float]:
    """Number by number: the weighted sum, brought to unit length."""
    total = [float(value) for value in embedding]
    for neighbour in neighbours:
        if neighbour.cosine < floor:
            continue
        weight = 1.0
        for _ in range(int(alpha)):
            weight *= neighbour.cosine
        for place, value in enumerate(neighbour.embedding):
            total[place] += weight * float(value)
    length = sum(value * value for value in total) ** 0.5
    return [value / length for value in total]


@pytest.mark.parametrize("alpha", [0, 1, 3])
@pytest.mark.parametrize("floor", [0.0, 0.4, 0.9])
def test_expansion_is_the_weighted_sum_of_its_twin(alpha: int, floor: float) -> None:
    draws = np.random.default_rng(alpha)
    own = unit(*draws.standard_normal(32)).astype(np.float16).astype(np.float32)
    others = [unit(*(own + spread * draws.standard_normal(32) / 6)) for spread in (0.1, 0.5, 1, 2, 4, 9)]
    neighbours = [Neighbour(other, float(own @ other)) for other in others]
    found = expanded(own, neighbours, alpha=alpha, floor=floor)
    assert found.dtype == np.float32
    assert np.linalg.norm(found) == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(found, plain_expansion(own, neighbours, alpha, floor), atol=1e-6)


def test_the_less_alike_weigh_less_and_those_below_the_floor_nothing() -> None:
    own, near, far = unit(1, 0, 0), unit(1, 0.3, 0), unit(1, 0, 1)
    neighbours = [Neighbour(other, float(own @ other)) for other in (near, far)]
    plain, weighted = (expanded(own, neighbours, alpha=alpha) for alpha in (0, 3))
    assert weighted[2] < plain[2]
    assert expanded(own, neighbours, floor=0.8)[2] == 0
    opposite = [Neighbour(-own, -1.0)]
    assert np.array_equal(expanded(own, opposite, alpha=2, floor=-1), own), "never what is less than unlike"


def test_a_query_without_its_like_stays_what_it_is() -> None:
    own = unit(*np.random.default_rng(1).standard_normal(256))
    alone = expanded(own, [Neighbour(unit(*np.ones(256)), FLOOR - 0.01)])
    np.testing.assert_allclose(alone, own, atol=1e-3)
    assert np.array_equal(alone, expanded(own.astype(np.float16).astype(np.float32), [])), "as the database keeps it"


@dataclass
class Circle:
    """Marks on a circle, one every 5 degrees; found by look only."""

    asked: list[Query] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    turns: tuple[int, ...] = (0, 30, 35, 40, 70, 100)  # degrees from where queries stand

    def cosines(self, query: Query) -> list[tuple[float, int]]:
        assert query.features is not None
        return sorted(((float(query.features.embedding @ at(turn)), turn) for turn in self.turns), reverse=True)

    def snapshot(self) -> AbstractContextManager[Circle]:
        return nullcontext(self)

    def patches(self, mark_ids: Sequence[UUID]) -> PatchArray:
        return np.stack([PATCHES for _ in mark_ids])

    def nearest(self, query: Query, count: int) -> list[Neighbour]:
        self.counts.append(count)
        return [Neighbour(at(turn), cosine) for cosine, turn in self.cosines(query)[:count]]

    def candidates(self, query: Query) -> CandidateSet:
        self.asked.append(query)
        found = tuple(
            Candidate(
                UUID(int=turn), "t", f"{turn}.png", None, None, None, (), None, "/x.png", ("look",), cosine, False,
            )
            for cosine, turn in self.cosines(query)
        )  # fmt: skip
        return CandidateSet("circle", found, "exact", None, complete=True)


def at(degrees: float) -> FloatArray:
    vector = np.zeros(256, dtype=np.float32)
    vector[:2] = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return vector


def pipeline(source: Circle) -> Pipeline:
    return Pipeline(
        extractor=None,  # type: ignore[arg-type]
        candidates=source,
        marks=None,  # type: ignore[arg-type]
        pictures=None,  # type: ignore[arg-type]
        calibrations=packaged_calibrations(),
    )


SEEN = Features(at(0), PATCHES, "READ", 9, 9, "0" * 64)
LOOK = Weights(look=1, shape=0, sound=0, spelling=0, vienna=0)


def test_stage_1_is_asked_with_the_expanded_look_and_stage_2_has_the_querys_own_parts() -> None:
    source = Circle()
    question = Query(SEEN, "READ", ("26",), Filter(year_from=1990), LOOK, 6, expand=4)
    answer = pipeline(source).search(question)
    assert source.counts == [4]
    (asked,) = source.asked
    assert replace(asked, features=None) == replace(question, features=None)
    assert asked.features is not None
    assert asked.features.patches is PATCHES
    assert np.array_equal(asked.features.embedding, expanded(at(0), source.nearest(question, 4)))
    assert answer.hits[0].mark_id.int == 30, "it is nearest to the middle of the query and its like"
    unexpanded = pipeline(Circle()).search(replace(question, expand=0))
    assert unexpanded.hits[0].mark_id.int == 0
    shape = replace(question, weights=Weights(look=0, shape=1, sound=0, spelling=0, vienna=0))
    assert {hit.score for hit in pipeline(Circle()).search(shape).hits} == {
        hit.score for hit in pipeline(Circle()).search(replace(shape, expand=0)).hits
    }
    assert list(answer.timings_ms) == ["expand", "candidates", "rerank", "explain", "total"]
    assert "expand" not in unexpanded.timings_ms


def test_what_has_no_look_is_not_expanded() -> None:
    source = Circle()
    blank = Query(replace(SEEN, patches=np.zeros_like(PATCHES)), "READ", expand=4)
    for query in (blank, Query(None, "READ", expand=4), Query(SEEN, "READ")):
        assert widened(query, source) is query
    assert source.counts == []


@pytest.mark.parametrize("expand", [-1, 101])
def test_how_many_answers_may_be_taken(expand: int) -> None:
    with pytest.raises(FilterError, match="0 to 100"):
        Query(SEEN, expand=expand)
