from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logosim.domain.mark import mark_id
from logosim.domain.parse import parse_interval
from logosim.domain.query import Filter, Query, Weights
from logosim.domain.vienna import ViennaLevel, canonical, canonical_all, keys, level
from logosim.errors import FilterError, InputError, LogosimError, ViennaCodeError, WeightsError


@pytest.mark.parametrize(
    ("given_code", "expected"),
    [("3", "03"), ("3.7", "03.07"), ("03.07.01", "03.07.01"), (" 26.4.5 ", "26.04.05"), ("98.1.2", "98.01.02")],
)
def test_codes_have_one_spelling(given_code: str, expected: str) -> None:
    assert canonical(given_code) == expected


@pytest.mark.parametrize("wrong", ["", ".", "3.", "3..7", "003", "3.7.1.2", "a.b", "3,7", "٣.٧", "03-07"])
def test_other_spellings_are_refused(wrong: str) -> None:
    with pytest.raises(ViennaCodeError):
        canonical(wrong)


@given(st.lists(st.integers(0, 99), min_size=1, max_size=3))
def test_canonical_is_idempotent_and_keeps_the_level(groups: list[int]) -> None:
    code = canonical(".".join(map(str, groups)))
    assert canonical(code) == code
    assert level(code) is tuple(ViennaLevel)[len(groups) - 1]


def test_keys_are_the_codes_with_their_ancestors() -> None:
    assert keys(("26.04.05", "03")) == ("03", "26", "26.04", "26.04.05")
    assert canonical_all(["3.7", "03.07", "1"]) == ("03.07", "01")


def test_mark_ids_are_stable_and_ignore_the_case_of_the_file() -> None:
    assert mark_id("l3d", "A.JPG") == mark_id("l3d", "a.jpg") != mark_id("other", "a.jpg")
    identifier = mark_id("l3d", "a.jpg")
    assert identifier.version == 8
    assert identifier == UUID("ebba39d3-8d6f-8848-bba2-094592221a83")


def test_a_query_without_anything_to_compare_is_refused() -> None:
    with pytest.raises(FilterError, match="picture or a text"):
        Query()
    with pytest.raises(FilterError, match="1 to 1000"):
        Query(text="ACME", k=0)
    with pytest.raises(FilterError, match="empty range"):
        Filter(year_from=2015, year_to=2010)


@pytest.mark.parametrize(
    "given_weights", [{"look": -1.0}, {"taste": 1.0}, {"look": float("nan")}, {"look": float("inf")}]
)
def test_weights_that_mean_nothing_are_refused(given_weights: dict[str, float]) -> None:
    with pytest.raises(WeightsError):
        Weights.parse(given_weights)


def test_errors_carry_their_docstring_and_a_stable_code() -> None:
    error = ViennaCodeError()
    assert error.code == "vienna-code-error"
    assert str(error) == ViennaCodeError.__doc__
    assert all(subclass.__doc__ for subclass in LogosimError.__subclasses__())


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), (" 15 m ", 900), ("1h", 3600), ("7d", 7 * 86400), ("366d", 366 * 86400)]
)
def test_lengths_of_time(text: str, seconds: int) -> None:
    assert parse_interval(text).total_seconds() == seconds


@pytest.mark.parametrize("text", ["", "1", "1x", "0s", "-1h", "1.5h", "367d", "1h30m", "١h"])
def test_what_is_no_length_of_time(text: str) -> None:
    with pytest.raises(InputError) as raised:
        parse_interval(text)
    assert raised.value.hint
