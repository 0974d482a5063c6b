"""Pictures that are handed in to be asked about later."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from litestar import Controller, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.openapi import ResponseSpec
from litestar.params import Body, SkipValidation

from logosim.api.answers import QueryHandle, query_handle
from logosim.api.bodies import read_form
from logosim.api.controllers.search import read_picture
from logosim.api.documentation import faults
from logosim.api.questions import NewQuery
from logosim.api.service import Limits, Service
from logosim.api.slots import Slots
from logosim.domain.parse import parse_codes, parse_regions, parse_text


class QueriesController(Controller):
    """POST /v1/queries."""

    path = "/queries"
    tags = ("search",)

    @post(
        "/",
        status_code=201,
        summary="Hand in a picture to ask about",
        operation_id="keepQuery",
        before_request=read_form,
        responses={
            201: ResponseSpec(QueryHandle, generate_examples=False, description="The handle and how long it is good.")
        }
        | faults(401, 403, 413, 415, 422, 503),
    )
    async def remember(
        self,
        data: Annotated[NewQuery, Body(media_type=RequestEncodingType.MULTI_PART)],
        service: NamedDependency[SkipValidation[Service]],
        limits: NamedDependency[SkipValidation[Limits]],
        searches: NamedDependency[SkipValidation[Slots]],
    ) -> QueryHandle:
        """Keep a picture for 24 hours, with what is seen in it, and answer with a handle to ask about it by.

        The fields are those of POST /v1/search. The handle is good for `handle` of POST /v1/search and GET /v1/explain
        and for logosim.similar_to in SQL, until it expires or another model becomes the active one. The picture itself
        is kept too; whoever may read the database can see it.
        """
        keep = partial(
            service.pipeline.remember,
            text=parse_text(data.text),
            vienna_codes=parse_codes(data.codes),
            regions=parse_regions(data.region),
        )
        picture = await read_picture(data.picture, limits)
        return query_handle(await searches.run(partial(keep, picture)))
