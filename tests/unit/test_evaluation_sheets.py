"""Contact sheets of the hardest queries: which they are, what stands beside them, and in which colours."""

from __future__ import annotations

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from logosim.cli.hardest import BORDERS, CELL, draw_hardest
from logosim.domain.features import RgbImage
from logosim.errors import ConfigurationError
from logosim.evaluation.brands import TruthSet
from logosim.evaluation.placing import NOT_FOUND, Placings, place_by_cosine, place_rankings
from logosim.evaluation.sheets import ANSWERS, EXPECTED, hardest_queries, hardest_rows, sheet_groups
from logosim.imaging.sheet import Tile, tile_sheet

GROUPS = (0, 0, 0, 0, 0, 0, 1, 1, 2, 2, 3)  # brand 0 has six drawings, 3 has one and asks nothing


def truth(folder: Path = Path()) -> TruthSet:
    count = len(GROUPS)
    return TruthSet(
        name="made",
        files=tuple(folder / f"mark-{number}.png" for number in range(count)),
        groups=np.asarray(GROUPS),
        drawings=np.arange(count),
        main=np.ones(count, dtype=np.bool_),
        group_names=("many", "pair", "other pair", "alone"),
    )


def ranked(order: dict[int, list[int]]) -> Placings:
    """Placings of given rankings; a query that is not in `order` finds its own brand first."""
    rankings = []
    for query in truth().queries().tolist():
        own_first = sorted(range(len(GROUPS)), key=lambda picture: GROUPS[picture] != GROUPS[query])
        rankings.append((query, np.asarray(order.get(query, own_first))))
    return place_rankings(truth(), rankings)


LATE = {6: [8, 9, 10, 0, 7], 8: [0, 9], 9: [0, 1, 2, 3, 8]}  # first right drawing at 5, 2 and 5


# Which and what -------------------------------------------------------------------------------------------------------
def test_the_hardest_come_first_and_one_of_each_group() -> None:
    placings = ranked(LATE)
    assert placings.queries[hardest_queries(placings)].tolist() == [6, 9, 0]
    assert placings.queries[hardest_queries(placings, 1)].tolist() == [6]
    never = ranked({**LATE, 8: [0, 1]})
    assert placings.queries[hardest_queries(never)].tolist() == [8, 6, 0]
    assert never.places[never.queries.tolist().index(8), 0] == NOT_FOUND


def test_a_row_shows_query_expected_and_answers() -> None:
    before, after = ranked(LATE), ranked({6: [7, 8]})
    rows = hardest_rows(truth(), {"before": before, "after": after}, 3)
    width = 1 + EXPECTED + 2 * ANSWERS
    assert [len(row) for row in rows] == [width] * 3
    assert sum(columns for _, columns in sheet_groups({"before": before, "after": after})) == width
    first = rows[0]
    assert first[0] is not None
    assert (first[0].picture, first[0].role, first[0].caption) == (6, "query", "mark-6\nfirst right at\n5 / 1")
    assert [cell and (cell.picture, cell.role) for cell in first[1:5]] == [(7, "expected"), None, None, None]
    shown = [(cell.picture, cell.role, cell.caption) for cell in first[5:13] if cell]
    assert shown == [
        (8, "wrong", "1. mark-8"),
        (9, "wrong", "2. mark-9"),
        (10, "wrong", "3. mark-10"),
        (0, "wrong", "4. mark-0"),
        (7, "right", "5. mark-7"),
    ]
    assert [(cell.picture, cell.role) for cell in first[13:] if cell] == [(7, "right"), (8, "wrong")]
    expected = rows[2][1:5]  # of the brand with six drawings
    assert [cell.picture for cell in expected if cell] == [1, 2, 3, 4]
    assert expected[3] is not None
    assert expected[3].caption == "mark-4\nand 1 more"


def test_a_query_that_finds_nothing_says_so() -> None:
    row = hardest_rows(truth(), {"model": ranked({6: [8]})}, 1)[0]
    assert row[0] is not None
    assert row[0].caption.endswith("never")


