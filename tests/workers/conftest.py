"""What the tests of real processes share: an environment, a small corpus, and the command line."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture()
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


@pytest.fixture()
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
