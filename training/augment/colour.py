"""Repaints a figure: other inks, one ink, greys; and the colours that are visible upon one another."""

from __future__ import annotations

import colorsys

import cv2
import numpy as np

from training.augment.layer import BLACK, INKED, WHITE, ByteArray, Layer, Rgb, at_least, even

CONTRAST = 60  # levels of luminance by which chosen colours differ at least
_WEIGHTS = (0.299, 0.587, 0.114)  # ITU-R BT.601
_LEAST_KEPT = 0.3  # share of the ink that a one-colour version keeps
_WHITISH = (226, 226, 226)  # from which a part is paper rather than ink
_CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.uint8)
_FLAT = 14.0  # standard deviation of a channel up to which ink is of one colour


def repaint(figure: Layer, changes: frozenset[str], chance: np.random.Generator) -> Layer:
    """Apply those of `binary` and `recolour` that are among the changes."""
    if "binary" in changes:
        ink = contrasting(luminance(figure.ground), chance) if "recolour" in changes else _plain_ink(figure.ground)
        return painted(figure, one_ink(figure, chance), ink)
    if "recolour" in changes:
        return recolour(figure, chance)
    return figure


def recolour(figure: Layer, chance: np.random.Generator) -> Layer:
    """Other colours, the structure kept.

    A figure of one ink gets another ink, a gradient, patches, or an ink for each of its parts. A figure of many gets
    its hues turned, a palette laid over its brightness, or one ink with the lighter parts cut out.
    """
    below = luminance(figure.ground)
    choice = chance.random()
    if flat(figure):
        if choice < 0.55:
            return painted(figure, figure.alpha, contrasting(below, chance))
        if choice < 0.7:
            return Layer(_patches(figure.alpha, below, chance, cv2.INTER_LINEAR), figure.alpha, figure.ground)
        if choice < 0.78:
            return Layer(_patches(figure.alpha, below, chance, cv2.INTER_NEAREST), figure.alpha, figure.ground)
        return Layer(_by_part(figure.alpha, below, chance), figure.alpha, figure.ground)
    if choice < 0.35 and _hued(figure.colour):
        return Layer(_turned(figure.colour, chance), figure.alpha, figure.ground)
    if choice < 0.7:
        return Layer(_by_brightness(figure, below, chance), figure.alpha, figure.ground)
    return painted(figure, one_ink(figure, chance), contrasting(below, chance))


