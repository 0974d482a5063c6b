"""Which of the lines that a text reader found are lettering, and which are figures that look like letters.

A text reader takes a ring for an O, three bars for a Chinese three and a monogram for whatever is nearest. Such a
line must not be painted over: it is what the mark looks like.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from logosim.domain.features import TextLine

_FIGURE_LIKE = frozenset("OoQCcDdGUu0689Il1|i-—–_=/\\()°·•〇口一二三◯○")
_LEAST_CONFIDENCE = 0.7
_LEAST_RATIO = 1.35  # of a line's length to its height; below it the line is about square
_NEIGHBOUR_GAP = 1.5  # line heights between a short line and the lettering it continues
_NEIGHBOUR_SIZE = 0.6  # least ratio of their heights


def lettering(lines: Sequence[TextLine]) -> list[TextLine]:
    """Return those of `lines` that are lettering, in their order.

    A line is taken for a figure if it has one letter or digit, if it has up to three that all look like rings or
    bars, if its box is about square and it has fewer than four, if its confidence is under 0.7, or if it has no
    letter or digit. A figure-like line is lettering all the same where it stands in a row with lettering of about
    its own height and no more than one and a half heights away.
    """
    sure = [line for line in lines if _is_sure(line)]
    return [line for line in lines if line in sure or any(_continues(line, other) for other in sure)]


def line_height(line: TextLine) -> float:
    """Height of the line's letters in pixels: the shorter side of its box, so that upright lines count alike."""
    return min(_sides(line))


def _is_sure(line: TextLine) -> bool:
    letters = [character for character in line.text if character.isalnum()]
    if len(letters) < 2 or line.confidence < _LEAST_CONFIDENCE:
        return False
    if len(letters) <= 3 and all(character in _FIGURE_LIKE for character in letters):
        return False
    return len(letters) > 3 or max(_sides(line)) >= _LEAST_RATIO * line_height(line)


def _continues(line: TextLine, other: TextLine) -> bool:
    heights = sorted((line_height(line), line_height(other)))
    if heights[1] <= 0 or heights[0] < _NEIGHBOUR_SIZE * heights[1]:
        return False
    (left, top), (right, bottom) = _box(line)
    (other_left, other_top), (other_right, other_bottom) = _box(other)
    shared = min(bottom, other_bottom) - max(top, other_top)
    gap = max(left, other_left) - min(right, other_right)
    return bool(shared >= 0.5 * min(bottom - top, other_bottom - other_top) and gap <= _NEIGHBOUR_GAP * heights[0])


def _sides(line: TextLine) -> tuple[float, float]:
    corners = np.asarray(line.quad, dtype=np.float64)
    edges = np.linalg.norm(np.roll(corners, -1, axis=0) - corners, axis=1)
    return float(edges[0] + edges[2]) / 2, float(edges[1] + edges[3]) / 2


def _box(line: TextLine) -> npt.NDArray[np.float64]:
    corners = np.asarray(line.quad, dtype=np.float64)
    return np.stack([corners.min(axis=0), corners.max(axis=0)])
