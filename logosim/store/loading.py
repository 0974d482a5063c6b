"""Whole marks with their embeddings by COPY, past the queue: for databases that searches are only measured in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from logosim.domain.features import FloatArray, PatchArray
from logosim.domain.mark import Mark
from logosim.store.features import embedding_to_database, patches_to_database
from logosim.store.pool import Pool, borrowed, without_time_limit

_TABLES = ("mark", "mark_features", "mark_look", "mark_coarse")
_NAME_TABLES = ("name_sketch", "word")
_NO_PATCHES = bytes(17)  # as long as the pointer to real ones, which lie out of line: rows are as wide as with these


@dataclass(frozen=True, slots=True)
class LoadedMark:
    """A mark with the embedding that a model is to have made of its picture."""

    mark: Mark
    embedding: FloatArray  # [dimensions], unit length
    patches: PatchArray | None = None  # int8 [grid, grid, patch_dimensions]; None: a few zeros
    normalised: str | None = None  # the mark's text as it is compared; None: no search by name finds it
    phonemes: str | None = None


def load(
    pool: Pool,
    batches: Iterable[Sequence[LoadedMark]],
    *,
    loaded: Callable[[int], None] = lambda _: None,
    indexing: Callable[[str], None] = lambda _: None,
) -> None:
    """Put marks, and what the active model is to have seen, into a database that has none; all or nothing.

    Indexes are built and names sketched afterwards, in one go each, which is several times as fast as mark by mark.

    Args:
        pool: connections of the owner of the tables.
        batches: marks that are not stored yet, some thousands at a time.
        loaded: called after each batch with the number of its marks.
        indexing: called with the name of what is about to be built: an index, or the sketches.

    Raises:
        NoActiveModel: no model is active.
        DatabaseError: the database refuses, for instance because a mark is there already.
    """
    with borrowed(pool) as connection, without_time_limit(connection):
        with connection.transaction():
            model = connection.execute("select (logosim._active_model()).model_id").fetchone()
            rebuild = _without_indexes(connection)
            connection.execute("alter table logosim.mark disable trigger mark_keep_sketches")
            for batch in batches:
                _copy(connection, model[0] if model else 0, batch)
                loaded(len(batch))
            connection.execute("alter table logosim.mark enable trigger mark_keep_sketches")
            for name, statement, purpose in rebuild:
                indexing(name)
                connection.execute(statement)
                comment = sql.SQL("comment on index {} is {}")
                connection.execute(comment.format(sql.Identifier("logosim", name), sql.Literal(purpose)))
            indexing("name_sketch")
            connection.execute("select logosim._refresh_sketches()")
            connection.execute("select logosim.count_words()")
        for table in (*_TABLES, *_NAME_TABLES):
            connection.execute(sql.SQL("vacuum (analyze) {}").format(sql.Identifier("logosim", table)))


def _without_indexes(connection: psycopg.Connection[Any]) -> list[tuple[str, bytes, str | None]]:
    """Drop the indexes that are no keys; name, definition and comment of each, the largest last."""
    found = connection.execute(
        """
        select i.relname, pg_get_indexdef(i.oid), obj_description(i.oid, 'pg_class')
          from pg_index x
          join pg_class i on i.oid = x.indexrelid
          join pg_am a on a.oid = i.relam
         where x.indrelid = any (array(select to_regclass('logosim.' || t) from unnest(%s::text[]) as t))
           and not exists (select from pg_constraint c where c.conindid = i.oid)
         order by a.amname = 'hnsw', i.relname
        """,
        (list(_TABLES),),
    ).fetchall()
    for name, *_ in found:
        connection.execute(sql.SQL("drop index {}").format(sql.Identifier("logosim", name)))
    return [(name, statement.encode(), purpose) for name, statement, purpose in found]


def _copy(connection: psycopg.Connection[Any], model_id: int, batch: Sequence[LoadedMark]) -> None:
    marks = """
        copy logosim.mark (
               mark_id, source, file, brand_text, normalised_text, phonemes, vienna_codes, year
             , picture_location, picture_sha256, picture_bytes)
        from stdin (format binary)
    """
    features = (
        "copy logosim.mark_features (model_id, mark_id, embedding, patches, picture_sha256) from stdin (format binary)"
    )
    ids = [of.mark.mark_id for of in batch]
    with connection.cursor() as cursor:
        with cursor.copy(marks) as copy:
            copy.set_types(["uuid", "text", "text", "text", "text", "text", "text[]", "int2", "text", "text", "int8"])
            for mark_id, of in zip(ids, batch, strict=True):
                mark = of.mark
                copy.write_row(
                    (
                        mark_id,
                        mark.source,
                        mark.file,
                        mark.text,
                        of.normalised,
                        of.phonemes,
                        list(mark.vienna_codes),
                        mark.year,
                        mark.picture.location,
                        mark.picture.sha256,
                        mark.picture.size_bytes,
                    )
                )
        with cursor.copy(features) as copy:
            copy.set_types(["int2", "uuid", connection.adapters.types["halfvec"].oid, "bytea", "text"])
            for mark_id, of in zip(ids, batch, strict=True):
                embedding = embedding_to_database(of.embedding)
                patches = _NO_PATCHES if of.patches is None else patches_to_database(of.patches)
                copy.write_row((model_id, mark_id, embedding, patches, of.mark.picture.sha256))
