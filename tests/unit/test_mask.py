from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from logosim.domain.features import RgbImage, TextLine
from logosim.imaging.lettering import lettering
from logosim.imaging.mask import mask_text, text_mask

WHITE, BLACK = (255, 255, 255), (0, 0, 0)


class Drawing:
    """A picture being made, with the lines that a perfect reader would find in it."""

    def __init__(self, width: int = 256, height: int = 256, ground: tuple[int, int, int] = WHITE) -> None:
        self.picture = Image.new("RGB", (width, height), ground)
        self.draw = ImageDraw.Draw(self.picture)
        self.lines: list[TextLine] = []

    def text(self, text: str, x: int, y: int, size: int, colour: tuple[int, int, int] = BLACK) -> Drawing:
        """Write centred on (x, y)."""
        font = ImageFont.load_default(size)
        self.draw.text((x, y), text, fill=colour, font=font, anchor="mm")
        left, top, right, bottom = self.draw.textbbox((x, y), text, font=font, anchor="mm")
        self.lines.append(line(text, left - 3, top - 3, right + 3, bottom + 3))
        return self

    @property
    def image(self) -> RgbImage:
        return RgbImage(np.array(self.picture))


def line(text: str, left: float, top: float, right: float, bottom: float, confidence: float = 0.99) -> TextLine:
    return TextLine(text, confidence, ((left, top), (right, top), (right, bottom), (left, bottom)))


def whole(image: RgbImage, text: str, confidence: float = 0.99) -> TextLine:
    return line(text, 0, 0, image.shape[1], image.shape[0], confidence)


def drawn(image: RgbImage, ground: tuple[int, int, int] = WHITE) -> int:
    return int((np.abs(image.astype(int) - ground).max(axis=2) > 48).sum())


@pytest.mark.parametrize("read_as", ["O", "0", "Q", "C", "D", "o", "口", "OO", "00", "°"])
def test_a_ring_read_as_a_letter_stays(read_as: str) -> None:
    image = np.full((200, 200, 3), 255, np.uint8)
    cv2.circle(image, (100, 100), 80, (20, 20, 160), 24)
    ring = RgbImage(image)
    box = line(read_as, 5, 5, 195, 195)
    assert not text_mask(ring, [box]).any()
    assert mask_text(ring, [box]) is ring


def test_a_disc_and_linked_rings_and_bars_stay() -> None:
    disc = Drawing()
    disc.draw.ellipse((30, 30, 226, 226), fill=(200, 0, 0))
    assert not text_mask(disc.image, [line("O", 30, 30, 226, 226)]).any()
    rings = Drawing(320, 110)
    for index in range(4):
        rings.draw.ellipse((10 + index * 65, 10, 95 + index * 65, 95), outline=BLACK, width=9)
    assert not text_mask(rings.image, [whole(rings.image, "OOO")]).any()
    bars = Drawing()
    for index in range(3):
        bars.draw.rectangle((60 + 50 * index, 40, 80 + 50 * index, 216), fill=BLACK)
    for read_as in ("II", "III", "lll", "111", "三", "1"):
        assert not text_mask(bars.image, [line(read_as, 55, 35, 185, 220)]).any()


def test_a_word_beside_a_ring_goes_and_the_ring_stays() -> None:
    mark = Drawing(400, 120)
    mark.draw.ellipse((10, 10, 110, 110), outline=(200, 0, 0), width=18)
    before = mark.image.copy()
    mark.text("Harbour", 250, 60, 60)
    lines = [line("O", 8, 8, 112, 112), *mark.lines]
    masked = mask_text(mark.image, lines)
    assert np.array_equal(masked[:, :120], before[:, :120])
    assert drawn(RgbImage(masked[:, 120:])) == 0


def test_text_leaves_its_badge_and_the_badge_stays() -> None:
    badge = Drawing()
    badge.draw.ellipse((20, 20, 236, 236), fill=(20, 60, 160))
    empty = badge.image.copy()
    badge.text("HARBOUR", 128, 128, 38, WHITE)
    masked = mask_text(badge.image, badge.lines)
    assert np.abs(masked.astype(int) - empty).max() <= 8


def test_text_on_a_narrow_plate_leaves_the_plate() -> None:
    mark = Drawing()
    mark.draw.polygon([(128, 10), (220, 150), (36, 150)], fill=(0, 120, 60))
    mark.draw.rectangle((40, 180, 216, 228), fill=(90, 90, 90))
    empty = mark.image.copy()
    mark.text("SUMMIT", 128, 204, 36, WHITE)
    masked = mask_text(mark.image, [line("SUMMIT", 40, 180, 217, 229)])  # a box as large as the plate
    assert np.abs(masked.astype(int) - empty).max() <= 8


def test_text_on_a_gradient_goes() -> None:
    mark = Drawing()
    ramp = np.tile(np.linspace(20, 200, 256).astype(np.uint8)[None, :, None], (256, 1, 3)).copy()
    ramp[:, :, 2] = 180
    mark.picture.paste(Image.fromarray(ramp))
    mark.draw.polygon([(128, 20), (160, 80), (96, 80)], fill=(250, 210, 0))
    empty = mark.image.copy()
    mark.text("Gradient", 128, 160, 44, WHITE)
    masked = mask_text(mark.image, mark.lines)
    assert np.abs(masked.astype(int) - empty).max(axis=2).mean() < 3
    assert np.array_equal(masked[:100], empty[:100])


