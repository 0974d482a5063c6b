"""Distractors: pictures that lie in the gallery and are never right, so that a search has more to be wrong about.

A few thousand pictures are found among one another too easily: registers hold hundreds of thousands. Any folder of
pictures serves, as long as none of them shows what the truth set asks for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from logosim.errors import RecordError
from logosim.evaluation.listing import sha256_of
from logosim.evaluation.truth import TruthSet


@dataclass(frozen=True, slots=True)
class Distractors:
    """What was chosen, and why the others that were looked at were not."""

    files: tuple[Path, ...]
    known: int  # the same file, byte by byte, as one of the truth set or one chosen before
    unusable: int  # cannot be read or decoded


def choose_distractors(
    truth: TruthSet,
    files: Sequence[Path],
    count: int | None,
    seed: int,
    usable: Callable[[Path], bool],
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Distractors:
    """Choose `count` of `files`, in an order that `seed` decides; the same seed, the same pictures.

    A file that the truth set holds byte by byte is what the truth set says it is, and no distractor; of several that
    are the same one serves.

    Args:
        truth: what is asked.
        files: pictures to choose from.
        count: how many are wanted; None: all. Fewer come back where there are not so many.
        seed: another number chooses others.
        usable: whether a picture can be decoded; asked of those only that would be chosen.
        progress: called with the pictures chosen and how many there can be at most.

    Raises:
        RecordError: a file of the truth set cannot be read.
    """
    wanted = len(files) if count is None else min(count, len(files))
    seen = {sha256_of(file) for file in truth.files}
    chosen: list[Path] = []
    known = unusable = 0
    for place in np.random.default_rng(seed).permutation(len(files)):
        if len(chosen) == wanted:
            break
        try:
            content = sha256_of(files[place])
        except RecordError:
            unusable += 1
            continue
        if content in seen:
            known += 1
        elif not usable(files[place]):
            unusable += 1
        else:
            chosen.append(files[place])
            progress(len(chosen), wanted)
        seen.add(content)
    return Distractors(tuple(sorted(chosen)), known, unusable)
