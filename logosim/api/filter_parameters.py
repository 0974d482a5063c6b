"""The filter, weights and number of hits as parameters of a query string."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request
from litestar.params import Parameter

from logosim.api.questions import FilterFields, filter_of
from logosim.domain.query import Filter
from logosim.errors import FilterError

AnyCode = Annotated[
    list[str] | None, Parameter(description="Keep marks that carry at least one of these Vienna codes; repeatable.")
]
AllCodes = Annotated[
    list[str] | None, Parameter(description="Keep marks that carry every one of these Vienna codes; repeatable.")
]
NoneOfCodes = Annotated[
    list[str] | None, Parameter(description="Keep marks that carry none of these Vienna codes; repeatable.")
]
YearRange = Annotated[str | None, Parameter(description="2012, 2010:2015, 2010: or :2015.")]
FirstYear = Annotated[int | None, Parameter(ge=1000, le=9999, description="Earliest year, instead of `year`.")]
LastYear = Annotated[int | None, Parameter(ge=1000, le=9999, description="Latest year, instead of `year`.")]
Sources = Annotated[list[str] | None, Parameter(description="Keep marks of these data sets or registers; repeatable.")]
HasText = Annotated[bool | None, Parameter(description="Keep marks with a name, or without one.")]
WeightParameter = Annotated[
    str | None,
    Parameter(
        description="How much the evidence of each channel counts, 0 to 10; 1: as learnt. As look=1,sound=0.5, or JSON."
    ),
]
HitCount = Annotated[int, Parameter(ge=1, le=1000, description="Hits wanted.")]
Expansion = Annotated[
    int,
    Parameter(ge=0, le=100, description="Put the mark together with so many of its first answers by look; 0: do not."),
]

PARAMETERS = frozenset(FilterFields.__struct_fields__) | {"k", "weights", "expand"}


def mark_filter(
    request: Request[Any, Any, Any],
    vienna: AnyCode = None,
    vienna_all: AllCodes = None,
    year: YearRange = None,
    year_from: FirstYear = None,
    year_to: LastYear = None,
    source: Sources = None,
    has_text: HasText = None,
    vienna_none: NoneOfCodes = None,
) -> Filter:
    """Read the filter from the query string; a parameter that is not known is refused, not passed over."""
    if unknown := sorted(set(request.query_params.keys()) - PARAMETERS):
        raise FilterError(
            f"Unknown parameter {unknown[0][:40]!r}.", hint=f"Parameters are {', '.join(sorted(PARAMETERS))}."
        )
    return filter_of(
        FilterFields(
            vienna=vienna or [],
            vienna_all=vienna_all or [],
            year=year,
            year_from=year_from,
            year_to=year_to,
            source=source or [],
            has_text=has_text,
            vienna_none=vienna_none or [],
        )
    )
