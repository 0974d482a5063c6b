"""Saved searches: kept, run and dropped by functions of the database.

A watched picture outlives the model that looked at it. The database refuses to compare what another model saw, so the
picture is looked at again when its watch is run next.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg

from logosim.domain.asked import AskedPicture
from logosim.domain.query import CHANNELS, Filter, Weights
from logosim.domain.rectangle import Rectangle
from logosim.domain.watch import Watch, WatchedPicture, WatchHit, WatchRun
from logosim.errors import (
    DatabaseUnavailable,
    HandleOutdated,
    InputError,
    LogosimError,
    ModelMismatch,
    PictureError,
    WatchNotFound,
)
from logosim.store.pool import Pool, borrowed
from logosim.store.query_pictures import KEPT_FOR, remember
from logosim.store.translation import translated

Look = Callable[[WatchedPicture], AskedPicture]

_ATTEMPTS = 4  # one suffices unless models change several times within one run
_ANEW = "Remove the watch and save it anew with the picture: logosim watch remove, logosim watch add."

_HITS = """
select w.name, h.run, h.reported_at, h.mark_id, h.score, h.risk, h.again, h.found_by
     , m.brand_text, m.source, m.file, m.year, m.vienna_codes, h.look, h.shape, h.sound, h.spelling, h.vienna
  from logosim.watch_hit h
  join logosim.watch w on w.watch_id = h.watch_id
  join logosim.mark m on m.mark_id = h.mark_id
 where w.name = %s
"""


class WatchStore:
    """Saves watches, runs them and reads what they have reported.

    `look` looks at a watched picture with the model that is active by now; without it such a watch waits for a process
    that can.
    """

    def __init__(self, pool: Pool, look: Look | None = None) -> None:
        self._pool = pool
        self._look = look

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
        """Run one watch now; who comes second waits, and finds nothing new. What goes wrong is noted with the watch.

        Raises:
            WatchNotFound: there is none of that name.
            PrivilegeMissing: another login role saved it.
            PictureError: the active model has not seen the watched picture, and it cannot be looked at again.
            LogosimError: the search failed, as `logosim.run_watch` says.
        """
        with borrowed(self._pool) as connection, connection.transaction():
            done = self._run_or_note(connection, name)
        if isinstance(done, LogosimError):  # raised only now, so that it is noted
            raise done
        return done

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
            done = self._run_or_note(connection, row[0])
        return WatchRun.failed(row[0], done) if isinstance(done, LogosimError) else done

    def _run_or_note(self, connection: psycopg.Connection[Any], name: str) -> WatchRun | LogosimError:
        """Run a watch; where that fails, the error, which is noted."""
        try:
            for _ in range(_ATTEMPTS - 1):
                try:
                    return self._run_seen(connection, name)
                except (HandleOutdated, ModelMismatch):  # yet another model became active
                    continue
            return self._run_seen(connection, name)
        except (DatabaseUnavailable, WatchNotFound):
            raise
        except LogosimError as error:
            # Which raises the same where the watch is another's.
            connection.execute("select logosim.fail_watch(%s, %s)", (name, WatchRun.failed(name, error).error))
            return error

    def _run_seen(self, connection: psycopg.Connection[Any], name: str) -> WatchRun:
        """Run a watch, and before that look at its picture, if another model than the active one has seen it."""
        try:
            return _run(connection, name)
        except HandleOutdated:
            if self._look is None:
                raise
            with translated(), connection.transaction():  # a savepoint
                _look_again(connection, name, self._look)
            return _run(connection, name)


def _look_again(connection: psycopg.Connection[Any], name: str, look: Look) -> None:
    """Put what the active model sees in a watched picture in place of what another one saw.

    The name that is compared stays, whether it was given or read: the watch goes on asking the same.

    Raises:
        PictureError: its file is not kept, or cannot be used.
        ModelMismatch: this process has no artifact of the active model, or another one became active meanwhile.
    """
    row = connection.execute(
        "select picture, vienna_codes, regions, brand_texts from logosim._watched_picture(%s)", (name,), binary=True
    ).fetchone()
    if row is None or row[0] is None:
        raise PictureError(
            f"The picture of the watch {name} was looked at with another model than the active one, and its file is "
            "not kept.",
            hint=_ANEW,
        )
    regions = tuple(Rectangle(left, top, left + width, top + height) for left, top, width, height in row[2] or ())
    try:
        asked = look(WatchedPicture(bytes(row[0]), regions, tuple(row[3]), tuple(row[1])))
    except InputError as error:
        raise PictureError(
            f"The picture of the watch {name} cannot be looked at with the active model: {error}", hint=_ANEW
        ) from error
    kept = remember(connection, asked, None, KEPT_FOR)
    connection.execute("select logosim._look_again(%s, %s)", (name, kept.handle))


def _run(connection: psycopg.Connection[Any], name: str) -> WatchRun:
    """Run a watch, all or nothing; its hits are read back with the run and the time they were reported with."""
    with translated(), connection.transaction():  # a savepoint
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
