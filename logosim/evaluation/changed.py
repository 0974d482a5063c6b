"""Changed copies: pictures that ask for the picture they were made from.

What is measured is whether a known change hides a mark from a model, one kind of change at a time; it says little of
how a designer would redraw the idea. The gallery is a whole collection, so that the original must be told from its
like.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from logosim.errors import RecordError
from logosim.evaluation.listing import sha256_of
from logosim.evaluation.truth import TruthSet, numbered


@dataclass(frozen=True, slots=True)
class ChangedCopy:
    """A picture file, the original it was made from, and what was done to it."""

    file: Path
    original: Path
    change: str  # a short label: results are given by it


def truth_of_copies(
    name: str,
    originals: Sequence[Path],
    copies: Sequence[ChangedCopy],
    codes: Sequence[tuple[str, ...]] | None = None,
    brands: Sequence[str] | None = None,
) -> TruthSet:
    """Each copy should find its original among all originals; copies are not found themselves.

    Originals that are the same file byte by byte count as one drawing. The change is the difficulty.

    Args:
        name: of the truth set.
        originals: the gallery.
        copies: who asks.
        codes: canonical Vienna codes of each original, where known.
        brands: whose logo each original is, "" where that is not known. Other logos of a brand are neither right nor
            wrong answers to a copy of one of them: they may well look more like it than the original does.

    Raises:
        RecordError: no copies, a copy of a picture that is not in the gallery, or a file that cannot be read.
    """
    if not copies:
        raise RecordError(f"the truth set {name} has no changed copies")
    place = {file: number for number, file in enumerate(originals)}
    strange = next((copy for copy in copies if copy.original not in place), None)
    if strange is not None:
        raise RecordError(f"the truth set {name} has a copy of a picture outside the gallery: {strange.original}")
    contents = [sha256_of(file) for file in originals]
    groups, _ = numbered([*contents, *(contents[place[copy.original]] for copy in copies)])
    first = {content: file for file, content in reversed(list(zip(originals, contents, strict=True)))}
    drawings, _ = numbered([*contents, *(f"copy {number}" for number in range(len(copies)))])
    families = None
    if brands is not None:
        owners = [brand.strip() or f"\x00{number}" for number, brand in enumerate(brands)]
        families, _ = numbered([*owners, *(owners[place[copy.original]] for copy in copies)])
    hidden = np.arange(len(originals) + len(copies)) >= len(originals)
    return TruthSet(
        name=name,
        files=(*originals, *(copy.file for copy in copies)),
        groups=groups,
        drawings=drawings,
        main=~hidden,
        group_names=tuple(first[content].stem for content in sorted(set(contents))),
        difficulty=(*("" for _ in originals), *(copy.change for copy in copies)),
        asked=np.flatnonzero(hidden).astype(np.int64),
        hidden=hidden,
        families=families,
        codes=None if codes is None else (*codes, *(codes[place[copy.original]] for copy in copies)),
    )
