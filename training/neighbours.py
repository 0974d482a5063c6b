"""Mines hard negatives: for every training picture those most like it, to a model, that show other things.

    python -m training.neighbours --data build/icons --data build/brands --out build/neighbours.npz
    python -m training.train ... --neighbours build/neighbours.npz --set data.hard_negatives=0.25

The folders and the exclusions must be those of the run. What is more like a picture than `--ceiling` (cosine) is passed
over: above it are mostly copies of the same thing that nobody has marked as such, and those are no negatives.

The search is exact: every picture is compared with every other, block by block. Embedding takes longer than searching.
"""

from __future__ import annotations

import argparse
import os
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from logosim.domain.features import FloatArray
from logosim.embedding import CanvasArray, Embedder, OnnxEmbedder, load_artifact, model_folder
from logosim.errors import LogosimError
from training.canvases import load_canvas
from training.collection import Collection, CollectionError, load_collection, parse_source
from training.command import reported
from training.holdout import read_exclusion

Neighbours = npt.NDArray[np.int32]  # [N, k]

CEILING = 0.9
_BATCH = 64  # pictures opened ahead of the model
_CELLS = 2**26  # similarities computed at a time: 256 MB of float32, and a quarter of it for the mask


def embed_collection(
    collection: Collection, embedder: Embedder, threads: int, progress: Callable[[int], None] = lambda done: None
) -> tuple[FloatArray, list[str]]:
    """Embeddings float32 [N, dimensions] of unit length, text left standing, and what is wrong with which pictures.

    A picture that cannot be opened has a row of zeros. `progress` is told how many pictures are done.
    """
    size, count = embedder.manifest.input_size, len(collection)
    embeddings = np.zeros((count, embedder.manifest.dimensions), dtype=np.float32)
    damaged: list[str] = []

    def opened(picture: int) -> CanvasArray | str:
        file = collection.files[picture]
        try:
            return load_canvas(file, size)
        except OSError as error:
            return f"{file}: {error.strerror}"
        except LogosimError as error:
            return f"{file}: {error}"

    for start, canvases in _ahead(opened, count, threads):
        good = [place for place, canvas in enumerate(canvases) if not isinstance(canvas, str)]
        damaged += [canvas for canvas in canvases if isinstance(canvas, str)]
        if good:
            found = embedder.embed(np.stack([canvas for canvas in canvases if not isinstance(canvas, str)])).embeddings
            embeddings[start + np.asarray(good)] = found
        progress(start + len(canvases))
    return embeddings, damaged


def _ahead(
    opened: Callable[[int], CanvasArray | str], count: int, threads: int
) -> Iterator[tuple[int, list[CanvasArray | str]]]:
    """Batches of what `opened` gives, with the number of their first; the next is made while one is used."""
    with ThreadPoolExecutor(max(1, threads)) as pool:
        former: tuple[int, Iterator[CanvasArray | str]] | None = None
        for start in range(0, count, _BATCH):
            batch = pool.map(opened, range(start, min(start + _BATCH, count)))
            if former is not None:
                yield former[0], list(former[1])
            former = start, batch
        if former is not None:
            yield former[0], list(former[1])


def nearest_others(
    embeddings: FloatArray,
    labels: npt.NDArray[np.int64],
    k: int,
    *,
    ceiling: float = CEILING,
    device: torch.device | str = "cpu",
    progress: Callable[[int], None] = lambda done: None,
) -> Neighbours:
    """int32 [N, k]: the most similar pictures with another label and a cosine of at most `ceiling`, the nearest first.

    `embeddings` is float32 [N, d], rows of unit length, or of zeros for pictures that are nobody's neighbour and have
    none. Where there are fewer than k, the picture itself stands in their place: as it shows what it shows, it is never
    a negative of itself. Raises CollectionError if no picture has a neighbour.
    """
    vectors = torch.from_numpy(embeddings).to(device)
    things = torch.from_numpy(labels).to(device)
    blank = ~vectors.any(dim=1)
    count = len(vectors)
    found = torch.empty((count, k), dtype=torch.int32)
    rows = max(1, _CELLS // max(1, count))
    some = False
    for start in range(0, count, rows):
        block = slice(start, min(start + rows, count))
        scores = vectors[block] @ vectors.T
        scores.masked_fill_(things[block, None] == things[None, :], -torch.inf)
        scores.masked_fill_(scores > ceiling, -torch.inf)
        scores[:, blank] = -torch.inf
        scores[blank[block]] = -torch.inf
        best, places = scores.topk(min(k, count), dim=1)
        itself = torch.arange(block.start, block.stop, device=places.device)[:, None]
        chosen = torch.where(best.isfinite(), places, itself)
        found[block] = itself.int().cpu()
        found[block, : chosen.shape[1]] = chosen.int().cpu()
        some = some or bool(best.isfinite().any())
        progress(block.stop)
    if not some:
        raise CollectionError("no picture has a neighbour that shows something else: there is nothing to mine")
    return np.asarray(found.numpy(), dtype=np.int32)


def write_neighbours(file: Path, neighbours: Neighbours, collection: Collection, model: str) -> None:
    """Write them with the digest of the collection they are of, in one step. Raises OSError."""
    partial = file.with_name(f"{file.name}.tmp")
    file.parent.mkdir(parents=True, exist_ok=True)
    try:
        with partial.open("wb") as out:
            np.savez(out, neighbours=neighbours, digest=np.asarray(collection.digest()), model=np.asarray(model))
            out.flush()
            os.fsync(out.fileno())
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)


