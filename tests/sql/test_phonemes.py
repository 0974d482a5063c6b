"""Names in SQL: normalise_text and phonemes equal Python, and Python's trigrams equal pg_trgm's."""

from __future__ import annotations

import csv
import random
import unicodedata
from pathlib import Path
from typing import Any

import psycopg
import pytest

from logosim.phonetics.normalise import normalise
from logosim.phonetics.segments import SEGMENTS
from logosim.phonetics.spelling import trigram_similarity
from logosim.phonetics.transcribe import phonemes

NAMES = Path(__file__).parents[1] / "data" / "names.csv"
ALPHABETS = (
    "abcdefghijklmnopqrstuvwxyz",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "aeiouyaeiouybcdfghklmnprst",
    "schphthquckgnglitionggssll",
    "äöüßéèñçšžłøæœŁØÆŒẞİıàâêÄÉåÅžŽćĆśŚşŞğĞ",
    "αβγδεζηθικλμνξοπρστυφχψωςΆΏΪ",
    "абвгдежзийклмнопрстуфхцчшщъыьэюяЁЇЄҐІЉЏ",
    "0123456789",
    "&+@'’‘.-!/_=|% ",
    "™®©℠№①½ﬁＡｂ日本עברא\u0301\u0327\u0300",
)


def bundled_names() -> list[str]:
    with NAMES.open(encoding="utf-8", newline="") as lines:
        return [row["name"] for row in csv.DictReader(lines)]


def random_names(count: int, *, seed: int) -> list[str]:
    rng = random.Random(seed)
    names = []
    for _ in range(count):
        words = []
        for _ in range(rng.randint(1, 4)):
            alphabet = rng.choice(ALPHABETS) + (rng.choice(ALPHABETS) if rng.random() < 0.3 else "")
            words.append("".join(rng.choices(alphabet, k=rng.randint(1, 9))))
        names.append(rng.choice([" ", " ", "", "-"]).join(words))
    return names


def random_characters(count: int, *, seed: int) -> list[str]:
    """Text of any characters that this interpreter's Unicode version knows; the server's may be a newer one."""
    rng = random.Random(seed)
    ranges = ((1, 0x2FF), (1, 0x2FFF), (1, 0xD7FF), (0xE000, 0x1FFFF))
    texts = ("".join(chr(rng.randint(*rng.choice(ranges))) for _ in range(rng.randint(0, 8))) for _ in range(count))
    return [text for text in texts if all(unicodedata.category(character) != "Cn" for character in text)]


@pytest.mark.parametrize(
    "names",
    [
        bundled_names(),
        random_names(4000, seed=6),
        random_characters(2000, seed=7),
        ["x" * 300, "wort " * 60, "wort-" * 60, "=a _ b| c", "", "ß" * 120],
    ],
    ids=["bundled", "random", "any characters", "edges"],
)
def test_sql_and_python_agree(connection: psycopg.Connection[Any], names: list[str]) -> None:
    rows = connection.execute(
        """
        select name, logosim.normalise_text(name), logosim.phonemes(name)
          from unnest(%s::text[]) with ordinality as given (name, place)
         order by place
        """,
        (names,),
    ).fetchall()
    assert rows == [(name, normalise(name), phonemes(name)) for name in names]


def test_null_gives_null(connection: psycopg.Connection[Any]) -> None:
    assert connection.execute("select logosim.normalise_text(null), logosim.phonemes(null)").fetchone() == (None, None)


def test_trigrams_equal_those_of_pg_trgm(connection: psycopg.Connection[Any]) -> None:
    keys = [key for key in map(normalise, random_names(1500, seed=8) + bundled_names()) if key]
    rng = random.Random(9)
    pairs = [(rng.choice(keys), rng.choice(keys)) for _ in range(1500)]
    pairs += [(one, one[: rng.randint(1, 9)].strip() + " x") for one in keys[:500]]
    rows = connection.execute(
        """
        select public.similarity(one, other)
          from unnest(%s::text[], %s::text[]) with ordinality as given (one, other, place)
         order by place
        """,
        ([one for one, _ in pairs], [other for _, other in pairs]),
    ).fetchall()
    assert [row[0] for row in rows] == pytest.approx([trigram_similarity(*pair) for pair in pairs], abs=1e-6)


def test_every_segment_counts_as_a_letter_for_trigrams(connection: psycopg.Connection[Any]) -> None:
    rows = connection.execute(
        "select segment from unnest(%s::text[]) as segment where cardinality(public.show_trgm(segment)) <> 2",
        (list(SEGMENTS),),
    ).fetchall()
    assert rows == []
