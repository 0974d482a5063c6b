"""Saved searches: kept, run and dropped by functions of the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg

from logosim.domain.query import CHANNELS, Filter, Weights
from logosim.domain.watch import Watch, WatchHit, WatchRun
from logosim.errors import DatabaseUnavailable, LogosimError, WatchNotFound
from logosim.store.pool import Pool, borrowed
from logosim.store.translation import translate

_HITS = """
select w.name, h.run, h.reported_at, h.mark_id, h.score, h.risk, h.again, h.found_by
     , m.brand_text, m.source, m.file, m.year, m.vienna_codes, h.look, h.shape, h.sound, h.spelling, h.vienna
  from logosim.watch_hit h
  join logosim.watch w on w.watch_id = h.watch_id
  join logosim.mark m on m.mark_id = h.mark_id
 where w.name = %s
"""


class WatchStore:
    """Saves watches, runs them and reads what they have reported."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def save(
        self,
        name: str,
        *,
        asked: UUID | None = None,
        text: str | None = None,
        threshold: float = 0.1,
        filter: Filter | None = None,  # noqa: A002  as in a query
        weights: Weights | None = None,
        skip_present: bool = False,
    ) -> None:
        """Save a search by a mark or a handle (`asked`), or by a name (`text`).

        Args:
            name: what it is run and dropped by.
            asked: id of a mark, or handle of a kept picture, of which the watch keeps a copy.
            text: a name; exactly one of both is given.
            threshold: least score that is reported, the probability of a confusion, 0..1; at 0.1 the risk is medium.
            filter: which marks are reported; None: all.
            weights: of the channels; None: as learnt.
            skip_present: whether what reaches the threshold now is known and only what comes later is reported.

        Raises:
            MarkNotFound: there is neither a mark nor a picture with this id.
            HandleNotFound: the handle has expired.
            FilterError: the name is taken, or an argument cannot be used.
        """
        wanted = filter or Filter()
        counts = weights or Weights()
        with borrowed(self._pool) as connection:
            connection.execute(
                """
                select logosim.save_watch(
                         %(name)s
                       , asked => %(asked)s
                       , asked_text => %(text)s
                       , threshold => %(threshold)s
                       , vienna_any => %(vienna_any)s::text[]
                       , vienna_all => %(vienna_all)s::text[]
                       , year_from => %(year_from)s
                       , year_to => %(year_to)s
                       , sources => %(sources)s::text[]
                       , has_text => %(has_text)s
                       , skip_present => %(skip_present)s
                       , look_weight => %(look)s
                       , shape_weight => %(shape)s
                       , sound_weight => %(sound)s
                       , spelling_weight => %(spelling)s
                       , vienna_weight => %(vienna)s
                       , vienna_none => %(vienna_none)s::text[])
                """,
                {
                    "name": name,
                    "asked": asked,
                    "text": text,
                    "threshold": threshold,
                    "vienna_any": list(wanted.vienna_any) or None,
                    "vienna_all": list(wanted.vienna_all) or None,
                    "vienna_none": list(wanted.vienna_none) or None,
                    "year_from": wanted.year_from,
                    "year_to": wanted.year_to,
                    "sources": list(wanted.sources) or None,
                    "has_text": wanted.has_text,
                    "skip_present": skip_present,
                    **dict(zip(CHANNELS, counts.as_tuple(), strict=True)),
                },
            )

    def list(self) -> tuple[Watch, ...]:
        """All watches, by name."""
        with borrowed(self._pool) as connection:
            rows = connection.execute(
                """
                select name, watched, asked, brand_text, threshold, saved_by, ran_at, runs, known, reported, complete
                     , last_error
                  from logosim.watches
                 order by name
                """,
                binary=True,
            ).fetchall()
        return tuple(Watch(*row) for row in rows)

    def drop(self, name: str) -> bool:
        """Remove a watch with what it has reported. False if there is none of that name.

        Raises:
            PrivilegeMissing: another login role saved it.
        """
        with borrowed(self._pool) as connection:
            row = connection.execute("select logosim.drop_watch(%s)", (name,)).fetchone()
        return bool(row and row[0])

    def hits(self, name: str) -> tuple[WatchHit, ...]:
        """All that a watch has reported, the latest run first; what was known when it was saved is left out.

        Raises:
            WatchNotFound: there is none of that name.
        """
        with borrowed(self._pool) as connection:
            rows = connection.execute(
                _HITS + "   and h.run > 0\n order by h.run desc, h.score desc, h.mark_id", (name,), binary=True
            ).fetchall()
            known = connection.execute("select from logosim.watch where name = %s", (name,)).fetchone()
        if known is None:
            raise WatchNotFound(f"There is no watch called {name}.")
        return tuple(map(_hit, rows))

    def run(self, name: str) -> WatchRun:
        """Run one watch now; who comes second waits, and finds nothing new.

        Raises:
            WatchNotFound: there is none of that name.
            PrivilegeMissing: another login role saved it.
            LogosimError: the search failed, as `logosim.run_watch` says.
        """
        with borrowed(self._pool) as connection, connection.transaction():
            return _run(connection, name)

    def run_next(self, every: timedelta, names: Sequence[str] = ()) -> WatchRun | None:
        """Run the watch that was not tried for `every` or longer, and for the longest; None if there is none.

        What another process is running is passed over. Search and report are one transaction. A watch that cannot be
        run is noted with its error, and has its next turn after `every`.

        Raises:
            DatabaseUnavailable: the database went away; nothing has happened, or all of it.
        """
        with borrowed(self._pool) as connection, connection.transaction():
            row = connection.execute(
                "select logosim.claim_watch(%s, %s::text[])", (every, list(names) or None)
            ).fetchone()
            if row is None or row[0] is None:
                return None
            try:
                with connection.transaction():  # a savepoint
                    return _run(connection, row[0])
            except psycopg.Error as error:
                ours: LogosimError = translate(error)
                if isinstance(ours, DatabaseUnavailable):
                    raise
                connection.execute("select logosim.fail_watch(%s, %s)", (row[0], str(ours)))
                return WatchRun(row[0], error=str(ours))


def _run(connection: psycopg.Connection[Any], name: str) -> WatchRun:
    """Run a watch; its hits are read back with the run and the time they were reported with."""
    connection.execute("select from logosim.run_watch(%s)", (name,))
    rows = connection.execute(
        _HITS + "   and h.run = w.runs\n order by h.score desc, h.mark_id", (name,), binary=True
    ).fetchall()
    return WatchRun(name, tuple(map(_hit, rows)))


def _hit(row: tuple[Any, ...]) -> WatchHit:
    return WatchHit(
        watch=row[0],
        run=row[1],
        reported_at=row[2],
        mark_id=row[3],
        score=row[4],
        risk=row[5],
        again=row[6],
        found_by=tuple(row[7]),
        text=row[8],
        source=row[9],
        file=row[10],
        year=row[11],
        vienna_codes=tuple(row[12]),
        channels={channel: value for channel, value in zip(CHANNELS, row[13:], strict=True) if value is not None},
    )
