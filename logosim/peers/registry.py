"""Finds a peer by what is written on the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from logosim.embedding import OnnxEmbedder, load_artifact
from logosim.embedding.artifact import MANIFEST
from logosim.errors import ConfigurationError
from logosim.evaluation.protocol import Describer
from logosim.peers.colours import ColourPeer
from logosim.peers.hashes import KINDS, make_hash
from logosim.peers.hog import HogPeer
from logosim.peers.model import ModelPeer
from logosim.peers.sscd import load_sscd

PEERS = ("hog", *KINDS, "colour", "sscd")


def make_peer(name: str, *, threads: int = 0) -> Describer:
    """The describer that `name` stands for.

    Args:
        name: one of `PEERS`, `sscd=FILE.onnx`, or a folder with a model's manifest: that model by itself, named after
            its manifest, shown pictures whose text is left standing.
        threads: for each run of a model; 0 leaves the choice to the runtime.

    Raises:
        ConfigurationError: nothing goes by that name.
        DependencyMissing: what it needs is not installed; the hint names the extra.
        ArtifactInvalid: the model cannot be used.
    """
    makers: dict[str, Callable[[], Describer]] = {
        "hog": HogPeer,
        "colour": ColourPeer,
        "sscd": lambda: load_sscd(threads=threads),
    }
    if name in makers:
        return makers[name]()
    if name in KINDS:
        return make_hash(name)
    if name.startswith("sscd="):
        return load_sscd(Path(name.removeprefix("sscd=")), threads=threads)
    if (Path(name) / MANIFEST).is_file():
        artifact = load_artifact(Path(name))
        of = artifact.manifest
        return ModelPeer(f"{of.name} {of.version}", OnnxEmbedder(artifact, threads=threads))
    raise ConfigurationError(
        f"there is no peer {name}",
        hint=f"Known are {', '.join(PEERS)}, sscd=FILE.onnx, and any folder with a model's {MANIFEST}.",
    )
