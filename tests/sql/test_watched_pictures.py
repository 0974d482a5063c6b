"""A watched picture outlives the model that looked at it: it is looked at again with the one that is active by then."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import psycopg
import pytest
from pgvector import HalfVector
from psycopg.conninfo import make_conninfo

from logosim.domain.asked import AskedPart, AskedPicture
from logosim.domain.features import Features, FigureFeatures
from logosim.domain.rectangle import Rectangle
from logosim.domain.watch import WatchedPicture
from logosim.errors import (
    HandleOutdated,
    LogosimError,
    ModelMismatch,
    NoActiveModel,
    PictureError,
    PrivilegeMissing,
    UnreadablePicture,
)
from logosim.search.watched import seen_again
from logosim.store.model_versions import ModelVersionStore
from logosim.store.pool import Pool, open_pool
from logosim.store.query_pictures import QueryPictureStore
from logosim.store.watches import WatchStore

from .queued_work import activate_another, sha
from .watched_marks import PATCHES, embedding, put, seen

Connection = psycopg.Connection[Any]
FILE = b"logo"
REGIONS = (Rectangle(1, 2, 31, 22), Rectangle(0, 0, 7, 9))
GRID = np.frombuffer(PATCHES, np.int8).reshape(7, 7, 64)
HOUR = timedelta(hours=1)


def features(axis: int, *, figures: int = 0, model_sha256: str | None = None) -> Features:
    """What is near the marks on that axis."""
    vector = np.asarray(HalfVector.from_text(embedding(0, axis)).to_list(), np.float32)
    parts = tuple(FigureFeatures(Rectangle(number, 2, number + 5, 9), vector, GRID) for number in range(figures))
    return Features(vector, GRID, "READ", 40, 30, sha(FILE.decode()), model_sha256, parts)


class Eye:
    """Sees every picture on one axis, or fails."""

    def __init__(self, axis: int, error: Exception | None = None) -> None:
        self.axis = axis
        self.error = error
        self.looked_at: list[bytes] = []

    def extract_asking(self, data: bytes) -> Features:
        self.looked_at.append(data)
        if self.error:
            raise self.error
        return features(self.axis, figures=1)

    def extract_regions(self, data: bytes, regions: Any) -> list[Features]:
        return [self.extract_asking(data) for _ in regions]

    def __call__(self, watched: WatchedPicture) -> AskedPicture:
        return seen_again(self, watched)


@pytest.fixture
def save(pool: Pool, registered_model: int) -> Callable[..., UUID]:
    """Watch a picture, seen on axis 1; what the watch keeps has the handle that is returned."""

    def saved(name: str = "w", regions: tuple[Rectangle | None, ...] = (None,), file: bytes | None = FILE) -> UUID:
        texts = ("Fildor", None)
        parts = tuple(AskedPart(of, features(1, figures=2), text) for of, text in zip(regions, texts, strict=False))
        handle = QueryPictureStore(pool).remember(AskedPicture(parts, ("03.07",)), file).handle
        WatchStore(pool).save(name, asked=handle)
        (asked,) = (watch.asked for watch in WatchStore(pool).list() if watch.name == name)
        assert asked is not None
        return asked

    return saved


def drop(pool: Pool, model_id: int) -> None:
    versions = ModelVersionStore(pool)
    versions.retire(model_id)
    versions.forget(model_id)


def kept(connection: Connection) -> list[tuple[Any, ...]]:
    """Regions and figures of all pictures that are kept."""
    return connection.execute(
        """
        select q.handle, r.region_number, r.figure_number, r.region_left, r.region_width, r.brand_text
             , octet_length(r.patches)
          from logosim.query_picture q
          left join logosim.query_region r on r.handle = q.handle
         order by q.created_at, q.handle, r.region_number, r.figure_number
        """
    ).fetchall()


def note(connection: Connection, name: str = "w") -> tuple[Any, ...] | None:
    return connection.execute(
        "select runs, last_error, tried_at is not null, ran_at is not null from logosim.watch where name = %s", (name,)
    ).fetchone()


@pytest.mark.parametrize("dropped", [False, True], ids=["after a cut-over", "after the model is dropped"])
@pytest.mark.parametrize("on_schedule", [False, True], ids=["once", "on schedule"])
def test_the_watch_goes_on_with_the_next_model(
    save: Callable[..., UUID],
    pool: Pool,
    connection: Connection,
    registered_model: int,
    database_url: str,
    dropped: bool,
    on_schedule: bool,
) -> None:
    handle = save()
    activate_another(connection)
    if dropped:
        drop(pool, registered_model)
        assert kept(connection) == [(handle, 0, 0, 0, 40, "Fildor", 0)]  # but not what was only asked about
    near, far = seen(connection, "near.png", 0, 2), seen(connection, "far.png", 0, 1)
    eye = Eye(2)
    with open_pool(database_url, role="logosim_worker") as own:  # which suffices
        watches = WatchStore(own, eye)
        done = watches.run_next(HOUR) if on_schedule else watches.run("w")
        assert done is not None
        assert done.error is None
        assert {hit.mark_id: hit.channels.get("look") for hit in done.hits} == {near: pytest.approx(1, abs=1e-3)}
        assert far not in {hit.mark_id for hit in done.hits}
        later = put(connection, "later.png", text="FILDOR")
        assert [hit.mark_id for hit in watches.run("w").hits] == [later], "the name is still compared"
    assert eye.looked_at == [FILE], "once for a model"
    rows = [row for row in kept(connection) if row[0] == handle]
    assert rows == [(handle, 0, 0, 0, 40, "Fildor", 3136), (handle, 0, 1, 0, 5, None, 3136)]
    assert len(QueryPictureStore(pool).recall(handle).parts) == 1
    assert QueryPictureStore(pool).picture(handle) == FILE
    assert WatchStore(pool).drop("w")
    assert handle not in {row[0] for row in kept(connection)}


def test_regions_and_their_names_are_as_they_were(
    save: Callable[..., UUID], pool: Pool, connection: Connection, registered_model: int
) -> None:
    handle = save(regions=REGIONS)
    activate_another(connection)
    drop(pool, registered_model)
    assert len(kept(connection)) == 2
    told: list[WatchedPicture] = []

    def look(watched: WatchedPicture) -> AskedPicture:
        told.append(watched)
        return seen_again(Eye(2), watched)

    near = seen(connection, "near.png", 0, 2)
    assert [hit.mark_id for hit in WatchStore(pool, look).run("w").hits] == [near]
    assert told == [WatchedPicture(FILE, REGIONS, ("Fildor", None), ("03.07",))]
    found = QueryPictureStore(pool).recall(handle)
    assert [(part.region, part.text) for part in found.parts] == [(REGIONS[0], "Fildor"), (REGIONS[1], None)]
    assert [len(part.features.figures) for part in found.parts] == [1, 1]
    assert found.vienna_codes == ("03.07",)


def test_it_is_looked_at_again_after_going_back(
    save: Callable[..., UUID], pool: Pool, connection: Connection, registered_model: int
) -> None:
    save()
    other = activate_another(connection)
    versions, eye = ModelVersionStore(pool), Eye(2)
    watches = WatchStore(pool, eye)
    for model_id in (registered_model, other, registered_model):
        watches.run("w")
        versions.activate(model_id, force=True)
    watches.run("w")
    assert len(eye.looked_at) == 4
    drop(pool, other)
    watches.run("w")
    assert len(eye.looked_at) == 4


@pytest.mark.parametrize("dropped", [False, True], ids=["after a cut-over", "after the model is dropped"])
def test_sql_says_what_looks_again(
    save: Callable[..., UUID], pool: Pool, connection: Connection, registered_model: int, dropped: bool
) -> None:
    handle = save("new logo")
    save("without a file", file=None)
    activate_another(connection)
    if dropped:
        drop(pool, registered_model)
    for name, hint in (
        ("new logo", "Run: logosim watch run 'new logo'. It looks at the picture again"),
        ("without a file", "Its file is not kept: remove the watch and save it anew with the picture"),
    ):
        with pytest.raises(psycopg.Error) as refused:
            connection.execute("select * from logosim.run_watch(%s)", (name,))
        said = f"The picture of the watch {name} was looked at with another model than the active one, other"
        assert (refused.value.sqlstate, refused.value.diag.message_primary) == ("LS008", said)
        assert refused.value.diag.message_hint == hint
    searches = ("logosim.recall_picture(%s)", "logosim.similar_to(%s)", "logosim.search(%s)")
    for search in searches:
        with pytest.raises(psycopg.Error, match="The picture of the watch new logo was looked at with") as refused:
            connection.execute(b"select * from " + search.encode(), (handle,))
        assert refused.value.sqlstate == "LS008"
    with pytest.raises(HandleOutdated, match="The picture of the watch new logo"):
        WatchStore(pool).run("new logo")  # a process that cannot look


@pytest.mark.parametrize(
    ("file", "error", "said"),
    [
        (None, None, "was looked at with another model than the active one, and its file is not kept"),
        (
            FILE,
            UnreadablePicture(),
            "cannot be looked at with the active model: The picture is damaged or is not a pict",
        ),
        (FILE, ValueError("odd\x00"), "cannot be looked at with the active model: ValueError: odd"),
    ],
)
def test_a_picture_that_cannot_be_looked_at_again(
    save: Callable[..., UUID],
    pool: Pool,
    connection: Connection,
    registered_model: int,
    file: bytes | None,
    error: Exception | None,
    said: str,
) -> None:
    save(file=file)
    activate_another(connection)
    watches = WatchStore(pool, Eye(2, error))
    for dropped in (False, True):
        if dropped:
            drop(pool, registered_model)
        connection.execute("update logosim.watch set tried_at = null, last_error = null")
        with pytest.raises(PictureError, match=f"The picture of the watch w {said}") as raised:
            watches.run("w")
        assert "save it anew" in (raised.value.hint or "")
        (runs, noted, tried, ran) = note(connection) or ()
        assert (runs, tried, ran) == (0, True, False)
        assert f"The picture of the watch w {said}" in noted
        assert noted.endswith("logosim watch remove, logosim watch add.")
        connection.execute("update logosim.watch set tried_at = null, last_error = null")
        done = watches.run_next(HOUR)
        assert done is not None
        assert done.error == noted
        assert (note(connection) or ())[1] == noted


def test_another_model_becomes_active_while_the_picture_is_looked_at(
    save: Callable[..., UUID], pool: Pool, connection: Connection, registered_model: int
) -> None:
    save()
    activate_another(connection)
    looked = 0

    def look(watched: WatchedPicture) -> AskedPicture:
        nonlocal looked
        looked += 1
        row = connection.execute("select artifact_sha256 from logosim.model where active").fetchone()
        assert row is not None
        if looked == 1:
            connection.execute("select logosim.register_model('third', repeat('3', 64), 256, 7, 64, '{}'::jsonb)")
        (part,) = seen_again(Eye(2), watched).parts
        return AskedPicture((AskedPart(None, features(2, model_sha256=row[0]), part.text),), watched.vienna_codes)

    near = put(connection, "near.png", text="Fildor")
    assert [hit.mark_id for hit in WatchStore(pool, look).run("w").hits] == [near]
    assert looked == 2


def test_a_process_without_the_model_says_so(save: Callable[..., UUID], pool: Pool, connection: Connection) -> None:
    save()
    activate_another(connection)

    def look(_: WatchedPicture) -> AskedPicture:
        raise ModelMismatch("This process has no artifact of it.", hint="Put it there.")

    with pytest.raises(ModelMismatch):
        WatchStore(pool, look).run("w")
    assert note(connection) == (0, "This process has no artifact of it. Put it there.", True, False)


def test_a_failure_is_noted_and_forgotten_after_a_run(
    save: Callable[..., UUID], pool: Pool, connection: Connection
) -> None:
    save()
    connection.execute("update logosim.model set active = false")
    with pytest.raises(NoActiveModel):
        WatchStore(pool).run("w")
    runs, said, tried, ran = note(connection) or ()
    assert (runs, tried, ran) == (0, True, False)
    assert said.startswith("No embedding model is active. Run `logosim db upgrade`")
    connection.execute("update logosim.model set active = true")
    assert WatchStore(pool).run("w").error is None
    assert note(connection) == (1, None, True, True)


def test_who_may_not_run_a_watch_notes_nothing(
    save: Callable[..., UUID], connection: Connection, database_url: str
) -> None:
    save()
    stranger = f"test_stranger_{uuid4().hex[:8]}"
    connection.execute(f"create role {stranger} login in role logosim_analyst".encode())
    try:
        url = make_conninfo(database_url, user=stranger)
        with open_pool(url) as own, pytest.raises(PrivilegeMissing):
            WatchStore(own).run("w")
    finally:
        connection.execute(f"drop role {stranger}".encode())
    assert note(connection) == (0, None, False, False)


def test_a_picture_that_was_lost_is_called_by_the_name_of_its_watch(
    save: Callable[..., UUID], pool: Pool, connection: Connection
) -> None:
    """As former versions lost it when a model was dropped."""
    connection.execute("delete from logosim.query_picture where handle = %s", (save(),))
    with pytest.raises(LogosimError, match="The picture of the watch w is gone") as raised:
        WatchStore(pool, Eye(2)).run("w")
    assert "save it anew" in (raised.value.hint or "")


def test_only_the_same_picture_takes_the_place(save: Callable[..., UUID], pool: Pool, connection: Connection) -> None:
    own, of_another = save("w"), save("v")
    before = kept(connection)
    other = connection.execute(
        "update logosim.query_picture set picture_sha256 = repeat('f', 64)"
        " where handle = (select handle from logosim.query_picture where expires_at < 'infinity' limit 1)"
        " returning handle"
    ).fetchone()
    assert other is not None
    for handle in (own, of_another, other[0]):
        with pytest.raises(psycopg.Error, match="The watch w keeps another picture") as refused:
            connection.execute("select logosim._look_again('w', %s)", (handle,))
        assert refused.value.sqlstate == "LS006"
    assert kept(connection) == before


def test_without_an_active_model_only_a_watched_picture_holds_up_dropping(
    save: Callable[..., UUID], pool: Pool, connection: Connection, registered_model: int
) -> None:
    save()
    connection.execute("update logosim.model set active = false")
    with pytest.raises(NoActiveModel):
        drop(pool, registered_model)
    WatchStore(pool).drop("w")
    drop(pool, registered_model)
    assert connection.execute("select count(*) from logosim.model").fetchone() == (0,)
