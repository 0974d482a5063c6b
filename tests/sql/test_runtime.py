"""Which model a process uses, on a real database: the one that is active, from the setting or the bundle."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from logosim.embedding import bundle, bundled, find_bundled, load_manifest
from logosim.errors import ArtifactInvalid, ModelMismatch, ModelNotFound, NoActiveModel
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
        _ = runtime.artifact
    upgrade_database(settings)
    assert runtime.models.active().name == "better"
    assert runtime.artifact == shelf / "better-1"
    assert runtime.offered_model() is None


def test_a_fresh_database_gets_the_first_model_of_the_setting_if_there_is_one(settings: Settings, shelf: Path) -> None:
    chosen = dataclasses.replace(settings, model_dir=(shelf / "former-1", shelf / "better-1"))
    upgrade_database(chosen)
    with Runtime.open(settings) as later:  # without the setting: it is a bundled one
        assert later.models.active().name == "former"
        assert later.artifact == shelf / "former-1"


def test_a_database_keeps_its_former_model_through_an_upgrade(
    settings: Settings, runtime: Runtime, shelf: Path
) -> None:
    activate(runtime, shelf / "former-1")
    upgrade_database(settings)
    assert [model.name for model in runtime.models.list()] == ["former"]
    assert runtime.artifact == shelf / "former-1"
    assert runtime.offered_model() == "better"
    runtime.ready()


def test_a_process_follows_its_database_to_another_model_and_back(runtime: Runtime, shelf: Path) -> None:
    activate(runtime, shelf / "former-1")
    assert runtime.artifact == shelf / "former-1"
    activate(runtime, shelf / "better-1")
    assert runtime.artifact == shelf / "better-1"
    runtime.ready()
    assert runtime.offered_model() is None
    activate(runtime, shelf / "former-1")
    assert runtime.artifact == shelf / "former-1"


def test_a_model_of_ones_own_needs_the_setting(
    settings: Settings, runtime: Runtime, shelf: Path, tmp_path: Path
) -> None:
    own = write_manifest(tmp_path / "own", "own", "c")
    activate(runtime, own)
    with pytest.raises(ModelMismatch, match="'own' is active in the database, and this process has no arti") as caught:
        _ = runtime.artifact
    assert "LOGOSIM_MODEL_DIR" in str(caught.value.hint)
    with pytest.raises(ModelMismatch):
        runtime.ready()
    assert runtime.offered_model() is None
    with Runtime.open(dataclasses.replace(settings, model_dir=(own,))) as told:
        assert told.artifact == own
        told.ready()
        activate(told, shelf / "former-1")
        assert told.artifact == shelf / "former-1"  # the setting adds to the bundled ones, and the database decides


def test_a_model_is_named_by_its_name_its_folder_or_the_bundle(runtime: Runtime, shelf: Path, tmp_path: Path) -> None:
    own = write_manifest(tmp_path / "own", "own", "c")
    ids = {
        name: runtime.models.register(load_manifest(folder), activate=False)
        for name, folder in (("own", own), ("former", shelf / "former-1"))
    }
    for named, name in (("own", "own"), (str(own), "own"), ("former", "former"), ("former-1", "former")):
        assert runtime.named_model(named).model_id == ids[name]
    assert runtime.has_artifact(runtime.named_model(str(own)))  # where it lies was said
    with pytest.raises(ModelNotFound, match="'better' is not registered") as caught:
        runtime.named_model("bundled")
    assert caught.value.hint == "Run: logosim models register bundled"
    with pytest.raises(ArtifactInvalid, match="neither a folder"):
        runtime.named_model("nothing")


def test_a_copy_of_a_bundled_model_counts_as_bundled(
    settings: Settings, runtime: Runtime, shelf: Path, tmp_path: Path
) -> None:
    activate(runtime, Path(shutil.copytree(shelf / "former-1", tmp_path / "copy")))
    found = find_bundled("a" * 64)
    assert found is not None
    assert runtime.artifact == found.folder
