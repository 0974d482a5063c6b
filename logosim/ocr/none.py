"""The text reader for `ocr = none`."""

from __future__ import annotations

from logosim.domain.features import RgbImage, TextLine


class NoReader:
    """Reads nothing: for corpora whose text is known, and to measure what reading costs."""

    name = "none"

    def read(self, image: RgbImage) -> tuple[TextLine, ...]:
        """Return no lines."""
        return ()
