"""Pictures that SQL clients hand in, as the clients see it; only the extractor is a small one."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
import psycopg
import pytest

from logosim.domain.rectangle import Rectangle
from logosim.errors import PictureTooLarge, RegionError, UnreadablePicture
from logosim.store.picture_requests import PictureRequestStore
from logosim.store.pool import Pool
from logosim.store.query_pictures import QueryPictureStore

from .handed_in import SECOND, Connection, Eye, embed, left, refused


# The client ----------------------------------------------------------------------------------------------------------
def test_a_picture_becomes_a_handle(
    analyst: Connection, at_work: Callable[..., Any], pool: Pool, connection: Connection
) -> None:
    eye = Eye()
    with at_work(eye):
        plain = embed(analyst, b"logo")
        full = embed(
            analyst,
            b"logo",
            ", brand_text => ' Fildor ', vienna_codes => '{3.7,26.04,3.07}', keep_for => '2 hours'"
            ", regions => array[[1,2,30,20],[0,0,7,9]]",
        )
        nameless = embed(analyst, b"logo", ", brand_text => ''")
    kept = QueryPictureStore(pool)
    (part,) = kept.recall(plain).parts
    wanted = Eye().extract_asking(b"logo")
    assert (part.region, part.text, part.features.sha256) == (None, "READ", wanted.sha256)
    assert np.array_equal(part.features.patches, wanted.patches)
    assert np.array_equal(part.features.embedding, wanted.embedding.astype(np.float16))
    assert kept.picture(plain) == b"logo"
    asked = kept.recall(full)
    assert asked.vienna_codes == ("03.07", "26.04")
    assert [(part.region, part.text) for part in asked.parts] == [
        (Rectangle(1, 2, 31, 22), "Fildor"),
        (Rectangle(0, 0, 7, 9), "Fildor"),
    ]
    row = connection.execute(
        "select expires_at - created_at from logosim.query_picture where handle = %s", (full,)
    ).fetchone()
    assert row == (timedelta(hours=2),)
    assert kept.recall(nameless).parts[0].text is None
    assert analyst.execute("select * from logosim.similar_to(%s)", (plain,)).fetchall() == []
    assert left(connection) == 0, "nothing of the request stays behind"


def test_an_answer_comes_at_once(analyst: Connection, at_work: Callable[..., Any]) -> None:
    """The worker is woken, and the client looks often: without that a picture would take the worker's turn."""
    with at_work(Eye(), idle_wait_s=4.0):
        embed(analyst, b"warm")
        started = time.monotonic()
        for number in range(5):
            embed(analyst, f"logo {number}".encode())
        assert (time.monotonic() - started) / 5 < 0.4


def test_what_is_wrong_with_a_picture_is_said(
    analyst: Connection, at_work: Callable[..., Any], connection: Connection
) -> None:
    too_large = PictureTooLarge("The picture has 9 pixels, the limit is 4.")
    beyond = RegionError("The region reaches beyond the picture.")
    eye = Eye({b"bad": UnreadablePicture(), b"large": too_large, b"region": beyond, b"odd": ValueError("odd\x00")})
    with at_work(eye):
        assert refused(analyst, b"bad") == (
            "LS012",
            "The picture is damaged or is not a picture.",
            "Give one still picture: PNG, JPEG, GIF, WebP, TIFF or BMP.",
        )
        assert refused(analyst, b"large")[:2] == ("LS013", "The picture has 9 pixels, the limit is 4.")
        assert refused(analyst, b"region")[:2] == ("LS006", "The region reaches beyond the picture.")
        state, said, hint = refused(analyst, b"odd")
        assert (state, said) == ("LS012", "The picture cannot be looked at: ValueError: odd\ufffd")
        assert "another format" in hint
        assert embed(analyst, b"good"), "and the worker goes on"
    assert left(connection) == 0


@pytest.mark.parametrize(
    ("picture", "arguments", "state", "said"),
    [
        (None, "", "LS012", "is empty"),
        (b"", "", "LS012", "is empty"),
        (b"x" * (20 * 1024 * 1024 + 1), "", "LS013", "20971521 bytes, the limit is 20971520"),
        (b"x", ", wait => '0 s'", "LS006", "wait must be"),
        (b"x", ", wait => '11 minutes'", "LS006", "wait must be"),
        (b"x", ", wait => null", "LS006", "wait must be"),
        (b"x", ", keep_for => '31 days'", "LS006", "keep_for must be"),
        (b"x", ", vienna_codes => '{x}'", "LS004", "x"),
        (b"x", ", brand_text => repeat('x', 1001)", "LS006", "1000 characters"),
        (b"x", ", regions => '{1,2,3,4}'", "LS006", "1 to 8 rectangles"),
        (b"x", ", regions => array[[1,2,3]]", "LS006", "1 to 8 rectangles"),
        (b"x", ", regions => array[[1,2,0,4]]", "LS006", "1 to 8 rectangles"),
        (b"x", ", regions => array[[-1,2,3,4]]", "LS006", "1 to 8 rectangles"),
        (b"x", ", regions => array[[1,2,3,null]]", "LS006", "1 to 8 rectangles"),
        (b"x", ", regions => array_fill(1, array[9,4])", "LS006", "1 to 8 rectangles"),
    ],
)
def test_what_is_refused_before_it_is_queued(
    analyst: Connection, connection: Connection, picture: bytes | None, arguments: str, state: str, said: str
) -> None:
    found = refused(analyst, picture, arguments)
    assert found[0] == state
    assert said in found[1]
    assert left(connection) == 0


