"""Parts of a picture, its regions and separate figures, are seen as if they were pictures of their own."""

from __future__ import annotations

import io
from dataclasses import dataclass, field

import numpy as np
import pytest
from PIL import Image

from logosim.domain.features import RgbImage, TextLine
from logosim.domain.rectangle import Rectangle
from logosim.embedding import CanvasArray, Embedded, Manifest, bundled, load_manifest
from logosim.errors import EmptyPicture, RegionError
from logosim.extract import Extractor
from logosim.imaging import DecodeLimits

EXIF_ORIENTATION, QUARTER_TURN = 0x0112, 6  # shown turned clockwise


@dataclass
class Watched:
    """A reader that finds nothing and an embedder that keeps what it is shown."""

    name: str = "none"
    manifest: Manifest = field(default_factory=lambda: load_manifest(bundled()))
    read_in: list[tuple[int, ...]] = field(default_factory=list)
    shown: list[CanvasArray] = field(default_factory=list)

    def read(self, image: RgbImage) -> tuple[TextLine, ...]:
        self.read_in.append(image.shape)
        return ()

    def embed(self, canvases: CanvasArray) -> Embedded:
        self.shown.append(canvases)
        of, count = self.manifest, len(canvases)
        grid = (of.patch_grid, of.patch_grid, of.patch_dimensions)
        return Embedded(np.zeros((count, of.dimensions), np.float32), np.zeros((count, *grid), np.int8))


@pytest.fixture
def watched() -> Watched:
    return Watched()


@pytest.fixture
def extractor(watched: Watched) -> Extractor:
    return Extractor(watched, watched, DecodeLimits())


def page() -> Image.Image:
    """200 x 100 pixels: a red field on the left, a blue one on the right."""
    picture = Image.new("RGB", (200, 100), "white")
    picture.paste((200, 0, 0), (20, 20, 80, 80))
    picture.paste((0, 0, 200), (130, 30, 150, 90))
    return picture


def encoded(picture: Image.Image, orientation: int | None = None) -> bytes:
    stream, exif = io.BytesIO(), Image.Exif()
    if orientation is not None:
        exif[EXIF_ORIENTATION] = orientation
    picture.save(stream, "PNG", exif=exif)
    return stream.getvalue()


def test_a_region_is_seen_like_the_part_saved_alone(extractor: Extractor, watched: Watched) -> None:
    parts = [Rectangle(0, 0, 100, 100), Rectangle(100, 0, 200, 100)]
    seen = extractor.extract_regions(encoded(page()), parts)
    alone = extractor.extract([encoded(page().crop((part.left, part.top, part.right, part.bottom))) for part in parts])
    assert np.array_equal(*watched.shown)
    assert not np.array_equal(watched.shown[0][0], watched.shown[0][1])
    assert [(part.width, part.height) for part in seen] == [(100, 100)] * 2
    assert len(alone) == 2


def test_regions_are_counted_in_the_picture_as_a_viewer_turns_it(extractor: Extractor, watched: Watched) -> None:
    turned = encoded(page(), QUARTER_TURN)  # 100 wide and 200 high, the red field above
    extractor.extract_regions(turned, [Rectangle(0, 0, 100, 100)])
    (canvas,) = watched.shown[0]
    assert canvas[112, 112, 0] > 150 > canvas[112, 112, 2]
    with pytest.raises(RegionError, match="beyond the picture of 100 x 200"):
        extractor.extract_regions(turned, [Rectangle(0, 0, 200, 100)])


def test_nothing_is_read_if_one_region_is_bad(extractor: Extractor, watched: Watched) -> None:
    with pytest.raises(RegionError):
        extractor.extract_regions(encoded(page()), [Rectangle(0, 0, 50, 50), Rectangle(150, 0, 201, 50)])
    with pytest.raises(EmptyPicture):
        extractor.extract_regions(b"", [Rectangle(0, 0, 50, 50)])
    assert watched.read_in == []


def two_figures() -> Image.Image:
    picture = Image.new("RGB", (240, 120), "white")
    picture.paste((200, 30, 30), (10, 20, 80, 100))
    picture.paste((30, 30, 200), (150, 40, 230, 80))
    return picture


def test_the_figures_of_a_region_are_seen_like_those_of_the_part_saved_alone() -> None:
    watched = Watched()
    extractor = Extractor(watched, watched, DecodeLimits())
    page = Image.new("RGB", (500, 120), "white")
    page.paste(two_figures(), (260, 0))
    none, two = extractor.extract_regions(encoded(page), [Rectangle(0, 0, 260, 120), Rectangle(260, 0, 500, 120)])
    alone = extractor.extract_asking(encoded(two_figures()))
    regions, saved = watched.shown
    assert np.array_equal(regions[1:], saved)  # all regions in one call
    assert none.figures == ()
    assert [figure.part for figure in two.figures] == [figure.part for figure in alone.figures]
    assert len(two.figures) == 2


def test_a_picture_that_asks_is_seen_as_a_whole_and_figure_by_figure() -> None:
    watched = Watched()
    extractor = Extractor(watched, watched, DecodeLimits())
    asked = extractor.extract_asking(encoded(two_figures()))
    (stored,) = extractor.extract([encoded(two_figures())])
    both, whole = watched.shown
    assert len(both) == 3
    assert np.array_equal(both[0], whole[0])  # the whole is seen like a mark that is taken in
    assert (stored.sha256, stored.width, stored.text) == (asked.sha256, asked.width, asked.text)  # type: ignore[union-attr]
    extractor.extract([encoded(two_figures().crop((10, 20, 80, 100))), encoded(two_figures().crop((150, 40, 230, 80)))])
    assert np.abs(both[1:].astype(int) - watched.shown[-1].astype(int)).max() <= 2
    assert [(figure.part.width, figure.part.height) for figure in asked.figures] == [(70, 80), (80, 40)]


def test_a_figure_lies_where_it_is_in_the_picture() -> None:
    watched = Watched()
    extractor = Extractor(watched, watched, DecodeLimits())
    asked = extractor.extract_asking(encoded(two_figures()))
    place = extractor.placement(RgbImage(np.asarray(two_figures())), asked.figures[1].part)
    middle = place.cell(3, 3, 7)
    assert 150 <= middle.left < middle.right <= 230
    assert 40 <= middle.top < middle.bottom <= 80


def test_a_picture_of_one_figure_is_seen_once() -> None:
    watched = Watched()
    extractor = Extractor(watched, watched, DecodeLimits())
    assert extractor.extract_asking(encoded(two_figures().crop((0, 0, 100, 120)))).figures == ()
    with pytest.raises(EmptyPicture):
        extractor.extract_asking(b"")
