"""What the marks of a made-up register need for whole searches: names, and the patches of real pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from logosim.cli.display import progress_bar
from logosim.demo.corpus import demo_marks, picture_bytes
from logosim.domain.features import Features, PatchArray
from logosim.evaluation.made_names import made_names
from logosim.evaluation.names import read_register
from logosim.evaluation.register import Register
from logosim.phonetics.normalise import normalise
from logosim.runtime import Runtime
from logosim.store.loading import LoadedMark

_PICTURES = 500  # logos of the demo, at most, whose patches the marks share
_SHARING = 20  # marks to each of them, at least
_BATCH = 16


@dataclass(frozen=True, slots=True)
class Dress:
    """What is put on the marks.

    `names` are normalised names, of whose words those of the marks are made; `patches` are int8 [pictures, grid, grid,
    patch_dimensions], of which each mark takes those of one picture.
    """

    names: Sequence[str]
    patches: PatchArray


def dress(runtime: Runtime, marks: int, names: Path | None) -> Dress:
    """Names of a file, or those of the demo's logos; patches of some of the demo's logos under the active model.

    `marks` is how many are to be dressed.

    Raises:
        DependencyMissing: the extra `demo` is not installed.
        RecordError: the file cannot be read, or holds no name.
    """
    known = read_register(names) if names else [mark.text for mark in demo_marks() if mark.text]
    pictures = [picture_bytes(mark) for mark in demo_marks(min(_PICTURES, marks // _SHARING))]
    extractor = runtime.extractor
    patches = []
    with progress_bar("pictures") as bar:
        task = bar.add_task("Looking at logos", total=len(pictures))
        for start in range(0, len(pictures), _BATCH):
            batch = pictures[start : start + _BATCH]
            patches += [seen.patches for seen in extractor.extract(batch) if isinstance(seen, Features)]
            bar.advance(task, len(batch))
    return Dress([key for name in dict.fromkeys(known) if (key := normalise(name))], np.stack(patches))


def dressed(register: Register, dress: Dress, runtime: Runtime) -> Iterator[list[LoadedMark]]:
    """All marks of the register in order, some thousands at a time, the same ones for the same dress."""
    transcriber = runtime.transcriber
    for number, (marks, embeddings) in enumerate(register.chunks()):
        names = made_names(dress.names, len(marks), seed=number)
        worn = np.random.default_rng(number).integers(0, len(dress.patches), len(marks))
        batch = []
        for mark, embedding, name, picture in zip(marks, embeddings, names, worn, strict=True):
            text = name if mark.text else None
            batch.append(
                LoadedMark(
                    replace(mark, text=text),
                    embedding,
                    dress.patches[picture],
                    normalise(text) if text else None,
                    transcriber.phonemes(text) if text else None,
                )
            )
        yield batch
