"""Views of a logo as different hands would draw it, for contrastive training."""

from __future__ import annotations

from training.augment.layer import Layer, layer
from training.augment.lettering import Lettering
from training.augment.settings import ViewSettings
from training.augment.views import ViewMaker

__all__ = ["Layer", "Lettering", "ViewMaker", "ViewSettings", "layer"]
