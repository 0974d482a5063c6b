from __future__ import annotations

import errno
import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from logosim.domain.mark import Mark, Rejection
from logosim.errors import InputError
from logosim.ingest.l3d import PictureIndex, count_hint, read

PICTURE = b"\x89PNG\r\n\x1a\n and more"


def folder_of(folder: Path, files: dict[str, object], pictures: dict[str, bytes]) -> Path:
    for name, records in files.items():
        (folder / name).write_text(records if isinstance(records, str) else json.dumps(records), encoding="utf-8")
    for name, data in pictures.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


def read_all(folder: Path) -> tuple[list[Mark], list[Rejection]]:
    items = list(read(folder, "l3d"))
    return [i for i in items if isinstance(i, Mark)], [i for i in items if isinstance(i, Rejection)]


def test_records_of_several_years_with_their_irregularities(tmp_path: Path) -> None:
    folder = folder_of(
        tmp_path,
        {
            "output_1996.json": [{"file": "A.JPG", "text": None, "vienna_codes": "04.02.11", "year": "1996"}],
            "output_1997.json": [
                {"file": "b.JPG", "text": "Lenco", "vienna_codes": ["27.05.01", "98.01"], "year": 1997}
            ],
        },
        {"a.jpg": PICTURE, "images/B.Jpg": PICTURE + b"!"},
    )
    marks, rejections = read_all(folder)
    assert rejections == []
    assert [(m.source, m.file, m.text, m.vienna_codes, m.year) for m in marks] == [
        ("l3d", "A.JPG", None, ("04.02.11",), 1996),
        ("l3d", "b.JPG", "Lenco", ("27.05.01", "98.01"), 1997),
    ]
    picture = marks[1].picture
    assert Path(picture.location) == tmp_path.resolve() / "images" / "B.Jpg"
    assert picture.sha256 == hashlib.sha256(PICTURE + b"!").hexdigest()
    assert picture.size_bytes == len(PICTURE) + 1


def test_every_record_that_is_not_taken_in_says_where_and_why(tmp_path: Path) -> None:
    lines = [
        '[{"file": "a.jpg"},',
        '{"file": "gone.jpg"},',
        '{"file": "sound.mp3"},',
        '{"file": "A.JPG"},',
        '{"file": "empty.png"},',
        '{"file": "../../etc/passwd"},',
        '{"file": "b.jpg", "year": "20x5"},',
        '{"file": "b.jpg", "text": 5},',
        '"b.jpg",',
        '{"file": "b.jpg"},',
        '{"file": "a.jpg", ',
    ]
    folder = folder_of(
        tmp_path,
        {"results.json": "\n".join(lines)},
        {"a.jpg": PICTURE, "b.jpg": PICTURE, "empty.png": b"", "sound.mp3": b"ID3"},
    )
    marks, rejections = read_all(folder)
    assert [mark.file for mark in marks] == ["a.jpg", "b.jpg"]
    assert [(rejection.line, rejection.record, rejection.reason) for rejection in rejections] == [
        (2, 2, "picture-missing"),
        (3, 3, "not-a-picture"),
        (4, 4, "duplicate-file"),
        (5, 5, "picture-empty"),
        (6, 6, "file-unsafe"),
        (7, 7, "year-malformed"),
        (8, 8, "text-malformed"),
        (9, 9, "record-malformed"),
        (11, None, "malformed-json"),
    ]
    assert {rejection.path for rejection in rejections} == {str(tmp_path.resolve() / "results.json")}
    assert all(rejection.detail for rejection in rejections)


def test_a_damaged_file_does_not_stop_the_next(tmp_path: Path) -> None:
    folder = folder_of(
        tmp_path,
        {"output_1.json": '[{"file": "a.jpg"}, {"fi', "output_2.json": [{"file": "b.jpg"}]},
        {"a.jpg": PICTURE, "b.jpg": PICTURE},
    )
    marks, rejections = read_all(folder)
    assert [mark.file for mark in marks] == ["a.jpg", "b.jpg"]
    assert [rejection.reason for rejection in rejections] == ["malformed-json"]


def test_the_merged_file_is_not_read_beside_the_years(tmp_path: Path) -> None:
    folder = folder_of(
        tmp_path, {"output_2000.json": [{"file": "a.jpg"}], "results.json": [{"file": "a.jpg"}]}, {"a.jpg": PICTURE}
    )
    marks, rejections = read_all(folder)
    assert len(marks) == 1
    assert [rejection.reason for rejection in rejections] == ["merged-copy"]


