"""The faces that brand names are set in: free fonts, each in a package of its own."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from PIL import ImageFont

from logosim.demo.icons import EXTRA_HINT
from logosim.errors import DependencyMissing


@dataclass(frozen=True, slots=True)
class Face:
    """One font file."""

    package: str
    file: str
    scale: float = 1.0  # size at which it looks as large as the others


FACES: tuple[Face, ...] = (
    Face("font_lato", "Lato-Bold.ttf"),
    Face("font_fjallaone", "FjallaOne-Regular.ttf"),
    Face("font_caladea", "Caladea-Bold.ttf"),
    Face("font_manrope", "Manrope-SemiBold.ttf"),
    Face("font_fredoka_one", "FredokaOne-Regular.ttf"),
    Face("font_lato", "Lato-Light.ttf"),
    Face("font_caladea", "Caladea-Italic.ttf"),
    Face("font_amatic_sc", "AmaticSC-Bold.ttf", scale=1.35),
    Face("font_manrope", "Manrope-ExtraBold.ttf"),
    Face("font_lato", "Lato-BlackItalic.ttf"),
)


def load(face: Face, size: float) -> ImageFont.FreeTypeFont:
    """The face at `size` pixels.

    Raises:
        DependencyMissing: its package is not installed.
    """
    return ImageFont.truetype(_path(face), max(1.0, size * face.scale))


def covers(face: Face, text: str) -> bool:
    """Whether the face has a glyph of its own for every character of `text`."""
    return all(character.isspace() or _has_glyph(face, character) for character in text)


def covering(face: Face, text: str) -> Face:
    """`face` if it covers `text`, otherwise the first face that does (or the first of all)."""
    return next((other for other in (face, *FACES) if covers(other, text)), FACES[0])


@lru_cache(maxsize=4096)
def _has_glyph(face: Face, character: str) -> bool:
    font = load(face, 32)
    return bytes(font.getmask(character)) != bytes(font.getmask("\U0010fffd"))  # a character that no font has


@lru_cache(maxsize=64)
def _path(face: Face) -> Path:
    spec = importlib.util.find_spec(face.package)
    for place in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(place) / "files" / face.file
        if path.is_file():
            return path
    package = face.package.replace("_", "-")
    raise DependencyMissing(f"The demo needs the package {package}.", hint=EXTRA_HINT)
