"""From untrusted bytes to pixels: everything that can be wrong with a picture file is found out here.

What the rest of logosim sees is an `RgbImage` or one of the `PictureError`s, never an exception or a warning of the
decoder. Size is judged from the header before any pixel is decoded.
"""

from __future__ import annotations

import io
import threading
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import numpy as np
import numpy.typing as npt
from PIL import BmpImagePlugin, GifImagePlugin, Image, JpegImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin

from logosim.domain.features import RgbImage
from logosim.errors import AnimatedPicture, EmptyPicture, PictureError, PictureTooLarge, RecordError, UnreadablePicture
from logosim.imaging.formats import picture_format, webp_size

# Naming the plug-ins loads them: Pillow otherwise imports all of its readers at the first unusual file.
_READERS = (
    BmpImagePlugin.BmpImageFile,
    GifImagePlugin.GifImageFile,
    JpegImagePlugin.JpegImageFile,
    PngImagePlugin.PngImageFile,
    TiffImagePlugin.TiffImageFile,
    WebPImagePlugin.WebPImageFile,
)
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_EXIF_ORIENTATION = 0x0112
_TIFF_TILE_WIDTH, _TIFF_TILE_LENGTH = 322, 323
_WHITE_INK = 16  # a drawing that differs from white by less than this is invisible on white


@dataclass(frozen=True, slots=True)
class DecodeLimits:
    """What a picture may cost at most. The number of frames is no setting: it is one.

    `max_side` keeps coordinates within OpenCV's 16 bits. There is no least size: one pixel is a picture, and whether
    a picture is too small to mean anything is for the caller to say.
    """

    max_bytes: int = 20 * 1024 * 1024
    max_pixels: int = 50_000_000
    max_side: int = 32_767


def decode(data: bytes, limits: DecodeLimits | None = None) -> RgbImage:
    """Decode one still picture to uint8 [height, width, 3], sRGB assumed.

    Takes PNG, JPEG, GIF, WebP, TIFF and BMP. Transparency is laid on white, or on black if the drawing itself is
    white and would vanish. Turned as EXIF says. Grey, palette, 1-bit, CMYK, YCbCr, 16-bit and 32-bit integer or float
    samples become 8-bit RGB. Colour profiles are not applied (marks are compared by shape first, and registers carry
    pictures without profiles); CMYK is converted by formula. A JPEG with an embedded preview (MPO) counts as still.

    Raises EmptyPicture (no bytes), PictureTooLarge (bytes, pixels or side over `limits`), AnimatedPicture (more than
    one frame or page) and UnreadablePicture (another format, damaged, truncated, exotic samples). A picture is never
    returned in part: PNG checksums are verified, and a stream that ends early is refused. Damage inside the data of a
    JPEG cannot always be told from drawing, as JPEG has no checksum.
    """
    limits = limits or DecodeLimits()
    if not data:
        raise EmptyPicture("The picture file has no content (0 bytes).")
    if len(data) > limits.max_bytes:
        raise PictureTooLarge(f"The picture file has {len(data):,} bytes; the limit is {limits.max_bytes:,}.")
    name = picture_format(data)
    if name == "WEBP":
        _check_size(webp_size(data), limits)
    try:
        with _silence:
            return _decode_as(name, data, limits)
    except PictureError:
        raise
    except Exception as error:  # Pillow's readers raise a dozen unrelated types on damaged files; all mean the same
        _refuse(name, error)


def decode_file(file: Path, limits: DecodeLimits | None = None) -> RgbImage:
    """The picture in a file, uint8 [height, width, 3].

    Raises:
        RecordError: it cannot be read or decoded; the message names the file.
    """
    try:
        return decode(file.read_bytes(), limits)
    except OSError as error:
        raise RecordError(f"cannot read the picture {file}: {error.strerror}") from error
    except PictureError as error:
        raise RecordError(f"{file}: {error}", hint=error.hint) from error


def _refuse(name: str, error: Exception) -> NoReturn:
    if isinstance(error, Image.DecompressionBombError):
        raise PictureTooLarge(f"The {name} picture has too many pixels.") from error
    if isinstance(error, MemoryError):
        raise PictureTooLarge(f"The {name} picture needs more memory than there is.") from error
    raise UnreadablePicture(f"The {name} file is damaged or incomplete ({_reason(error)}).") from error


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text[:120] if text and "<" not in text else type(error).__name__


def _decode_as(name: str, data: bytes, limits: DecodeLimits) -> RgbImage:
    if name == "PNG":
        with Image.open(io.BytesIO(data), formats=[name]) as picture:
            _check_size(picture.size, limits)
            picture.verify()  # checksums of all chunks; loading alone skips those of the pixel data
    with Image.open(io.BytesIO(data), formats=[name]) as picture:
        _check_size(picture.size, limits)
        _check_tiles(picture, limits)
        if picture.format != "MPO" and getattr(picture, "is_animated", False):
            raise AnimatedPicture(f"The {name} file holds several frames or pages.")
        picture.load()
        inverted = picture.format in ("JPEG", "MPO") and picture.mode == "CMYK" and "adobe" not in picture.info
        pixels = _to_rgb(_turned(picture), cmyk_inverted=inverted)
    return RgbImage(np.ascontiguousarray(pixels))


