"""Takes the lettering out of a picture and leaves its figures, so that look and name are compared apart.

The query and the index go through the same function: masking one of them only makes the search worse.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from logosim.domain.features import RgbImage, TextLine
from logosim.imaging.ground import BoolImage, Colour, differs, main_colours
from logosim.imaging.lettering import lettering, line_height

_INK = 32  # levels of 255: what differs more than this from the ground is drawn
_OUTSIDE = 0.15  # a connected shape with more of its area than this outside the line's box is a figure
_WORD_MARK = 0.12  # share of what is drawn that must be left for a mark to be more than its lettering
_TAGLINE = 0.5  # in a word mark, lines lower than this share of its face are still taken out
_PLAIN_GROUND = 0.55  # share of a line's edge that must have one colour for the ground to be plain
_LEAST_GROUND = 0.3  # share of a box that a colour must hold to be tried as the ground, whatever its edge shows
_LEAST_FILLED, _MOST_FILLED = 0.05, 0.85  # share of a box that letters cover
_PLATE = 0.5  # share of a box from which one shape is a plate and no letter
_LEAST_FREE = 0.5  # share of what is drawn in a box that must be free of figures
_SHADES, _SHADE_SHARE, _SHADE_STEP = 5, 0.08, 96  # of a ground that runs from one colour into another
_SHADES_COVER = 0.7


@dataclass(frozen=True, slots=True, eq=False)
class _Found:
    """The pixels of one line, and those that show the ground it stands on; both bool [height, width]."""

    letters: BoolImage
    ground: BoolImage


def text_mask(image: RgbImage, lines: Sequence[TextLine]) -> BoolImage:
    """Which pixels of uint8 [height, width, 3] belong to lettering; bool [height, width].

    Of each line that is lettering (`lettering.py` says which), the shapes that stand out from the ground round the
    line and lie within its box are marked, with their soft edge. A shape that reaches far out of the box is a figure
    that crosses the line, and stays. Where the ground round a line has no clear colour, the line stays.

    A mark that would lose about nine tenths of what is drawn is its lettering, with or without a plate under it: of it
    only lines lower than half its main line go, such as a tagline under a name; the rest stays, as nothing else would
    be left to compare.
    """
    return _seen(image, lines).letters


def mask_text(image: RgbImage, lines: Sequence[TextLine]) -> RgbImage:
    """Paint the lettering in uint8 [height, width, 3] over with the ground round it; figures stay.

    Returns a new picture, or `image` itself if there is nothing to paint over.
    """
    seen = _seen(image, lines)
    if not seen.letters.any():
        return image
    return RgbImage(_painted_over(image, seen))


def _seen(image: RgbImage, lines: Sequence[TextLine]) -> _Found:
    written = lettering(lines)
    boxes = [_box(image, line) for line in written]
    found = [_line(image, line, boxes, index) for index, line in enumerate(written)]
    together = _together(image, found)
    if not together.letters.any() or not _leaves_nothing(image, together):
        return together
    face = written[int(np.argmax([int(one.letters.sum()) for one in found]))]
    small = [one for one, line in zip(found, written, strict=True) if line_height(line) < _TAGLINE * line_height(face)]
    return _together(image, small)


def _leaves_nothing(image: RgbImage, seen: _Found) -> bool:
    """Whether next to nothing would be drawn in the picture without its letters: it is a word mark, plate or none."""
    painted = _painted_over(image, seen)
    ground = main_colours(painted.reshape(-1, 3), _INK, 1, 0.0)[0]
    left = int((differs(RgbImage(painted), ground, _INK) & ~seen.letters).sum())
    return left < _WORD_MARK * (left + int(seen.letters.sum()))


def _together(image: RgbImage, found: Sequence[_Found]) -> _Found:
    letters = np.zeros(image.shape[:2], dtype=np.bool_)
    ground = np.zeros_like(letters)
    for one in found:
        letters |= one.letters
        ground |= one.ground
    return _Found(letters, ground & ~letters)


def _box(image: RgbImage, line: TextLine) -> BoolImage:
    """The line's box, a twelfth of its height larger on each side."""
    filled = np.zeros(image.shape[:2], dtype=np.uint8)
    cv2.fillConvexPoly(filled, np.rint(np.asarray(line.quad)).astype(np.int32), 1)
    return _grown(filled.astype(np.bool_), max(1, round(line_height(line) / 12)))


def _line(image: RgbImage, line: TextLine, boxes: list[BoolImage], index: int) -> _Found:
    nothing = np.zeros(image.shape[:2], dtype=np.bool_)
    box, height = boxes[index], line_height(line)
    if not box.any():
        return _Found(nothing, nothing)
    window = _window(box, max(4, round(height)))
    box, view = box[window], RgbImage(image[window])
    taken = np.logical_or.reduce([other[window] for other in boxes])  # by this line and the others
    edge = box & ~_shrunk(box, max(2, round(height / 8))) | (_grown(box, max(1, round(height / 12))) & ~taken)
    core = _shrunk(box, max(1, round(height / 12)))
    core = core if core.any() else box
    cut = _cut(image, window)
    reach = _grown(box, max(2, round(height / 6)))
    for colours in _grounds(view[edge], view[core]):
        drawn = np.logical_and.reduce([differs(view, colour, _INK) for colour in colours])
        shapes = _letter_shapes(drawn, box, core, reach, cut)
        if shapes is not None:
            soft = _grown(shapes, max(1, round(height / 16))) & ~_grown(drawn & ~shapes, 1)
            letters, ground = nothing.copy(), nothing.copy()
            letters[window] = shapes | soft
            ground[window] = ~_grown(drawn, 1)
            return _Found(letters, ground)
    return _Found(nothing, nothing)


