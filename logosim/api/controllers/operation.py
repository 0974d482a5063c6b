"""For those who run the server: health, numbers for Prometheus, and the types of problems."""

from __future__ import annotations

import asyncio
from typing import Any

from litestar import Controller, Request, Response, get
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, SkipValidation
from prometheus_client import CONTENT_TYPE_LATEST

from logosim.api.answers import ProblemKind, State
from logosim.api.documentation import faults
from logosim.api.metrics import Metrics
from logosim.api.problem import (
    REQUEST_PROBLEMS,
    STATUS,
    UNEXPECTED,
    Problem,
    answer_own_error,
    code_of,
    title_of,
)
from logosim.api.service import Service
from logosim.api.slots import Slots
from logosim.errors import LogosimError

_METRICS_TYPE = CONTENT_TYPE_LATEST.removesuffix("; charset=utf-8")  # the framework adds it to every text


class HealthController(Controller):
    """GET /health/live and /health/ready; open to all."""

    path = "/health"
    tags = ("operation",)

    @get("/live", sync_to_thread=False, summary="Is the process alive?", operation_id="getLive", responses=faults(503))
    def live(self) -> State:
        """Answer at once, whatever the state of the database."""
        return State("live")

    @get(
        "/ready",
        summary="Can searches be answered now?",
        operation_id="getReady",
        responses={200: ResponseSpec(State, generate_examples=False, description="Ready.")} | faults(503),
    )
    async def ready(
        self, request: Request[Any, Any, Any], service: NamedDependency[SkipValidation[Service]]
    ) -> Response[State] | Response[Problem]:
        """Ready when the database answers and is migrated, and this server has the active model."""
        try:
            await asyncio.to_thread(service.ready)
        except LogosimError as error:
            return answer_own_error(request, error, status=503)
        return Response(State("ready"))


class MetricsController(Controller):
    """GET /metrics."""

    path = "/metrics"
    tags = ("operation",)

    @get(
        "/",
        summary="Numbers for Prometheus",
        operation_id="getMetrics",
        media_type="text/plain",
        responses={200: ResponseSpec(str, generate_examples=False, media_type="text/plain", description="Metrics.")}
        | faults(401, 403, 503),
    )
    async def numbers(
        self,
        service: NamedDependency[SkipValidation[Service]],
        metrics: NamedDependency[SkipValidation[Metrics]],
        searches: NamedDependency[SkipValidation[Slots]],
        batches: NamedDependency[SkipValidation[Slots]],
    ) -> Response[bytes]:
        """Requests, search stages and the work queue. It answers also while the database is down."""
        work: dict[str, int] | None
        try:
            work = await asyncio.to_thread(service.work.status)
        except LogosimError:
            work = None  # shown as logosim_database_up 0
        slots = {"searches": searches.taken, "batches": batches.taken}
        return Response(metrics.render(work, slots), media_type=_METRICS_TYPE)


class ProblemsController(Controller):
    """GET /problems: where the `type` of a problem points."""

    path = "/problems"
    tags = ("operation",)

    @get("/", sync_to_thread=False, summary="All types of problems", operation_id="getProblems", responses=faults(503))
    def kinds(self) -> list[ProblemKind]:
        """Every type of problem that an error of this server can have."""
        return list(problem_kinds().values())

    @get(
        "/{code:str}",
        sync_to_thread=False,
        summary="One type of problem",
        operation_id="getProblem",
        responses=faults(404, 503),
    )
    def kind(self, code: FromPath[str]) -> ProblemKind:
        """One type of problem."""
        try:
            return problem_kinds()[code]
        except KeyError:
            raise NotFoundException from None


def problem_kinds() -> dict[str, ProblemKind]:
    """All types of problems by code."""
    own = {
        code_of(error): ProblemKind(f"/problems/{code_of(error)}", title_of(error), status, error.hint)
        for error, status in STATUS.items()
    }
    refused = {
        code: ProblemKind(f"/problems/{code}", title, status, hint)
        for status, (code, title, hint) in (REQUEST_PROBLEMS | {500: UNEXPECTED}).items()
    }
    return own | refused
