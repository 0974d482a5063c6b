"""Comparisons as pictures: what is drawn where, and the bad cases."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from logosim.domain.explanation import (
    AbsentChannel,
    AnsweringSounds,
    ComparedMark,
    Explanation,
    FigurePlace,
    MatchedPatch,
    ShapeExplanation,
    SpokenComparison,
)
from logosim.domain.features import RgbImage
from logosim.domain.hit import ChannelEvidence
from logosim.domain.rectangle import Rectangle
from logosim.imaging.overlay import MARKED, overlay, printable

FIRST_COLOUR, SECOND_COLOUR = (214, 39, 40), (31, 119, 180)  # of the matches 1 and 2
GREY = (238, 238, 238)


def blank(width: int, height: int, value: int = 255) -> RgbImage:
    return RgbImage(np.full((height, width, 3), value, np.uint8))


def mark(text: str | None, normalised: str | None = None, problem: str | None = None) -> ComparedMark:
    return ComparedMark(None, "t", "a.png", text, normalised, (), 2001, 210, 210, problem)


def match(number: int, left: int, other_left: int) -> MatchedPatch:
    parts = (Rectangle(place, 60, place + 30, 90) for place in (left, other_left))
    return MatchedPatch(number, 0.9, (2, 0), (2, 1), *parts)


SOUNDS = (AnsweringSounds("ʃ", "s", "sh", "s", 20.0, "similar"), AnsweringSounds("a", "a", "a", "a", 15.0, "same"))
EXPLAINED = Explanation(
    first=mark("Fildor"),
    other=mark("Phildor"),
    score=0.76,
    risk="high",
    summary="“Fildor” is compared with the earlier mark “Phildor”.",
    model="m",
    evidence=(
        ChannelEvidence("look", 0.8, 1.0, 2.0, 0.56, "Alike."),
        ChannelEvidence("shape", 0.7, 1.0, 2.0, 0.2, "Alike."),
    ),
    absent=(AbsentChannel("vienna", "Vienna codes were not compared."),),
    shape=ShapeExplanation(FigurePlace(1.0, True, 0, 0), 20, (match(1, 30, 150), match(2, 150, 30))),
    sound=(SpokenComparison("en", "English", "ʃa", "sa", 0.9, SOUNDS),),
    spelling=None,
    vienna=None,
)
PICTURES = (blank(210, 210), blank(210, 210))


def places(drawn: npt.NDArray[np.uint8], colour: tuple[int, int, int]) -> npt.NDArray[np.intp]:
    """Columns of all pixels of a colour."""
    return np.flatnonzero((drawn == colour).all(axis=2).any(axis=0))


def test_a_match_has_its_colour_in_both_pictures_at_its_own_place() -> None:
    drawn = overlay(EXPLAINED, PICTURES)
    middle = drawn.shape[1] // 2
    for colour, left_first in ((FIRST_COLOUR, True), (SECOND_COLOUR, False)):
        columns = places(drawn, colour)
        one, other = columns[columns < middle], columns[columns > middle] - middle
        assert one.size
        assert other.size
        assert bool(one.mean() < other.mean()) == left_first


def test_only_the_strongest_matches_are_marked() -> None:
    many = tuple(match(number, 30, 60) for number in range(1, MARKED + 5))
    few = replace(EXPLAINED, shape=ShapeExplanation(FigurePlace(1.0, False, 0, 0), 40, many[:MARKED]))
    all_of_them = replace(few, shape=replace(few.shape, matches=many))  # type: ignore[type-var]
    rows = slice(380, 800)  # where the pictures are shown enlarged
    assert np.array_equal(overlay(few, PICTURES)[rows], overlay(all_of_them, PICTURES)[rows])


@pytest.mark.parametrize("gone", [0, 1])
def test_a_missing_picture_leaves_a_grey_field(gone: int) -> None:
    pictures = [None if place == gone else picture for place, picture in enumerate(PICTURES)]
    problem = "The mark's picture no longer lies where it was when the mark was taken in."
    changed = replace(EXPLAINED, **{("first", "other")[gone]: mark("Fildor", problem=problem)})
    drawn = overlay(changed, pictures)
    grey = (drawn == GREY).all(axis=2)
    halves = grey[:, :470].sum(), grey[:, 482:].sum()
    assert halves[gone] > 80_000
    assert halves[1 - gone] < 1000


def test_nothing_is_enlarged_where_nothing_matches() -> None:
    unlike = replace(EXPLAINED, shape=ShapeExplanation(None, 20, ()))
    assert overlay(unlike, PICTURES).shape[0] < overlay(EXPLAINED, PICTURES).shape[0] - 400
    assert np.array_equal(overlay(unlike, PICTURES), overlay(replace(unlike, shape=None), PICTURES))


@pytest.mark.parametrize("size", [(1, 1), (2000, 3), (3, 2000), (1, 4000)])
def test_pictures_of_any_proportions(size: tuple[int, int]) -> None:
    corner = Rectangle(0, 0, min(size[0], 3), min(size[1], 3))
    shape = ShapeExplanation(FigurePlace(1.0, False, 0, 0), 1, (MatchedPatch(1, 1.0, (0, 0), (0, 0), corner, corner),))
    drawn = overlay(replace(EXPLAINED, shape=shape), (blank(*size, 0), blank(*size)))
    assert drawn.shape[1] == 952


def test_long_names_and_slogans_fit() -> None:
    words = "Fildor " * 140
    sounds = (AnsweringSounds("ʃ", "", "sh", "", 0.0, "missing"),) * 220
    said = tuple(SpokenComparison(name, name, "", "", 0.1, (SOUNDS[0], *sounds)) for name in ("A", "B"))
    long = replace(
        EXPLAINED, first=mark(words), other=mark("ÅÆ" * 500), summary=f"“{words}” is compared. " * 2, sound=said
    )
    drawn = overlay(long, PICTURES)
    assert drawn.shape[1] == 952
    assert (drawn[-8:] == 255).all(), "nothing is cut off at the end"


@pytest.mark.parametrize("name", ["x" * 10_000, "Fildor " * 1_500])
def test_names_of_any_length_are_drawn_at_once(name: str) -> None:
    long = replace(EXPLAINED, first=mark(name), other=mark(name), summary=f"“{name}” is compared with “{name}”.")
    drawn = overlay(long, PICTURES)
    assert len(drawn) < 1500
    assert (drawn[-8:] == 255).all()


def test_a_question_and_a_line_break_in_a_name() -> None:
    asked = replace(EXPLAINED, first=mark("Who?", "who"))
    upper = replace(EXPLAINED, first=mark("WHO", "who"))
    assert not np.array_equal(overlay(asked, PICTURES), overlay(upper, PICTURES))
    broken = replace(EXPLAINED, first=mark("Fil\n\tdor"))
    assert np.array_equal(overlay(broken, PICTURES), overlay(replace(EXPLAINED, first=mark("Fil dor")), PICTURES))


def test_names_are_written_with_the_letters_there_are() -> None:
    assert printable("Café Čarpe “x”…") == "Cafe Carpe “x”…"
    assert printable("Фі") == "??"
    accented = overlay(replace(EXPLAINED, first=mark("Fíldör")), PICTURES)
    assert np.array_equal(accented, overlay(EXPLAINED, PICTURES))
    cyrillic = replace(EXPLAINED, first=mark("Фільдор", "fildor"), summary=EXPLAINED.summary.replace("Fi", "Фі"))
    upper = replace(EXPLAINED, first=mark("FILDOR"))
    assert np.array_equal(overlay(cyrillic, PICTURES)[:370], overlay(upper, PICTURES)[:370])
