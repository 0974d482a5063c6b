"""Registered embedding models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from logosim.errors import NoActiveModel
from logosim.store.pool import Pool, borrowed

_COLUMNS = """
select model_id, name, artifact_sha256, dimensions, patch_grid, patch_dimensions, manifest, active, fed, registered_at
  from logosim.model
"""


class ModelManifest(Protocol):
    """What registering a model needs to know of it; `logosim.embedding.artifact.Manifest` is one."""

    @property
    def name(self) -> str:
        """Name of the model, unique among models."""

    @property
    def sha256(self) -> str:
        """SHA-256 of the weights, hexadecimal."""

    @property
    def dimensions(self) -> int:
        """Dimensions of the embedding."""

    @property
    def patch_grid(self) -> int:
        """Patches per side."""

    @property
    def patch_dimensions(self) -> int:
        """Dimensions of one patch vector."""

    def as_json(self) -> dict[str, Any]:
        """The whole manifest as JSON values."""


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A registered model."""

    model_id: int
    name: str
    artifact_sha256: str
    dimensions: int
    patch_grid: int
    patch_dimensions: int
    manifest: Mapping[str, Any]
    active: bool
    fed: bool  # whether new pictures are queued for it
    registered_at: datetime


class ModelStore:
    """Registers models and says which one is active."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def register(self, manifest: ModelManifest, *, activate: bool) -> int:
        """Register a model, or find it by its weights. Returns its id.

        Activating a model at once makes its vector index and queues the marks it has not seen, which are found by name
        only until they are done; `ModelVersionStore` goes over without that. Only the owner of the schema may do this.

        Raises:
            FilterError: another model has its name, or its dimensions differ from those registered.
            PrivilegeMissing: the database role is not the owner.
        """
        with borrowed(self._pool) as connection:
            row = connection.execute(
                "select logosim.register_model(%s, %s, %s, %s, %s, %s, %s)",
                (
                    manifest.name,
                    manifest.sha256,
                    manifest.dimensions,
                    manifest.patch_grid,
                    manifest.patch_dimensions,
                    Jsonb(manifest.as_json()),
                    activate,
                ),
            ).fetchone()
        return int(row[0]) if row else 0

    def active(self) -> ModelRow:
        """The active model.

        Raises:
            NoActiveModel: there is none.
        """
        found = self.find_active()
        if found is None:
            raise NoActiveModel()
        return found

    def find_active(self) -> ModelRow | None:
        """The active model, or None."""
        with borrowed(self._pool) as connection:
            return read_active(connection)

    def list(self) -> tuple[ModelRow, ...]:
        """All registered models, oldest first."""
        with borrowed(self._pool) as connection, connection.cursor(row_factory=class_row(ModelRow)) as cursor:
            return tuple(cursor.execute(_COLUMNS + " order by model_id").fetchall())


def read_active(connection: psycopg.Connection[Any]) -> ModelRow | None:
    """The active model as this connection sees it."""
    with connection.cursor(row_factory=class_row(ModelRow)) as cursor:
        return cursor.execute(_COLUMNS + " where active").fetchone()
