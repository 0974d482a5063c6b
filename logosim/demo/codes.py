"""Vienna codes of the demo's marks: only what is known to be true because we drew it or looked at it.

- Letters and numerals: 27.05.01 and 27.07.01 where a name is set, 27.05.24 where it is light on a dark plate.
- Colours: the sections of 29.01 by the colours actually used; black alone is coded only where nothing else is.
- A plate behind the mark: 26.04.02 and 26.04.05 (one rectangle), 26.04.24 where it is dark.
- Figures: `data/figures.csv`, a hundred icons looked at one by one. A brand called Box need not show a box: names alone
  are no evidence, and letters within an icon's own drawing are not coded.
"""

from __future__ import annotations

import colorsys
import csv
from functools import lru_cache
from importlib import resources

from logosim.demo.icons import Rgb
from logosim.demo.lockup import WHITE, Lockup, contrast

RED, YELLOW, GREEN, BLUE, VIOLET = "29.01.01", "29.01.02", "29.01.03", "29.01.04", "29.01.05"
WHITE_CODE, BROWN, BLACK = "29.01.06", "29.01.07", "29.01.08"
GREY, ORANGE, PINK = "29.01.96", "29.01.98", "29.01.99"  # sections of European offices

_HUES = ((14, RED), (42, ORANGE), (68, YELLOW), (175, GREEN), (242, BLUE), (292, VIOLET), (343, PINK), (361, RED))


def vienna_codes(lockup: Lockup) -> tuple[str, ...]:
    """The codes of one drawing, sorted, never empty."""
    codes = set(figures().get(lockup.icon.slug, ()))
    if lockup.name is not None:
        codes |= _lettering(lockup)
    if lockup.plate is not None:
        codes |= {"26.04.02", "26.04.05"}
        if _is_dark(lockup.plate):
            codes.add("26.04.24")
    colours = {colour_code(colour) for colour in _colours(lockup)}
    if colours - {BLACK, WHITE_CODE} or not codes:
        codes |= colours
    return tuple(sorted(codes))


def colour_code(colour: Rgb) -> str:
    """The section of 29.01 that a colour belongs to."""
    hue, saturation, value = colorsys.rgb_to_hsv(*(channel / 255 for channel in colour))
    degrees = hue * 360
    chroma = saturation * value
    if value < 0.2 or (value < 0.35 and chroma < 0.12):
        return BLACK
    if chroma < 0.08:
        return WHITE_CODE if value > 0.93 else GREY
    if value < 0.62 and chroma > 0.12 and 8 <= degrees < 50:
        return BROWN
    if saturation < 0.55 and value > 0.85 and (degrees >= 330 or degrees < 14):
        return PINK
    if value < 0.65 and 242 <= degrees < 330:
        return VIOLET
    return next(code for limit, code in _HUES if degrees < limit)


@lru_cache(maxsize=1)
def figures() -> dict[str, tuple[str, ...]]:
    """Codes of what an icon depicts, by slug."""
    text = (resources.files("logosim.demo") / "data" / "figures.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return {row["slug"]: tuple(row["vienna_codes"].split("|")) for row in rows}


def _lettering(lockup: Lockup) -> set[str]:
    name = lockup.name or ""
    codes = set()
    if any(character.isalpha() for character in name):
        codes.add("27.05.01")
        if lockup.plate is not None and _is_dark(lockup.plate):
            codes.add("27.05.24")
    if any(character.isdigit() for character in name):
        codes.add("27.07.01")
    return codes


def _colours(lockup: Lockup) -> set[Rgb]:
    """The colours of the drawing; white counts only where it is drawn upon a plate."""
    colours = {lockup.icon_colour}
    if lockup.name is not None:
        colours.add(lockup.name_colour)
    if lockup.plate is not None:
        colours.add(lockup.plate)
    return colours


def _is_dark(colour: Rgb) -> bool:
    return contrast(colour, WHITE) > 3.0