def one_ink(figure: Layer, chance: np.random.Generator) -> ByteArray:
    """Alpha uint8 [H, W] of the figure as one ink draws it: lighter parts (rarely darker ones) cut out of the rest.

    The parts are told apart by their `_tone`, half-way between the means of the two classes that Otsu's threshold
    (1979) finds. A part that meets more of the ground than of the other class is inked too, as a printer would do,
    unless it is white; where all is inked by that, what lies enclosed in the rest is cut out. A figure of one colour,
    or one without such parts, is inked whole.
    """
    if flat(figure):
        return figure.alpha
    tone = _tone(figure, chance)
    mask = at_least(figure.alpha, 128)
    inked = tone[mask > 0]
    if inked.size < 8:
        return figure.alpha
    split, _ = cv2.threshold(inked.reshape(-1, 1), 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    darker = inked <= split
    if darker.all() or not darker.any():
        return figure.alpha
    middle = (float(inked[darker].mean()) + float(inked[~darker].mean())) / 2
    ramp = np.clip((middle + 8.0 - np.arange(256, dtype=np.float32)) * (255 / 16.0), 0, 255).astype(np.uint8)
    if chance.random() < 0.12 or float(darker.mean()) < _LEAST_KEPT / 4:
        ramp = 255 - ramp
    kept = cv2.LUT(tone, ramp)
    solid = cv2.min(at_least(kept, 128), mask)
    rest = cv2.subtract(mask, solid)
    outlying = cv2.subtract(_outlying(rest, solid), cv2.inRange(figure.colour, _WHITISH, WHITE))
    left = cv2.countNonZero(solid) + cv2.countNonZero(outlying)
    if left > 0.98 * inked.size:
        kept = cv2.bitwise_not(cv2.subtract(solid, _outlying(solid, rest)))
    else:
        kept = cv2.max(kept, outlying)
    cut = cv2.multiply(figure.alpha, kept, scale=1 / 255)
    after = cv2.countNonZero(at_least(cut, 128))
    return np.asarray(cut, np.uint8) if after >= _LEAST_KEPT * inked.size else figure.alpha


def painted(figure: Layer, alpha: ByteArray, ink: Rgb) -> Layer:
    """The shape `alpha` (uint8 [H, W]) in one ink."""
    return Layer(even(alpha.shape, ink), alpha, figure.ground)


def flat(figure: Layer) -> bool:
    """Whether the figure is of one ink."""
    colour, alpha = figure.colour, figure.alpha
    if alpha.size > 4096:
        colour, alpha = colour[1::3, 1::3], alpha[1::3, 1::3]
    mask = at_least(np.ascontiguousarray(alpha), 200)
    _, deviation = cv2.meanStdDev(np.ascontiguousarray(colour), mask=mask)
    return float(deviation.max()) <= _FLAT


def main_colour(figure: Layer) -> Rgb:
    """The mean colour of the figure's darker half of ink: what a hand would take for the figure's colour."""
    mask = at_least(figure.alpha, 128)
    if not cv2.countNonZero(mask):
        mask = at_least(figure.alpha, INKED)
    if flat(figure):
        return _rgb(cv2.mean(figure.colour, mask=mask))
    tone = cv2.cvtColor(figure.colour, cv2.COLOR_RGB2GRAY)
    middle = cv2.mean(tone, mask=mask)[0]
    darker = cv2.subtract(mask, at_least(tone, middle + 1))
    return _rgb(cv2.mean(figure.colour, mask=darker))


def luminance(colour: Rgb) -> float:
    """Luminance of a colour, 0..255 (ITU-R BT.601)."""
    return sum(weight * channel for weight, channel in zip(_WEIGHTS, colour, strict=True))


def tones(figure: Layer) -> np.ndarray:
    """How the figure's ink is spread over luminance: float32 [256], sums to 1 (all 0 if nothing is inked)."""
    grey = cv2.cvtColor(figure.colour, cv2.COLOR_RGB2GRAY)
    mask = at_least(figure.alpha, 128)
    if not cv2.countNonZero(mask):
        mask = at_least(figure.alpha, INKED)
    counts = cv2.calcHist([grey], [0], mask, [256], [0, 256]).ravel()
    return np.asarray(counts / max(1.0, float(counts.sum())), np.float32)


def visible_share(spread: np.ndarray, below: float, contrast: float = CONTRAST) -> float:
    """Share of the ink (`tones`) that differs by at least `contrast` levels from a ground of luminance `below`."""
    low, high = max(0, int(below - contrast) + 1), min(256, int(below + contrast))
    return 1.0 - float(spread[low:high].sum())


def any_colour(chance: np.random.Generator) -> Rgb:
    """A colour as logos have them: mostly saturated, often black, now and then a grey or a pale tone."""
    kind = chance.random()
    if kind < 0.2:
        value = int(chance.integers(0, 50))
        return (value, value, value)
    if kind < 0.3:
        value = int(chance.integers(50, 256))
        return (value, value, value)
    hue, saturation, value = chance.random(), chance.uniform(0.45, 1.0), chance.uniform(0.3, 1.0)
    if kind < 0.4:
        saturation *= 0.35
    red, green, blue = colorsys.hsv_to_rgb(hue, saturation, value)
    return (int(red * 255), int(green * 255), int(blue * 255))


def contrasting(below: float, chance: np.random.Generator, besides: float | None = None) -> Rgb:
    """A colour that differs from luminance `below`, and from `besides` if given, by at least `CONTRAST` levels."""
    for _ in range(12):
        colour = any_colour(chance)
        tone = luminance(colour)
        if abs(tone - below) >= CONTRAST and (besides is None or abs(tone - besides) >= CONTRAST):
            return colour
    avoided = (below, below if besides is None else besides)
    value = max((0, 64, 128, 192, 255), key=lambda grey: min(abs(grey - tone) for tone in avoided))
    return (value, value, value)


def _plain_ink(ground: Rgb) -> Rgb:
    return BLACK if luminance(ground) >= 128 else WHITE


def _patches(alpha: ByteArray, below: float, chance: np.random.Generator, method: int) -> ByteArray:
    rows, columns = (1, 2) if chance.random() < 0.35 else (2, 1) if chance.random() < 0.5 else (2, 2)
    cells = np.array([[contrasting(below, chance) for _ in range(columns)] for _ in range(rows)], np.uint8)
    return np.asarray(cv2.resize(cells, alpha.shape[::-1], interpolation=method), np.uint8)


def _by_part(alpha: ByteArray, below: float, chance: np.random.Generator) -> ByteArray:
    count, labels = cv2.connectedComponents(at_least(alpha, 96), connectivity=8, ltype=cv2.CV_16U)
    inks = np.array([contrasting(below, chance) for _ in range(int(chance.integers(2, 4)))], np.uint8)
    palette = inks[chance.integers(0, len(inks), count)]
    # label 0 is what lies outside: its ink shows in the soft edges, so it takes that of the first part
    palette[0] = palette[min(1, count - 1)]
    return np.asarray(palette[labels], np.uint8)


def _outlying(part: ByteArray, other: ByteArray) -> ByteArray:
    """Those connected pieces of `part` that meet more of the ground than of `other`, all uint8 [H, W] of 255 or 0."""
    edged = cv2.copyMakeBorder(part, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    beside = cv2.dilate(cv2.copyMakeBorder(other, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0), _CROSS)
    count, labels = cv2.connectedComponents(edged, connectivity=8, ltype=cv2.CV_16U)
    rim = cv2.subtract(edged, cv2.erode(edged, _CROSS))
    inner = np.bincount(labels[cv2.min(rim, beside) > 0], minlength=count)
    outer = np.bincount(labels[cv2.subtract(rim, beside) > 0], minlength=count)
    chosen = outer > inner
    chosen[0] = False
    return np.ascontiguousarray((chosen[labels] * np.uint8(255))[1:-1, 1:-1])


def _tone(figure: Layer, chance: np.random.Generator) -> ByteArray:
    """One number for each pixel's colour, uint8 [H, W]: luminance or, as parts can differ in hue alone, the place along
    the axis on which the ink's colours differ most, from its darker end to its lighter."""
    step = max(1, int(np.sqrt(figure.alpha.size / 1500)))
    ink = figure.colour[::step, ::step][figure.alpha[::step, ::step] >= 128].astype(np.float32)
    if chance.random() < 0.5 or ink.shape[0] < 8:
        return np.asarray(cv2.cvtColor(figure.colour, cv2.COLOR_RGB2GRAY), np.uint8)
    axis = np.linalg.eigh(np.cov(ink.T))[1][:, -1]
    axis = axis if axis @ _WEIGHTS >= 0 else -axis
    low, high = np.percentile(ink @ axis, (1, 99))
    scale = 255.0 / max(1.0, high - low)
    return np.asarray(cv2.transform(figure.colour, np.array([[*(axis * scale), -low * scale]], np.float32)), np.uint8)


def _hued(colour: ByteArray) -> bool:
    """Whether there is enough hue to turn: greys stay greys whatever the angle."""
    few = colour[::4, ::4].astype(np.int16)
    return float((few.max(axis=2) - few.min(axis=2)).mean()) > 25


def _turned(colour: ByteArray, chance: np.random.Generator) -> ByteArray:
    """Hues turned about the grey axis by 40 to 320 degrees, brightness changed a little."""
    angle = np.deg2rad(chance.uniform(40, 320))
    cos, sin = np.cos(angle), np.sin(angle)
    third, root = (1 - cos) / 3, sin / np.sqrt(3)
    turn = np.array(
        [
            [cos + third, third - root, third + root],
            [third + root, cos + third, third - root],
            [third - root, third + root, cos + third],
        ]
    )
    shift = chance.uniform(-25, 25, (3, 1))
    return np.asarray(cv2.transform(colour, np.hstack([turn, shift]).astype(np.float32)), np.uint8)


def _by_brightness(figure: Layer, below: float, chance: np.random.Generator) -> ByteArray:
    """A palette of two to four colours laid over the brightness; the commonest end is visible upon the ground."""
    tone = _tone(figure, chance)
    first = contrasting(below, chance)
    stops = [first]
    for _ in range(int(chance.integers(1, 3))):
        stops.append(contrasting(luminance(stops[-1]), chance))
    low, high = np.percentile(tone[::4, ::4], (2, 98))
    places = np.linspace(low, max(high, low + 1), len(stops))
    inks = np.array(stops, np.float32)
    if chance.random() < 0.3:
        inks = inks[::-1]
    levels = np.arange(256, dtype=np.float32)
    table = np.stack([np.interp(levels, places, inks[:, channel]) for channel in range(3)], axis=1)
    return np.asarray(cv2.LUT(cv2.merge([tone] * 3), table.astype(np.uint8).reshape(256, 1, 3)), np.uint8)


def _rgb(mean: tuple[float, ...]) -> Rgb:
    return (round(mean[0]), round(mean[1]), round(mean[2]))
