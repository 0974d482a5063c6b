"""Searches through every door while the active model changes back and forth: each sees one model or the other."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from litestar.testing import TestClient

from logosim.api.app import create_app
from logosim.demo.corpus import Corpus, build, picture_bytes
from logosim.demo.query import variations
from logosim.domain.hit import Answer
from logosim.domain.mark import mark_id
from logosim.embedding import bundled_models
from logosim.errors import HandleOutdated
from logosim.runtime import Runtime
from logosim.settings import Settings

LOGOS = 24
FLIPS = 16
FIRST, SECOND = (model.manifest.name for model in bundled_models()[:2])


@dataclass(frozen=True)
class TwoModels:
    """A corpus that both bundled models have seen; the first is active."""

    corpus: Corpus
    url: str
    run: Any
    settings: Settings


@pytest.fixture(scope="module")
def two_models(server: Any, logosim_on: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TwoModels]:
    folder = tmp_path_factory.mktemp("two-models")
    name = f"two_models_{folder.parent.name.replace('-', '_')}"
    url = server.create(name, template="logosim_test_template")
    run = logosim_on(url, folder / "data", LOGOSIM_OCR="none")
    corpus = build(folder / "corpus", limit=LOGOS)
    for command in (
        ("db", "upgrade"),
        ("ingest", corpus.folder, "--source", "demo"),
        ("worker", "--until-empty", "--processes=1"),
        ("models", "register", SECOND),
        ("models", "backfill", SECOND, "--processes=1"),
    ):
        done = run(*command)
        assert done.returncode == 0, done.stderr
    yield TwoModels(corpus, url, run, Settings.from_environment(run.environment))
    server.drop(name)


@pytest.fixture
def runtime(two_models: TwoModels) -> Iterator[Runtime]:
    with Runtime.open(two_models.settings, role="logosim_api") as opened:
        yield opened


def go_over(connection: psycopg.Connection[Any], name: str) -> None:
    connection.execute(
        "select logosim.activate_model(m.model_id) from logosim.model m where m.name = %s", (name,)
    ).fetchone()


def told(answer: Answer) -> tuple[str, Hashable]:
    return str(answer.model), tuple((str(hit.mark_id), round(hit.score, 6)) for hit in answer.hits)


def over_http(response: Any) -> tuple[str, Hashable]:
    assert response.status_code == 200, response.text
    body = response.json()
    return body["model"], tuple((hit["mark_id"], round(hit["score"], 6)) for hit in body["hits"])


@dataclass
class Doors:
    """Ways to ask; each gives the name of the model, where it is told, and what was found."""

    runtime: Runtime
    client: TestClient[Any]
    url: str
    query: bytes
    stored: UUID
    name: str

    def python_picture(self) -> tuple[str, Hashable]:
        return told(self.runtime.pipeline.by_picture(self.query, text="", k=8))

    def python_mark(self) -> tuple[str, Hashable]:
        return told(self.runtime.pipeline.by_mark(self.stored, k=8, expand=2))

    def python_text(self) -> tuple[str, Hashable]:
        return told(self.runtime.pipeline.by_text(self.name, k=8))

    def python_pair(self) -> tuple[str, Hashable]:
        found = self.runtime.comparison.of_picture(self.query, self.stored, text="", places=False).explanation
        return str(found.model), round(found.score, 6)

    def rest_picture(self) -> tuple[str, Hashable]:
        return over_http(
            self.client.post("/v1/search", files={"picture": ("logo.png", self.query)}, data={"k": "8", "text": ""})
        )

    def rest_mark(self) -> tuple[str, Hashable]:
        return over_http(self.client.get(f"/v1/marks/{self.stored}/similar", params={"k": 8}))

    def sql_mark(self) -> tuple[str, Hashable]:
        """SQL does not say which model answered: what it found is to be what one of them finds."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute("set role logosim_analyst")
            rows = connection.execute(
                "select mark_id, look_distance from logosim.similar(%s, k => 8)", (self.stored,)
            ).fetchall()
        return "", tuple(rows)

    def all(self) -> dict[str, Callable[[], tuple[str, Hashable]]]:
        names = [name for name in vars(Doors) if name.startswith(("python_", "rest_", "sql_"))]
        return {name: getattr(self, name) for name in names}


