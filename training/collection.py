"""The pictures a model learns from, of one or several folders, and which of them show the same thing.

A folder has an `index.csv` (see training.index_folder) or is an L3D folder (see training.l3d_folder).
"""

from __future__ import annotations

import hashlib
import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import overload

import numpy as np
import numpy.typing as npt

from training.holdout import Exclusion
from training.index_folder import INDEX, IndexFolder
from training.l3d_folder import L3dFolder, json_files
from training.row import CollectionError, PictureFolder, Row
from training.text_column import TextColumn

__all__ = ["Collection", "CollectionError", "Files", "Indices", "Source", "load_collection", "parse_source"]

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Source:
    """A folder of training pictures and the share of the pairs drawn from it; 0 means: by its number of pictures."""

    folder: Path
    share: float = 0.0


def parse_source(text: str) -> Source:
    """A source as the command line spells it: `FOLDER` or `FOLDER=SHARE`."""
    folder, _, share = text.rpartition("=")
    try:
        return Source(Path(folder), float(share)) if folder else Source(Path(text))
    except ValueError:
        return Source(Path(text))


class Files(Sequence[Path]):
    """The pictures' files, folder after folder. A path is made when it is asked for."""

    def __init__(self) -> None:
        self.names = TextColumn()  # relative to their folders
        self._roots: list[Path] = []
        self._starts: list[int] = []

    def begin(self, root: Path) -> None:
        """What is appended from now on is relative to `root`."""
        self._roots.append(root)
        self._starts.append(len(self.names))

    def __len__(self) -> int:
        return len(self.names)

    @overload
    def __getitem__(self, index: int) -> Path: ...
    @overload
    def __getitem__(self, index: slice) -> list[Path]: ...
    def __getitem__(self, index: int | slice) -> Path | list[Path]:
        if isinstance(index, slice):
            return [self[one] for one in range(*index.indices(len(self)))]
        place = int(index) + len(self) if index < 0 else int(index)
        return self._roots[bisect_right(self._starts, place) - 1] / self.names[place]


@dataclass(frozen=True, slots=True, eq=False)
class Collection:
    """All pictures of a run. Arrays and sequences have one entry per picture, in the order of `files`."""

    files: Files
    names: Sequence[str]  # the words a picture goes by: its file's name, or the text of a mark; may be empty
    labels: Indices  # int64 [N], the same concept the same number; a picture without a concept has one of its own
    chances: npt.NDArray[np.float64]  # [N], how likely a pair starts from the picture; their sum is 1
    codes: tuple[tuple[str, ...], ...]  # Vienna codes of each picture
    concepts: frozenset[str]  # the names of all concepts
    notes: tuple[str, ...]  # what was left out and why, in sentences for a person
    _order: Indices  # pictures sorted by label
    _starts: Indices  # where each label begins in `_order`, and its end

    def __len__(self) -> int:
        return len(self.files)

    def same(self, picture: int) -> Indices:
        """All pictures of a picture's concept, itself among them."""
        label = self.labels[picture]
        return self._order[self._starts[label] : self._starts[label + 1]]

    def digest(self) -> str:
        """64 hexadecimal digits that stand for the pictures, their order and which show the same thing.

        Where the folders lie makes no difference, nor what is in the files.
        """
        found = hashlib.sha256()
        for name in self.files.names:
            found.update(name.encode("utf-8", "surrogateescape") + b"\x00")
        found.update(self.labels.astype("<i8").tobytes())
        return found.hexdigest()


def load_collection(sources: Sequence[Source], exclusion: Exclusion | None = None) -> Collection:
    """Read what all folders say of their pictures; the pictures themselves are opened when they are needed.

    Pictures that may show an excluded brand are left out; each kind of folder has its own way to tell. Memory:
    about 400 bytes a picture, and 550 while an L3D folder is read.

    Raises CollectionError if a folder is of neither kind, holds nothing to train on, or the shares exceed 1.
    """
    if not sources:
        raise CollectionError("no folder of training pictures was named")
    files, names, concepts = Files(), TextColumn(), TextColumn()
    codes: list[tuple[str, ...]] = []
    counts: list[int] = []
    notes: list[str] = []
    spellings: dict[str, str] = {}  # each code once
    for source in sources:
        folder = _opened(source.folder)
        files.begin(folder.root)
        shows = folder.shows_excluded(exclusion) if exclusion is not None else _nothing
        before, excluded = len(files), 0
        for row in folder.rows():
            if shows(row):
                excluded += 1
                continue
            files.names.append(row.file)
            names.append(row.name)
            concepts.append(row.concept)
            codes.append(tuple(spellings.setdefault(code, code) for code in row.codes))
        counts.append(len(files) - before)
        notes += folder.notes()
        if excluded:
            notes.append(f"{source.folder}: {excluded:,} pictures go by the name of an excluded brand and are left out")
        if not counts[-1]:
            raise CollectionError(f"{source.folder}: all its pictures go by names of excluded brands")
    labels = _labels(concepts)
    order = np.argsort(labels, kind="stable").astype(np.int64)
    starts = np.searchsorted(labels[order], np.arange(labels.max() + 2)).astype(np.int64)
    told, known = tuple(notes), frozenset(concepts) - {""}
    return Collection(files, names, labels, _chances(sources, counts), tuple(codes), known, told, order, starts)


def _opened(folder: Path) -> PictureFolder:
    if (folder / INDEX).exists():
        return IndexFolder(folder)
    try:
        if json_files(folder):
            return L3dFolder(folder)
    except OSError as error:
        raise CollectionError(f"{folder} cannot be read: {error.strerror}") from error
    wrong = "is no folder of training pictures" if folder.exists() else "does not exist"
    raise CollectionError(
        f"{folder} {wrong}: such a folder has an {INDEX} (made by training.icons or training.holdout) or is an L3D "
        "folder, with output_<year>.json or results.json and the pictures beside them or in images/"
    )


def _nothing(_: Row) -> bool:
    return False


def _labels(concepts: Sequence[str]) -> Indices:
    """Numbers of concepts, int64 [N]: those of pictures without one first, in their order, then by name."""
    alone = sum(not concept for concept in concepts)
    numbers = {name: alone + place for place, name in enumerate(sorted(set(concepts) - {""}))}
    own = iter(range(alone))
    return np.fromiter((numbers[name] if name else next(own) for name in concepts), np.int64, len(concepts))


def _chances(sources: Sequence[Source], counts: Sequence[int]) -> npt.NDArray[np.float64]:
    given = sum(source.share for source in sources)
    rest = 0.0 if math.isclose(given, 1) else 1 - given
    if not all(0 <= source.share <= 1 for source in sources) or rest < 0:
        raise CollectionError(f"the shares of the folders must be from 0 to 1 together, not {given}")
    unnamed = sum(count for source, count in zip(sources, counts, strict=True) if not source.share)
    if not unnamed and rest:
        raise CollectionError(f"the shares of the folders sum to {given}, and no folder is left for the rest")
    each = [
        source.share / count if source.share else rest / unnamed for source, count in zip(sources, counts, strict=True)
    ]
    return np.repeat(each, counts)
