"""What the tests of real processes share: an environment, a small corpus, and the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw
from psycopg_pool import ConnectionPool

from logosim.embedding import bundled, load_manifest
from logosim.store.models import ModelStore

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


@pytest.fixture
def environment(database_url: str, tmp_path: Path) -> dict[str, str]:
    """The environment of a process that works on this test's database."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("LOGOSIM_")}
    return {
        **inherited,
        "LOGOSIM_DATABASE_URL": database_url,
        "LOGOSIM_DATA_DIR": str(tmp_path / "data"),
        "LOGOSIM_OCR": "none",
        "LOGOSIM_THREADS": "1",
        "COLUMNS": "200",
    }


@pytest.fixture
def logosim(environment: dict[str, str]) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command line as a user would, in a process of its own."""

    def run(*arguments: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "logosim.cli", *map(str, arguments)],
            env={**environment, **more},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )

    return run
