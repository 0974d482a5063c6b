"""Cells of the model's square, traced back to the picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from logosim.domain.features import RgbImage, TextLine
from logosim.extract import LONGEST_SIDE, Extractor
from logosim.imaging.decode import DecodeLimits

SIZE, GRID = 224, 7


@dataclass(frozen=True)
class Manifest:
    input_size: int = SIZE


@dataclass(frozen=True)
class Sees:
    """A model that only says how large a picture it wants."""

    manifest: Manifest = Manifest()


@dataclass(frozen=True)
class Reads:
    """A text reader that finds the lines it is given."""

    lines: tuple[TextLine, ...] = ()

    def read(self, image: RgbImage) -> tuple[TextLine, ...]:
        return self.lines


def extractor(*lines: TextLine) -> Extractor:
    return Extractor(cast("Any", Reads(lines)), cast("Any", Sees()), DecodeLimits())


def inked(image: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    return np.asarray((image < 128).any(axis=2))


def inked_cells(parts: Extractor, picture: RgbImage) -> list[tuple[int, int]]:
    """Cells of the square in whose middle, a pixel from their edges, something is drawn."""
    side = SIZE // GRID
    drawn = inked(parts.shown(picture)[0]).reshape(GRID, side, GRID, side)
    return [(int(row), int(column)) for row, column in np.argwhere(drawn.any(axis=(1, 3)))]


@st.composite
def pages(draw: st.DrawFn) -> RgbImage:
    """A ring with a dot in it, of any proportions, somewhere on white paper."""
    width, height = draw(st.integers(12, 260)), draw(st.integers(12, 260))
    left, top, right, bottom = (draw(st.integers(0, 300)) for _ in range(4))
    page = Image.new("RGB", (left + width + right, top + height + bottom), "white")
    pen = ImageDraw.Draw(page)
    pen.ellipse((left, top, left + width - 1, top + height - 1), outline="black", width=4)
    pen.rectangle((left + width // 2, top + height // 3, left + width // 2 + 4, top + height // 3 + 4), fill="black")
    return RgbImage(np.array(page))


@settings(max_examples=60, deadline=None)
@given(pages())
def test_the_cells_that_show_something_cover_just_what_is_drawn(page: RgbImage) -> None:
    parts, ink = extractor(), inked(page)
    place = parts.placement(page)
    covered = np.zeros_like(ink)
    for cell in inked_cells(parts, page):
        part = place.cell(*cell, GRID)
        assert 0 <= part.left < part.right <= page.shape[1]
        assert 0 <= part.top < part.bottom <= page.shape[0]
        around = ink[max(0, part.top - 1) : part.bottom + 1, max(0, part.left - 1) : part.right + 1]
        assert around.any(), f"{cell} shows something and {part} does not"
        covered[max(0, part.top - 1) : part.bottom + 1, max(0, part.left - 1) : part.right + 1] = True
    assert not (ink & ~covered).any()


def two_halves(page: tuple[int, int], top: int, left: int, side: int) -> RgbImage:
    """A square on white paper, half black and half red: no colour of its border could be taken for a ground."""
    picture = np.full((*page, 3), 255, np.uint8)
    picture[top : top + side, left : left + side] = (200, 0, 0)
    picture[top : top + side, left : left + side // 2] = 0
    return RgbImage(picture)


def test_a_square_figure_fills_the_square_and_is_cut_into_even_cells() -> None:
    place = extractor().placement(two_halves((400, 900), 100, 500, 210))
    assert (place.left, place.top, place.right, place.bottom) == (500, 100, 710, 310)
    second = place.cell(0, 1, GRID)
    assert (second.left, second.top, second.right, second.bottom) == (530, 100, 560, 130)


def test_a_picture_that_is_shrunk_before_it_is_read_keeps_its_places() -> None:
    place = extractor().placement(two_halves((3 * LONGEST_SIDE, 3 * LONGEST_SIDE), 600, 300, 2400))
    assert np.allclose((place.left, place.top, place.right, place.bottom), (300, 600, 2700, 3000), atol=3)


def test_lettering_that_is_masked_moves_the_square_to_the_figure() -> None:
    page, font = Image.new("RGB", (640, 220), "white"), ImageFont.load_default(72)
    pen = ImageDraw.Draw(page)
    pen.text((30, 60), "FILDOR", fill="black", font=font)
    pen.ellipse((430, 20, 590, 180), outline="black", width=20)
    left, top, right, bottom = pen.textbbox((30, 60), "FILDOR", font=font)
    picture = RgbImage(np.array(page))
    plain = extractor().placement(picture)
    assert plain.left < 100, "without masking the name would belong to the figure"
    # The reader sees the page without its margin, which begins where the name does and ends on the ring.
    corners = tuple((x - plain.left, y - 20) for x, y in ((left, top), (right, top), (right, bottom), (left, bottom)))
    place = extractor(TextLine("FILDOR", 0.99, corners)).placement(picture)
    assert np.allclose((place.left, place.top, place.right, place.bottom), (430, 20, 591, 181), atol=2)


def test_a_blank_picture_has_a_place_as_well() -> None:
    place = extractor().placement(RgbImage(np.full((30, 50, 3), 255, np.uint8)))
    assert np.allclose((place.left, place.right, place.top, place.bottom), (0, 50, -10, 40), atol=0.5)
    assert place.cell(0, 0, GRID).top == 0