def _check_size(size: tuple[int, int] | None, limits: DecodeLimits) -> None:
    if size is None:
        raise UnreadablePicture("The picture's header is damaged.")
    width, height = size
    if width < 1 or height < 1:
        raise UnreadablePicture("The picture has no pixels.")
    if width * height > limits.max_pixels:
        raise PictureTooLarge(
            f"The picture has {width:,} x {height:,} pixels; the limit is {limits.max_pixels:,} in all."
        )
    if max(width, height) > limits.max_side:
        raise PictureTooLarge(f"The picture is {max(width, height):,} pixels long; the limit is {limits.max_side:,}.")


def _check_tiles(picture: Image.Image, limits: DecodeLimits) -> None:
    """Refuse a small TIFF made of giant tiles: the tile, not the picture, decides how much memory is taken."""
    if isinstance(picture, TiffImagePlugin.TiffImageFile):
        tags = picture.tag_v2
        width, length = tags.get(_TIFF_TILE_WIDTH, 0), tags.get(_TIFF_TILE_LENGTH, 0)
        if int(width) * int(length) > limits.max_pixels:
            raise PictureTooLarge(f"The picture's tiles have {width:,} x {length:,} pixels.")


def _turned(picture: Image.Image) -> Image.Image:
    try:
        orientation = picture.getexif().get(_EXIF_ORIENTATION, 1)
    except Exception:  # a camera's note that cannot be read does not make the picture unreadable
        orientation = 1
    turn = _TURNS.get(orientation) if isinstance(orientation, int) else None
    return picture if turn is None else picture.transpose(turn)


def _to_rgb(picture: Image.Image, *, cmyk_inverted: bool) -> npt.NDArray[np.uint8]:
    if picture.mode.startswith("I;16"):
        grey = _eight_bits(np.asarray(picture).astype(np.float32), full_scale=65535.0)
        return np.repeat(grey[:, :, None], 3, axis=2)
    if picture.mode in ("I", "F"):
        grey = _eight_bits(np.asarray(picture).astype(np.float32), full_scale=None)
        return np.repeat(grey[:, :, None], 3, axis=2)
    if picture.mode == "CMYK" and cmyk_inverted:
        # Pillow takes every CMYK JPEG for an inverted one; without Adobe's marker it is not.
        picture = picture.point(lambda ink: 255 - ink)
    if picture.has_transparency_data:
        return _on_ground(np.asarray(picture.convert("RGBA")))
    return np.array(picture.convert("RGB"))


def _eight_bits(samples: npt.NDArray[np.float32], *, full_scale: float | None) -> npt.NDArray[np.uint8]:
    """Scale grey samples to 0..255. Without a known full scale, take the smallest usual one that holds them.

    Usual full scales are 1 (floats), 255 and 65535; samples that fit none of them are stretched from their least to
    their greatest value. Samples that are no numbers become white, the ground.
    """
    finite = np.isfinite(samples)
    if not finite.any():
        raise UnreadablePicture("The picture's samples are not numbers.")
    low, high = float(samples[finite].min()), float(samples[finite].max())
    if full_scale is None:
        fitting = [scale for scale in (1.0, 255.0, 65535.0) if low >= 0 and high <= scale]
        offset, full_scale = (0.0, fitting[0]) if fitting else (low, high - low)
    else:
        offset = 0.0
    scaled = (samples.astype(np.float64) - offset) * (255.0 / full_scale if full_scale > 0 else 0.0)
    return np.where(finite, np.clip(np.rint(np.nan_to_num(scaled)), 0, 255), 255).astype(np.uint8)


def _on_ground(rgba: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Lay uint8 [h, w, 4] on white; on black where nothing could be seen on white though something is drawn."""
    alpha = rgba[:, :, 3:].astype(np.uint16)
    inked = rgba[:, :, :3] * alpha  # at most 255 * 255: fits 16 bits
    on_white = ((inked + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)
    if int(on_white.min()) > 255 - _WHITE_INK and int(alpha.max()) - int(alpha.min()) > _WHITE_INK:
        return ((inked + 127) // 255).astype(np.uint8)
    return on_white


class _Silence:
    """Mutes warnings while at least one thread decodes.

    `warnings.catch_warnings` swaps the process's filters and is not safe where threads overlap: the first thread in
    swaps them, the last one out puts them back.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._saved = warnings.catch_warnings()

    def __enter__(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._saved = warnings.catch_warnings()
                self._saved.__enter__()
                warnings.simplefilter("ignore")
            self._inside += 1

    def __exit__(self, *exception: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._saved.__exit__(None, None, None)


_silence = _Silence()
