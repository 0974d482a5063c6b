"""Hard negatives: the search against a plain twin, and that a file made for other data is refused."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

pytestmark = [pytest.mark.training, pytest.mark.usefixtures("one_thread")]
torch = pytest.importorskip("torch")
for package in ("timm", "onnxruntime"):
    pytest.importorskip(package)

from logosim.embedding import OnnxEmbedder, bundled, load_artifact  # noqa: E402  # after the check for its packages
from training import neighbours as mining  # noqa: E402
from training.batches import Batches  # noqa: E402
from training.canvases import load_canvas  # noqa: E402
from training.collection import CollectionError, Source, load_collection  # noqa: E402
from training.neighbours import embed_collection, nearest_others, read_neighbours, write_neighbours  # noqa: E402

FIGURES = 8


def units(count: int, seed: int = 0) -> npt.NDArray[np.float32]:
    vectors = np.random.default_rng(seed).normal(size=(count, 6)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def plain(vectors: npt.NDArray[np.float32], labels: npt.NDArray[np.int64], k: int, ceiling: float) -> list[list[int]]:
    """One picture after another, by sorting."""
    rows = []
    for one in range(len(vectors)):
        others = [
            (float(vectors[one] @ vectors[other]), other)
            for other in range(len(vectors))
            if labels[other] != labels[one] and vectors[one].any() and vectors[other].any()
        ]
        near = [other for cosine, other in sorted(others, reverse=True) if cosine <= ceiling][:k]
        rows.append(near + [one] * (k - len(near)))
    return rows


@pytest.mark.parametrize("cells", [1, 500, 2**26])
@pytest.mark.parametrize(("k", "ceiling"), [(3, 1.0), (5, 0.5), (60, 0.9)])
def test_the_search_equals_its_plain_twin(monkeypatch: pytest.MonkeyPatch, cells: int, k: int, ceiling: float) -> None:
    monkeypatch.setattr(mining, "_CELLS", cells)
    vectors = units(41)
    vectors[[4, 17]] = 0  # damaged pictures
    labels = np.random.default_rng(1).integers(0, 9, size=41)
    done: list[int] = []
    found = nearest_others(vectors, labels, k, ceiling=ceiling, progress=done.append)
    assert found.dtype == np.int32
    assert found.tolist() == plain(vectors, labels, k, ceiling)
    assert done[-1] == 41


def test_nothing_to_mine_is_an_error() -> None:
    with pytest.raises(CollectionError, match="nothing to mine"):
        nearest_others(units(5), np.zeros(5, np.int64), 2)


def figure(number: int) -> npt.NDArray[np.uint8]:
    picture = np.full((96, 96, 3), 255, np.uint8)
    corners = 3 + number // 2
    angles = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    outline = (np.stack([np.cos(angles), np.sin(angles)], axis=1) * 40 + 48).astype(np.int32)
    cv2.fillPoly(picture, [outline], (60 * (number % 2), 30 * corners % 256, 120))
    return picture


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    lines = ["file,concept,source"]
    for number in range(FIGURES):
        cv2.imwrite(str(folder / f"{number}.png"), figure(number))
        lines.append(f"{number}.png,corners-{number // 2},p")
    (folder / "index.csv").write_text("\n".join(lines))
    return folder


def test_a_picture_is_embedded_as_the_index_does_it_and_a_damaged_one_is_said(data: Path) -> None:
    (data / "3.png").write_bytes(b"no picture")
    (data / "5.png").unlink()
    embedder = OnnxEmbedder(load_artifact(bundled()), threads=1)
    embeddings, damaged = embed_collection(load_collection([Source(data)]), embedder, threads=2)
    good = [number for number in range(FIGURES) if number not in (3, 5)]
    alone = [embedder.embed(load_canvas(data / f"{number}.png")[None]).embeddings[0] for number in good]
    np.testing.assert_allclose(embeddings[good], np.stack(alone), atol=1e-5)
    assert not embeddings[[3, 5]].any()
    assert ["3.png" in damaged[0], "5.png" in damaged[1], len(damaged)] == [True, True, 2]


def test_the_command_mines_what_training_takes(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (data / "3.png").write_bytes(b"no picture")
    out = tmp_path / "build" / "neighbours.npz"
    command = ["--data", str(data), "--out", str(out), "--k", "2", "--threads", "1", "--device", "cpu"]
    assert mining.main(command) == 0
    said = capsys.readouterr()
    assert "2 neighbours of 8 pictures (1 have none)" in said.out
    assert "1 of 8 pictures cannot be opened" in said.err
    assert not list(out.parent.glob("*.tmp"))
    collection = load_collection([Source(data)])
    found = read_neighbours(out, collection)
    others = [number for number in range(FIGURES) if number != 3]
    assert (collection.labels[found[others]] != collection.labels[others][:, None]).all()
    assert (found[others] != 3).all()
    assert found[3].tolist() == [3, 3]


def test_half_of_a_batch_may_be_neighbours_of_the_other_half(data: Path) -> None:
    collection = load_collection([Source(data)])
    pairs = (np.arange(FIGURES, dtype=np.int32)[:, None] + 2) % FIGURES

    def view(picture: npt.NDArray[np.uint8], chance: np.random.Generator) -> npt.NDArray[np.uint8]:
        return cv2.resize(picture[..., :3], (8, 8))

    hard = {"neighbours": pairs, "hard_negatives": 0.5}
    drawn = Batches(collection, view, pairs=6, other_hand=0.0, seed=0, **hard)[0].pictures.numpy()  # type: ignore[arg-type]
    assert drawn[3:].tolist() == ((drawn[:3] + 2) % FIGURES).tolist()


def test_neighbours_of_other_data_are_refused(data: Path, tmp_path: Path) -> None:
    file, collection = tmp_path / "neighbours.npz", load_collection([Source(data)])
    found = nearest_others(units(FIGURES), collection.labels, 2)
    write_neighbours(file, found, collection, "a model 1")
    assert read_neighbours(file, collection).tolist() == found.tolist()
    rows = (data / "index.csv").read_text().splitlines()
    (data / "index.csv").write_text("\n".join([rows[0], *reversed(rows[1:])]))
    with pytest.raises(CollectionError, match="of other pictures"):
        read_neighbours(file, load_collection([Source(data)]))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 damaged", b"\x93NUMPY"])
def test_a_damaged_file_of_neighbours_is_named(data: Path, tmp_path: Path, content: bytes) -> None:
    collection = load_collection([Source(data)])
    file = tmp_path / "neighbours.npz"
    file.write_bytes(content)
    with pytest.raises(CollectionError, match=r"neighbours\.npz is no file of neighbours"):
        read_neighbours(file, collection)
    np.save(tmp_path / "plain.npy", np.zeros((FIGURES, 2), np.int32))
    with pytest.raises(CollectionError, match=r"plain\.npy is no file of neighbours"):
        read_neighbours(tmp_path / "plain.npy", collection)
    with pytest.raises(CollectionError, match="cannot read the neighbours"):
        read_neighbours(tmp_path / "none.npz", collection)


def test_a_full_disk_leaves_the_file_before(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, collection = tmp_path / "neighbours.npz", load_collection([Source(data)])
    first = nearest_others(units(FIGURES), collection.labels, 2)
    write_neighbours(file, first, collection, "a model 1")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(mining.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_neighbours(file, first[::-1].copy(), collection, "a model 2")
    assert read_neighbours(file, collection).tolist() == first.tolist()
    assert not list(tmp_path.glob("*.tmp"))


def test_an_l3d_folder_and_excluded_brands_are_mined_like_trained(data: Path, tmp_path: Path) -> None:
    (data / "index.csv").unlink()
    records = [{"file": f"{number}.PNG", "text": "ADIDAS" if number == 2 else None} for number in range(FIGURES)]
    (data / "results.json").write_text(json.dumps(records))
    exclude, out = tmp_path / "exclude.txt", tmp_path / "neighbours.npz"
    exclude.write_text("adidas\n")
    command = ["--data", str(data), "--out", str(out), "--k", "1", "--threads", "1", "--exclude", str(exclude)]
    assert mining.main([*command, "--ceiling", "1"]) == 0
    with np.load(out) as held:
        assert held["neighbours"].shape == (FIGURES - 1, 1)
        assert str(held["model"])
    with pytest.raises(CollectionError, match="of other pictures"):
        read_neighbours(out, load_collection([Source(data)]))


def test_wrong_options_are_said(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert mining.main(["--data", str(data), "--out", str(tmp_path / "n.npz"), "--k", "0"]) == 1
    assert "--k is from 1 to 1000" in capsys.readouterr().err
    assert mining.main(["--data", str(tmp_path / "none"), "--out", str(tmp_path / "n.npz")]) == 1
    assert "index.csv" in capsys.readouterr().err
