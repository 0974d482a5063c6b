from __future__ import annotations

import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from logosim.ingest import jsonstream
from logosim.ingest.jsonstream import JsonValue, MalformedJson, values

RECORDS = st.lists(
    st.dictionaries(st.text(max_size=5), st.text(max_size=20) | st.integers() | st.lists(st.text()), max_size=4)
)


def read(data: bytes) -> tuple[list[JsonValue], MalformedJson | None]:
    found: list[JsonValue] = []
    try:
        for value in values(io.BytesIO(data)):
            found.append(value)  # noqa: PERF402  # what came before the damage is what matters here
    except MalformedJson as error:
        return found, error
    return found, None


@given(records=RECORDS, indent=st.sampled_from([None, 0, 2]), chunk=st.integers(1, 60), ascii_only=st.booleans())
@settings(max_examples=60)
def test_an_array_comes_back_whole_whatever_the_chunks(
    records: list[object], indent: int | None, chunk: int, ascii_only: bool
) -> None:
    data = json.dumps(records, indent=indent, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jsonstream, "CHUNK", chunk)
        found, error = read(data)
    assert error is None
    assert [item.value for item in found] == json.loads(data.decode("utf-8", "surrogateescape"))


@given(records=RECORDS, chunk=st.integers(1, 60))
@settings(max_examples=60)
def test_json_lines_come_back_with_their_lines(records: list[object], chunk: int) -> None:
    data = "".join(json.dumps(record) + "\n" for record in records).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jsonstream, "CHUNK", chunk)
        found, error = read(data)
    if records:
        assert error is None
        assert found == [JsonValue(line=at, record=at, value=record) for at, record in enumerate(records, start=1)]


def test_lines_are_those_on_which_records_start() -> None:
    data = b'\xef\xbb\xbf[\n{"a": 1,\n"b": 2},\r\n\r\n{"c": 3}, {"d":\n4}\n]\n'
    found, error = read(data)
    assert error is None
    assert [(item.line, item.record) for item in found] == [(2, 1), (5, 2), (5, 3)]


@pytest.mark.parametrize(
    ("data", "good", "line"),
    [
        (b"", 0, 1),
        (b" \n ", 0, 2),
        (b'[\n{"a": 1},\n{"b": 2', 1, 3),
        (b'[\n{"a": 1},\n{"b"', 1, 3),
        (b'[\n{"a": 1},\n', 1, 3),
        (b'[\n{"a": 1}', 1, 2),
        (b'[\n{"a": 1}\n{"b": 2}]', 1, 3),
        (b'[{"a": 1},\n{"b": oops},\n{"c": 3}]', 1, 2),
        (b'[{"a": 1},]', 1, 1),
        (b'[{"a": 1}]\n[{"b": 2}]', 1, 2),
        (b'{"a": 1}\n{"b": \n', 1, 3),
        (b"[" + b"[" * 100_000, 0, 1),
        (b"[1" + b"0" * 5000 + b"]", 0, 1),
        (b"PK\x03\x04", 0, 1),
    ],
)
def test_what_stands_before_the_damage_is_kept(data: bytes, good: int, line: int) -> None:
    found, error = read(data)
    assert error is not None
    assert error.reason == "malformed-json"
    assert (len(found), error.line) == (good, line)


def test_bytes_that_are_not_utf8_spoil_only_their_record() -> None:
    found, error = read(b'[{"a": "\xff"}, {"b": "\xc3\xa9"}]')
    assert error is None
    assert [item.value for item in found] == [{"a": "\udcff"}, {"b": "é"}]


def test_a_missing_bracket_does_not_draw_the_whole_file_into_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsonstream, "CHUNK", 64)
    monkeypatch.setattr(jsonstream, "MAX_RECORD", 1024)
    stream = io.BytesIO(b'[{"text": "' + b"x" * 1_000_000)
    with pytest.raises(MalformedJson):
        list(values(stream))
