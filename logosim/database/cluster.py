"""Where the embedded server's files lie, and what they say: is it running, did it crash, why did it not start?"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg

from logosim.errors import DatabaseUnavailable

PORT = "5432"  # of no network: part of the socket's name
LOCK_SECONDS = 700.0
SETTLING_SECONDS = 60.0  # for a server that is starting up or shutting down


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things lie below the data folder."""

    root: Path

    @classmethod
    def of(cls, data_dir: Path) -> Layout:
        """The layout of a data folder."""
        return cls(data_dir.expanduser().resolve() / "postgres")

    @property
    def cluster(self) -> Path:
        """The cluster: tables, indexes, configuration."""
        return self.root / "cluster"

    @property
    def log(self) -> Path:
        """The server's log."""
        return self.root / "server.log"

    @property
    def lock(self) -> Path:
        """Held by the process that starts or stops the server."""
        return self.root / "lock"


def url(socket_dir: Path, database: str) -> str:
    """Connection string of a database behind the socket in a folder.

    Everything is said, for libpq would take what is not from PGPORT and its like.
    """
    return f"postgresql:///{database}?host={quote(str(socket_dir), safe='')}&port={PORT}&user=postgres"


@contextmanager
def locked(layout: Layout) -> Iterator[None]:
    """Hold the folder's lock, which the system drops when the process ends, however it ends."""
    with layout.lock.open("a") as file:
        deadline = time.monotonic() + LOCK_SECONDS
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise DatabaseUnavailable(
                        "Another process has been starting the embedded server for too long.",
                        hint=f"Look at {layout.log}, and end that process.",
                    ) from None
                time.sleep(0.05)
        yield


def running(layout: Layout) -> tuple[int, Path] | None:
    """Process id and socket folder of the running server, from the file it keeps while it runs.

    The file outlives a crash, and its number may meanwhile belong to another process: so the socket is asked as well.
    """
    try:
        lines = (layout.cluster / "postmaster.pid").read_text().splitlines()
        pid, socket_dir = int(lines[0]), Path(lines[4].strip())
        os.kill(pid, 0)
    except PermissionError:
        pass  # it runs, under another user
    except (OSError, ValueError, IndexError):
        return None
    deadline = time.monotonic() + SETTLING_SECONDS
    while True:
        try:
            with psycopg.connect(url(socket_dir, "postgres"), connect_timeout=10):
                return pid, socket_dir
        except psycopg.OperationalError as error:
            if error.sqlstate is None:
                return None  # nobody answers
            if error.sqlstate != "57P03" or time.monotonic() > deadline:
                return pid, socket_dir  # it answers, if only that it has too many clients
        time.sleep(0.2)  # it is starting up or shutting down


def last_complaint(layout: Layout) -> str:
    """The last error line of the server's log, in its own words."""
    try:
        lines = layout.log.read_text(encoding="utf-8", errors="replace").splitlines()[-50:]
    except OSError:
        return "it left no log."
    complaints = [line.split(":  ", 1)[-1] for line in lines if "FATAL:" in line or "LOG:  invalid value" in line]
    return complaints[-1] if complaints else "its log does not say why."


def remove_stale_lock(layout: Layout) -> None:
    """Remove the lock files of a dead server whose process number lives on in a zombie or in a program of another kind.

    Postgres takes either for a running server. Where there is no /proc it is left to Postgres to judge.
    """
    path = layout.cluster / "postmaster.pid"
    try:
        lines = path.read_text().splitlines()
        pid, socket_dir = int(lines[0]), Path(lines[4].strip())
        fields = Path(f"/proc/{pid}/stat").read_text()
    except (OSError, ValueError, IndexError):
        return
    name, state = fields[fields.index("(") + 1 : fields.rindex(")")], fields[fields.rindex(")") + 2]
    if state == "Z" or name != "postgres":
        (socket_dir / f".s.PGSQL.{PORT}.lock").unlink(missing_ok=True)
        path.unlink()
