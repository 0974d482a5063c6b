"""What a person gets who hands in something wrong: one clear message, the right exit code, no traceback."""

from __future__ import annotations

import io
import json
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import urllib.request
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from PIL import Image

from logosim.embedding import bundled, load_manifest


def png(width: int, height: int) -> bytes:
    """A PNG whose header claims a size, with almost nothing behind it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def saved(kind: str, frames: int = 1) -> bytes:
    stream = io.BytesIO()
    first, *more = [Image.new("RGB", (40, 40), (200, 10 * n, 30)) for n in range(frames)]
    first.save(stream, kind, **({"save_all": True, "append_images": more} if more else {}))
    return stream.getvalue()


PICTURES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "0 bytes"),
    "text": (b"this is no picture at all", "picture"),
    "truncated": (saved("PNG")[:60], "damaged"),
    "huge": (png(30_000, 30_000), "too many pixels"),
    "animated": (saved("GIF", frames=3), "frame"),
}


NOBODY = "00000000-0000-4000-8000-000000000000"


def said(done: Any, code: int) -> str:
    """What was said on stderr, if the command ended as it should."""
    assert done.returncode == code, f"{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith(("Error:", "Usage:", " ", "\n", "╭")), done.stderr
    return str(done.stderr).lower()


@pytest.mark.parametrize("name", PICTURES)
def test_unusable_pictures_at_the_command_line(indexed: Any, tmp_path: Path, name: str) -> None:
    data, word = PICTURES[name]
    picture = tmp_path / f"{name}.png"
    picture.write_bytes(data)
    assert word in said(indexed.run("search", picture), 2)
    assert word in said(indexed.run("explain", picture, NOBODY), 2)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("search", "nowhere.png"), "nowhere.png"),
        (("text", "ACME", "--weights", "taste=1"), "taste"),
        (("text", "ACME", "--weights", "look=0,shape=0,sound=0,spelling=0,vienna=0"), "above zero"),
        (("text", "ACME", "--vienna", "3.7.1.2"), "vienna"),
        (("text", "ACME", "--year", "20x5"), "years"),
        (("text", "ACME", "--k", "0"), "1<=x<=1000"),
        (("text", ""), "text"),
        (("similar", "not-an-id"), "uuid"),
        (("explain", "nowhere.png", NOBODY), "a uuid, or a picture file"),
        (("explain", NOBODY, "not-an-id"), "uuid"),
        (("explain", NOBODY, NOBODY, "--text", "ACME"), "stored mark has its own"),
        (("explain", NOBODY, NOBODY, "--weights", "taste=1"), "taste"),
        (("ingest", "nowhere"), "nowhere"),
        (("vienna", "import", "nowhere.csv"), "nowhere.csv"),
    ],
)
def test_unusable_arguments(indexed: Any, arguments: tuple[str, ...], word: str) -> None:
    assert word in said(indexed.run(*arguments), 2)


NOT_UTF8 = "caf\udce9"  # what Python makes of an argument in Latin-1


@pytest.mark.parametrize(
    "arguments",
    [
        ("text", NOT_UTF8),
        ("text", "ACME", "--source", NOT_UTF8),
        ("ingest", ".", "--source", NOT_UTF8),
        ("keys", "add", NOT_UTF8),
        ("keys", "revoke", NOT_UTF8),
    ],
)
def test_arguments_that_are_not_utf8(indexed: Any, arguments: tuple[str, ...]) -> None:
    assert "not text" in said(indexed.run(*arguments), 2)


def test_a_picture_searched_with_a_name_that_is_not_utf8(indexed: Any, tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(saved("PNG"))
    assert "not text" in said(indexed.run("search", tmp_path / "logo.png", "--text", NOT_UTF8), 2)
    assert "cannot be read" in said(indexed.run("search", tmp_path / NOT_UTF8), 2)


def test_names_have_a_limit_and_sources_a_name(indexed: Any) -> None:
    assert "at most 1000" in said(indexed.run("text", "x" * 1001), 2)
    assert "source is empty" in said(indexed.run("ingest", ".", "--source", " "), 2)


def test_a_port_that_is_taken(indexed: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        message = said(indexed.run("serve", "--port", str(port)), 2)
    assert f"127.0.0.1, port {port}: address already in use" in message
    assert "serving on" not in message


def test_any_free_port_is_told_truly_and_answers(indexed: Any) -> None:
    command = [sys.executable, "-m", "logosim.cli", "serve", "--port", "0"]
    with subprocess.Popen(command, env=indexed.run.environment, stderr=subprocess.PIPE, text=True) as serving:
        assert serving.stderr is not None
        try:
            announced = re.search(r"http://127\.0\.0\.1:[0-9]+", serving.stderr.readline())
            assert announced is not None
            with urllib.request.urlopen(f"{announced[0]}/health/live", timeout=60) as answer:  # noqa: S310  http
                assert answer.status == 200
        finally:
            serving.send_signal(signal.SIGINT)
        assert "Traceback" not in serving.stderr.read()
    assert serving.returncode == 0


def test_an_unknown_mark(indexed: Any) -> None:
    assert "no mark" in said(indexed.run("similar", NOBODY), 4)
    assert "no mark" in said(indexed.run("explain", NOBODY, NOBODY), 4)


def test_a_misspelt_setting_is_named(indexed: Any) -> None:
    assert "logosim_datadir" in said(indexed.run("text", "ACME", LOGOSIM_DATADIR="/x"), 2)


def test_a_database_that_is_down(indexed: Any) -> None:
    url = "postgresql://somebody:geheim@127.0.0.1:1/logosim"
    message = said(indexed.run("text", "ACME", LOGOSIM_DATABASE_URL=url), 3)
    assert "logosim_database_url" in message
    assert "geheim" not in message


def test_a_database_that_was_never_upgraded(empty_database_url: str, indexed: Any) -> None:
    assert "logosim db upgrade" in said(indexed.run("text", "ACME", LOGOSIM_DATABASE_URL=empty_database_url), 3)


def test_a_database_without_a_model(database_url: str, indexed: Any, tmp_path: Path) -> None:
    picture = tmp_path / "logo.png"
    picture.write_bytes(saved("PNG"))
    assert "logosim db upgrade" in said(indexed.run("search", picture, LOGOSIM_DATABASE_URL=database_url), 5)


def test_another_model_than_the_active_one_neither_searches_nor_writes(indexed: Any, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(bundled(), other)
    manifest = json.loads((other / "manifest.json").read_text())
    with (other / manifest["file"]).open("ab") as model:
        model.write(b"\x00")
    picture = tmp_path / "logo.png"
    picture.write_bytes(saved("PNG"))
    # A changed file is damage; with a manifest that vouches for it, it is another model, which nobody registered.
    assert "model" in said(indexed.run("worker", "--until-empty", LOGOSIM_MODEL_DIR=str(other)), 1)
    assert "manifest says" in said(indexed.run("search", picture, LOGOSIM_MODEL_DIR=str(other)), 5)
    import hashlib

    weights = (other / manifest["file"]).read_bytes()
    manifest |= {"name": "other", "sha256": hashlib.sha256(weights).hexdigest(), "size_bytes": len(weights)}
    (other / "manifest.json").write_text(json.dumps(manifest))
    assert "not registered" in said(indexed.run("worker", "--until-empty", "--model", other), 5)
    assert "not registered" in said(indexed.run("models", "backfill", other), 5)
    found = indexed.run("search", picture, "--json", LOGOSIM_MODEL_DIR=str(other))  # the database decides
    assert json.loads(found.stdout)["model"] == load_manifest(bundled()).name


def test_records_as_they_should_not_be(logosim: Any, connection: psycopg.Connection, tmp_path: Path) -> None:
    folder = tmp_path / "bad"
    (folder / "images").mkdir(parents=True)
    (folder / "images" / "good.jpg").write_bytes(saved("JPEG"))
    (folder / "images" / "empty.jpg").write_bytes(b"")
    records: list[Any] = [
        {"file": "good.JPG", "text": "GOOD", "vienna_codes": "98.01.02", "year": "2010"},
        {"file": "good.JPG", "text": "TWICE", "vienna_codes": [], "year": "2010"},
        {"file": "absent.JPG", "text": None, "vienna_codes": ["01.01.01"], "year": "2010"},
        {"file": "empty.JPG", "text": None, "vienna_codes": [], "year": "2010"},
        {"file": "good.jpg", "text": "YEAR", "vienna_codes": [], "year": "20x5"},
        {"file": "../../etc/passwd", "text": None, "vienna_codes": [], "year": "2010"},
        {"file": "song.mp3", "text": "SONG", "vienna_codes": [], "year": "2010"},
        "no record",
    ]
    (folder / "output_2010.json").write_text(json.dumps(records, indent=1)[:-2] + ',\n{"file": "cut')
    assert logosim("db", "upgrade").returncode == 0
    done = logosim("ingest", folder)
    assert done.returncode == 0, done.stderr
    assert "1 new" in done.stdout
    kept = connection.execute("select path, line, reason from logosim.ingest_reject order by line").fetchall()
    assert len(kept) == 8
    assert {reason for _, _, reason in kept} >= {"duplicate-file", "picture-missing", "picture-empty", "malformed-json"}
    assert all(path.endswith("output_2010.json") and line for path, line, _ in kept)
    again = logosim("ingest", folder)
    assert "0 new, 0 changed, 1 unchanged" in again.stdout
    assert connection.execute("select count(*) from logosim.ingest_reject").fetchone() == (8,)
    assert connection.execute("select file, vienna_codes, year from logosim.mark").fetchone() == (
        "good.JPG",
        ["98.01.02"],
        2010,
    )


def test_json_names_that_are_no_files(logosim: Any, connection: psycopg.Connection, tmp_path: Path) -> None:
    folder = tmp_path / "bad"
    (folder / "folder.json").mkdir(parents=True)
    (folder / "broken.json").symlink_to(folder / "nowhere")
    assert logosim("db", "upgrade").returncode == 0
    done = logosim("ingest", folder)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert "2 file-unreadable" in done.stdout
    kept = connection.execute("select path, line, record, reason from logosim.ingest_reject order by path").fetchall()
    assert kept == [(str(folder / name), None, None, "file-unreadable") for name in ("broken.json", "folder.json")]


def test_a_vienna_list_replaces_labels(logosim: Any, tmp_path: Path) -> None:
    assert logosim("db", "upgrade").returncode == 0
    listed = tmp_path / "vienna.csv"
    listed.write_text("code,heading\n3.7,Birds of the list\n03.07.01,Eagles of the list\n")
    assert "2 codes" in logosim("vienna", "import", listed).stdout
    shown = logosim("vienna", "show", "3.7").stdout
    assert "03.07     Birds of the list" in shown
    assert "03.07.01  Eagles of the list" in shown
    listed.write_text("code,heading\nthree,Birds\n")
    assert "line 2" in said(logosim("vienna", "import", listed), 2)


def test_api_keys_are_shown_once_and_can_be_revoked(logosim: Any) -> None:
    assert logosim("db", "upgrade").returncode == 0
    assert "logosim keys add" in said(logosim("serve", "--host", "0.0.0.0"), 2)  # noqa: S104  refused, not bound
    assert "There are no keys" in logosim("keys", "list").stderr
    token = logosim("keys", "add", "desk").stdout.strip()
    assert token.startswith("lgs_")
    listed = logosim("keys", "list").stdout
    assert "desk" in listed
    assert token not in listed
    assert logosim("keys", "revoke", "desk").returncode == 0
    assert "no valid key" in said(logosim("keys", "revoke", "desk"), 2)


HelpOf = Callable[..., Any]


@pytest.mark.parametrize(
    "command", ["search", "similar", "text", "explain", "ingest", "worker", "serve", "demo", "benchmark"]
)
def test_help_gives_an_example(indexed: Any, command: str) -> None:
    done = indexed.run(command, "--help")
    assert done.returncode == 0
    assert f"Example: logosim {command}" in done.stdout
