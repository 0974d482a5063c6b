"""Groups of views of training pictures, as the whitening of a trained model is fitted on."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
import torch

from training.augment.lettering import Lettering
from training.augment.settings import ViewSettings
from training.augment.views import ViewMaker
from training.backbone import INPUT_SIZE
from training.collection import Collection
from training.fitting import Group
from training.reading import PictureCache, UnreadablePicture

_VARIED = 2  # views of the picture itself, besides the aligned ones
_OTHERS = 3  # other drawings of its concept at most


def view_groups(
    collection: Collection, settings: ViewSettings, lettering: Lettering | None, count: int, seed: int
) -> Iterator[Group]:
    """Views of `count` pictures drawn by chance, and of other drawings of their concepts; damaged ones are left out.

    The first three pictures of a group cover the same pixels: as drawn, in another colour, and its negative.
    """
    chance, cache = np.random.default_rng((seed, count)), PictureCache(0)
    varied = ViewMaker(INPUT_SIZE, settings, lettering)
    plain = ViewMaker(INPUT_SIZE, ViewSettings.plain(), None)
    recoloured = ViewMaker(INPUT_SIZE, dataclasses.replace(ViewSettings.plain(), recolour=1.0), None)
    for picture in chance.choice(len(collection), size=count, p=collection.chances):
        others = collection.same(int(picture))
        others = chance.permutation(others[others != picture])[:_OTHERS]
        try:
            drawn = cache.read(collection.files[picture])
            as_drawn = plain(drawn, chance)
            views = [as_drawn, recoloured(drawn, chance), 255 - as_drawn]
            views += [varied(drawn, chance) for _ in range(_VARIED)]
            views += [varied(cache.read(collection.files[other]), chance) for other in others]
        except (UnreadablePicture, ValueError):
            continue
        yield Group(torch.from_numpy(np.stack(views)), aligned=[0, 1, 2])
