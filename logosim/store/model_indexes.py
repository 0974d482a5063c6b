"""The indexes of a model, made and dropped beside running searches. For the owner of the schema.

`logosim._model_indexes` says which indexes a model is to have and gives the statements; they cannot run inside a
transaction, so they are sent from here. One process at a time makes the indexes of a model. What a process that was
killed has left behind, Postgres marks as invalid: it is dropped and made anew.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import psycopg

from logosim.store.pool import Pool, borrowed, fetch_row, without_time_limit

_POLL_S = 0.25
_LOCK = "select {}(hashtext('logosim._model_indexes'), %s)"


@dataclass(frozen=True, slots=True)
class IndexProgress:
    """How far the making of an index is, as Postgres tells."""

    phase: str
    done: int  # blocks of the table, in the phase that reads it
    total: int  # 0: the phase has no measure


@dataclass(frozen=True, slots=True)
class _Index:
    name: str
    state: str  # ready, invalid or missing
    create_statement: str
    drop_statement: str


class ModelIndexStore:
    """Makes and drops the indexes of models."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def lacking(self, model_id: int) -> int:
        """How many indexes of a model are missing or invalid, those of frequent Vienna categories among them."""
        return sum(index.state != "ready" for index in self._indexes(model_id))

    def make(self, model_id: int, progress: Callable[[IndexProgress], None] = lambda _: None) -> int:
        """Make the indexes of a model that are missing or invalid; how many. Searches and workers go on meanwhile.

        Those of Vienna categories are made that are frequent by now; once made they stay.

        While another process is at it, this one waits and tells how far that is. Interrupted by Ctrl-C it ends the
        statement in the database too.

        Raises:
            DatabaseError: an index cannot be made; what was begun is made anew the next time.
        """
        made = 0
        with borrowed(self._pool) as connection, without_time_limit(connection):
            while not _locked(connection, model_id):
                self._tell(model_id, progress)
                time.sleep(_POLL_S)
            try:
                for index in self._indexes(model_id):
                    if index.state == "ready":
                        continue
                    if index.state == "invalid":
                        connection.execute(index.drop_statement.encode())
                    self._run(connection, index.create_statement, model_id, progress)
                    made += 1
            finally:
                connection.execute(_LOCK.format("pg_advisory_unlock").encode(), (model_id,))
        fetch_row(self._pool, "select logosim._make_model_indexes(%s::smallint)", (model_id,))  # says what each is
        return made

    def drop(self, model_id: int) -> None:
        """Drop the indexes of a model that is not the active one, as far as they are there."""
        with borrowed(self._pool) as connection, without_time_limit(connection):
            for index in self._indexes(model_id, due=False):
                if index.state != "missing":
                    connection.execute(index.drop_statement.encode())

    def _indexes(self, model_id: int, *, due: bool = True) -> tuple[_Index, ...]:
        """Those that a model is to have, and those of categories that are there; `due`: or are to be, for which all
        marks are read.
        """
        with borrowed(self._pool) as connection:
            rows = connection.execute(
                """
                select i.index_name, i.state, i.create_statement, i.drop_statement
                  from logosim._model_indexes(
                         %(model)s::smallint
                       , case when %(due)s then logosim._frequent_categories(%(model)s::smallint) else '{}' end) i
                """,
                {"model": model_id, "due": due},
            ).fetchall()
        return tuple(_Index(*row) for row in rows)

    def _run(
        self,
        connection: psycopg.Connection[Any],
        statement: str,
        model_id: int,
        progress: Callable[[IndexProgress], None],
    ) -> None:
        """Run a statement in a thread of its own and tell meanwhile how far it is."""
        with ThreadPoolExecutor(1, "index") as executor:
            running = executor.submit(connection.execute, statement.encode())
            try:
                while not running.done():
                    self._tell(model_id, progress)
                    time.sleep(_POLL_S)
            except BaseException:
                connection.cancel_safe()
                raise
            running.result()

    def _tell(self, model_id: int, progress: Callable[[IndexProgress], None]) -> None:
        row = fetch_row(
            self._pool,
            """
            select p.phase, coalesce(p.blocks_done, 0), coalesce(p.blocks_total, 0)
              from pg_stat_progress_create_index p
              join pg_class c on c.oid = p.index_relid
              join logosim._model_indexes(%s::smallint) i on i.index_name = c.relname
             where p.datname = current_database() and c.relnamespace = 'logosim'::regnamespace
            """,
            (model_id,),
        )
        if row is not None:
            progress(IndexProgress(row[0], row[1], row[2]))


def _locked(connection: psycopg.Connection[Any], model_id: int) -> bool:
    """Try, and do not wait: a statement that waits would itself be waited for by the one that makes the index."""
    row = connection.execute(_LOCK.format("pg_try_advisory_lock").encode(), (model_id,)).fetchone()
    return bool(row and row[0])
