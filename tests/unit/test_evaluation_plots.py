"""Pictures of measurements are real files that show what they are given."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageColor

from logosim.errors import ConfigurationError, DependencyMissing
from logosim.evaluation.brands import TruthSet
from logosim.evaluation.intervals import Interval
from logosim.evaluation.placing import Placings, place_by_cosine
from logosim.evaluation.plots import (
    DPI,
    HEIGHT,
    PALETTE,
    WIDTH,
    draw_bars,
    draw_curves,
    draw_difficulty,
    draw_recall,
    recall_curve,
)

SIZE = (round(WIDTH * DPI), round(HEIGHT * DPI))


@pytest.fixture
def _matplotlib() -> None:
    pytest.importorskip("matplotlib")


def pixels(file: Path) -> np.ndarray:
    with Image.open(io.BytesIO(file.read_bytes())) as picture:
        assert picture.format == "PNG"
        assert picture.size == SIZE
        return np.asarray(picture.convert("RGB"))


def area(file: Path, colour: str) -> int:
    return int((pixels(file) == ImageColor.getrgb(colour)).all(axis=2).sum())


def asked(seed: int, quality: float) -> Placings:
    """40 brands of 3 drawings each; `quality` 1 puts the drawings of a brand together, 0 leaves all to chance."""
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(40), 3)
    truth = TruthSet(
        name="made",
        files=tuple(Path(f"{number}.png") for number in range(120)),
        groups=groups,
        drawings=np.arange(120),
        main=np.ones(120, dtype=np.bool_),
        group_names=tuple(f"brand {number}" for number in range(40)),
        difficulty=tuple(("hard", "easy", "", "odd")[group % 4] for group in groups),
    )
    vectors = rng.normal(size=(40, 32))[groups] * quality + rng.normal(size=(120, 32)) * (1 - quality)
    return place_by_cosine(truth, (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32))


# Without matplotlib ---------------------------------------------------------------------------------------------------
def test_a_missing_matplotlib_names_the_extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(DependencyMissing, match="matplotlib") as caught:
        draw_curves({"a": ([1], [1])}, title="", x_label="", y_label="", file=tmp_path / "a.png")
    assert "logosim[plots]" in str(caught.value.hint)


def test_what_cannot_be_drawn_is_refused(tmp_path: Path) -> None:
    words = {"title": "", "y_label": "", "file": tmp_path / "a.png"}
    with pytest.raises(ValueError, match="no curve"):
        draw_curves({}, x_label="", **words)
    for curve in (([1, 2], [1]), ([], [])):
        with pytest.raises(ValueError, match="the curve odd has"):
            draw_curves({"odd": curve}, x_label="", **words)
    for bars in ({}, {"model": {}}):
        with pytest.raises(ValueError, match="no bar"):
            draw_bars(bars, **words)
    assert not list(tmp_path.iterdir())


def test_the_curve_is_the_mean_recall_at_each_k() -> None:
    placings = asked(0, 0.5)
    ks, recalls = recall_curve(placings, 20)
    assert ks == list(range(1, 21))
    slow = [np.mean([sum(place <= k for place in places) / 2 for places in placings.places]) for k in range(1, 21)]
    assert recalls == pytest.approx(slow)
    assert recalls == sorted(recalls)


# With it --------------------------------------------------------------------------------------------------------------
@pytest.mark.usefixtures("_matplotlib")
def test_curves_have_colours_that_can_be_told_apart(tmp_path: Path) -> None:
    many = {f"run {number}": ([1, 10, 100], [number, number + 1, number]) for number in range(11)}
    file = tmp_path / "deep" / "er" / "loss.png"
    draw_curves(many, title="Loss", x_label="step", y_label="loss", file=file, log_x=True)
    assert all(area(file, colour) > 200 for colour in PALETTE)
    again = tmp_path / "again.png"
    draw_curves(many, title="Loss", x_label="step", y_label="loss", file=again, log_x=True)
    assert again.read_bytes() == file.read_bytes()


@pytest.mark.usefixtures("_matplotlib")
def test_a_gap_is_left_where_a_value_is_not_finite_and_one_point_is_a_dot(tmp_path: Path) -> None:
    words = {"title": "", "x_label": "", "y_label": "", "y_limits": (0.0, 1.0)}
    values = np.full(100, 0.5)
    draw_curves({"whole": (range(100), values)}, file=tmp_path / "whole.png", **words)
    values[20:80] = np.nan
    draw_curves({"gap": (range(100), values)}, file=tmp_path / "gap.png", **words)
    draw_curves({"dot": ([1], [0.5])}, file=tmp_path / "dot.png", **words)
    whole, gap, dot = (area(tmp_path / f"{name}.png", PALETTE[0]) for name in ("whole", "gap", "dot"))
    assert 0.2 * whole < gap < 0.6 * whole
    assert dot > 10


@pytest.mark.usefixtures("_matplotlib")
def test_the_better_model_has_the_higher_curve(tmp_path: Path) -> None:
    draw_recall({"good": asked(0, 0.8), "bad": asked(0, 0.1)}, title="Made", file=tmp_path / "recall.png")
    plot = pixels(tmp_path / "recall.png")[:, : SIZE[0] // 2]  # without the legend
    good, bad = ((plot == ImageColor.getrgb(colour)).all(axis=2).nonzero()[0].mean() for colour in PALETTE[:2])
    assert good < bad  # rows count from the top


@pytest.mark.usefixtures("_matplotlib")
def test_a_bar_is_as_high_as_its_mean(tmp_path: Path) -> None:
    values = {"one": {"all": Interval(0.8, 0.7, 0.9)}, "other": {"all": Interval(0.4, 0.4, 0.4)}}
    draw_bars(values, title="", y_label="", file=tmp_path / "bars.png")
    plot = pixels(tmp_path / "bars.png")
    tall, low = (
        (plot == ImageColor.getrgb(colour)).all(axis=2)[:, : SIZE[0] * 3 // 4].sum(axis=0).max()
        for colour in PALETTE[:2]
    )
    assert tall == pytest.approx(2 * low, rel=0.03)


@pytest.mark.usefixtures("_matplotlib")
def test_bars_stand_by_difficulty(tmp_path: Path) -> None:
    models = {f"model {number}": asked(number, 0.5) for number in range(9)}  # one more than there are colours
    draw_difficulty(models, title="Made", file=tmp_path / "bars.png")
    assert all(area(tmp_path / "bars.png", colour) > 200 for colour in PALETTE)
    with pytest.raises(KeyError):
        draw_difficulty(models, title="Made", file=tmp_path / "bars.png", metric="R@7")


@pytest.mark.usefixtures("_matplotlib")
def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match=r"cannot write the plot .*plot\.png"):
        draw_curves({"a": ([1], [1])}, title="", x_label="", y_label="", file=tmp_path / "file" / "plot.png")
