"""Saved searches: what is new is reported once, whatever happens meanwhile."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import asdict
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from logosim.domain.query import CHANNELS, Filter, Weights
from logosim.errors import (
    FilterError,
    HandleNotFound,
    LogosimError,
    MarkNotFound,
    NoActiveModel,
    ViennaCodeError,
    WatchNotFound,
)
from logosim.store.pool import Pool, open_pool
from logosim.store.watches import WatchStore

from .queued_work import activate_another
from .watched_marks import OTHER_PATCHES, PATCHES, embedding, look, put, seen

Connection = psycopg.Connection[Any]


@pytest.fixture
def watches(pool: Pool, registered_model: int) -> WatchStore:
    return WatchStore(pool)


def new(watches: WatchStore, name: str = "w") -> set[UUID]:
    """What a run reports."""
    hits = watches.run(name).hits
    assert len({hit.mark_id for hit in hits}) == len(hits)
    return {hit.mark_id for hit in hits}


def keep_picture(connection: Connection, *, text: str | None = None) -> UUID:
    row = connection.execute(
        """
        select handle
          from logosim.remember_picture(
                 (select model_id from logosim.model where active), repeat('a', 64), '{0}', '{0}', '{0}', '{0}', '{9}'
               , '{9}', array[%s]::text[], array[%s]::halfvec[], array[%s]::bytea[], '{01.03}', '\\x00')
        """,
        (text, embedding(1, 1), PATCHES),
    ).fetchone()
    assert row is not None
    return UUID(str(row[0]))


def test_only_what_is_new(watches: WatchStore, connection: Connection) -> None:
    asked = seen(connection, "asked.png", 1)
    first = seen(connection, "near.png", 0.9)
    seen(connection, "far.png", 0.3, 2, patches=OTHER_PATCHES)
    watches.save("w", asked=asked)
    run = watches.run("w")
    assert [(hit.mark_id, hit.run, hit.again, hit.file) for hit in run.hits] == [(first, 1, False, "near.png")]
    assert run.hits[0].risk in ("medium", "high")
    assert run.hits[0].channels == {"look": pytest.approx(0.9, abs=1e-3), "shape": 1.0}
    assert new(watches) == set()
    second = seen(connection, "later.png", 0.85, 3)
    assert new(watches) == {second}
    assert new(watches) == set()
    assert [(hit.mark_id, hit.run) for hit in watches.hits("w")] == [(second, 3), (first, 1)]
    (saved,) = watches.list()
    assert (saved.watched, saved.runs, saved.reported, saved.known, saved.complete) == ("mark", 4, 2, 0, True)


def test_a_mark_that_is_looked_at_later_is_reported_then(watches: WatchStore, connection: Connection) -> None:
    asked = seen(connection, "asked.png", 1)
    watches.save("w", asked=asked)
    late = put(connection, "late.png")
    assert new(watches) == set()
    seen(connection, "other.png", 0.95, 2)
    assert len(new(watches)) == 1  # a later run than the mark was taken in
    look(connection, late, 0.9)
    assert new(watches) == {late}
    assert new(watches) == set()


def test_a_mark_found_by_name_is_not_reported_again_when_it_is_looked_at(
    watches: WatchStore, connection: Connection
) -> None:
    asked = seen(connection, "asked.png", 1, text="Fildor")
    watches.save("w", asked=asked)
    twin = put(connection, "twin.png", text="FILDOR")
    assert new(watches) == {twin}
    look(connection, twin, 0.99)
    assert new(watches) == set()


def test_another_picture_or_name_is_another_mark(watches: WatchStore, connection: Connection) -> None:
    asked = seen(connection, "asked.png", 1)
    near = seen(connection, "near.png", 0.9, year=2010)
    watches.save("w", asked=asked)
    assert new(watches) == {near}
    put(connection, "near.png", year=2011)
    assert new(watches) == set()
    put(connection, "near.png", picture="new")
    assert new(watches) == set()  # nobody has looked at it yet
    look(connection, near, 0.95)
    (hit,) = watches.run("w").hits
    assert (hit.mark_id, hit.again) == (near, True)
    put(connection, "near.png", picture="new", text="Name")
    (hit,) = watches.run("w").hits
    assert (hit.mark_id, hit.again, hit.text) == (near, True, "Name")
    put(connection, "near.png", picture="new")
    assert new(watches) == set()  # as it was before, and reported then


def test_what_was_there_can_count_as_known(watches: WatchStore, connection: Connection) -> None:
    asked = seen(connection, "asked.png", 1)
    seen(connection, "near.png", 0.9)
    watches.save("w", asked=asked, skip_present=True)
    assert new(watches) == set()
    later = seen(connection, "later.png", 0.9, 2)
    assert new(watches) == {later}
    assert [hit.mark_id for hit in watches.hits("w")] == [later]
    assert watches.list()[0].known == 1


def test_a_name_with_filters(watches: WatchStore, connection: Connection) -> None:
    old = put(connection, "old.png", text="FILDOR", year=1999, codes=("26.04.01",))
    put(connection, "young.png", text="FILDOR", year=2015, codes=("03.07.01",))
    put(connection, "none.png", text="OAKLINE", year=1999, codes=("26.04.01",))
    watches.save("w", text="Fildor", filter=Filter(vienna_any=("26.04",), year_to=2000))
    assert new(watches) == {old}
    watches.save("all", text="Fildor")
    assert len(new(watches, "all")) == 2
    row = connection.execute("select settings, brand_text, watched from logosim.watches where name = 'w'").fetchone()
    assert row == ({"vienna_any": ["26.04"], "year_to": 2000}, "Fildor", "name")


def test_the_threshold_is_the_least_score(watches: WatchStore, connection: Connection) -> None:
    asked = seen(connection, "asked.png", 1)
    near = seen(connection, "near.png", 0.9)
    (row,) = connection.execute("select score, risk from logosim.search(%s)", (asked,), binary=True).fetchall()
    watches.save("at", asked=asked, threshold=row[0])
    watches.save("above", asked=asked, threshold=row[0] + 1e-12)
    (hit,) = watches.run("at").hits
    assert (hit.mark_id, hit.score, hit.risk) == (near, *row)
    assert new(watches, "above") == set()


def test_a_watch_finds_what_a_search_finds(watches: WatchStore, connection: Connection) -> None:
    """With its weights, down to its threshold. The twin is a search for all, which matches every figure in full."""
    asked = seen(connection, "asked.png", 1, text="Fildor", codes=("03.07.01",))
    for number in range(24):
        seen(
            connection,
            f"{number}.png",
            0.1 + number / 30,
            2 + number,
            patches=OTHER_PATCHES if number % 3 else PATCHES,
            text=("Fildor", "Phildar", "Oakline", None)[number % 4],
            codes=("03.07.16",) if number % 5 else ("26.04.01",),
        )
    weighed = Weights(look=0.5, shape=2, sound=1, spelling=0, vienna=3)
    counts = ", ".join(f"{channel}_weight => {value}" for channel, value in asdict(weighed).items())
    for weights, arguments in ((Weights(), ""), (weighed, counts)):
        rows = connection.execute(
            b"select mark_id, score, risk, found_by, look, shape, sound, spelling, vienna"
            + f" from logosim.search(%s, k => 1000{arguments and ', '}{arguments})".encode(),
            (asked,),
            binary=True,
        ).fetchall()
        assert len(rows) == 24
        for number in (2, 11, 23):
            name = f"{number} {weights}"
            watches.save(name, asked=asked, threshold=rows[number][1], weights=weights)
            hits = watches.run(name).hits
            assert [(hit.mark_id, hit.score, hit.risk, list(hit.found_by)) for hit in hits] == [
                row[:4] for row in rows[: number + 1]
            ]
            assert [hit.channels for hit in hits] == [
                {of: value for of, value in zip(CHANNELS, row[4:], strict=True) if value is not None}
                for row in rows[: number + 1]
            ]
    settings = connection.execute("select settings from logosim.watches where name = %s", (name,)).fetchone()
    assert settings == ({f"{of}_weight": value for of, value in asdict(weighed).items() if value != 1},)


def test_codes_that_are_not_wanted(watches: WatchStore, connection: Connection) -> None:
    near = put(connection, "near.png", text="Fildor", codes=("03.07.01",))
    put(connection, "word.png", text="Fildor", codes=("27.05.01",))
    watches.save("w", text="Fildor", filter=Filter(vienna_none=("27.05",)))
    assert new(watches) == {near}


def test_a_kept_picture_is_watched_for_longer_than_it_is_kept(watches: WatchStore, connection: Connection) -> None:
    near = seen(connection, "near.png", 0.9)
    handle = keep_picture(connection)
    watches.save("w", asked=handle)
    connection.execute(
        "update logosim.query_picture set created_at = now() - interval '2 d', expires_at = now() - interval '1 d'"
        " where handle = %s",
        (handle,),
    )
    keep_picture(connection)  # which throws out what has expired
    assert new(watches) == {near}
    assert connection.execute("select count(*) from logosim.query_picture").fetchone() == (2,)
    (saved,) = watches.list()
    assert saved.watched == "picture"
    assert saved.asked != handle
    assert watches.drop("w")
    assert connection.execute("select count(*) from logosim.query_picture").fetchone() == (1,)
    assert connection.execute("select count(*) from logosim.watch_hit").fetchone() == (0,)
    assert not watches.drop("w")


def test_a_picture_of_another_model_is_noted_and_the_others_are_run(
    watches: WatchStore, connection: Connection
) -> None:
    watches.save("picture", asked=keep_picture(connection))
    watches.save("name", text="Fildor")
    found = put(connection, "f.png", text="Fildor")
    activate_another(connection)
    hour = timedelta(hours=1)
    first, second = watches.run_next(hour), watches.run_next(hour)
    assert first is not None
    assert first.watch == "picture"
    assert "another model" in (first.error or "")
    assert second is not None
    assert [hit.mark_id for hit in second.hits] == [found]
    assert watches.run_next(hour) is None
    by_name = {saved.name: saved for saved in watches.list()}
    assert "another model" in (by_name["picture"].last_error or "")
    assert (by_name["picture"].runs, by_name["name"].last_error) == (0, None)


def test_many_hits_are_all_reported_or_it_is_said(watches: WatchStore, connection: Connection) -> None:
    """As many as a search gives, but one; then more."""
    fill = """
        insert into logosim.mark (mark_id, source, file, brand_text, normalised_text, picture_location, picture_sha256
             , picture_bytes)
        select logosim.mark_id('t', n || '.png'), 't', n || '.png', 'Fildor', 'fildor', '/', repeat('a', 64), 1
          from generate_series(%s::integer, %s::integer) n
        """
    connection.execute(fill, (1, 999))
    watches.save("w", text="Fildor", weights=Weights(sound=0))
    assert len(new(watches)) == 999
    assert watches.list()[0].complete is True
    connection.execute(fill, (1000, 1100))
    assert len(new(watches)) > 0
    assert watches.list()[0].complete is False


def test_a_run_that_dies_has_reported_nothing(watches: WatchStore, connection: Connection, database_url: str) -> None:
    asked = seen(connection, "asked.png", 1)
    near = seen(connection, "near.png", 0.9)
    watches.save("w", asked=asked)
    with psycopg.connect(database_url) as dying:
        assert len(dying.execute("select * from logosim.run_watch('w')").fetchall()) == 1
        connection.execute("select pg_terminate_backend(%s)", (dying.info.backend_pid,))
        with pytest.raises(psycopg.OperationalError):
            dying.execute("select 1")
    assert connection.execute("select count(*) from logosim.watch_hit").fetchone() == (0,)
    assert new(watches) == {near}


def test_runs_while_marks_come_in_report_each_once(
    watches: WatchStore, connection: Connection, database_url: str
) -> None:
    """Two take marks in, in transactions that overlap; three run the watch; nothing is lost, nothing doubled."""
    asked = seen(connection, "asked.png", 1)
    watches.save("w", asked=asked)
    ended = threading.Event()
    reported: list[UUID] = []

    def take_in(name: str) -> None:
        with psycopg.connect(database_url) as own:
            for number in range(20):
                mark = put(own, f"{name}{number}.png")
                if number % 3:
                    own.commit()
                look(own, mark, 0.9, 2 + number)
                if number % 2:
                    own.commit()

    def run() -> None:
        with open_pool(database_url, most=1) as own:
            while not ended.is_set():
                reported.extend(hit.mark_id for hit in WatchStore(own).run("w").hits)

    writers = [threading.Thread(target=take_in, args=(name,)) for name in "ab"]
    runners = [threading.Thread(target=run) for _ in range(3)]
    for thread in (*writers, *runners):
        thread.start()
    for thread in writers:
        thread.join()
    ended.set()
    for thread in runners:
        thread.join()
    reported.extend(new(watches))
    assert max(Counter(reported).values()) == 1
    assert len(reported) == 40
    rows = connection.execute("select mark_id from logosim.watch_hit").fetchall()
    assert Counter(row[0] for row in rows) == Counter(reported)


def test_a_watch_is_run_by_one_at_a_time_and_when_it_is_due(
    watches: WatchStore, connection: Connection, database_url: str
) -> None:
    asked = seen(connection, "asked.png", 1)
    for name in ("a", "b", "c"):
        watches.save(name, asked=asked)
    hour = timedelta(hours=1)
    with psycopg.connect(database_url) as slow:
        assert slow.execute("select logosim.claim_watch('1 h')").fetchone() == ("a",)
        done = [watches.run_next(hour), watches.run_next(hour)]
        assert [run.watch for run in done if run] == ["b", "c"]
        assert watches.run_next(hour) is None  # a is being run
        slow.rollback()
    again = watches.run_next(hour)
    assert again is not None
    assert again.watch == "a"
    assert watches.run_next(hour) is None
    connection.execute("update logosim.watch set tried_at = now() - interval '2 h' where name in ('b', 'c')")
    only = watches.run_next(hour, ["c", "a"])
    assert only is not None
    assert only.watch == "c"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({}, FilterError),
        ({"text": "★"}, FilterError),
        ({"text": "Fildor", "asked": uuid4()}, FilterError),
        ({"asked": uuid4()}, MarkNotFound),
        ({"text": "Fildor", "threshold": 1.1}, FilterError),
        ({"text": "Fildor", "threshold": float("nan")}, FilterError),
        ({"text": "Fildor", "filter": Filter(vienna_any=("x",))}, ViennaCodeError),
    ],
)
def test_misuse(watches: WatchStore, arguments: dict[str, Any], error: type[LogosimError]) -> None:
    with pytest.raises(error) as raised:
        watches.save("w", **arguments)
    assert raised.value.hint
    assert watches.list() == ()


def test_names_that_are_taken_empty_or_unknown(watches: WatchStore) -> None:
    watches.save(" w ", text="Fildor")
    with pytest.raises(FilterError, match="already"):
        watches.save("w", text="Oakline")
    with pytest.raises(FilterError, match="needs a name"):
        watches.save(" ", text="Oakline")
    for call in (watches.run, watches.hits):
        with pytest.raises(WatchNotFound):
            call("x")


def test_an_expired_handle_and_no_model(watches: WatchStore, connection: Connection) -> None:
    handle = keep_picture(connection)
    connection.execute(
        "update logosim.query_picture set created_at = now() - interval '2 d', expires_at = now() - interval '1 d'"
    )
    with pytest.raises(HandleNotFound):
        watches.save("w", asked=handle)
    connection.execute("update logosim.query_picture set expires_at = now() + interval '1 d'")
    connection.execute("update logosim.model set active = false")
    with pytest.raises(NoActiveModel):
        watches.save("w", asked=handle)
