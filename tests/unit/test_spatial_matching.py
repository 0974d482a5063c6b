"""Patch matching: equal to a slow, plain twin, and true to what geometry promises."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logosim.domain.features import PatchArray
from logosim.spatial.geometry import REACH, SCALES, Transformation, vote_table
from logosim.spatial.matching import FEWEST, FLOOR, match_patches

GRID, DIMENSIONS = 7, 64
CELLS = [(y, x) for y in range(GRID) for x in range(GRID)]


def random_patches(seed: int, *, blank: float = 0.0) -> PatchArray:
    """A picture of unrelated patches, a share of them blank."""
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(GRID, GRID, DIMENSIONS))
    vectors /= np.linalg.norm(vectors, axis=-1, keepdims=True)
    patches = np.round(vectors * 127).astype(np.int8)
    patches[rng.random((GRID, GRID)) < blank] = 0
    return patches


def blended(base: PatchArray, other: PatchArray, share: float) -> PatchArray:
    """A picture whose patches resemble those of two others."""
    vectors = (1 - share) * base.astype(np.float64) + share * other
    norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.round(127 * vectors / np.where(norms > 0, norms, 1)).astype(np.int8)


def slow_similarity(query: PatchArray, candidate: PatchArray) -> float:
    """The same similarity in loops over Python numbers, read from the definition."""
    asked = {cell: [int(v) for v in query[cell]] for cell in CELLS if query[cell].any()}
    given_ = {cell: [int(v) for v in candidate[cell]] for cell in CELLS if candidate[cell].any()}

    def product(q: tuple[int, int], c: tuple[int, int]) -> tuple[int, int]:
        exact = sum(a * b for a, b in zip(asked[q], given_[c], strict=True))
        return exact, -((q[0] - c[0]) ** 2 + (q[1] - c[1]) ** 2)

    products = {(q, c): product(q, c) for q in asked for c in given_}
    matches = []
    for q in asked:
        if not given_:
            break
        c = max(given_, key=lambda c: (products[q, c], -CELLS.index(c)))
        if products[q, c] == max(products[other, c] for other in asked):
            cosine = products[q, c][0] / math.sqrt(sum(v * v for v in asked[q]) * sum(v * v for v in given_[c]))
            if cosine > FLOOR:
                matches.append((q, c, min(1.0, (cosine - FLOOR) / (1 - FLOOR))))
    highest, share = 0.0, 0.0
    middle = (GRID - 1) / 2
    fewest = max(1, min(FEWEST, max(len(asked), len(given_))))
    for t in vote_table(GRID).transformations:
        total = 0.0
        for q, c, strength in matches:
            y = t.scale * (q[0] - middle) + t.down + middle
            x = t.scale * (q[1] - middle) * (-1 if t.mirrored else 1) + t.right + middle
            total += strength * max(0, 1 - abs(c[0] - y) / REACH) * max(0, 1 - abs(c[1] - x) / REACH)
        perfect = max(min(len(asked) * min(1, t.scale**2), len(given_) * min(1, t.scale**-2)), fewest)
        reached = min(1.0, total / perfect)
        if reached * math.sqrt(perfect) > highest + 1e-9:
            highest, share = reached * math.sqrt(perfect), reached
    return share


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0, 0.9), st.floats(0, 1))
def test_equals_the_slow_twin(seed: int, blank: float, share: float) -> None:
    query = random_patches(seed, blank=blank)
    other = random_patches(seed + 1, blank=blank / 2)
    candidates = [other, blended(query, other, share), np.roll(query, 2, axis=1), query[:, ::-1], np.zeros_like(query)]
    found = match_patches(query, np.stack(candidates)).similarity
    assert found == pytest.approx([slow_similarity(query, candidate) for candidate in candidates], abs=1e-5)


def test_equals_the_slow_twin_where_patches_repeat() -> None:
    flat = np.broadcast_to(random_patches(1)[0, 0], (GRID, GRID, DIMENSIONS)).copy()
    striped = flat.copy()
    striped[::2] = random_patches(2)[0, 0]
    for query, candidate in ((flat, flat), (flat, striped), (striped, striped)):
        found = match_patches(query, candidate[None]).similarity[0]
        assert found == pytest.approx(slow_similarity(query, candidate), abs=1e-5)


@given(st.integers(0, 2**32 - 1), st.floats(0, 0.95))
def test_a_picture_is_itself(seed: int, blank: float) -> None:
    patches = random_patches(seed, blank=blank)
    found = match_patches(patches, patches[None])
    assert found.similarity[0] == pytest.approx(1.0 if patches.any() else 0.0, abs=1e-5)
    if patches.any():
        assert found.transformation(0) == Transformation(1.0, mirrored=False, down=0, right=0)
        assert {pair.query_cell for pair in found.pairs(0)} == {cell for cell in CELLS if patches[cell].any()}


@given(st.integers(0, 2**32 - 1))
def test_blank_is_like_nothing(seed: int) -> None:
    patches, blank = random_patches(seed), np.zeros((GRID, GRID, DIMENSIONS), np.int8)
    assert match_patches(patches, blank[None]).similarity[0] == 0
    assert match_patches(blank, np.stack([patches, blank])).similarity.tolist() == [0, 0]
    assert match_patches(blank, patches[None]).transformation(0) is None
    assert match_patches(blank, patches[None]).pairs(0) == ()


@given(st.integers(0, 2**32 - 1))
def test_a_mirrored_picture_is_found_as_mirrored(seed: int) -> None:
    patches = random_patches(seed)
    found = match_patches(patches, patches[None, :, ::-1])
    assert found.similarity[0] == pytest.approx(1, abs=1e-5)
    assert found.transformation(0) == Transformation(1.0, mirrored=True, down=0, right=0)
    assert all(pair.candidate_cell == (pair.query_cell[0], 6 - pair.query_cell[1]) for pair in found.pairs(0))


@given(st.integers(0, 2**32 - 1), st.integers(-3, 3), st.integers(-3, 3))
def test_a_moved_figure_is_found_where_it_went(seed: int, down: int, right: int) -> None:
    query = np.zeros((GRID, GRID, DIMENSIONS), np.int8)
    query[max(0, -down) : 7 - max(0, down), max(0, -right) : 7 - max(0, right)] = 1
    query *= random_patches(seed)
    found = match_patches(query, np.roll(query, (down, right), axis=(0, 1))[None])
    assert found.similarity[0] == pytest.approx(1, abs=1e-5)
    assert found.transformation(0) == Transformation(1.0, mirrored=False, down=down, right=right)


def test_a_figure_at_half_size_is_found_in_a_larger_picture_and_back() -> None:
    figure = random_patches(3)
    larger = random_patches(4)
    for y, x in ((y, x) for y in range(4) for x in range(4)):
        larger[y, x] = figure[min(2 * y, 6), min(2 * x, 6)]
    found = match_patches(figure, larger[None])
    back = match_patches(larger, figure[None])
    unrelated = match_patches(figure, random_patches(5)[None])
    where = found.transformation(0)
    assert where is not None
    assert where.scale == 0.5
    assert (where.down, where.right) in {(-1, -1), (-2, -2)}
    assert found.similarity[0] > 0.4 > 4 * unrelated.similarity[0]
    assert back.similarity[0] > 0.4


@given(st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_query_and_candidate_may_change_places(seed: int, share: float) -> None:
    one = random_patches(seed, blank=0.3)
    other = blended(one, random_patches(seed + 1), share)
    there, back = (match_patches(a, b[None]).similarity[0] for a, b in ((one, other), (other, one)))
    assert there == pytest.approx(back, abs=0.05)


def test_each_candidate_is_judged_alone() -> None:
    query = random_patches(0)
    many = np.stack([blended(query, random_patches(seed), (seed % 10) / 10) for seed in range(300)])
    together = match_patches(query, many)
    for place in (0, 127, 128, 299):
        alone = match_patches(query, many[place : place + 1])
        assert together.similarity[place] == alone.similarity[0]
        assert together.pairs(place) == alone.pairs(0)


def test_no_candidates_and_wrong_shapes() -> None:
    query = random_patches(0)
    assert match_patches(query, np.zeros((0, GRID, GRID, DIMENSIONS), np.int8)).similarity.shape == (0,)
    with pytest.raises(ValueError, match="not square grids"):
        match_patches(query, np.zeros((1, 6, 6, DIMENSIONS), np.int8))


def test_the_scales_are_closed_under_inversion() -> None:
    assert sorted(SCALES) == pytest.approx(sorted(1 / scale for scale in SCALES))
