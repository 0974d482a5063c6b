"""The smallest truth set: what is drawn and under which name. The index beside it is each test's own."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw

SHAPES = ("ellipse", "rectangle", "line")


def draw_shapes(folder: Path) -> list[tuple[str, str, int]]:
    """Three shapes in two colours each: file, shape and number of the colour."""
    drawn = []
    for shape in SHAPES:
        for number, colour in enumerate(("navy", "orange")):
            picture = Image.new("RGB", (96, 96), "white")
            getattr(ImageDraw.Draw(picture), shape)((16, 24, 72 + number, 80), fill=colour, width=9)
            picture.save(folder / f"{shape}-{colour}.png")
            drawn.append((f"{shape}-{colour}.png", shape, number))
    return drawn
