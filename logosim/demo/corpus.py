"""The demo corpus: some 3,400 real brand logos as an L3D folder.

The pictures are 256 x 256 JPEG, fitted in and padded with white; nine in ten carry the brand's name in a free font. The
records have the irregularities of L3D: a bare string where a mark has one Vienna code, years as strings, `.JPG` in the
JSON where the disk has `.jpg`.

What is real: names, icons and brand colours. What is assigned: how name and icon are put together, and **the year,
which is derived from a hash of the name and says nothing about the brand**. The Vienna codes are true of the drawing,
though far from complete (see `logosim.demo.codes`).
"""

from __future__ import annotations

import hashlib
import io
import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from logosim.demo.codes import vienna_codes
from logosim.demo.fonts import FACES
from logosim.demo.icons import BrandIcon, Rgb, brand_icons
from logosim.demo.lockup import WHITE, Layout, Lockup, contrast, draw
from logosim.errors import InputError

SIZE = 256  # pixels
FIRST_YEAR, LAST_YEAR = 1996, 2020
DRAWING_VERSION = "1"  # raise it when drawings change, so that a folder of old ones is drawn anew

_INK: Rgb = (0x22, 0x22, 0x22)
_JPEG_QUALITY = 88
_VERSION_FILE = ".drawing-version"


@dataclass(frozen=True, slots=True)
class DemoMark:
    """One mark of the demo corpus and how it is drawn."""

    file: str  # as the JSON spells it, such as "adidas.JPG"
    text: str | None
    vienna_codes: tuple[str, ...]
    year: int  # assigned, not the brand's
    lockup: Lockup

    @property
    def picture_name(self) -> str:
        """Name of the picture on disk."""
        return self.file.lower()


@dataclass(frozen=True, slots=True)
class Corpus:
    """A demo corpus on disk."""

    folder: Path
    marks: tuple[DemoMark, ...]
    drawn: int  # pictures drawn by this run; the others were there


def demo_marks(limit: int | None = None) -> tuple[DemoMark, ...]:
    """The marks of the corpus, in order of slug; with `limit`, an even sample of that many.

    Raises:
        DependencyMissing: the extra `demo` is not installed.
    """
    icons: Sequence[BrandIcon] = brand_icons()
    if limit is not None:
        sample = sorted(icons, key=lambda icon: _digest(f"sample {icon.slug}"))[:limit]
        icons = sorted(sample, key=lambda icon: icon.slug)
    return tuple(_mark(icon) for icon in icons)


def build(
    folder: Path, *, limit: int | None = None, progress: Callable[[int, int], None] = lambda done, total: None
) -> Corpus:
    """Draw the corpus into `folder` as L3D keeps it: `output_<year>.json`, pictures in `images/`.

    Pictures that are there already are kept, so a run that broke off goes on where it stopped.

    Args:
        folder: made if it is missing; JSON files and outdated pictures of an earlier run in it are replaced.
        limit: how many marks; None for all.
        progress: called with the pictures done and their total.

    Raises:
        DependencyMissing: the extra `demo` is not installed.
        InputError: the folder holds marks that logosim has not drawn.
    """
    marks = demo_marks(limit)
    images, version = folder / "images", folder / _VERSION_FILE
    if not version.is_file() and (any(images.glob("*")) or any(folder.glob("output_*.json"))):
        raise InputError(
            f"{folder} holds marks that logosim has not drawn; they would be replaced.",
            hint="Name a folder that is empty or not there yet.",
        )
    images.mkdir(parents=True, exist_ok=True)
    stale = not version.is_file() or version.read_text(encoding="ascii") != DRAWING_VERSION
    if stale:
        for old in images.glob("*.jpg"):
            old.unlink()
        version.write_text(DRAWING_VERSION, encoding="ascii")
    drawn = 0
    for done, mark in enumerate(marks, start=1):
        path = images / mark.picture_name
        if not path.is_file():
            _write(path, picture_bytes(mark))
            drawn += 1
        progress(done, len(marks))
    _write_records(folder, marks)
    return Corpus(folder=folder, marks=marks, drawn=drawn)


def picture_bytes(mark: DemoMark) -> bytes:
    """The mark's picture as JPEG."""
    stream = io.BytesIO()
    draw(mark.lockup, SIZE).save(stream, "JPEG", quality=_JPEG_QUALITY)
    return stream.getvalue()


def record(mark: DemoMark) -> dict[str, object]:
    """The mark as a record of L3D, irregularities included."""
    codes: object = mark.vienna_codes[0] if len(mark.vienna_codes) == 1 else list(mark.vienna_codes)
    return {"file": mark.file, "text": mark.text, "vienna_codes": codes, "year": str(mark.year)}


def _mark(icon: BrandIcon) -> DemoMark:
    lockup = _design(icon)
    year = FIRST_YEAR + _digest(icon.slug)[7] % (LAST_YEAR - FIRST_YEAR + 1)
    return DemoMark(
        file=f"{icon.slug}.JPG", text=lockup.name, vienna_codes=vienna_codes(lockup), year=year, lockup=lockup
    )


def _design(icon: BrandIcon) -> Lockup:
    """How a brand is drawn: chosen by a hash of its slug, the same everywhere."""
    layout_byte, face_byte, spelling_byte, ink_byte, plate_byte, margin_byte = _digest(icon.slug)[:6]
    lettered = layout_byte >= 26  # 90 %
    layout = Layout.ALONE if not lettered else Layout.BELOW if layout_byte % 2 else Layout.BESIDE
    name = _spelt(icon.title, spelling_byte) if lettered else None
    colour, plate = icon.colour, None
    name_colour = _INK if ink_byte < 100 else colour
    if contrast(colour, WHITE) < 1.5:  # would vanish on white
        plate, name_colour = _INK, colour
    elif plate_byte < 24 and contrast(colour, WHITE) > 3:  # one in ten stands white on its own colour
        plate, colour, name_colour = colour, WHITE, WHITE
    return Lockup(
        icon=icon,
        name=name,
        layout=layout,
        face=FACES[face_byte % len(FACES)],
        icon_colour=colour,
        name_colour=name_colour,
        plate=plate,
        margin=2 + margin_byte % 16,
    )


def _spelt(title: str, byte: int) -> str:
    return title.upper() if byte < 64 else title.lower() if byte < 80 else title


def _digest(slug: str) -> bytes:
    return hashlib.sha256(f"logosim demo {slug}".encode()).digest()


def _write_records(folder: Path, marks: Sequence[DemoMark]) -> None:
    by_year: dict[int, list[dict[str, object]]] = defaultdict(list)
    for mark in marks:
        by_year[mark.year].append(record(mark))
    for old in folder.glob("output_*.json"):
        old.unlink()
    for year, records in sorted(by_year.items()):
        text = json.dumps(records, ensure_ascii=False, indent=0)
        _write(folder / f"output_{year}.json", text.encode())


def _write(path: Path, data: bytes) -> None:
    """Write a file so that a broken-off run leaves no half of it."""
    part = path.with_suffix(".part")
    part.write_bytes(data)
    part.replace(path)
