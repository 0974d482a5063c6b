"""Two marks held against each other, over small parts in memory and a real model."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

from logosim.domain.explanation import Compared
from logosim.domain.query import Weights
from logosim.domain.rectangle import Rectangle
from logosim.domain.words import WordCounts
from logosim.embedding import OnnxEmbedder, bundled, load_artifact
from logosim.errors import FilterError, MarkNotFound, NothingToCompare, PictureError, UnreadablePicture
from logosim.extract import Extractor
from logosim.imaging.decode import DecodeLimits
from logosim.imaging.overlay import overlay
from logosim.ocr.none import NoReader
from logosim.phonetics import phonemes
from logosim.search.calibration import packaged_calibrations
from logosim.search.comparison import Comparison
from tests.register_in_memory import Register, png

FIRST, OTHER, THIRD = UUID(int=1), UUID(int=2), UUID(int=3)
JARGON = ("patch", "cell", "cosine", "embedding", "jaro", "trigram", "aline", "nan ")


@pytest.fixture(scope="module")
def extractor() -> Extractor:
    return Extractor(NoReader(), OnnxEmbedder(load_artifact(bundled()), threads=1), DecodeLimits())


@pytest.fixture
def register(tmp_path: Path, extractor: Extractor) -> Register:
    return Register(tmp_path, extractor)


def figure(side: int = 300) -> Image.Image:
    """A figure without any symmetry, drawn to the edges of its square."""
    page = Image.new("RGB", (300, 300), "white")
    pen = ImageDraw.Draw(page)
    pen.polygon([(0, 299), (0, 0), (120, 0)], fill="navy")
    pen.ellipse((150, 10, 299, 160), outline="navy", width=26)
    pen.rectangle((130, 190, 299, 215), fill="navy")
    pen.rectangle((180, 240, 240, 299), fill="navy")
    pen.line((20, 299, 160, 180), fill="navy", width=14)
    return page.resize((side, side))


def on_page(picture: Image.Image, corner: tuple[int, int], page: tuple[int, int] = (900, 700)) -> Image.Image:
    whole = Image.new("RGB", page, "white")
    whole.paste(picture, corner)
    return whole


def grown(part: Rectangle, by: float) -> tuple[float, float, float, float]:
    return part.left - by, part.top - by, part.right + by, part.bottom + by


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize(("corner", "side"), [((40, 30), 300), ((500, 350), 200), ((0, 0), 640)])
def test_matched_parts_lie_on_the_figure_wherever_and_however_it_is_drawn(
    register: Register, mirrored: bool, corner: tuple[int, int], side: int
) -> None:
    drawn = figure(side)
    register.add(FIRST, on_page(figure(), (100, 200)))
    register.add(OTHER, on_page(ImageOps.mirror(drawn) if mirrored else drawn, corner))
    shape = register.comparison().of_marks(FIRST, OTHER).explanation.shape
    assert shape is not None
    assert shape.place is not None
    assert (shape.place.scale, shape.place.mirrored, shape.place.down, shape.place.right) == (1, mirrored, 0, 0)
    assert len(shape.matches) > 0.6 * shape.parts
    for match in shape.matches:
        one, two = match.rectangle, match.other_rectangle
        assert one is not None
        assert two is not None
        assert one.left >= 99
        assert one.right <= 401
        assert one.top >= 199
        assert one.bottom <= 501
        across = (one.left + one.right) / 2 - 100  # of the figure's 300 pixels
        across = (300 - across if mirrored else across) / 300 * side + corner[0]
        down = ((one.top + one.bottom) / 2 - 200) / 300 * side + corner[1]
        left, top, right, bottom = grown(two, 1.6 * side / 7)
        assert left <= across <= right
        assert top <= down <= bottom


def test_the_score_is_that_of_the_hit(register: Register) -> None:
    register.add(FIRST, figure(), "Fildor", vienna_codes=("03.07.01",))
    register.add(OTHER, on_page(ImageOps.mirror(figure()), (50, 60)), "PHILDOOR", vienna_codes=("03.07", "26.01"))
    weights = Weights(look=0.1, sound=2)
    (hit,) = register.search().by_mark(FIRST, weights=weights).hits
    found = register.comparison().of_marks(FIRST, OTHER, weights=weights).explanation
    assert (found.score, found.risk, found.evidence) == (hit.score, hit.risk, hit.evidence)
    picture = png(on_page(figure(200), (9, 9)))
    asked = {"text": "Vildor", "vienna_codes": ("26.01.01",)}
    hits = {hit.mark_id: hit for hit in register.search().by_picture(picture, **asked).hits}  # type: ignore[arg-type]
    found = register.comparison().of_picture(picture, OTHER, **asked).explanation  # type: ignore[arg-type]
    assert (found.score, found.evidence) == (hits[OTHER].score, hits[OTHER].evidence)
    assert (found.first.mark_id, found.first.text, found.first.width) == (None, "Vildor", 900)


def test_the_material_gives_the_values(register: Register) -> None:
    register.add(FIRST, figure(), "Fildor", vienna_codes=("03.07.01", "05.03"))
    register.add(OTHER, figure(), "PHILDOOR & SÖHNE", vienna_codes=("03.07.02", "26.01"))
    found = register.comparison().of_marks(FIRST, OTHER).explanation
    values = {item.channel: item.value for item in found.evidence}
    assert np.mean([spoken.similarity for spoken in found.sound]) < values["sound"]  # the words "and sohne" say little
    assert [spoken.read_as for spoken in found.sound] == ["English", "German", "Romance"]
    for spoken in found.sound:
        assert "".join(sounds.one for sounds in spoken.sounds) == spoken.one.replace(" ", "")
        assert "".join(sounds.other for sounds in spoken.sounds) == spoken.other.replace(" ", "")
    assert [sounds.agreement for sounds in found.sound[1].sounds[:4]] == ["same"] * 4
    assert found.sound[1].sounds[-1].agreement == "missing"
    assert found.spelling is not None
    assert "The distinctive words “Fildor” and “PHILDOOR” sound almost the same." in found.summary
    whole = (found.spelling.jaro_winkler + found.spelling.trigram) / 2
    assert found.spelling.by_words is not None
    assert max(found.spelling.by_words, whole - found.spelling.excess) == pytest.approx(values["spelling"])
    assert [(words.one, words.other) for words in found.spelling.words] == [("fildor", "phildoor")]
    single = register.comparison().of_marks(FIRST, register.add(THIRD, figure(), "Vildor")).explanation
    value = next(item.value for item in single.evidence if item.channel == "sound")
    assert np.mean([spoken.similarity for spoken in single.sound]) == pytest.approx(value, abs=1e-6)
    assert single.spelling is not None
    assert (single.spelling.by_words, single.spelling.words) == (None, ())
    assert found.other.normalised_text == "phildoor and sohne"
    assert found.vienna is not None
    assert [(code.code, code.heading) for code in found.vienna.shared] == [
        ("03", "animals"),
        ("03.07", "birds and bats"),
    ]
    assert [code.code for code in found.vienna.only_first] == ["03.07.01", "05.03"]
    assert [code.code for code in found.vienna.only_other] == ["03.07.02", "26.01"]
    assert "Both show birds and bats." in found.summary


def test_the_paragraph_can_be_read_aloud(register: Register) -> None:
    register.add(FIRST, figure(), "Fildor", vienna_codes=("03.07.01",))
    register.add(OTHER, on_page(ImageOps.mirror(figure()), (50, 60)), "Fildor", year=2004)
    opening = "“Fildor” is compared with the earlier mark “Fildor” of 2004. The probability of a confusion is put at "
    assert register.comparison().of_marks(FIRST, OTHER).explanation.summary.startswith(opening)
    for first, other in ((FIRST, OTHER), (OTHER, FIRST), (FIRST, FIRST)):
        said = register.comparison().of_marks(first, other).explanation.summary
        assert not [word for word in JARGON if word in said.lower()], said
    mirrored = register.comparison().of_marks(FIRST, OTHER).explanation.summary
    assert "as in a mirror" in mirrored
    assert "The names sound the same and are spelt the same." in mirrored
    assert "Vienna codes were not compared: the earlier mark carries none." in mirrored


def test_marks_without_names_and_with_little_in_common(register: Register) -> None:
    register.add(FIRST, figure())
    rings = Image.new("RGB", (300, 300), "white")
    for side in (300, 200, 100):
        ImageDraw.Draw(rings).ellipse((0, 0, side - 1, side - 1), outline="red", width=7)
    register.add(OTHER, rings, year=1999)
    found = register.comparison().of_picture(png(figure()), OTHER).explanation
    assert found.summary.startswith(
        "A picture without a name is compared with an earlier mark without a name, of 1999. "
    )
    (shape,) = [item for item in found.evidence if item.channel == "shape"]
    assert shape.value < 0.15, "or the figures are too alike for this test"
    assert "anything of what the first picture shows is found" in found.summary
    itself = register.comparison().of_marks(FIRST, FIRST).explanation
    assert itself.summary.startswith("A mark without a name is compared with an earlier mark without a name. ")
    assert "nearly all is found in the other, in the same place and size" in itself.summary
    assert itself.risk == "identical"


def test_what_cannot_be_compared_is_said_and_counts_for_nothing(register: Register) -> None:
    register.add(FIRST, figure(), None)
    register.add(OTHER, Image.new("RGB", (40, 30), "white"), "Fildor")
    bare = register.add(UUID(int=3), None, "Vildor")
    blank = register.add(UUID(int=4), Image.new("RGB", (40, 30), "white"))
    compare = register.comparison().of_marks
    named = compare(bare, OTHER).explanation
    assert {absent.channel: absent.reason for absent in named.absent} == {
        "look": "The pictures were not compared: nobody has looked at the first one yet.",
        "shape": "The pictures were not compared: nobody has looked at the first one yet.",
        "vienna": "Vienna codes were not compared: none is known of the first mark.",
    }
    assert (named.shape, named.vienna) == (None, None)
    assert sum(item.contribution for item in named.evidence) == pytest.approx(named.score)
    with pytest.raises(NothingToCompare, match=r"the earlier mark's shows nothing.*the first mark has none"):
        compare(FIRST, OTHER)
    with pytest.raises(NothingToCompare, match="nobody has looked at the earlier mark's yet"):
        compare(FIRST, bare)
    with pytest.raises(NothingToCompare, match="the first one shows nothing"):
        compare(blank, FIRST)
    with pytest.raises(FilterError, match="has not been extracted"):
        compare(register.add(UUID(int=5), None), FIRST)


def test_a_picture_that_cannot_be_shown_leaves_its_rectangles_out_and_says_why(register: Register) -> None:
    register.add(FIRST, figure())
    register.add(OTHER, figure())
    file = Path(register.marks[OTHER].picture_location)

    def problem(limits: DecodeLimits | None = None) -> str:
        compared: Compared = register.comparison(limits).of_marks(FIRST, OTHER)
        found = compared.explanation
        assert compared.pictures[1] is None
        assert found.other.picture_problem is not None
        assert str(file.parent) not in found.other.picture_problem
        assert found.shape is not None
        assert found.shape.matches
        assert all(match.other_rectangle is None for match in found.shape.matches)
        if limits is None:
            assert all(match.rectangle is not None for match in found.shape.matches)
        return found.other.picture_problem

    assert "larger than the limits" in problem(DecodeLimits(max_bytes=20))
    whole = register.comparison().of_marks(FIRST, OTHER).explanation
    file.write_bytes(png(figure(100)))
    assert "another one" in problem()
    file.write_bytes(b"no picture")
    register.marks[OTHER] = dataclasses.replace(
        register.marks[OTHER], picture_sha256=hashlib.sha256(b"no picture").hexdigest()
    )
    assert "not a picture" in problem()
    file.unlink()
    assert "no longer lies" in problem()
    gone = register.comparison().of_marks(FIRST, OTHER).explanation
    assert gone.score == whole.score, "the stored features are compared, not the files"


def test_names_need_no_model(register: Register) -> None:
    register.add(FIRST, None, "Fildor")
    register.add(OTHER, figure(), "Phildor")

    def no_model() -> Extractor:
        raise AssertionError("names need no model")

    compare = Comparison(
        extractor=no_model,
        candidates=register,
        marks=register,
        pictures=register,
        headings=register,
        limits=DecodeLimits(),
        calibrations=packaged_calibrations(),
    )
    assert compare.of_marks(FIRST, OTHER).explanation.sound


def test_what_does_not_exist_or_cannot_be_read_is_an_error(register: Register) -> None:
    register.add(FIRST, figure())
    with pytest.raises(MarkNotFound):
        register.comparison().of_marks(FIRST, OTHER)
    with pytest.raises(MarkNotFound):
        register.comparison().of_marks(OTHER, FIRST)
    with pytest.raises(UnreadablePicture):
        register.comparison().of_picture(b"no picture", FIRST)
    with pytest.raises(PictureError):
        register.comparison().of_picture(b"", FIRST)


def test_a_picture_that_was_kept_is_explained_like_the_picture_itself(register: Register) -> None:
    register.add(OTHER, on_page(ImageOps.mirror(figure()), (50, 60)), "PHILDOOR", vienna_codes=("26.01",))
    picture = png(on_page(figure(200), (9, 9)))
    kept = register.search().remember(picture, text="Vildor", vienna_codes=("26.01.01",))
    wanted = register.comparison().of_picture(picture, OTHER, text="Vildor", vienna_codes=("26.01.01",))
    found = register.comparison().of_handle(kept.handle, OTHER)
    assert found.explanation == wanted.explanation
    for one, other in zip(found.pictures, wanted.pictures, strict=True):
        assert np.array_equal(one, other)  # type: ignore[arg-type]


def as_it_is_written(text: str) -> str:
    """An engine that says the letters, word by word."""
    return "|".join([text.lower()] * 3)


@pytest.mark.parametrize("transcribe", [phonemes, as_it_is_written])
def test_words_weigh_the_same_in_every_way_to_ask_whatever_pronounces(
    register: Register, transcribe: Callable[[str], str | None]
) -> None:
    register.transcribe = transcribe
    register.add(FIRST, figure(), "Golden Stork")
    register.add(OTHER, figure(), "Hotel Stork")

    def values() -> tuple[tuple[float, float], ...]:
        search, comparison = register.search(), register.comparison()
        handles = [
            search.remember(png(figure()), text="Golden Stork", regions=regions).handle
            for regions in ((), (Rectangle(0, 0, 99, 99), Rectangle(9, 9, 99, 99)))
        ]
        answers = (
            search.by_text("Golden Stork"),
            search.by_mark(FIRST),
            *map(search.by_handle, handles),
        )
        hits = [hit.evidence for answer in answers for hit in answer.hits if hit.mark_id == OTHER]
        explained = [comparison.of_marks(FIRST, OTHER), *(comparison.of_handle(handle, OTHER) for handle in handles)]
        found = [
            {item.channel: item.value for item in evidence}
            for evidence in (*hits, *(compared.explanation.evidence for compared in explained))
        ]
        return tuple((of["sound"], of["spelling"]) for of in found)

    unknown = values()
    register.words = WordCounts(20_000, {"golden": 4_000, "hotel": 5_000, "stork": 1})
    known = values()
    assert len(known) == 7
    assert len(set(known)) == len(set(unknown)) == 1
    assert all(after > before + 0.05 for after, before in zip(known[0], unknown[0], strict=True))


def test_of_regions_the_one_that_is_most_like_the_mark_is_explained(register: Register) -> None:
    register.add(OTHER, figure())
    page = on_page(figure(), (500, 300))
    ImageDraw.Draw(page).ellipse((20, 20, 200, 200), outline="red", width=9)
    regions = (Rectangle(0, 0, 220, 220), Rectangle(490, 290, 810, 610))
    kept = register.search().remember(png(page), regions=regions)
    (hit,) = register.search().by_handle(kept.handle).hits
    compared = register.comparison().of_handle(kept.handle, OTHER)
    assert (hit.region, hit.score) == (2, compared.explanation.score)
    assert compared.explanation.region == 2
    (picture, _) = compared.pictures
    assert picture is not None
    assert picture.shape == (320, 320, 3)
    shape = compared.explanation.shape
    assert shape is not None
    assert all(match.rectangle is not None and match.rectangle.right <= 320 for match in shape.matches)


def test_without_its_file_a_kept_picture_is_explained_and_not_shown(register: Register) -> None:
    register.add(OTHER, figure())
    kept = register.search().remember(png(figure()))
    wanted = register.comparison().of_handle(kept.handle, OTHER).explanation
    register.kept[kept.handle] = register.kept[kept.handle][0], None
    compared = register.comparison().of_handle(kept.handle, OTHER)
    assert compared.pictures[0] is None
    assert "not the picture" in str(compared.explanation.first.picture_problem)
    assert compared.explanation.score == wanted.score
    assert overlay(compared.explanation, compared.pictures).shape[2] == 3
    register.kept[kept.handle] = register.kept[kept.handle][0], png(figure())
    smaller = register.comparison(DecodeLimits(max_bytes=20)).of_handle(kept.handle, OTHER)
    assert "the limit is 20" in str(smaller.explanation.first.picture_problem)
