"""Draws the pictures that the whitening is fitted on, so that anyone can make the same ones.

The figures are the brand icons of Simple Icons (package `simple-icons-pack`, CC0). Each is drawn `VARIANTS` times:
in the brand's colour, in black or a random colour, reversed out of a coloured plate, and with its name set beside or
below it. Brands that are kept for examining the model are left out by `--exclude`.

    python -m training.pictures --out build/pictures --exclude excluded.txt
"""

from __future__ import annotations

import argparse
import random
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from xml.sax.saxutils import escape

from training.holdout import HoldoutError, comparable, read_exclusion

VARIANTS = ("plain", "recoloured", "plate", "lettered")
_PATH = re.compile(r'<path\b[^>]*\bd="([^"]+)"')
_PIXELS = 320  # longer side of the drawn picture; the model's canvas is smaller


@dataclass(frozen=True, slots=True)
class Brand:
    """One icon of Simple Icons: a path in a 24 x 24 box, its name and its colour."""

    slug: str
    title: str
    colour: str  # "#rrggbb"
    path: str  # SVG path data


def brands(exclude: frozenset[str] = frozenset()) -> list[Brand]:
    """Every brand of the installed `simple-icons-pack` sorted by slug, without those whose slug or title is excluded.

    `exclude` holds slugs in any spelling; they are compared by `comparable`.
    """
    import simple_icons_pack

    excluded = {comparable(slug) for slug in exclude}
    icons = (value for name, value in vars(simple_icons_pack).items() if name.startswith("SI_"))
    found = {}
    for icon in icons:
        path = _PATH.search(icon.svg)
        if path is not None and not {comparable(icon.slug), comparable(icon.title)} & excluded:
            found[icon.slug] = Brand(icon.slug, icon.title, "#" + icon.hex.lstrip("#"), path.group(1))
    return [found[slug] for slug in sorted(found)]


def font_files() -> list[str]:
    """Paths of the installed font packages' files (entry points `fonts_ttf`), sorted by file name.

    File names and not paths are sorted, so that the order does not depend on where Python is installed.
    """
    paths = {Path(path) for entry in entry_points(group="fonts_ttf") for path in entry.load().values()}
    return [str(path) for path in sorted(paths, key=lambda path: path.name)]


def draw(brand: Brand, variant: str, seed: int, fonts: Sequence[str]) -> str:
    """SVG text of a brand in one of `VARIANTS`. The same brand, variant and seed give the same text."""
    chance = random.Random(f"{seed}/{brand.slug}/{variant}")  # noqa: S311  # pictures, not secrets
    ink = "#000000" if _brightness(brand.colour) > 235 else brand.colour
    if variant == "plain":
        return _svg(24, 24, _figure(brand, ink))
    if variant == "recoloured":
        return _svg(24, 24, _figure(brand, "#000000" if chance.random() < 0.5 else _colour(chance, 0, 190)))
    if variant == "plate":
        plate = ink if chance.random() < 0.5 else _colour(chance, 0, 190)
        corner = chance.choice((0, 3, 8, 18))
        ground = f'<rect width="36" height="36" rx="{corner}" fill="{plate}"/>'
        return _svg(36, 36, ground + f'<g transform="translate(6 6)">{_figure(brand, "#ffffff")}</g>')
    if variant == "lettered":
        return _lettered(brand, ink, chance, fonts)
    raise ValueError(f"no such variant: {variant}")


def _lettered(brand: Brand, ink: str, chance: random.Random, fonts: Sequence[str]) -> str:
    family = chance.choice(sorted({_family(font) for font in fonts})) if fonts else "sans-serif"
    weight = chance.choice(("normal", "bold"))
    size, letters = chance.uniform(5, 13), max(3, len(brand.title))
    length = letters * size * 0.5
    style = f'font-family="{family}" font-weight="{weight}" font-size="{size:.2f}" textLength="{length:.2f}"'
    colour = ink if chance.random() < 0.5 else "#222222"
    if chance.random() < 0.5:
        name = f'<text x="28" y="{12 + size * 0.35:.2f}" {style} fill="{colour}">{escape(brand.title)}</text>'
        return _svg(30 + length, 24, _figure(brand, ink) + name)
    width = max(24.0, length + 2)
    name = f'<text x="{(width - length) / 2:.2f}" y="{26 + size * 0.8:.2f}" {style} fill="{colour}">'
    figure = f'<g transform="translate({(width - 24) / 2:.2f} 0)">{_figure(brand, ink)}</g>'
    return _svg(width, 28 + size, figure + name + escape(brand.title) + "</text>")


def _figure(brand: Brand, ink: str) -> str:
    return f'<path fill="{ink}" d="{brand.path}"/>'


def _svg(width: float, height: float, content: str) -> str:
    scale = _PIXELS / max(width, height)
    size = f'width="{max(1, round(width * scale))}" height="{max(1, round(height * scale))}"'
    box = f'viewBox="-1 -1 {width + 2:.2f} {height + 2:.2f}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {box}>{content}</svg>'


def _family(font: str) -> str:
    name = Path(font).stem.split("-")[0]
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)


def _brightness(colour: str) -> float:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue


def _colour(chance: random.Random, darkest: int, brightest: int) -> str:
    return "#" + "".join(f"{chance.randint(darkest, brightest):02x}" for _ in range(3))


def render(svg: str, fonts: Sequence[str]) -> bytes:
    """PNG bytes of an SVG text on white. Uses only the given fonts, so that every machine draws the same."""
    import resvg_py

    return bytes(
        resvg_py.svg_to_bytes(svg_string=svg, background="#ffffff", skip_system_fonts=True, font_files=list(fonts))
    )


def pictures(exclude: frozenset[str], seed: int) -> Iterator[tuple[str, bytes]]:
    """File name and PNG bytes of every brand in every variant."""
    fonts = font_files()
    for brand in brands(exclude):
        for variant in VARIANTS:
            yield f"{brand.slug}-{variant}.png", render(draw(brand, variant, seed, fonts), fonts)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the pictures into a folder."""
    parser = argparse.ArgumentParser(prog="python -m training.pictures", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--out", type=Path, required=True, help="folder to write the pictures into")
    parser.add_argument("--exclude", type=Path, help="file of brand slugs to leave out, one a line")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    count = 0
    try:
        excluded = read_exclusion([options.exclude]).slugs if options.exclude else frozenset()
        options.out.mkdir(parents=True, exist_ok=True)
        for name, png in pictures(excluded, options.seed):
            (options.out / name).write_bytes(png)
            count += 1
    except (HoldoutError, OSError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    sys.stdout.write(f"{count} pictures in {options.out}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
