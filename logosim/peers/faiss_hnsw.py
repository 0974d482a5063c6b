"""FAISS with filtering afterwards: an HNSW index beside the database, whose answers are cut down to what passes.

The index gives so many nearest vectors and knows of no filter; those that do not pass are taken out of them. Where few
pass, few are left.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from logosim.errors import DependencyMissing


class FaissHnsw:
    """An index over [vectors, dimensions], unit length as far as half precision keeps it; compared by inner product.

    Args:
        vectors: in any precision; kept in single precision, 4 bytes a dimension.
        links: neighbours that each vector is linked to (M), as of the index that it is compared with.
        breadth: candidates while building (efConstruction).
    """

    def __init__(self, vectors: npt.NDArray[np.float16], *, links: int, breadth: int) -> None:
        """Raises DependencyMissing if faiss is not installed."""
        try:
            import faiss  # type: ignore[import-not-found, import-untyped, unused-ignore]
        except ImportError as error:
            raise DependencyMissing(
                "the package faiss-cpu is not installed", hint="Install the extra peers: pip install 'logosim[peers]'."
            ) from error
        index = faiss.IndexHNSWFlat(vectors.shape[1], links, faiss.METRIC_INNER_PRODUCT)
        index.hnsw.efConstruction = breadth
        for start in range(0, len(vectors), 50_000):  # so that not all is there twice in single precision
            index.add(np.ascontiguousarray(vectors[start : start + 50_000], dtype=np.float32))
        self._index: Any = index

    def passing(
        self, query: npt.NDArray[np.float32], passes: npt.NDArray[np.bool_], *, count: int, asked: int
    ) -> list[int]:
        """The first `count` that pass among the `asked` nearest vectors, nearest first; fewer if fewer do.

        Args:
            query: [dimensions].
            passes: [vectors].
            count: how many are wanted.
            asked: how many the index is asked for; its breadth while searching (efSearch) too.
        """
        self._index.hnsw.efSearch = asked
        _, found = self._index.search(query[np.newaxis], asked)
        nearest = found[0][found[0] >= 0]
        return [int(index) for index in nearest[passes[nearest]][:count]]