def test_a_figure_that_crosses_the_line_stays() -> None:
    mark = Drawing()
    mark.draw.line((128, 5, 128, 250), fill=(200, 0, 0), width=10)
    before = mark.image.copy()
    mark.text("NORD", 60, 128, 34).text("WIND", 196, 128, 34)
    both = line("NORD WIND", 10, 105, 246, 151)
    masked = mask_text(mark.image, [both])
    assert np.array_equal(masked[:, 122:135], before[:, 122:135])
    assert drawn(masked) == drawn(RgbImage(before))


def test_a_bar_that_runs_on_beyond_the_line_stays_whole() -> None:
    mark = Drawing(400, 200)
    mark.draw.polygon([(40, 10), (90, 90), (10, 90)], fill=(0, 0, 200))
    mark.draw.line((10, 148, 390, 148), fill=BLACK, width=4)
    before = mark.image.copy()
    mark.text("harbour", 310, 128, 26)
    masked = mask_text(mark.image, [line("harbour", 255, 112, 365, 152)])
    assert np.array_equal(masked, before)


@pytest.mark.parametrize(("ground", "ink"), [(WHITE, BLACK), ((250, 140, 0), WHITE), (BLACK, (240, 200, 40))])
def test_a_word_mark_keeps_its_lettering(ground: tuple[int, int, int], ink: tuple[int, int, int]) -> None:
    mark = Drawing(330, 110, ground).text("Vexillum", 165, 55, 66, ink)
    assert not text_mask(mark.image, mark.lines).any()


def test_a_heavy_word_mark_is_not_taken_for_a_plate_with_holes() -> None:
    mark = Drawing(200, 100)
    mark.draw.rectangle((0, 0, 95, 99), fill=BLACK)
    mark.draw.rectangle((105, 0, 199, 99), fill=BLACK)
    for left in (30, 135):
        mark.draw.rectangle((left, 20, left + 30, 40), fill=WHITE)
        mark.draw.rectangle((left, 60, left + 30, 80), fill=WHITE)
    assert not text_mask(mark.image, [whole(mark.image, "BB")]).any()


def test_a_word_mark_loses_its_tagline_only() -> None:
    mark = Drawing(300, 160).text("NORDWIND", 150, 55, 56)
    alone = mark.image.copy()
    mark.text("fine coffee since 1922", 150, 130, 18)
    assert np.array_equal(mask_text(mark.image, mark.lines)[:100], alone[:100])
    assert drawn(mask_text(mark.image, mark.lines)) == drawn(RgbImage(alone))


def test_a_line_on_a_restless_ground_is_left_alone() -> None:
    noise = np.random.default_rng(3).integers(0, 256, (200, 300, 3)).astype(np.uint8)
    assert not text_mask(RgbImage(noise), [line("HARBOUR", 40, 80, 260, 120)]).any()


def test_which_lines_are_lettering() -> None:
    word = line("Harbour", 100, 40, 260, 90)
    beside = line("A", 270, 42, 300, 88)
    far, large = line("R", 500, 42, 530, 88), line("P", 0, 0, 95, 130)
    unsure, square = line("Anker", 100, 200, 260, 250, confidence=0.65), line("HP", 0, 200, 60, 260)
    assert lettering([word, beside, far, large, unsure, square]) == [word, beside]
    assert lettering([line("A", 0, 0, 30, 46), line("B", 40, 0, 70, 46)]) == []
    upright = line("TOWER", 0, 0, 40, 200)
    assert lettering([upright]) == [upright]
    assert lettering([line("---", 0, 0, 100, 20), line("®", 0, 0, 30, 10)]) == []


def test_no_lines_and_no_lettering_change_nothing() -> None:
    image = Drawing().text("Harbour", 128, 128, 50).image
    assert mask_text(image, []) is image
    assert text_mask(image, []).shape == (256, 256)
    assert text_mask(image, []).dtype == np.bool_


@settings(max_examples=200, deadline=None)
@given(
    st.integers(1, 50),
    st.integers(1, 50),
    st.integers(0, 2**32 - 1),
    st.lists(
        st.tuples(
            st.sampled_from(["Harbour", "OOO", "A", "ab", "12 34", "", "三"]),
            st.lists(st.floats(0, 50), min_size=8, max_size=8),
        ),
        max_size=4,
    ),
)
def test_any_picture_and_any_boxes_give_a_mask_of_the_same_size(
    height: int, width: int, seed: int, found: list[tuple[str, list[float]]]
) -> None:
    generator = np.random.default_rng(seed)
    colours = generator.integers(0, 256, (3, 3)).astype(np.uint8)
    image = RgbImage(colours[generator.integers(0, 3, (height, width))])
    lines = [TextLine(t, 0.9, tuple(zip(n[::2], n[1::2], strict=True))) for t, n in found]
    copy = image.copy()
    mask, masked = text_mask(image, lines), mask_text(image, lines)
    assert mask.shape == (height, width)
    assert masked.shape == image.shape
    assert masked.dtype == np.uint8
    assert np.array_equal(masked[~mask], image[~mask])
    assert np.array_equal(image, copy)
