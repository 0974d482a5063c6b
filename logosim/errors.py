"""The one error tree. Errors are raised where something is known and caught at the edges only.

The docstring of a class is its default message, so that a message is written once. `hint` says what to do next;
`exit_code` is what the command line ends with. The HTTP status of each class stands in one table in `logosim.api`.
"""

from __future__ import annotations

from typing import ClassVar


class LogosimError(Exception):
    """Something went wrong in logosim."""

    exit_code: ClassVar[int] = 1
    hint: str | None = None

    def __init__(self, message: str | None = None, *, hint: str | None = None) -> None:
        super().__init__(message or (type(self).__doc__ or "").strip())
        if hint is not None:
            self.hint = hint

    @property
    def code(self) -> str:
        """Stable kebab-case name of the class, as it stands in problem details and in logs."""
        name = type(self).__name__
        return "".join("-" + c.lower() if c.isupper() else c for c in name).lstrip("-")


# What the caller handed in -------------------------------------------------------------------------------------------
class InputError(LogosimError):
    """The input cannot be used."""

    exit_code = 2


class PictureError(InputError):
    """The picture cannot be used."""

    hint = "Give one still picture: PNG, JPEG, GIF, WebP, TIFF or BMP."


class EmptyPicture(PictureError):
    """The picture is empty."""


class UnreadablePicture(PictureError):
    """The picture is damaged or is not a picture."""


class PictureTooLarge(PictureError):
    """The picture is larger than the limits allow."""

    hint = "Scale it down; the limits are LOGOSIM_MAX_PICTURE_BYTES and LOGOSIM_MAX_PICTURE_PIXELS."


class AnimatedPicture(PictureError):
    """The picture has more than one frame."""

    hint = "Save the frame that shows the mark as a still picture."


class RecordError(InputError):
    """The record is not in the expected form."""

    def __init__(
        self, message: str | None = None, *, reason: str = "record-malformed", hint: str | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.reason = reason  # stable kebab-case name, as a rejection keeps it


class ViennaCodeError(InputError):
    """A Vienna code is two-digit groups joined by dots: 03, 03.07 or 03.07.01."""


class FilterError(InputError):
    """The filter cannot be used."""


class RegionError(InputError):
    """The region is no rectangle within the picture."""

    hint = "A region is left,top,width,height in pixels from the picture's top left corner, such as 10,20,200,150."


class WeightsError(InputError):
    """Weights are numbers from 0 to 10 by channel, at least one of them above zero."""


class NothingToCompare(InputError):
    """The two marks have nothing in which they can be compared."""

    hint = "Pictures nobody has looked at yet wait for `logosim worker --until-empty`."


class MarkNotFound(LogosimError):
    """There is no such mark."""

    exit_code = 4


class HandleNotFound(LogosimError):
    """There is no picture with this handle, or it has expired."""

    exit_code = 4
    hint = "Hand the picture in again: `logosim search FILE --keep`, or POST /v1/queries."


class HandleOutdated(HandleNotFound):
    """The picture with this handle was looked at with another model than the active one."""


class WatchNotFound(LogosimError):
    """There is no watch of this name."""

    exit_code = 4
    hint = "`logosim watch list` says which there are."


class AccessDenied(LogosimError):
    """A valid API key is needed."""

    hint = "Send it as the header X-API-Key; `logosim keys add NAME` makes one."


class ForeignOrigin(AccessDenied):
    """A server that asks for no key answers only requests made to this machine by its own name."""

    hint = "Call it as http://127.0.0.1 or http://localhost. A server bound to another address asks for API keys."


class PictureGone(LogosimError):
    """The mark's picture no longer lies where it was when the mark was taken in."""

    exit_code = 4
    hint = "Put the file back, or take the mark in again with its picture."


class Overloaded(LogosimError):
    """Too many requests are being worked on."""

    hint = "Try again in a few seconds."


class TimeLimitExceeded(LogosimError):
    """The request took longer than the time limit."""

    hint = "Try again in a few seconds, or ask for less at once."


# What we run on ------------------------------------------------------------------------------------------------------
class ConfigurationError(LogosimError):
    """A setting is missing or wrong."""

    exit_code = 2


class DatabaseError(LogosimError):
    """The database cannot be used."""

    exit_code = 3


class DatabaseUnavailable(DatabaseError):
    """The database does not answer."""

    hint = "Start the embedded server with `logosim db start`, or check LOGOSIM_DATABASE_URL."


class DatabaseTooOld(DatabaseError):
    """The Postgres server or its pgvector extension is too old."""

    hint = "logosim needs Postgres 16 or later with pgvector 0.8.4 or later."


class VectorExtensionMissing(DatabaseError):
    """The Postgres server has no pgvector extension."""

    hint = "Install pgvector 0.8.4 or later on the server, or unset LOGOSIM_DATABASE_URL to use the embedded one."


class NotMigrated(DatabaseError):
    """The database has no logosim schema of this version."""

    hint = "Run `logosim db upgrade`."


class PrivilegeMissing(DatabaseError):
    """The database role may not do this."""


class ModelError(LogosimError):
    """The embedding model cannot be used."""

    exit_code = 5


class ArtifactInvalid(ModelError):
    """The model artifact is damaged or not in the expected form."""


class ModelMismatch(ModelError):
    """The loaded model is not the one the database's features were made with."""


class NoActiveModel(ModelError):
    """No embedding model is registered as active."""

    hint = "Run `logosim db upgrade`; it registers the bundled model."


class ModelNotFound(ModelError):
    """No embedding model of that name is registered."""

    hint = "`logosim models list` says which there are; `logosim models register` adds one."


class ModelNotReady(ModelError):
    """The model has yet to see marks, or has no index."""

    hint = "`logosim models backfill NAME` goes on where it was."


class CalibrationInvalid(ConfigurationError):
    """The table of what values are worth as evidence is not in the expected form."""

    hint = "`logosim evaluate calibrate` writes such a table."


class PronunciationMismatch(LogosimError):
    """The stored names are pronounced by another engine, and sounds of two engines cannot be compared."""

    exit_code = 5
    hint = "Set LOGOSIM_PRONUNCIATION to the engine of the database, or go over with `logosim db pronounce`."


class DependencyMissing(ConfigurationError):
    """An optional package is needed for this and is not installed."""


class LeaseLost(LogosimError):
    """The lease on this work ran out and another worker has it now."""
