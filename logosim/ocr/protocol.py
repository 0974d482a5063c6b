"""What every text reader does, whichever engine is behind it."""

from __future__ import annotations

from typing import Protocol

from logosim.domain.features import RgbImage, TextLine


class TextReader(Protocol):
    """Reads the text in a picture.

    A reader keeps no state between pictures and may be shared by threads. It is silent: nothing is printed, logged to
    the console, written or downloaded.
    """

    @property
    def name(self) -> str:
        """Short name of the engine, as it stands in settings and answers."""

    def read(self, image: RgbImage) -> tuple[TextLine, ...]:
        """Return the lines found in uint8 [height, width, 3], in reading order: downwards, then rightwards.

        Quads are in pixels of `image` and lie within it. An empty tuple means that nothing was read. What is found
        is not always text: round figures read as O, stripes as I.
        """
