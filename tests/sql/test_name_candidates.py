"""Stage 1 by name: sketches against their plain twin, sound, words, filters, and how much is found among many."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import psycopg
import pytest

from logosim.domain.mark import mark_id
from logosim.phonetics.ipa import segments_of
from logosim.phonetics.normalise import normalise
from logosim.phonetics.segments import SEGMENTS
from logosim.phonetics.transcribe import phonemes

from .name_sketch_twin import CLASS, similarity, sound_bits, sound_pieces, spelling_bits
from .test_phonemes import bundled_names, random_names

DATA = Path(__file__).parents[1] / "data"
SYLLABLES = ("ba", "do", "fi", "gra", "hel", "jo", "ka", "lu", "mer", "nox", "po", "ri", "sta", "tek", "vi", "zan")
COMMON = ("hotel", "golden", "group", "house", "star", "food")
PLANTED = (
    *("PHILDAR", "ECOFORCE", "O2", "BMW"),
    *("GOLDEN STORK", "SILVER STORK GROUP", "STORK", "HOTEL NIKE HOUSE GOLDEN STAR"),
)


def taken_in(connection: psycopg.Connection[Any], names: list[str], source: str = "t") -> None:
    """Marks with these names, by hand; their sketches come by the trigger."""
    with connection.cursor().copy(
        "copy logosim.mark (mark_id, source, file, brand_text, normalised_text, phonemes, vienna_codes, year"
        ", picture_location, picture_sha256, picture_bytes) from stdin"
    ) as copy:
        for number, name in enumerate(names):
            file = f"{number}.png"
            codes = ["26.04.05"] if number % 20 == 0 else ["27.05.01"]
            keys = (mark_id(source, file), source, file, name, normalise(name), phonemes(name))
            copy.write_row((*keys, codes, 1990 + number % 30, "/x", "a" * 64, 1))


def made_names(count: int, seed: int) -> list[str]:
    """Names of one to three words, of which some are common."""
    draws = np.random.default_rng(seed)
    names = []
    for _ in range(count):
        words = []
        for _ in range(int(draws.integers(1, 4))):
            common = words and draws.random() < 0.5
            made = "".join(draws.choice(SYLLABLES, draws.integers(2, 4)))
            words.append(str(draws.choice(COMMON)) if common else made)
        names.append(" ".join(draws.permutation(words)).upper())
    return names


@pytest.fixture(scope="session")
def names_url(server: Any) -> Iterator[str]:
    """3,000 made names among which a few are planted."""
    name = f"names_{uuid4().hex[:12]}"
    url = server.create(name, template="logosim_test_template")
    with psycopg.connect(url) as connection:
        taken_in(connection, [*made_names(3000, seed=4), *PLANTED])
        connection.execute("select logosim.count_words()")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("vacuum analyze logosim.mark")
        connection.execute("vacuum analyze logosim.name_sketch")
    yield url
    server.drop(name)


@pytest.fixture(params=[20000, 10], ids=["few", "many"])
def register(names_url: str, request: pytest.FixtureRequest) -> Iterator[psycopg.Connection[Any]]:
    """The names; as `many` they are searched as millions are, by the index."""
    with psycopg.connect(names_url, autocommit=True) as connection:
        connection.execute("set default_transaction_read_only = on")
        connection.execute(f"set logosim.exact_names = {request.param}".encode())
        yield connection


def found(connection: psycopg.Connection[Any], text: str, arguments: str = "") -> dict[str, list[str]]:
    """Names with the channels that found them."""
    query = f"select brand_text, found_by from logosim.candidates(query_text => %s{arguments})"  # noqa: S608 - ours
    return dict(connection.execute(query.encode(), (text,)).fetchall())


@pytest.mark.parametrize("names", [bundled_names(), random_names(2000, seed=8)], ids=["bundled", "random"])
def test_sketches_equal_their_plain_twin(connection: psycopg.Connection[Any], names: list[str]) -> None:
    keys = [(normalise(name), phonemes(name)) for name in names]
    rows = connection.execute(
        """
        select logosim._spelling_sketch(spelt)::text, logosim._sound_pieces(said), logosim._sound_sketch(said)::text
          from unnest(%s::text[], %s::text[]) with ordinality as given (spelt, said, place)
         order by place
        """,
        ([spelt for spelt, _ in keys], [said for _, said in keys]),
    ).fetchall()
    for (spelt, said), (spelling, pieces, sound) in zip(keys, rows, strict=True):
        assert (spelling and set_bits(spelling)) == (None if spelt is None else spelling_bits(spelt))
        assert pieces == (None if said is None else " ".join(sound_pieces(said)))
        assert (sound and set_bits(sound)) == (None if said is None else sound_bits(said))


def set_bits(bits: str) -> set[int]:
    assert len(bits) == 512
    return {found.start() for found in re.finditer("1", bits)}


def test_every_segment_has_a_class() -> None:
    assert set(CLASS) == set(SEGMENTS)


def test_sounds_of_another_engine_have_classes_too(connection: psycopg.Connection[Any]) -> None:
    """What Epitran says of FILDOR comes through the one normaliser of IPA and has a sketch near that of PHILDAR."""
    said = "|".join(segments_of(ipa) for ipa in ("fɪldəɹ", "fɪldoːɐ̯", "fildor"))
    (near,) = connection.execute(
        "select 1 - (logosim._sound_sketch(%s) <%%> logosim._sound_sketch(logosim.phonemes('Phildar')))", (said,)
    ).fetchone() or (0,)
    assert near == pytest.approx(similarity(sound_bits(said), sound_bits(phonemes("Phildar") or "")))
    assert near > 0.4


def test_phildar_is_found_for_fildor(register: psycopg.Connection[Any]) -> None:
    assert register.execute("select similarity('fildor', 'phildar') < 0.3").fetchone() == (True,)
    row = register.execute(
        "select brand_text, found_by, sound_similarity from logosim.candidates(query_text => 'Fildor') limit 1"
    ).fetchone()
    assert row is not None
    assert row[0] == "PHILDAR"
    assert "sound" in row[1]
    asked, said = (sound_bits(phonemes(name) or "") for name in ("Fildor", "PHILDAR"))
    assert row[2] == pytest.approx(similarity(asked, said))


def test_a_word_of_several_is_found_by_its_sound(register: psycopg.Connection[Any]) -> None:
    assert "sound" in found(register, "Hotel Fildor", ", name_candidates => 5")["PHILDAR"]


def test_containing_marks_are_found_by_the_distinctive_word(register: psycopg.Connection[Any]) -> None:
    """Hundreds share HOTEL, GOLDEN, HOUSE and STAR; five candidates are enough for those that share more."""
    few = ", name_candidates => 5"
    assert {"STORK", "GOLDEN STORK", "SILVER STORK GROUP"} <= set(found(register, "Stork", few))
    assert {"STORK", "GOLDEN STORK", "SILVER STORK GROUP"} <= set(found(register, "Golden Stork Food", few))
    assert "spelling" in found(register, "Nike", few)["HOTEL NIKE HOUSE GOLDEN STAR"]
    assert {"STORK", "GOLDEN STORK"} <= set(found(register, "House of Golden Stirk", ", name_candidates => 8"))


def test_short_names_and_other_divisions_of_words_are_found(register: psycopg.Connection[Any]) -> None:
    for asked, wanted in (("O2", "O2"), ("bmw", "BMW"), ("Eco Force", "ECOFORCE")):
        assert "spelling" in found(register, asked, ", name_candidates => 3")[wanted]


def test_words_that_were_not_counted_yet_are_found(connection: psycopg.Connection[Any]) -> None:
    taken_in(connection, ["GOLDEN STORK AND MANY OTHER WORDS BESIDE IT", "UNRELATED"])
    assert list(found(connection, "Stork")) == ["GOLDEN STORK AND MANY OTHER WORDS BESIDE IT"]


@pytest.mark.parametrize("names", [20000, 10], ids=["few", "many"])
def test_names_obey_the_filter_and_are_as_many_as_asked_for(names_url: str, names: int) -> None:
    """One mark in twenty passes; those that are alike and pass are found, however many nearer ones do not."""
    with psycopg.connect(names_url) as connection:
        connection.execute(f"set logosim.exact_names = {names}".encode())
        passing = connection.execute(
            "select brand_text, normalised_text from logosim.mark where vienna_keys && '{26.04}' and year >= 2000"
        ).fetchall()
        asked = spelling_bits("golden kagra")
        alike = {name for name, spelt in passing if similarity(asked, spelling_bits(spelt)) >= 0.21}
        rows = found(connection, "Golden Kagra", ", vienna_any => '{26.4}', year_from => 2000")
    assert len(alike) > 5
    assert alike <= {name for name, channels in rows.items() if "spelling" in channels}
    assert set(rows) <= {name for name, _ in passing}


def test_the_index_finds_what_comparing_all_finds(names_url: str) -> None:
    """Recall of the index of sketches against all sketches, of the 50 nearest names to each of 40 others."""
    statement = """
        select array_agg(n.mark_id)
          from logosim._nearest_names(
                 array[%s], array[logosim._sketch(%s)], '', %s, 50, null, null, null, null, null, null, null) n
    """
    shared = wanted = 0
    with psycopg.connect(names_url) as connection:
        connection.execute("set logosim.exact_names = 10")
        for name in made_names(40, seed=5):
            for column, piece in (("spelling", name.lower()), ("sound", " ".join(sound_pieces(phonemes(name) or "")))):
                near, true = (
                    set((connection.execute(statement, (column, piece, exact)).fetchone() or ([],))[0])
                    for exact in (False, True)
                )
                assert len(near) == len(true)
                shared, wanted = shared + len(near & true), wanted + len(true)
    assert shared >= 0.9 * wanted


def test_sketches_follow_the_names(connection: psycopg.Connection[Any]) -> None:
    read = "select spelling = logosim._spelling_sketch('strasse'), sound is null from logosim.name_sketch"
    taken_in(connection, ["STRASSE"])
    assert connection.execute(read).fetchall() == [(True, False)]
    connection.execute("update logosim.mark set normalised_text = 'weg', phonemes = null")
    assert connection.execute(read).fetchall() == [(False, True)]
    connection.execute("update logosim.name_sketch set spelling = null")
    connection.execute("select logosim.refresh_names()")
    assert connection.execute(read).fetchall() == [(True, False)]
    connection.execute("update logosim.mark set normalised_text = null, phonemes = null")
    assert connection.execute(read).fetchall() == []


def test_sketches_are_of_the_engine_that_pronounces(connection: psycopg.Connection[Any]) -> None:
    taken_in(connection, ["CHÂTEAU"])
    connection.execute("select logosim.begin_pronouncing('other 1')")
    connection.execute(
        "select logosim.pronounce_marks('other 1', array_agg(mark_id), array_agg(brand_text), '{ʃato|ʃato|kato}')"
        " from logosim.mark"
    )
    read = "select sound = logosim._sound_sketch('ʃato|ʃato|kato') from logosim.name_sketch"
    assert connection.execute(read).fetchall() == [(True,)]


def test_most_confusable_names_are_found_among_many(connection: psycopg.Connection[Any]) -> None:
    """Pairs of the kinds that offices found confusable, each asked for among 3,000 made names."""
    with (DATA / "confusable_kinds.csv").open(encoding="utf-8", newline="") as lines:
        pairs = [(row["earlier"], row["later"]) for row in csv.DictReader(lines)]
    taken_in(connection, [*made_names(3000, seed=6), *(earlier for earlier, _ in pairs)])
    connection.execute("select logosim.count_words()")
    few = ", name_candidates => 20"
    missed = [(earlier, later) for earlier, later in pairs if earlier not in found(connection, later, few)]
    assert len(missed) <= 0.05 * len(pairs), missed
