"""Marks that have a name and nothing else, by COPY, and questions by name: for databases that are only measured."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from logosim.domain.mark import mark_id
from logosim.store.pool import Pool, borrowed

SOURCE = "names"


@dataclass(frozen=True, slots=True)
class SpokenName:
    """A name as it is stored."""

    text: str
    normalised: str | None
    phonemes: str | None


@dataclass(frozen=True, slots=True)
class NameFound:
    """One candidate by name."""

    text: str
    channels: tuple[str, ...]


def load_names(pool: Pool, names: Iterable[SpokenName], *, sketching: Callable[[], None] = lambda: None) -> None:
    """Put marks with these names into a database that has none, and count their words; all or nothing.

    Names are sketched at the end, all at once, which is several times as fast as mark by mark.

    Args:
        pool: connections of the owner of the tables.
        names: all different.
        sketching: called before that.

    Raises:
        DatabaseError: the database refuses, for instance because there are marks already.
    """
    with borrowed(pool) as connection, connection.transaction():
        connection.execute("set local statement_timeout = 0")
        connection.execute("alter table logosim.mark disable trigger mark_keep_sketches")
        with (
            connection.cursor() as cursor,
            cursor.copy(
                """
                copy logosim.mark (mark_id, source, file, brand_text, normalised_text, phonemes, picture_location
                                 , picture_sha256, picture_bytes) from stdin
                """
            ) as copy,
        ):
            for number, name in enumerate(names):
                file = f"{number}.png"
                copy.write_row(
                    (
                        mark_id(SOURCE, file),
                        SOURCE,
                        file,
                        name.text,
                        name.normalised,
                        name.phonemes,
                        f"/{file}",
                        f"{number:064x}",
                        1,
                    )
                )
        connection.execute("alter table logosim.mark enable trigger mark_keep_sketches")
        sketching()
        connection.execute("select logosim._refresh_sketches()")
        connection.execute("select logosim.count_words()")
    with borrowed(pool) as connection:
        connection.execute("set statement_timeout = 0")
        connection.execute("vacuum analyze logosim.mark, logosim.name_sketch, logosim.word")


def candidates_by_name(pool: Pool, text: str, phonemes: str | None, limit: int) -> list[NameFound]:
    """Stage 1 for a name: `limit` candidates each by spelling and by sound, in its order.

    Raises:
        PronunciationMismatch: the stored names are pronounced by another engine.
    """
    with borrowed(pool) as connection:
        rows = connection.execute(
            """
            select brand_text, found_by
              from logosim.candidates(query_text => %s, query_phonemes => %s, name_candidates => %s)
            """,
            (text, phonemes or "", limit),
            binary=True,
        ).fetchall()
    return [NameFound(found, tuple(channels)) for found, channels in rows]
