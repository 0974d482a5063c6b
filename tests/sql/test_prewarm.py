"""Prewarming reads what searches by look read."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from logosim.database.tuning import prewarm
from logosim.errors import DatabaseUnavailable


def test_prewarm_reads_what_a_search_by_look_reads(corpus: Any, database_url: str) -> None:
    with psycopg.connect(corpus.url) as connection:
        sizes = connection.execute(
            """
            select name, pg_relation_size(('logosim.' || name)::regclass) / 8192
              from unnest(array['mark_look_embedding_1', 'mark_look', 'mark_look_pkey', 'mark_look_vienna_1'
                              , 'mark_look_facts_1', 'name_sketch_spelling_idx', 'name_sketch_sound_idx']) as name
            """
        ).fetchall()
    assert dict(sizes)["mark_look_embedding_1"] > 100 < dict(sizes)["mark_look"]
    assert prewarm(corpus.url) == sum(pages for _, pages in sizes)
    assert prewarm(database_url) < 10  # pages of empty indexes


def test_prewarming_without_a_server_is_our_error() -> None:
    with pytest.raises(DatabaseUnavailable):
        prewarm("postgresql://nobody@127.0.0.1:1/nowhere")
