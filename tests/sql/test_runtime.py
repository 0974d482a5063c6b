"""Which model a process uses, on a real database: that of the setting, or the bundled one that is active."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from logosim.embedding import bundle, bundled, find_bundled, load_manifest
from logosim.errors import ModelMismatch, NoActiveModel
from logosim.runtime import Runtime, upgrade_database
from logosim.settings import Settings


def write_manifest(folder: Path, name: str, digit: str) -> Path:
    """A model's folder without weights: enough to choose by."""
    folder.mkdir(parents=True)
    manifest = json.loads((bundled() / "manifest.json").read_text()) | {"name": name, "sha256": digit * 64}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What a later version of the package ships: `former` and the new default `better`."""
    folder = tmp_path / "shelf"
    write_manifest(folder / "former-1", "former", "a")
    write_manifest(folder / "better-1", "better", "b")
    monkeypatch.setattr(bundle, "SHELF", folder)
    monkeypatch.setattr(bundle, "DEFAULT", "better-1")
    return folder


@pytest.fixture
def settings(database_url: str, tmp_path: Path, shelf: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", database_url=database_url, ocr="none", threads=1)


@pytest.fixture
def runtime(settings: Settings) -> Iterator[Runtime]:
    with Runtime.open(settings) as opened:
        yield opened


def activate(runtime: Runtime, folder: Path) -> int:
    return runtime.models.register(load_manifest(folder), activate=True)


def test_a_fresh_database_gets_the_default(settings: Settings, runtime: Runtime, shelf: Path) -> None:
    with pytest.raises(NoActiveModel):
        _ = runtime.manifest
    upgrade_database(settings)
    assert runtime.models.active().name == "better"
    assert (runtime.artifact, runtime.manifest.name) == (shelf / "better-1", "better")
    assert runtime.offered_model() is None


def test_a_fresh_database_gets_the_model_of_the_setting_if_there_is_one(settings: Settings, shelf: Path) -> None:
    chosen = dataclasses.replace(settings, model_dir=shelf / "former-1")
    upgrade_database(chosen)
    with Runtime.open(settings) as later:  # without the setting: it is a bundled one
        assert later.manifest.name == "former"


def test_a_database_keeps_its_former_model_through_an_upgrade(
    settings: Settings, runtime: Runtime, shelf: Path
) -> None:
    model_id = activate(runtime, shelf / "former-1")
    upgrade_database(settings)
    assert [model.name for model in runtime.models.list()] == ["former"]
    assert runtime.artifact == shelf / "former-1"
    assert runtime.offered_model() == "better"
    runtime.ready()
    # The queue that a worker claims from is that of the model it has.
    other = runtime.models.register(load_manifest(shelf / "better-1"), activate=False)
    assert runtime.loaded_model_work._model_id == model_id != other


def test_going_over_needs_new_processes_and_no_setting(settings: Settings, runtime: Runtime, shelf: Path) -> None:
    activate(runtime, shelf / "former-1")
    assert runtime.manifest.name == "former"
    better = activate(runtime, shelf / "better-1")
    with pytest.raises(ModelMismatch, match="has the model 'former'") as caught:
        runtime.ready()
    assert "restart this process" in str(caught.value.hint)
    assert runtime.artifact == shelf / "former-1"  # it goes on as what it is, refused, and never changes half way
    with Runtime.open(settings) as fresh:
        assert fresh.artifact == shelf / "better-1"
        assert fresh.loaded_model_work._model_id == better
        fresh.ready()
        assert fresh.offered_model() is None


def test_a_process_that_has_not_chosen_yet_chooses_what_is_active_by_then(runtime: Runtime, shelf: Path) -> None:
    with pytest.raises(NoActiveModel):
        _ = runtime.artifact
    activate(runtime, shelf / "former-1")
    assert runtime.artifact == shelf / "former-1"


def test_a_model_of_ones_own_needs_the_setting(
    settings: Settings, runtime: Runtime, shelf: Path, tmp_path: Path
) -> None:
    own = write_manifest(tmp_path / "own", "own", "c")
    activate(runtime, own)
    with pytest.raises(ModelMismatch, match="'better', the database's features were made with 'own'") as caught:
        _ = runtime.manifest
    assert "Set LOGOSIM_MODEL_DIR" in str(caught.value.hint)
    assert runtime.offered_model() is None
    with Runtime.open(dataclasses.replace(settings, model_dir=own)) as told:
        assert told.artifact == own


def test_the_setting_is_obeyed_and_refused_where_another_model_is_active(
    settings: Settings, runtime: Runtime, shelf: Path
) -> None:
    activate(runtime, shelf / "former-1")
    with Runtime.open(dataclasses.replace(settings, model_dir=shelf / "better-1")) as told:
        with pytest.raises(ModelMismatch, match="has the model 'better'") as caught:
            _ = told.artifact
        assert "Unset LOGOSIM_MODEL_DIR" in str(caught.value.hint)


def test_a_copy_of_a_bundled_model_counts_as_bundled(
    settings: Settings, runtime: Runtime, shelf: Path, tmp_path: Path
) -> None:
    activate(runtime, Path(shutil.copytree(shelf / "former-1", tmp_path / "copy")))
    found = find_bundled("a" * 64)
    assert found is not None
    assert runtime.artifact == found.folder
