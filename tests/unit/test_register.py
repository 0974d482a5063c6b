"""The made-up register: the same one each time, clustered, with codes as frequent as they are meant to be."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from logosim.evaluation.register import SOURCES, Register

MARKS = 40_000


@pytest.fixture(scope="module")
def register() -> Register:
    return Register(MARKS, 64)


def test_it_is_the_same_for_the_same_arguments() -> None:
    (marks, embeddings), (again, twice) = next(Register(1000, 32).chunks()), next(Register(1000, 32).chunks())
    assert marks == again
    assert np.array_equal(embeddings, twice)
    assert np.array_equal(Register(1000, 32).queries(5), Register(1000, 32).queries(5))
    assert not np.array_equal(next(Register(1000, 32, seed=1).chunks())[1], embeddings)


def test_codes_are_as_frequent_as_in_the_real_register(register: Register) -> None:
    marks = [mark for batch, _ in register.chunks() for mark in batch]
    assert len({mark.mark_id for mark in marks}) == MARKS
    carried = Counter(division for mark in marks for division in {code[:5] for code in mark.vienna_codes})
    for division, share in (("27.05", 0.287), ("29.01", 0.180), ("26.04", 0.127), ("26.11", 0.100)):
        assert carried[division] / MARKS == pytest.approx(share, rel=0.35)  # themes are few in so small a register
    sections = Counter(code for mark in marks for code in mark.vienna_codes)
    assert min(sections.values()) == 1
    assert all(mark.vienna_codes for mark in marks)
    assert np.mean([len(mark.vienna_codes) for mark in marks]) == pytest.approx(3, abs=0.5)
    assert np.mean([mark.text is not None for mark in marks]) == pytest.approx(0.9, abs=0.01)
    shares = Counter(mark.source for mark in marks)
    assert [shares[source] / MARKS for source in SOURCES] == pytest.approx([0.80, 0.15, 0.05], abs=0.01)


def test_marks_cluster_and_queries_lie_among_them(register: Register) -> None:
    embeddings = np.concatenate([of for _, of in register.chunks()])
    queries = register.queries(50)
    assert np.allclose(np.linalg.norm(embeddings, axis=1), 1, atol=1e-5)
    cosines = np.sort(queries @ embeddings.T, axis=1)[:, ::-1]
    assert 0.7 < np.median(cosines[:, 0]) < 0.95  # near, and none of the marks
    assert np.median(cosines[:, 0]) - np.median(cosines[:, 999]) > 0.2
    assert abs(np.median(cosines)) < 0.15  # most of them are unlike


def test_neighbours_tend_to_the_same_codes(register: Register) -> None:
    """Filters correlate with looks, as in a register of real marks."""
    marks, embeddings = next(register.chunks())
    divisions = [{code[:5] for code in mark.vienna_codes} for mark in marks]
    nearest = np.argsort(-(embeddings[:200] @ embeddings.T), axis=1)[:, 1:6]
    beside = np.mean([bool(divisions[i] & divisions[j]) for i in range(200) for j in nearest[i].tolist()])
    anyone = np.mean([bool(divisions[i] & divisions[j]) for i in range(200) for j in range(5000, 5100)])
    assert beside > anyone + 0.1
