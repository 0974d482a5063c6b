"""Why two marks are alike, asked through both doors over real logos."""

from __future__ import annotations

import io
import json
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from litestar.testing import TestClient
from PIL import Image

from logosim.api.app import create_app
from logosim.demo.query import variations
from logosim.domain.mark import mark_id
from logosim.runtime import Runtime

NOBODY = "00000000-0000-8000-8000-000000000000"


@pytest.fixture
def client(runtime: Runtime) -> Any:
    with TestClient(create_app(runtime, require_key=False), base_url="http://127.0.0.1") as opened:
        yield opened


def test_the_score_is_that_of_the_hit_and_both_doors_say_the_same(
    indexed: Any, client: Any, runtime: Runtime, tmp_path: Path
) -> None:
    asked = mark_id("demo", indexed.corpus.marks[3].file)
    hits = runtime.pipeline.by_mark(asked, k=60).hits
    for hit in hits[:: len(hits) // 5]:
        found = runtime.comparison.of_marks(asked, hit.mark_id).explanation
        assert (found.score, found.risk) == (hit.score, hit.risk)
        assert found.evidence == hit.evidence
    pair = {"mark": str(asked), "other": str(hits[0].mark_id)}
    rest = client.get("/v1/explain", params=pair)
    assert rest.status_code == 200, rest.text
    drawing = tmp_path / "why.png"
    done = indexed.run("explain", asked, hits[0].mark_id, "--json", "--picture", drawing)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == rest.json()
    assert rest.json()["score"] == pytest.approx(hits[0].score, abs=1e-9)
    assert str(indexed.corpus.folder) not in rest.text, "no path of the server is told"
    drawn = client.get("/v1/explain/picture", params=pair)
    assert drawn.headers["content-type"] == "image/png"
    assert Image.open(drawing).size == Image.open(io.BytesIO(drawn.content)).size


def test_a_changed_logo_is_explained_as_a_search_scores_it(indexed: Any, runtime: Runtime, tmp_path: Path) -> None:
    (query,) = islice(variations(indexed.corpus.marks, 1, seed=5), 1)
    expected = mark_id("demo", query.expected.file)
    asked = {"text": query.name, "vienna_codes": ("27.05.01",)}
    hits = {hit.mark_id: hit for hit in runtime.pipeline.by_picture(query.picture, k=60, **asked).hits}  # type: ignore[arg-type]
    found = runtime.comparison.of_picture(query.picture, expected, **asked).explanation  # type: ignore[arg-type]
    assert (found.score, found.evidence) == (hits[expected].score, hits[expected].evidence)
    picture = tmp_path / "logo.png"
    picture.write_bytes(query.picture)
    done = indexed.run("explain", picture, expected, "--text", query.name or "", "--codes", "27.5.1")
    assert done.returncode == 0, done.stderr
    said = " ".join(done.stdout.split())
    assert " ".join(found.summary.split()) in said
    assert f"score {found.score:.3f} {found.risk} risk" in said
    assert "27.05 letters in special lettering" in said
    assert found.shape is not None
    width, height = Image.open(picture).size
    for match in found.shape.matches:
        assert match.rectangle is not None
        assert match.other_rectangle is not None
        assert (match.rectangle.right <= width, match.rectangle.bottom <= height) == (True, True)
        assert max(match.other_rectangle.right, match.other_rectangle.bottom) <= 256


@pytest.mark.parametrize("door", ["/v1/explain", "/v1/explain/picture"])
def test_a_mark_that_is_not_there(indexed: Any, client: Any, door: str) -> None:
    known = str(mark_id("demo", indexed.corpus.marks[0].file))
    for pair in ({"mark": NOBODY, "other": known}, {"mark": known, "other": NOBODY}):
        assert client.get(door, params=pair).status_code == 404
