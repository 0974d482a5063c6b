"""Statements of analysts have a time limit, which an owner can change, and an upgrade does not."""

from __future__ import annotations

import os
from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from logosim.database.psql import analyst_settings
from logosim.database.upgrade import upgrade

from ..conftest import CommandLine


@pytest.fixture
def upgraded(empty_database_url: str) -> str:
    """A database that was upgraded itself: what a role has in a database is not copied with it."""
    upgrade(empty_database_url)
    return empty_database_url


@pytest.fixture
def logins(upgraded: str) -> Iterator[dict[str, str]]:
    """Login roles: an analyst, one that works and analyses, and one that is neither."""
    roles = {"ann": "logosim_analyst", "wim": "logosim_analyst, logosim_worker", "sam": None}
    names = {login: f"test_{login}_{uuid4().hex[:8]}" for login in roles}
    with psycopg.connect(upgraded, autocommit=True) as connection:
        for login, granted in roles.items():
            connection.execute(f"create role {names[login]} login".encode())
            if granted:
                connection.execute(f"grant {granted} to {names[login]}".encode())
    yield names
    with psycopg.connect(upgraded, autocommit=True) as connection:
        for name in names.values():
            connection.execute(f"drop role {name}".encode())


def limit(url: str, login: str) -> str:
    with psycopg.connect(make_conninfo(url, user=login)) as connection:
        row = connection.execute("show statement_timeout").fetchone()
    assert row is not None
    return str(row[0])


def set_limits(url: str, argument: str = "") -> set[tuple[str, float]]:
    query = "select * from logosim.limit_analysts({})"
    with psycopg.connect(url, autocommit=True) as connection:
        rows = connection.execute(query.format(argument).encode()).fetchall()
    return {(role, seconds) for role, seconds in rows if role.startswith(("logosim", "test_"))}


def test_analysts_get_a_minute_and_nobody_else_gets_anything(upgraded: str, logins: dict[str, str]) -> None:
    assert analyst_settings(upgraded) == {"statement_timeout": "60000ms", "role": "logosim_analyst"}
    assert limit(upgraded, logins["ann"]) == "0"  # made after the upgrade
    assert (logins["ann"], 60.0) in set_limits(upgraded)
    assert limit(upgraded, logins["ann"]) == "1min"
    assert limit(upgraded, logins["wim"]) == limit(upgraded, logins["sam"]) == "0"
    with psycopg.connect(make_conninfo(upgraded, user=logins["ann"]), autocommit=True) as ann:
        ann.execute("set statement_timeout = '50ms'")
        with pytest.raises(psycopg.errors.QueryCanceled):
            ann.execute("select pg_sleep(5)")


def test_an_owner_changes_it_and_an_upgrade_does_not(upgraded: str, logins: dict[str, str]) -> None:
    assert ("logosim_analyst", 300.0) in set_limits(upgraded, "'5 min'")
    assert limit(upgraded, logins["ann"]) == "5min"
    with psycopg.connect(upgraded, autocommit=True) as connection:
        name = connection.info.dbname
        connection.execute(f'alter role {logins["ann"]} in database "{name}" set statement_timeout = 7000'.encode())
        connection.execute("update logosim.sql_file set sha256 = 'other' where name = 'grants/020_limits.sql'")
    assert upgrade(upgraded).changed
    assert limit(upgraded, logins["ann"]) == "7s"
    assert analyst_settings(upgraded)["statement_timeout"] == "300000ms"
    with psycopg.connect(upgraded, autocommit=True) as connection:  # no limit is a decision as well
        connection.execute(f'alter role logosim_analyst in database "{name}" set statement_timeout = 0'.encode())
    assert set_limits(upgraded) == set()
    with pytest.raises(psycopg.Error) as raised:
        set_limits(upgraded, "'10 ms'")
    assert raised.value.sqlstate == "LS006"


def test_psql_as_an_analyst(upgraded: str, logosim: CommandLine) -> None:
    query = "select current_user, current_setting('statement_timeout')"
    environment = {"LOGOSIM_DATABASE_URL": upgraded, "PATH": os.environ["PATH"]}
    done = logosim("db", "psql", "--analyst", "-At", "-c", query, **environment)
    assert (done.returncode, done.stdout) == (0, "logosim_analyst|1min\n"), done.stderr
    done = logosim("db", "psql", "--analyst", "-c", "delete from logosim.mark", **environment)
    assert "permission denied" in done.stderr
    done = logosim("db", "psql", "-At", "-c", "show statement_timeout", **environment)
    assert done.stdout == "0\n"
