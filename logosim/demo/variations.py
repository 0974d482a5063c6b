"""A truth set in the form of L3D with known variations: the demo corpus, and queries that were drawn from its marks."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

from logosim.demo.corpus import Corpus
from logosim.demo.query import variations
from logosim.evaluation.variations import INDEX

FOLDER = "variations"


def write_variations(
    corpus: Corpus, count: int, seed: int = 0, progress: Callable[[int, int], None] = lambda done, total: None
) -> Path:
    """Draw `count` queries beside the corpus and list them as `logosim.evaluation.variations` reads them.

    Those of an earlier run are replaced. The label says whether name and icon were put together anew; recoloured,
    cropped and lettered otherwise are all of them. Returns the list.

    Args:
        corpus: as `logosim.demo.corpus.build` left it on disk.
        count: how many; fewer where fewer marks have a name that is worth changing.
        seed: another number chooses other marks and other changes.
        progress: called with the queries drawn and their total.
    """
    folder = corpus.folder / FOLDER
    folder.mkdir(exist_ok=True)
    for old in folder.glob("[0-9][0-9][0-9][0-9][0-9].png"):  # ours, and nothing else that may lie there
        old.unlink()
    rows: list[tuple[str, str, str]] = []
    for number, query in enumerate(variations(corpus.marks, count, seed)):
        name = f"{FOLDER}/{number:05d}.png"
        (corpus.folder / name).write_bytes(query.picture)
        rows.append((name, query.expected.file, "rearranged" if "rearranged" in query.changes else "same arrangement"))
        progress(len(rows), count)
    index = corpus.folder / INDEX
    with index.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows((("file", "of", "change"), *rows))
    return index
