"""A model's folder: what is read from it, and everything that must be refused."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from logosim.embedding import PREPROCESSING, OnnxEmbedder, bundled, load_artifact, load_manifest
from logosim.embedding.artifact import parse_manifest
from logosim.errors import ArtifactInvalid, DependencyMissing


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(bundled(), tmp_path / "model"))


def change(folder: Path, **fields: Any) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | fields), encoding="utf-8")


def test_the_default_model_is_what_the_documentation_says() -> None:
    artifact = load_artifact(bundled())
    assert artifact.manifest.input_size == 224
    assert artifact.manifest.dimensions == 256
    assert artifact.manifest.preprocessing == PREPROCESSING
    assert len(artifact.model) == artifact.manifest.size_bytes


def test_a_manifest_survives_being_written_and_read() -> None:
    manifest = load_manifest(bundled())
    assert parse_manifest(json.loads(json.dumps(manifest.as_json()))) == manifest


def test_a_changed_bit_is_refused(folder: Path) -> None:
    path = folder / load_manifest(folder).file
    model = bytearray(path.read_bytes())
    model[len(model) // 2] ^= 1
    path.write_bytes(model)
    with pytest.raises(ArtifactInvalid, match="SHA-256"):
        load_artifact(folder)


def test_a_cut_file_is_refused(folder: Path) -> None:
    path = folder / load_manifest(folder).file
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ArtifactInvalid, match="bytes, its manifest says"):
        load_artifact(folder)


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / load_manifest(folder).file).unlink()
    with pytest.raises(ArtifactInvalid, match=r"cannot read the model .*model\.onnx"):
        load_artifact(folder)


def test_a_missing_manifest_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArtifactInvalid, match=r"manifest\.json") as caught:
        load_manifest(tmp_path)
    assert "LOGOSIM_MODEL_DIR" in (caught.value.hint or "")


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"null", b"\xff\xfe{}"])
def test_a_manifest_that_is_no_json_object_is_refused(folder: Path, text: bytes) -> None:
    (folder / "manifest.json").write_bytes(text)
    with pytest.raises(ArtifactInvalid, match=r"not JSON|not a JSON object"):
        load_manifest(folder)


@pytest.mark.parametrize("field", sorted(load_manifest(bundled()).as_json()))
def test_every_field_is_needed(field: str) -> None:
    values = load_manifest(bundled()).as_json()
    del values[field]
    with pytest.raises(ArtifactInvalid, match=field):
        parse_manifest(values)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("format", 2),
        ("format", True),
        ("name", "Not A Name"),
        ("name", ""),
        ("version", " "),
        ("file", "../model.onnx"),
        ("file", "/etc/model.onnx"),
        ("file", "..onnx"),
        ("file", "model.exe"),
        ("sha256", "0" * 63),
        ("sha256", "G" * 64),
        ("size_bytes", 0),
        ("size_bytes", 1.5),
        ("input_size", 5000),
        ("input_size", True),
        ("colour_order", "BGR"),
        ("mean", [127, 127]),
        ("mean", [127, 127, float("nan")]),
        ("std", [128, 0, 128]),
        ("std", 128),
        ("dimensions", 4001),
        ("dimensions", "256"),
        ("patch_grid", 0),
        ("patch_grid", 9),
        ("patch_dimensions", None),
        ("metrics", {"recall": "good"}),
        ("metrics", []),
        ("licence", None),
    ],
)
def test_a_wrong_field_is_named(field: str, value: object) -> None:
    with pytest.raises(ArtifactInvalid, match=field):
        parse_manifest(load_manifest(bundled()).as_json() | {field: value})


def test_an_unknown_field_is_refused(folder: Path) -> None:
    change(folder, temperature=1)
    with pytest.raises(ArtifactInvalid, match="unknown fields: temperature"):
        load_manifest(folder)


def test_another_preparation_is_refused(folder: Path) -> None:
    change(folder, preprocessing="squash/7")
    with pytest.raises(ArtifactInvalid, match="squash/7"):
        load_artifact(folder)


def test_without_onnxruntime_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)  # what Python itself does for "not there"
    with pytest.raises(DependencyMissing, match="onnxruntime") as caught:
        OnnxEmbedder(load_artifact(bundled()))
    assert "pip install 'logosim[cpu]'" in (caught.value.hint or "")


def test_importing_the_package_does_not_load_onnxruntime() -> None:
    import subprocess

    code = "import sys, logosim.embedding; sys.exit('onnxruntime' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
