"""An exported graph with its manifest, written as the folder that `logosim.embedding` loads."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from logosim.embedding import PREPROCESSING, Artifact, Manifest, load_artifact
from logosim.embedding.artifact import FORMAT, MANIFEST, parse_manifest
from training.backbone import INPUT_SIZE, MEAN, STD
from training.descriptor import GRID, PATCHED, POOLED, POWER
from training.fitting import DIMENSIONS, PATCH_DIMENSIONS

FILE = "model.onnx"


@dataclass(frozen=True, slots=True)
class Named:
    """What an artifact is called, and what its weights were made from."""

    name: str
    version: str
    training: str  # of the backbone, a sentence or two
    head: str  # how the embedding's map was fitted
    fitting: str  # and on what


def manifest_for(model: bytes, named: Named) -> Manifest:
    """The manifest of an exported graph, without metrics."""
    return Manifest(
        format=FORMAT,
        name=named.name,
        version=named.version,
        file=FILE,
        sha256=hashlib.sha256(model).hexdigest(),
        size_bytes=len(model),
        input_size=INPUT_SIZE,
        colour_order="RGB",
        mean=(MEAN, MEAN, MEAN),
        std=(STD, STD, STD),
        preprocessing=PREPROCESSING,
        dimensions=DIMENSIONS,
        patch_grid=GRID,
        patch_dimensions=PATCH_DIMENSIONS,
        description=(
            f"EfficientNet-Lite0; generalised-mean pooling (p = {POWER}) of the maps {' and '.join(POOLED)}, joined; "
            f"{named.head}, to {DIMENSIONS} dimensions. Patch features: the map {PATCHED}, by whitening learned from "
            f"pairs to {PATCH_DIMENSIONS}; patches that show an even ground are zero. "
            "Weights stored as float16, computed in float32; normalisation is inside the graph."
        ),
        fitting=(
            f"Backbone: {named.training} Whitening: {named.fitting} Metrics: brands that trained are not asked about."
        ),
        licence="Apache-2.0",
        metrics={},
    )


def as_text(manifest: Manifest) -> str:
    """The manifest as it stands in its file, and as commands print it."""
    return json.dumps(manifest.as_json(), indent=2, ensure_ascii=False)


def write_measured(folder: Path, artifact: Artifact, metrics: Mapping[str, float]) -> Artifact:
    """Put what was measured into the manifest, write the artifact as `write_artifact` does, and return it."""
    manifest = parse_manifest(dataclasses.replace(artifact.manifest, metrics=dict(metrics)).as_json())
    measured = dataclasses.replace(artifact, manifest=manifest)
    write_artifact(folder, measured)
    return measured


def write_artifact(folder: Path, artifact: Artifact) -> None:
    """Put the artifact in place of what stands at `folder`, whole or not at all; it is read back and checked first."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as scratch:
        made, old = Path(scratch) / "made", Path(scratch) / "old"
        made.mkdir()
        (made / artifact.manifest.file).write_bytes(artifact.model)
        (made / MANIFEST).write_text(as_text(artifact.manifest) + "\n", encoding="utf-8")
        load_artifact(made)
        if folder.exists():
            folder.rename(old)
        made.rename(folder)
