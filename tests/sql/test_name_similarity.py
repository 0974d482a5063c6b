"""How names are written and sound, in SQL against the program: the same numbers, not only near ones."""

from __future__ import annotations

import csv
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest

from logosim.domain.words import WordCounts
from logosim.phonetics import normalise, phonemes
from logosim.phonetics.aline import aline_similarities
from logosim.phonetics.names import sound_of_names, spelling_of_names, spoken_words
from logosim.phonetics.segments import SEGMENTS, build_tables
from logosim.phonetics.spelling import jaro_winkler_similarity, spelling_similarity
from logosim.phonetics.weights import generic_words, word_weights

WORDS_TEXT = (
    "SILVER STORK HOTEL FILDOR Phildar Golden Group Kaffee Brunn AG 7 B2B Škoda Söhne l'Ami The of and 24h "
    "Global Globalia Nike Mirano Eco Force Forte Ecoforce GmbH & Co. 日本 3M KÖLNER Straße A"
)
WORDS = WORDS_TEXT.split()


def drawn_names(seed: int, count: int) -> list[str]:
    draws = random.Random(seed)
    with (Path(__file__).parents[1] / "data" / "names.csv").open(encoding="utf-8") as lines:
        known = [row["name"] for row in csv.DictReader(lines)]
    return [
        draws.choice(known) if draws.random() < 0.3 else " ".join(draws.choices(WORDS, k=draws.randint(1, 4)))
        for _ in range(count)
    ]


def floats(values: Sequence[float | None]) -> Any:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float32)


@pytest.fixture
def counted(connection: psycopg.Connection[Any]) -> WordCounts:
    """Some words of the register are frequent."""
    counts = {"hotel": 900, "group": 400, "silver": 30, "golden": 25, "stork": 1, "global": 60}
    connection.execute("delete from logosim.word_census")
    connection.execute("insert into logosim.word_census (names, changes) values (20000, 0)")
    with connection.cursor() as cursor:
        cursor.executemany("insert into logosim.word (word, marks) values (%s, %s)", list(counts.items()))
    return WordCounts(20000, counts)


def test_sounds_cost_what_they_cost_in_the_program(connection: psycopg.Connection[Any]) -> None:
    rows = connection.execute("select segment, vowel, differences from logosim.segment order by code").fetchall()
    tables = build_tables()
    assert [row[0] for row in rows] == list(SEGMENTS)
    assert [row[1] for row in rows] == tables.vowel[1:].tolist()
    assert [row[2] for row in rows] == tables.delta[1:, 1:].tolist()


def test_thousands_of_transcriptions_are_as_alike(connection: psycopg.Connection[Any]) -> None:
    draws = random.Random(20)
    pools = ["".join(SEGMENTS), "aeiouə", "ptkbdgsz", "iɪjywuø", "nmŋɲrl", "fildarʃtə ", "fildar日'q7"]
    compared = 0
    for profiles in (1, 3) * 12:
        pool = draws.choice(pools)
        query, *others = (
            "|".join("".join(draws.choices(pool, k=draws.choice((0, 3, 8, 15, 40)))) for _ in range(profiles))
            for _ in range(150)
        )
        row = connection.execute("select logosim._aline_similarities(%s, %s)", (query, [*others, None])).fetchone()
        assert row is not None
        np.testing.assert_array_equal(floats(row[0]), aline_similarities(query, [*others, None]))
        compared += len(others)
    assert compared == 24 * 149


@pytest.mark.parametrize(
    ("one", "other"), [("", ""), ("", "a"), ("a", ""), ("||", "a|b|c"), ("fildar|fildar|fildar", "filder|filda|pildar")]
)
def test_two_transcriptions(connection: psycopg.Connection[Any], one: str, other: str) -> None:
    row = connection.execute("select logosim.aline_similarity(%s, %s)", (one, other)).fetchone()
    assert row is not None
    np.testing.assert_array_equal(floats(row), aline_similarities(one, [other]))


@pytest.mark.parametrize("candidate", ["a", "a|b", "a|b|c|d", "a|b\nc|d|e"])
def test_other_profiles_are_refused(connection: psycopg.Connection[Any], candidate: str) -> None:
    with pytest.raises(psycopg.Error) as raised:
        connection.execute("select logosim._aline_similarities('a|b|c', %s)", (["a|b|c", candidate],))
    assert raised.value.sqlstate == "LS006"


