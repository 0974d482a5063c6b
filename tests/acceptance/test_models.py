"""Going over to another model and back: no answer ever mixes the two."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from logosim.demo.corpus import build, picture_bytes
from logosim.embedding import bundled
from logosim.errors import ModelMismatch
from logosim.runtime import Runtime
from logosim.settings import Settings


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


def test_a_server_judges_readiness_by_the_model_it_loaded(logosim: Any, tmp_path: Path, other: Path) -> None:
    mine = tmp_path / "mine"
    shutil.copytree(bundled(), mine)
    assert logosim("db", "upgrade").returncode == 0
    environment = {**logosim.environment, "LOGOSIM_MODEL_DIR": str(mine)}
    with Runtime.open(Settings.from_environment(environment), role="logosim_api") as running:
        running.ready()
        assert logosim("models", "register", other, "--activate").returncode == 0
        shutil.copytree(other, mine, dirs_exist_ok=True)  # what lies there now is not what the server runs
        with pytest.raises(ModelMismatch):
            running.ready()


def test_cut_over_and_back(logosim: Any, tmp_path: Path, other: Path) -> None:
    corpus = build(tmp_path / "corpus", limit=6)
    picture = tmp_path / "logo.png"
    picture.write_bytes(picture_bytes(corpus.marks[0]))
    for arguments in (("db", "upgrade"), ("ingest", corpus.folder), ("worker", "--until-empty", "--processes=1")):
        assert logosim(*arguments).returncode == 0
    settings = Settings.from_environment(logosim.environment)
    with Runtime.open(settings, role="logosim_api") as running:
        assert running.pipeline.by_picture(picture.read_bytes()).model == "efficientnet-lite0-gem-whitened256"
        done = logosim("models", "register", other, "--activate")
        assert "6 marks are queued" in done.stderr, done.stderr
        # A server that runs on with the first model neither answers with its features nor calls itself ready.
        with pytest.raises(ModelMismatch):
            running.pipeline.by_picture(picture.read_bytes())
        with pytest.raises(ModelMismatch):
            running.ready()
    assert logosim("search", picture).returncode == 5
    assert logosim("worker", "--until-empty", "--processes=1").returncode != 0
    switched = {"LOGOSIM_MODEL_DIR": str(other)}
    assert logosim("worker", "--until-empty", "--processes=1", **switched).returncode == 0
    found = json.loads(logosim("search", picture, "--json", **switched).stdout)
    assert (found["model"], found["hits"][0]["file"]) == ("other", corpus.marks[0].file)
    assert logosim("models", "register", bundled(), "--activate").returncode == 0
    back = json.loads(logosim("search", picture, "--json").stdout)
    assert (back["model"], back["hits"][0]["file"]) == ("efficientnet-lite0-gem-whitened256", corpus.marks[0].file)
    listed = logosim("models", "list").stdout
    assert "other" in listed
    assert listed.count("active") == 1
