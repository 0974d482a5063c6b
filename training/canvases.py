"""Pictures from a folder, prepared as the model wants them, in batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from logosim.embedding import CanvasArray
from logosim.imaging import canvas, decode, trim
from training.backbone import INPUT_SIZE

_SUFFIXES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".tif", ".tiff", ".bmp")


def picture_files(folder: Path) -> list[Path]:
    """All pictures in a folder and its sub-folders, sorted. Raises FileNotFoundError if there are none."""
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES)
    if not files:
        raise FileNotFoundError(f"no pictures in {folder}")
    return files


def load_canvas(file: Path, size: int = INPUT_SIZE) -> CanvasArray:
    """One picture as uint8 [size, size, 3]: trimmed and padded, its text left standing."""
    return np.asarray(canvas(trim(decode(file.read_bytes())), size))


def batches(files: Sequence[Path], size: int = 32) -> Iterator[CanvasArray]:
    """The files' canvases as uint8 [up to `size`, 224, 224, 3], in order."""
    for start in range(0, len(files), size):
        yield np.stack([load_canvas(file) for file in files[start : start + size]])
