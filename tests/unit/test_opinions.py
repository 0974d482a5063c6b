"""Second opinions: SIFT under known transformations, hashes by distance, and lists ordered again."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from logosim.cli.second_opinions import HEAD, Found, SecondOpinions
from logosim.domain.features import RgbImage
from logosim.errors import RecordError
from logosim.imaging import DecodeLimits
from logosim.imaging.sheet import as_png
from logosim.peers.hashes import make_hash
from logosim.peers.opinions import make_opinion, reordered
from logosim.spatial.keypoints import FEWEST, RATIO, Keypoints, inliers, ratio_matches, sift_keypoints


def scribble(seed: int, side: int = 256) -> RgbImage:
    """Thick strokes and discs on white: the same seed, the same drawing."""
    rng = np.random.default_rng(seed)
    picture = np.full((side, side, 3), 255, np.uint8)
    for _ in range(14):
        ends = rng.integers(30, side - 30, (2, 2)).tolist()
        colour = rng.integers(0, 160, 3).tolist()
        cv2.line(picture, ends[0], ends[1], colour, int(rng.integers(2, 9)))
        cv2.circle(picture, ends[1], int(rng.integers(4, 20)), colour, -1)
    return RgbImage(picture)


def moved(picture: RgbImage, degrees: float, scale: float) -> RgbImage:
    middle = (picture.shape[1] / 2, picture.shape[0] / 2)
    matrix = cv2.getRotationMatrix2D(middle, degrees, scale)
    return RgbImage(cv2.warpAffine(picture, matrix, picture.shape[1::-1], borderValue=(255, 255, 255)))


@pytest.mark.parametrize(("degrees", "scale"), [(0, 1), (25, 1), (0, 0.7), (-40, 0.8)])
def test_a_turned_and_scaled_drawing_agrees_where_another_does_not(degrees: float, scale: float) -> None:
    drawn, other = scribble(1), scribble(2)
    query = sift_keypoints(moved(drawn, degrees, scale))
    agreeing = inliers(query, sift_keypoints(drawn))
    assert agreeing > 15
    assert inliers(query, sift_keypoints(other)) < agreeing / 3
    assert inliers(query, sift_keypoints(drawn)) == agreeing  # RANSAC draws the same each time


def test_a_mirrored_drawing_does_not_agree_and_a_blank_one_has_nothing() -> None:
    drawn = scribble(1)
    whole = inliers(sift_keypoints(drawn), sift_keypoints(drawn))
    assert inliers(sift_keypoints(RgbImage(drawn[:, ::-1])), sift_keypoints(drawn)) < whole / 3
    blank = sift_keypoints(RgbImage(np.full((64, 64, 3), 255, np.uint8)))
    assert len(blank) == 0
    assert inliers(blank, sift_keypoints(drawn)) == inliers(sift_keypoints(drawn), blank) == 0


def slow_matches(query: Keypoints, candidate: Keypoints) -> set[tuple[int, int]]:
    """The ratio test pair by pair; of matches that share a keypoint of the candidate the nearest."""
    best: dict[int, tuple[float, int]] = {}
    for row, one in enumerate(query.descriptors.astype(np.int64)):
        distances = [float(np.sqrt(((one - other) ** 2).sum())) for other in candidate.descriptors.astype(np.int64)]
        nearest, second = np.argsort(distances, kind="stable")[:2]
        if distances[nearest] < RATIO * distances[second]:
            best[int(nearest)] = min(best.get(int(nearest), (np.inf, 0)), (distances[nearest], row))
    return {(row, column) for column, (_, row) in best.items()}


def test_matches_equal_the_slow_twin() -> None:
    query, candidate = sift_keypoints(moved(scribble(3), 12, 0.9)), sift_keypoints(scribble(3))
    found = ratio_matches(query, candidate)
    assert {(int(row), int(column)) for row, column in found} == slow_matches(query, candidate)
    assert len(found) > FEWEST
    assert len(set(found[:, 1].tolist())) == len(found)


def test_two_matches_prove_nothing() -> None:
    two = Keypoints(np.array([[1, 1], [9, 9]], np.float32), np.eye(2, 128, dtype=np.uint8) * 200)
    assert len(ratio_matches(two, two)) == 2
    assert inliers(two, two) == 0


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """The query, and as candidates: two others, the query turned, the query as it is."""
    drawn = [scribble(1), scribble(2), scribble(3), moved(scribble(1), 15, 0.9), scribble(1)]
    paths = [tmp_path / f"{number}.png" for number in range(len(drawn))]
    for path, picture in zip(paths, drawn, strict=True):
        path.write_bytes(as_png(picture))
    return paths


def test_hashes_order_by_distance(files: list[Path]) -> None:
    judged = make_opinion("phash").judge(files[0], files[1:])
    bits = make_hash("phash").embed([scribble(1), scribble(2)]) > 0
    assert judged.share is None
    assert judged.order[-1] == 1
    assert judged.order[0] == pytest.approx(1 - (bits[0] != bits[1]).sum() / 32)


def test_a_picture_is_described_once(files: list[Path]) -> None:
    opinion = make_opinion("sift")
    first = opinion.judge(files[0], files[1:])
    again = opinion.judge(files[0], files[1:])
    assert len(opinion.describing_ms) == 5
    assert first.order.tolist() == again.order.tolist()
    assert first.share is not None
    assert first.share.max() <= 1
    assert first.share[3] > 0.7 > first.share[0]
    assert first.milliseconds > 0
    with pytest.raises(RecordError, match=r"gone\.png"):
        opinion.judge(files[0], [files[0].with_name("gone.png")])


def test_ties_stay_as_they_were() -> None:
    assert reordered(np.array([0.0, 2, 0, 2, 1])).tolist() == [1, 3, 4, 0, 2]


def test_the_first_of_look_and_the_head_of_the_whole_search_are_ordered_again(files: list[Path]) -> None:
    others = SecondOpinions(("sift", "phash", "sift"), 3, files, DecodeLimits())
    look = Found(np.array([1, 2, 3, 4]), np.array([0.9, 0.8, 0.7, 0.6]))
    whole = Found(np.array([2, 3, 1, 4]), np.array([0.6, 0.5, 0.4, 0.3]))
    rows = others.rankings(0, look, whole)
    assert list(rows) == [
        "cosine, first 3 by SIFT",
        f"whole search, first {HEAD} with SIFT",
        "cosine, first 3 by phash",
    ]
    assert rows["cosine, first 3 by SIFT"].tolist()[0] == 3  # the turned one comes first
    assert rows["cosine, first 3 by SIFT"].tolist()[-1] == 4  # beyond the first three nobody looked
    assert sorted(rows["cosine, first 3 by phash"].tolist()) == [1, 2, 3, 4]
    opinion = make_opinion("sift").judge(files[0], [files[picture] for picture in whole.pictures])
    assert opinion.share is not None
    spread = (whole.evidence - 0.3) / 0.3  # the least of the head is 0, the most 1
    expected = whole.pictures[np.argsort(-(spread + opinion.share) / 2, kind="stable")]
    assert rows[f"whole search, first {HEAD} with SIFT"].tolist() == expected.tolist()
    assert {name: len(of) for name, of in others.timings_ms().items()} == {
        "SIFT: a picture described": 5,
        "phash: a picture described": 4,  # the query and the first three
        **dict.fromkeys(rows, 1),
    }
