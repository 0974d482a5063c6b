"""One engine for all stored pronunciations: another is refused, going over can be broken off, SQL says its limits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import psycopg
import pytest
from PIL import Image

from logosim.database.upgrade import upgrade
from logosim.domain.features import Features
from logosim.domain.mark import Mark, Picture
from logosim.domain.query import Query
from logosim.errors import PrivilegeMissing, PronunciationMismatch
from logosim.ingest import pronounce
from logosim.ingest.pronounce import pronounce_all
from logosim.phonetics import RuleTranscriber, phonemes
from logosim.runtime import build_transcriber
from logosim.store.ingest import IngestStore
from logosim.store.pool import Pool, open_pool
from logosim.store.pronunciation import PronunciationStore
from logosim.store.search import SearchStore

RULES = RuleTranscriber()


@dataclass(frozen=True)
class Backwards:
    """A second engine: the rules on the name read from its end; texts with a zero have no sound."""

    name: str = "backwards 1"

    def phonemes(self, text: str) -> str | None:
        return None if "0" in text else phonemes(text[::-1])


class BrokenOff(Exception):
    """What a test ends a run with."""


@dataclass(frozen=True)
class Tiring:
    """`Backwards`, which stops at one name."""

    at: str
    name: str = "backwards 1"

    def phonemes(self, text: str) -> str | None:
        if text == self.at:
            raise BrokenOff
        return Backwards().phonemes(text)


def mark(number: int, text: str | None) -> Mark:
    return Mark("t", f"{number}.png", text, (), None, Picture(f"/{number}.png", f"{number:064d}", 1))


def take_in(store: IngestStore, *marks: Mark) -> None:
    batch = store.begin("t", "/t")
    store.stage(batch, marks)
    store.merge(batch)


def stored(connection: psycopg.Connection[Any]) -> dict[str, str | None]:
    return dict(connection.execute("select brand_text, phonemes from logosim.mark where brand_text <> ''").fetchall())


@pytest.fixture
def names(pool: Pool) -> list[str]:
    """Names taken in by rule, with a mark without a name among them."""
    texts = [f"{first}{last}" for first in ("Fil", "Zan", "Kor") for last in ("dor", "tos", "mira")] + ["R0ma"]
    take_in(IngestStore(pool, RULES), *(mark(n, text) for n, text in enumerate(texts)), mark(99, None))
    return texts


@pytest.mark.usefixtures("names")
def test_a_database_starts_with_the_rules(pool: Pool) -> None:
    state = PronunciationStore(pool).state()
    assert (state.engine, state.complete, state.names, state.waiting) == ("rules", True, 10, 0)
    PronunciationStore(pool).require("rules")
    assert pronounce_all(PronunciationStore(pool), RULES) == 0


def test_another_engine_is_refused_at_the_beginning_and_at_the_merge(
    pool: Pool, connection: psycopg.Connection[Any], names: list[str]
) -> None:
    other = IngestStore(pool, Backwards())
    with pytest.raises(PronunciationMismatch, match="backwards 1") as raised:
        other.begin("t", "/t")
    assert "logosim db pronounce --engine backwards" in (raised.value.hint or "")
    batch = IngestStore(pool).begin("t", "/t")
    other.stage(batch, [mark(50, "Nova")])
    with pytest.raises(PronunciationMismatch, match="rules, and here by backwards 1"):
        other.merge(batch)
    assert stored(connection) == {text: phonemes(text) for text in names}


def test_marks_without_a_name_have_no_engine(pool: Pool, connection: psycopg.Connection[Any]) -> None:
    batch = IngestStore(pool).begin("t", "/t")
    IngestStore(pool, Backwards()).stage(batch, [mark(1, None)])
    assert IngestStore(pool).merge(batch).inserted == 1


@pytest.mark.usefixtures("registered_model")
def test_searches_by_another_engine_are_refused_if_they_have_a_name(pool: Pool, names: list[str]) -> None:
    mine, other = SearchStore(pool, RULES), SearchStore(pool, Backwards())
    found = mine.candidates(Query(text=names[0])).candidates
    assert found[0].text == names[0]
    with pytest.raises(PronunciationMismatch):
        other.candidates(Query(text=names[0]))
    with pytest.raises(PronunciationMismatch):
        other.candidate(Query(text=names[0]), found[0].mark_id)
    seen = Features(np.eye(1, 256, dtype=np.float32)[0], np.zeros((7, 7, 64), np.int8), None, 9, 9, "0" * 64)
    unsaid = other.candidate(Query(seen), found[0].mark_id)  # nothing is said, nothing is compared
    assert unsaid.candidate.text == names[0]


def test_going_over_changes_every_name_and_searches_by_its_sounds(
    pool: Pool, connection: psycopg.Connection[Any], names: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pronounce, "BATCH", 4)
    store, ticks = PronunciationStore(pool), list[int]()
    assert pronounce_all(store, Backwards(), ticks.append) == 10
    assert ticks == [4, 4, 2]
    assert stored(connection) == {text: Backwards().phonemes(text) for text in names}
    assert stored(connection)["R0ma"] is None
    state = store.state()
    assert (state.engine, state.complete, state.waiting) == ("backwards 1", True, 0)
    assert connection.execute("select reached from logosim.pronunciation").fetchone() == (None,)
    with pytest.raises(PronunciationMismatch):
        SearchStore(pool, RULES).candidates(Query(text="Fildor"))
    (best, *_) = SearchStore(pool, Backwards()).candidates(Query(text="Fildor")).candidates
    assert (best.text, best.phonemes, "sound" in best.channels) == ("Fildor", phonemes("rodliF"), True)
    (unheard, *_) = SearchStore(pool, Backwards()).candidates(Query(text="R0ma")).candidates
    assert (unheard.text, unheard.channels) == ("R0ma", ("spelling",))  # the rules have a sound for it: not theirs
    assert pronounce_all(store, RULES) == 10
    assert stored(connection) == {text: phonemes(text) for text in names}


def test_a_run_that_was_broken_off_goes_on_where_it_was(
    pool: Pool, connection: psycopg.Connection[Any], names: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pronounce, "BATCH", 3)
    ordered = [text for _, text in PronunciationStore(pool).waiting(100)]
    assert sorted(ordered) == sorted(names)
    store = PronunciationStore(pool)
    with pytest.raises(BrokenOff):
        pronounce_all(store, Tiring(at=ordered[4]))
    done = {text for text, sounds in stored(connection).items() if sounds == Backwards().phonemes(text)}
    assert done == set(ordered[:3])
    assert (store.state().complete, store.state().waiting) == (False, 7)
    for engine in (RULES, Backwards()):  # neither may be compared while names of both are there
        with pytest.raises(PronunciationMismatch):
            SearchStore(pool, engine).candidates(Query(text="Fildor"))
    take_in(IngestStore(pool, Backwards()), mark(60, "Meanwhile"))
    with pytest.raises(PronunciationMismatch):
        take_in(IngestStore(pool, RULES), mark(61, "Late"))
    assert pronounce_all(store, Backwards()) in (7, 8)
    assert stored(connection) == {text: Backwards().phonemes(text) for text in (*names, "Meanwhile")}
    assert store.state().complete


def test_a_text_that_changed_meanwhile_keeps_the_sounds_of_its_merge(
    pool: Pool, connection: psycopg.Connection[Any], names: list[str]
) -> None:
    store = PronunciationStore(pool)
    store.begin("backwards 1")
    given = store.waiting(100)
    take_in(IngestStore(pool, Backwards()), mark(0, "Changed"))
    store.store("backwards 1", given, [Backwards().phonemes(text) for _, text in given])
    store.store("backwards 1", [], [])
    assert stored(connection) == {text: Backwards().phonemes(text) for text in ("Changed", *names[1:])}


@pytest.mark.usefixtures("names")
def test_who_goes_over_elsewhere_meanwhile_stops_the_other(pool: Pool) -> None:
    store = PronunciationStore(pool)
    store.begin("backwards 1")
    given = store.waiting(100)
    store.begin("sideways 1")
    with pytest.raises(PronunciationMismatch, match="sideways 1"):
        store.store("backwards 1", given, [None] * len(given))


@pytest.mark.usefixtures("names")
def test_going_over_waits_for_merges_that_have_begun(pool: Pool, database_url: str) -> None:
    batch = IngestStore(pool).begin("t", "/t")
    IngestStore(pool, RULES).stage(batch, [mark(70, "Early")])
    run = Thread(target=pronounce_all, args=(PronunciationStore(pool), Backwards()))
    with psycopg.connect(database_url) as merging:
        merging.execute("select logosim.merge_marks(%s)", (batch,))
        run.start()
        run.join(0.5)
        assert run.is_alive()
    run.join(30)
    with psycopg.connect(database_url) as connection:
        assert stored(connection)["Early"] == Backwards().phonemes("Early")


@pytest.mark.usefixtures("names", "registered_model")
def test_sql_pronounces_by_rule_and_says_where_that_will_not_do(
    pool: Pool, connection: psycopg.Connection[Any]
) -> None:
    asked = "select brand_text from logosim.sounds_like('Fildor') limit 1"
    assert connection.execute(asked).fetchone() == ("Fildor",)
    pronounce_all(PronunciationStore(pool), Backwards())
    connection.execute("set role logosim_analyst")
    for statement in (asked, "select * from logosim.candidates(query_text => 'Fildor')"):
        with pytest.raises(psycopg.Error, match="pronounced by backwards 1, and here by rules") as raised:
            connection.execute(statement.encode())
        assert raised.value.sqlstate == "LS009"
        assert "query_phonemes" in (raised.value.diag.message_hint or "")
    spelt = "select brand_text, found_by from logosim.candidates(query_text => 'Fildor', query_phonemes => '') limit 1"
    assert connection.execute(spelt).fetchone() == ("Fildor", ["spelling"])
    heard = connection.execute(
        "select brand_text, found_by from logosim.candidates(query_phonemes => %s) limit 1",
        (Backwards().phonemes("Fildor"),),
    ).fetchone()
    assert heard == ("Fildor", ["sound"])
    for text, found_by in (("Fildor", ["spelling", "sound"]), ("R0ma", ["spelling"])):
        connection.execute("reset role")
        take_in(IngestStore(pool, Backwards()), mark(80, text))  # a second mark of that name
        connection.execute("set role logosim_analyst")
        row = connection.execute(
            "select brand_text, found_by from logosim.similar(logosim.mark_id('t', '80.png')) limit 1"
        ).fetchone()
        assert row == (text, found_by)


@pytest.mark.usefixtures("names")
def test_other_rules_ask_for_other_engines_to_go_over_again(
    pool: Pool, connection: psycopg.Connection[Any], database_url: str
) -> None:
    store = PronunciationStore(pool)
    pronounce_all(store, Backwards())
    before = stored(connection)
    connection.execute("update logosim.sql_file set sha256 = 'older' where name = 'data/rules.csv'")
    assert upgrade(database_url).renamed_marks == 0
    assert stored(connection) == before
    assert (store.state().engine, store.state().complete, store.state().waiting) == ("backwards 1", False, 10)
    with pytest.raises(PronunciationMismatch, match="yet to be pronounced anew by backwards 1"):
        store.require("backwards 1")
    assert pronounce_all(store, Backwards()) == 10
    store.require("backwards 1")


@pytest.mark.usefixtures("names")
def test_an_upgrade_finishes_what_went_over_to_the_rules(
    pool: Pool, connection: psycopg.Connection[Any], database_url: str, names: list[str]
) -> None:
    store = PronunciationStore(pool)
    pronounce_all(store, Backwards())
    store.begin("rules")
    connection.execute("update logosim.sql_file set sha256 = 'older' where name = 'data/rules.csv'")
    assert upgrade(database_url).renamed_marks == 10
    assert stored(connection) == {text: phonemes(text) for text in names}
    store.require("rules")


def test_only_the_owner_goes_over(database_url: str) -> None:
    with open_pool(database_url, role="logosim_api") as pool, pytest.raises(PrivilegeMissing):
        PronunciationStore(pool).begin("backwards 1")


def test_the_commands_say_which_engine_there_is(logosim: Any, pool: Pool, names: list[str], tmp_path: Path) -> None:
    done = logosim("db", "upgrade")
    assert done.returncode == 0, done.stderr
    assert "sounds     rules\n" in logosim("db", "status").stdout
    already = logosim("db", "pronounce", "--engine", "rules")
    assert already.stdout == "All names are pronounced already by rules.\n"
    PronunciationStore(pool).begin("backwards 1")
    assert f"sounds     backwards 1, {len(names)} of {len(names)} names to do\n" in logosim("db", "status").stdout
    assert "logosim db pronounce --engine backwards" in logosim("db", "upgrade").stdout
    refused = logosim("text", "Fildor")
    assert refused.returncode == 5
    assert "LOGOSIM_PRONUNCIATION" in refused.stderr
    assert "10 names pronounced by rules." in logosim("db", "pronounce", "--engine", "rules").stdout
    assert "Fildor" in logosim("text", "Fildor").stdout


@pytest.mark.epitran
def test_a_new_database_has_the_engine_of_the_setting_and_goes_over_by_command(
    empty_database_url: str, logosim_on: Callable[..., Any], tmp_path: Path
) -> None:
    pytest.importorskip("epitran")
    logosim = logosim_on(empty_database_url, tmp_path, LOGOSIM_OCR="none", LOGOSIM_PRONUNCIATION="epitran")
    assert logosim("db", "upgrade").returncode == 0
    assert "sounds     epitran " in logosim("db", "status").stdout
    folder = tmp_path / "marks"
    folder.mkdir()
    Image.new("RGB", (8, 8), "red").save(folder / "a.png")
    (folder / "marks.json").write_text('[{"file": "a.png", "text": "Gucci", "vienna_codes": [], "year": 2001}]')
    assert logosim("ingest", folder).returncode == 0
    assert "sound    1.00" in logosim("text", "Gucci").stdout
    with psycopg.connect(empty_database_url) as connection:
        assert stored(connection) == {"Gucci": build_transcriber("epitran").phonemes("Gucci")}
    refused = logosim("text", "Gucci", LOGOSIM_PRONUNCIATION="rules")
    assert (refused.returncode, "Traceback" in refused.stderr) == (5, False)
    over = logosim("db", "pronounce", "--engine", "rules")
    assert over.stdout == "1 names pronounced by rules.\n"
    assert "LOGOSIM_PRONUNCIATION=rules" in over.stderr
    with psycopg.connect(empty_database_url) as connection:
        assert stored(connection) == {"Gucci": phonemes("Gucci")}
    assert logosim("text", "Gucci").returncode == 5
    assert "Gucci" in logosim("text", "Gucci", LOGOSIM_PRONUNCIATION="rules").stdout
