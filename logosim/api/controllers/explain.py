"""Why two stored marks are alike: as data, and drawn."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, Response, get
from litestar.di import NamedDependency, Provide
from litestar.openapi import ResponseSpec
from litestar.params import Parameter, SkipValidation

from logosim.api.documentation import faults
from logosim.api.filter_parameters import WeightParameter
from logosim.api.questions import mark_id_of
from logosim.api.service import PairComparison, Service
from logosim.api.slots import Slots
from logosim.domain.explanation import Compared, Explanation
from logosim.domain.parse import parse_weights
from logosim.domain.query import Weights
from logosim.errors import InputError
from logosim.imaging.overlay import overlay
from logosim.imaging.sheet import as_png

FirstMark = Annotated[str, Parameter(description="Id of the mark that is asked about, a UUID.")]
OtherMark = Annotated[str, Parameter(description="Id of the earlier mark, a UUID.")]
PARAMETERS = frozenset({"mark", "other", "weights"})


@dataclass(frozen=True, slots=True)
class Pair:
    """Which marks are compared, and how."""

    mark: UUID
    other: UUID
    weights: Weights


def asked_pair(
    request: Request[Any, Any, Any], mark: FirstMark, other: OtherMark, weights: WeightParameter = None
) -> Pair:
    """Read the pair from the query string; a parameter that is not known is refused, not passed over."""
    if unknown := sorted(set(request.query_params.keys()) - PARAMETERS):
        raise InputError(
            f"Unknown parameter {unknown[0][:40]!r}.", hint=f"Parameters are {', '.join(sorted(PARAMETERS))}."
        )
    return Pair(mark_id_of(mark), mark_id_of(other), parse_weights(weights))


class ExplainController(Controller):
    """GET /v1/explain and GET /v1/explain/picture."""

    path = "/explain"
    tags = ("search",)

    @get(
        "/",
        summary="Why two marks are alike",
        operation_id="explainPair",
        dependencies={"pair": Provide(asked_pair, sync_to_thread=False)},
        responses={
            200: ResponseSpec(Explanation, generate_examples=False, description="The score with all that is behind it.")
        }
        | faults(401, 403, 404, 422, 503),
    )
    async def explained(
        self,
        pair: NamedDependency[SkipValidation[Pair]],
        service: NamedDependency[SkipValidation[Service]],
        searches: NamedDependency[SkipValidation[Slots]],
    ) -> Explanation:
        """Compare two stored marks by the channels, weights and score of a search.

        The answer has each channel's share of the score, the patches that match as rectangles in the pixels of both
        pictures, the sounds that answer each other, the measures of spelling, the Vienna codes that are shared and a
        paragraph that can be read aloud. A picture that cannot be read any more leaves its rectangles null and says
        why in `picture_problem`.
        """
        # The domain's own value goes out: it holds no paths, and the command line prints the same.
        return (await searches.run(partial(_compared, service.comparison, pair))).explanation

    @get(
        "/picture",
        summary="Why two marks are alike, drawn",
        operation_id="explainPairPicture",
        dependencies={"pair": Provide(asked_pair, sync_to_thread=False)},
        media_type="image/png",
        response_description="Both marks side by side, what matches outlined with the same number and colour.",
        responses=faults(401, 403, 404, 422, 503),
    )
    async def drawn(
        self,
        pair: NamedDependency[SkipValidation[Pair]],
        service: NamedDependency[SkipValidation[Service]],
        searches: NamedDependency[SkipValidation[Slots]],
    ) -> Response[bytes]:
        """The same comparison as one picture (PNG), with the score, its parts and the sounds of the names.

        In place of a picture that cannot be read any more there is a grey field with the reason.
        """
        return Response(await searches.run(partial(_drawn, service.comparison, pair)), media_type="image/png")


def _compared(comparison: PairComparison, pair: Pair) -> Compared:
    return comparison.of_marks(pair.mark, pair.other, weights=pair.weights)


def _drawn(comparison: PairComparison, pair: Pair) -> bytes:
    compared = _compared(comparison, pair)
    return as_png(overlay(compared.explanation, compared.pictures))
