"""Suggested Vienna codes against a plain nearest-neighbour classifier over all marks."""

from __future__ import annotations

import uuid
from collections import defaultdict
from typing import Any

import numpy as np
import psycopg
import pytest
from pgvector import HalfVector

from .conftest import Corpus

WIDTHS = {"category": 2, "division": 5, "section": 8}
SHARPNESS = 10


def plain(corpus: Corpus, asked: int, level: str, neighbours: int) -> dict[str, tuple[float, int, uuid.UUID]]:
    """The slow twin: weight, carriers and nearest carrier of each code, over every mark."""
    cosines = corpus.embeddings.astype(np.float64) @ corpus.embeddings[asked].astype(np.float64)
    order = sorted(range(len(corpus.marks)), key=lambda place: -cosines[place])
    coded = [
        (place, {key for key in corpus.marks[place].vienna_keys if len(key) == WIDTHS[level]})
        for place in order
        if place != asked
    ]
    coded = [(place, codes) for place, codes in coded if codes][:neighbours]
    total = sum(cosines[place] ** SHARPNESS for place, _ in coded)
    found: defaultdict[str, tuple[float, int, list[uuid.UUID]]] = defaultdict(lambda: (0.0, 0, []))
    for place, codes in coded:
        for code in codes:
            weight, carriers, marks = found[code]
            found[code] = (
                weight + cosines[place] ** SHARPNESS / total,
                carriers + 1,
                [*marks, corpus.marks[place].mark_id],
            )
    return {code: (weight, carriers, marks[0]) for code, (weight, carriers, marks) in found.items()}


@pytest.mark.parametrize("level", WIDTHS)
@pytest.mark.parametrize("asked", [0, 7, 1234])
def test_equal_to_a_plain_classifier(
    corpus: Corpus, corpus_connection: psycopg.Connection[Any], asked: int, level: str
) -> None:
    rows = corpus_connection.execute(
        "select code, weight, carriers, nearest from logosim.suggest_vienna(%s, 100, %s, 30)",
        (corpus.marks[asked].mark_id, level),
    ).fetchall()
    expected = plain(corpus, asked, level, 30)
    assert {row[0] for row in rows} == set(expected)
    for code, weight, carriers, nearest in rows:
        assert (weight, carriers, nearest) == (pytest.approx(expected[code][0], abs=1e-3), *expected[code][1:])
    assert [row[1] for row in rows] == sorted((row[1] for row in rows), reverse=True)


def test_its_own_codes_say_nothing(corpus: Corpus, corpus_connection: psycopg.Connection[Any]) -> None:
    """Mark 1234 alone carries 05.05.20."""
    rows = corpus_connection.execute(
        "select code from logosim.suggest_vienna(%s, 1000, neighbours => 1000)", (corpus.marks[1234].mark_id,)
    ).fetchall()
    assert rows
    assert "05.05.20" not in {row[0] for row in rows}


def test_a_kept_picture_with_regions(connection: psycopg.Connection[Any], registered_model: int) -> None:
    """Each region's neighbours count; the copy of a mark asks as the mark does, and its figures do not ask."""
    axes = np.eye(256, dtype=np.float32)
    for number, (axis, codes) in enumerate([(0, ["01.03.01"]), (1, ["03.07.01"]), (2, ["05.01.01"])]):
        connection.execute(
            """
            insert into logosim.mark (
                   mark_id, source, file, vienna_codes, picture_location, picture_sha256, picture_bytes)
            values (logosim.mark_id('s', %(file)s), 's', %(file)s, %(codes)s, '/', repeat('a', 64), 1)
            """,
            {"file": f"{number}.png", "codes": codes},
        )
        connection.execute(
            """
            insert into logosim.mark_features (model_id, mark_id, embedding, patches, picture_sha256)
            values (%s, logosim.mark_id('s', %s), %s::halfvec, decode(repeat('07', 3136), 'hex'), repeat('a', 64))
            """,
            (registered_model, f"{number}.png", HalfVector(axes[axis]).to_text()),
        )
    row = connection.execute(
        """
        select handle
          from logosim.remember_picture(
                 %(model)s::smallint, repeat('a', 64), '{1, 1, 2}', '{0, 1, 0}', '{0, 0, 0}', '{0, 0, 0}', '{9, 9, 9}'
               , '{9, 9, 9}', array[null, null, null]::text[], %(looks)s::halfvec[]
               , array_fill(decode(repeat('07', 3136), 'hex'), array[3]), '{01.03}')
        """,
        {"model": registered_model, "looks": [HalfVector(axes[a]).to_text() for a in (0, 2, 1)]},
    ).fetchone()
    assert row is not None
    suggested = connection.execute(
        "select code, heading, carriers from logosim.suggest_vienna(%s, 2, 'division')", row
    ).fetchall()
    assert [code for code, *_ in suggested] == ["01.03", "03.07"]
    assert suggested[0][1:] == ("the sun", 1)


@pytest.mark.parametrize(
    ("arguments", "state"),
    [
        ("gen_random_uuid()", "LS001"),
        ("logosim.mark_id('s', 'unseen.png')", "LS006"),
        ("logosim.mark_id('s', 'unseen.png'), 0", "LS006"),
        ("logosim.mark_id('s', 'unseen.png'), level => 'group'", "LS006"),
        ("logosim.mark_id('s', 'unseen.png'), neighbours => 0", "LS006"),
    ],
)
def test_misuse(connection: psycopg.Connection[Any], registered_model: int, arguments: str, state: str) -> None:
    connection.execute(
        """
        insert into logosim.mark (mark_id, source, file, picture_location, picture_sha256, picture_bytes)
        values (logosim.mark_id('s', 'unseen.png'), 's', 'unseen.png', '/', repeat('a', 64), 1)
        """
    )
    query = "select * from logosim.suggest_vienna({})"
    with pytest.raises(psycopg.Error) as raised:
        connection.execute(query.format(arguments).encode())
    assert raised.value.sqlstate == state
    assert raised.value.diag.message_hint


def test_without_a_model(connection: psycopg.Connection[Any]) -> None:
    with pytest.raises(psycopg.Error) as raised:
        connection.execute("select * from logosim.suggest_vienna(gen_random_uuid())")
    assert raised.value.sqlstate == "LS003"
