"""Local features the classical way: SIFT keypoints, matched by the ratio test and held against one transformation.

D. Lowe, "Distinctive image features from scale-invariant keypoints" (IJCV 2004), as OpenCV has it, with RANSAC
(Fischler and Bolles 1981) over similarities in place of his Hough transform and affine fit. It is what the search is
compared with and no part of it: a picture takes hundreds of descriptors of 128 bytes, where ours has 49 of 64.

Deviations: of matches that share a keypoint of the candidate the nearest is kept, or a transformation that shrinks
everything to one point would count them all; keypoints at the very same place count once.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from logosim.domain.features import FloatArray, RgbImage

RATIO = 0.75  # of the distances to the nearest and the second nearest descriptor
REACH = 3.0  # pixels: how far from where the transformation puts it a matched keypoint may lie
FEWEST = 3  # inliers; any two matches agree on some similarity (Lowe 2004, section 7.2)
MOST = 500  # keypoints of a picture, the strongest

Descriptors = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Keypoints:
    """Where a picture has keypoints, and what they look like."""

    places: FloatArray  # [K, 2]: x, y in pixels
    descriptors: Descriptors  # [K, 128]

    def __len__(self) -> int:
        return len(self.places)


def sift_keypoints(picture: RgbImage) -> Keypoints:
    """SIFT keypoints of uint8 [height, width, 3], at most `MOST`; none in a blank picture."""
    finder = cv2.SIFT_create(nfeatures=MOST)  # type: ignore[attr-defined]
    grey = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY)
    found, descriptors = finder.detectAndCompute(grey, None)
    if descriptors is None:
        return Keypoints(np.empty((0, 2), np.float32), np.empty((0, 128), np.uint8))
    places = np.asarray([point.pt for point in found], dtype=np.float32).reshape(-1, 2)
    return Keypoints(places, descriptors.astype(np.uint8))  # whole numbers of 0..255 in float32


def ratio_matches(query: Keypoints, candidate: Keypoints) -> npt.NDArray[np.intp]:
    """Matches that pass the ratio test: [M, 2], keypoint of the query and of the candidate, each of these once."""
    if not len(query) or len(candidate) < 2:
        return np.empty((0, 2), dtype=np.intp)
    one, other = query.descriptors.astype(np.float32), candidate.descriptors.astype(np.float32)
    # Whole numbers below 2 ** 24: exact in float32, so the same on every machine.
    distances = (one**2).sum(axis=1)[:, None] + (other**2).sum(axis=1) - 2 * (one @ other.T)
    nearest = distances.argmin(axis=1)
    first, second = np.partition(distances, 1, axis=1)[:, :2].T
    kept = np.flatnonzero(first < RATIO**2 * second)
    kept = kept[np.argsort(first[kept], kind="stable")]
    _, unique = np.unique(nearest[kept], return_index=True)
    chosen = kept[np.sort(unique)]
    return np.stack([chosen, nearest[chosen]], axis=1)


def inliers(query: Keypoints, candidate: Keypoints) -> int:
    """How many matches agree on one shift, turn and scale; 0 where fewer than `FEWEST` do.

    Mirrored pictures do not agree: neither the descriptors nor the transformation know reflections.
    """
    matches = ratio_matches(query, candidate)
    if len(matches) < FEWEST:
        return 0
    _, agreeing = cv2.estimateAffinePartial2D(
        query.places[matches[:, 0]],
        candidate.places[matches[:, 1]],
        method=cv2.RANSAC,
        ransacReprojThreshold=REACH,
    )
    there = np.asarray(agreeing).ravel() > 0  # none where no transformation is found
    count = len(np.unique(query.places[matches[there, 0]], axis=0))
    return count if count >= FEWEST else 0
