"""The models that ship inside the package: one of them is the default, the former ones stay loadable.

Each is a folder `bundled/<name>-<version>` as `logosim.embedding.artifact` reads it. A database keeps the model its
features were made with: a process uses the one that its database has active, found by its SHA-256 in the folders of
LOGOSIM_MODEL_DIR or inside the package, and the default only where none is active yet. So an upgrade of the package
that brings a better model leaves a database as it is until somebody goes over: `logosim models register`, `backfill`,
`activate`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from logosim.embedding.artifact import MANIFEST, Manifest, load_manifest
from logosim.errors import ArtifactInvalid

DEFAULT = "efficientnet-lite0-logos-ordered256-1"  # folder of the model a fresh database gets; named nowhere else
SHELF = Path(__file__).parent / "bundled"


@dataclass(frozen=True, slots=True)
class BundledModel:
    """A model inside the package: where it lies and what it is. Its weights are checked when it is loaded."""

    folder: Path
    manifest: Manifest

    @property
    def is_default(self) -> bool:
        """Whether a fresh database gets this one."""
        return self.folder.name == DEFAULT


def bundled() -> Path:
    """Folder of the default model."""
    return SHELF / DEFAULT


def bundled_models() -> tuple[BundledModel, ...]:
    """All models of the package, the default first, then by the name of their folder.

    Raises ArtifactInvalid, naming the file, if a manifest cannot be read: the installation is damaged.
    """
    others = {manifest.parent for manifest in SHELF.glob(f"[!.]*/{MANIFEST}")} - {bundled()}
    return tuple(BundledModel(folder, load_manifest(folder)) for folder in (bundled(), *sorted(others)))


def find_bundled(key: str) -> BundledModel | None:
    """The model of the package with this name, folder (`<name>-<version>`) or SHA-256; None if there is none.

    Raises ArtifactInvalid as `bundled_models` does.
    """
    found = (m for m in bundled_models() if key in (m.manifest.name, m.folder.name, m.manifest.sha256))
    return next(found, None)


def find_model(sha256: str, folders: Sequence[Path]) -> Path | None:
    """The folder of the model with these weights: one of `folders`, in their order, or a bundled one; None: neither.

    Raises ArtifactInvalid if the manifest of a folder cannot be read.
    """
    given = (folder for folder in folders if load_manifest(folder).sha256 == sha256)
    inside = find_bundled(sha256)
    return next(given, inside.folder if inside else None)


def first_model(folders: Sequence[Path]) -> Path:
    """The folder of the model that a fresh database gets: the first of `folders`, or the bundled default."""
    return folders[0] if folders else bundled()


def model_folder(named: str) -> Path:
    """The folder that a person means by `named`: `bundled`, the default; else a folder; else a bundled model's name.

    Raises ArtifactInvalid, listing the names, if it is none of these.
    """
    if named == "bundled":
        return bundled()
    if Path(named).is_dir():
        return Path(named)
    if model := find_bundled(named):
        return model.folder
    names = ", ".join(model.manifest.name for model in bundled_models())
    raise ArtifactInvalid(
        f"there is neither a folder {named} nor a bundled model of that name",
        hint=f"Give a folder with {MANIFEST} and an ONNX file, or the name of a bundled model: {names}.",
    )
