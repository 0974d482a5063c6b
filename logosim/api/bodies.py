"""Reading a request's body before its handler does, so that what cannot be read is the client's error, not ours."""

from __future__ import annotations

from typing import Any

from litestar.connection import Request
from litestar.exceptions import ClientException, HTTPException, InternalServerException, SerializationException


async def read_form(request: Request[Any, Any, Any]) -> None:
    """Before a handler that reads multipart/form-data: read it, and refuse what is not that.

    Read here, because the framework would answer text in a broken encoding as an error of the server.
    """
    media_type, options = request.content_type
    if media_type != "multipart/form-data":
        raise HTTPException(status_code=415, detail="Send the request as multipart/form-data.")
    if not options.get("boundary"):
        raise ClientException("The Content-Type multipart/form-data names no boundary.")
    try:
        await request.form()
    except (UnicodeError, LookupError) as error:
        raise ClientException("A field of the form is not text in the encoding it claims.") from error
    except InternalServerException as error:  # so the framework calls a client that hangs up
        raise ClientException("The connection ended before the request did.") from error


async def read_json(request: Request[Any, Any, Any]) -> None:
    """Before a handler that reads JSON: read it, and refuse what is not that."""
    media_type, _ = request.content_type
    if media_type != "application/json":
        raise HTTPException(status_code=415, detail="Send the request as application/json.")
    try:
        body = await request.body()
    except InternalServerException as error:
        raise ClientException("The connection ended before the request did.") from error
    if not body:
        raise ClientException("The body is empty.")
    try:
        await request.json()
    except SerializationException as error:
        raise ClientException(f"The body cannot be read as JSON: {error.detail}.") from error
    except UnicodeError as error:
        raise ClientException("The body is not UTF-8.") from error
    except RecursionError as error:
        raise ClientException("The body is nested too deeply.") from error
