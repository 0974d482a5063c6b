"""Compares ways of making the embedding, on brands that nothing was fitted on.

    python -m training.compare --pictures build/pictures --truth DIR

Drawings whose brand stands in the truth set are left out of the fit, so that the rows say what a model finds of brands
it has not seen. The bundled model is fitted on all drawings. Prints a Markdown table.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

from logosim.evaluation import TruthSet, evaluate, load_brands
from training.backbone import MAP_CHANNELS, Backbone, imagenet_weights
from training.canvases import batches, picture_files
from training.command import reported
from training.descriptor import pooled
from training.fitting import DIMENSIONS, SHRINKAGE, figure_of, numbered, with_reversed
from training.holdout import comparable, truth_names
from training.whitening import Vectors, fit_paired_whitening, fit_whitening

Parts = Mapping[str, Vectors]  # by map: pooled, unit length, float32 [N, channels]


def held_out(files: Sequence[Path], names: frozenset[str]) -> list[Path]:
    """The drawings whose figure is none of the named brands."""
    return [file for file in files if comparable(figure_of(file)) not in names]


def _parts(maps: Mapping[str, torch.Tensor]) -> dict[str, Vectors]:
    return {name: pooled(maps, [name]).numpy() for name in MAP_CHANNELS}


def _joined(found: Sequence[Parts]) -> dict[str, Vectors]:
    return {name: np.concatenate([part[name] for part in found]) for name in MAP_CHANNELS}


def truth_parts(backbone: Backbone, truth: TruthSet) -> dict[str, Vectors]:
    """Pooled maps of the truth set's pictures, in its order."""
    with torch.inference_mode():
        return _joined([_parts(backbone(torch.from_numpy(canvases))) for canvases in batches(truth.files)])


def fitting_parts(backbone: Backbone, files: Sequence[Path]) -> tuple[dict[str, Vectors], np.ndarray]:
    """Pooled maps of the drawings and their negatives, and the number of the figure each shows (int64)."""
    figures = numbered([figure_of(file) for file in files])
    found, groups = [], []
    with torch.inference_mode():
        for figure in np.unique(figures):
            group = with_reversed([files[index] for index in np.flatnonzero(figures == figure)])
            found.append(_parts(backbone(group.pictures)))
            groups.append(np.full(len(group.pictures), figure))
    return _joined(found), np.concatenate(groups)


def _unit(vectors: Vectors) -> Vectors:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), dtype=np.float32)


def rows(truth: TruthSet, shown: Parts, fitted: Parts, groups: np.ndarray) -> list[tuple[str, str, Vectors]]:
    """Maps, method and embeddings of the truth set for each way that is compared."""
    result = [(name, "pooled only", shown[name]) for name in MAP_CHANNELS]
    for names in (["last"], ["middle"], ["high"], ["last", "middle"], ["high", "middle"]):
        inputs, wanted = (np.concatenate([part[name] for name in names], axis=1) for part in (fitted, shown))
        label = " + ".join(names)
        if len(names) > 1:
            result.append((label, "pooled only", _unit(wanted)))
        for exponent in (0.0, 0.5, 1.0):
            whitening = fit_whitening(inputs, DIMENSIONS, exponent)
            result.append((label, f"PCA, exponent {exponent}", whitening(wanted)))
        for shrinkage in (SHRINKAGE,) if len(names) == 1 else (0.3, 0.1, SHRINKAGE, 0.01):
            whitening = fit_paired_whitening(inputs, groups, DIMENSIONS, shrinkage)
            result.append((label, f"pairs, shrinkage {shrinkage}", whitening(wanted)))
    return result


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table, line by line."""
    parser = argparse.ArgumentParser(prog="python -m training.compare", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--pictures", type=Path, required=True, help="folder made by training.pictures")
    parser.add_argument("--truth", type=Path, required=True, help="folder with pictures and index.csv")
    parser.add_argument("--threads", type=int, default=2)
    return reported(parser, arguments, _compare)


def _compare(options: argparse.Namespace) -> str:
    truth, backbone = load_brands(options.truth), Backbone(imagenet_weights())
    files = held_out(picture_files(options.pictures), truth_names(options.truth))
    fitted, groups = fitting_parts(backbone, files)
    sys.stdout.write("| maps | method | recall@100 | recall@10 | MAP@100 | hit@1 |\n|---|---|---|---|---|---|\n")
    for label, method, embeddings in rows(truth, truth_parts(backbone, truth), fitted, groups):
        found = evaluate(truth, embeddings)
        numbers = (found.recall_at_100, found.recall_at_10, found.map_at_100, found.hit_at_1)
        sys.stdout.write(f"| {label} | {method} | " + " | ".join(f"{number:.3f}" for number in numbers) + " |\n")
        sys.stdout.flush()
    return f"\n{len(truth)} pictures; fitted on {len(files)} drawings of {len(np.unique(groups))} other figures"


if __name__ == "__main__":
    sys.exit(main())
