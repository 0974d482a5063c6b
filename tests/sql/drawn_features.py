"""Figures that are varied as logos are, without any picture: patches and embeddings, and names to go with them."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from logosim.domain.features import FloatArray, PatchArray


def figure(number: int) -> PatchArray:
    """A figure of its own on a blank ground: neighbouring patches are a little alike, as in pictures."""
    draws = np.random.default_rng(number)
    patches = draws.standard_normal((7, 7, 64)) + 0.6 * draws.standard_normal((1, 7, 64))
    patches *= 127 / np.linalg.norm(patches, axis=-1, keepdims=True)
    patches[draws.random((7, 7)) < 0.35] = 0
    return patches.round().astype(np.int8)


def varied(patches: PatchArray, draws: np.random.Generator) -> PatchArray:
    """The same figure moved, mirrored, made larger, or drawn by another hand."""
    kind = draws.integers(0, 5)
    if kind == 0:
        patches = patches[:, ::-1]
    elif kind == 1:
        patches = np.roll(patches, draws.integers(-2, 3, 2), axis=(0, 1))
    elif kind == 2:
        patches = patches[2:6, 2:6].repeat(2, axis=0).repeat(2, axis=1)[:7, :7]
    noise = draws.normal(0, draws.choice([2, 6, 14]), patches.shape)
    return np.clip(patches + noise * patches.any(axis=-1, keepdims=True), -127, 127).round().astype(np.int8)


def embedding(patches: PatchArray, draws: np.random.Generator) -> FloatArray:
    """Pictures with the same figure look alike."""
    whole = patches.reshape(49, 64).astype(np.float32).reshape(49, 16, 4).sum(axis=0).ravel()
    vector = np.concatenate([whole, np.zeros(192, np.float32)]) / 300 + draws.normal(0, 0.15, 256)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def names() -> list[str]:
    with (Path(__file__).parents[1] / "data" / "names.csv").open(encoding="utf-8") as lines:
        return [row["name"] for row in csv.DictReader(lines) if row["name"].strip()]
