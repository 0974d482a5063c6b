"""Reading what people type: years, weights, Vienna codes and names, for the command line and for REST alike.

One parser per notation, so that both front doors understand and refuse the same things.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from datetime import timedelta

from logosim.domain.query import MAX_WEIGHT, Weights
from logosim.domain.rectangle import Rectangle
from logosim.domain.vienna import canonical_all
from logosim.errors import FilterError, InputError, RegionError, WeightsError

MAX_TEXT_LENGTH = 1000  # characters
MAX_REGIONS = 8

_YEARS = re.compile(r"([0-9]{4})?\s*(:)?\s*([0-9]{4})?", re.ASCII)
_YEARS_FORM = "Years are written 2012, 2010:2015, 2010: or :2015."
_REGION = re.compile(r"\s*,\s*".join([r"([0-9]{1,6})"] * 4), re.ASCII)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_WEIGHTS_FORM = 'Weights are written look=1,sound=0.5 or as a JSON object such as {"look": 1, "sound": 0.5}.'


def parse_years(text: str) -> tuple[int | None, int | None]:
    """Read a range of years, both ends included.

    `"2012"` -> `(2012, 2012)`, `"2010:2015"` -> `(2010, 2015)`, `"2010:"` -> `(2010, None)`, `":2015"` ->
    `(None, 2015)`. Years have four digits, 1000 or later.

    Raises:
        FilterError: another notation, or a range whose end lies before its start.
    """
    match = _YEARS.fullmatch(text.strip())
    if match is None or not (match[1] or match[3]) or (match[2] is None and match[3] is not None):
        raise FilterError(f"Not a range of years: {text[:40]!r}.", hint=_YEARS_FORM)
    first = int(match[1]) if match[1] else None
    last = int(match[3]) if match[3] else None
    if match[2] is None:
        last = first
    if any(year is not None and year < 1000 for year in (first, last)):
        raise FilterError(f"Not a range of years: {text[:40]!r}.", hint=_YEARS_FORM)
    if first is not None and last is not None and first > last:
        raise FilterError(f"The years {first} to {last} are an empty range.", hint=_YEARS_FORM)
    return first, last


def parse_interval(text: str) -> timedelta:
    """Read a length of time: a whole number and s, m, h or d, such as `"90s"` or `"1h"`; at least one second.

    Raises:
        InputError: another notation, nothing, or more than 366 days.
    """
    match = re.fullmatch(r"\s*([0-9]{1,8})\s*([smhd])\s*", text, re.ASCII)
    given = timedelta(seconds=int(match[1]) * _SECONDS[match[2]]) if match else timedelta()
    if not timedelta() < given <= timedelta(days=366):
        raise InputError(f"Not a length of time: {text[:40]!r}.", hint="Write 90s, 15m, 1h or 1d.")
    return given


def parse_weights(given: str | Mapping[str, object] | None) -> Weights:
    """Read channel weights; channels that are not named keep their default weight.

    Args:
        given: `"look=1,sound=0.5"`, the text of a JSON object, a mapping, or None or blank text for the defaults.

    Raises:
        WeightsError: another notation, an unknown or repeated channel, a weight that is not a number from 0 to
            10, or all weights zero.
    """
    if given is None:
        return Weights()
    if isinstance(given, str):
        if not given.strip():
            return Weights()
        pairs = _json_pairs(given) if given.lstrip().startswith("{") else _assigned_pairs(given)
    else:
        pairs = list(given.items())
    weights: dict[str, float] = {}
    for channel, value in pairs:
        if channel in weights:
            raise WeightsError(f"Channel {channel[:40]!r} is given twice.", hint=_WEIGHTS_FORM)
        weights[channel] = _weight(channel, value)
    return Weights.parse(weights)


def parse_codes(given: Iterable[str]) -> tuple[str, ...]:
    """Read Vienna codes of any level; each text may hold several codes parted by commas or semicolons.

    `["3.7, 26.4", "26.04"]` -> `("03.07", "26.04")`: canonical, each once, in order of appearance.

    Raises:
        ViennaCodeError: something between the commas is not a Vienna code.
    """
    pieces = (piece for text in given for piece in re.split(r"[,;]", text))
    return canonical_all(piece for piece in pieces if piece.strip())


def parse_regions(given: Iterable[str]) -> tuple[Rectangle, ...]:
    """Read regions of a picture, each `left,top,width,height` in pixels: `["10,20,200,150"]`.

    Raises:
        RegionError: another notation, no area, or more than 8 regions.
    """
    regions = []
    for text in given:
        match = _REGION.fullmatch(text.strip())
        if match is None:
            raise RegionError(f"Not a region: {text[:40]!r}.")
        left, top, width, height = map(int, match.groups())
        if not width or not height:
            raise RegionError(f"The region {text[:40]!r} has no area.")
        regions.append(Rectangle(left, top, left + width, top + height))
    if len(regions) > MAX_REGIONS:
        raise RegionError(f"There are {len(regions)} regions; at most {MAX_REGIONS} are searched at once.")
    return tuple(regions)


def parse_text(given: str | None) -> str | None:
    """Read a name: trimmed; None where nothing is left.

    Raises:
        InputError: the name is longer than 1000 characters, or holds a character that no database text can hold (NUL
            or half of a surrogate pair).
    """
    text = (given or "").strip()
    if len(text) > MAX_TEXT_LENGTH:
        raise InputError(f"The text has {len(text)} characters; at most {MAX_TEXT_LENGTH} are compared.")
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise InputError("The text holds a character that is not text.", hint="Send the text as plain UTF-8.")
    return text or None


def _assigned_pairs(text: str) -> list[tuple[str, object]]:
    pairs: list[tuple[str, object]] = []
    for piece in text.split(","):
        channel, equals, value = piece.partition("=")
        if not equals:
            raise WeightsError(f"Not a weight: {piece.strip()[:40]!r}.", hint=_WEIGHTS_FORM)
        pairs.append((channel.strip(), value.strip()))
    return pairs


def _json_pairs(text: str) -> list[tuple[str, object]]:
    repeated_names_kept: list[list[tuple[str, object]]] = []

    def keep(pairs: list[tuple[str, object]]) -> None:
        repeated_names_kept.append(pairs)

    try:
        json.loads(text, object_pairs_hook=keep)
    except (ValueError, RecursionError) as error:
        raise WeightsError("The weights are not valid JSON.", hint=_WEIGHTS_FORM) from error
    return repeated_names_kept[-1]  # the outermost object closes last


def _weight(channel: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise WeightsError(f"The weight of {channel[:40]!r} is not a number.", hint=_WEIGHTS_FORM)
    try:
        weight = float(value)
    except (ValueError, OverflowError) as error:
        raise WeightsError(f"The weight of {channel[:40]!r} is not a number.", hint=_WEIGHTS_FORM) from error
    if not 0 <= weight <= MAX_WEIGHT:
        raise WeightsError(f"The weight of {channel[:40]!r} must be 0 to {MAX_WEIGHT:g}.", hint=_WEIGHTS_FORM)
    return weight
