"""Server settings that a corpus of logos needs, derived from memory and cores.

Stock Postgres keeps 128 MB of shared buffers; of 770,000 marks the HNSW index takes 730 MB, and what filters read 800.
The embedded server is given these settings; for any other server `logosim db tune` prints them.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg

from logosim.store.translation import translated

MEBIBYTE = 1024 * 1024

REASONS: dict[str, str] = {
    "shared_buffers": "the vector indexes should stay in memory",
    "effective_cache_size": "what the system's file cache adds",
    "maintenance_work_mem": "an HNSW index is built fast only while it fits in here",
    "work_mem": "iterative index scans stop at a multiple of it",
    "max_parallel_maintenance_workers": "HNSW indexes are built in parallel",
    "max_parallel_workers_per_gather": "exact search runs in parallel",
    "dynamic_shared_memory_type": "where parallel builds share memory",
    "jit": "compiling costs more than these queries take",
    "random_page_cost": "solid-state disks; otherwise filters scan whole tables",
    "max_wal_size": "ingestion writes steadily; fewer checkpoints",
    "checkpoint_timeout": "fewer full pages in the log",
}
"""Why each setting is recommended."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What the settings are derived from."""

    memory_bytes: int
    cores: int


def this_machine() -> Machine:
    """Memory and cores this process may use; a container's memory limit counts."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for limit_file in (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes")):
        try:
            memory = min(memory, int(limit_file.read_text()))
        except (OSError, ValueError):
            continue
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS
    return Machine(memory, len(affinity(0)) if affinity else os.cpu_count() or 1)


def recommended(machine: Machine | None = None) -> dict[str, str]:
    """Settings, by name, for a machine that the database shares with one or two of logosim's own processes.

    Args:
        machine: by default this one.
    """
    found = machine or this_machine()
    memory = found.memory_bytes // MEBIBYTE
    maintenance = min(max(memory // 16, 64), 2048)
    return {
        "shared_buffers": f"{min(max(memory // 4, 128), 8192)}MB",
        "effective_cache_size": f"{max(memory // 2, 256)}MB",
        "maintenance_work_mem": f"{maintenance}MB",
        "work_mem": f"{min(max(memory // 256, 8), 64)}MB",
        "max_parallel_maintenance_workers": str(max(found.cores - 1, 0)),
        "max_parallel_workers_per_gather": str(min(max(found.cores - 1, 0), 4)),
        "dynamic_shared_memory_type": _shared_memory_type(maintenance),
        "jit": "off",
        "random_page_cost": "1.1",
        "max_wal_size": "4GB",
        "checkpoint_timeout": "15min",
    }


def _shared_memory_type(maintenance_mebibytes: int) -> str:
    """`posix` where /dev/shm has room for a parallel index build, else `mmap` (files in the data folder)."""
    try:
        room = os.statvfs("/dev/shm")  # noqa: S108 - the place itself is what is asked about
    except OSError:
        return "mmap"
    return "posix" if room.f_bavail * room.f_frsize >= 2 * maintenance_mebibytes * MEBIBYTE else "mmap"


def as_configuration(settings: Mapping[str, str]) -> str:
    """The settings as lines of a Postgres configuration file."""
    lines = []
    for name, value in settings.items():
        quoted = value.replace("'", "''")
        lines.append(f"{name} = '{quoted}'" + (f"  # {REASONS[name]}" if name in REASONS else ""))
    return "\n".join([*lines, ""])


def huge_pages(settings: Mapping[str, str]) -> int:
    """How many huge pages of 2 MB a server with these settings takes at most, by its shared buffers.

    What Postgres has beside them in shared memory is a thirtieth as much and some: `show
    shared_memory_size_in_huge_pages` says exactly how many a running server would take.
    """
    return math.ceil(int(settings["shared_buffers"].removesuffix("MB")) * 1.04 / 2) + 16


def about_huge_pages(settings: Mapping[str, str], comment: str) -> str:
    """How the system lends the server huge pages, which it takes if it can; lines that begin with `comment`."""
    return (
        f"{comment} Linux: with huge pages two processes follow the vector index. As root, before the server starts:\n"
        f"{comment}   sysctl -w vm.nr_hugepages={huge_pages(settings)}\n"
        f"{comment} and the same in /etc/sysctl.d for the next boot; `logosim db status` says whether it has them.\n"
    )


def as_statements(settings: Mapping[str, str]) -> str:
    """The settings as `alter system` statements for a server that is not ours; some need a restart."""
    lines = [f"alter system set {name} = '{value}';  -- {REASONS[name]}" for name, value in settings.items()]
    return "\n".join([*lines, "-- then restart the server", ""])


def prewarm(url: str) -> int:
    """Read into memory what searches read, so that the first one is as fast as the next.

    What stage 1 reads always (the vector indexes of all models, embeddings and what filters ask about); then, in the
    order in which it is missed most, the sketches of names, the marks and what models saw in them, patches last: as
    far as shared buffers hold it, and what no longer fits there into the system's file cache, as far as Postgres is
    told that there is one (`effective_cache_size`). Of 770,000 marks all of it is 6 GB.

    Returns:
        Pages of 8 kB read; 0 where the server has no pg_prewarm or the schema is not there.

    Raises:
        DatabaseError: the database does not answer or refuses.
    """
    with translated(), psycopg.connect(url, autocommit=True) as connection:
        available = connection.execute("select 1 from pg_extension where extname = 'pg_prewarm'").fetchone()
        if available is None:
            return 0
        row = connection.execute(
            """
            with worth as (
              select c.oid, pg_relation_size(c.oid) as bytes
                   , case
                       when t.name in ('mark_look', 'mark_coarse') then 1
                       when t.name = 'name_sketch' and a.amname = 'hnsw' then 1
                       when t.name = 'name_sketch' then 2
                       when c.relkind = 't' or owner.relkind = 't' then 4
                       else 3
                     end as place
                from unnest(array['mark_look', 'mark_coarse', 'name_sketch', 'mark', 'mark_features']) as t (name)
                join pg_class of_table on of_table.oid = to_regclass('logosim.' || t.name)
                join pg_class owner on owner.oid in (of_table.oid, of_table.reltoastrelid)
                join pg_class c
                  on c.oid = owner.oid or c.oid in (select i.indexrelid from pg_index i where i.indrelid = owner.oid)
                left join pg_am a on a.oid = c.relam
               where has_table_privilege(owner.oid, 'select')  -- a login that may search need not be the owner
            )
            , growing as (
              select worth.*, sum(worth.bytes) over (order by worth.place, worth.bytes, worth.oid) as bytes_so_far
                   , pg_size_bytes(current_setting('shared_buffers')) as buffers
                   , pg_size_bytes(current_setting('effective_cache_size')) as cache
                from worth
            )
            select coalesce(sum(pg_prewarm(g.oid, case when g.place = 1 or g.bytes_so_far < 0.95 * g.buffers
                                                    then 'buffer' else 'read' end)), 0)
              from growing g
             where g.place = 1 or g.bytes_so_far < greatest(g.buffers, g.cache)
            """
        ).fetchone()
        return int(row[0]) if row else 0
