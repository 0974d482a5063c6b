"""Why a stored mark, or a picture that was handed in, is like a stored mark: as data, and drawn."""

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
from logosim.api.questions import handle_of, mark_id_of
from logosim.api.service import PairComparison, Service
from logosim.api.slots import Slots
from logosim.domain.explanation import Compared, Explanation
from logosim.domain.parse import parse_weights
from logosim.domain.query import Weights
from logosim.errors import InputError
from logosim.imaging.overlay import overlay
from logosim.imaging.sheet import as_png

FirstMark = Annotated[str | None, Parameter(description="Id of the mark that is asked about, a UUID.")]
FirstHandle = Annotated[
    str | None,
    Parameter(description="In place of `mark`: handle of a picture, as POST /v1/queries gives it, a UUID."),
]
OtherMark = Annotated[str, Parameter(description="Id of the earlier mark, a UUID.")]
PARAMETERS = frozenset({"mark", "handle", "other", "weights"})


@dataclass(frozen=True, slots=True)
class Pair:
    """What is compared, and how."""

    first: UUID
    is_handle: bool  # whether `first` is the handle of a picture; else it is the id of a mark
    other: UUID
    weights: Weights


def asked_pair(
    request: Request[Any, Any, Any],
    other: OtherMark,
    mark: FirstMark = None,
    handle: FirstHandle = None,
    weights: WeightParameter = None,
) -> Pair:
    """Read the pair from the query string; a parameter that is not known is refused, not passed over."""
    if unknown := sorted(set(request.query_params.keys()) - PARAMETERS):
        raise InputError(
            f"Unknown parameter {unknown[0][:40]!r}.", hint=f"Parameters are {', '.join(sorted(PARAMETERS))}."
        )
    if mark is not None and handle is None:
        first = mark_id_of(mark)
    elif handle is not None and mark is None:
        first = handle_of(handle)
    else:
        raise InputError("Give either `mark` or `handle`.", hint="Each is a UUID: of a stored mark, or of a picture.")
    return Pair(first, handle is not None, mark_id_of(other), parse_weights(weights))


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
        | faults(401, 403, 404, 410, 422, 503),
    )
    async def explained(
        self,
        pair: NamedDependency[SkipValidation[Pair]],
        service: NamedDependency[SkipValidation[Service]],
        searches: NamedDependency[SkipValidation[Slots]],
    ) -> Explanation:
        """Compare two stored marks, or a picture with one, by the channels, weights and score of a search.

        The answer has what each channel contributes to the score, the patches that match as rectangles in the pixels of
        both pictures, the sounds that answer each other, the measures of spelling, the Vienna codes that are shared and
        a paragraph that can be read aloud. A picture that cannot be read any more leaves its rectangles null and says
        why in `picture_problem`. Of a picture with regions the one is compared that `other` is most like: `region`
        tells which, and its rectangles count from its own corner.
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
        responses=faults(401, 403, 404, 410, 422, 503),
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
    compare = comparison.of_handle if pair.is_handle else comparison.of_marks
    return compare(pair.first, pair.other, weights=pair.weights)


def _drawn(comparison: PairComparison, pair: Pair) -> bytes:
    compared = _compared(comparison, pair)
    return as_png(overlay(compared.explanation, compared.pictures))
