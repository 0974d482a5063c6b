"""Every error in one shape: problem details (RFC 9457) as `application/problem+json`.

`STATUS` is the one table from our error classes to HTTP status; a test walks the error tree and wants a row for each.
An answer of 500 or above says what kind of error it was, never the inner message: that stands in the log under the
same request id.
"""

from __future__ import annotations

import logging
import re
from http import HTTPStatus
from typing import Any

from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from msgspec import Struct, field

from logosim import errors
from logosim.errors import LogosimError

logger = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 5
_NAMED_FIELD = re.compile(r"field `(\w{1,60})`")

STATUS: dict[type[LogosimError], int] = {
    errors.LogosimError: 500,
    errors.InputError: 422,
    errors.PictureError: 422,
    errors.EmptyPicture: 422,
    errors.UnreadablePicture: 422,
    errors.PictureTooLarge: 413,
    errors.AnimatedPicture: 422,
    errors.RecordError: 422,
    errors.ViennaCodeError: 422,
    errors.FilterError: 422,
    errors.RegionError: 422,
    errors.WeightsError: 422,
    errors.NothingToCompare: 422,
    errors.MarkNotFound: 404,
    errors.HandleNotFound: 404,
    errors.HandleOutdated: 410,
    errors.WatchNotFound: 404,
    errors.AccessDenied: 401,
    errors.ForeignOrigin: 403,
    errors.PictureGone: 410,
    errors.Overloaded: 503,
    errors.TimeLimitExceeded: 503,
    errors.ConfigurationError: 500,
    errors.DependencyMissing: 500,
    errors.CalibrationInvalid: 500,
    errors.DatabaseError: 503,
    errors.DatabaseUnavailable: 503,
    errors.DatabaseTooOld: 503,
    errors.VectorExtensionMissing: 503,
    errors.NotMigrated: 503,
    errors.PrivilegeMissing: 503,
    errors.ModelError: 503,
    errors.ArtifactInvalid: 503,
    errors.ModelMismatch: 503,
    errors.NoActiveModel: 503,
    errors.ModelNotFound: 404,
    errors.ModelNotReady: 503,
    errors.PronunciationMismatch: 503,
    errors.LeaseLost: 409,
}

# What the framework itself refuses, by status: code, title, hint.
REQUEST_PROBLEMS: dict[int, tuple[str, str, str | None]] = {
    400: ("malformed-request", "The request cannot be read.", None),
    404: ("no-such-route", "There is nothing at this address.", "/schema/openapi.json lists what there is."),
    405: ("method-not-allowed", "The address does not answer this method.", "The header Allow lists those it does."),
    413: ("content-too-large", "The request is larger than the limits allow.", None),
    415: ("unsupported-media-type", "The request's Content-Type is not the one this address reads.", None),
    422: ("invalid-request", "A field of the request cannot be used.", "`errors` lists each field and its fault."),
}
UNEXPECTED = ("internal-error", "Something went wrong in the server.", "Report it with the request id.")


class FieldFault(Struct, frozen=True):
    """What is wrong with one field of a request."""

    field: str | None
    message: str


class Problem(Struct, frozen=True):
    """Problem details (RFC 9457): the body of every answer that is an error."""

    type: str  # where the kind of problem is explained
    title: str  # the same for all problems of one type
    status: int
    detail: str  # what is wrong this time
    hint: str | None  # what to do next
    request_id: str  # as in the header X-Request-ID and in the server's log
    errors: list[FieldFault] = field(default_factory=list)  # faults by field, where fields are at fault


def status_of(error: type[LogosimError]) -> int:
    """HTTP status of an error class: its own row, or that of the nearest class above it."""
    return next(STATUS[cls] for cls in error.__mro__ if cls in STATUS)


def title_of(error: type[LogosimError]) -> str:
    """First line of the class's docstring."""
    return (error.__doc__ or "").strip().splitlines()[0]


def code_of(error: type[LogosimError]) -> str:
    """Kebab-case name of an error class, such as `picture-too-large`."""
    return "".join("-" + c.lower() if c.isupper() else c for c in error.__name__).lstrip("-")


def answer_error(request: Request[Any, Any, Any], error: Exception) -> Response[Problem]:
    """The exception handler of the whole application."""
    if isinstance(error, LogosimError):
        return answer_own_error(request, error)
    if isinstance(error, HTTPException) and error.status_code < 500:
        return _answer_refusal(request, error)
    logger.error(
        "Request failed",
        extra={"action": "request_failed", "error": type(error).__name__, "request_id": request_id(request)},
        exc_info=error,
    )
    code, title, hint = UNEXPECTED
    return _response(request, 500, code, title, title, hint)


def answer_own_error(
    request: Request[Any, Any, Any], error: LogosimError, *, status: int | None = None
) -> Response[Problem]:
    """Answer an error of ours with the status of the table, or with `status` if given."""
    status = status or status_of(type(error))
    title = title_of(type(error))
    if status < 500:
        return _response(request, status, error.code, title, str(error), error.hint)
    logger.warning(
        "Request not answered",
        extra={
            "action": "request_not_answered",
            "error": error.code,
            "detail": str(error),
            "request_id": request_id(request),
        },
    )
    return _response(request, status, error.code, title, title, type(error).hint)


def request_id(request: Request[Any, Any, Any]) -> str:
    """The id the edge gave this request."""
    return str(request.scope["state"].get("request_id", ""))


def _answer_refusal(request: Request[Any, Any, Any], error: HTTPException) -> Response[Problem]:
    status, detail = error.status_code, error.detail
    if isinstance(error, ValidationException):
        status = 422
    elif isinstance(error, RequestEntityTooLarge):
        detail = f"The request has more than {request.route_handler.resolve_request_max_body_size()} bytes."
    elif detail == "Request Entity Too Large":  # so says the multipart reader, and with status 400
        status, detail = 413, "The form has too many parts."
    code, title, hint = REQUEST_PROBLEMS.get(status, (f"http-{status}", HTTPStatus(status).phrase + ".", None))
    faults = _faults(error.extra)
    if faults:
        detail = "; ".join(f"{fault.field}: {fault.message}" if fault.field else fault.message for fault in faults)
    elif status in (404, 405):
        detail = title
    return _response(request, status, code, title, detail, hint, faults=faults, headers=error.headers)


def _faults(extra: object) -> list[FieldFault]:
    """The framework's account of fields at fault, in words that make sense outside it."""
    faults = []
    for item in extra if isinstance(extra, list) else []:
        name, message = item.get("key"), str(item.get("message", ""))
        if message.startswith("Unsupported type"):
            message = "Expected a file (a part of the form with a file name)"
        if name == "data":  # the body as a whole
            named = _NAMED_FIELD.search(message)
            name = named[1] if named else None
        faults.append(FieldFault(field=name, message=message))
    return faults


def _response(
    request: Request[Any, Any, Any],
    status: int,
    code: str,
    title: str,
    detail: str,
    hint: str | None,
    *,
    faults: list[FieldFault] | None = None,
    headers: dict[str, str] | None = None,
) -> Response[Problem]:
    headers = dict(headers or {})
    if status == 401:
        headers["WWW-Authenticate"] = 'ApiKey realm="logosim", header="X-API-Key"'
    if status == 503:
        headers["Retry-After"] = str(RETRY_AFTER_S)
    problem = Problem(
        type=f"/problems/{code}",
        title=title,
        status=status,
        detail=detail,
        hint=hint,
        request_id=request_id(request),
        errors=faults or [],
    )
    return Response(problem, status_code=status, media_type=MEDIA_TYPE, headers=headers)
