"""Separate figures of a picture."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from logosim.domain.features import RgbImage
from logosim.domain.rectangle import Rectangle
from logosim.imaging.figures import MOST, figures


def drawn(size: tuple[int, int] = (250, 200), ground: str = "white") -> tuple[Image.Image, ImageDraw.ImageDraw]:
    picture = Image.new("RGB", size, ground)
    return picture, ImageDraw.Draw(picture)


def found(picture: Image.Image) -> tuple[Rectangle, ...]:
    return figures(RgbImage(np.asarray(picture)))


@pytest.mark.parametrize("ground", ["white", "navy"])
def test_two_figures_side_by_side_are_two(ground: str) -> None:
    picture, pen = drawn(ground=ground)
    pen.rectangle((0, 20, 99, 179), fill="red")
    pen.ellipse((160, 60, 240, 140), fill="green")
    assert found(picture) == (Rectangle(0, 20, 100, 180), Rectangle(160, 60, 241, 141))


def test_figures_of_a_large_picture_are_found_to_the_pixel_of_a_small_copy() -> None:
    picture, pen = drawn((1000, 800))
    pen.rectangle((0, 80, 399, 719), fill="red")
    pen.ellipse((640, 240, 960, 560), fill="green")
    first, second = found(picture)
    assert (first.left, first.top, first.right, first.bottom) == pytest.approx((0, 80, 400, 720), abs=4)
    assert (second.left, second.top, second.right, second.bottom) == pytest.approx((640, 240, 961, 561), abs=4)


def test_figures_that_run_into_the_border_stand_on_white() -> None:
    picture, pen = drawn((200, 100))
    pen.rectangle((0, 0, 79, 99), fill="red")
    pen.rectangle((120, 0, 199, 79), fill="blue")
    assert found(picture) == (Rectangle(0, 0, 80, 100), Rectangle(120, 0, 200, 80))


def test_one_figure_is_the_whole() -> None:
    picture, pen = drawn()
    pen.ellipse((40, 20, 200, 180), fill="black")
    assert found(picture) == ()


def test_pieces_near_each_other_are_one_figure_and_specks_are_none() -> None:
    picture, pen = drawn()
    pen.rectangle((10, 10, 60, 60), fill="black")
    pen.rectangle((64, 10, 114, 60), fill="black")
    pen.rectangle((230, 150, 233, 153), fill="black")
    assert found(picture) == ()


def test_what_a_frame_encloses_is_a_figure() -> None:
    picture, pen = drawn((200, 200))
    pen.ellipse((0, 0, 199, 199), outline="black", width=8)
    pen.rectangle((70, 80, 129, 119), fill="red")
    assert found(picture) == (Rectangle(70, 80, 130, 120),)


def test_an_empty_frame_is_one_figure_itself() -> None:
    picture, pen = drawn((200, 200))
    pen.ellipse((0, 0, 199, 199), outline="black", width=8)
    assert found(picture) == ()


def test_noise_and_a_picture_without_ink_have_no_figures() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (60, 90, 3), dtype=np.uint8)
    assert figures(RgbImage(noise)) == ()
    assert found(drawn()[0]) == ()


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(1, 3), st.integers(1, 3)), max_size=8),
    st.tuples(st.integers(1, 300), st.integers(1, 300)),
)
def test_figures_lie_in_the_picture_and_are_few(blocks: list[tuple[int, int, int, int]], size: tuple[int, int]) -> None:
    picture, pen = drawn(size)
    for column, row, wide, high in blocks:
        pen.rectangle((column * 30, row * 30, (column + wide) * 30, (row + high) * 30), fill="black")
    parts = found(picture)
    assert len(parts) <= MOST
    for part in parts:
        assert 0 <= part.left < part.right <= size[0]
        assert 0 <= part.top < part.bottom <= size[1]
