"""FAISS with filtering afterwards, where it is installed; and what is said where it is not."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from logosim.errors import DependencyMissing
from logosim.evaluation.register import Register
from logosim.peers.faiss_hnsw import FaissHnsw


def test_without_the_package_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(DependencyMissing, match="faiss-cpu") as raised:
        FaissHnsw(np.ones((1, 8), dtype=np.float16), links=16, breadth=64)
    assert "peers" in str(raised.value.hint)


def test_what_does_not_pass_is_taken_out_afterwards() -> None:
    pytest.importorskip("faiss")
    register = Register(3000, 32)
    vectors = np.concatenate([of for _, of in register.chunks()]).astype(np.float16)
    (query,) = register.queries(1)
    passes = np.arange(3000) % 10 == 0
    index = FaissHnsw(vectors, links=16, breadth=64)
    found = index.passing(query, passes, count=50, asked=200)
    nearest = np.argsort(-(vectors.astype(np.float32) @ query))[:200]
    assert 5 <= len(found) < 50  # a tenth of what was asked for
    assert len(set(found) & set(nearest[passes[nearest]].tolist())) >= 0.9 * len(found)
    assert len(index.passing(query, np.ones(3000, dtype=bool), count=50, asked=200)) == 50
