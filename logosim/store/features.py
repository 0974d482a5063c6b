"""Features as they lie in the database: halfvec embeddings, patch bytes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pgvector import HalfVector

from logosim.domain.features import FloatArray, PatchArray
from logosim.errors import ModelMismatch
from logosim.store.models import ModelRow


def embedding_to_database(embedding: FloatArray) -> HalfVector:
    """float32 [dimensions] -> halfvec: half precision, 2 bytes a dimension."""
    return HalfVector(embedding)


def embedding_from_database(value: HalfVector | None) -> FloatArray | None:
    """halfvec -> float32 [dimensions]."""
    return None if value is None else np.asarray(value.to_numpy(), dtype=np.float32)


def patches_to_database(patches: PatchArray) -> bytes:
    """int8 [grid, grid, patch_dimensions] -> its bytes, row by row."""
    return np.ascontiguousarray(patches, dtype=np.int8).tobytes()


def patches_from_database(values: Sequence[bytes], model: ModelRow) -> PatchArray:
    """Bytes of N pictures -> read-only int8 [N, grid, grid, patch_dimensions] of `model`.

    Raises:
        ModelMismatch: the bytes are not those of this model.
    """
    shape = (model.patch_grid, model.patch_grid, model.patch_dimensions)
    wrong = next((len(value) for value in values if len(value) != shape[0] * shape[1] * shape[2]), None)
    if wrong is not None:
        raise ModelMismatch(f"Stored patches have {wrong} bytes; model {model.name} has {shape} of them.")
    return np.frombuffer(b"".join(values), dtype=np.int8).reshape(-1, *shape)
