"""Whole marks with their features by COPY, past the queue: for databases that searches are only measured in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from psycopg import sql

from logosim.domain.features import FloatArray
from logosim.domain.mark import Mark
from logosim.store.pool import Pool, borrowed

_PATCHES = bytes(17)  # as long as the pointer to the real ones, which lie out of line: rows are as wide as real ones
_HALFVEC_HEADER = 4  # bytes: number of dimensions and two that are unused
Loaded = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class LoadedMark:
    """A mark with the embedding that a model is to have made of its picture."""

    mark: Mark
    embedding: FloatArray  # [dimensions], unit length


def load(pool: Pool, model_id: int, batches: Iterable[Sequence[LoadedMark]], loaded: Loaded = lambda _: None) -> None:
    """Put marks and features into a database that has none, and build the indexes afterwards, in one go each.

    Names are stored without the keys that searches by name use, and patches as zeros: neither can be searched by.

    Args:
        pool: connections of the owner of the tables.
        model_id: model that the embeddings count as made by.
        batches: marks that are not stored yet.
        loaded: called after each batch with the number of its marks.
    """
    with borrowed(pool) as connection:
        connection.execute("set statement_timeout = 0")
        try:
            with connection.transaction():
                connection.execute("set local synchronous_commit = off")
                rebuild = _drop_indexes(connection)
                for batch in batches:
                    _copy_marks(connection, batch)
                    _copy_features(connection, model_id, batch)
                    loaded(len(batch))
                for statement in rebuild:
                    connection.execute(statement)
            for table in ("mark", "mark_features"):
                connection.execute(sql.SQL("vacuum (analyze) {}").format(sql.Identifier("logosim", table)))
        finally:
            connection.execute("reset statement_timeout")
