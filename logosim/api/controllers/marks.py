"""Stored marks: one of them, its picture, its like, and more of them."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated, Any

from litestar import Controller, Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency, Provide
from litestar.enums import RequestEncodingType
from litestar.exceptions import HTTPException
from litestar.openapi import ResponseSpec
from litestar.params import Body, Parameter, SkipValidation

from logosim.api.answers import BatchReport, MarkDetails, SearchAnswer, batch_report, mark_details, search_answer
from logosim.api.bodies import read_form
from logosim.api.documentation import faults, search_answered
from logosim.api.filter_parameters import Expansion, HitCount, WeightParameter, mark_filter
from logosim.api.metrics import Metrics
from logosim.api.questions import Batch, mark_id_of
from logosim.api.service import Limits, Service
from logosim.api.slots import Slots
from logosim.domain.parse import parse_text, parse_weights
from logosim.domain.query import Filter
from logosim.errors import InputError, PictureGone, RecordError, UnreadablePicture
from logosim.imaging.formats import picture_format

MarkId = Annotated[str, Parameter(description="Id of the mark, a UUID.")]


class MarksController(Controller):
    """GET /v1/marks/{id}, .../similar, .../image and POST /v1/marks."""

    path = "/marks"
    tags = ("marks",)

    @get(
        "/{mark_id:str}",
        sync_to_thread=True,
        summary="One mark",
        operation_id="getMark",
        responses=faults(401, 403, 404, 422, 503),
    )
    def one(self, mark_id: MarkId, service: NamedDependency[SkipValidation[Service]]) -> MarkDetails:
        """What is known about a stored mark."""
        return mark_details(service.marks.get(mark_id_of(mark_id)))

    @get(
        "/{mark_id:str}/similar",
        summary="Marks similar to a mark",
        operation_id="getSimilarMarks",
        dependencies={"kept": Provide(mark_filter, sync_to_thread=False)},
        responses=search_answered() | faults(401, 403, 404, 422, 503),
    )
    async def similar(
        self,
        mark_id: MarkId,
        kept: NamedDependency[SkipValidation[Filter]],
        service: NamedDependency[SkipValidation[Service]],
        searches: NamedDependency[SkipValidation[Slots]],
        metrics: NamedDependency[SkipValidation[Metrics]],
        weights: WeightParameter = None,
        k: HitCount = 20,
        expand: Expansion = 0,
    ) -> SearchAnswer:
        """Rank other marks by how easily they could be confused with this one; it is not among its own hits."""
        answer = await searches.run(
            partial(
                service.pipeline.by_mark,
                mark_id_of(mark_id),
                filter=kept,
                weights=parse_weights(weights),
                k=k,
                expand=expand,
            )
        )
        metrics.search_answered("mark", answer)
        return search_answer(answer)

    @get(
        "/{mark_id:str}/image",
        sync_to_thread=True,
        summary="The picture of a mark",
        operation_id="getMarkImage",
        media_type="image/*",
        response_description="The picture file as it was taken in; the ETag is its SHA-256.",
        responses={304: ResponseSpec(None, description="The picture is the one the client has (If-None-Match).")}
        | faults(401, 403, 404, 410, 422, 503),
    )
    def image(
        self, request: Request[Any, Any, Any], mark_id: MarkId, service: NamedDependency[SkipValidation[Service]]
    ) -> Response[bytes]:
        """The picture of a stored mark, byte for byte. Only files that the database names are ever read."""
        mark = service.marks.get(mark_id_of(mark_id))
        etag = f'"{mark.picture_sha256}"'
        headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
        if _has_tag(request.headers.get("if-none-match", ""), etag):
            return Response(b"", status_code=304, headers=headers)
        try:
            data = Path(mark.picture_location).read_bytes()
            media_type = f"image/{picture_format(data).lower()}"
        except (OSError, UnreadablePicture) as error:
            raise PictureGone() from error
        return Response(data, media_type=media_type, headers=headers)

    @post(
        "/",
        status_code=202,
        summary="Take in a batch of marks",
        operation_id="addMarks",
        before_request=read_form,
        response_description="What became of each record; the pictures are seen by a worker later (GET /v1/work).",
        responses=faults(401, 403, 413, 415, 422, 503),
    )
    async def take_in(
        self,
        data: Annotated[Batch, Body(media_type=RequestEncodingType.MULTI_PART)],
        service: NamedDependency[SkipValidation[Service]],
        limits: NamedDependency[SkipValidation[Limits]],
        batches: NamedDependency[SkipValidation[Slots]],
    ) -> BatchReport:
        """Take in marks of one source.

        `records` is a JSON list of objects with `file`, `text`, `vienna_codes` and `year`; `pictures` are the files
        they name. Records are judged one by one: a bad one is listed under `rejected` with its line, number and
        reason and does not keep the others out; so is a picture that no record names. Sending the same batch again
        changes nothing.
        """
        source = parse_text(data.source)
        if source is None:
            raise InputError("The source is empty.", hint="Name the data set or register in the field `source`.")
        records = await data.records.read()
        if not records.strip():
            raise RecordError("The records are empty.", hint="Send a JSON list of records in the field `records`.")
        if len(data.pictures) > limits.max_batch_pictures:
            raise HTTPException(status_code=413, detail=f"A batch has at most {limits.max_batch_pictures} pictures.")
        pictures: dict[str, bytes] = {}
        for upload in data.pictures:
            name = _plain_name(upload)
            if name in pictures:
                raise RecordError(f"Two pictures have the name {name[:100]!r}.")
            pictures[name] = await upload.read()
        return batch_report(await batches.run(partial(service.ingest_uploads, source, records, pictures)))


def _plain_name(upload: UploadFile) -> str:
    name = upload.filename
    if name in {"", ".", ".."} or any(character in "/\\" or ord(character) < 32 for character in name):
        raise RecordError(f"Not a plain file name: {name[:100]!r}.", hint="Send pictures under their bare file names.")
    return name


def _has_tag(if_none_match: str, etag: str) -> bool:
    tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return etag in tags or "*" in tags
