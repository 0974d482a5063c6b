from __future__ import annotations

import io
import json
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from logosim.demo import corpus
from logosim.demo.codes import colour_code, figures, vienna_codes
from logosim.demo.corpus import DemoMark, build, demo_marks, picture_bytes
from logosim.demo.fonts import FACES, Face, covering, covers, load
from logosim.demo.icons import brand_icons, coverage
from logosim.demo.lockup import Layout, contrast, draw
from logosim.demo.query import similar_name, variations
from logosim.domain.mark import Mark
from logosim.domain.vienna import canonical_all
from logosim.errors import DependencyMissing, InputError
from logosim.ingest.l3d import read


@pytest.fixture(scope="module")
def marks() -> tuple[DemoMark, ...]:
    return demo_marks()


def test_the_corpus_is_as_large_and_as_lettered_as_it_says(marks: tuple[DemoMark, ...]) -> None:
    assert len(marks) >= 3000
    assert len({mark.file.lower() for mark in marks}) == len(marks)
    assert 0.87 < sum(mark.text is not None for mark in marks) / len(marks) < 0.93
    assert {mark.year for mark in marks} == set(range(1996, 2021))


def test_codes_are_well_formed_and_agree_with_the_drawing(marks: tuple[DemoMark, ...]) -> None:
    for mark in marks:
        assert mark.vienna_codes
        assert canonical_all(mark.vienna_codes) == mark.vienna_codes
        lettered = mark.text is not None and any(map(str.isalpha, mark.text))
        assert ("27.05.01" in mark.vienna_codes) == lettered
        assert ("26.04.02" in mark.vienna_codes) == (mark.lockup.plate is not None)
        assert mark.vienna_codes == vienna_codes(mark.lockup)


def test_every_figure_that_was_looked_at_is_an_icon() -> None:
    slugs = {icon.slug for icon in brand_icons()}
    assert len(figures()) > 80
    assert set(figures()) <= slugs
    assert all(canonical_all(codes) == codes for codes in figures().values())


@pytest.mark.parametrize(
    ("colour", "code"),
    [
        ((0xFF, 0x00, 0x00), "29.01.01"),
        ((0xFF, 0xD5, 0x00), "29.01.02"),
        ((0x23, 0xD9, 0x6C), "29.01.03"),
        ((0x42, 0x85, 0xF4), "29.01.04"),
        ((0x79, 0x2E, 0xE5), "29.01.05"),
        ((0xFF, 0xFF, 0xFF), "29.01.06"),
        ((0x6B, 0x3E, 0x1D), "29.01.07"),
        ((0x00, 0x00, 0x00), "29.01.08"),
        ((0x23, 0x1F, 0x20), "29.01.08"),
        ((0x80, 0x80, 0x80), "29.01.96"),
        ((0xFF, 0x66, 0x00), "29.01.98"),
        ((0xFF, 0x33, 0x99), "29.01.99"),
    ],
)
def test_colours(colour: tuple[int, int, int], code: str) -> None:
    assert colour_code(colour) == code


