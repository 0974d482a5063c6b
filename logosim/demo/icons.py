"""The one door to the brand icons (`simple-icons-pack`) and the SVG renderer (`resvg-py`).

The drawings and names come from the Simple Icons project, which gives its collection away under CC0; the marks
themselves belong to their owners.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import lru_cache

from PIL import Image

from logosim.errors import DependencyMissing

Rgb = tuple[int, int, int]

_ROUGH = 48  # pixels of a first rendering, from which the extent is seen

EXTRA_HINT = "Install the demo's logos, renderer and fonts: pip install 'logosim[demo]'"


@dataclass(frozen=True, slots=True)
class BrandIcon:
    """One brand's icon: a single-colour drawing."""

    slug: str  # lower-case name without spaces, unique
    title: str  # the brand's name as it writes it
    colour: Rgb  # the brand's colour, sRGB
    svg: str


@lru_cache(maxsize=1)
def brand_icons() -> tuple[BrandIcon, ...]:
    """All icons of the pack, in order of slug.

    Raises:
        DependencyMissing: `simple-icons-pack` is not installed.
    """
    try:
        import simple_icons_pack
    except ModuleNotFoundError as error:
        raise DependencyMissing("The demo needs the package simple-icons-pack.", hint=EXTRA_HINT) from error
    found = (getattr(simple_icons_pack, name) for name in dir(simple_icons_pack) if name.startswith("SI_"))
    icons = (
        BrandIcon(slug=icon.slug, title=icon.title.strip(), colour=_rgb(icon.hex), svg=icon.svg)
        for icon in found
        if isinstance(icon, simple_icons_pack.Icon)
    )
    return tuple(sorted(icons, key=lambda icon: icon.slug))


def coverage(icon: BrandIcon, size: int) -> Image.Image:
    """The icon as a coverage mask (mode L, 255 = ink), trimmed, its longer side `size` pixels.

    Raises:
        DependencyMissing: `resvg-py` is not installed.
    """
    width, height = extent(icon)
    full = _render(icon.svg, round(size * _ROUGH / max(width, height)))
    ink = full.crop(full.getbbox())
    scale = size / max(ink.size)
    return ink.resize((max(1, round(ink.width * scale)), max(1, round(ink.height * scale))), Image.Resampling.LANCZOS)


@lru_cache(maxsize=8)
def extent(icon: BrandIcon) -> tuple[int, int]:
    """Width and height of the icon's ink, in parts of 48 of its view box, at least 1 each."""
    box = _render(icon.svg, _ROUGH).getbbox() or (0, 0, _ROUGH, _ROUGH)
    return box[2] - box[0], box[3] - box[1]


def _render(svg: str, size: int) -> Image.Image:
    try:
        import resvg_py
    except ModuleNotFoundError as error:
        raise DependencyMissing("The demo needs the package resvg-py.", hint=EXTRA_HINT) from error
    png = resvg_py.svg_to_bytes(svg_string=svg, width=size, height=size, skip_system_fonts=True)
    return Image.open(io.BytesIO(png)).getchannel("A")


def _rgb(text: str) -> Rgb:
    return int(text[0:2], 16), int(text[2:4], 16), int(text[4:6], 16)
