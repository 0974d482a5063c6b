"""What the database says, in our own errors: one table from SQLSTATE to error class."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import psycopg_pool
from sqlalchemy.exc import DBAPIError

from logosim.errors import (
    DatabaseError,
    DatabaseUnavailable,
    FilterError,
    HandleNotFound,
    HandleOutdated,
    InputError,
    LeaseLost,
    LogosimError,
    MarkNotFound,
    ModelMismatch,
    ModelNotReady,
    NoActiveModel,
    NotMigrated,
    Overloaded,
    PictureError,
    PictureTooLarge,
    PrivilegeMissing,
    PronunciationMismatch,
    TimeLimitExceeded,
    VectorExtensionMissing,
    ViennaCodeError,
    WatchNotFound,
)

OWN: dict[str, type[LogosimError]] = {
    "LS001": MarkNotFound,
    "LS002": ModelMismatch,
    "LS003": NoActiveModel,
    "LS004": ViennaCodeError,
    "LS005": LeaseLost,
    "LS006": FilterError,
    "LS007": HandleNotFound,
    "LS008": HandleOutdated,
    "LS009": PronunciationMismatch,
    "LS010": ModelNotReady,
    "LS011": TimeLimitExceeded,  # no worker answered
    "LS012": PictureError,
    "LS013": PictureTooLarge,
    "LS014": DatabaseError,  # waiting inside a transaction
    "LS015": Overloaded,
    "LS020": WatchNotFound,
}
"""SQLSTATEs that logosim's own functions raise; their messages are written for people and kept."""

SERVER: dict[str, type[DatabaseError]] = {
    "3F000": NotMigrated,  # no such schema
    "42P01": NotMigrated,  # no such table
    "42883": NotMigrated,  # no such function
    "42703": NotMigrated,  # no such column
    "42501": PrivilegeMissing,
    "3D000": DatabaseUnavailable,  # no such database
    "28000": DatabaseUnavailable,  # no such role, or not let in
    "28P01": DatabaseUnavailable,  # wrong password
    "57P01": DatabaseUnavailable,  # the server is being stopped
    "57P02": DatabaseUnavailable,
    "57P03": DatabaseUnavailable,  # it is starting up
    "53300": DatabaseUnavailable,  # too many connections
}
"""SQLSTATEs of the server itself that have a remedy of their own."""

_PASSWORD = re.compile(r"(password\s*=\s*)('(?:[^'\\]|\\.)*'|\S+)|(://[^:/@\s]*:)\S*(@)", re.IGNORECASE)


@contextmanager
def translated() -> Iterator[None]:
    """Turn what psycopg (or SQLAlchemy around it) raises in this block into our errors.

    Raises:
        LogosimError: the class that `translate` chooses.
    """
    try:
        yield
    except DBAPIError as error:
        if isinstance(error.orig, psycopg.Error):
            raise translate(error.orig) from error
        raise
    except psycopg.Error as error:
        raise translate(error) from error


def translate(error: psycopg.Error) -> LogosimError:
    """Our error for one of psycopg's, without secrets in it."""
    diagnosis = error.diag
    message = without_secrets(diagnosis.message_primary or str(error).strip())
    hint = diagnosis.message_hint
    state = error.sqlstate
    if state in OWN:
        return OWN[state](message, hint=hint)
    if state in SERVER:
        found = SERVER[state]
        if found is NotMigrated:
            return NotMigrated(f"The database does not have what logosim needs: {message}.")
        return found(_sentence(message), hint=hint)
    if isinstance(error, psycopg_pool.PoolTimeout | psycopg_pool.PoolClosed):
        return DatabaseUnavailable(_sentence(message))
    if state == "57014":
        return DatabaseError("The database took too long over this.", hint="Narrow the filter, or try again later.")
    if isinstance(error, psycopg.OperationalError) and (state is None or state.startswith("08")):
        first = message.splitlines()[0] if message else "no answer"
        return DatabaseUnavailable(f"The database does not answer: {first}")
    if state == "0A000" and "extension" in message and "vector" in message:
        return VectorExtensionMissing()
    if isinstance(error, psycopg.DataError):
        return InputError(_sentence(message), hint=hint)
    return DatabaseError(_sentence(message), hint=hint)


def without_secrets(text: str) -> str:
    """`text` with the passwords of connection strings blotted out."""
    return _PASSWORD.sub(lambda m: f"{m.group(1)}***" if m.group(1) else f"{m.group(3)}***{m.group(4)}", text)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")
