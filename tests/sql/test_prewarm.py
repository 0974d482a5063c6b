"""Prewarming reads what searches read."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from logosim.database.tuning import prewarm
from logosim.errors import DatabaseUnavailable

LOOK = (
    "mark_look_embedding_1_1",
    "mark_look_embedding_1_2",
    "mark_look",
    "mark_look_pkey",
    "mark_look_vienna_1",
    "mark_look_facts_1",
    "mark_coarse",
    "mark_coarse_pkey",
)
SKETCHES = ("name_sketch_spelling_idx", "name_sketch_sound_idx")


def pages(url: str) -> dict[str, int]:
    """Of the tables that searches read, of their indexes, and of what stands out of line ("patches")."""
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            """
            select case when c.relname ~ '^pg_toast' then 'patches' else c.relname end
                 , sum(pg_relation_size(c.oid) / 8192)::integer
              from pg_class t
              join pg_class c
                on c.oid in (t.oid, t.reltoastrelid)
                or c.oid in (select i.indexrelid from pg_index i where i.indrelid in (t.oid, t.reltoastrelid))
             where t.relnamespace = 'logosim'::regnamespace
               and t.relname in ('mark_look', 'mark_coarse', 'name_sketch', 'mark', 'mark_features')
             group by 1
            """
        ).fetchall()
    return dict(rows)


def test_prewarm_reads_what_searches_read(corpus: Any, database_url: str) -> None:
    found = pages(corpus.url)
    assert all(found[name] > 100 for name in ("mark_look_embedding_1_2", "mark_look", "mark_features", "patches"))
    assert prewarm(corpus.url) == sum(found.values())
    assert prewarm(database_url) < 100  # of empty tables and indexes


def test_where_memory_is_small_only_what_stage_one_reads_is_read(corpus: Any) -> None:
    found = pages(corpus.url)
    with psycopg.connect(corpus.url) as connection:
        buffers = connection.execute("select pg_size_bytes(current_setting('shared_buffers')) / 8192").fetchone()
    look = sum(found[name] for name in (*LOOK, *SKETCHES))
    read = prewarm(make_conninfo(corpus.url, options="-c effective_cache_size=1MB"))
    assert look <= read <= max(look, buffers[0] if buffers else 0)


def test_prewarming_without_a_server_is_our_error() -> None:
    with pytest.raises(DatabaseUnavailable):
        prewarm("postgresql://nobody@127.0.0.1:1/nowhere")
