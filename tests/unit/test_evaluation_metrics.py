"""Every metric against a plain loop, and against cases that can be worked out on paper."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logosim.domain.features import FloatArray
from logosim.evaluation import METRICS, Metrics, Placings, TruthSet, place_by_cosine, place_rankings
from logosim.evaluation.metrics import average_precision, hit, normalised_average_rank, precision, pres, recall
from logosim.evaluation.placing import DEPTH, NOT_FOUND, NOTHING
from logosim.evaluation.truth import numbered


def placings(*places: list[int], ranked: int = 1000) -> Placings:
    """Placings from places alone; 0 stands for not found."""
    most = max(map(len, places))
    rows = [[place or NOT_FOUND for place in of] + [NOT_FOUND] * (most - len(of)) for of in places]
    count = len(places)
    return Placings(
        queries=np.arange(count),
        groups=np.arange(count),
        difficulty=("",) * count,
        places=np.array(rows),
        wanted=np.array([len(of) for of in places]),
        ranked=np.full(count, ranked),
        first=np.full((count, DEPTH), NOTHING),
    )


def truth_of(groups: list[int], drawings: list[int]) -> TruthSet:
    numbers, names = numbered([str(group) for group in groups])
    return TruthSet(
        name="made",
        files=tuple(Path(f"{number}.png") for number in range(len(groups))),
        groups=numbers,
        drawings=np.array(drawings),
        main=np.ones(len(groups), dtype=np.bool_),
        group_names=names,
    )


def test_by_hand() -> None:
    # Right at 1, 4 and nowhere, and at 11; of 3, and of 1.
    found = placings([1, 4, 0], [11], ranked=20)
    assert hit(found).tolist() == [1, 0]
    assert recall(found, 10).tolist() == pytest.approx([2 / 3, 0])
    assert recall(found, 100).tolist() == pytest.approx([2 / 3, 1])
    assert precision(found, 10).tolist() == pytest.approx([0.2, 0])
    assert average_precision(found, 100).tolist() == pytest.approx([(1 / 1 + 2 / 4) / 3, 1 / 11])
    # NAR: (1 + 4 + 20 - 6) / (20 * 3): what is not found comes last of all; (11 - 1) / 20.
    assert normalised_average_rank(found).tolist() == pytest.approx([19 / 60, 10 / 20])
    # PRES@100: the missing one is third of 3, at 103; 1 - ((1 + 4 + 103) / 3 - 2) / 100.
    assert pres(found, 100).tolist() == pytest.approx([1 - (108 / 3 - 2) / 100, 1 - (11 - 1) / 100])


def test_closed_forms() -> None:
    perfect, nothing = placings([1, 2, 3, 4]), placings([0, 0, 0, 0])
    for name, best in (("hit@1", 1), ("P@10", 0.4), ("R@10", 1), ("MAP@100", 1), ("PRES@100", 1), ("NAR", 0)):
        assert METRICS[name](perfect)[0] == pytest.approx(best)
    for name in ("hit@1", "P@10", "R@1000", "MAP@100", "PRES@100"):
        assert METRICS[name](nothing)[0] == pytest.approx(0)
    # The right ones last of N = 1000, R = 4: (997 + 998 + 999 + 1000 - 10) / 4000 = 1 - R / N.
    assert normalised_average_rank(nothing)[0] == pytest.approx(1 - 4 / 1000)
    # All right drawings just beyond the list: PRES is 0, as if nothing were found.
    assert pres(placings([101, 102]), 100)[0] == pytest.approx(0)
    # More right drawings than the list holds: the first 100 all right is all that can be.
    assert average_precision(placings(list(range(1, 151))), 100)[0] == pytest.approx(1)


def test_a_random_order_has_a_nar_of_a_half() -> None:
    rng = np.random.default_rng(1)
    places = [sorted((rng.permutation(500)[:5] + 1).tolist()) for _ in range(2000)]
    assert normalised_average_rank(placings(*places, ranked=500)).mean() == pytest.approx(0.5, abs=0.01)


def plain(truth: TruthSet, vectors: FloatArray, query: int) -> dict[str, float]:
    """All metrics of one query by loops over a sorted list of drawings."""
    ignored, positives = truth.ignored(query), truth.positives(query)
    best: dict[int, float] = {}
    for other in range(len(truth)):
        if not ignored[other]:
            drawing = int(truth.drawings[other])
            similarity = round(float(np.float32(vectors[query] @ vectors[other])), 6)
            best[drawing] = max(best.get(drawing, -2.0), similarity)
    right = {int(drawing) for drawing in truth.drawings[positives]}
    order = sorted(best, key=lambda drawing: (-best[drawing], drawing in right))  # ties: the wrong ones first
    places = [place for place, drawing in enumerate(order, start=1) if drawing in right]
    wanted = len(right)

    def share(k: int) -> float:
        return sum(place <= k for place in places)

    seen, average = 0, 0.0
    for place, drawing in enumerate(order[:100], start=1):
        if drawing in right:
            seen += 1
            average += seen / place
    far = [place if place <= 100 else 100 + number for number, place in enumerate(places, start=1)]
    return {
        "hit@1": float(order[0] in right),
        "P@10": share(10) / 10,
        "R@10": share(10) / wanted,
        "R@100": share(100) / wanted,
        "R@1000": share(1000) / wanted,
        "MAP@100": average / min(wanted, 100),
        "PRES@100": 1 - (sum(far) / wanted - (wanted + 1) / 2) / 100,
        "NAR": (sum(places) - wanted * (wanted + 1) / 2) / (len(order) * wanted),
    }


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(6, 160), st.sampled_from((2, 4, 32)), st.booleans())
def test_equals_plain_loops(seed: int, pictures: int, dimensions: int, coarse: bool) -> None:
    rng = np.random.default_rng(seed)
    drawings = rng.integers(pictures, size=pictures)
    groups = (drawings % max(2, pictures // 4)).tolist()
    truth = truth_of(groups, drawings.tolist())
    if not len(truth.queries()):
        return
    vectors = rng.normal(size=(pictures, dimensions)).astype(np.float32)
    if coarse:
        vectors = np.where(vectors < 0, np.float32(-1), np.float32(1))  # a hash: ties everywhere
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    found = place_by_cosine(truth, vectors)
    for row, query in enumerate(found.queries.tolist()[:6]):
        expected = plain(truth, vectors, query)
        for name, metric in METRICS.items():
            assert metric(found)[row] == pytest.approx(expected[name], abs=1e-9), name


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 300), min_size=1, max_size=12, unique=True))
def test_bounds_and_order(places: list[int]) -> None:
    found = placings(sorted(places), ranked=400)
    for name, metric in METRICS.items():
        assert 0 <= metric(found)[0] <= 1, name
    assert recall(found, 10) <= recall(found, 100) <= recall(found, 1000)
    assert average_precision(found, 100) <= 1
    assert pres(found, 100)[0] <= recall(found, 100)[0] + 1e-12  # PRES punishes lateness on top of absence


def test_first_lists_the_best_picture_of_each_drawing() -> None:
    truth = truth_of([0, 0, 1, 1, 2], [0, 1, 2, 2, 3])
    vectors = np.array([[1, 0], [0.6, 0.8], [0.28, 0.96], [0.96, 0.28], [0, 1]], dtype=np.float32)
    found = place_by_cosine(truth, vectors)
    assert found.queries.tolist() == [0, 1]
    assert found.first[0, :4].tolist() == [3, 1, 4, NOTHING]  # drawing 2 by its better picture
    assert found.places.tolist() == [[2], [3]]
    assert found.ranked.tolist() == [3, 3]


def test_of_equal_scores_the_wrong_ones_come_first() -> None:
    truth = truth_of([0, 0, 1, 2], [0, 1, 2, 3])
    same = np.ones((4, 1), dtype=np.float32)
    assert place_by_cosine(truth, same).places.tolist() == [[3], [3]]


def test_rankings_and_vectors_agree() -> None:
    rng = np.random.default_rng(4)
    truth = truth_of((np.arange(300) % 40).tolist(), list(range(300)))
    vectors = rng.normal(size=(300, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    alike = np.round(vectors @ vectors.T, 6)
    order = [(query, np.lexsort((truth.positives(query), -alike[query]))) for query in truth.queries().tolist()]
    by_cosine, by_ranking = place_by_cosine(truth, vectors), place_rankings(truth, order)
    assert np.array_equal(by_cosine.places, by_ranking.places)
    assert np.array_equal(by_cosine.first, by_ranking.first)
    assert Metrics.of(by_cosine) == Metrics.of(by_ranking)


def test_progress_and_what_cannot_be_measured() -> None:
    truth = truth_of([0, 0, 1], [0, 1, 2])
    told: list[tuple[int, int]] = []
    place_by_cosine(truth, np.eye(3, dtype=np.float32), lambda done, total: told.append((done, total)))
    assert told[-1] == (2, 2)
    with pytest.raises(ValueError, match="not finite"):
        place_by_cosine(truth, np.full((3, 2), np.nan, dtype=np.float32))
    with pytest.raises(ValueError, match="anything to find"):
        place_by_cosine(truth_of([0, 1], [0, 1]), np.eye(2, dtype=np.float32))
