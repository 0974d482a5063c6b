"""The outermost layer: request id, time limit, security headers, one log line and one count for every answer.

It wraps the whole application, so that answers no route was found for get the same treatment.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
import uuid
from typing import Any

from litestar import Request
from litestar.datastructures import MutableScopeHeaders
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from logosim.api.metrics import Metrics
from logosim.api.problem import answer_own_error
from logosim.errors import TimeLimitExceeded

logger = logging.getLogger(__name__)

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Edge:
    """ASGI layer around an application."""

    def __init__(self, app: ASGIApp, metrics: Metrics, time_limit_s: float) -> None:
        self._app = app
        self._metrics = metrics
        self._time_limit_s = time_limit_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] != ScopeType.HTTP:
            await self._app(scope, receive, send)
            return
        method = scope["method"]
        started = time.perf_counter()
        status = 0
        request_id = _request_id(scope)
        scope["state"]["request_id"] = request_id

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableScopeHeaders.from_message(message)
                headers["X-Request-ID"] = request_id
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        deadline = asyncio.timeout(self._time_limit_s)
        try:
            async with deadline:
                await self._app(scope, receive, send_with_headers)
        except TimeoutError:
            if not deadline.expired() or status:
                raise  # an answer that has begun cannot be changed: the server closes the connection
            request: Request[Any, Any, Any] = Request(scope, receive, send_with_headers)
            answer = answer_own_error(request, TimeLimitExceeded())
            await answer.to_asgi_response(app=None, request=request)(scope, receive, send_with_headers)
        finally:
            seconds = time.perf_counter() - started
            route = scope.get("path_template")
            self._metrics.request_answered(method, route, status, seconds)
            logger.info(
                "Request answered",
                extra={
                    "action": "request_answered",
                    "method": method,
                    "route": route,
                    "path": scope["path"],
                    "status": status,
                    "duration_ms": round(seconds * 1000, 1),
                    "request_id": request_id,
                    "client": (scope.get("client") or (None,))[0],
                },
            )


def _request_id(scope: Scope) -> str:
    given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
    return given.decode("ascii") if _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
