"""What an icon shows, read from its name: the same thing in other sets has the same concept.

A name is split at hyphens and underscores, and the words that tell of the style, the size or the kind of file are
taken off its ends. Words such as `light` or `line` are a style in one set and the thing itself in another (`traffic-
light`), so they count as a style only where many names of the set end, or begin, with them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass


def word_set(words: str) -> frozenset[str]:
    """The words of a text."""
    return frozenset(words.split())


_ALWAYS_STYLE = word_set(
    "outline outlined filled fill solid duotone twotone duocolor rounded wordmark logo logos icon icons brand brands"
    " baseline"
)
_STYLE_WHERE_FREQUENT = word_set(
    "bold light thin regular linear line broken round sharp alt variant flat duo color colour colored remix original"
    " plain mini micro small large big medium dark glyph bulk stroke block pop print pencil tone two s f o"
    " background v1 v2 new old mono border ltr rtl bxs bxl bx emo ios md expressive curved simple"
)
_SIZES = word_set("8 10 11 12 14 15 16 18 20 24 28 32 36 40 42 48 64 96 1x 2x 16px 20px 24px 32px")
_FREQUENT_SHARE, _FREQUENT_COUNT = 0.02, 10  # of a set's names that end with a word, for it to be a style
_FILLED = word_set("fill filled solid bold bulk flat glyph bxs block baseline s f")
_TWO_TONED = word_set("duotone twotone duo duocolor color colour colored")
_BRAND_AFFIXES = word_set("logo logos brand brands bxl")
_FRAMES = word_set("circle square rectangle hexagon octagon")
# names that sets give to quite different drawings
_VAGUE = word_set(
    "icon logo other misc miscellaneous default unknown custom general generic object item type mode option options"
    " feature features status action actions common tool service services solution system resource product element"
    " component base basic basics standard untitled test sample all any none empty blank various extra special"
    " function entity instance model method variable property value sub subject content control manage"
    " management"
)
_COUNTED = word_set(
    "number numeric dice die looks filter timer counter page f alpha letter key heading h signal battery level grid"
    " column columns row rows layout replay forward rewind speed clock time hour hours age rating cards spades hearts"
    " clubs diamonds roman square circle box hexagon octagon digit decimal exposure count"
)
_MACHINE_NAME = re.compile(r"^(icon|glyph|item|untitled|group|vector|frame)?\d+$|^[0-9a-f]{12,}$|^u[0-9a-f]{4,5}$")


@dataclass(frozen=True, slots=True)
class Styles:
    """The words that tell of a style at the beginning and at the end of a set's names."""

    prefixes: frozenset[str]
    suffixes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Name:
    """A name taken apart. `look` is `fill`, `duo` or `line`; `size` is a grid in pixels or 0."""

    tokens: tuple[str, ...]
    look: str
    size: int
    branded: bool  # carries logo-, brand- or the like


def tokens_of(name: str) -> list[str]:
    """The words of a name, lower-case ASCII, split at everything but letters and digits."""
    return [token for token in re.split(r"[^a-z0-9]+", name.lower()) if token]


def styles_of(names: Collection[str]) -> Styles:
    """The style words of a set, judged by how many of its names begin or end with them."""
    ends, beginnings = Counter[str](), Counter[str]()
    for tokens in map(tokens_of, names):
        cut = len(tokens)
        while cut > 1 and _may_be_style(tokens[cut - 1]):  # each word of `outline-24-filled` counts
            cut -= 1
            ends[tokens[cut]] += 1
        if len(tokens) > 1:
            beginnings[tokens[0]] += 1
    enough = max(_FREQUENT_COUNT, _FREQUENT_SHARE * len(names))
    return Styles(*(_frequent(counted, enough) for counted in (beginnings, ends)))


def _may_be_style(token: str) -> bool:
    return token in _ALWAYS_STYLE or token in _STYLE_WHERE_FREQUENT or token in _SIZES


def _frequent(counted: Counter[str], enough: float) -> frozenset[str]:
    return _ALWAYS_STYLE | {token for token, count in counted.items() if count >= enough and _may_be_style(token)}


def take_apart(name: str, styles: Styles) -> Name:
    """The words of a name without those of its style, of which at least one word is left."""
    tokens, taken = tokens_of(name.removeprefix("file-type-")), []
    while len(tokens) > 1 and tokens[0] in styles.prefixes:
        taken.append(tokens.pop(0))
    while len(tokens) > 1 and tokens[-1] in styles.suffixes:
        taken.append(tokens.pop())
    words = set(taken)
    look = "duo" if words & _TWO_TONED else "fill" if words & _FILLED else "line"
    sizes = [int(word) for word in taken if word.isdigit()]
    return Name(tuple(tokens), look, max(sizes, default=0), bool(words & _BRAND_AFFIXES))


def concept_of(tokens: Sequence[str], numbered_drawings: bool = True) -> str:
    """The concept of a name's words, or an empty string where the name says too little.

    Frames go last (`circle-check` is `check-circle`), a number at the end goes where it counts drawings and not the
    things drawn (unless `numbered_drawings` is False, as for brands), and the words are joined, since sets differ in
    where they split them.
    """
    words = list(tokens)
    if numbered_drawings:
        words = _without_number(words)
        if len(words) > 1 and words[0] in _FRAMES:
            words.append(words.pop(0))
    joined = "".join(words)
    if len(joined) == 1:
        return f"number{joined}" if joined.isdigit() else f"letter{joined}" if joined != "x" else "x"
    if (len(words) == 1 and joined in _VAGUE) or _MACHINE_NAME.match(joined):
        return ""
    return joined


def _without_number(words: list[str]) -> list[str]:
    number = re.fullmatch(r"0?[1-9]|one|two|three|four|five", words[-1])
    if len(words) > 1 and number and words[-2] not in _COUNTED:
        return words[:-1]
    attached = re.fullmatch(r"([a-z]{4,})0?[1-9]", words[-1])
    if attached and attached.group(1) not in _COUNTED:
        return [*words[:-1], attached.group(1)]
    return words
