"""Results as a JSON file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from logosim.errors import InputError


def write_json(file: Path, values: Mapping[str, object]) -> None:
    """Write one object, indented, its folder made; InputError if the file cannot be written."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot write {file}: {error.strerror}") from error
