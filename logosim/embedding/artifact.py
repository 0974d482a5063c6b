"""A model as it is shipped: a folder with `manifest.json` and the ONNX file that the manifest describes.

The facts a caller must respect (input size, colour order, preprocessing) travel with the weights, and the SHA-256 of
the weights is checked before they are used: a damaged or exchanged file is refused, never run.

The graph takes `pictures`, uint8 [N, size, size, 3], and gives `embeddings`, float32 [N, dimensions], and `patches`,
int8 [N, grid, grid, patch_dimensions]; normalisation, pooling and whitening are inside.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from logosim.errors import ArtifactInvalid

FORMAT = 1  # of the folder; a reader refuses what it does not know
MANIFEST = "manifest.json"
PREPROCESSING = "trim-mask-square/1"  # what `logosim.extract` does before the canvas; a new way is a new version
_MODEL_BYTES_AT_MOST = 2**31


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a model is, what it wants to see and what it gives."""

    format: int
    name: str  # unique among models, with its version: what the database registers
    version: str
    file: str  # name of the ONNX file, beside the manifest
    sha256: str  # of the ONNX file, hexadecimal
    size_bytes: int
    input_size: int  # side of the square canvas, pixels
    colour_order: str  # "RGB"
    mean: tuple[float, float, float]  # per colour, 0..255; subtracted inside the graph
    std: tuple[float, float, float]  # divided by inside the graph
    preprocessing: str  # must equal PREPROCESSING
    dimensions: int
    patch_grid: int
    patch_dimensions: int
    description: str
    fitting: str  # what the weights and the whitening were made from
    licence: str
    metrics: dict[str, float]  # measured on pictures kept for measuring, by `training.export`

    def as_json(self) -> dict[str, Any]:
        """The manifest as plain JSON values, in the order of its fields."""
        values = dataclasses.asdict(self)
        return {key: list(value) if isinstance(value, tuple) else value for key, value in values.items()}


@dataclass(frozen=True, slots=True, eq=False)
class Artifact:
    """A model that has been checked: the manifest and the very bytes whose SHA-256 it names."""

    folder: Path
    manifest: Manifest
    model: bytes


def load_manifest(folder: Path) -> Manifest:
    """Read and check `folder/manifest.json`. Raises ArtifactInvalid, naming the file and what is wrong with it."""
    path = folder / MANIFEST
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ArtifactInvalid(
            f"cannot read the model's manifest {path}: {error.strerror}",
            hint="LOGOSIM_MODEL_DIR names folders with manifest.json and an ONNX file; unset, a bundled one is used.",
        ) from error
    except ValueError as error:
        raise ArtifactInvalid(f"the model's manifest {path} is not JSON: {error}") from error
    try:
        return parse_manifest(values)
    except ArtifactInvalid as error:
        raise ArtifactInvalid(f"{error} ({path})", hint=error.hint) from error


def load_artifact(folder: Path) -> Artifact:
    """Read a model and check it against its manifest. Raises ArtifactInvalid.

    The bytes that were checked are the bytes that are returned: the file is not opened a second time.
    """
    manifest = load_manifest(folder)
    path = folder / manifest.file
    try:
        model = path.read_bytes()
    except OSError as error:
        raise ArtifactInvalid(f"cannot read the model {path}: {error.strerror}") from error
    if len(model) != manifest.size_bytes:
        raise ArtifactInvalid(f"the model {path} has {len(model)} bytes, its manifest says {manifest.size_bytes}")
    if hashlib.sha256(model).hexdigest() != manifest.sha256:
        raise ArtifactInvalid(f"the SHA-256 of the model {path} is not the one in its manifest")
    return Artifact(folder, manifest, model)


def parse_manifest(values: object) -> Manifest:
    """A manifest from plain JSON values. Raises ArtifactInvalid naming the first field that is missing or wrong."""
    if not isinstance(values, dict):
        raise ArtifactInvalid("the model's manifest is not a JSON object")
    if values.get("format") != FORMAT:
        raise ArtifactInvalid(f"the model's manifest has format {values.get('format')!r}; this version reads {FORMAT}")
    unknown = sorted(values.keys() - _CHECKS.keys())
    if unknown:
        raise ArtifactInvalid(f"the model's manifest has unknown fields: {', '.join(map(str, unknown))}")
    for field, (check, wanted) in _CHECKS.items():
        if field not in values:
            raise ArtifactInvalid(f"the model's manifest lacks the field {field}")
        if not check(values[field]):
            raise ArtifactInvalid(f"the model's manifest has {field} = {values[field]!r}; it must be {wanted}")
    if values["preprocessing"] != PREPROCESSING:
        raise ArtifactInvalid(
            f"the model wants pictures prepared as {values['preprocessing']}, this version prepares {PREPROCESSING}",
            hint="Use a model and a logosim that agree; features of different preparations cannot be compared.",
        )
    fields: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in values.items()}
    return Manifest(**fields)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_count(value: object, at_most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= at_most


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _is_per_colour(value: object, *, above_zero: bool = False) -> bool:
    if not (isinstance(value, list) and len(value) == 3 and all(map(_is_number, value))):
        return False
    return not above_zero or min(value) > 0


def _is_metrics(value: object) -> bool:
    return (
        isinstance(value, dict)
        and all(isinstance(name, str) for name in value)
        and all(map(_is_number, value.values()))
    )


_TEXT: tuple[Callable[[object], bool], str] = (_is_text, "a text that is not empty")
_CHECKS: dict[str, tuple[Callable[[object], bool], str]] = {
    "format": (lambda value: type(value) is int and value == FORMAT, str(FORMAT)),
    "name": (
        lambda value: isinstance(value, str) and bool(re.fullmatch(r"[a-z0-9][a-z0-9.-]{0,99}", value)),
        "a-z 0-9 . -",
    ),
    "version": _TEXT,
    "file": (
        lambda value: isinstance(value, str) and bool(re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]*\.onnx", value)),
        "the plain name of an .onnx file beside the manifest",
    ),
    "sha256": (
        lambda value: isinstance(value, str) and bool(re.fullmatch(r"[0-9a-f]{64}", value)),
        "64 hexadecimal digits",
    ),
    "size_bytes": (lambda value: _is_count(value, _MODEL_BYTES_AT_MOST), "a number of bytes above 0"),
    "input_size": (lambda value: _is_count(value, 4096), "a number of pixels, 1 to 4096"),
    "colour_order": (lambda value: value == "RGB", "RGB"),
    "mean": (_is_per_colour, "three numbers"),
    "std": (lambda value: _is_per_colour(value, above_zero=True), "three numbers above 0"),
    "preprocessing": _TEXT,
    "dimensions": (lambda value: _is_count(value, 4000), "1 to 4000, what a halfvec index holds"),
    "patch_grid": (lambda value: _is_count(value, 8), "1 to 8, what patch matching compares"),
    "patch_dimensions": (lambda value: _is_count(value, 4096), "1 to 4096"),
    "description": _TEXT,
    "fitting": _TEXT,
    "licence": _TEXT,
    "metrics": (_is_metrics, "numbers by name"),
}
