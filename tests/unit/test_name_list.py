"""Lists of names in the forms in which they come."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from logosim.errors import RecordError
from logosim.evaluation.name_list import read_names

RECORDS = b'{"id": "1", "text": " ACME "}\n\n{"id": "2", "text": null}\n{"text": "\xc3\x9cbel"}\n{"text": "ACME"}\n'


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("names.txt", b"\xef\xbb\xbfACME\n\n \xc3\x9cbel \nACME\n"),
        ("names.txt.gz", gzip.compress(b"ACME\n\xc3\x9cbel\n", mtime=0)),
        ("names.jsonl", RECORDS),
        ("NAMES.JSONL.GZ", gzip.compress(RECORDS, mtime=0)),
    ],
)
def test_every_form_gives_each_name_once(tmp_path: Path, name: str, data: bytes) -> None:
    file = tmp_path / name
    file.write_bytes(data)
    assert read_names(file) == ("ACME", "Übel")


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("gone.txt", None, "cannot read the names"),
        ("empty.txt", b" \n\n", "there are no names"),
        ("latin.txt", b"\xdcbel\n", "cannot be read"),
        ("plain.jsonl", b"ACME\n", "cannot be read"),
        ("list.jsonl", b'["ACME"]\n', "line 1 is no object with a text"),
        ("number.jsonl", b'{"text": "A"}\n{"text": 7}\n', "line 2 is no object with a text"),
        ("plain.gz", b"ACME\n", "cannot read the names"),
        ("cut.txt.gz", gzip.compress(b"ACME\n" * 99, mtime=0)[:-9], "cannot read the names"),
    ],
)
def test_a_list_that_cannot_be_read_is_named(tmp_path: Path, name: str, data: bytes | None, said: str) -> None:
    file = tmp_path / name
    if data is not None:
        file.write_bytes(data)
    with pytest.raises(RecordError, match=said):
        read_names(file)
