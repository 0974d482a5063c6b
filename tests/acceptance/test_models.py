"""Going over to another model and back: no answer ever mixes the two."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from logosim.demo.corpus import build, picture_bytes
from logosim.embedding import bundled, bundled_models, load_manifest
from logosim.embedding.bundle import DEFAULT
from logosim.errors import ModelMismatch
from logosim.runtime import Runtime
from logosim.settings import Settings

ROOT = Path(__file__).parents[2]
HERE = load_manifest(bundled()).name  # the default of this version


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """Another artifact: the bundled one under another name, with weights that differ in a trailing field."""
    folder = tmp_path / "other"
    shutil.copytree(bundled(), folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    weights = (folder / manifest["file"]).read_bytes() + b"\x12\x05other"  # a later producer_name: valid ONNX
    (folder / manifest["file"]).write_bytes(weights)
    manifest |= {"name": "other", "sha256": hashlib.sha256(weights).hexdigest(), "size_bytes": len(weights)}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def test_a_server_is_ready_where_it_has_the_active_model(logosim: Any, tmp_path: Path, other: Path) -> None:
    mine = tmp_path / "mine"
    shutil.copytree(bundled(), mine)
    assert logosim("db", "upgrade").returncode == 0
    environment = {**logosim.environment, "LOGOSIM_MODEL_DIR": str(mine)}
    with Runtime.open(Settings.from_environment(environment), role="logosim_api") as running:
        running.ready()
        assert logosim("models", "register", other, "--activate").returncode == 0
        with pytest.raises(ModelMismatch):
            running.ready()
        shutil.copytree(other, mine, dirs_exist_ok=True)  # it loads what it needs when it needs it, by its SHA-256
        running.ready()


def test_cut_over_and_back(logosim: Any, tmp_path: Path, other: Path) -> None:
    corpus = build(tmp_path / "corpus", limit=6)
    picture = tmp_path / "logo.png"
    picture.write_bytes(picture_bytes(corpus.marks[0]))
    for arguments in (("db", "upgrade"), ("ingest", corpus.folder), ("worker", "--until-empty", "--processes=1")):
        assert logosim(*arguments).returncode == 0
    with (
        Runtime.open(Settings.from_environment(logosim.environment), role="logosim_api") as without,
        Runtime.open(
            Settings.from_environment({**logosim.environment, "LOGOSIM_MODEL_DIR": str(other)}), role="logosim_api"
        ) as running,
    ):
        assert running.pipeline.by_picture(picture.read_bytes()).model == HERE
        done = logosim("models", "register", other, "--activate")
        assert f"6 marks are queued. Add {other} to LOGOSIM_MODEL_DIR" in done.stderr, done.stderr
        # A server without the artifact neither answers with other features nor calls itself ready; names need no model.
        with pytest.raises(ModelMismatch):
            without.pipeline.by_picture(picture.read_bytes())
        with pytest.raises(ModelMismatch):
            without.ready()
        assert without.pipeline.by_text(corpus.marks[1].text or "x").model == "other"
        assert logosim("search", picture).returncode == 5
        assert logosim("worker", "--until-empty", "--processes=1").returncode != 0
        switched = {"LOGOSIM_MODEL_DIR": str(other)}
        assert logosim("worker", "--until-empty", "--processes=1", **switched).returncode == 0
        found = json.loads(logosim("search", picture, "--json", **switched).stdout)
        assert (found["model"], found["hits"][0]["file"]) == ("other", corpus.marks[0].file)
        answer = running.pipeline.by_picture(picture.read_bytes())  # the same process goes over
        assert (answer.model, answer.hits[0].file) == ("other", corpus.marks[0].file)
        assert logosim("models", "activate", HERE).returncode == 0
        assert running.pipeline.by_picture(picture.read_bytes()).model == HERE
    back = json.loads(logosim("search", picture, "--json").stdout)
    assert (back["model"], back["hits"][0]["file"]) == (HERE, corpus.marks[0].file)
    listed = logosim("models", "list").stdout
    assert "other" in listed
    assert listed.count("active") == 1


@pytest.fixture
def later(tmp_path: Path, other: Path, logosim: Any) -> Callable[..., subprocess.CompletedProcess[str]]:
    """The command line of a later version of the package, in which `other` was added and made the default."""
    place = tmp_path / "later"
    for part in ("logosim", "workers", "migrations", "sql"):
        shutil.copytree(ROOT / part, place / part, ignore=shutil.ignore_patterns("__pycache__"))
    shelf = place / "logosim" / "embedding"
    shutil.copytree(other, shelf / "bundled" / "other-1")
    source = (shelf / "bundle.py").read_text()
    assert source.count(DEFAULT) == 1
    (shelf / "bundle.py").write_text(source.replace(DEFAULT, "other-1"))

    def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "logosim.cli", *map(str, arguments)]
        environment = {name: value for name, value in logosim.environment.items() if name != "PYTHONPATH"}
        return subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, check=False)

    return run


def features_by_model(connection: psycopg.Connection[Any]) -> dict[str, int]:
    return dict(
        connection.execute(
            "select m.name, count(*) from logosim.mark_features f join logosim.model m using (model_id) group by m.name"
        ).fetchall()
    )


def test_a_database_keeps_its_model_through_an_upgrade_of_the_package(
    logosim: Any,
    later: Callable[..., subprocess.CompletedProcess[str]],
    connection: psycopg.Connection[Any],
    tmp_path: Path,
) -> None:
    corpus = build(tmp_path / "corpus", limit=6)
    picture = tmp_path / "logo.png"
    picture.write_bytes(picture_bytes(corpus.marks[0]))
    work = ("worker", "--until-empty", "--processes=1")
    for arguments in (("db", "upgrade"), ("ingest", corpus.folder)):
        assert logosim(*arguments).returncode == 0

    upgraded = later("db", "upgrade")
    assert "logosim models register other, then backfill and activate it" in upgraded.stdout, upgraded.stderr
    listed = {line.split()[0]: line for line in later("models", "list").stdout.splitlines()}
    assert next(iter(listed)) == HERE
    assert listed.keys() == {model.manifest.name for model in bundled_models()} | {"other"}
    assert listed[HERE].endswith("active, bundled")
    assert listed["other"].split()[1:] == ["available", "bundled,", "the", "default"]
    # No setting, and yet the later version's workers and searches use the database's model, not their default.
    done = later(*work)
    assert done.returncode == 0, done.stderr
    assert features_by_model(connection) == {HERE: 6}
    found = json.loads(later("search", picture, "--json").stdout)
    assert (found["model"], found["hits"][0]["file"]) == (HERE, corpus.marks[0].file)

    gone_over = later("models", "register", "other", "--activate")
    assert "6 marks are queued. Then run: logosim worker" in gone_over.stderr
    assert later(*work).returncode == 0
    assert features_by_model(connection) == {HERE: 6, "other": 6}
    found = json.loads(later("search", picture, "--json").stdout)
    assert (found["model"], found["hits"][0]["file"]) == ("other", corpus.marks[0].file)
    refused = logosim("search", picture)  # the earlier version does not have it
    assert refused.returncode == 5
    assert "LOGOSIM_MODEL_DIR" in refused.stderr

    back = later("models", "register", HERE, "--activate")
    assert "0 marks are queued" in back.stderr, back.stderr
    assert json.loads(logosim("search", picture, "--json").stdout)["model"] == HERE


def test_what_is_neither_a_folder_nor_a_bundled_model_is_refused_with_the_names(logosim: Any) -> None:
    refused = logosim("models", "register", "no-such-model")
    assert refused.returncode == 5
    assert HERE in refused.stderr
