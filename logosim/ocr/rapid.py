"""The default text reader: PP-OCR through RapidOCR, with the models that its wheel carries."""

from __future__ import annotations

import importlib
import math
from pathlib import Path
from typing import Any

from logosim.domain.features import RgbImage, TextLine
from logosim.errors import DependencyMissing
from logosim.ocr.frame import in_reading_order, set_in_frame

_DETECTION_SIDE = 384  # longer side of what the detector sees, pixels
_LEAST_RECOGNITION = [3, 48, 160]  # channels, height, least width of what the recogniser sees
_LEAST_CONFIDENCE = 0.5


class RapidReader:
    """Reads Latin, Chinese and Japanese script with PP-OCR; knows no network.

    Deviations from RapidOCR's own settings, each for speed at equal reading: the detector sees at most 384 pixels, not
    at least 736; no classifier for lines upside down; lines are recognised one by one and padded to 160 pixels, not
    to 320 or to the widest of six; memory is kept between runs.
    """

    name = "rapid"

    def __init__(self, threads: int = 1) -> None:
        """Load nothing yet; `threads` is how many threads one inference may use.

        Raises DependencyMissing if RapidOCR, its engine or its models are not installed.
        """
        try:
            importlib.import_module("onnxruntime")
            rapidocr = importlib.import_module("rapidocr")
        except ImportError as error:
            raise DependencyMissing(
                f"RapidOCR cannot be loaded ({error}).", hint="Run `pip install 'logosim[cpu]'` or 'logosim[gpu]'."
            ) from error
        models = Path(str(rapidocr.__file__)).parent / "models"
        # Given the files, RapidOCR neither looks for newer ones nor fetches any.
        self._engine: Any = rapidocr.RapidOCR(
            params={
                "Global.log_level": "critical",
                "Global.use_cls": False,
                "Global.use_preprocess_img": False,
                "Global.use_vertical_padding": False,
                "Global.text_score": _LEAST_CONFIDENCE,
                "Det.model_path": _model(models, "det"),
                "Det.limit_type": "max",
                "Det.limit_side_len": _DETECTION_SIDE,
                "Rec.model_path": _model(models, "rec"),
                "Rec.rec_img_shape": _LEAST_RECOGNITION,
                "Rec.rec_batch_num": 1,
                "EngineConfig.onnxruntime.intra_op_num_threads": max(1, threads),
                "EngineConfig.onnxruntime.enable_cpu_mem_arena": True,
            }
        )

    def read(self, image: RgbImage) -> tuple[TextLine, ...]:
        """Return the lines in uint8 [height, width, 3] that are read with a confidence of at least 0.5."""
        frame = set_in_frame(image)
        found = self._engine(frame.bgr)
        if found.txts is None or found.boxes is None:
            return ()
        lines = [
            frame.line(text.strip(), confidence, corners)
            for text, confidence, corners in zip(found.txts, found.scores, found.boxes, strict=True)
            if text.strip() and math.isfinite(confidence)
        ]
        return in_reading_order(lines)


def _model(folder: Path, task: str) -> str:
    found = sorted(folder.glob(f"*_{task}_*.onnx"))
    if not found:
        raise DependencyMissing(
            f"RapidOCR is installed without its {task} model.", hint="Run `pip install --force-reinstall rapidocr`."
        )
    return str(found[0])
