"""Bytes to features with whichever model is asked for, so that one process can follow its database to another model.

Models are loaded at first use and known by the SHA-256 of their weights; the two used last stay loaded, which are the
present one and the one before or after a cut-over.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path

from logosim.embedding import OnnxEmbedder, find_model, load_artifact
from logosim.extract import Extractor
from logosim.imaging.decode import DecodeLimits
from logosim.ocr.protocol import TextReader

_LOADED = 2


class Extractors:
    """Extractors by model, shared by the threads of a process.

    Args:
        folders: artifacts that may be used beside the bundled ones.
        reader: makes the text reader that all of them share; called once.
        limits: what a picture may cost.
        threads: for one run of a model; 0 leaves the choice to the engine.
    """

    def __init__(
        self, folders: Sequence[Path], reader: Callable[[], TextReader], limits: DecodeLimits, *, threads: int
    ) -> None:
        self._folders = list(folders)
        self._make_reader = reader
        self._reader: TextReader | None = None
        self._limits = limits
        self._threads = threads
        self._loaded: OrderedDict[str, Extractor] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, folder: Path) -> None:
        """Let the artifact in `folder` be used too."""
        self._folders.append(folder)

    def folder(self, sha256: str) -> Path | None:
        """Where the model with these weights lies; None: it is not here.

        Raises:
            ArtifactInvalid: the manifest in one of the folders cannot be read.
        """
        return find_model(sha256, self._folders)

    def of(self, sha256: str) -> Extractor | None:
        """The extractor with this model, loaded if need be; None: it is not here.

        Raises:
            ArtifactInvalid: its artifact is damaged.
            DependencyMissing: what runs it is not installed.
        """
        with self._lock:  # a second thread waits for the first one's model, and does not load it once more
            extractor = self._loaded.get(sha256) or self._load(sha256)
            if extractor is not None:
                self._loaded[sha256] = extractor
                self._loaded.move_to_end(sha256)
                while len(self._loaded) > _LOADED:
                    self._loaded.popitem(last=False)
            return extractor

    def _load(self, sha256: str) -> Extractor | None:
        folder = self.folder(sha256)
        if folder is None:
            return None
        if self._reader is None:
            self._reader = self._make_reader()
        embedder = OnnxEmbedder(load_artifact(folder), threads=self._threads)
        return Extractor(reader=self._reader, embedder=embedder, limits=self._limits)
