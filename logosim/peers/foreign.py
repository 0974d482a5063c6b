"""Runs ONNX files of others that have no manifest of ours, in the two forms in which such files come.

A graph takes float32 [N, 3, size, size], colours 0..1 less ImageNet's mean and divided by its deviation, or the bytes
themselves, uint8 [N, size, size, 3], which it normalises on its own. Both are RGB; both give float32 [N, D].
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from logosim.domain.features import FloatArray, RgbImage
from logosim.embedding import CanvasArray
from logosim.embedding.onnx import open_session
from logosim.errors import ArtifactInvalid
from logosim.peers.figure import figure, unit_rows

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of colours 0..1
_BATCH = 8


class Session(Protocol):
    """The part of ONNX Runtime's session that is used here."""

    def get_inputs(self) -> Sequence[Any]:
        """The graph's inputs, each with `name`, `type` and `shape`."""
        ...

    def run(self, outputs: None, given: Mapping[str, Any]) -> Sequence[Any]:
        """All outputs of the graph, in order."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class ForeignOnnxPeer:
    """A graph that sees figures of `size` pixels; `takes_bytes` if it normalises them itself."""

    name: str
    session: Session
    size: int
    takes_bytes: bool = False

    def embed(self, pictures: Sequence[RgbImage]) -> FloatArray:
        """Describe uint8 [H, W, 3] pictures as float32 [N, D] of unit length; see `Describer`.

        Raises ArtifactInvalid if the graph's first output is not one row of finite numbers for each picture.
        """
        entry = self.session.get_inputs()[0].name
        rows: list[FloatArray] = []
        for start in range(0, len(pictures), _BATCH):
            canvases = np.stack([figure(picture, self.size) for picture in pictures[start : start + _BATCH]])
            found = self.session.run(None, {entry: canvases if self.takes_bytes else normalised(canvases)})[0]
            if found.ndim != 2 or len(found) != len(canvases) or not np.isfinite(found).all():
                raise ArtifactInvalid(f"the model of {self.name} gives {list(found.shape)}, not one row a picture")
            rows.append(found)
        return unit_rows(np.concatenate(rows)) if rows else np.empty((0, 0), dtype=np.float32)


def normalised(canvases: CanvasArray) -> FloatArray:
    """uint8 [N, S, S, 3] as float32 [N, 3, S, S]: scaled to 0..1, less ImageNet's mean, divided by its deviation."""
    mean, std = np.array(IMAGENET_MEAN, dtype=np.float32), np.array(IMAGENET_STD, dtype=np.float32)
    return np.ascontiguousarray(((canvases.astype(np.float32) / 255 - mean) / std).transpose(0, 3, 1, 2))


def load_foreign(name: str, file: Path, *, free_size: int, threads: int = 0) -> ForeignOnnxPeer:
    """Load an ONNX file. It is given pictures of the size it declares, or of `free_size` pixels where it declares none.

    `threads` bounds the threads of one run; 0 leaves the choice to the runtime. Raises DependencyMissing without
    onnxruntime, ArtifactInvalid if the file cannot be loaded or its one input has neither of the two forms.
    """
    try:
        model = file.read_bytes()
    except OSError as error:
        raise ArtifactInvalid(f"cannot read the model {file}: {error.strerror}") from error
    session = open_session(model, f"the model {file}", threads=threads, providers=["CPUExecutionProvider"])
    declared = [(node.type, list(node.shape)) for node in session.get_inputs()]
    match declared:
        case [("tensor(float)", [_, 3, height, width])] if _is_square(height, width):
            return ForeignOnnxPeer(name, session, height if isinstance(height, int) else free_size)
        case [("tensor(uint8)", [_, height, width, 3])] if _is_square(height, width):
            return ForeignOnnxPeer(name, session, height if isinstance(height, int) else free_size, takes_bytes=True)
    raise ArtifactInvalid(
        f"the model {file} takes {declared}",
        hint="It must take one tensor(float) [N, 3, size, size] or one tensor(uint8) [N, size, size, 3].",
    )


def _is_square(height: object, width: object) -> bool:
    """Whether a graph takes square pictures: of the one size it declares, or of any."""
    return height == width or not (isinstance(height, int) or isinstance(width, int))
