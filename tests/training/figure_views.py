"""Figures to make views of, views with chosen changes, and how dark they are."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from training.augment import Lettering, ViewMaker, ViewSettings

Picture = npt.NDArray[np.uint8]
SIZE = 96
SEEDS = range(12)


def only(*names: str) -> ViewSettings:
    plain = dict.fromkeys(ViewSettings.names(), 0.0)
    return ViewSettings(**{**plain, **dict.fromkeys(names, 1.0)})


def chance(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def view(picture: Picture, settings: ViewSettings, seed: int = 0, lettering: Lettering | None = None) -> Picture:
    return ViewMaker(SIZE, settings, lettering)(picture, chance(seed))


def clear(height: int = 120, width: int = 120) -> Picture:
    return np.zeros((height, width, 4), np.uint8)


def disc_picture() -> Picture:
    picture = clear()
    cv2.circle(picture, (60, 60), 50, (20, 60, 160, 255), -1, cv2.LINE_AA)
    return picture


def ring_picture() -> Picture:
    picture = clear()
    cv2.circle(picture, (60, 60), 48, (10, 10, 10, 255), 6, cv2.LINE_AA)
    return picture


def flag_picture() -> Picture:
    """A figure without any symmetry, in one ink."""
    picture = clear()
    cv2.rectangle(picture, (20, 10), (30, 110), (0, 0, 0, 255), -1)
    cv2.fillPoly(picture, [np.array([[30, 10], [100, 30], [30, 55]], np.int32)], (0, 0, 0, 255))
    return picture


def badge_picture() -> Picture:
    """A yellow cross on a dark blue disc."""
    picture = clear()
    cv2.circle(picture, (60, 60), 50, (20, 30, 120, 255), -1)
    cv2.rectangle(picture, (54, 30), (66, 90), (250, 220, 40, 255), -1)
    cv2.rectangle(picture, (30, 54), (90, 66), (250, 220, 40, 255), -1)
    return picture


def on_white(picture: Picture) -> Picture:
    alpha = picture[:, :, 3:].astype(np.float32) / 255
    return np.asarray(np.round(picture[:, :, :3] * alpha + 255 * (1 - alpha)), np.uint8)


def brightness(picture: Picture) -> npt.NDArray[np.float64]:
    return picture.astype(np.float64) @ np.array([0.299, 0.587, 0.114])


def dark(picture: Picture) -> int:
    return int((brightness(picture) < 128).sum())
