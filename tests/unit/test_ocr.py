from __future__ import annotations

import importlib
import socket
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from logosim.domain.features import RgbImage, TextLine
from logosim.errors import DependencyMissing
from logosim.imaging.lettering import lettering
from logosim.imaging.mask import mask_text
from logosim.ocr.frame import in_reading_order, set_in_frame
from logosim.ocr.none import NoReader
from logosim.ocr.protocol import TextReader
from logosim.ocr.rapid import RapidReader


def written(*texts: tuple[str, int, int, int], width: int = 320, height: int = 200) -> RgbImage:
    picture = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(picture)
    for text, x, y, size in texts:
        draw.text((x, y), text, fill=(20, 30, 90), font=ImageFont.load_default(size), anchor="mm")
    return RgbImage(np.array(picture))


def inside(line: TextLine, image: RgbImage) -> bool:
    return all(0 <= x <= image.shape[1] and 0 <= y <= image.shape[0] for x, y in line.quad)


@pytest.fixture(scope="module")
def reader() -> RapidReader:
    return RapidReader(threads=1)


def test_reads_lines_from_the_top_with_boxes_round_them(reader: TextReader) -> None:
    image = written(("NORDWIND", 160, 60, 48), ("coffee company", 160, 140, 28))
    first, second = reader.read(image)
    assert (first.text, second.text) == ("NORDWIND", "coffee company")
    assert first.confidence > 0.9
    assert all(inside(line, image) for line in (first, second))
    ink = np.argwhere(image[:100].min(axis=2) < 128)
    (top, left), (bottom, right) = ink.min(axis=0), ink.max(axis=0)
    (x0, y0), _, (x1, y1), _ = first.quad
    assert abs(x0 - left) < 14
    assert abs(y0 - top) < 14
    assert abs(x1 - right) < 14
    assert abs(y1 - bottom) < 14