def test_models_must_have_been_asked_the_same() -> None:
    fewer = place_rankings(truth(), [(6, np.asarray([7]))])
    with pytest.raises(ValueError, match="other was asked other queries than one"):
        hardest_rows(truth(), {"one": ranked({}), "other": fewer})
    with pytest.raises(ValueError, match="at least one model"):
        hardest_rows(truth(), {})


# What is drawn --------------------------------------------------------------------------------------------------------
@pytest.fixture
def drawn(tmp_path: Path) -> TruthSet:
    for number, group in enumerate(GROUPS):
        picture = np.full((60, 60, 3), 255, np.uint8)
        cv2.circle(picture, (30, 30), 8 + 5 * group, (10 * number, 0, 120), -1)
        cv2.imwrite(str(tmp_path / f"mark-{number}.png"), picture)
    return truth(tmp_path)


def test_right_answers_are_framed_green_and_wrong_ones_red(drawn: TruthSet, tmp_path: Path) -> None:
    file = tmp_path / "made" / "hardest.png"
    models = {"before": ranked(LATE), "after": ranked({6: [7, 8]})}
    assert draw_hardest(drawn, models, file, count=1) == 1
    with Image.open(io.BytesIO(file.read_bytes())) as picture:
        assert picture.format == "PNG"
        sheet = np.asarray(picture.convert("RGB"))
    edge = sheet[_row_of_borders(sheet)]  # along the upper borders
    before, after = _colours(edge, _left(5), 8), _colours(edge, _left(13), 8)
    red, green, none = BORDERS["wrong"], BORDERS["right"], (255, 255, 255)
    assert before == [red, red, red, red, green, none, none, none]
    assert after == [green, red, *[none] * 6]
    assert _colours(edge, _left(0), 1) == [BORDERS["query"]]


def test_every_hardest_query_has_a_row(drawn: TruthSet, tmp_path: Path) -> None:
    rng = np.random.default_rng(0).normal(size=(len(GROUPS), 8))
    placings = place_by_cosine(drawn, (rng / np.linalg.norm(rng, axis=1, keepdims=True)).astype(np.float32))
    sizes = []
    for count in (1, 2, 50):
        assert draw_hardest(drawn, {"model": placings}, tmp_path / "sheet.png", count=count) == min(count, 3)
        with Image.open(tmp_path / "sheet.png") as picture:
            sizes.append(picture.size)
    assert len({width for width, _ in sizes}) == 1
    assert sizes[1][1] - sizes[0][1] == sizes[2][1] - sizes[1][1] > CELL


def test_a_sheet_that_cannot_be_written_is_named(drawn: TruthSet, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"cannot write the contact sheet .*sheet\.png"):
        draw_hardest(drawn, {"model": ranked({})}, tmp_path / "mark-0.png" / "sheet.png")


def test_tiles_keep_their_places_and_groups_stand_apart() -> None:
    dark = Tile(RgbImage(np.zeros((10, 10, 3), np.uint8)))
    plain = tile_sheet([[dark, dark], [None, dark]], cell=20)
    grouped = tile_sheet([[dark, dark], [None, dark]], cell=20, groups=[("one", 1), ("two", 1)])
    assert (plain == 0).all(axis=2).sum() == 3 * 400
    assert grouped.shape[1] > plain.shape[1]
    assert grouped.shape[0] > plain.shape[0]
    for nothing in ([], [[]], [[None]]):
        with pytest.raises(ValueError, match="needs pictures"):
            tile_sheet(nothing)


def _left(column: int) -> int:
    """Left edge of a column of the sheet of two models: 8 pixels between cells, 24 more before a group."""
    return 8 + column * (CELL + 8) + 24 * sum(column >= start for start in (1, 5, 13))


def _row_of_borders(sheet: np.ndarray) -> int:
    green = (sheet == BORDERS["right"]).all(axis=2)
    return int(green.any(axis=1).argmax())


def _colours(edge: np.ndarray, left: int, count: int) -> list[tuple[int, ...]]:
    return [tuple(int(value) for value in edge[left + index * (CELL + 8) + CELL // 2]) for index in range(count)]
