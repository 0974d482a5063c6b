"""The models inside the package: which there are, which is the default, how they are found."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from logosim.embedding import bundle, bundled, bundled_models, find_bundled, load_artifact, model_folder
from logosim.errors import ArtifactInvalid

SHELVED = [model.folder for model in bundled_models()]


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A shelf of two: `first` 1, which is the default, and `second` 2."""
    folder = tmp_path / "shelf"
    for name, version in (("second", "2"), ("first", "1")):
        place = folder / f"{name}-{version}"
        shutil.copytree(bundled(), place)
        manifest = json.loads((place / "manifest.json").read_text())
        changed = {"name": name, "version": version, "sha256": name[0].encode().hex() * 32}
        (place / "manifest.json").write_text(json.dumps(manifest | changed))
    monkeypatch.setattr(bundle, "SHELF", folder)
    monkeypatch.setattr(bundle, "DEFAULT", "first-1")
    return folder


# What ships -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("folder", SHELVED, ids=lambda folder: folder.name)
def test_each_bundled_model_is_whole_small_and_named_after_its_folder(folder: Path) -> None:
    artifact = load_artifact(folder)
    assert folder.name == f"{artifact.manifest.name}-{artifact.manifest.version}"
    assert {path.name for path in folder.iterdir()} == {"manifest.json", artifact.manifest.file}
    assert artifact.manifest.size_bytes < 20_000_000
    assert artifact.manifest.licence == "Apache-2.0"


def test_no_two_bundled_models_could_be_taken_for_one_another() -> None:
    manifests = [model.manifest for model in bundled_models()]
    assert len({of.name for of in manifests}) == len(manifests)  # a database refuses a second one of a name
    assert len({of.sha256 for of in manifests}) == len(manifests)


def test_the_default_is_one_of_them_and_the_first() -> None:
    assert bundled_models()[0].folder == bundled()
    assert [model.is_default for model in bundled_models()].count(True) == 1


def test_the_model_before_contrastive_training_stays_loadable() -> None:
    kept = find_bundled("efficientnet-lite0-gem-whitened256")
    assert kept is not None
    assert kept.manifest.sha256 == "d26a98bc479852b80e67c611144d43cfbf31a32bd6ccb01bdf387c16ad35713b"


# Whatever ships -------------------------------------------------------------------------------------------------------
def test_a_model_is_found_by_name_folder_or_weights(shelf: Path) -> None:
    assert [model.manifest.name for model in bundled_models()] == ["first", "second"]
    assert bundled() == shelf / "first-1"
    for key in ("second", "second-2", "73" * 32):
        found = find_bundled(key)
        assert found is not None
        assert (found.folder, found.is_default) == (shelf / "second-2", False)
    for key in ("third", "", "second-", "0" * 64):
        assert find_bundled(key) is None


def test_what_a_person_names_is_the_default_a_folder_or_a_bundled_name(
    shelf: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert model_folder("bundled") == shelf / "first-1"
    assert model_folder("second") == shelf / "second-2"
    assert model_folder(str(tmp_path)) == tmp_path
    for name in ("second", "bundled"):
        (tmp_path / name).mkdir()
    assert model_folder("second") == Path("second")
    assert model_folder("bundled") == shelf / "first-1"
    with pytest.raises(ArtifactInvalid, match="neither a folder nowhere nor") as caught:
        model_folder("nowhere")
    assert "first, second" in str(caught.value.hint)


def test_what_lies_on_the_shelf_beside_models_is_passed_over(shelf: Path) -> None:
    shutil.copytree(shelf / "second-2", shelf / ".second-2-being-written")
    (shelf / "empty").mkdir()
    (shelf / "manifest.json").write_text("{}")
    assert len(bundled_models()) == 2


def test_a_damaged_model_is_named(shelf: Path) -> None:
    (shelf / "second-2" / "manifest.json").write_text("{")
    with pytest.raises(ArtifactInvalid, match="second-2"):
        bundled_models()


def test_a_default_that_is_missing_is_named(shelf: Path) -> None:
    shutil.rmtree(shelf / "first-1")
    with pytest.raises(ArtifactInvalid, match="first-1"):
        bundled_models()