def test_every_drawing_is_square_and_shows_something(marks: tuple[DemoMark, ...]) -> None:
    for mark in marks[:: len(marks) // 40]:
        picture = np.asarray(draw(mark.lockup))
        assert picture.shape == (256, 256, 3)
        assert (picture[0, 0] == 255).all()
        drawn = picture.min(axis=2) < 230
        assert drawn.mean() > 0.01, mark.file
        assert not drawn[0].any()
        assert not drawn[255].any()


def test_the_name_is_in_the_drawing(marks: tuple[DemoMark, ...]) -> None:
    for layout in (Layout.BELOW, Layout.BESIDE):
        mark = next(m for m in marks if m.lockup.layout is layout and m.lockup.plate is None)
        drawn = np.asarray(draw(mark.lockup).convert("L")) < 200
        # The icon ends where an empty stripe as wide as the gap begins; ink follows only where a name is set.
        stripes = drawn.any(axis=1 if layout is Layout.BELOW else 0)
        inked = np.flatnonzero(stripes)
        assert np.diff(inked).max() > 3


def test_building_goes_on_where_it_stopped_and_reads_as_l3d(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    first = build(tmp_path, limit=24, progress=lambda done, total: seen.append((done, total)))
    assert first.drawn == 24
    assert seen[-1] == (24, 24)
    lost = tmp_path / "images" / first.marks[3].picture_name
    before = lost.read_bytes()
    lost.unlink()
    assert build(tmp_path, limit=24).drawn == 1
    assert lost.read_bytes() == before

    items = list(read(tmp_path, "demo"))
    assert all(isinstance(item, Mark) for item in items)
    by_file = {mark.file: mark for mark in first.marks}
    assert len(items) == 24
    for item in items:
        assert isinstance(item, Mark)
        mark = by_file[item.file]
        assert (item.text, item.vienna_codes, item.year) == (mark.text, mark.vienna_codes, mark.year)
        assert Image.open(item.picture.location).format == "JPEG"


@pytest.mark.parametrize("name", ["output_2010.json", "images/mine.jpg"])
def test_marks_of_somebody_else_are_not_replaced(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.write_text("mine")
    with pytest.raises(InputError, match="has not drawn"):
        build(tmp_path, limit=2)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [file]


def test_drawings_of_another_version_are_drawn_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(tmp_path, limit=3)
    assert build(tmp_path, limit=3).drawn == 0
    monkeypatch.setattr(corpus, "DRAWING_VERSION", "another")
    assert build(tmp_path, limit=3).drawn == 3


def test_the_records_have_the_irregularities_of_l3d(marks: tuple[DemoMark, ...]) -> None:
    records = json.loads(json.dumps([corpus.record(mark) for mark in marks]))
    kinds = Counter(type(record["vienna_codes"]) for record in records)
    assert kinds[str] / len(records) > 0.1
    assert all(isinstance(record["year"], str) and record["file"].endswith(".JPG") for record in records)


def test_the_same_mark_is_drawn_the_same(marks: tuple[DemoMark, ...]) -> None:
    assert picture_bytes(marks[100]) == picture_bytes(demo_marks()[100])


def test_every_name_can_be_set(marks: tuple[DemoMark, ...]) -> None:
    for mark in marks:
        if mark.text is not None:
            assert covers(covering(mark.lockup.face, mark.text), mark.text), mark.text
    assert not any(covers(face, "漢") for face in FACES)


def test_queries_differ_from_what_they_should_find(marks: tuple[DemoMark, ...]) -> None:
    queries = list(variations(marks, 30, seed=5))
    assert len({query.expected.file for query in queries}) == 30
    changed = [query for query in queries if query.name != query.expected.text]
    assert len(changed) >= 28
    for query in queries:
        assert query.name is not None
        assert abs(len(query.name) - len(query.expected.text or "")) <= 2
        picture = Image.open(io.BytesIO(query.picture))
        assert picture.format == "PNG"
        assert min(picture.size) > 20
        assert len(query.changes) >= 3


def test_queries_follow_from_the_seed(marks: tuple[DemoMark, ...]) -> None:
    one, same, other = (list(variations(marks, 3, seed=seed)) for seed in (1, 1, 2))
    assert one == same
    assert [query.expected.file for query in one] != [query.expected.file for query in other]


def test_similar_names_keep_case_and_change_little() -> None:
    for seed in range(200):
        rng = np.random.default_rng(seed)
        assert similar_name("PHOENIX", rng)[0].isupper()
        name, how = similar_name("Kodak", rng)
        assert name != "Kodak"
        assert name[0].isupper()
        assert how in {"spelt to sound alike", "one letter replaced"}
    assert similar_name("漢字", np.random.default_rng(0))[0] == "漢字"


def test_contrast_is_that_of_the_standard() -> None:
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast((255, 0, 0), (255, 255, 255)) == pytest.approx(4.0, abs=0.01)


@pytest.mark.parametrize("package", ["simple_icons_pack", "resvg_py"])
def test_a_missing_package_is_named_with_its_remedy(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    icon = brand_icons()[0]
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(DependencyMissing, match=package.replace("_", "-")) as caught:
        brand_icons.__wrapped__() if package == "simple_icons_pack" else coverage(icon, 100)
    assert "pip install 'logosim[demo]'" in (caught.value.hint or "")


def test_a_missing_font_is_named_with_its_remedy() -> None:
    with pytest.raises(DependencyMissing, match="font-of-nobody") as caught:
        load(Face("font_of_nobody", "Nobody.ttf"), 12)
    assert "logosim[demo]" in (caught.value.hint or "")
