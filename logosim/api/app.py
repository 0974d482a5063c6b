"""The application factory: parts are handed in, nothing is opened that another owns."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from litestar import Litestar, Router
from litestar.di import Provide

from logosim.api.access import key_guard, own_machine_guard
from logosim.api.controllers.explain import ExplainController
from logosim.api.controllers.marks import MarksController
from logosim.api.controllers.operation import HealthController, MetricsController, ProblemsController
from logosim.api.controllers.queries import QueriesController
from logosim.api.controllers.search import MAX_JSON_BYTES, SearchController
from logosim.api.controllers.work import WorkController
from logosim.api.documentation import SECURITY_SCHEME, openapi_config
from logosim.api.edge import Edge
from logosim.api.metrics import Metrics
from logosim.api.problem import answer_error
from logosim.api.service import Limits, Service
from logosim.api.slots import Slots

_MULTIPART_SLACK = 64 * 1024  # bytes of form fields and part headers beside a picture
_FORM_FIELDS = 200  # parts of a form that are not pictures


def create_app(service: Service, *, require_key: bool, limits: Limits | None = None) -> Litestar:
    """Build the REST application.

    Args:
        service: what answers; opened and closed by the caller.
        require_key: whether /v1 and /metrics want an API key. False is for a server bound to loopback, and then only
            requests made to this machine by its own name are answered. `logosim.api.access.is_loopback` tells.
        limits: what is accepted.
    """
    limits = limits or Limits()
    metrics = Metrics()
    searches = Slots("search", at_once=limits.searches_at_once, waiting=limits.searches_waiting)
    batches = Slots("batch", at_once=limits.batches_at_once, waiting=limits.batches_waiting)
    guard = key_guard(service.keys) if require_key else own_machine_guard
    security: list[dict[str, list[str]]] = [{SECURITY_SCHEME: []}] if require_key else [{}, {SECURITY_SCHEME: []}]

    @asynccontextmanager
    async def own_threads(_: Litestar) -> AsyncIterator[None]:
        yield
        await asyncio.to_thread(searches.close)
        await asyncio.to_thread(batches.close)

    app = Litestar(
        route_handlers=[
            Router(
                "/v1",
                route_handlers=[SearchController, QueriesController, ExplainController, WorkController],
                request_max_body_size=limits.max_picture_bytes + _MULTIPART_SLACK,
                guards=[guard],
                security=security,
            ),
            Router(
                "/v1",
                route_handlers=[MarksController],
                request_max_body_size=limits.max_batch_bytes,
                guards=[guard],
                security=security,
            ),
            Router("/", route_handlers=[MetricsController], guards=[guard], security=security),
            HealthController,
            ProblemsController,
        ],
        dependencies={
            "service": Provide(lambda: service, sync_to_thread=False),
            "limits": Provide(lambda: limits, sync_to_thread=False),
            "metrics": Provide(lambda: metrics, sync_to_thread=False),
            "searches": Provide(lambda: searches, sync_to_thread=False),
            "batches": Provide(lambda: batches, sync_to_thread=False),
        },
        exception_handlers={Exception: answer_error},
        lifespan=[own_threads],
        logging_config=None,
        multipart_form_part_limit=limits.max_batch_pictures + _FORM_FIELDS,
        openapi_config=openapi_config(),
        request_max_body_size=MAX_JSON_BYTES,
    )
    # Middleware given to Litestar does not see requests that match no route; around the whole handler it does.
    app.asgi_handler = Edge(app.asgi_handler, metrics, limits.time_limit_s)
    return app
