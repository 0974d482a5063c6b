"""What a request may hold: one struct for each way of asking, and the way from it to the domain's values.

Unknown fields are refused, so that a misspelt filter is never silently left out.
"""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from litestar.datastructures import UploadFile
from msgspec import Meta, Struct, field

from logosim.domain.parse import parse_codes, parse_text, parse_years
from logosim.domain.query import Filter
from logosim.errors import FilterError, InputError

HitCount = Annotated[int, Meta(ge=1, le=1000, description="Hits wanted.", examples=[20])]
Expansion = Annotated[
    int,
    Meta(
        ge=0,
        le=100,
        description="Put the picture together with so many of its first answers by look, if they look alike, and "
        "search with that; 0: do not.",
    ),
]
FirstYear = Annotated[int, Meta(ge=1000, le=9999, description="Earliest year, instead of `year`.")]
LastYear = Annotated[int, Meta(ge=1000, le=9999, description="Latest year, instead of `year`.")]
HasText = Annotated[bool, Meta(description="Keep marks with a name, or without one.")]
Codes = Annotated[
    list[str],
    Meta(description="Vienna codes of any level: 26, 26.04 or 26.04.05.", examples=[["03.07", "26.04.05"]]),
]
BrandText = Annotated[str, Meta(max_length=1000, description="Name of the brand.", examples=["ACME Coffee"])]
YearRange = Annotated[str, Meta(description="2012, 2010:2015, 2010: or :2015.", examples=["2010:2015"])]
WeightText = Annotated[
    str,
    Meta(
        description="How much the evidence of a channel (look, shape, sound, spelling, vienna) counts: 1 as learnt, 0 "
        "not at all, at most 10. As look=1,sound=0.5 or a JSON object; channels not named keep 1.",
        examples=["look=1,sound=0.5"],
    ),
]
AnyCode = Annotated[list[str], Meta(description="Keep marks that carry at least one of these Vienna codes.")]
AllCodes = Annotated[list[str], Meta(description="Keep marks that carry every one of these Vienna codes.")]
NoneOfCodes = Annotated[list[str], Meta(description="Keep marks that carry none of these Vienna codes.")]
Sources = Annotated[list[str], Meta(description="Keep marks of these data sets or registers.", examples=[["l3d"]])]


Regions = Annotated[
    list[str],
    Meta(
        description="Parts of the picture to search in its place, each left,top,width,height in pixels from its top "
        "left corner, as a viewer shows it (turned as its EXIF data say); at most 8. Each costs a search of its own.",
        examples=[["10,20,200,150"]],
    ),
]


HandleText = Annotated[
    str,
    Meta(
        description="Handle of a picture that was handed in at POST /v1/queries, in place of `picture`; its name, "
        "codes and regions are those given there.",
        examples=["7c9e6679-7425-40de-944b-e07fc1f90ae7"],
    ),
]


class FilterFields(Struct, kw_only=True, forbid_unknown_fields=True):
    """Which earlier marks are asked about; without any field, all."""

    vienna: AnyCode = field(default_factory=list)
    vienna_all: AllCodes = field(default_factory=list)
    year: YearRange | None = None
    year_from: FirstYear | None = None
    year_to: LastYear | None = None
    source: Sources = field(default_factory=list)
    has_text: HasText | None = None
    vienna_none: NoneOfCodes = field(default_factory=list)


class PictureQuestion(FilterFields, kw_only=True, forbid_unknown_fields=True):
    """Which earlier marks is this picture similar to?"""

    picture: UploadFile | None = None
    handle: HandleText | None = None  # either this or the picture
    text: BrandText | None = None  # None: read from the picture
    codes: Codes = field(default_factory=list)  # the query's own, compared with those of the marks
    region: Regions = field(default_factory=list)  # searched in place of the whole
    weights: WeightText | None = None
    k: HitCount = 20
    expand: Expansion = 0


class NewQuery(Struct, kw_only=True, forbid_unknown_fields=True):
    """A picture to be asked about later, more than once or in SQL."""

    picture: UploadFile
    text: BrandText | None = None  # None: read from the picture
    codes: Codes = field(default_factory=list)
    region: Regions = field(default_factory=list)


class TextQuestion(FilterFields, kw_only=True, forbid_unknown_fields=True):
    """Which earlier marks have a name like this one?"""

    text: BrandText
    codes: Codes = field(default_factory=list)
    weights: dict[str, Any] | str | None = None
    k: HitCount = 20


class Batch(Struct, kw_only=True, forbid_unknown_fields=True):
    """Marks to take in: the records and the pictures they name."""

    source: Annotated[str, Meta(min_length=1, max_length=100, description="Name of the data set or register.")]
    records: UploadFile  # JSON: a list of {"file", "text", "vienna_codes", "year"}
    pictures: list[UploadFile] = field(default_factory=list)


def filter_of(fields: FilterFields) -> Filter:
    """The filter as a domain value.

    Raises:
        FilterError: a range of years that is empty, misspelt or given twice.
        ViennaCodeError: a code that is not one.
    """
    year_from, year_to = fields.year_from, fields.year_to
    if fields.year is not None and fields.year.strip():
        if year_from is not None or year_to is not None:
            raise FilterError("Give the years either as `year` or as `year_from` and `year_to`.")
        year_from, year_to = parse_years(fields.year)
    sources = dict.fromkeys(parse_text(source) for source in fields.source)
    return Filter(
        vienna_any=parse_codes(fields.vienna),
        vienna_all=parse_codes(fields.vienna_all),
        year_from=year_from,
        year_to=year_to,
        sources=tuple(source for source in sources if source is not None),
        has_text=fields.has_text,
        vienna_none=parse_codes(fields.vienna_none),
    )


def handle_of(text: str) -> UUID:
    """The handle of a picture.

    Raises:
        InputError: the text is no UUID.
    """
    try:
        return UUID(text)
    except ValueError as error:
        raise InputError(
            f"Not a handle: {text[:60]!r}.", hint="Handles are UUIDs, as POST /v1/queries gives them."
        ) from error


def mark_id_of(text: str) -> UUID:
    """The id of a mark.

    Raises:
        InputError: the text is no UUID.
    """
    try:
        return UUID(text)
    except ValueError as error:
        raise InputError(
            f"Not the id of a mark: {text[:60]!r}.", hint="Ids are UUIDs, as in `mark_id` of a hit."
        ) from error
