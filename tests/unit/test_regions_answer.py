"""One answer out of those to the regions of a picture."""

from __future__ import annotations

from itertools import product
from uuid import UUID

from logosim.domain.hit import ROUTES, Answer, ChannelEvidence, Hit
from logosim.search.pipeline import best_of_regions


def hit(number: int, nats: float, score: float = 1.0) -> Hit:
    said = ChannelEvidence("look", 0.9, 10.0, nats, score, "The look is said.")
    return Hit(1, UUID(int=number), score, "high", "t", "a.png", None, (), None, "/a.png", ("look",), (said,))


def answer(*hits: Hit, route: str = "exact") -> Answer:
    return Answer(hits, "lite0", None, route, len(hits), None, True, {})


def test_hits_whose_scores_are_as_good_as_one_are_ordered_by_their_evidence() -> None:
    """Heavy weights make every score 1 in floating point; a single region orders them by evidence just the same."""
    first = answer(hit(3, 70), hit(1, 50), hit(2, 50))
    second = answer(hit(1, 80), hit(9, 60), hit(4, 1, score=0.4))
    found = best_of_regions([first, second], 5, {}).hits
    assert [(of.mark_id.int, of.region) for of in found] == [(1, 2), (3, 1), (9, 2), (2, 1), (4, 2)]
    assert [of.rank for of in found] == [1, 2, 3, 4, 5]


def test_of_equal_regions_the_first_counts_and_of_equal_marks_the_smaller_id() -> None:
    found = best_of_regions([answer(hit(2, 5), hit(1, 5)), answer(hit(1, 5), hit(2, 5))], 2, {}).hits
    assert [(of.mark_id.int, of.region) for of in found] == [(1, 1), (2, 1)]


def test_of_several_routes_the_one_that_promises_least_is_told() -> None:
    for first, second in product(ROUTES, repeat=2):
        told = best_of_regions([answer(hit(1, 5), route=first), answer(hit(2, 5), route=second)], 2, {}).route
        assert told == min(first, second, key=ROUTES.index)
