"""One view of a logo, as another hand might have drawn it: the recipe, from figure to canvas."""

from __future__ import annotations

import numpy as np

from logosim.domain.features import RgbImage
from logosim.imaging import canvas, trim
from training.augment.colour import repaint
from training.augment.degrade import degrade
from training.augment.geometry import bent, cropped, mirrored, windowed
from training.augment.ground import place
from training.augment.layer import ByteArray, Layer, layer, resized
from training.augment.lettering import Lettering, letter
from training.augment.settings import ViewSettings
from training.augment.strokes import redraw

_MOST, _LEAST = 1.5, 0.75  # bounds of the figure's size while it is redrawn, in sizes of the canvas


class ViewMaker:
    """Makes views of `size` by `size` pixels; see `ViewSettings` for what happens to them.

    Without a `Lettering` there are no words, whatever the settings say. Raises ValueError for a size below 8.
    """

    def __init__(self, size: int, settings: ViewSettings, lettering: Lettering | None) -> None:
        if size < 8:
            raise ValueError(f"a view is at least 8 pixels wide; got {size}")
        self._size, self._settings, self._lettering = size, settings, lettering

    def __call__(self, picture: np.ndarray, chance: np.random.Generator) -> ByteArray:
        """A view of `picture` (see `layer`) as uint8 [size, size, 3] RGB; the same for the same generator state.

        Raises ValueError where `layer` does.
        """
        changes = self._settings.drawn(chance)
        figure = self._sized(layer(picture), changes)
        if "bare_word" in changes and self._lettering is not None:
            figure = self._lettering.bare_word(figure, chance)
        if "mirror" in changes:
            figure = mirrored(figure)
        figure = redraw(figure, changes, chance)
        figure = repaint(figure, changes, chance)
        if "crop" in changes:
            figure = cropped(figure, chance)
        scene = place(figure, changes, chance)
        if "lettering" in changes and self._lettering is not None:
            scene = letter(scene, self._lettering, chance)
        if "window" in changes:
            scene = windowed(scene, chance)
        scene = bent(scene, changes, chance, round(self._size * 1.25))
        square = canvas(trim(RgbImage(scene.picture)), self._size)
        return degrade(np.asarray(square), changes, chance)

    def _sized(self, figure: Layer, changes: frozenset[str]) -> Layer:
        """The figure at a size at which redrawing is neither slow nor coarse. Left alone if nothing happens to it."""
        longest = max(figure.alpha.shape)
        if longest > _MOST * self._size:
            return resized(figure, round(_MOST * self._size))
        if changes and longest < _LEAST * self._size:
            return resized(figure, round(_LEAST * self._size))
        return figure
