"""Which picture formats are let in, told from the first bytes alone.

Pillow would try some forty readers on anything it is given. Here the format is settled first, so that only six
readers are ever reached by bytes from outside, and so that a refusal can name what the file is.
"""

from __future__ import annotations

from logosim.errors import UnreadablePicture

ACCEPTED = "PNG, JPEG, GIF, WebP, TIFF or BMP"

_ACCEPTED: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
    (b"II+\x00", "TIFF"),
    (b"MM\x00+", "TIFF"),
    (b"BM", "BMP"),
)
_REFUSED: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "a PDF document"),
    (b"%!PS", "a PostScript or EPS file"),
    (b"\xc5\xd0\xd3\xc6", "an EPS file"),
    (b"8BPS", "a Photoshop document"),
    (b"\x00\x00\x01\x00", "an icon file"),
    (b"\x00\x00\x00\x0cjP  ", "a JPEG 2000 picture"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 picture"),
    (b"PK\x03\x04", "a ZIP archive or an office document"),
    (b"\x1f\x8b", "a gzip file (perhaps a compressed SVG)"),
    (b"ID3", "a sound file"),
    (b"\xff\xfb", "a sound file"),
)
_FTYP_BRANDS: dict[bytes, str] = {
    b"avif": "an AVIF picture",
    b"avis": "an AVIF picture",
    b"heic": "a HEIC picture",
    b"heix": "a HEIC picture",
    b"mif1": "a HEIF picture",
}


def picture_format(data: bytes) -> str:
    """Return Pillow's name of the format of `data`: PNG, JPEG, GIF, WEBP, TIFF or BMP.

    Raises UnreadablePicture for anything else, naming the format where it is a well-known one.
    """
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    for magic, name in _ACCEPTED:
        if data.startswith(magic):
            return name
    raise UnreadablePicture(f"The file is {_kind_refused(data)}, not a picture in {ACCEPTED}.")


def webp_size(data: bytes) -> tuple[int, int] | None:
    """Width and height that a WebP header announces, or None if the header is damaged.

    Pillow's WebP reader sets up its canvas when it opens the file, before a size could be refused; hence this.
    Source: the WebP container specification (VP8X, VP8L) and RFC 6386, section 9.1 (VP8).
    """
    kind, body = data[12:16], data[20:30]
    if len(body) < 10:
        return None
    if kind == b"VP8X":
        return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")
    if kind == b"VP8L" and body[0] == 0x2F:
        bits = int.from_bytes(body[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 " and body[3:6] == b"\x9d\x01\x2a":
        return int.from_bytes(body[6:8], "little") & 0x3FFF, int.from_bytes(body[8:10], "little") & 0x3FFF
    return None


def _kind_refused(data: bytes) -> str:
    for magic, name in _REFUSED:
        if data.startswith(magic):
            return name
    if data[4:8] == b"ftyp":
        return _FTYP_BRANDS.get(data[8:12], "a video or HEIF file")
    head = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<svg" in head:
        return "an SVG drawing"
    if head.startswith((b"<!doctype html", b"<html")):
        return "a web page"
    if head.startswith(b"<?xml"):
        return "an XML file (perhaps an SVG drawing)"
    return "of an unknown kind"