def test_nobody_answers(analyst: Connection, connection: Connection, requests: PictureRequestStore) -> None:
    started = time.monotonic()
    state, said, hint = refused(analyst, b"logo", ", wait => '0.4 s'")
    assert 0.3 < time.monotonic() - started < 5
    assert (state, said) == ("LS011", "No worker has taken the picture within 0.4 s")
    assert "logosim worker --pictures" in hint
    assert left(connection) == 0, "it is withdrawn"
    assert requests.pending() == 0


def test_it_gives_up_before_the_server_ends_the_statement(analyst: Connection, connection: Connection) -> None:
    """Else the client would not hear why, and the picture would stay behind."""
    analyst.execute("set statement_timeout = '1 s'")
    try:
        state, said, hint = refused(analyst, b"logo", ", wait => '1 minute'")
    finally:
        analyst.execute("reset statement_timeout")
    assert (state, said) == ("LS011", "No worker has taken the picture within 0.9 s")
    assert "logosim worker --pictures" in hint
    assert left(connection) == 0


def test_a_worker_is_too_slow(
    analyst: Connection, requests: PictureRequestStore, registered_model: int, connection: Connection
) -> None:
    failures: list[tuple[str | None, str, str]] = []
    client = threading.Thread(target=lambda: failures.append(refused(analyst, b"logo", ", wait => '1 s'")))
    client.start()
    while (claim := requests.claim("slow", registered_model, timedelta(minutes=1))) is None:
        time.sleep(0.01)
    client.join(20)
    assert failures[0][:2] == ("LS011", "A worker has the picture and was not done within 1 s")
    assert not requests.heartbeat(claim, SECOND), "the client has given up"
    assert left(connection) == 0


def test_waiting_inside_a_transaction_is_refused(analyst: Connection, connection: Connection) -> None:
    with pytest.raises(psycopg.Error) as raised, analyst.transaction():
        embed(analyst, b"logo")
    assert raised.value.sqlstate == "LS014"
    assert "logosim.submit_picture" in (raised.value.diag.message_hint or "")
    for together in ("begin; {}; commit", "select 1; {}"):
        with pytest.raises(psycopg.Error) as raised:
            analyst.execute(together.format("call logosim.embed_picture('logo')").encode())
        assert raised.value.sqlstate == "LS014"
        analyst.rollback()
    assert left(connection) == 0


def test_any_isolation_will_do(analyst: Connection, at_work: Callable[..., Any]) -> None:
    analyst.execute("set default_transaction_isolation = 'serializable'")
    with at_work(Eye()):
        assert embed(analyst, b"logo")


def test_without_waiting(analyst: Connection, at_work: Callable[..., Any], connection: Connection) -> None:
    def answer() -> tuple[Any, ...]:
        row = analyst.execute("select state, handle, error_code from logosim.picture_answer(%s)", (request,)).fetchone()
        assert row is not None
        return row

    (request,) = analyst.execute("select logosim.submit_picture('logo')").fetchone() or (None,)
    assert answer() == ("queued", None, None)
    with at_work(Eye()):
        deadline = time.monotonic() + 20
        while answer()[0] != "done" and time.monotonic() < deadline:
            time.sleep(0.01)
    state, handle, _ = answer()
    assert state == "done"
    assert analyst.execute("select * from logosim.similar_to(%s)", (handle,)).fetchall() == []
    row = connection.execute("select picture is null, expires_at - now() < '10 min' from logosim.picture_request")
    assert row.fetchone() == (True, True), "the bytes are gone already"
    assert analyst.execute("select logosim.withdraw_picture(%s)", (request,)).fetchone() == (True,)
    assert answer()[0] == "unknown"
    assert analyst.execute("select logosim.withdraw_picture(%s)", (request,)).fetchone() == (False,)


def test_only_so_many_wait(analyst: Connection, connection: Connection) -> None:
    submit = "select logosim.submit_picture('logo')"
    for _ in range(8):
        analyst.execute(submit)
    with pytest.raises(psycopg.Error, match="8 of yours, 8 in all") as raised:
        analyst.execute(submit)
    assert raised.value.sqlstate == "LS015"
    connection.execute("update logosim.picture_request set asked_by = 'others'")
    for _ in range(8):
        analyst.execute(submit)
    connection.execute("update logosim.picture_request set asked_by = 'others'")
    connection.execute(
        "insert into logosim.picture_request (asked_by, picture, keep_for, expires_at)"
        " select 'others', 'x', '1 day', now() + interval '1 hour' from generate_series(1, 48)"
    )
    with pytest.raises(psycopg.Error, match="0 of yours, 64 in all"):
        analyst.execute(submit)
    connection.execute("update logosim.picture_request set expires_at = now()")
    analyst.execute(submit)
    assert left(connection) == 1, "what has expired is deleted"
