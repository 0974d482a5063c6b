"""Prewarming reads the vector indexes."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from logosim.database.tuning import prewarm
from logosim.errors import DatabaseUnavailable


def test_prewarm_reads_the_vector_indexes(corpus: Any, database_url: str) -> None:
    with psycopg.connect(corpus.url) as connection:
        sizes = connection.execute(
            """
            select pg_relation_size(name) / 8192
              from unnest('{mark_features_hnsw_1, name_sketch_spelling_idx, name_sketch_sound_idx}'::text[]) as given
             cross join lateral (select ('logosim.' || given)::regclass as name) index
            """
        ).fetchall()
    assert prewarm(corpus.url) == sum(size for (size,) in sizes)
    assert min(size for (size,) in sizes) > 100
    assert prewarm(database_url) < 10  # pages of empty indexes


def test_prewarming_without_a_server_is_our_error() -> None:
    with pytest.raises(DatabaseUnavailable):
        prewarm("postgresql://nobody@127.0.0.1:1/nowhere")