@pytest.mark.parametrize("factor", [0.35, 1, 8])
def test_reads_small_and_large_pictures_in_their_own_pixels(reader: TextReader, factor: float) -> None:
    width, height = int(320 * factor), int(100 * factor)
    image = written(("HARBOUR", width // 2, height // 2, int(60 * factor)), width=width, height=height)
    (line,) = reader.read(image)
    assert line.text == "HARBOUR"
    assert max(x for x, _ in line.quad) > 0.8 * width
    assert inside(line, image)


def test_reads_letters_that_touch_the_edge(reader: TextReader) -> None:
    image = written(("Vexillum", 160, 50, 60), height=100)
    rows, columns = np.flatnonzero((image < 128).any(axis=(1, 2))), np.flatnonzero((image < 128).any(axis=(0, 2)))
    tight = RgbImage(image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    assert [line.text for line in reader.read(tight)] == ["Vexillum"]


@pytest.mark.parametrize("shape", [(1, 1), (1, 900), (2000, 8), (5, 5), (300, 300)])
@pytest.mark.parametrize("level", [0, 128, 255])
def test_finds_nothing_in_nothing(reader: TextReader, shape: tuple[int, int], level: int) -> None:
    assert reader.read(RgbImage(np.full((*shape, 3), level, np.uint8))) == ()


def test_round_and_striped_figures_survive_what_the_reader_makes_of_them(reader: TextReader) -> None:
    figures = []
    for kind in ("disc", "ring", "thin ring", "rings", "bars", "uprights", "target"):
        picture = Image.new("RGB", (256, 256), "white")
        draw = ImageDraw.Draw(picture)
        if kind == "disc":
            draw.ellipse((20, 20, 236, 236), fill=(190, 20, 20))
        elif kind in ("ring", "thin ring"):
            draw.ellipse((20, 20, 236, 236), outline="black", width=30 if kind == "ring" else 6)
        elif kind == "rings":
            for index in range(4):
                draw.ellipse((8 + 52 * index, 92, 80 + 52 * index, 164), outline="black", width=9)
        elif kind == "bars":
            for index in range(3):
                draw.rectangle((30, 40 + 66 * index, 226, 76 + 66 * index), fill="black")
        elif kind == "uprights":
            for index in range(3):
                draw.rectangle((60 + 50 * index, 30, 80 + 50 * index, 226), fill=(0, 0, 200))
        else:
            for index, colour in enumerate(("black", "white") * 3):
                draw.ellipse((20 + 18 * index, 20 + 18 * index, 236 - 18 * index, 236 - 18 * index), fill=colour)
        figures.append(RgbImage(np.array(picture)))
    lines = [reader.read(figure) for figure in figures]
    assert any(lines), "if the reader took none of them for letters this test would prove nothing"
    for figure, found in zip(figures, lines, strict=True):
        assert lettering(found) == []
        assert np.array_equal(mask_text(figure, found), figure)


def test_is_silent_and_offline(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object, **__: object) -> None:
        raise AssertionError("the reader reached for the network")

    monkeypatch.setattr(socket.socket, "connect", refused)
    reader = RapidReader(threads=1)
    assert reader.read(written(("HARBOUR", 160, 100, 50)))
    assert reader.read(RgbImage(np.full((40, 40, 3), 255, np.uint8))) == ()
    printed = capfd.readouterr()
    assert (printed.out, printed.err) == ("", "")


def test_says_what_to_install_when_an_engine_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    easy = importlib.import_module("logosim.ocr.easy")
    monkeypatch.setitem(sys.modules, "easyocr", None)
    with pytest.raises(DependencyMissing) as caught:
        easy.EasyReader()
    assert "logosim[easyocr]" in (caught.value.hint or "")
    monkeypatch.setitem(sys.modules, "rapidocr", None)
    with pytest.raises(DependencyMissing):
        RapidReader()


def test_the_reader_that_reads_nothing() -> None:
    reader: TextReader = NoReader()
    assert reader.name == "none"
    assert reader.read(written(("HARBOUR", 160, 100, 50))) == ()


@given(st.integers(1, 400), st.integers(1, 400), st.floats(0, 1), st.floats(0, 1))
def test_a_frame_leads_back_to_the_picture(height: int, width: int, across: float, down: float) -> None:
    frame = set_in_frame(RgbImage(np.full((height, width, 3), 90, np.uint8)))
    assert min(frame.bgr.shape[:2]) >= 80
    assert (frame.bgr == 90).all()
    x, y = frame.left + across * width * frame.scale, frame.top + down * height * frame.scale
    line = frame.line("a", 1, [(x, y), (0, 0), (10_000, 10_000), (x, y)])
    assert line.quad[0] == pytest.approx((across * width, down * height), abs=1e-6)
    assert line.quad[1] == (0, 0)
    assert line.quad[2] == (width, height)


def test_reading_order_is_by_row_and_then_from_the_left() -> None:
    def at(text: str, x: float, y: float) -> TextLine:
        return TextLine(text, 1.0, ((x, y), (x + 40, y), (x + 40, y + 20), (x, y + 20)))

    lines = [at("d", 0, 60), at("b", 50, 4), at("c", 100, -4), at("a", 0, 0)]
    assert [line.text for line in in_reading_order(lines)] == ["a", "b", "c", "d"]


@pytest.mark.easyocr
def test_easyocr_reads_offline_in_silence(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pytest.importorskip("easyocr")
    pytest.importorskip("easyocr_en_models")

    def refused(*_: object, **__: object) -> None:
        raise AssertionError("the reader reached for the network")

    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.setenv("HOME", str(tmp_path))
    from logosim.ocr.easy import EasyReader

    reader: TextReader = EasyReader()
    assert reader.name == "easy"
    image = written(("NORDWIND", 160, 60, 48), ("coffee company", 160, 140, 28))
    lines = reader.read(image)
    assert " ".join(line.text for line in lines).lower().split() == ["nordwind", "coffee", "company"]
    assert all(inside(line, image) for line in lines)
    for shape in ((1, 1), (1, 900), (5, 5), (200, 200)):
        assert reader.read(RgbImage(np.full((*shape, 3), 255, np.uint8))) == ()
    printed = capfd.readouterr()
    assert (printed.out, printed.err) == ("", "")
    assert list(tmp_path.iterdir()) == []
