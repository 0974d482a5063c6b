"""The paragraph: what it says of the score, of what weighs most, and of a figure that stands apart."""

from __future__ import annotations

from uuid import UUID

import pytest

from logosim.domain.explanation import ComparedMark, FigurePlace, MatchedPatch, ShapeExplanation
from logosim.domain.hit import ChannelEvidence, Hit
from logosim.search.summary import summary

MARK = ComparedMark(None, None, None, None, None, (), None, None, None, None)
PATCH = MatchedPatch(1, 1.0, (0, 0), (0, 0), None, None)


def evidence(channel: str, value: float, nats: float, contribution: float, weight: float = 1.0) -> ChannelEvidence:
    return ChannelEvidence(channel, value, weight, nats, contribution, f"The {channel} is said.")


def paragraph(score: float, *said: ChannelEvidence, shape: ShapeExplanation | None = None, apart: bool = False) -> str:
    hit = Hit(1, UUID(int=1), score, "low", "t", "a.png", None, (), None, "/a.png", ("look",), said)
    return summary(MARK, MARK, hit, (), shape, None, apart=apart)


@pytest.mark.parametrize(
    ("score", "said"),
    [
        (0.0, "less than 1 in 100"),
        (0.004, "less than 1 in 100"),
        (0.006, "1 in 100"),
        (0.34, "34 in 100"),
        (0.994, "99 in 100"),
        (0.996, "more than 99 in 100"),
        (1.0, "more than 99 in 100"),
    ],
)
def test_the_score_is_said_as_a_probability(score: float, said: str) -> None:
    assert f"The probability of a confusion is put at {said}: the risk" in paragraph(score)


def test_where_all_speaks_against_nothing_is_said_to_speak_for_a_confusion() -> None:
    """The contributions of a score above 0 cannot all be below it."""
    said = paragraph(0.0002, evidence("look", 0.1, -1.0, 0.0001), evidence("shape", 0.0, -0.4, 0.0001))
    assert "What speaks" not in said


def test_what_speaks_most_for_a_confusion_and_against_it_is_said() -> None:
    said = paragraph(0.4, evidence("look", 0.1, -1.0, -0.2), evidence("sound", 1.0, 4.6, 0.6))
    assert "What speaks most for a confusion is how the names sound." in said
    assert "What speaks most against it is how the pictures look as a whole." in said
    little = paragraph(0.4, evidence("shape", 0.1, -0.1, -0.01), evidence("sound", 1.0, 4.6, 0.41))
    assert "against" not in little


def test_a_channel_without_weight_speaks_neither_for_nor_against() -> None:
    said = paragraph(0.4, evidence("look", 0.9, 0.0, 0.0, weight=0.0), evidence("sound", 1.0, 4.6, 0.4))
    assert "What speaks" not in said


@pytest.mark.parametrize(("mirrored", "where"), [(False, "."), (True, ", as in a mirror.")])
def test_a_figure_that_stands_apart_is_not_taken_for_the_picture(mirrored: bool, where: str) -> None:
    shape = ShapeExplanation(FigurePlace(1.0, mirrored, 0, 0), 1, (PATCH,))
    said = paragraph(0.4, evidence("look", 0.8, 7.0, 0.3), evidence("shape", 1.0, 0.6, 0.1), shape=shape, apart=True)
    assert f"Of a part of the first picture that stands apart in it, nearly all is found in the other{where}" in said
    assert "as a whole" not in said
    nothing = paragraph(0.4, evidence("shape", 0.0, -0.4, 0.1), shape=ShapeExplanation(None, 1, ()), apart=True)
    assert "Nothing of a part of the first picture that stands apart in it is found in the other." in nothing
