"""Going over from one model to another while searches go on, and dropping one. For the owner of the schema."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import class_row

from logosim.store.pool import Pool, borrowed, fetch_row

_CHUNK = 20_000  # marks a statement looks at: well below the time limit of a statement
_FEATURES = 5_000  # features a statement deletes, each with its patches out of line


@dataclass(frozen=True, slots=True)
class ModelState:
    """How far a registered model is, as in `logosim.model_state`."""

    model_id: int
    name: str
    artifact_sha256: str
    state: str  # active, ready, backfilling or registered
    marks: int  # in the database
    seen: int  # of them, by this model
    waiting: int  # for a worker with this model
    dead: int  # given up
    is_indexed: bool
    registered_at: datetime


class ModelVersionStore:
    """Backfill, cut-over and dropping. What is broken off goes on where it was when it is begun again."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def states(self) -> tuple[ModelState, ...]:
        """All registered models, oldest first. It counts marks, features and queue."""
        with borrowed(self._pool) as connection, connection.cursor(row_factory=class_row(ModelState)) as cursor:
            return tuple(
                cursor.execute(
                    """
                    select s.model_id, s.name, m.artifact_sha256, s.state, s.marks, s.seen, s.waiting, s.dead
                         , s.is_indexed, s.registered_at
                      from logosim.model_state s
                      join logosim.model m on m.model_id = s.model_id
                     order by s.model_id
                    """
                ).fetchall()
            )

    def state(self, model_id: int) -> ModelState:
        """One of them. Raises LookupError if it is gone."""
        found = next((state for state in self.states() if state.model_id == model_id), None)
        if found is None:
            raise LookupError(f"There is no model {model_id}")
        return found

    def queue_missing(self, model_id: int, progress: Callable[[int], None] = lambda _: None) -> int:
        """Keep a model up with new pictures from now on, and queue all marks that it has not seen; how many.

        `progress` is told how many marks were looked at, chunk by chunk.
        """
        self._call("select logosim._begin_backfill(%s::smallint)", model_id)
        queued, reached = 0, None
        while True:
            looked_at, added, last = self._call(
                "select looked_at, queued, reached from logosim._queue_missing(%s::smallint, %s::uuid, %s)",
                model_id,
                reached,
                _CHUNK,
            )
            if last is None:
                return queued
            queued, reached = queued + added, last
            progress(looked_at)

    def activate(self, model_id: int, *, force: bool = False) -> str | None:
        """Make a model the active one at once for all searches that begin after it; the name of the former one.

        Raises:
            ModelNotReady: marks have no features of it, or its index is not there; `force` does it all the same.
        """
        (former,) = self._call("select logosim.activate_model(%s::smallint, force => %s)", model_id, force)
        return None if former is None else str(former)

    def retire(self, model_id: int) -> None:
        """First step of dropping: nothing is queued for a model any more and its workers get no more work.

        Raises:
            FilterError: it is the active one.
        """
        self._call("select logosim._retire_model(%s::smallint)", model_id)

    def forget(self, model_id: int, progress: Callable[[int], None] = lambda _: None) -> int:
        """Last step of dropping: delete all features of a model that was retired, then the model; how many features.

        `progress` is told how many were deleted, chunk by chunk.

        Raises:
            FilterError: a backfill of it has begun meanwhile.
        """
        total, reached = 0, None
        while True:
            removed, last = self._forgotten(model_id, reached)
            if last is None:
                break
            total, reached = total + removed, last
            progress(removed)
        self._call("select logosim._remove_model(%s::smallint)", model_id)
        return total

    def _forgotten(self, model_id: int, after: UUID | None) -> tuple[int, UUID | None]:
        removed, reached = self._call(
            "select removed, reached from logosim._forget_model(%s::smallint, %s::uuid, %s)", model_id, after, _FEATURES
        )
        return removed, reached

    def _call(self, statement: Any, *parameters: Any) -> tuple[Any, ...]:
        row = fetch_row(self._pool, statement, parameters)
        if row is None:
            raise TypeError("a function of the database returned no row")
        return row