def test_one_json_lines_file_may_be_named(tmp_path: Path) -> None:
    folder_of(tmp_path, {"mine.jsonl": '{"file": "a.jpg"}\n{"file": "b.jpg"}\n'}, {"a.jpg": PICTURE, "b.jpg": PICTURE})
    assert [mark.file for mark in read_all(tmp_path / "mine.jsonl")[0]] == ["a.jpg", "b.jpg"]


def test_nothing_to_read_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no JSON"):
        read(tmp_path, "l3d")
    with pytest.raises(InputError, match="nothing at"):
        read(tmp_path / "absent", "l3d")
    (tmp_path / "a.jpg").write_bytes(PICTURE)
    with pytest.raises(InputError, match="neither"):
        read(tmp_path / "a.jpg", "l3d")


def test_a_picture_is_found_in_order_of_places(tmp_path: Path) -> None:
    folder_of(tmp_path, {}, {"images/x.jpg": b"1", "abc/x.jpg": b"2", "abc/y.jpg": b"3", "z.jpg": b"4"})
    index = PictureIndex(tmp_path)

    def found(file: str) -> str | None:
        picture = index.find(file)
        return None if picture is None else picture.relative_to(tmp_path.resolve()).as_posix()

    assert found("X.JPG") == "images/x.jpg"
    assert found("abc/X.jpg") == "abc/x.jpg"
    assert found("Y.jpg") == "abc/y.jpg"
    assert found("z.jpg") == "z.jpg"
    assert found("images/z.jpg") is None
    assert found("a/b/x.jpg") is None


def test_json_names_that_are_no_readable_files_are_rejected(tmp_path: Path) -> None:
    folder_of(tmp_path, {"good.json": [{"file": "a.jpg"}]}, {"a.jpg": PICTURE})
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "broken.json").symlink_to(tmp_path / "nowhere")
    (tmp_path / "circle.json").symlink_to(tmp_path / "circle.json")
    (tmp_path / "circle.jpg").symlink_to(tmp_path / "circle.jpg")
    os.mkfifo(tmp_path / "pipe.json")  # opening it would wait for ever
    assert count_hint(tmp_path) == 1
    marks, rejections = read_all(tmp_path)
    assert [mark.file for mark in marks] == ["a.jpg"]
    names = ["broken.json", "circle.json", "folder.json", "pipe.json"]
    assert [(Path(rejection.path).name, rejection.reason) for rejection in rejections] == [
        (name, "file-unreadable") for name in names
    ]
    assert all(rejection.line is None and rejection.record is None for rejection in rejections)


@pytest.fixture
def refused(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Names that the system refuses to open; root, who may run the tests, is refused nothing otherwise."""
    names: set[str] = set()
    scandir, opened = os.scandir, Path.open

    def refuse(path: Any) -> None:
        if Path(path).name in names:
            raise PermissionError(errno.EACCES, "Permission denied", str(path))

    def guarded_scandir(path: Any = ".") -> Any:
        refuse(path)
        return scandir(path)

    def guarded_open(self: Path, *more: Any, **named: Any) -> Any:
        refuse(self)
        return opened(self, *more, **named)

    monkeypatch.setattr(os, "scandir", guarded_scandir)
    monkeypatch.setattr(Path, "open", guarded_open)
    return names


def test_what_may_not_be_read_is_said(tmp_path: Path, refused: set[str], caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    files: dict[str, object] = {"a.json": [{"file": "a.jpg"}, {"file": "b.jpg"}], "secret.json": [{"file": "a.jpg"}]}
    folder_of(folder, files, {"a.jpg": PICTURE, "lost+found/b.jpg": PICTURE})
    refused |= {"secret.json", "lost+found"}
    assert count_hint(folder) == 2
    marks, rejections = read_all(folder)
    assert [mark.file for mark in marks] == ["a.jpg"]
    assert [rejection.reason for rejection in rejections] == ["picture-missing", "file-unreadable"]
    assert "Permission denied" in rejections[1].detail
    assert "Folder left out" in caplog.messages
    refused.add("data")
    with pytest.raises(InputError, match="cannot be read: Permission denied"):
        read(folder, "l3d")


def test_the_hint_is_near_the_truth(tmp_path: Path) -> None:
    records = [
        {"file": f"{n}.jpg", "text": "x" * (n % 40), "vienna_codes": "27.05.01", "year": "2000"} for n in range(9000)
    ]
    folder_of(tmp_path, {"output_2000.json": records, "output_2001.json": records[:10]}, {})
    assert count_hint(tmp_path) == pytest.approx(9010, rel=0.05)
