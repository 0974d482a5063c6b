"""Figures on paper, as canvases."""

from __future__ import annotations

import cv2
import numpy as np


def drawn(count: int, seed: int) -> np.ndarray:
    """Figures on paper, uint8 [count, 224, 224, 3]."""
    draws = np.random.default_rng(seed)
    canvases = np.full((count, 224, 224, 3), 255, np.uint8)
    for canvas in canvases:
        for _ in range(4):
            x, y, size = (int(value) for value in draws.integers(20, 200, 3))
            ink = tuple(int(value) for value in draws.integers(0, 220, 3))
            if draws.random() < 0.5:
                cv2.circle(canvas, (x, y), size // 3, ink, -1 if draws.random() < 0.5 else 9, lineType=cv2.LINE_AA)
            else:
                cv2.line(canvas, (x, y), (y, size), ink, 12, lineType=cv2.LINE_AA)
    return canvases
