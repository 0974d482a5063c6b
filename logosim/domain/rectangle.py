"""A part of a picture."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rectangle:
    """A part of a picture in whole pixels from its top left corner; `right` and `bottom` are the first outside it."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """Pixels from left to right."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Pixels from top to bottom."""
        return self.bottom - self.top

    def within(self, outer: Rectangle) -> Rectangle:
        """This part of `outer`, counted from where `outer` is counted from."""
        return Rectangle(self.left + outer.left, self.top + outer.top, self.right + outer.left, self.bottom + outer.top)
