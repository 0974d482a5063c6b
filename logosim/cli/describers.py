"""What `logosim evaluate pictures` compares: our models, text masked or not, and peers."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from logosim.cli.display import progress_bar
from logosim.domain.features import FloatArray, RgbImage, TextLine
from logosim.embedding import Embedder, OnnxEmbedder, first_model, load_artifact, model_folder
from logosim.errors import InputError, RecordError
from logosim.evaluation.protocol import Describer
from logosim.extract import Extractor
from logosim.imaging import DecodeLimits, decode_file
from logosim.ocr.protocol import TextReader
from logosim.peers import make_peer
from logosim.peers.model import ModelPeer
from logosim.runtime import build_reader, decode_limits
from logosim.settings import Settings

_BATCH = 16  # pictures


@dataclass(frozen=True, slots=True)
class ModelDescriber:
    """A model with everything that stands before it in `Extractor`: trim, read, mask, trim again, square."""

    name: str
    extractor: Extractor

    def embed(self, pictures: Sequence[RgbImage]) -> FloatArray:
        """Describe uint8 [height, width, 3] pictures as float32 [N, dimensions] of unit length."""
        size = self.extractor.embedder.manifest.input_size
        canvases = np.empty((len(pictures), size, size, 3), dtype=np.uint8)
        for place, picture in enumerate(pictures):
            canvases[place], _ = self.extractor.shown(picture)
        return self.extractor.embedder.embed(canvases).embeddings


@dataclass(slots=True)
class RememberingReader:
    """A text reader that reads a picture once, however many models of one run ask for it."""

    reader: TextReader
    _lines: dict[bytes, tuple[TextLine, ...]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Name of the reader."""
        return self.reader.name

    def read(self, image: RgbImage) -> tuple[TextLine, ...]:
        """Lines of text in uint8 [height, width, 3], as the reader finds them."""
        key = hashlib.sha256(repr(image.shape).encode() + image.tobytes()).digest()
        if key not in self._lines:
            if len(self._lines) >= 4 * _BATCH:
                self._lines.clear()
            self._lines[key] = self.reader.read(image)
        return self._lines[key]


def build_describers(
    settings: Settings, models: Sequence[str], peers: Sequence[str], masking: bool | None
) -> list[Describer]:
    """Everything that is compared, models first.

    Args:
        settings: of the process.
        models: `bundled` or folders of artifacts; none: the model of the settings.
        peers: names as `logosim.peers.make_peer` knows them.
        masking: read and mask text for models; None: as the settings' text reader says. Peers leave text standing.

    Raises:
        LogosimError: a model or a peer cannot be used, or two have the same name.
    """
    folders = [model_folder(model) for model in models]
    folders = folders or [first_model(settings.model_dir)]
    reader = RememberingReader(build_reader(_with_reader(settings, masking)))
    limits = decode_limits(settings)
    describers: list[Describer] = []
    for number, folder in enumerate(folders):
        embedder: Embedder = OnnxEmbedder(load_artifact(folder), threads=settings.inference_threads)
        name = f"{embedder.manifest.name} {embedder.manifest.version}"
        named_alike = name in {other.name for other in describers}
        if named_alike and folder.resolve() not in {other.resolve() for other in folders[:number]}:
            name = f"{name} ({folder})"
        describers.append(ModelDescriber(name, Extractor(reader, embedder, limits)))
    for peer in peers:
        made = make_peer(peer, threads=settings.inference_threads)
        if isinstance(made, ModelPeer):  # told from the same model with its text masked
            made = replace(made, name=f"{made.name}, text left standing")
        describers.append(made)
    names = [describer.name for describer in describers]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise InputError(f"{twice} would be compared with itself.", hint="Name each model and each peer once.")
    return describers


def described(describers: Sequence[Describer], files: Sequence[Path], limits: DecodeLimits) -> dict[str, FloatArray]:
    """Vectors of all files by describer, float32 [files, dimensions]; each file is decoded once.

    Raises:
        RecordError: a file cannot be read or decoded, or a describer gives something else than finite unit vectors.
    """
    vectors: dict[str, FloatArray] = {}
    with progress_bar("pictures") as bar:
        task = bar.add_task("Embedding", total=len(files))
        for start in range(0, len(files), _BATCH):
            pictures = [decode_file(file, limits) for file in files[start : start + _BATCH]]
            for describer in describers:
                rows = _checked(describer, describer.embed(pictures), len(pictures))
                if start == 0:
                    vectors[describer.name] = np.empty((len(files), rows.shape[1]), dtype=np.float32)
                vectors[describer.name][start : start + len(pictures)] = rows
            bar.update(task, advance=len(pictures))
    return vectors


def _with_reader(settings: Settings, masking: bool | None) -> Settings:
    if masking is False:
        return replace(settings, ocr="none")
    return replace(settings, ocr="rapid") if masking and settings.ocr == "none" else settings


def _checked(describer: Describer, vectors: FloatArray, count: int) -> FloatArray:
    if vectors.ndim != 2 or len(vectors) != count or not np.isfinite(vectors).all():
        raise RecordError(f"{describer.name} gives {list(vectors.shape)} for {count} pictures, or no finite numbers")
    if count and np.abs(np.linalg.norm(vectors, axis=1) - 1).max() > 1e-3:
        raise RecordError(f"{describer.name} gives vectors that are not of unit length")
    return np.asarray(vectors, dtype=np.float32)
