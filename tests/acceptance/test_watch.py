"""`logosim watch` as a user calls it."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from PIL import Image, ImageDraw

from logosim.embedding import bundled_models

from ..conftest import CommandLine


@pytest.fixture
def sun(tmp_path: Path) -> Path:
    """A picture."""
    picture = Image.new("RGB", (96, 96), "white")
    ImageDraw.Draw(picture).ellipse((20, 20, 70, 70), fill="orange")
    picture.save(tmp_path / "sun.png")
    return tmp_path / "sun.png"


def take_in(connection: psycopg.Connection, file: str) -> None:
    connection.execute(
        """
        insert into logosim.mark (
               mark_id, source, file, brand_text, normalised_text, phonemes, picture_location, picture_sha256
             , picture_bytes)
        values (logosim.mark_id('t', %(file)s), 't', %(file)s, 'Sonnengold', 'sonnengold'
              , logosim.phonemes('Sonnengold'), '/', repeat('a', 64), 1)
        """,
        {"file": file},
    )


def test_from_adding_to_removing(logosim: CommandLine, connection: psycopg.Connection, sun: Path) -> None:
    assert logosim("db", "upgrade").returncode == 0
    take_in(connection, "1.png")
    added = logosim(
        "watch", "add", "sun", "--picture", sun, "--text", "Sonnengold", "--threshold", "0.3", "--weights", "look=0.5"
    )
    assert added.returncode == 0, added.stderr
    assert "logosim watch run sun" in added.stdout
    assert logosim("watch", "add", "name", "--text", "Sonnengold", "--year", "2000:", "--skip-present").returncode == 0

    ran = logosim("watch", "run", "--json")
    assert ran.returncode == 0, ran.stderr
    (hit,) = map(json.loads, ran.stdout.splitlines())
    assert (hit["watch"], hit["file"], hit["run"], hit["again"]) == ("sun", "1.png", 1, False)
    assert hit["risk"] == "identical"
    assert hit["channels"] == {"sound": 1, "spelling": 1}
    assert "name: 0 new" in ran.stderr
    assert "sun: 1 new" in ran.stderr

    take_in(connection, "2.png")
    ran = logosim("watch", "run", "sun")
    assert ran.stdout.count("\n") == 1
    assert "t/2.png" in ran.stdout
    assert logosim("watch", "run", "sun").stdout == ""
    hits = logosim("watch", "hits", "sun")
    assert [line.rpartition("/")[2] for line in hits.stdout.splitlines()] == ["2.png", "1.png"]
    listed = logosim("watch", "list").stdout.splitlines()
    assert listed[0].startswith("name: name Sonnengold, from 0.1; run 1 times")
    assert listed[1].startswith("sun: picture ")
    assert json.loads(logosim("watch", "list", "--json").stdout.splitlines()[1])["reported"] == 2

    assert logosim("watch", "remove", "sun").returncode == 0
    for verb in ("remove", "hits", "run"):
        gone = logosim("watch", verb, "sun")
        assert gone.returncode == 4
        assert "no watch called sun" in gone.stderr


def test_misuse(logosim: CommandLine, connection: psycopg.Connection) -> None:
    assert logosim("db", "upgrade").returncode == 0
    for arguments, code, said in (
        (("add", "w"), 2, "asks by one thing"),
        (("add", "w", "--mark", str(uuid4()), "--text", "x"), 2, "asks by one thing"),
        (("add", "w", "--mark", str(uuid4())), 4, "no mark"),
        (("run", "--every", "1x"), 2, "length of time"),
    ):
        done = logosim("watch", *arguments)
        assert (done.returncode, said in done.stderr) == (code, True), done.stderr


def test_a_watch_that_cannot_be_run_stops_no_other(logosim: CommandLine, connection: psycopg.Connection) -> None:
    assert logosim("db", "upgrade").returncode == 0
    take_in(connection, "1.png")
    connection.execute("insert into logosim.watch (name, asked, threshold) values ('a', gen_random_uuid(), 0.5)")
    assert logosim("watch", "add", "b", "--text", "Sonnengold").returncode == 0
    ran = logosim("watch", "run")
    assert ran.returncode == 1
    assert "a: could not be run: The picture of the watch a is gone. Remove the watch and save it anew" in ran.stderr
    assert "b: 1 new" in ran.stderr
    assert "1 of 2 watches could not be run" in ran.stderr
    rows = connection.execute(
        "select name, last_error, tried_at > now() - interval '1 minute' from logosim.watch order by name"
    ).fetchall()
    gone = "The picture of the watch a is gone. Remove the watch and save it anew with the picture"
    assert rows == [("a", gone, True), ("b", None, True)]


def test_a_watched_picture_outlives_its_model(logosim: CommandLine, connection: psycopg.Connection, sun: Path) -> None:
    first, second = (model.manifest.name for model in bundled_models()[:2])
    for command in (
        ("db", "upgrade"),
        ("watch", "add", "sun", "--picture", sun, "--text", "Sonnengold"),
        ("models", "register", second),
        ("models", "backfill", second),
        ("models", "activate", second),
    ):
        done = logosim(*command)
        assert done.returncode == 0, done.stderr
    take_in(connection, "1.png")
    with pytest.raises(psycopg.Error, match="The picture of the watch sun was looked at with another model"):
        connection.execute("select * from logosim.run_watch('sun')")
    assert "sun: 1 new" in logosim("watch", "run").stderr
    assert connection.execute("select count(*) from logosim.run_watch('sun')").fetchone() == (0,)

    assert logosim("models", "activate", first, "--force").returncode == 0
    assert logosim("models", "drop", second, "--yes").returncode == 0
    take_in(connection, "2.png")
    ran = logosim("watch", "run", "sun")
    assert (ran.returncode, "sun: 1 new" in ran.stderr) == (0, True), ran.stderr
    rows = connection.execute(
        "select m.name from logosim.query_picture q join logosim.model m on m.model_id = q.model_id"
        " where q.expires_at = 'infinity'"
    ).fetchall()
    assert rows == [(first,)]
