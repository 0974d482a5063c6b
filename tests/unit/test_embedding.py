"""The bundled models on generated drawings: what it must give, whatever it was fitted on."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from logosim.embedding import Embedded, OnnxEmbedder, bundled, bundled_models, load_artifact, model_folder
from logosim.errors import ArtifactInvalid, DependencyMissing

pytest.importorskip("onnxruntime")
SIZE = 224
WHITE = (255, 255, 255)


@pytest.fixture(scope="module", params=[model.folder for model in bundled_models()], ids=lambda folder: folder.name)
def embedder(request: pytest.FixtureRequest) -> OnnxEmbedder:
    return OnnxEmbedder(load_artifact(request.param), threads=1)


def paper(colour: tuple[int, int, int] = WHITE) -> np.ndarray:
    return np.full((SIZE, SIZE, 3), colour, np.uint8)


def star(ink: tuple[int, int, int], ground: tuple[int, int, int] = WHITE) -> np.ndarray:
    angles = np.arange(10) * np.pi / 5 - np.pi / 2
    radii = np.where(np.arange(10) % 2, 42, 104)
    points = np.stack([112 + radii * np.cos(angles), 112 + radii * np.sin(angles)], axis=1).astype(np.int32)
    return cv2.fillPoly(paper(ground), [points], ink, lineType=cv2.LINE_AA)


def rings(ink: tuple[int, int, int], ground: tuple[int, int, int] = WHITE) -> np.ndarray:
    picture = paper(ground)
    for x in (70, 112, 154):
        cv2.circle(picture, (x, 112), 60, ink, 10, lineType=cv2.LINE_AA)
    return picture


def arrow(ink: tuple[int, int, int], ground: tuple[int, int, int] = WHITE) -> np.ndarray:
    picture = paper(ground)
    cv2.arrowedLine(picture, (20, 200), (200, 24), ink, 22, tipLength=0.4, line_type=cv2.LINE_AA)
    return picture


def bars(ink: tuple[int, int, int], ground: tuple[int, int, int] = WHITE) -> np.ndarray:
    picture = paper(ground)
    for row, width in enumerate((200, 120, 170)):
        cv2.rectangle(picture, (12, 24 + row * 66), (12 + width, 64 + row * 66), ink, -1)
    return picture


FIGURES = (star, rings, arrow, bars)
RED, BLUE = (200, 30, 40), (20, 60, 190)


def embed(embedder: OnnxEmbedder, *canvases: np.ndarray) -> Embedded:
    return embedder.embed(np.stack(canvases))


def test_gives_what_the_manifest_says(embedder: OnnxEmbedder) -> None:
    of = embedder.manifest
    found = embed(embedder, star(RED), rings(RED), paper())
    assert found.embeddings.dtype == np.float32
    assert found.embeddings.shape == (3, of.dimensions) == (3, 256)
    assert found.patches.dtype == np.int8
    assert found.patches.shape == (3, of.patch_grid, of.patch_grid, of.patch_dimensions) == (3, 7, 7, 64)
    np.testing.assert_allclose(np.linalg.norm(found.embeddings, axis=1), 1, atol=1e-5)


def test_marked_patches_are_unit_vectors_times_127(embedder: OnnxEmbedder) -> None:
    lengths = np.linalg.norm(embed(embedder, bars(RED)).patches.astype(float), axis=-1)
    marked = lengths > 0
    assert marked.any()
    np.testing.assert_allclose(lengths[marked], 127, atol=4)  # 64 numbers, each rounded by at most a half


def test_no_pictures_give_no_rows(embedder: OnnxEmbedder) -> None:
    found = embedder.embed(np.empty((0, SIZE, SIZE, 3), np.uint8))
    assert found.embeddings.shape == (0, 256)
    assert found.patches.shape == (0, 7, 7, 64)


def test_an_embedding_does_not_depend_on_its_batch(embedder: OnnxEmbedder) -> None:
    pictures = [figure(ink, ground) for figure in FIGURES for ink in (RED, BLUE) for ground in (WHITE, (250, 220, 90))]
    pictures += [picture[::-1] for picture in pictures]  # 32: more than one run
    together = embed(embedder, *pictures)
    shuffled = embed(embedder, *pictures[::-1])
    np.testing.assert_allclose(shuffled.embeddings[::-1], together.embeddings, atol=1e-5)
    for index in (0, 7, 17, 31):
        alone = embed(embedder, pictures[index])
        np.testing.assert_allclose(alone.embeddings[0], together.embeddings[index], atol=1e-5)
        # A number that lies on the edge between two steps may round either way.
        assert np.abs(alone.patches[0].astype(int) - together.patches[index].astype(int)).max() <= 1


def test_a_recoloured_copy_is_nearer_than_any_other_figure(embedder: OnnxEmbedder) -> None:
    originals = embed(embedder, *(figure(RED) for figure in FIGURES)).embeddings
    for label, copies in {
        "recoloured": [figure(BLUE) for figure in FIGURES],
        "contrast reversed": [figure(WHITE, (30, 30, 30)) for figure in FIGURES],
        "smaller": [cv2.copyMakeBorder(cv2.resize(f(RED), (176, 176)), *[24] * 4, 0, value=WHITE) for f in FIGURES],
    }.items():
        similarities = embed(embedder, *copies).embeddings @ originals.T
        assert (similarities.argmax(axis=1) == np.arange(len(FIGURES))).all(), label


def test_patches_of_an_even_ground_are_zero(embedder: OnnxEmbedder) -> None:
    corner = paper()
    corner[4:28, 4:28] = 0  # inside the first cell of 32 x 32 pixels
    faint = paper()
    faint[::2] = 240  # no more than paper noise
    found = embed(embedder, corner, paper(), paper((180, 0, 0)), faint).patches
    marked = found.any(axis=-1)
    assert marked[0, 0, 0]
    assert marked[0].sum() == 1
    assert not marked[1:].any()


@pytest.mark.parametrize(
    "canvases",
    [
        np.zeros((1, SIZE, SIZE, 3), np.float32),
        np.zeros((SIZE, SIZE, 3), np.uint8),
        np.zeros((1, 3, SIZE, SIZE), np.uint8),
        np.zeros((1, 223, SIZE, 3), np.uint8),
        np.zeros((1, SIZE, SIZE, 4), np.uint8),
    ],
)
def test_refuses_what_is_not_a_canvas(embedder: OnnxEmbedder, canvases: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"uint8 \[N, 224, 224, 3\]"):
        embedder.embed(canvases)


def test_takes_views_with_any_strides(embedder: OnnxEmbedder) -> None:
    wide = np.concatenate([star(RED), rings(RED)], axis=1)[None]
    view = wide[:, :, :SIZE]
    assert not view.flags.c_contiguous
    np.testing.assert_array_equal(embedder.embed(view).embeddings, embed(embedder, star(RED)).embeddings)


def test_a_graph_that_is_not_what_the_manifest_says_is_refused() -> None:
    import dataclasses

    artifact = load_artifact(bundled())
    other = dataclasses.replace(artifact, manifest=dataclasses.replace(artifact.manifest, dimensions=128))
    with pytest.raises(ArtifactInvalid, match="its manifest says"):
        OnnxEmbedder(other)
    with pytest.raises(ArtifactInvalid, match="cannot be loaded"):
        OnnxEmbedder(dataclasses.replace(artifact, model=artifact.model[:1000]))


def test_a_provider_that_is_not_installed_is_named() -> None:
    with pytest.raises(DependencyMissing, match="none of those asked for"):
        OnnxEmbedder(load_artifact(bundled()), providers=["NoSuchExecutionProvider"])


def test_the_first_dimensions_of_the_default_carry_most_and_its_cosines_are_those_of_the_one_before() -> None:
    """It is the former default, turned: what a first look at all marks compares (logosim._coarse) says more."""
    pictures = [figure(ink) for figure in FIGURES for ink in (RED, BLUE, (0, 0, 0))]
    before, after = (
        embed(OnnxEmbedder(load_artifact(model_folder(name)), threads=1), *pictures)
        for name in ("efficientnet-lite0-logos-whitened256", "bundled")
    )
    assert after.embeddings @ after.embeddings.T == pytest.approx(before.embeddings @ before.embeddings.T, abs=2e-3)
    assert (after.patches == before.patches).all()
    shares = [float((found.embeddings[:, :64] ** 2).sum(axis=1).mean()) for found in (before, after)]
    assert shares[1] > shares[0] + 0.15
    assert shares[1] > 0.6
