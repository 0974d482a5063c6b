"""API keys: made here, shown once, kept as hashes."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import datetime

from psycopg.rows import class_row

from logosim.errors import InputError
from logosim.store.pool import Pool, borrowed

_TOKEN = re.compile(r"lgs_([0-9a-f]{12})_[A-Za-z0-9_-]{43}", re.ASCII)
_NOBODY = hashlib.sha256(b"").digest()  # compared with when a key is unknown, so that this takes as long


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it is kept: without the secret."""

    key_id: str  # the public part
    name: str
    created_at: datetime
    revoked_at: datetime | None


class KeyStore:
    """Makes, lists, withdraws and checks API keys.

    A key is `lgs_<id>_<secret>` with 256 random bits of secret: guessing is out of the question, so a plain SHA-256 of
    it is kept rather than a slow password hash, and every request can afford the check.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def add(self, name: str) -> str:
        """Make a key and return it; it cannot be shown again.

        Raises:
            InputError: the name is empty or too long, or taken (by a revoked key, too).
            PrivilegeMissing: the database role is not the owner.
        """
        if not 1 <= len(name.strip()) <= 100:
            raise InputError("The name of a key has 1 to 100 characters.")
        key_id = secrets.token_hex(6)
        token = f"lgs_{key_id}_{secrets.token_urlsafe(32)}"
        with borrowed(self._pool) as connection:
            connection.execute("select logosim.add_api_key(%s, %s, %s)", (key_id, name.strip(), _digest(token)))
        return token

    def list(self) -> tuple[ApiKey, ...]:
        """All keys, oldest first."""
        with borrowed(self._pool) as connection, connection.cursor(row_factory=class_row(ApiKey)) as cursor:
            statement = "select key_id, name, created_at, revoked_at from logosim.api_key order by created_at, name"
            return tuple(cursor.execute(statement).fetchall())

    def revoke(self, name: str) -> None:
        """Withdraw a key; it stops working at once.

        Raises:
            InputError: there is no valid key of that name.
            PrivilegeMissing: the database role is not the owner.
        """
        with borrowed(self._pool) as connection:
            row = connection.execute("select logosim.revoke_api_key(%s)", (name,)).fetchone()
        if row is None or not row[0]:
            raise InputError(f"There is no valid key called {name!r}.", hint="`logosim keys list` shows them.")

    def verify(self, token: str) -> bool:
        """Whether `token` is a key that was not withdrawn. Takes as long for a wrong secret as for the right one."""
        match = _TOKEN.fullmatch(token)
        if match is None:
            return False
        with borrowed(self._pool) as connection:
            row = connection.execute(
                "select key_hash from logosim.api_key where key_id = %s and revoked_at is null", (match.group(1),)
            ).fetchone()
        return hmac.compare_digest(row[0] if row else _NOBODY, _digest(token)) and row is not None


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
