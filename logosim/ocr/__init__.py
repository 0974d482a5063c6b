"""Text readers: what stands written in a picture, and where. One module per engine, one protocol."""

from __future__ import annotations

from logosim.ocr.none import NoReader
from logosim.ocr.protocol import TextReader

__all__ = ["NoReader", "TextReader"]
