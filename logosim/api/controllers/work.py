"""The work queue, seen from outside."""

from __future__ import annotations

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from logosim.api.answers import WorkState
from logosim.api.documentation import faults
from logosim.api.service import Service


class WorkController(Controller):
    """GET /v1/work."""

    path = "/work"
    tags = ("work",)

    @get(
        "/",
        sync_to_thread=True,
        summary="State of the work queue",
        operation_id="getWork",
        responses=faults(401, 403, 503),
    )
    def state(self, service: NamedDependency[SkipValidation[Service]]) -> WorkState:
        """How many pictures wait for a worker, are being worked on, or were given up."""
        counts = service.work.status()
        return WorkState(queued=counts.get("queued", 0), leased=counts.get("leased", 0), dead=counts.get("dead", 0))