def test_nobody_to_compare_with(connection: psycopg.Connection[Any]) -> None:
    assert connection.execute("select logosim._aline_similarities('a', '{}')").fetchone() == ([],)


def test_thousands_of_names_are_written_as_alike(connection: psycopg.Connection[Any]) -> None:
    draws = random.Random(3)
    pairs = []
    for _ in range(3000):
        one, other = ("".join(draws.choices("abcd1 ", k=draws.randint(1, 14))).split() for _ in range(2))
        pairs.append((" ".join(one) or "a", " ".join([*one, *other] if draws.random() < 0.2 else other) or "b"))
    row = connection.execute(
        """
        select array_agg(logosim._jaro_winkler(p.one, p.other) order by p.place)
             , array_agg(logosim._spelling(p.one, p.other) order by p.place)
          from unnest(%s::text[], %s::text[]) with ordinality as p (one, other, place)
        """,
        ([one for one, _ in pairs], [other for _, other in pairs]),
    ).fetchone()
    assert row is not None
    assert row[0] == pytest.approx([jaro_winkler_similarity(*pair) for pair in pairs], abs=1e-15)
    assert row[1] == pytest.approx([spelling_similarity(*pair) for pair in pairs], abs=1e-15)


def test_words_weigh_as_much(connection: psycopg.Connection[Any], counted: WordCounts) -> None:
    rows = connection.execute("select word from logosim.generic_word").fetchall()
    assert {word for (word,) in rows} == generic_words()
    words = ["hotel", "stork", "gmbh", "the", "a", "3m", "unheard", "global", "silver"]
    row = connection.execute("select logosim._word_weights(%s)", (words,)).fetchone()
    assert row is not None
    np.testing.assert_allclose(row[0], word_weights(words, counted), rtol=1e-13)


def test_names_are_said_word_by_word(connection: psycopg.Connection[Any]) -> None:
    for name in drawn_names(4, 150):
        asked = (normalise(name), phonemes(name))
        row = connection.execute("select logosim._spoken_words(%s, %s)", asked).fetchone()
        assert row is not None
        assert (row[0] and tuple(row[0])) == spoken_words(*asked), name


def test_names_are_judged_alike(connection: psycopg.Connection[Any], counted: WordCounts) -> None:
    """Thousands of pairs of names of one word and of several, with generic words and frequent ones."""
    others = [*drawn_names(1, 240), None]
    written = [name and normalise(name) for name in others]
    spoken = [name and phonemes(name) for name in others]
    by_words = 0
    for name in drawn_names(2, 25):
        asked, said = normalise(name), phonemes(name)
        if asked is None or said is None:
            continue
        row = connection.execute(
            "select logosim._spelling_of_names(%(asked)s, %(written)s)"
            ", logosim._sound_of_names(%(asked)s, %(said)s, %(written)s, %(spoken)s)",
            {"asked": asked, "said": said, "written": written, "spoken": spoken},
        ).fetchone()
        assert row is not None
        expected = spelling_of_names(asked, written, counted), sound_of_names(asked, said, written, spoken, counted)
        for found, values in zip(row, expected, strict=True):
            np.testing.assert_allclose(floats(found), values, rtol=0, atol=1e-7)
            by_words += int(np.count_nonzero(~np.isnan(values)))
    assert by_words > 5000


def test_names_as_people_write_them(connection: psycopg.Connection[Any], counted: WordCounts) -> None:
    connection.execute("set role logosim_analyst")
    for one, other in (("PHILDAR", "Fildor"), ("Hotel Stork", "Hôtel Mirano"), ("Golden Stork", "STORK"), ("日", "a")):
        row = connection.execute(
            "select logosim.spelling_similarity(%(one)s, %(other)s), logosim.sound_similarity(%(one)s, %(other)s)"
            ", logosim.name_similarity(%(one)s, %(other)s)",
            {"one": one, "other": other},
        ).fetchone()
        assert row is not None
        asked, given = normalise(one), normalise(other)
        if asked is None:
            assert row == (None, None, None)
            continue
        spelt = float(spelling_of_names(asked, [given], counted)[0])
        sounding = float(sound_of_names(asked, phonemes(one) or "", [given], [phonemes(other)], counted)[0])
        assert row == pytest.approx((spelt, sounding, (sounding + 2 * spelt) / 3), abs=1e-6)
    assert connection.execute("select logosim.name_similarity('a', null)").fetchone() == (None,)
