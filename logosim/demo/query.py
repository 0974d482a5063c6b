"""Query pictures: marks of the corpus as a confusable later mark would show them.

Each query is drawn anew from the brand's icon: in other colours, part of it cut off, with a similar name in another
face, and sometimes in another arrangement. The mark it was made from is the expected answer, so the queries measure
whether a search finds what it should.
"""

from __future__ import annotations

import colorsys
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, ImageChops

from logosim.demo.corpus import DemoMark
from logosim.demo.fonts import FACES
from logosim.demo.icons import Rgb
from logosim.demo.lockup import WHITE, Layout, Lockup, contrast, draw

SIZE = 400  # pixels of the square a query is drawn in, before it is cut to its drawing
MIN_LETTERS = 4  # of a name that is worth changing
MIN_CUT, MAX_CUT = 0.04, 0.12  # share of the icon that is cut off at a side

# Spellings that sound alike in English: pattern and replacement, tried on the lower-case name.
_SOUND_ALIKE: tuple[tuple[str, str], ...] = (
    ("ph", "f"),
    ("ck", "k"),
    ("qu", "kw"),
    ("x", "ks"),
    ("c(?=[aoulr])", "k"),
    ("k(?=[aou])", "c"),
    ("ee", "ea"),
    ("oo", "u"),
    ("ai", "ay"),
    ("y", "i"),
    ("i(?=[^aeiou])", "y"),
    ("f", "ph"),
    ("z", "s"),
    ("s(?=[aeiou])", "z"),
    (r"([bdfglmnprst])\1", r"\1"),
    (r"(?<![dlmnpt])([dlmnpt])(?=[aeiou])", r"\1\1"),
)
_VOWELS = "aeiou"
_NEAR_CONSONANTS = dict(zip("bdfgklmnprstvz", "pthkgrnmblzdfs", strict=True))


@dataclass(frozen=True, slots=True)
class DemoQuery:
    """A query picture and the mark it ought to find."""

    picture: bytes  # PNG
    name: str | None  # what is written in it
    expected: DemoMark
    changes: tuple[str, ...]  # what was done, for a person


def variations(marks: Sequence[DemoMark], count: int, seed: int = 0) -> Iterator[DemoQuery]:
    """Yield `count` queries, each from another mark; the same seed gives the same queries.

    Marks with a name of at least `MIN_LETTERS` letters come first; a `count` beyond their number yields fewer.

    Args:
        marks: marks of the corpus that is searched.
        count: how many queries.
        seed: any number; another one chooses other marks and other changes.
    """
    worth = [mark for mark in marks if sum(map(str.isalpha, mark.text or "")) >= MIN_LETTERS]
    order = np.random.default_rng(seed).permutation(len(worth))
    for place in order[:count]:
        yield vary(worth[place], np.random.default_rng((seed, int(place))))


def vary(mark: DemoMark, rng: np.random.Generator) -> DemoQuery:
    """Make one query from a mark: recoloured, re-lettered under a similar name, and cropped."""
    changed, changes = _redesigned(mark.lockup, rng)
    stream = io.BytesIO()
    _framed(draw(changed, SIZE), rng).save(stream, "PNG")
    return DemoQuery(picture=stream.getvalue(), name=changed.name, expected=mark, changes=tuple(changes))


def similar_name(name: str, rng: np.random.Generator) -> tuple[str, str]:
    """A name that could be confused with `name`, and how it differs.

    Spelt otherwise so that it sounds alike, or one letter replaced; the case of the letters is kept. A name without
    Latin letters is returned as it is.
    """
    if rng.random() < 0.6:
        rules = [rule for rule in _SOUND_ALIKE if re.search(rule[0], name.lower())]
        if rules:
            pattern, replacement = rules[rng.integers(len(rules))]
            found = list(re.finditer(pattern, name.lower()))
            match = found[rng.integers(len(found))]
            new = match.expand(replacement)
            return _spliced(name, match.start(), match.end(), new), "spelt to sound alike"
    places = [index for index, letter in enumerate(name.lower()) if letter in _VOWELS or letter in _NEAR_CONSONANTS]
    if not places:
        return name, "name kept"
    place = places[rng.integers(len(places))]
    letter = name[place].lower()
    others = [vowel for vowel in _VOWELS if vowel != letter] if letter in _VOWELS else [_NEAR_CONSONANTS[letter]]
    return _spliced(name, place, place + 1, others[rng.integers(len(others))]), "one letter replaced"


def _redesigned(lockup: Lockup, rng: np.random.Generator) -> tuple[Lockup, list[str]]:
    changes = []
    colour = _other_colour(lockup.icon_colour if lockup.plate is None else lockup.plate, rng)
    changes.append("recoloured")
    name = lockup.name
    layout = lockup.layout
    if name is not None:
        name, how = similar_name(name, rng)
        changes += [how, "another face"]
        if rng.random() < 0.3:
            layout = Layout.BELOW if layout is Layout.BESIDE else Layout.BESIDE
            changes.append("rearranged")
    cut, where = _cut(rng)
    changes.append(where)
    faces = [face for face in FACES if face.package != lockup.face.package]
    on_plate = lockup.plate is not None
    return replace(
        lockup,
        name=name,
        layout=layout,
        face=faces[rng.integers(len(faces))],
        icon_colour=WHITE if on_plate else colour,
        name_colour=WHITE if on_plate else colour if rng.random() < 0.5 else (0x22, 0x22, 0x22),
        plate=colour if on_plate else None,
        margin=0,
        cut=cut,
    ), changes


def _other_colour(colour: Rgb, rng: np.random.Generator) -> Rgb:
    """A strong colour at least a sixth of the colour circle away, dark enough to be read on white."""
    hue, _, _ = colorsys.rgb_to_hsv(*(channel / 255 for channel in colour))
    turned = (hue + rng.uniform(1 / 6, 5 / 6)) % 1
    value = 0.85
    while True:
        red, green, blue = (round(255 * part) for part in colorsys.hsv_to_rgb(turned, 0.85, value))
        if contrast((red, green, blue), WHITE) >= 2.5:
            return red, green, blue
        value -= 0.05


def _cut(rng: np.random.Generator) -> tuple[tuple[float, float, float, float], str]:
    """Shares of the icon to cut off at one or two sides, and the same in words."""
    sides = sorted(rng.permutation(4)[: rng.integers(1, 3)])
    left, top, right, bottom = (float(rng.uniform(MIN_CUT, MAX_CUT)) if side in sides else 0.0 for side in range(4))
    names = ("left", "top", "right", "bottom")
    return (left, top, right, bottom), "figure cropped at the " + " and ".join(names[side] for side in sides)


def _framed(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """The drawing with a little white around it, not padded to a square, as a screenshot shows it."""
    white = Image.new("RGB", picture.size, WHITE)
    box = ImageChops.difference(picture, white).getbbox() or (0, 0, *picture.size)
    border = int(rng.integers(4, 24))
    framed = Image.new("RGB", (box[2] - box[0] + 2 * border, box[3] - box[1] + 2 * border), WHITE)
    framed.paste(picture.crop(box), (border, border))
    return framed


def _spliced(name: str, start: int, end: int, new: str) -> str:
    """`new` in place of `name[start:end]`, in the case of what it replaces."""
    old = name[start:end]
    if old.isupper() and (len(name) == 1 or name.isupper()):
        new = new.upper()
    elif old[:1].isupper():
        new = new[:1].upper() + new[1:]
    return name[:start] + new + name[end:]
