"""Pictures that are asked about, kept under a handle."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

import psycopg
from pgvector import HalfVector

from logosim.domain.asked import AskedPart, AskedPicture, KeptPicture
from logosim.domain.features import Features, FigureFeatures
from logosim.domain.rectangle import Rectangle
from logosim.errors import HandleNotFound, ModelMismatch
from logosim.store.features import (
    embedding_from_database,
    embedding_to_database,
    patches_from_database,
    patches_to_database,
)
from logosim.store.models import ModelRow, read_active
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
        with borrowed(self._pool) as connection:
            return remember(connection, asked, data, keep_for)

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
                select region_number, brand_text, region_left, region_top, region_width, region_height
                     , embedding, patches, picture_sha256, vienna_codes, artifact_sha256
                  from logosim.recall_picture(%s)
                """,
                (handle,),
                binary=True,
            ).fetchall()
        if not rows:
            raise HandleNotFound(f"Nobody has looked at the picture with the handle {handle} yet.")
        parts = []
        for number, of_region in groupby(rows, key=lambda row: int(row[0])):
            (_, text, *_, sha256, _, model_sha256), *_ = regions = list(of_region)
            whole, *figures = (_seen(row, model) for row in regions)
            box = whole.part
            features = Features(
                whole.embedding, whole.patches, text, box.width, box.height, sha256, model_sha256, tuple(figures)
            )
            parts.append(AskedPart(box if number else None, features, text))
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


def remember(
    connection: psycopg.Connection[Any], asked: AskedPicture, data: bytes | None, keep_for: timedelta
) -> KeptPicture:
    """Keep a picture in the transaction of `connection`; arguments and errors as `QueryPictureStore.remember`."""
    first = asked.parts[0].features
    active = read_active(connection)
    if active is not None and first.model_sha256 not in (None, active.artifact_sha256):
        raise ModelMismatch(
            f"The picture was looked at with another model than the active one, {active.name!r}.",
            hint="Another model was activated meanwhile: ask again.",
        )
    kept = [row for number, part in enumerate(asked.parts, 1) for row in _rows(number if part.region else 0, part)]
    embeddings: list[HalfVector] = [embedding_to_database(seen.embedding) for *_, seen in kept]
    row = connection.execute(
        """
        select handle, expires_at
          from logosim.remember_picture(
                 model_id => %(model_id)s::smallint
               , picture_sha256 => %(sha256)s
               , region_numbers => %(numbers)s::integer[]
               , figure_numbers => %(figures)s::integer[]
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
            "numbers": [number for number, *_ in kept],
            "figures": [figure for _, figure, *_ in kept],
            "lefts": [box.left for _, _, box, *_ in kept],
            "tops": [box.top for _, _, box, *_ in kept],
            "widths": [box.width for _, _, box, *_ in kept],
            "heights": [box.height for _, _, box, *_ in kept],
            "texts": [text for *_, text, _ in kept],
            "embeddings": embeddings,
            "patches": [patches_to_database(seen.patches) for *_, seen in kept],
            "codes": list(asked.vienna_codes),
            "picture": data,
            "keep_for": keep_for,
        },
    ).fetchone()
    if row is None:
        raise TypeError("logosim.remember_picture returned no row")
    regions = sum(part.region is not None for part in asked.parts)
    return KeptPicture(row[0], row[1], asked.text, regions)


def _rows(number: int, part: AskedPart) -> Iterator[tuple[int, int, Rectangle, str | None, Features | FigureFeatures]]:
    """A region and its separate figures: number of each, rectangle, name and what was seen in it."""
    seen = part.features
    yield number, 0, part.region or Rectangle(0, 0, seen.width, seen.height), part.text, seen
    for figure_number, figure in enumerate(seen.figures, start=1):
        yield number, figure_number, figure.part, None, figure


def _seen(row: tuple[Any, ...], model: ModelRow | None) -> FigureFeatures:
    """What was seen in a region or a figure."""
    left, top, width, height, embedding, patches = row[2:8]
    vector = embedding_from_database(embedding)
    if vector is None or model is None:
        raise TypeError("logosim.recall_picture returned a region without features")
    (grid,) = patches_from_database([patches], model)
    return FigureFeatures(Rectangle(left, top, left + width, top + height), vector, grid)
