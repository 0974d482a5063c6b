"""The OpenAPI document: what stands in it beside the handlers' own words."""

from __future__ import annotations

from uuid import UUID

from litestar.openapi import OpenAPIConfig, ResponseSpec
from litestar.openapi.plugins import JsonRenderPlugin, YamlRenderPlugin
from litestar.openapi.spec import Components, Example, License, SecurityScheme, Server, Tag

from logosim.api.access import KEY_HEADER
from logosim.api.answers import Evidence, RankedMark, SearchAnswer, links_of
from logosim.api.problem import MEDIA_TYPE, REQUEST_PROBLEMS, UNEXPECTED, Problem, code_of, title_of
from logosim.errors import AccessDenied, ForeignOrigin, LogosimError, MarkNotFound, Overloaded, PictureGone

API_VERSION = "1.0.0"  # of this interface, not of the package
SECURITY_SCHEME = "ApiKey"

_DESCRIPTION = """\
Which earlier marks could this logo be confused with, and why?

Every error, whatever its cause, is a problem document (RFC 9457, `application/problem+json`) with `type`, `title`,
`status`, `detail`, `hint`, `request_id` and `errors`; `/problems` lists the types. Every answer carries the header
`X-Request-ID`; one sent with the request is kept.
"""

_FAULTS: dict[int, str] = {
    400: "The request cannot be read: broken JSON, broken multipart or a broken header.",
    401: "The API key is missing, wrong or revoked.",
    403: "A server that asks for no key was called under a foreign name or from a foreign web page.",
    404: "There is no such mark, or no such handle any more.",
    410: "The mark's picture no longer lies where it was, or the handle is of a former model.",
    413: "The request, the picture or the number of files is over the limit.",
    415: "The Content-Type is not the one this address reads.",
    422: "A field cannot be used: the picture, a filter, a weight or a number.",
    500: "Something went wrong in the server; its log knows more under the request id.",
    503: "Too many requests, the time limit, or the database or the model cannot be used now; see Retry-After.",
}
_EXAMPLES: dict[int, type[LogosimError]] = {
    401: AccessDenied,
    403: ForeignOrigin,
    404: MarkNotFound,
    410: PictureGone,
    503: Overloaded,
}

_MARK_ID = UUID("0b5c3f5e-6a1d-8f2b-9c44-2f0f6f3f7a10")
SEARCH_EXAMPLE = SearchAnswer(
    hits=[
        RankedMark(
            rank=1,
            score=0.75,
            risk="high",
            mark_id=_MARK_ID,
            source="l3d",
            file="3f1c.JPG",
            text="ACME KAFFEE",
            vienna_codes=["11.03.04", "27.05.01"],
            year=2014,
            found_by=["look", "sound"],
            region=None,
            evidence=[
                Evidence("look", 0.9, 1.0, 7.2, 0.66, "The pictures look much alike."),
                Evidence("sound", 0.6, 1.0, 0.8, 0.09, "The names sound somewhat alike."),
            ],
            links=links_of(_MARK_ID),
        )
    ],
    model="example-model",
    query_text="ACME Coffee",
    route="hnsw",
    candidates=1000,
    passed=None,
    complete=True,
    timings_ms={"extract": 80.0, "candidates": 50.0, "rerank": 40.0, "total": 170.0},
)


def faults(*statuses: int) -> dict[int, ResponseSpec]:
    """Documented error answers, all of them problem documents; 400 and 500 can happen everywhere."""
    return {
        status: ResponseSpec(
            Problem,
            generate_examples=False,
            description=_FAULTS[status],
            media_type=MEDIA_TYPE,
            examples=[Example(id="problem", value=_problem(status))],
        )
        for status in sorted({400, 500, *statuses})
    }


def search_answered() -> dict[int, ResponseSpec]:
    """The documented answer to a search."""
    return {
        200: ResponseSpec(
            SearchAnswer,
            generate_examples=False,
            description="Hits, best first, each with its evidence.",
            examples=[Example(id="one-hit", value=SEARCH_EXAMPLE)],
        )
    }


def openapi_config() -> OpenAPIConfig:
    """The document at /schema/openapi.json and .yaml. Browsable pages would load scripts from elsewhere: none."""
    return OpenAPIConfig(
        title="logosim",
        version=API_VERSION,
        description=_DESCRIPTION,
        license=License(name="Apache-2.0", identifier="Apache-2.0"),
        servers=[Server(url="/")],
        use_handler_docstrings=True,
        path="/schema",
        render_plugins=[JsonRenderPlugin(), YamlRenderPlugin()],
        tags=[
            Tag(name="search", description="Ask with a picture or a name; why two marks are alike."),
            Tag(name="marks", description="Stored marks: look at them, find their like, take in more."),
            Tag(name="work", description="What workers still have to do."),
            Tag(name="operation", description="Health, numbers for Prometheus, types of problems."),
        ],
        components=Components(
            security_schemes={
                SECURITY_SCHEME: SecurityScheme(
                    type="apiKey",
                    name=KEY_HEADER,
                    security_scheme_in="header",
                    description="Made by `logosim keys add NAME`. Not needed where the server is bound to loopback.",
                )
            }
        ),
    )


def _problem(status: int) -> Problem:
    if status in _EXAMPLES:
        error = _EXAMPLES[status]
        code, title, hint = code_of(error), title_of(error), error.hint
    else:
        code, title, hint = UNEXPECTED if status == 500 else REQUEST_PROBLEMS[status]
    return Problem(f"/problems/{code}", title, status, detail=title, hint=hint, request_id="7f3a9c")
