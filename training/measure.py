"""Measures what a model artifact finds in a truth set.

python -m training.measure --truth DIR [--artifact FOLDER]
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from logosim.domain.features import FloatArray
from logosim.embedding import Embedder, OnnxEmbedder, bundled, load_artifact
from logosim.errors import LogosimError
from logosim.evaluation import evaluate, load_brands
from training.canvases import batches


def embed_files(embedder: Embedder, files: Sequence[Path]) -> FloatArray:
    """Embeddings float32 [N, dimensions] of picture files, in order; their text is left standing."""
    return np.concatenate([embedder.embed(canvases).embeddings for canvases in batches(files)])


def main(arguments: Sequence[str] | None = None) -> int:
    """Print one JSON object: the model, the truth set's size, the metrics and the time a picture took."""
    parser = argparse.ArgumentParser(prog="python -m training.measure", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--truth", type=Path, required=True, help="folder with pictures and index.csv")
    parser.add_argument("--artifact", type=Path, default=bundled(), help="the model; without it the bundled one")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args(arguments)
    try:
        result = measured(options.truth, options.artifact, options.threads)
    except (LogosimError, OSError, ValueError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    sys.stdout.write(json.dumps(result, indent=2) + "\n")
    return 0


def measured(folder: Path, artifact: Path, threads: int) -> dict[str, str | float]:
    """What `main` prints."""
    truth = load_brands(folder)
    embedder = OnnxEmbedder(load_artifact(artifact), threads=threads)
    start = time.perf_counter()
    embeddings = embed_files(embedder, truth.files)
    took = time.perf_counter() - start
    return {
        "model": embedder.manifest.name,
        "version": embedder.manifest.version,
        "pictures": len(truth),
        "ms_per_picture_with_decoding": round(1000 * took / len(truth), 2),
        **{name: round(value, 4) for name, value in dataclasses.asdict(evaluate(truth, embeddings)).items()},
    }


if __name__ == "__main__":
    sys.exit(main())
