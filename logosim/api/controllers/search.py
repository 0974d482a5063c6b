"""Searches by something that is not stored: a picture or a name."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.exceptions import ValidationException
from litestar.openapi.spec import Example
from litestar.params import Body, SkipValidation

from logosim.api.answers import SearchAnswer, search_answer
from logosim.api.bodies import read_form, read_json
from logosim.api.documentation import faults, search_answered
from logosim.api.metrics import Metrics
from logosim.api.questions import PictureQuestion, TextQuestion, filter_of, handle_of
from logosim.api.service import Limits, Service
from logosim.api.slots import Slots
from logosim.domain.parse import parse_codes, parse_regions, parse_text, parse_weights
from logosim.errors import InputError, PictureTooLarge

MAX_JSON_BYTES = 256 * 1024
_TEXT_EXAMPLE = {"text": "ACME Coffee", "year": "2010:2015", "weights": {"sound": 1.0}, "k": 20}


class SearchController(Controller):
    """POST /v1/search and POST /v1/search/text."""

    path = "/search"
    tags = ("search",)

    @post(
        "/",
        status_code=200,
        summary="Marks similar to a picture",
        operation_id="searchByPicture",
        before_request=read_form,
        responses=search_answered() | faults(401, 403, 404, 410, 413, 415, 422, 503),
    )
    async def by_picture(
        self,
        data: Annotated[PictureQuestion, Body(media_type=RequestEncodingType.MULTI_PART)],
        service: NamedDependency[SkipValidation[Service]],
        limits: NamedDependency[SkipValidation[Limits]],
        searches: NamedDependency[SkipValidation[Slots]],
        metrics: NamedDependency[SkipValidation[Metrics]],
    ) -> SearchAnswer:
        """Rank earlier marks by how easily they could be confused with the logo in `picture`.

        `picture` is one still picture (PNG, JPEG, GIF, WebP, TIFF or BMP). Without `text` the name is read from the
        picture. `codes` are the logo's own Vienna codes, compared with those of the marks; `vienna`, `vienna_all`
        and `vienna_none` are filters. With `region` parts of the picture are searched in place of the whole, and every
        hit tells which of them it is most like. Fields that take several values are repeated. In place of `picture`,
        `text`, `codes` and `region` the `handle` may be given that POST /v1/queries answered them with.
        """
        how: dict[str, Any] = {
            "filter": filter_of(data),
            "weights": parse_weights(data.weights),
            "k": data.k,
            "expand": data.expand,
        }
        if data.handle is not None:
            ask = partial(service.pipeline.by_handle, _handle_alone(data, data.handle), **how)
        else:
            asked: dict[str, Any] = {
                "text": parse_text(data.text),
                "vienna_codes": parse_codes(data.codes),
                "regions": parse_regions(data.region),
            }
            ask = partial(service.pipeline.by_picture, await read_picture(data.picture, limits), **asked, **how)
        answer = await searches.run(ask)
        metrics.search_answered("picture" if data.handle is None else "handle", answer)
        return search_answer(answer)

    @post(
        "/text",
        status_code=200,
        summary="Marks with a similar name",
        operation_id="searchByText",
        before_request=read_json,
        request_max_body_size=MAX_JSON_BYTES,
        responses=search_answered() | faults(401, 403, 413, 415, 422, 503),
    )
    async def by_text(
        self,
        data: Annotated[TextQuestion, Body(examples=[Example(id="name", value=_TEXT_EXAMPLE)])],
        service: NamedDependency[SkipValidation[Service]],
        searches: NamedDependency[SkipValidation[Slots]],
        metrics: NamedDependency[SkipValidation[Metrics]],
    ) -> SearchAnswer:
        """Rank earlier marks by how alike their names look and sound."""
        text = parse_text(data.text)
        if text is None:
            raise InputError("The text is empty.", hint="Give the name to compare in the field `text`.")
        answer = await searches.run(
            partial(
                service.pipeline.by_text,
                text,
                vienna_codes=parse_codes(data.codes),
                filter=filter_of(data),
                weights=parse_weights(data.weights),
                k=data.k,
            )
        )
        metrics.search_answered("text", answer)
        return search_answer(answer)


async def read_picture(picture: UploadFile | None, limits: Limits) -> bytes:
    """The bytes of a picture that was sent.

    Raises:
        ValidationException: there is none.
        PictureTooLarge: it has more bytes than the limit.
    """
    if picture is None:
        missing = {"key": "picture", "message": "Object missing required field `picture`, and `handle` is missing too"}
        raise ValidationException("No picture is given.", extra=[missing])
    data = await picture.read(limits.max_picture_bytes + 1)
    if len(data) > limits.max_picture_bytes:
        raise PictureTooLarge(f"The picture has more than {limits.max_picture_bytes} bytes.")
    return data


def _handle_alone(data: PictureQuestion, handle: str) -> UUID:
    if data.picture is not None or data.text is not None or data.codes or data.region:
        raise InputError(
            "A `handle` stands for a picture with its name, codes and regions.",
            hint="Leave out `picture`, `text`, `codes` and `region`, or the `handle`.",
        )
    return handle_of(handle)
