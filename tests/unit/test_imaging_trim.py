from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from logosim.domain.features import RgbImage
from logosim.imaging.canvas import canvas, shrink
from logosim.imaging.sheet import contact_sheet
from logosim.imaging.trim import trim

COLOURS = st.sampled_from(
    [(255, 255, 255), (0, 0, 0), (200, 20, 20), (20, 60, 160), (250, 200, 0), (120, 120, 120), (235, 240, 245)]
)


@st.composite
def drawings(draw: st.DrawFn) -> RgbImage:
    """A ground of one colour with up to four blocks on it."""
    height, width = draw(st.integers(1, 60)), draw(st.integers(1, 60))
    image = np.empty((height, width, 3), np.uint8)
    image[:] = draw(COLOURS)
    for _ in range(draw(st.integers(0, 4))):
        top, left = draw(st.integers(0, height - 1)), draw(st.integers(0, width - 1))
        bottom, right = draw(st.integers(top + 1, height)), draw(st.integers(left + 1, width))
        image[top:bottom, left:right] = draw(COLOURS)
    return RgbImage(image)


def with_margin(image: RgbImage, top: int, bottom: int, left: int, right: int) -> RgbImage:
    return RgbImage(np.pad(image, ((top, bottom), (left, right), (0, 0)), constant_values=255))


@settings(max_examples=300, deadline=None)
@given(drawings())
def test_trimming_twice_is_trimming_once(image: RgbImage) -> None:
    once = trim(image)
    assert once.size
    assert np.array_equal(trim(once), once)


@settings(max_examples=300, deadline=None)
@given(drawings(), st.integers(100, 160))
def test_a_white_margin_changes_nothing(image: RgbImage, margin: int) -> None:
    if int(image.min()) >= 235:  # nothing drawn but paper: no picture to give back
        return
    trimmed, wanted = trim(with_margin(image, margin, margin, margin, margin)), tight(image)
    if np.ptp(wanted.reshape(-1, 3), axis=0).max() <= 40:  # plain: it would show nothing without paper round it
        assert np.ptp(trimmed.reshape(-1, 3), axis=0).max() > 20 or np.array_equal(trimmed, wanted)
    else:
        assert np.array_equal(trimmed, wanted)


def tight(image: RgbImage) -> RgbImage:
    """What trimming should give, said plainly: cut white paper tight, then trim what is left."""
    while True:
        rows = [row for row in range(image.shape[0]) if (image[row].min(axis=1) < 235).any()]
        columns = [column for column in range(image.shape[1]) if (image[:, column].min(axis=1) < 235).any()]
        return trim(RgbImage(image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]))


def test_a_plain_rectangle_keeps_paper_round_it() -> None:
    page = np.full((200, 300, 3), 255, np.uint8)
    page[60:140, 100:180] = 0
    trimmed = trim(RgbImage(page))
    assert trimmed.shape == (80 + 2 * 20, 80 + 2 * 20, 3)
    assert np.array_equal(trim(trimmed), trimmed)


def test_jpeg_noise_in_the_margin_is_margin() -> None:
    mark = np.full((120, 200, 3), 255, np.uint8)
    cv2.circle(mark, (100, 60), 30, (180, 0, 60), -1)
    stream = io.BytesIO()
    Image.fromarray(mark).save(stream, "JPEG", quality=70)
    noisy = RgbImage(np.array(Image.open(stream)))
    height, width = trim(noisy).shape[:2]
    assert 61 <= height <= 61 + 2 * 8  # ringing reaches no further than the 8 x 8 block it is in
    assert 61 <= width <= 61 + 2 * 8


@pytest.mark.parametrize("colour", [(255, 255, 255), (0, 0, 0), (10, 200, 30)])
def test_a_uniform_picture_comes_back_whole(colour: tuple[int, int, int]) -> None:
    image = RgbImage(np.full((7, 9, 3), colour, np.uint8))
    assert trim(image).shape == (7, 9, 3)


def test_a_plate_keeps_a_quarter_round_its_mark_with_and_without_paper() -> None:
    plate = np.full((200, 200, 3), (20, 60, 160), np.uint8)
    plate[90:110, 80:120] = 255
    trimmed = trim(RgbImage(plate))
    assert trimmed.shape == (20 + 2 * 10, 40 + 2 * 10, 3)
    assert np.array_equal(trim(with_margin(RgbImage(plate), 30, 5, 0, 70)), trimmed)


def test_a_border_without_one_colour_is_left_alone() -> None:
    image = RgbImage(np.random.default_rng(1).integers(0, 256, (40, 50, 3)).astype(np.uint8))
    assert trim(image).shape == image.shape


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 400), st.integers(1, 400), st.sampled_from([32, 224]))
def test_a_canvas_is_square_and_white_round_a_centred_picture(height: int, width: int, size: int) -> None:
    square = canvas(RgbImage(np.zeros((height, width, 3), np.uint8)), size)
    assert square.shape == (size, size, 3)
    assert square.dtype == np.uint8
    rows, columns = np.flatnonzero((square < 128).any(axis=(1, 2))), np.flatnonzero((square < 128).any(axis=(0, 2)))
    assert max(rows.size, columns.size) == size
    assert abs(int(rows[0]) - (size - 1 - int(rows[-1]))) <= 1
    assert abs(int(columns[0]) - (size - 1 - int(columns[-1]))) <= 1
    ratio = min(height, width) / max(height, width)
    assert abs(min(rows.size, columns.size) - max(1, size * ratio)) <= 1


def test_a_canvas_of_its_own_size_is_the_picture() -> None:
    image = RgbImage(np.random.default_rng(2).integers(0, 256, (224, 224, 3)).astype(np.uint8))
    assert np.array_equal(canvas(image, 224), image)


def test_a_thread_costs_no_large_square() -> None:
    assert canvas(RgbImage(np.zeros((1, 32_000, 3), np.uint8)), 224).shape == (224, 224, 3)


def test_shrinking_keeps_what_is_small_and_bounds_what_is_large() -> None:
    small = RgbImage(np.zeros((10, 20, 3), np.uint8))
    assert shrink(small, 20) is small
    assert shrink(RgbImage(np.zeros((100, 2000, 3), np.uint8)), 500).shape == (25, 500, 3)
    assert shrink(RgbImage(np.zeros((2000, 1, 3), np.uint8)), 500).shape == (500, 1, 3)


def test_a_sheet_shows_every_picture_and_wants_a_label_for_each() -> None:
    red = RgbImage(np.full((10, 10, 3), (255, 0, 0), np.uint8))
    sheet = contact_sheet(
        [[red, red], [red]], [["one", "two"], ["Ørsted – eine sehr lange Unterschrift\n3\n4"]], cell=40
    )
    assert int((sheet == (255, 0, 0)).all(axis=2).sum()) == 3 * 40 * 40
    with pytest.raises(ValueError, match="label"):
        contact_sheet([[red]], [[]])
