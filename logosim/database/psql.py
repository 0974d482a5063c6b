"""How to run psql on a database without showing its password to every user of the machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from logosim.database import binaries


def command(url: str, arguments: Sequence[str], environment: Mapping[str, str]) -> tuple[list[str], dict[str, str]]:
    """The command line and environment of psql on `url`: the password goes by the environment, `ps` does not show it.

    Raises:
        psycopg.ProgrammingError: `url` is not a connection string.
    """
    facts = conninfo_to_dict(url)
    password = facts.pop("password", None)
    secret = {} if password is None else {"PGPASSWORD": str(password)}
    target = make_conninfo("", **facts)
    return [str(binaries.folder() / "psql"), target, *arguments], {**environment, **secret}
