"""Metrics on rankings small enough to count by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from logosim.errors import RecordError
from logosim.evaluation import evaluate, evaluate_rankings, load_brands

ROWS = """file,brand_group,drawing,role
a/0.png,acme,acme#0,main
b/0.png,acme,acme#0,main
a/1.png,acme,acme#1,main
b/1.png,acme,acme#1,main
a/2.png,acme,acme#2,main
a/t.png,acme,acme#0,twin
a/l.png,acme,acme#3,lockup
a/x.png,bolt,bolt#0,main
a/d.png,crux,crux#0,distractor
a/e.png,dune,dune#0,distractor
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "index.csv").write_text(ROWS, encoding="utf-8")
    return tmp_path


def test_positives_are_other_drawings_of_the_group(folder: Path) -> None:
    truth = load_brands(folder)
    assert np.flatnonzero(truth.positives(0)).tolist() == [2, 3, 4]
    assert np.flatnonzero(truth.ignored(0)).tolist() == [0, 1, 5, 6]
    assert truth.queries().tolist() == [0, 1, 2, 3, 4]  # bolt has one drawing: nothing to find


def test_metrics_counted_by_hand(folder: Path) -> None:
    truth = load_brands(folder)
    # Wanted: drawings 1 and 2. The query, its copy, twin and lock-up are passed over; then drawings come in the order
    # crux, acme#1 (its second picture counts nothing), dune, acme#2: precision 1/2 and 2/4.
    ranking = np.array([0, 1, 5, 6, 8, 3, 2, 9, 4, 7])
    found = evaluate_rankings(truth, [(0, ranking)])
    assert (found.queries, found.hit_at_1, found.recall_at_10, found.recall_at_100) == (1, 0, 1, 1)
    assert found.map_at_100 == pytest.approx((1 / 2 + 2 / 4) / 2)


def test_what_a_ranking_does_not_hold_is_not_found(folder: Path) -> None:
    truth = load_brands(folder)
    found = evaluate_rankings(truth, [(0, np.array([2])), (2, np.array([], dtype=np.int64))])
    assert found.hit_at_1 == 0.5
    assert found.recall_at_100 == pytest.approx((1 / 2 + 0) / 2)
    assert found.map_at_100 == pytest.approx((1 / 2 + 0) / 2)


def test_only_the_first_100_count(tmp_path: Path) -> None:
    rows = ["file,brand_group,drawing,role", "0.png,acme,acme#0,main", "1.png,acme,acme#1,main"]
    rows += [f"d{number}.png,d{number},d{number}#0,distractor" for number in range(150)]
    (tmp_path / "index.csv").write_text("\n".join(rows), encoding="utf-8")
    truth = load_brands(tmp_path)
    others = np.arange(2, 152)
    for place, recall in ((9, 1), (10, 0)):
        assert evaluate_rankings(truth, [(0, np.insert(others, place, 1))]).recall_at_10 == recall
    for place, recall in ((99, 1), (100, 0)):
        assert evaluate_rankings(truth, [(0, np.insert(others, place, 1))]).recall_at_100 == recall


def test_embeddings_are_ranked_by_cosine(folder: Path) -> None:
    truth = load_brands(folder)
    perfect = np.eye(10, dtype=np.float32)[truth.groups]
    found = evaluate(truth, perfect)
    assert (found.queries, found.hit_at_1, found.map_at_100) == (5, 1, 1)
    with pytest.raises(ValueError, match=r"\[10, dimensions\]"):
        evaluate(truth, perfect[:3])


def test_equals_a_plain_count_on_random_vectors(folder: Path) -> None:
    truth = load_brands(folder)
    vectors = np.random.default_rng(3).normal(size=(10, 4)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    hits, precisions = [], []
    for query in truth.queries():
        best: dict[int, float] = {}  # drawing -> similarity of its best picture
        for other in range(10):
            if not truth.ignored(query)[other]:
                drawing = int(truth.drawings[other])
                best[drawing] = max(best.get(drawing, -2), float(vectors[query] @ vectors[other]))
        order = sorted(best, key=lambda drawing: -best[drawing])
        right = {int(d) for d in truth.drawings[truth.positives(query)]}
        hits.append(order[0] in right)
        seen = [sum(d in right for d in order[: k + 1]) / (k + 1) for k, d in enumerate(order) if d in right]
        precisions.append(sum(seen) / len(right))
    found = evaluate(truth, vectors)
    assert found.hit_at_1 == pytest.approx(np.mean(hits))
    assert found.map_at_100 == pytest.approx(np.mean(precisions))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "cannot read"),
        ("", "is empty"),
        ("file,brand_group,drawing\na,b,c\n", "lacks the columns role"),
        (ROWS + "../../etc/passwd,x,x#0,main\n", "outside its folder"),
    ],
)
def test_a_bad_index_is_refused(tmp_path: Path, text: str | None, said: str) -> None:
    if text is not None:
        (tmp_path / "index.csv").write_text(text, encoding="utf-8")
    with pytest.raises(RecordError, match=said):
        load_brands(tmp_path)


def test_an_index_of_files_and_brands_takes_every_picture_for_another_drawing(tmp_path: Path) -> None:
    (tmp_path / "index.csv").write_text("file,brand\na.png,x\nb.png,x\nc.png,y\n")
    truth = load_brands(tmp_path)
    assert truth.main.all()
    assert truth.queries().tolist() == [0, 1]
    assert truth.positives(0).tolist() == [False, True, False]
