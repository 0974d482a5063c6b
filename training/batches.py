"""Batches of pairs of views. The batch of a step depends on the seed and the step alone, so a run resumes exactly."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch.utils.data import DataLoader, Dataset

from training.augment.views import ViewMaker
from training.collection import Collection, CollectionError, Indices
from training.reading import PictureCache, UnreadablePicture

_TRIES = 20  # pictures in a row that may be damaged before a run is given up
_AHEAD = 256  # pairs that a process makes ahead, or one batch: 1,024 of 224 pixels are 300 MB of shared memory
_NAMED = 20  # damaged pictures that are named in the log; further ones are only counted
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """N pairs of views."""

    step: int
    first: torch.Tensor  # uint8 [N, S, S, 3]
    second: torch.Tensor  # uint8 [N, S, S, 3], of the same picture or of another drawing of its concept
    labels: torch.Tensor  # int64 [N], what they show
    pictures: torch.Tensor  # int64 [N], index of the first view's picture

    def __len__(self) -> int:
        return len(self.labels)


class Batches(Dataset[Batch]):
    """The batches of a run by step: `batches[step]`."""

    def __init__(
        self,
        collection: Collection,
        views: ViewMaker,
        *,
        pairs: int,
        other_hand: float,
        seed: int,
        neighbours: npt.NDArray[np.integer[Any]] | None = None,
        hard_negatives: float = 0.0,
        cache_megabytes: float = 512,
    ) -> None:
        """`neighbours` is [pictures, k]: pictures that look alike and show other things (`training.neighbours`)."""
        if neighbours is not None and len(neighbours) != len(collection):
            raise CollectionError(
                f"the neighbours are of {len(neighbours)} pictures and the training folders have {len(collection)}: "
                "mine them again with training.neighbours"
            )
        if neighbours is None and hard_negatives:
            raise CollectionError(
                f"data.hard_negatives is {hard_negatives} and no neighbours are given: mine them with "
                "training.neighbours and name the file with --neighbours"
            )
        self.collection, self.views = collection, views
        self.pairs, self.other_hand, self.seed = pairs, other_hand, seed
        self.neighbours, self.hard = neighbours, hard_negatives
        self._damaged = torch.zeros(len(collection), dtype=torch.bool).share_memory_()  # by all worker processes
        self._cache = PictureCache(cache_megabytes)
        self._cumulated = np.cumsum(collection.chances)

    def __getitem__(self, step: int) -> Batch:
        """Draw the pictures, then a view of each."""
        chance = np.random.default_rng((self.seed, step))
        first, second, pictures = [], [], []
        for picture in self._chosen(chance):
            view, shown = self._view(int(picture), chance)
            other = self._made(self._partner(shown, chance), chance)
            first.append(view)
            second.append(self._view(shown, chance)[0] if other is None else other)
            pictures.append(shown)
        return Batch(
            step,
            torch.from_numpy(np.stack(first)),
            torch.from_numpy(np.stack(second)),
            torch.from_numpy(self.collection.labels[pictures]),
            torch.tensor(pictures, dtype=torch.int64),
        )

    def _chosen(self, chance: np.random.Generator) -> Indices:
        """The pictures that pairs start from; the last ones are neighbours of the first where that is wanted."""
        drawn = np.searchsorted(self._cumulated, chance.random(self.pairs), side="right")
        drawn = np.minimum(drawn, len(self.collection) - 1).astype(np.int64)
        hard = round(self.hard * self.pairs)
        if hard and self.neighbours is not None:
            rows = self.neighbours[drawn[:hard]]
            drawn[-hard:] = rows[np.arange(hard), chance.integers(rows.shape[1], size=hard)]
        return drawn

    def _partner(self, picture: int, chance: np.random.Generator) -> int:
        same = self.collection.same(picture)
        if len(same) == 1 or chance.random() >= self.other_hand:
            return picture
        others = same[same != picture]
        return int(others[chance.integers(len(others))])

    def _view(self, picture: int, chance: np.random.Generator) -> tuple[np.ndarray, int]:
        """A view of a picture, and which it is: for a damaged one, another of its concept or else any other."""
        for tried in range(_TRIES):
            view = self._made(picture, chance)
            if view is not None:
                return view, picture
            last, same = picture, self.collection.same(picture)
            near = len(same) > 1 and tried < _TRIES // 2  # all of a concept may be damaged
            picture = int(same[chance.integers(len(same))] if near else chance.integers(len(self.collection)))
        file = self.collection.files[last]
        raise CollectionError(f"{_TRIES} pictures in a row cannot be used, the last is {file}: is the folder whole?")

    def _made(self, picture: int, chance: np.random.Generator) -> np.ndarray | None:
        """A view of this picture, or None if it cannot be used."""
        file = self.collection.files[picture]
        try:
            return self.views(self._cache.read(file), chance)
        except UnreadablePicture as error:
            self._leave_out(picture, str(error))
        except (ValueError, cv2.error) as error:  # nothing is drawn on it, or nothing that can be redrawn
            self._leave_out(picture, f"{file}: {error}")
        return None

    @property
    def damaged(self) -> int:
        """How many different pictures could not be used so far, in whatever process; each was replaced by another."""
        return int(self._damaged.sum())

    def _leave_out(self, picture: int, reason: str) -> None:
        """Say once of a picture, and not of hundreds, that it cannot be used."""
        if self._damaged[picture]:
            return
        self._damaged[picture] = True
        told = {"action": "picture_left_out", "reason": reason}
        if self.damaged < _NAMED:
            _log.warning("A training picture is left out: %s", reason, extra=told)
        elif self.damaged == _NAMED:
            _log.warning("A training picture is left out, further ones without notice: %s", reason, extra=told)


def batch_loader(batches: Batches, steps: range, workers: int) -> DataLoader[Batch]:
    """The batches of the given steps in order, made by so many processes (0: in this one)."""
    return DataLoader(
        batches,
        batch_size=None,
        sampler=steps,  # type: ignore[arg-type]
        num_workers=workers,
        prefetch_factor=min(4, max(1, _AHEAD // batches.pairs)) if workers else None,
        worker_init_fn=_one_thread,
    )


def _one_thread(_: int) -> None:
    os.nice(10)  # a step waits for its batch anyhow; the arithmetic must not wait for the batches after it
    cv2.setNumThreads(0)
    torch.set_num_threads(1)
