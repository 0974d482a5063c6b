"""Prewarming reads the vector indexes."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from logosim.database.tuning import prewarm
from logosim.errors import DatabaseUnavailable


def test_prewarm_reads_the_vector_indexes(corpus: Any, database_url: str) -> None:
    with psycopg.connect(corpus.url) as connection:
        row = connection.execute("select pg_relation_size('logosim.mark_features_hnsw_1') / 8192").fetchone()
    assert row is not None
    assert prewarm(corpus.url) == row[0] > 100
    assert prewarm(database_url) == 0


def test_prewarming_without_a_server_is_our_error() -> None:
    with pytest.raises(DatabaseUnavailable):
        prewarm("postgresql://nobody@127.0.0.1:1/nowhere")
