"""How to run psql on a database without showing its password to every user of the machine."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from logosim.database import binaries
from logosim.store.translation import translated


def command(
    url: str, arguments: Sequence[str], environment: Mapping[str, str], settings: Mapping[str, str] | None = None
) -> tuple[list[str], dict[str, str]]:
    """The command line and environment of psql on `url`: the password goes by the environment, `ps` does not show it.

    `settings` are those of Postgres that the session begins with. Errors are shown without their context, which is the
    inside of functions: `\\set SHOW_CONTEXT errors` in the session, or `-v`, brings it back.

    Raises:
        psycopg.ProgrammingError: `url` is not a connection string.
    """
    facts = conninfo_to_dict(url)
    password = facts.pop("password", None)
    secret = {} if password is None else {"PGPASSWORD": str(password)}
    if settings:
        options = [f"-c {name}=" + re.sub(r"([\\\s])", r"\\\1", value) for name, value in settings.items()]
        facts["options"] = " ".join([str(facts.get("options", "")), *options]).strip()
    target = make_conninfo("", **facts)
    return [str(binaries.folder() / "psql"), "-v", "SHOW_CONTEXT=never", target, *arguments], {**environment, **secret}


def analyst_settings(url: str) -> dict[str, str]:
    """What a session of logosim_analyst begins with in this database: its role and its limits.

    A session that takes the role later would have the role without its settings.

    Raises:
        DatabaseUnavailable: the database does not answer.
    """
    with translated(), psycopg.connect(url, connect_timeout=10) as connection:
        rows = connection.execute(
            """
            select split_part(s.setting, '=', 1), substring(s.setting from '=(.*)')
              from pg_db_role_setting d
             cross join unnest(d.setconfig) as s (setting)
             where d.setrole = (select r.oid from pg_roles r where r.rolname = 'logosim_analyst')
               and d.setdatabase in (0, (select b.oid from pg_database b where b.datname = current_database()))
             order by d.setdatabase
            """
        ).fetchall()
    return {**dict(rows), "role": "logosim_analyst"}
