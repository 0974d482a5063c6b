"""Pictures that SQL clients hand in (`logosim.embed_picture`), as the worker sees them that answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import psycopg

from logosim.domain.asked import AskedPicture
from logosim.domain.rectangle import Rectangle
from logosim.errors import LogosimError, PictureTooLarge, RegionError
from logosim.store.pool import Pool, borrowed, fetch_row
from logosim.store.query_pictures import remember
from logosim.store.translation import translated

CHANNEL = "logosim_pictures"

_CODES: tuple[tuple[type[LogosimError], str], ...] = ((PictureTooLarge, "LS013"), (RegionError, "LS006"))
_OTHER_CODE = "LS012"  # the picture cannot be used, for whatever reason


@dataclass(frozen=True, slots=True)
class PictureRequest:
    """A picture that an SQL client waits for, held under a lease."""

    request: UUID
    lease_token: UUID
    picture: bytes
    text: str | None  # None: what is read in the picture; "": names are not compared
    vienna_codes: tuple[str, ...]  # canonical
    regions: tuple[Rectangle, ...]
    keep_for: timedelta


class PictureRequestStore:
    """The pictures that wait, one by one. Every call is one transaction."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def claim(self, worker: str, model_id: int, lease: timedelta) -> PictureRequest | None:
        """The picture that waits longest; None if none waits or another model than this one is active.

        Raises:
            NoActiveModel: no model is active.
        """
        with borrowed(self._pool) as connection:
            row = connection.execute(
                """
                select request, lease_token, picture, brand_text, vienna_codes, regions, keep_for
                  from logosim.claim_picture(worker => %s, for_model => %s::smallint, lease => %s)
                """,
                (worker, model_id, lease),
                binary=True,
            ).fetchone()
        if row is None:
            return None
        regions = tuple(Rectangle(left, top, left + width, top + height) for left, top, width, height in row[5] or ())
        return PictureRequest(row[0], row[1], bytes(row[2]), row[3], tuple(row[4]), regions, row[6])

    def heartbeat(self, request: PictureRequest, lease: timedelta) -> bool:
        """Extend the lease from now on; False if it is lost or the client has given up."""
        row = fetch_row(self._pool, "select logosim.heartbeat_picture(%s, %s)", (request.lease_token, lease))
        return bool(row and row[0])

    def answer(self, request: PictureRequest, asked: AskedPicture) -> UUID:
        """Keep what was seen in the picture and tell the client its handle: both or neither.

        Raises:
            LeaseLost: the lease ran out, or the client has given up; nothing was kept.
            ModelMismatch: another model is active by now.
        """
        with borrowed(self._pool) as connection, connection.transaction():
            kept = remember(connection, asked, request.picture, request.keep_for)
            connection.execute("select logosim.finish_picture(%s, %s)", (request.lease_token, kept.handle))
        return kept.handle

    def refuse(self, request: PictureRequest, error: LogosimError) -> None:
        """Tell the client why there is no handle."""
        code = next((code for kind, code in _CODES if isinstance(error, kind)), _OTHER_CODE)
        said = str(error).replace("\x00", "\ufffd")
        fetch_row(
            self._pool, "select logosim.refuse_picture(%s, %s, %s, %s)", (request.lease_token, code, said, error.hint)
        )

    def release(self, request: PictureRequest) -> None:
        """Give the picture back without counting the attempt."""
        fetch_row(self._pool, "select logosim.release_picture(%s)", (request.lease_token,))

    def pending(self) -> int:
        """How many pictures wait or are being looked at."""
        row = fetch_row(self._pool, "select logosim.pictures_waiting()", ())
        return int(row[0]) if row else 0


class PictureBell:
    """Rings when an SQL client hands in a picture: a connection of its own that listens. Use as a context manager."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: psycopg.Connection[Any] | None = None

    def listen(self) -> None:
        """Hear from now on; what rings is kept until the next `wait`.

        Raises:
            DatabaseUnavailable: the database does not answer.
        """
        with translated():
            self._listening()

    def wait(self, seconds: float) -> bool:
        """Wait until it rings, at most so many seconds; whether it did.

        Raises:
            DatabaseUnavailable: the database does not answer; the next call tries anew.
        """
        with translated():
            connection = self._listening()
            try:
                return any(True for _ in connection.notifies(timeout=seconds, stop_after=1))
            except psycopg.OperationalError:
                self.close()
                raise

    def _listening(self) -> psycopg.Connection[Any]:
        if self._connection is None:
            self._connection = psycopg.connect(
                self._url, autocommit=True, connect_timeout=10, application_name="logosim"
            )
            self._connection.execute(f"listen {CHANNEL}".encode())
        return self._connection

    def close(self) -> None:
        """Stop listening."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
