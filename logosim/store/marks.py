"""Stored marks, one by one."""

from __future__ import annotations

from uuid import UUID

from logosim.domain.hit import StoredMark
from logosim.errors import MarkNotFound
from logosim.store.features import embedding_from_database, patches_from_database
from logosim.store.models import read_active
from logosim.store.pool import Pool, borrowed


class MarkStore:
    """Reads marks."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def get(self, mark_id: UUID) -> StoredMark:
        """One mark with its features under the active model, as far as a worker has made them.

        Raises:
            MarkNotFound: there is none with this id.
        """
        with borrowed(self._pool) as connection, connection.transaction():
            model = read_active(connection)
            row = connection.execute(
                """
                select m.mark_id, m.source, m.file, m.brand_text, m.vienna_codes, m.year
                     , m.picture_location, m.picture_sha256, m.picture_width, m.picture_height
                     , f.embedding, f.patches
                  from logosim.mark m
                  left join logosim.mark_features f on f.mark_id = m.mark_id and f.model_id = %s
                 where m.mark_id = %s
                """,
                (model.model_id if model else None, mark_id),
                binary=True,
            ).fetchone()
        if row is None:
            raise MarkNotFound(f"There is no mark {mark_id}.")
        *_, embedding, patches = row
        return StoredMark(
            mark_id=row[0],
            source=row[1],
            file=row[2],
            text=row[3],
            vienna_codes=tuple(row[4]),
            year=row[5],
            picture_location=row[6],
            picture_sha256=row[7],
            width=row[8],
            height=row[9],
            embedding=embedding_from_database(embedding),
            patches=None if patches is None or model is None else patches_from_database([patches], model)[0],
            model_sha256=model.artifact_sha256 if model else None,
        )

    def drawn(self, count: int, seed: int = 0) -> tuple[UUID, ...]:
        """At most `count` marks that the active model has seen, drawn by `seed`: the same seed, the same marks.

        Every mark is looked at: for measurements, not for questions.
        """
        with borrowed(self._pool) as connection, connection.transaction():
            model = read_active(connection)
            rows = connection.execute(
                """
                select f.mark_id
                  from logosim.mark_features f
                 where f.model_id = %s
                 order by md5(f.mark_id::text || %s::text), f.mark_id
                 limit %s
                """,
                (model.model_id if model else None, seed, count),
                binary=True,
            ).fetchall()
        return tuple(row[0] for row in rows)

    def count(self) -> int:
        """How many marks there are."""
        with borrowed(self._pool) as connection:
            row = connection.execute("select count(*) from logosim.mark").fetchone()
        return int(row[0]) if row else 0
