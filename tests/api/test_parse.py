from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logosim.domain.parse import parse_codes, parse_regions, parse_text, parse_weights, parse_years
from logosim.domain.query import CHANNELS, MAX_WEIGHT, Weights
from logosim.errors import FilterError, InputError, RegionError, ViennaCodeError, WeightsError

YEARS = st.integers(1000, 9999)
CHANNEL_WEIGHTS = st.dictionaries(
    st.sampled_from(CHANNELS), st.floats(0, MAX_WEIGHT, allow_subnormal=False), min_size=1
).filter(lambda weights: len(weights) < len(CHANNELS) or any(weights.values()))


@given(YEARS)
def test_one_year_is_a_range_of_itself(year: int) -> None:
    assert parse_years(f" {year} ") == (year, year)


@given(st.one_of(st.none(), YEARS), st.one_of(st.none(), YEARS))
def test_a_range_is_read_back_or_refused(first: int | None, last: int | None) -> None:
    written = f"{first or ''}:{last or ''}"
    if (first is None and last is None) or (first is not None and last is not None and first > last):
        with pytest.raises(FilterError):
            parse_years(written)
    else:
        assert parse_years(written) == (first, last)


@given(st.tuples(st.integers(0, 99999), st.integers(0, 99999), st.integers(1, 99999), st.integers(1, 99999)))
def test_a_region_is_read_back(numbers: tuple[int, int, int, int]) -> None:
    (region,) = parse_regions([" , ".join(map(str, numbers))])
    assert (region.left, region.top, region.width, region.height) == numbers


@pytest.mark.parametrize("text", ["", "1,2,3", "1,2,3,4,5", "-1,2,3,4", "1,2,0,4", "1.5,2,3,4", "a,b,c,d", "1,2,3x4"])
def test_what_is_no_region_is_refused_with_the_right_notation(text: str) -> None:
    with pytest.raises(RegionError) as refused:
        parse_regions([text])
    assert "left,top,width,height" in (refused.value.hint or "")
    with pytest.raises(RegionError, match="at most 8"):
        parse_regions(["0,0,1,1"] * 9)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":",
        "10",
        "10:20",
        "20122013",
        "2012 2013",
        "2012-2015",
        "2015:2010",
        "0000",
        "twenty",
        "2012:13",
        "٢٠١٢",
        "::",
    ],
)
def test_other_notations_of_years_are_refused_with_the_right_one(text: str) -> None:
    with pytest.raises(FilterError) as refused:
        parse_years(text)
    assert "2010:2015" in (refused.value.hint or "")


@given(st.text(max_size=30))
def test_any_text_is_a_range_of_years_or_a_filter_error(text: str) -> None:
    try:
        first, last = parse_years(text)
    except FilterError:
        return
    assert first is not None or last is not None
    assert all(year is None or 1000 <= year <= 9999 for year in (first, last))


@given(CHANNEL_WEIGHTS)
def test_weights_mean_the_same_in_every_notation(weights: dict[str, float]) -> None:
    expected = Weights(**weights)
    assert parse_weights(json.dumps(weights)) == expected
    assert parse_weights(weights) == expected
    assert parse_weights(",".join(f" {channel} = {weight!r} " for channel, weight in weights.items())) == expected


@pytest.mark.parametrize("nothing", [None, "", "  ", "{}"])
def test_no_weights_are_the_defaults(nothing: str | None) -> None:
    assert parse_weights(nothing) == Weights()


@pytest.mark.parametrize(
    "given_weights",
    [
        "look",
        "look=",
        "look=1,",
        "=1",
        "look=1,look=2",
        "look=-1",
        "look=nan",
        "look=inf",
        "look=10.5",
        "smell=1",
        "look=0,shape=0,sound=0,spelling=0,vienna=0",
        '{"look": 1',
        '{"look": 1} more',
        '{"look": 1, "look": 2}',
        '{"look": true}',
        '{"look": null}',
        '{"look": {"deep": 1}}',
        '{"look": [1]}',
        '{"look": NaN}',
        '{"look": 1e999}',
        '{"look": 1' + "0" * 5000 + "}",
        "[1]",
        '{"a":' * 100_000,
        {"look": "high"},
        {"look": 10**400},
    ],
)
def test_weights_that_cannot_be_used_are_refused(given_weights: str | dict[str, object]) -> None:
    with pytest.raises(WeightsError):
        parse_weights(given_weights)


@given(st.text(max_size=40))
def test_any_text_is_weights_or_a_weights_error(text: str) -> None:
    try:
        weights = parse_weights(text)
    except WeightsError:
        return
    assert 0 < sum(weights.as_tuple()) < float("inf")


@given(st.lists(st.tuples(st.integers(1, 99), st.integers(1, 99), st.integers(1, 99)), max_size=8))
def test_codes_are_read_however_they_are_parted(groups: list[tuple[int, int, int]]) -> None:
    written = [".".join(map(str, group)) for group in groups]
    canonical = tuple(dict.fromkeys(".".join(f"{number:02d}" for number in group) for group in groups))
    assert parse_codes(written) == canonical
    assert parse_codes([", ".join(written)]) == canonical
    assert parse_codes([";".join(written), ""]) == canonical


@pytest.mark.parametrize("text", ["x", "3.7.1.2", "26/04", "3,y", "123"])
def test_a_text_that_is_no_code_is_refused(text: str) -> None:
    with pytest.raises(ViennaCodeError):
        parse_codes([text])


@given(st.text(max_size=1100))
def test_a_name_is_trimmed_or_refused_and_can_be_stored(text: str) -> None:
    try:
        name = parse_text(text)
    except InputError:
        assert len(text.strip()) > 1000 or "\x00" in text or any("\ud800" <= c <= "\udfff" for c in text)
        return
    if name is None:
        assert not text.strip()
    else:
        assert name == text.strip()
        assert "\x00" not in name
        name.encode()


@pytest.mark.parametrize("text", ["a\x00b", "\ud800", "x" * 1001])
def test_a_name_that_cannot_be_stored_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        parse_text(text)