def test_no_search_fails_or_mixes_models_while_they_change(two_models: TwoModels, runtime: Runtime) -> None:
    (varied,) = list(variations(two_models.corpus.marks[:9], 1, seed=4))
    stored = next(mark for mark in two_models.corpus.marks if mark.text)
    stop = threading.Event()
    faults: list[BaseException] = []
    answers: dict[str, list[str]] = {}

    with ExitStack() as stack:
        client = stack.enter_context(TestClient(create_app(runtime, require_key=False), base_url="http://127.0.0.1"))
        owner = stack.enter_context(psycopg.connect(two_models.url, autocommit=True))
        doors = Doors(runtime, client, two_models.url, varied.picture, mark_id("demo", stored.file), stored.text or "")
        expected: dict[str, dict[str, tuple[str, Hashable]]] = {}
        for model in (SECOND, FIRST):
            go_over(owner, model)
            expected[model] = {door: ask() for door, ask in doors.all().items()}
        looking = set(doors.all()) - {"python_text"}  # names are found alike
        assert all(expected[FIRST][door] != expected[SECOND][door] for door in looking)
        assert all(expected[model][door][0] in ("", model) for model in expected for door in doors.all())

        def asking(door: str, ask: Callable[[], tuple[str, Hashable]]) -> None:
            try:
                while not stop.is_set():
                    answer = ask()
                    models = [model for model in expected if expected[model][door] == answer]
                    assert models, f"{door}: {answer} is the answer of neither model"
                    answers[door].append(models[0])
            except BaseException as error:
                faults.append(error)

        answers.update({door: [] for door in doors.all()})
        threads = [threading.Thread(target=asking, args=item) for item in doors.all().items()]
        for thread in threads:
            thread.start()
        for flip in range(FLIPS):
            before = {door: len(seen) for door, seen in answers.items()}
            go_over(owner, (SECOND, FIRST)[flip % 2])
            # A question meets two changes at most, however slow the machine: each door has answered twice by the next.
            limit = time.monotonic() + 60
            while any(len(seen) < before[door] + 2 for door, seen in answers.items()) and not faults:
                assert time.monotonic() < limit
                time.sleep(0.01)
        stop.set()
        for thread in threads:
            thread.join(60)
        go_over(owner, FIRST)
    assert not faults, faults
    assert all(set(answers[door]) == {FIRST, SECOND} for door in looking)


def test_a_handle_is_good_for_its_model_and_again_after_going_back(two_models: TwoModels, runtime: Runtime) -> None:
    data = picture_bytes(two_models.corpus.marks[0])
    kept = runtime.pipeline.remember(data)
    before = told(runtime.pipeline.by_handle(kept.handle))
    with psycopg.connect(two_models.url, autocommit=True) as owner:
        go_over(owner, SECOND)
        with pytest.raises(HandleOutdated):
            runtime.pipeline.by_handle(kept.handle)
        go_over(owner, FIRST)
    assert told(runtime.pipeline.by_handle(kept.handle)) == before


def test_the_commands_go_over_and_back_and_drop(two_models: TwoModels, tmp_path: Path) -> None:
    """Last: it leaves the corpus without its second model."""
    run = two_models.run

    def states() -> dict[str, str]:
        return {line.split()[0]: line for line in run("models", "list").stdout.splitlines()}

    assert f"{LOGOS} of {LOGOS} marks seen" in states()[SECOND]
    assert states()[SECOND].endswith("ready, bundled")
    refused = run("models", "drop", FIRST, "--yes")
    assert refused.returncode == 2
    assert "is the active model" in refused.stderr
    assert run("models", "activate", SECOND).stderr.strip() == f"Back: logosim models activate {FIRST}"

    # What comes in now is queued for the former model too; a worker bound to it keeps it ready.
    later = build(tmp_path / "later", limit=LOGOS + 3)
    assert run("ingest", later.folder, "--source", "demo").returncode == 0
    assert run("worker", "--until-empty", "--processes=1").returncode == 0
    assert states()[SECOND].endswith("active, bundled")
    refused = run("models", "activate", FIRST)
    assert refused.returncode == 5
    assert "3 marks have no features of it" in refused.stderr
    assert "3 wait" in states()[FIRST]
    assert run("worker", "--until-empty", "--processes=1", "--model", FIRST).returncode == 0
    assert run("models", "activate", FIRST).returncode == 0

    asked = run("models", "drop", SECOND)
    assert asked.returncode != 0  # nobody said yes
    assert states()[SECOND].endswith("ready, bundled")
    dropped = run("models", "drop", SECOND, "--yes")
    assert dropped.returncode == 0, dropped.stderr
    assert states()[SECOND].split()[1] == "available"
    refused = run("worker", "--until-empty", "--model", SECOND)
    assert refused.returncode == 5
    assert "not registered" in refused.stderr


def test_a_backfill_that_others_do(two_models: TwoModels) -> None:
    run = two_models.run
    assert run("models", "register", SECOND).returncode == 0
    queued = run("models", "backfill", SECOND, "--queue-only")
    assert f"marks wait for workers with {SECOND}. Where its artifact is, run: logosim worker --model" in queued.stderr
    assert "backfilling" in run("models", "list").stdout
    assert run("worker", "--model", SECOND, "--until-empty", "--processes=1").returncode == 0
    done = run("models", "backfill", SECOND)
    assert f"To go over: logosim models activate {SECOND}" in done.stderr
    forced = run("models", "activate", SECOND)
    assert forced.returncode == 0
    assert run("models", "activate", FIRST).returncode == 0
