"""PCA with partial whitening, fitted with NumPy in double precision.

Jégou and Chum, "Negative evidences and co-occurences in image retrieval: the benefit of PCA and whitening" (ECCV
2012). Deviation: components are divided by their standard deviation to the power `exponent`, 0 (plain PCA) to 1 (full
whitening); full whitening blows up the noise of the last components.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True, eq=False)
class Whitening:
    """An affine map from D to d dimensions: (x - mean) @ projection."""

    mean: npt.NDArray[np.float32]  # [D]
    projection: npt.NDArray[np.float32]  # [D, d]

    def __call__(self, vectors: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Map float32 [N, D] to float32 [N, d], rows of unit length (a zero row stays zero)."""
        mapped = (vectors - self.mean) @ self.projection
        length = np.linalg.norm(mapped, axis=1, keepdims=True)
        return np.asarray(mapped / np.maximum(length, 1e-12), dtype=np.float32)


def fit_whitening(vectors: npt.NDArray[np.float32], dimensions: int, exponent: float) -> Whitening:
    """Fit on float32 [N, D], N above `dimensions`.

    Each component's sign is fixed (its largest entry is positive), so that the same pictures give the same model on
    every machine. Raises ValueError if there are too few vectors or the vectors span fewer dimensions.
    """
    count, width = vectors.shape
    if not dimensions < count or not dimensions <= width:
        raise ValueError(f"{dimensions} dimensions need more than {dimensions} vectors as wide; got {count} x {width}")
    wide = vectors.astype(np.float64)
    mean = wide.mean(axis=0)
    covariance = (wide - mean).T @ (wide - mean) / (count - 1)
    variances, components = np.linalg.eigh(covariance)
    variances, components = variances[::-1][:dimensions], components[:, ::-1][:, :dimensions]
    if variances[-1] <= 1e-9 * variances[0]:
        raise ValueError(f"the vectors span fewer than {dimensions} dimensions: fit on more varied pictures")
    largest = np.abs(components).argmax(axis=0)
    signs = np.sign(components[largest, np.arange(dimensions)])
    scale = variances ** (-exponent / 2)
    # One common factor changes nothing after normalisation and keeps the numbers within half precision.
    projection = components * signs * (scale / scale[0])
    return Whitening(mean.astype(np.float32), projection.astype(np.float32))
