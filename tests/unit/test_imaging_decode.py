from __future__ import annotations

import io
import struct
import threading
import warnings
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from logosim.errors import AnimatedPicture, EmptyPicture, PictureError, PictureTooLarge, UnreadablePicture
from logosim.imaging.decode import DecodeLimits, decode


def drawing(width: int = 60, height: int = 40) -> np.ndarray:
    """A picture without symmetry: a gradient with a red block in its upper left."""
    picture = np.full((height, width, 3), 255, np.uint8)
    picture[:, :, 2] = np.linspace(60, 255, width).astype(np.uint8)
    picture[4:14, 6:26] = (220, 30, 30)
    return picture


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_header_only(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + png_chunk(b"IDAT", zlib.compress(b"\0" * 100))
        + png_chunk(b"IEND", b"")
    )


SAMPLES = {
    "png": encoded(Image.fromarray(drawing()), "PNG"),
    "jpeg": encoded(Image.fromarray(drawing()), "JPEG", quality=95, subsampling=0),
    "jpeg progressive": encoded(Image.fromarray(drawing()), "JPEG", quality=95, subsampling=0, progressive=True),
    "gif": encoded(Image.fromarray(drawing()), "GIF"),
    "webp": encoded(Image.fromarray(drawing()), "WEBP", lossless=True),
    "webp lossy": encoded(Image.fromarray(drawing()), "WEBP", quality=95),
    "tiff": encoded(Image.fromarray(drawing()), "TIFF"),
    "tiff lzw": encoded(Image.fromarray(drawing()), "TIFF", compression="tiff_lzw"),
    "bmp": encoded(Image.fromarray(drawing()), "BMP"),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_each_format_gives_its_pixels_back(name: str) -> None:
    image = decode(SAMPLES[name])
    assert image.dtype == np.uint8
    assert image.shape == (40, 60, 3)
    assert image.flags["C_CONTIGUOUS"]
    lossy = name.startswith(("jpeg", "webp lossy", "gif"))
    assert np.abs(image.astype(int) - drawing()).mean() < (6 if lossy else 0.001)


def test_transparency_is_laid_on_white() -> None:
    rgba = np.zeros((10, 10, 4), np.uint8)
    rgba[2:8, 2:8] = (0, 0, 200, 255)
    rgba[0, 0] = (255, 0, 0, 128)
    image = decode(encoded(Image.fromarray(rgba), "PNG"))
    assert tuple(image[9, 9]) == (255, 255, 255)
    assert tuple(image[5, 5]) == (0, 0, 200)
    assert tuple(image[0, 0]) == (255, 127, 127)


def test_a_white_drawing_on_nothing_stays_visible() -> None:
    rgba = np.full((10, 10, 4), 255, np.uint8)
    rgba[:, :, 3] = 0
    rgba[3:7, 3:7, 3] = 255
    image = decode(encoded(Image.fromarray(rgba), "PNG"))
    assert tuple(image[5, 5]) == (255, 255, 255)
    assert tuple(image[0, 0]) == (0, 0, 0)


def test_a_wholly_transparent_picture_is_blank() -> None:
    image = decode(encoded(Image.new("RGBA", (5, 5), (0, 0, 0, 0)), "PNG"))
    assert (image == 255).all()


@pytest.mark.parametrize("kind", ["PNG", "GIF"])
def test_palette_with_a_transparent_colour(kind: str) -> None:
    picture = Image.new("P", (8, 8), 0)
    picture.putpalette([0, 0, 0, 255, 0, 0] + [0] * 762)
    picture.putpixel((4, 4), 1)
    image = decode(encoded(picture, kind, transparency=0))
    assert tuple(image[0, 0]) == (255, 255, 255)
    assert tuple(image[4, 4]) == (255, 0, 0)


def test_grey_with_alpha_and_one_bit() -> None:
    grey = Image.new("LA", (4, 4), (100, 255))
    grey.putpixel((0, 0), (100, 0))
    image = decode(encoded(grey, "PNG"))
    assert tuple(image[0, 0]) == (255, 255, 255)
    assert tuple(image[1, 1]) == (100, 100, 100)
    bits = Image.new("1", (4, 4), 1)
    bits.putpixel((2, 1), 0)
    for kind in ("PNG", "TIFF", "BMP"):
        assert decode(encoded(bits, kind))[1, 2].max() == 0
        assert decode(encoded(bits, kind))[0, 0].min() == 255


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bit_grey_is_scaled_and_not_clipped(kind: str) -> None:
    samples = np.array([[0, 257 * 100], [257 * 200, 65535]], np.uint16)
    image = decode(encoded(Image.fromarray(samples), kind))
    assert image[:, :, 0].tolist() == [[0, 100], [200, 255]]


def test_sixteen_bit_colour_png() -> None:
    rows = b"".join(b"\0" + struct.pack(">6H", 65535, 0, 257 * 100, 0, 65535, 257 * 7) for _ in range(2))
    header = struct.pack(">IIBBBBB", 2, 2, 16, 2, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", zlib.compress(rows))
    image = decode(data + png_chunk(b"IEND", b""))
    assert image[0].tolist() == [[255, 0, 100], [0, 255, 7]]


@pytest.mark.parametrize(
    ("samples", "expected"),
    [
        (np.array([[0.0, 0.5, 1.0]], np.float32), [0, 128, 255]),
        (np.array([[0.0, 100.0, 255.0]], np.float32), [0, 100, 255]),
        (np.array([[-10.0, 0.0, 10.0]], np.float32), [0, 128, 255]),
        (np.array([[0.0, np.nan, 1.0]], np.float32), [0, 255, 255]),
        (np.array([[0, 25700, 65535]], np.int32), [0, 100, 255]),
    ],
)
def test_float_and_integer_tiff(samples: np.ndarray, expected: list[int]) -> None:
    image = decode(encoded(Image.fromarray(samples), "TIFF"))
    assert image[0, :, 0].tolist() == expected


def test_cmyk_jpeg_with_and_without_adobes_marker() -> None:
    cyan = Image.new("CMYK", (16, 16), (255, 0, 0, 0))
    adobe = encoded(cyan, "JPEG", quality=95)
    assert b"Adobe" in adobe
    assert np.abs(decode(adobe)[8, 8].astype(int) - (0, 255, 255)).max() < 6
    # Without the marker samples are not inverted: the same bytes mean the opposite ink.
    start = adobe.index(b"\xff\xee")
    plain = adobe[:start] + adobe[start + 2 + int.from_bytes(adobe[start + 2 : start + 4], "big") :]
    expected = np.asarray(Image.new("CMYK", (1, 1), (0, 255, 255, 255)).convert("RGB"))[0, 0]
    assert np.abs(decode(plain)[8, 8].astype(int) - expected).max() < 6


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_exif_orientation(kind: str, orientation: int) -> None:
    upright = Image.fromarray(drawing())
    # What a camera held that way would have stored: the inverse of the turn that the tag asks for.
    back = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    stored = upright if orientation == 1 else upright.transpose(Image.Transpose(back[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = decode(encoded(stored, kind, exif=exif))
    assert image.shape == (40, 60, 3)
    assert np.abs(image[8, 12].astype(int) - (220, 30, 30)).max() < 30


def test_empty_large_and_animated_are_told_apart() -> None:
    with pytest.raises(EmptyPicture):
        decode(b"")
    with pytest.raises(PictureTooLarge, match="bytes"):
        decode(SAMPLES["png"], DecodeLimits(max_bytes=50))
    with pytest.raises(PictureTooLarge, match="pixels"):
        decode(SAMPLES["png"], DecodeLimits(max_pixels=2399))
    assert decode(SAMPLES["png"], DecodeLimits(max_pixels=2400)).size
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    for kind in ("GIF", "WEBP", "PNG", "TIFF"):
        with pytest.raises(AnimatedPicture):
            decode(encoded(frames[0], kind, save_all=True, append_images=frames[1:]))


def bmp_header(side: int) -> bytes:
    return b"BM" + struct.pack("<IHHIIiiHHIIiiII", 54, 0, 0, 54, 40, side, side, 1, 24, 0, 0, 0, 0, 0, 0)


def gif_header(side: int) -> bytes:
    screen = struct.pack("<HHBBB", side, side, 0, 0, 0)
    return b"GIF89a" + screen + b"," + struct.pack("<HHHHB", 0, 0, side, side, 0) + b"\x02\x02\x4c\x01\x00;"


def webp_header(side: int) -> bytes:
    canvas = (side - 1).to_bytes(3, "little") * 2
    return b"RIFF" + struct.pack("<I", 30) + b"WEBPVP8X" + struct.pack("<II", 10, 0) + canvas + b"\0" * 8


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(png_header_only(30_000, 30_000), id="png"),
        pytest.param(bmp_header(30_000), id="bmp"),
        pytest.param(gif_header(30_000), id="gif"),
        pytest.param(webp_header(30_000), id="webp"),
    ],
)
def test_a_giant_is_refused_from_its_header(data: bytes) -> None:
    with pytest.raises(PictureTooLarge):
        decode(data)


def test_a_long_thread_is_refused() -> None:
    with pytest.raises(PictureTooLarge, match="long"):
        decode(encoded(Image.new("1", (40_000, 1)), "PNG"))


def test_small_tiff_of_giant_tiles_is_refused() -> None:
    tags = [
        (256, 4, 64), (257, 4, 64), (258, 3, 8), (259, 3, 8), (262, 3, 1), (277, 3, 1),
        (322, 4, 60_000), (323, 4, 60_000), (324, 4, 8), (325, 4, 4),
    ]  # fmt: skip
    directory = struct.pack("<H", len(tags)) + b"".join(
        struct.pack("<HHI", tag, kind, 1) + (struct.pack("<HH", value, 0) if kind == 3 else struct.pack("<I", value))
        for tag, kind, value in tags
    )
    with pytest.raises(PictureTooLarge, match="tiles"):
        decode(b"II*\x00" + struct.pack("<I", 12) + b"\0\0\0\0" + directory + b"\0\0\0\0")


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"),
        (b"<?xml version='1.0'?><!-- made by hand --><svg/>", "SVG"),
        (b"%PDF-1.7\n", "PDF"),
        (b"8BPS\x00\x01", "Photoshop"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "EPS"),
        (b"\x00\x00\x00\x1cftypavif", "AVIF"),
        (b"\x00\x00\x01\x00\x01\x00", "icon"),
        (b"ID3\x03", "sound"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"hello", "unknown"),
    ],
)
def test_other_formats_are_refused_by_name(data: bytes, named: str) -> None:
    with pytest.raises(UnreadablePicture, match=named) as caught:
        decode(data)
    assert caught.value.hint


def test_one_pixel_is_a_picture() -> None:
    assert decode(encoded(Image.new("RGB", (1, 1), "red"), "PNG")).tolist() == [[[255, 0, 0]]]


def test_a_damaged_checksum_is_noticed() -> None:
    data = bytearray(SAMPLES["png"])
    data[data.index(b"IDAT") + 12] ^= 0x10
    with pytest.raises(UnreadablePicture):
        decode(bytes(data))


@pytest.mark.parametrize("name", SAMPLES)
def test_a_truncated_file_is_refused_or_whole(name: str) -> None:
    data, whole, refused = SAMPLES[name], decode(SAMPLES[name]), 0
    for length in range(1, len(data), max(1, len(data) // 120)):
        try:
            part = decode(data[:length])
        except UnreadablePicture:
            refused += 1
        else:
            assert np.array_equal(part, whole), f"half a picture at {length} of {len(data)} bytes"
    assert refused >= 100 or refused >= len(data) - 40


def decoded_or_refused(data: bytes) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            image = decode(data, DecodeLimits(max_bytes=100_000, max_pixels=200_000))
        except PictureError:
            return
    assert image.dtype == np.uint8
    assert image.ndim == 3
    assert image.shape[2] == 3
    assert image.size


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(
        [b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"RIFF\x20\0\0\0WEBP", b"II*\0", b"MM\0*", b"BM"]
    ),
    st.binary(max_size=200),
)
def test_random_bytes_raise_only_picture_errors(magic: bytes, rest: bytes) -> None:
    decoded_or_refused(magic + rest)


@settings(max_examples=600, deadline=None)
@given(st.sampled_from(sorted(SAMPLES)), st.data())
def test_flipped_bits_raise_only_picture_errors(name: str, data: st.DataObject) -> None:
    damaged = bytearray(SAMPLES[name])
    end = len(damaged) - 1
    places = st.one_of(st.integers(0, min(120, end)), st.integers(0, end))
    for place in data.draw(st.lists(places, min_size=1, max_size=8)):
        damaged[place] ^= data.draw(st.integers(1, 255))
    decoded_or_refused(bytes(damaged))


# The C library under compressed TIFF writes its complaints to stderr itself, whatever Python does.
@pytest.mark.parametrize("name", sorted(set(SAMPLES) - {"tiff lzw"}))
def test_damage_prints_nothing(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    generator = np.random.default_rng(5)
    for _ in range(60):
        damaged = bytearray(SAMPLES[name])
        for place in generator.integers(0, len(damaged), 3):
            damaged[place] ^= int(generator.integers(1, 256))
        decoded_or_refused(bytes(damaged))
    printed = capfd.readouterr()
    assert printed.out == ""
    assert printed.err == ""


def test_threads_leave_the_warning_filters_as_they_were() -> None:
    before = list(warnings.filters)
    threads = [threading.Thread(target=lambda: [decode(data) for data in SAMPLES.values()]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(warnings.filters) == before
