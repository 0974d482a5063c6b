"""Makes an int8 model of a model: smaller, quicker on a CPU, and a little different; how much is measured.

    python -m training.quantise --artifact bundled --pictures build/pictures --out build/int8 --truth build/truth

Any artifact will do whose graph has convolutions. It is calibrated on some of the pictures and held against the
original on others. The result is a model of its own, with `-int8` behind its name: its features and those of the
original are not to be mixed, and a database goes over to it like to any other. The manifest carries what was lost: the
cosine of the two embeddings of one picture and, with `--truth`, what both find. Nothing is written if a held-out
picture falls below the least cosine, unless `--accept-loss`.
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from logosim.embedding import Artifact, CanvasArray, Embedder, Manifest, OnnxEmbedder, load_artifact, model_folder
from logosim.errors import PictureError
from training.artifact import as_text, write_measured
from training.canvases import load_canvas, picture_files
from training.command import reported
from training.export import measured
from training.int8 import quantised
from training.run import read_groups

SUFFIX = "-int8"
LEAST_COSINE = 0.9  # of any held-out picture


@dataclass(frozen=True, slots=True)
class Loss:
    """How far an int8 model is from its original, on pictures it was not calibrated on."""

    pictures: int
    least_cosine: float  # between the two embeddings of one picture, over all pictures
    mean_cosine: float
    patch_cosine: float  # mean, between the two vectors of one patch, over patches that are not blank
    blank_agree: bool  # the same patches are blank

    def as_metrics(self) -> dict[str, float]:
        """For a manifest."""
        return {
            "int8_pictures": self.pictures,
            "int8_least_cosine": round(self.least_cosine, 4),
            "int8_mean_cosine": round(self.mean_cosine, 4),
            "int8_patch_cosine": round(self.patch_cosine, 4),
        }


class LossTooLarge(ValueError):
    """The int8 model differs more from its original than was allowed; nothing was written."""


def measure_loss(original: Embedder, smaller: Embedder, canvases: CanvasArray) -> Loss:
    """Hold two models against each other on uint8 [N, size, size, 3]."""
    one, other = original.embed(canvases), smaller.embed(canvases)
    cosines = (one.embeddings * other.embeddings).sum(axis=1)
    first, second = one.patches.astype(np.float64), other.patches.astype(np.float64)
    marked = first.any(axis=-1)
    lengths = np.linalg.norm(first, axis=-1) * np.linalg.norm(second, axis=-1)
    both = marked & (lengths > 0)
    return Loss(
        pictures=len(canvases),
        least_cosine=float(cosines.min()),
        mean_cosine=float(cosines.mean()),
        patch_cosine=float(((first * second).sum(axis=-1)[both] / lengths[both]).mean()) if both.any() else 1.0,
        blank_agree=bool((marked == second.any(axis=-1)).all()),
    )


def manifest_for(original: Manifest, model: bytes) -> Manifest:
    """The manifest of the int8 model of `original`, without metrics: those of the original are not its own."""
    return dataclasses.replace(
        original,
        name=original.name + SUFFIX,
        sha256=hashlib.sha256(model).hexdigest(),
        size_bytes=len(model),
        description=(
            f"{original.description} Of this, convolutions, what bounds them and residual sums are rounded to 8 bits: "
            f"weights int8 by output channel, activations uint8. Made from {original.name} {original.version}, "
            f"SHA-256 {original.sha256}, by training.quantise."
        ),
        metrics={},
    )


def quantise(
    original: Artifact,
    out: Path,
    *,
    calibrating: CanvasArray,
    checked: CanvasArray,
    truths: Sequence[Path] = (),
    leave_out: Collection[str] = (),
    least_cosine: float = LEAST_COSINE,
    accept_loss: bool = False,
    threads: int = 2,
) -> tuple[Artifact, Loss]:
    """Round, hold against the original, measure and write; returns what was written and what was lost.

    Args:
        original: the model.
        out: folder to write to; what stands there is replaced.
        calibrating: canvases to calibrate on, uint8 [N, size, size, 3].
        checked: other canvases, to measure the loss on.
        truths: brands truth sets, to measure both models on.
        leave_out: names of brand groups that are not asked about, such as those the model was trained on.
        least_cosine: every checked picture must reach it.
        accept_loss: write even if one does not.
        threads: of a run.

    Raises:
        LossTooLarge: a picture falls below `least_cosine`, or other patches are blank; nothing is written.
        ValueError: the graph cannot be rounded, or there is nothing to check on.
    """
    if not len(checked):
        raise ValueError("pictures are needed to measure the loss on")
    model = quantised(original.model, calibrating)
    artifact = Artifact(out, manifest_for(original.manifest, model), model)
    before, after = (
        OnnxEmbedder(one, threads=threads, providers=["CPUExecutionProvider"]) for one in (original, artifact)
    )
    loss = measure_loss(before, after, checked)
    if not loss.blank_agree or (loss.least_cosine < least_cosine and not accept_loss):
        raise LossTooLarge(
            f"the int8 model differs from {original.manifest.name} by more than {least_cosine}: {loss}; calibrate on "
            "more pictures, or write it all the same with --accept-loss"
        )
    metrics = loss.as_metrics()
    for truth in truths:
        metrics |= measured(after, truth, leave_out)
        metrics |= {f"original_{metric}": value for metric, value in measured(before, truth, leave_out).items()}
    return write_measured(out, artifact, metrics), loss


def split_canvases(
    files: Sequence[Path], calibrate: int, check: int, size: int, seed: int
) -> tuple[CanvasArray, CanvasArray]:
    """Canvases uint8 [N, size, size, 3] to calibrate on and to check on, drawn at random; no picture is in both.

    Raises ValueError if there are too few pictures, or naming the one that cannot be used.
    """
    if len(files) < calibrate + check:
        raise ValueError(f"{calibrate} + {check} pictures are asked for, there are {len(files)}; ask for fewer")
    drawn = np.random.default_rng(seed).permutation(len(files))[: calibrate + check]
    canvases = np.empty((len(drawn), size, size, 3), dtype=np.uint8)
    for canvas, index in zip(canvases, drawn, strict=True):
        try:
            canvas[:] = load_canvas(files[index], size)
        except PictureError as error:
            raise ValueError(f"{files[index]}: {error}") from error
    return canvases[:calibrate], canvases[calibrate:]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.quantise", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--artifact", default="bundled", help="the model: a folder, or the name of a bundled one")
    parser.add_argument("--pictures", type=Path, required=True, help="folder of pictures, as like marks as can be")
    parser.add_argument("--out", type=Path, required=True, help="folder of the int8 artifact")
    parser.add_argument("--truth", type=Path, action="append", default=[], help="brands truth set; may be repeated")
    parser.add_argument("--leave-out", type=Path, help="file of brand groups that are not asked about")
    parser.add_argument("--calibrate", type=int, default=256, help="pictures to calibrate on")
    parser.add_argument("--check", type=int, default=256, help="other pictures, to measure the loss on")
    parser.add_argument("--least-cosine", type=float, default=LEAST_COSINE)
    parser.add_argument("--accept-loss", action="store_true", help="write it whatever was lost")
    parser.add_argument("--seed", type=int, default=0, help="of the choice of pictures")
    parser.add_argument("--threads", type=int, default=2)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the artifact and print its manifest."""
    return reported(_parser(), arguments, _quantise)


def _quantise(options: argparse.Namespace) -> str:
    if min(options.calibrate, options.check) < 1:
        raise ValueError("--calibrate and --check must be at least 1")
    original = load_artifact(model_folder(options.artifact))
    calibrating, checked = split_canvases(
        picture_files(options.pictures),
        options.calibrate,
        options.check,
        original.manifest.input_size,
        options.seed,
    )
    made, _ = quantise(
        original,
        options.out,
        calibrating=calibrating,
        checked=checked,
        truths=options.truth,
        leave_out=read_groups(options.leave_out) if options.leave_out else (),
        least_cosine=options.least_cosine,
        accept_loss=options.accept_loss,
        threads=options.threads,
    )
    return as_text(made.manifest)


if __name__ == "__main__":
    sys.exit(main())
