"""Who may ask: guards that run before a request's body is read."""

from __future__ import annotations

import asyncio
import ipaddress
from typing import Any
from urllib.parse import urlsplit

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler
from litestar.types import Guard

from logosim.api.service import KeyVerifier
from logosim.errors import AccessDenied, ForeignOrigin

KEY_HEADER = "X-API-Key"
_MAX_KEY_LENGTH = 256  # characters; longer ones are not even looked up

Connection = ASGIConnection[Any, Any, Any, Any]


def is_loopback(host: str) -> bool:
    """Whether a host name or address (`localhost`, `127.0.0.1`, `::1`) can be reached from this machine only."""
    host = host.strip("[]").rstrip(".").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def key_guard(keys: KeyVerifier) -> Guard:
    """A guard that wants a valid API key. The key itself never reaches a log or an answer."""

    async def guard(connection: Connection, _: BaseRouteHandler) -> None:
        token = connection.headers.get(KEY_HEADER)
        if not token:
            raise AccessDenied("The request carries no API key.")
        if len(token) > _MAX_KEY_LENGTH or not await asyncio.to_thread(keys.verify, token):
            raise AccessDenied("The API key is not valid, or was revoked.")

    return guard


def own_machine_guard(connection: Connection, _: BaseRouteHandler) -> None:
    """For a server without keys: refuse what a foreign web page could make the user's browser send.

    A page may post a form to 127.0.0.1 (the header Origin tells), or point a name of its own at it (Host tells).
    """
    host = connection.headers.get("host")
    if host is not None and not is_loopback(_host_name(f"//{host}")):
        raise ForeignOrigin(f"The request was made to the name {host[:100]!r}. {ForeignOrigin.__doc__}")
    origin = connection.headers.get("origin")
    if origin is not None and not is_loopback(_host_name(origin)):
        raise ForeignOrigin(f"The request comes from a page of {origin[:100]!r}. {ForeignOrigin.__doc__}")


def _host_name(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""
