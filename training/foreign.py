"""Makes a model folder of any timm model, so that the evaluation runs it like our own.

    python -m training.foreign --timm resnet18 --weights FILE --pictures build/pictures --out build/resnet18

The embedding is what timm itself pools for its classifier, neither whitened nor reduced; mean, deviation and picture
size are the model's own. Weights come from a file, never from the network. `tf_efficientnet_lite0` needs none: an
installed package carries them. With `--untrained` they are random: what the architecture alone is worth.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import timm
import torch
from torch import Tensor, nn

from logosim.embedding import PREPROCESSING, Artifact, Manifest, OnnxEmbedder
from logosim.embedding.artifact import FORMAT
from training.artifact import FILE, as_text, write_measured
from training.canvases import load_canvas, picture_files
from training.command import reported
from training.descriptor import EVEN_LEVELS, unit
from training.graph import export_graph
from training.parity import check_parity
from training.timm_weights import load_model

GRID = 7  # patches along a side, or fewer where the last map is smaller
PATCH_DIMENSIONS = 64
_CHECKED_PICTURES = 16


class ForeignModel(nn.Module):
    """A timm model as a graph of ours: uint8 [N, S, S, 3] to float32 [N, D] and int8 [N, grid, grid, p].

    Patches are the last map, averaged to the grid, by a fixed random projection to at most 64 dimensions (Johnson and
    Lindenstrauss 1984; orthonormal, seed 0): nothing is fitted, so the folder depends on the weights alone. Cells that
    show an even ground are zero, as in `training.descriptor`.

    Raises ValueError if the model's pictures are not square or its last map is not a grid.
    """

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model.eval()  # before it is tried below
        channels, height, width = model.pretrained_cfg["input_size"]
        if channels != 3 or height != width:
            raise ValueError(f"the model takes pictures of {channels} x {height} x {width}, not square ones in colour")
        self.size = int(height)
        self.mean_levels, self.std_levels = (
            tuple(255.0 * value for value in model.pretrained_cfg[key]) for key in ("mean", "std")
        )
        with torch.inference_mode():
            found = model.forward_features(torch.zeros(1, 3, self.size, self.size))
            self.dimensions = int(model.forward_head(found).shape[1])
            last = self._as_map(found)
        self.grid = min(GRID, *last.shape[2:])
        self.patch_dimensions = min(PATCH_DIMENSIONS, last.shape[1])
        self.register_buffer("mean", torch.tensor(self.mean_levels).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(self.std_levels).view(1, 3, 1, 1))
        self.register_buffer("down", overlaps(last.shape[2], self.grid))
        self.register_buffer("right", overlaps(last.shape[3], self.grid).T.contiguous())
        self.register_buffer("projection", random_projection(last.shape[1], self.patch_dimensions))
        self.eval()

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor]:
        """See the class."""
        colours = pictures.permute(0, 3, 1, 2).to(torch.float32)
        found = self.model.forward_features((colours - self.mean) / self.std)
        cells = (self.down @ self._as_map(found) @ self.right).permute(0, 2, 3, 1)
        patches = unit(cells @ self.projection, dim=-1) * drawn_cells(colours, self.grid).unsqueeze(-1)
        return unit(self.model.forward_head(found), dim=1), (patches * 127).round().to(torch.int8)

    def _as_map(self, found: Tensor) -> Tensor:
        """The last features as [N, C, H, W]: of a convolutional net, of one that keeps channels last, or of tokens."""
        width = self.model.num_features
        if found.ndim == 4:
            return found if found.shape[1] == width else found.permute(0, 3, 1, 2)
        if found.ndim == 3:
            tokens = found[:, getattr(self.model, "num_prefix_tokens", 0) :]
            side = round(tokens.shape[1] ** 0.5)
            if side * side == tokens.shape[1]:
                return tokens.permute(0, 2, 1).unflatten(2, (side, side))
        raise ValueError(f"the model's last features are {list(found.shape)}, which is no grid of patches")


def overlaps(length: int, cells: int) -> Tensor:
    """Weights that average `length` values to `cells` of equal width: float32 [cells, length], rows that sum to 1."""
    edges = torch.arange(cells + 1, dtype=torch.float64) * length / cells
    places = torch.arange(length, dtype=torch.float64)
    shared = torch.minimum(edges[1:, None], places + 1) - torch.maximum(edges[:-1, None], places)
    return (shared.clamp(min=0) * cells / length).to(torch.float32)


def random_projection(width: int, dimensions: int) -> Tensor:
    """Orthonormal columns, float32 [width, dimensions], the same on every machine up to rounding."""
    drawn = np.random.default_rng(0).standard_normal((width, dimensions))
    return torch.from_numpy(np.linalg.qr(drawn).Q.astype(np.float32))


def drawn_cells(colours: Tensor, grid: int) -> Tensor:
    """Which cells show something: float32 [N, grid, grid], 1 or 0, from float32 [N, 3, S, S] of 0..255.

    As `training.descriptor.marked_cells`, for any size: where the grid does not divide it, the border is repeated.
    """
    side = -(-colours.shape[2] // grid)
    spare = side * grid - colours.shape[2]
    framed = nn.functional.pad(colours, (0, spare, 0, spare), mode="replicate") if spare else colours
    brightest = nn.functional.max_pool2d(framed, side)
    darkest = -nn.functional.max_pool2d(-framed, side)
    return ((brightest - darkest).amax(dim=1) > EVEN_LEVELS).to(torch.float32)


def manifest_for(model: ForeignModel, graph: bytes, *, name: str, fitting: str, licence: str) -> Manifest:
    """The manifest of an exported graph, without metrics."""
    return Manifest(
        format=FORMAT,
        name=f"timm-{name.replace('_', '-').lower()}",
        version="1",
        file=FILE,
        sha256=hashlib.sha256(graph).hexdigest(),
        size_bytes=len(graph),
        input_size=model.size,
        colour_order="RGB",
        mean=model.mean_levels,
        std=model.std_levels,
        preprocessing=PREPROCESSING,
        dimensions=model.dimensions,
        patch_grid=model.grid,
        patch_dimensions=model.patch_dimensions,
        description=(
            f"{name} of timm {timm.__version__}: the features it pools for its classifier. Patch features: its last "
            f"map, by a random projection to {model.patch_dimensions} dimensions; those of an even ground are zero. "
            "Weights stored as float16, computed in float32; normalisation is inside the graph."
        ),
        fitting=fitting,
        licence=licence,
        metrics={},
    )


def make_foreign(
    model: ForeignModel, pictures: Sequence[Path], out: Path, *, name: str, fitting: str, licence: str
) -> Artifact:
    """Export, check on pictures and write; returns what was written. Raises ParityError and writes nothing."""
    graph = export_graph(model, size=model.size)
    artifact = Artifact(out, manifest_for(model, graph, name=name, fitting=fitting, licence=licence), graph)
    embedder = OnnxEmbedder(artifact, threads=torch.get_num_threads(), providers=["CPUExecutionProvider"])
    step = max(1, len(pictures) // _CHECKED_PICTURES)
    parity = check_parity(model, embedder, np.stack([load_canvas(file, model.size) for file in pictures[::step]]))
    metrics = {"parity_least_cosine": round(parity.least_cosine, 6)}
    return write_measured(out, artifact, metrics)


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the folder and print its manifest."""
    parser = argparse.ArgumentParser(prog="python -m training.foreign", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--timm", required=True, metavar="NAME", help="timm's name of the model")
    parser.add_argument("--weights", type=Path, help="its weights: .safetensors, or a torch file of plain tensors")
    parser.add_argument("--untrained", action="store_true", help="random weights")
    parser.add_argument("--pictures", type=Path, required=True, help="folder of pictures to check the export on")
    parser.add_argument("--out", type=Path, required=True, help="folder of the artifact")
    parser.add_argument("--licence", default="as published with the weights", help="for the manifest")
    parser.add_argument("--seed", type=int, default=0, help="of random weights")
    parser.add_argument("--threads", type=int, default=2)
    return reported(parser, arguments, _make)


def _make(options: argparse.Namespace) -> str:
    loaded = load_model(options.timm, options.weights, untrained=options.untrained, seed=options.seed)
    made = make_foreign(
        ForeignModel(loaded.model),
        picture_files(options.pictures),
        options.out,
        name=options.timm + ("-untrained" if options.untrained else ""),
        fitting=loaded.origin,
        licence=options.licence,
    )
    return as_text(made.manifest)


if __name__ == "__main__":
    sys.exit(main())
