"""One process, several models: each loaded once, found by its weights, and only the two used last are kept."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import pytest

from logosim.embedding import bundled_models, find_model
from logosim.errors import ArtifactInvalid
from logosim.extract import Extractor
from logosim.extractors import Extractors
from logosim.imaging.decode import DecodeLimits
from logosim.ocr.none import NoReader

FIRST, SECOND = (model.manifest.sha256 for model in bundled_models()[:2])


def another(folder: Path) -> tuple[Path, str]:
    """A third model: the default with weights that differ in a trailing field."""
    shutil.copytree(bundled_models()[0].folder, folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    weights = (folder / manifest["file"]).read_bytes() + b"\x12\x05other"
    (folder / manifest["file"]).write_bytes(weights)
    manifest |= {"name": "other", "sha256": sha256(weights).hexdigest(), "size_bytes": len(weights)}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder, manifest["sha256"]


def extractors(readers: list[NoReader], folders: Sequence[Path] = ()) -> Extractors:
    def make() -> NoReader:
        readers.append(NoReader())
        return readers[-1]

    return Extractors(folders, make, DecodeLimits(), threads=1)


def test_each_model_is_loaded_once_with_one_text_reader() -> None:
    readers: list[NoReader] = []
    of = extractors(readers)
    assert readers == []
    first, second = of.of(FIRST), of.of(SECOND)
    assert first is not None
    assert second is not None
    assert (first.embedder.manifest.sha256, second.embedder.manifest.sha256) == (FIRST, SECOND)
    assert (of.of(FIRST), of.of(SECOND)) == (first, second)
    assert first.reader is second.reader is readers[0]
    assert len(readers) == 1


def test_the_two_used_last_are_kept(tmp_path: Path) -> None:
    folder, third = another(tmp_path / "other")
    of = extractors([])
    assert of.of(third) is None
    of.add(folder)
    first, second = of.of(FIRST), of.of(SECOND)
    assert of.of(FIRST) is first
    assert of.of(third) is not None
    assert of.of(FIRST) is first
    assert of.of(SECOND) is not second


def test_threads_that_ask_at_once_share_one_model(monkeypatch: pytest.MonkeyPatch) -> None:
    of = extractors([])
    found: list[Extractor | None] = []
    threads = [threading.Thread(target=lambda: found.append(of.of(FIRST))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert len({id(extractor) for extractor in found}) == 1


def test_a_folder_of_ones_own_comes_before_the_bundle_and_may_not_be_damaged(tmp_path: Path) -> None:
    copy = Path(shutil.copytree(bundled_models()[0].folder, tmp_path / "copy"))
    assert find_model(FIRST, [copy]) == copy
    assert find_model(FIRST, []) == bundled_models()[0].folder
    assert find_model("0" * 64, [copy]) is None
    of = extractors([], [copy])
    (file,) = copy.glob("*.onnx")
    file.write_bytes(b"damaged")
    with pytest.raises(ArtifactInvalid, match="manifest says"):
        of.of(FIRST)
    (copy / "manifest.json").unlink()
    with pytest.raises(ArtifactInvalid, match="cannot read the model's manifest"):
        of.of(SECOND)
