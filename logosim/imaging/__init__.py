"""Pictures: from untrusted bytes to the canvas a model sees. The only door to Pillow but for the demo's drawing."""

from __future__ import annotations

from logosim.imaging.canvas import canvas, shrink
from logosim.imaging.decode import DecodeLimits, decode, decode_file
from logosim.imaging.mask import mask_text, text_mask
from logosim.imaging.trim import trim

__all__ = ["DecodeLimits", "canvas", "decode", "decode_file", "mask_text", "shrink", "text_mask", "trim"]
