"""Orders the dimensions of a model's embedding: the first ones carry most. A rotation, which changes no cosine.

    python -m training.order --artifact efficientnet-lite0-logos-whitened256 --pictures build/logos \\
        --name NAME --out build/ordered --truth build/truth

A search that looks at all marks compares the beginnings of their embeddings first
(sql/functions/058_look_coarsely.sql): the more the first dimensions say, the fewer marks must be compared whole. The
axes are the principal ones of pictures' embeddings, not centred: what is compared are inner products. The result is a
model of its own, for a database cannot compare features before with features after. The manifest carries what the
first dimensions say, before and after, on pictures that the axes were not fitted on. Nothing is written if a cosine
changes by more than the least cosine allows.
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import io
import sys
from collections.abc import Collection, Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

from logosim.embedding import Artifact, CanvasArray, Embedder, Manifest, OnnxEmbedder, load_artifact, model_folder
from training.artifact import as_text, write_measured
from training.canvases import picture_files
from training.command import reported
from training.export import measured
from training.parity import LEAST_COSINE, ParityError
from training.quantise import split_canvases
from training.run import read_groups
from training.whitening import Matrix, Vectors, pointed

FIRST = 64  # dimensions that logosim._coarse keeps
_PROJECTION = "embedding.projection.half"  # the last map, as training.graph names it: [channels, dimensions]
_NEAREST, _AMONG = 50, 75
_BATCH = 32


def principal_axes(embeddings: Vectors) -> Matrix:
    """Axes of embeddings float32 [N, d] by decreasing second moment, as the columns of a rotation float64 [d, d].

    Each axis points to where its largest entry is positive, so that every machine makes the same model. Raises
    ValueError if there are fewer embeddings than dimensions.
    """
    count, dimensions = embeddings.shape
    if count < dimensions:
        raise ValueError(f"{dimensions} axes need as many pictures to fit on, there are {count}")
    doubled = embeddings.astype(np.float64)
    axes = np.linalg.eigh(doubled.T @ doubled)[1][:, ::-1]
    return pointed(axes)


def rotated(model: bytes, rotation: Matrix) -> bytes:
    """The ONNX file `model` with its embeddings turned by `rotation`.

    Raises ValueError if training.export has not made it, or to another number of dimensions.
    """
    graph = onnx.load_from_string(model)
    stored = next((tensor for tensor in graph.graph.initializer if tensor.name == _PROJECTION), None)
    if stored is None or stored.dims[1] != len(rotation):
        raise ValueError(f"no map {_PROJECTION} to {len(rotation)} dimensions: training.export makes such models")
    turned = numpy_helper.to_array(stored).astype(np.float64) @ rotation
    stored.CopyFrom(numpy_helper.from_array((turned / np.abs(turned).max()).astype(np.float16), _PROJECTION))
    file = io.BytesIO()
    onnx.save(graph, file)
    return file.getvalue()


def said_first(embeddings: Vectors) -> dict[str, float]:
    """What the first dimensions of embeddings [N, d] say: their share of the squared length, and of the nearest 50 the
    share that is among the 75 whose first dimensions are nearest."""
    first = embeddings[:, :FIRST]
    unit = first / np.maximum(np.linalg.norm(first, axis=1, keepdims=True), 1e-12)
    whole, beginning = embeddings @ embeddings.T, unit @ unit.T
    for cosines in (whole, beginning):
        np.fill_diagonal(cosines, -2)
    nearest = np.argsort(-whole, axis=1)[:, :_NEAREST]
    among = np.argsort(-beginning, axis=1)[:, :_AMONG]
    found = [len(np.intersect1d(one, other)) for one, other in zip(nearest, among, strict=True)]
    return {
        f"first_{FIRST}_share": round(float((first**2).sum(axis=1).mean()), 3),
        f"first_{FIRST}_recall_{_NEAREST}_in_{_AMONG}": round(float(np.mean(found)) / _NEAREST, 3),
    }


def embedded(embedder: Embedder, canvases: CanvasArray) -> Vectors:
    """Embeddings float32 [N, d] of uint8 [N, size, size, 3]."""
    parts = (canvases[start : start + _BATCH] for start in range(0, len(canvases), _BATCH))
    return np.concatenate([embedder.embed(part).embeddings for part in parts])


def manifest_for(original: Manifest, model: bytes, name: str, fitted_on: int) -> Manifest:
    """The manifest of `original` with its dimensions in order, without metrics."""
    return dataclasses.replace(
        original,
        name=name,
        version="1",
        sha256=hashlib.sha256(model).hexdigest(),
        size_bytes=len(model),
        description=f"{original.description} The dimensions are in the order of what they carry.",
        fitting=(
            f"{original.fitting} Order: principal axes of the embeddings of {fitted_on} pictures of logos, by "
            f"training.order, from {original.name} {original.version}, SHA-256 {original.sha256}."
        ),
        metrics={},
    )


def order(
    original: Artifact,
    out: Path,
    name: str,
    *,
    fitting: CanvasArray,
    checked: CanvasArray,
    truths: Sequence[Path] = (),
    leave_out: Collection[str] = (),
    threads: int = 2,
) -> Artifact:
    """Turn the embeddings to the axes of the pictures `fitting`, check on others, measure and write.

    Args:
        original: the model, made by training.export.
        out: folder to write to; what stands there is replaced.
        name: of the new model.
        fitting: canvases uint8 [N, size, size, 3], as many as there are dimensions at least.
        checked: other canvases, likewise.
        truths: brands truth sets, to measure on.
        leave_out: names of brand groups that are not asked about.
        threads: of a run.

    Raises:
        ParityError: a picture's embedding is not the original's, turned; nothing is written.
        ValueError: there are too few pictures, or the graph is of another kind.
    """
    before = OnnxEmbedder(original, threads=threads, providers=["CPUExecutionProvider"])
    rotation = principal_axes(embedded(before, fitting))
    model = rotated(original.model, rotation)
    artifact = Artifact(out, manifest_for(original.manifest, model, name, len(fitting)), model)
    after = OnnxEmbedder(artifact, threads=threads, providers=["CPUExecutionProvider"])
    old, new = embedded(before, checked), embedded(after, checked)
    least = float(((old @ rotation.astype(np.float32)) * new).sum(axis=1).min())
    if least < LEAST_COSINE:
        raise ParityError(f"a turned embedding differs from the original's: cosine {least:.6f}")
    metrics = {"parity_least_cosine": round(least, 6)}
    metrics |= {f"original_{metric}": value for metric, value in said_first(old).items()} | said_first(new)
    for truth in truths:
        metrics |= measured(after, truth, leave_out)
    return write_measured(out, artifact, metrics)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.order", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--artifact", default="bundled", help="the model: a folder, or the name of a bundled one")
    parser.add_argument("--pictures", type=Path, action="append", required=True, help="folder of logos; repeatable")
    parser.add_argument("--name", required=True, help="name of the model: a-z 0-9 . -")
    parser.add_argument("--out", type=Path, required=True, help="folder of the artifact")
    parser.add_argument("--truth", type=Path, action="append", default=[], help="brands truth set; may be repeated")
    parser.add_argument("--leave-out", type=Path, help="file of brand groups that are not asked about")
    parser.add_argument("--check", type=int, default=1000, help="pictures that are not fitted on; default 1000")
    parser.add_argument("--seed", type=int, default=0, help="of the choice of these")
    parser.add_argument("--threads", type=int, default=2)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the artifact and print its manifest."""
    return reported(_parser(), arguments, _order)


def _order(options: argparse.Namespace) -> str:
    original = load_artifact(model_folder(options.artifact))
    files = [file for folder in options.pictures for file in picture_files(folder)]
    if not 0 < options.check < len(files):
        raise ValueError(f"--check must leave some of the {len(files)} pictures to fit the axes on")
    fitting, checked = split_canvases(
        files, len(files) - options.check, options.check, original.manifest.input_size, options.seed
    )
    made = order(
        original,
        options.out,
        options.name,
        fitting=fitting,
        checked=checked,
        truths=options.truth,
        leave_out=read_groups(options.leave_out) if options.leave_out else (),
        threads=options.threads,
    )
    return as_text(made.manifest)


if __name__ == "__main__":
    sys.exit(main())
