"""A small corpus of real logos that has gone the whole way: drawn, ingested, and worked off by a real worker."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from logosim.database import embedded
from logosim.demo.corpus import Corpus, build
from logosim.runtime import Runtime
from logosim.settings import Settings

LOGOS = 60


@dataclass(frozen=True)
class Indexed:
    """The corpus and the command line of its database."""

    corpus: Corpus
    run: object  # CommandLine of tests/conftest.py
    settings: Settings


@pytest.fixture(scope="session")
def indexed(server, logosim_on, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Indexed]:  # type: ignore[no-untyped-def]
    """Sixty demo logos, searchable. Tests that change it use names of their own."""
    folder = tmp_path_factory.mktemp("indexed")
    name = f"indexed_{folder.parent.name.replace('-', '_')}_{folder.name}"
    url = server.create(name, template="logosim_test_template")
    run = logosim_on(url, folder / "data")
    corpus = build(folder / "corpus", limit=LOGOS)
    for command in (("db", "upgrade"), ("ingest", corpus.folder, "--source", "demo")):
        done = run(*command)
        assert done.returncode == 0, done.stderr
    done = run("worker", "--until-empty", "--processes=1")
    assert done.returncode == 0, done.stderr
    yield Indexed(corpus, run, Settings.from_environment(run.environment))
    server.drop(name)


@pytest.fixture
def runtime(indexed: Indexed) -> Iterator[Runtime]:
    """The composition root on the corpus, as the REST API opens it."""
    with Runtime.open(indexed.settings, role="logosim_api") as opened:
        yield opened


@pytest.fixture
def register_folder(tmp_path: Path) -> Iterator[Path]:
    """Where the own server of a made-up register lives; stopped at the end if a failing command left it."""
    yield tmp_path / "register"
    embedded.stop(tmp_path / "register")
