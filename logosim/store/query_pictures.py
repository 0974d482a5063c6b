"""Pictures that are asked about, kept under a handle."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from pgvector import HalfVector

from logosim.domain.asked import AskedPart, AskedPicture, KeptPicture
from logosim.domain.features import Features
from logosim.domain.rectangle import Rectangle
from logosim.errors import HandleNotFound, ModelMismatch
from logosim.store.features import (
    embedding_from_database,
    embedding_to_database,
    patches_from_database,
    patches_to_database,
)
from logosim.store.models import read_active
from logosim.store.pool import Pool, borrowed

KEPT_FOR = timedelta(hours=24)


class QueryPictureStore:
    """Remembers pictures and what was seen in them, for a while."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def remember(
        self, asked: AskedPicture, data: bytes | None = None, *, keep_for: timedelta = KEPT_FOR
    ) -> KeptPicture:
        """Keep a picture's features, and its file in `data` if given, under a new handle.

        What has expired by now is deleted.

        Raises:
            NoActiveModel: none is registered.
            ModelMismatch: the features were made with another model than the active one.
            FilterError: `keep_for` is not more than nothing and at most 30 days.
        """
        first = asked.parts[0].features
        with borrowed(self._pool) as connection:
            active = read_active(connection)
            if active is not None and first.model_sha256 not in (None, active.artifact_sha256):
                raise ModelMismatch(
                    f"The picture was looked at with another model than the active one, {active.name!r}.",
                    hint="Another model was activated meanwhile: restart, with LOGOSIM_MODEL_DIR set unless it is "
                    "bundled.",
                )
            boxes = [_rectangle(part) for part in asked.parts]
            embeddings: list[HalfVector] = [embedding_to_database(part.features.embedding) for part in asked.parts]
            row = connection.execute(
                """
                select handle, expires_at
                  from logosim.remember_picture(
                         model_id => %(model_id)s::smallint
                       , picture_sha256 => %(sha256)s
                       , region_numbers => %(numbers)s::integer[]
                       , lefts => %(lefts)s::integer[]
                       , tops => %(tops)s::integer[]
                       , widths => %(widths)s::integer[]
                       , heights => %(heights)s::integer[]
                       , brand_texts => %(texts)s::text[]
                       , embeddings => %(embeddings)s::halfvec[]
                       , patches => %(patches)s::bytea[]
                       , vienna_codes => %(codes)s::text[]
                       , picture => %(picture)s::bytea
                       , keep_for => %(keep_for)s)
                """,
                {
                    "model_id": active.model_id if active else None,
                    "sha256": first.sha256,
                    "numbers": [0 if part.region is None else number for number, part in enumerate(asked.parts, 1)],
                    "lefts": [box.left for box in boxes],
                    "tops": [box.top for box in boxes],
                    "widths": [box.width for box in boxes],
                    "heights": [box.height for box in boxes],
                    "texts": [part.text for part in asked.parts],
                    "embeddings": embeddings,
                    "patches": [patches_to_database(part.features.patches) for part in asked.parts],
                    "codes": list(asked.vienna_codes),
                    "picture": data,
                    "keep_for": keep_for,
                },
            ).fetchone()
        if row is None:
            raise TypeError("logosim.remember_picture returned no row")
        regions = sum(part.region is not None for part in asked.parts)
        return KeptPicture(row[0], row[1], asked.text, regions)

    def recall(self, handle: UUID) -> AskedPicture:
        """What was seen in a picture that was kept; embeddings in half precision, as searches compare them anyway.

        Raises:
            HandleNotFound: there is none with this handle, or it has expired.
            HandleOutdated: another model is active by now.
            NoActiveModel: none is registered.
        """
        with borrowed(self._pool) as connection, connection.transaction():
            connection.execute("set transaction isolation level repeatable read, read only")
            model = read_active(connection)
            rows = connection.execute(
                """
                select region_number, region_left, region_top, region_width, region_height, brand_text, embedding
                     , patches, picture_sha256, vienna_codes, artifact_sha256
                  from logosim.recall_picture(%s)
                """,
                (handle,),
                binary=True,
            ).fetchall()
        parts = []
        for number, left, top, width, height, text, embedding, patches, sha256, _, model_sha256 in rows:
            vector, grid = embedding_from_database(embedding), patches_from_database(patches, model)
            if vector is None or grid is None:
                raise TypeError("logosim.recall_picture returned a region without features")
            region = Rectangle(left, top, left + width, top + height) if number else None
            features = Features(vector, grid, text, width, height, sha256, model_sha256)
            parts.append(AskedPart(region, features, text))
        if not parts:
            raise HandleNotFound(f"Nobody has looked at the picture with the handle {handle} yet.")
        return AskedPicture(tuple(parts), tuple(rows[0][9]))

    def picture(self, handle: UUID) -> bytes | None:
        """The file of a picture that was kept; None where only its features were, or it has expired."""
        with borrowed(self._pool) as connection:
            row = connection.execute(
                "select picture from logosim.query_picture where handle = %s and expires_at > now()",
                (handle,),
                binary=True,
            ).fetchone()
        return bytes(row[0]) if row and row[0] is not None else None


def _rectangle(part: AskedPart) -> Rectangle:
    return part.region or Rectangle(0, 0, part.features.width, part.features.height)
