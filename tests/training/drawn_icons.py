"""Icons to make a collection of, their sets as files, and the index of what was made."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path

from training.icon_choice import Candidate

TENT = '<path fill="{}" d="M2 22L12 {}l10 16zM12 2h4v3h-4z"/>'
DISC = '<circle cx="12" cy="12" r="{}" fill="currentColor"/>'
BOX = '<path fill="currentColor" d="M2 2h{0}v{0}h-{0}z"/>'
WEDGE = '<path fill="#c00" d="M2 22L{} 2l4 20z"/>'


def write_set(package: Path, prefix: str, bodies: Mapping[str, str | dict[str, object]], licence: str = "MIT") -> Path:
    folder = package / "json"
    folder.mkdir(parents=True, exist_ok=True)
    drawn = {name: body if isinstance(body, dict) else {"body": body} for name, body in bodies.items()}
    whole = {"prefix": prefix, "info": {"license": {"spdx": licence}}, "width": 24, "height": 24, "icons": drawn}
    file = folder / f"{prefix}.json"
    file.write_text(json.dumps(whole), encoding="utf-8")
    return file


def candidate(source: str, name: str, concept: str = "thing", **changes: object) -> Candidate:
    whole = {"set_file": f"{source}.json", "house": source, "look": "line", "size": 0, "body": name.encode()}
    return Candidate(source=source, name=name, concept=concept, **{**whole, **changes})  # type: ignore[arg-type]


def index_rows(out: Path) -> list[dict[str, str]]:
    with (out / "index.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))
