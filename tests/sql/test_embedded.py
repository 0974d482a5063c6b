"""The embedded server: started once however often it is asked for, alive until it is stopped, closed to others."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from logosim.database import embedded, tuning
from logosim.errors import ConfigurationError, DatabaseError, DatabaseTooOld, DatabaseUnavailable

SMALL = {"shared_buffers": "16MB", "fsync": "off", "max_connections": "20"}
START = f"""
import sys, pathlib
from logosim.database import embedded
print(embedded.start(pathlib.Path(sys.argv[1]), settings={SMALL!r}))
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder whose path is short enough for a socket; its server is stopped at the end."""
    made = Path(tempfile.mkdtemp(prefix="logosim-embedded-"))
    yield made
    embedded.stop(made)
    shutil.rmtree(made, ignore_errors=True)


def process(folder: Path) -> subprocess.Popen[str]:
    """Start the server in a process of its own, whose environment would lead libpq elsewhere."""
    elsewhere = {"PGPORT": "6543", "PGHOST": "nowhere.invalid", "PGUSER": "nobody", "PGDATA": "/nowhere"}
    return subprocess.Popen(
        [sys.executable, "-c", START, str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **elsewhere},
    )


def answers(url: str) -> bool:
    with psycopg.connect(url) as connection:
        return connection.execute("select current_database()").fetchone() == ("logosim",)


def test_life_of_a_server(folder: Path) -> None:
    assert embedded.status(folder) == embedded.ServerStatus(
        False, folder / "postgres", folder / "postgres" / "server.log", None, None
    )
    assert embedded.stop(folder) is False
    # Three processes at once make one server, which outlives them.
    starting = [process(folder) for _ in range(3)]
    urls = {started.communicate(timeout=120)[0].strip() for started in starting}
    assert [started.returncode for started in starting] == [0, 0, 0]
    (url,) = urls
    assert answers(url)
    found = embedded.status(folder)
    assert found.running
    assert found.url == url
    assert embedded.start(folder) == url
    assert embedded.status(folder).pid == found.pid

    # Its settings, its locale and its door.
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "select current_setting('shared_buffers'), current_setting('listen_addresses')"
            ", current_setting('server_encoding'), current_setting('server_version_num')::int >= 160000"
        ).fetchone()
        assert row == ("16MB", "", "UTF8", True)
        connection.execute("create extension pg_trgm; create extension vector; create extension pg_prewarm")
        row = connection.execute(
            "select similarity('ʃtʁaːsə', 'ʃtʁaːse') > 0.4, cardinality(show_trgm('ʒ')) > 0"
        ).fetchone()
        assert row == (True, True)
    for path in (folder / "postgres", folder / "postgres" / "cluster"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "postgres" / ".s.PGSQL.5432").stat().st_mode) == 0o700

    # Killed outright, it is started again and has everything.
    assert found.pid is not None
    os.kill(found.pid, signal.SIGKILL)
    assert answers(embedded.start(folder, settings=SMALL))
    with psycopg.connect(url) as connection:
        assert connection.execute("select 1 from pg_extension where extname = 'vector'").fetchone() == (1,)
    assert embedded.stop(folder) is True
    assert embedded.status(folder).running is False

    # A process that happens to have the number that the dead server left behind is not taken for it.
    (folder / "postgres" / "cluster" / "postmaster.pid").write_text(
        f"{os.getpid()}\n/x\n0\n5432\n{folder}\n\n0 0\nready\n"
    )
    assert embedded.status(folder).running is False
    assert answers(embedded.start(folder, settings=SMALL))
    embedded.stop(folder)

    # Settings that the server refuses are reported, and the next start is none the worse.
    with pytest.raises(DatabaseError) as refused:
        embedded.start(folder, settings={"shared_buffers": "many"})
    assert "server.log" in (refused.value.hint or "")
    assert answers(embedded.start(folder, settings=SMALL))
    embedded.stop(folder)

    # A cluster of another Postgres is not touched.
    version = folder / "postgres" / "cluster" / "PG_VERSION"
    kept = version.read_text()
    version.write_text("15\n")
    with pytest.raises(DatabaseTooOld, match="made by Postgres 15"):
        embedded.start(folder)
    version.write_text(kept)


def test_a_path_too_long_for_a_socket(folder: Path) -> None:
    deep = folder / ("x" * 60) / ("y" * 60)
    elsewhere = deep
    url = embedded.start(deep, settings=SMALL)
    try:
        assert answers(url)
        status = embedded.status(deep)
        assert status.url == url
        assert str(folder) not in url
        with psycopg.connect(url) as connection:
            row = connection.execute("show unix_socket_directories").fetchone()
        assert row is not None
        elsewhere = Path(row[0])
        assert stat.S_IMODE(elsewhere.stat().st_mode) == 0o700
    finally:
        embedded.stop(deep)
        shutil.rmtree(elsewhere, ignore_errors=True)


def test_a_half_made_cluster_is_made_again(folder: Path) -> None:
    (folder / "postgres" / "cluster.new" / "base").mkdir(parents=True)
    assert answers(embedded.start(folder, settings=SMALL))
    assert not (folder / "postgres" / "cluster.new").exists()


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ConfigurationError, match="cannot be written"):
        embedded.start(tmp_path / "file")


def test_recommended_settings_start_a_server(folder: Path) -> None:
    recommended = tuning.recommended(tuning.Machine(memory_bytes=2 * 1024**3, cores=2))
    with psycopg.connect(embedded.start(folder, settings=recommended)) as connection:
        for name, value in recommended.items():
            row = connection.execute("select setting, unit from pg_settings where name = %s", (name,)).fetchone()
            assert row is not None
            setting, unit = row
            if value.endswith(("MB", "GB")):
                unit_bytes = {"8kB": 8192, "kB": 1024, "MB": 1024**2}[unit]
                pages = connection.execute("select pg_size_bytes(%s) / %s", (value, unit_bytes)).fetchone()
                assert pages == (int(setting),)
            elif value.endswith("min"):
                assert int(setting) == 60 * int(value[:-3])
            else:
                assert setting == value


def test_a_server_that_goes_away_before_its_database_is_made(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailable):
        embedded._create_database(tmp_path)
