"""Chooses the icons that train: not the excluded ones, few variants a house, and each concept from many houses."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from training.concepts import Name, concept_of, styles_of, take_apart, tokens_of
from training.holdout import BRAND, SHORTEST_DISTINCTIVE, Exclusion
from training.icon_sets import ORDINARY, IconSet, IconSetError, read_set

_A_CONCEPT = 12  # pictures of a concept at most
_A_HOUSE, _A_HOUSE_OF_BRANDS = 2, 3  # and of these from one house
_TICKER = 4  # characters of a name that many different things go by
_SETS_OF_A_WORD = 2  # sets of ordinary things that must have a word before it counts as one
_GRID = 24  # pixels; of the sizes of an icon the one nearest to this is taken


@dataclass(frozen=True, slots=True)
class Candidate:
    """An icon that may train. `file` is its picture relative to the collection, `set_file` the file of its set."""

    source: str
    name: str
    set_file: str
    house: str
    concept: str
    look: str
    size: int
    body: bytes  # digest of its SVG

    @property
    def file(self) -> str:
        """Path of its picture below the collection's folder."""
        return f"{self.source}/{self.name}.png"

    @property
    def branded(self) -> bool:
        """Whether it shows a brand and not a thing."""
        return self.concept.startswith(BRAND)


def ordinary_words(files: Iterable[Path]) -> frozenset[str]:
    """The words that two sets of ordinary things among the files share; unreadable sets are passed over.

    A single set does not make a word ordinary: `twitter` stands among the swords and dragons of one.
    """
    sets: Counter[str] = Counter()
    for file in files:
        if file.stem in ORDINARY:
            try:
                sets.update({token for name in read_set(file).icons for token in tokens_of(name)})
            except IconSetError:
                continue
    return frozenset(word for word, count in sets.items() if count >= _SETS_OF_A_WORD)


def is_excluded(
    name: str, parts: Name, exclusion: Exclusion, ordinary: Collection[str] = frozenset(), of_brands: bool = False
) -> bool:
    """Whether an icon may show an excluded brand.

    In sets of brands, and where a name says that it is a brand, any excluded slug inside the name tells, and so does a
    long one at either end of a word, or a name that is the beginning or the end of a slug. In other sets the whole name
    tells, or a slug inside it that is no ordinary word.
    """
    raw = tokens_of(name)
    if exclusion.names(raw, parts.tokens) or concept_of(parts.tokens) in exclusion.slugs:
        return True
    if of_brands or parts.branded:
        return (
            exclusion.touches(parts.tokens)
            or exclusion.hidden_in(parts.tokens)
            or exclusion.begins_or_ends_with("".join(parts.tokens))
        )
    return exclusion.touches(parts.tokens, ordinary, SHORTEST_DISTINCTIVE)


def candidates(
    icon_set: IconSet,
    set_file: str,
    exclusion: Exclusion,
    ordinary: Collection[str],
    left_out: Counter[str],
    excluded: list[Candidate],
) -> Iterator[Candidate]:
    """The icons of a set that may train.

    `left_out` counts the others by reason; those that are left out as brands and come from a set of brands, or say that
    they are brands, are added to `excluded`.
    """
    styles = styles_of(icon_set.icons)
    for name, icon in icon_set.icons.items():
        if reason := icon_set.unwanted(name):
            left_out[reason] += 1
            continue
        parts = take_apart(name, styles)
        branded = icon_set.of_brands or parts.branded
        concept = concept_of(parts.tokens, numbered_drawings=not branded)
        if branded and concept:
            concept = f"{BRAND}{_namespace(icon_set, concept, ordinary)}{concept}"
        body = hashlib.sha256(str(icon["body"]).encode()).digest()[:12]
        made = Candidate(icon_set.prefix, name, set_file, icon_set.house, concept, parts.look, parts.size, body)
        if not is_excluded(name, parts, exclusion, ordinary, icon_set.of_brands):
            yield made
            continue
        left_out["excluded brands"] += 1
        if branded:
            excluded.append(made)


def _namespace(icon_set: IconSet, concept: str, ordinary: Collection[str]) -> str:
    """Keeps tickers of coins and names of small apps, if short or ordinary words, apart from other brands' names."""
    crowded = len(concept) <= _TICKER or concept in ordinary
    return f"{icon_set.crowd}:" if icon_set.crowd and crowded else ""


def _order(*parts: str) -> bytes:
    return hashlib.sha256("/".join(parts).encode()).digest()


def _key(icon: Candidate) -> tuple[int, bytes]:
    return abs((icon.size or _GRID) - _GRID), _order(icon.source, icon.name)


def _of_house(icons: Sequence[Candidate]) -> list[Candidate]:
    """Few variants of one house's drawing of a concept: one a look, of the size that suits best."""
    by_look: dict[str, Candidate] = {}
    for icon in sorted(icons, key=_key):
        by_look.setdefault(icon.look, icon)
    looks = sorted(by_look.values(), key=lambda icon: _order(icon.source, icon.name, "look"))
    if icons[0].branded:  # sets of brands: another drawing of the same look may be quite different
        looks += [icon for icon in sorted(icons, key=_key) if icon not in looks]
    return looks[: _A_HOUSE_OF_BRANDS if icons[0].branded else _A_HOUSE]


def _of_concept(icons: Sequence[Candidate]) -> list[Candidate]:
    """The pictures of a concept: one a house in turn, until there are enough."""
    by_house: dict[str, list[Candidate]] = {}
    bodies: set[bytes] = set()
    for icon in sorted(icons, key=_key):
        if icon.body not in bodies:
            bodies.add(icon.body)
            by_house.setdefault(icon.house, []).append(icon)
    houses = [
        _of_house(by_house[house]) for house in sorted(by_house, key=lambda house: _order(icons[0].concept, house))
    ]
    turns = [house[turn] for turn in range(_A_HOUSE_OF_BRANDS) for house in houses if turn < len(house)]
    return turns[:_A_CONCEPT]


def chosen(found: Iterable[Candidate], limit: int) -> list[Candidate]:
    """At most `limit` icons, sorted by file: concepts of many houses first, then brands, then single icons.

    The choice rests on digests of names alone, so that it is the same on every machine.
    """
    by_concept: dict[str, list[Candidate]] = {}
    for icon in found:
        by_concept.setdefault(icon.concept or f"?{icon.source}/{icon.name}", []).append(icon)
    groups = [_of_concept(icons) for icons in by_concept.values()]

    def rank(icons: Sequence[Candidate]) -> tuple[int, int, int, bytes]:
        houses = len({icon.house for icon in icons})
        branded = 0 if icons[0].branded else 1
        return -min(houses, 4) if houses > 1 else 0, branded, -len(icons), _order(icons[0].concept, icons[0].name)

    ordered = [icon for icons in sorted(groups, key=rank) for icon in icons]
    return sorted(ordered[:limit], key=lambda icon: icon.file)
