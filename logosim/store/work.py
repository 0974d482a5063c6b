"""The work queue: pictures to be looked at, claimed under leases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from logosim.domain.features import Features
from logosim.domain.work import Claim, ClaimedMark, Failure
from logosim.store.features import embedding_to_database, patches_to_database
from logosim.store.pool import Pool, borrowed, fetch_row

MAX_ATTEMPTS = 5
"""A picture is tried this often before it is set aside as a dead letter."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A picture that was given up."""

    mark_id: UUID
    file: str
    attempts: int
    error: str


class WorkStore:
    """The queue of one model. Every call is one transaction.

    Args:
        pool: connections of a role that may work.
        model_id: the model whose work this is, which the caller has loaded; None: whichever is active at each call.
    """

    def __init__(self, pool: Pool, model_id: int | None = None) -> None:
        self._pool = pool
        self._model_id = model_id

    def for_model(self, model_id: int) -> WorkStore:
        """The queue of this model alone, for a worker that has loaded it and can make no features of another."""
        return WorkStore(self._pool, model_id)

    def claim(self, worker: str, batch_size: int, lease: timedelta) -> Claim | None:
        """Up to `batch_size` marks under one new lease; None if nothing can be claimed now.

        Raises:
            NoActiveModel: no model is active, so there is nothing to work with.
            ModelMismatch: another model than this queue's is active by now.
            FilterError: `batch_size` or `lease` is not above zero.
        """
        with borrowed(self._pool) as connection:
            rows = connection.execute(
                """
                select lease_token, model_id, mark_id, picture_location, picture_sha256, attempts
                  from logosim.claim_work(
                         worker => %s, batch_size => %s, lease => %s, for_model => %s::smallint, max_attempts => %s)
                """,
                (worker, batch_size, lease, self._model_id, MAX_ATTEMPTS),
            ).fetchall()
        if not rows:
            return None
        return Claim(
            lease_token=rows[0][0],
            model_id=rows[0][1],
            marks=tuple(
                ClaimedMark(mark_id, location, sha256, tries) for _, _, mark_id, location, sha256, tries in rows
            ),
        )

    def heartbeat(self, claim: Claim, lease: timedelta) -> int:
        """Extend the lease from now on; how many marks it still covers (0: it is lost, or all is done)."""
        with borrowed(self._pool) as connection:
            row = connection.execute("select logosim.heartbeat_work(%s, %s)", (claim.lease_token, lease)).fetchone()
        return int(row[0]) if row else 0

    def finish(self, claim: Claim, done: Sequence[tuple[UUID, Features]]) -> None:
        """Store features and take their marks off the queue, all or nothing. Doing it twice does no harm.

        Raises:
            LeaseLost: the lease ran out and another worker has a mark of it; nothing was stored.
            ModelMismatch: another model is active by now, or the features are not of the model that was claimed for.
        """
        if not done:
            return
        seen = [features for _, features in done]
        fetch_row(
            self._pool,
            """
            select logosim.finish_work(
                     %s, %s::uuid[], %s::halfvec[], %s::bytea[], %s::integer[], %s::integer[], %s::text[]
                   , for_model => %s::smallint)
            """,
            (
                claim.lease_token,
                [mark_id for mark_id, _ in done],
                [embedding_to_database(features.embedding) for features in seen],
                [patches_to_database(features.patches) for features in seen],
                [features.width for features in seen],
                [features.height for features in seen],
                [features.sha256 for features in seen],
                self._model_id,
            ),
        )

    def fail(self, claim: Claim, failures: Sequence[Failure]) -> None:
        """Report marks that could not be done: tried again later, or set aside. Marks no longer held are left alone.

        A mark whose picture is no longer the one that was claimed is queued afresh, whatever was wrong with the old.
        """
        claimed = {mark.mark_id: mark.picture_sha256 for mark in claim.marks}
        fetch_row(
            self._pool,
            """
            select logosim.fail_work(
                     %s, %s::uuid[], %s::text[], %s::boolean[], max_attempts => %s, picture_sha256s => %s::text[])
            """,
            (
                claim.lease_token,
                [failure.mark_id for failure in failures],
                [failure.error.replace("\x00", "\ufffd") for failure in failures],
                [failure.permanent for failure in failures],
                MAX_ATTEMPTS,
                [claimed.get(failure.mark_id) for failure in failures],
            ),
        )

    def release(self, claim: Claim) -> None:
        """Give everything unfinished back without counting the attempt."""
        with borrowed(self._pool) as connection:
            connection.execute("select logosim.release_work(%s)", (claim.lease_token,))

    def retry_dead(self) -> int:
        """Queue all dead letters again; how many."""
        with borrowed(self._pool) as connection:
            row = connection.execute("select logosim.retry_dead()").fetchone()
        return int(row[0]) if row else 0

    def status(self) -> dict[str, int]:
        """How many marks are queued, leased and dead, over all models."""
        with borrowed(self._pool) as connection:
            return dict(connection.execute("select state, count from logosim.work_status()").fetchall())

    def pending(self) -> int:
        """Marks of this queue's model that are queued or leased, those included that are due later."""
        row = fetch_row(self._pool, "select logosim.pending_work(%s::smallint)", (self._model_id,))
        return int(row[0]) if row else 0

    def dead_letters(self) -> tuple[DeadLetter, ...]:
        """Pictures that were given up, by file name."""
        with borrowed(self._pool) as connection:
            rows = connection.execute(
                """
                select w.mark_id, m.file, w.attempts, coalesce(w.last_error, '')
                  from logosim.work w
                  join logosim.mark m on m.mark_id = w.mark_id
                 where w.state = 'dead'
                 order by m.file, w.mark_id
                """
            ).fetchall()
        return tuple(DeadLetter(*row) for row in rows)
