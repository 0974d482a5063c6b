from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logosim.errors import RecordError
from logosim.ingest.record import FIRST_YEAR, LAST_YEAR, Record, parse_record


def reason_of(value: object) -> str:
    with pytest.raises(RecordError) as caught:
        parse_record(value)
    assert str(caught.value)
    return caught.value.reason


def test_a_plain_record() -> None:
    given_record = {"file": "a.JPG", "text": " Lenco ", "vienna_codes": ["27.05.01", "29.1.3"], "year": 2018}
    assert parse_record(given_record) == Record("a.JPG", "Lenco", ("27.05.01", "29.01.03"), 2018)


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ("18.01.05", ("18.01.05",)),
        (["98.01.01", "99.01", "26.04.98"], ("98.01.01", "99.01", "26.04.98")),
        (["27.05.01", "27.5.1"], ("27.05.01",)),
        (None, ()),
        ("", ()),
        ([], ()),
    ],
)
def test_vienna_codes_as_data_sets_write_them(codes: object, expected: tuple[str, ...]) -> None:
    assert parse_record({"file": "a.jpg", "vienna_codes": codes}).vienna_codes == expected


@pytest.mark.parametrize("text", [None, "", "  \t\n"])
def test_blank_text_is_no_text(text: str | None) -> None:
    assert parse_record({"file": "a.jpg", "text": text}).text is None


@pytest.mark.parametrize(
    ("year", "expected"), [("2018", 2018), (" 1996 ", 1996), (1900, 1900), (None, None), ("", None)]
)
def test_years(year: object, expected: int | None) -> None:
    assert parse_record({"file": "a.jpg", "year": year}).year == expected


@pytest.mark.parametrize("year", ["20x5", 1899, "2101", "018", True, 2018.0, [2018], "２０１８", 10**30])
def test_bad_years(year: object) -> None:
    assert reason_of({"file": "a.jpg", "year": year}) == "year-malformed"


@pytest.mark.parametrize(
    "codes", ["27.05.xx", ["27.05.01", ""], 27.05, ["27.05.01", 3], {"code": "27"}, "1.2.3.4", [[]]]
)
def test_bad_vienna_codes(codes: object) -> None:
    assert reason_of({"file": "a.jpg", "vienna_codes": codes}) == "vienna-code-malformed"


@pytest.mark.parametrize("text", [7, ["a"], {"en": "a"}, True, "a\x00b", "half \udc80", "x" * 10_001])
def test_bad_text(text: object) -> None:
    assert reason_of({"file": "a.jpg", "text": text}) == "text-malformed"


@pytest.mark.parametrize("value", [None, 3, "a.jpg", ["a.jpg"], True])
def test_not_a_record(value: object) -> None:
    assert reason_of(value) == "record-malformed"


@pytest.mark.parametrize("record", [{}, {"file": None}, {"file": ""}, {"text": "a"}])
def test_no_file(record: object) -> None:
    assert reason_of(record) == "file-missing"


@pytest.mark.parametrize(
    "file",
    [
        "../../etc/passwd",
        "/etc/passwd.jpg",
        "a/../b.jpg",
        "..",
        ".",
        "a//b.jpg",
        "c:\\x.jpg",
        "a\x00.jpg",
        "a\nb.jpg",
        "  ",
    ],
)
def test_files_outside_the_data_set(file: str) -> None:
    assert reason_of({"file": file}) == "file-unsafe"


@pytest.mark.parametrize("file", ["sound.mp3", "paper.PDF", "drawing.svg"])
def test_files_that_are_no_pictures_by_name(file: str) -> None:
    assert reason_of({"file": file}) == "not-a-picture"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


def storable(text: str) -> None:
    assert "\x00" not in text
    text.encode()


@given(st.fixed_dictionaries({}, optional={"file": JSON, "text": JSON, "vienna_codes": JSON, "year": JSON}) | JSON)
def test_any_json_is_a_storable_record_or_refused(value: object) -> None:
    try:
        record = parse_record(value)
    except RecordError as error:
        storable(str(error))
        return
    storable((record.text or "") + record.file)
    assert record.text is None or record.text.strip()
    assert record.year is None or FIRST_YEAR <= record.year <= LAST_YEAR
