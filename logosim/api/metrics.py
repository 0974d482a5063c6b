"""Numbers for Prometheus, in a registry that belongs to one application."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from logosim.domain.hit import Answer

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class Metrics:
    """What is counted. Label values come from small fixed sets: route templates, never addresses."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "logosim_http_requests",
            "Requests answered, by route template and status.",
            ("method", "route", "status"),
            registry=self._registry,
        )
        self._request_seconds = Histogram(
            "logosim_http_request_seconds",
            "Time from the request's first byte to the end of the answer.",
            ("method", "route"),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._stage_seconds = Histogram(
            "logosim_search_stage_seconds",
            "Time of one stage of a search, by what was asked about (picture, mark or text).",
            ("asked", "stage"),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._incomplete = Counter(
            "logosim_search_incomplete",
            "Searches whose candidate set was not complete.",
            ("asked",),
            registry=self._registry,
        )
        self._places = Gauge(
            "logosim_slots_taken", "Heavy calls that run or wait.", ("slots",), registry=self._registry
        )
        self._work = Gauge(
            "logosim_work_items", "Items of the work queue, by state.", ("state",), registry=self._registry
        )
        self._database = Gauge(
            "logosim_database_up", "1 if the database answered this scrape.", registry=self._registry
        )

    def request_answered(self, method: str, route: str | None, status: int, seconds: float) -> None:
        """Count one answer; `route` is its template, None where no route matched."""
        method, route = method if method in _METHODS else "other", route or "none"
        self._requests.labels(method, route, str(status)).inc()
        self._request_seconds.labels(method, route).observe(seconds)

    def search_answered(self, asked: str, answer: Answer) -> None:
        """Count one search with the time of each stage."""
        for stage, milliseconds in answer.timings_ms.items():
            self._stage_seconds.labels(asked, stage).observe(milliseconds / 1000)
        if not answer.complete:
            self._incomplete.labels(asked).inc()

    def render(self, work: Mapping[str, int] | None, slots: Mapping[str, int]) -> bytes:
        """Text for Prometheus. `work` is the queue by state, None if the database did not answer."""
        self._database.set(0 if work is None else 1)
        self._work.clear()
        for state, count in (work or {}).items():
            self._work.labels(state).set(count)
        for name, taken in slots.items():
            self._places.labels(name).set(taken)
        return generate_latest(self._registry)