def read_neighbours(file: Path, collection: Collection) -> Neighbours:
    """What `write_neighbours` wrote. Raises CollectionError if it is damaged or of other pictures than these."""
    again = "mine them with training.neighbours from the same --data and --exclude, in the same order"
    try:
        with np.load(file, allow_pickle=False) as held:
            neighbours, digest = held["neighbours"], str(held["digest"])
    except OSError as error:
        raise CollectionError(f"cannot read the neighbours {file}: {error.strerror or error}") from error
    except (AttributeError, EOFError, KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
        raise CollectionError(f"{file} is no file of neighbours, or damaged ({error}): {again}") from error
    if digest != collection.digest():
        raise CollectionError(f"{file} holds the neighbours of other pictures than those that are to train: {again}")
    if neighbours.dtype != np.int32 or neighbours.ndim != 2 or len(neighbours) != len(collection):
        raise CollectionError(f"{file} is no file of neighbours, or damaged (other shape or type): {again}")
    return np.asarray(neighbours, dtype=np.int32)


def _progress() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f}/{task.total:,.0f} pictures"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )


def mine(collection: Collection, embedder: Embedder, options: argparse.Namespace) -> Neighbours:
    """Embed and search, with a progress bar for each; damaged pictures are told of on stderr."""
    with _progress() as bar:
        task = bar.add_task("embedding", total=len(collection))
        embeddings, damaged = embed_collection(
            collection, embedder, options.threads, lambda done: bar.update(task, completed=done)
        )
        if damaged:
            told = f"{len(damaged):,} of {len(collection):,} pictures cannot be opened and have no neighbours"
            sys.stderr.write(f"{told}, the first: {damaged[0]}\n")
        search = bar.add_task("searching", total=len(collection))
        return nearest_others(
            embeddings,
            collection.labels,
            options.k,
            ceiling=options.ceiling,
            device=options.device,
            progress=lambda done: bar.update(search, completed=done),
        )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m training.neighbours", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--data", type=parse_source, action="append", required=True, metavar="FOLDER",
        help="folder with an index.csv or of L3D, as for training.train; may be repeated",
    )  # fmt: skip
    parser.add_argument("--exclude", type=Path, action="append", help="brands that never train: slugs, one a line")
    parser.add_argument("--artifact", default="bundled", help="the model: a folder, or the name of a bundled one")
    parser.add_argument("--out", type=Path, required=True, help="file to write, .npz")
    parser.add_argument("--k", type=int, default=10, help="neighbours of a picture")
    parser.add_argument("--ceiling", type=float, default=CEILING, help="pictures more similar than this are copies")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu", help="where to search")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Mine, and write the file."""
    return reported(_parser(), arguments, _mine)


def _mine(options: argparse.Namespace) -> str:
    if not 1 <= options.k <= 1000 or not -1 <= options.ceiling <= 1:
        raise ValueError("--k is from 1 to 1000, --ceiling from -1 to 1")
    collection = load_collection(options.data, read_exclusion(options.exclude) if options.exclude else None)
    sys.stderr.write("".join(f"{note}\n" for note in collection.notes))
    embedder = OnnxEmbedder(load_artifact(model_folder(options.artifact)), threads=options.threads)
    neighbours = mine(collection, embedder, options)
    model = f"{embedder.manifest.name} {embedder.manifest.version}"
    write_neighbours(options.out, neighbours, collection, model)
    alone = int((neighbours[:, 0] == np.arange(len(neighbours))).sum())
    return f"{options.k} neighbours of {len(neighbours):,} pictures ({alone:,} have none) in {options.out}"


if __name__ == "__main__":
    sys.exit(main())
