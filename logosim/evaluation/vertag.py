"""Refusals by examiners, in the form of the VERTAG benchmark (2026): applications, and the earlier marks cited.

The benchmark's labels name marks of an office; the pictures have to be collected, and neither they nor its scorer have
been at hand here. What is read and written is therefore the least that carries the same facts, and it is an assumption:

- `queries/` holds the pictures of the refused applications, which only ask; `gallery/` those of earlier marks;
- `relevant.csv` has the columns `query` and `relevant`, one line for each citation: picture names within the two
  folders, with or without their suffix, so that the numbers of applications and registrations can stand there as they
  are;
- rankings are written as a CSV with the columns `query`, `rank` (from 1) and `candidate`, in the same names.

Earlier marks that were not cited are unjudged; like the benchmark, this counts them as not relevant.
"""

from __future__ import annotations

import csv
import os
from collections import Counter
from pathlib import Path

from logosim.errors import RecordError
from logosim.evaluation.listing import picture_files, read_rows
from logosim.evaluation.pairs import truth_of_pairs
from logosim.evaluation.placing import NOTHING, Placings
from logosim.evaluation.truth import TruthSet

INDEX, QUERIES, GALLERY = "relevant.csv", "queries", "gallery"


def load_vertag(folder: Path) -> TruthSet:
    """Read `folder/relevant.csv` and list the pictures of both folders.

    Raises:
        RecordError: the file or a folder is missing, a column is, or a picture that the file names.
    """
    index = folder / INDEX
    rows = read_rows(index, ("query", "relevant"))
    asking, gallery = picture_files(folder / QUERIES), picture_files(folder / GALLERY)
    queries = _by_name(asking, folder / QUERIES, 0)
    marks = _by_name(gallery, folder / GALLERY, len(asking))
    pairs = [
        (
            _found(row["query"], queries, folder / QUERIES, index),
            _found(row["relevant"], marks, folder / GALLERY, index),
        )
        for row in rows
    ]
    hidden = frozenset(range(len(asking)))
    return truth_of_pairs(folder.resolve().name, (*asking, *gallery), pairs, hidden=hidden)


def write_rankings(path: Path, truth: TruthSet, placings: Placings) -> None:
    """Write the first pictures that each query found, best first, for a scorer.

    A picture's name is that of its file without suffix; where two that ask, or two that can be found, share it, it is
    the path below the folder that they have in common. Raises OSError if the file cannot be written.
    """
    names = _names(truth)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("query", "rank", "candidate"))
        for query, found in zip(placings.queries, placings.first, strict=True):
            for rank, picture in enumerate(found[found != NOTHING], start=1):
                writer.writerow((names[query], rank, names[picture]))


def _names(truth: TruthSet) -> dict[int, str]:
    """A name for each picture, unique among the pictures that only ask and among the others."""
    hidden = [False] * len(truth) if truth.hidden is None else truth.hidden.tolist()
    names: dict[int, str] = {}
    for side in (True, False):
        files = {number: file for number, file in enumerate(truth.files) if hidden[number] is side}
        if not files:
            continue
        stems = Counter(file.stem for file in files.values())
        common = os.path.commonpath([file.parent for file in files.values()])
        for number, file in files.items():
            names[number] = file.stem if stems[file.stem] == 1 else file.relative_to(common).as_posix()
    return names


def _by_name(files: tuple[Path, ...], folder: Path, offset: int) -> dict[str, int]:
    """Numbers of pictures by name with suffix, and by name without it where only one picture has that."""
    whole = [file.relative_to(folder) for file in files]
    short = Counter(str(path.with_suffix("")) for path in whole)
    numbers = list(enumerate(whole, start=offset))
    alone = {str(path.with_suffix("")): number for number, path in numbers if short[str(path.with_suffix(""))] == 1}
    return alone | {str(path): number for number, path in numbers}


def _found(name: str, places: dict[str, int], folder: Path, index: Path) -> int:
    if name.strip() not in places:
        raise RecordError(f"the truth set's index {index} names {name!r}, and {folder} has no such picture, or several")
    return places[name.strip()]
