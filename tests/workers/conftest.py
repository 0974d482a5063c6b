"""What the tests of workers share: a small corpus and a registered model."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw
from psycopg_pool import ConnectionPool

from logosim.embedding import bundled, load_manifest
from logosim.store.models import ModelStore

from .handed_in import analyst, at_work, requests  # noqa: F401

CorpusWriter = Callable[..., Path]


@pytest.fixture
def write_corpus(tmp_path: Path) -> CorpusWriter:
    """Write an L3D folder of drawn figures, every one another; `broken` names get bytes that are no picture."""

    def write(count: int, broken: tuple[str, ...] = (), name: str = "corpus") -> Path:
        folder = tmp_path / name
        (folder / "images").mkdir(parents=True)
        draws = np.random.default_rng(7)
        records = []
        for number in range(count):
            file = f"mark-{number:04}.png"
            picture = Image.new("RGB", (96, 96), "white")
            pen = ImageDraw.Draw(picture)
            for _ in range(3):
                left, top = (int(v) for v in draws.integers(4, 50, 2))
                shape = pen.ellipse if draws.random() < 0.5 else pen.rectangle
                colour = tuple(int(v) for v in draws.integers(0, 200, 3))
                shape((left, top, left + int(draws.integers(8, 40)), top + int(draws.integers(8, 40))), fill=colour)
            picture.save(folder / "images" / file)
            records.append({"file": file, "text": f"BRAND {number}", "vienna_codes": "26.01.01", "year": "2010"})
        for file in broken:
            (folder / "images" / file).write_bytes(b"this is no picture")
            records.append({"file": file, "text": None, "vienna_codes": ["26.04.05"], "year": "2011"})
        (folder / "output_2010.json").write_text(json.dumps(records, indent=1))
        return folder

    return write


@pytest.fixture
def registered_model(pool: ConnectionPool) -> int:
    """The bundled model, registered and active."""
    return ModelStore(pool).register(load_manifest(bundled()), activate=True)
