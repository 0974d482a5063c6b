"""Linear maps that make features comparable and small, fitted with NumPy in double precision.

`fit_whitening` is PCA with partial whitening: Jégou and Chum, "Negative evidences and co-occurences in image
retrieval: the benefit of PCA and whitening" (ECCV 2012). Deviation: components are divided by their standard deviation
to the power `exponent`, 0 (plain PCA) to 1 (full whitening).

`fit_paired_whitening` learns from pictures that show the same thing: Mikolajczyk and Matas, "Improving descriptors for
fast tree matching by optimal linear projection" (ICCV 2007), as used for retrieval by Radenović, Tolias and Chum (PAMI
2019). Directions in which drawings of one figure differ (colour, contrast, lettering) are shrunk; of what remains the
strongest components are kept. Deviation: the covariance within groups is shrunk towards a multiple of the identity, as
there are about as many directions as figures.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Whitening:
    """An affine map from D to d dimensions: (x - mean) @ projection."""

    mean: Vectors  # [D]
    projection: Vectors  # [D, d]; a common factor changes nothing after normalisation: fitted ones have 1 as largest

    def __call__(self, vectors: Vectors) -> Vectors:
        """Map float32 [N, D] to float32 [N, d], rows of unit length (a zero row stays zero)."""
        mapped = (vectors - self.mean) @ self.projection
        length = np.linalg.norm(mapped, axis=1, keepdims=True)
        return np.asarray(mapped / np.maximum(length, 1e-12), dtype=np.float32)


def fit_whitening(vectors: Vectors, dimensions: int, exponent: float) -> Whitening:
    """Fit PCA on float32 [N, D] and divide component i by its standard deviation ** `exponent`.

    Raises ValueError if there are no more vectors than dimensions, or they span fewer.
    """
    mean, covariance = _moments(vectors, dimensions)
    variances, components = _strongest(covariance, dimensions)
    return _whitening(mean, components * variances ** (-exponent / 2))


def fit_paired_whitening(
    vectors: Vectors, groups: npt.NDArray[np.int64], dimensions: int, shrinkage: float
) -> Whitening:
    """Fit on float32 [N, D] where vectors of one group (int64 [N]) show the same thing.

    `shrinkage` is the share of the features' mean variance that is added to every direction's variance within groups.
    Raises ValueError as `fit_whitening` does, and if no group has two vectors or the shrinkage is not above zero.
    """
    if not shrinkage > 0:
        raise ValueError("the shrinkage must be above zero")
    mean, covariance = _moments(vectors, dimensions)
    _, number, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    spare = len(vectors) - len(sizes)  # degrees of freedom within groups
    if spare == 0:
        raise ValueError("no two pictures show the same thing: nothing to learn from")
    centres = np.zeros((len(sizes), vectors.shape[1]))
    np.add.at(centres, number, vectors)
    within = vectors - (centres / sizes[:, None])[number]
    spread = within.T @ within / spare
    spread[np.diag_indices_from(spread)] += shrinkage * np.trace(covariance) / len(covariance)
    variances, directions = np.linalg.eigh(spread)
    leveller = directions * variances**-0.5
    _, components = _strongest(leveller.T @ covariance @ leveller, dimensions)
    return _whitening(mean, leveller @ components)


def _moments(vectors: Vectors, dimensions: int) -> tuple[Matrix, Matrix]:
    count, width = vectors.shape
    if not dimensions < count or not dimensions <= width:
        raise ValueError(f"{dimensions} dimensions need more than {dimensions} vectors as wide; got {count} x {width}")
    mean = vectors.mean(axis=0, dtype=np.float64)
    centred = vectors - mean
    return mean, centred.T @ centred / (count - 1)


def _strongest(covariance: Matrix, dimensions: int) -> tuple[Matrix, Matrix]:
    variances, components = np.linalg.eigh(covariance)
    variances, components = variances[::-1][:dimensions], components[:, ::-1][:, :dimensions]
    if variances[-1] <= 1e-9 * variances[0]:
        raise ValueError(f"the vectors span fewer than {dimensions} dimensions: fit on more varied pictures")
    return variances, components


def _whitening(mean: Matrix, projection: Matrix) -> Whitening:
    """Fix each column's sign (its largest entry is positive), so that every machine makes the same model."""
    projection = pointed(projection) / np.abs(projection).max()
    return Whitening(mean.astype(np.float32), projection.astype(np.float32))


def pointed(columns: Matrix) -> Matrix:
    """The columns, each turned to where its largest entry is positive."""
    largest = np.abs(columns).argmax(axis=0)
    turned: Matrix = columns * np.sign(columns[largest, np.arange(columns.shape[1])])
    return turned
