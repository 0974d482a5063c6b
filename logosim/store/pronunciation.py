"""Which engine pronounced the stored names, and going over to another one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

import psycopg

from logosim.store.pool import Pool, borrowed, fetch_row


class Transcriber(Protocol):
    """What the stores need of a pronunciation engine; `logosim.phonetics.protocol.Transcriber` is one."""

    @property
    def name(self) -> str:
        """What the database remembers its transcriptions by."""

    def phonemes(self, text: str) -> str | None:
        """Sounds of `text`, or None where it has none."""


@dataclass(frozen=True, slots=True)
class Pronunciation:
    """How the stored names are pronounced."""

    engine: str
    complete: bool  # False while names of an earlier engine, or of earlier rules, are left
    names: int  # marks with a text
    waiting: int  # of them, those that are yet to be gone over


class PronunciationStore:
    """Reads and changes the engine of the stored names."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def state(self) -> Pronunciation:
        """The engine and how far it has come."""
        with borrowed(self._pool) as connection:
            row = connection.execute(
                """
                select p.engine, p.complete, count(m.mark_id)
                     , count(m.mark_id) filter (
                         where not p.complete and (p.reached is null or m.mark_id > p.reached))
                  from logosim.pronunciation p
                  left join logosim.mark m on m.brand_text is not null
                 group by p.only_row
                """
            ).fetchone()
        engine, complete, names, waiting = row or ("", False, 0, 0)
        return Pronunciation(engine, complete, names, waiting)

    def require(self, engine: str) -> None:
        """Return if sounds made by `engine` may be compared with the stored ones.

        Raises:
            PronunciationMismatch: they were made by another engine, or are yet to be made anew.
        """
        with borrowed(self._pool) as connection:
            require_comparable(connection, engine)

    def begin(self, engine: str) -> bool:
        """Go over to `engine`, or go on where that was broken off. False: all names are pronounced by it already.

        Raises:
            PrivilegeMissing: the database role is not the owner.
        """
        row = fetch_row(self._pool, "select logosim.begin_pronouncing(%s)", (engine,))
        return bool(row and row[0])

    def waiting(self, limit: int) -> list[tuple[UUID, str]]:
        """The next marks to go over, with their texts, in order of their ids."""
        with borrowed(self._pool) as connection:
            return connection.execute("select mark_id, brand_text from logosim.unpronounced(%s)", (limit,)).fetchall()

    def store(self, engine: str, names: Sequence[tuple[UUID, str]], sounds: Sequence[str | None]) -> None:
        """Keep the sounds of the marks that `waiting` gave; without any, all are done.

        Raises:
            PronunciationMismatch: another engine is being gone over to meanwhile.
            PrivilegeMissing: the database role is not the owner.
        """
        fetch_row(
            self._pool,
            "select logosim.pronounce_marks(%s, %s::uuid[], %s::text[], %s::text[])",
            (engine, [mark_id for mark_id, _ in names], [text for _, text in names], list(sounds)),
        )


def require_comparable(connection: psycopg.Connection[Any], engine: str) -> None:
    """Return if sounds made by `engine` may be compared with those that this connection sees.

    Raises:
        psycopg.Error: they may not (LS009); `borrowed` makes it a PronunciationMismatch.
    """
    connection.execute("select logosim.require_pronunciation(%s)", (engine,))
