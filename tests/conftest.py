"""A real Postgres for every test that asks for one.

One embedded server serves the whole run, pytest-xdist's workers included; it is started by the first test that needs it
and stopped at the end. The real upgrade builds one template database, and each test gets a clone of its own.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from logosim.database import embedded
from logosim.database.upgrade import upgrade
from logosim.store.pool import Pool, open_pool

FOLDER_VARIABLE = "PYTEST_LOGOSIM_SERVER"  # inherited by xdist's workers
TEMPLATE = "logosim_test_template"
SETTINGS = {  # the data of tests may be lost
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "128MB",
    "maintenance_work_mem": "64MB",
    "max_connections": "200",
    "autovacuum": "off",
    "jit": "off",
}


def pytest_configure(config: pytest.Config) -> None:
    """Name the server's folder before workers are started."""
    if not hasattr(config, "workerinput"):
        os.environ[FOLDER_VARIABLE] = tempfile.mkdtemp(prefix="logosim-test-")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the server once all workers are done, whatever came of the tests."""
    if not hasattr(config, "workerinput"):
        folder = Path(os.environ.pop(FOLDER_VARIABLE))
        embedded.stop(folder)
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class CommandLine:
    """`logosim` as a user calls it: a process of its own, on one database and one data folder."""

    environment: dict[str, str]

    @classmethod
    def on(cls, database_url: str, data_dir: Path, **settings: str) -> CommandLine:
        """On a test's database and on nothing else, whatever the surrounding environment says."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("LOGOSIM_")}
        ours = {"LOGOSIM_DATABASE_URL": database_url, "LOGOSIM_DATA_DIR": str(data_dir), "LOGOSIM_THREADS": "1"}
        return cls({**inherited, **ours, "COLUMNS": "200", **settings})

    def __call__(self, *arguments: str | Path, **settings: str) -> subprocess.CompletedProcess[str]:
        """Run `logosim ARGUMENTS`; `settings` are further variables of its environment."""
        command = [sys.executable, "-m", "logosim.cli", *map(str, arguments)]
        environment = {**self.environment, **settings}
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240, check=False)


@dataclass(frozen=True)
class TestServer:
    """The server of this run, and databases on it."""

    __test__ = False
    url: str  # of its maintenance database

    def database_url(self, name: str) -> str:
        """URL of one of its databases."""
        return make_conninfo(self.url, dbname=name)

    def create(self, name: str, *, template: str = "template0") -> str:
        """Create a database and return its URL."""
        self._run("create database {} template {}", name, template)
        return self.database_url(name)

    def drop(self, name: str) -> None:
        """Drop a database, whoever is connected to it."""
        self._run("drop database if exists {} with (force)", name)

    def _run(self, statement: str, *names: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


@pytest.fixture(scope="session")
def server() -> TestServer:
    """The server of this run, with the template database on it."""
    folder = Path(os.environ[FOLDER_VARIABLE])
    found = TestServer(embedded.start(folder, settings=SETTINGS))
    with (folder / "template.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        built = folder / "template.built"
        if not built.exists():
            found.drop(TEMPLATE)
            upgrade(found.create(TEMPLATE))
            built.touch()
    return found


@pytest.fixture
def empty_database_url(server: TestServer) -> Iterator[str]:
    """URL of a database that nothing was done to."""
    name = f"empty_{uuid.uuid4().hex[:12]}"
    yield server.create(name)
    server.drop(name)


@pytest.fixture
def database_url(server: TestServer) -> Iterator[str]:
    """URL of a fresh, upgraded database without marks and models."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    yield server.create(name, template=TEMPLATE)
    server.drop(name)


@pytest.fixture
def connection(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    """An autocommitting connection of the owner to the test's database."""
    with psycopg.connect(database_url, autocommit=True) as opened:
        yield opened


@pytest.fixture
def pool(database_url: str) -> Iterator[Pool]:
    """A pool of the owner on the test's database."""
    with open_pool(database_url) as opened:
        yield opened


@pytest.fixture(scope="session")
def logosim_on() -> Callable[..., CommandLine]:
    """Make a command line on a database: `logosim_on(url, data_dir, **settings)`."""
    return CommandLine.on


@pytest.fixture
def logosim(database_url: str, tmp_path: Path) -> CommandLine:
    """The command line on this test's own database, without a text reader."""
    return CommandLine.on(database_url, tmp_path / "data", LOGOSIM_OCR="none")


@pytest.fixture
def environment(logosim: CommandLine) -> dict[str, str]:
    """The environment of processes on this test's own database."""
    return logosim.environment


@pytest.fixture
def registered_model(connection: psycopg.Connection[Any]) -> int:
    """Id of an active model with 256 dimensions and 7 x 7 patches of 64."""
    row = connection.execute(
        "select logosim.register_model('test-model', repeat('0', 64), 256, 7, 64, '{}'::jsonb, true)"
    ).fetchone()
    assert row is not None
    return int(row[0])
