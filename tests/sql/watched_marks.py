"""Marks as near to one another as a test wants them."""

from __future__ import annotations

import hashlib
import math
from typing import Any
from uuid import UUID

import numpy as np
import psycopg
from pgvector import HalfVector

from logosim.domain.mark import mark_id

PATCHES = bytes([7]) * 3136
OTHER_PATCHES = b"".join(bytes([127 if place == cell else 0 for place in range(64)]) for cell in range(49))
"""A figure that is found in no other."""


def embedding(cosine: float, axis: int) -> str:
    """A unit vector whose cosine with the first axis is as given, written for the database."""
    vector = np.zeros(256, np.float32)
    vector[0] = cosine
    vector[axis] += math.sqrt(1 - cosine**2)
    return HalfVector(vector).to_text()


def put(
    connection: psycopg.Connection[Any],
    file: str,
    *,
    text: str | None = None,
    codes: tuple[str, ...] = (),
    year: int | None = None,
    picture: str = "",
) -> UUID:
    """Store a mark, or change it, as merge_marks would; nobody has looked at it then."""
    connection.execute(
        """
        with written as (
          insert into logosim.mark as m (
                 mark_id, source, file, brand_text, normalised_text, phonemes, vienna_codes, year, picture_location
               , picture_sha256, picture_bytes)
          values (%(id)s, 't', %(file)s, %(text)s, logosim.normalise_text(%(text)s), logosim.phonemes(%(text)s)
                , %(codes)s, %(year)s, '/', %(sha)s, 1)
          on conflict (mark_id) do update
             set brand_text = excluded.brand_text, normalised_text = excluded.normalised_text
               , phonemes = excluded.phonemes, year = excluded.year, picture_sha256 = excluded.picture_sha256)
        delete from logosim.mark_features f where f.mark_id = %(id)s and f.picture_sha256 <> %(sha)s
        """,
        {
            "id": mark_id("t", file),
            "file": file,
            "text": text,
            "codes": list(codes),
            "year": year,
            "sha": hashlib.sha256(f"{file}{picture}".encode()).hexdigest(),
        },
    )
    return mark_id("t", file)


def look(
    connection: psycopg.Connection[Any], mark: UUID, cosine: float, axis: int = 1, patches: bytes = PATCHES
) -> None:
    """A worker has looked at a mark, and found it so near to the first axis."""
    connection.execute(
        """
        insert into logosim.mark_features as f (model_id, mark_id, embedding, patches, picture_sha256)
        select a.model_id, m.mark_id, %s::halfvec, %s, m.picture_sha256
          from logosim.mark m, logosim.model a
         where m.mark_id = %s and a.active
        on conflict (model_id, mark_id) do update
           set embedding = excluded.embedding, patches = excluded.patches, picture_sha256 = excluded.picture_sha256
        """,
        (embedding(cosine, axis), patches, mark),
    )


def seen(
    connection: psycopg.Connection[Any],
    file: str,
    cosine: float,
    axis: int = 1,
    *,
    patches: bytes = PATCHES,
    **record: Any,
) -> UUID:
    """A mark that is stored and looked at."""
    mark = put(connection, file, **record)
    look(connection, mark, cosine, axis, patches)
    return mark
