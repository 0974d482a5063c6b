"""Runs a model artifact with ONNX Runtime. The only door to onnxruntime."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from logosim.embedding.artifact import Artifact, Manifest
from logosim.embedding.protocol import CanvasArray, Embedded
from logosim.errors import ArtifactInvalid, DependencyMissing

if TYPE_CHECKING:
    import onnxruntime  # type: ignore[import-untyped]

BATCH = 16  # pictures a run: more saves nothing on CPU and takes memory (about 10 MB of activations a picture)
_PREFERRED = ("CUDAExecutionProvider", "CPUExecutionProvider")
_INPUT, _OUTPUTS = "pictures", ("embeddings", "patches")


class OnnxEmbedder:
    """An `Embedder` over ONNX Runtime: CUDA where the installed runtime offers it, else CPU.

    A session may be shared by threads. An embedding does not depend on the other pictures of its batch, beyond the
    rounding of float32 (1e-5). `threads` bounds the threads inside one run; 0 leaves the choice to the runtime.
    """

    def __init__(self, artifact: Artifact, *, threads: int = 0, providers: Sequence[str] | None = None) -> None:
        """Load the graph; it is checked against the manifest by its declared inputs and outputs.

        Raises DependencyMissing if onnxruntime is not installed or lacks every provider asked for, and ArtifactInvalid
        if the graph cannot be loaded or is not what the manifest says.
        """
        self._manifest = artifact.manifest
        self._session = open_session(
            artifact.model, f"the model in {artifact.folder}", threads=threads, providers=providers
        )
        _check_signature(self._session, artifact.manifest)

    @property
    def manifest(self) -> Manifest:
        """What the model is and what it wants to see."""
        return self._manifest

    @property
    def providers(self) -> tuple[str, ...]:
        """ONNX Runtime's execution providers in use, the preferred one first."""
        return tuple(self._session.get_providers())

    def embed(self, canvases: CanvasArray) -> Embedded:
        """Embed uint8 [N, size, size, 3] RGB canvases, `BATCH` at a time; N may be zero.

        Raises ValueError for another shape or type: that is a mistake of the program, not of the picture.
        """
        size, of = self._manifest.input_size, self._manifest
        if canvases.dtype != np.uint8 or canvases.ndim != 4 or canvases.shape[1:] != (size, size, 3):
            raise ValueError(
                f"canvases must be uint8 [N, {size}, {size}, 3], not {canvases.dtype} {list(canvases.shape)}"
            )
        embeddings = np.empty((len(canvases), of.dimensions), dtype=np.float32)
        patches = np.empty((len(canvases), of.patch_grid, of.patch_grid, of.patch_dimensions), dtype=np.int8)
        for start in range(0, len(canvases), BATCH):
            batch = np.ascontiguousarray(canvases[start : start + BATCH])
            found = self._session.run(list(_OUTPUTS), {_INPUT: batch})
            embeddings[start : start + BATCH] = found[0]
            patches[start : start + BATCH] = found[1]
        return Embedded(embeddings, patches)


def open_session(
    model: bytes, told: str, *, threads: int = 0, providers: Sequence[str] | None = None
) -> onnxruntime.InferenceSession:
    """A session of ONNX Runtime over the bytes of an ONNX file.

    Args:
        model: the file's bytes.
        told: what a message calls it: "the model in FOLDER".
        threads: for one run; 0 leaves the choice to the runtime.
        providers: execution providers to use as far as they are there, the preferred one first; None: CUDA, then CPU.

    Raises:
        DependencyMissing: onnxruntime is not installed or lacks every provider asked for.
        ArtifactInvalid: the file cannot be loaded.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise DependencyMissing(
            "the package onnxruntime is needed to run the embedding model and is not installed",
            hint="Run pip install 'logosim[cpu]' (or 'logosim[gpu]' on a machine with CUDA; never both).",
        ) from error
    available = onnxruntime.get_available_providers()
    chosen = [name for name in (providers or _PREFERRED) if name in available]
    if not chosen:
        raise DependencyMissing(
            f"the installed onnxruntime offers {', '.join(available)}, none of those asked for",
            hint="Run pip install 'logosim[gpu]' for CUDA, after removing onnxruntime.",
        )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors only: the runtime warns on stderr about devices it probes
    # Threads that wait by spinning take the core from the text reader and from Postgres on small machines.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(model, sess_options=options, providers=chosen)
    except Exception as error:  # the runtime's own exception types are not public
        raise ArtifactInvalid(f"{told} cannot be loaded: {error}") from error


def _check_signature(session: onnxruntime.InferenceSession, manifest: Manifest) -> None:
    """Hold the graph's inputs and outputs against the manifest (the first axis is the batch and is free)."""
    size, grid = manifest.input_size, manifest.patch_grid
    wanted = {
        _INPUT: ("tensor(uint8)", [size, size, 3]),
        _OUTPUTS[0]: ("tensor(float)", [manifest.dimensions]),
        _OUTPUTS[1]: ("tensor(int8)", [grid, grid, manifest.patch_dimensions]),
    }
    declared = {
        node.name: (node.type, list(node.shape[1:])) for node in (*session.get_inputs(), *session.get_outputs())
    }
    if declared != wanted:
        raise ArtifactInvalid(f"the model's graph has {declared}; its manifest says {wanted}")
