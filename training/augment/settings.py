"""How often each kind of change happens to a view."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np


@dataclass(frozen=True, slots=True)
class ViewSettings:
    """The probability (0..1) of each kind of change; they are drawn independently of one another.

    Raises ValueError for a value outside 0..1.
    """

    recolour: float = 0.45
    """Other colours: one ink, a gradient, parts in different inks, turned hues, a palette by brightness."""
    reverse: float = 0.18
    """Light ink on a dark or coloured ground: a plate, or the whole picture."""
    outline: float = 0.15
    """Areas become their outlines."""
    fill: float = 0.10
    """Outlines become areas: the silhouette, with inner lines knocked out, or lines upon a second colour."""
    binary: float = 0.15
    """One ink, the lighter parts cut out, as a one-colour version of a logo has it."""
    grey: float = 0.08
    """The whole picture in greys."""
    thicken: float = 0.12
    """Heavier strokes."""
    thin: float = 0.10
    """Lighter strokes."""
    plate: float = 0.15
    """A shape behind the figure: circle, rounded or plain square, polygon, shield."""
    unplate: float = 0.30
    """A figure that stands on a plate of its own loses the plate. Without such a plate nothing happens."""
    frame: float = 0.07
    """A stroke around the figure: ring, box, shield; one or two lines."""
    lettering: float = 0.22
    """Words beside, below, above or across the figure."""
    bare_word: float = 0.0
    """The picture becomes a word in some font, always the same word for the same picture. Off unless asked for: the
    other view of the pair shows the figure, which has nothing in common with the word."""
    warp: float = 0.40
    """Mild stretching, shear, perspective and elastic change."""
    rotate: float = 0.20
    """A turn, mostly of a few degrees."""
    mirror: float = 0.15
    """The figure (not its lettering) with left and right exchanged."""
    crop: float = 0.18
    """A part of the figure."""
    window: float = 0.12
    """A part of the whole scene: figure, lettering and ground are cut alike."""
    shrink: float = 0.15
    """Made small and enlarged again, as a favicon is."""
    blur: float = 0.08
    """Out of focus."""
    noise: float = 0.08
    """Grain, the same in all channels."""
    jpeg: float = 0.20
    """Lossy compression."""

    def __post_init__(self) -> None:
        for name in self.names():
            value = getattr(self, name)
            if not 0.0 <= value <= 1.0:
                raise ValueError(f"{name} is a probability from 0 to 1; got {value}")

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """The kinds of change, in the order in which they are drawn."""
        return tuple(field.name for field in fields(cls))

    @classmethod
    def plain(cls) -> ViewSettings:
        """No change at all: the figure as the run-time canvas shows it."""
        return cls(**dict.fromkeys(cls.names(), 0.0))

    def without(self, *names: str) -> ViewSettings:
        """These settings with the named probabilities at 0, for ablations. Raises ValueError for unknown names."""
        unknown = sorted(set(names) - set(self.names()))
        if unknown:
            raise ValueError(f"no such change: {', '.join(unknown)}; there are {', '.join(self.names())}")
        return replace(self, **dict.fromkeys(names, 0.0))

    def drawn(self, chance: np.random.Generator) -> frozenset[str]:
        """The changes that happen to one view.

        One number is drawn for every kind, so that taking one kind out leaves the choice of the others as it was.
        """
        numbers = chance.random(len(self.names()))
        return frozenset(
            name for name, number in zip(self.names(), numbers, strict=True) if number < getattr(self, name)
        )
