"""A corpus to search in, made once per run (and xdist worker) and only read by the tests; and a queue to fill."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import psycopg
import pytest
from pgvector import HalfVector
from pgvector.psycopg import register_vector

from logosim.domain.mark import mark_id
from logosim.domain.vienna import keys
from logosim.store.pool import Pool
from logosim.store.work import WorkStore

from .judged_marks import analyst, comparison, judged_url, picture, pipeline, two_stages  # noqa: F401
from .look_twin import stored, stored_connection  # noqa: F401
from .queued_work import Fill, take_in
from .two_models import indexes, second, versions  # noqa: F401

MARKS = 5000
CLUSTERS = 60
SYLLABLES = ("ka", "lo", "mi", "ren", "tos", "vi", "zan", "bel", "dur", "fil", "gor", "hap")


@dataclass(frozen=True)
class CorpusMark:
    """One mark of the corpus, as the slow, plain twin of the search sees it."""

    mark_id: uuid.UUID
    source: str
    file: str
    text: str | None
    vienna_codes: tuple[str, ...]
    year: int | None

    @property
    def vienna_keys(self) -> frozenset[str]:
        return frozenset(keys(self.vienna_codes))


@dataclass(frozen=True)
class Corpus:
    """Marks with their embeddings, and where they are stored."""

    url: str
    marks: tuple[CorpusMark, ...] = field(repr=False)
    embeddings: npt.NDArray[np.float32] = field(repr=False)  # [MARKS, 256], unit length, as half precision keeps them
    model_id: int = 0


def make_marks() -> tuple[CorpusMark, ...]:
    """Marks whose codes keep 100 %, 10 %, 1 % and one of them."""
    draws = np.random.default_rng(11)
    marks = []
    for number in range(MARKS):
        codes = ["27.05.01"]
        if number % 10 == 0:
            codes.append("26.04.05")
        if number % 100 == 0:
            codes.append("03.07.01")
        if number == 1234:
            codes.append("05.05.20")
        text = " ".join("".join(draws.choice(SYLLABLES, 3)) for _ in range(1 + number % 2)).upper()
        source = "l3d" if number % 3 else "euipo"
        marks.append(
            CorpusMark(
                mark_id(source, f"{number}.png"),
                source,
                f"{number}.png",
                None if number % 10 == 9 else text,
                tuple(codes),
                None if number % 50 == 7 else 1990 + number % 30,
            )
        )
    return tuple(marks)


def make_embeddings() -> npt.NDArray[np.float32]:
    """Clustered unit vectors: neighbours are meaningful, as with pictures."""
    draws = np.random.default_rng(12)
    centres = draws.standard_normal((CLUSTERS, 256))
    vectors = centres[draws.integers(0, CLUSTERS, MARKS)] + 0.7 * draws.standard_normal((MARKS, 256))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float16).astype(np.float32)


@pytest.fixture(scope="session")
def corpus(server: Any) -> Iterator[Corpus]:
    """5,000 marks with features, names and codes."""
    name = f"corpus_{uuid.uuid4().hex[:12]}"
    url = server.create(name, template="logosim_test_template")
    marks, embeddings = make_marks(), make_embeddings()
    with psycopg.connect(url) as connection:
        register_vector(connection)
        row = connection.execute(
            "select logosim.register_model('corpus-model', repeat('1', 64), 256, 7, 64, '{}'::jsonb, true)"
        ).fetchone()
        assert row is not None
        model_id = int(row[0])
        indexes = connection.execute(
            "select indexname, indexdef from pg_indexes where indexname like 'mark_look_embedding_%'"
        ).fetchall()
        assert len(indexes) == 2
        for index, _ in indexes:
            connection.execute(f"drop index logosim.{index}".encode())  # built in one go below, which is quicker
        with connection.cursor() as cursor:
            with cursor.copy(
                "copy logosim.mark (mark_id, source, file, brand_text, vienna_codes, year, picture_location"
                ", picture_sha256, picture_bytes) from stdin"
            ) as copy:
                for mark in marks:
                    fields = (mark.mark_id, mark.source, mark.file, mark.text, list(mark.vienna_codes), mark.year)
                    copy.write_row((*fields, f"/pictures/{mark.file}", f"{int(mark.mark_id):064x}"[-64:], 1000))
            with cursor.copy(
                "copy logosim.mark_features (model_id, mark_id, embedding, patches, picture_sha256) from stdin"
            ) as copy:
                for mark, embedding in zip(marks, embeddings, strict=True):
                    patches = bytes([int(mark.mark_id) % 127]) * 3136
                    text = HalfVector(embedding).to_text()
                    copy.write_row((model_id, mark.mark_id, text, patches, f"{int(mark.mark_id):064x}"[-64:]))
        for _, definition in indexes:
            connection.execute(definition.encode())
        connection.execute("select logosim.refresh_names()")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("vacuum analyze logosim.mark")
        connection.execute("vacuum analyze logosim.mark_features")
        connection.execute("vacuum analyze logosim.mark_look")
    yield Corpus(url, marks, embeddings, model_id)
    server.drop(name)


@pytest.fixture
def corpus_connection(corpus: Corpus) -> Iterator[psycopg.Connection[Any]]:
    """A connection to the corpus that cannot write."""
    with psycopg.connect(corpus.url, autocommit=True) as connection:
        connection.execute("set default_transaction_read_only = on")
        register_vector(connection)
        yield connection


@pytest.fixture
def fill(pool: Pool, registered_model: int) -> Fill:
    """Take marks in, which queues them for the registered model."""
    return partial(take_in, pool)


@pytest.fixture
def queue(pool: Pool) -> WorkStore:
    return WorkStore(pool)
