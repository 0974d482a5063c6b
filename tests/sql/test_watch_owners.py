"""Each login role has its own watches; what works off queues runs them all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from .watched_marks import put

Connection = psycopg.Connection[Any]


@pytest.fixture
def logins(connection: Connection, database_url: str) -> Iterator[dict[str, str]]:
    """URLs of login roles: two analysts and a worker."""
    roles = {"ann": "logosim_analyst", "bob": "logosim_analyst", "wim": "logosim_worker"}
    names = {login: f"test_{login}_{uuid4().hex[:8]}" for login in roles}
    for login, role in roles.items():
        connection.execute(f"create role {names[login]} login in role {role}".encode())
    yield {login: make_conninfo(database_url, user=names[login]) for login in roles}
    for name in names.values():
        connection.execute(f"drop owned by {name}".encode())
        connection.execute(f"drop role {name}".encode())


@pytest.mark.usefixtures("registered_model")
def test_each_login_has_its_own_watches_and_workers_run_all(connection: Connection, logins: dict[str, str]) -> None:
    found = put(connection, "f.png", text="Fildor")
    with psycopg.connect(logins["ann"], autocommit=True) as ann, psycopg.connect(logins["bob"], autocommit=True) as bob:
        ann.execute("select logosim.save_watch('w', asked_text => 'Fildor')")
        for call in ("run_watch", "drop_watch"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="was saved by"):
                bob.execute(f"select logosim.{call}('w')".encode())
        for statement in ("delete from logosim.watch", "select logosim.claim_watch('1 h')"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                ann.execute(statement.encode())
        assert bob.execute("select name from logosim.watches").fetchall() == [("w",)]
        with psycopg.connect(logins["wim"], autocommit=True) as wim:
            assert wim.execute("select mark_id from logosim.run_watch('w')").fetchall() == [(found,)]
        assert ann.execute("select mark_id from logosim.run_watch('w')").fetchall() == []
        assert bob.execute("select mark_id from logosim.watch_hit").fetchall() == [(found,)]
        assert ann.execute("select logosim.drop_watch('w')").fetchone() == (True,)