def _grounds(edge: npt.NDArray[np.uint8], inside: npt.NDArray[np.uint8]) -> Iterator[list[Colour]]:
    """What a line may stand on, likeliest first, from the pixels along its box's edge and in its box (uint8 [n, 3]).

    One colour that holds most of the edge; the commonest colours within the box (a narrow plate, of which the edge
    shows little); the shades of a gradient.
    """
    plain = main_colours(edge, _INK, 1, _PLAIN_GROUND)
    if plain:
        yield plain
    for colour in main_colours(inside, _INK, 2, _LEAST_GROUND):
        yield [colour]
    shades = sorted(main_colours(edge, _INK, _SHADES, _SHADE_SHARE), key=lambda shade: int(shade.sum()))
    steps = [int(np.abs(b.astype(int) - a.astype(int)).max()) for a, b in pairwise(shades)]
    if len(shades) > 1 and max(steps) <= _SHADE_STEP:
        covered = np.logical_or.reduce([~_far(edge, shade) for shade in shades])
        if float(covered.mean()) >= _SHADES_COVER:
            yield shades


def _far(pixels: npt.NDArray[np.uint8], colour: Colour) -> npt.NDArray[np.bool_]:
    return np.asarray(np.abs(pixels.astype(np.int16) - colour.astype(np.int16)).max(axis=1) > _INK)


def _letter_shapes(
    drawn: BoolImage, box: BoolImage, core: BoolImage, reach: BoolImage, cut: BoolImage
) -> BoolImage | None:
    """Those connected shapes of `drawn` that lie in a line's box, or None if they do not look like its letters.

    A shape may leave `reach`, the box and a little more, with 15 % of its area, and must not touch `cut`, where the
    window ends and the picture goes on. Shapes are no letters if one alone fills half of the box (a plate: the ground
    was guessed wrongly), or if they are less than half of what is drawn in `core`, the box as read (letters and
    figure are entangled: a line half painted over helps nobody).
    """
    count, labels = cv2.connectedComponents(drawn.astype(np.uint8), connectivity=4)
    area, in_box = np.bincount(labels.ravel(), minlength=count), np.bincount(labels[box], minlength=count)
    letters = (np.bincount(labels[~reach], minlength=count) <= _OUTSIDE * area) & (in_box > 0)
    letters[labels[cut]] = False
    letters[0] = False
    filled, size = int(in_box[letters].sum()), int(box.sum())
    if not _LEAST_FILLED * size <= filled <= _MOST_FILLED * size:
        return None
    in_core = np.bincount(labels[core], minlength=count)
    if int(in_box[letters].max()) > _PLATE * size or in_core[letters].sum() < _LEAST_FREE * in_core[1:].sum():
        return None
    return np.asarray(letters[labels])


def _painted_over(image: RgbImage, seen: _Found) -> npt.NDArray[np.uint8]:
    """Give each pixel of the letters the colour of the nearest ground, then smooth what was painted."""
    source = seen.ground if seen.ground.any() else ~seen.letters
    if not source.any():
        return np.full_like(image, 255)
    _, nearest = cv2.distanceTransformWithLabels(
        (~source).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    colour_of = np.zeros((int(nearest.max()) + 1, 3), dtype=np.uint8)
    colour_of[nearest[source]] = image[source]
    painted = np.where(seen.letters[:, :, None], colour_of[nearest], image)
    smooth = cv2.medianBlur(np.ascontiguousarray(painted), 5)
    return np.where(seen.letters[:, :, None], smooth, image).astype(np.uint8)


def _window(box: BoolImage, margin: int) -> tuple[slice, slice]:
    rows, columns = np.flatnonzero(box.any(axis=1)), np.flatnonzero(box.any(axis=0))
    return (
        slice(max(0, int(rows[0]) - margin), int(rows[-1]) + 1 + margin),
        slice(max(0, int(columns[0]) - margin), int(columns[-1]) + 1 + margin),
    )


def _cut(image: RgbImage, window: tuple[slice, slice]) -> BoolImage:
    """Bool mask of the window's outermost pixels, but for those that are the picture's own."""
    rows, columns = window
    cut = np.zeros(image[window].shape[:2], dtype=np.bool_)
    cut[0] |= rows.start > 0
    cut[:, 0] |= columns.start > 0
    cut[-1] |= rows.stop < image.shape[0]
    cut[:, -1] |= columns.stop < image.shape[1]
    return cut


def _grown(mask: BoolImage, radius: int) -> BoolImage:
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    return np.asarray(cv2.dilate(mask.astype(np.uint8), disc)).astype(np.bool_)


def _shrunk(mask: BoolImage, radius: int) -> BoolImage:
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    eroded = cv2.erode(mask.astype(np.uint8), disc, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return np.asarray(eroded).astype(np.bool_)
