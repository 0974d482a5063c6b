"""Options that several commands share, turned into domain values once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import rich_click as click

from logosim.domain.parse import parse_codes, parse_text, parse_weights, parse_years
from logosim.domain.query import Filter, Weights

Function = TypeVar("Function", bound=Callable[..., Any])


def together(*options: Callable[[Function], Function]) -> Callable[[Function], Function]:
    """One decorator of several options, in the order in which `--help` lists them."""

    def added(function: Function) -> Function:
        for option in reversed(options):
            function = option(function)
        return function

    return added


filter_options = together(
    click.option(
        "--vienna",
        multiple=True,
        metavar="CODE",
        help="Only marks with one of these codes (03, 03.07, 03.07.01).",
    ),
    click.option("--vienna-all", multiple=True, metavar="CODE", help="Only marks with every one of these codes."),
    click.option("--vienna-none", multiple=True, metavar="CODE", help="Only marks with none of these codes."),
    click.option("--year", metavar="FROM:TO", help="Only these years: 2010:2015, 2010:, :2015 or 2012."),
    click.option("--source", multiple=True, metavar="NAME", help="Only marks of this source."),
    click.option("--has-text/--no-text", default=None, help="Only marks with, or without, a verbal element."),
)
"""Add the filters of a search to a command."""


def weights_option(function: Function) -> Function:
    """Add `--weights` to a command that searches."""
    return click.option(
        "--weights",
        metavar="LIST",
        help="How much channels count, 0 to 10, such as look=2,sound=0.5; the others keep 1, as learnt.",
    )(function)


def search_options(function: Function) -> Function:
    """Add filters, weights, `--k` and `--json` to a search command."""
    for option in reversed(
        (
            weights_option,
            click.option("--k", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many hits."),
            click.option("--json", "as_json", is_flag=True, help="Print one JSON object."),
        )
    ):
        function = option(function)
    return filter_options(function)


def expand_option(function: Function) -> Function:
    """Add `--expand` to a command that searches by look."""
    return click.option(
        "--expand",
        metavar="N",
        type=click.IntRange(0, 100),
        default=0,
        show_default=True,
        help="Put the picture together with its N first answers by look, if they look alike, and search with that.",
    )(function)


def filter_of(given: dict[str, Any]) -> Filter:
    """The filter that the options of `filter_options` describe."""
    year_from, year_to = parse_years(given["year"]) if given["year"] else (None, None)
    sources = (parse_text(source) for source in given["source"])
    return Filter(
        vienna_any=parse_codes(given["vienna"]),
        vienna_all=parse_codes(given["vienna_all"]),
        year_from=year_from,
        year_to=year_to,
        sources=tuple(source for source in sources if source is not None),
        has_text=given["has_text"],
        vienna_none=parse_codes(given["vienna_none"]),
    )


def weights_of(given: dict[str, Any]) -> Weights:
    """The weights that `--weights` describes, or the defaults."""
    return parse_weights(given["weights"]) if given["weights"] else Weights()
